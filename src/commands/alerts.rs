//! `/alerts`: what is open, gravest first, with its number, age and who is on it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::Reply;
use super::call::Call;
use super::reading::{Reading, freshness};
use crate::domain::alert::Subject;
use crate::domain::card::{Action, Card, Line, Tone};
use crate::domain::fleet::covers;
use crate::domain::notice::{compose, headline, span};
use crate::store::StoreError;
use crate::store::tell::Telling;

/// The most alerts that one answer lists.
const MOST: usize = 12;
/// Covered alerts that are named after one that covers them.
const NAMES: usize = 8;
/// Of those listed, the most with a button each.
const DOORS: usize = 5;

pub(super) async fn list(call: &Call<'_>) -> Result<Reply, StoreError> {
    let tellings = sorted(call.desk.open_tellings().await?);
    let keys = call.desk.keys().await?;
    let readings: Vec<Reading<'_>> = keys.iter().map(|key| call.reading(key)).collect();
    let age = freshness(&readings);
    let card = match tellings.as_slice() {
        [] => match age {
            Some((Tone::Unknown, line)) => {
                return Ok(Reply::private(
                    Card::new(Tone::Unknown, "Nothing open, but nothing checked").text(line),
                ));
            }
            Some((_, line)) => Card::new(Tone::Fine, Line::from("Nothing open. ").then(line)),
            None => Card::new(Tone::Plain, "Nothing open. No key is checked here."),
        },
        [one] => {
            let card = compose(&call.view(one));
            card.text(format!(
                "#{}, open {}.",
                one.alert.no,
                span(call.at - one.alert.state.opened_at)
            ))
        }
        several => {
            let card = several_card(call, several);
            match age {
                Some((tone, line)) => card.item(tone, line),
                None => card,
            }
        }
    };
    let shown = tellings.iter().map(|t| (t.alert.id.clone(), t.alert.rev)).collect();
    Ok(Reply { cards: vec![card], private: true, shown, ..Reply::default() })
}

/// Gravest first, then the order in which they opened.
pub(super) fn sorted(mut tellings: Vec<Telling>) -> Vec<Telling> {
    tellings.sort_by_key(|t| (Reverse(t.alert.state.severity), t.alert.rule, t.alert.no));
    tellings
}

/// The number of an open alert that says all that this one would.
pub(super) fn cover(telling: &Telling, all: &[Telling]) -> Option<i64> {
    let is_beside = |greater: &Subject| match greater {
        Subject::Key(_) => *greater == telling.alert.subject,
        Subject::Receiver(_) | Subject::Platform(_) => false,
        Subject::Exchange(exchange, site) => telling
            .key
            .as_ref()
            .is_some_and(|(key, _)| (key.exchange, key.site) == (*exchange, *site)),
    };
    let greater = all
        .iter()
        .find(|other| is_beside(&other.alert.subject) && covers(&other.alert, &telling.alert));
    greater.map(|greater| greater.alert.no)
}

/// What people must act on is counted and listed; what a greater alert says is named under it.
fn several_card(call: &Call<'_>, all: &[Telling]) -> Card {
    let (covered, own): (Vec<&Telling>, Vec<&Telling>) =
        all.iter().partition(|telling| cover(telling, all).is_some());
    let free = own.iter().filter(|t| t.alert.state.ack().is_none()).count();
    let alerts = if own.len() == 1 { "alert" } else { "alerts" };
    let title = format!("{} {alerts} open, {free} with nobody on it", own.len());
    let lines: Vec<(Tone, Line)> = own.iter().take(MOST).map(|t| line(call, t)).collect();
    let tone = lines.first().map_or(Tone::Plain, |(tone, _)| *tone);
    let mut card = Card::new(tone, title);
    for (tone, line) in lines {
        card = card.item(tone, line);
    }
    if own.len() > MOST {
        card = card.text(format!("and {} more, less grave.", own.len() - MOST));
    }
    for line in covered_lines(&covered, all) {
        card = card.item(Tone::Plain, line);
    }
    for telling in own.iter().filter(|t| t.alert.state.ack().is_none()).take(DOORS) {
        let alert = telling.alert.id.clone();
        card = card.button(mine(telling), Action::Acknowledge { alert });
    }
    card
}

/// "covered by #4: #5 arb-2, #6 hedge and 3 more": one line for each alert that covers.
fn covered_lines(covered: &[&Telling], all: &[Telling]) -> Vec<Line> {
    let mut by_cover: BTreeMap<i64, Vec<&Telling>> = BTreeMap::new();
    for telling in covered {
        if let Some(no) = cover(telling, all) {
            by_cover.entry(no).or_default().push(telling);
        }
    }
    let lines = by_cover.into_iter().map(|(no, lesser)| {
        let mut line = Line::from(format!("covered by #{no}: "));
        for (n, telling) in lesser.iter().take(NAMES).enumerate() {
            line = line.text(if n == 0 { "" } else { ", " }).text(format!("#{}", telling.alert.no));
            if let Some((key, _)) = &telling.key {
                line = line.text(" ").label(&key.label);
            }
        }
        match lesser.len().saturating_sub(NAMES) {
            0 => line,
            more => line.text(format!(" and {more} more")),
        }
    });
    lines.collect()
}

/// "#3 mm-bot-1: refused since 14:02, probably expired, open 38 min".
pub(super) fn line(call: &Call<'_>, telling: &Telling) -> (Tone, Line) {
    let (tone, line) = headline(&call.view(telling));
    let line = Line::from(format!("#{} ", telling.alert.no)).then(line);
    if !telling.alert.state.is_open() {
        return (tone, line);
    }
    let age = span(call.at - telling.alert.state.opened_at);
    (tone, line.text(format!(", open {age}")))
}

/// A button's words: which one it takes.
pub(super) fn mine(telling: &Telling) -> String {
    match &telling.key {
        Some((key, _)) => format!("I'm on #{}: {}", telling.alert.no, key.label),
        None => format!("I'm on #{}", telling.alert.no),
    }
}
