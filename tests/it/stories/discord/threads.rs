//! Threads: they have no permissions of their own, they fall asleep, and somebody can lock them.

use std::time::Duration;

use serde_json::json;

use super::world::*;
use crate::fakes::discord::{Access, Fake};

/// What befalls a thread.
type Happening<'a> = &'a dyn Fn(&World);

/// A bot that tells a thread and another channel.
async fn told_in_a_thread() -> World {
    let mut world = World::with(Fake::start().await, &[THREAD, NIGHT]).await;
    open_threads(&world.fake);
    world.switch_on().await;
    world.watch("tracker").await;
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_that_cannot_be_written_is_named_with_the_very_step_that_mends_it() {
    let forbidden = |world: &World| {
        world.fake.state().channels.get_mut(&KEYS).unwrap().access = Access::NoThreads;
    };
    let locked = |world: &World| {
        let mut state = world.fake.state();
        let thread = state.channels.get_mut(&THREAD).unwrap();
        (thread.is_archived, thread.is_locked) = (true, true);
    };
    let gone = |world: &World| drop(world.fake.state().channels.remove(&THREAD));
    let named =
        format!("I cannot write in #keys-{THREAD}: give my role Send Messages in Threads there");
    let table: [(&str, Happening<'_>, &str); 3] = [
        ("forbidden", &forbidden, &named),
        ("locked", &locked, "The thread is archived and locked: unlock it"),
        ("gone", &gone, "The channel is gone: name another one"),
    ];
    for (name, happens, words) in table {
        let mut world = told_in_a_thread().await;
        happens(&world);
        world.gains_withdrawal("tracker").await;
        world.ring().await;
        let told = world.reads_all(NIGHT);
        assert!(told.contains("tracker can now withdraw"), "{told}");
        assert!(told.contains("gets no warnings") && told.contains(words), "{told}");
        let why = world.lost(THREAD).await.expect("the receiver is lost");
        assert!(why.starts_with(words), "{why}");
        assert!(why.ends_with(&format!("(channel {THREAD})")), "{why}");
        world.end(&format!("thread-{name}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_that_is_deleted_is_lost_before_anything_is_written_there() {
    let mut world = told_in_a_thread().await;
    world.fake.state().channels.remove(&THREAD);
    world.fake.tell("THREAD_DELETE", json!({
        "id": THREAD.to_string(), "guild_id": SERVER.to_string(), "parent_id": KEYS.to_string(), "type": 11,
    }));
    let gone = async {
        while world.lost(THREAD).await.is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone).await.expect("the receiver is lost");
    world.gains_withdrawal("tracker").await;
    let told = world.reads_all(NIGHT);
    assert!(told.contains("tracker can now withdraw") && told.contains("is gone"), "{told}");
    world.end("thread-deleted").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_that_fell_asleep_is_not_lost_and_the_next_warning_wakes_it() {
    let mut world = told_in_a_thread().await;
    world.gains_withdrawal("tracker").await;
    let alert = world.reads(THREAD, &["tracker can now withdraw"]);
    let twin = world.reads(NIGHT, &["tracker can now withdraw"]);
    world.fake.state().channels.get_mut(&THREAD).unwrap().is_archived = true;
    let on_it = button(&twin, "I'm on it").expect("a button");
    let spot = crate::fakes::discord::Spot { channel: NIGHT, ..in_server() };
    let taken = world.presses(MANAGER, spot, &twin, &on_it).await;
    assert!(taken.text.contains("is on it until"), "{}", taken.text);
    world.pass(chrono::TimeDelta::minutes(1)).await;
    // Nothing in a thread that sleeps can be edited.
    assert!(text(&world.now_shown(&twin)).contains("is on it since"));
    assert!(!text(&world.now_shown(&alert)).contains("is on it since"));
    assert_eq!(world.lost(THREAD).await, None);
    world.watch("mm-bot-1").await;
    world.gains_withdrawal("mm-bot-1").await;
    for channel in [THREAD, NIGHT] {
        world.reads(channel, &["mm-bot-1 can now withdraw"]);
    }
    assert!(!world.fake.state().channels[&THREAD].is_archived);
    world.end("thread-asleep").await;
}
