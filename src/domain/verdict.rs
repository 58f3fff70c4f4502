//! The worst of a key in one word, for `/keystatus`.

use chrono::{DateTime, TimeDelta, Utc};

use super::alert::Alert;
use super::evidence::Evidence;
use super::expiry::{Ends, Known, Stage};
use super::key::Watch;
use super::rules::Rule;
use super::signal::Severity;

/// The worst of a key, first that applies; the order is the reading order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It does not work, or somebody else has it.
    Broken,
    /// It works, and something needs a person.
    Attention,
    /// Nobody can say.
    Unknown,
    /// It works and nothing is wrong.
    Healthy,
}

/// Whether the newest look brought no good answer and proves nothing yet: then nobody calls the key
/// fine, whoever is to blame.
pub fn is_unsettled(evidence: &Evidence<'_>) -> bool {
    evidence.fault().is_some()
}

/// Judges by the key's alerts and by how old our knowledge is.
pub fn verdict(
    evidence: &Evidence<'_>,
    alerts: &[Alert],
    interval: TimeDelta,
    now: DateTime<Utc>,
) -> Verdict {
    let open = || alerts.iter().filter(|alert| alert.state.is_open());
    let breaks = |a: &Alert| {
        // Blind and critical: the bot beside us is refused too.
        a.rule.is_grave()
            || a.state.stage == Some(Stage::Past)
            || (a.rule == Rule::Blind && a.state.severity == Severity::Critical)
    };
    if open().any(breaks) {
        return Verdict::Broken;
    }
    if open().any(|a| a.rule != Rule::Blind) {
        return Verdict::Attention;
    }
    let is_unknown = match evidence.key.watch {
        Watch::Declared => {
            Ends::weigh(None, evidence.key.declared.as_ref(), evidence.zone).best == Known::Unknown
        }
        Watch::Own | Watch::Guardian { .. } => {
            // An open alert of blindness: nobody can say, however fresh the last good answer.
            is_unsettled(evidence)
                || open().next().is_some()
                || evidence.last_good.is_none_or(|good| now - good.at > interval * 3)
        }
    };
    if is_unknown { Verdict::Unknown } else { Verdict::Healthy }
}
