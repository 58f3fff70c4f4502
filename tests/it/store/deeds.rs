//! What people do, each with its audit row, and what their deed closes.

use chrono::TimeDelta;
use keylapse::domain::alert::{AckRefused, Kind};
use keylapse::domain::evidence::Fault;
use keylapse::domain::facts::Facts;
use keylapse::domain::key::{Accepted, Key};
use keylapse::domain::permission::{Allow, Power};
use keylapse::domain::policy::Policy;
use keylapse::domain::rules::Rule;
use keylapse::store::StoreError;
use keylapse::store::deed::{DeedError, NewKey, Taking};
use keylapse::store::look::Seen;
use keylapse::store::rotate::Rotation;

use super::db::Db;
use super::given::*;

on_both!(
    an_acknowledgement_names_its_person_and_always_ends,
    an_acknowledgement_ends_at_the_next_rung_or_when_the_person_says,
    what_has_got_worse_since_it_was_shown_is_not_taken,
    what_has_got_worse_since_it_was_shown_is_not_accepted,
    an_alert_is_given_back_once,
    an_alert_that_is_over_cannot_be_taken,
    accepting_closes_what_changed_and_sets_the_baseline,
    there_is_nothing_to_accept_before_the_first_good_look,
    a_replaced_key_keeps_its_history_and_closes_what_it_mends,
    a_replacement_of_an_old_generation_changes_nothing,
    a_removed_key_is_forgotten_but_for_its_history,
    a_key_probed_before_saving_begins_with_what_was_seen,
    a_key_is_added_to_the_desk_it_was_added_at,
    audit_rows_are_numbered_without_gaps_by_eight_writers_at_once,
);

fn taking(until: Option<i64>) -> Taking {
    Taking {
        by: clean("Ada"),
        until: until.map(at),
        reason: Some(clean("looking")),
        shown_rev: None,
    }
}

async fn an_acknowledgement_names_its_person_and_always_ends(db: &Db) {
    let home = home(&db.store).await;
    let policy = Policy::default();
    let bot = watch(&home, "mm-bot-1").await;
    look(&db.store, &bot, bad(Fault::AccountFrozen, "400700"), 0).await;
    let alert = the_alert(&home, Rule::Account).await;
    let taken = home
        .acknowledge(&alert.id, &taking(None), &entry("alert.ack"), now(&policy, 1))
        .await
        .unwrap();
    let ack = taken.state.ack().unwrap();
    assert_eq!((ack.by.as_str(), ack.at, ack.until), ("Ada", at(1), at(1 + 8 * 60)));
    assert_eq!(ack.reason, Some(clean("looking")));
    assert_eq!(the_alert(&home, Rule::Account).await, taken);
    let history = home.history(&bot.key, 1).await.unwrap().remove(0);
    let last = history.transitions.last().unwrap();
    assert_eq!((last.kind, last.actor.as_deref()), (Kind::Acknowledged, Some("Ada")));
    assert_eq!((last.seq, last.at), (2, at(1)));

    assert!(!judge(&db.store, &bot, 60).await.owes, "nobody is reminded");
    assert!(judge(&db.store, &bot, 1 + 8 * 60).await.owes, "it has lapsed");
    assert_eq!(the_alert(&home, Rule::Account).await.state.ack(), None);
}

async fn an_acknowledgement_ends_at_the_next_rung_or_when_the_person_says(db: &Db) {
    let home = home(&db.store).await;
    let policy = Policy::default();
    let bot = watch(&home, "mm-bot-1").await;
    look(&db.store, &bot, good(ending(days(10))), 0).await;
    let alert = the_alert(&home, Rule::Expiry).await;
    for (asked, until) in [(None, days(3)), (Some(90), 90), (Some(days(300)), days(30))] {
        let taken = home
            .acknowledge(&alert.id, &taking(asked), &entry("alert.ack"), now(&policy, 0))
            .await
            .unwrap();
        assert_eq!(taken.state.ack().unwrap().until, at(until), "{asked:?}");
    }
    let due = db.int("SELECT due_at FROM duties WHERE kind = 'judge'").await;
    assert!(due <= at(90).timestamp_millis(), "judged when the shortest one ends");
}

async fn what_has_got_worse_since_it_was_shown_is_not_taken(db: &Db) {
    let home = home(&db.store).await;
    let policy = Policy::default();
    let bot = watch(&home, "mm-bot-1").await;
    look(&db.store, &bot, good(ending(days(10))), 0).await;
    let shown = the_alert(&home, Rule::Expiry).await;
    look(&db.store, &bot, good(ending(days(2))), 5).await;
    let press = async |rev| {
        let taking = Taking { shown_rev: Some(rev), ..taking(None) };
        home.acknowledge(&shown.id, &taking, &entry("alert.ack"), now(&policy, 6)).await
    };
    let late = press(shown.rev).await;
    assert!(matches!(late, Err(DeedError::Worse)), "{late:?}");
    let seen = the_alert(&home, Rule::Expiry).await.rev;
    press(seen).await.unwrap();
    press(seen).await.unwrap();
}

async fn what_has_got_worse_since_it_was_shown_is_not_accepted(db: &Db) {
    let home = home(&db.store).await;
    let policy = Policy::default();
    let bot = watch(&home, "mm-bot-1").await;
    look(&db.store, &bot, good(healthy()), 0).await;
    look(&db.store, &bot, good(with_right(Power::Earn, "Earn")), 5).await;
    look(&db.store, &bot, good(with_right(Power::Withdraw, "Withdrawal")), 10).await;
    let accept = async |shown| {
        let (ada, moment) = (clean("Ada"), now(&policy, 11));
        let as_shown = (&ada, Some(at(shown)));
        home.accept_as_shown(&bot.key, as_shown, &entry("key.accept"), moment).await
    };
    let late = accept(5).await;
    assert!(matches!(late, Err(DeedError::Worse)), "{late:?}");
    assert!(!accept(10).await.unwrap().is_empty());
}

async fn an_alert_is_given_back_once(db: &Db) {
    let home = home(&db.store).await;
    let policy = Policy::default();
    let bot = watch(&home, "mm-bot-1").await;
    look(&db.store, &bot, bad(Fault::AccountFrozen, "400700"), 0).await;
    let id = the_alert(&home, Rule::Account).await.id;
    let (ack, undo) = (entry("alert.ack"), entry("alert.undo"));
    home.acknowledge(&id, &taking(None), &ack, now(&policy, 1)).await.unwrap();
    let back = home.undo(&id, &clean("Bob"), &undo, now(&policy, 2)).await.unwrap();
    assert_eq!(back.state.ack(), None);
    let again = home.undo(&id, &clean("Bob"), &undo, now(&policy, 2)).await;
    assert!(matches!(again, Err(DeedError::Refused(AckRefused::NotAcknowledged))));
    let deeds = db.texts("SELECT action FROM audit ORDER BY seq").await;
    assert_eq!(deeds, ["key.add", "alert.ack", "alert.undo"], "what was refused is no deed");
}

async fn an_alert_that_is_over_cannot_be_taken(db: &Db) {
    let home = home(&db.store).await;
    let policy = Policy::default();
    let bot = watch(&home, "mm-bot-1").await;
    look(&db.store, &bot, bad(Fault::AccountFrozen, "400700"), 0).await;
    let id = the_alert(&home, Rule::Account).await.id;
    look(&db.store, &bot, good(healthy()), 5).await;
    look(&db.store, &bot, good(healthy()), 10).await;
    let late = home.acknowledge(&id, &taking(None), &entry("alert.ack"), now(&policy, 11)).await;
    assert!(matches!(late, Err(DeedError::Refused(AckRefused::NotOpen))));
}

async fn accepting_closes_what_changed_and_sets_the_baseline(db: &Db) {
    let home = home(&db.store).await;
    let policy = Policy::default();
    let bot = watch(&home, "mm-bot-1").await;
    look(&db.store, &bot, good(healthy()), 0).await;
    let changed = with_right(Power::Earn, "Earn");
    look(&db.store, &bot, good(changed.clone()), 5).await;
    let gained = the_alert(&home, Rule::PermissionGained).await;
    let closed =
        home.accept(&bot.key, &clean("Ada"), &entry("key.accept"), now(&policy, 6)).await.unwrap();
    assert_eq!(closed, [gained.no]);
    let view = home.key(&bot.key).await.unwrap().unwrap();
    let baseline = view.key.baseline.unwrap();
    assert_eq!((baseline.facts, baseline.by), (changed.clone(), Some(clean("Ada"))));
    let accepted = Accepted { no_ip: true, age_days: Some(10), version: true };
    assert_eq!(view.key.accepted, accepted);
    look(&db.store, &bot, good(changed), 10).await;
    assert!(home.open_alerts().await.unwrap().is_empty());
}

async fn there_is_nothing_to_accept_before_the_first_good_look(db: &Db) {
    let home = home(&db.store).await;
    let policy = Policy::default();
    let bot = watch(&home, "mm-bot-1").await;
    look(&db.store, &bot, outage(), 0).await;
    let done = home.accept(&bot.key, &clean("Ada"), &entry("key.accept"), now(&policy, 1)).await;
    assert!(matches!(done, Err(DeedError::NothingSeen)));
}

async fn a_replaced_key_keeps_its_history_and_closes_what_it_mends(db: &Db) {
    let home = home(&db.store).await;
    let policy = Policy::default();
    let bot = watch(&home, "mm-bot-1").await;
    look(&db.store, &bot, good(healthy()), 0).await;
    prove(&db.store, &bot, &unknown(), 5).await;
    let rejected = the_alert(&home, Rule::Rejected).await;
    let fresh = credential("fresh", 2);
    let seen = Seen {
        credential: fresh.id.clone(),
        outcome: good(with_right(Power::Withdraw, "Withdrawal")),
        at: at(20),
        caller: None,
    };
    let replacement = Rotation {
        credential: fresh.clone(),
        seen: Some(seen),
        declared: None,
        allow: Allow { withdraw: true, ..Allow::default() },
        watch_old_until: None,
    };
    let closed =
        home.rotate(&bot.key, &replacement, &entry("key.replace"), now(&policy, 20)).await.unwrap();
    assert_eq!(closed, [rejected.no]);
    let view = home.key(&bot.key).await.unwrap().unwrap();
    assert_eq!(view.key.baseline.unwrap().by, Some(clean("Ada")));
    assert_eq!((view.hint.as_deref(), view.next_probe), (Some("abcd…wxyz"), Some(at(20))));
    assert!(view.alerts.is_empty(), "{:?}", view.alerts);
    assert_eq!(home.history(&bot.key, 9).await.unwrap().len(), 1);
    let wiped = "SELECT COUNT(*) FROM credentials WHERE state = 'wiped' AND sealed_key IS NULL";
    assert_eq!(db.int(wiped).await, 1);
}

async fn a_replacement_of_an_old_generation_changes_nothing(db: &Db) {
    let home = home(&db.store).await;
    let policy = Policy::default();
    let bot = watch(&home, "mm-bot-1").await;
    let replacement = Rotation {
        credential: credential("fresh", 1),
        seen: None,
        declared: None,
        allow: Allow::default(),
        watch_old_until: None,
    };
    let done = home.rotate(&bot.key, &replacement, &entry("key.replace"), now(&policy, 1)).await;
    assert!(matches!(done, Err(DeedError::Store(StoreError::Conflict))), "{done:?}");
    assert_eq!(db.text("SELECT state FROM credentials").await.unwrap(), "active");
}

async fn a_removed_key_is_forgotten_but_for_its_history(db: &Db) {
    let home = home(&db.store).await;
    let policy = Policy::default();
    let bot = watch(&home, "mm-bot-1").await;
    look(&db.store, &bot, bad(Fault::AccountFrozen, "400700"), 0).await;
    look(&db.store, &bot, unknown(), 1).await;
    home.remove_key(&bot.key, &entry("key.remove"), now(&policy, 2)).await.unwrap();
    assert!(home.key(&bot.key).await.unwrap().is_none());
    assert!(home.keys().await.unwrap().is_empty());
    assert!(home.open_alerts().await.unwrap().is_empty());
    assert_eq!(db.int("SELECT COUNT(*) FROM duties").await, 0);
    assert_eq!(db.int("SELECT COUNT(*) FROM alerts WHERE phase = 'pending'").await, 0);
    assert_eq!(lanes(&db.store, 3).await, [], "nobody is told about it any more");
    let history = home.history(&bot.key, 9).await.unwrap().remove(0);
    let last = history.transitions.last().unwrap();
    assert_eq!((last.kind, last.reason.as_str()), (Kind::Resolved, "the key was removed"));
    assert_eq!(history.notices[0].state, "superseded");
    let twice = home.remove_key(&bot.key, &entry("key.remove"), now(&policy, 3)).await;
    assert!(matches!(twice, Err(DeedError::Unknown)));
}

async fn a_key_probed_before_saving_begins_with_what_was_seen(db: &Db) {
    let home = home(&db.store).await;
    let policy = Policy::default();
    let (key, credential) = (key(&home, "mm-bot-1"), credential("one", 1));
    let id = key.id.clone();
    let unbound = Facts { binding: keylapse::domain::facts::Binding::Unbound, ..healthy() };
    let seen = Seen {
        credential: credential.id.clone(),
        outcome: good(unbound.clone()),
        at: at(0) - TimeDelta::seconds(2),
        caller: None,
    };
    let new = NewKey { key, credential: Some(credential), seen: Some(seen) };
    home.add_key(&new, &entry("key.add"), now(&policy, 0)).await.unwrap();
    let view = home.key(&id).await.unwrap().unwrap();
    assert_eq!(view.key.baseline.map(|baseline| baseline.facts), Some(unbound));
    assert_eq!(view.alerts.len(), 1, "{:?}", view.alerts);
    assert_eq!(view.alerts[0].rule, Rule::NoIp);
    assert_eq!(the_lane(&db.store, 0).await.receiver.name.as_str(), "alerts");
}

async fn a_key_is_added_to_the_desk_it_was_added_at(db: &Db) {
    let (home, other) = two_tenants(&db.store).await;
    let policy = Policy::default();
    let foreign = Key { workspace: other.workspace().id.clone(), ..key(&home, "mm-bot-1") };
    let new = NewKey { key: foreign, credential: Some(credential("one", 1)), seen: None };
    home.add_key(&new, &entry("key.add"), now(&policy, 0)).await.unwrap();
    assert_eq!((home.keys().await.unwrap().len(), other.keys().await.unwrap().len()), (1, 0));
}

async fn audit_rows_are_numbered_without_gaps_by_eight_writers_at_once(db: &Db) {
    let home = home(&db.store).await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let home = home.clone();
        writers.spawn(async move {
            for n in 0..5 {
                watch(&home, &format!("bot-{writer}-{n}")).await;
                home.record(&entry("key.look"), at(n)).await.unwrap();
            }
        });
    }
    writers.join_all().await;
    assert_eq!(db.int("SELECT COUNT(*) FROM audit").await, 80);
    assert_eq!(db.int("SELECT MAX(seq) FROM audit").await, 80);
    home.record(&entry("key.check"), at(9)).await.unwrap();
    let newest = home.audit(3).await.unwrap();
    assert_eq!(newest.len(), 3);
    assert_eq!((newest[0].at, newest[0].action.as_str()), (at(9), "key.check"));
    assert_eq!((newest[0].actor.as_str(), newest[0].place.as_str()), ("Ada", "discord/alerts"));
    assert_eq!(newest[0].target.as_deref(), Some("it"));
}
