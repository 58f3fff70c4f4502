//! The exchange does not know the key: expired, deleted, mistyped or of another site, it says the
//! same for all of them (KuCoin 400003). One answer proves little, so it must repeat - unless the
//! known end has passed, which explains it. The refusal of a leaked key is wanted: it is no alarm,
//! and told as the end of another alert.

use chrono::{DateTime, Utc};

use super::super::evidence::{Evidence, Fault, Outcome};
use super::super::expiry::Ends;
use super::super::policy::Policy;
use super::super::signal::{Examined, Finding, Severity, Signal};
use super::{code_item, exposed, is_confirmed, next_confirmation};

pub(super) fn examine(evidence: &Evidence<'_>, _policy: &Policy, now: DateTime<Utc>) -> Examined {
    match evidence.latest.map(|look| &look.outcome) {
        Some(Outcome::Good(_)) => Signal::Absent.into(),
        Some(Outcome::Bad { fault: fault @ Fault::NotKnown, code }) => {
            let facts = evidence.last_good.map(|good| &good.facts);
            let ends = Ends::weigh(facts, evidence.key.declared.as_ref(), evidence.zone);
            let outlived = ends.is_outlived(evidence.last_good.map(|good| good.at));
            let is_wanted = exposed::is_wanted(evidence);
            let ripe = (ends.is_past(now) && !outlived)
                || is_confirmed(evidence.streak)
                || (is_wanted && exposed::is_dead(evidence));
            let severity = if is_wanted { Severity::Notice } else { Severity::Critical };
            let finding = Finding::proven(severity, [code_item(*fault, code.as_ref())]);
            Examined {
                signal: Signal::Present(Finding { ripe, ..finding }),
                next: if ripe { None } else { next_confirmation(evidence.streak, now) },
            }
        }
        // Another fault may hide this one: whether the key is known was not said.
        Some(Outcome::Bad { .. }) | None => Signal::NotEvaluated.into(),
    }
}
