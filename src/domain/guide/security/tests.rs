//! The checklist as a table: one change of a well-kept key each.

use super::*;
use crate::domain::expiry::{End, Precision, Source};
use crate::domain::permission::Permissions;
use crate::domain::samples::{at, bound, facts, key, rights};
use crate::domain::text::Clean;

/// What is changed of a key, of what the exchange said of it, and of who is told.
type Change = fn(&mut Key, &mut Option<Facts>, &mut Reach);

fn state(habit: Habit, end: KnownEnd, change: Change) -> State {
    let mut key = Key { used_by: vec![Clean::new("grid bot", 40)], ..key() };
    let mut facts = Some(facts());
    let mut reach = Reach { receivers: 2, is_shared: false, witnesses: 1 };
    change(&mut key, &mut facts, &mut reach);
    let facts = facts.as_ref();
    let held = Held { key: &key, facts, end, old_days: 180, reach, now: at(0) };
    let found = judge(&held).into_iter().find(|(one, _)| *one == habit);
    found.map(|(_, state)| state).expect("every habit is judged")
}

fn with(facts: &mut Option<Facts>, power: Power, name: &str) {
    let more = rights(&[(power, name)]);
    facts.as_mut().unwrap().permissions.0.extend(more.0);
}

#[test]
fn each_habit_is_kept_or_not_or_only_the_persons_to_see() {
    use Habit::{
        AntiPhishing, Bound, Dated, FewRights, NoWithdrawal, OnePlace, OneProgram, OwnPassphrase,
        Reaches, Sealed, Second, TwoFactor, WithdrawalList,
    };
    use State::{Done, ToDo, Unseen};
    let table: &[(Habit, &str, Change, State)] = &[
        (NoWithdrawal, "as it is", |_, _, _| {}, Done),
        (NoWithdrawal, "gained", |_, f, _| with(f, Power::Withdraw, "Withdrawal"), ToDo),
        (
            NoWithdrawal,
            "allowed, and still a danger",
            |k, f, _| {
                k.allow.withdraw = true;
                with(f, Power::Withdraw, "Withdrawal");
            },
            ToDo,
        ),
        (NoWithdrawal, "never accepted", |_, f, _| *f = None, Unseen),
        (FewRights, "as it is", |_, _, _| {}, Done),
        (FewRights, "not allowed", |_, f, _| with(f, Power::Transfer, "Transfer"), ToDo),
        (
            FewRights,
            "allowed and accepted",
            |k, f, _| {
                k.allow.transfer = true;
                with(f, Power::Transfer, "Transfer");
                k.baseline.as_mut().unwrap().facts = f.clone().unwrap();
            },
            Done,
        ),
        (FewRights, "not accepted yet", |_, f, _| with(f, Power::Trade, "Futures"), ToDo),
        (
            FewRights,
            "withdrawal has a point of its own",
            |k, f, _| {
                k.baseline.as_mut().unwrap().facts.permissions = Permissions::default();
                f.as_mut().unwrap().permissions = rights(&[(Power::Withdraw, "Withdrawal")]);
            },
            Done,
        ),
        (Bound, "bound", |_, f, _| f.as_mut().unwrap().binding = bound(&["203.**"]), Done),
        (Bound, "free", |_, f, _| f.as_mut().unwrap().binding = Binding::Unbound, ToDo),
        (Bound, "unsaid", |_, f, _| f.as_mut().unwrap().binding = Binding::Unknown, Unseen),
        (Dated, "90 days old", |_, _, _| {}, Done),
        (
            Dated,
            "181 days old",
            |_, f, _| f.as_mut().unwrap().created_at = Some(at(-181 * 1440)),
            ToDo,
        ),
        (Dated, "of unknown age", |_, f, _| *f = None, Unseen),
        (
            Dated,
            "watched for longer than that",
            |k, f, _| {
                k.added_at = at(-180 * 1440);
                *f = None;
            },
            ToDo,
        ),
        (OneProgram, "one", |_, _, _| {}, Done),
        (OneProgram, "two", |k, _, _| k.used_by.push(Clean::new("tracker", 40)), ToDo),
        (OneProgram, "nobody told", |k, _, _| k.used_by.clear(), Unseen),
        (OnePlace, "held", |_, _, _| {}, Done),
        (OnePlace, "a date only", |k, _, _| k.watch = Watch::Declared, Unseen),
        (Sealed, "always", |_, _, _| {}, Done),
        (Reaches, "seen", |_, _, _| {}, Done),
        (Reaches, "unseen", |_, _, r| r.witnesses = 0, ToDo),
        (Reaches, "nobody", |_, _, r| *r = Reach::default(), ToDo),
        (Second, "two receivers", |_, _, _| {}, Done),
        (Second, "one alone", |_, _, r| r.receivers = 1, ToDo),
        (
            Second,
            "one group",
            |_, _, r| *r = Reach { receivers: 1, is_shared: true, witnesses: 1 },
            Unseen,
        ),
        (
            Second,
            "one group, two have seen it",
            |_, _, r| *r = Reach { receivers: 1, is_shared: true, witnesses: 2 },
            Done,
        ),
        (TwoFactor, "at the exchange", |_, _, _| {}, Unseen),
        (WithdrawalList, "at the exchange", |_, _, _| {}, Unseen),
        (AntiPhishing, "at the exchange", |_, _, _| {}, Unseen),
        (OwnPassphrase, "in a head", |_, _, _| {}, Unseen),
    ];
    for (habit, what, change, expected) in table {
        assert_eq!(state(*habit, KnownEnd::Unknown, *change), *expected, "{habit:?}: {what}");
    }
}

#[test]
fn a_known_end_counts_before_the_age() {
    let end = |minutes| {
        KnownEnd::At(End {
            at: at(minutes),
            source: Source::Reported,
            precision: Precision::Instant,
        })
    };
    let old: Change = |_, facts, _| facts.as_mut().unwrap().created_at = Some(at(-400 * 1440));
    assert_eq!(state(Habit::Dated, end(60), old), State::Done);
    assert_eq!(state(Habit::Dated, end(0), |_, _, _| {}), State::ToDo);
    let never = KnownEnd::Never(Source::Declared);
    assert_eq!(state(Habit::Dated, never, old), State::ToDo);
}
