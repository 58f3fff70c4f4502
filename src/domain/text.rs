//! Untrusted text as one type: labels, remarks, names, reasons, words of an exchange.
//! Cleaning happens once, on the way in; what is left cannot steer a terminal, hide a word or
//! reverse a line. Escaping for a sink (markup, CSV, ESC) stays with the sink.

use std::borrow::Cow;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_segmentation::UnicodeSegmentation;

use super::confusable::{composed, has_special_forms, mixes_scripts};

/// The most combining marks that may follow one letter; more is a wall, not a word.
const MARKS: usize = 2;

/// Text from outside, cleaned: one line, no control, format, bidi or zero-width characters,
/// at most two combining marks in a row, white space folded and trimmed.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Clean(String);

impl Clean {
    /// Cleans `raw` and keeps its first `graphemes` user-perceived characters.
    pub fn new(raw: &str, graphemes: usize) -> Self {
        // Cut before anything looks at it: a megabyte must not cost a megabyte of work twice.
        let raw: String = raw.chars().take(graphemes.saturating_mul(16).max(64)).collect();
        let mut out = String::with_capacity(raw.len());
        let mut marks = 0;
        for c in raw.chars() {
            if c.is_whitespace() {
                marks = 0;
                if !out.is_empty() && !out.ends_with(' ') {
                    out.push(' ');
                }
                continue;
            }
            match c.general_category() {
                _ if is_unseen(c) => {}
                GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark => {
                    marks += 1;
                    if marks <= MARKS && !out.is_empty() {
                        out.push(c);
                    }
                }
                _ => {
                    marks = 0;
                    out.push(c);
                }
            }
        }
        Self(out.graphemes(true).take(graphemes).collect::<String>().trim().to_owned())
    }

    /// The cleaned text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing visible was left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Display for Clean {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for Clean {
    fn deserialize<D: serde::Deserializer<'de>>(de: D) -> Result<Self, D::Error> {
        // A row written by another hand is cleaned as well.
        Ok(Self::new(&String::deserialize(de)?, 4_000))
    }
}

/// Whether [`Clean`] leaves a character out because nobody sees it.
pub fn is_unseen(c: char) -> bool {
    is_filler(c) || is_invisible(c.general_category())
}

fn is_invisible(category: GeneralCategory) -> bool {
    matches!(
        category,
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::Surrogate
            | GeneralCategory::PrivateUse
            | GeneralCategory::Unassigned
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    )
}

/// Whether a character steers the text around it or hides in it: controls, bidi and zero-width
/// characters, separators of lines.
pub fn steers(c: char) -> bool {
    matches!(
        c.general_category(),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    )
}

/// The text as it may be printed: without what steers a terminal, its own line ends excepted, and
/// without piles of marks. The last door of every printed line; what comes from outside was
/// cleaned on the way in.
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.is_ascii() && !text.bytes().any(|byte| byte != b'\n' && byte.is_ascii_control()) {
        return text.into();
    }
    let mut marks = 0;
    let fits = |c: &char| {
        marks = if is_mark(*c) { marks + 1 } else { 0 };
        *c == '\n' || (marks <= MARKS && !steers(*c))
    };
    text.chars().filter(fits).collect::<String>().into()
}

fn is_mark(c: char) -> bool {
    matches!(c.general_category(), GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark)
}

/// Letters by category, blank to the eye: they would make two labels look the same.
fn is_filler(c: char) -> bool {
    // Variation selectors change how a letter looks, not which one it is.
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' | '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' | '\u{2800}' | '\u{034F}')
}

/// The name a person gave a key: 1 to 32 visible characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Label(Clean);

/// Why a text cannot be a label, in one sentence for the person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// Nothing visible was left.
    #[error("A label needs at least one visible character, for example mm-bot-1.")]
    Empty,
    /// More than 32 user-perceived characters.
    #[error("A label has at most 32 characters; this one has {0}. Choose a shorter one.")]
    Long(usize),
    /// It holds characters that cannot be seen or that steer the text around them.
    #[error(
        "That label holds invisible or control characters. Type it by hand: letters, digits, - and _ are safe."
    )]
    Hidden,
    /// Secrets pasted into the wrong field.
    #[error(
        "That label has the shape of a key or secret; labels are shown in chat. Choose a name, for example mm-bot-1."
    )]
    Secret,
    /// Digits alone are the number of an alert or of a choice.
    #[error(
        "A label of digits alone would be taken for the number of an alert or choice. Add a letter, for example bot-7."
    )]
    Number,
    /// It begins like a command, a flag, an alert's number or a mention.
    #[error(
        "A label does not begin with {0}: it would be taken for something else. Begin with a letter."
    )]
    Start(char),
    /// It is the name of a command.
    #[error("That label is the name of a command. Choose another, for example mm-bot-1.")]
    Reserved,
    /// Letters of two scripts in one word.
    #[error(
        "That label mixes letters of two scripts in one word, which can pass for another label. Write each word in one script."
    )]
    Mixed,
    /// Full-width and other special forms.
    #[error(
        "That label holds full-width or other special forms of letters, which can pass for another label. Type plain letters and digits."
    )]
    Forms,
}

/// What a line can begin with beside a label: commands that are there, and those whose names are
/// kept for later.
const RESERVED: &[&str] = &[
    "ack",
    "alerts",
    "check",
    "faq",
    "help",
    "keystatus",
    "privacy",
    "upcoming",
    "why",
    "exit",
    "quit",
    "cancel",
    "faqgaps",
    "fix",
    "leaked",
    "notify",
    "security",
    "settings",
    "start",
    "audit",
    "history",
    "keyadd",
    "keyedit",
    "keyremove",
    "link",
    "offboard",
    "rotate",
    "silence",
    "workspace",
];

impl Label {
    /// The longest label in user-perceived characters.
    pub const LONGEST: usize = 32;

    /// Reads a label; refuses instead of silently repairing, because people type it again later.
    pub fn parse(raw: &str) -> Result<Self, LabelError> {
        let trimmed = raw.trim();
        let clean = Clean::new(trimmed, 400);
        if clean.is_empty() {
            return Err(LabelError::Empty);
        }
        let long = clean.as_str().graphemes(true).count();
        if looks_secret(trimmed) {
            return Err(LabelError::Secret);
        }
        if long > Self::LONGEST {
            return Err(LabelError::Long(long));
        }
        if clean.as_str() != trimmed {
            return Err(LabelError::Hidden);
        }
        let text = composed(trimmed);
        match text.chars().next() {
            Some(first @ ('/' | '-' | '#' | '@')) => Err(LabelError::Start(first)),
            _ if text.chars().all(|c| c.is_numeric() || c == ' ') => Err(LabelError::Number),
            _ if RESERVED.contains(&fold(&text).as_str()) => Err(LabelError::Reserved),
            _ if has_special_forms(&text) => Err(LabelError::Forms),
            _ if mixes_scripts(&text) => Err(LabelError::Mixed),
            _ => Ok(Self(Clean::new(&text, Self::LONGEST))),
        }
    }

    /// A label as it was stored: one that came in under older rules stays readable. `None` where
    /// nothing visible is left.
    pub fn stored(text: &str) -> Option<Self> {
        let clean = Clean::new(text, Self::LONGEST);
        (!clean.is_empty()).then_some(Self(clean))
    }

    /// The label as people see it.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The folded form under which labels are unique and found: case does not count.
    pub fn folded(&self) -> String {
        fold(self.as_str())
    }
}

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Folds text for comparison: composed, lower case, nothing else. Sorting and uniqueness use it in Rust,
/// because the two databases fold differently.
pub fn fold(text: &str) -> String {
    composed(text).to_lowercase()
}

/// Whether `text` has the shape of a KuCoin key id (24 hex digits) or secret (a UUID).
pub fn looks_secret(text: &str) -> bool {
    let hex = |s: &str| s.chars().all(|c| c.is_ascii_hexdigit());
    let groups: Vec<&str> = text.split('-').collect();
    (text.len() == 24 && hex(text))
        || (groups.iter().map(|g| g.len()).eq([8, 4, 4, 4, 12]) && groups.iter().all(|g| hex(g)))
}

/// Where the first key id or secret of that shape stands in a text. What is joined to it by a
/// hyphen hides neither.
pub fn first_secret(text: &str) -> Option<Range<usize>> {
    const LENGTHS: [usize; 2] = [36, 24];
    let bytes = text.as_bytes();
    let is_word = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    let is_here = |at: usize, length: usize| {
        let piece = bytes.get(at..at + length).and_then(|bytes| str::from_utf8(bytes).ok());
        !is_word(at + length) && piece.is_some_and(looks_secret)
    };
    let starts = (0..bytes.len()).filter(|at| is_word(*at) && (*at == 0 || !is_word(at - 1)));
    starts
        .flat_map(|at| LENGTHS.map(|length| (at, length)))
        .find_map(|(at, length)| is_here(at, length).then_some(at..at + length))
}

/// The text with everything that has the shape of a key id or secret left out.
pub fn without_secrets(text: &str) -> Cow<'_, str> {
    let Some(found) = first_secret(text) else { return text.into() };
    let (before, after) = (&text[..found.start], without_secrets(&text[found.end..]));
    format!("{before}…{after}").into()
}

/// Why a text that will be shown in chat is refused.
pub const HOLDS_SECRET: &str = "That looks like a key or secret, and this text is shown in chat. Name the bot instead, for example grid bot on fra-2.";

/// Whether `text` holds something of the shape of a key id or secret: free text is shown in chat.
pub fn holds_secret(text: &str) -> bool {
    first_secret(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_and_steering_characters_do_not_survive() {
        let table = [
            ("mm\u{200b}-bot", "mm-bot"),
            ("\u{202e}gnp.exe", "gnp.exe"),
            ("a\u{1b}[31mred", "a[31mred"),
            ("line\r\nbreak", "line break"),
            ("z\u{0335}\u{0336}\u{0337}\u{0338}o", "z\u{0335}\u{0336}o"),
            ("\u{0301}start", "start"),
            ("\u{3164}", ""),
            ("so\u{034f}on\u{fe0f}", "soon"),
            ("  two   spaces ", "two spaces"),
        ];
        for (raw, clean) in table {
            assert_eq!(Clean::new(raw, 40).as_str(), clean, "{raw:?}");
        }
    }

    #[test]
    fn what_steers_is_not_printed_and_what_is_read_stays() {
        let raw = "a\u{1b}[31m\u{9b}b\u{202e}c\u{200b}\r\n✖\u{fe0e} zu spät\u{2028}\0";
        assert_eq!(printable(raw), "a[31mbc\n✖\u{fe0e} zu spät");
        assert_eq!(printable("z\u{0335}\u{0336}\u{0337}o"), "z\u{0335}\u{0336}o");
        assert!(matches!(printable("fine\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_secret_is_left_out_of_a_text() {
        let text = "'6705f5c311545b000157d3eb' and x=46fd8974-aaaa-bbbb-cccc-896f005b2340.";
        assert_eq!(without_secrets(text), "'…' and x=….");
    }

    #[test]
    fn a_secret_in_free_text_is_noticed() {
        assert!(holds_secret("grid bot 6705f5c311545b000157d3eb on fra-2"));
        assert!(holds_secret("secret=46fd8974-aaaa-bbbb-cccc-896f005b2340;"));
        assert!(!holds_secret("grid bot on fra-2, order 12345678"));
    }

    #[test]
    fn length_counts_what_people_see() {
        assert_eq!(Clean::new("e\u{301}e\u{301}e\u{301}", 2).as_str(), "e\u{301}e\u{301}");
    }

    #[test]
    fn a_label_is_refused_with_the_reason() {
        assert_eq!(Label::parse("  "), Err(LabelError::Empty));
        assert_eq!(Label::parse(&"x".repeat(33)), Err(LabelError::Long(33)));
        assert_eq!(Label::parse("mm\u{200b}bot"), Err(LabelError::Hidden));
        assert_eq!(Label::parse("6705f5c311545b000157d3eb"), Err(LabelError::Secret));
        assert_eq!(Label::parse("46fd8974-aaaa-bbbb-cccc-896f005b2340"), Err(LabelError::Secret));
        assert_eq!(Label::parse(" Grid-EU ").unwrap().folded(), "grid-eu");
    }

    #[test]
    fn a_label_is_not_taken_for_something_else() {
        let table = [
            ("3", LabelError::Number),
            ("12 34", LabelError::Number),
            ("\u{0663}", LabelError::Number),
            ("/bot", LabelError::Start('/')),
            ("-bot", LabelError::Start('-')),
            ("#3", LabelError::Start('#')),
            ("@everyone", LabelError::Start('@')),
            ("Alerts", LabelError::Reserved),
            ("quit", LabelError::Reserved),
            ("gr\u{0456}d", LabelError::Mixed),
            ("\u{FF47}rid", LabelError::Forms),
            ("\u{FF13}", LabelError::Number),
        ];
        for (raw, error) in table {
            assert_eq!(Label::parse(raw), Err(error), "{raw}");
        }
        let good = [
            "bot-7",
            "7up",
            "\u{0431}\u{043E}\u{0442} 1",
            "\u{53D6}\u{5F15}-2",
            "why not",
            "caf\u{00E9}",
        ];
        for raw in good {
            assert!(Label::parse(raw).is_ok(), "{raw}");
        }
        // One letter in two spellings is one label; what came in before the rules stays readable.
        let (one, two) = (Label::parse("cafe\u{0301}"), Label::parse("CAF\u{00C9}"));
        assert_eq!(one.unwrap().folded(), two.unwrap().folded());
        assert_eq!(Label::stored("3").unwrap().as_str(), "3");
    }
}
