//! Situations to speak of: every rule, every reason, every rung.

use chrono::TimeDelta;

use super::super::alert::{Ack, Alert, Subject};
use super::super::evidence::{Fault, Outcome};
use super::super::facts::{Binding, Exchange, ReportedEnd, Site};
use super::super::key::{Baseline, DeclaredEnd, KeyState, Leak, Watch};
use super::super::permission::Power;
use super::super::policy::Policy;
use super::super::samples::{
    Watched, ZONE, alert, at, bad, bound, declared, facts, key, rights, utc,
};
use super::super::signal::{Finding, Severity, Signal};
use super::super::text::Clean;
use super::*;

/// One situation.
pub(super) struct Scene {
    pub(super) name: String,
    pub(super) watched: Watched,
    pub(super) alert: Alert,
    pub(super) fleet: Option<FleetCount>,
    pub(super) now: chrono::DateTime<chrono::Utc>,
    pub(super) replaced: Option<Replaced>,
    pub(super) policy: Policy,
}

impl Scene {
    pub(super) fn view(&self, kind: Kind) -> View<'_> {
        let is_fleet = self.fleet.is_some();
        View {
            alert: &self.alert,
            kind,
            key: (!is_fleet).then_some(&self.watched.key),
            last_good: self.watched.last_good.as_ref(),
            latest: self.watched.latest.as_ref(),
            streak: self.watched.streak.as_ref(),
            replaced: self.replaced,
            receiver: None,
            fleet: self.fleet,
            policy: &self.policy,
            zone: ZONE,
            now: self.now,
        }
    }

    /// The same situation after a transition of this kind.
    pub(super) fn after(&self, kind: Kind) -> Self {
        let mut alert = self.alert.clone();
        let mut watched = self.watched.clone();
        let (mut ack, mut clearing) = (None, None);
        let later = self.now + TimeDelta::minutes(30);
        match kind {
            Kind::Acknowledged => {
                let until = self.now + TimeDelta::days(4);
                ack = Some(Ack { by: Clean::new("Kim", 20), at: self.now, until, reason: None });
            }
            Kind::Clearing => clearing = Some(self.now),
            Kind::Resolved if watched.last_good.is_some() || watched.latest.is_some() => {
                watched = watched.see(Outcome::Good(facts()), later);
            }
            Kind::Opened
            | Kind::Worse
            | Kind::Reminder
            | Kind::Better
            | Kind::Undone
            | Kind::Lapsed
            | Kind::NotOver
            | Kind::Resolved
            | Kind::BackAgain => {}
        }
        alert.state.phase = match kind {
            Kind::Resolved => Phase::Closed { at: later + TimeDelta::minutes(1) },
            _ => Phase::Open { clearing, ack },
        };
        let now = if kind == Kind::Resolved { later + TimeDelta::minutes(1) } else { self.now };
        let name = format!("{} / {}", self.name, kind.id());
        let (fleet, policy) = (self.fleet, self.policy.clone());
        Self { name, watched, alert, fleet, now, replaced: self.replaced, policy }
    }
}

/// A situation whose finding the rule itself makes at `minute`.
pub(super) fn scene(
    name: &str,
    rule: Rule,
    watched: Watched,
    now: chrono::DateTime<chrono::Utc>,
) -> Scene {
    let Signal::Present(found) = watched.examined(rule, now).signal else {
        panic!("{name}: {rule:?} finds nothing");
    };
    assert!(found.ripe, "{name}");
    let alert = alert(rule, Subject::Key(watched.key.id.clone()), &found, at(2).min(now));
    let name = format!("{} ({name})", rule.id());
    Scene { name, watched, alert, fleet: None, now, replaced: None, policy: Policy::default() }
}

pub(super) fn refused(fault: Fault, code: &str, before: Watched) -> Watched {
    before.see_at(&bad(fault, code), &[2, 3, 6, 12])
}

pub(super) fn ending(text: &str) -> Watched {
    Watched::good().now_with(-2, |facts| facts.end = ReportedEnd::At(utc(text)))
}

pub(super) fn day(text: &str, watched: Watched) -> Watched {
    watched
        .keyed(|key| key.declared = Some(declared(Some(DeclaredEnd::Day(text.parse().unwrap())))))
}

pub(super) fn reader(watched: Watched) -> Watched {
    let only = |facts: &mut super::super::facts::Facts| {
        facts.permissions = rights(&[(Power::Read, "General")]);
    };
    let watched = watched.now_with(-2, only);
    let now = watched.last_good.clone().unwrap().facts;
    watched.keyed(|key| key.baseline = Some(Baseline { facts: now, at: at(-1440), by: None }))
}

pub(super) fn date_only(text: &str) -> Watched {
    let watched = Watched::new(key()).keyed(|key| {
        key.watch = Watch::Declared;
        key.baseline = None;
    });
    day(text, watched)
}

pub(super) fn unbound(watched: Watched) -> Watched {
    watched.now_with(-2, |facts| facts.binding = Binding::Unbound)
}

pub(super) fn refusals() -> Vec<Scene> {
    use Fault::{
        AccountFrozen, IdentityRequired, NotKnown, OldVersion, RegionForbidden, WrongPassphrase,
        WrongSignature,
    };
    let now = at(12);
    let down = |w: Watched| refused(NotKnown, "400003", w);
    let ended = ending("2026-11-23T13:00:00Z");
    let hour = Watched::good().keyed(|key| {
        key.declared = Some(declared(Some(DeclaredEnd::Instant(at(0)))));
    });
    vec![
        scene("its date passed", Rule::Rejected, down(ended), now),
        scene("your date passed", Rule::Rejected, down(hour), now),
        scene("outlived your date", Rule::Rejected, down(day("2026-11-22", Watched::good())), now),
        scene("no date known", Rule::Rejected, down(Watched::good()), now),
        scene("never worked", Rule::Rejected, down(Watched::new(key())), now),
        scene("idle and unbound", Rule::Rejected, down(unbound(Watched::good())), now),
        scene("reads only", Rule::Rejected, down(reader(Watched::good())), now),
        {
            let known = scene("", Rule::Rejected, down(Watched::good()), now);
            let name = "rejected (and now no answer)".to_owned();
            let watched = known.watched.clone().see(bad(Fault::Network, ""), at(30));
            Scene { name, watched, now: at(40), ..known }
        },
        scene(
            "wrong passphrase",
            Rule::Credentials,
            refused(WrongPassphrase, "400004", Watched::good()),
            now,
        ),
        scene(
            "wrong secret, never worked",
            Rule::Credentials,
            refused(WrongSignature, "400005", Watched::new(key())),
            now,
        ),
        scene("frozen", Rule::Account, refused(AccountFrozen, "411100", Watched::good()), now),
        scene("restricted", Rule::Account, refused(AccountFrozen, "400700", Watched::good()), now),
        scene("identity", Rule::Account, refused(IdentityRequired, "400303", Watched::good()), now),
        scene("region", Rule::Account, refused(RegionForbidden, "400301", Watched::good()), now),
        scene("refused", Rule::Version, refused(OldVersion, "400008", Watched::good()), now),
        scene(
            "old",
            Rule::Version,
            Watched::good().now_with(-2, |facts| facts.version = Some(2)),
            now,
        ),
    ]
}

pub(super) fn dates() -> Vec<Scene> {
    let end = "2026-11-30T13:00:00Z";
    let mut scenes: Vec<Scene> = [
        ("30 days", "2026-10-31T13:00:00Z"),
        ("14 days", "2026-11-16T13:00:00Z"),
        ("7 days", "2026-11-23T13:00:00Z"),
        ("7 days, a minute late", "2026-11-23T13:01:00Z"),
        ("3 days", "2026-11-27T13:00:00Z"),
        ("1 day", "2026-11-29T13:00:00Z"),
        ("today", "2026-11-30T06:10:00Z"),
    ]
    .into_iter()
    .map(|(name, now)| scene(name, Rule::Expiry, ending(end), utc(now)))
    .collect();
    let quiet = ending(end).see(bad(Fault::ExchangeDown, "503000"), at(0));
    scenes.extend(vec![
        scene("7 days, no fresh answer", Rule::Expiry, quiet.clone(), at(1)),
        scene("past, no fresh answer", Rule::Expiry, quiet, utc("2026-11-30T13:00:30Z")),
        scene(
            "past, still accepted",
            Rule::Expiry,
            ending("2026-11-23T13:00:00Z").now_with(5, |_| {}),
            at(6),
        ),
        scene("your date", Rule::Expiry, day("2026-11-30", Watched::good()), at(0)),
        scene("your date, tomorrow", Rule::Expiry, day("2026-11-24", Watched::good()), at(0)),
        scene("date only, 14 days", Rule::Expiry, date_only("2026-12-06"), at(0)),
        scene("date only, today", Rule::Expiry, date_only("2026-11-23"), at(0)),
        scene("date only, past", Rule::Expiry, date_only("2026-11-22"), at(0)),
        scene("reads only", Rule::Expiry, reader(ending("2026-11-24T06:00:00Z")), at(0)),
        scene("outlived", Rule::DatesDisagree, day("2026-11-22", Watched::good()), at(0)),
        scene("two dates", Rule::DatesDisagree, day("2026-12-15", ending(end)), at(0)),
        scene(
            "no end",
            Rule::DatesDisagree,
            day("2026-12-15", Watched::good().now_with(-2, |f| f.end = ReportedEnd::Never)),
            at(0),
        ),
        scene(
            "an end",
            Rule::DatesDisagree,
            ending(end).keyed(|key| key.declared = Some(declared(None))),
            at(0),
        ),
        scene(
            "old",
            Rule::Age,
            Watched::good().now_with(-2, |f| f.created_at = Some(at(-400 * 1440))),
            at(0),
        ),
    ]);
    let mut gone =
        scene("date taken back", Rule::Expiry, day("2026-11-30", Watched::good()), at(0));
    gone.watched.key.declared = None;
    scenes.push(gone);
    scenes
}

pub(super) fn rights_and_addresses() -> Vec<Scene> {
    let with = |power, name: &'static str| {
        Watched::good().now_with(-2, |facts| facts.permissions.0.extend(rights(&[(power, name)]).0))
    };
    let accepted = |watched: Watched| {
        let facts = watched.last_good.clone().unwrap().facts;
        watched.keyed(|key| key.baseline = Some(Baseline { facts, at: at(-1440), by: None }))
    };
    let listed = |list: &[&str]| {
        let binding = bound(list);
        Watched::good().now_with(-2, |facts| facts.binding = binding)
    };
    let gained = Rule::PermissionGained;
    let now = at(5);
    vec![
        scene("withdraw", gained, with(Power::Withdraw, "Withdrawal"), now),
        scene("transfer", gained, with(Power::Transfer, "InnerTransfer"), now),
        scene("unknown", gained, with(Power::Unknown, "Teleport"), now),
        scene("trade", gained, with(Power::Trade, "Futures"), now),
        scene(
            "withdraw, unbound, secret dropped",
            gained,
            unbound(with(Power::Withdraw, "Withdrawal")).keyed(|key| key.state = KeyState::Refused),
            now,
        ),
        scene("withdraw", Rule::CanMove, accepted(with(Power::Withdraw, "Withdrawal")), now),
        scene("transfer", Rule::CanMove, accepted(with(Power::Transfer, "InnerTransfer")), now),
        scene(
            "trade",
            Rule::PermissionLost,
            unbound(Watched::good())
                .now_with(-2, |f| f.permissions = rights(&[(Power::Read, "General")])),
            now,
        ),
        scene(
            "one of two",
            Rule::PermissionLost,
            accepted(with(Power::Trade, "Futures"))
                .now_with(-2, |f| f.permissions = facts().permissions),
            now,
        ),
        scene(
            "to read",
            Rule::PermissionLost,
            refused(Fault::NotAllowed, "400007", Watched::good()),
            at(12),
        ),
        scene("another", Rule::IpChanged, listed(&["198.51.100.7"]), now),
        scene("unbound", Rule::IpChanged, unbound(Watched::good()), now),
        scene(
            "bound",
            Rule::IpChanged,
            accepted(unbound(Watched::good())).now_with(-2, |f| f.binding = bound(&["203.**.154"])),
            now,
        ),
        scene("trades", Rule::NoIp, unbound(Watched::good()), now),
    ]
}

pub(super) fn blindness() -> Vec<Scene> {
    let blind = |fault, code| refused(fault, code, Watched::good());
    let here = |w: Watched| w.keyed(|key| key.co_located = true);
    let one = |name: &str, watched| scene(name, Rule::Blind, watched, at(12));
    let mut scenes = vec![
        one("address", blind(Fault::IpRefused, "400006")),
        one("address, bot beside us", here(blind(Fault::IpRefused, "400006"))),
        one("region", blind(Fault::RegionRefused, "400302")),
        one("clock", blind(Fault::ClockSkew, "400002")),
        one("network", blind(Fault::Network, "")),
        one("down", blind(Fault::ExchangeDown, "503000")),
        one("too many requests", blind(Fault::RateLimited, "429000")),
        one("request", blind(Fault::OurRequest, "400001")),
        one("stored secret", blind(Fault::Unopened, "")),
        one("never worked", refused(Fault::Network, "", Watched::new(key()))),
    ];
    for (word, keys, known_bad) in [
        ("no answer", 41, 0),
        ("address", 20, 1),
        ("region", 41, 0),
        ("clock", 41, 0),
        ("request", 41, 0),
        ("stored secret", 41, 0),
    ] {
        let found = Finding::proven(Severity::Warning, [word.to_owned()]);
        let subject = Subject::Exchange(Exchange::Kucoin, Site::Global);
        scenes.push(Scene {
            name: format!("exchange ({word})"),
            watched: Watched::new(key()),
            alert: alert(Rule::Blind, subject, &found, at(2)),
            fleet: Some(FleetCount { keys, of: 41, known_bad, last_good_at: Some(at(-2)) }),
            now: at(12),
            replaced: None,
            policy: Policy::default(),
        });
    }
    scenes
}

pub(super) fn leaks() -> Vec<Scene> {
    let called = |watched: Watched| {
        let leak = Leak { by: Clean::new("Kim", 20), at: at(2), called_off: None };
        watched.keyed(|key| key.leaked = Some(leak))
    };
    let gone = bad(Fault::NotKnown, "400003");
    let one = |name: &str, watched| scene(name, Rule::Exposed, called(watched), at(5));
    vec![
        one("still accepted", Watched::good()),
        one("reads only", reader(Watched::good())),
        one("refused once", Watched::good().see(gone.clone(), at(4))),
        one("no answer", Watched::good().see(bad(Fault::Network, ""), at(4))),
        one("never accepted here", Watched::new(key()).see(gone.clone(), at(4))),
        one("secret dropped", Watched::good().keyed(|key| key.state = KeyState::Refused)),
        scene("wanted", Rule::Rejected, called(Watched::good()).see_at(&gone, &[3, 4]), at(5)),
    ]
}

pub(super) fn all() -> Vec<Scene> {
    [refusals(), dates(), rights_and_addresses(), blindness(), leaks()]
        .into_iter()
        .flatten()
        .collect()
}
