//! Whose word counts: people in their own name, as what Telegram calls them at that moment.

use serde_json::{Value, json};

use super::world::{ANN, BO, DESK, World};
use crate::fakes::telegram::{Break, Person, Status};

/// Messages that a person did not say in their own name, as the server sends them.
fn nobodys(world: &World, text: &str) -> Vec<Value> {
    let message = || world.fake.message(ANN, DESK, text);
    let with = |field: &str, value: Value| {
        let mut message = message();
        message[field] = value;
        json!({"message": message})
    };
    let room = json!({"id": DESK, "type": "supergroup", "title": "Desk"});
    let bot = json!({"id": 99, "is_bot": true, "first_name": "x", "username": "x_bot"});
    let from =
        |id: i64, is_bot: bool| json!({"id": id, "is_bot": is_bot, "first_name": "Telegram"});
    vec![
        with("sender_chat", room.clone()),
        with("from", from(1_087_968_824, true)),
        with("from", from(136_817_688, true)),
        with("from", from(777_000, false)),
        with("from", bot.clone()),
        with("via_bot", bot),
        with("is_automatic_forward", json!(true)),
        with("business_connection_id", json!("b")),
        with("forward_origin", json!({"type": "user", "date": 1, "sender_user": ANN.json()})),
        with("edit_date", json!(1)),
        json!({"edited_message": message()}),
        json!({"channel_post": message()}),
        json!({"business_message": message()}),
        json!({"guest_message": message()}),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anonymous_admins_channels_and_machines_never_execute() {
    let world = World::new("identity").await.ready().await;
    world.watch("mm-bot-1").await;
    world.refuse("mm-bot-1").await;
    let alert = world.reads(DESK, &["refused by KuCoin"]);
    let before = world.stage.desk.audit(50).await.unwrap();
    for update in nobodys(&world, "/ack mm-bot-1") {
        let update = world.fake.update(update);
        world.served(update).await;
    }
    for id in [777_000, 136_817_688, 1_087_968_824] {
        let ghost = Person { id, name: "ghost" };
        let (update, _) = world.fake.presses(ghost, DESK, alert.id, &alert.button("I'm on it"));
        world.served(update).await;
    }
    world.reads_nothing();
    assert_eq!(world.stage.desk.audit(50).await.unwrap(), before);
    // The same words of Ann herself do it.
    world.writes(ANN, DESK, "/ack mm-bot-1").await;
    world.reads(DESK, &["for you alone"]);
    assert_eq!(world.stage.desk.audit(50).await.unwrap().len(), before.len() + 1);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_anonymous_admin_of_the_group_acts_only_where_an_admin_allowed_it() {
    let world = World::new("anonymous").await.ready().await;
    world.watch("mm-bot-1").await;
    world.refuse("mm-bot-1").await;
    let alert = world.reads(DESK, &["refused by KuCoin"]);
    world.writes(BO, DESK, "/settings anonymous on").await;
    world.reads(DESK, &["for you alone"]);
    let speak = async |sender_chat: i64, forwarded: bool| {
        let ghost = Person { id: 1_087_968_824, name: "Group" };
        let mut message = world.fake.message(ghost, DESK, "/ack mm-bot-1");
        message["from"]["is_bot"] = json!(true);
        message["sender_chat"] = json!({"id": sender_chat, "type": "group", "title": "Desk"});
        message["author_signature"] = json!("boss");
        if forwarded {
            message["forward_origin"] =
                json!({"type": "hidden_user", "date": 1, "sender_user_name": "x"});
        }
        let update = world.fake.update(json!({"message": message}));
        world.served(update).await;
    };
    speak(DESK, false).await;
    world.reads(DESK, &["You are anonymous here"]);
    assert!(!world.fake.shown(DESK, alert.id).text.contains("is on it"), "Bo may set nothing");
    world.writes(ANN, DESK, "/settings anonymous on").await;
    world.reads(DESK, &["for you alone"]);
    for (sender, forwarded) in [(-901, false), (DESK, true)] {
        speak(sender, forwarded).await;
    }
    world.reads_nothing();
    speak(DESK, false).await;
    world.reads(DESK, &["I cannot show you the answer alone"]);
    assert!(world.fake.shown(DESK, alert.id).text.contains("is on it"));
    let audit = world.stage.desk.audit(50).await.unwrap();
    assert!(
        format!("{audit:?}")
            .contains("an anonymous admin of the group (telegram 1087968824 in -500)")
    );
    world.writes(ANN, DESK, "/settings anonymous off").await;
    world.reads(DESK, &["for you alone"]);
    speak(DESK, false).await;
    world.reads_nothing();
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_demoted_is_asked_of_telegram_again_before_a_deed() {
    let world = World::new("demoted").await.ready().await;
    world.watch("mm-bot-1").await;
    world.refuse("mm-bot-1").await;
    let alert = world.reads(DESK, &["refused by KuCoin"]);
    world.writes(ANN, DESK, "/keystatus").await;
    world.reads(DESK, &["for you alone"]);
    for (status, words) in [
        (Status::Member, "needs the role operator"),
        (Status::Admin { promotes: false }, "needs the role operator"),
        (Status::Restricted { inside: true }, "needs the role operator"),
        (Status::Restricted { inside: false }, "you are anyone"),
        (Status::Kicked, "you are anyone"),
    ] {
        world.fake.sits(ANN, DESK, status);
        let said = world.presses(ANN, DESK, alert.id, &alert.button("I'm on it")).await;
        assert!(said["text"].as_str().unwrap().contains(words), "{status:?}: {said}");
    }
    assert!(!world.fake.shown(DESK, alert.id).text.contains("is on it"));
    // Without an answer of Telegram nobody has a right, and nobody is called a stranger.
    world.fake.breaks("getChatMember", Break::Bad(502));
    let said = world.presses(BO, DESK, alert.id, &alert.button("Steps")).await;
    assert!(said["text"].as_str().unwrap().contains("does not tell me right now"), "{said}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forwarded_words_are_a_question_and_what_is_no_text_is_said_to_be() {
    let world = World::new("forwarded").await.ready().await;
    let mut message = world.fake.message(BO, BO.id, "/ack 1");
    message["forward_origin"] = json!({"type": "hidden_user", "date": 1, "sender_user_name": "x"});
    let update = world.fake.update(json!({"message": message}));
    world.served(update).await;
    // What is written about it, and not what is done by it.
    world.reads(BO.id, &["Taking an alert"]);
    let mut message = world.fake.message(BO, BO.id, "");
    message.as_object_mut().unwrap().remove("text");
    message["photo"] =
        json!([{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1, "file_size": 3}]);
    let update = world.fake.update(json!({"message": message}));
    world.served(update).await;
    world.reads(BO.id, &["I read text"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_thrown_out_has_no_admins_word_left_in_private_either() {
    let world = World::new("thrown-out").await.ready().await;
    world.writes(ANN, ANN.id, "/keystatus").await;
    world.reads(ANN.id, &["No keys"]);
    // Within the minute in which what Telegram said of her is remembered.
    world.fake.sits(ANN, DESK, Status::Kicked);
    world.writes(ANN, ANN.id, "/settings role 44 admin").await;
    world.reads(ANN.id, &["This bot is private"]);
    world.end().await;
}
