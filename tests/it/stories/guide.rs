//! Guided help in the terminal: a walk, a restart in the middle, and the checklist.

use chrono::TimeDelta;

use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_walk_goes_on_after_a_restart_and_ends_at_its_cause() {
    let mut world = World::new().await;
    world.watch("mm-bot-1", |_| {}).await;
    world.pass(TimeDelta::minutes(2)).await;
    let asked = world.says("/fix").await;
    assert!(
        asked.contains("mm-bot-1 works from this machine (checked under 1 min ago)"),
        "{asked}"
    );
    let next = world.presses("Key does not exist (400003)", &asked).await;
    assert!(next.contains("does the bot use this very key?"), "{next}");
    world.switch_off().await;
    world.pass(TimeDelta::hours(1)).await;
    world.switch_on();
    let again = world.says("/fix").await;
    assert!(again.contains("You are in the middle of /fix for mm-bot-1"), "{again}");
    let next = world.presses("Go on", &again).await;
    assert!(next.contains("does the bot use this very key?"), "{next}");
    let end = world.presses("No, another", &next).await;
    assert!(end.contains("mm-bot-1: the bot uses another key"), "{end}");
    assert!(end.contains("1. Check open positions and orders by hand."), "{end}");
    let left = world.says("/cancel").await;
    assert!(left.contains("Nothing is under way here"), "{left}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_deleted_at_the_exchange_is_found_by_the_first_look() {
    let world = World::new().await;
    world.watch("mm-bot-1", |_| {}).await;
    world.pass(TimeDelta::minutes(2)).await;
    assert!(world.stage.simulator.edit("mm-bot-1", |key| key.revoked = true));
    let end = world.says("/fix").await;
    assert!(end.contains("mm-bot-1: the key was deleted or has expired"), "{end}");
    assert!(end.contains("I ask again within minutes."), "{end}");
    assert!(world.stage.simulator.edit("mm-bot-1", |key| key.revoked = false));
    world.pass(TimeDelta::minutes(2)).await;
    let asked = world.presses("Check again", &end).await;
    assert!(asked.contains("mm-bot-1 works from this machine"), "{asked}");
    let left = world.says("/cancel").await;
    assert!(left.contains("You have left /fix"), "{left}");
    let list = world.says("/security").await;
    assert!(list.contains("of 13 done"), "{list}");
    world.end().await;
}
