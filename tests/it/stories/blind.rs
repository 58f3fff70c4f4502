//! The monitor cannot see.

use chrono::TimeDelta;
use keylapse::cli::demo::stage::Told;
use keylapse::exchange::simulator::Weather;

use crate::world::World;

fn minutes(n: i64) -> TimeDelta {
    TimeDelta::minutes(n)
}

async fn forty() -> World {
    let world = World::new().await;
    for n in 0..40 {
        world.watch(&format!("bot-{n:02}"), |_| {}).await;
    }
    world.pass(minutes(30)).await;
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_keys_blind_at_once_give_one_message() {
    let world = forty().await;
    let at = world.now();
    world.stage.simulator.set_weather(Weather::Outage);
    world.pass(TimeDelta::hours(2)).await;
    let told = world.reads(&["KuCoin does not answer", "40 keys unchecked, none known bad"]);
    println!("40 keys in an outage: told after {} s", (told.at - at).num_seconds());
    world.reads_nothing();
    world.stage.simulator.set_weather(Weather::Fine);
    world.pass(TimeDelta::hours(1)).await;
    world.reads(&["KuCoin answers again", "making sure"]);
    world.reads(&["KuCoin answers again"]);
    println!("40 keys in an outage: {} messages", world.posted().await);
    assert_eq!(world.posted().await, 2);
    assert!(world.says("/alerts").await.contains("Nothing open"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_keys_that_refuse_our_address_give_one_message() {
    let world = forty().await;
    world.stage.simulator.set_caller("198.51.100.4".parse().unwrap());
    world.pass(TimeDelta::hours(2)).await;
    world.reads(&["KuCoin refuses this monitor's address", "40 keys unchecked"]);
    assert_eq!(world.posted().await, 1);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_address_is_blindness_but_breaks_the_bot_beside_us() {
    let world = World::new().await;
    world.watch_told("near", Told { co_located: true, ..Told::default() }, |_| {}).await;
    world.watch("far", |_| {}).await;
    world.pass(minutes(30)).await;
    world.stage.simulator.set_caller("198.51.100.4".parse().unwrap());
    world.pass(minutes(17)).await;
    let mut told = world.terminal("desk").reads_all();
    told.sort_by_key(|message| message.text.contains("near:"));
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].text.contains("? far: KuCoin refuses this monitor's address"));
    assert!(told[1].text.contains("near: its bot's address is refused"));
    let status = world.says("/keystatus").await;
    let why = world.says("/why near").await;
    assert!(why.contains("why it is broken"), "{why}");
    assert!(status.contains("1 broken") && status.contains("1 unknown"), "{status}");
    world.says("/ack near").await;
    world.stage.simulator.set_caller("203.0.113.7".parse().unwrap());
    world.pass(minutes(10)).await;
    assert_eq!(world.terminal("desk").reads_all().len(), 4);
    assert!(world.says("/keystatus").await.contains("fine"));
    world.end().await;
}
