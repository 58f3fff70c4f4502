//! The demo's stage, on which stories stand as well: the whole bot on a stepped clock, asking a
//! simulator on loopback. Nothing of the host is read: no configuration, environment or database.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::app::{App, Parts};
use crate::chat::Messenger;
use crate::clock::{Clock, Stepped};
use crate::domain::evidence::Outcome;
use crate::domain::facts::{Exchange, Site};
use crate::domain::id::CredentialId;
use crate::domain::key::{Accepted, Declared, Key, KeyState, Watch};
use crate::domain::permission::Allow;
use crate::domain::policy::Policy;
use crate::domain::receiver::{Address, Platform};
use crate::domain::schedule::Schedule;
use crate::domain::signal::Severity;
use crate::domain::text::{Clean, Label};
use crate::exchange::prober::Prober;
use crate::exchange::simulator::{SimKey, Simulator};
use crate::exchange::{Client, Endpoint};
use crate::ids::Ids;
use crate::store::Store;
use crate::store::audit::Entry;
use crate::store::credential::NewCredential;
use crate::store::deed::{NewKey, Now};
use crate::store::desk::Desk;
use crate::store::look::Seen;
use crate::store::workspace::{Described, DescribedReceiver};
use crate::tasks::Rhythm;
use crate::vault::{MasterKey, Vault};

/// Everything of a demo but the screen.
pub struct Stage {
    /// The time.
    pub clock: Stepped,
    /// The pretended KuCoin.
    pub simulator: Simulator,
    /// The ledger.
    pub store: Store,
    /// Made for this stage, never saved.
    pub vault: Arc<Vault>,
    /// What asks the simulator.
    pub prober: Arc<Prober>,
    /// The only workspace.
    pub desk: Desk,
    /// The figures in force.
    pub policy: Policy,
    /// When keys are asked.
    pub schedule: Schedule,
    mark: Option<&'static str>,
    /// Makes identities that repeat from run to run.
    pub ids: Arc<Ids>,
}

/// How a stage is set.
pub struct Setting {
    /// When it begins.
    pub start: DateTime<Utc>,
    /// The workspace's zone.
    pub zone: Tz,
    /// The receivers, by name; each is a terminal of that name.
    pub receivers: Vec<&'static str>,
    /// The schedule.
    pub check: &'static str,
    /// Stands on every card.
    pub mark: Option<&'static str>,
}

/// What a person tells keylapse when a key is added.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// The end, if a person said one.
    pub declared: Option<Declared>,
    /// What stops with it.
    pub used_by: Vec<&'static str>,
    /// What is allowed although it is dangerous.
    pub allow: Allow,
    /// Whether its bot runs on this machine.
    pub co_located: bool,
}

impl Stage {
    /// Sets the stage over an empty ledger. The bot is not started yet.
    pub async fn set(setting: Setting, store: Store, ids: Arc<Ids>) -> anyhow::Result<Self> {
        let clock = Stepped::new(setting.start);
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let simulator = Simulator::start(shared.clone(), listen).await?;
        let vault = Arc::new(Vault::new(MasterKey::generate()?, Vec::new()));
        let endpoint = Endpoint::kucoin(Site::Global, Some(&simulator.base_url()), false)?;
        let client = Client::kucoin(endpoint, shared)?;
        let prober = Prober::new(BTreeMap::from([(Site::Global, client)]), vault.clone());
        let receiver = |name: &&'static str| DescribedReceiver {
            name: Clean::new(name, 64),
            address: Address { platform: Platform::Console, chat: (*name).to_owned(), topic: None },
            min_severity: Severity::Notice,
            mention: None,
        };
        let described = Described {
            name: Clean::new("Desk", 64),
            zone: setting.zone,
            faq_only: false,
            chats: Vec::new(),
            grants: Vec::new(),
            receivers: setting.receivers.iter().map(receiver).collect(),
        };
        let workspaces = store.sync_workspaces(&[described], setting.start).await?;
        let workspace =
            workspaces.into_iter().next().ok_or_else(|| anyhow::anyhow!("no workspace"))?;
        Ok(Self {
            clock,
            simulator,
            desk: store.desk(workspace),
            store,
            vault,
            prober: Arc::new(prober),
            policy: Policy::default(),
            schedule: Schedule::parse(setting.check)?,
            mark: setting.mark,
            ids,
        })
    }

    /// Starts the bot; time does not move before somebody moves it.
    pub fn start(&self, messenger: Arc<dyn Messenger>) -> App {
        self.start_on(BTreeMap::from([(Platform::Console, messenger)]))
    }

    /// The same, telling people on several platforms.
    pub fn start_on(&self, messengers: BTreeMap<Platform, Arc<dyn Messenger>>) -> App {
        App::start(Parts {
            store: self.store.clone(),
            prober: self.prober.clone(),
            messengers,
            clock: Arc::new(self.clock.clone()),
            schedule: self.schedule.clone(),
            policy: self.policy.clone(),
            rhythm: Rhythm::ALONE,
            mark: self.mark,
        })
    }

    /// Watches a key of the simulator with its own secrets, probed before saving as `key add` does.
    pub async fn watch(&self, sim: &SimKey, told: Told) -> anyhow::Result<()> {
        let now = self.clock.now();
        let key = self.key(&sim.label, Watch::Own, told)?;
        let secrets = sim.secrets();
        let sealed = self.vault.seal_credential(&key, 1, &secrets)?;
        let id: CredentialId = self.ids.next(now);
        let asked = self.prober.ask(&key, 1, &sealed).await?;
        let hint = format!("{}\u{2026}{}", &sim.key[..4], &sim.key[20..]);
        let key_hash = self.vault.fingerprint(&key.workspace, &secrets.key);
        let outcome = asked.probed.outcome;
        let state = if matches!(outcome, Outcome::Good(_)) {
            KeyState::Active
        } else {
            KeyState::Unverified
        };
        let seen =
            Seen { credential: id.clone(), outcome, at: asked.probed.at, caller: asked.caller };
        let credential = NewCredential { id, generation: 1, key_hash, hint, sealed };
        let new =
            NewKey { key: Key { state, ..key }, credential: Some(credential), seen: Some(seen) };
        self.add(new).await
    }

    /// Watches a date and nothing else.
    pub async fn declare(&self, label: &str, told: Told) -> anyhow::Result<()> {
        let key = self.key(label, Watch::Declared, told)?;
        self.add(NewKey { key, credential: None, seen: None }).await
    }

    async fn add(&self, new: NewKey) -> anyhow::Result<()> {
        let entry = Entry {
            actor: Clean::new("demo", 64),
            place: "host".to_owned(),
            action: "key.add",
            target: Some(new.key.label.as_str().to_owned()),
            before: None,
            after: None,
        };
        let now = Now { at: self.clock.now(), policy: &self.policy };
        Ok(self.desk.add_key(&new, &entry, now).await?)
    }

    fn key(&self, label: &str, watch: Watch, told: Told) -> anyhow::Result<Key> {
        let now = self.clock.now();
        Ok(Key {
            id: self.ids.next(now),
            workspace: self.desk.workspace().id.clone(),
            label: Label::parse(label)?,
            exchange: Exchange::Kucoin,
            site: Site::Global,
            watch,
            co_located: told.co_located,
            allow: told.allow,
            declared: told.declared,
            baseline: None,
            accepted: Accepted::default(),
            used_by: told.used_by.iter().map(|text| Clean::new(text, 80)).collect(),
            added_at: now,
            leaked: None,
            state: KeyState::Active,
            rev: 0,
        })
    }
}
