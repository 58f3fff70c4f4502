//! A key that somebody else has: said by a person, watched until the exchange refuses it.

use chrono::TimeDelta;
use keylapse::domain::text::Clean;
use keylapse::exchange::simulator::Weather;
use keylapse::store::audit::Entry;
use keylapse::store::deed::Now;

use crate::world::World;

fn minutes(n: i64) -> TimeDelta {
    TimeDelta::minutes(n)
}

async fn called_leaked() -> World {
    let world = World::new().await;
    world.watch("mm-bot-1", |_| {}).await;
    world.pass(minutes(2)).await;
    let card = world.says("/leaked").await;
    assert!(card.contains("Leaked: delete mm-bot-1 at KuCoin now"), "{card}");
    let answer = world.presses("Watch until it is refused", &card).await;
    assert!(answer.contains("I watch mm-bot-1 until KuCoin refuses it"), "{answer}");
    world.reads(&[
        "mm-bot-1 leaked, and KuCoin still takes it",
        "Called leaked by ann",
        "Delete it",
    ]);
    world
}

fn delete(world: &World) {
    assert!(world.stage.simulator.edit("mm-bot-1", |key| key.revoked = true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leaked_key_is_watched_until_it_is_refused_and_the_channel_is_told() {
    let world = called_leaked().await;
    // A short outage neither closes nor hides it.
    world.stage.simulator.set_weather(Weather::Outage);
    world.pass(minutes(4)).await;
    let status = world.says("/keystatus").await;
    assert!(status.contains("mm-bot-1 leaked"), "{status}");
    world.stage.simulator.set_weather(Weather::Fine);
    world.pass(minutes(5)).await;
    world.reads_nothing();
    delete(&world);
    let at = world.now();
    world.pass(minutes(4)).await;
    let told = world.reads(&["KuCoin refuses mm-bot-1 since", "can do nothing with it any more"]);
    println!("deleted, told after {} s", (told.at - at).num_seconds());
    assert!(told.at - at <= minutes(2) + TimeDelta::seconds(10), "told at {}", told.at);
    // What was wanted is no alarm, and a dead key is never fine.
    world.pass(TimeDelta::hours(30)).await;
    world.reads_nothing();
    let status = world.says("/keystatus").await;
    assert!(status.contains("as wanted"), "{status}");
    assert!(!status.contains("fine") && !status.contains(": works"), "{status}");
    assert!(world.says("/leaked").await.contains("KuCoin refuses mm-bot-1 since"));
    println!("a leaked key: {} messages", world.posted().await);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leaked_key_that_stays_is_reminded_of_and_asked_less_often_with_time() {
    let world = called_leaked().await;
    let asked = world.stage.simulator.count();
    world.pass(minutes(14)).await;
    let often = world.stage.simulator.count() - asked;
    assert!((13..=15).contains(&often), "{often} questions in 14 minutes");
    world.reads_nothing();
    world.pass(minutes(2)).await;
    world.reads(&[
        "mm-bot-1 leaked, and KuCoin still takes it",
        "Next: delete it in API Management",
    ]);
    world.pass(minutes(104)).await;
    world.reads(&["mm-bot-1 leaked"]);
    let asked = world.stage.simulator.count();
    world.pass(minutes(60)).await;
    let seldom = world.stage.simulator.count() - asked;
    // Every five minutes, as any other key; and every ten the exchange's own time.
    assert!((17..=19).contains(&seldom), "{seldom} questions in an hour");
    // Said to be no leak after all: told, and as quiet as before.
    let card = world.says("/leaked mm-bot-1").await;
    let answer = world.presses("Not leaked after all", &card).await;
    assert!(answer.contains("mm-bot-1: not leaked after all"), "{answer}");
    world.pass(minutes(1)).await;
    world.reads(&["mm-bot-1: not leaked after all, says ann"]);
    delete(&world);
    world.pass(minutes(17)).await;
    world.reads(&["mm-bot-1 refused by KuCoin", "Check open positions"]);
    world.says("/ack mm-bot-1").await;
    world.terminal("desk").reads_all();
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leaked_key_that_is_removed_is_not_called_dead() {
    let world = called_leaked().await;
    let stage = &world.stage;
    let key = stage.desk.key_by_label("mm-bot-1").await.unwrap().expect("the key").key;
    let entry = Entry {
        actor: Clean::new("ann", 64),
        place: "host".to_owned(),
        action: "key.remove",
        target: None,
        before: None,
        after: None,
    };
    let now = Now { at: world.now(), policy: &stage.policy };
    stage.desk.remove_key(&key.id, &entry, now).await.unwrap();
    world.app().wake_courier.ring();
    world.pass(minutes(1)).await;
    world.reads(&["mm-bot-1: no longer watched here"]);
    world.end().await;
}
