//! Where the pictures are taken: the whole bot on the demo's stage, told on three platforms at
//! once, with people who ask and press. Everything is made up and nothing of the host is read.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::album::{Album, Shot};
use crate::app::{App, Parts};
use crate::chat::Messenger;
use crate::chat::wall::Wall;
use crate::cli::counter;
use crate::cli::demo::stage::{Setting, Stage, Told};
use crate::clock::Clock;
use crate::commands::{
    self, Actor, Command, Counter, Desk, HostNote, Invocation, Place, Press, Reply, Role,
    StoreError, Visitor,
};
use crate::domain::id::ButtonId;
use crate::domain::receiver::{Address, Platform};
use crate::domain::signal::Severity;
use crate::domain::text::Clean;
use crate::exchange::simulator::SimKey;
use crate::exchange::simulator::script::Script;
use crate::ids::Ids;
use crate::store::Store;
use crate::store::workspace::{Described, DescribedReceiver};
use crate::tasks::Rhythm;

/// The bot's name on Telegram.
pub const BOT: &str = "keylapse_bot";
/// The workspace's group and channel, and who asks there.
const GROUP: &str = "-1001234567890";
const CHANNEL: &str = "123456789012345678";
const TERMINAL: &str = "desk";
/// A person: number, name, role.
pub type Somebody = (&'static str, &'static str, Role);
/// Who runs the workspace.
const ANN: Somebody = ("100200300", "Ann", Role::Admin);
/// Who may read what is said there.
pub const BO: Somebody = ("100200301", "Bo", Role::Viewer);
/// How long something is waited for.
const LONGEST: TimeDelta = TimeDelta::days(2);

/// A bot in front of three platforms.
pub struct Stand {
    /// The exchange, the ledger and the time.
    pub stage: Stage,
    /// Answers people.
    pub counter: Counter,
    app: App,
    album: Arc<Album>,
}

/// An answer and where it was given.
pub struct Heard {
    /// Where.
    pub place: Place,
    /// What.
    pub reply: Reply,
    /// The ids behind its buttons.
    pub buttons: Vec<Vec<ButtonId>>,
    /// The clock that its moments are read on.
    pub wall: Wall,
}

impl Stand {
    /// A bot over these keys of the simulator ([`Script`]'s lines); `watched` are added to it, each
    /// with what stops when it does.
    pub async fn set(
        script: &str,
        watched: &[(&str, &[&'static str])],
        shape: impl Fn(&mut Told),
    ) -> anyhow::Result<Self> {
        let ids = Arc::new(Ids::seeded());
        let store = Store::in_memory(ids.clone()).await?;
        let setting = Setting {
            start: monday(),
            zone: Tz::Europe__Berlin,
            receivers: Vec::new(),
            check: "every 5 min",
            mark: None,
        };
        let stage = Stage::set(setting, store, ids).await?;
        stage.store.sync_workspaces(&[described()], monday()).await?;
        stage.simulator.play(Script::parse(script, monday())?);
        let album = Arc::new(Album::default());
        let app = start(&stage, &album);
        let counter = Counter::new(counter::tools(&app, given(&stage, stage.ids.clone())));
        let stand = Self { stage, counter, app, album };
        for (label, used_by) in watched {
            let key = stand.stage.simulator.key(label).context("a key of the script")?;
            let mut told = Told { used_by: used_by.to_vec(), ..Told::default() };
            shape(&mut told);
            stand.stage.watch(&key, told).await?;
        }
        stand.wake().await;
        Ok(stand)
    }

    /// Lets the bot see what was done behind its back.
    pub async fn wake(&self) {
        self.app.wake_checks.ring();
        self.app.wake_courier.ring();
        self.stage.clock.settle().await;
    }

    /// Lets time pass.
    pub async fn pass(&self, time: TimeDelta) {
        self.stage.clock.advance(time).await;
        self.stage.clock.settle().await;
    }

    /// Changes a key at the exchange.
    pub fn edit(&self, label: &str, change: impl FnOnce(&mut SimKey)) {
        self.stage.simulator.edit(label, change);
    }

    /// What was told since the last time.
    pub fn take(&self) -> Vec<Shot> {
        self.album.take()
    }

    /// Lets minutes pass until a message is told that holds `words` in its first line.
    pub async fn until(&self, words: &str, is_edit: bool) -> anyhow::Result<Vec<Shot>> {
        let end = self.stage.clock.now() + LONGEST;
        let is_it = |shot: &Shot| {
            let wall = Wall { zone: shot.post.zone, now: shot.post.now };
            let title = crate::chat::console::render::title(&shot.post.card, wall);
            shot.is_edit == is_edit && title.contains(words)
        };
        loop {
            let shots: Vec<Shot> = self.take().into_iter().filter(is_it).collect();
            if !shots.is_empty() {
                return Ok(shots);
            }
            let now = self.stage.clock.now();
            anyhow::ensure!(now < end, "{words:?} was not told within {LONGEST}");
            self.pass(TimeDelta::minutes(1)).await;
        }
    }

    /// Somebody types a line somewhere.
    pub async fn asks(&self, place: Place, line: &str) -> anyhow::Result<Heard> {
        self.asks_as(Role::Admin, place, line).await
    }

    /// Somebody who has this role and no other types a line somewhere.
    pub async fn asks_as(&self, role: Role, place: Place, line: &str) -> anyhow::Result<Heard> {
        let command = commands::hear(line)?;
        let (actor, at) = (actor((ANN.0, ANN.1, role), place.platform), self.stage.clock.now());
        let asked = Invocation { command, actor, place, at };
        let reply = self.counter.run(&self.stage.desk, &asked).await;
        self.hears(asked, reply).await
    }

    /// Ann presses the button with these words under a message.
    pub async fn presses(&self, shot: &Shot, words: &str) -> anyhow::Result<Heard> {
        self.presses_as(ANN, shot, words).await
    }

    /// Somebody presses it.
    pub async fn presses_as(
        &self,
        who: Somebody,
        shot: &Shot,
        words: &str,
    ) -> anyhow::Result<Heard> {
        let buttons = shot.post.card.buttons.iter().zip(&shot.post.buttons);
        let found = buttons.into_iter().find(|(button, _)| button.label == words);
        let (_, id) = found.with_context(|| format!("no button {words:?}"))?;
        let place = Place { chat: shot.to.chat.clone(), ..at(shot.to.platform) };
        self.presses_id_as(who, place, id.as_str()).await
    }

    /// Ann presses whatever has this id.
    pub async fn presses_id(&self, place: Place, id: &str) -> anyhow::Result<Heard> {
        self.presses_id_as(ANN, place, id).await
    }

    async fn presses_id_as(&self, who: Somebody, place: Place, id: &str) -> anyhow::Result<Heard> {
        let (actor, now) = (actor(who, place.platform), self.stage.clock.now());
        let press =
            Press { id: id.to_owned(), actor: actor.clone(), place: place.clone(), at: now };
        let reply = self.counter.press(&self.stage.desk, &press).await;
        let asked = Invocation { command: Command::Alerts, actor, place, at: now };
        self.hears(asked, reply).await
    }

    async fn hears(&self, asked: Invocation, reply: Reply) -> anyhow::Result<Heard> {
        anyhow::ensure!(!reply.cards.is_empty(), "an answer that says nothing");
        let buttons = self.counter.offer(&self.stage.desk, &asked, &reply).await?;
        self.wake().await;
        Ok(self.heard(asked.place, reply, buttons))
    }

    /// A reply that was given without a command.
    pub fn heard(&self, place: Place, reply: Reply, buttons: Vec<Vec<ButtonId>>) -> Heard {
        let wall = Wall { zone: Tz::Europe__Berlin, now: self.stage.clock.now() };
        Heard { place, reply, buttons, wall }
    }

    /// What is said when the ledger fails. With ids of its own: the reference counts them.
    pub fn apologizes(&self, error: &StoreError) -> Reply {
        let given = given(&self.stage, Arc::new(Ids::seeded()));
        Counter::new(counter::tools(&self.app, given)).apologize(error)
    }

    /// Adds a workspace that tells nobody; the desks of both.
    pub async fn both_desks(&self, name: &str) -> anyhow::Result<Vec<Desk>> {
        let other = Described { name: Clean::new(name, 64), receivers: Vec::new(), ..described() };
        self.stage.store.sync_workspaces(&[described(), other], self.stage.clock.now()).await?;
        let all = self.stage.store.workspaces().await?;
        Ok(all.into_iter().map(|workspace| self.stage.store.desk(workspace)).collect())
    }

    /// Somebody nobody knows, in their private chat.
    pub fn visitor(&self) -> Visitor {
        Visitor {
            platform: Platform::Telegram,
            id: ANN.0.to_owned(),
            name: Clean::new(ANN.1, 64),
            place: private(),
            room: None,
            title: Clean::default(),
            at: self.stage.clock.now(),
        }
    }

    /// Stops the bot.
    pub async fn end(self) {
        self.app.stop().await;
        self.stage.simulator.shutdown().await;
        self.stage.store.close().await;
    }
}

/// Five minutes before two in the afternoon, on a Monday in Berlin.
pub fn monday() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_438_500, 0).unwrap_or_default()
}

/// The group, the channel or the terminal of the workspace.
pub fn at(platform: Platform) -> Place {
    let chat = match platform {
        Platform::Console => TERMINAL,
        Platform::Discord => CHANNEL,
        Platform::Telegram => GROUP,
    };
    let private = platform == Platform::Console;
    let title = Some(Clean::new("keys", 40));
    Place { platform, chat: chat.to_owned(), topic: None, private, title, wide: false }
}

/// The private chat with the bot on Telegram.
pub fn private() -> Place {
    Place { chat: ANN.0.to_owned(), private: true, title: None, ..at(Platform::Telegram) }
}

fn actor((id, name, role): Somebody, platform: Platform) -> Actor {
    Actor { platform, id: id.to_owned(), name: Clean::new(name, 64), role, moderates: false }
}

fn given(stage: &Stage, ids: Arc<Ids>) -> counter::Given {
    counter::Given {
        store: stage.store.clone(),
        vault: stage.vault.clone(),
        ids,
        policy: stage.policy.clone(),
        host: HostNote {
            operator: Some(Clean::new("the trading desk, desk@example.com", 64)),
            named_in: Some(Clean::new("keylapse.toml", 20)),
            ..HostNote::default()
        },
    }
}

fn start(stage: &Stage, album: &Arc<Album>) -> App {
    let messenger = |platform| (platform, album.clone() as Arc<dyn Messenger>);
    let platforms = [Platform::Console, Platform::Discord, Platform::Telegram];
    App::start(Parts {
        store: stage.store.clone(),
        prober: stage.prober.clone(),
        messengers: BTreeMap::from(platforms.map(messenger)),
        clock: Arc::new(stage.clock.clone()),
        schedule: stage.schedule.clone(),
        policy: stage.policy.clone(),
        rhythm: Rhythm::ALONE,
        mark: None,
    })
}

fn described() -> Described {
    let receiver = |(name, platform, mention): (&str, Platform, Option<&str>)| {
        let Place { chat, topic, .. } = at(platform);
        DescribedReceiver {
            name: Clean::new(name, 64),
            address: Address { platform, chat, topic },
            min_severity: Severity::Notice,
            mention: mention.map(str::to_owned),
        }
    };
    let receivers = [
        ("desk", Platform::Telegram, Some("@ann_trades")),
        ("keys", Platform::Discord, Some("role:234567890123456789")),
        ("terminal", Platform::Console, None),
    ];
    Described {
        name: Clean::new("Desk", 64),
        zone: Tz::Europe__Berlin,
        faq_only: false,
        chats: Vec::new(),
        grants: Vec::new(),
        receivers: receivers.into_iter().map(receiver).collect(),
    }
}
