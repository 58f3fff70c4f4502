//! A card as Telegram shows it: bold first line, steps with numbers, buttons below. Pure. In
//! groups the commands that it names are addressed to this bot, because others may sit there too.

use teloxide::types::{InlineKeyboardButton, InlineKeyboardMarkup};

use super::super::wall::{Wall, moment};
use super::html::{Face, LONGEST, Page, dead};
use crate::commands::Spec;
use crate::domain::card::{Block, Card, Line, Span, Tone};
use crate::domain::id::ButtonId;

/// How a card is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// The clock on the wall.
    pub wall: Wall,
    /// This bot's name, where others read along.
    pub bot: Option<&'a str>,
    /// Whom it calls.
    pub calls: Option<&'a str>,
}

/// The longest label of a button; longer ones Telegram would cut in the middle.
const LABEL: usize = 60;
/// Two buttons stand side by side when their labels together are no longer than this.
const ROW: usize = 30;

/// The card's text in Telegram's HTML.
pub fn text(card: &Card, look: &Look<'_>) -> String {
    let call = look.calls.and_then(mention).map(|name| format!("\n{name}")).unwrap_or_default();
    let mut page = Page::new(call.encode_utf16().count());
    line(&mut page, Face::Bold, card.tone, &card.title, look);
    // An alert is read in one look; an answer in paragraphs.
    let gap = if card.tone == Tone::Plain { "\n\n" } else { "\n" };
    let mut was_item = false;
    for block in &card.body {
        let is_item = matches!(block, Block::Item(..));
        page.put(Face::Plain, if was_item && is_item { "\n" } else { gap });
        was_item = is_item;
        match block {
            Block::Text(text) => line(&mut page, Face::Plain, Tone::Plain, text, look),
            Block::Item(tone, text) => line(&mut page, Face::Plain, *tone, text, look),
            Block::Steps(steps) => {
                for (n, step) in steps.iter().enumerate() {
                    let number = if n == 0 { "1. ".to_owned() } else { format!("\n{}. ", n + 1) };
                    page.put(Face::Plain, &number);
                    line(&mut page, Face::Plain, Tone::Plain, step, look);
                }
            }
        }
    }
    page.end(&call)
}

/// Cards as one plain text, for where Telegram knows no marks. Foreign words stay dead.
pub fn plain(cards: &[Card], wall: Wall) -> String {
    let words = |line: &Line| {
        let word = |span: &Span| match span {
            Span::Name(name) => dead(name.as_str()),
            Span::Text(_) | Span::Moment(..) | Span::Code(_) => words(span, wall),
        };
        line.0.iter().map(word).collect::<String>()
    };
    let shaped =
        |tone: Tone, line: &Line| format!("{} {}", tone.shape(), words(line)).trim().to_owned();
    let mut lines = Vec::new();
    for card in cards {
        lines.push(shaped(card.tone, &card.title));
        for block in &card.body {
            match block {
                Block::Text(text) => lines.push(words(text)),
                Block::Item(tone, text) => lines.push(shaped(*tone, text)),
                Block::Steps(steps) => lines.extend(
                    steps.iter().enumerate().map(|(n, step)| format!("{}. {}", n + 1, words(step))),
                ),
            }
        }
    }
    lines.join("\n")
}

/// A card without a single mark, for when Telegram refused the marked one.
pub fn bare(card: &Card, look: &Look<'_>) -> String {
    let call = look.calls.and_then(mention).map(|name| format!("\n{name}")).unwrap_or_default();
    let mut left = LONGEST - call.encode_utf16().count();
    let mut text = String::new();
    for c in plain(std::slice::from_ref(card), look.wall).chars() {
        if c.len_utf16() > left {
            break;
        }
        left -= c.len_utf16();
        text.push(c);
    }
    text + &call
}

/// The buttons of a card with the ids behind them; `None` when there are none.
pub fn keyboard(card: &Card, ids: &[ButtonId]) -> Option<InlineKeyboardMarkup> {
    let mut rows: Vec<Vec<InlineKeyboardButton>> = Vec::new();
    let mut room = 0;
    for (button, id) in card.buttons.iter().zip(ids) {
        let label = label(&button.label);
        let length = label.chars().count();
        let button = InlineKeyboardButton::callback(label, id.as_str());
        match rows.last_mut() {
            Some(row) if row.len() == 1 && length <= room => {
                row.push(button);
                room = 0;
            }
            Some(_) | None => {
                rows.push(vec![button]);
                room = ROW.saturating_sub(length);
            }
        }
    }
    (!rows.is_empty()).then(|| InlineKeyboardMarkup::new(rows))
}

fn label(text: &str) -> String {
    let shown: String = text.chars().filter(|c| !c.is_control()).collect();
    if shown.chars().count() <= LABEL {
        return shown;
    }
    shown.chars().take(LABEL - 1).chain(['\u{2026}']).collect()
}

fn line(page: &mut Page, face: Face, tone: Tone, line: &Line, look: &Look<'_>) {
    if tone != Tone::Plain {
        page.put(face, tone.shape());
        page.put(face, " ");
    }
    for span in &line.0 {
        match span {
            Span::Text(text) => page.put(face, &addressed(text, look.bot)),
            Span::Name(name) => page.put(face, &dead(name.as_str())),
            Span::Moment(..) => page.put(face, &words(span, look.wall)),
            Span::Code(code) => page.put(Face::Code, &addressed(code, look.bot)),
        }
    }
}

fn words(span: &Span, wall: Wall) -> String {
    match span {
        Span::Text(text) | Span::Code(text) => text.clone(),
        Span::Name(name) => name.to_string(),
        Span::Moment(at, grain) => moment(*at, *grain, wall),
    }
}

/// A receiver's `@name`, if that is what it is.
fn mention(calls: &str) -> Option<&str> {
    let name = calls.strip_prefix('@')?;
    let fits = (4..=32).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    fits.then_some(calls)
}

/// Our commands in a text of ours, with the bot's name behind them where one is needed.
fn addressed(text: &str, bot: Option<&str>) -> String {
    let Some(bot) = bot else { return text.to_owned() };
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(at) = rest.find('/') {
        let before = rest[..at].chars().last().or(out.chars().last());
        let stands_alone = !before.is_some_and(|c| c.is_alphanumeric() || c == '/');
        let word = &rest[at + 1..];
        let end = word.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(word.len());
        let name = &word[..end];
        out.push_str(&rest[..=at]);
        out.push_str(name);
        if stands_alone && is_command(name) {
            out.push('@');
            out.push_str(bot);
        }
        rest = &word[end..];
    }
    out.push_str(rest);
    out
}

fn is_command(name: &str) -> bool {
    Spec::named(name).is_some_and(|spec| spec.name == name)
}

#[cfg(test)]
mod tests;
