//! A right that was accepted has gone. On KuCoin that is also how a trading key without a bound
//! address ends after 30 days without use.

use chrono::{DateTime, Utc};

use super::super::evidence::{Evidence, Fault, Outcome};
use super::super::policy::Policy;
use super::super::signal::{Examined, Finding, Severity, Signal};
use super::{code_item, is_confirmed, next_confirmation};

pub(super) fn examine(evidence: &Evidence<'_>, _policy: &Policy, now: DateTime<Utc>) -> Examined {
    match evidence.latest.map(|look| &look.outcome) {
        // Every key may ask about itself; one that may not has lost its right to read.
        Some(Outcome::Bad { fault: fault @ Fault::NotAllowed, code }) => {
            let ripe = is_confirmed(evidence.streak);
            let finding = Finding::proven(Severity::Warning, [code_item(*fault, code.as_ref())]);
            Examined {
                signal: Signal::Present(Finding { ripe, ..finding }),
                next: if ripe { None } else { next_confirmation(evidence.streak, now) },
            }
        }
        Some(Outcome::Good(facts)) => {
            let Some(accepted) = &evidence.key.baseline else {
                return Signal::NotEvaluated.into();
            };
            let lost = accepted.facts.permissions.beyond(&facts.permissions);
            if lost.is_empty() {
                return Signal::Absent.into();
            }
            let names = lost.iter().map(|p| p.name.clone());
            Signal::Present(Finding::proven(Severity::Warning, names)).into()
        }
        Some(Outcome::Bad { .. }) | None => Signal::NotEvaluated.into(),
    }
}
