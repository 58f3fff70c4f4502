//! Buttons: an id from a chat is attacker-chosen text until its row is found.

use keylapse::domain::card::Action;
use keylapse::domain::evidence::Fault;
use keylapse::domain::id::{AlertId, ButtonId, MessageId};
use keylapse::domain::receiver::Platform;
use keylapse::store::button::{Offer, Pressed};
use keylapse::store::desk::Desk;

use super::db::Db;
use super::given::*;

on_both!(
    a_button_means_what_it_was_made_for,
    a_foreign_a_made_up_and_a_late_press_are_all_the_same,
    buttons_under_one_message_replace_each_other,
);

fn offer(desk: &Desk) -> Offer {
    Offer {
        workspace: desk.workspace().id.clone(),
        platform: Platform::Discord,
        chat: "alerts".to_owned(),
        message: None,
        person: None,
        alert: None,
        until: at(60),
    }
}

fn acknowledge() -> Action {
    Action::Acknowledge { alert: AlertId::from("an alert".to_owned()) }
}

async fn press(db: &Db, id: &ButtonId, person: &str, minutes: i64) -> Option<Pressed> {
    let place = (Platform::Discord, "alerts");
    db.store.press(id, place, person, at(minutes)).await.unwrap()
}

async fn a_button_means_what_it_was_made_for(db: &Db) {
    let home = home(&db.store).await;
    let alert = Some((AlertId::from("an alert".to_owned()), 7));
    let actions = [acknowledge(), Action::Steps { topic: "regenerate-key".to_owned() }];
    let offer = Offer { alert, ..offer(&home) };
    let ids = db.store.offer(&offer, &actions, at(0)).await.unwrap();
    assert_eq!(ids.len(), 2);
    for (id, action) in ids.iter().zip(actions) {
        let workspace = home.workspace().id.clone();
        let pressed = Pressed { workspace, action, rev: Some(7), replaced: false, made_at: at(0) };
        assert_eq!(press(db, id, "ada", 59).await, Some(pressed));
    }
}

async fn a_foreign_a_made_up_and_a_late_press_are_all_the_same(db: &Db) {
    let home = home(&db.store).await;
    let mine = Offer { person: Some("ada".to_owned()), ..offer(&home) };
    let id = db.store.offer(&mine, &[acknowledge()], at(0)).await.unwrap().remove(0);
    assert!(press(db, &id, "ada", 1).await.is_some());
    assert_eq!(press(db, &id, "bob", 1).await, None);
    assert_eq!(press(db, &id, "ada", 60).await, None);
    for made_up in ["", "' OR 1 = 1 --", "0000000000000000000000", "\u{0}"] {
        let id = ButtonId::from(made_up.to_owned());
        let place = (Platform::Discord, "alerts");
        let pressed = db.store.press(&id, place, "ada", at(1)).await;
        assert_eq!(pressed.unwrap(), None, "{made_up:?}");
    }
    for place in [(Platform::Discord, "elsewhere"), (Platform::Telegram, "alerts")] {
        assert_eq!(db.store.press(&id, place, "ada", at(1)).await.unwrap(), None);
    }
}

async fn buttons_under_one_message_replace_each_other(db: &Db) {
    let home = home(&db.store).await;
    let bot = watch(&home, "mm-bot-1").await;
    look(&db.store, &bot, bad(Fault::AccountFrozen, "400700"), 0).await;
    let lane = the_lane(&db.store, 0).await;
    let message = db.store.bind_next(&lane, at(0)).await.unwrap().expect("a message");
    let under = |message: &MessageId| Offer { message: Some(message.clone()), ..offer(&home) };
    let make = async |message: &MessageId, minutes: i64| {
        let made = db.store.offer(&under(message), &[acknowledge()], at(minutes)).await;
        made.unwrap().remove(0)
    };
    let other = make(&MessageId::from("two".to_owned()), 0).await;
    // Nobody knows whether the first try arrived: what may stand there must work.
    let (first, second) = (make(&message.id, 0).await, make(&message.id, 1).await);
    db.store.mark_attempt(&lane, &message, at(1)).await.unwrap();
    db.store.record_receipt(&lane, &message, "platform-1", at(1)).await.unwrap();
    for id in [&first, &second, &other] {
        assert!(!press(db, id, "ada", 2).await.expect("a button").replaced);
    }
    let third = make(&message.id, 2).await;
    for (id, replaced) in [(&first, true), (&second, true), (&third, false), (&other, false)] {
        assert_eq!(press(db, id, "ada", 3).await.expect("a button").replaced, replaced);
    }
    // A replaced one lives no longer than it would have.
    assert_eq!(press(db, &first, "ada", 60).await, None);
}
