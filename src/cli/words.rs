//! Words of the command line for instants, ends, findings and faults. Pure; every sentence about an
//! end carries its certainty.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::domain::evidence::Fault;
use crate::domain::expiry::{End, Ends, Known, Precision, Source};
use crate::domain::facts::{Binding, Facts, ReportedEnd, Site};
use crate::domain::permission::Power;
use crate::domain::wall::zone_name;

/// "Mon 30 Nov 2026 14:00 Europe/Berlin".
pub fn moment(at: DateTime<Utc>, zone: Tz) -> String {
    format!("{} {}", at.with_timezone(&zone).format("%a %-d %b %Y %H:%M"), zone_name(zone))
}

/// "in 7 days", "4 min ago", "now": the two largest things that matter are one.
pub fn distance(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let ahead = at > now;
    let span = if ahead { at - now } else { now - at };
    let words = span_words(span);
    match (span < TimeDelta::minutes(1), ahead) {
        (true, _) => "now".to_owned(),
        (false, true) => format!("in {words}"),
        (false, false) => format!("{words} ago"),
    }
}

/// "7 days", "1 day", "5 h", "4 min".
pub fn span_words(span: TimeDelta) -> String {
    match (span.num_days(), span.num_hours(), span.num_minutes()) {
        (1, ..) => "1 day".to_owned(),
        (days, ..) if days > 1 => format!("{days} days"),
        (_, hours, _) if hours > 0 => format!("{hours} h"),
        (_, _, minutes) => format!("{minutes} min"),
    }
}

/// Who says when a key ends.
pub fn source(source: Source) -> &'static str {
    match source {
        Source::Reported => "KuCoin's own date",
        Source::Declared => "your date",
    }
}

/// "ends Mon 30 Nov 2026 14:00 Europe/Berlin, in 7 days (KuCoin's own date)".
pub fn ends(ends: &Ends, zone: Tz, now: DateTime<Utc>) -> String {
    match ends.best {
        Known::At(end) => {
            let verb = if now >= end.at { "ended" } else { "ends" };
            let when = end_day(&end, zone);
            format!("{verb} {when}, {} ({})", distance(end.at, now), source(end.source))
        }
        Known::Never(Source::Reported) => "has no end, says KuCoin".to_owned(),
        Known::Never(Source::Declared) => "has no end, as you said".to_owned(),
        Known::Unknown => "end date unknown".to_owned(),
    }
}

/// The end as precisely as it is known.
pub fn end_day(end: &End, zone: Tz) -> String {
    match end.precision {
        Precision::Instant => moment(end.at, zone),
        Precision::Day => end.shown().with_timezone(&zone).format("%a %-d %b %Y").to_string(),
    }
}

/// What a good answer says, in short lines.
pub fn findings(facts: &Facts, zone: Tz, now: DateTime<Utc>) -> Vec<String> {
    let bound = match &facts.binding {
        Binding::Bound(list) => {
            format!("Bound to: {}", list.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
        }
        Binding::Unbound => "Bound to no address".to_owned(),
        Binding::Unknown => "KuCoin did not say whether it is bound to an address".to_owned(),
    };
    let end = match facts.end {
        ReportedEnd::Unknown => "KuCoin did not report an end date.".to_owned(),
        ReportedEnd::Never | ReportedEnd::At(_) => {
            let known = ends(&Ends::weigh(Some(facts), None, zone), zone, now);
            format!("It {known}")
        }
    };
    let account = match (&facts.sub_account, facts.master) {
        (Some(name), _) => format!("Account: sub-account {name}"),
        (None, Some(false)) => "Account: a sub-account".to_owned(),
        (None, Some(true)) => "Account: master account".to_owned(),
        (None, None) => "Account: not said, so it counts as a master account".to_owned(),
    };
    vec![format!("It may: {}", facts.permissions.words()), bound, end, account]
}

/// What a person should know about a key that works.
pub fn remarks(facts: &Facts, site: Site) -> Vec<String> {
    let mut remarks = Vec::new();
    let trades = facts.permissions.can(Power::Trade);
    if trades && !matches!(facts.binding, Binding::Bound(_)) {
        remarks.push(
            "A trading key without a bound address: KuCoin deletes it, or its trade right, after 30 days without use \
             (KuCoin's page \"How to Create API\"). Whether this monitor's checks count as use is not known."
                .to_owned(),
        );
    }
    if facts.master.unwrap_or(true) {
        remarks.push(
            "A master account's key can, by KuCoin's documents, create and change sub-account keys. A sub-account's key risks less."
                .to_owned(),
        );
    }
    if !facts.permissions.0.iter().any(|permission| permission.power > Power::Read) {
        remarks.push(
            "It can only read. A separate read-only key says nothing about your bot's key."
                .to_owned(),
        );
    }
    if let Some(other) = facts.site.filter(|other| *other != site) {
        remarks.push(format!(
            "KuCoin says that it belongs to the site {}, and it is watched as one of {}.",
            other.id(),
            site.id()
        ));
    }
    remarks
}

/// Why a probe did not end in facts, and what to do about it.
pub fn fault(fault: Fault, code: Option<&str>, site: Site, caller: Option<IpAddr>) -> String {
    let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
    let site = site.id();
    match fault {
        Fault::NotKnown => format!(
            "KuCoin does not know this key on the site {site}{code}: it has expired, was deleted or mistyped, or belongs to another site (--site)."
        ),
        // The passphrase is signed with the secret: one wrong letter in either gives this answer.
        Fault::WrongPassphrase => format!(
            "KuCoin knows the key but refuses its secret or its passphrase{code}, and does not say which: copy both again. The passphrase is the one chosen when this key was made, not your trading password."
        ),
        Fault::WrongSignature => format!(
            "KuCoin refuses the signature{code}: the secret is not the one of this key; copy secret and passphrase again."
        ),
        Fault::OldVersion => format!(
            "KuCoin no longer serves keys of this old format{code}: make a new key."
        ),
        Fault::NotAllowed => format!(
            "KuCoin says that the key may not be asked about itself{code}: give it the permission General."
        ),
        Fault::AccountFrozen => format!(
            "KuCoin says that the account is frozen or restricted{code}: ask KuCoin's support."
        ),
        Fault::IdentityRequired => format!(
            "KuCoin wants the account's owner to verify their identity first{code}: do that on KuCoin's site."
        ),
        Fault::RegionForbidden => format!(
            "KuCoin does not serve this account where it is{code}: ask KuCoin's support."
        ),
        Fault::IpRefused => {
            let address = caller.map(|ip| format!(" {ip}")).unwrap_or_default();
            format!(
                "KuCoin refuses this machine's address{address} for this key{code}. Add it to the key's IP list, then check again."
            )
        }
        Fault::RegionRefused => {
            let address = caller.map(|ip| format!(" ({ip})")).unwrap_or_default();
            format!("KuCoin does not serve the region of this machine's address{address}{code}: run keylapse elsewhere.")
        }
        Fault::ClockSkew => format!(
            "This machine's clock and KuCoin's differ too much to ask{code}: set this machine's clock, then check again."
        ),
        Fault::RateLimited => {
            format!("KuCoin asks for a pause{code}: check again in a minute.")
        }
        Fault::ExchangeDown => format!(
            "KuCoin gave no usable answer{code}, which says nothing about the key: check again later."
        ),
        Fault::Network => {
            "KuCoin cannot be reached from this machine: see that its network works, then check again.".to_owned()
        }
        Fault::Unopened => "What is stored of the key's secrets does not open, so KuCoin was not asked: bring back the master key file that belongs to this database, or type the same secrets again with keylapse key replace.".to_owned(),
        Fault::OurRequest => format!(
            "KuCoin calls our question malformed{code}: the key, secret or passphrase may hold odd characters; else report this."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_distance_is_one_round_figure() {
        let now = utc("2026-11-23T12:00:00Z");
        let table = [
            ("2026-11-30T12:00:00Z", "in 7 days"),
            ("2026-11-24T13:00:00Z", "in 1 day"),
            ("2026-11-23T17:10:00Z", "in 5 h"),
            ("2026-11-23T11:56:00Z", "4 min ago"),
            ("2026-11-23T12:00:30Z", "now"),
        ];
        for (at, words) in table {
            assert_eq!(distance(utc(at), now), words, "{at}");
        }
    }

    #[test]
    fn an_end_says_who_says_so() {
        let now = utc("2026-11-23T12:00:00Z");
        let end = |at: &str, source, precision| Ends {
            best: Known::At(End { at: utc(at), source, precision }),
            overridden: None,
        };
        let zone = Tz::Europe__Berlin;
        let table = [
            (
                end("2026-11-30T13:00:00Z", Source::Reported, Precision::Instant),
                "ends Mon 30 Nov 2026 14:00 Europe/Berlin, in 7 days (KuCoin's own date)",
            ),
            (
                end("2026-11-30T23:00:00Z", Source::Declared, Precision::Day),
                "ends Mon 30 Nov 2026, in 7 days (your date)",
            ),
            (
                end("2026-11-20T13:00:00Z", Source::Declared, Precision::Instant),
                "ended Fri 20 Nov 2026 14:00 Europe/Berlin, 2 days ago (your date)",
            ),
        ];
        for (known, words) in table {
            assert_eq!(ends(&known, zone, now), words);
        }
        let never = Ends { best: Known::Never(Source::Declared), overridden: None };
        assert_eq!(ends(&never, zone, now), "has no end, as you said");
    }

    #[test]
    fn every_fault_says_what_to_do_and_only_a_refused_address_shows_one() {
        let ip = Some("203.0.113.7".parse().unwrap());
        for one in Fault::ALL {
            let words = fault(*one, Some("400006"), Site::Eu, ip);
            assert!(words.ends_with('.') && words.len() > 40, "{words}");
            let shows = matches!(one, Fault::IpRefused | Fault::RegionRefused);
            assert_eq!(words.contains("203.0.113.7"), shows, "{words}");
        }
    }
}
