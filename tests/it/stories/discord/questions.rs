//! A server that only answers: no key is watched there, and whoever asks is alone with the answer
//! until somebody shows it.

use serde_json::json;

use super::people::message;
use super::world::*;

fn names(world: &World, scope: u64) -> Vec<String> {
    let state = world.fake.state();
    let list = state.commands[&scope].as_array().unwrap().clone();
    list.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_for_questions_has_no_command_about_keys_and_answers_whoever_asks() {
    let world = World::for_questions().await;
    assert_eq!(names(&world, SERVER), ["settings"]);
    assert!(names(&world, 0).contains(&"faq".to_owned()));
    let own = world.says(NOBODY, "faq", &[("question", "400003")]).await;
    assert!(own.ephemeral && own.text.contains("400003"), "{}", own.text);
    assert!(button(&own.shown, "Post here").is_none());
    let refused = world.says(NOBODY, "settings", &[("what", "faq"), ("value", "here")]).await;
    assert!(refused.text.starts_with("That needs the role admin"), "{}", refused.text);

    world.says(MANAGER, "settings", &[("what", "faq"), ("value", "here")]).await;
    let own = world.says(NOBODY, "faq", &[("question", "400003")]).await;
    assert!(own.ephemeral, "{}", own.text);
    let post = button(&own.shown, "Post here").expect("a button");
    let press = async || world.presses(NOBODY, in_server(), &message(&own.shown), &post).await;
    let posted = press().await;
    assert!(!posted.ephemeral && posted.text.contains("400003"), "{}", posted.text);
    let again = press().await;
    assert!(again.ephemeral && again.text.contains("a moment ago"), "{}", again.text);
    world.pass(chrono::TimeDelta::minutes(2)).await;
    assert!(!press().await.ephemeral);
    // The other channel was not chosen.
    let elsewhere = crate::fakes::discord::Spot { channel: NIGHT, ..in_server() };
    let own = world.says_at(NOBODY, elsewhere, "faq", &[("question", "400003")]).await;
    assert!(button(&own.shown, "Post here").is_none());
    world.end("for-questions").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_moderator_of_a_server_for_questions_answers_for_somebody() {
    let world = World::for_questions().await;
    world.says(MANAGER, "settings", &[("what", "faq"), ("value", "here")]).await;
    let ask = async |person: u64| {
        let data = json!({"id": "5", "name": "faq", "type": 1, "options": [
            {"name": "question", "type": 3, "value": "400003"},
            {"name": "for", "type": 6, "value": NOBODY.to_string()}]});
        let id = world.fake.interact(2, (person, in_server()), data, None);
        world.answer(id).await
    };
    let refused = ask(NOBODY).await;
    assert!(
        refused.ephemeral && refused.text.contains("needs Manage Messages"),
        "{}",
        refused.text
    );
    let told = ask(MANAGER).await;
    assert!(!told.ephemeral && told.text.contains("400003"), "{}", told.text);
    assert_eq!(told.shown["content"], format!("<@{NOBODY}>"));
    world.end("for-questions-moderator").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guided_help_goes_on_after_a_restart_and_tells_who_is_nobody_no_fact() {
    let mut world = World::new().await;
    world.watch("mm-bot-1").await;
    let asked = world.says(TRADER, "fix", &[]).await;
    assert!(asked.ephemeral && asked.text.contains("mm-bot-1 works from"), "{}", asked.text);
    let press = async |world: &World, who: u64, answer: &Answer, words: &str| {
        let id = button(&answer.shown, words).expect("a button");
        world.presses(who, in_server(), &message(&answer.shown), &id).await
    };
    let next = press(&world, TRADER, &asked, "Key does not exist (400003)").await;
    assert!(next.text.contains("does the bot use this very key?"), "{}", next.text);
    world.switch_off().await;
    let before = world.fake.state().asked.len();
    world.switch_on().await;
    world
        .fake
        .until("all commands were compared", |state| {
            let asked = state.asked.iter().skip(before);
            asked.filter(|one| one.path.ends_with("/commands")).count() >= 3
        })
        .await;
    // The button was made before the restart.
    let foreign = press(&world, MANAGER, &next, "No, another").await;
    assert!(foreign.text.contains("no longer valid"), "{}", foreign.text);
    let again = world.says(TRADER, "fix", &[]).await;
    assert!(again.text.contains("in the middle of /fix for mm-bot-1"), "{}", again.text);
    let end = press(&world, TRADER, &next, "No, another").await;
    assert!(end.ephemeral && end.text.contains("the bot uses another key"), "{}", end.text);

    let own = world.says(NOBODY, "fix", &[("key", "mm-bot-1")]).await;
    assert!(own.ephemeral && own.text.contains("last error line"), "{}", own.text);
    let end = press(&world, NOBODY, &own, "IP address (400006)").await;
    assert!(end.text.contains("Cause: the bot's address"), "{}", end.text);
    for answer in [&own, &end] {
        assert!(!answer.shown.to_string().contains("mm-bot-1"), "{}", answer.shown);
    }
    let refused = world.says(NOBODY, "security", &[]).await;
    assert!(refused.text.contains("needs the role viewer"), "{}", refused.text);
    world.end("guided-help").await;
}
