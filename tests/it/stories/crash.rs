//! The bot falls over between two steps, or somebody acts between them.

use chrono::TimeDelta;
use keylapse::domain::alert::Cause;
use keylapse::store::check::Checked;
use keylapse::store::look::Seen;

use crate::world::World;

const LEASE: TimeDelta = TimeDelta::seconds(90);

fn minutes(n: i64) -> TimeDelta {
    TimeDelta::minutes(n)
}

fn gain(world: &World, label: &str) {
    let more = "Withdrawal".to_owned();
    assert!(world.stage.simulator.edit(label, |key| key.permissions.push(more)));
}

/// What a checking task does up to its commit.
async fn asks(world: &World) -> Vec<Checked> {
    let (stage, now) = (&world.stage, world.now());
    let claims = stage.store.claim_due(now, LEASE, 16).await.unwrap();
    let mut batch = Vec::new();
    for assignment in stage.store.assignments(&claims).await.unwrap() {
        let credential = assignment.credential.expect("its own secrets");
        let asked = stage
            .prober
            .ask(&assignment.key, credential.generation, &credential.sealed)
            .await
            .unwrap();
        let (outcome, at) = (asked.probed.outcome, asked.probed.at);
        batch.push(Checked {
            key: assignment.key.id,
            claim: Some(assignment.claim),
            seen: Some(Seen { credential: credential.id, outcome, at, caller: None }),
            next_scheduled: Some(now + minutes(5)),
            clock_in_doubt: false,
            cause: Cause::Look,
        });
    }
    batch
}

async fn commits(world: &World, batch: &[Checked]) {
    world.stage.store.commit_checks(batch, &world.stage.policy, world.now()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_acknowledgement_during_a_slow_probe_survives() {
    let mut world = World::new().await;
    world.watch("tracker", |_| {}).await;
    gain(&world, "tracker");
    world.pass(minutes(6)).await;
    world.reads(&["tracker can now withdraw"]);
    world.switch_off().await;
    world.pass(minutes(5)).await;
    // The probe began before the acknowledgement and ends after it.
    let batch = asks(&world).await;
    assert_eq!(batch.len(), 1);
    let answer = world.says("/ack tracker 8h").await;
    assert!(answer.contains("ann is on it until"), "{answer}");
    world.pass(TimeDelta::seconds(30)).await;
    commits(&world, &batch).await;
    let alerts = world.says("/alerts").await;
    assert!(alerts.contains("ann is on it"), "{alerts}");
    // The message is edited, and nobody is reminded while it lasts.
    world.switch_on();
    world.stage.clock.settle().await;
    world.reads(&["tracker can now withdraw"]);
    world.pass(TimeDelta::hours(7)).await;
    assert!(world.says("/alerts").await.contains("ann is on it"));
    world.end().await;
}

/// The last step of the courier before the crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Owe,
    Bind,
    Attempt,
    Receipt,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_between_any_two_steps_tells_every_alert_under_one_nonce() {
    for last in [Step::Owe, Step::Bind, Step::Attempt, Step::Receipt] {
        let mut world = World::on_a_terminal().await;
        world.watch("tracker", |_| {}).await;
        world.watch("hedge", |_| {}).await;
        world.switch_off().await;
        world.pass(minutes(6)).await;
        gain(&world, "tracker");
        let batch = asks(&world).await;
        commits(&world, &batch).await;
        let (store, now) = (&world.stage.store, world.now());
        let mut bound = None;
        if last >= Step::Bind {
            let lane = store.claim_lanes(now, minutes(3)).await.unwrap().remove(0);
            let message = store.bind_next(&lane, now).await.unwrap().expect("a message");
            if last >= Step::Attempt {
                store.mark_attempt(&lane, &message, now).await.unwrap();
            }
            if last >= Step::Receipt {
                let receipt = message.id.as_str();
                store.record_receipt(&lane, &message, receipt, now).await.unwrap();
            }
            bound = Some((lane, message));
        }
        // A notice joins in between, and the bot starts again.
        world.pass(minutes(5)).await;
        gain(&world, "hedge");
        let batch = asks(&world).await;
        commits(&world, &batch).await;
        if let Some((lane, message)) = &bound
            && last < Step::Receipt
        {
            // The lease is over: whoever takes the lane gets the same message, without the joiner.
            let again = world.stage.store.claim_lanes(world.now(), LEASE).await.unwrap().remove(0);
            assert!(again.claim_no > lane.claim_no);
            let same = world.stage.store.bind_next(&again, world.now()).await.unwrap().unwrap();
            assert_eq!((&same.id, &same.alerts), (&message.id, &message.alerts), "{last:?}");
        }
        world.switch_on();
        world.pass(minutes(4)).await;
        let told = world.terminal("desk").reads_all();
        let of = |label: &str| told.iter().filter(|m| m.text.contains(label)).count();
        // What has its receipt was shown before the crash.
        assert_eq!(
            (of("tracker"), of("hedge")),
            (usize::from(last < Step::Receipt), 1),
            "{told:?}"
        );
        assert_eq!(world.stage.store.count_messages("bound").await.unwrap(), 0);
        println!("crash after {last:?}: {} messages in all", world.posted().await);
        world.end().await;
    }
}
