//! A key can do more than before.

use chrono::TimeDelta;

use crate::world::World;

fn minutes(n: i64) -> TimeDelta {
    TimeDelta::minutes(n)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_permission_gained_stays_open_through_fifty_checks_until_it_is_accepted() {
    let world = World::new().await;
    world.watch("tracker", |_| {}).await;
    world.pass(minutes(20)).await;
    let gained = world.now();
    assert!(
        world.stage.simulator.edit("tracker", |key| key.permissions.push("Withdrawal".to_owned()))
    );
    world.pass(minutes(6)).await;
    let told = world.reads(&["tracker can now withdraw", "Delete the key"]);
    println!("permission gained: told after {} s", (told.at - gained).num_seconds());
    assert!(told.at - gained <= minutes(5));
    let asked = world.stage.simulator.count();
    world.says("/ack tracker 10h").await;
    world.pass(minutes(260)).await;
    assert!(world.stage.simulator.count() - asked >= 50);
    let alerts = world.says("/alerts").await;
    assert!(alerts.contains("tracker can now withdraw"), "{alerts}");
    let answer = world.presses("Expected, we did it", &alerts).await;
    assert!(answer.contains("accepted as it is now by ann"), "{answer}");
    let closed = world.reads(&["tracker: new rights accepted by ann"]);
    assert_eq!(closed.at, world.now(), "told at once");
    world.pass(TimeDelta::hours(24)).await;
    let alerts = world.says("/alerts").await;
    assert!(alerts.contains("Nothing open"), "{alerts}");
    assert!(world.says("/keystatus").await.contains("tracker: works"));
    println!("permission gained, 50 checks, accepted: {} messages", world.posted().await);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_it_is_set_the_secret_of_a_key_that_gains_withdrawal_is_dropped() {
    let mut world = World::new().await;
    world.switch_off().await;
    world.stage.policy.drop_on_gain = true;
    world.switch_on();
    world.watch("trader", |_| {}).await;
    world.watch("courier", |_| {}).await;
    world.pass(TimeDelta::hours(1)).await;
    // More trading is an alert and no more; a way out for the funds costs the key its watch.
    assert!(world.stage.simulator.edit("trader", |key| key.permissions.push("Futures".to_owned())));
    assert!(
        world.stage.simulator.edit("courier", |key| key.permissions.push("Withdrawal".to_owned()))
    );
    world.pass(TimeDelta::minutes(6)).await;
    let told = world.terminal("desk").reads_all();
    let text = told.iter().map(|message| message.text.as_str()).collect::<Vec<_>>().join("\n");
    assert!(text.contains("courier can now withdraw"), "{text}");
    assert_eq!(text.matches("I have dropped the secret").count(), 1, "{text}");
    let key = |label: &'static str| world.stage.desk.key_by_label(label);
    let courier = key("courier").await.unwrap().unwrap().key;
    assert!(world.stage.desk.credential(&courier.id).await.unwrap().is_none());
    let trader = key("trader").await.unwrap().unwrap().key;
    assert!(world.stage.desk.credential(&trader.id).await.unwrap().is_some());
    let answer = world.says("/check courier").await;
    assert!(answer.contains("its secret was dropped"), "{answer}");
    world.says("/ack trader").await;
    world.says("/ack courier").await;
    world.terminal("desk").reads_all();
    world.end().await;
}
