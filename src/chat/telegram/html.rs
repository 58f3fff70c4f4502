//! One message's text in Telegram's HTML, written piece by piece up to the platform's length.
//! What is counted is what people see, in UTF-16 units; what does not fit is cut at a letter, so
//! that no mark is ever left open. Foreign words come in through [`dead`] and stay dead.

/// The longest text, in UTF-16 units, after the marks are read.
pub const LONGEST: usize = 4096;

/// Stands where something was cut off.
const CUT: char = '\u{2026}';

/// How a piece looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// As it is.
    Plain,
    /// Bold.
    Bold,
    /// To be typed as it stands; nothing in it comes alive.
    Code,
}

/// A text being written.
pub struct Page {
    html: String,
    face: Face,
    left: usize,
    is_full: bool,
}

impl Page {
    /// An empty text that keeps `reserved` units free for what must stand at its end.
    pub fn new(reserved: usize) -> Self {
        let left = LONGEST.saturating_sub(reserved + 1);
        Self { html: String::new(), face: Face::Plain, left, is_full: false }
    }

    /// Adds a piece.
    pub fn put(&mut self, face: Face, text: &str) {
        for c in text.chars() {
            if self.is_full {
                return;
            }
            if c.is_control() && c != '\n' {
                continue;
            }
            if c.len_utf16() > self.left {
                self.turn(Face::Plain);
                self.html.push(CUT);
                self.is_full = true;
                return;
            }
            self.left -= c.len_utf16();
            self.turn(face);
            escape(c, &mut self.html);
        }
    }

    /// The text, with what was reserved for its end.
    pub fn end(mut self, last: &str) -> String {
        self.turn(Face::Plain);
        last.chars().for_each(|c| escape(c, &mut self.html));
        self.html
    }

    fn turn(&mut self, face: Face) {
        if self.face == face {
            return;
        }
        self.html.push_str(match self.face {
            Face::Plain => "",
            Face::Bold => "</b>",
            Face::Code => "</code>",
        });
        self.html.push_str(match face {
            Face::Plain => "",
            Face::Bold => "<b>",
            Face::Code => "<code>",
        });
        self.face = face;
    }
}

fn escape(c: char, out: &mut String) {
    match c {
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '&' => out.push_str("&amp;"),
        c => out.push(c),
    }
}

/// Somebody else's words in which nothing can be tapped: Telegram makes mentions, hashtags,
/// commands and links of plain text by itself, and a word joiner behind the sign prevents it.
/// Text without such a sign stays as it is, so that it can be copied.
pub fn dead(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut before: Option<char> = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        out.push(c);
        let after = rest.peek().copied();
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let wakes = match c {
            '@' | '#' | '$' => is_word(after),
            '/' => is_word(after) && !is_word(before),
            '+' => after.is_some_and(|c| c.is_ascii_digit()),
            ':' => after == Some('/'),
            // A number's point is none of a link.
            '.' => after.is_some_and(char::is_alphabetic),
            _ => false,
        };
        if wakes {
            out.push('\u{2060}');
        }
        before = Some(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_closed_and_signs_of_the_markup_are_words() {
        let mut page = Page::new(0);
        page.put(Face::Bold, "a < b & ");
        page.put(Face::Code, "c > d");
        page.put(Face::Plain, "\u{7}e\nf");
        assert_eq!(page.end(""), "<b>a &lt; b &amp; </b><code>c &gt; d</code>e\nf");
    }

    #[test]
    fn what_does_not_fit_is_cut_at_a_letter_and_the_end_still_stands() {
        let mut page = Page::new(5);
        page.put(Face::Bold, &"\u{1F600}".repeat(4_000));
        page.put(Face::Plain, "never");
        let text = page.end("\n@ann");
        assert!(text.ends_with("</b>\u{2026}\n@ann"), "{}", &text[text.len() - 40..]);
        let seen = text.replace("<b>", "").replace("</b>", "");
        let units = seen.encode_utf16().count();
        assert!((LONGEST - 2..=LONGEST).contains(&units), "{units}");
    }

    #[test]
    fn foreign_words_stay_dead_and_plain_ones_unchanged() {
        for text in ["@durov", "#tag", "$BTC", "/stop now", "t.me/x", "https://x", "+4915112345678"]
        {
            assert!(dead(text).contains('\u{2060}'), "{text}");
        }
        for text in ["mm-bot-1", "grid eu", "a/b test", "5 @ 7", "1.5", "v2."] {
            assert_eq!(dead(text), text.to_owned());
        }
    }
}
