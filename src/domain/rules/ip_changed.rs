//! The address list is not the accepted one. Masked entries compare as text: a mask hides an
//! address, not a change of the list's length or of what is visible.

use chrono::{DateTime, Utc};

use super::super::evidence::Evidence;
use super::super::facts::Binding;
use super::super::policy::Policy;
use super::super::signal::{Finding, Items, Severity, Signal};

pub(super) fn examine(evidence: &Evidence<'_>, _policy: &Policy, _now: DateTime<Utc>) -> Signal {
    let (Some(now), Some(accepted)) = (evidence.fresh(), &evidence.key.baseline) else {
        return Signal::NotEvaluated;
    };
    let (Some(now), Some(then)) = (entries(&now.binding), entries(&accepted.facts.binding)) else {
        return Signal::NotEvaluated;
    };
    let added = now.difference(&then).map(|entry| format!("+{entry}"));
    let removed = then.difference(&now).map(|entry| format!("-{entry}"));
    let items: Items = added.chain(removed).collect();
    if items.is_empty() {
        return Signal::Absent;
    }
    Signal::Present(Finding::proven(Severity::Warning, items))
}

fn entries(binding: &Binding) -> Option<Items> {
    match binding {
        Binding::Unknown => None,
        Binding::Unbound => Some(Items::new()),
        Binding::Bound(list) => Some(list.clone()),
    }
}
