//! Buttons: an id from a chat is attacker-chosen text until its row is found.

use keylapse::domain::card::Action;
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
        let pressed = Pressed { workspace, action, rev: Some(7), made_at: at(0) };
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
    let under = |message: &str| Offer {
        message: Some(MessageId::from(message.to_owned())),
        ..offer(&home)
    };
    let first = db.store.offer(&under("one"), &[acknowledge()], at(0)).await.unwrap().remove(0);
    let other = db.store.offer(&under("two"), &[acknowledge()], at(0)).await.unwrap().remove(0);
    let second = db.store.offer(&under("one"), &[acknowledge()], at(1)).await.unwrap().remove(0);
    assert_eq!(press(db, &first, "ada", 2).await, None);
    assert!(press(db, &second, "ada", 2).await.is_some());
    assert!(press(db, &other, "ada", 2).await.is_some());
}
