//! A key comes to its end.

use chrono::TimeDelta;
use keylapse::exchange::simulator::SimEnd;

use crate::world::{World, monday};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_told_at_30_14_7_3_and_1_days_on_its_day_and_when_it_is_past() {
    let world = World::slow().await;
    let end = monday() + TimeDelta::days(33) + TimeDelta::hours(4);
    world.watch("grid-eu", |key| key.end = SimEnd::At(end)).await;
    world.pass(TimeDelta::days(3)).await;
    world.reads_nothing();
    for (days, words) in [
        (30, "expires in 30 days"),
        (14, "expires in 14 days"),
        (7, "expires in 7 days"),
        (3, "expires in 3 days"),
    ] {
        world.pass(end - TimeDelta::days(days) - world.now()).await;
        let message = world.reads(&["grid-eu", words, "KuCoin's own date"]);
        assert_eq!(message.at, end - TimeDelta::days(days));
        world.reads_nothing();
    }
    // The last day: a day before, on the morning of the day itself, and at the end.
    world.pass(end - TimeDelta::days(1) - world.now()).await;
    world.reads(&["grid-eu", "expires in 24 hours"]);
    world.pass(TimeDelta::hours(20)).await;
    world.reads(&["grid-eu", "expires in 5 hours"]);
    world.pass(end + TimeDelta::minutes(1) - world.now()).await;
    let past = world.reads(&["grid-eu", "expired"]);
    assert!(past.at - end <= TimeDelta::minutes(1), "told at {}", past.at);
    world.reads_nothing();
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewal_at_the_exchange_closes_the_ladder() {
    let world = World::new().await;
    let end = monday() + TimeDelta::days(2);
    world.watch("grid-eu", |key| key.end = SimEnd::At(end)).await;
    world.reads(&["grid-eu expires in 2 days"]);
    let later = SimEnd::At(end + TimeDelta::days(90));
    assert!(world.stage.simulator.edit("grid-eu", |key| key.end = later));
    world.pass(TimeDelta::minutes(10)).await;
    for message in world.terminal("desk").reads_all() {
        assert!(message.text.contains("grid-eu"), "{}", message.text);
        assert!(!message.text.contains("expires in"), "{}", message.text);
    }
    world.pass(end + TimeDelta::days(1) - world.now()).await;
    assert!(world.says("/alerts").await.contains("Nothing open"));
    assert!(world.says("/keystatus").await.contains("grid-eu: works"));
    let upcoming = world.says("/upcoming").await;
    assert!(upcoming.contains("No known end within 30 days"), "{upcoming}");
    println!("a renewal: {} messages", world.posted().await);
    world.end().await;
}
