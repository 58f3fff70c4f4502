//! A person called the key leaked: somebody else has it, so it must die, and nobody may believe
//! that it is dead before the exchange has said so twice. An outage, a limit or a slow clock says
//! nothing about it. A key that was never accepted here proves nothing by its refusal: what was
//! typed here may be wrong.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::evidence::{About, Evidence, Fault, Streak};
use super::super::key::Leak;
use super::super::policy::Policy;
use super::super::signal::{Examined, Finding, Items, NextLook, Severity, Signal};

/// Equal refusals that are believed; [`Streak`] counts only those far enough apart.
const LOOKS: u32 = 2;

pub(super) fn examine(evidence: &Evidence<'_>, _policy: &Policy, now: DateTime<Utc>) -> Examined {
    let Some(leak) = evidence.key.leak() else { return Signal::Absent.into() };
    if is_dead(evidence) {
        return Signal::Absent.into();
    }
    Examined {
        signal: Signal::Present(Finding::proven(Severity::Critical, ["leaked".to_owned()])),
        next: pause(evidence, leak, now).map(|pause| NextLook::probe(now + pause)),
    }
}

/// Why the watch over a leaked key ended. The closed alert keeps it as its only item: what is known
/// of the key later may belong to other secrets or to another word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeakEnd {
    /// The exchange refused it for good.
    Refused,
    /// A person said that it was no leak after all.
    CalledOff,
    /// Another key took its place before it was refused.
    Replaced,
}

impl LeakEnd {
    const ALL: [Self; 3] = [Self::Refused, Self::CalledOff, Self::Replaced];

    /// Why it ends now.
    pub(in crate::domain) fn of(evidence: &Evidence<'_>) -> Self {
        match &evidence.key.leaked {
            None => Self::Replaced,
            Some(leak) if leak.called_off.is_some() => Self::CalledOff,
            Some(_) => Self::Refused,
        }
    }

    /// What a closed alert keeps of it; `None` where nobody wrote it down.
    pub fn kept(items: &Items) -> Option<Self> {
        Self::ALL.into_iter().find(|end| items.contains(end.id()))
    }

    /// As an alert keeps it.
    pub fn items(self) -> Items {
        Items::from([self.id().to_owned()])
    }

    fn id(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::CalledOff => "called off",
            Self::Replaced => "replaced",
        }
    }
}

/// Whether the exchange has refused, twice in a row, a key that it had accepted before.
pub(super) fn is_dead(evidence: &Evidence<'_>) -> bool {
    let refuses = |run: &&Streak| run.kind == Fault::NotKnown.id() && run.n >= LOOKS;
    evidence.fault() == Some(Fault::NotKnown)
        && evidence.last_good.is_some()
        && evidence.streak.as_ref().is_some_and(refuses)
}

/// Whether a refusal of this key is what everybody waits for.
pub(super) fn is_wanted(evidence: &Evidence<'_>) -> bool {
    evidence.key.leak().is_some() && evidence.last_good.is_some()
}

/// How long until the exchange is asked again beside its schedule; `None` leaves it to that.
fn pause(evidence: &Evidence<'_>, leak: &Leak, now: DateTime<Utc>) -> Option<TimeDelta> {
    if !evidence.key.is_asked() {
        return None;
    }
    match evidence.fault() {
        // The schedule knows how long the exchange wants its rest.
        Some(Fault::RateLimited) => None,
        Some(fault) if fault.about() == About::Probe => Some(Policy::LEAK_SLOWEST),
        Some(_) | None => {
            let age = now - leak.at;
            let step = Policy::LEAK_PACE.into_iter().find(|(until, _)| age < *until);
            Some(step.map_or(Policy::LEAK_SLOWEST, |(_, pause)| pause))
        }
    }
}

#[cfg(test)]
#[path = "exposed/tests.rs"]
mod tests;
