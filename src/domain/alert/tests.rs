//! Every phase meets every signal; each row names what must happen and why.

use super::super::signal::{Finding, Signal};
use super::*;

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + minutes * 60, 0).unwrap()
}

fn found(severity: Severity, items: &[&str]) -> Finding {
    Finding::proven(severity, items.iter().map(|s| (*s).to_owned()))
}

fn asked(rule: Rule, minutes: i64) -> Asked {
    Asked { rule, cause: Cause::Look, now: at(minutes) }
}

fn state_of(step: &Step) -> State {
    match &step.change {
        Change::Quietly(state) | Change::Record(state, _) => state.clone(),
        Change::Keep | Change::Forget => panic!("no new state: {step:?}"),
    }
}

fn kind_of(step: &Step) -> Option<Kind> {
    match step.change {
        Change::Record(_, kind) => Some(kind),
        Change::Keep | Change::Forget | Change::Quietly(_) => None,
    }
}

/// A warning told at minute 0.
fn open_warning() -> State {
    state_of(&step(
        None,
        &Signal::Present(found(Severity::Warning, &["a"])),
        asked(Rule::IpChanged, 0),
    ))
}

fn acknowledged(state: &State, until: i64) -> State {
    let ack = Ack { by: Clean::new("kim", 20), at: at(1), until: at(until), reason: None };
    state_of(&acknowledge(state, ack).unwrap())
}

fn clearing(state: &State) -> State {
    state_of(&step(Some(state), &Signal::Absent, asked(Rule::IpChanged, 10)))
}

fn closed(state: &State) -> State {
    state_of(&step(Some(&clearing(state)), &Signal::Absent, asked(Rule::IpChanged, 12)))
}

fn pending() -> State {
    let weak = Finding { ripe: false, ..found(Severity::Warning, &["a"]) };
    state_of(&step(None, &Signal::Present(weak), asked(Rule::IpChanged, 0)))
}

const POST: Effect = Effect::Post { quiet: false };

/// Phase, signal, minute, transition, effect, reason.
type Row<'a> = (&'a str, Option<&'a State>, Signal, i64, Option<Kind>, Effect, &'a str);

#[test]
#[expect(clippy::too_many_lines, reason = "one table, read as one")]
fn every_phase_meets_every_signal() {
    let open = open_warning();
    let acked = acknowledged(&open, 60 * 24);
    let (clear_open, clear_acked) = (clearing(&open), clearing(&acked));
    let over = closed(&open);
    let unproven = pending();
    let same = || Signal::Present(found(Severity::Warning, &["a"]));
    let weak = || Signal::Present(Finding { ripe: false, ..found(Severity::Warning, &["a"]) });
    let worse = || Signal::Present(found(Severity::Warning, &["a", "b"]));
    let graver = || Signal::Present(found(Severity::Critical, &["a"]));
    let less = || Signal::Present(found(Severity::Notice, &["a"]));
    let (absent, nothing) = (Signal::Absent, Signal::NotEvaluated);
    let table: Vec<Row<'_>> = vec![
        ("none", None, absent.clone(), 0, None, Effect::Silent, "nothing wrong"),
        ("none", None, nothing.clone(), 0, None, Effect::Silent, "nothing known"),
        ("none", None, weak(), 0, None, Effect::Silent, "seen, looking again"),
        ("none", None, same(), 0, Some(Kind::Opened), POST, "opened"),
        ("pending", Some(&unproven), weak(), 5, None, Effect::Silent, "seen, looking again"),
        ("pending", Some(&unproven), same(), 5, Some(Kind::Opened), POST, "opened"),
        ("pending", Some(&unproven), absent.clone(), 5, None, Effect::Silent, "noise"),
        ("pending", Some(&unproven), nothing.clone(), 5, None, Effect::Silent, "nothing learned"),
        ("open", Some(&open), nothing.clone(), 5, None, Effect::Silent, "nothing learned"),
        ("open", Some(&open), same(), 5, None, Effect::Silent, "unchanged"),
        ("open", Some(&open), weak(), 5, None, Effect::Silent, "unchanged"),
        ("open", Some(&open), worse(), 5, Some(Kind::Worse), POST, "worse"),
        ("open", Some(&open), graver(), 5, Some(Kind::Worse), POST, "worse"),
        ("open", Some(&open), less(), 5, Some(Kind::Better), Effect::Edit, "better, not over"),
        (
            "open",
            Some(&open),
            absent.clone(),
            5,
            Some(Kind::Clearing),
            Effect::Edit,
            "clear once, looking again",
        ),
        ("acked", Some(&acked), nothing.clone(), 5, None, Effect::Silent, "nothing learned"),
        ("acked", Some(&acked), same(), 5, None, Effect::Silent, "acknowledged"),
        ("acked", Some(&acked), less(), 5, Some(Kind::Better), Effect::Edit, "better, not over"),
        (
            "acked",
            Some(&acked),
            worse(),
            5,
            Some(Kind::Worse),
            POST,
            "worse, acknowledgement lifted",
        ),
        (
            "acked",
            Some(&acked),
            same(),
            1440,
            Some(Kind::Lapsed),
            POST,
            "the acknowledgement has ended",
        ),
        (
            "acked",
            Some(&acked),
            nothing.clone(),
            1440,
            Some(Kind::Lapsed),
            POST,
            "the acknowledgement has ended",
        ),
        (
            "acked",
            Some(&acked),
            absent.clone(),
            5,
            Some(Kind::Clearing),
            Effect::Edit,
            "clear once, looking again",
        ),
        (
            "clearing",
            Some(&clear_open),
            nothing.clone(),
            12,
            None,
            Effect::Silent,
            "clearing, nothing learned",
        ),
        ("clearing", Some(&clear_open), same(), 12, Some(Kind::NotOver), Effect::Edit, "not over"),
        ("clearing", Some(&clear_open), worse(), 12, Some(Kind::Worse), POST, "worse"),
        (
            "clearing",
            Some(&clear_acked),
            worse(),
            12,
            Some(Kind::Worse),
            POST,
            "worse, acknowledgement lifted",
        ),
        (
            "clearing",
            Some(&clear_open),
            absent.clone(),
            10,
            None,
            Effect::Silent,
            "clearing, looked again too soon",
        ),
        (
            "clearing",
            Some(&clear_open),
            absent.clone(),
            12,
            Some(Kind::Resolved),
            Effect::Edit,
            "resolved",
        ),
        ("closed", Some(&over), same(), 60, Some(Kind::BackAgain), POST, "back within six hours"),
        ("closed", Some(&over), weak(), 60, None, Effect::Silent, "closed, not proven again"),
        ("closed", Some(&over), same(), 12 + 360, Some(Kind::Opened), POST, "opened"),
        ("closed", Some(&over), absent.clone(), 60, None, Effect::Silent, "nothing wrong"),
        ("closed", Some(&over), nothing.clone(), 60, None, Effect::Silent, "nothing known"),
    ];
    for (phase, state, signal, minute, kind, effect, reason) in table {
        let step = step(state, &signal, asked(Rule::IpChanged, minute));
        let row = format!("{phase} x {signal:?} at {minute}");
        assert_eq!((kind_of(&step), step.effect, step.reason), (kind, effect, reason), "{row}");
    }
    let back = state_of(&step(Some(&clear_acked), &same(), asked(Rule::IpChanged, 12)));
    assert!(back.ack().is_some(), "a clearing that was none gives the acknowledgement back");
}

#[test]
fn a_pending_alert_that_proves_noise_leaves_no_trace() {
    let step = step(Some(&pending()), &Signal::Absent, asked(Rule::Blind, 5));
    assert_eq!(step.change, Change::Forget);
}

#[test]
fn what_was_critical_or_blind_closes_with_one_quiet_line() {
    for (rule, severity, effect) in [
        (Rule::Rejected, Severity::Critical, Effect::Post { quiet: true }),
        (Rule::Blind, Severity::Warning, Effect::Post { quiet: true }),
        (Rule::IpChanged, Severity::Warning, Effect::Edit),
    ] {
        let signal = Signal::Present(found(severity, &["a"]));
        let open = state_of(&step(None, &signal, asked(rule, 0)));
        let once = state_of(&step(Some(&open), &Signal::Absent, asked(rule, 5)));
        let twice = step(Some(&once), &Signal::Absent, asked(rule, 10));
        assert_eq!((kind_of(&twice), twice.effect), (Some(Kind::Resolved), effect), "{rule:?}");
    }
}

#[test]
fn what_a_person_changed_closes_at_the_first_clear_look() {
    let person = Asked { rule: Rule::Rejected, cause: Cause::Person, now: at(5) };
    assert_eq!(
        kind_of(&step(Some(&open_warning()), &Signal::Absent, person)),
        Some(Kind::Resolved)
    );
}

#[test]
fn a_rule_that_asks_for_its_proof_itself_ends_at_its_first_clear_look() {
    let signal = Signal::Present(found(Severity::Critical, &["leaked"]));
    let open = state_of(&step(None, &signal, asked(Rule::Exposed, 0)));
    let dead = step(Some(&open), &Signal::Absent, asked(Rule::Exposed, 5));
    let quiet = Effect::Post { quiet: true };
    assert_eq!((kind_of(&dead), dead.effect), (Some(Kind::Resolved), quiet));
    let back = step(Some(&state_of(&dead)), &signal, asked(Rule::Exposed, 10));
    assert_eq!(kind_of(&back), Some(Kind::BackAgain));
}

#[test]
fn reminders_come_after_15_minutes_one_hour_four_hours_then_daily() {
    let signal = Signal::Present(found(Severity::Critical, &["400003"]));
    let mut state = state_of(&step(None, &signal, asked(Rule::Rejected, 0)));
    let mut told = Vec::new();
    for minute in 1..=3 * 1440 {
        let step = step(Some(&state), &signal, asked(Rule::Rejected, minute));
        if kind_of(&step) == Some(Kind::Reminder) {
            told.push(minute);
            state = state_of(&step);
        }
    }
    assert_eq!(told, [15, 60, 240, 1440, 2880, 4320]);
}

#[test]
fn a_past_end_is_repeated_daily_only_and_ten_days_of_absence_are_one_reminder() {
    let past = Finding { stage: Some(Stage::Past), ..found(Severity::Critical, &[]) };
    let signal = Signal::Present(past);
    let opened = step(None, &signal, asked(Rule::Expiry, 0));
    assert_eq!(opened.next, Some(NextLook::judge(at(1440))));
    let late = step(Some(&state_of(&opened)), &signal, asked(Rule::Expiry, 10 * 1440 + 30));
    assert_eq!(kind_of(&late), Some(Kind::Reminder));
    assert_eq!(late.next, Some(NextLook::judge(at(11 * 1440))));
    let again = step(Some(&state_of(&late)), &signal, asked(Rule::Expiry, 10 * 1440 + 31));
    assert_eq!(kind_of(&again), None);
}

#[test]
fn taking_turns_between_told_items_is_no_news() {
    let one = Signal::Present(found(Severity::Warning, &["a"]));
    let two = Signal::Present(found(Severity::Warning, &["b"]));
    let open = state_of(&step(None, &one, asked(Rule::Blind, 0)));
    let worse = step(Some(&open), &two, asked(Rule::Blind, 5));
    assert_eq!(kind_of(&worse), Some(Kind::Worse));
    let back = step(Some(&state_of(&worse)), &one, asked(Rule::Blind, 10));
    assert_eq!(kind_of(&back), None);
}

#[test]
fn an_acknowledgement_always_ends_and_is_never_noisier_than_silence() {
    let critical = Signal::Present(found(Severity::Critical, &["x"]));
    let broken = state_of(&step(None, &critical, asked(Rule::Rejected, 0)));
    assert_eq!(ack_until(&broken, None, at(1)), at(1 + 480));
    let past = Finding { stage: Some(Stage::Past), ..found(Severity::Critical, &[]) };
    let past = state_of(&step(None, &Signal::Present(past), asked(Rule::Expiry, 0)));
    assert_eq!(ack_until(&past, None, at(1)), at(1440));
    assert_eq!(ack_until(&open_warning(), Some(at(99)), at(1)), at(99));
    assert_eq!(ack_until(&open_warning(), None, at(1)), at(1 + 7 * 1440));
}

#[test]
fn undoing_gives_the_reminders_back_from_what_was_last_told() {
    let critical = Signal::Present(found(Severity::Critical, &["x"]));
    let broken = state_of(&step(None, &critical, asked(Rule::Rejected, 0)));
    let undone = undo(&acknowledged(&broken, 600)).unwrap();
    assert_eq!((undone.effect, undone.next), (Effect::Edit, Some(NextLook::judge(at(15)))));
    assert_eq!(undo(&broken), Err(AckRefused::NotAcknowledged));
}

#[test]
fn the_problem_is_dated_from_its_first_sight_and_anew_when_it_comes_back() {
    let ripe = Signal::Present(found(Severity::Warning, &["a"]));
    let proven = state_of(&step(Some(&pending()), &ripe, asked(Rule::IpChanged, 10)));
    assert_eq!(proven.opened_at, at(0));
    let back = state_of(&step(Some(&closed(&proven)), &ripe, asked(Rule::IpChanged, 60)));
    assert_eq!(back.opened_at, at(60));
}

#[test]
fn an_end_that_moves_away_begins_the_ladder_anew() {
    let rung =
        |stage| Signal::Present(Finding { stage: Some(stage), ..found(Severity::Warning, &[]) });
    let near = state_of(&step(None, &rung(Stage::Days(3)), asked(Rule::Expiry, 0)));
    let moved = step(Some(&near), &rung(Stage::Days(14)), asked(Rule::Expiry, 1));
    assert_eq!(kind_of(&moved), Some(Kind::Better));
    let nearer = step(Some(&state_of(&moved)), &rung(Stage::Days(7)), asked(Rule::Expiry, 2));
    assert_eq!((kind_of(&nearer), nearer.effect), (Some(Kind::Worse), POST));
}
