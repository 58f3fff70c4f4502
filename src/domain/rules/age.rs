//! The key is old. No rule of the exchange; a habit of people who were robbed. Accepted, it comes
//! back only after as long again.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::evidence::Evidence;
use super::super::policy::Policy;
use super::super::signal::{Examined, Finding, NextLook, Severity, Signal};

pub(super) fn examine(evidence: &Evidence<'_>, policy: &Policy, now: DateTime<Utc>) -> Examined {
    let created = evidence.last_good.and_then(|good| good.facts.created_at);
    let Some(created) = created else {
        return Signal::NotEvaluated.into();
    };
    let accepted = evidence.key.accepted.age_days.unwrap_or(0);
    let old_at =
        created + TimeDelta::days(accepted.saturating_add(policy.old_key_days).min(36_500));
    if now < old_at {
        return Examined { signal: Signal::Absent, next: Some(NextLook::judge(old_at)) };
    }
    Signal::Present(Finding::proven(Severity::Notice, [])).into()
}
