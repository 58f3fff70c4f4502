//! From flags to an open workshop, in the one order that changes nothing before everything was
//! judged: settings, folder, database, master key, tables, check value, workspaces. A running bot
//! is not disturbed; the lock of the data folder is `run`'s alone.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveTime;

use super::ask::Terminal;
use super::failure::{Failure, refused};
use crate::clock::{Clock, System};
use crate::config::{self, Config, Database, Flags, Host};
use crate::domain::policy::{Layer, Policy};
use crate::domain::receiver::Address;
use crate::domain::text::fold;
use crate::hardening;
use crate::ids::Ids;
use crate::private_file;
use crate::store::desk::Desk;
use crate::store::install::{Peeked, VAULT_CHECK};
use crate::store::workspace::{Described, DescribedReceiver};
use crate::store::{Store, StoreError};
use crate::vault::{Found, Holds, Start, Vault, decide};

const SQLITE_HEAD: &[u8; 16] = b"SQLite format 3\0";
const NO_DATABASE: &str = "The database file is not one of keylapse: restore a backup, or name another file in [database] url.";

/// What a subcommand works with.
pub struct Workshop {
    /// The settings.
    pub config: Config,
    /// The ledger.
    pub store: Store,
    /// The master keys.
    pub vault: Arc<Vault>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New identities.
    pub ids: Arc<Ids>,
    /// The figures in force.
    pub policy: Policy,
}

/// Reads all settings.
pub fn load(flags: &Flags) -> Result<Config, Failure> {
    config::load(flags, &config::environment(), &Host::detect())
        .map_err(|problems| Failure::Refused(problems.to_string()))
}

/// Whether there is a database to look into; a server's is asked when it is opened.
pub fn is_begun(config: &Config) -> bool {
    match &config.database {
        Database::Sqlite { path } => is_there(path),
        Database::Postgres { .. } => true,
    }
}

/// Opens everything for a subcommand, on the computer's clock. Where a program reads the answer,
/// the folder is not named.
pub async fn open(
    flags: &Flags,
    is_for_program: bool,
    terminal: &mut Terminal,
) -> Result<Workshop, Failure> {
    let config = load(flags)?;
    if !is_for_program {
        terminal.note(format!("Data folder: {}", config.data_dir.display()));
    }
    open_with(config, terminal).await
}

/// Opens everything that these settings name.
pub async fn open_with(config: Config, terminal: &mut Terminal) -> Result<Workshop, Failure> {
    let clock: Arc<dyn Clock> = Arc::new(System::new());
    let ids = Arc::new(Ids::Random);
    hardening::prepare_data_dir(&config.data_dir)?;
    // Two first starts at once: the second waits here until the first is done.
    let starting = starting(&config.data_dir)?;
    refuse_lost_database(&config)?;
    let store = connect(&config, ids.clone()).await?;
    let opened = open_tables(&config, &store, clock.as_ref(), terminal).await;
    drop(starting);
    match opened {
        Ok(vault) => {
            let policy = policy(&config);
            Ok(Workshop { config, store, vault: Arc::new(vault), clock, ids, policy })
        }
        Err(failure) => {
            // Otherwise SQLite's side files stay behind.
            store.close().await;
            Err(failure)
        }
    }
}

async fn open_tables(
    config: &Config,
    store: &Store,
    clock: &dyn Clock,
    terminal: &mut Terminal,
) -> Result<Vault, Failure> {
    let peeked = store.peek().await?;
    let vault = open_vault(config, store, &peeked, terminal).await?;
    store.migrate().await?;
    let value = store.claim_install_value(VAULT_CHECK, &vault.check_value()).await?;
    vault.verify_check_value(&value)?;
    make_workspaces(config, store, clock).await?;
    store.sweep_import(clock.now()).await?;
    Ok(vault)
}

/// Connects to the database without touching its tables. A SQLite file is made for us alone.
pub async fn connect(config: &Config, ids: Arc<Ids>) -> Result<Store, Failure> {
    let url = match &config.database {
        Database::Sqlite { path } => {
            prepare_file(path)?;
            format!("{}?mode=rwc", config.database.url().expose()).into()
        }
        Database::Postgres { .. } => config.database.url(),
    };
    Ok(Store::connect(url.expose(), ids).await?)
}

/// The figures that the settings file sets.
pub fn policy(config: &Config) -> Policy {
    let alerts = &config.alerts;
    let days = alerts.expiry_days.iter().filter_map(|day| u16::try_from(*day).ok()).collect();
    Policy::resolve([&Layer {
        ladder_days: Some(days),
        old_key_days: Some(i64::from(alerts.old_key_days)),
        morning: NaiveTime::from_hms_opt(alerts.morning.hour, alerts.morning.minute, 0),
        drop_on_gain: Some(alerts.drop_on_gain),
    }])
}

/// The workspaces of the settings file, as the ledger takes them.
pub fn described(config: &Config) -> Vec<Described> {
    let receiver = |one: &config::Receiver| DescribedReceiver {
        name: one.name.clone(),
        address: Address {
            platform: one.platform,
            chat: one.chat.clone(),
            topic: one.topic.clone(),
        },
        min_severity: one.min_severity,
        mention: one.mention.clone(),
    };
    let workspaces = config.workspaces.iter();
    workspaces
        .map(|one| Described {
            name: one.name.clone(),
            zone: one.zone,
            faq_only: one.faq_only,
            chats: one.chats.clone(),
            grants: one.grants.clone(),
            receivers: one.receivers.iter().map(receiver).collect(),
        })
        .collect()
}

impl Workshop {
    /// The desk of the workspace with this name, or of the only one.
    pub async fn desk(&self, name: Option<&str>) -> Result<Desk, Failure> {
        let all = self.store.workspaces().await?;
        let names = || all.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ");
        let found = match name {
            Some(name) => all.iter().find(|one| fold(one.name.as_str()) == fold(name.trim())),
            None if all.len() > 1 => {
                return refused(format!(
                    "There are several workspaces: add --workspace with one of {}.",
                    names()
                ));
            }
            None => all.first(),
        };
        match found {
            Some(workspace) => Ok(self.store.desk(workspace.clone())),
            None => refused(format!(
                "There is no such workspace: write one of {} after --workspace.",
                names()
            )),
        }
    }
}

/// Makes the workspaces that are not there yet. Writes only when one is missing: a list must not
/// wait for a writer. What the settings changed or left out is for `run`.
async fn make_workspaces(
    config: &Config,
    store: &Store,
    clock: &dyn Clock,
) -> Result<(), StoreError> {
    let there = store.workspaces().await?;
    let is_there = |name: &str| there.iter().any(|other| fold(other.name.as_str()) == fold(name));
    if config.workspaces.iter().any(|one| !is_there(one.name.as_str())) {
        store.make_workspaces(&described(config), clock.now()).await?;
    }
    Ok(())
}

async fn open_vault(
    config: &Config,
    store: &Store,
    peeked: &Peeked,
    terminal: &mut Terminal,
) -> Result<Vault, Failure> {
    let path = &config.vault.key_file;
    let found = Found {
        key_file: is_there(path),
        backend: config.database.backend(),
        holds: match peeked {
            Peeked { check_value: Some(_), .. } | Peeked { sealed: true, .. } => Holds::Secrets,
            Peeked { tables: true, .. } => Holds::Tables,
            Peeked { tables: false, .. } => Holds::Nothing,
        },
    };
    let vault = match decide(found, path) {
        Start::Refuse(sentence) => return refused(sentence),
        Start::Open => Vault::open_key_file(path, &config.vault.trust)?,
        Start::Create => {
            // Tables first: a key file beside a database without any is a lost database.
            store.migrate().await?;
            let (vault, is_new) = Vault::create_or_open(path, &config.vault.trust)?;
            if is_new {
                terminal.note(new_key_file(path));
            }
            vault
        }
    };
    match &peeked.check_value {
        Some(value) => vault.verify_check_value(value)?,
        None => try_on_sealed(store, peeked, &vault).await?,
    }
    Ok(vault)
}

/// Stops before a missing or empty database is made anew beside the key of the one that was there.
pub fn refuse_lost_database(config: &Config) -> Result<(), Failure> {
    let Database::Sqlite { path } = &config.database else { return Ok(()) };
    let is_empty = std::fs::metadata(path).map_or_else(
        |error| error.kind() == std::io::ErrorKind::NotFound,
        |meta| meta.is_file() && meta.len() == 0,
    );
    let key_file = &config.vault.key_file;
    let found = Found {
        key_file: is_there(key_file),
        backend: config.database.backend(),
        holds: Holds::Nothing,
    };
    match decide(found, key_file) {
        Start::Refuse(sentence) if is_empty => refused(sentence),
        Start::Refuse(_) | Start::Open | Start::Create => Ok(()),
    }
}

/// A file that cannot be looked at is there: opening it says why.
fn is_there(path: &Path) -> bool {
    path.try_exists().unwrap_or(true) || path.is_symlink()
}

/// Without a check value a sealed row decides whether the key file belongs to the database.
async fn try_on_sealed(store: &Store, peeked: &Peeked, vault: &Vault) -> Result<(), Failure> {
    if peeked.sealed
        && let Some((key, credential)) = store.any_sealed().await?
    {
        vault.open_credential(&key, credential.generation, &credential.sealed)?;
    }
    Ok(())
}

/// What is said once about a new master key.
pub fn new_key_file(path: &Path) -> String {
    format!(
        "New master key: {}. It opens the stored secrets: keep a copy, and keep it apart from the database's backups.",
        path.display()
    )
}

/// The file of [`starting`].
pub const START_LOCK: &str = "start.lock";

/// Held while tables and master key may be made; given back when dropped.
pub fn starting(folder: &Path) -> Result<File, Failure> {
    let failed = |error: std::io::Error| {
        hardening::HardeningError::Folder(
            folder.display().to_string(),
            private_file::reason(&error),
        )
    };
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(folder.join(START_LOCK)).map_err(failed)?;
    file.lock().map_err(failed)?;
    Ok(file)
}

/// Makes the file where it is missing and takes it and its side files away from others.
fn prepare_file(path: &Path) -> Result<(), Failure> {
    let name = path.display();
    let folder = path.parent().unwrap_or(Path::new("/"));
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    match options.open(path) {
        Ok(_) if rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).is_err() => {
            Err(StoreError::ReadOnly.into())
        }
        Ok(file) if !may_be_sqlite(&file) => refused(NO_DATABASE),
        Ok(_) => {
            for file in ["", "-wal", "-shm"].map(|end| format!("{name}{end}")) {
                make_private(Path::new(&file));
            }
            Ok(())
        }
        Err(error) => match error.kind() {
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                Err(StoreError::ReadOnly.into())
            }
            std::io::ErrorKind::StorageFull => Err(StoreError::Full.into()),
            _ => refused(format!(
                "The database file {name} cannot be made ({}): create its folder for this user, or name another in [database] url.",
                private_file::reason(&error)
            )),
        },
    }
}

/// Looked at before the driver does, which would try again for half a minute.
fn may_be_sqlite(mut file: &File) -> bool {
    let mut head = [0; SQLITE_HEAD.len()];
    match file.read(&mut head) {
        Ok(0) | Err(_) => true,
        Ok(read) => head[..read] == *SQLITE_HEAD,
    }
}

fn make_private(path: &Path) {
    let Ok(meta) = std::fs::metadata(path) else { return };
    if meta.uid() == private_file::this_user() && meta.mode() & 0o077 != 0 {
        // What it holds is sealed; this is a second fence.
        let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600));
    }
}
