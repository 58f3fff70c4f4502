//! What is owed is paid, whoever falls over on the way.

use chrono::TimeDelta;
use keylapse::exchange::simulator::SimEnd;

use crate::world::World;

fn minutes(n: i64) -> TimeDelta {
    TimeDelta::minutes(n)
}

fn gain(world: &World, label: &str) {
    let more = "Withdrawal".to_owned();
    assert!(world.stage.simulator.edit(label, |key| key.permissions.push(more)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_days_switched_off_give_one_message_per_alert() {
    let mut world = World::new().await;
    let end = world.now() + TimeDelta::days(16);
    world.watch("grid-eu", |key| key.end = SimEnd::At(end)).await;
    world.watch("mm-bot-1", |_| {}).await;
    world.watch("tracker", |_| {}).await;
    world.reads(&["grid-eu expires in 16 days"]);
    world.switch_off().await;
    world.pass(TimeDelta::days(5)).await;
    assert!(world.stage.simulator.edit("mm-bot-1", |key| key.revoked = true));
    gain(&world, "tracker");
    world.pass(TimeDelta::days(5)).await;
    let before = world.posted().await;
    world.switch_on();
    let on = world.now();
    world.pass(minutes(12)).await;
    let told = world.terminal("desk").reads_all();
    let text: Vec<&str> = told.iter().map(|message| message.text.as_str()).collect();
    let text = text.join("\n");
    for label in ["grid-eu", "mm-bot-1", "tracker"] {
        let messages = told.iter().filter(|message| message.text.contains(label)).count();
        assert_eq!(messages, 1, "{label}:\n{text}");
    }
    let last = told.last().expect("a message").at;
    println!(
        "ten days off: {} messages, all told after {} s",
        world.posted().await - before,
        (last - on).num_seconds()
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_fails_does_not_delay_its_sibling() {
    let world = World::with(&["desk", "other"]).await;
    world.watch("tracker", |_| {}).await;
    world.terminal("desk").breaks(true);
    gain(&world, "tracker");
    let gained = world.now();
    world.pass(minutes(6)).await;
    let told = world.terminal("other").reads(&["tracker can now withdraw"]);
    assert!(told.at - gained <= minutes(5), "told at {}", told.at);
    world.terminal("desk").reads_nothing();
    world.terminal("desk").breaks(false);
    world.pass(minutes(9)).await;
    let late = world.terminal("desk").reads(&["tracker can now withdraw"]);
    println!(
        "failing receiver: sibling after {} s, itself after {} s",
        (told.at - gained).num_seconds(),
        (late.at - gained).num_seconds()
    );
    world.end().await;
}
