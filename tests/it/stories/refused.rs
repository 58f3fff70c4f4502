//! A key that the exchange does not know any more.

use chrono::TimeDelta;
use keylapse::domain::id::CredentialId;
use keylapse::domain::permission::Allow;
use keylapse::domain::text::Clean;
use keylapse::exchange::simulator::SimKey;
use keylapse::store::audit::Entry;
use keylapse::store::credential::NewCredential;
use keylapse::store::deed::Now;
use keylapse::store::look::Seen;
use keylapse::store::rotate::Rotation;

use crate::world::World;

fn minutes(n: i64) -> TimeDelta {
    TimeDelta::minutes(n)
}

async fn revoke(world: &World, label: &str) {
    assert!(world.stage.simulator.edit(label, |key| key.revoked = true));
    world.stage.clock.settle().await;
}

/// Puts a fresh key of the exchange under `label`; its secrets are sealed for the generation that
/// is `older` than the new one, which is wrong unless it is 0. Answers with the numbers of the alerts that this closed.
async fn replace(world: &World, label: &str, older: i64) -> Vec<i64> {
    let stage = &world.stage;
    let key = stage.desk.key_by_label(label).await.unwrap().expect("the key").key;
    let generation = stage.desk.next_generation(&key.id).await.unwrap();
    let fresh = SimKey::made_up(&format!("{label} {generation}"));
    stage.simulator.add_key(fresh.clone());
    let (secrets, now) = (fresh.secrets(), world.now());
    let sealed = stage.vault.seal_credential(&key, generation, &secrets).unwrap();
    let asked = stage.prober.ask(&key, generation, &sealed).await.unwrap();
    let id: CredentialId = stage.ids.next(now);
    let key_hash = stage.vault.fingerprint(&key.workspace, &secrets.key);
    let (outcome, at) = (asked.probed.outcome, asked.probed.at);
    let sealed = stage.vault.seal_credential(&key, generation - older, &secrets).unwrap();
    let rotation = Rotation {
        seen: Some(Seen { credential: id.clone(), outcome, at, caller: None }),
        credential: NewCredential { id, generation, key_hash, hint: "new".to_owned(), sealed },
        declared: None,
        allow: Allow { no_ip: true, ..Allow::default() },
        watch_old_until: None,
    };
    let entry = Entry {
        actor: Clean::new("ann", 64),
        place: "host".to_owned(),
        action: "key.replace",
        target: None,
        before: None,
        after: None,
    };
    let now = Now { at: now, policy: &stage.policy };
    let closed = stage.desk.rotate(&key.id, &rotation, &entry, now).await.unwrap();
    world.app().wake_checks.ring();
    world.app().wake_courier.ring();
    closed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_key_is_told_within_the_interval_and_twelve_minutes() {
    // Whenever within the interval it happens, and whether or not somebody asks in between.
    for (after, checked) in [(0, false), (60, false), (119, false), (200, true), (290, true)] {
        let world = World::new().await;
        world.watch("mm-bot-1", |_| {}).await;
        world.pass(minutes(60) + TimeDelta::seconds(after)).await;
        revoke(&world, "mm-bot-1").await;
        let at = world.now();
        if checked {
            world.says("/check mm-bot-1").await;
        }
        world.pass(minutes(17)).await;
        let told = world.reads(&["mm-bot-1 refused by KuCoin", "400003"]);
        println!("revoked at +{after} s, told after {} s", (told.at - at).num_seconds());
        assert!(told.at - at <= minutes(17), "told at {}", told.at);
        world.says("/ack mm-bot-1").await;
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_shortly_before_the_last_quick_one_does_not_put_the_telling_off() {
    // With an hourly schedule: a person finds it ten minutes before the next scheduled look.
    let world = World::slow().await;
    world.watch("mm-bot-1", |_| {}).await;
    let first = world.stage.clock.next_alarm().expect("a look to come");
    let scheduled = first + TimeDelta::hours(1);
    world.pass(scheduled - minutes(10) + TimeDelta::seconds(13) - world.now()).await;
    revoke(&world, "mm-bot-1").await;
    let at = world.now();
    world.says("/check mm-bot-1").await;
    world.pass(minutes(12)).await;
    let told = world.reads(&["mm-bot-1 refused by KuCoin"]);
    println!("found by /check, told after {} s", (told.at - at).num_seconds());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_checks_in_ten_seconds_count_once() {
    let world = World::new().await;
    world.watch("mm-bot-1", |_| {}).await;
    world.pass(minutes(14)).await;
    revoke(&world, "mm-bot-1").await;
    let asked = world.stage.simulator.count();
    for _ in 0..3 {
        let answer = world.says("/check mm-bot-1").await;
        assert!(answer.contains("400003"), "{answer}");
        world.pass(TimeDelta::seconds(4)).await;
    }
    assert_eq!(world.stage.simulator.count() - asked, 1);
    world.pass(minutes(9)).await;
    world.reads_nothing();
    world.pass(minutes(3)).await;
    world.reads(&["mm-bot-1 refused by KuCoin"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_key_is_repeated_until_somebody_takes_it_and_told_again_when_that_ends() {
    let world = World::new().await;
    world.watch("mm-bot-1", |_| {}).await;
    revoke(&world, "mm-bot-1").await;
    world.pass(minutes(17)).await;
    let told = world.reads(&["mm-bot-1 refused by KuCoin"]).at;
    for (after, left) in [(15, "still"), (60, "still"), (240, "still"), (24 * 60, "still")] {
        world.pass(told + minutes(after) - world.now()).await;
        let again =
            world.reads(&["mm-bot-1", left, "Nobody is on it.", "Next: check open positions"]);
        assert_eq!(again.at, told + minutes(after));
        world.reads_nothing();
    }
    world.pass(minutes(1)).await;
    let answer = world.says("/ack mm-bot-1 4h the new one is on its way").await;
    assert!(answer.contains("ann is on it until"), "{answer}");
    // An edit of the message, which a terminal says in one line.
    world.reads(&["mm-bot-1 refused by KuCoin since"]);
    let end = world.now() + minutes(240);
    world.pass(minutes(239)).await;
    world.reads_nothing();
    world.pass(minutes(1)).await;
    assert_eq!(world.reads(&["still refused", "Nobody is on it any more"]).at, end);
    // It is restored: one closing line, and every answer agrees.
    assert!(world.stage.simulator.edit("mm-bot-1", |key| key.revoked = false));
    world.pass(minutes(10)).await;
    world.reads(&["mm-bot-1 accepted again", "making sure"]);
    world.reads(&["mm-bot-1 works again"]);
    world.pass(TimeDelta::hours(30)).await;
    println!("a refusal of 28 h: {} messages", world.posted().await);
    assert!(world.says("/alerts").await.contains("Nothing open"));
    assert!(world.says("/keystatus").await.contains("mm-bot-1: works"));
    assert!(world.says("/why mm-bot-1").await.contains("nothing is wrong with it"));
    assert!(world.says("/upcoming").await.contains("No known end within 30 days"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replaced_key_ends_its_refusal_at_once() {
    let world = World::new().await;
    world.watch("mm-bot-1", |_| {}).await;
    revoke(&world, "mm-bot-1").await;
    world.pass(minutes(13)).await;
    world.reads(&["mm-bot-1 refused by KuCoin"]);
    let closed = replace(&world, "mm-bot-1", 0).await;
    assert_eq!(closed.len(), 1, "{closed:?}");
    world.pass(TimeDelta::hours(30)).await;
    let told = world.terminal("desk").reads_all();
    assert!(told.iter().any(|m| m.text.contains("mm-bot-1 replaced, new key works")), "{told:?}");
    assert!(told.iter().all(|m| !m.text.contains("refused")), "{told:?}");
    println!("a replaced key: {} messages", world.posted().await);
    assert!(world.says("/keystatus").await.contains("mm-bot-1: works"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_refused_once_is_neither_called_fine_nor_broken() {
    let world = World::new().await;
    world.watch("bot", |_| {}).await;
    world.pass(minutes(30)).await;
    world.stage.simulator.edit("bot", |key| key.revoked = true);
    let checked = world.says("/check bot").await;
    assert!(checked.contains("not accepted at the last check"), "{checked}");
    assert!(!checked.contains("works\n"), "{checked}");
    let status = world.says("/keystatus").await;
    assert!(!status.contains("fine") && !status.contains("broken"), "{status}");
    world.stage.simulator.edit("bot", |key| key.revoked = false);
    world.pass(minutes(10)).await;
    assert!(world.says("/keystatus").await.contains("bot: works"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_that_do_not_open_are_told_at_once_and_no_request_is_made_with_them() {
    let world = World::new().await;
    world.watch("mm-bot-1", |_| {}).await;
    // Somebody with the database puts an older generation's cell in place of the newer one.
    replace(&world, "mm-bot-1", 1).await;
    let asked = world.stage.simulator.count();
    world.pass(TimeDelta::seconds(10)).await;
    world.reads(&["mm-bot-1", "do not open", "keylapse key replace mm-bot-1"]);
    let answer = world.says("/check mm-bot-1").await;
    assert!(answer.contains("do not open"), "{answer}");
    world.pass(minutes(60)).await;
    assert_eq!(world.stage.simulator.count(), asked);
    let status = world.says("/keystatus").await;
    assert!(!status.contains("fine") && !status.contains("broken"), "{status}");
    world.reads_nothing();
    // Typed again, it is watched again.
    replace(&world, "mm-bot-1", 0).await;
    world.pass(minutes(11)).await;
    let told = world.terminal("desk").reads_all();
    assert!(told.iter().any(|m| m.text.contains("mm-bot-1")), "{told:?}");
    assert!(world.says("/keystatus").await.contains("mm-bot-1: works"));
    world.end().await;
}
