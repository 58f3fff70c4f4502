//! A question reduced to what may be kept of it: words that stand in our own entries. Everything
//! else, names and secrets first of all, becomes dots.

use std::collections::HashSet;

use super::words;

/// What stands for words that are not ours.
const DOTS: &str = "…";
/// What people call something that nobody else may know.
const SECRETS: [&str; 7] =
    ["passphrase", "password", "passcode", "secret", "pin", "contrasena", "passwort"];
/// Words between that and the thing itself.
const TELLING: [&str; 7] = ["is", "was", "are", "ist", "es", "est", "equals"];
/// A number with fewer digits is no error code.
const CODE_DIGITS: usize = 5;
/// Parts of an outline; what follows is dots.
const MOST: usize = 16;

/// The words of our own texts, as [`outline`] compares them.
pub(super) fn vocabulary<'a>(texts: impl Iterator<Item = &'a str>) -> HashSet<String> {
    texts.flat_map(|text| words::split(&words::fold(text))).collect()
}

/// The outline of a question: its words in order as far as they are `known`, one mark for any run
/// of others.
pub(super) fn outline(known: &HashSet<String>, question: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut is_told = false;
    for word in words::split(&words::without_links(&words::fold(question))) {
        // "my passphrase is …": what follows may be one, in words of ours.
        is_told |= TELLING.contains(&word.as_str())
            && parts.last().is_some_and(|last| SECRETS.contains(&last.as_str()));
        let is_full = parts.len() >= MOST;
        if !is_full && !is_told && !is_short_number(&word) && known.contains(&word) {
            parts.push(word);
        } else if parts.last().is_none_or(|last| last != DOTS) {
            parts.push(DOTS.to_owned());
        }
    }
    parts.join(" ")
}

fn is_short_number(word: &str) -> bool {
    word.len() < CODE_DIGITS && word.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outline_has_only_words_of_ours_in_their_order() {
        let known = vocabulary(
            [
                "Why API keys expire",
                "400003: the key does not exist",
                "mi llave ha caducado",
                "passphrase 30",
            ]
            .into_iter(),
        );
        let table = [
            ("why did my KEY expire?", "why … key expire"),
            ("my secret hunter2 f03a5284-5c39-4aaa-9b20-dea10bdcf8e3 key @bob", "… key …"),
            ("400003 key https://api.kucoin.com/key", "400003 key"),
            ("mi llave de Juan ha caducádo", "mi llave … ha caducado"),
            ("pizza in Berlin", "…"),
            ("my passphrase is key exist does", "… passphrase …"),
            ("wrong passphrase, key 30 does not exist", "… passphrase key … does not exist"),
            ("\u{1f511}\u{1f4a5}", ""),
            ("", ""),
        ];
        for (question, expected) in table {
            assert_eq!(outline(&known, question), expected, "{question}");
        }
        let long = outline(&known, &"key why ".repeat(200));
        assert_eq!((long.split(' ').count(), long.ends_with(DOTS)), (MOST + 1, true), "{long}");
    }
}
