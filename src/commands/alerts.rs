//! `/alerts`: what is open, gravest first, with its number, age and who is on it.

use std::cmp::Reverse;

use super::Reply;
use super::call::Call;
use super::reading::{Reading, freshness};
use crate::domain::card::{Action, Card, Line, Tone};
use crate::domain::notice::{compose, headline, span};
use crate::store::StoreError;
use crate::store::tell::Telling;

/// The most alerts that one answer lists.
const MOST: usize = 12;
/// Of those, the most with a button each.
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

fn several_card(call: &Call<'_>, tellings: &[Telling]) -> Card {
    let free = tellings.iter().filter(|t| t.alert.state.ack().is_none()).count();
    let title = format!("{} alerts open, {free} with nobody on it", tellings.len());
    let lines: Vec<(Tone, Line)> = tellings.iter().take(MOST).map(|t| line(call, t)).collect();
    let tone = lines.first().map_or(Tone::Plain, |(tone, _)| *tone);
    let mut card = Card::new(tone, title);
    for (tone, line) in lines {
        card = card.item(tone, line);
    }
    if tellings.len() > MOST {
        card = card.text(format!("and {} more, less grave.", tellings.len() - MOST));
    }
    for telling in tellings.iter().filter(|t| t.alert.state.ack().is_none()).take(DOORS) {
        let alert = telling.alert.id.clone();
        card = card.button(mine(telling), Action::Acknowledge { alert });
    }
    card
}

/// "#3 mm-bot-1: refused since 14:02, probably expired, open 38 min".
pub(super) fn line(call: &Call<'_>, telling: &Telling) -> (Tone, Line) {
    let (tone, line) = headline(&call.view(telling));
    let age = span(call.at - telling.alert.state.opened_at);
    (tone, Line::from(format!("#{} ", telling.alert.no)).then(line).text(format!(", open {age}")))
}

/// A button's words: which one it takes.
pub(super) fn mine(telling: &Telling) -> String {
    match &telling.key {
        Some((key, _)) => format!("I'm on #{}: {}", telling.alert.no, key.label),
        None => format!("I'm on #{}", telling.alert.no),
    }
}
