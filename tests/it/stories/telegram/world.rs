//! The bot with Telegram as its only platform: a group with Ann who runs it, Bo who is a member,
//! and Eve who is nobody. A message that a story did not read fails it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use keylapse::app::{App, Parts};
use keylapse::chat::telegram::{self, Listener, Settings, Telegram, Trouble};
use keylapse::cli::counter;
use keylapse::cli::demo::stage::{Setting, Stage, Told};
use keylapse::clock::Clock;
use keylapse::commands::{Counter, HostNote, Limits, Role};
use keylapse::domain::access::{Grant, Grantee};
use keylapse::domain::receiver::{Address, Platform};
use keylapse::domain::signal::Severity;
use keylapse::domain::text::Clean;
use keylapse::exchange::simulator::SimKey;
use keylapse::http_client::Timeouts;
use keylapse::ids::Ids;
use keylapse::secret::Secret;
use keylapse::store::Store;
use keylapse::store::workspace::{Described, DescribedReceiver};
use keylapse::tasks::Rhythm;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::fakes::telegram::{Fake, Person, Shown, Status, TOKEN};
use crate::fakes::traffic::{self, Sent};
use crate::world::{monday, passing};

pub const ANN: Person = Person { id: 11, name: "Ann" };
pub const BO: Person = Person { id: 12, name: "Bo" };
pub const EVE: Person = Person { id: 13, name: "Eve" };
/// The workspace's group.
pub const DESK: i64 = -500;

/// The story.
pub struct World {
    pub fake: Fake,
    pub stage: Stage,
    pub trouble: watch::Receiver<Option<Trouble>>,
    app: App,
    listening: Option<JoinHandle<Result<(), Trouble>>>,
    stop: CancellationToken,
    name: &'static str,
}

fn receiver(
    chat: i64,
    name: &str,
    topic: Option<&str>,
    mention: Option<&str>,
) -> DescribedReceiver {
    let topic = topic.map(str::to_owned);
    DescribedReceiver {
        name: Clean::new(name, 64),
        address: Address { platform: Platform::Telegram, chat: chat.to_string(), topic },
        min_severity: Severity::Notice,
        mention: mention.map(str::to_owned),
    }
}

/// Which receivers there are beside the group.
#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a wish by itself")]
pub struct Wish {
    /// Ann's private chat is told as well.
    pub ann: bool,
    /// The group is a forum and is told in its topic 77.
    pub topic: bool,
    /// Whoever manages a chat may bring the bot there.
    pub open: bool,
    /// How much one person may ask; without it, as much as a story needs.
    pub limits: Option<Limits>,
    /// Messages of groups are looked through.
    pub guard: bool,
}

impl World {
    pub async fn new(name: &'static str) -> Self {
        Self::with(name, Wish::default(), |_| {}).await
    }

    /// The same; `prepare` changes the fake before the bot starts.
    pub async fn with(name: &'static str, wish: Wish, prepare: impl FnOnce(&Fake)) -> Self {
        let ids = Arc::new(Ids::seeded());
        let store = Store::in_memory(ids.clone()).await.unwrap();
        let setting = Setting {
            start: monday(),
            zone: Tz::UTC,
            receivers: Vec::new(),
            check: "every 5 min",
            mark: None,
        };
        let stage = Stage::set(setting, store, ids).await.unwrap();
        let clock: Arc<dyn Clock> = Arc::new(stage.clock.clone());
        let fake = Fake::start(clock.clone()).await;
        fake.room(DESK, if wish.topic { "supergroup" } else { "group" }, "Desk");
        fake.topic(DESK, 77);
        fake.sits(ANN, DESK, Status::Creator);
        fake.sits(BO, DESK, Status::Member);
        for person in [ANN, BO, EVE] {
            fake.meets(person);
        }
        prepare(&fake);
        describe(&stage, wish).await;
        let settings = Settings {
            token: Secret::new(TOKEN.to_owned()),
            url: fake.url().to_owned(),
            proxy: None,
            timeouts: Timeouts {
                total: Duration::from_millis(1_500),
                read: Duration::from_millis(1_500),
                ..Timeouts::default()
            },
        };
        let (messenger, listener) = telegram::connect(settings).unwrap();
        let listener = listener.with_guard(wish.guard);
        let trouble = listener.trouble();
        let (app, counter) = start(&stage, messenger, wish);
        let stop = CancellationToken::new();
        let listening = Some(listen(listener, counter, clock, stop.clone()));
        Self { fake, stage, trouble, app, listening, stop, name }
    }

    /// The same, once the bot listens.
    pub async fn ready(self) -> Self {
        self.fake.until("the first poll", Fake::is_polled).await;
        self
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.stage.clock.now()
    }

    /// Lets time pass.
    pub async fn pass(&self, time: TimeDelta) {
        self.stage.clock.advance(time).await;
        self.stage.clock.settle().await;
    }

    /// Lets time pass until `is_so`; a story that waits for what never comes fails.
    pub async fn pass_until(&self, is_so: impl Fn(&Fake) -> bool) {
        let passing = async {
            while !is_so(&self.fake) {
                self.pass(TimeDelta::seconds(5)).await;
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), passing).await.unwrap();
    }

    /// Everybody is done with an update; a second answer in a chat takes its two seconds.
    pub async fn served(&self, update: i64) {
        self.fake.confirmed(update).await;
        self.pass(TimeDelta::seconds(7)).await;
    }

    pub async fn watch(&self, label: &str) {
        let mut key = SimKey::made_up(label);
        key.permissions = vec!["General".to_owned(), "Spot".to_owned()];
        key.addresses = vec!["203.0.113.7".parse().unwrap()];
        key.sub_name = Some(format!("sub-{label}"));
        self.stage.simulator.add_key(key.clone());
        self.stage.watch(&key, Told::default()).await.unwrap();
        self.app.wake_checks.ring();
        self.app.wake_courier.ring();
        self.stage.clock.settle().await;
    }

    /// Beside other processes the courier looks every few seconds; alone it is woken.
    pub async fn ring(&self) {
        self.app.wake_courier.ring();
        self.stage.clock.settle().await;
    }

    /// The exchange does not know the key any more, and the bot has found out.
    pub async fn refuse(&self, label: &str) {
        assert!(self.stage.simulator.edit(label, |key| key.revoked = true));
        self.pass(TimeDelta::minutes(17)).await;
    }

    /// A right is gained that must be told at once.
    pub async fn gain(&self, label: &str) {
        let more = "Withdrawal".to_owned();
        assert!(self.stage.simulator.edit(label, |key| key.permissions.push(more)));
        self.pass(TimeDelta::minutes(6)).await;
    }

    /// Somebody writes and is answered.
    pub async fn writes(&self, from: Person, chat: i64, text: &str) {
        let update = self.fake.writes(from, chat, text);
        self.served(update).await;
    }

    /// Somebody presses; answers with what the press was answered with.
    pub async fn presses(
        &self,
        from: Person,
        chat: i64,
        message: i64,
        data: &str,
    ) -> serde_json::Value {
        let (update, query) = self.fake.presses(from, chat, message, data);
        self.served(update).await;
        self.fake.query(&query).expect("every press is answered")
    }

    /// The next unread message of a chat, which must be there and hold all of `parts`.
    pub fn reads(&self, chat: i64, parts: &[&str]) -> Shown {
        let Some(shown) = self.fake.read(chat) else {
            panic!("{}: nothing to read in {chat}, but {parts:?} was expected", self.name)
        };
        for part in parts {
            assert!(
                shown.text.contains(part),
                "{}: {part:?} is not in:\n{}",
                self.name,
                shown.text
            );
        }
        shown
    }

    /// Everything was read.
    pub fn reads_nothing(&self) {
        assert_eq!(self.fake.unread(), [], "{}: unread", self.name);
    }

    /// The bot is told to stop, and does.
    pub async fn stops(&mut self) {
        self.stop.cancel();
        if let Some(listening) = self.listening.take() {
            passing(&self.stage.clock, listening).await.unwrap().unwrap();
        }
        self.stage.clock.settle().await;
    }

    /// Ends the story: the bot stops, all was read, and nothing was against the platform's rules.
    pub async fn end(mut self) {
        self.reads_nothing();
        self.stops().await;
        self.is_lawful().await;
        self.app.stop().await;
        assert_eq!(self.fake.unread(), [], "{}: unread at the end", self.name);
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("telegram");
        self.fake.write_capture(&folder.join(format!("{}.jsonl", self.name)));
    }

    /// Nothing was against the platform's rules, and nothing secret was sent.
    async fn is_lawful(&self) {
        assert_eq!(self.fake.offences(), Vec::<String>::new(), "{}", self.name);
        let secrets = traffic::secrets(&self.stage).await;
        let requests = self.fake.requests();
        // The token stands in the path of every call, which the fake keeps without it.
        let sent = requests.iter().map(|one| Sent { path: &one.method, body: &one.body });
        let found = traffic::leaks(sent, (&secrets, &[TOKEN.to_owned()]));
        assert!(found.is_empty(), "{}: {found:#?}", self.name);
    }

    /// Ends a story in which the listener ended by itself.
    pub async fn ended(mut self) -> Trouble {
        let listening = self.listening.take().expect("a listener");
        let trouble = listening.await.unwrap().unwrap_err();
        self.is_lawful().await;
        self.app.stop().await;
        trouble
    }
}

async fn describe(stage: &Stage, wish: Wish) {
    let described = described("Desk", DESK, wish);
    stage.store.sync_workspaces(&[described], stage.clock.now()).await.unwrap();
}

/// A workspace of one group, whose members may look.
pub fn described(name: &str, group: i64, wish: Wish) -> Described {
    let topic = wish.topic.then_some("77");
    let mut receivers = vec![receiver(group, "desk", topic, Some("@ann_trades"))];
    if wish.ann {
        receivers.push(receiver(ANN.id, "ann", None, None));
    }
    let grants =
        vec![Grant { platform: Platform::Telegram, grantee: Grantee::Members, role: Role::Viewer }];
    Described {
        name: Clean::new(name, 64),
        zone: Tz::UTC,
        faq_only: false,
        chats: vec![(Platform::Telegram, group.to_string())],
        grants,
        receivers,
    }
}

fn start(stage: &Stage, messenger: Telegram, wish: Wish) -> (App, Arc<Counter>) {
    let app = App::start(Parts {
        store: stage.store.clone(),
        prober: stage.prober.clone(),
        messengers: BTreeMap::from([(Platform::Telegram, Arc::new(messenger) as Arc<_>)]),
        clock: Arc::new(stage.clock.clone()),
        schedule: stage.schedule.clone(),
        policy: stage.policy.clone(),
        rhythm: Rhythm::ALONE,
        mark: None,
    });
    let given = counter::Given {
        store: stage.store.clone(),
        vault: stage.vault.clone(),
        ids: stage.ids.clone(),
        policy: stage.policy.clone(),
        host: HostNote { is_open: wish.open, ..HostNote::default() },
    };
    let tools = counter::tools(&app, given);
    let many = Limits { commands: 10_000, checks: 10_000 };
    let limits = wish.limits.unwrap_or(many);
    let counter = Arc::new(Counter::new(keylapse::commands::Tools { limits, ..tools }));
    (app, counter)
}

fn listen(
    listener: Listener,
    counter: Arc<Counter>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) -> JoinHandle<Result<(), Trouble>> {
    tokio::spawn(async move { listener.run(counter, clock, stop).await })
}
