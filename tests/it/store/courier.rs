//! From owed to shown: a crash between any two steps repeats the same message under the same
//! nonce, and loses none.

use chrono::{DateTime, TimeDelta, Utc};
use keylapse::domain::alert::Kind;
use keylapse::domain::evidence::Fault;
use keylapse::domain::policy::Policy;
use keylapse::domain::rules::Rule;
use keylapse::domain::signal::Severity;
use keylapse::store::StoreError;
use keylapse::store::deed::Taking;
use keylapse::store::desk::Desk;
use keylapse::store::lane::{Lane, Turn};
use keylapse::store::message::Message;

use super::db::Db;
use super::given::*;

on_both!(
    a_lane_with_nothing_to_say_is_not_claimed,
    a_claimed_lane_rests_until_it_is_given_back_or_its_lease_ends,
    a_crash_after_binding_repeats_the_same_message,
    a_crash_after_the_attempt_repeats_the_same_message_and_counts_it,
    a_crash_before_binding_loses_nothing,
    an_attempt_that_did_not_arrive_counts_as_none,
    a_late_courier_binds_and_marks_nothing,
    a_notice_that_joins_after_binding_leaves_with_the_next_message,
    a_receipt_counts_once_and_even_after_the_lane_was_lost,
    a_change_between_binding_and_the_receipt_is_edited_in,
    a_message_is_edited_at_most_once_in_five_seconds,
    a_message_that_is_gone_is_not_edited_again,
    what_is_overtaken_or_over_is_not_said,
    a_closing_line_is_quiet_and_leaves_alone,
    a_receiver_that_must_wait_waits_and_its_siblings_do_not,
    a_receiver_that_is_gone_is_left_alone_with_its_reason,
    a_receiver_that_the_file_dropped_is_not_revived_by_its_courier,
    the_next_delivery_is_known,
    an_alert_told_anew_leaves_the_old_message_without_buttons,
    more_than_forty_alerts_leave_in_two_messages,
);

async fn frozen(db: &Db, desk: &Desk, label: &str, minutes: i64) -> Watched {
    let bot = watch(desk, label).await;
    look(&db.store, &bot, bad(Fault::AccountFrozen, "400700"), minutes).await;
    bot
}

async fn bind(db: &Db, lane: &Lane, minutes: i64) -> Option<Message> {
    db.store.bind_next(lane, at(minutes)).await.unwrap()
}

/// Delivers one message of the only lane that has something to do.
async fn deliver(db: &Db, minutes: i64) -> (Lane, Message) {
    let lane = the_lane(&db.store, minutes).await;
    let message = bind(db, &lane, minutes).await.expect("something to say");
    db.store.mark_attempt(&lane, &message, at(minutes)).await.unwrap();
    db.store.record_receipt(&lane, &message, "platform-1", at(minutes)).await.unwrap();
    db.store.release_lane(&lane, &Turn::Fine).await.unwrap();
    (lane, message)
}

fn seconds(minutes: i64, seconds: i64) -> DateTime<Utc> {
    at(minutes) + TimeDelta::seconds(seconds)
}

async fn a_lane_with_nothing_to_say_is_not_claimed(db: &Db) {
    let home = home(&db.store).await;
    watch(&home, "mm-bot-1").await;
    assert_eq!(lanes(&db.store, 0).await, []);
    assert_eq!(db.store.next_delivery(at(0)).await.unwrap(), None);
}

async fn a_claimed_lane_rests_until_it_is_given_back_or_its_lease_ends(db: &Db) {
    let home = home(&db.store).await;
    frozen(db, &home, "mm-bot-1", 0).await;
    let first = the_lane(&db.store, 0).await;
    assert_eq!(lanes(&db.store, 1).await, []);
    let second = the_lane(&db.store, 2).await;
    assert_eq!(second.claim_no, first.claim_no + 1);
    // The late one gives back nothing.
    db.store.release_lane(&first, &Turn::Fine).await.unwrap();
    assert_eq!(lanes(&db.store, 3).await, []);
    db.store.release_lane(&second, &Turn::Fine).await.unwrap();
    assert_eq!(the_lane(&db.store, 3).await.claim_no, second.claim_no + 1);
}

async fn a_crash_after_binding_repeats_the_same_message(db: &Db) {
    let home = home(&db.store).await;
    frozen(db, &home, "mm-bot-1", 0).await;
    let lane = the_lane(&db.store, 0).await;
    let bound = bind(db, &lane, 0).await.unwrap();
    assert_eq!((bound.tries, bound.attempt_at, bound.quiet), (0, None, false));
    assert!(bound.id.as_str().len() <= 22, "a nonce");
    let lane = the_lane(&db.store, 2).await;
    assert_eq!(bind(db, &lane, 2).await, Some(bound));
}

async fn a_crash_after_the_attempt_repeats_the_same_message_and_counts_it(db: &Db) {
    let home = home(&db.store).await;
    frozen(db, &home, "mm-bot-1", 0).await;
    let lane = the_lane(&db.store, 0).await;
    let bound = bind(db, &lane, 0).await.unwrap();
    db.store.mark_attempt(&lane, &bound, at(0)).await.unwrap();
    db.store.record_fault(&bound, "time-out").await.unwrap();
    let lane = the_lane(&db.store, 2).await;
    let again = bind(db, &lane, 2).await.unwrap();
    assert_eq!(again, Message { tries: 1, attempt_at: Some(at(0)), ..bound });
    assert_eq!(db.text("SELECT fault FROM messages").await.unwrap(), "time-out");
    db.store.record_receipt(&lane, &again, "platform-1", at(2)).await.unwrap();
    assert_eq!(db.text("SELECT fault FROM messages").await, None);
}

async fn an_attempt_that_did_not_arrive_counts_as_none(db: &Db) {
    let home = home(&db.store).await;
    frozen(db, &home, "mm-bot-1", 0).await;
    let lane = the_lane(&db.store, 0).await;
    let bound = bind(db, &lane, 0).await.unwrap();
    db.store.release_lane(&lane, &Turn::Fine).await.unwrap();
    for minute in [0, 2] {
        let lane = the_lane(&db.store, minute).await;
        db.store.mark_attempt(&lane, &bound, at(minute)).await.unwrap();
        db.store.record_unsent(&bound, "asked to wait").await.unwrap();
        assert_eq!(bind(db, &lane, minute).await.unwrap().tries, 0);
        db.store.release_lane(&lane, &Turn::Fine).await.unwrap();
    }
    assert_eq!(db.text("SELECT fault FROM messages").await.unwrap(), "asked to wait");
}

async fn a_crash_before_binding_loses_nothing(db: &Db) {
    let home = home(&db.store).await;
    frozen(db, &home, "mm-bot-1", 0).await;
    the_lane(&db.store, 0).await;
    let (_, message) = deliver(db, 2).await;
    assert_eq!(message.alerts.len(), 1);
    assert_eq!(lanes(&db.store, 3).await, []);
}

async fn a_late_courier_binds_and_marks_nothing(db: &Db) {
    let home = home(&db.store).await;
    frozen(db, &home, "mm-bot-1", 0).await;
    let late = the_lane(&db.store, 0).await;
    let message = bind(db, &late, 0).await.unwrap();
    the_lane(&db.store, 2).await;
    let is_lost = |done: Result<(), StoreError>| matches!(done, Err(StoreError::Conflict));
    assert!(is_lost(db.store.mark_attempt(&late, &message, at(2)).await));
    assert!(is_lost(db.store.bind_next(&late, at(2)).await.map(|_| ())));
    assert!(is_lost(db.store.next_edit(&late, at(2)).await.map(|_| ())));
    assert_eq!(db.int("SELECT tries FROM messages").await, 0);
}

async fn a_notice_that_joins_after_binding_leaves_with_the_next_message(db: &Db) {
    let home = home(&db.store).await;
    frozen(db, &home, "one", 0).await;
    let lane = the_lane(&db.store, 0).await;
    let first = bind(db, &lane, 0).await.unwrap();
    frozen(db, &home, "two", 0).await;
    assert_eq!(bind(db, &lane, 1).await.as_ref(), Some(&first), "a bound set never changes");
    db.store.record_receipt(&lane, &first, "platform-1", at(1)).await.unwrap();
    let second = bind(db, &lane, 1).await.unwrap();
    assert_ne!(second.id, first.id);
    assert_ne!(second.alerts, first.alerts);
    db.store.record_receipt(&lane, &second, "platform-2", at(1)).await.unwrap();
    assert_eq!(bind(db, &lane, 1).await, None);
    assert_eq!(db.store.count_messages("sent").await.unwrap(), 2);
}

async fn a_receipt_counts_once_and_even_after_the_lane_was_lost(db: &Db) {
    let home = home(&db.store).await;
    let bot = frozen(db, &home, "mm-bot-1", 0).await;
    let late = the_lane(&db.store, 0).await;
    let message = bind(db, &late, 0).await.unwrap();
    the_lane(&db.store, 2).await;
    db.store.record_receipt(&late, &message, "first", at(2)).await.unwrap();
    db.store.record_receipt(&late, &message, "second", at(3)).await.unwrap();
    assert_eq!(db.text("SELECT platform_id FROM messages").await.unwrap(), "first");
    let notice = home.history(&bot.key, 1).await.unwrap().remove(0).notices.remove(0);
    assert_eq!((notice.state.as_str(), notice.sent_at), ("done", Some(at(2))));
}

fn taking(name: &str) -> Taking {
    Taking { by: clean(name), until: None, reason: None, shown_rev: None }
}

async fn take(desk: &Desk, rule: Rule, minutes: i64) {
    let alert = the_alert(desk, rule).await;
    let policy = Policy::default();
    let moment = now(&policy, minutes);
    desk.acknowledge(&alert.id, &taking("Ada"), &entry("alert.ack"), moment).await.unwrap();
}

async fn a_change_between_binding_and_the_receipt_is_edited_in(db: &Db) {
    let home = home(&db.store).await;
    frozen(db, &home, "mm-bot-1", 0).await;
    let lane = the_lane(&db.store, 0).await;
    let message = bind(db, &lane, 0).await.unwrap();
    take(&home, Rule::Account, 1).await;
    db.store.record_receipt(&lane, &message, "platform-1", at(1)).await.unwrap();
    let edit = db.store.next_edit(&lane, at(2)).await.unwrap().unwrap();
    assert_eq!((edit.id, edit.want_rev), (message.id, message.want_rev + 1));
    assert_eq!(edit.platform_id.as_deref(), Some("platform-1"));
}

async fn a_message_is_edited_at_most_once_in_five_seconds(db: &Db) {
    let home = home(&db.store).await;
    frozen(db, &home, "mm-bot-1", 0).await;
    deliver(db, 0).await;
    take(&home, Rule::Account, 0).await;
    assert_eq!(db.store.claim_lanes(seconds(0, 4), LEASE).await.unwrap(), []);
    assert_eq!(db.store.next_delivery(seconds(0, 1)).await.unwrap(), Some(seconds(0, 5)));
    let lane = db.store.claim_lanes(seconds(0, 5), LEASE).await.unwrap().remove(0);
    let edit = db.store.next_edit(&lane, seconds(0, 5)).await.unwrap().unwrap();
    let policy = Policy::default();
    let alert = the_alert(&home, Rule::Account).await;
    // Given back while the edit is on its way: it wants another one.
    home.undo(&alert.id, &clean("Ada"), &entry("alert.undo"), now(&policy, 0)).await.unwrap();
    db.store.record_edit(&edit, false, seconds(0, 6)).await.unwrap();
    assert_eq!(db.store.next_edit(&lane, seconds(0, 10)).await.unwrap(), None);
    let next = db.store.next_edit(&lane, seconds(0, 11)).await.unwrap().unwrap();
    assert_eq!(next.want_rev, edit.want_rev + 1);
    db.store.record_edit(&next, false, seconds(0, 11)).await.unwrap();
    assert_eq!(db.store.next_edit(&lane, at(60)).await.unwrap(), None);
}

async fn a_message_that_is_gone_is_not_edited_again(db: &Db) {
    let home = home(&db.store).await;
    frozen(db, &home, "mm-bot-1", 0).await;
    deliver(db, 0).await;
    take(&home, Rule::Account, 0).await;
    let lane = the_lane(&db.store, 1).await;
    let edit = db.store.next_edit(&lane, at(1)).await.unwrap().unwrap();
    db.store.record_edit(&edit, true, at(1)).await.unwrap();
    db.store.release_lane(&lane, &Turn::Fine).await.unwrap();
    let policy = Policy::default();
    let alert = the_alert(&home, Rule::Account).await;
    home.undo(&alert.id, &clean("Ada"), &entry("alert.undo"), now(&policy, 2)).await.unwrap();
    assert_eq!(lanes(&db.store, 3).await, []);
    assert_eq!(db.store.count_messages("gone").await.unwrap(), 1);
}

async fn what_is_overtaken_or_over_is_not_said(db: &Db) {
    let home = home(&db.store).await;
    let nearing = watch(&home, "nearing").await;
    look(&db.store, &nearing, good(ending(days(10))), 0).await;
    look(&db.store, &nearing, good(ending(days(2))), 5).await;
    let over = frozen(db, &home, "over", 0).await;
    look(&db.store, &over, good(healthy()), 5).await;
    look(&db.store, &over, good(healthy()), 10).await;
    let lane = the_lane(&db.store, 11).await;
    let message = bind(db, &lane, 11).await.unwrap();
    assert_eq!(message.alerts, [(the_alert(&home, Rule::Expiry).await.id, 2)]);
    let reasons = async |bot: &Watched| {
        let history = home.history(&bot.key, 1).await.unwrap().remove(0);
        history.notices.into_iter().filter_map(|n| n.reason).collect::<Vec<_>>()
    };
    assert_eq!(reasons(&nearing).await, ["overtaken by a later one"]);
    let both = ["overtaken by a later one", "over before it was told"];
    assert_eq!(reasons(&over).await, both);
}

async fn a_closing_line_is_quiet_and_leaves_alone(db: &Db) {
    let home = home(&db.store).await;
    let bot = frozen(db, &home, "mm-bot-1", 0).await;
    deliver(db, 0).await;
    look(&db.store, &bot, good(healthy()), 5).await;
    look(&db.store, &bot, good(healthy()), 10).await;
    frozen(db, &home, "two", 10).await;
    let lane = the_lane(&db.store, 11).await;
    let sounding = bind(db, &lane, 11).await.unwrap();
    assert!(!sounding.quiet);
    db.store.record_receipt(&lane, &sounding, "platform-2", at(11)).await.unwrap();
    let closing = bind(db, &lane, 11).await.unwrap();
    assert!(closing.quiet);
    let told = db.store.tellings(&home.workspace().id, &closing).await.unwrap();
    assert_eq!((told.len(), told[0].kind), (1, Kind::Resolved));
    assert_eq!(told[0].key.as_ref().unwrap().0.id, bot.key);
    assert_eq!(db.int("SELECT COUNT(*) FROM message_alerts WHERE live = 0").await, 1);
}

async fn a_receiver_that_must_wait_waits_and_its_siblings_do_not(db: &Db) {
    let both = [receiver("slow", Severity::Notice), receiver("quick", Severity::Notice)];
    let home = desk_of(&db.store, &[described("home", &both)], "home").await;
    frozen(db, &home, "mm-bot-1", 0).await;
    for lane in lanes(&db.store, 0).await {
        let is_slow = lane.receiver.name.as_str() == "slow";
        let turn = if is_slow { Turn::Wait(at(10)) } else { Turn::Fine };
        db.store.release_lane(&lane, &turn).await.unwrap();
    }
    let quick = the_lane(&db.store, 1).await;
    assert_eq!((quick.receiver.name.as_str(), quick.failures), ("quick", 0));
    assert_eq!(db.store.next_delivery(at(1)).await.unwrap(), Some(at(1) + LEASE));
    let message = bind(db, &quick, 1).await.unwrap();
    db.store.record_receipt(&quick, &message, "platform-1", at(1)).await.unwrap();
    db.store.release_lane(&quick, &Turn::Fine).await.unwrap();
    assert_eq!(db.store.next_delivery(at(1)).await.unwrap(), Some(at(10)));
    let slow = the_lane(&db.store, 10).await;
    assert_eq!((slow.receiver.name.as_str(), slow.failures), ("slow", 1));
    db.store.release_lane(&slow, &Turn::Fine).await.unwrap();
    assert_eq!(the_lane(&db.store, 10).await.failures, 0);
}

async fn a_receiver_that_is_gone_is_left_alone_with_its_reason(db: &Db) {
    let home = home(&db.store).await;
    frozen(db, &home, "mm-bot-1", 0).await;
    let lane = the_lane(&db.store, 0).await;
    let gone = Turn::Gone("the channel was deleted".to_owned());
    db.store.release_lane(&lane, &gone).await.unwrap();
    assert_eq!(lanes(&db.store, 60).await, []);
    assert_eq!(db.store.next_delivery(at(60)).await.unwrap(), None);
    let reason = db.text("SELECT reason FROM receivers WHERE state = 'lost'").await;
    assert_eq!(reason.as_deref(), Some("the channel was deleted"));
}

async fn a_receiver_that_the_file_dropped_is_not_revived_by_its_courier(db: &Db) {
    let home = home(&db.store).await;
    frozen(db, &home, "mm-bot-1", 0).await;
    let lane = the_lane(&db.store, 0).await;
    db.store.sync_workspaces(&[described("home", &[])], at(1)).await.unwrap();
    db.store.release_lane(&lane, &Turn::Fine).await.unwrap();
    assert_eq!(lanes(&db.store, 60).await, []);
    let reason = db.text("SELECT reason FROM receivers WHERE state = 'disabled'").await;
    assert_eq!(reason.as_deref(), Some("no longer in the configuration"));
}

async fn the_next_delivery_is_known(db: &Db) {
    let home = home(&db.store).await;
    let bot = watch(&home, "mm-bot-1").await;
    let night = 14 * 60;
    look(&db.store, &bot, good(ending(days(9))), night).await;
    let morning = at(23 * 60);
    assert_eq!(db.store.next_delivery(at(night)).await.unwrap(), Some(morning));
    assert_eq!(lanes(&db.store, night).await, []);
    let (_, message) = deliver(db, 23 * 60).await;
    assert_eq!(message.alerts.len(), 1);
    assert_eq!(db.store.next_delivery(morning).await.unwrap(), None);
}

async fn an_alert_told_anew_leaves_the_old_message_without_buttons(db: &Db) {
    let home = home(&db.store).await;
    let bot = watch(&home, "mm-bot-1").await;
    look(&db.store, &bot, good(ending(days(10))), 0).await;
    let (_, old) = deliver(db, 0).await;
    look(&db.store, &bot, good(ending(days(2))), 5).await;
    let (lane, new) = deliver(db, 5).await;
    assert_ne!(old.id, new.id);
    assert_eq!(db.int("SELECT COUNT(*) FROM message_alerts WHERE live = 1").await, 1);
    let lane = Lane { claim_no: lane.claim_no, ..lane };
    let edit = db.store.next_edit(&lane, at(6)).await.unwrap().unwrap();
    assert_eq!(edit.id, old.id, "the old one is edited so that its buttons go");
    db.store.record_edit(&edit, false, at(6)).await.unwrap();
    take(&home, Rule::Expiry, 7).await;
    let edit = db.store.next_edit(&lane, at(8)).await.unwrap().unwrap();
    assert_eq!(edit.id, new.id, "from now on only the new one follows");
}

async fn more_than_forty_alerts_leave_in_two_messages(db: &Db) {
    let home = home(&db.store).await;
    let mut batch = Vec::new();
    for n in 0..45 {
        let bot = watch(&home, &format!("bot-{n}")).await;
        batch.push(seen(&bot, bad(Fault::AccountFrozen, "400700"), 0));
    }
    commit(&db.store, &batch, 0).await;
    let (_, first) = deliver(db, 1).await;
    let (_, second) = deliver(db, 1).await;
    assert_eq!((first.alerts.len(), second.alerts.len()), (40, 5));
    assert!(first.alerts.iter().all(|one| !second.alerts.contains(one)));
}
