//! What one committed check writes: observation, standing, alerts, notices, the next duty.

use chrono::TimeDelta;
use keylapse::domain::alert::{Kind, Phase, Told};
use keylapse::domain::evidence::Fault;
use keylapse::domain::expiry::Stage;
use keylapse::domain::facts::Site;
use keylapse::domain::id::KeyId;
use keylapse::domain::key::{Key, KeyState};
use keylapse::domain::permission::Power;
use keylapse::domain::policy::Policy;
use keylapse::domain::rules::Rule;
use keylapse::domain::signal::Severity;
use keylapse::store::check::{Checked, Committed};
use keylapse::store::desk::Desk;

use super::db::Db;
use super::given::*;

on_both!(
    the_first_good_look_sets_the_baseline_and_later_ones_do_not,
    an_unverified_key_that_can_withdraw_is_refused_and_wiped,
    an_unverified_key_that_may_come_in_becomes_active,
    equal_looks_extend_one_run_and_a_different_one_begins_another,
    impatient_looks_count_once,
    a_weak_answer_waits_then_opens_then_clears_then_closes,
    noise_leaves_no_trace,
    an_alert_that_comes_back_soon_keeps_its_number,
    alerts_are_numbered_per_workspace_without_gaps,
    a_warning_in_the_night_waits_for_the_morning_and_a_critical_one_does_not,
    a_clock_in_doubt_judges_nothing,
    a_removed_and_an_unknown_key_are_passed_over,
    the_callers_address_is_kept_until_another_is_seen,
    an_answer_to_old_secrets_changes_nothing,
    a_row_that_another_changed_in_between_is_read_and_decided_again,
    a_reminder_is_owed_while_nobody_takes_a_critical_alert,
    the_next_look_is_the_schedule_or_what_a_rule_asks_for,
);

async fn phase_of(desk: &Desk, watched: &Watched) -> Option<Phase> {
    let history = desk.history(&watched.key, 1).await.unwrap();
    history.into_iter().next().map(|history| history.alert.state.phase)
}

async fn kinds(desk: &Desk, watched: &Watched) -> Vec<Kind> {
    let history = desk.history(&watched.key, 1).await.unwrap();
    history[0].transitions.iter().map(|transition| transition.kind).collect()
}

async fn the_first_good_look_sets_the_baseline_and_later_ones_do_not(db: &Db) {
    let home = home(&db.store).await;
    let bot = watch(&home, "mm-bot-1").await;
    look(&db.store, &bot, outage(), 0).await;
    assert_eq!(home.key(&bot.key).await.unwrap().unwrap().key.baseline, None);
    look(&db.store, &bot, good(healthy()), 1).await;
    look(&db.store, &bot, good(with_right(Power::Withdraw, "Withdrawal")), 6).await;
    let view = home.key(&bot.key).await.unwrap().unwrap();
    let baseline = view.key.baseline.unwrap();
    assert_eq!((baseline.facts, baseline.at, baseline.by), (healthy(), at(1), None));
    assert_eq!(view.key.rev, 1);
    assert_eq!(view.standing.last_good.unwrap().at, at(6));
    let alert = the_alert(&home, Rule::PermissionGained).await;
    assert_eq!(alert.state.severity, Severity::Critical);
    assert_eq!(alert.state.items.iter().collect::<Vec<_>>(), ["Withdrawal"]);
}

async fn an_unverified_key_that_can_withdraw_is_refused_and_wiped(db: &Db) {
    let home = home(&db.store).await;
    let imported = Key { state: KeyState::Unverified, ..key(&home, "imported") };
    let bot = watch_key(&home, imported).await;
    let claims = db.store.claim_due(at(0), LEASE, 1).await.unwrap();
    let facts = with_right(Power::Withdraw, "Withdrawal");
    let checked = Checked { claim: Some(claims[0].clone()), ..seen(&bot, good(facts), 0) };
    commit(&db.store, &[checked], 0).await;
    let view = home.key(&bot.key).await.unwrap().unwrap();
    assert_eq!((view.key.state, view.hint, view.next_probe), (KeyState::Refused, None, None));
    assert!(!db.store.has_sealed_rows().await.unwrap());
    assert_eq!(db.text("SELECT state FROM credentials").await.unwrap(), "wiped");
    assert!(open_alert(&home, Rule::CanMove).await.is_some());
    let why = db.text("SELECT after_json FROM audit WHERE action = 'key.refused'").await.unwrap();
    assert_eq!(why, "it can send funds out (Withdrawal)");
}

async fn an_unverified_key_that_may_come_in_becomes_active(db: &Db) {
    let home = home(&db.store).await;
    let imported = Key { state: KeyState::Unverified, ..key(&home, "imported") };
    let bot = watch_key(&home, imported).await;
    look(&db.store, &bot, outage(), 0).await;
    let state = |view: keylapse::store::desk::KeyView| view.key.state;
    assert_eq!(state(home.key(&bot.key).await.unwrap().unwrap()), KeyState::Unverified);
    look(&db.store, &bot, good(healthy()), 1).await;
    assert_eq!(state(home.key(&bot.key).await.unwrap().unwrap()), KeyState::Active);
    assert!(db.store.has_sealed_rows().await.unwrap());
}

async fn equal_looks_extend_one_run_and_a_different_one_begins_another(db: &Db) {
    let bot = watch(&home(&db.store).await, "mm-bot-1").await;
    for minutes in [0, 5, 10] {
        look(&db.store, &bot, good(healthy()), minutes).await;
    }
    assert_eq!(db.int("SELECT COUNT(*) FROM observations").await, 1);
    assert_eq!(db.int("SELECT times FROM observations").await, 3);
    let span = db.int("SELECT last_at - first_at FROM observations").await;
    assert_eq!(span, TimeDelta::minutes(10).num_milliseconds());
    look(&db.store, &bot, good(ending(days(79))), 15).await;
    look(&db.store, &bot, bad(Fault::RateLimited, "429000"), 20).await;
    look(&db.store, &bot, bad(Fault::RateLimited, "1015"), 25).await;
    look(&db.store, &bot, outage(), 30).await;
    look(&db.store, &bot, good(healthy()), 35).await;
    let runs = db.texts("SELECT outcome FROM observations ORDER BY first_at").await;
    assert_eq!(runs, ["good", "good", "rate_limited", "rate_limited", "network", "good"]);
}

async fn impatient_looks_count_once(db: &Db) {
    let home = home(&db.store).await;
    let bot = watch(&home, "mm-bot-1").await;
    let mut checked = seen(&bot, unknown(), 0);
    for seconds in [0, 10, 20, 50] {
        checked.seen.as_mut().unwrap().at = at(0) + TimeDelta::seconds(seconds);
        commit(&db.store, std::slice::from_ref(&checked), 1).await;
    }
    let view = home.key(&bot.key).await.unwrap().unwrap();
    let streak = view.standing.streak.unwrap();
    assert_eq!((streak.kind.as_str(), streak.n, streak.since), ("not_known", 2, at(0)));
    assert_eq!(streak.counted_at, at(0) + TimeDelta::seconds(50));
    assert_eq!(db.int("SELECT times FROM observations").await, 4);
    look(&db.store, &bot, outage(), 2).await;
    let view = home.key(&bot.key).await.unwrap().unwrap();
    assert_eq!((view.standing.streak.unwrap().n, view.standing.last_good), (1, None));
}

async fn a_weak_answer_waits_then_opens_then_clears_then_closes(db: &Db) {
    let home = home(&db.store).await;
    let bot = watch(&home, "mm-bot-1").await;
    look(&db.store, &bot, good(healthy()), 0).await;
    assert!(!look(&db.store, &bot, unknown(), 5).await.owes);
    assert_eq!(db.text("SELECT phase FROM alerts").await.unwrap(), "pending");
    assert_eq!(db.int("SELECT no FROM alerts").await, 0);
    assert!(home.open_alerts().await.unwrap().is_empty());
    look(&db.store, &bot, unknown(), 9).await;
    assert_eq!(db.int("SELECT seen FROM alerts").await, 2);

    assert!(look(&db.store, &bot, unknown(), 15).await.owes);
    let alert = the_alert(&home, Rule::Rejected).await;
    assert_eq!((alert.no, alert.state.severity), (1, Severity::Critical));
    assert_eq!(alert.state.told.as_ref().map(|told: &Told| told.at), Some(at(15)));
    let history = home.history(&bot.key, 5).await.unwrap();
    let notice = &history[0].notices[0];
    assert_eq!((notice.receiver.as_str(), notice.state.as_str()), ("alerts", "owed"));
    assert_eq!((notice.seq, notice.hold, notice.sent_at), (1, None, None));

    look(&db.store, &bot, outage(), 16).await;
    assert_eq!(kinds(&home, &bot).await, [Kind::Opened], "an outage teaches nothing");
    look(&db.store, &bot, good(healthy()), 20).await;
    let clearing = Phase::Open { clearing: Some(at(20)), ack: None };
    assert_eq!(phase_of(&home, &bot).await, Some(clearing));
    look(&db.store, &bot, good(healthy()), 25).await;
    assert_eq!(phase_of(&home, &bot).await, Some(Phase::Closed { at: at(25) }));
    assert_eq!(kinds(&home, &bot).await, [Kind::Opened, Kind::Clearing, Kind::Resolved]);
}

async fn noise_leaves_no_trace(db: &Db) {
    let bot = watch(&home(&db.store).await, "mm-bot-1").await;
    look(&db.store, &bot, unknown(), 0).await;
    assert_eq!(db.int("SELECT COUNT(*) FROM alerts").await, 1);
    look(&db.store, &bot, good(healthy()), 1).await;
    assert_eq!(db.int("SELECT COUNT(*) FROM alerts").await, 0);
    assert_eq!(db.int("SELECT COUNT(*) FROM transitions").await, 0);
}

async fn an_alert_that_comes_back_soon_keeps_its_number(db: &Db) {
    let home = home(&db.store).await;
    let bot = watch(&home, "mm-bot-1").await;
    let frozen = || bad(Fault::AccountFrozen, "400700");
    look(&db.store, &bot, frozen(), 0).await;
    let first = the_alert(&home, Rule::Account).await;
    look(&db.store, &bot, good(healthy()), 5).await;
    look(&db.store, &bot, good(healthy()), 10).await;
    look(&db.store, &bot, frozen(), 60).await;
    let again = the_alert(&home, Rule::Account).await;
    assert_eq!((&again.id, again.no), (&first.id, first.no));
    assert_eq!(kinds(&home, &bot).await.last(), Some(&Kind::BackAgain));
    look(&db.store, &bot, good(healthy()), 65).await;
    look(&db.store, &bot, good(healthy()), 70).await;
    look(&db.store, &bot, frozen(), 70 + 6 * 60).await;
    let later = the_alert(&home, Rule::Account).await;
    assert_eq!(later.no, 2);
    assert_eq!(home.history(&bot.key, 9).await.unwrap().len(), 2);
}

async fn alerts_are_numbered_per_workspace_without_gaps(db: &Db) {
    let (home, other) = two_tenants(&db.store).await;
    for desk in [&home, &other] {
        for label in ["one", "two", "three"] {
            let bot = watch(desk, label).await;
            look(&db.store, &bot, unknown(), 0).await;
            look(&db.store, &bot, bad(Fault::AccountFrozen, "400700"), 1).await;
        }
        let numbers: Vec<i64> =
            desk.open_alerts().await.unwrap().iter().map(|alert| alert.no).collect();
        assert_eq!(numbers, [1, 2, 3]);
    }
}

async fn a_warning_in_the_night_waits_for_the_morning_and_a_critical_one_does_not(db: &Db) {
    let home = home(&db.store).await;
    let (near, broken) = (watch(&home, "near").await, watch(&home, "broken").await);
    let night = 14 * 60;
    let batch = [
        seen(&near, good(ending(night + days(3) - 1)), night),
        seen(&broken, bad(Fault::AccountFrozen, "400700"), night),
    ];
    assert!(commit(&db.store, &batch, night).await.owes);
    let alert = the_alert(&home, Rule::Expiry).await;
    assert_eq!(alert.state.stage, Some(Stage::Days(3)));
    let notice = home.history(&near.key, 1).await.unwrap().remove(0).notices.remove(0);
    assert_eq!((notice.state.as_str(), notice.hold.unwrap().id()), ("held", "morning"));
    let notice = home.history(&broken.key, 1).await.unwrap().remove(0).notices.remove(0);
    assert_eq!(notice.state, "owed");
}

async fn a_clock_in_doubt_judges_nothing(db: &Db) {
    let home = home(&db.store).await;
    let bot = watch(&home, "mm-bot-1").await;
    let frozen = seen(&bot, bad(Fault::AccountFrozen, "400700"), 0);
    let doubted = Checked { clock_in_doubt: true, ..frozen };
    assert!(!commit(&db.store, &[doubted], 0).await.owes);
    assert!(home.open_alerts().await.unwrap().is_empty());
    assert_eq!(db.int("SELECT COUNT(*) FROM observations").await, 1);
}

async fn a_removed_and_an_unknown_key_are_passed_over(db: &Db) {
    let home = home(&db.store).await;
    let policy = Policy::default();
    let (gone, bot) = (watch(&home, "gone").await, watch(&home, "mm-bot-1").await);
    home.remove_key(&gone.key, &entry("key.remove"), now(&policy, 0)).await.unwrap();
    let nobody = Watched { key: KeyId::from("nobody".to_owned()), ..gone.clone() };
    let batch = [&gone, &nobody, &bot].map(|watched| seen(watched, good(healthy()), 1));
    let done = commit(&db.store, &batch, 1).await;
    assert_eq!(done, Committed { looked: vec![bot.key.clone()], owes: false });
    assert_eq!(db.int("SELECT COUNT(*) FROM observations").await, 1);
    assert_eq!(db.int("SELECT COUNT(*) FROM duties WHERE kind = 'probe'").await, 1);
}

async fn the_callers_address_is_kept_until_another_is_seen(db: &Db) {
    let home = home(&db.store).await;
    let bot = watch(&home, "mm-bot-1").await;
    let mut refused = seen(&bot, bad(Fault::IpRefused, "400006"), 0);
    refused.seen.as_mut().unwrap().caller = Some("sealed address".to_owned());
    commit(&db.store, &[refused], 0).await;
    look(&db.store, &bot, good(healthy()), 5).await;
    let caller = home.key(&bot.key).await.unwrap().unwrap().caller;
    assert_eq!(caller.as_deref(), Some("sealed address"));
    assert_eq!(db.int("SELECT caller_at FROM key_state").await, at(0).timestamp_millis());
}

async fn an_answer_to_old_secrets_changes_nothing(db: &Db) {
    let home = home(&db.store).await;
    let bot = watch(&home, "mm-bot-1").await;
    let old = Watched { credential: "old".to_owned().into(), ..bot.clone() };
    let done = look(&db.store, &old, bad(Fault::AccountFrozen, "400700"), 0).await;
    assert_eq!(done, Committed::default());
    assert!(home.open_alerts().await.unwrap().is_empty());
    assert_eq!(home.key(&bot.key).await.unwrap().unwrap().standing.latest, None);
}

async fn a_row_that_another_changed_in_between_is_read_and_decided_again(db: &Db) {
    let home = home(&db.store).await;
    let bot = watch(&home, "mm-bot-1").await;
    look(&db.store, &bot, good(ending(days(10))), 0).await;
    // Somebody holds the alert while the check is decided, then changes it.
    let mut raw = db.raw.begin_with("BEGIN").await.unwrap();
    sqlx::query("UPDATE alerts SET rev = rev + 1").execute(&mut *raw).await.unwrap();
    let (store, again) = (db.store.clone(), bot.clone());
    let check = tokio::spawn(async move { look(&store, &again, good(ending(days(2))), 5).await });
    db.until_somebody_waits_for(&mut raw).await;
    raw.commit().await.unwrap();
    assert!(check.await.unwrap().owes);
    assert_eq!(the_alert(&home, Rule::Expiry).await.state.stage, Some(Stage::Days(3)));
    assert_eq!(kinds(&home, &bot).await, [Kind::Opened, Kind::Worse]);
    assert_eq!(db.int("SELECT times FROM observations ORDER BY last_at DESC LIMIT 1").await, 1);
}

async fn a_reminder_is_owed_while_nobody_takes_a_critical_alert(db: &Db) {
    let home = home(&db.store).await;
    let bot = watch(&home, "mm-bot-1").await;
    look(&db.store, &bot, bad(Fault::AccountFrozen, "400700"), 0).await;
    let due = db.int("SELECT due_at FROM duties WHERE kind = 'judge'").await;
    assert_eq!(due, at(15).timestamp_millis());
    assert!(!judge(&db.store, &bot, 14).await.owes);
    assert!(judge(&db.store, &bot, 15).await.owes);
    assert_eq!(kinds(&home, &bot).await, [Kind::Opened, Kind::Reminder]);
}

async fn the_next_look_is_the_schedule_or_what_a_rule_asks_for(db: &Db) {
    let home = home(&db.store).await;
    let eu = Key { site: Site::Eu, ..key(&home, "mm-bot-1") };
    let bot = watch_key(&home, eu).await;
    let next = async || home.key(&bot.key).await.unwrap().unwrap().next_probe;
    look(&db.store, &bot, good(healthy()), 0).await;
    assert_eq!(next().await, Some(at(5)));
    look(&db.store, &bot, unknown(), 5).await;
    assert_eq!(next().await, Some(at(6)), "a weak hard answer is confirmed quickly");
    look(&db.store, &bot, unknown(), 6).await;
    assert_eq!(next().await, Some(at(9)));
}
