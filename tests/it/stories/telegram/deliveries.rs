//! What is told: alerts in a group, brought up to date, and what becomes of them when Telegram
//! does not take them.

use chrono::TimeDelta;

use super::world::{ANN, BO, DESK, Wish, World};
use crate::fakes::telegram::{Break, Status};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_sounds_in_the_group_and_is_brought_up_to_date_when_somebody_takes_it() {
    let world = World::new("alert").await.ready().await;
    world.watch("mm-bot-1").await;
    world.refuse("mm-bot-1").await;
    let alert = world.reads(DESK, &["mm-bot-1 refused by KuCoin", "400003", "@ann_trades"]);
    assert!(!alert.is_quiet);
    assert_eq!(alert.alive, ["@ann_trades"]);
    let said = world.presses(ANN, DESK, alert.id, &alert.button("I'm on it")).await;
    let text = said["text"].as_str().unwrap_or_default();
    assert!(text.contains("on it") && said["show_alert"] == true, "{said}");
    let now = world.fake.shown(DESK, alert.id);
    assert!(now.text.contains("Ann is on it"), "{}", now.text);
    assert!(now.buttons.iter().any(|(label, _)| label == "Undo"), "{now:?}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forum_is_told_in_its_topic() {
    let wish = Wish { topic: true, ..Wish::default() };
    let world = World::with("topic", wish, |_| {}).await.ready().await;
    world.watch("mm-bot-1").await;
    world.gain("mm-bot-1").await;
    let alert = world.reads(DESK, &["mm-bot-1 can now withdraw"]);
    assert_eq!(alert.topic, Some(77));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_who_blocks_the_bot_does_not_silence_the_group() {
    let wish = Wish { ann: true, ..Wish::default() };
    let world = World::with("blocked", wish, |_| {}).await.ready().await;
    world.watch("mm-bot-1").await;
    // Blocked without a word: only the refusal tells.
    world.fake.sits_the_bot(ANN.id, Status::Kicked);
    world.gain("mm-bot-1").await;
    world.reads(DESK, &["mm-bot-1 can now withdraw"]);
    world.ring().await;
    let lost = world.reads(DESK, &["ann gets no warnings since", "unblock"]);
    let receivers = world.stage.desk.receivers().await.unwrap();
    let ann = receivers.iter().find(|view| view.receiver.name.as_str() == "ann").unwrap();
    assert!(ann.lost.as_ref().unwrap().contains("blocked the bot"), "{:?}", ann.lost);
    let tries = world.fake.requests().iter().filter(|r| r.status == 403).count();
    world.pass(TimeDelta::hours(2)).await;
    // What nobody takes is repeated, to the group alone.
    for _ in 0..2 {
        world.reads(DESK, &["mm-bot-1 can", "withdraw"]);
    }
    world.reads_nothing();
    assert_eq!(world.fake.requests().iter().filter(|r| r.status == 403).count(), tries);
    let update = world.fake.makes_the_bot(ANN, ANN.id, Status::Member);
    world.served(update).await;
    world.reads(ANN.id, &["mm-bot-1 can now withdraw"]);
    let over = world.fake.shown(DESK, lost.id).text;
    assert!(over.contains("ann: works again"), "{over}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_puts_the_bot_out_is_named_to_whoever_is_still_told() {
    let wish = Wish { ann: true, ..Wish::default() };
    let world = World::with("put-out", wish, |_| {}).await.ready().await;
    let update = world.fake.makes_the_bot(BO, DESK, Status::Kicked);
    world.served(update).await;
    let lost = world.reads(ANN.id, &["desk gets no warnings since", "add it there again"]);
    world.reads_nothing();
    let update = world.fake.makes_the_bot(ANN, DESK, Status::Member);
    world.served(update).await;
    world.reads(DESK, &["I watch API keys"]);
    world.pass(TimeDelta::minutes(1)).await;
    let over = world.fake.shown(ANN.id, lost.id).text;
    assert!(over.contains("desk: works again"), "{over}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_became_a_supergroup_is_followed() {
    let world = World::new("moved").await.ready().await;
    world.watch("mm-bot-1").await;
    world.fake.upgrades(DESK, -100_500);
    world.gain("mm-bot-1").await;
    let alert = world.reads(-100_500, &["mm-bot-1 can now withdraw"]);
    let said = world.presses(ANN, -100_500, alert.id, &alert.button("What to do now")).await;
    assert!(said["url"].as_str().unwrap_or_default().contains("?start=a_"), "{said}");
    // The service message says the same thing again and changes nothing.
    let mut message = world.fake.message(ANN, DESK, "");
    message["migrate_to_chat_id"] = serde_json::json!(-100_500);
    let update = world.fake.update(serde_json::json!({"message": message}));
    world.served(update).await;
    world.writes(ANN, -100_500, "/alerts@keylapse_bot").await;
    world.reads(-100_500, &["for you alone"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_requests_are_obeyed_to_the_second() {
    let world = World::new("slow").await.ready().await;
    world.watch("mm-bot-1").await;
    world.fake.breaks("sendMessage", Break::Slow(90));
    world.gain("mm-bot-1").await;
    world.reads(DESK, &["mm-bot-1 can now withdraw"]);
    assert_eq!(statuses(&world, "sendMessage"), [429, 200]);
    let at: Vec<_> =
        world.fake.requests().into_iter().filter(|r| r.method == "sendMessage").collect();
    assert_eq!(at[1].at - at[0].at, TimeDelta::seconds(90));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_have_arrived_is_repeated_once_and_not_again() {
    for (name, how, shown) in
        [("cut", Break::CutAfter, 2), ("garbage", Break::Garbage, 2), ("hang", Break::Hang, 2)]
    {
        let world = World::new(name).await.ready().await;
        world.watch("mm-bot-1").await;
        world.fake.breaks("sendMessage", how);
        world.fake.breaks("sendMessage", how);
        world.gain("mm-bot-1").await;
        world.pass(TimeDelta::minutes(3)).await;
        for _ in 0..shown {
            world.reads(DESK, &["mm-bot-1 can now withdraw"]);
        }
        assert_eq!(world.fake.count("sendMessage"), shown, "{name}");
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_in_trouble_is_asked_again_and_nothing_is_doubled() {
    let world = World::new("trouble").await.ready().await;
    world.watch("mm-bot-1").await;
    for code in [500, 502, 503] {
        world.fake.breaks("sendMessage", Break::Bad(code));
    }
    world.gain("mm-bot-1").await;
    world.reads(DESK, &["mm-bot-1 can now withdraw"]);
    assert_eq!(statuses(&world, "sendMessage"), [500, 502, 503, 200]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_certainly_did_not_arrive_does_not_use_up_the_one_repeat() {
    let world = World::new("unsent").await.ready().await;
    world.watch("mm-bot-1").await;
    for how in [Break::Bad(502), Break::Slow(3), Break::CutBefore, Break::Bad(500)] {
        world.fake.breaks("sendMessage", how);
    }
    world.gain("mm-bot-1").await;
    world.reads(DESK, &["mm-bot-1 can now withdraw"]);
    assert_eq!(statuses(&world, "sendMessage"), [502, 429, 200, 500, 200]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_whose_marks_are_refused_arrives_in_plain_words() {
    let world = World::new("bare").await.ready().await;
    world.watch("t.me/evil").await;
    world.fake.breaks("sendMessage", Break::Unparsed);
    world.gain("t.me/evil").await;
    let alert = world.reads(DESK, &["can now withdraw", "@ann_trades"]);
    assert!(!alert.buttons.is_empty());
    let requests = world.fake.requests();
    let sent = requests.iter().rfind(|request| request.method == "sendMessage").unwrap();
    assert_eq!(sent.body.get("parse_mode"), None);
    assert!(!sent.body["text"].as_str().unwrap().contains(".me/"), "{}", sent.body);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bot_is_removed_and_its_receiver_rests_before_anything_is_sent() {
    let world = World::new("removed").await.ready().await;
    world.watch("mm-bot-1").await;
    let update = world.fake.makes_the_bot(ANN, DESK, Status::Kicked);
    world.served(update).await;
    world.gain("mm-bot-1").await;
    assert_eq!(world.fake.count("sendMessage"), 0);
    let receivers = world.stage.desk.receivers().await.unwrap();
    assert!(receivers[0].lost.as_ref().unwrap().contains("removed"), "{receivers:?}");
    // Back again, it is told of what has opened meanwhile, and again when that is repeated.
    let update = world.fake.makes_the_bot(ANN, DESK, Status::Member);
    world.served(update).await;
    world.reads(DESK, &["I watch API keys"]);
    world.pass(TimeDelta::minutes(20)).await;
    for _ in 0..2 {
        world.reads(DESK, &["mm-bot-1 can", "withdraw"]);
    }
    world.end().await;
}

fn statuses(world: &World, method: &str) -> Vec<u16> {
    let requests = world.fake.requests();
    requests.iter().filter(|r| r.method == method).map(|r| r.status).collect()
}
