//! Tables of what each rule sees: a row is a situation, the minute at which it is judged, and the
//! signal. A rule that sees the wrong thing wakes people for nothing or lets them sleep.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::alert::{Alert, Cause, Subject};
use super::super::evidence::{Fault, Outcome, Streak};
use super::super::expiry::Stage;
use super::super::facts::{Binding, ReportedEnd};
use super::super::judge::{Case, judge};
use super::super::key::{Baseline, DeclaredEnd, Watch};
use super::super::permission::{Allow, Power};
use super::super::samples::{Watched, alert, at, bad, bound, declared, facts, key, rights, utc};
use super::super::signal::{Finding, Severity, What};
use super::super::verdict::{Verdict, verdict};
use super::*;

/// A signal in one line: "absent", "nothing", "critical 400003", "weak critical 400003".
fn words(watched: &Watched, rule: Rule, now: DateTime<Utc>) -> String {
    match watched.examined(rule, now).signal {
        Signal::Absent => "absent".into(),
        Signal::NotEvaluated => "nothing".into(),
        Signal::Present(found) => {
            let weak = if found.ripe { "" } else { "weak " };
            let stage = found.stage.map(|s| format!(" {}", s.id())).unwrap_or_default();
            let items: Vec<&str> = found.items.iter().map(String::as_str).collect();
            let items = items.join(", ");
            format!("{weak}{}{stage} {items}", found.severity.id()).trim_end().to_owned()
        }
    }
}

type Row<'a> = (&'a str, Watched, DateTime<Utc>, &'a str);

fn hold(rule: Rule, table: impl IntoIterator<Item = Row<'static>>) {
    for (name, watched, now, expected) in table {
        assert_eq!(words(&watched, rule, now), expected, "{}: {name}", rule.id());
    }
}

fn refused(minutes: &[i64]) -> Watched {
    Watched::good().see_at(&bad(Fault::NotKnown, "400003"), minutes)
}

fn no_answer() -> Outcome {
    bad(Fault::Network, "")
}

fn ending(end: ReportedEnd) -> Watched {
    Watched::good().now_with(-2, |facts| facts.end = end)
}

fn told(end: DeclaredEnd, watched: Watched) -> Watched {
    watched.keyed(|key| key.declared = Some(declared(Some(end))))
}

fn day(text: &str) -> DeclaredEnd {
    DeclaredEnd::Day(text.parse().unwrap())
}

fn date_only(end: DeclaredEnd) -> Watched {
    told(end, Watched::new(key()).keyed(|key| key.watch = Watch::Declared))
}

fn accepted(watched: Watched) -> Watched {
    let facts = watched.last_good.clone().unwrap().facts;
    watched.keyed(|key| key.baseline = Some(Baseline { facts, at: at(-1440), by: None }))
}

fn with_right(power: Power, name: &str) -> Watched {
    let extra = rights(&[(power, name)]);
    Watched::good().now_with(-2, |facts| facts.permissions.0.extend(extra.0))
}

#[test]
fn expiry_is_judged_from_the_last_good_answer_and_the_dates_of_people() {
    let end = utc("2026-11-30T13:00:00Z");
    let reported = || ending(ReportedEnd::At(end));
    let silent = || reported().see(no_answer(), at(0));
    let declared_day = || told(day("2026-11-30"), Watched::good());
    hold(
        Rule::Expiry,
        vec![
            ("reported, far", reported(), end - TimeDelta::days(31), "absent"),
            ("reported, 30", reported(), end - TimeDelta::days(30), "notice 30"),
            ("reported, 14", reported(), end - TimeDelta::days(14), "notice 14"),
            ("reported, 7", reported(), at(0), "warning 7"),
            ("reported, 3", reported(), end - TimeDelta::days(3), "warning 3"),
            ("reported, 1", reported(), end - TimeDelta::hours(24), "warning 1"),
            ("reported, today", reported(), utc("2026-11-29T23:00:00Z"), "warning today"),
            ("reported, past", reported(), end, "critical past"),
            ("while the exchange is silent", silent(), end, "critical past"),
            (
                "a day lasts until 24:00",
                declared_day(),
                utc("2026-11-30T22:59:59Z"),
                "warning today",
            ),
            (
                "a day is past at 24:00",
                declared_day(),
                utc("2026-11-30T23:00:00Z"),
                "critical past",
            ),
            ("an instant", told(DeclaredEnd::Instant(end), Watched::good()), end, "critical past"),
            ("a date alone", date_only(day("2026-11-30")), at(0), "warning 7"),
            ("a date alone, past", date_only(day("2026-11-22")), at(0), "critical past"),
            (
                "the exchange's date beats yours",
                told(day("2026-12-30"), reported()),
                at(0),
                "warning 7",
            ),
            ("outlived", told(day("2026-11-22"), Watched::good()), at(0), "absent"),
            ("never, says the exchange", ending(ReportedEnd::Never), at(0), "absent"),
            (
                "never, say you",
                Watched::good().keyed(|k| k.declared = Some(declared(None))),
                at(0),
                "absent",
            ),
            ("nobody said anything", Watched::good(), at(0), "nothing"),
            ("never asked", Watched::new(key()), at(0), "nothing"),
        ],
    );
}

#[test]
fn the_end_itself_is_asked_of_the_exchange_but_not_of_a_date() {
    let now = utc("2026-11-30T22:30:00Z");
    let next = |watched: Watched| watched.examined(Rule::Expiry, now).next.unwrap();
    let end = utc("2026-11-30T23:00:00Z");
    assert_eq!(next(told(day("2026-11-30"), Watched::good())), NextLook::probe(end));
    assert_eq!(next(date_only(day("2026-11-30"))), NextLook::judge(end));
}

#[test]
fn a_refusal_must_repeat_unless_a_passed_end_explains_it() {
    let past = ending(ReportedEnd::At(at(0))).see(bad(Fault::NotKnown, "400003"), at(1));
    let yours = told(DeclaredEnd::Instant(at(0)), refused(&[1]));
    let outlived = told(day("2026-11-22"), refused(&[1]));
    let broken_run =
        refused(&[0, 4]).see(no_answer(), at(6)).see_at(&bad(Fault::NotKnown, "400003"), &[8, 12]);
    hold(
        Rule::Rejected,
        vec![
            ("one answer", refused(&[0]), at(0), "weak critical 400003"),
            ("three in four minutes", refused(&[0, 1, 4]), at(4), "weak critical 400003"),
            ("two over ten minutes", refused(&[0, 10]), at(10), "weak critical 400003"),
            ("three over ten minutes", refused(&[0, 4, 10]), at(10), "critical 400003"),
            ("a run that something interrupted", broken_run, at(12), "weak critical 400003"),
            ("its end passed", past, at(1), "critical 400003"),
            ("your date passed", yours, at(1), "critical 400003"),
            ("outlived your date", outlived, at(1), "weak critical 400003"),
            (
                "no code",
                Watched::good().see(bad(Fault::NotKnown, ""), at(0)),
                at(0),
                "weak critical not_known",
            ),
            ("accepted", Watched::good(), at(0), "absent"),
            ("never asked", Watched::new(key()), at(0), "nothing"),
        ],
    );
    for fault in Fault::ALL.iter().copied().filter(|fault| *fault != Fault::NotKnown) {
        let seen = Watched::good().see_at(&bad(fault, "1"), &[0, 4, 10]);
        assert_eq!(words(&seen, Rule::Rejected, at(10)), "nothing", "{fault:?}");
    }
}

#[test]
fn three_presses_in_ten_seconds_are_one_look() {
    let press = |seconds| at(0) + TimeDelta::seconds(seconds);
    let run = [0, 5, 10].into_iter().fold(None, |run: Option<Streak>, seconds| {
        Some(Streak::extend(run.as_ref(), "not_known", press(seconds)))
    });
    let run = run.unwrap();
    assert_eq!((run.n, run.spread()), (1, TimeDelta::zero()));
    let run = Streak::extend(Some(&run), "not_known", press(45));
    assert_eq!((run.n, run.spread()), (2, TimeDelta::seconds(45)));
    assert_eq!(Streak::extend(Some(&run), "good", press(50)).n, 1);
}

#[test]
fn a_weak_answer_is_confirmed_after_1_4_and_10_minutes() {
    let faults = [
        (Rule::Rejected, Fault::NotKnown),
        (Rule::Credentials, Fault::WrongPassphrase),
        (Rule::Credentials, Fault::WrongSignature),
        (Rule::PermissionLost, Fault::NotAllowed),
        (Rule::Version, Fault::OldVersion),
    ];
    for (rule, fault) in faults {
        let (mut seen, mut minute, mut asked) = (Watched::good(), 0, Vec::new());
        loop {
            seen = seen.see(bad(fault, "1"), at(minute));
            let Some(next) = seen.examined(rule, at(minute)).next else { break };
            assert_eq!(next.what, What::Probe);
            minute = (next.at - at(0)).num_minutes();
            asked.push(minute);
        }
        assert_eq!(asked, [1, 4, 10], "{rule:?}");
        assert!(!words(&seen, rule, at(10)).starts_with("weak"), "{rule:?}");
    }
}

#[test]
fn credentials_are_weak_evidence_too() {
    let wrong = |fault, code, minutes: &[i64]| Watched::good().see_at(&bad(fault, code), minutes);
    hold(
        Rule::Credentials,
        vec![
            ("once", wrong(Fault::WrongPassphrase, "400004", &[0]), at(0), "weak critical 400004"),
            (
                "confirmed",
                wrong(Fault::WrongSignature, "400005", &[0, 4, 10]),
                at(10),
                "critical 400005",
            ),
            ("another fault", refused(&[0, 4, 10]), at(10), "nothing"),
            ("accepted", Watched::good(), at(0), "absent"),
        ],
    );
}

#[test]
fn what_the_exchange_says_of_the_account_needs_no_confirmation() {
    let once = |fault, code| Watched::good().see(bad(fault, code), at(0));
    hold(
        Rule::Account,
        vec![
            ("frozen", once(Fault::AccountFrozen, "411100"), at(0), "critical 411100"),
            ("identity", once(Fault::IdentityRequired, "400303"), at(0), "critical 400303"),
            (
                "region of the account",
                once(Fault::RegionForbidden, "400301"),
                at(0),
                "critical 400301",
            ),
            ("region of the caller", once(Fault::RegionRefused, "400302"), at(0), "nothing"),
            ("not known", refused(&[0]), at(0), "nothing"),
            ("accepted", Watched::good(), at(0), "absent"),
        ],
    );
}

#[test]
fn a_right_is_gained_or_lost_against_what_was_accepted() {
    let futures = || with_right(Power::Trade, "Futures");
    let fewer = || accepted(futures()).now_with(0, |f| f.permissions = facts().permissions);
    let unmeasured = || futures().keyed(|key| key.baseline = None);
    hold(
        Rule::PermissionGained,
        vec![
            ("the same", Watched::good(), at(0), "absent"),
            ("one more", futures(), at(0), "critical Futures"),
            (
                "allowed at the way in is no excuse",
                with_right(Power::Withdraw, "Withdrawal").keyed(|k| k.allow.withdraw = true),
                at(0),
                "critical Withdrawal",
            ),
            ("one less", fewer(), at(0), "absent"),
            ("no baseline", unmeasured(), at(0), "nothing"),
            ("no fresh answer", futures().see(no_answer(), at(0)), at(0), "nothing"),
        ],
    );
    hold(
        Rule::PermissionLost,
        vec![
            ("the same", Watched::good(), at(0), "absent"),
            ("one less", fewer(), at(0), "warning Futures"),
            ("one more", futures(), at(0), "absent"),
            ("no baseline", unmeasured(), at(0), "nothing"),
            (
                "may not ask about itself",
                Watched::good().see_at(&bad(Fault::NotAllowed, "400007"), &[0, 4, 10]),
                at(10),
                "warning 400007",
            ),
            ("no fresh answer", fewer().see(no_answer(), at(1)), at(1), "nothing"),
        ],
    );
}

#[test]
fn a_right_to_move_funds_is_said_unless_it_was_allowed() {
    let able =
        |power, name, allow| accepted(with_right(power, name)).keyed(|key| key.allow = allow);
    let none = Allow::default;
    hold(
        Rule::CanMove,
        vec![
            ("trades only", Watched::good(), at(0), "absent"),
            ("withdraws", able(Power::Withdraw, "Withdrawal", none()), at(0), "warning Withdrawal"),
            (
                "withdraws, allowed",
                able(Power::Withdraw, "Withdrawal", Allow { withdraw: true, ..none() }),
                at(0),
                "absent",
            ),
            (
                "transfers",
                able(Power::Transfer, "InnerTransfer", none()),
                at(0),
                "warning InnerTransfer",
            ),
            (
                "transfers, only withdrawing allowed",
                able(Power::Transfer, "InnerTransfer", Allow { withdraw: true, ..none() }),
                at(0),
                "warning InnerTransfer",
            ),
            ("unknown", able(Power::Unknown, "Teleport", none()), at(0), "warning Teleport"),
            (
                "unknown, allowed",
                able(Power::Unknown, "Teleport", Allow { unknown: true, ..none() }),
                at(0),
                "absent",
            ),
            (
                "gained later: another rule",
                with_right(Power::Withdraw, "Withdrawal"),
                at(0),
                "absent",
            ),
            (
                "no baseline yet",
                with_right(Power::Withdraw, "Withdrawal").keyed(|k| k.baseline = None),
                at(0),
                "warning Withdrawal",
            ),
            (
                "no fresh answer",
                able(Power::Withdraw, "Withdrawal", none()).see(no_answer(), at(0)),
                at(0),
                "nothing",
            ),
        ],
    );
}

#[test]
fn addresses_compare_as_the_text_that_the_exchange_prints() {
    let listed = |binding: Binding| Watched::good().now_with(-2, |facts| facts.binding = binding);
    let loose = || listed(Binding::Unbound);
    hold(
        Rule::IpChanged,
        vec![
            ("the same mask", listed(bound(&["203.**.154"])), at(0), "absent"),
            (
                "another mask",
                listed(bound(&["203.**.155"])),
                at(0),
                "warning +203.**.155, -203.**.154",
            ),
            ("one more", listed(bound(&["203.**.154", "198.**.7"])), at(0), "warning +198.**.7"),
            ("unbound now", loose(), at(0), "warning -203.**.154"),
            (
                "bound now",
                accepted(loose()).now_with(-2, |f| f.binding = bound(&["203.**.154"])),
                at(0),
                "warning +203.**.154",
            ),
            ("unknown now", listed(Binding::Unknown), at(0), "nothing"),
            (
                "unknown when accepted",
                accepted(listed(Binding::Unknown)).now_with(-2, |f| f.binding = Binding::Unbound),
                at(0),
                "nothing",
            ),
            ("no fresh answer", loose().see(no_answer(), at(0)), at(0), "nothing"),
        ],
    );
    let reads = |facts: &mut super::super::facts::Facts| {
        facts.permissions = rights(&[(Power::Read, "General")]);
    };
    hold(
        Rule::NoIp,
        vec![
            ("bound", Watched::good(), at(0), "absent"),
            ("unbound", loose(), at(0), "notice"),
            ("unbound, reads only", loose().now_with(-2, reads), at(0), "absent"),
            ("unbound, allowed", loose().keyed(|k| k.allow.no_ip = true), at(0), "absent"),
            ("unbound, accepted", loose().keyed(|k| k.accepted.no_ip = true), at(0), "absent"),
            ("unknown", listed(Binding::Unknown), at(0), "nothing"),
            ("no fresh answer", loose().see(no_answer(), at(0)), at(0), "nothing"),
        ],
    );
}

#[test]
fn version_and_age_are_notices_until_the_exchange_refuses() {
    let version = |n| Watched::good().now_with(-2, |facts| facts.version = n);
    hold(
        Rule::Version,
        vec![
            ("current", version(Some(3)), at(0), "absent"),
            ("old", version(Some(2)), at(0), "notice version 2"),
            (
                "old, accepted",
                version(Some(2)).keyed(|k| k.accepted.version = true),
                at(0),
                "absent",
            ),
            ("not said", version(None), at(0), "nothing"),
            (
                "refused once",
                Watched::good().see(bad(Fault::OldVersion, "400008"), at(0)),
                at(0),
                "weak critical 400008",
            ),
            (
                "refused",
                Watched::good().see_at(&bad(Fault::OldVersion, "400008"), &[0, 4, 10]),
                at(10),
                "critical 400008",
            ),
            ("no fresh answer", version(Some(2)).see(no_answer(), at(0)), at(0), "nothing"),
        ],
    );
    let aged = |days: i64| Watched::good().now_with(-2, |f| f.created_at = Some(at(-days * 1440)));
    hold(
        Rule::Age,
        vec![
            ("young", aged(364), at(0), "absent"),
            ("old", aged(365), at(0), "notice"),
            (
                "old, while the exchange is silent",
                aged(365).see(no_answer(), at(0)),
                at(0),
                "notice",
            ),
            (
                "accepted at 365",
                aged(700).keyed(|k| k.accepted.age_days = Some(365)),
                at(0),
                "absent",
            ),
            (
                "as long again",
                aged(730).keyed(|k| k.accepted.age_days = Some(365)),
                at(0),
                "notice",
            ),
            ("not said", Watched::good().now_with(-2, |f| f.created_at = None), at(0), "nothing"),
        ],
    );
    let next = aged(364).examined(Rule::Age, at(0)).next;
    assert_eq!(next, Some(NextLook::judge(at(1440))));
}

#[test]
fn dates_disagree_when_one_of_two_must_be_wrong() {
    let reported = || ending(ReportedEnd::At(utc("2026-11-30T13:00:00Z")));
    let never = || ending(ReportedEnd::Never);
    hold(
        Rule::DatesDisagree,
        vec![
            ("nobody declared", reported(), at(0), "absent"),
            ("the same day", told(day("2026-11-30"), reported()), at(0), "absent"),
            ("a day off", told(day("2026-12-01"), reported()), at(0), "absent"),
            ("two days off", told(day("2026-12-02"), reported()), at(0), "notice other date"),
            (
                "an instant a day off",
                told(DeclaredEnd::Instant(utc("2026-11-29T13:00:00Z")), reported()),
                at(0),
                "absent",
            ),
            (
                "no end, says the exchange",
                told(day("2026-11-30"), never()),
                at(0),
                "notice exchange says no end",
            ),
            (
                "no end, say you",
                reported().keyed(|k| k.declared = Some(declared(None))),
                at(0),
                "notice exchange says an end",
            ),
            (
                "both say no end",
                never().keyed(|k| k.declared = Some(declared(None))),
                at(0),
                "absent",
            ),
            ("yours alone, ahead", told(day("2026-11-30"), Watched::good()), at(0), "absent"),
            (
                "yours alone, outlived",
                told(day("2026-11-22"), Watched::good()),
                at(0),
                "notice outlived",
            ),
            (
                "yours alone, past and silent",
                told(day("2026-11-23"), Watched::good()),
                at(1440),
                "absent",
            ),
            ("a date alone", date_only(day("2026-11-22")), at(0), "nothing"),
        ],
    );
}

#[test]
fn blindness_has_a_word_and_is_grave_only_beside_the_bot() {
    let blind = |fault| Watched::good().see_at(&bad(fault, ""), &[0, 4, 10]);
    let here = |watched: Watched| watched.keyed(|key| key.co_located = true);
    let turns = Watched::good()
        .see(bad(Fault::Network, ""), at(0))
        .see(bad(Fault::RateLimited, ""), at(5))
        .see(bad(Fault::ExchangeDown, ""), at(10));
    hold(
        Rule::Blind,
        vec![
            ("address", blind(Fault::IpRefused), at(10), "warning address"),
            ("address, beside the bot", here(blind(Fault::IpRefused)), at(10), "critical address"),
            ("region, beside the bot", here(blind(Fault::RegionRefused)), at(10), "warning region"),
            ("clock", blind(Fault::ClockSkew), at(10), "warning clock"),
            ("request", blind(Fault::OurRequest), at(10), "warning request"),
            (
                "stored secret, once",
                Watched::good().see(bad(Fault::Unopened, ""), at(0)),
                at(0),
                "warning stored secret",
            ),
            ("taking turns", turns, at(10), "warning no answer"),
            ("once", Watched::good().see(no_answer(), at(0)), at(0), "weak warning no answer"),
            ("refused is not blind", refused(&[0, 4, 10]), at(10), "absent"),
            ("sees", Watched::good(), at(0), "absent"),
            ("never asked", Watched::new(key()), at(0), "nothing"),
        ],
    );
    for fault in Fault::ALL.iter().copied() {
        let about_probe = fault.about() == super::super::evidence::About::Probe;
        assert_eq!(blind_word(fault).is_some(), about_probe, "{fault:?}");
    }
}

#[test]
fn a_clock_in_doubt_teaches_nothing() {
    let mut past =
        ending(ReportedEnd::At(at(0))).see_at(&bad(Fault::NotKnown, "400003"), &[0, 4, 10]);
    past.clock_in_doubt = true;
    for rule in Rule::ALL.iter().copied() {
        let examined = past.examined(rule, at(10));
        assert_eq!((examined.signal, examined.next), (Signal::NotEvaluated, None), "{rule:?}");
    }
}

#[test]
fn what_breaks_a_key_covers_its_lesser_troubles_but_never_a_theft() {
    use Rule::{
        Account, Age, Blind, CanMove, Credentials, DatesDisagree, Expiry, Exposed, IpChanged, NoIp,
        PermissionGained, PermissionLost, Rejected, Version,
    };
    let lesser = [Expiry, PermissionLost, Version, NoIp, DatesDisagree, Age, Blind];
    let table = [
        (Rejected, [&lesser[..], &[Account, Credentials]].concat()),
        (Account, [&lesser[..], &[Credentials]].concat()),
        (Credentials, lesser.to_vec()),
        (Exposed, vec![Rejected]),
    ];
    for greater in Rule::ALL.iter().copied() {
        let covered: Vec<Rule> =
            table.iter().filter(|(g, _)| *g == greater).flat_map(|(_, l)| l.clone()).collect();
        for rule in Rule::ALL.iter().copied() {
            assert_eq!(
                greater.covers(rule),
                covered.contains(&rule),
                "{greater:?} covers {rule:?}"
            );
        }
        assert!(![PermissionGained, IpChanged, CanMove].iter().any(|theft| greater.covers(*theft)));
    }
}

fn judged(
    watched: &Watched,
    alerts: &[Alert],
    now: DateTime<Utc>,
) -> super::super::judge::Judgement {
    let policy = Policy::default();
    judge(Case { evidence: &watched.evidence(), alerts, policy: &policy, cause: Cause::Look, now })
}

#[test]
fn a_judgement_says_when_to_ask_and_when_to_judge_again() {
    let weak = judged(&refused(&[0]), &[], at(0));
    assert_eq!(weak.next_probe, Some(at(1)));
    let end = utc("2026-11-30T13:00:00Z");
    let near = judged(&ending(ReportedEnd::At(end)), &[], at(0));
    assert_eq!((near.next_probe, near.next_judge), (None, Some(end - TimeDelta::days(3))));
    let today = judged(&ending(ReportedEnd::At(end)), &[], end - TimeDelta::hours(1));
    assert_eq!(today.next_probe, Some(end));
    let gone = judged(&refused(&[0, 4, 10]), &[], at(10));
    assert_eq!(gone.next_judge, Some(at(25)), "the first reminder");
    assert_eq!(gone.steps.iter().map(|(rule, _)| *rule).collect::<Vec<_>>(), [Rule::Rejected]);
}

#[test]
fn the_verdict_is_the_first_that_applies() {
    let interval = TimeDelta::minutes(5);
    let open = |rule, severity, stage: Option<Stage>| {
        let found = Finding { stage, ..Finding::proven(severity, []) };
        alert(rule, Subject::Key(key().id), &found, at(0))
    };
    let none = Vec::new;
    let past = || open(Rule::Expiry, Severity::Critical, Some(Stage::Past));
    let soon = || open(Rule::Expiry, Severity::Warning, Some(Stage::Days(7)));
    let gone = || open(Rule::Rejected, Severity::Critical, None);
    let blind = || open(Rule::Blind, Severity::Warning, None);
    let leaked = || open(Rule::Exposed, Severity::Critical, None);
    let no_end = || Watched::new(key()).keyed(|key| key.watch = Watch::Declared);
    let table = [
        ("fine", Watched::good(), none(), at(0), Verdict::Healthy),
        ("rejected and soon", Watched::good(), vec![soon(), gone()], at(0), Verdict::Broken),
        (
            "frozen",
            Watched::good(),
            vec![open(Rule::Account, Severity::Critical, None)],
            at(0),
            Verdict::Broken,
        ),
        ("past", Watched::good(), vec![past()], at(0), Verdict::Broken),
        ("leaked", Watched::good(), vec![leaked(), soon()], at(0), Verdict::Broken),
        ("soon", Watched::good(), vec![soon()], at(0), Verdict::Attention),
        ("blind, seen lately", Watched::good(), vec![blind()], at(0), Verdict::Unknown),
        (
            "no answer once",
            Watched::good().see(no_answer(), at(0)),
            none(),
            at(0),
            Verdict::Unknown,
        ),
        ("blind for long", Watched::good(), vec![blind()], at(14), Verdict::Unknown),
        ("blind and soon", Watched::good(), vec![blind(), soon()], at(60), Verdict::Attention),
        ("never seen", Watched::new(key()), none(), at(0), Verdict::Unknown),
        ("a date", date_only(day("2027-11-30")), none(), at(0), Verdict::Healthy),
        ("a date that nobody told", no_end(), none(), at(0), Verdict::Unknown),
    ];
    for (name, watched, alerts, now, expected) in table {
        assert_eq!(verdict(&watched.evidence(), &alerts, interval, now), expected, "{name}");
    }
}
