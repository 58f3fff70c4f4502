//! The key is known but our secret or passphrase is not its own (KuCoin 400004, 400005): somebody
//! changed it, or a wrong one was typed in. Weak evidence, so it must repeat.

use chrono::{DateTime, Utc};

use super::super::evidence::{Evidence, Fault, Outcome};
use super::super::policy::Policy;
use super::super::signal::{Examined, Finding, Severity, Signal};
use super::{code_item, is_confirmed, next_confirmation};

pub(super) fn examine(evidence: &Evidence<'_>, _policy: &Policy, now: DateTime<Utc>) -> Examined {
    match evidence.latest.map(|look| &look.outcome) {
        Some(Outcome::Good(_)) => Signal::Absent.into(),
        Some(Outcome::Bad {
            fault: fault @ (Fault::WrongPassphrase | Fault::WrongSignature),
            code,
        }) => {
            let ripe = is_confirmed(evidence.streak);
            let finding = Finding::proven(Severity::Critical, [code_item(*fault, code.as_ref())]);
            Examined {
                signal: Signal::Present(Finding { ripe, ..finding }),
                next: if ripe { None } else { next_confirmation(evidence.streak, now) },
            }
        }
        Some(Outcome::Bad { .. }) | None => Signal::NotEvaluated.into(),
    }
}
