//! A key comes to its end.

use chrono::TimeDelta;
use keylapse::exchange::simulator::SimEnd;

use crate::world::{World, monday};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_told_at_30_14_7_3_and_1_days_on_its_day_and_when_it_is_past() {
    let world = World::new().await;
    let end = monday() + TimeDelta::days(33) + TimeDelta::hours(4);
    world.watch("grid-eu", |key| key.end = SimEnd::At(end)).await;
    for _ in 0..40 {
        world.pass(TimeDelta::days(1)).await;
        for message in world.all() {
            println!("{}: {}", message.at, message.text);
        }
    }
    world.end().await;
}
