//! `/why`: the story of a key's alerts, with every change, who was told of it, and where nobody
//! was, the reason for the silence; and what would open the next one.

use super::Reply;
use super::call::Call;
use super::choose::{self, Chosen};
use super::press::stale;
use super::reading::{Reading, ago};
use super::upcoming::next_warning;
use crate::domain::alert::{Kind, Phase};
use crate::domain::card::{Action, Card, Grain, Line, Tone};
use crate::domain::id::KeyId;
use crate::domain::intake;
use crate::domain::key::KeyState;
use crate::domain::notice::headline;
use crate::domain::route::Hold;
use crate::domain::text::Clean;
use crate::domain::verdict::Verdict;
use crate::store::StoreError;
use crate::store::alert::Transition;
use crate::store::desk::{History, KeyView, NoticeView};

/// Alerts that are read; of those closed only the newest is told.
const ALERTS: i64 = 12;
/// Changes of one alert that are told, the newest.
const CHANGES: usize = 6;

pub(super) async fn by_label(call: &Call<'_>, label: Option<&str>) -> Result<Reply, StoreError> {
    match choose::key(call, label, |key| Action::Why { key }).await? {
        Chosen::Key(key) => story(call, &key).await,
        Chosen::Answer(reply) => Ok(reply),
        Chosen::None => Ok(choose::no_keys()),
    }
}

pub(super) async fn by_id(call: &Call<'_>, id: &KeyId) -> Result<Reply, StoreError> {
    match call.desk.key(id).await? {
        Some(key) => story(call, &key).await,
        None => Ok(stale()),
    }
}

async fn story(call: &Call<'_>, key: &KeyView) -> Result<Reply, StoreError> {
    let reading = call.reading(key);
    let histories = call.desk.history(&key.key.id, ALERTS).await?;
    let (open, closed): (Vec<&History>, Vec<&History>) =
        histories.iter().partition(|history| history.alert.state.is_open());
    let mut card = Card::new(reading.tone(), title(&reading));
    if let Some(alert) = reading.exchange_alert() {
        let house = reading.house();
        card = card.text(format!(
            "#{} is open for {house} as a whole; it speaks for all keys there.",
            alert.no
        ));
    }
    if key.key.state == KeyState::Refused {
        card = card.text(refused(key));
    }
    if open.is_empty() {
        card = card.text("No alert is open for it, so there was nothing to tell.");
    }
    for history in &open {
        card = tell(card, history, &reading);
    }
    if let Some(history) = closed.first() {
        card = tell(card, history, &reading);
    }
    let shown = open.iter().map(|h| (h.alert.id.clone(), h.alert.rev)).collect();
    let card =
        card.text(next(&reading)).button("Show key", Action::Key { key: key.key.id.clone() });
    Ok(Reply { cards: vec![card], private: true, shown, ..Reply::default() })
}

fn title(reading: &Reading<'_>) -> Line {
    Line::default().label(&reading.key.key.label).text(match reading.verdict() {
        Verdict::Broken => ": why it is broken",
        Verdict::Attention => ": why it needs somebody",
        Verdict::Unknown => ": why nobody can say how it is",
        Verdict::Healthy => ": nothing is wrong with it",
    })
}

/// Why a key was refused at its first check (S7).
fn refused(key: &KeyView) -> Line {
    let facts = key.standing.last_good.as_ref().map(|good| &good.facts);
    let refusals = facts.map(|facts| intake::refusals(facts, key.key.allow)).unwrap_or_default();
    let reasons: Vec<&str> = refusals.iter().map(|refusal| refusal.why.as_str()).collect();
    let words: Vec<&str> = refusals.iter().map(|refusal| refusal.word).collect();
    let reasons = match reasons.as_slice() {
        [] => "a right that nobody allowed".to_owned(),
        reasons => reasons.join(", and "),
    };
    Line::from("Refused and its secret wiped: ")
        .name(&Clean::new(&reasons, 300))
        .text(". Next: make a key that can only read, or add this one again on the host with ")
        .code(format!("--allow {}", words.join(",")))
}

/// One alert: its headline, its newest changes, who was told.
fn tell(card: Card, history: &History, reading: &Reading<'_>) -> Card {
    let view = reading.view(&history.alert);
    let (_, line) = headline(&view);
    let over = match history.alert.state.phase {
        Phase::Closed { .. } => "over, ",
        Phase::Open { .. } | Phase::Pending { .. } => "",
    };
    let mut card = card.text(Line::from(format!("#{} {over}", history.alert.no)).then(line));
    let skipped = history.transitions.len().saturating_sub(CHANGES);
    if skipped > 0 {
        card = card.item(Tone::Plain, format!("{skipped} earlier changes left out"));
    }
    for transition in history.transitions.iter().skip(skipped) {
        let of_it = |notice: &&NoticeView| notice.seq == transition.seq;
        let notices: Vec<&NoticeView> = history.notices.iter().filter(of_it).collect();
        card = card.item(Tone::Plain, change(transition).then(told(transition, &notices)));
    }
    card
}

/// "Mon 23 Nov 14:02 opened".
fn change(transition: &Transition) -> Line {
    let line = Line::default().moment(transition.at, Grain::Minute);
    let line = line.text(format!(" {}", word(transition.kind)));
    let line = match &transition.actor {
        Some(actor) => line.text(" by ").name(&Clean::new(actor, 32)),
        None => line,
    };
    let reason = Clean::new(&transition.reason, 80);
    let says_more = reason.as_str() != word(transition.kind) && transition.actor.is_none();
    if says_more { line.text(" (").name(&reason).text(")") } else { line }
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Opened => "opened",
        Kind::Worse => "worse",
        Kind::Reminder => "reminder",
        Kind::Better => "better, not over",
        Kind::Acknowledged => "taken",
        Kind::Undone => "given back",
        Kind::Lapsed => "nobody on it any more",
        Kind::Clearing => "looked clear",
        Kind::NotOver => "not over after all",
        Kind::Resolved => "resolved",
        Kind::BackAgain => "back again",
    }
}

/// Who heard of a change, or why nobody did.
fn told(transition: &Transition, notices: &[&NoticeView]) -> Line {
    if notices.is_empty() {
        return match transition.kind {
            Kind::Opened | Kind::Worse | Kind::Reminder | Kind::Lapsed | Kind::BackAgain => {
                ": nobody to tell, no receiver is set".into()
            }
            Kind::Better
            | Kind::Acknowledged
            | Kind::Undone
            | Kind::Clearing
            | Kind::NotOver
            | Kind::Resolved => ": shown in the message, no new one".into(),
        };
    }
    let mut line = Line::from(": ");
    for (n, notice) in notices.iter().take(4).enumerate() {
        line = line.text(if n == 0 { "" } else { "; " }).then(fate(notice));
    }
    if notices.len() > 4 {
        line = line.text(format!("; and {} more receivers", notices.len() - 4));
    }
    line
}

/// What became of one notice. The words of the table are the store's.
fn fate(notice: &NoticeView) -> Line {
    let receiver = Clean::new(&notice.receiver, 32);
    let reason =
        || notice.reason.as_deref().map(|reason| Clean::new(reason, 80)).unwrap_or_default();
    let fault = notice.fault.as_deref().map(|fault| Clean::new(fault, 80));
    let name = || Line::default().name(&receiver);
    match (notice.state.as_str(), notice.hold) {
        ("done", _) => match notice.sent_at {
            Some(at) => name().text(" told ").moment(at, Grain::Time),
            None => name().text(" told"),
        },
        ("held", Some(Hold::Morning { until })) => {
            name().text(" waits for the morning, ").moment(until, Grain::Time)
        }
        ("held", Some(Hold::CoveredBy { no })) => name().text(format!(" not told, #{no} says it")),
        ("held", Some(Hold::LookingAgain { until })) => {
            name().text(" waits for another look, until ").moment(until, Grain::Time)
        }
        ("held", Some(Hold::BelowMinimum)) => name().text(" not told, below what it wants to hear"),
        ("superseded", _) => name().text(" not told: ").name(&reason()),
        ("failed", _) => name().text(" could not be told: ").name(&fault.unwrap_or_else(reason)),
        ("owed", _) => name().text(" is told next"),
        ("bound", _) => match fault {
            Some(fault) => name().text(" not reached yet: ").name(&fault),
            None => name().text(" is being told"),
        },
        // Written by a newer version: shown as it is.
        (other, _) => name().text(" ").name(&Clean::new(other, 20)),
    }
}

/// What would open the next alert.
fn next(reading: &Reading<'_>) -> Line {
    let warning = reading.ends().end().and_then(|end| next_warning(reading, end));
    let line = match warning {
        Some(at) => Line::from("Next by its date: ").moment(at, Grain::Minute).text("."),
        None if reading.ends().is_past(reading.now) => "Its end date has passed.".into(),
        None => "No date would open one.".into(),
    };
    if !reading.is_asked() {
        return line.text(" Nothing is asked about it.");
    }
    let line = match reading.key.next_probe.filter(|at| *at > reading.now) {
        Some(at) => line.text(" Next check ").moment(at, Grain::Time),
        None => line.text(" Next check now"),
    };
    match reading.looked_at() {
        Some(at) => line.text(format!(", last one {}.", ago(reading.now, at))),
        None => line.text(", the first one."),
    }
}
