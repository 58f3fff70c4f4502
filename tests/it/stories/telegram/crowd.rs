//! Strangers by the hundred, people of many chats, people who cannot stop: what it costs to find
//! out who somebody is has an end, and who belongs here is served meanwhile.

use std::time::Duration;

use chrono::TimeDelta;
use keylapse::commands::Limits;
use keylapse::domain::receiver::Platform;

use super::world::{ANN, BO, DESK, EVE, Wish, World, described};
use crate::fakes::telegram::{Person, Status};

/// More groups of the workspace; by their numbers they come before the desk.
async fn spread(world: &World, groups: i64) {
    let mut desk = described("Desk", DESK, Wish::default());
    for chat in (0..groups).map(|n| -1_000 - n) {
        world.fake.room(chat, "supergroup", "Floor");
        desk.chats.push((Platform::Telegram, chat.to_string()));
    }
    world.stage.store.sync_workspaces(&[desk], world.now()).await.unwrap();
}

/// All up to this update was heard. Time passes only as far as what was heard before waits for it.
async fn heard(world: &World, last: i64) {
    let moment = Duration::from_millis(250);
    while tokio::time::timeout(moment, world.fake.confirmed(last)).await.is_err() {
        world.pass(TimeDelta::seconds(1)).await;
    }
}

async fn limited(name: &'static str) -> World {
    let wish = Wish { limits: Some(Limits::default()), ..Wish::default() };
    World::with(name, wish, |_| {}).await.ready().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_strangers_cost_a_bounded_number_of_questions_and_delay_no_member() {
    let world = limited("crowd").await;
    world.watch("mm-bot-1").await;
    spread(&world, 30).await;
    world.writes(BO, DESK, "/keystatus").await;
    world.reads(DESK, &["for you alone"]);
    let crowd: Vec<Person> = (0..200).map(|n| Person { id: 9_000 + n, name: "Somebody" }).collect();
    for one in &crowd {
        world.fake.meets(*one);
    }
    let asked = world.fake.count("getChatMember");
    let begun = world.now();
    for second in 0..90 {
        let mut last = 0;
        for n in 0..10 {
            let one = crowd[(second * 10 + n) % crowd.len()];
            last = world.fake.writes(one, one.id, "/keystatus");
        }
        // Often enough that what was said of Bo is sometimes too old.
        let is_bos_turn = second % 25 == 20;
        if is_bos_turn {
            last = world.fake.writes(BO, BO.id, "/keystatus");
        }
        let at = world.now();
        heard(&world, last).await;
        world.pass(TimeDelta::seconds(1)).await;
        while is_bos_turn && world.fake.unread().iter().all(|(chat, _)| *chat != BO.id) {
            assert!(world.now() - at <= TimeDelta::seconds(5), "no answer to a member");
            world.pass(TimeDelta::seconds(1)).await;
        }
        if is_bos_turn {
            let shown = world.reads(BO.id, &["mm-bot-1"]);
            assert!(shown.at - at <= TimeDelta::seconds(5), "after {}", shown.at - at);
        }
    }
    let minutes = (world.now() - begun).num_minutes() + 1;
    let asked = world.fake.count("getChatMember") - asked;
    println!("{asked} questions about 900 messages in {minutes} minutes");
    // A hundred and eighty a minute about strangers, and what Bo's take.
    assert!(asked <= usize::try_from(minutes).unwrap() * 180 + 40, "{asked} in {minutes} minutes");
    for one in crowd {
        let said = std::iter::from_fn(|| world.fake.read(one.id)).count();
        assert!(said <= 1, "a stranger was told {said} lines");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_only_chat_is_the_sixty_fifth_is_found_at_the_next_message() {
    let world = World::new("many-chats").await.ready().await;
    world.watch("mm-bot-1").await;
    spread(&world, 70).await;
    world.writes(BO, BO.id, "/keystatus").await;
    world.pass(TimeDelta::seconds(20)).await;
    world.reads(BO.id, &["This bot is private", "If you belong here", "write again in a minute"]);
    world.pass(TimeDelta::seconds(60)).await;
    world.writes(BO, BO.id, "/keystatus").await;
    world.reads(BO.id, &["mm-bot-1"]);
    // From then on the desk is asked first, and the rest of what is left.
    world.pass(TimeDelta::minutes(10)).await;
    let before = world.fake.asked();
    world.writes(BO, BO.id, "/keystatus").await;
    world.reads(BO.id, &["mm-bot-1"]);
    let asked = world.fake.since(before).into_iter().filter(|one| one.method == "getChatMember");
    let asked: Vec<i64> = asked.map(|one| one.body["chat_id"].as_i64().unwrap()).collect();
    assert_eq!(asked.first(), Some(&DESK), "{asked:?}");
    assert!(asked.len() < 10, "{asked:?}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beyond_their_limit_nobody_is_asked_about_wherever_they_speak_or_press() {
    let world = limited("cannot-stop").await;
    world.watch("mm-bot-1").await;
    world.refuse("mm-bot-1").await;
    let alert = world.reads(DESK, &["refused by KuCoin"]);
    let asked = || world.fake.count("getChatMember") + world.fake.count("getChatMemberCount");
    // Each of the twenty that are served is asked about afresh, and no more.
    let before = asked();
    let mut queries = Vec::new();
    for _ in 0..40 {
        queries.push(world.fake.presses(ANN, DESK, alert.id, &alert.button("Steps")));
    }
    world.served(queries[39].0).await;
    assert_eq!(asked() - before, 20);
    let said: Vec<_> = queries.iter().filter_map(|(_, query)| world.fake.query(query)).collect();
    assert_eq!(said.len(), 40, "no button hangs");
    let polite = said
        .iter()
        .filter(|one| one["text"].as_str().is_some_and(|text| text.contains("That was a lot")));
    assert_eq!(polite.count(), 1);
    world.pass(TimeDelta::minutes(2)).await;
    let before = asked();
    let written: Vec<i64> = (0..40).map(|_| world.fake.writes(BO, DESK, "/notify")).collect();
    heard(&world, written[39]).await;
    world.pass(TimeDelta::minutes(1)).await;
    assert!(asked() - before <= 20, "{}", asked() - before);
    while world.fake.read(DESK).is_some() {}
    // A stranger hears one line, and that they go on is no reason for another.
    let before = asked();
    let written: Vec<i64> =
        (0..40).map(|_| world.fake.writes(EVE, EVE.id, "/settings zone UTC")).collect();
    heard(&world, written[39]).await;
    world.pass(TimeDelta::minutes(1)).await;
    world.reads(EVE.id, &["This bot is private."]);
    assert!(asked() - before <= 16, "{}", asked() - before);
    // The alert may have been repeated meanwhile.
    while world.fake.read(DESK).is_some() {}
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_joined_is_let_in_within_three_minutes_and_at_once_where_they_speak() {
    let world = World::new("joined").await.ready().await;
    world.watch("mm-bot-1").await;
    world.writes(EVE, EVE.id, "/keystatus").await;
    world.reads(EVE.id, &["This bot is private."]);
    world.fake.sits(EVE, DESK, Status::Member);
    let asked = world.fake.count("getChatMember");
    world.pass(TimeDelta::minutes(2)).await;
    world.writes(EVE, EVE.id, "/keystatus").await;
    world.reads_nothing();
    assert_eq!(world.fake.count("getChatMember"), asked, "not again so soon");
    world.pass(TimeDelta::minutes(1)).await;
    world.writes(EVE, EVE.id, "/keystatus").await;
    world.reads(EVE.id, &["mm-bot-1"]);
    let late = Person { id: 14, name: "Dot" };
    world.fake.meets(late);
    world.writes(late, late.id, "/keystatus").await;
    world.reads(late.id, &["This bot is private."]);
    world.fake.sits(late, DESK, Status::Member);
    world.pass(TimeDelta::minutes(1)).await;
    world.writes(late, DESK, "/keystatus").await;
    world.reads(DESK, &["for you alone"]);
    world.writes(late, late.id, "/keystatus").await;
    world.reads(late.id, &["mm-bot-1"]);
    world.end().await;
}
