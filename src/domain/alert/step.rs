//! The heart: one alert, one signal, one step. Every cell of the table is decided here and
//! nowhere else, and each says why. `step` decides that a post is owed; when it leaves is decided
//! by `route::plan`.
//!
//! "Worse" compares with what was last *told*: a nearer rung, a higher severity, or a new item of
//! evidence.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::expiry::Stage;
use super::super::policy::Policy;
use super::super::rules::Rule;
use super::super::signal::{Finding, NextLook, Severity, Signal};
use super::{Ack, Change, Effect, Kind, Phase, State, Step, Told};

/// Who asks for the judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A look at the exchange, or the passing of time.
    Look,
    /// A person changed the key (replaced, accepted, corrected): the first clear look closes.
    Person,
}

/// Under which rule, why and when a judgement is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The rule of the alert.
    pub rule: Rule,
    /// Who asks.
    pub cause: Cause,
    /// The instant.
    pub now: DateTime<Utc>,
}

/// Two clear looks closer together than this are one.
const CLEAR_APART: TimeDelta = TimeDelta::seconds(45);

/// The total step table (DESIGN section 5). `state` is the alert of this subject and rule that is
/// not closed, or the newest closed one.
pub fn step(state: Option<&State>, signal: &Signal, asked: Asked) -> Step {
    let now = asked.now;
    let Some(state) = state else {
        return first_sight(signal, now);
    };
    match (&state.phase, signal) {
        (Phase::Closed { at }, Signal::Present(found)) if now - *at < Policy::BACK_AGAIN => {
            if found.ripe { come_back(state, found, now) } else { keep("closed, not proven again") }
        }
        (Phase::Closed { .. }, signal) => first_sight(signal, now),
        (Phase::Pending { .. }, Signal::NotEvaluated) => keep("nothing learned"),
        (Phase::Pending { .. }, Signal::Absent) => {
            Step { change: Change::Forget, effect: Effect::Silent, next: None, reason: "noise" }
        }
        (Phase::Pending { seen }, Signal::Present(found)) => {
            if found.ripe {
                open(found, state.opened_at, now)
            } else {
                wait(found, seen + 1, state.opened_at)
            }
        }
        (Phase::Open { clearing, ack }, Signal::NotEvaluated) => {
            match ack.as_ref().filter(|ack| now >= ack.until) {
                Some(_) => lapse(state, now),
                None => Step {
                    next: ack.as_ref().map(|ack| NextLook::judge(ack.until)),
                    ..unlearned(*clearing)
                },
            }
        }
        (Phase::Open { clearing, ack }, Signal::Absent) => {
            clear(state, *clearing, ack.as_ref(), asked)
        }
        (Phase::Open { clearing, ack }, Signal::Present(found)) => {
            let next = State { worst: state.worst.max(found.severity), ..hold(state, found) };
            present(state, next, (clearing.is_some(), ack.as_ref()), now)
        }
    }
}

fn keep(reason: &'static str) -> Step {
    Step { change: Change::Keep, effect: Effect::Silent, next: None, reason }
}

fn unlearned(clearing: Option<DateTime<Utc>>) -> Step {
    keep(if clearing.is_some() { "clearing, nothing learned" } else { "nothing learned" })
}

fn first_sight(signal: &Signal, now: DateTime<Utc>) -> Step {
    match signal {
        Signal::NotEvaluated => keep("nothing known"),
        Signal::Absent => keep("nothing wrong"),
        Signal::Present(found) if found.ripe => open(found, now, now),
        Signal::Present(found) => wait(found, 1, now),
    }
}

fn wait(found: &Finding, seen: u32, since: DateTime<Utc>) -> Step {
    let state = fresh(found, Phase::Pending { seen }, since);
    let change = Change::Quietly(state);
    Step { change, effect: Effect::Silent, next: None, reason: "seen, looking again" }
}

fn open(found: &Finding, since: DateTime<Utc>, now: DateTime<Utc>) -> Step {
    let state = fresh(found, Phase::Open { clearing: None, ack: None }, since);
    post(state, Kind::Opened, now, "opened")
}

fn come_back(state: &State, found: &Finding, now: DateTime<Utc>) -> Step {
    let reopened = State {
        phase: Phase::Open { clearing: None, ack: None },
        worst: state.worst.max(found.severity),
        opened_at: now,
        ..hold(state, found)
    };
    post(reopened, Kind::BackAgain, now, "back within six hours")
}

fn fresh(found: &Finding, phase: Phase, opened_at: DateTime<Utc>) -> State {
    State {
        phase,
        severity: found.severity,
        worst: found.severity,
        stage: found.stage,
        items: found.items.clone(),
        told: None,
        opened_at,
    }
}

/// `state` with what was found now; the phase is the caller's.
fn hold(state: &State, found: &Finding) -> State {
    State {
        severity: found.severity,
        stage: found.stage,
        items: found.items.clone(),
        ..state.clone()
    }
}

/// Owes a post and remembers what it tells.
fn post(state: State, kind: Kind, now: DateTime<Utc>, reason: &'static str) -> Step {
    let mut items = state.told.as_ref().map(|told| told.items.clone()).unwrap_or_default();
    items.extend(state.items.iter().cloned());
    let told = Told { severity: state.severity, stage: state.stage, items, at: now, reminders: 0 };
    let state = State { told: Some(told), ..state };
    let next = next_reminder(&state).map(NextLook::judge);
    Step {
        change: Change::Record(state, kind),
        effect: Effect::Post { quiet: false },
        next,
        reason,
    }
}

fn is_worse(state: &State) -> bool {
    state.told.as_ref().is_none_or(|told| {
        state.severity > told.severity
            || state.stage > told.stage
            || !state.items.is_subset(&told.items)
    })
}

fn present(
    before: &State,
    state: State,
    (was_clearing, ack): (bool, Option<&Ack>),
    now: DateTime<Utc>,
) -> Step {
    if is_worse(&state) {
        let reason = if ack.is_some() { "worse, acknowledgement lifted" } else { "worse" };
        let state = State { phase: Phase::Open { clearing: None, ack: None }, ..state };
        return post(state, Kind::Worse, now, reason);
    }
    let phase = Phase::Open { clearing: None, ack: ack.cloned() };
    let is_farther = state.stage < before.stage;
    // An end that has moved away begins the ladder anew, or the rungs already told would be climbed
    // in silence.
    let told = state
        .told
        .clone()
        .map(|told| Told { stage: if is_farther { state.stage } else { told.stage }, ..told });
    let state = State { phase, told, ..state };
    if ack.is_some_and(|ack| now >= ack.until) {
        return lapse(&state, now);
    }
    let next = match ack {
        Some(ack) => Some(ack.until),
        None => next_reminder(&state),
    };
    let edit = |state, kind, reason| Step {
        change: Change::Record(state, kind),
        effect: Effect::Edit,
        next: next.map(NextLook::judge),
        reason,
    };
    if was_clearing {
        // Nobody is disturbed, but a live message that said "clearing" must not keep saying so.
        return edit(state, Kind::NotOver, "not over");
    }
    if is_farther || state.severity < before.severity {
        return edit(state, Kind::Better, "better, not over");
    }
    if ack.is_none() && next.is_some_and(|at| now >= at) {
        return remind(state, now);
    }
    let change = if state == *before { Change::Keep } else { Change::Quietly(state) };
    let reason = if ack.is_some() { "acknowledged" } else { "unchanged" };
    Step { change, effect: Effect::Silent, next: next.map(NextLook::judge), reason }
}

/// When an open, unacknowledged critical alert is told again.
pub(super) fn next_reminder(state: &State) -> Option<DateTime<Utc>> {
    let told = state.told.as_ref().filter(|_| state.severity == Severity::Critical)?;
    Some(told.at + reminder_offset(state, told.reminders))
}

fn reminder_offset(state: &State, n: u32) -> TimeDelta {
    let quick: &[TimeDelta] =
        if state.stage == Some(Stage::Past) { &[] } else { &Policy::REMINDERS };
    let n = usize::try_from(n).unwrap_or(usize::MAX);
    quick.get(n).copied().unwrap_or_else(|| {
        let days = i32::try_from(n - quick.len() + 1).unwrap_or(i32::MAX);
        Policy::DAILY.checked_mul(days).unwrap_or(TimeDelta::MAX)
    })
}

/// Tells it again, once, however many reminders the time that has passed would have held.
fn remind(state: State, now: DateTime<Utc>) -> Step {
    let told = state.told.clone().map(|told| {
        let passed =
            (told.reminders..).take_while(|n| told.at + reminder_offset(&state, *n) <= now);
        Told { reminders: passed.last().map_or(told.reminders, |n| n + 1), ..told }
    });
    let state = State { told, ..state };
    Step {
        next: next_reminder(&state).map(NextLook::judge),
        change: Change::Record(state, Kind::Reminder),
        effect: Effect::Post { quiet: false },
        reason: "still so",
    }
}

fn lapse(state: &State, now: DateTime<Utc>) -> Step {
    let clearing = match state.phase {
        Phase::Open { clearing, .. } => clearing,
        Phase::Pending { .. } | Phase::Closed { .. } => None,
    };
    let state = State { phase: Phase::Open { clearing, ack: None }, ..state.clone() };
    post(state, Kind::Lapsed, now, "the acknowledgement has ended")
}

fn clear(
    state: &State,
    clearing: Option<DateTime<Utc>>,
    ack: Option<&Ack>,
    Asked { rule, cause, now }: Asked,
) -> Step {
    let is_second = clearing.is_some_and(|since| now - since >= CLEAR_APART);
    if is_second || cause == Cause::Person || rule.proves_its_end() {
        let was_grave = state.worst == Severity::Critical || rule == Rule::Blind;
        let effect = if was_grave { Effect::Post { quiet: true } } else { Effect::Edit };
        let closed = State { phase: Phase::Closed { at: now }, ..state.clone() };
        let change = Change::Record(closed, Kind::Resolved);
        return Step { change, effect, next: None, reason: "resolved" };
    }
    if let Some(since) = clearing {
        let next = Some(NextLook::probe(since + CLEAR_APART));
        return Step { next, ..keep("clearing, looked again too soon") };
    }
    let phase = Phase::Open { clearing: Some(now), ack: ack.cloned() };
    Step {
        change: Change::Record(State { phase, ..state.clone() }, Kind::Clearing),
        effect: Effect::Edit,
        next: Some(NextLook::probe(now + TimeDelta::minutes(1))),
        reason: "clear once, looking again",
    }
}
