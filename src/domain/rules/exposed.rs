//! A person called the key leaked: somebody else has it, so it must die, and nobody may believe
//! that it is dead before the exchange has said so twice. An outage, a limit or a slow clock says
//! nothing about it. A key that was never accepted here proves nothing by its refusal: what was
//! typed here may be wrong.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::evidence::{About, Evidence, Fault, Streak};
use super::super::key::Leak;
use super::super::policy::Policy;
use super::super::signal::{Examined, Finding, NextLook, Severity, Signal};

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
