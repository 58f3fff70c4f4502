//! A database for one test alone: a file in a folder of its own, or a schema of its own on the
//! server that `KEYLAPSE_TEST_POSTGRES` names. Both are gone when the test ends, however it ends.

use std::sync::Arc;

use keylapse::ids::Ids;
use keylapse::store::{Dialect, Store};
use sqlx::any::{AnyPoolOptions, AnyRow};
use sqlx::{AnyPool, Connection, Row, query};
use tempfile::TempDir;

/// The variable that names the server.
pub const SERVER: &str = "KEYLAPSE_TEST_POSTGRES";

/// One test's database.
pub struct Db {
    /// The ledger under test, migrated.
    pub store: Store,
    /// How to open it once more.
    pub url: String,
    /// A second way in, to see and spoil what the ledger wrote.
    pub raw: AnyPool,
    _place: Place,
}

/// What must be cleared away.
pub enum Place {
    /// A folder with the database file.
    Folder(#[expect(dead_code, reason = "its drop removes the folder")] TempDir),
    /// A schema of the server.
    Schema { server: String, name: String },
}

impl Db {
    /// A new file with all tables.
    pub async fn sqlite() -> Self {
        let (url, place) = new_file();
        Self::open(url, place).await
    }

    /// A new schema with all tables.
    pub async fn postgres() -> Self {
        let (url, place) = new_schema().await;
        Self::open(url, place).await
    }

    async fn open(url: String, place: Place) -> Self {
        let store = connect(&url).await;
        store.migrate().await.expect("the tables can be made");
        let raw = raw(&url).await;
        Self { store, url, raw, _place: place }
    }

    /// Another handle, as a second process would have it.
    pub async fn again(&self) -> Store {
        connect(&self.url).await
    }

    /// The one number that `text` selects.
    pub async fn int(&self, text: &'static str) -> i64 {
        self.row(text).await.try_get(0).expect("a number")
    }

    /// The one text that `text` selects; `None` for NULL.
    pub async fn text(&self, text: &'static str) -> Option<String> {
        self.row(text).await.try_get(0).expect("a text")
    }

    /// The texts of the first column.
    pub async fn texts(&self, text: &'static str) -> Vec<String> {
        let rows = query(text).fetch_all(&self.raw).await.expect(text);
        rows.iter().map(|row| row.try_get(0).expect("a text")).collect()
    }

    /// Changes something behind the ledger's back.
    pub async fn run(&self, text: &'static str) {
        query(text).execute(&self.raw).await.expect(text);
    }

    /// Waits until another transaction waits for `raw`. SQLite does not say so; there the wait is
    /// until the other one had the time to come to its BEGIN.
    pub async fn until_somebody_waits_for(&self, raw: &mut sqlx::AnyConnection) {
        if self.store.dialect() == Dialect::Sqlite {
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            return;
        }
        let me = query("SELECT pg_backend_pid()").fetch_one(raw).await.expect("its number");
        let me: i32 = me.try_get(0).expect("a number");
        loop {
            let waiting =
                "SELECT COUNT(*) FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))";
            let row = query(waiting).bind(me).fetch_one(&self.raw).await.expect(waiting);
            if row.try_get::<i64, _>(0).expect("a number") > 0 {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn row(&self, text: &'static str) -> AnyRow {
        query(text).fetch_one(&self.raw).await.expect(text)
    }
}

/// Opens the ledger at `url`.
pub async fn connect(url: &str) -> Store {
    Store::connect(url, Arc::new(Ids::Random)).await.expect("the database can be opened")
}

/// Opens `url` without the ledger.
pub async fn raw(url: &str) -> AnyPool {
    sqlx::any::install_default_drivers();
    AnyPoolOptions::new().max_connections(2).connect(url).await.expect("a second way in")
}

/// A file that is not there yet, in a folder of its own.
pub fn new_file() -> (String, Place) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}?mode=rwc", folder.path().join("ledger.db").display());
    (url, Place::Folder(folder))
}

/// An empty schema of its own.
pub async fn new_schema() -> (String, Place) {
    let server = std::env::var(SERVER).unwrap_or_else(|_| panic!("{SERVER} names no server"));
    let name = format!("test_{:016x}", getrandom::u64().expect("chance"));
    on_server(&server, format!("CREATE SCHEMA {name}")).await;
    let join = if server.contains('?') { '&' } else { '?' };
    let url = format!("{server}{join}options=-csearch_path%3D{name}");
    (url, Place::Schema { server, name })
}

async fn on_server(server: &str, statement: String) {
    sqlx::any::install_default_drivers();
    let mut one = sqlx::AnyConnection::connect(server).await.expect("the server answers");
    let done = query(sqlx::AssertSqlSafe(statement)).execute(&mut one).await;
    done.expect("the server obeys");
    one.close().await.expect("the server lets go");
}

impl Drop for Place {
    fn drop(&mut self) {
        let Self::Schema { server, name } = self else { return };
        let (server, statement) = (server.clone(), format!("DROP SCHEMA {name} CASCADE"));
        // A drop cannot wait, and the test's own runtime may be ending.
        let clearing = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(on_server(&server, statement));
        });
        if clearing.join().is_err() {
            eprintln!("{SERVER}: the schema {name} was left behind");
        }
    }
}
