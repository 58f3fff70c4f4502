//! A right that was not accepted has appeared. Whoever did it can log in to the account, so this
//! is an incident until a person says otherwise; a right that was allowed at the way in is no
//! excuse for one that came later.

use chrono::{DateTime, Utc};

use super::super::evidence::Evidence;
use super::super::policy::Policy;
use super::super::signal::{Finding, Severity, Signal};

pub(super) fn examine(evidence: &Evidence<'_>, _policy: &Policy, _now: DateTime<Utc>) -> Signal {
    let (Some(now), Some(accepted)) = (evidence.fresh(), &evidence.key.baseline) else {
        return Signal::NotEvaluated;
    };
    let gained = now.permissions.beyond(&accepted.facts.permissions);
    if gained.is_empty() {
        return Signal::Absent;
    }
    Signal::Present(Finding::proven(Severity::Critical, gained.iter().map(|p| p.name.clone())))
}
