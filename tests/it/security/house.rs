//! A house with two tenants: the desk of Ann, on Telegram and on Discord, and the one of Bo, called
//! Blue, on both as well. One bot serves both through its real adapters; the clock is stepped and
//! the ledger a file, so that a test can look at every row of every table.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use chrono_tz::Tz;
use keylapse::app::{App, Parts};
use keylapse::chat::{Messenger, discord, telegram};
use keylapse::cli::counter;
use keylapse::cli::demo::stage::{Setting, Stage, Told};
use keylapse::clock::Clock;
use keylapse::commands::{Counter, HostNote, Limits, Role, Tools};
use keylapse::domain::access::{Grant, Grantee};
use keylapse::domain::receiver::{Address, Platform};
use keylapse::domain::signal::Severity;
use keylapse::domain::text::Clean;
use keylapse::exchange::simulator::SimKey;
use keylapse::http_client::Timeouts;
use keylapse::ids::Ids;
use keylapse::secret::Secret;
use keylapse::store::desk::Desk;
use keylapse::store::receiver::NewReceiver;
use keylapse::store::workspace::{Described, DescribedReceiver};
use keylapse::tasks::Rhythm;
use serde_json::Value;
use sqlx::Row;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::fakes::discord::{Fake as Discord, Spot, TOKEN as DISCORD_TOKEN};
use crate::fakes::telegram::{Fake as Telegram, Person, Status, TOKEN as TELEGRAM_TOKEN};
use crate::store::db::Db;
use crate::stories::discord::town::{
    FOREIGN, KEYS, MANAGER, NOBODY, OWNER, SERVER, THEIRS, TRADER, TRADERS, in_server, populate,
};
use crate::world::{monday, passing};

pub const ANN: Person = Person { id: 11, name: "Ann" };
pub const BO: Person = Person { id: 12, name: "Bo" };
pub const EVE: Person = Person { id: 13, name: "Eve" };
/// The group of Ann's desk, and Blue's.
pub const DESK: i64 = -500;
pub const BLUE: i64 = -700;

/// Every row of some tables, as SQL writes its values.
pub type Tables = BTreeMap<String, Vec<String>>;

pub struct House {
    pub stage: Stage,
    pub telegram: Telegram,
    pub discord: Arc<Discord>,
    /// The desk of Ann, and Bo's.
    pub ours: Desk,
    pub theirs: Desk,
    pub db: Db,
    pub app: App,
    listeners: TaskTracker,
    stop: CancellationToken,
}

/// How a house is built.
pub struct Plan {
    /// When keys are asked.
    pub check: &'static str,
    /// How much one person may ask.
    pub limits: Limits,
}

impl Plan {
    /// Nothing happens but what a test does, and nobody asks too much.
    pub const QUIET: Self =
        Self { check: "every 24 h", limits: Limits { commands: 1_000_000, checks: 1_000_000 } };
}

fn tenant(name: &str, (group, server, channel): (i64, u64, u64), zone: Tz) -> Described {
    let receiver = |platform, label: &str, chat: String, mention: Option<String>| {
        let address = Address { platform, chat, topic: None };
        let name = Clean::new(&format!("{}-{label}", name.to_lowercase()), 64);
        DescribedReceiver { name, address, min_severity: Severity::Notice, mention }
    };
    let grant = |platform, grantee, role| Grant { platform, grantee, role };
    Described {
        name: Clean::new(name, 64),
        zone,
        faq_only: false,
        chats: vec![
            (Platform::Telegram, group.to_string()),
            (Platform::Discord, server.to_string()),
        ],
        grants: vec![
            grant(Platform::Telegram, Grantee::Members, Role::Viewer),
            grant(Platform::Discord, Grantee::ServerRole(TRADERS.to_string()), Role::Operator),
        ],
        receivers: vec![
            receiver(Platform::Telegram, "group", group.to_string(), Some("@ann_trades".into())),
            receiver(
                Platform::Discord,
                "channel",
                channel.to_string(),
                Some(format!("role:{TRADERS}")),
            ),
        ],
    }
}

/// Ann's people are strangers to Blue's server, and Blue's to theirs.
fn people(telegram: &Telegram, discord: &Discord) {
    for (group, title, who) in [(DESK, "Desk", ANN), (BLUE, "Blue", BO)] {
        telegram.room(group, "group", title);
        telegram.sits(who, group, Status::Creator);
    }
    for person in [ANN, BO, EVE] {
        telegram.meets(person);
    }
    populate(discord);
    let mut state = discord.state();
    let theirs = state.guilds.get_mut(&FOREIGN).unwrap();
    theirs.owner = NOBODY;
    for ours in [TRADER, MANAGER, OWNER] {
        theirs.members.remove(&ours);
    }
}

impl House {
    pub async fn build(plan: Plan) -> Self {
        let db = Db::sqlite().await;
        let setting = Setting {
            start: monday(),
            zone: Tz::UTC,
            receivers: Vec::new(),
            check: plan.check,
            mark: None,
        };
        let ids = Arc::new(Ids::Random);
        let mut stage = Stage::set(setting, db.store.clone(), ids).await.unwrap();
        let tenants = [
            tenant("Desk", (DESK, SERVER, KEYS), Tz::UTC),
            tenant("Blue", (BLUE, FOREIGN, THEIRS), Tz::Asia__Tokyo),
        ];
        let spaces = db.store.sync_workspaces(&tenants, stage.clock.now()).await.unwrap();
        let named = |name: &str| {
            let found = spaces.iter().find(|one| one.name.as_str() == name);
            db.store.desk(found.expect("the workspace").clone())
        };
        let (ours, theirs) = (named("Desk"), named("Blue"));
        stage.desk = ours.clone();
        let clock: Arc<dyn Clock> = Arc::new(stage.clock.clone());
        let (telegram, discord) = (Telegram::start(clock.clone()).await, Discord::start().await);
        people(&telegram, &discord);
        let (listeners, stop) = (TaskTracker::new(), CancellationToken::new());
        let app = serve(&stage, (&telegram, &discord), plan.limits, (&listeners, &stop));
        let house = Self { stage, telegram, discord, ours, theirs, db, app, listeners, stop };
        house.telegram.until("the first poll", Telegram::is_polled).await;
        let is_up = |state: &crate::fakes::discord::State| {
            [0, SERVER, FOREIGN].iter().all(|scope| state.commands.contains_key(scope))
        };
        house.discord.until("the commands are there", is_up).await;
        house.pass(TimeDelta::seconds(5)).await;
        house
    }

    pub async fn pass(&self, time: TimeDelta) {
        self.stage.clock.advance(time).await;
        self.stage.clock.settle().await;
    }

    /// A trading key of one of the tenants, watched with its own secrets.
    pub async fn watch(&mut self, desk: &Desk, label: &str, used_by: &[&'static str]) {
        let mut key = SimKey::made_up(label);
        key.permissions = vec!["General".to_owned(), "Spot".to_owned()];
        key.addresses = vec!["203.0.113.7".parse().unwrap()];
        key.sub_name = Some(format!("sub-{label}"));
        self.stage.simulator.add_key(key.clone());
        let before = std::mem::replace(&mut self.stage.desk, desk.clone());
        let told = Told { used_by: used_by.to_vec(), ..Told::default() };
        self.stage.watch(&key, told).await.unwrap();
        self.stage.desk = before;
        self.app.wake_checks.ring();
        self.app.wake_courier.ring();
        self.stage.clock.settle().await;
    }

    /// The key can withdraw from now on.
    pub fn gains_withdrawal(&self, label: &str) {
        let more = "Withdrawal".to_owned();
        assert!(self.stage.simulator.edit(label, |key| key.permissions.push(more)));
    }

    /// Time passes until so many alerts are open here.
    pub async fn until_open(&self, desk: &Desk, count: usize) {
        for _ in 0..100 {
            if desk.open_alerts().await.unwrap().len() == count {
                return self.pass(TimeDelta::seconds(30)).await;
            }
            self.pass(TimeDelta::minutes(20)).await;
        }
        panic!("no alert arose");
    }

    /// Somebody else is told as well, as `/notify add` does it.
    pub async fn tells(&self, desk: &Desk, name: &str, chat: i64) {
        let address = Address { platform: Platform::Telegram, chat: chat.to_string(), topic: None };
        let name = Clean::new(name, 64);
        let new = NewReceiver {
            name: name.clone(),
            address,
            min_severity: Severity::Notice,
            mention: None,
        };
        let entry = keylapse::store::audit::Entry {
            actor: name,
            place: "host".to_owned(),
            action: "receiver.added",
            target: None,
            before: None,
            after: None,
        };
        assert!(desk.add_receiver(&new, &entry, self.stage.clock.now()).await.unwrap());
    }

    /// An update of Telegram is dealt with; a second answer in a group takes its six seconds.
    pub async fn served(&self, update: i64) {
        self.telegram.confirmed(update).await;
        self.pass(TimeDelta::seconds(7)).await;
    }

    /// Somebody fills in a form of Discord's; the interaction's number.
    pub fn asks(&self, person: u64, spot: Spot, name: &str, options: &[(&str, &str)]) -> u64 {
        let option = |(name, value): &(&str, &str)| serde_json::json!({"name": name, "type": 3, "value": value});
        let options: Vec<Value> = options.iter().map(option).collect();
        let data = serde_json::json!({"id": "5", "name": name, "type": 1, "options": options});
        self.discord.interact(2, (person, spot), data, None)
    }

    /// Everything that Discord told so far has been dealt with, answered or not.
    pub async fn caught_up(&self) {
        let typing =
            serde_json::json!({"name": "command", "type": 3, "value": "", "focused": true});
        let data = serde_json::json!({"id": "5", "name": "help", "type": 1, "options": [typing]});
        let id = self.discord.interact(4, (NOBODY, in_server()), data, None);
        self.discord.answer(id).await;
        self.stage.clock.settle().await;
    }

    /// All rows of all tables.
    pub async fn tables(&self) -> Tables {
        self.rows(|_, _| "1 = 1".to_owned()).await
    }

    /// All rows that belong to a workspace, or to none. A table of which this cannot be told
    /// fails: it must be said here whose its rows are.
    pub async fn tables_of(&self, desk: &Desk) -> Tables {
        let id = desk.workspace().id.as_str().to_owned();
        self.rows(|table, columns| match table {
            "workspaces" => format!("id = '{id}'"),
            "people" => format!("current_workspace = '{id}'"),
            "settings" => format!("scope_id = '{id}'"),
            "install" => "1 = 1".to_owned(),
            // Who watches, renewed every half minute.
            "leases" => "1 = 0".to_owned(),
            table => {
                assert!(columns.iter().any(|one| one == "workspace_id"), "whose is {table}?");
                format!("workspace_id = '{id}'")
            }
        })
        .await
    }

    async fn rows(&self, of: impl Fn(&str, &[String]) -> String) -> Tables {
        let text = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_sqlx%'";
        let mut tables = Tables::new();
        for table in self.column(text.to_owned()).await {
            let columns = format!("SELECT name FROM pragma_table_info('{table}')");
            let columns = self.column(columns).await;
            let quoted: Vec<String> = columns.iter().map(|one| format!("quote({one})")).collect();
            let all = quoted.join(" || ' | ' || ");
            let rows =
                format!("SELECT {all} FROM {table} WHERE {} ORDER BY 1", of(&table, &columns));
            tables.insert(table, self.column(rows).await);
        }
        tables
    }

    /// The first column of what a query finds.
    pub async fn column(&self, text: String) -> Vec<String> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(text)).fetch_all(&self.db.raw).await.unwrap();
        rows.iter().map(|row| row.try_get(0).unwrap()).collect()
    }

    /// Ends the bot; neither platform may have found fault with it.
    pub async fn close(self) {
        self.stop.cancel();
        self.listeners.close();
        passing(&self.stage.clock, self.listeners.wait()).await;
        self.app.stop().await;
        assert_eq!(self.telegram.offences(), Vec::<String>::new());
        let state = self.discord.state();
        assert!(state.complaints.is_empty(), "Discord complains: {:#?}", state.complaints);
    }
}

/// What differs between two looks at the same tables.
pub fn differences(before: &Tables, after: &Tables) -> Vec<String> {
    let mut found = Vec::new();
    for (table, rows) in after {
        let old = before.get(table).cloned().unwrap_or_default();
        found.extend(
            rows.iter().filter(|row| !old.contains(row)).map(|row| format!("{table} + {row}")),
        );
        found.extend(
            old.iter().filter(|row| !rows.contains(row)).map(|row| format!("{table} - {row}")),
        );
    }
    found
}

fn serve(
    stage: &Stage,
    (on_telegram, on_discord): (&Telegram, &Arc<Discord>),
    limits: Limits,
    (listeners, stop): (&TaskTracker, &CancellationToken),
) -> App {
    let clock: Arc<dyn Clock> = Arc::new(stage.clock.clone());
    let (telegram, hears) = telegram::connect(telegram::Settings {
        token: Secret::new(TELEGRAM_TOKEN.to_owned()),
        url: on_telegram.url().to_owned(),
        proxy: None,
        timeouts: Timeouts::default(),
    })
    .unwrap();
    let settings = discord::Settings {
        token: Secret::new(DISCORD_TOKEN.to_owned()),
        api_url: Some(on_discord.url()),
        resolve: None,
        ca: None,
    };
    let (discord, listens) = discord::connect(&settings, clock.clone()).unwrap();
    let telegram: Arc<dyn Messenger> = Arc::new(telegram);
    let discord: Arc<dyn Messenger> = discord;
    let app = App::start(Parts {
        store: stage.store.clone(),
        prober: stage.prober.clone(),
        messengers: BTreeMap::from([(Platform::Telegram, telegram), (Platform::Discord, discord)]),
        clock: clock.clone(),
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
        host: HostNote::default(),
    };
    let tools = Tools { limits, ..counter::tools(&app, given) };
    let counter = Arc::new(Counter::new(tools));
    let with = (counter.clone(), clock.clone(), stop.clone());
    listeners.spawn(async move { hears.run(with.0, with.1, with.2).await.unwrap() });
    let stop = stop.clone();
    listeners.spawn(async move { listens.run(counter, clock, stop).await.unwrap() });
    app
}
