//! The exchange does not answer.

use chrono::TimeDelta;
use keylapse::exchange::simulator::{SimEnd, Weather};

use crate::world::World;

fn hours(n: i64) -> TimeDelta {
    TimeDelta::hours(n)
}

fn minutes(n: i64) -> TimeDelta {
    TimeDelta::minutes(n)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_that_comes_during_an_outage_is_told_on_time() {
    let world = World::new().await;
    let end = world.now() + hours(2);
    world.watch("grid-eu", |key| key.end = SimEnd::At(end)).await;
    world.reads(&["grid-eu expires in 2 hours"]);
    world.pass(hours(1)).await;
    world.stage.simulator.set_weather(Weather::Outage);
    world.pass(minutes(30)).await;
    world.reads(&["grid-eu: no answer from KuCoin", "do not replace it because of this"]);
    world.pass(end + minutes(1) - world.now()).await;
    let past = world.reads(&["grid-eu is past its end date", "last good answer 10:5"]);
    println!("end during an outage: told after {} s", (past.at - end).num_seconds());
    assert!(past.at - end <= minutes(1), "told at {}", past.at);
    // Nothing is called broken or closed by silence, however long it lasts.
    world.pass(hours(3)).await;
    world.reads_nothing();
    let status = world.says("/keystatus").await;
    assert!(status.contains("is past its end date") && status.contains("no answer since"));
    assert!(!status.contains("grid-eu: works"), "{status}");
    assert!(world.says("/why grid-eu").await.contains("Its end date has passed"));
    assert!(world.says("/upcoming").await.contains("past"));

    // It answers again: the key is refused, which its end explains at once.
    world.stage.simulator.set_weather(Weather::Fine);
    let again = world.now();
    world.pass(minutes(6)).await;
    let told = world.terminal("desk").reads_all();
    let is_refusal = |text: &str| text.contains("grid-eu refused by KuCoin");
    let (refused, rest): (Vec<_>, Vec<_>) =
        told.into_iter().partition(|message| is_refusal(&message.text));
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert!(refused[0].text.contains("Its date passed (12:00)"), "{refused:?}");
    assert!(rest.iter().all(|message| message.text.contains("work")), "{rest:?}");
    println!("refused after the outage: told after {} s", (refused[0].at - again).num_seconds());
    world.says("/ack grid-eu").await;
    world.terminal("desk").reads_all();

    // Renewed: every alert of it is over.
    assert!(
        world
            .stage
            .simulator
            .edit("grid-eu", |key| key.end = SimEnd::At(end + TimeDelta::days(90)))
    );
    world.pass(minutes(10)).await;
    let told = world.terminal("desk").reads_all();
    let closing = |words: &str| told.iter().any(|message| message.text.contains(words));
    assert!(closing("works again") && closing("renewed"), "{told:?}");
    assert!(world.says("/alerts").await.contains("Nothing open"));
    assert!(world.says("/keystatus").await.contains("grid-eu: works"));
    assert!(world.says("/upcoming").await.contains("No known end within 30 days"));
    println!("end, outage, refusal, renewal: {} messages", world.posted().await);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_closes_nothing_and_calls_no_key_broken() {
    let world = World::new().await;
    world.watch("tracker", |_| {}).await;
    assert!(
        world.stage.simulator.edit("tracker", |key| key.permissions.push("Withdrawal".to_owned()))
    );
    world.pass(minutes(6)).await;
    world.reads(&["tracker can now withdraw"]);
    world.says("/ack tracker 3d").await;
    world.stage.simulator.set_weather(Weather::Outage);
    world.pass(hours(6)).await;
    world.reads(&["tracker: no answer from KuCoin"]);
    world.reads_nothing();
    let status = world.says("/keystatus").await;
    assert!(status.contains("can now withdraw") && status.contains("this is what was last known"));
    world.stage.simulator.set_weather(Weather::Fine);
    world.pass(minutes(10)).await;
    world.reads(&["a check worked", "making sure"]);
    world.reads(&["checks work again", "KuCoin accepts the key"]);
    let alerts = world.says("/alerts").await;
    assert!(alerts.contains("can now withdraw") && alerts.contains("ann is on it"), "{alerts}");
    println!("an outage of 6 h over an open alert: {} messages", world.posted().await);
    world.end().await;
}
