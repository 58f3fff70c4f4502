//! Cards as Discord shows them: an embed with the tone as its bar, moments in the reader's own
//! zone, buttons in rows. Pure; every text is held within Discord's limits, counted in UTF-16
//! units, which is never less than what Discord counts.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serenity::all::{ButtonStyle, CreateActionRow, CreateButton, CreateEmbed};

use super::super::wall::{Wall, moment};
use super::escape::{code, dead, own};
use crate::domain::card::{Action, Block, Card, Grain, Line, Span, Tone};
use crate::domain::id::ButtonId;

/// The longest title of an embed.
pub const TITLE: usize = 256;
/// The longest description of an embed.
pub const DESCRIPTION: usize = 4_096;
/// The most of all embeds of a message together.
pub const TOTAL: usize = 6_000;
/// The most embeds of a message.
const EMBEDS: usize = 10;
/// Buttons in a row, and rows.
const ROW: usize = 5;
const ROWS: usize = 5;
/// The longest words on a button.
const LABEL: usize = 80;
/// Below this much room a further embed is not begun.
const SCRAP: usize = 300;

/// What a message shows.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The embeds, one a card.
    pub embeds: Vec<CreateEmbed>,
    /// The buttons.
    pub rows: Vec<CreateActionRow>,
}

/// Cards with the ids behind their buttons, as one message.
pub fn message(cards: &[Card], buttons: &[Vec<ButtonId>], zone: Tz, now: DateTime<Utc>) -> Shown {
    let wall = Wall { zone, now };
    let mut left = TOTAL;
    let mut embeds = Vec::new();
    for card in cards.iter().take(EMBEDS) {
        if left < SCRAP {
            break;
        }
        let title = title(card, wall);
        left -= units(&title);
        let text = body(card, wall, DESCRIPTION.min(left));
        left -= units(&text);
        embeds.push(embed(card.tone).title(title).description(text));
    }
    Shown { embeds, rows: rows(cards, buttons) }
}

/// One card whose first line stands above the embed, where a phone's preview shows it; the second
/// value is that line.
pub fn headed(card: &Card, ids: &[ButtonId], zone: Tz, now: DateTime<Utc>) -> (Shown, String) {
    let wall = Wall { zone, now };
    let embed = embed(card.tone).description(body(card, wall, DESCRIPTION));
    let rows = rows(std::slice::from_ref(card), &[ids.to_vec()]);
    (Shown { embeds: vec![embed], rows }, title(card, wall))
}

/// The first line: shape, words, and moments as words, because a preview shows no others.
pub fn title(card: &Card, wall: Wall) -> String {
    let text: String = card.title.0.iter().map(|piece| span(piece, wall, true)).collect();
    cut(&shaped(card.tone, &text), TITLE)
}

/// The rest, a line a block; whole lines are left out at the end where there is no room.
fn body(card: &Card, wall: Wall, room: usize) -> String {
    let text =
        |line: &Line| line.0.iter().map(|piece| span(piece, wall, false)).collect::<String>();
    let mut lines = Vec::new();
    for block in &card.body {
        match block {
            Block::Text(line) => lines.push(text(line)),
            Block::Item(tone, line) => lines.push(shaped(*tone, &text(line))),
            Block::Steps(steps) => {
                lines.extend(
                    steps.iter().enumerate().map(|(n, step)| format!("{}. {}", n + 1, text(step))),
                );
            }
        }
    }
    let mut out = String::new();
    for line in lines {
        // Room for the sign that something is missing.
        if units(&out) + 1 + units(&line) + 2 > room {
            out.push_str("\n\u{2026}");
            break;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&line);
    }
    cut(&out, room)
}

fn shaped(tone: Tone, text: &str) -> String {
    match tone {
        Tone::Plain => text.to_owned(),
        Tone::Fine | Tone::Soon | Tone::Broken | Tone::Unknown | Tone::Over => {
            format!("{} {text}", tone.shape())
        }
    }
}

fn span(span: &Span, wall: Wall, in_words: bool) -> String {
    match span {
        Span::Text(text) => own(text),
        Span::Name(name) => dead(name.as_str()),
        Span::Code(text) => code(text),
        Span::Moment(at, grain) if in_words => moment(*at, *grain, wall),
        Span::Moment(at, grain) => {
            let style = match grain {
                Grain::Time if is_same_day(*at, wall) => 't',
                Grain::Time | Grain::Minute => 'f',
                Grain::Day => 'D',
            };
            format!("<t:{}:{style}>", at.timestamp())
        }
    }
}

fn is_same_day(at: DateTime<Utc>, wall: Wall) -> bool {
    at.with_timezone(&wall.zone).date_naive() == wall.now.with_timezone(&wall.zone).date_naive()
}

fn embed(tone: Tone) -> CreateEmbed {
    CreateEmbed::new().colour(match tone {
        Tone::Fine => 0x2E_8B57,
        Tone::Soon => 0xD9_A400,
        Tone::Broken => 0xC0_392B,
        Tone::Unknown => 0x60_7D8B,
        Tone::Over => 0x4F_9D69,
        Tone::Plain => 0x5B_6B7B,
    })
}

fn rows(cards: &[Card], ids: &[Vec<ButtonId>]) -> Vec<CreateActionRow> {
    let all = cards.iter().zip(ids).flat_map(|(card, ids)| card.buttons.iter().zip(ids));
    let buttons: Vec<CreateButton> = all
        .take(ROW * ROWS)
        .map(|(button, id)| {
            CreateButton::new(id.as_str())
                .label(cut(&button.label, LABEL))
                .style(style(&button.action))
        })
        .collect();
    buttons.chunks(ROW).map(|row| CreateActionRow::Buttons(row.to_vec())).collect()
}

/// Taking an alert is what a message waits for; nothing else stands out.
fn style(action: &Action) -> ButtonStyle {
    match action {
        Action::Acknowledge { .. } | Action::AcknowledgeAll { .. } => ButtonStyle::Primary,
        Action::Undo { .. }
        | Action::Show { .. }
        | Action::Steps { .. }
        | Action::Accept { .. }
        | Action::Replaced { .. }
        | Action::ShowAddress { .. }
        | Action::Key { .. }
        | Action::AllKeys
        | Action::Why { .. }
        | Action::Fix { .. }
        | Action::Security { .. }
        | Action::Check { .. }
        | Action::Leaked { .. }
        | Action::WatchLeaked { .. }
        | Action::NotLeaked { .. }
        | Action::AddReceiver { .. }
        | Action::Receiver { .. }
        | Action::TestReceiver { .. }
        | Action::SetReceiver { .. }
        | Action::RemoveReceiver { .. }
        | Action::Seen { .. }
        | Action::PostHere { .. }
        | Action::NotHelpful { .. }
        | Action::ChooseWorkspace { .. } => ButtonStyle::Secondary,
    }
}

/// How long Discord may say that a text is.
pub fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The text, or its beginning with a sign that more was there; an escape is not cut in two.
pub fn cut(text: &str, most: usize) -> String {
    if units(text) <= most {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut length = 1;
    for c in text.chars() {
        length += c.len_utf16();
        if length > most {
            break;
        }
        out.push(c);
    }
    let slashes = out.chars().rev().take_while(|c| *c == '\\').count();
    if slashes % 2 == 1 {
        out.pop();
    }
    out.push('\u{2026}');
    out
}

#[cfg(test)]
mod tests;
