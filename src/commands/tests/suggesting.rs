//! What a form offers, and to whom.

use super::super::*;
use super::world::*;
use crate::domain::text::Clean;

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
