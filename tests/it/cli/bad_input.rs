//! Bad input: each case ends in one sentence that says what to do, with its exit code, and leaves
//! what is stored as it was.

use std::os::unix::fs::PermissionsExt;

use super::{Host, Said, harmless, lines};

const LONG: &str = "abcdefghijklmnopqrstuvwxyz-0123456";

/// A host with one reminder, `grid-eu`.
fn host() -> Host {
    let host = Host::new();
    let said =
        host.run(&["key", "add", "--label", "grid-eu", "--declared", "--expires", "2099-01-31"]);
    assert_eq!(said.code, 0, "{said:?}");
    host
}

fn assert_says(said: &Said, code: i32, sentence: &str) {
    assert_eq!((said.code, said.sentence()), (code, sentence), "{said:?}");
}

#[test]
fn bad_flags_end_in_one_sentence() {
    let host = host();
    let declared = |label: &'static str, date: &'static str| {
        vec!["key", "add", "--declared", "--label", label, "--expires", date]
    };
    let table: Vec<(Vec<&str>, &str)> = vec![
        (
            declared("a", "2027-02-30"),
            "That is no date: write year, month and day, for example 2026-11-30.",
        ),
        (declared("GRID-eu", "2099-01-01"), "That label is taken (GRID-eu). Choose another."),
        (
            declared(LONG, "2099-01-01"),
            "A label has at most 32 characters; this one has 34. Choose a shorter one.",
        ),
        (
            declared("mm\u{202e}bot", "2099-01-01"),
            "That label holds invisible or control characters. Type it by hand: letters, digits, - and _ are safe.",
        ),
        (
            declared("64", "2099-01-01"),
            "A label of digits alone would be taken for the number of an alert or choice. Add a letter, for example bot-7.",
        ),
        (
            declared("gr\u{0456}d", "2099-01-01"),
            "That label mixes letters of two scripts in one word, which can pass for another label. Write each word in one script.",
        ),
        (
            vec!["key", "add", "--label", "a"],
            "Nobody can be asked here: give the three secrets with --stdin, or with --key-file, --secret-file and --passphrase-file.",
        ),
        (
            vec!["key", "add", "--stdin"],
            "The key needs a label: add --label NAME, for example mm-bot-1.",
        ),
        (
            vec!["key", "show", "nobody"],
            "There is no key nobody in the workspace home: keylapse key list shows what is.",
        ),
        (
            vec!["key", "list", "--workspace", "mars"],
            "There is no such workspace: write one of home after --workspace.",
        ),
        (
            vec!["key", "accept", "grid-eu"],
            "grid-eu is a reminder of a date: KuCoin is never asked about it, so there is nothing to accept; keylapse key replace grid-eu --expires DATE tells another date.",
        ),
        (
            vec!["key", "test", "grid-eu"],
            "keylapse holds no secret of grid-eu, so there is nothing to ask with.",
        ),
    ];
    for (args, sentence) in table {
        assert_says(&host.run(&args), 2, sentence);
    }
    let said = host.run(&declared("a", "2020-01-01"));
    let begins = "That end (2020-01-01) is past already: correct it to the day on which the key will stop, year first, as in 2";
    assert!(said.code == 2 && said.sentence().starts_with(begins), "{said:?}");
    assert_eq!(host.run(&["key", "list"]).out.lines().count(), 1);
}

#[test]
fn secrets_that_cannot_be_right_are_refused_before_anybody_is_asked() {
    let host = host();
    let key = harmless("a");
    let add = ["key", "add", "--label", "a", "--stdin"];
    let table = [
        (
            format!("{}\n{}\npass-word\n", key.secret, key.key),
            "Key and secret are swapped: give the key (24 characters) first, then the secret (36 characters with dashes).",
        ),
        (format!("{}\n\npass-word\n", key.key), "The secret is empty: paste it again."),
        (
            format!("{}\n{}\n", key.key, key.secret),
            "The input ended before everything was answered. Nothing was changed.",
        ),
        (
            format!("{0}\n{1}\n{1}\n", key.key, key.secret),
            "This looks like the secret; I asked for the API passphrase.",
        ),
        (
            format!("{}\n{}\npass-word\n\nanother\n", key.key, key.secret),
            "The input goes on after the third line: give key, secret and passphrase, one a line, and nothing else. Nothing was changed.",
        ),
        (
            format!("{}\n{}\npass-word{}\n", key.key, key.secret, "x".repeat(9_000)),
            "A line of the input is longer than 4096 characters, which no answer is: give one answer a line. Nothing was changed.",
        ),
        (
            format!("{}\n{}\nA\n", key.key, key.secret),
            "The label, or the note on what stops with it, holds the passphrase, and both are shown in chat: choose other words. Nothing was changed.",
        ),
        (
            format!("{}\n{}\nGrid Bot\n", key.key, key.secret),
            "The label, or the note on what stops with it, holds the passphrase, and both are shown in chat: choose other words. Nothing was changed.",
        ),
    ];
    let mut add = add.to_vec();
    add.extend(["--used-by", "the grid bot on fra-2"]);
    for (input, sentence) in table {
        assert_says(&host.tell(&add, &input), 2, sentence);
    }
    assert_eq!(host.run(&["key", "list"]).out.lines().count(), 1);
}

#[test]
fn a_file_that_others_can_read_or_that_is_not_there_is_refused() {
    let host = host();
    let key = harmless("a");
    let good = host.file("secret", &key.secret, 0o600);
    let open = host.file("open", &key.key, 0o644);
    let missing = host.data().join("missing");
    let add = |key_file: &std::path::Path| {
        let (good, key_file) = (good.to_str().unwrap(), key_file.to_str().unwrap());
        let files = ["--key-file", key_file, "--secret-file", good, "--passphrase-file", good];
        let mut args = vec!["key", "add", "--label", "a"];
        args.extend(files);
        host.run(&args)
    };
    let sentence = format!(
        "{} can be read by others (mode 644): run chmod 600 on it, or set [vault] allow_readable = true if that is on purpose.",
        open.display()
    );
    assert_says(&add(&open), 2, &sentence);
    let sentence =
        format!("{} does not exist: create it, or name another file.", missing.display());
    assert_says(&add(&missing), 2, &sentence);
}

#[test]
fn bad_settings_are_all_reported() {
    let host = host();
    host.configure(
        "[schedule]\ncheck = \"0 0 30 2 *\"\n[[workspace]]\nname = \"desk\"\nzone = \"Berlin\"\n",
    );
    for args in [&["check-config"][..], &["key", "list"]] {
        let said = host.run(args);
        assert_eq!(said.code, 2);
        assert_eq!(
            said.err,
            "[schedule] check: \"0 0 30 2 *\" never fires, because no such day exists: change the day or the month.\n\
             [[workspace]] 1 zone: there is no such time zone: did you mean Europe/Berlin?\n"
        );
    }
    host.configure("[database]\nurl = \"postgres://me:hush-hush@localhost/x?host=/missing\"\n");
    std::fs::set_permissions(
        host.data().join("keylapse.toml"),
        std::fs::Permissions::from_mode(0o600),
    )
    .unwrap();
    let said = host.run(&["check-config"]);
    assert!(said.code == 0 && !said.out.contains("hush-hush"), "{said:?}");
    let said = host.run(&["key", "list"]);
    assert!(said.code == 1 && !said.err.contains("hush-hush"), "{said:?}");
    assert!(said.sentence().starts_with("The database cannot be opened ("), "{said:?}");
}

#[test]
fn a_question_gets_its_entry_and_a_batch_one_line_each() {
    let host = Host::new();
    let said = host.run(&["faq", "what", "does", "400003", "mean"]);
    assert!(said.code == 0 && said.out.contains("1. "), "{said:?}");
    let (key, secret) = ("6705f5c311545b000157d3eb", "46fd8974-aaaa-bbbb-cccc-896f005b2340");
    for (args, begins) in [
        (&["faq", "why", key][..], "That looks like a key or secret, so it was not searched"),
        (&["faq", secret, key], "That is a secret: delete its key at the exchange now"),
    ] {
        let said = host.run(args);
        assert!(said.code == 2 && said.sentence().starts_with(begins), "{said:?}");
        assert!(!said.err.contains(key) && said.out.is_empty(), "{said:?}");
    }
    let said = host.run(&["faq", "--json", "400003"]);
    let line: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&line["query"], &line["answered"]), (&"400003".into(), &true.into()));
    assert_eq!(line["results"][0]["id"], "error-key-not-exists");
    let said = host.tell(&["faq", "--batch"], "\"400003\"\n{\"query\":\"cake recipe\"}\n");
    assert_eq!(said.out.lines().count(), 2);
    let said = host.tell(&["faq", "--batch"], "\"400003\"\nbare\n");
    assert_says(&said, 2, "Line 2 is no question: write a JSON string, or an object with query.");
    assert!(!host.data().exists(), "a question needs no data folder");
}

#[test]
fn an_input_of_lines_for_a_key_is_never_needed_as_an_argument() {
    let host = host();
    let key = harmless("a");
    for name in ["--key", "--secret", "--passphrase"] {
        let said = host.tell(&["key", "add", "--label", "a", name, &key.secret], &lines(&key));
        assert_eq!(said.code, 2);
        assert!(!said.err.contains(&key.secret), "{said:?}");
    }
}

#[test]
fn a_secret_among_the_arguments_is_refused_and_not_repeated() {
    let host = host();
    let key = harmless("a");
    let listed = format!("withdraw,{}", key.key);
    let lines: [&[&str]; 7] = [
        &["key", "add", &key.key],
        &["key", "add", "--label", "a", "--site", &key.secret],
        &["key", "add", "--label", "a", "--allow", &listed],
        &["key", "add", "--label", &key.secret, "--declared", "--expires", "2099-01-01"],
        &["key", "add", "--label", "a", "--key-file", &key.key],
        &["key", "show", &key.key],
        &["key", "add", "Correct-horse-7"],
    ];
    for args in lines {
        let said = host.run(args);
        let text = format!("{}{}", said.out, said.err);
        assert_eq!(said.code, 2, "{said:?}");
        assert!(text.contains("Secrets are never arguments"), "{said:?}");
        for secret in [&key.key, &key.secret, "Correct-horse-7"] {
            assert!(!text.contains(secret), "{said:?}");
        }
    }
    assert_eq!(host.run(&["key", "add", "--site", "glboal"]).code, 2);
    assert_eq!(host.run(&["--version"]).code, 0);
}
