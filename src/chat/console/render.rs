//! A card as plain text. Pure: no colour, the width is an argument, nothing that a pipe or a
//! screen reader would lose. Whatever could steer a terminal is cut here once more.

use super::super::wall::{Wall, moment};
use crate::domain::card::{Block, Card, Line, Span, Tone};
use crate::domain::text;

/// Where lines are broken unless a terminal says something else.
pub const WIDTH: usize = 78;

/// The card's lines of at most `width`, without its buttons.
pub fn card(card: &Card, wall: Wall, width: usize) -> Vec<String> {
    stamped("", card, wall, width)
}

/// The same, with `stamp` before the first line, which is no longer for it.
pub fn stamped(stamp: &str, card: &Card, wall: Wall, width: usize) -> Vec<String> {
    let wrap = |text: &str, first, rest| wrap(text, (first, rest), width);
    let title = with_shape(card.tone, &line(&card.title, wall));
    let mut out = wrap(&title, stamp, "  ");
    for block in &card.body {
        match block {
            Block::Text(text) => out.extend(wrap(&line(text, wall), "  ", "  ")),
            Block::Item(tone, text) => {
                out.extend(wrap(&with_shape(*tone, &line(text, wall)), "  ", "    "));
            }
            Block::Steps(steps) => {
                for (number, step) in steps.iter().enumerate() {
                    let text = format!("{}. {}", number + 1, line(step, wall));
                    out.extend(wrap(&text, "  ", "     "));
                }
            }
        }
    }
    out
}

/// Lines of plain text, each broken to `width` under its own beginning.
pub fn plain(text: &str, width: usize) -> String {
    let lines = text.split('\n').flat_map(|line| {
        // A question's last space belongs to what is typed behind it.
        let (bare, end) = match line.strip_suffix(' ') {
            Some(bare) => (bare, " "),
            None => (line, ""),
        };
        let words = bare.trim_start_matches(' ');
        let indent = &bare[..bare.len() - words.len()];
        let mut lines = wrap(words, (indent, indent), width);
        if let Some(last) = lines.last_mut() {
            last.push_str(end);
        }
        lines
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The first line alone.
pub fn title(card: &Card, wall: Wall) -> String {
    with_shape(card.tone, &line(&card.title, wall))
}

/// Buttons as numbered choices.
pub fn choices(labels: &[(u32, &str)], width: usize) -> Vec<String> {
    let text = labels.iter().map(|(number, label)| format!("[{number}] {}", printable(label)));
    // A choice is not broken in two: its inner spaces are held together while wrapping.
    let text = text.map(|choice| choice.replace(' ', "\u{a0}")).collect::<Vec<_>>().join("  ");
    wrap(&text, ("  ", "  "), width).into_iter().map(|line| line.replace('\u{a0}', " ")).collect()
}

fn with_shape(tone: Tone, text: &str) -> String {
    match tone {
        Tone::Plain => text.to_owned(),
        Tone::Fine | Tone::Soon | Tone::Broken | Tone::Unknown | Tone::Over => {
            format!("{} {text}", tone.shape())
        }
    }
}

fn line(line: &Line, wall: Wall) -> String {
    line.0.iter().map(|span| span_text(span, wall)).collect()
}

fn span_text(span: &Span, wall: Wall) -> String {
    match span {
        Span::Text(text) | Span::Code(text) => printable(text),
        Span::Name(name) => printable(name.as_str()),
        Span::Moment(at, grain) => moment(*at, *grain, wall),
    }
}

/// Our own texts hold no control characters either; this is the last door before the terminal.
fn printable(text: &str) -> String {
    text::printable(text).replace('\n', "")
}

/// Breaks at spaces; a word longer than the line stands alone.
fn wrap(text: &str, (first, rest): (&str, &str), width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut current = first.to_owned();
    let mut is_empty = true;
    for word in text.split(' ') {
        let length = current.chars().count() + 1 + word.chars().count();
        // Two spaces apart is how choices stand; at a break they are none.
        if word.is_empty() && (is_empty || length > width) {
            continue;
        }
        if !is_empty && length > width {
            lines.push(std::mem::replace(&mut current, rest.to_owned()));
            is_empty = true;
        }
        if !is_empty {
            current.push(' ');
        }
        current.push_str(word);
        is_empty = false;
    }
    lines.push(current);
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;
    use crate::domain::card::Grain;
    use crate::domain::text::Clean;

    fn wall() -> Wall {
        Wall { zone: Tz::Europe__Berlin, now: "2026-11-23T13:00:00Z".parse().unwrap() }
    }

    #[test]
    fn a_card_reads_without_colour() {
        let at = "2026-11-30T13:00:00Z".parse().unwrap();
        let name = Clean::new("mm-bot-1", 20);
        let shown = Card::new(
            Tone::Soon,
            Line::default()
                .name(&name)
                .text(" expires in 7 days (")
                .moment(at, Grain::Minute)
                .text(")"),
        )
        .text("KuCoin's own date.")
        .steps(["Make a new key this week.".into(), "Delete the old one last.".into()]);
        assert_eq!(
            card(&shown, wall(), WIDTH).join("\n"),
            "\u{25B2}\u{FE0E} mm-bot-1 expires in 7 days (Mon 30 Nov 14:00 CET)\n  KuCoin's own date.\n  \
             1. Make a new key this week.\n  2. Delete the old one last."
        );
    }

    #[test]
    fn the_time_before_a_first_line_leaves_it_no_longer_than_the_terminal() {
        let title = "mm-bot-1: a title of as many words as fill a narrow terminal twice over";
        let shown = Card::new(Tone::Broken, title).text(title);
        for width in [40, 50, 78, 100] {
            let lines = stamped("14:01 ", &shown, wall(), width);
            assert!(lines[0].starts_with("14:01 \u{2716}"), "{lines:#?}");
            assert!(lines.iter().all(|line| line.chars().count() <= width), "{lines:#?}");
        }
    }

    #[test]
    fn plain_lines_break_at_words_under_their_own_beginning() {
        let text = "one two three four five\n\n  six seven eight nine ten eleven\nlast? ";
        assert_eq!(
            plain(text, 16),
            "one two three\nfour five\n\n  six seven\n  eight nine ten\n  eleven\nlast? "
        );
        assert_eq!(plain("a  b   c", 40), "a  b   c", "what fits stays as it is");
    }

    #[test]
    fn nothing_in_a_card_can_steer_the_terminal() {
        let shown = Card::new(Tone::Plain, "a\u{1b}[2Jb").text(Line::default().code("\u{7}x\r\ny"));
        assert!(card(&shown, wall(), WIDTH).iter().all(|line| !line.chars().any(char::is_control)));
    }

    #[test]
    fn long_lines_break_at_words_and_choices_stay_whole() {
        let words = "word ".repeat(40);
        let lines = card(&Card::new(Tone::Plain, words.trim()), wall(), WIDTH);
        assert!(lines.len() > 2 && lines.iter().all(|line| line.chars().count() <= WIDTH));
        let narrow = card(&Card::new(Tone::Plain, words.trim()), wall(), 40);
        assert!(narrow.len() > lines.len());
        assert!(narrow.iter().all(|line| line.chars().count() <= 40));
        let labels: Vec<(u32, &str)> = (1..9).map(|n| (n, "What to do now")).collect();
        assert!(choices(&labels, WIDTH).iter().all(|line| !line.trim().starts_with("What")));
    }
}
