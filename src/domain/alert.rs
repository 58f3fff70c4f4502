//! The heart: one alert, one signal, one step. Every cell of the table is decided here and
//! nowhere else, and each says why. `step` decides that a post is owed; when it leaves is decided
//! by `route::plan`.
//!
//! "Worse" compares with what was last *told*: a nearer rung, a higher severity, or a new item of
//! evidence.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::expiry::Stage;
use super::facts::{Exchange, Site};
use super::id::{AlertId, KeyId, WorkspaceId};
use super::policy::Policy;
use super::rules::Rule;
use super::signal::{Finding, Items, NextLook, Severity, Signal};
use super::text::Clean;

/// A lasting problem of one subject under one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Its identity.
    pub id: AlertId,
    /// Its number in the workspace, for people.
    pub no: i64,
    /// The tenant.
    pub workspace: WorkspaceId,
    /// What has the problem.
    pub subject: Subject,
    /// Which problem.
    pub rule: Rule,
    /// Where it stands.
    pub state: State,
    /// Counts changes, for compare-and-set.
    pub rev: i64,
}

/// What an alert is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// One key.
    Key(KeyId),
    /// An exchange's site as this workspace sees it.
    Exchange(Exchange, Site),
}

/// Where an alert stands; a transition makes a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The phase.
    pub phase: Phase,
    /// How bad it is now.
    pub severity: Severity,
    /// The worst it has been while open.
    pub worst: Severity,
    /// The rung now.
    pub stage: Option<Stage>,
    /// What it consists of now.
    pub items: Items,
    /// What people were last told.
    pub told: Option<Told>,
    /// When the problem was first seen; for one that came back, when it came back.
    pub opened_at: DateTime<Utc>,
}

/// The phases of an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Seen, not yet proven.
    Pending {
        /// Looks so far.
        seen: u32,
    },
    /// Proven.
    Open {
        /// Since when it looks clear, if it does; a second clear look closes it.
        clearing: Option<DateTime<Utc>>,
        /// Who said "mine".
        ack: Option<Ack>,
    },
    /// Over.
    Closed {
        /// Since when.
        at: DateTime<Utc>,
    },
}

/// A person's "mine", until a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// Their name.
    pub by: Clean,
    /// When they said so.
    pub at: DateTime<Utc>,
    /// When it ends; it always ends.
    pub until: DateTime<Utc>,
    /// Why, in their words.
    pub reason: Option<Clean>,
}

/// What people were last told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The severity told.
    pub severity: Severity,
    /// The rung told.
    pub stage: Option<Stage>,
    /// All items told since it opened.
    pub items: Items,
    /// When this much was first told; reminders count from here.
    pub at: DateTime<Utc>,
    /// Reminders since.
    pub reminders: u32,
}

/// One recorded change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Proven for the first time.
    Opened,
    /// A nearer rung, a higher severity, a new item.
    Worse,
    /// Told again, unchanged.
    Reminder,
    /// Less severe, not over.
    Better,
    /// A person said "mine".
    Acknowledged,
    /// A person took that back.
    Undone,
    /// The acknowledgement's time is over.
    Lapsed,
    /// Looks clear; looking once more.
    Clearing,
    /// Not clear after all.
    NotOver,
    /// Over.
    Resolved,
    /// The same problem again, soon after it was over.
    BackAgain,
}

impl Kind {
    const ALL: [(Self, &'static str); 11] = [
        (Self::Opened, "opened"),
        (Self::Worse, "worse"),
        (Self::Reminder, "reminder"),
        (Self::Better, "better"),
        (Self::Acknowledged, "acknowledged"),
        (Self::Undone, "undone"),
        (Self::Lapsed, "lapsed"),
        (Self::Clearing, "clearing"),
        (Self::NotOver, "not_over"),
        (Self::Resolved, "resolved"),
        (Self::BackAgain, "back_again"),
    ];

    /// The word in tables.
    pub fn id(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, id)| id)
    }

    /// Reads the word used in tables.
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, word)| *word == id).map(|(kind, _)| *kind)
    }
}

/// What a change does to what people see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Silent,
    /// The live message is brought up to date; nobody is disturbed.
    Edit,
    /// A new message is owed. A quiet one makes no sound and waits for nothing.
    Post {
        /// Whether it is a closing line.
        quiet: bool,
    },
}

/// A decision and its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What the alert becomes.
    pub change: Change,
    /// What people see of it.
    pub effect: Effect,
    /// When this alone needs another judgement.
    pub next: Option<NextLook>,
    /// Why, in a few words; kept with the transition and shown by `/why`.
    pub reason: &'static str,
}

/// What an alert becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Stays as it is.
    Keep,
    /// Never proven and gone: no trace is kept.
    Forget,
    /// A new state, without a word to anyone.
    Quietly(State),
    /// A new state and a recorded transition.
    Record(State, Kind),
}

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
fn next_reminder(state: &State) -> Option<DateTime<Utc>> {
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
    if is_second || cause == Cause::Person {
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

/// Why an alert cannot be acknowledged or undone, in one sentence for the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AckRefused {
    /// It is over, or was never proven.
    #[error("That alert is not open any more; /alerts shows what is.")]
    NotOpen,
    /// Nobody has acknowledged it.
    #[error("Nobody has acknowledged that alert; there is nothing to undo.")]
    NotAcknowledged,
}

/// When an acknowledgement ends if the person gave no time: at the next rung of the ladder; when
/// broken after eight hours, but never before the reminder that it replaces; else in a week.
pub fn ack_until(
    state: &State,
    next_rung: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    if state.severity == Severity::Critical {
        return next_reminder(state).map_or(now, |at| at.max(now)).max(now + Policy::ACK_BROKEN);
    }
    next_rung.filter(|at| *at > now).unwrap_or(now + Policy::ACK_OTHER)
}

/// A person says "mine".
pub fn acknowledge(state: &State, ack: Ack) -> Result<Step, AckRefused> {
    let Phase::Open { clearing, .. } = state.phase else {
        return Err(AckRefused::NotOpen);
    };
    let next = Some(NextLook::judge(ack.until));
    let phase = Phase::Open { clearing, ack: Some(ack) };
    let change = Change::Record(State { phase, ..state.clone() }, Kind::Acknowledged);
    Ok(Step { change, effect: Effect::Edit, next, reason: "a person has taken it" })
}

/// A person takes that back; reminders count from what was last told.
pub fn undo(state: &State) -> Result<Step, AckRefused> {
    let Phase::Open { clearing, ack } = &state.phase else {
        return Err(AckRefused::NotOpen);
    };
    if ack.is_none() {
        return Err(AckRefused::NotAcknowledged);
    }
    let state = State { phase: Phase::Open { clearing: *clearing, ack: None }, ..state.clone() };
    let next = next_reminder(&state).map(NextLook::judge);
    let change = Change::Record(state, Kind::Undone);
    Ok(Step { change, effect: Effect::Edit, next, reason: "a person has given it back" })
}

impl State {
    /// Who has acknowledged it, if anyone.
    pub fn ack(&self) -> Option<&Ack> {
        match &self.phase {
            Phase::Open { ack, .. } => ack.as_ref(),
            Phase::Pending { .. } | Phase::Closed { .. } => None,
        }
    }

    /// Whether it is proven and not over.
    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open { .. })
    }
}

#[cfg(test)]
#[path = "alert/tests.rs"]
mod tests;
