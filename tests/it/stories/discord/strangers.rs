//! Who is in no server of ours and writes to the bot in private: what that costs, and whom.

use chrono::TimeDelta;
use serde_json::json;

use super::world::{OWNER, SERVER, World};
use crate::fakes::discord::Spot;

/// Somebody who is in no server.
const STRANGER: u64 = 4_711;
const PRIVATE: Spot = Spot { guild: None, channel: 77, installed: true };
const PRIVATE_BOT: &str = "This bot is private. Its operator can give you a code.";

/// How often Discord was asked about somebody.
fn look_ups(world: &World, person: u64) -> usize {
    let path = format!("/members/{person}");
    let state = world.fake.state();
    state.asked.iter().filter(|one| one.method == "GET" && one.path.ends_with(&path)).count()
}

fn types(world: &World, person: u64) -> u64 {
    let typing = json!({"name": "command", "type": 3, "value": "k", "focused": true});
    let data = json!({"id": "5", "name": "help", "type": 1, "options": [typing]});
    world.fake.interact(4, (person, PRIVATE), data, None)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_who_floods_the_private_chat_costs_few_look_ups_and_a_member_is_served() {
    let world = World::new().await;
    for _ in 0..60 {
        types(&world, STRANGER);
        let data = json!({"id": "5", "name": "faq", "type": 1, "options": []});
        world.fake.interact(2, (STRANGER, PRIVATE), data, None);
    }
    let answer = world.says_at(OWNER, PRIVATE, "faq", &[("question", "400003")]).await;
    assert!(answer.text.contains("400003"), "{}", answer.text);
    world.stage.clock.settle().await;
    assert!(look_ups(&world, STRANGER) <= 20, "{}", look_ups(&world, STRANGER));
    world.end("flood").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_no_member_is_not_asked_about_again_for_three_minutes() {
    let world = World::new().await;
    for _ in 0..5 {
        let answer = world.says_at(STRANGER, PRIVATE, "faq", &[]).await;
        assert_eq!(answer.text, PRIVATE_BOT);
        let id = types(&world, STRANGER);
        assert_eq!(world.fake.answer(id).await.choices, Some(json!([])));
    }
    assert_eq!(look_ups(&world, STRANGER), 1);
    world.fake.state().guilds.get_mut(&SERVER).unwrap().members.insert(STRANGER, Vec::new());
    world.pass(TimeDelta::minutes(3)).await;
    let asked = [("question", "400003")];
    let answer = world.says_at(STRANGER, PRIVATE, "faq", &asked).await;
    assert!(answer.text.contains("400003"), "{}", answer.text);
    // Whoever types is remembered as a member for a minute; a command asks every time.
    for _ in 0..5 {
        let id = types(&world, STRANGER);
        assert_ne!(world.fake.answer(id).await.choices, Some(json!([])));
    }
    assert_eq!(look_ups(&world, STRANGER), 2);
    world.fake.state().guilds.get_mut(&SERVER).unwrap().members.remove(&STRANGER);
    let answer = world.says_at(STRANGER, PRIVATE, "faq", &asked).await;
    assert_eq!(answer.text, PRIVATE_BOT, "who left is out at once");
    world.end("no-member").await;
}
