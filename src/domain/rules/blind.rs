//! This monitor cannot see the key: refused address or region, clock, limit, outage, network, or a
//! request that the exchange calls malformed, or stored secrets that do not open. Says nothing about the key - unless its bot runs on
//! this machine and the address is what is refused: then the bot is refused too.

use chrono::{DateTime, Utc};

use super::super::evidence::{Evidence, Fault};
use super::super::policy::Policy;
use super::super::signal::{Finding, Severity, Signal};
use super::is_confirmed;

pub(super) fn examine(evidence: &Evidence<'_>, _policy: &Policy, _now: DateTime<Utc>) -> Signal {
    if evidence.latest.is_none() {
        return Signal::NotEvaluated;
    }
    let Some(word) = evidence.fault().and_then(word) else {
        return Signal::Absent;
    };
    let severity = match evidence.fault() {
        Some(Fault::IpRefused) if evidence.key.co_located => Severity::Critical,
        _ => Severity::Warning,
    };
    let finding = Finding::proven(severity, [word.to_owned()]);
    let ripe = proves_itself(word) || is_confirmed(evidence.streak);
    Signal::Present(Finding { ripe, ..finding })
}

const UNOPENED: &str = "stored secret";

/// Whether one look proves it: what does not open now will not open in ten minutes either.
pub fn proves_itself(word: &str) -> bool {
    word == UNOPENED
}

/// What blinds, in one word; `None` when the fault is not about the probe. Faults that take turns
/// in one outage share a word, so that the turns do not read as news.
pub fn word(fault: Fault) -> Option<&'static str> {
    match fault {
        Fault::IpRefused => Some("address"),
        Fault::RegionRefused => Some("region"),
        Fault::ClockSkew => Some("clock"),
        Fault::OurRequest => Some("request"),
        Fault::Unopened => Some(UNOPENED),
        Fault::RateLimited | Fault::ExchangeDown | Fault::Network => Some("no answer"),
        Fault::NotKnown
        | Fault::WrongPassphrase
        | Fault::WrongSignature
        | Fault::OldVersion
        | Fault::NotAllowed
        | Fault::AccountFrozen
        | Fault::IdentityRequired
        | Fault::RegionForbidden => None,
    }
}
