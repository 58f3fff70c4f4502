//! The leak guard on Telegram (S22): what is certainly a secret is deleted where Telegram lets the
//! bot, the answer says truthfully whether it was, and comes after "delete the key at the exchange".

use chrono::TimeDelta;
use keylapse::commands::Limits;
use keylapse::exchange::simulator::SimKey;
use serde_json::json;

use super::world::*;
use crate::corpora::{harmless, leaks};
use crate::fakes::telegram::{Break, Person, Status};

const PAIR: &str = "key 6705f5c311545b000157d3eb secret 46fd8974-aaaa-bbbb-cccc-896f005b2340";
const ADMIN: Status = Status::Admin { promotes: false };

/// A bot in its group, as this, with the guard of groups on or off.
async fn world(name: &'static str, bot: Status, guard: bool) -> World {
    let wish = Wish { guard, ..Wish::default() };
    World::with(name, wish, |fake| fake.sits_the_bot(DESK, bot)).await.ready().await
}

/// Somebody writes; the message's number.
async fn writes(world: &World, from: Person, chat: i64, text: &str) -> i64 {
    let message = world.fake.message(from, chat, text);
    let id = message["message_id"].as_i64().unwrap();
    let update = world.fake.update(json!({"message": message}));
    world.served(update).await;
    id
}

fn never_sent(world: &World, words: &[&str]) {
    for request in world.fake.requests() {
        let body = request.body.to_string();
        assert!(words.iter().all(|word| !body.contains(word)), "{} {body}", request.method);
    }
}

#[tokio::test]
async fn of_the_corpora_every_leak_in_private_is_answered_and_deleted() {
    let world = world("leak-private", Status::Member, false).await;
    for line in leaks() {
        let message = writes(&world, BO, BO.id, &line).await;
        let told = world.reads(BO.id, &["delete its key at the exchange now"]);
        assert!(told.text.contains("I have deleted the message here"), "{line}: {}", told.text);
        assert!(!world.fake.stands(BO.id, message), "{line}");
    }
    never_sent(&world, &["6705f5c311545b000157d3eb", "46fd8974-aaaa"]);
    world.end().await;
}

#[tokio::test]
async fn of_the_corpora_every_leak_in_a_guarded_group_goes_and_nothing_harmless_does() {
    let world = world("leak-group", ADMIN, true).await;
    for line in harmless() {
        let update = world.fake.writes(BO, DESK, &line);
        world.fake.confirmed(update).await;
    }
    world.pass(TimeDelta::seconds(10)).await;
    assert_eq!(world.fake.count("deleteMessage"), 0);
    for line in leaks() {
        let message = writes(&world, BO, DESK, &line).await;
        assert!(!world.fake.stands(DESK, message), "{line}");
        // Once a minute is enough for everybody.
        if let Some(told) = world.fake.read(DESK) {
            assert!(told.text.contains("A secret was posted here and removed"), "{}", told.text);
            assert!(told.alive.iter().all(|one| one.starts_with("/leaked")), "{:?}", told.alive);
        }
    }
    assert_eq!(world.fake.standing(DESK), harmless().len());
    assert_eq!(world.fake.count("deleteMessage"), leaks().len());
    world.end().await;
}

#[tokio::test]
async fn a_watched_keys_id_in_a_groups_command_is_deleted_and_named_in_private_alone() {
    let world = world("leak-command", ADMIN, false).await;
    world.watch("mm-bot-1").await;
    let key = SimKey::made_up("mm-bot-1").key;
    let message = writes(&world, BO, DESK, &format!("/check {key}")).await;
    assert!(!world.fake.stands(DESK, message));
    let told = world.reads(DESK, &["A secret was posted here and removed", "delete that key"]);
    assert!(!told.text.contains("mm-bot-1"), "{}", told.text);
    let link = told.button("Open the answer");
    let parameter = link.split("start=").nth(1).unwrap();
    world.writes(BO, BO.id, &format!("/start {parameter}")).await;
    let own = world.reads(BO.id, &["That is the key of mm-bot-1", "I have deleted the message"]);
    assert!(!own.text.contains(&key), "{}", own.text);
    // Nobody addressed the bot, and the guard of groups is off.
    let message = writes(&world, BO, DESK, PAIR).await;
    assert!(world.fake.stands(DESK, message));
    world.end().await;
}

#[tokio::test]
async fn without_the_right_to_delete_the_answer_says_so() {
    let world = world("leak-stays", Status::Member, false).await;
    let message = writes(&world, BO, DESK, &format!("/faq {PAIR}")).await;
    assert!(world.fake.stands(DESK, message));
    let told = world.reads(DESK, &["I could not remove it", "Whoever may delete messages here"]);
    let parameter = told.button("Open the answer");
    let parameter = parameter.split("start=").nth(1).unwrap().to_owned();
    world.writes(BO, BO.id, &format!("/start {parameter}")).await;
    world.reads(BO.id, &["I could not delete the message here: delete it yourself"]);
    never_sent(&world, &["6705f5c3", "46fd8974"]);
    world.end().await;
}

#[tokio::test]
async fn a_question_about_somebody_elses_message_deletes_that_one() {
    let world = world("leak-replied", ADMIN, false).await;
    let theirs = world.fake.message(EVE, DESK, PAIR);
    let mut asks = world.fake.message(BO, DESK, "/faq");
    asks["reply_to_message"] = theirs.clone();
    let update = world.fake.update(json!({"message": asks}));
    world.served(update).await;
    let number = |message: &serde_json::Value| message["message_id"].as_i64().unwrap();
    assert!(!world.fake.stands(DESK, number(&theirs)) && world.fake.stands(DESK, number(&asks)));
    world.reads(DESK, &["A secret was posted here and removed"]);
    world.end().await;
}

#[tokio::test]
async fn a_secret_as_a_code_or_under_a_picture_is_no_way_round() {
    let world = world("leak-elsewhere", ADMIN, false).await;
    let message =
        writes(&world, BO, BO.id, "/start secret=46fd8974-aaaa-bbbb-cccc-896f005b2340").await;
    world.reads(BO.id, &["delete its key at the exchange now", "I have deleted the message here"]);
    assert!(!world.fake.stands(BO.id, message));
    let message =
        writes(&world, BO, DESK, "/start secret=46fd8974-aaaa-bbbb-cccc-896f005b2340").await;
    world.reads(DESK, &["A secret was posted here and removed"]);
    assert!(!world.fake.stands(DESK, message));
    for (caption, answer) in
        [(PAIR, "delete its key at the exchange now"), ("my bot", "I read text")]
    {
        let mut photo = world.fake.message(BO, BO.id, "");
        photo.as_object_mut().unwrap().remove("text");
        photo["caption"] = caption.into();
        photo["photo"] = json!([{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]);
        let update = world.fake.update(json!({"message": photo}));
        world.served(update).await;
        world.reads(BO.id, &[answer]);
    }
    world.end().await;
}

#[tokio::test]
async fn a_secret_before_much_other_text_is_no_way_round() {
    let world = world("leak-long", ADMIN, true).await;
    world.watch("mm-bot-1").await;
    let key = SimKey::made_up("mm-bot-1").key;
    let long = "again ".repeat(600);
    for held in [PAIR, &format!("order id {key}")] {
        for text in [format!("/faq {held} {long}"), format!("{held} {long}")] {
            let message = writes(&world, BO, BO.id, &text).await;
            world.reads(BO.id, &["delete", "at the exchange now", "I have deleted the message"]);
            assert!(!world.fake.stands(BO.id, message), "{held}");
            world.pass(TimeDelta::minutes(2)).await;
            let message = writes(&world, BO, DESK, &text).await;
            world.reads(DESK, &["A secret was posted here and removed"]);
            assert!(!world.fake.stands(DESK, message), "{held}");
        }
    }
    // A command that takes no words.
    let message = writes(&world, BO, DESK, &format!("/alerts {long} {PAIR}")).await;
    world.reads(DESK, &["A secret was posted here and removed"]);
    assert!(!world.fake.stands(DESK, message));
    world.end().await;
}

#[tokio::test]
async fn beyond_a_persons_limit_a_secret_goes_without_a_word() {
    let limits = Some(Limits { commands: 1, checks: 1 });
    let wish = Wish { limits, ..Wish::default() };
    let world = World::with("leak-limit", wish, |fake| fake.sits_the_bot(DESK, ADMIN)).await;
    let world = world.ready().await;
    world.writes(BO, BO.id, "/help").await;
    world.reads(BO.id, &["/keystatus"]);
    world.writes(BO, BO.id, "/help").await;
    world.reads(BO.id, &["That was a lot at once"]);
    for chat in [BO.id, DESK] {
        let message = writes(&world, BO, chat, &format!("/faq {PAIR}")).await;
        assert!(!world.fake.stands(chat, message), "{chat}");
    }
    let harmless = writes(&world, BO, DESK, "/faq 400003").await;
    assert!(world.fake.stands(DESK, harmless));
    world.end().await;
}

#[tokio::test]
async fn who_must_choose_a_workspace_or_cannot_be_served_is_warned_first() {
    let world = world("leak-unserved", ADMIN, false).await;
    world.fake.room(-900, "supergroup", "Night");
    world.fake.sits(ANN, -900, Status::Member);
    let both =
        [described("Desk", DESK, Wish::default()), described("Night", -900, Wish::default())];
    world.stage.store.sync_workspaces(&both, world.now()).await.unwrap();
    let message = writes(&world, ANN, ANN.id, PAIR).await;
    let told = world.reads(ANN.id, &["delete its key at the exchange now", "/faq compromised"]);
    assert!(told.text.contains("I have deleted the message here"), "{}", told.text);
    assert!(!world.fake.stands(ANN.id, message));
    // Telegram does not say who Bo is.
    world.fake.breaks("getChatMember", Break::Bad(502));
    let message = writes(&world, BO, DESK, &format!("/faq {PAIR}")).await;
    world.reads(DESK, &["A secret was posted here and removed"]);
    assert!(!world.fake.stands(DESK, message));
    world.end().await;
}

#[tokio::test]
async fn what_nobody_says_in_their_own_name_is_looked_through_all_the_same() {
    let world = world("leak-strange", ADMIN, true).await;
    let marks = [
        ("sender_chat", json!({"id": -9, "type": "channel", "title": "News"})),
        ("via_bot", json!({"id": 8, "is_bot": true, "first_name": "x", "username": "x_bot"})),
        ("is_from_offline", json!(true)),
    ];
    for (mark, value) in marks {
        let mut message = world.fake.message(BO, DESK, &format!("/faq {PAIR}"));
        message[mark] = value;
        let number = message["message_id"].as_i64().unwrap();
        let update = world.fake.update(json!({"message": message}));
        world.served(update).await;
        world.reads(DESK, &["A secret was posted here and removed"]);
        assert!(!world.fake.stands(DESK, number), "{mark}");
        world.pass(TimeDelta::minutes(2)).await;
    }
    // A command that is not for us.
    let message = writes(&world, BO, DESK, &format!("/start@other_bot {PAIR}")).await;
    world.reads(DESK, &["A secret was posted here and removed"]);
    assert!(!world.fake.stands(DESK, message));
    world.end().await;
}
