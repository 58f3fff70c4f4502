//! `/keystatus`: the whole workspace at a glance, worst first, the fine ones in one line.

use super::Reply;
use super::call::Call;
use super::choose::no_keys;
use super::detail;
use super::reading::{Reading, freshness};
use crate::domain::card::{Action, Card, Line, Tone};
use crate::domain::verdict::Verdict;
use crate::store::StoreError;

/// How much is folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    /// The fine ones into one line, and the worst beyond a phone's screen.
    Fine,
    /// Nothing but what no message could hold.
    Nothing,
}

/// Lines on a phone before the rest is folded.
const LINES: usize = 8;
/// Fine labels in the one line.
const NAMES: usize = 8;
/// Keys in one card, and cards in one answer, when everything is shown.
const CARD: usize = 20;
const CARDS: usize = 5;
/// Buttons to keys.
const DOORS: usize = 3;

pub(super) async fn list(call: &Call<'_>, fold: Fold) -> Result<Reply, StoreError> {
    let keys = call.desk.keys().await?;
    if keys.is_empty() {
        return Ok(no_keys());
    }
    if let ([key], Fold::Fine) = (keys.as_slice(), fold) {
        return Ok(detail::show(call, key));
    }
    let mut readings: Vec<Reading<'_>> = keys.iter().map(|key| call.reading(key)).collect();
    readings.sort_by_key(|reading| (reading.verdict(), rank(reading)));
    Ok(match fold {
        Fold::Fine => folded(call, &readings),
        Fold::Nothing => everything(call, &readings),
    })
}

/// Within one verdict the nearest end first, the label last.
fn rank(reading: &Reading<'_>) -> (i64, String) {
    let end = reading.ends().end().map_or(i64::MAX, |end| end.at.timestamp());
    (end, reading.key.key.label.folded())
}

fn title(call: &Call<'_>, readings: &[Reading<'_>]) -> (Tone, Line) {
    let count = |verdict| readings.iter().filter(|r| r.verdict() == verdict).count();
    let words = [
        (Verdict::Broken, "broken", Tone::Broken),
        (Verdict::Attention, "soon", Tone::Soon),
        (Verdict::Unknown, "unknown", Tone::Unknown),
        (Verdict::Healthy, "fine", Tone::Fine),
    ];
    let there = || words.into_iter().filter(|(verdict, ..)| count(*verdict) > 0);
    let counts: Vec<String> =
        there().map(|(verdict, word, _)| format!("{} {word}", count(verdict))).collect();
    let tone = there().next().map_or(Tone::Plain, |(_, _, tone)| tone);
    let name = Line::default().name(&call.desk.workspace().name);
    (tone, name.text(format!(": {}", counts.join(", "))))
}

fn folded(call: &Call<'_>, readings: &[Reading<'_>]) -> Reply {
    let (tone, title) = title(call, readings);
    let mut card = Card::new(tone, title);
    let age = freshness(readings);
    if let Some((Tone::Unknown, line)) = &age {
        card = card.item(Tone::Unknown, line.clone());
    }
    let is_fine = |reading: &&Reading<'_>| reading.verdict() == Verdict::Healthy;
    let (fine, bad): (Vec<&Reading<'_>>, Vec<&Reading<'_>>) = readings.iter().partition(is_fine);
    for reading in bad.iter().take(LINES) {
        let (tone, line) = reading.line();
        card = card.item(tone, line);
    }
    if bad.len() > LINES {
        card = card.text(format!("and {} more like these: Show all.", bad.len() - LINES));
    }
    if !fine.is_empty() {
        card = card.item(Tone::Fine, names(&fine));
    }
    if let Some((Tone::Plain, line)) = age {
        card = card.text(line);
    }
    for reading in bad.iter().take(DOORS) {
        let key = reading.key.key.id.clone();
        card = card.button(reading.key.key.label.as_str(), Action::Key { key });
    }
    Reply::private(card.button("Show all", Action::AllKeys))
}

/// "3 fine: arb-2, grid-eu, hedge".
fn names(fine: &[&Reading<'_>]) -> Line {
    let mut line = Line::from(format!("{} fine: ", fine.len()));
    for (n, reading) in fine.iter().take(NAMES).enumerate() {
        line = line.text(if n == 0 { "" } else { ", " }).label(&reading.key.key.label);
    }
    if fine.len() > NAMES {
        line = line.text(format!(" and {} more", fine.len() - NAMES));
    }
    line
}

fn everything(call: &Call<'_>, readings: &[Reading<'_>]) -> Reply {
    let (tone, title) = title(call, readings);
    let mut cards = vec![Card::new(tone, title)];
    for (n, chunk) in readings.chunks(CARD).take(CARDS).enumerate() {
        if n > 0 {
            cards.push(Card::new(Tone::Plain, format!("Keys from number {}", n * CARD + 1)));
        }
        if let Some(card) = cards.last_mut() {
            for reading in chunk {
                let (tone, line) = reading.line();
                *card = card.clone().item(tone, line);
            }
        }
    }
    if let Some(card) = cards.last_mut() {
        if let Some((tone, line)) = freshness(readings) {
            *card = card.clone().item(tone, line);
        }
        let more = readings.len().saturating_sub(CARD * CARDS);
        if more > 0 {
            let line =
                Line::from(format!("and {more} more, in good order: ")).code("/keystatus mm-bot-1");
            *card = card.clone().text(line);
        }
    }
    Reply { cards, private: true, ..Reply::default() }
}
