//! What people may do there and what they see.

use std::time::Duration;

use chrono::TimeDelta;
use keylapse::clock::Clock as _;
use keylapse::commands::Role;
use keylapse::domain::access::Grantee;
use keylapse::domain::receiver::Platform;
use keylapse::domain::text::Clean;
use keylapse::exchange::simulator::Weather;
use keylapse::store::audit::Entry;
use serde_json::{Value, json};

use super::world::*;
use crate::fakes::discord::{Fake, Spot};
use crate::world::monday;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_shown_to_those_who_may_see_them_and_to_nobody_else_beside() {
    let world = World::new().await;
    world.watch("mm-bot-1").await;
    let shown = world.says(TRADER, "keystatus", &[]).await;
    assert!(shown.ephemeral && shown.text.contains("mm-bot-1"), "{}", shown.text);
    let shown = world.says(TRADER, "keystatus", &[("key", "MM-Bot-1")]).await;
    assert!(shown.ephemeral && shown.text.contains("KuCoin"), "{}", shown.text);
    for person in [MANAGER, OWNER] {
        assert!(world.says(person, "keystatus", &[]).await.text.contains("mm-bot-1"));
    }
    for name in ["help", "privacy"] {
        assert!(world.says(NOBODY, name, &[]).await.ephemeral, "{name}");
    }
    // All the permissions of a channel make no admin, and nothing makes nothing.
    let refused = world.says(NOBODY, "keystatus", &[]).await;
    assert!(refused.ephemeral, "{}", refused.text);
    assert!(
        refused.text.starts_with("That needs the role viewer; you are anyone."),
        "{}",
        refused.text
    );
    world.end("roles").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_server_of_the_workspace_with_the_bot_in_it_hears_of_keys() {
    let world = World::new().await;
    world.watch("mm-bot-1").await;
    let brought = Spot { installed: false, ..in_server() };
    let foreign = Spot { guild: Some(FOREIGN), channel: THEIRS, installed: true };
    for spot in [brought, foreign] {
        for name in ["keystatus", "faq", "privacy"] {
            let answer = world.says_at(OWNER, spot, name, &[]).await;
            assert_eq!(answer.text, "This bot is private. Its operator can give you a code.");
            assert!(answer.ephemeral);
        }
    }
    let private = Spot { guild: None, channel: 77, installed: true };
    let answer = world.says_at(OWNER, private, "faq", &[("question", "400003")]).await;
    assert!(answer.text.contains("400003"), "{}", answer.text);
    let answer = world.says_at(OWNER, private, "keystatus", &[]).await;
    assert_eq!(answer.text, "Ask that in the server: here I only answer questions.");
    let stranger = world.says_at(4_711, private, "faq", &[]).await;
    assert_eq!(stranger.text, "This bot is private. Its operator can give you a code.");
    world.end("places").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_is_its_askers_until_they_post_it_where_that_is_chosen() {
    let mut world = World::new().await;
    world.watch("mm-bot-1").await;
    world.loses("mm-bot-1").await;
    world.reads(KEYS, &["mm-bot-1"]);
    let own = world.says(TRADER, "faq", &[("question", "400003")]).await;
    assert!(own.ephemeral && own.text.contains("Here: mm-bot-1 was refused"), "{}", own.text);
    assert!(button(&own.shown, "Post here").is_none());
    let set = world.says(MANAGER, "settings", &[("what", "faq"), ("value", "here")]).await;
    assert!(set.ephemeral && set.text.contains("here"), "{}", set.text);
    let own = world.says(TRADER, "faq", &[("question", "400003")]).await;
    let post = button(&own.shown, "Post here").expect("a button");
    let posted = world.presses(TRADER, in_server(), &message(&own.shown), &post).await;
    assert!(!posted.ephemeral && posted.kind == 4, "{}", posted.text);
    assert!(posted.text.contains("400003") && !posted.text.contains("mm-bot-1"), "{}", posted.text);
    let again = world.presses(TRADER, in_server(), &message(&own.shown), &post).await;
    assert!(again.ephemeral && again.text.contains("a moment ago"), "{}", again.text);
    let first = posted.shown["components"][0]["components"][0]["label"].as_str().unwrap();
    let more = button(&posted.shown, first).unwrap();
    let told = world.presses(NOBODY, in_server(), &message(&posted.shown), &more).await;
    assert!(told.ephemeral && !told.text.contains("no longer valid"), "{}", told.text);
    let error = "{\"code\":\"400003\",\"msg\":\"KC-API-KEY not exists\"} @everyone";
    let data = json!({
        "id": "6", "name": "Explain this error", "type": 3, "target_id": "900", "resolved": {"messages": {"900": {
            "id": "900", "channel_id": KEYS.to_string(), "type": 0, "content": error, "embeds": [], "attachments": [],
            "author": {"id": NOBODY.to_string(), "username": "n", "discriminator": "0", "global_name": null, "avatar": null},
            "timestamp": "2027-01-04T10:00:00.000000+00:00", "edited_timestamp": null, "tts": false, "pinned": false,
            "mention_everyone": false, "mentions": [], "mention_roles": [], "flags": 0, "components": [],
        }}},
    });
    let id = world.fake.interact(2, (TRADER, in_server()), data, None);
    let told = world.answer(id).await;
    assert!(told.ephemeral && told.text.contains("400003"), "{}", told.text);
    // Privately the viewer is told which key it is; the message is not repeated.
    assert!(
        told.text.contains("Here: mm-bot-1") && !told.text.contains("everyone"),
        "{}",
        told.text
    );
    let off = world.says(TRADER, "faq", &[("question", "what is the weather like tomorrow")]).await;
    assert!(off.ephemeral, "{}", off.text);
    world.end("questions").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_moderator_answers_for_somebody_who_alone_is_called() {
    let world = World::new().await;
    world.says(MANAGER, "settings", &[("what", "faq"), ("value", "here")]).await;
    let ask = async |person: u64, question: &str| {
        let data = json!({"id": "5", "name": "faq", "type": 1, "options": [
            {"name": "question", "type": 3, "value": question},
            {"name": "for", "type": 6, "value": NOBODY.to_string()}]});
        let id = world.fake.interact(2, (person, in_server()), data, None);
        world.answer(id).await
    };
    let refused = ask(NOBODY, "400003").await;
    assert!(
        refused.ephemeral && refused.text.contains("needs Manage Messages"),
        "{}",
        refused.text
    );
    let unclear = ask(MANAGER, "what is the weather like tomorrow").await;
    assert!(unclear.ephemeral && !unclear.text.contains("<@"), "{}", unclear.text);
    let told = ask(MANAGER, "400003").await;
    assert!(!told.ephemeral && told.text.contains("400003"), "{}", told.text);
    assert_eq!(told.shown["content"], format!("<@{NOBODY}>"));
    assert_eq!(told.shown["allowed_mentions"]["users"], json!([NOBODY.to_string()]));
    assert_eq!(told.shown["allowed_mentions"]["parse"], json!([]));
    world.end("moderator").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_makes_a_server_one_of_the_workspace_and_gives_it_its_commands() {
    let mut world = World::new().await;
    world.watch("mm-bot-1").await;
    let (store, workspace) = (&world.stage.store, world.stage.desk.workspace().id.clone());
    let (code, until) = ("ABCD-EFGHJ-KLMN", monday() + TimeDelta::minutes(10));
    store.keep_claim(&workspace, Role::Admin, code, until, monday()).await.unwrap();
    let private = Spot { guild: None, channel: 77, installed: true };
    let foreign = Spot { guild: Some(FOREIGN), channel: THEIRS, installed: true };
    let told = world.says_at(NOBODY, private, "start", &[("code", code)]).await;
    assert!(told.ephemeral && told.text.contains("Use the code in the server"), "{}", told.text);
    let told = world.says_at(NOBODY, foreign, "start", &[]).await;
    assert_eq!(told.text, "This bot is private. Its operator can give you a code.");
    let told = world.says_at(NOBODY, foreign, "start", &[("code", code)]).await;
    assert!(told.ephemeral && told.text.contains("takes Manage Server"), "{}", told.text);
    let wrong = [("code", "ABCD-EFGHJ-KLMM")];
    let told = world.says_at(OWNER, foreign, "start", &wrong).await;
    assert!(told.ephemeral && told.text.starts_with("That code is wrong"), "{}", told.text);
    let told = world.says_at(OWNER, foreign, "start", &[("code", code)]).await;
    assert!(told.ephemeral && told.text.contains("Connected to Desk"), "{}", told.text);
    world
        .fake
        .until("the server has its commands", |state| state.commands.contains_key(&FOREIGN))
        .await;
    let told = world.says_at(OWNER, foreign, "keystatus", &[]).await;
    assert!(told.ephemeral && told.text.contains("mm-bot-1"), "{}", told.text);
    let again = world.says_at(TRADER, foreign, "start", &[]).await;
    assert!(again.ephemeral && again.text.contains("I watch API keys"), "{}", again.text);
    world.gains_withdrawal("mm-bot-1").await;
    for channel in [KEYS, THEIRS] {
        world.reads(channel, &["mm-bot-1 can now withdraw"]);
    }
    world.end("code").await;
}

/// A message of ours under which somebody presses.
pub fn message(shown: &Value) -> Value {
    json!({
        "id": "901", "channel_id": KEYS.to_string(), "type": 0, "content": "", "embeds": [], "attachments": [],
        "author": {"id": "1200000000000000001", "username": "keylapse", "discriminator": "0", "global_name": null, "avatar": null},
        "timestamp": "2027-01-04T10:00:00.000000+00:00", "edited_timestamp": null, "tts": false, "pinned": false,
        "mention_everyone": false, "mentions": [], "mention_roles": [], "flags": 0, "components": shown["components"],
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_offers_the_keys_and_alerts_that_the_person_may_see() {
    let mut world = World::new().await;
    world.watch("mm-bot-1").await;
    world.watch("tracker").await;
    world.gains_withdrawal("tracker").await;
    world.reads(KEYS, &["tracker"]);
    let offers = async |person: u64, command: &str, option: &str, typed: &str| -> Vec<String> {
        let typing = json!({"name": option, "type": 3, "value": typed, "focused": true});
        let data = json!({"id": "5", "name": command, "type": 1, "options": [typing]});
        let id = world.fake.interact(4, (person, in_server()), data, None);
        let choices = world.fake.answer(id).await.choices.unwrap_or_default();
        let values = choices.as_array().unwrap().iter();
        values.map(|choice| choice["value"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(offers(TRADER, "keystatus", "key", "").await, ["mm-bot-1", "tracker"]);
    assert_eq!(offers(TRADER, "check", "key", "BOT").await, ["mm-bot-1"]);
    assert_eq!(offers(TRADER, "ack", "alert", "").await, ["1"]);
    assert_eq!(offers(NOBODY, "keystatus", "key", "").await, Vec::<String>::new());
    assert_eq!(offers(NOBODY, "help", "command", "keys").await[0], "keystatus");
    // A form asks at each letter: who may see what is some seconds old there, and no more.
    let (who, may) = (Grantee::Person(NOBODY.to_string()), Role::Viewer);
    let entry = Entry {
        actor: Clean::new("story", 20),
        place: "story".to_owned(),
        action: "access.granted",
        target: None,
        before: None,
        after: None,
    };
    let (desk, now) = (&world.stage.desk, world.stage.clock.now());
    assert!(desk.grant(Platform::Discord, &who, may, &entry, now).await.unwrap());
    assert_eq!(offers(NOBODY, "keystatus", "key", "").await, Vec::<String>::new());
    world.pass(TimeDelta::seconds(6)).await;
    assert_eq!(offers(NOBODY, "keystatus", "key", "").await, ["mm-bot-1", "tracker"]);
    world.end("forms").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_forged_late_and_repeated_presses_harm_nothing() {
    let mut world = World::new().await;
    world.watch("tracker").await;
    world.loses("tracker").await;
    let alert = world.reads(KEYS, &["tracker refused by KuCoin"]);
    let on_it = button(&alert, "I'm on it").unwrap();
    let own = world.says(TRADER, "alerts", &[]).await;
    let elsewhere = Spot { channel: NIGHT, ..in_server() };
    let stale = "That button is no longer valid; /alerts shows what is open.";
    // Forged, of another channel, of another person's private answer.
    let theirs = button(&own.shown, "I'm on it").unwrap();
    let forged = world.presses(TRADER, in_server(), &alert, "01jdxq4y7m0000000000zz").await;
    let moved = world.presses(TRADER, elsewhere, &alert, &on_it).await;
    let foreign = world.presses(MANAGER, in_server(), &alert, &theirs).await;
    let odd = world.presses(TRADER, in_server(), &alert, "'; DROP TABLE buttons; --\u{0}").await;
    for answer in [&forged, &moved, &foreign, &odd] {
        assert_eq!((answer.text.as_str(), answer.ephemeral), (stale, true));
        assert_eq!(answer.shown, forged.shown);
    }
    // Without the role a press is refused.
    let refused = world.presses(NOBODY, in_server(), &alert, &on_it).await;
    assert!(refused.text.contains("needs the role operator"), "{}", refused.text);
    // Twice is once.
    for _ in 0..2 {
        let answer = world.presses(TRADER, in_server(), &alert, &on_it).await;
        assert!(answer.ephemeral && !answer.text.is_empty());
    }
    world.pass(chrono::TimeDelta::seconds(10)).await;
    // The message shows other buttons by now.
    let late = world.presses(MANAGER, in_server(), &alert, &on_it).await;
    assert!(late.ephemeral && late.text.contains("is on it until"), "{}", late.text);
    let alerts = world.stage.desk.open_alerts().await.unwrap();
    assert!(alerts[0].state.ack().is_some_and(|ack| ack.by.as_str().contains("person")));
    let shown = text(&world.now_shown(&alert));
    assert_eq!(shown.matches("is on it").count(), 1, "{shown}");
    world.end("presses").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_takes_longer_than_a_second_is_promised_to_its_asker_and_then_said() {
    let world = World::new().await;
    world.watch("mm-bot-1").await;
    world.pass(chrono::TimeDelta::minutes(2)).await;
    world.stage.simulator.set_weather(Weather::Slow(Duration::from_millis(2_500)));
    let answer = world.says(TRADER, "check", &[("key", "mm-bot-1")]).await;
    assert_eq!((answer.kind, answer.ephemeral), (5, true), "{}", answer.text);
    // A second of patience, and what a busy machine needs.
    assert!(
        answer.first_word_after < Duration::from_millis(1_500),
        "{:?}",
        answer.first_word_after
    );
    assert!(answer.text.contains("mm-bot-1"), "{}", answer.text);
    world.end("promised").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_a_test_and_may_not_act_is_told_so_and_named_so() {
    let mut world = World::new().await;
    let sent = world.says(MANAGER, "notify", &[("action", "test")]).await;
    assert!(sent.text.contains("A test is on its way"), "{}", sent.text);
    world.pass(TimeDelta::seconds(10)).await;
    let test = world.reads(KEYS, &["Test by", "Press Seen"]);
    let seen = button(&test, "Seen").expect("a button");
    let said = world.presses(NOBODY, in_server(), &test, &seen).await;
    assert!(
        said.ephemeral && said.text.contains("You may read warnings here but not take alerts"),
        "{}",
        said.text
    );
    let said = world.presses(TRADER, in_server(), &test, &seen).await;
    assert!(said.text.contains("You can take alerts"), "{}", said.text);
    world.pass(TimeDelta::seconds(10)).await;
    let shown = text(&world.now_shown(&test));
    assert_eq!(shown.matches("Seen by").count(), 2, "{shown}");
    assert_eq!(shown.matches("(may not take alerts)").count(), 1, "{shown}");
    let who = button(&sent.shown, "Who has seen it?").expect("a button");
    let told = world.presses(MANAGER, in_server(), &message(&sent.shown), &who).await;
    assert_eq!(told.text.matches("; may not take alerts").count(), 1, "{}", told.text);
    world.end("seen").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_host_is_open_only_who_manages_a_server_brings_the_bot_there() {
    let mut world = World::with(Fake::start().await, &[KEYS]).await;
    world.is_open = true;
    world.switch_on().await;
    let foreign = Spot { guild: Some(FOREIGN), channel: THEIRS, installed: true };
    let before = world.stage.store.workspaces().await.unwrap();
    let refused = world.says_at(NOBODY, foreign, "start", &[]).await;
    assert!(refused.ephemeral && refused.text.contains("This bot is private"), "{}", refused.text);
    assert_eq!(world.stage.store.workspaces().await.unwrap(), before, "no row");
    let opened = world.says_at(MANAGER, foreign, "start", &[]).await;
    assert!(opened.text.contains("I answer questions about exchange API keys"), "{}", opened.text);
    assert_eq!(world.stage.store.workspaces().await.unwrap().len(), before.len() + 1);
    let server = FOREIGN.to_string();
    let home = world.stage.store.home_of(Platform::Discord, &server).await.unwrap().unwrap();
    assert!(home.workspace.faq_only);
    let answer = world.says_at(NOBODY, foreign, "faq", &[("question", "400003")]).await;
    assert!(answer.ephemeral && answer.text.contains("400003"), "{}", answer.text);
    world.end("open").await;
}
