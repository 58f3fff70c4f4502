//! Receivers that are lost and come back, chats that move, tests that somebody sees.

use chrono::TimeDelta;
use keylapse::domain::access::{Grant, Grantee, Role};
use keylapse::domain::alert::Subject;
use keylapse::domain::evidence::Fault;
use keylapse::domain::policy::Policy;
use keylapse::domain::receiver::Platform;
use keylapse::domain::rules::Rule;
use keylapse::store::chat::Chat;
use keylapse::store::leave::Left;
use keylapse::store::test::Witness;
use keylapse::store::workspace::Described;

use super::db::Db;
use super::given::*;

on_both!(
    a_lost_receiver_is_said_through_the_others_and_over_when_it_is_back,
    who_comes_after_an_alert_has_opened_is_told_of_it_once,
    a_disturbed_platform_is_said_where_another_one_works,
    a_platform_that_works_again_is_said_where_its_receivers_are_gone_meanwhile,
    a_group_that_moves_takes_its_receivers_and_its_place_along,
    what_the_file_grants_is_not_changed_in_chat_and_goes_with_the_file,
    a_test_is_sent_like_a_message_and_remembers_who_saw_it,
);

async fn a_lost_receiver_is_said_through_the_others_and_over_when_it_is_back(db: &Db) {
    let home = home(&db.store).await;
    let policy = Policy::default();
    home.add_receiver(&telegram("-100"), &entry("receiver.added"), at(0)).await.unwrap();
    assert!(!db.store.judge_receivers(&policy, at(1)).await.unwrap());
    assert!(db.store.lose_chat(Platform::Telegram, "-100", "put out").await.unwrap());
    assert!(db.store.judge_receivers(&policy, at(2)).await.unwrap());
    assert!(!db.store.judge_receivers(&policy, at(3)).await.unwrap(), "said once");
    let alert = the_alert(&home, Rule::ReceiverLost).await;
    assert!(matches!(alert.subject, Subject::Receiver(_)));
    let told = "SELECT COUNT(*) FROM notices n JOIN receivers r ON r.id = n.receiver_id WHERE r.platform = 'telegram'";
    assert_eq!(db.int(told).await, 0, "not to the lost one");
    assert!(db.int("SELECT COUNT(*) FROM notices").await > 0);
    let view = home.receivers().await.unwrap();
    assert!(view.iter().any(|one| one.lost.as_deref() == Some("put out")), "{view:?}");
    assert!(db.store.find_chat(Platform::Telegram, "-100").await.unwrap());
    db.store.judge_receivers(&policy, at(4)).await.unwrap();
    assert!(home.open_alerts().await.unwrap().is_empty());
}

async fn who_comes_after_an_alert_has_opened_is_told_of_it_once(db: &Db) {
    let home = home(&db.store).await;
    let policy = Policy::default();
    let bot = watch(&home, "mm-bot-1").await;
    look(&db.store, &bot, bad(Fault::AccountFrozen, "400700"), 0).await;
    home.add_receiver(&telegram("-100"), &entry("receiver.added"), at(1)).await.unwrap();
    let told = "SELECT COUNT(*) FROM notices n JOIN receivers r ON r.id = n.receiver_id \
                WHERE r.platform = 'telegram' AND n.state = 'owed'";
    assert_eq!(db.int(told).await, 0);
    for _ in 0..2 {
        db.store.tell_newcomers(&policy, at(2)).await.unwrap();
        assert_eq!(db.int(told).await, 1);
    }
}

async fn a_disturbed_platform_is_said_where_another_one_works(db: &Db) {
    let (home, other) = two_tenants(&db.store).await;
    let policy = Policy::default();
    home.add_receiver(&telegram("-100"), &entry("receiver.added"), at(0)).await.unwrap();
    let what = "Another program uses this Telegram token.";
    assert!(db.store.judge_platform(Platform::Telegram, Some(what), &policy, at(1)).await.unwrap());
    let alert = the_alert(&home, Rule::PlatformTrouble).await;
    assert!(alert.state.items.contains(what));
    assert!(other.open_alerts().await.unwrap().is_empty(), "it has nothing there");
    db.store.judge_platform(Platform::Telegram, None, &policy, at(2)).await.unwrap();
    assert!(home.open_alerts().await.unwrap().is_empty());
}

async fn a_platform_that_works_again_is_said_where_its_receivers_are_gone_meanwhile(db: &Db) {
    let (home, other) = two_tenants(&db.store).await;
    let policy = Policy::default();
    // A chat in which nobody is told, and a receiver that does not stay.
    let chat = Chat {
        platform: Platform::Telegram,
        address: "-1".to_owned(),
        title: clean("Traders"),
        is_configured: false,
    };
    assert!(home.enrol(&chat, &entry("chat.enrolled"), at(0)).await.unwrap());
    other.add_receiver(&telegram("-2"), &entry("receiver.added"), at(0)).await.unwrap();
    let what = "Another program uses this Telegram token.";
    assert!(db.store.judge_platform(Platform::Telegram, Some(what), &policy, at(1)).await.unwrap());
    for desk in [&home, &other] {
        the_alert(desk, Rule::PlatformTrouble).await;
    }
    let all = other.receivers().await.unwrap();
    let gone = all.iter().find(|one| one.receiver.address.chat == "-2").unwrap();
    let row = entry("receiver.removed");
    assert!(other.remove_receiver(&gone.receiver.id, &row, at(2)).await.unwrap());
    db.store.judge_platform(Platform::Telegram, None, &policy, at(3)).await.unwrap();
    for desk in [&home, &other] {
        assert!(desk.open_alerts().await.unwrap().is_empty());
    }
}

async fn a_group_that_moves_takes_its_receivers_and_its_place_along(db: &Db) {
    let home = home(&db.store).await;
    let chat = Chat {
        platform: Platform::Telegram,
        address: "-1".to_owned(),
        title: clean("Traders"),
        is_configured: false,
    };
    assert!(home.enrol(&chat, &entry("chat.enrolled"), at(0)).await.unwrap());
    home.add_receiver(&telegram("-1"), &entry("receiver.added"), at(0)).await.unwrap();
    assert!(db.store.move_chat(Platform::Telegram, "-1", "-1001").await.unwrap());
    assert!(!db.store.move_chat(Platform::Telegram, "-1", "-1001").await.unwrap());
    assert!(db.store.home_of(Platform::Telegram, "-1").await.unwrap().is_none());
    let found = db.store.home_of(Platform::Telegram, "-1001").await.unwrap().expect("it moved");
    assert_eq!(found.workspace, *home.workspace());
    let receivers = home.receivers().await.unwrap();
    assert!(receivers.iter().any(|one| one.receiver.address.chat == "-1001"), "{receivers:?}");
}

async fn what_the_file_grants_is_not_changed_in_chat_and_goes_with_the_file(db: &Db) {
    let ann = Grantee::Person("7".to_owned());
    let grant = |role| Grant {
        platform: Platform::Telegram,
        grantee: Grantee::Person("7".to_owned()),
        role,
    };
    let file = |grants| Described {
        chats: vec![(Platform::Telegram, "-1".to_owned())],
        grants,
        ..described("home", &[])
    };
    let spaces = db.store.sync_workspaces(&[file(vec![grant(Role::Viewer)])], at(0)).await.unwrap();
    let desk = db.store.desk(spaces[0].clone());
    let row = entry("role.granted");
    let platform = Platform::Telegram;
    assert!(!desk.grant(platform, &ann, Role::Admin, &row, at(1)).await.unwrap());
    assert_eq!(desk.revoke(platform, &ann, &row, at(1)).await.unwrap(), Left::Configured);
    assert_eq!(desk.grants(platform).await.unwrap(), [grant(Role::Viewer)]);
    let bob = Grantee::Person("8".to_owned());
    assert!(desk.grant(platform, &bob, Role::Operator, &row, at(1)).await.unwrap());
    db.store.sync_workspaces(&[described("home", &[])], at(2)).await.unwrap();
    let left = desk.grants(platform).await.unwrap();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!((&left[0].grantee, left[0].role), (&bob, Role::Operator));
    assert!(db.store.home_of(platform, "-1").await.unwrap().is_none());
    let left = desk.revoke(platform, &bob, &row, at(3)).await.unwrap();
    assert_eq!(left, Left::Gone { chat: false });
    assert_eq!(desk.revoke(platform, &bob, &row, at(4)).await.unwrap(), Left::NotHere);
    assert!(desk.grants(platform).await.unwrap().is_empty());
}

async fn a_test_is_sent_like_a_message_and_remembers_who_saw_it(db: &Db) {
    let (home, other) = two_tenants(&db.store).await;
    let receiver = home.receivers().await.unwrap().remove(0).receiver.id;
    let row = entry("receiver.tested");
    assert!(other.test_receiver(&receiver, &clean("Eve"), &row, at(0)).await.unwrap().is_none());
    let id = home.test_receiver(&receiver, &clean("Ada"), &row, at(0)).await.unwrap().unwrap();
    let lane = db.store.claim_lanes(at(1), TimeDelta::minutes(3)).await.unwrap().remove(0);
    let message = db.store.bind_next(&lane, at(1)).await.unwrap().expect("the test");
    assert_eq!((&message.id, message.is_live), (&id, true));
    db.store.mark_attempt(&lane, &message, at(1)).await.unwrap();
    db.store.record_receipt(&lane, &message, "p1", at(1)).await.unwrap();
    let bob = Witness { id: "8".to_owned(), name: clean("Bob"), may_acknowledge: false };
    assert!(other.witness(&id, bob.clone()).await.unwrap().is_none());
    for _ in 0..2 {
        home.witness(&id, bob.clone()).await.unwrap().expect("the test");
    }
    let (test, arrived) = home.last_test(&receiver).await.unwrap().unwrap();
    assert!(arrived);
    assert_eq!(test.seen, [bob]);
    let edit = db.store.next_edit(&lane, at(2)).await.unwrap().expect("it shows who saw it");
    assert_eq!(edit.test.unwrap().seen.len(), 1);
}
