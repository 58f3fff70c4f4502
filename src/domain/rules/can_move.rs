//! The key can withdraw or transfer, or has a right we do not know, and nobody allowed that. What
//! was gained after the first look belongs to `permission_gained`, which is graver.

use chrono::{DateTime, Utc};

use super::super::evidence::Evidence;
use super::super::policy::Policy;
use super::super::signal::{Finding, Severity, Signal};

pub(super) fn examine(evidence: &Evidence<'_>, _policy: &Policy, _now: DateTime<Utc>) -> Signal {
    let Some(facts) = evidence.fresh() else {
        return Signal::NotEvaluated;
    };
    let accepted = evidence.key.baseline.as_ref().map_or(facts, |b| &b.facts);
    let names: Vec<String> = facts
        .permissions
        .0
        .intersection(&accepted.permissions.0)
        .filter(|p| !evidence.key.allow.permits(p.power))
        .map(|p| p.name.clone())
        .collect();
    if names.is_empty() {
        return Signal::Absent;
    }
    Signal::Present(Finding::proven(Severity::Warning, names))
}
