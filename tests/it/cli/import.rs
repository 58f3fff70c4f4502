//! Many keys at once: all of them or none.

use std::fmt::Write;

use super::{Host, harmless, sql};

fn csv(rows: u32, bad: &str) -> String {
    let mut text = "label,key,secret,passphrase,expires,used_by\n".to_owned();
    for n in 0..rows {
        let key = harmless(&format!("key {n}"));
        writeln!(text, "k-{n},{},{},{},,grid", key.key, key.secret, key.passphrase).unwrap();
    }
    text + bad
}

fn count(host: &Host) -> usize {
    let said = host.run(&["key", "list", "--json"]);
    serde_json::from_str::<Vec<serde_json::Value>>(&said.out).unwrap().len()
}

#[test]
fn a_bad_last_row_keeps_everything_out_and_is_named_without_its_secret() {
    let host = Host::new();
    let key = harmless("key 3");
    let bad = format!(
        "reminder,,,,2099-01-31,\nk-1,,,,2099-01-31,\nlate,{},{},hush-hush,2020-01-01,\n{},,,,2099-01-31,\n,,,,,\n",
        key.key, key.secret, key.secret
    );
    let file = host.file("keys.csv", &csv(1_500, &bad), 0o600);
    let said = host.run(&["key", "import", file.to_str().unwrap()]);
    assert_eq!(said.code, 2);
    let problems: Vec<&str> = said.err.lines().filter(|line| line.starts_with("line ")).collect();
    let begins = [
        "line 1503: line 3 has the same label (k-1): choose another.",
        "line 1504: line 5 has the same key.",
        "line 1504: That end (2020-01-01) is past already",
        "line 1505: That label has the shape of a key or secret",
        "line 1506: the label is missing.",
        "line 1506: a row without secrets is a reminder and needs expires.",
    ];
    assert_eq!(problems.len(), begins.len(), "{said:?}");
    for (problem, begin) in problems.iter().zip(begins) {
        assert!(problem.starts_with(begin), "{problem}");
    }
    assert!(!said.err.contains(&key.secret) && !said.err.contains("hush-hush"));
    assert_eq!(
        said.sentence(),
        "6 problems. Nothing was imported: correct the file and import it again."
    );
    assert_eq!(count(&host), 0);
}

#[test]
fn good_rows_go_live_together_and_only_once() {
    let host = Host::new();
    let file = host.file("keys.csv", &csv(1_500, "reminder,,,,2099-01-31,\n"), 0o600);
    let import = ["key", "import", file.to_str().unwrap()];
    let said = host.run(&import);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.starts_with("Imported 1501 keys."), "{said:?}");
    assert_eq!(count(&host), 1_501);
    let listed = host.run(&["key", "list", "--json"]).out;
    let rows: Vec<serde_json::Value> = serde_json::from_str(&listed).unwrap();
    let states = |word: &str| rows.iter().filter(|row| row["state"] == word).count();
    assert_eq!((states("unverified"), states("active")), (1_500, 1));
    let again = host.run(&import);
    assert_eq!(again.code, 2);
    assert!(again.err.contains("line 2: that label is taken (k-0): choose another."));
    assert!(again.err.contains("line 2: that key is already watched here under another label."));
    assert_eq!(count(&host), 1_501);
}

#[test]
fn json_lines_say_the_same() {
    let host = Host::new();
    let text = "{\"label\":\"a\",\"expires\":\"2099-01-31\",\"used_by\":[\"grid\",\"tracker\"]}\n";
    let file = host.file("keys.jsonl", text, 0o644);
    assert_eq!(host.run(&["key", "import", file.to_str().unwrap()]).code, 0);
    assert!(host.run(&["key", "show", "a"]).out.contains("Stops with it: tracker"));
    let key = harmless("b");
    let secret = format!(
        "{{\"label\":\"b\",\"key\":\"{}\",\"secret\":\"{}\",\"passphrase\":\"pass-word\"}}\n",
        key.key, key.secret
    );
    let file = host.file("open.jsonl", &secret, 0o644);
    let said = host.run(&["key", "import", file.to_str().unwrap()]);
    assert_eq!(said.code, 2);
    assert!(said.sentence().contains("can be read by others (mode 644)"), "{said:?}");
    let file = host.file("keys.txt", text, 0o600);
    let said = host.run(&["key", "import", file.to_str().unwrap()]);
    assert_eq!(
        said.sentence(),
        "The file's name does not say what it holds: add --format csv or --format jsonl."
    );
}

#[test]
fn an_import_that_was_killed_leaves_nothing_that_is_seen_and_can_be_repeated() {
    let host = Host::new();
    let file = host.file("keys.csv", &csv(11_000, ""), 0o600);
    assert_eq!(count(&host), 0);
    let import = ["key", "import", file.to_str().unwrap()];
    let mut child = host.command(&import).spawn().unwrap();
    let mut err = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("10000 of 11000") {
        line.clear();
        let read = std::io::BufRead::read_line(&mut err, &mut line).unwrap();
        assert!(read > 0, "it ended before most was done");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(count(&host), 0);
    // The dead one's lease runs out within a minute; until then a second one is refused.
    let said = host.run(&import);
    assert_eq!(
        said.sentence(),
        "Another import is under way: wait until it has ended, or a minute if it was stopped."
    );
    sql(&host, "UPDATE leases SET until_at = 0");
    assert_eq!(host.run(&import).code, 0);
    assert_eq!(count(&host), 11_000);
}
