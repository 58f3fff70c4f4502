//! Rules that are not about a key: the ledger itself sees a lost receiver, an adapter a troubled
//! platform. A key teaches nothing about them.

use chrono::{DateTime, Utc};

use super::super::evidence::Evidence;
use super::super::policy::Policy;
use super::super::signal::Signal;

pub(super) fn examine(_evidence: &Evidence<'_>, _policy: &Policy, _now: DateTime<Utc>) -> Signal {
    Signal::NotEvaluated
}
