//! The key's format is old: the exchange says which version it is, or refuses it (KuCoin 400008).
//! Keys below version 3 cannot be made any more and stop being served.

use chrono::{DateTime, Utc};

use super::super::evidence::{Evidence, Fault, Outcome};
use super::super::policy::Policy;
use super::super::signal::{Examined, Finding, Severity, Signal};
use super::{code_item, is_confirmed, next_confirmation};

/// The format that new keys have.
const CURRENT: u32 = 3;

pub(super) fn examine(evidence: &Evidence<'_>, _policy: &Policy, now: DateTime<Utc>) -> Examined {
    match evidence.latest.map(|look| &look.outcome) {
        Some(Outcome::Bad { fault: fault @ Fault::OldVersion, code }) => {
            let ripe = is_confirmed(evidence.streak);
            let finding = Finding::proven(Severity::Critical, [code_item(*fault, code.as_ref())]);
            Examined {
                signal: Signal::Present(Finding { ripe, ..finding }),
                next: if ripe { None } else { next_confirmation(evidence.streak, now) },
            }
        }
        Some(Outcome::Good(facts)) => match facts.version {
            None => Signal::NotEvaluated.into(),
            Some(version) if version < CURRENT && !evidence.key.accepted.version => {
                let item = format!("version {version}");
                Signal::Present(Finding::proven(Severity::Notice, [item])).into()
            }
            Some(_) => Signal::Absent.into(),
        },
        Some(Outcome::Bad { .. }) | None => Signal::NotEvaluated.into(),
    }
}
