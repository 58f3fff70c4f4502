//! The key trades and is bound to no address. KuCoin then deletes it, or takes its trading right
//! away, after 30 days without activity (KuCoin support, "How to Create API", 360015102174), and
//! whoever copies it can use it from anywhere. Said once; a person may accept it.

use chrono::{DateTime, Utc};

use super::super::evidence::Evidence;
use super::super::facts::Binding;
use super::super::permission::Power;
use super::super::policy::Policy;
use super::super::signal::{Finding, Severity, Signal};

pub(super) fn examine(evidence: &Evidence<'_>, _policy: &Policy, _now: DateTime<Utc>) -> Signal {
    let Some(facts) = evidence.fresh() else {
        return Signal::NotEvaluated;
    };
    match facts.binding {
        Binding::Unknown => Signal::NotEvaluated,
        Binding::Unbound
            if facts.permissions.can(Power::Trade)
                && !evidence.key.allow.no_ip
                && !evidence.key.accepted.no_ip =>
        {
            Signal::Present(Finding::proven(Severity::Notice, []))
        }
        Binding::Unbound | Binding::Bound(_) => Signal::Absent,
    }
}
