//! Conversations with a person, and what they leave in the ledger.

use std::io::{Cursor, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use clap::Parser;
use tempfile::TempDir;

use super::*;
use crate::cli::open::open_with;
use crate::clock::System;
use crate::config::{self, Flags, Host};
use crate::exchange::simulator::{SimEnd, SimKey, Simulator};
use crate::store::retiring::Retiring;

/// What was said, shared with the terminal that says it.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    command: KeyCommand,
}

struct World {
    _dir: TempDir,
    simulator: Simulator,
    shop: Workshop,
}

impl World {
    async fn new() -> Self {
        let here = SocketAddr::from(([127, 0, 0, 1], 0));
        let simulator = Simulator::start(Arc::new(System::new()), here).await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        let flags = Flags { config: None, data: Some(dir.path().join("data")) };
        let env = [("KEYLAPSE_KUCOIN__BASE_URL".to_owned(), simulator.base_url())];
        let config = config::load(&flags, &env, &Host::default()).ok().unwrap();
        let mut silent = Terminal::new(Cursor::new(""), std::io::sink(), false);
        let shop = open_with(config, &mut silent).await.ok().unwrap();
        Self { _dir: dir, simulator, shop }
    }

    fn key(&self, label: &str, end: SimEnd) -> SimKey {
        let mut key = SimKey::made_up(label);
        key.sub_name = Some("desk".to_owned());
        key.addresses = vec!["203.0.113.7".parse().unwrap()];
        key.end = end;
        self.simulator.add_key(key.clone());
        key
    }

    /// Runs a command with a person who answers this.
    async fn talk(&self, line: &[&str], answers: String) -> (Result<(), Failure>, String) {
        let line = Line::parse_from(std::iter::once(&"key").chain(line));
        let paper = Paper::default();
        let mut terminal = Terminal::new(Cursor::new(answers), paper.clone(), true);
        let done = run(line.command, &self.shop, &mut terminal).await;
        let said = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
        (done, said)
    }

    async fn view(&self, label: &str) -> KeyView {
        let desk = self.shop.desk(None).await.unwrap();
        desk.key_by_label(label).await.unwrap().unwrap()
    }

    async fn retiring(&self, label: &str) -> Option<Retiring> {
        let id = self.view(label).await.key.id;
        self.shop.store.retiring(&[id]).await.unwrap().pop()
    }
}

fn secrets(key: &SimKey) -> String {
    format!("{}\n{}\n{}\n", key.key, key.secret, key.passphrase)
}

#[tokio::test]
async fn a_person_is_led_to_a_watched_key_and_asked_for_its_term() {
    let world = World::new().await;
    let key = world.key("a", SimEnd::Absent);
    // That very key; a label that cannot be; what stops; secrets; same machine; 90 days.
    let answers = format!("1\n{0}\nmm-bot-1\ngrid bot\n{1}yes\n2\n", key.key, secrets(&key));
    let (done, said) = world.talk(&["add"], answers).await;
    assert_eq!(done, Ok(()), "{said}");
    for sentence in [
        "A separate read-only key says nothing about your bot's key.",
        "That label has the shape of a key or secret",
        "API passphrase (chosen when you made this key; not your trading password)",
        "secret: 36 characters, right shape",
        "KuCoin did not report an end date.",
        "Did you choose a term?",
        "in 89 days (your date). First warning",
    ] {
        assert!(said.contains(sentence), "{sentence}: {said}");
    }
    let view = world.view("mm-bot-1").await;
    assert!(view.key.co_located && view.key.declared.is_some());
    assert_eq!(view.key.used_by[0].as_str(), "grid bot");
}

#[tokio::test]
async fn a_refused_address_can_be_checked_again() {
    let world = World::new().await;
    let key = world.key("a", SimEnd::Never);
    world.simulator.set_caller("198.51.100.9".parse().unwrap());
    let add = ["add", "--label", "a", "--used-by", "x", "--not-co-located"];
    let answers = |then: &str| format!("1\n{}{then}", secrets(&key));
    let (done, said) = world.talk(&add, answers("check again\nstop\n")).await;
    assert_eq!(done, Err(Failure::Refused("Stopped. Nothing was saved.".to_owned())));
    assert_eq!(said.matches("KuCoin refuses this machine's address 198.51.100.9").count(), 2);
    // Not sure about its term: nothing is known about its end.
    let (done, said) = world.talk(&add, answers("save anyway\n6\n")).await;
    assert_eq!(done, Ok(()), "{said}");
    assert_eq!(world.view("a").await.key.declared, None);
}

#[tokio::test]
async fn a_reminder_is_asked_for_its_date_and_a_removal_for_a_yes() {
    let world = World::new().await;
    let (done, said) =
        world.talk(&["add"], "remind\na\n\n30.11.2099\n2099-11-30\n".to_owned()).await;
    assert_eq!(done, Ok(()), "{said}");
    assert!(said.contains("That is no date"), "{said}");
    let (done, said) = world.talk(&["remove", "a"], "keep\n".to_owned()).await;
    assert!(done.is_ok() && said.contains("Kept. Nothing was changed."), "{said}");
    let (_, said) = world.talk(&["remove", "a"], "forget\n".to_owned()).await;
    assert!(said.contains("Forgotten here. Nothing warns of that date any more."), "{said}");
}

#[tokio::test]
async fn a_replaced_credential_is_watched_until_it_is_refused_or_its_time_is_over() {
    let world = World::new().await;
    let keys = ["a", "b", "c"].map(|name| world.key(name, SimEnd::Never));
    let add = ["add", "--yes", "--label", "bot"];
    assert_eq!(world.talk(&add, secrets(&keys[0])).await.0, Ok(()));
    let replace = ["replace", "bot", "--yes", "--watch-old"];
    assert_eq!(world.talk(&replace, secrets(&keys[1])).await.0, Ok(()));
    let first = world.retiring("bot").await.unwrap();
    let (generation, sealed) = (first.credential.generation, &first.credential.sealed);
    let opened = world.shop.vault.open_credential(&first.key, generation, sealed).ok().unwrap();
    assert_eq!(opened.key.expose(), keys[0].key);

    let now = world.shop.clock.now();
    assert!(world.shop.store.end_retiring(&first.credential.id, "refused", now).await.unwrap());
    assert!(!world.shop.store.end_retiring(&first.credential.id, "refused", now).await.unwrap());
    assert!(world.retiring("bot").await.is_none());

    assert_eq!(world.talk(&replace, secrets(&keys[2])).await.0, Ok(()));
    let second = world.retiring("bot").await.unwrap();
    assert_eq!(second.credential.generation, 2);
    let ended = |days| world.shop.store.end_overdue_retiring(now + TimeDelta::days(days));
    assert_eq!(ended(6).await.unwrap(), 0);
    assert_eq!(ended(8).await.unwrap(), 1);
    assert!(world.retiring("bot").await.is_none());
    assert_eq!(world.view("bot").await.hint.unwrap()[..4], keys[2].key[..4]);
}

#[tokio::test]
async fn a_corrected_secret_of_the_same_key_leaves_nothing_to_watch() {
    let world = World::new().await;
    let key = world.key("a", SimEnd::Never);
    let wrong = format!("{}\n{}\nwrong-word\n", key.key, key.secret);
    let add = ["add", "--yes", "--label", "bot", "--save-anyway"];
    assert_eq!(world.talk(&add, wrong).await.0, Ok(()));
    let replace = ["replace", "bot", "--yes", "--watch-old"];
    let (done, said) = world.talk(&replace, secrets(&key)).await;
    assert_eq!(done, Ok(()), "{said}");
    assert!(world.retiring("bot").await.is_none());
}
