//! The ledger: one SQL text for SQLite and PostgreSQL, one file a table. The only user of sqlx.
//!
//! Writes happen inside `Store::write` and nowhere else; what is read in there is read again in
//! there. Queries live with the table they change and return domain types, never rows. Tasks see
//! everything through [`Store`] itself; commands get a desk, which sees one workspace.

use std::sync::Arc;
use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{AnyPool, Connection};

use self::row::Cells;
use crate::ids::Ids;

pub mod alert;
pub mod audit;
pub mod button;
pub mod chat;
pub mod check;
pub mod claim;
pub mod count;
pub mod credential;
pub mod deed;
pub mod desk;
pub mod duty;
pub mod edit;
mod fleet;
mod future;
pub mod gap;
pub mod import;
pub mod install;
mod key;
pub mod lane;
pub mod leak;
pub mod leave;
pub mod look;
pub mod message;
mod newcomer;
mod notice;
pub mod opening;
pub mod receiver;
pub mod retiring;
pub mod rotate;
mod row;
pub mod setting;
pub mod talk;
pub mod tell;
pub mod test;
mod tidy;
mod trouble;
mod wipe;
pub mod workspace;

/// The migrations, embedded.
static MIGRATIONS: Migrator = sqlx::migrate!();

/// A handle to the database; clones share it.
#[derive(Clone)]
pub struct Store {
    writer: AnyPool,
    reader: AnyPool,
    dialect: Dialect,
    ids: Arc<Ids>,
}

/// Where the two databases differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Embedded.
    Sqlite,
    /// A server, shared by replicas.
    Postgres,
}

/// Why the ledger did not do what it should. `Display` is for the log; people get one sentence
/// made from the variant at the edge.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is of a newer version of keylapse.
    #[error(
        "This database was made by a newer keylapse. Install that version, or restore an older backup."
    )]
    Newer,
    /// A migration's text is not the one that was applied.
    #[error(
        "The database's tables are not those of this keylapse (migration {0} differs). Restore a backup or install the version that made it."
    )]
    Foreign(i64),
    /// A migration began here and did not end.
    #[error(
        "The database's tables are half-changed (migration {0} did not end). Restore a backup, then start again."
    )]
    HalfMigrated(i64),
    /// No space is left.
    #[error(
        "The disk that holds the database is full. Nothing was changed; free some space and try again."
    )]
    Full,
    /// The database can only be read.
    #[error(
        "The database can only be read. Make its file and folder writable for keylapse; nothing was changed."
    )]
    ReadOnly,
    /// Somebody else changed the row in between.
    #[error("The row changed in between.")]
    Conflict,
    /// The label is taken.
    #[error("That label is taken. Choose another.")]
    LabelTaken,
    /// The same key is already watched in this workspace.
    #[error("That key is already watched here under another label.")]
    KeyTaken,
    /// A row does not hold what it should.
    #[error("The database holds a value that keylapse cannot read ({0}).")]
    Garbled(String),
    /// The database cannot be reached or opened.
    #[error("The database cannot be opened: {0}")]
    Unreachable(String),
    /// Anything else the database said.
    #[error("The database failed: {0}")]
    Database(#[source] sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::Database(inner) = &error {
            let message = inner.message();
            if message.contains("is full") || message.contains("No space left") {
                return Self::Full;
            }
            if message.contains("readonly") || message.contains("read-only") {
                return Self::ReadOnly;
            }
            if inner.is_unique_violation() {
                let names = |index: &str, columns: &str| {
                    message.contains(index) || message.contains(columns)
                };
                if names("keys_label", "keys.label_key") {
                    return Self::LabelTaken;
                }
                if names("credentials_live", "credentials.key_hash") {
                    return Self::KeyTaken;
                }
                return Self::Conflict;
            }
            // PostgreSQL: serialization failure and deadlock; SQLite: busy beyond the time-out.
            let code = inner.code();
            if matches!(code.as_deref(), Some("40001" | "40P01")) {
                return Self::Conflict;
            }
        }
        Self::Database(error)
    }
}

/// A write transaction; dropped without `Tx::commit` it leaves no trace.
pub struct Tx {
    inner: sqlx::Transaction<'static, sqlx::Any>,
    dialect: Dialect,
    ids: Arc<Ids>,
}

impl Tx {
    /// Makes everything since [`Store::write`] true at once.
    async fn commit(self) -> Result<(), StoreError> {
        Ok(self.inner.commit().await?)
    }

    fn conn(&mut self) -> &mut sqlx::AnyConnection {
        &mut self.inner
    }
}

impl Store {
    /// Opens the database at `url` (`sqlite:` or `postgres:`) without touching its tables.
    pub async fn connect(url: &str, ids: Arc<Ids>) -> Result<Self, StoreError> {
        // Installing twice is harmless.
        sqlx::any::install_default_drivers();
        let dialect = if url.starts_with("postgres") { Dialect::Postgres } else { Dialect::Sqlite };
        let in_memory = url.contains(":memory:");
        if dialect == Dialect::Sqlite && !in_memory {
            knock(url).await?;
        }
        let pool = |most: u32| {
            let mut options = AnyPoolOptions::new()
                .max_connections(most)
                .acquire_timeout(Duration::from_secs(30));
            if in_memory {
                // Each connection would be an empty database of its own, and a closed one forgets.
                options = options.idle_timeout(None).max_lifetime(None).min_connections(1);
            } else {
                // After a failed write SQLite may have rolled back by itself; the driver then takes
                // the connection for one inside a transaction, and no other would ever begin.
                options = options.before_acquire(|connection, _| {
                    Box::pin(async move { Ok(!connection.is_in_transaction()) })
                });
            }
            options.after_connect(move |connection, _| {
                Box::pin(async move {
                    if dialect == Dialect::Sqlite {
                        for pragma in PRAGMAS {
                            sqlx::query(*pragma).execute(&mut *connection).await?;
                        }
                    }
                    Ok(())
                })
            })
        };
        let writers = if dialect == Dialect::Sqlite { 1 } else { 8 };
        let writer = pool(writers).connect(url).await.map_err(unreachable)?;
        let reader = if in_memory || dialect == Dialect::Postgres {
            writer.clone()
        } else {
            pool(4).connect(url).await.map_err(unreachable)?
        };
        Ok(Self { writer, reader, dialect, ids })
    }

    /// An empty database that lives as long as this handle, for the demo and tests.
    pub async fn in_memory(ids: Arc<Ids>) -> Result<Self, StoreError> {
        let store = Self::connect("sqlite::memory:", ids).await?;
        store.migrate().await?;
        Ok(store)
    }

    /// Brings the tables up to this version. Several replicas may do so at once.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        MIGRATIONS.run(&self.writer).await.map_err(|error| match error {
            MigrateError::VersionMissing(_) => StoreError::Newer,
            MigrateError::VersionMismatch(version) => StoreError::Foreign(version),
            MigrateError::Dirty(version) => StoreError::HalfMigrated(version),
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            other => StoreError::Database(sqlx::Error::Migrate(Box::new(other))),
        })
    }

    /// The newest migration that was applied; `None` for an empty database.
    pub async fn version(&self) -> Result<Option<i64>, StoreError> {
        let read = sqlx::query("SELECT MAX(version) AS version FROM _sqlx_migrations")
            .fetch_one(&self.reader)
            .await;
        let version = read.map_err(StoreError::from).and_then(|row| row.int_opt("version"));
        Ok(install::absent_as_none(version)?.flatten())
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Waits until nothing uses the database, and closes it.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }

    /// Begins to write. On SQLite the lock is taken at once: with a plain BEGIN most concurrent
    /// transactions fail when they come to write.
    async fn write(&self) -> Result<Tx, StoreError> {
        let begin = match self.dialect {
            Dialect::Sqlite => "BEGIN IMMEDIATE",
            Dialect::Postgres => "BEGIN",
        };
        let inner = self.writer.begin_with(begin).await?;
        Ok(Tx { inner, dialect: self.dialect, ids: self.ids.clone() })
    }
}

/// What every SQLite connection begins with.
const PRAGMAS: &[&str] = &[
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 10000",
    "PRAGMA secure_delete = ON",
];

/// Opens a SQLite file once before the pool does, which would try a damaged one again and again
/// and then say only that time is up.
async fn knock(url: &str) -> Result<(), StoreError> {
    let opened = async {
        let mut connection = sqlx::AnyConnection::connect(url).await?;
        for pragma in PRAGMAS {
            sqlx::query(*pragma).execute(&mut connection).await?;
        }
        // The first read needs room beside the file.
        sqlx::query("SELECT 1 FROM sqlite_master").execute(&mut connection).await?;
        connection.close().await
    };
    match opened.await {
        // Somebody opens or closes it in this moment: the pool waits for its turn.
        Err(sqlx::Error::Database(error)) if error.message().contains("locked") => Ok(()),
        opened => opened.map_err(unreachable),
    }
}

fn unreachable(error: sqlx::Error) -> StoreError {
    let words = reason(&error);
    match StoreError::from(error) {
        known @ (StoreError::Full | StoreError::ReadOnly) => known,
        _ => StoreError::Unreachable(words),
    }
}

/// The database's own words, without the URL and so without its password.
fn reason(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(inner) => inner.message().to_owned(),
        sqlx::Error::Io(inner) => inner.to_string(),
        sqlx::Error::PoolTimedOut => "no connection within 30 seconds".to_owned(),
        sqlx::Error::Configuration(_) => "its URL cannot be read".to_owned(),
        sqlx::Error::Tls(_) => {
            "TLS failed; with sslmode=verify-full the server's certificate must match".to_owned()
        }
        _ => "no connection".to_owned(),
    }
}
