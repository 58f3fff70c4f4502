//! What a person does to an alert: says "mine" until a time that always comes, or takes it back.

use chrono::{DateTime, Utc};

use super::super::policy::Policy;
use super::super::signal::{NextLook, Severity};
use super::step::next_reminder;
use super::{Ack, Change, Effect, Kind, Phase, State, Step};

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
