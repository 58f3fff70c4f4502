//! Every alert wording. [`compose`] says one alert in full, [`headline`] in one line,
//! [`compose_group`] several in one message. A family of rules has a file; each gives a title, a
//! short form and what to do, and this file adds what is the same for all: who is on it, what kind
//! of news it is, how old the knowledge is.
//!
//! Composed at the moment of sending, so that "in 3 days" is true when it arrives. Nothing here
//! decides whether or when to speak.

mod addresses;
mod blind;
mod chats;
mod ends;
mod exposed;
mod group;
mod over;
mod refused;
mod rights;
mod test;
mod time;
mod topic;
mod view;

#[cfg(test)]
mod scenes;
#[cfg(test)]
pub(crate) use tests::every_card;
#[cfg(test)]
mod tests;

pub use group::{compose_group, headline};
pub use test::compose_test;
pub use time::{remaining, span};
pub use topic::topic;
pub use view::{FleetCount, Replaced, View};

use super::alert::{Kind, Phase};
use super::card::{Action, Block, Card, Grain, Line, Span};
use super::evidence::About;
use super::rules::Rule;

/// What a family of rules says of an open alert.
struct Said {
    /// What stands after the label in lists.
    brief: Line,
    /// The message; its body and buttons are completed by [`compose`].
    card: Card,
}

/// The message for one alert, as it stands at `view.now`.
pub fn compose(view: &View<'_>) -> Card {
    let mut card = match &view.alert.state.phase {
        Phase::Closed { .. } => return over::resolved(view),
        Phase::Open { clearing: Some(since), .. } => {
            let mut card = over::clearing(view, *since);
            offer_undo(&mut card, view);
            return card;
        }
        Phase::Open { clearing: None, .. } | Phase::Pending { .. } => said(view).card,
    };
    let first = on_it(view).or_else(|| news(view));
    if view.kind == Kind::Reminder && view.alert.state.ack().is_none() {
        card = remind(view, card);
    }
    card.body.splice(0..0, first.map(Block::Text));
    if let Some(line) = stale(view) {
        card = card.text(line);
    }
    offer_undo(&mut card, view);
    card
}

fn said(view: &View<'_>) -> Said {
    match view.alert.rule {
        Rule::Exposed => exposed::exposed(view),
        Rule::Rejected if view.is_wanted() => exposed::refused(view),
        Rule::Rejected => refused::rejected(view),
        Rule::Account => refused::account(view),
        Rule::Credentials => refused::credentials(view),
        Rule::Version => refused::version(view),
        Rule::Expiry => ends::expiry(view),
        Rule::DatesDisagree => ends::dates_disagree(view),
        Rule::Age => ends::age(view),
        Rule::PermissionGained => rights::gained(view),
        Rule::PermissionLost => rights::lost(view),
        Rule::CanMove => rights::can_move(view),
        Rule::IpChanged => addresses::changed(view),
        Rule::NoIp => addresses::none(view),
        Rule::Blind => blind::blind(view),
        Rule::ReceiverLost => chats::receiver_lost(view),
        Rule::PlatformTrouble => chats::platform_trouble(view),
    }
}

/// Who has taken it, and when this bot speaks again.
fn on_it(view: &View<'_>) -> Option<Line> {
    let ack = view.alert.state.ack()?;
    let is_near = ack.until - view.now < chrono::TimeDelta::hours(48);
    let grain = if is_near { Grain::Time } else { Grain::Day };
    Some(
        Line::default()
            .name(&view::short(&ack.by))
            .text(" is on it since ")
            .moment(ack.at, Grain::Time)
            .text(". I speak again ")
            .moment(ack.until, grain)
            .text(", or at once if it gets worse."),
    )
}

/// What kind of news this is, where the first line does not say it.
fn news(view: &View<'_>) -> Option<Line> {
    let line = match view.kind {
        Kind::Worse if view.alert.rule != Rule::Expiry => "Worse than when I last spoke.",
        Kind::Better => "Better than it was, but not over.",
        Kind::Undone => "Nobody is on it now.",
        Kind::Lapsed => "Nobody is on it any more: the time that was given is over.",
        Kind::NotOver => "It looked over for a moment; it is not.",
        Kind::Opened
        | Kind::Worse
        | Kind::Reminder
        | Kind::Acknowledged
        | Kind::Clearing
        | Kind::Resolved
        | Kind::BackAgain => return None,
    };
    Some(line.into())
}

/// For what was seen earlier while this monitor sees nothing now.
fn stale(view: &View<'_>) -> Option<Line> {
    let fault = view.latest?.outcome.fault()?;
    let says_so_itself = matches!(view.alert.rule, Rule::Blind | Rule::Expiry);
    if fault.about() != About::Probe || says_so_itself {
        return None;
    }
    let since = view.streak.map_or(view.now, |run| run.since);
    Some(
        Line::from("No check has succeeded since ")
            .moment(since, Grain::Time)
            .text("; this is what was last known."),
    )
}

/// A reminder is read by somebody who was told everything before: since when, and the next step.
fn remind(view: &View<'_>, card: Card) -> Card {
    let step = card.body.iter().find_map(|block| match block {
        Block::Steps(steps) => {
            let more = if steps.len() > 1 { " Then: Steps." } else { "" };
            steps.first().map(|step| Line::from("Next: ").then(lower(step)).text(more))
        }
        Block::Text(line) | Block::Item(_, line) => is_step(line).then(|| line.clone()),
    });
    let Some(step) = step else { return card };
    let since = if says(&card.title, &["since "]) {
        Line::from("Nobody is on it.")
    } else {
        let opened = view.alert.state.opened_at;
        Line::from("Nobody is on it; open since ").moment(opened, Grain::Time).text(".")
    };
    Card { body: vec![Block::Text(since), Block::Text(step)], ..card }
}

/// Whether a paragraph says what to do, or that nothing is to be done.
fn is_step(line: &Line) -> bool {
    let words =
        ["Next", "No step needed", "Delete the key at KuCoin now", "do not replace keys now"];
    says(line, &words)
}

fn says(line: &Line, words: &[&str]) -> bool {
    line.0.iter().any(|span| match span {
        Span::Text(text) => words.iter().any(|words| text.contains(words)),
        Span::Name(_) | Span::Moment(..) | Span::Code(_) => false,
    })
}

/// The line with a small first letter, to stand behind a colon.
fn lower(line: &Line) -> Line {
    let mut line = line.clone();
    if let Some(Span::Text(text)) = line.0.first_mut() {
        let mut letters = text.chars();
        if let Some(first) = letters.next() {
            *text = first.to_lowercase().chain(letters).collect();
        }
    }
    line
}

fn offer_undo(card: &mut Card, view: &View<'_>) {
    if view.alert.state.ack().is_none() {
        return;
    }
    for button in &mut card.buttons {
        if matches!(button.action, Action::Acknowledge { .. }) {
            "Undo".clone_into(&mut button.label);
            button.action = Action::Undo { alert: view.alert.id.clone() };
        }
    }
}
