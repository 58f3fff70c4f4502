//! `/upcoming`: which keys end soon, by date and with the certainty of each date, and when the next
//! warning comes.

use chrono::{DateTime, TimeDelta, Utc};

use super::Reply;
use super::call::Call;
use super::choose::no_keys;
use super::reading::Reading;
use crate::domain::card::{Card, Grain, Line, Tone};
use crate::domain::expiry::{End, Known, Stage, stage};
use crate::domain::route::warning_at;
use crate::store::StoreError;

/// How far is looked without a number.
const DAYS: u16 = 30;
/// Lines in one answer.
const MOST: usize = 15;

pub(super) async fn list(call: &Call<'_>, days: Option<u16>) -> Result<Reply, StoreError> {
    let keys = call.desk.keys().await?;
    if keys.is_empty() {
        return Ok(no_keys());
    }
    let days = days.unwrap_or(DAYS).clamp(1, 400);
    let readings: Vec<Reading<'_>> = keys.iter().map(|key| call.reading(key)).collect();
    let mut ends: Vec<(End, &Reading<'_>)> =
        readings.iter().filter_map(|reading| Some((reading.ends().end()?, reading))).collect();
    ends.sort_by_key(|(end, reading)| (end.at, reading.key.key.label.folded()));
    let (near, far): (Vec<_>, Vec<_>) =
        ends.into_iter().partition(|(end, _)| end.at <= call.at + TimeDelta::days(i64::from(days)));
    let mut card = Card::new(tone(&near, call.at), title(near.len(), days));
    for (end, reading) in near.iter().take(MOST) {
        let (tone, line) = line(reading, *end);
        card = card.item(tone, line);
    }
    if near.len() > MOST {
        card = card.text(format!("and {} more within {days} days.", near.len() - MOST));
    }
    if let Some((end, reading)) = far.first().filter(|_| near.len() < MOST) {
        let line = Line::from("After that: ").label(&reading.key.key.label).text(" ends ");
        card = card.text(line.then(reading.end_date(*end)).text("."));
    }
    for line in [unknown(&readings), endless(&readings)].into_iter().flatten() {
        card = card.item(line.0, line.1);
    }
    Ok(Reply::private(card))
}

fn tone(near: &[(End, &Reading<'_>)], now: DateTime<Utc>) -> Tone {
    match near.first() {
        Some((end, _)) if now >= end.at => Tone::Broken,
        Some(_) => Tone::Soon,
        None => Tone::Fine,
    }
}

fn title(near: usize, days: u16) -> String {
    match near {
        0 => format!("No known end within {days} days"),
        1 => format!("1 key ends within {days} days"),
        n => format!("{n} keys end within {days} days"),
    }
}

/// "tracker: Mon 30 Nov 14:00, in 7 days (KuCoin's own date); next warning Fri 27 Nov".
fn line(reading: &Reading<'_>, end: End) -> (Tone, Line) {
    let line = Line::default().label(&reading.key.key.label).text(": ").then(reading.end_date(end));
    let line = line.text(format!(" ({})", reading.whose(end.source)));
    let ladder = &reading.policy.ladder_days;
    let tone = match stage(&end, ladder, reading.zone, reading.now) {
        Some(Stage::Past) => return (Tone::Broken, line.text("; past")),
        Some(Stage::Days(_) | Stage::Today) => Tone::Soon,
        None => Tone::Fine,
    };
    match next_warning(reading, end) {
        Some(at) => (tone, line.text("; next warning ").moment(at, Grain::Minute)),
        None => (tone, line),
    }
}

/// When the next rung is told: warnings wait for the morning unless that comes too late.
pub(super) fn next_warning(reading: &Reading<'_>, end: End) -> Option<DateTime<Utc>> {
    warning_at(&end, reading.policy, reading.zone, reading.now)
}

fn unknown(readings: &[Reading<'_>]) -> Option<(Tone, Line)> {
    let of = |known: &Reading<'_>| matches!(known.ends().best, Known::Unknown);
    named(readings, of, "End date unknown: ").map(|line| {
        (
            Tone::Unknown,
            line.text(". Look it up at KuCoin and tell me on the host: keylapse key edit"),
        )
    })
}

fn endless(readings: &[Reading<'_>]) -> Option<(Tone, Line)> {
    let of = |known: &Reading<'_>| matches!(known.ends().best, Known::Never(_));
    named(readings, of, "Said to have no end: ").map(|line| (Tone::Plain, line))
}

fn named(
    readings: &[Reading<'_>],
    is_one: impl Fn(&Reading<'_>) -> bool,
    words: &str,
) -> Option<Line> {
    let ones: Vec<&Reading<'_>> = readings.iter().filter(|reading| is_one(reading)).collect();
    if ones.is_empty() {
        return None;
    }
    let mut line = Line::from(words);
    for (n, reading) in ones.iter().take(8).enumerate() {
        line = line.text(if n == 0 { "" } else { ", " }).label(&reading.key.key.label);
    }
    if ones.len() > 8 {
        line = line.text(format!(" and {} more", ones.len() - 8));
    }
    Some(line)
}
