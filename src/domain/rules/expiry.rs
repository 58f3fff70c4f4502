//! The end of the key: a ladder of rungs, judged from the last good answer and from what people
//! said, whether or not the exchange answers now.

use chrono::{DateTime, Utc};

use super::super::evidence::Evidence;
use super::super::expiry::{self, Ends, Known, Stage};
use super::super::key::Watch;
use super::super::policy::Policy;
use super::super::signal::{Examined, Finding, Items, NextLook, Severity, Signal};

pub(super) fn examine(evidence: &Evidence<'_>, policy: &Policy, now: DateTime<Utc>) -> Examined {
    let facts = evidence.last_good.map(|good| &good.facts);
    let ends = Ends::weigh(facts, evidence.key.declared.as_ref(), evidence.zone);
    let end = match ends.best {
        Known::Unknown => return Signal::NotEvaluated.into(),
        Known::Never(_) => return Signal::Absent.into(),
        Known::At(end) => end,
    };
    let next = expiry::next_stage_at(&end, &policy.ladder_days, evidence.zone, now)
        // At the end itself the exchange is asked, so that one message says both: past, and how
        // the exchange answers. About a date alone nobody can be asked.
        .map(|at| match evidence.key.watch {
            Watch::Own | Watch::Guardian { .. } if at == end.at => NextLook::probe(at),
            Watch::Own | Watch::Guardian { .. } | Watch::Declared => NextLook::judge(at),
        });
    // A person's date that passes while the exchange still accepts the key is a wrong date, not a
    // past key: `dates_disagree` says so.
    let outlived = ends.is_outlived(evidence.last_good.map(|good| good.at));
    let signal = match expiry::stage(&end, &policy.ladder_days, evidence.zone, now) {
        Some(Stage::Past) if outlived => Signal::Absent,
        Some(stage) => Signal::Present(Finding {
            severity: severity(stage),
            stage: Some(stage),
            items: Items::new(),
            ripe: true,
        }),
        None => Signal::Absent,
    };
    Examined { signal, next }
}

fn severity(stage: Stage) -> Severity {
    match stage {
        Stage::Days(n) if n > 7 => Severity::Notice,
        Stage::Days(_) | Stage::Today => Severity::Warning,
        Stage::Past => Severity::Critical,
    }
}
