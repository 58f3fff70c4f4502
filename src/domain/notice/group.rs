//! One line for one alert, and one message for several.

use std::cmp::Reverse;

use super::super::alert::Phase;
use super::super::card::{Action, Card, Line, Tone};
use super::super::id::MessageId;
use super::{View, over, said, view};

/// The most alerts that a grouped message lists.
const MOST: usize = 8;

/// One line for lists and groups: "mm-bot-1: refused since 14:02, probably expired".
pub fn headline(view: &View<'_>) -> (Tone, Line) {
    match &view.alert.state.phase {
        Phase::Closed { .. } => (Tone::Over, over::resolved(view).title),
        Phase::Open { clearing: Some(since), .. } => {
            (Tone::Unknown, over::clearing(view, *since).title)
        }
        Phase::Open { clearing: None, ack } => {
            let said = said(view);
            let line = view.subject().text(": ").then(said.brief);
            let line = match ack {
                Some(ack) => line.text(", ").name(&view::short(&ack.by)).text(" is on it"),
                None => line,
            };
            (said.card.tone, line)
        }
        Phase::Pending { .. } => (Tone::Unknown, view.subject().text(": looking again")),
    }
}

/// A message about several alerts, worst first; `message` is the one that carries them.
pub fn compose_group(views: &[View<'_>], message: &MessageId) -> Card {
    let mut sorted: Vec<&View<'_>> = views.iter().collect();
    sorted.sort_by_key(|view| {
        (
            Reverse(view.alert.state.is_open()),
            Reverse(view.alert.state.severity),
            view.alert.rule,
            view.alert.no,
        )
    });
    let lines: Vec<(Tone, Line)> = sorted.iter().map(|view| headline(view)).collect();
    let tones = [Tone::Broken, Tone::Soon, Tone::Unknown, Tone::Over];
    let count = |tone| lines.iter().filter(|(t, _)| *t == tone).count();
    let worst = tones.into_iter().find(|tone| count(*tone) > 0).unwrap_or(Tone::Plain);
    let counts: Vec<String> = tones
        .into_iter()
        .filter(|tone| count(*tone) > 0)
        .map(|tone| format!("{} {}", count(tone), word(tone)))
        .collect();
    let title = format!("{} alerts: {}", lines.len(), counts.join(", "));
    let mut card = Card::new(worst, title);
    let more = lines.len().saturating_sub(MOST);
    for (tone, line) in lines.into_iter().take(MOST) {
        card = card.item(tone, line);
    }
    if more > 0 {
        card = card.text(format!("and {more} more: /alerts"));
    }
    card = card.text(match worst {
        Tone::Broken => {
            "Next: check open positions and orders of the broken ones by hand, then Show."
        }
        Tone::Soon | Tone::Unknown => "Next: Show gives the steps for each.",
        Tone::Over | Tone::Fine | Tone::Plain => "Show has the details.",
    });
    let is_free = |view: &View<'_>| view.alert.state.is_open() && view.alert.state.ack().is_none();
    if views.iter().any(is_free) {
        card = card.button("Acknowledge all", Action::AcknowledgeAll { message: message.clone() });
    }
    card.button("Show", Action::Show { message: message.clone() })
}

fn word(tone: Tone) -> &'static str {
    match tone {
        Tone::Broken => "broken",
        Tone::Soon => "soon",
        Tone::Unknown => "unknown",
        Tone::Over => "over",
        Tone::Fine => "fine",
        Tone::Plain => "other",
    }
}
