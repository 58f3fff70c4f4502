//! Codes inside a question or a pasted log line.
//!
//! An exact code beats every search. `KuCoin`'s codes (front matter `codes`) come first, then other exchanges' and HTTP's,
//! which are the aliases made of digits alone. Short and round numbers are also amounts, so those count only where the
//! text speaks of an error. Numbers inside addresses, times and long ids do not count.

use std::collections::HashMap;

use super::entry::Entry;

/// Which entry a code leads to, by its place in the list of entries.
#[derive(Debug)]
pub(super) struct Codes {
    kucoin: HashMap<String, usize>,
    foreign: HashMap<String, usize>,
}

/// Words that turn a number into an error code.
const ERROR_WORDS: &[&str] = &[
    "error",
    "code",
    "err",
    "http",
    "status",
    "msg",
    "message",
    "exception",
    "response",
    "server",
    "gateway",
    "request",
    "api",
    "kucoin",
    "mean",
    "returns",
    "answer",
    "{",
    "fehler",
    "erreur",
    "ошибк",
    "hata",
    "lỗi",
    "错误",
];

impl Codes {
    pub(super) fn of(entries: &[Entry]) -> Self {
        let mut codes = Self { kucoin: HashMap::new(), foreign: HashMap::new() };
        for (at, entry) in entries.iter().enumerate() {
            codes.kucoin.extend(entry.codes.iter().map(|code| (code.clone(), at)));
            let digits = entry.aliases.iter().filter(|alias| is_code(alias));
            codes.foreign.extend(digits.map(|alias| (alias.clone(), at)));
        }
        codes
    }

    /// The entry of a `KuCoin` code, exactly as it stands in an answer.
    pub(super) fn kucoin(&self, code: &str) -> Option<usize> {
        self.kucoin.get(code).copied()
    }

    /// The entry of the most telling code in a folded text.
    pub(super) fn find(&self, folded: &str) -> Option<usize> {
        let numbers = numbers(folded);
        let is_error = is_about_error(folded);
        let is_clear = |number: &str| is_error || (number.len() == 6 && !number.ends_with("000"));
        let kucoin =
            numbers.iter().filter(|number| is_clear(number)).find_map(|number| self.kucoin(number));
        let foreign = |least: usize| {
            let known = numbers.iter().filter(|number| number.len() >= least && is_error);
            known.filter_map(|number| self.foreign.get(*number)).copied().next()
        };
        kucoin.or_else(|| foreign(4)).or_else(|| foreign(3))
    }
}

/// Whether an alias is a code and not a phrase: digits alone, with or without a sign.
pub(super) fn is_code(alias: &str) -> bool {
    let digits = alias.strip_prefix('-').unwrap_or(alias);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a number in this text may be a code: it stands alone, or the text speaks of an error.
pub(super) fn is_about_error(folded: &str) -> bool {
    let is_alone = folded.split_whitespace().nth(1).is_none();
    is_alone || ERROR_WORDS.iter().any(|word| folded.contains(word))
}

/// Runs of 3 to 6 digits that stand by themselves, with a leading minus where there is one.
pub(super) fn numbers(folded: &str) -> Vec<&str> {
    let bytes = folded.as_bytes();
    let mut numbers = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if (3..=6).contains(&length) && stands_alone(bytes, at, at + length) {
            let is_negative = at > 0
                && bytes[at - 1] == b'-'
                && !(at > 1 && bytes[at - 2].is_ascii_alphanumeric());
            numbers.push(&folded[at - usize::from(is_negative)..at + length]);
        }
        at += length.max(1);
    }
    numbers
}

/// False inside words and ids, for parts of addresses, dates and decimals, and for amounts with a sign of money.
pub(super) fn stands_alone(bytes: &[u8], start: usize, end: usize) -> bool {
    let byte = |at: Option<usize>| at.and_then(|at| bytes.get(at)).copied().unwrap_or(b' ');
    let before = (byte(start.checked_sub(2)), byte(start.checked_sub(1)));
    let after = (byte(Some(end)), byte(Some(end + 1)));
    let is_joint = |c: u8| matches!(c, b'.' | b',' | b':' | b'-');
    let joined_before = before.0.is_ascii_digit() && is_joint(before.1);
    let joined_after = is_joint(after.0) && after.1.is_ascii_digit();
    let is_plural = after.0 == b's' && !after.1.is_ascii_alphanumeric();
    let inside = before.1.is_ascii_alphanumeric()
        || before.1 == b'$'
        || before.1 == b'_'
        || (after.0.is_ascii_alphanumeric() && !is_plural);
    !(joined_before || joined_after || inside)
}
