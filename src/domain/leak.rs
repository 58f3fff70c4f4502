//! Secrets pasted where people read along. A key id of `KuCoin` is 24 hex digits and a secret is a
//! UUID, but orders, requests and devices have numbers of the same shapes. So what a text says of a
//! value counts: one that is called an id is none of ours, one that is called a secret is one.

use std::collections::{BTreeSet, HashSet};

use super::text::first_secret;

/// What a text holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pasted {
    /// Nothing of the kind.
    Nothing,
    /// Something of the shape of a key or of a secret.
    Perhaps,
    /// A key and a secret together, or a value that is called a secret: nothing else looks so.
    Certain,
}

/// What a text calls a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Called {
    Secret,
    Key,
    /// An order, a request, a device: a number that is nobody's secret.
    Id,
    Nothing,
}

/// Words between a name and its value.
const FILLERS: [&str; 14] = [
    "is", "are", "was", "my", "the", "a", "es", "ist", "est", "e", "lautet", "value", "new", "old",
];
/// Names of numbers that only look like keys or secrets, beside all that end in `id`.
const IDS: [&str; 24] = [
    "order",
    "orders",
    "trade",
    "trades",
    "fill",
    "fills",
    "request",
    "trace",
    "span",
    "session",
    "uuid",
    "guid",
    "hash",
    "tx",
    "txid",
    "commit",
    "digest",
    "image",
    "container",
    "device",
    "message",
    "user",
    "account",
    "oid",
];
/// Secrets of other exchanges are as long as this, of letters and digits mixed.
const OTHER_SECRETS: std::ops::RangeInclusive<usize> = 30..=88;

impl Pasted {
    /// Looks at a text.
    pub fn of(text: &str) -> Self {
        let (mut keys, mut secrets, mut called) = (0, 0, false);
        let mut before: Vec<String> = Vec::new();
        let mut rest = text;
        while let Some(found) = first_secret(rest) {
            called |= tells_a_secret(&rest[..found.start], &mut before);
            let value = &rest[found.clone()];
            let name = name(&before);
            if is_varied(value) && name != Called::Id {
                if value.contains('-') {
                    secrets += 1;
                    called |= name == Called::Secret;
                } else {
                    keys += 1;
                }
            }
            before.push(value.to_ascii_lowercase());
            rest = &rest[found.end..];
        }
        called |= tells_a_secret(rest, &mut before);
        match (keys, secrets) {
            _ if called => Self::Certain,
            (0, 0) => Self::Nothing,
            (0, _) | (_, 0) => Self::Perhaps,
            _ => Self::Certain,
        }
    }
}

/// Everything in a text that has the shape of a key's id, in small letters as ids are compared.
/// What it is called does not count: a watched key's id is one under any name.
pub fn possible_keys(text: &str) -> BTreeSet<String> {
    let (mut keys, mut rest) = (BTreeSet::new(), text);
    while let Some(found) = first_secret(rest) {
        let value = &rest[found.clone()];
        if !value.contains('-') {
            keys.insert(value.to_ascii_lowercase());
        }
        rest = &rest[found.end..];
    }
    keys
}

/// Reads words on; whether one of them is called a secret and looks like one of another exchange.
fn tells_a_secret(text: &str, before: &mut Vec<String>) -> bool {
    let mut told = false;
    for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
        let word = word.trim_matches('_');
        if !word.is_empty() {
            told |= is_random(word) && name(before) == Called::Secret;
            before.push(word.to_ascii_lowercase());
        }
    }
    told
}

/// What the words before a value call it.
fn name(before: &[String]) -> Called {
    let mut words = before.iter().rev().map(String::as_str).filter(|word| !FILLERS.contains(word));
    let (Some(last), earlier) = (words.next(), words.next()) else { return Called::Nothing };
    let plain: String = last.chars().filter(char::is_ascii_alphanumeric).collect();
    let is_key = plain.ends_with("key") || plain == "apikey";
    if plain.contains("secret") || (is_key && earlier.is_some_and(|word| word == "secret")) {
        Called::Secret
    } else if is_key {
        Called::Key
    } else if plain.ends_with("id") || plain.ends_with("ids") || IDS.contains(&plain.as_str()) {
        Called::Id
    } else {
        Called::Nothing
    }
}

/// Letters and digits without a pattern, as programs make them.
fn is_random(word: &str) -> bool {
    let has = |is: fn(&char) -> bool| word.chars().filter(is).count() >= 4;
    OTHER_SECRETS.contains(&word.len())
        && word.chars().all(|c| c.is_ascii_alphanumeric())
        && has(char::is_ascii_digit)
        && has(char::is_ascii_alphabetic)
        && is_varied(word)
}

/// A placeholder repeats itself.
fn is_varied(word: &str) -> bool {
    word.chars().collect::<HashSet<char>>().len() >= 8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(name: &str) -> Vec<String> {
        let path = format!("{}/tests/data/leaks/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).expect(name);
        text.lines().map(|line| line.replace("\\n", "\n")).collect()
    }

    #[test]
    fn a_key_and_a_secret_together_are_certain_and_one_alone_is_not() {
        let (key, secret) = ("6705f5c311545b000157d3eb", "46fd8974-aaaa-bbbb-cccc-896f005b2340");
        let table = [
            (format!("why does {key} fail"), Pasted::Perhaps),
            (format!("what is {secret}"), Pasted::Perhaps),
            (format!("secret={secret};"), Pasted::Certain),
            (format!("my secret key is {secret}"), Pasted::Certain),
            (format!("{{\"key\":\"{key}\",\"secret\":\"{secret}\"}}"), Pasted::Certain),
            (format!("{secret} {}", key.to_uppercase()), Pasted::Certain),
            (format!("{{\"orderId\":\"{key}\",\"clientOid\":\"{secret}\"}}"), Pasted::Nothing),
            (format!("{key}-{secret}"), Pasted::Certain),
            (format!("no-{key} and secret-{secret}"), Pasted::Certain),
            ("400003 api key does not exist".to_owned(), Pasted::Nothing),
            ("deadbeef-dead order 12345678901234567890123x".to_owned(), Pasted::Nothing),
        ];
        for (text, expected) in table {
            assert_eq!(Pasted::of(&text), expected, "{text}");
        }
    }

    #[test]
    fn a_possible_key_is_found_under_any_name_and_once() {
        let key = "6705f5c311545b000157d3eb";
        let text =
            format!("order id {key}, {} 46fd8974-aaaa-bbbb-cccc-896f005b2340", key.to_uppercase());
        assert_eq!(possible_keys(&text), BTreeSet::from([key.to_owned()]));
        assert_eq!(possible_keys(&format!("x{key}")), BTreeSet::new());
    }

    #[test]
    fn nothing_harmless_is_certain() {
        let harmless = lines("harmless");
        assert!(harmless.len() >= 200);
        let accused: Vec<_> =
            harmless.into_iter().filter(|line| Pasted::of(line) == Pasted::Certain).collect();
        assert_eq!(accused, [""; 0], "{}", accused.len());
    }

    #[test]
    fn what_is_certainly_a_secret_is_called_one() {
        let leaks = lines("leaks");
        assert!(leaks.len() >= 70);
        let missed: Vec<_> =
            leaks.into_iter().filter(|line| Pasted::of(line) != Pasted::Certain).collect();
        assert_eq!(missed, [""; 0], "{}", missed.len());
    }
}
