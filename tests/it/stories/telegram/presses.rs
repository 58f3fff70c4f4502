//! Buttons that are late, foreign, forged or pressed twice.

use chrono::TimeDelta;

use super::world::{ANN, BO, DESK, EVE, World};
use crate::fakes::telegram::Status;

const STALE: &str = "That button is no longer valid; /alerts shows what is open.";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_foreign_and_unknown_presses_get_the_same_words() {
    let world = World::new("forged").await.ready().await;
    world.watch("mm-bot-1").await;
    world.refuse("mm-bot-1").await;
    let alert = world.reads(DESK, &["refused by KuCoin"]);
    let real = alert.button("I'm on it");
    world.fake.room(-900, "group", "Eve's");
    world.fake.sits(EVE, -900, Status::Creator);
    world.writes(BO, BO.id, "/keystatus").await;
    let bos = world.reads(BO.id, &["mm-bot-1"]).buttons[0].1.clone();
    let mut said = Vec::new();
    for (who, chat, data) in [
        (ANN, DESK, "0".repeat(22)),
        (ANN, DESK, "x".to_owned()),
        (ANN, DESK, "' OR 1=1 --".to_owned()),
        (ANN, DESK, "\u{202E}@all".to_owned()),
        (EVE, -900, real.clone()),
        (EVE, -900, "x".to_owned()),
        // Bo's own button in the group.
        (BO, DESK, bos.clone()),
    ] {
        let answer = world.presses(who, chat, alert.id, &data).await;
        said.push(answer["text"].as_str().unwrap().to_owned());
    }
    assert!(said.iter().all(|text| text == STALE), "{said:?}");
    for data in [real.as_str(), "x", bos.as_str()] {
        world.presses(EVE, EVE.id, 1, data).await;
        assert_eq!(world.reads(EVE.id, &[]).text, STALE);
    }
    world.pass(TimeDelta::minutes(1)).await;
    assert!(!world.fake.shown(DESK, alert.id).text.contains("is on it"));
    while world.fake.read(DESK).is_some() {}
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_press_and_a_late_one_change_nothing_and_are_told_so() {
    let world = World::new("late").await.ready().await;
    world.watch("mm-bot-1").await;
    world.refuse("mm-bot-1").await;
    let alert = world.reads(DESK, &["refused by KuCoin"]);
    let take = alert.button("I'm on it");
    world.presses(ANN, DESK, alert.id, &take).await;
    let again = world.presses(ANN, DESK, alert.id, &take).await;
    assert!(again["text"].as_str().unwrap().contains("Ann is on it until"), "{again}");
    let acked = world.stage.desk.audit(50).await.unwrap();
    let acked = acked.iter().filter(|row| format!("{row:?}").contains("alert.acknowledged"));
    assert_eq!(acked.count(), 1);
    assert!(world.stage.simulator.edit("mm-bot-1", |key| key.revoked = false));
    world.pass(TimeDelta::minutes(20)).await;
    world.reads(DESK, &["mm-bot-1 works again"]);
    let late = world.presses(ANN, DESK, alert.id, &take).await;
    assert!(late["text"].as_str().unwrap().contains("#1 mm-bot-1 is over since"), "{late}");
    // Who may not take it is not told more than that; and after two days it is as any other.
    let viewer = world.presses(BO, DESK, alert.id, &take).await;
    assert!(viewer["text"].as_str().unwrap().contains("needs the role operator"), "{viewer}");
    world.pass(TimeDelta::days(2)).await;
    let old = world.presses(ANN, DESK, alert.id, &take).await;
    assert_eq!(old["text"], STALE);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_answer_to_a_press_in_the_group_opens_in_private() {
    let world = World::new("steps").await.ready().await;
    world.watch("mm-bot-1").await;
    world.refuse("mm-bot-1").await;
    let alert = world.reads(DESK, &["refused by KuCoin"]);
    let said = world.presses(BO, DESK, alert.id, &alert.button("Steps")).await;
    let link = said["url"].as_str().expect("a link");
    let start = link.strip_prefix("https://t.me/keylapse_bot?start=").unwrap();
    world.writes(BO, BO.id, &format!("/start {start}")).await;
    let page = world.reads(BO.id, &[]);
    assert!(page.text.contains("1. "), "{}", page.text);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_a_test_and_may_not_act_is_told_so_and_named_so() {
    let world = World::new("seen").await.ready().await;
    world.writes(ANN, ANN.id, "/notify test").await;
    let sent = world.reads(ANN.id, &["A test is on its way to desk"]);
    let test = world.reads(DESK, &["Test by Ann", "Press Seen"]);
    let said = world.presses(BO, DESK, test.id, &test.button("Seen")).await;
    let words = said["text"].as_str().unwrap_or_default();
    assert!(words.contains("You may read warnings here but not take alerts"), "{said}");
    let said = world.presses(ANN, DESK, test.id, &test.button("Seen")).await;
    assert!(said["text"].as_str().unwrap_or_default().contains("You can take alerts"), "{said}");
    let shown = world.fake.shown(DESK, test.id).text;
    assert!(shown.contains("Seen by Bo (may not take alerts)"), "{shown}");
    assert!(shown.contains("Seen by Ann\n"), "{shown}");
    world.presses(ANN, ANN.id, sent.id, &sent.button("Who has seen it?")).await;
    world.reads(ANN.id, &["seen by Bo; may not take alerts", "seen by Ann"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_walk_through_the_guided_help_is_its_persons_alone() {
    let world = World::new("guided").await.ready().await;
    world.watch("mm-bot-1").await;
    world.writes(BO, BO.id, "/fix").await;
    let asked = world.reads(BO.id, &["last error line", "mm-bot-1 works from this machine"]);
    world.presses(EVE, EVE.id, asked.id, &asked.button("IP address (400006)")).await;
    assert_eq!(world.reads(EVE.id, &[]).text, STALE);
    world.presses(BO, BO.id, asked.id, &asked.button("I do not know")).await;
    let here = world.reads(BO.id, &["does the bot run on the machine of this monitor?"]);
    world.writes(BO, BO.id, "/fix").await;
    world.reads(BO.id, &["You are in the middle of /fix for mm-bot-1"]);
    world.presses(BO, BO.id, here.id, &here.button("Somewhere else")).await;
    let end = world.reads(BO.id, &["most likely the bot's address is not on the key's list"]);
    assert!(end.text.contains("1. Check open positions"), "{}", end.text);
    world.presses(BO, BO.id, end.id, &end.button("Steps")).await;
    world.reads(BO.id, &["bound to IP addresses"]);
    world.writes(BO, BO.id, "/cancel").await;
    world.reads(BO.id, &["Nothing is under way"]);
    world.writes(BO, DESK, "/fix@keylapse_bot").await;
    let pointer = world.reads(DESK, &["for you alone"]);
    assert!(!pointer.text.contains("mm-bot-1"), "{}", pointer.text);
    world.writes(BO, BO.id, "/security").await;
    world.reads(BO.id, &["mm-bot-1: ", " of 13 done", "Only you can see: "]);
    world.end().await;
}
