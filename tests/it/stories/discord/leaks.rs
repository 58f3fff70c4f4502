//! The leak guard on Discord (S22): a secret that somebody writes is removed where that is certain
//! and allowed, everybody is told what to do, and nobody is called. Without the guard of channels
//! nothing is asked for that would let the bot read.

use chrono::TimeDelta;
use keylapse::chat::discord::Guard;
use keylapse::exchange::simulator::SimKey;
use serde_json::{Value, json};

use super::town::BOTS;
use super::world::*;
use crate::corpora::{harmless, leaks};
use crate::fakes::discord::{Fake, Spot};

const PAIR: &str = "key 6705f5c311545b000157d3eb secret 46fd8974-aaaa-bbbb-cccc-896f005b2340";
const GUILDS: u64 = 1;
const READING: u64 = 1 << 9 | 1 << 15;

/// A bot whose guard is on; whether it may delete, and whether it may read.
async fn guarded(may_delete: bool, may_read: bool) -> World {
    let mut world = World::with(Fake::start().await, &[KEYS]).await;
    {
        let mut state = world.fake.state();
        state.may_read = may_read;
        if may_delete {
            *state.guilds.get_mut(&SERVER).unwrap().roles.get_mut(&BOTS).unwrap() |= 1 << 13;
        }
    }
    world.guard = Guard::set(true);
    world.switch_on().await;
    world
}

fn deletions(world: &World) -> usize {
    world.fake.state().asked.iter().filter(|one| one.method == "DELETE").count()
}

async fn gone(world: &World, message: u64) {
    world
        .fake
        .until("a message is deleted", |state| !state.channels[&KEYS].said.contains_key(&message))
        .await;
    world.stage.clock.settle().await;
}

/// Nothing that was sent repeats any of these words.
fn never_sent(world: &World, words: &[&str]) {
    for asked in &world.fake.state().asked {
        let body = asked.body.to_string();
        assert!(words.iter().all(|word| !body.contains(word)), "{} {body}", asked.path);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_the_corpora_every_leak_in_a_channel_goes_and_nothing_harmless_does() {
    let mut world = guarded(true, true).await;
    assert_eq!(world.fake.state().intents, GUILDS | READING);
    let (harmless, leaks) = (harmless(), leaks());
    for lines in harmless.chunks(20) {
        for line in lines {
            world.fake.writes((NOBODY, in_server()), line);
        }
        world.pass(TimeDelta::seconds(2)).await;
    }
    for lines in leaks.chunks(20) {
        let written: Vec<u64> =
            lines.iter().map(|line| world.fake.writes((NOBODY, in_server()), line)).collect();
        for message in written {
            gone(&world, message).await;
        }
        world.pass(TimeDelta::seconds(2)).await;
    }
    assert_eq!(world.fake.state().channels[&KEYS].said.len(), harmless.len());
    assert_eq!(deletions(&world), leaks.len());
    // Once a minute is enough for everybody.
    let told = world.reads(KEYS, &["A secret was posted here and removed", "delete that key"]);
    assert_eq!(told["content"], "");
    never_sent(&world, &["6705f5c3", "46fd8974"]);
    world.end("leak-corpora").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watched_keys_id_goes_and_machines_and_strangers_are_not_looked_through() {
    let mut world = guarded(true, true).await;
    world.watch("mm-bot-1").await;
    let key = SimKey::made_up("mm-bot-1").key;
    let foreign = Spot { guild: Some(FOREIGN), channel: THEIRS, installed: true };
    let elsewhere = world.fake.writes((NOBODY, foreign), PAIR);
    let machine = {
        let mut state = world.fake.state();
        let mut message = state.written(NOBODY, KEYS, PAIR);
        message["author"]["bot"] = true.into();
        message["guild_id"] = SERVER.to_string().into();
        message
    };
    world.fake.tell("MESSAGE_CREATE", machine);
    let leak = world.fake.writes((TRADER, in_server()), &format!("why is {key} refused"));
    gone(&world, leak).await;
    world.reads(KEYS, &["A secret was posted here and removed"]);
    assert!(world.fake.stands(THEIRS, elsewhere));
    assert_eq!(deletions(&world), 1);
    world.end("leak-watched").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_manage_messages_everybody_is_told_who_may_remove_it() {
    let mut world = guarded(false, true).await;
    let leak = world.fake.writes((NOBODY, in_server()), PAIR);
    world
        .fake
        .until("the channel is told", |state| !state.channels[&KEYS].messages.is_empty())
        .await;
    assert!(world.fake.stands(KEYS, leak));
    world.reads(KEYS, &["I could not remove it", "Whoever may delete messages here"]);
    world.end("leak-stays").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_discord_refuses_to_let_it_read_the_bot_goes_on_without_the_guard() {
    let world = guarded(true, false).await;
    assert!(!world.guard.is_on());
    let asked = {
        let state = world.fake.state();
        (state.identifies, state.intents)
    };
    assert_eq!(asked, (2, GUILDS));
    let leak = world.fake.writes((NOBODY, in_server()), PAIR);
    world.watch("mm-bot-1").await;
    assert!(world.says(TRADER, "keystatus", &[]).await.text.contains("mm-bot-1"));
    let settings = world.says(MANAGER, "settings", &[]).await.text;
    assert!(settings.contains("Discord does not let me read"), "{settings}");
    assert!(world.fake.stands(KEYS, leak));
    world.end("leak-4014").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_guard_nothing_privileged_is_asked_for_and_commands_are_guarded_all_the_same() {
    let world = World::new().await;
    world.watch("mm-bot-1").await;
    assert_eq!(world.fake.state().intents, GUILDS);
    let own = SimKey::made_up("mm-bot-1").key;
    let told = world.says(TRADER, "check", &[("key", &own)]).await;
    assert!(told.ephemeral, "{}", told.text);
    assert!(told.text.contains("That is the key of mm-bot-1"), "{}", told.text);
    // What is typed into a form is no message.
    assert!(!told.text.contains("the message here"), "{}", told.text);
    let told = world.says(NOBODY, "faq", &[("question", &own)]).await;
    assert!(told.text.contains("That is a secret: delete its key"), "{}", told.text);
    world.end("leak-commands").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leak_that_somebody_wants_explained_is_removed_and_its_author_warned() {
    for may_delete in [true, false] {
        let mut world = guarded(may_delete, true).await;
        world.guard.switch_off();
        let leak = world.fake.writes((NOBODY, in_server()), PAIR);
        let told = world.points_at(TRADER, "Explain this error", leak).await;
        assert!(told.ephemeral, "{}", told.text);
        assert!(told.text.contains("That is a secret: delete its key at the exchange now"));
        assert_eq!(world.fake.stands(KEYS, leak), !may_delete);
        if may_delete {
            assert!(told.text.contains("I have deleted the message here"), "{}", told.text);
            world.reads(KEYS, &["A secret was posted here and removed"]);
        } else {
            assert!(told.text.contains("I could not delete the message here"), "{}", told.text);
        }
        never_sent(&world, &["6705f5c3", "46fd8974"]);
        world.end("leak-explained").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_moderators_word_is_certain_and_nobody_elses() {
    let mut world = guarded(true, true).await;
    let local = world.fake.state().commands[&SERVER].as_array().unwrap().clone();
    let form = local.iter().find(|one| one["name"] == "Leaked key").expect("the command");
    assert_eq!(form["default_member_permissions"], json!((1 << 13).to_string()));
    // Nothing that a guard could be certain of.
    let photo = world.fake.writes((NOBODY, in_server()), "see the screenshot");
    // An operator here keeps no order there.
    for person in [NOBODY, TRADER] {
        let refused = world.points_at(person, "Leaked key", photo).await;
        assert!(refused.ephemeral && refused.text.contains("Manage Messages"), "{}", refused.text);
    }
    assert!(world.fake.stands(KEYS, photo) && deletions(&world) == 0);
    let told = world.points_at(MANAGER, "Leaked key", photo).await;
    assert!(told.ephemeral, "{}", told.text);
    for part in ["delete its key at the exchange now", "I have deleted the message here"] {
        assert!(told.text.contains(part), "{}", told.text);
    }
    assert!(!world.fake.stands(KEYS, photo));
    let audit = world.stage.desk.audit(1).await.unwrap().remove(0);
    assert_eq!(
        (audit.action.as_str(), audit.place),
        ("message.deleted", format!("discord:{KEYS}"))
    );
    assert_eq!(audit.target, Some(format!("channel {KEYS}, message {photo}")));
    assert!(audit.actor.contains(&MANAGER.to_string()), "{}", audit.actor);
    let public = world.reads(KEYS, &["A secret was posted here and removed", "/leaked"]);
    assert_eq!(public["mentions"], Value::Array(Vec::new()));
    world.end("leak-reported").await;
}
