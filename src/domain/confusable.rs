//! Letters that look like others: a name must not pass for another one that people trust. Two
//! questions about a text, both answered from Unicode's own tables; what follows from the answers is
//! the caller's affair.

use icu_properties::CodePointMapData;
use icu_properties::props::Script;
use unicode_normalization::UnicodeNormalization;

/// Scripts that are written together within one word (Unicode TR 39, "highly restrictive").
const TOGETHER: [&[Script]; 3] = [
    &[Script::Latin, Script::Han, Script::Hiragana, Script::Katakana],
    &[Script::Latin, Script::Han, Script::Bopomofo],
    &[Script::Latin, Script::Han, Script::Hangul],
];

/// Whether a word of `text` mixes scripts that nobody writes together, as a Cyrillic letter among
/// Latin ones.
pub fn mixes_scripts(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric()).any(is_mixed)
}

fn is_mixed(word: &str) -> bool {
    let mut scripts: Vec<Script> = word
        .chars()
        .map(|c| CodePointMapData::<Script>::new().get(c))
        .filter(|script| ![Script::Common, Script::Inherited].contains(script))
        .collect();
    scripts.dedup();
    let is_one = scripts.iter().all(|script| *script == scripts[0]);
    let fits = |set: &&[Script]| scripts.iter().all(|script| set.contains(script));
    !is_one && !TOGETHER.iter().any(fits)
}

/// Whether `text` holds other shapes of ordinary characters: full-width, mathematical, circled.
pub fn has_special_forms(text: &str) -> bool {
    !text.nfc().eq(text.nfkc())
}

/// The text with every letter and its marks in their one composed form, so that what looks the same
/// because it is the same is equal.
pub fn composed(text: &str) -> String {
    text.nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_two_scripts_is_noticed_and_two_words_are_not() {
        let table = [
            ("grid-eu", false),
            ("gr\u{0456}d-eu", true),
            ("\u{0441}\u{0435}\u{0442}\u{043A}\u{0430}-1", false),
            ("\u{0441}\u{0435}\u{0442}\u{043A}\u{0430} eu", false),
            ("\u{03B1}lpha", true),
            ("\u{0441}\u{03B1}", true),
            ("\u{53D6}\u{5F15}bot\u{30DC}\u{30C3}\u{30C8}", false),
            ("\u{AC70}\u{B798}bot", false),
            ("\u{0645}\u{062A}\u{062F}\u{0627}\u{0648}\u{0644}", false),
            ("caf\u{00E9}", false),
        ];
        for (text, mixed) in table {
            assert_eq!(mixes_scripts(text), mixed, "{text}");
        }
    }

    #[test]
    fn special_forms_are_noticed_and_marks_are_composed() {
        for text in ["\u{FF47}\u{FF52}id", "\u{1D42C}ub", "\u{2460}", "gr\u{FB01}d"] {
            assert!(has_special_forms(text), "{text}");
        }
        for text in ["grid", "caf\u{00E9}", "cafe\u{0301}", "\u{53D6}\u{5F15}", "\u{30DC}"] {
            assert!(!has_special_forms(text), "{text}");
        }
        assert_eq!(composed("cafe\u{0301}"), "caf\u{00E9}");
    }
}
