//! A world on Discord: the whole bot through its real adapter against the fake, on a clock that
//! the story moves. Every message must be read, and nothing may break a rule of Discord's.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use chrono_tz::Tz;
use keylapse::app::{App, Parts};
use keylapse::chat::Messenger;
use keylapse::chat::discord::{self, Guard, Listener, Patience, Settings, Stopped};
use keylapse::cli::attend::{Attending, Ear, Roll};
use keylapse::cli::counter;
use keylapse::cli::demo::stage::{Setting, Stage, Told};
use keylapse::clock::Clock;
use keylapse::commands::{Counter, HostNote};
use keylapse::domain::receiver::Platform;
use keylapse::exchange::simulator::SimKey;
use keylapse::ids::Ids;
use keylapse::secret::Secret;
use keylapse::store::Store;
use keylapse::store::workspace::Described;
use keylapse::tasks::Rhythm;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use super::town::{
    FOREIGN, KEYS, MANAGER, NIGHT, NIGHT_THREAD, NOBODY, OWNER, SERVER, THEIRS, THREAD, TRADER,
    TRADERS, in_server, open_threads,
};
use super::town::{described, populate};
use crate::fakes::discord::{Fake, Spot, TOKEN};
use crate::fakes::traffic::{self, Sent};
use crate::world::monday;

/// A bot, its exchange, its Discord and its people.
pub struct World {
    pub stage: Stage,
    pub fake: Arc<Fake>,
    pub app: Option<App>,
    /// Other settings than those of a stand-in on loopback.
    pub settings: Option<Settings>,
    /// What writes to other chats than Discord's.
    pub beside: BTreeMap<Platform, Arc<dyn Messenger>>,
    /// Whoever manages a server may bring the bot there.
    pub is_open: bool,
    /// Whether messages of channels are looked through.
    pub guard: Guard,
    listening: Option<JoinHandle<Result<(), Stopped>>>,
    stop: CancellationToken,
    read: BTreeMap<u64, usize>,
}

/// An answer that a person sees.
pub struct Answer {
    pub kind: u64,
    /// How long the first word took, in real time.
    pub first_word_after: Duration,
    pub ephemeral: bool,
    pub text: String,
    pub shown: Value,
}

/// What a message or an answer says, without the signs that only Discord reads.
pub fn text(shown: &Value) -> String {
    let mut lines = vec![shown["content"].as_str().unwrap_or_default().to_owned()];
    for embed in shown["embeds"].as_array().into_iter().flatten() {
        for part in ["title", "description"] {
            lines.push(embed[part].as_str().unwrap_or_default().to_owned());
        }
    }
    lines.retain(|line| !line.is_empty());
    lines.join("\n").replace('\\', "")
}

/// The id behind the button with these words.
pub fn button(shown: &Value, words: &str) -> Option<String> {
    let rows = shown["components"].as_array()?;
    let buttons = rows.iter().flat_map(|row| row["components"].as_array().into_iter().flatten());
    let mut found = buttons.filter(|button| button["label"] == words);
    Some(found.next()?["custom_id"].as_str()?.to_owned())
}

impl World {
    /// A bot in two servers, telling one channel.
    pub async fn new() -> Self {
        let mut world = Self::with(Fake::start().await, &[KEYS]).await;
        world.switch_on().await;
        world
    }

    /// A bot that tells these channels, not yet switched on.
    pub async fn with(fake: Arc<Fake>, receivers: &[u64]) -> Self {
        Self::of(fake, described(receivers)).await
    }

    /// A bot of a workspace that watches no keys and only answers, switched on.
    pub async fn for_questions() -> Self {
        let described = Described { faq_only: true, grants: Vec::new(), ..described(&[]) };
        let mut world = Self::of(Fake::start().await, described).await;
        world.switch_on().await;
        world
    }

    async fn of(fake: Arc<Fake>, described: Described) -> Self {
        populate(&fake);
        let ids = Arc::new(Ids::seeded());
        let store = Store::in_memory(ids.clone()).await.unwrap();
        let setting = Setting {
            start: monday(),
            zone: Tz::UTC,
            receivers: Vec::new(),
            check: "every 5 min",
            mark: None,
        };
        let mut stage = Stage::set(setting, store, ids).await.unwrap();
        let mut spaces = stage.store.sync_workspaces(&[described], monday()).await.unwrap();
        stage.desk = stage.store.desk(spaces.remove(0));
        let (stop, read) = (CancellationToken::new(), BTreeMap::new());
        let (settings, beside) = (None, BTreeMap::new());
        let (is_open, guard) = (false, Guard::default());
        Self {
            stage,
            fake,
            app: None,
            settings,
            beside,
            is_open,
            guard,
            listening: None,
            stop,
            read,
        }
    }

    fn settings(&self) -> Settings {
        self.settings.clone().unwrap_or_else(|| Settings {
            token: Secret::new(TOKEN.to_owned()),
            api_url: Some(self.fake.url()),
            resolve: None,
            ca: None,
        })
    }

    /// Starts the bot and waits until its commands are there.
    pub async fn switch_on(&mut self) {
        self.start();
        self.comes_up().await;
    }

    /// Waits until the bot's commands are there.
    pub async fn comes_up(&self) {
        self.fake
            .until("the commands are there", |state| {
                state.commands.contains_key(&0) && state.commands.contains_key(&SERVER)
            })
            .await;
    }

    /// Starts the bot and waits for nothing.
    pub fn start(&mut self) {
        let (listener, counter, clock) = self.build();
        let stop = self.stop.clone();
        let listening = async move { listener.run(counter, clock, stop).await };
        self.listening = Some(tokio::spawn(listening));
    }

    /// The same with a listener that is kept up as the program does it.
    pub fn start_attended(&mut self, roll: Arc<Roll>) -> JoinHandle<Result<(), String>> {
        let (listener, counter, clock) = self.build();
        let attending = Attending { counter, clock, stop: self.stop.clone(), roll };
        tokio::spawn(async move { attending.listen(Ear::Discord(listener)).await })
    }

    fn build(&mut self) -> (Listener, Arc<Counter>, Arc<dyn Clock>) {
        let clock: Arc<dyn Clock> = Arc::new(self.stage.clock.clone());
        let (messenger, listener) = discord::connect(&self.settings(), clock.clone()).unwrap();
        let messenger: Arc<dyn Messenger> = messenger;
        let mut messengers = self.beside.clone();
        messengers.insert(Platform::Discord, messenger);
        let app = App::start(Parts {
            store: self.stage.store.clone(),
            prober: self.stage.prober.clone(),
            messengers,
            clock: clock.clone(),
            schedule: self.stage.schedule.clone(),
            policy: self.stage.policy.clone(),
            rhythm: Rhythm::ALONE,
            mark: None,
        });
        let given = counter::Given {
            store: self.stage.store.clone(),
            vault: self.stage.vault.clone(),
            ids: self.stage.ids.clone(),
            policy: self.stage.policy.clone(),
            host: HostNote { is_open: self.is_open, ..HostNote::default() },
        };
        let counter = Arc::new(Counter::new(counter::tools(&app, given)));
        self.app = Some(app);
        self.stop = CancellationToken::new();
        let patience =
            Patience { down: Duration::from_millis(300), retry: Duration::from_millis(50) };
        let listener: Listener = listener.with_patience(patience).with_guard(self.guard.clone());
        (listener, counter, clock)
    }

    /// Stops the bot; the listener must have nothing to complain of.
    pub async fn switch_off(&mut self) {
        self.stop.cancel();
        if let Some(listening) = self.listening.take() {
            assert_eq!(listening.await.unwrap(), Ok(()));
        }
        if let Some(app) = self.app.take() {
            app.stop().await;
        }
        self.fake.state().sockets.clear();
    }

    /// Why the listener ended by itself.
    pub async fn stopped(&mut self) -> Stopped {
        let listening = self.listening.take().expect("a listener");
        let ended = tokio::time::timeout(Duration::from_secs(20), listening).await;
        ended.expect("the listener ends").unwrap().expect_err("a reason")
    }

    pub async fn pass(&self, time: TimeDelta) {
        self.stage.clock.advance(time).await;
        self.stage.clock.settle().await;
    }

    /// A key that trades from one address, watched with its own secrets.
    pub async fn watch(&self, label: &str) {
        let mut key = SimKey::made_up(label);
        key.permissions = vec!["General".to_owned(), "Spot".to_owned()];
        key.addresses = vec!["203.0.113.7".parse().unwrap()];
        self.stage.simulator.add_key(key.clone());
        self.stage.watch(&key, Told::default()).await.unwrap();
        self.ring().await;
    }

    pub async fn ring(&self) {
        let app = self.app.as_ref().expect("a running bot");
        app.wake_checks.ring();
        app.wake_courier.ring();
        self.stage.clock.settle().await;
    }

    /// The key can withdraw from now on, and the bot sees it at its next look.
    pub async fn gains_withdrawal(&self, label: &str) {
        let more = "Withdrawal".to_owned();
        assert!(self.stage.simulator.edit(label, |key| key.permissions.push(more)));
        self.pass(TimeDelta::minutes(6)).await;
    }

    /// The exchange knows the key no more; passes time until that is told.
    pub async fn loses(&self, label: &str) {
        let before = self.posts();
        assert!(self.stage.simulator.edit(label, |key| key.revoked = true));
        for _ in 0..30 {
            self.pass(TimeDelta::minutes(1)).await;
            if self.posts() > before {
                return;
            }
        }
        panic!("nothing was told of {label}");
    }

    fn posts(&self) -> usize {
        self.fake.state().channels.values().map(|channel| channel.messages.len()).sum()
    }

    /// The next unread message of a channel, which holds all of `parts`.
    pub fn reads(&mut self, channel: u64, parts: &[&str]) -> Value {
        let at = self.read.entry(channel).or_default();
        let message = self.fake.state().channels[&channel].messages.get(*at).cloned();
        let Some(message) = message else { panic!("nothing to read in {channel}, but {parts:?}") };
        *at += 1;
        let text = text(&message);
        for part in parts {
            assert!(text.contains(part), "{part:?} is not in:\n{text}");
        }
        message
    }

    /// Why a channel is told nothing any more; `None` while it is.
    pub async fn lost(&self, channel: u64) -> Option<String> {
        let receivers = self.stage.desk.receivers().await.unwrap();
        let is_it = |chat: &str| chat == channel.to_string();
        let found = receivers.into_iter().find(|one| is_it(&one.receiver.address.chat));
        found.expect("a receiver").lost
    }

    /// Everything unread of a channel.
    pub fn reads_all(&mut self, channel: u64) -> String {
        let at = self.read.entry(channel).or_default();
        let all: Vec<String> =
            self.fake.state().channels[&channel].messages[*at..].iter().map(text).collect();
        *at += all.len();
        all.join("\n")
    }

    pub fn reads_nothing(&self) {
        for (id, channel) in &self.fake.state().channels {
            let unread = &channel.messages[self.read.get(id).copied().unwrap_or(0)..];
            let unread: Vec<String> = unread.iter().map(text).collect();
            assert!(unread.is_empty(), "unread in {id}: {unread:?}");
        }
    }

    /// A message as it is shown now.
    pub fn now_shown(&self, message: &Value) -> Value {
        let channel: u64 = message["channel_id"].as_str().unwrap().parse().unwrap();
        let state = self.fake.state();
        let found = state.channels[&channel].messages.iter().find(|one| one["id"] == message["id"]);
        found.expect("the message").clone()
    }

    /// Somebody uses a command in the workspace's channel.
    pub async fn says(&self, person: u64, name: &str, options: &[(&str, &str)]) -> Answer {
        self.says_at(person, in_server(), name, options).await
    }

    pub async fn says_at(
        &self,
        person: u64,
        spot: Spot,
        name: &str,
        options: &[(&str, &str)],
    ) -> Answer {
        let options: Vec<Value> = options
            .iter()
            .map(|(name, value)| json!({"name": name, "type": 3, "value": value}))
            .collect();
        let data = json!({"id": "5", "name": name, "type": 1, "options": options});
        let id = self.fake.interact(2, (person, spot), data, None);
        self.answer(id).await
    }

    /// Somebody uses a message command on what somebody wrote in the workspace's channel.
    pub async fn points_at(&self, person: u64, name: &str, message: u64) -> Answer {
        let shown = self.fake.state().channels[&KEYS].said[&message].clone();
        let id = message.to_string();
        let data = json!({"id": "6", "name": name, "type": 3, "target_id": id,
            "resolved": {"messages": {id: shown}}});
        let id = self.fake.interact(2, (person, in_server()), data, None);
        self.answer(id).await
    }

    /// Somebody presses an id under a message.
    pub async fn presses(&self, person: u64, spot: Spot, message: &Value, id: &str) -> Answer {
        let data = json!({"custom_id": id, "component_type": 2});
        let id = self.fake.interact(3, (person, spot), data, Some(message.clone()));
        self.answer(id).await
    }

    pub async fn answer(&self, id: u64) -> Answer {
        let talk = self.fake.answer(id).await;
        self.stage.clock.settle().await;
        let shown = talk.shown.unwrap_or_default();
        Answer {
            kind: talk.kind.unwrap_or(0),
            first_word_after: talk.first_word_after.unwrap_or_default(),
            ephemeral: talk.ephemeral,
            text: text(&shown),
            shown,
        }
    }

    /// Ends the story: nothing unread, no rule broken; the traffic is kept for who validates it.
    pub async fn end(mut self, name: &str) {
        self.switch_off().await;
        self.reads_nothing();
        let secrets = traffic::secrets(&self.stage).await;
        let state = self.fake.state();
        assert!(state.complaints.is_empty(), "Discord complains: {:#?}", state.complaints);
        // An interaction's token has its place in a path and nowhere else.
        let tokens: Vec<String> = state.talks.values().map(|talk| talk.token.clone()).collect();
        let own = [TOKEN.to_owned()];
        let bodies = state.asked.iter().map(|asked| Sent { path: "/", body: &asked.body });
        let found = traffic::leaks(bodies, (&secrets, &tokens));
        assert!(found.is_empty(), "{found:#?}");
        let requests =
            state.asked.iter().map(|asked| Sent { path: &asked.path, body: &asked.body });
        let found = traffic::leaks(requests, (&secrets, &own));
        assert!(found.is_empty(), "{found:#?}");
        drop(state);
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("captures/discord");
        self.fake.write_capture(&folder.join(format!("{name}.jsonl")));
    }
}
