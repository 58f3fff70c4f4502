//! Every text that can be sent, held against the rules of the voice and kept as snapshots, so that
//! a change of wording is read as a text and not as code.

use std::fmt::Write as _;

use chrono::Datelike as _;
use chrono::TimeDelta;

use super::super::alert::{Ack, Alert, Subject};
use super::super::card::{Span, Tone};
use super::super::evidence::{Fault, Outcome};
use super::super::facts::{Binding, Exchange, ReportedEnd, Site};
use super::super::id::{AlertId, MessageId};
use super::super::key::{Baseline, DeclaredEnd, KeyState, Watch};
use super::super::permission::Power;
use super::super::policy::Policy;
use super::super::samples::{
    Watched, ZONE, alert, at, bad, bound, declared, facts, key, rights, utc,
};
use super::super::signal::{Finding, Severity, Signal};
use super::super::text::Clean;
use super::*;

/// One situation.
struct Scene {
    name: String,
    watched: Watched,
    alert: Alert,
    fleet: Option<FleetCount>,
    now: chrono::DateTime<chrono::Utc>,
    policy: Policy,
}

impl Scene {
    fn view(&self, kind: Kind) -> View<'_> {
        let is_fleet = self.fleet.is_some();
        View {
            alert: &self.alert,
            kind,
            key: (!is_fleet).then_some(&self.watched.key),
            last_good: self.watched.last_good.as_ref(),
            latest: self.watched.latest.as_ref(),
            streak: self.watched.streak.as_ref(),
            fleet: self.fleet,
            policy: &self.policy,
            zone: ZONE,
            now: self.now,
        }
    }

    /// The same situation after a transition of this kind.
    fn after(&self, kind: Kind) -> Self {
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
        Self { name, watched, alert, fleet: self.fleet, now, policy: self.policy.clone() }
    }
}

/// A situation whose finding the rule itself makes at `minute`.
fn scene(name: &str, rule: Rule, watched: Watched, now: chrono::DateTime<chrono::Utc>) -> Scene {
    let Signal::Present(found) = watched.examined(rule, now).signal else {
        panic!("{name}: {rule:?} finds nothing");
    };
    assert!(found.ripe, "{name}");
    let alert = alert(rule, Subject::Key(watched.key.id.clone()), &found, at(2).min(now));
    let name = format!("{} ({name})", rule.id());
    Scene { name, watched, alert, fleet: None, now, policy: Policy::default() }
}

fn refused(fault: Fault, code: &str, before: Watched) -> Watched {
    before.see_at(&bad(fault, code), &[2, 3, 6, 12])
}

fn ending(text: &str) -> Watched {
    Watched::good().now_with(-2, |facts| facts.end = ReportedEnd::At(utc(text)))
}

fn day(text: &str, watched: Watched) -> Watched {
    watched
        .keyed(|key| key.declared = Some(declared(Some(DeclaredEnd::Day(text.parse().unwrap())))))
}

fn reader(watched: Watched) -> Watched {
    let only = |facts: &mut super::super::facts::Facts| {
        facts.permissions = rights(&[(Power::Read, "General")]);
    };
    let watched = watched.now_with(-2, only);
    let now = watched.last_good.clone().unwrap().facts;
    watched.keyed(|key| key.baseline = Some(Baseline { facts: now, at: at(-1440), by: None }))
}

fn date_only(text: &str) -> Watched {
    let watched = Watched::new(key()).keyed(|key| {
        key.watch = Watch::Declared;
        key.baseline = None;
    });
    day(text, watched)
}

fn unbound(watched: Watched) -> Watched {
    watched.now_with(-2, |facts| facts.binding = Binding::Unbound)
}

fn refusals() -> Vec<Scene> {
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

fn dates() -> Vec<Scene> {
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
    scenes.extend([
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

fn rights_and_addresses() -> Vec<Scene> {
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

fn blindness() -> Vec<Scene> {
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
        one("never worked", refused(Fault::Network, "", Watched::new(key()))),
    ];
    for (word, keys, known_bad) in [
        ("no answer", 41, 0),
        ("address", 20, 1),
        ("region", 41, 0),
        ("clock", 41, 0),
        ("request", 41, 0),
    ] {
        let found = Finding::proven(Severity::Warning, [word.to_owned()]);
        let subject = Subject::Exchange(Exchange::Kucoin, Site::Global);
        scenes.push(Scene {
            name: format!("exchange ({word})"),
            watched: Watched::new(key()),
            alert: alert(Rule::Blind, subject, &found, at(2)),
            fleet: Some(FleetCount { keys, of: 41, known_bad, last_good_at: Some(at(-2)) }),
            now: at(12),
            policy: Policy::default(),
        });
    }
    scenes
}

fn all() -> Vec<Scene> {
    [refusals(), dates(), rights_and_addresses(), blindness()].into_iter().flatten().collect()
}

const KINDS: [Kind; 11] = [
    Kind::Opened,
    Kind::Worse,
    Kind::Reminder,
    Kind::Better,
    Kind::Acknowledged,
    Kind::Undone,
    Kind::Lapsed,
    Kind::Clearing,
    Kind::NotOver,
    Kind::Resolved,
    Kind::BackAgain,
];

// The plainest of renderers.

fn line(line: &Line, now: chrono::DateTime<chrono::Utc>) -> String {
    let local = now.with_timezone(&ZONE);
    let span = |span: &Span| match span {
        Span::Text(text) | Span::Code(text) => text.clone(),
        Span::Name(name) => name.to_string(),
        Span::Moment(at, grain) => {
            let at = at.with_timezone(&ZONE);
            let year = if at.year() == local.year() { "" } else { " %Y" };
            let pattern = match grain {
                Grain::Time if at.date_naive() == local.date_naive() => "%H:%M".to_owned(),
                Grain::Time | Grain::Minute => format!("%a %-d %b{year} %H:%M"),
                Grain::Day => format!("%a %-d %b{year}"),
            };
            at.format(&pattern).to_string()
        }
    };
    line.0.iter().map(span).collect()
}

fn plain(card: &Card, now: chrono::DateTime<chrono::Utc>) -> String {
    let mut out = String::new();
    let shaped =
        |tone: Tone, text: String| format!("{} {text}", tone.shape().replace('\u{FE0E}', ""));
    writeln!(out, "{}", shaped(card.tone, line(&card.title, now))).unwrap();
    for block in &card.body {
        match block {
            Block::Text(text) => writeln!(out, "{}", line(text, now)).unwrap(),
            Block::Item(tone, text) => writeln!(out, "{}", shaped(*tone, line(text, now))).unwrap(),
            Block::Steps(steps) => {
                for (n, step) in steps.iter().enumerate() {
                    writeln!(out, "{}. {}", n + 1, line(step, now)).unwrap();
                }
            }
        }
    }
    let labels: Vec<String> = card.buttons.iter().map(|b| format!("[{}]", b.label)).collect();
    if !labels.is_empty() {
        writeln!(out, "{}", labels.join(" ")).unwrap();
    }
    out
}

fn told(scene: &Scene, kind: Kind) -> String {
    let view = scene.view(kind);
    format!("--- {}\n{}", scene.name, plain(&compose(&view), scene.now))
}

fn read(scenes: &[Scene]) -> String {
    scenes.iter().map(|scene| told(scene, Kind::Opened)).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_reader_sees_every_opening_text() {
    insta::assert_snapshot!("refused", read(&refusals()));
    insta::assert_snapshot!("dates", read(&dates()));
    insta::assert_snapshot!("rights_and_addresses", read(&rights_and_addresses()));
    insta::assert_snapshot!("blind", read(&blindness()));
}

/// The first scene of each rule, and the exchange's.
fn one_of_each() -> Vec<Scene> {
    let mut seen = std::collections::BTreeSet::new();
    all().into_iter().filter(|s| seen.insert((s.alert.rule, s.fleet.is_some()))).collect()
}

#[test]
fn a_reader_sees_what_becomes_of_each() {
    let mut out = String::new();
    for scene in one_of_each() {
        for kind in [Kind::Reminder, Kind::Acknowledged, Kind::Clearing, Kind::Resolved] {
            let after = scene.after(kind);
            writeln!(out, "{}", told(&after, kind)).unwrap();
        }
    }
    insta::assert_snapshot!("later", out);
    let mut out = String::new();
    for kind in KINDS {
        writeln!(out, "{}", told(&refusals()[0].after(kind), kind)).unwrap();
    }
    insta::assert_snapshot!("one_alert_through_all_kinds", out);
}

#[test]
fn a_reader_sees_how_each_ends() {
    let mut out = String::new();
    let mut tell = |scene: Scene| writeln!(out, "{}", told(&scene, Kind::Resolved)).unwrap();
    let renewed = |end| {
        let mut scene = dates().remove(2).after(Kind::Resolved);
        scene.watched = scene.watched.now_with(60, |facts| facts.end = end);
        scene
    };
    tell(renewed(ReportedEnd::At(utc("2027-02-28T13:00:00Z"))));
    tell(renewed(ReportedEnd::Never));
    let mut outlived = dates().remove(10).after(Kind::Resolved);
    outlived.now = utc("2026-12-01T13:00:00Z");
    outlived.watched = outlived.watched.see(Outcome::Good(facts()), outlived.now);
    tell(outlived);
    let by = Some(Clean::new("Kim", 20));
    for (n, accepted) in [(0, true), (0, false), (10, true), (10, false)] {
        let mut scene = rights_and_addresses().remove(n).after(Kind::Resolved);
        if accepted {
            let by = by.clone();
            scene.watched.key.baseline = Some(Baseline { facts: facts(), at: at(20), by });
        }
        tell(scene);
    }
    let mut refused = blindness().remove(4).after(Kind::Resolved);
    refused.watched = refused.watched.see(bad(Fault::NotKnown, "400003"), at(60));
    tell(refused);
    insta::assert_snapshot!("endings", out);
}

#[test]
fn a_reader_sees_lists_and_groups() {
    let mut scenes = all();
    scenes[10] = scenes[10].after(Kind::Acknowledged);
    let mut out = String::new();
    for scene in &scenes {
        let (tone, text) = headline(&scene.view(Kind::Opened));
        let shape = tone.shape().replace('\u{FE0E}', "");
        writeln!(out, "{shape} {}", line(&text, scene.now)).unwrap();
    }
    insta::assert_snapshot!("headlines", out);
    let message = MessageId("m1".into());
    let few: Vec<View<'_>> = [18, 0, 31].map(|n| scenes[n].view(Kind::Opened)).into();
    let many: Vec<View<'_>> = scenes.iter().map(|s| s.view(Kind::Opened)).collect();
    let over: Vec<Scene> = refusals().iter().take(2).map(|s| s.after(Kind::Resolved)).collect();
    let over: Vec<View<'_>> = over.iter().map(|s| s.view(Kind::Resolved)).collect();
    let groups = [few, many, over].map(|views| plain(&compose_group(&views, &message), at(12)));
    insta::assert_snapshot!("groups", groups.join("\n"));
}

/// What nobody wants to read at night.
const BANNED: [&str; 10] = [
    "simply",
    "just",
    "please",
    "obviously",
    "unfortunately",
    "sorry",
    "oops",
    "fix it",
    "easy",
    "don't worry",
];

fn has_a_step(card: &Card, text: &str) -> bool {
    let says = [
        "Next",
        "No step needed",
        "Delete the key at KuCoin now",
        "do not replace keys now",
        "/faq",
    ];
    card.body.iter().any(|b| matches!(b, Block::Steps(steps) if !steps.is_empty()))
        || says.iter().any(|words| text.contains(words))
}

#[test]
fn every_card_keeps_the_rules_of_the_voice() {
    for scene in all() {
        for kind in KINDS {
            let scene = scene.after(kind);
            let card = compose(&scene.view(kind));
            let text = plain(&card, scene.now);
            let first = text.lines().next().unwrap_or_default().chars().count();
            let name = &scene.name;
            assert!(first <= 80, "{name}: first line has {first}\n{text}");
            assert!(text.chars().count() <= 700, "{name}: too long\n{text}");
            assert!(has_a_step(&card, &text), "{name}: no step\n{text}");
            let words = text.to_lowercase();
            let words: Vec<&str> =
                words.split(|c: char| !c.is_alphanumeric() && c != '\'').collect();
            for banned in BANNED {
                let is_there =
                    words.windows(banned.split(' ').count()).any(|w| w.join(" ") == banned);
                assert!(!is_there, "{name}: {banned}\n{text}");
            }
            assert!(
                !text.contains('!') && !text.contains("  ") && !text.contains(".."),
                "{name}\n{text}"
            );
            assert!(card.buttons.len() <= 3, "{name}: buttons\n{text}");
            let is_over = kind == Kind::Resolved;
            assert_eq!(is_over, card.tone == Tone::Over, "{name}");
            assert_eq!(
                is_over,
                card.buttons.is_empty(),
                "{name}: an open alert can be taken\n{text}"
            );
        }
    }
}

#[test]
fn somebody_elses_words_are_never_ours() {
    let foreign = [
        "mm-bot-1",
        "fra-2",
        "Kim",
        "kim",
        "Withdrawal",
        "Teleport",
        "InnerTransfer",
        "Futures",
        "198",
        "203.",
    ];
    for scene in all() {
        for kind in KINDS {
            let scene = scene.after(kind);
            let card = compose(&scene.view(kind));
            let lines = card.body.iter().flat_map(|block| match block {
                Block::Text(line) | Block::Item(_, line) => vec![line],
                Block::Steps(lines) => lines.iter().collect(),
            });
            for span in lines.chain([&card.title]).flat_map(|line| &line.0) {
                if let Span::Text(text) = span {
                    assert!(
                        !foreign.iter().any(|word| text.contains(word)),
                        "{}: {text}",
                        scene.name
                    );
                }
            }
        }
    }
}

#[test]
fn an_acknowledged_alert_offers_undo_and_an_open_one_to_take_it() {
    let id = AlertId("a1".into());
    for scene in all() {
        let (open, taken) = (scene.after(Kind::Opened), scene.after(Kind::Acknowledged));
        let has = |scene: &Scene, kind, action: &Action| {
            compose(&scene.view(kind)).buttons.iter().any(|button| button.action == *action)
        };
        let (mine, undo) =
            (Action::Acknowledge { alert: id.clone() }, Action::Undo { alert: id.clone() });
        assert!(
            has(&open, Kind::Opened, &mine) && !has(&open, Kind::Opened, &undo),
            "{}",
            scene.name
        );
        let kind = Kind::Acknowledged;
        assert!(has(&taken, kind, &undo) && !has(&taken, kind, &mine), "{}", scene.name);
    }
}

#[test]
fn the_money_comes_first_for_a_trading_key_that_is_refused() {
    for scene in refusals() {
        let view = scene.view(Kind::Opened);
        // What never worked here may be a slip of the fingers here.
        let may_be_ours = scene.alert.rule == Rule::Credentials && view.last_good.is_none();
        if view.trades() != Some(true)
            || may_be_ours
            || scene.alert.state.severity != Severity::Critical
        {
            continue;
        }
        let card = compose(&view);
        let steps = card.body.iter().find_map(|block| match block {
            Block::Steps(steps) => Some(steps),
            Block::Text(_) | Block::Item(..) => None,
        });
        let first = steps.and_then(|steps| steps.first()).map(|step| line(step, scene.now));
        assert_eq!(
            first.as_deref(),
            Some("Check open positions and orders by hand."),
            "{}",
            scene.name
        );
    }
}

#[test]
fn steps_lead_to_the_most_exact_entry() {
    let topics: Vec<(String, &str)> =
        all().iter().map(|s| (s.name.clone(), topic(&s.view(Kind::Opened)))).collect();
    let mut out = String::new();
    for (name, topic) in topics {
        writeln!(out, "{name}: {topic}").unwrap();
    }
    insta::assert_snapshot!("topics", out);
}
