//! The poll itself: other programs with the same token, a wrong token, a server that comes and
//! goes, and nothing served twice.

use chrono::TimeDelta;
use keylapse::chat::telegram::Trouble;
use serde_json::json;

use super::world::{ANN, BO, DESK, Wish, World};
use crate::fakes::telegram::{Break, Fake, Person, Status, poll_elsewhere};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_token_ends_the_listening_with_one_sentence() {
    let world = World::with("token", Wish::default(), Fake::revoke_token).await;
    let asked = world.fake.clone();
    let trouble = world.ended().await;
    assert_eq!(trouble, Trouble::Token);
    assert!(trouble.to_string().contains("@BotFather"));
    assert_eq!(asked.methods(), ["getMe"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_poller_is_left_alone_for_five_minutes_and_alerts_go_on() {
    let world = World::new("poller").await.ready().await;
    world.watch("mm-bot-1").await;
    poll_elsewhere(&world.fake).await;
    let mut trouble = world.trouble.clone();
    trouble.wait_for(|now| *now == Some(Trouble::SecondPoller)).await.unwrap();
    let (seen, polls) = (world.now(), world.fake.polls());
    world.gain("mm-bot-1").await;
    world.reads(DESK, &["mm-bot-1 can now withdraw"]);
    world.pass_until(|fake| fake.polls() > polls).await;
    let stood_back = world.fake.polled_at() - seen;
    assert!(stood_back >= TimeDelta::minutes(5), "{stood_back}");
    world.writes(BO, BO.id, "/help").await;
    world.reads(BO.id, &["/keystatus"]);
    assert_eq!(*world.trouble.borrow(), None, "over");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_of_somebody_else_is_named_and_never_deleted() {
    let world =
        World::with("webhook", Wish::default(), |fake| fake.webhook("https://other.example/x"))
            .await;
    let mut trouble = world.trouble.clone();
    trouble.wait_for(|now| *now == Some(Trouble::Webhook)).await.unwrap();
    let asked = world.fake.count("getWebhookInfo");
    world.pass_until(|fake| fake.count("getWebhookInfo") > asked).await;
    assert_eq!(world.fake.polls(), 0);
    world.fake.webhook("");
    world.pass_until(Fake::is_polled).await;
    let asked = world.fake.requests().into_iter().filter(|r| r.method == "getWebhookInfo");
    let asked: Vec<_> = asked.map(|request| request.at).collect();
    let apart = asked.windows(2).map(|two| two[1] - two[0]).min().unwrap();
    assert!(apart >= TimeDelta::minutes(5), "{apart}");
    world.writes(BO, BO.id, "/help").await;
    world.reads(BO.id, &["/keystatus"]);
    assert_eq!(world.fake.count("deleteWebhook"), 0);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_comes_and_goes_is_polled_again() {
    let world = World::new("comes-and-goes").await.ready().await;
    for how in [Break::Bad(502), Break::Garbage, Break::CutAfter, Break::Slow(9)] {
        world.fake.breaks("getUpdates", how);
    }
    // The poll under way ends with this; the broken ones follow.
    let update = world.fake.writes(BO, BO.id, "/help");
    // Each pause is on the story's clock: it moves until the poll is through.
    world.pass_until(|fake| fake.is_confirmed(update)).await;
    world.served(update).await;
    world.reads(BO.id, &["/keystatus"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_nobody_can_read_does_not_stop_the_next_one() {
    let world = World::new("odd").await.ready().await;
    for odd in [
        json!({}),
        json!({"message": {}}),
        json!({"message": {"from": {"id": "x"}}}),
        json!({"poll": {"id": 1}}),
    ] {
        world.fake.update(odd);
    }
    world.writes(ANN, ANN.id, "/help").await;
    world.reads(ANN.id, &["/keystatus"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn updates_that_are_numbered_anew_after_a_quiet_week_are_heard() {
    let world = World::new("renumbered").await.ready().await;
    world.fake.renumbers(5_000);
    world.writes(BO, BO.id, "/help").await;
    world.reads(BO.id, &["/keystatus"]);
    // The poll that confirmed it ends with nothing; then the numbers begin again below it.
    let polls = world.fake.polls();
    world.fake.renumbers(7);
    world.fake.until("the next poll", |fake| fake.polls() > polls).await;
    world.writes(BO, BO.id, "/help").await;
    world.reads(BO.id, &["/keystatus"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_commands_does_not_delay_an_alert() {
    let world = World::new("flood").await.ready().await;
    world.watch("mm-bot-1").await;
    let more = "Withdrawal".to_owned();
    assert!(world.stage.simulator.edit("mm-bot-1", |key| key.permissions.push(more)));
    let gained = world.now();
    for _ in 0..60 {
        let mut last = 0;
        for who in [ANN, BO, ANN, BO, ANN] {
            last = world.fake.writes(who, DESK, "/faq 400003");
        }
        world.fake.confirmed(last).await;
        world.pass(TimeDelta::seconds(6)).await;
    }
    let mut shown = Vec::new();
    while let Some(message) = world.fake.read(DESK) {
        shown.push(message);
    }
    let alert = shown.iter().find(|message| message.text.contains("can now withdraw")).unwrap();
    // The check comes within five minutes; the flood may take five seconds more.
    assert!(alert.at - gained <= TimeDelta::seconds(305), "after {}", alert.at - gained);
    let times: Vec<_> = shown.iter().map(|message| message.at).collect();
    let minute = TimeDelta::zero()..TimeDelta::minutes(1);
    let after = |first| times.iter().filter(|at| minute.contains(&(**at - first))).count();
    let most = times.iter().map(|first| after(*first)).max().unwrap();
    println!("{} messages to 300 commands, at most {most} a minute", shown.len());
    assert!(most <= 11, "{most} a minute");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_amid_a_flood_ends_soon_and_leaves_what_was_not_begun_for_the_next_start() {
    let mut world = World::new("stop-in-flood").await.ready().await;
    let crowd = (0..60).map(|n| Person { id: 5_000 + n, name: "Somebody" });
    let said = crowd.map(|who| {
        world.fake.meets(who);
        world.fake.sits(who, DESK, Status::Member);
        world.fake.writes(who, DESK, "/help")
    });
    let said: Vec<i64> = said.collect();
    let (first, last) = (said[0], said[59]);
    // The group's slots are taken, so answers wait for theirs, and the rest waits for them.
    world.fake.until("the first answer", |fake| !fake.unread().is_empty()).await;
    let told_at = world.now();
    world.stops().await;
    assert!(world.now() - told_at <= TimeDelta::seconds(12), "{}", world.now() - told_at);
    assert!(world.fake.is_confirmed(first), "what was answered is not heard again");
    assert!(!world.fake.is_confirmed(last), "what was not begun is not lost");
    while world.fake.read(DESK).is_some() {}
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_refusal_of_the_token_that_is_taken_again_ends_nothing() {
    let prepare = |fake: &Fake| {
        for code in [401, 404] {
            fake.breaks("getUpdates", Break::Bad(code));
        }
    };
    let world = World::with("stray-refusal", Wish::default(), prepare).await;
    let refused = |fake: &Fake| {
        let asked = fake.requests();
        asked.iter().filter(|one| matches!(one.status, 401 | 404)).count()
    };
    world.pass_until(|fake| refused(fake) == 2).await;
    let update = world.fake.writes(BO, BO.id, "/help");
    world.pass_until(|fake| fake.is_confirmed(update)).await;
    world.pass(TimeDelta::seconds(7)).await;
    world.reads(BO.id, &["/keystatus"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn updates_too_long_to_be_read_at_once_come_in_parts_and_one_that_is_alone_is_left_out() {
    let world = World::new("too-long").await.ready().await;
    // Chatter of the group: heard, and not answered.
    let chatter = |length: usize| world.fake.writes(ANN, DESK, &"x".repeat(length));
    let limits = |first: usize| -> Vec<i64> {
        let polls = world.fake.since(first).into_iter().filter(|one| one.method == "getUpdates");
        polls.map(|one| one.body["limit"].as_i64().unwrap()).collect()
    };
    // The bot is told to wait, so that all of it is there when it comes back.
    world.fake.breaks("getUpdates", Break::Slow(9));
    chatter(1);
    let is_slow = |fake: &Fake| fake.requests().last().is_some_and(|one| one.status == 429);
    world.fake.until("the refused poll", is_slow).await;
    let asked = world.fake.asked();
    for _ in 0..40 {
        chatter(300_000);
    }
    world.pass(TimeDelta::seconds(10)).await;
    world.writes(BO, BO.id, "/help").await;
    world.reads(BO.id, &["/keystatus"]);
    assert_eq!(limits(asked)[..3], [100, 50, 25], "in parts");
    let asked = world.fake.asked();
    // Neither what comes before it nor what comes after is lost.
    let (before, _, after) = (
        world.fake.writes(BO, BO.id, "/keystatus"),
        chatter(9_000_000),
        world.fake.writes(ANN, ANN.id, "/keystatus"),
    );
    world.fake.confirmed(after).await;
    world.served(after).await;
    assert!(world.fake.is_confirmed(before));
    world.reads(BO.id, &["No keys"]);
    world.reads(ANN.id, &["No keys"]);
    assert!(limits(asked).contains(&1), "{:?}", limits(asked));
    world.writes(BO, BO.id, "/help").await;
    world.reads(BO.id, &["/keystatus"]);
    assert_eq!(limits(asked).last(), Some(&100), "as many as before");
    world.end().await;
}
