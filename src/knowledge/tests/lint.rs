//! What every entry must hold: dates, links, a way to see that it worked, what is not known, the order of revoking.

use chrono::NaiveDate;

use super::super::{Entry, Topic, entry::parse};
use super::knowledge;

/// The only domain that a text sends people to.
const OFFICIAL: &[&str] = &["kucoin.com"];
/// Ends of names that are places in the net, as far as a text would name one.
const DOMAINS: &[&str] =
    &[".com", ".org", ".net", ".io", ".eu", ".tr", ".me", ".gg", ".app", ".help"];
/// The day on which the facts were collected.
const COLLECTED: NaiveDate = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();

fn entry(id: &str) -> &'static Entry {
    knowledge().entry(&Topic::parse(id).expect(id)).expect(id)
}

fn body(entry: &Entry) -> String {
    entry.shown().map(String::as_str).collect::<Vec<_>>().join("\n").to_lowercase()
}

#[test]
fn the_facts_of_every_entry_have_a_day_that_is_kept_and_not_shown() {
    for entry in knowledge().entries() {
        let Some(checked) = entry.checked else { panic!("{}", entry.id) };
        assert!(checked >= COLLECTED, "{}: {checked}", entry.id);
        assert!(!body(entry).contains(&checked.to_string()), "{}", entry.id);
    }
}

#[test]
fn an_entry_sends_nobody_but_to_an_official_domain() {
    for entry in knowledge().entries() {
        let text = body(entry);
        for word in
            text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')' | '"'))
        {
            let word = word.trim_end_matches(['.', ':']);
            let is_domain = DOMAINS.iter().any(|end| word.ends_with(end));
            assert!(!is_domain || OFFICIAL.contains(&word), "{}: {word}", entry.id);
        }
    }
}

#[test]
fn an_entry_with_steps_tells_how_to_see_that_it_worked() {
    for entry in knowledge().entries().iter().filter(|entry| !entry.steps.is_empty()) {
        let text = body(entry);
        let told = ["check", "test", "look", "try", "watch"].iter().any(|word| text.contains(word));
        assert!(told, "{}", entry.id);
    }
}

#[test]
fn what_is_not_known_is_said_where_the_question_comes_up() {
    for (id, said) in [
        ("expired-meaning", "no error code of its own"),
        ("why-keys-expire", "not confirmed"),
        ("error-key-not-exists", "does not say which"),
        ("error-key-version", "not confirmed"),
        ("without-revoking", "not confirmed"),
        ("shared-key", "is not known to us"),
        ("bot-exchanges", "is not known"),
    ] {
        assert!(body(entry(id)).contains(said), "{id}");
    }
}

/// Still works: the old key goes last. Leaked: it goes first. Nothing in between.
#[test]
fn an_old_key_is_deleted_last_wherever_a_new_one_is_made_in_the_same_breath() {
    for entry in knowledge().entries() {
        for text in entry.shown().map(|text| text.to_lowercase()) {
            let swaps = text.contains("switch the apps") && text.contains("delete the");
            let last = ["last", "if it is still listed"].iter().any(|word| text.contains(word));
            assert!(!swaps || last, "{}: {text}", entry.id);
        }
    }
}

#[test]
fn a_mistake_in_an_entry_is_told_with_file_and_line() {
    let good = "+++\nid = \"create-key\"\ntitle = \"T\"\nchecked = 2026-11-23\ncodes = []\naliases = []\nsee = []\n+++\nAnswer.\n\n1. One.\n";
    assert_eq!(parse("x.md", good).map(|entry| entry.steps.len()), Ok(1));
    for (from, to, told) in [
        ("+++\nid", "id", "x.md:1: no front matter between +++ lines"),
        ("create-key", "nowhere", "x.md:2: no entry is called nowhere"),
        ("2026-11-23", "10:00:00", "x.md:4: checked is no day"),
        ("see = []", "see = [\"nowhere\"]", "x.md:7: no entry is called nowhere"),
        ("1. One.", "2. Two.", "x.md:11: expected step 1"),
        ("Answer.\n\n1. One.\n", "", "x.md:9: no answer"),
    ] {
        let mistake = parse("x.md", &good.replacen(from, to, 1)).expect_err(told);
        assert_eq!(mistake.to_string(), told);
    }
    let mistake = parse("x.md", &good.replace("codes = []", "codes = 4")).expect_err("codes");
    assert_eq!((mistake.line, mistake.file.as_str()), (5, "x.md"));
}
