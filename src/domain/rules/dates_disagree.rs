//! What a person said about the end is not what the exchange says, or the exchange still accepts a
//! key after the person's date. One of the two is wrong, and the ladder may be climbing on it.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::evidence::Evidence;
use super::super::expiry::{End, Ends, Known, Precision, Source};
use super::super::policy::Policy;
use super::super::signal::{Finding, Severity, Signal};
use super::super::wall;

pub(super) fn examine(evidence: &Evidence<'_>, _policy: &Policy, now: DateTime<Utc>) -> Signal {
    if evidence.key.declared.is_none() {
        return Signal::Absent;
    }
    let Some(good) = evidence.last_good else {
        return Signal::NotEvaluated;
    };
    let ends = Ends::weigh(Some(&good.facts), evidence.key.declared.as_ref(), evidence.zone);
    let present =
        |item: &str| Signal::Present(Finding::proven(Severity::Notice, [item.to_owned()]));
    match (ends.best, ends.overridden) {
        (Known::At(end), None) if end.source == Source::Declared => {
            if now >= end.at && good.at >= end.at { present("outlived") } else { Signal::Absent }
        }
        (Known::At(reported), Some(Known::At(declared))) => {
            if are_near(&reported, &declared, evidence) {
                Signal::Absent
            } else {
                present("other date")
            }
        }
        (Known::Never(_), Some(Known::At(_))) => present("exchange says no end"),
        (Known::At(_), Some(Known::Never(_))) => present("exchange says an end"),
        (_, None | Some(_)) => Signal::Absent,
    }
}

/// People round: a declared day matches its date, a declared instant may be a day off.
fn are_near(reported: &End, declared: &End, evidence: &Evidence<'_>) -> bool {
    match declared.precision {
        Precision::Day => {
            let date = |end: &End| wall::local_date(end.shown(), evidence.zone);
            (date(reported) - date(declared)).abs() <= TimeDelta::days(1)
        }
        Precision::Instant => (reported.at - declared.at).abs() <= TimeDelta::days(1),
    }
}
