//! `/why`: the story of a key's alerts, with every change, who was told of it, and where nobody
//! was, the reason for the silence; and what would open the next one.

use std::cmp::Reverse;

use chrono::TimeDelta;

use super::Reply;
use super::call::Call;
use super::choose::{self, Chosen};
use super::press::stale;
use super::reading::{Reading, ago};
use super::upcoming::next_warning;
use crate::domain::alert::{Kind, Phase, Subject};
use crate::domain::card::{Action, Card, Grain, Line, Tone};
use crate::domain::id::KeyId;
use crate::domain::intake;
use crate::domain::key::KeyState;
use crate::domain::notice::{headline, topic};
use crate::domain::permission::Allow;
use crate::domain::route::Hold;
use crate::domain::text::Clean;
use crate::domain::verdict::Verdict;
use crate::store::StoreError;
use crate::store::alert::Transition;
use crate::store::desk::{History, KeyView, NoticeView};

/// Alerts that are read; of those closed only the newest is told.
const ALERTS: i64 = 12;
/// A message that leaves this soon needs no time of its own.
const AT_ONCE: TimeDelta = TimeDelta::seconds(60);
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
    let house = Subject::Exchange(key.key.exchange, key.key.site);
    let greater = call.desk.history_of(&house, ALERTS).await?;
    for history in open.iter().chain(closed.first()) {
        card = tell(card, history, (&reading, &greater));
    }
    card = meaning(call, card, (&reading, &open));
    let shown = open.iter().map(|h| (h.alert.id.clone(), h.alert.rev)).collect();
    let card =
        card.text(next(&reading)).button("Show key", Action::Key { key: key.key.id.clone() });
    Ok(Reply { cards: vec![card], private: true, shown, ..Reply::default() })
}

/// What the gravest of the open alerts means, in the words of its FAQ entry, and the way there.
fn meaning(call: &Call<'_>, card: Card, (reading, open): (&Reading<'_>, &[&History])) -> Card {
    let gravest = open.iter().max_by_key(|one| (one.alert.state.severity, Reverse(one.alert.rule)));
    let Some(gravest) = gravest else { return card };
    let topic = topic(&reading.view(&gravest.alert));
    match call.tools.knowledge.named(topic) {
        Some(entry) => card
            .text(Line::from("What it means: ").text(entry.answer.as_str()))
            .button("Steps", Action::Steps { topic: topic.to_owned() }),
        None => card,
    }
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
    // All that it needs, also what is allowed already: what is typed must let it in.
    let needed = facts.map(|facts| intake::refusals(facts, Allow::default())).unwrap_or_default();
    let words: Vec<&str> = needed.iter().map(|refusal| refusal.word).collect();
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
fn tell(card: Card, history: &History, (reading, greater): (&Reading<'_>, &[History])) -> Card {
    let view = reading.view(&history.alert);
    let (_, line) = headline(&view);
    let over = match history.alert.state.phase {
        Phase::Closed { .. } => "over, ",
        Phase::Open { .. } | Phase::Pending { .. } => "",
    };
    let mut card = card.text(Line::from(format!("#{} {over}", history.alert.no)).then(line));
    let changes = told_apart(&history.transitions);
    let skipped = changes.len().saturating_sub(CHANGES);
    if skipped > 0 {
        card = card.item(Tone::Plain, format!("{skipped} earlier changes left out"));
    }
    for transition in changes.into_iter().skip(skipped) {
        let of_it = |notice: &&NoticeView| notice.seq == transition.seq;
        let notices: Vec<&NoticeView> = history.notices.iter().filter(of_it).collect();
        let before = history.notices.iter().filter(|notice| notice.seq < transition.seq);
        let heard = Heard {
            was_told: before.clone().any(|notice| notice.state == "done"),
            cover: before
                .chain(notices.iter().copied())
                .find_map(|notice| cover_of(notice, history, greater)),
        };
        card = card.item(Tone::Plain, change(transition).then(told(transition, &notices, heard)));
    }
    card
}

/// The changes without those that say nothing new: whoever takes an alert again has it already.
fn told_apart(all: &[Transition]) -> Vec<&Transition> {
    let mut apart: Vec<&Transition> = Vec::with_capacity(all.len());
    for one in all {
        let is_again = apart.last().is_some_and(|last| {
            one.kind == Kind::Acknowledged && last.kind == one.kind && last.actor == one.actor
        });
        if is_again {
            apart.pop();
        }
        apart.push(one);
    }
    apart
}

/// What people had heard of an alert before one of its changes.
#[derive(Clone, Copy)]
struct Heard {
    /// Some message had told of it.
    was_told: bool,
    /// The alert that was told in its place.
    cover: Option<i64>,
}

/// The number of the greater alert that was told where this notice was not.
fn cover_of(notice: &NoticeView, history: &History, greater: &[History]) -> Option<i64> {
    let was_told = |one: &History| {
        let mut notices = one.notices.iter();
        notices.any(|told| told.receiver == notice.receiver && told.state == "done")
    };
    let was_open = |one: &&History| {
        let opened = history.alert.state.opened_at;
        let is_over = |end| match one.alert.state.phase {
            Phase::Closed { at } => at < end,
            Phase::Open { .. } | Phase::Pending { .. } => false,
        };
        one.alert.rule == history.alert.rule && !is_over(opened)
    };
    let is_over = matches!(history.alert.state.phase, Phase::Closed { .. });
    match (notice.state.as_str(), notice.hold) {
        ("superseded", Some(Hold::CoveredBy { no })) => Some(no),
        // It was covered until the exchange answered again, and over before its turn came.
        ("held" | "superseded", Some(Hold::LookingAgain { .. })) if is_over => {
            greater.iter().find(|one| was_open(one) && was_told(one)).map(|one| one.alert.no)
        }
        _ => None,
    }
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
    // "clear once", "still so" and the like say what the word before has said.
    let may_say_more = match transition.kind {
        Kind::Clearing | Kind::Reminder | Kind::Resolved | Kind::Better | Kind::NotOver => false,
        Kind::Opened
        | Kind::Worse
        | Kind::Acknowledged
        | Kind::Undone
        | Kind::Lapsed
        | Kind::BackAgain => transition.actor.is_none(),
    };
    if may_say_more && reason.as_str() != word(transition.kind) {
        line.text(" (").name(&reason).text(")")
    } else {
        line
    }
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
fn told(transition: &Transition, notices: &[&NoticeView], heard: Heard) -> Line {
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
            | Kind::Resolved
                if heard.was_told =>
            {
                ": the message from before was brought up to date".into()
            }
            // Nobody had heard of it, so nobody needs to hear that it changed.
            Kind::Better
            | Kind::Acknowledged
            | Kind::Undone
            | Kind::Clearing
            | Kind::NotOver
            | Kind::Resolved => Line::default(),
        };
    }
    let mut line = Line::from(": ");
    for (n, notice) in notices.iter().take(4).enumerate() {
        line = line.text(if n == 0 { "" } else { "; " }).then(fate(notice, transition, heard));
    }
    if notices.len() > 4 {
        line = line.text(format!("; and {} more receivers", notices.len() - 4));
    }
    line
}

/// What became of one notice. The words of the table are the store's.
fn fate(notice: &NoticeView, transition: &Transition, heard: Heard) -> Line {
    let receiver = Clean::new(&notice.receiver, 32);
    let reason =
        || notice.reason.as_deref().map(|reason| Clean::new(reason, 80)).unwrap_or_default();
    let fault = notice.fault.as_deref().map(|fault| Clean::new(fault, 80));
    let name = || Line::default().name(&receiver);
    let covered = |no: i64| name().text(format!(": covered by #{no}, told there"));
    match (notice.state.as_str(), notice.hold, heard.cover) {
        ("held" | "superseded", Some(Hold::LookingAgain { .. }), Some(no))
        | ("superseded", _, Some(no))
        | ("held", Some(Hold::CoveredBy { no }), _) => covered(no),
        ("done", ..) => match notice.sent_at {
            Some(at) if at - transition.at < AT_ONCE => name().text(" told at once"),
            Some(at) => name().text(" told ").moment(at, Grain::Time),
            None => name().text(" told"),
        },
        ("held", Some(Hold::Morning { until }), _) => {
            name().text(" waits for the morning, ").moment(until, Grain::Time)
        }
        ("held", Some(Hold::LookingAgain { until }), None) => {
            name().text(" waits for another look, until ").moment(until, Grain::Time)
        }
        ("held", Some(Hold::BelowMinimum), _) => {
            name().text(" not told, below what it wants to hear")
        }
        ("superseded", ..) => name().text(" not told: ").name(&reason()),
        ("failed", ..) => name().text(" could not be told: ").name(&fault.unwrap_or_else(reason)),
        ("owed", ..) => name().text(" is told next"),
        ("bound", ..) => match fault {
            Some(fault) => name().text(" not reached yet: ").name(&fault),
            None => name().text(" is being told"),
        },
        // Written by a newer version: shown as it is.
        (other, ..) => name().text(" ").name(&Clean::new(other, 20)),
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
