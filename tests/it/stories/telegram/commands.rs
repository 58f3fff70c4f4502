//! What people ask: in private, in the group, of another bot.

use chrono::TimeDelta;
use serde_json::json;

use super::world::{ANN, BO, DESK, EVE, Wish, World};

/// Where the only button of a pointer leads, as the parameter of `/start`.
fn parameter(link: &str) -> String {
    link.strip_prefix("https://t.me/keylapse_bot?start=").expect("our own link").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_asks_in_private_and_is_answered_there() {
    let world = World::new("private").await.ready().await;
    world.watch("mm-bot-1").await;
    world.writes(BO, BO.id, "/keystatus").await;
    let shown = world.reads(BO.id, &["mm-bot-1"]);
    assert!(!shown.buttons.is_empty());
    let said = world.presses(BO, BO.id, shown.id, &shown.buttons[0].1).await;
    assert_eq!(said.get("text"), None, "the answer is a message");
    world.reads(BO.id, &["mm-bot-1"]);
    world.writes(BO, BO.id, "what does 400003 mean?").await;
    world.reads(BO.id, &["400003"]);
    world.writes(BO, BO.id, "/keystatsu").await;
    world.reads(BO.id, &["Did you mean /keystatus?"]);
    world.writes(BO, BO.id, "/ack").await;
    world.reads(BO.id, &["needs the role operator"]);
    world.writes(BO, BO.id, "/cancel").await;
    world.reads(BO.id, &["Nothing is under way"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_was_refused_for_haste_is_said_a_moment_later() {
    let world = World::new("haste").await.ready().await;
    world.watch("mm-bot-1").await;
    world.fake.breaks("sendMessage", crate::fakes::telegram::Break::Slow(2));
    world.writes(BO, BO.id, "/keystatus").await;
    world.reads(BO.id, &["mm-bot-1"]);
    // Not for ever: who would have to wait long is not answered late.
    world.fake.breaks("sendMessage", crate::fakes::telegram::Break::Slow(60));
    world.writes(BO, BO.id, "/keystatus").await;
    world.pass(TimeDelta::minutes(2)).await;
    world.reads_nothing();
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_group_a_private_answer_waits_behind_a_link_for_who_asked_alone() {
    let world = World::new("pointer").await.ready().await;
    world.watch("mm-bot-1").await;
    world.writes(BO, DESK, "/keystatus@keylapse_bot").await;
    let pointer = world.reads(DESK, &["for you alone"]);
    assert!(!pointer.text.contains("mm-bot-1"));
    let start = format!("/start {}", parameter(&pointer.button("Open the answer")));
    // Ann may see everything, and yet it is not hers.
    world.writes(ANN, ANN.id, &start).await;
    world.reads(ANN.id, &["somebody else's"]);
    world.writes(EVE, EVE.id, &start).await;
    world.reads(EVE.id, &["This bot is private."]);
    world.writes(BO, BO.id, &start).await;
    let answer = world.reads(BO.id, &["mm-bot-1"]);
    assert!(!answer.buttons.is_empty());
    world.writes(BO, BO.id, &start).await;
    world.reads(BO.id, &["not here any more"]);
    // A button under it is Bo's.
    world.presses(BO, BO.id, answer.id, &answer.buttons[0].1).await;
    world.reads(BO.id, &["mm-bot-1"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_left_the_group_cannot_open_what_they_asked_there() {
    let world = World::new("left").await.ready().await;
    world.watch("mm-bot-1").await;
    for wait in [TimeDelta::zero(), TimeDelta::minutes(11)] {
        world.fake.sits(BO, DESK, crate::fakes::telegram::Status::Member);
        world.pass(TimeDelta::minutes(2)).await;
        world.writes(BO, DESK, "/keystatus").await;
        let pointer = world.reads(DESK, &["for you alone"]);
        let start = format!("/start {}", parameter(&pointer.button("Open the answer")));
        if wait.is_zero() {
            world.fake.sits(BO, DESK, crate::fakes::telegram::Status::Left);
            world.writes(BO, BO.id, &start).await;
            world.reads(BO.id, &["This bot is private."]);
        } else {
            world.pass(wait).await;
            world.writes(BO, BO.id, &start).await;
            world.reads(BO.id, &["not here any more"]);
        }
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deed_asked_in_a_group_is_done_once() {
    let world = World::new("deed").await.ready().await;
    world.watch("mm-bot-1").await;
    world.refuse("mm-bot-1").await;
    let alert = world.reads(DESK, &["refused by KuCoin"]);
    world.writes(ANN, DESK, "/ack mm-bot-1 2h waiting for support").await;
    let pointer = world.reads(DESK, &["for you alone"]);
    assert!(world.fake.shown(DESK, alert.id).text.contains("Ann is on it"));
    let start = format!("/start {}", parameter(&pointer.button("Open the answer")));
    world.writes(ANN, ANN.id, &start).await;
    world.reads(ANN.id, &["on it"]);
    let audit = world.stage.desk.audit(50).await.unwrap();
    let acked = audit.iter().filter(|row| format!("{row:?}").contains("alert.acknowledged"));
    assert_eq!(acked.count(), 1);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_without_facts_stands_in_the_group_in_its_topic() {
    let wish = Wish { topic: true, ..Wish::default() };
    let world = World::with("faq", wish, |_| {}).await.ready().await;
    let in_topic = |text: &str| {
        let mut message = world.fake.message(BO, DESK, text);
        message["message_thread_id"] = json!(77);
        message["is_topic_message"] = json!(true);
        message
    };
    let update = world.fake.update(json!({"message": in_topic("/faq 400003")}));
    world.served(update).await;
    let shown = world.reads(DESK, &["400003"]);
    assert_eq!(shown.topic, Some(77));
    assert!(shown.is_quiet);
    // As a reply it asks about the text that it replies to.
    let mut message = in_topic("/faq@keylapse_bot");
    message["reply_to_message"] =
        in_topic("error: Invalid request ip, the current clientIp is:1.2.3.4 400006");
    let update = world.fake.update(json!({"message": message}));
    world.served(update).await;
    let shown = world.reads(DESK, &["address"]);
    assert!(!shown.text.contains("1.2.3.4"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_ours_is_met_with_silence() {
    let world = World::new("silence").await.ready().await;
    world.watch("mm-bot-1").await;
    let before = world.fake.count("getChatMember");
    for text in [
        "/keystatus@freqtrade_bot",
        "/status",
        "/stop",
        "/balance@other",
        "/start",
        "/keystatsu",
        "/undo",
        "good morning",
        "see /keystatus",
        "/",
    ] {
        world.writes(ANN, DESK, text).await;
    }
    world.reads_nothing();
    assert_eq!(world.fake.count("getChatMember"), before, "nobody was looked up");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_fits_in_private_and_in_the_group() {
    let world = World::new("every-command").await.ready().await;
    for label in ["mm-bot-1", "grid eu", "t.me/evil", "a@b#c"] {
        world.watch(label).await;
    }
    world.refuse("mm-bot-1").await;
    world.gain("grid eu").await;
    while world.fake.read(DESK).is_some() {}
    let mut answered = 0;
    for spec in keylapse::commands::SPECS {
        if spec.example.is_empty() {
            continue;
        }
        for line in [format!("/{}", spec.name), spec.example.to_owned()] {
            // In a group only a named bot or a code is meant by it.
            let chats = if line == "/start" { &[ANN.id][..] } else { &[ANN.id, DESK] };
            for &chat in chats {
                world.writes(ANN, chat, &line).await;
                let shown = world.reads(chat, &[]);
                let alive: Vec<_> = shown
                    .alive
                    .iter()
                    .filter(|a| !a.contains("kucoin") && *a != "@ann_trades")
                    .collect();
                assert!(alive.is_empty(), "{line}: {alive:?}");
                answered += 1;
                while let Some(more) = world.fake.read(chat) {
                    // The test itself comes there as well.
                    let is_test = line.starts_with("/notify test");
                    assert!(chat == ANN.id || is_test, "{line}: {more:?}");
                }
            }
            world.pass(TimeDelta::seconds(50)).await;
            while world.fake.read(DESK).is_some() {}
        }
    }
    assert!(answered >= 36, "{answered}");
    let menus = [world.fake.menu("all_group_chats"), world.fake.menu("all_private_chats")];
    assert_eq!(menus[0], ["keystatus", "alerts", "ack", "faq", "help"]);
    assert!(menus[1].len() > menus[0].len());
    world.end().await;
}
