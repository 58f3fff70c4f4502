//! The life of a key at the command line.

use chrono::{DateTime, TimeDelta, Utc};
use keylapse::clock::{Clock, System};
use keylapse::exchange::simulator::{SimEnd, SimKey, Weather};
use serde_json::Value;

use super::{Host, harmless, lines, simulator};

fn listed(host: &Host) -> Vec<Value> {
    let said = host.run(&["key", "list", "--json"]);
    // A program reads it: nothing is said beside it.
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    serde_json::from_str(&said.out).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_added_listed_shown_tested_accepted_and_removed() {
    let mut key = harmless("mm-bot-1");
    key.created_at = "2026-09-01T00:00:00Z".parse().ok();
    let simulator = simulator(std::slice::from_ref(&key)).await;
    let host = Host::with(&simulator);
    let add = ["key", "add", "--label", "mm-bot-1", "--stdin", "--used-by", "grid bot on fra-2"];
    let said = host.tell(&add, &lines(&key));
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.err.contains("TEST ENDPOINT http://127.0.0.1"), "{said:?}");
    assert!(said.err.contains(&format!("Data folder: {}", host.data().display())), "{said:?}");
    for line in ["It may: General", "Bound to: 203.0.113.7", "Account: sub-account desk", "Saved."]
    {
        assert!(said.out.contains(line), "{line}: {said:?}");
    }
    let row = &listed(&host)[0];
    assert_eq!(row["label"], "mm-bot-1");
    assert_eq!(row["verdict"], "healthy");
    assert_eq!(row["state"], "active");
    let shown = host.run(&["key", "show", "MM-BOT-1"]);
    assert!(shown.out.contains("Stops with it: grid bot on fra-2"), "{shown:?}");

    simulator.edit("mm-bot-1", |key| key.permissions.push("Withdrawal".to_owned()));
    let tested = host.run(&["key", "test", "mm-bot-1"]);
    assert!(tested.out.contains("It may: General, Withdrawal"), "{tested:?}");
    assert_eq!(listed(&host)[0]["verdict"], "attention");
    let accepted = host.run(&["key", "accept", "mm-bot-1"]);
    assert!(accepted.out.contains("Closed with that: #"), "{accepted:?}");

    let kept = host.run(&["key", "remove", "mm-bot-1"]);
    assert_eq!((kept.code, listed(&host).len()), (2, 1), "{kept:?}");
    let removed = host.run(&["key", "remove", "mm-bot-1", "--yes"]);
    assert_eq!(removed.code, 0);
    assert_eq!(
        removed.out,
        "Forgotten here (backups may hold it until they expire). The key still works at KuCoin: delete it there if nothing uses it.\n"
    );
    assert!(listed(&host).is_empty());
    // Its label and its key are free again.
    assert_eq!(host.tell(&add[..5], &lines(&key)).code, 2);
    let mut allowed = add[..5].to_vec();
    allowed.extend(["--allow", "withdraw"]);
    assert_eq!(host.tell(&allowed, &lines(&key)).code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_cost_money_is_refused_with_the_word_that_allows_it() {
    let mut key = harmless("thief");
    key.permissions = ["General", "Spot", "Transfer", "Odd"].map(str::to_owned).to_vec();
    key.addresses.clear();
    let simulator = simulator(std::slice::from_ref(&key)).await;
    let host = Host::with(&simulator);
    let add = ["key", "add", "--label", "thief", "--stdin"];
    let said = host.tell(&add, &lines(&key));
    assert_eq!(said.code, 2);
    assert!(said.sentence().starts_with("Not saved: it can "), "{said:?}");
    let word = said.sentence().split("--allow ").nth(1).unwrap().trim_end_matches('.');
    assert!(listed(&host).is_empty());
    let mut allowed = add.to_vec();
    allowed.extend(["--allow", word]);
    let said = host.tell(&allowed, &lines(&key));
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("after 30 days without use"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_good_answer_a_key_is_saved_only_when_told_and_stays_unverified() {
    let key = harmless("far");
    let simulator = simulator(std::slice::from_ref(&key)).await;
    simulator.set_caller("198.51.100.9".parse().unwrap());
    let host = Host::with(&simulator);
    let add = ["key", "add", "--label", "far", "--stdin"];
    let said = host.tell(&add, &lines(&key));
    assert_eq!(said.code, 1);
    assert!(
        said.sentence().starts_with(
            "KuCoin refuses this machine's address 198.51.100.9 for this key (400006)."
        ),
        "{said:?}"
    );
    assert!(listed(&host).is_empty());
    let mut anyway = add.to_vec();
    anyway.push("--save-anyway");
    assert_eq!(host.tell(&anyway, &lines(&key)).code, 0);
    assert_eq!(listed(&host)[0]["state"], "unverified");
    assert!(host.run(&["key", "show", "far"]).out.contains("198.51.100.9"));
    simulator.set_caller("203.0.113.7".parse().unwrap());
    assert_eq!(host.run(&["key", "test", "far"]).code, 0);
    assert_eq!(listed(&host)[0]["state"], "active");
    simulator.set_weather(Weather::Outage);
    let said = host.run(&["key", "test", "far"]);
    assert_eq!(said.code, 1);
    assert!(said.sentence().starts_with("KuCoin gave no usable answer (503000)"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_key_keeps_its_label_and_loses_its_old_secret() {
    let (mut old, mut new) = (harmless("old"), harmless("new"));
    old.end = SimEnd::At(now() + TimeDelta::days(2));
    new.end = SimEnd::At(now() + TimeDelta::days(200));
    let simulator = simulator(&[old.clone(), new.clone()]).await;
    let host = Host::with(&simulator);
    assert_eq!(host.tell(&["key", "add", "--label", "bot", "--stdin"], &lines(&old)).code, 0);
    assert_eq!(listed(&host)[0]["verdict"], "attention");
    let replace = ["key", "replace", "bot", "--stdin"];
    let same = host.tell(&replace, &lines(&old));
    assert_eq!(same.sentence(), "This is the key that bot watches already. Nothing was changed.");
    // A key of another account is easily a slip.
    let slip = host.tell(&replace, &lines(&new));
    assert_eq!(slip.code, 2, "{slip:?}");
    assert!(slip.sentence().starts_with("It belongs to another account"), "{slip:?}");
    let said = host.tell(&["key", "replace", "bot", "--stdin", "--yes"], &lines(&new));
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("The old key is still accepted"), "{said:?}");
    assert!(said.out.contains("the old key's secrets are wiped here"), "{said:?}");
    assert!(said.out.contains("Closed with that: #1"), "{said:?}");
    let row = &listed(&host)[0];
    assert_eq!((&row["verdict"], &row["label"]), (&"healthy".into(), &"bot".into()));
    assert!(row["key"].as_str().unwrap().starts_with(&new.key[..4]));
    // Back again, watching the one that goes.
    let said =
        host.tell(&["key", "replace", "bot", "--stdin", "--yes", "--watch-old"], &lines(&old));
    assert!(said.out.contains("is watched until KuCoin refuses it, at most 7 days"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_watched_already_is_named_before_anybody_is_asked() {
    let (one, two) = (harmless("one"), harmless("two"));
    let simulator = simulator(&[one.clone(), two.clone()]).await;
    let host = Host::with(&simulator);
    host.configure(&format!(
        "[kucoin]\nbase_url = \"{}\"\n[[workspace]]\nname = \"desk\"\n[[workspace]]\nname = \"other\"\n",
        simulator.base_url()
    ));
    let add = |label: &'static str, space: &'static str| {
        ["key", "add", "--label", label, "--workspace", space, "--stdin"]
    };
    assert_eq!(host.tell(&add("grid-1", "desk"), &lines(&one)).code, 0);
    assert_eq!(host.tell(&add("grid-2", "desk"), &lines(&two)).code, 0);
    let sentence = "That key is watched already, as grid-1. Nothing was changed; keylapse key show grid-1 says what is known of it.";
    let replace = ["key", "replace", "grid-2", "--workspace", "desk", "--stdin"];
    let shouted = SimKey { key: one.key.to_uppercase(), ..one.clone() };
    for said in [
        host.tell(&replace, &lines(&one)),
        host.tell(&add("grid-3", "desk"), &lines(&one)),
        host.tell(&replace, &lines(&shouted)),
    ] {
        assert_eq!((said.code, said.sentence()), (2, sentence), "{said:?}");
        assert!(!said.out.contains("Asking KuCoin") && !said.out.contains("old key"), "{said:?}");
    }
    // Another workspace is never hinted at.
    assert_eq!(host.tell(&add("grid-1", "other"), &lines(&one)).code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_and_a_wrong_passphrase_get_a_sentence_that_names_both() {
    let key = harmless("bot");
    let simulator = simulator(std::slice::from_ref(&key)).await;
    let host = Host::with(&simulator);
    let add = ["key", "add", "--label", "bot", "--stdin"];
    let wrong_secret = SimKey { secret: harmless("other").secret, ..key.clone() };
    let wrong_phrase = SimKey { passphrase: "another-one".to_owned(), ..key.clone() };
    for wrong in [wrong_secret, wrong_phrase] {
        let said = host.tell(&add, &lines(&wrong));
        let begins = "KuCoin knows the key but refuses its secret or its passphrase (400004), and does not say which: copy both again.";
        assert!(said.code == 1 && said.sentence().starts_with(begins), "{said:?}");
    }
}

#[test]
fn a_warning_is_announced_for_when_it_will_be_said() {
    let host = Host::new();
    host.configure("[[workspace]]\nname = \"desk\"\nzone = \"Etc/UTC\"\n");
    let day = (now() + TimeDelta::days(400)).date_naive();
    let first = (day - TimeDelta::days(30)).format("%a %-d %b %Y");
    let add = ["key", "add", "--label", "far", "--declared", "--expires", &day.to_string()];
    let said = host.run(&add);
    assert!(said.out.contains(&format!("First warning {first} 09:00 UTC.")), "{said:?}");
    let shown = host.run(&["key", "show", "far"]).out;
    assert!(shown.contains(&format!("Next warning of its end: {first} 09:00 UTC")), "{shown}");
    assert!(!shown.contains("Etc/") && !host.run(&["check-config"]).out.contains("Etc/"));
}

#[test]
fn a_reminder_needs_no_secret_and_takes_another_date() {
    let host = Host::new();
    let add = ["key", "add", "--label", "old-sub", "--declared"];
    let said = host.run(&add);
    assert_eq!(
        said.sentence(),
        "A reminder needs a date: add --expires DATE, or --term DAYS with --created DATE."
    );
    let day = |days| (now() + TimeDelta::days(days)).format("%Y-%m-%d").to_string();
    let mut with_term = add.to_vec();
    let (made, later) = (day(-10), day(300));
    with_term.extend(["--term", "90d", "--created", &made]);
    assert_eq!(host.run(&with_term).code, 0);
    assert_eq!(listed(&host)[0]["watch"], "declared");
    let nothing = host.run(&["key", "test", "old-sub"]);
    assert_eq!(nothing.code, 2);
    let said = host.run(&["key", "replace", "old-sub", "--expires", &later]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("(your date). First warning"), "{said:?}");
}

fn now() -> DateTime<Utc> {
    System::new().now()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_of_a_key_can_be_corrected_without_its_secrets() {
    let key = harmless("one");
    let simulator = simulator(std::slice::from_ref(&key)).await;
    let host = Host::with(&simulator);
    assert_eq!(host.tell(&["key", "add", "--label", "one", "--stdin"], &lines(&key)).code, 0);
    let nothing = host.run(&["key", "edit", "one"]);
    assert_eq!(nothing.code, 2, "{nothing:?}");
    assert!(nothing.sentence().starts_with("Say what to correct"), "{nothing:?}");
    let said = host.run(&["key", "edit", "one", "--used-by", "grid bot on fra-2", "--co-located"]);
    assert_eq!(said.code, 0, "{said:?}");
    let shown = host.run(&["key", "show", "one"]);
    assert!(shown.out.contains("grid bot on fra-2"), "{shown:?}");
    let secret = host.run(&["key", "edit", "one", "--used-by", &format!("bot {}", key.secret)]);
    assert_eq!(secret.code, 2, "{secret:?}");
    assert!(!secret.err.contains(&key.secret), "{secret:?}");
    let reminder =
        ["key", "add", "--label", "sub", "--declared", "--expires", "2099-01-01", "--yes"];
    assert_eq!(host.run(&reminder).code, 0);
    let dated = host.run(&["key", "edit", "sub", "--expires", "2099-03-01"]);
    assert_eq!(dated.code, 0, "{dated:?}");
    let shown = host.run(&["key", "show", "sub"]);
    assert!(shown.out.contains("1 Mar 2099"), "{shown:?}");
}
