//! `/notify` in a channel: who would read the warnings there, and who is told from when on.

use super::people::message;
use super::world::*;
use crate::fakes::discord::{Fake, Spot};

const WIDE: &str = "Many people may read this chat.";

/// A bot that tells nobody yet; the second channel lets nobody in but who was let in.
async fn open_and_closed() -> World {
    let mut world = World::with(Fake::start().await, &[]).await;
    open_threads(&world.fake);
    world.fake.state().channels.get_mut(&NIGHT).unwrap().is_closed = true;
    world.switch_on().await;
    world
}

fn at(channel: u64) -> Spot {
    Spot { channel, ..in_server() }
}

async fn told(world: &World) -> Vec<String> {
    let receivers = world.stage.desk.receivers().await.unwrap();
    receivers.into_iter().map(|one| one.receiver.address.chat).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_is_as_wide_as_the_channel_that_it_hangs_on() {
    let world = open_and_closed().await;
    let add = [("action", "add")];
    let asked = world.says_at(MANAGER, at(THREAD), "notify", &add).await;
    assert!(asked.ephemeral && asked.text.contains(WIDE), "{}", asked.text);
    assert!(button(&asked.shown, "Tell it here anyway").is_some());
    assert_eq!(told(&world).await, Vec::<String>::new());
    // Of a thread of which nothing is known nobody can say that few read it.
    let mut event = world.fake.event(2, (MANAGER, at(NIGHT_THREAD)), serde_json::json!({
        "id": "5", "name": "notify", "type": 1, "options": [{"name": "action", "type": 3, "value": "add"}],
    }));
    event["channel"]["parent_id"] = serde_json::Value::Null;
    let id = event["id"].as_str().unwrap().parse().unwrap();
    world.fake.tell("INTERACTION_CREATE", event);
    let asked = world.answer(id).await;
    assert!(asked.text.contains(WIDE), "{}", asked.text);
    let added = world.says_at(MANAGER, at(NIGHT_THREAD), "notify", &add).await;
    assert!(added.ephemeral && added.text.contains("told from now on"), "{}", added.text);
    assert_eq!(told(&world).await, [NIGHT_THREAD.to_string()]);
    world.end("wide-thread").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_everybody_reads_is_asked_about_and_a_closed_one_is_told_at_once() {
    let mut world = open_and_closed().await;
    let add = [("action", "add")];
    let refused = world.says(TRADER, "notify", &add).await;
    assert!(refused.text.starts_with("That needs the role admin"), "{}", refused.text);
    let added = world.says_at(MANAGER, at(NIGHT), "notify", &add).await;
    assert!(added.ephemeral && added.text.contains("told from now on"), "{}", added.text);
    // The list offers it no more lightly than the word does.
    let listed = world.says(MANAGER, "notify", &[]).await;
    assert!(listed.ephemeral && listed.text.contains(WIDE), "{}", listed.text);
    assert!(button(&listed.shown, "Tell this chat too").is_none(), "{}", listed.text);
    let asked = world.says(MANAGER, "notify", &add).await;
    assert!(asked.ephemeral && asked.text.contains(WIDE), "{}", asked.text);
    assert_eq!(told(&world).await, [NIGHT.to_string()]);
    let anyway = button(&asked.shown, "Tell it here anyway").expect("a button");
    let added = world.presses(MANAGER, in_server(), &message(&asked.shown), &anyway).await;
    assert!(added.ephemeral && added.text.contains("told from now on"), "{}", added.text);

    // From now on only what is critical is said in the open, and then nothing at all.
    let name = format!("keys-{KEYS}");
    let edit = [("action", "edit"), ("receiver", name.as_str()), ("from", "critical")];
    let changed = world.says(MANAGER, "notify", &edit).await;
    assert!(
        changed.text.contains("Changed.") && changed.text.contains("critical only"),
        "{}",
        changed.text
    );
    world.watch("tracker").await;
    world.gains_withdrawal("tracker").await;
    for channel in [KEYS, NIGHT] {
        world.reads(channel, &["tracker can now withdraw"]);
    }
    let detail = world.says(MANAGER, "notify", &[("action", "remove"), ("receiver", &name)]).await;
    let stop = button(&detail.shown, &format!("Stop telling {name}")).expect("a button");
    let stopped = world.presses(MANAGER, in_server(), &message(&detail.shown), &stop).await;
    assert!(stopped.text.contains("is not told any more"), "{}", stopped.text);
    assert_eq!(told(&world).await, [NIGHT.to_string()]);
    world.watch("mm-bot-1").await;
    world.gains_withdrawal("mm-bot-1").await;
    world.reads(NIGHT, &["mm-bot-1 can now withdraw"]);
    world.end("rooms").await;
}
