//! A leaked key: what anyone is told, who may say so, and how that ends.

use super::super::*;
use super::world::*;
use crate::domain::card::Action;
use crate::domain::evidence::{Fault, Outcome};
use crate::domain::id::{CredentialId, KeyId};
use crate::domain::permission::Allow;
use crate::domain::rules::Rule;
use crate::store::audit::Entry;
use crate::store::credential::{NewCredential, Sealed};
use crate::store::deed::Now;
use crate::store::look::Seen;
use crate::store::rotate::Rotation;

fn watch_leaked(key: &crate::domain::id::KeyId) -> Action {
    Action::WatchLeaked { key: key.clone() }
}

fn call_off(key: &crate::domain::id::KeyId) -> Action {
    Action::NotLeaked { key: key.clone() }
}

/// Puts other secrets under a key, saved whatever the exchange answered.
async fn replace(world: &World, key: &KeyId, (hash, outcome): (&str, Outcome), minute: i64) {
    let id = CredentialId(format!("c{minute}{}", &key.0[4..]));
    let (seen_at, generation) = (at(minute), world.home.next_generation(key).await.unwrap());
    let sealed = Sealed { key: "s".into(), secret: "s".into(), passphrase: "s".into() };
    let rotation = Rotation {
        seen: Some(Seen { credential: id.clone(), outcome, at: seen_at, caller: None }),
        credential: NewCredential {
            id,
            generation,
            key_hash: hash.to_owned(),
            hint: "6705…d3eb".into(),
            sealed,
        },
        declared: None,
        allow: Allow::default(),
        watch_old_until: None,
    };
    let entry = Entry {
        actor: Clean::new("host", 20),
        place: "host".into(),
        action: "key.replace",
        target: None,
        before: None,
        after: None,
    };
    let now = Now { at: at(minute), policy: &world.policy };
    world.home.rotate(key, &rotation, &entry, now).await.unwrap();
}

async fn open_rules(world: &World) -> Vec<Rule> {
    world.home.open_alerts().await.unwrap().iter().map(|alert| alert.rule).collect()
}

#[tokio::test]
async fn anyone_gets_the_general_order_and_no_fact_of_the_workspace() {
    let world = World::new().await;
    let before = world.text(Role::Anyone, "/leaked").await;
    let key = world.own(&world.home, "mm-bot-1").await;
    for line in ["/leaked", "/leaked mm-bot-1", "/leaked nobody"] {
        let reply = world.say(Role::Anyone, line).await;
        assert_eq!(plain(&reply), before, "{line}");
        assert!(reply.private);
    }
    let pressed = plain(&world.press(Role::Anyone, Action::Leaked { key: key.clone() }).await);
    assert_eq!(pressed, before);
    let first = before.lines().nth(1).unwrap();
    assert!(first.starts_with("1. Delete the key in API Management"), "{before}");
    // Who may see keys and has none is told the same.
    let world = World::new().await;
    assert_eq!(world.text(Role::Admin, "/leaked").await, before);
}

#[tokio::test]
async fn several_keys_are_a_choice_and_deletion_does_not_wait_for_it() {
    let world = World::new().await;
    world.own(&world.home, "mm-bot-1").await;
    world.own(&world.home, "tracker").await;
    for line in ["/leaked", "/leaked mm-bot-7"] {
        let text = world.text(Role::Viewer, line).await;
        assert!(text.contains("\nDelete the leaked key in API Management"), "{text}");
        assert!(text.ends_with("[mm-bot-1] [tracker]"), "{text}");
    }
}

#[tokio::test]
async fn an_operators_word_opens_an_alert_once_and_a_viewers_opens_none() {
    let world = World::new().await;
    let key = world.own(&world.home, "mm-bot-1").await;
    world.look(&key, good(), at(28)).await;
    let text = world.text(Role::Viewer, "/leaked").await;
    assert!(text.starts_with("✖ Leaked: delete mm-bot-1 at KuCoin now\n1. Delete it"), "{text}");
    assert!(text.ends_with("[Watch until it is refused] [Steps] [Show key]"), "{text}");
    for action in [watch_leaked(&key), call_off(&key)] {
        let text = plain(&world.press(Role::Viewer, action).await);
        assert!(text.starts_with("That needs the role operator; you are viewer."), "{text}");
    }
    assert!(open_rules(&world).await.is_empty());

    let text = plain(&world.press(Role::Operator, watch_leaked(&key)).await);
    assert!(
        text.starts_with("✖ I watch mm-bot-1 until KuCoin refuses it\nNext: delete it"),
        "{text}"
    );
    assert!(text.contains("Everybody who is warned here is told now"), "{text}");
    assert_eq!(open_rules(&world).await, [Rule::Exposed]);
    let view = world.home.key(&key).await.unwrap().unwrap();
    assert_eq!(view.next_probe, Some(at(30)), "it is asked at once");
    let audit = world.home.audit(1).await.unwrap();
    assert_eq!(
        (audit[0].action.as_str(), audit[0].target.as_deref()),
        ("key.leak_watched", Some("mm-bot-1"))
    );

    let again = plain(&world.press(Role::Admin, watch_leaked(&key)).await);
    assert!(again.starts_with("✖ Leaked: I watch mm-bot-1 until KuCoin refuses it"), "{again}");
    assert!(
        again.contains("#1: called leaked by Kim at 14:30. KuCoin took it at 14:28."),
        "{again}"
    );
    assert_eq!(
        world
            .home
            .audit(50)
            .await
            .unwrap()
            .iter()
            .filter(|row| row.action == "key.leak_watched")
            .count(),
        1
    );
    let status = world.text(Role::Viewer, "/keystatus").await;
    assert!(status.starts_with("✖ mm-bot-1 leaked, and KuCoin still takes it"), "{status}");
}

#[tokio::test]
async fn a_false_alarm_is_called_off_by_an_operator_and_told() {
    let world = World::new().await;
    let key = world.own(&world.home, "mm-bot-1").await;
    let none = plain(&world.press(Role::Operator, call_off(&key)).await);
    assert!(none.starts_with("mm-bot-1: nobody calls it leaked"), "{none}");
    world.press(Role::Operator, watch_leaked(&key)).await;
    assert_eq!(world.deliver(at(30)).await.len(), 1);
    let text = plain(&world.press(Role::Operator, call_off(&key)).await);
    assert!(text.starts_with("✔ mm-bot-1: not leaked after all\n"), "{text}");
    assert!(open_rules(&world).await.is_empty());
    assert_eq!(world.deliver(at(31)).await.len(), 1, "whoever was told hears that too");
    let audit = world.home.audit(1).await.unwrap();
    assert_eq!(audit[0].action, "key.leak_called_off");
    let why = world.text(Role::Viewer, "/why").await;
    assert!(why.contains("#1 over, mm-bot-1: not leaked after all, says Kim."), "{why}");
}

#[tokio::test]
async fn nothing_is_watched_where_nobody_can_be_asked() {
    let world = World::new().await;
    let date = world.declared(&world.home, "old-sub", Some("2026-12-05")).await;
    let text = world.text(Role::Operator, "/leaked old-sub").await;
    assert!(
        text.contains("I cannot watch whether KuCoin refuses it: I hold only its date."),
        "{text}"
    );
    assert!(text.ends_with("[Steps] [Show key]"), "{text}");
    let forged = plain(&world.press(Role::Operator, watch_leaked(&date)).await);
    assert_eq!(forged, text);
    assert!(!open_rules(&world).await.contains(&Rule::Exposed));
}

#[tokio::test]
async fn a_dead_leaked_key_is_said_to_be_dead_and_is_never_fine() {
    let world = World::new().await;
    let key = world.own(&world.home, "mm-bot-1").await;
    world.press(Role::Operator, watch_leaked(&key)).await;
    world.deliver(at(30)).await;
    world.look(&key, refused(), at(31)).await;
    assert_eq!(open_rules(&world).await, [Rule::Exposed], "one answer proves little");
    let status = world.text(Role::Viewer, "/keystatus").await;
    assert!(status.contains("leaked; KuCoin refused it once"), "{status}");
    world.look(&key, refused(), at(32)).await;
    assert_eq!(open_rules(&world).await, [Rule::Rejected]);
    // The end of the leak is told; the refusal that it waited for is not told once more.
    assert_eq!(world.deliver(at(33)).await.len(), 1);
    world.look(&key, refused(), at(45)).await;
    assert_eq!(world.deliver(at(60)).await.len(), 0);
    let list = plain(&world.press(Role::Viewer, Action::AllKeys).await);
    assert!(list.contains("mm-bot-1: refused since 14:31, as wanted: leaked"), "{list}");
    assert!(list.starts_with('✖') && !list.contains("fine"), "{list}");
    let text = world.text(Role::Viewer, "/leaked").await;
    assert!(text.starts_with("✔ KuCoin refuses mm-bot-1 since 14:31"), "{text}");
    let why = world.text(Role::Viewer, "/why").await;
    assert!(why.contains("night desk: covered by #1, told there"), "{why}");
    // Somebody brings it back: it is told again.
    world.look(&key, good(), at(70)).await;
    assert!(open_rules(&world).await.contains(&Rule::Exposed));
}

#[tokio::test]
async fn a_corrected_secret_of_a_leaked_key_leaves_it_leaked_and_watched() {
    let world = World::new().await;
    let key = world.own(&world.home, "mm-bot-1").await;
    world.press(Role::Operator, watch_leaked(&key)).await;
    let same = format!("mm-bot-1 in {}", world.home.workspace().id.as_str());
    let slip = Outcome::Bad { fault: Fault::WrongPassphrase, code: Some("400004".into()) };
    for (minute, outcome) in [(31, slip), (33, good())] {
        replace(&world, &key, (&same, outcome), minute).await;
        assert!(open_rules(&world).await.contains(&Rule::Exposed), "minute {minute}");
        let view = world.home.key(&key).await.unwrap().unwrap();
        assert!(view.key.leak().is_some(), "minute {minute}");
        assert_eq!(view.next_probe, Some(at(minute)));
    }
}

#[tokio::test]
async fn a_leaked_key_that_nobody_saw_refused_is_never_said_to_be() {
    let world = World::new().await;
    let key = world.own(&world.home, "mm-bot-1").await;
    let why = async || world.text(Role::Viewer, "/why").await;
    world.press(Role::Operator, watch_leaked(&key)).await;
    // Once is enough for the wrong word, and so is a refusal of what came after.
    for (minute, other) in [(31, "second"), (33, "third")] {
        replace(&world, &key, (other, refused()), minute).await;
        let told = why().await;
        let end = "#1 over, mm-bot-1 replaced before KuCoin refused the leaked one.";
        assert!(told.contains(end), "{told}");
    }
    // Called off, and then another word and other secrets: it was no refusal either.
    world.press(Role::Operator, watch_leaked(&key)).await;
    world.press(Role::Operator, call_off(&key)).await;
    replace(&world, &key, ("fourth", good()), 35).await;
    let told = why().await;
    assert!(told.contains("over, mm-bot-1: not leaked after all"), "{told}");
    assert!(!told.contains("KuCoin refuse"), "{told}");
}
