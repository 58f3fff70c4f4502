//! What a form offers, and to whom.

use chrono::TimeDelta;

use super::super::*;
use super::world::*;
use crate::domain::access::Grantee;
use crate::domain::text::Clean;
use crate::store::audit::Entry;
use crate::store::chat::Chat;

fn actor(role: Role) -> Actor {
    let name = Clean::new("Kim", 20);
    Actor { platform: Platform::Discord, id: "7".into(), name, role, moderates: false }
}

#[tokio::test]
async fn keys_and_alerts_are_offered_to_those_who_may_see_them_and_never_another_workspace() {
    let world = World::new().await;
    let id = world.own(&world.home, "mm-bot-1").await;
    world.own(&world.home, "tracker").await;
    world.own(&world.other, "mm-secret").await;
    world.refuse(&id, 12).await;
    let labels = async |role, kind, typed: &str| -> Vec<String> {
        let found = world.counter.suggest(&world.home, &actor(role), (kind, typed), at(13)).await;
        found.into_iter().map(|one| one.label).collect()
    };
    assert_eq!(labels(Role::Viewer, ArgumentKind::Key, "mm").await, ["mm-bot-1"]);
    assert_eq!(labels(Role::Anyone, ArgumentKind::Key, "mm").await, Vec::<String>::new());
    let alerts = labels(Role::Viewer, ArgumentKind::Alert, "").await;
    assert_eq!(alerts, ["#1 mm-bot-1: rejected"]);
    let names = labels(Role::Anyone, ArgumentKind::Name, "key").await;
    assert!(names[0].starts_with("keystatus: "), "{names:?}");
}

/// Somebody who types in the server.
fn typing(at: DateTime<Utc>) -> Visitor {
    let place = Place {
        platform: Platform::Discord,
        chat: "42".into(),
        topic: None,
        private: false,
        title: None,
        wide: false,
    };
    Visitor {
        platform: Platform::Discord,
        id: "7".into(),
        name: Clean::new("Kim", 20),
        place,
        room: Some("41".into()),
        title: Clean::default(),
        at,
    }
}

#[tokio::test]
async fn the_letters_after_the_first_ask_nothing_of_the_ledger_and_only_for_seconds() {
    let world = World::new().await;
    world.own(&world.home, "mm-bot-1").await;
    let entry = Entry {
        actor: Clean::new("host", 20),
        place: "host".into(),
        action: "chat.added",
        target: None,
        before: None,
        after: None,
    };
    let chat = Chat {
        platform: Platform::Discord,
        address: "41".into(),
        title: Clean::default(),
        is_configured: false,
    };
    assert!(world.home.enrol(&chat, &entry, at(0)).await.unwrap());
    let (who, may) = (Grantee::Person("7".into()), Role::Viewer);
    assert!(world.home.grant(Platform::Discord, &who, may, &entry, at(0)).await.unwrap());
    let offers = async |at| -> Option<Vec<Suggestion>> {
        let entrance = world.counter.enter_typing(&typing(at), &Standing::default()).await.ok()?;
        let Entrance::In(inside) = entrance else { panic!("a stranger") };
        Some(world.counter.suggest(&inside.0, &inside.1, (ArgumentKind::Key, "m"), at).await)
    };
    let first = offers(at(1)).await.expect("the ledger");
    assert_eq!(first[0].value, "mm-bot-1");
    world.store.close().await;
    assert_eq!(offers(at(1) + TimeDelta::seconds(4)).await, Some(first));
    assert_eq!(offers(at(1) + TimeDelta::seconds(6)).await, None);
}
