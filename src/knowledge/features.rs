//! Features: what a text shows to the learned look-up.
//!
//! Three readings of the same text are laid side by side, each with the same weight: its words and
//! pairs of words; the pieces of two to five characters inside each word, which survive typing
//! slips and endings; and the ideas behind the words ([`Words`]), which are the same in every
//! language. A feature is a hash: nothing of the text can be read back from it.

use super::codes::stands_alone;
use super::words::{Words, without_links};

/// A feature by its hash, and how much of it there is.
pub(super) type Feature = (u32, f32);

/// Pieces of words have this many characters.
const PIECES: std::ops::RangeInclusive<usize> = 2..=5;
/// No word is cut into more pieces than the first so many characters give.
const LONGEST_WORD: usize = 40;
/// No exchange has codes of more digits.
const LONGEST_CODE: usize = 6;
/// What a kind of feature is hashed with, so that a word and a piece of the same letters differ.
const WORD: u8 = 0;
const PAIR: u8 = 1;
const PIECE: u8 = 2;
const IDEA: u8 = 3;
const IDEAS: u8 = 4;

/// The features of a text that has been folded, in the order of their hashes.
pub(super) fn of(words: &Words, folded: &str) -> Vec<Feature> {
    let text = without_links(folded);
    let said: Vec<&str> = said(&text);
    let mut spoken: Vec<u32> = said.iter().map(|word| hash(WORD, &[word])).collect();
    spoken.extend(said.windows(2).map(|two| hash(PAIR, two)));
    let mut pieces = Vec::new();
    for word in &said {
        cut(word, &mut pieces);
    }
    let terms = words.terms(folded);
    let terms: Vec<&str> = terms
        .iter()
        .map(String::as_str)
        .filter(|term| !is_number(term) || said.contains(term))
        .collect();
    let mut ideas: Vec<u32> = terms.iter().map(|term| hash(IDEA, &[term])).collect();
    ideas.extend(terms.windows(2).map(|two| hash(IDEAS, two)));
    ideas.extend(terms.windows(3).map(|three| hash(IDEAS, &[three[0], three[2]])));
    let mut features = Vec::with_capacity(spoken.len() + pieces.len() + ideas.len());
    for reading in [spoken, pieces, ideas] {
        weigh(reading, &mut features);
    }
    features.sort_unstable_by_key(|(hash, _)| *hash);
    features
}

/// The words of a text. Digits that are no code (ids, parts of times, addresses and decimals) say
/// only that they are there.
fn said(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (c.is_alphanumeric(), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                let word = &text[from..at];
                let is_code = !is_number(word) || is_code_like(text.as_bytes(), from, at);
                words.push(if is_code { word } else { "0" });
                start = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
    }
    words
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_code_like(text: &[u8], from: usize, to: usize) -> bool {
    to - from <= LONGEST_CODE && stands_alone(text, from, to)
}

fn cut(word: &str, pieces: &mut Vec<u32>) {
    let edged = [' '].into_iter().chain(word.chars().take(LONGEST_WORD)).chain([' ']);
    let edged: String = edged.collect();
    let starts: Vec<usize> = edged.char_indices().map(|(at, _)| at).chain([edged.len()]).collect();
    for length in PIECES {
        let ends = starts.iter().skip(length);
        pieces.extend(starts.iter().zip(ends).map(|(from, to)| hash(PIECE, &[&edged[*from..*to]])));
    }
}

/// One reading, repetitions counted once and a little, at length one.
fn weigh(mut reading: Vec<u32>, features: &mut Vec<Feature>) {
    reading.sort_unstable();
    let counted = reading.chunk_by(|a, b| a == b).map(|same| (same[0], repeated(same.len())));
    let counted: Vec<Feature> = counted.collect();
    let length = counted.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
    features.extend(counted.iter().map(|(hash, weight)| (*hash, weight / length)));
}

/// One plus the natural logarithm of the count; a table, because logarithms differ in the last bit
/// from machine to machine and the fit must not.
fn repeated(count: usize) -> f32 {
    const TABLE: [f32; 8] = [1.0, 1.693, 2.099, 2.386, 2.609, 2.792, 2.946, 3.079];
    TABLE[count.clamp(1, TABLE.len()) - 1]
}

/// FNV-1a over the kind and the words with a blank between them, mixed once more.
fn hash(kind: u8, words: &[&str]) -> u32 {
    const PRIME: u64 = 0x0100_0000_01b3;
    let mut state = (0xcbf2_9ce4_8422_2325 ^ u64::from(kind)).wrapping_mul(PRIME);
    for (n, word) in words.iter().enumerate() {
        let blank = if n == 0 { "" } else { " " };
        for byte in blank.bytes().chain(word.bytes()) {
            state = (state ^ u64::from(byte)).wrapping_mul(PRIME);
        }
    }
    state ^= state >> 32;
    state = state.wrapping_mul(0xd6e8_feb8_6659_fd93);
    u32::try_from(state >> 32).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::words::fold;
    use super::*;

    fn shared(a: &str, b: &str) -> f32 {
        let words = Words::embedded();
        let (a, b) = (of(&words, &fold(a)), of(&words, &fold(b)));
        let same = |(hash, weight): &Feature| {
            b.iter().find(|(other, _)| other == hash).map(|(_, other)| weight * other)
        };
        a.iter().filter_map(same).sum()
    }

    #[test]
    fn each_of_the_three_readings_has_the_same_length() {
        let length = shared("the signature is refused", "the signature is refused");
        assert!((length - 3.0).abs() < 0.01, "{length}");
    }

    #[test]
    fn a_slip_a_language_and_an_address_leave_something_in_common() {
        for (a, b, least) in
            [("signature", "signatrue", 0.2), ("mi clave caduc\u{f3}", "my key expired", 0.3)]
        {
            assert!(shared(a, b) > least, "{a}, {b}: {}", shared(a, b));
        }
        let with = shared("invalid request ip", "invalid request ip https://api.kucoin.com/x");
        assert!((with - 3.0).abs() < 0.01, "{with}");
        assert!(shared("order 1234567", "order 7654321") > 2.9);
        assert!(shared("key", "weather") < 0.01);
    }

    #[test]
    fn nothing_gives_nothing() {
        let words = Words::embedded();
        for text in ["", " ", "\u{1f511}", "?!"] {
            assert_eq!(of(&words, &fold(text)), [], "{text:?}");
        }
    }
}
