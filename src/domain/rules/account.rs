//! The account behind the key is frozen, restricted, or must prove its owner's identity. The
//! exchange says so itself, so one answer is enough.

use chrono::{DateTime, Utc};

use super::super::evidence::{About, Evidence, Outcome};
use super::super::policy::Policy;
use super::super::signal::{Finding, Severity, Signal};
use super::code_item;

pub(super) fn examine(evidence: &Evidence<'_>, _policy: &Policy, _now: DateTime<Utc>) -> Signal {
    match evidence.latest.map(|look| &look.outcome) {
        Some(Outcome::Good(_)) => Signal::Absent,
        Some(Outcome::Bad { fault, code }) if fault.about() == About::Account => {
            Signal::Present(Finding::proven(Severity::Critical, [code_item(*fault, code.as_ref())]))
        }
        Some(Outcome::Bad { .. }) | None => Signal::NotEvaluated,
    }
}
