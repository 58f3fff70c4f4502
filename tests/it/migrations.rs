//! Migrations over data: each is applied to a database that holds a row in every table made so
//! far, as an upgrade finds it. And what a database of another version is told.

use std::collections::BTreeSet;
use std::path::Path;

use keylapse::store::{Dialect, Store, StoreError};
use sqlx::migrate::Migrator;
use sqlx::{AnyPool, AssertSqlSafe, Row, query};

use crate::store::db::{Db, connect, new_file, new_schema, raw};

/// One row a table, in an order that foreign keys allow. A table is not finished without one.
const SAMPLES: &[(&str, &str)] = &[
    ("install", "VALUES ('check', 'v1')"),
    ("leases", "VALUES ('telegram', 'host-1', 1772445600000, 1, '')"),
    ("workspaces", "VALUES ('w1', 'Home', 'home', 'Europe/Berlin', 'config', 'active', 2, 0)"),
    (
        "keys",
        "VALUES ('k1', 'w1', 'MM-Bot-1', 'mm-bot-1', 'kucoin', 'global', 'self', NULL, 0, '{}', NULL, NULL, \
         '{}', '[\"market maker\"]', 'Ada', NULL, 1772445600000, 'active', 0)",
    ),
    (
        "credentials",
        "VALUES ('c1', 'w1', 'k1', 1, 'active', 'hash', 'abcd…wxyz', 'sealed', 'sealed', 'sealed', 1772445600000, NULL)",
    ),
    ("duties", "VALUES ('k1', 'probe', 'w1', 1772445600000, 7, NULL, 1)"),
    (
        "observations",
        "VALUES ('o1', 'w1', 'k1', 'c1', 'not_known', '400003', NULL, NULL, 1772445600000, 1772445900000, 2)",
    ),
    (
        "key_state",
        "VALUES ('k1', 'w1', NULL, NULL, 'o1', 1772445900000, NULL, 'not_known', 2, 1772445600000, 1772445900000, NULL, NULL)",
    ),
    (
        "alerts",
        "VALUES ('a1', 'w1', 1, 'key', 'k1', 'rejected', 'open', 0, NULL, 'critical', 'critical', NULL, '[\"400003\"]', \
         NULL, NULL, 1772445900000, NULL, 1, 0)",
    ),
    (
        "transitions",
        "VALUES ('a1', 1, 'w1', 'opened', 1772445900000, 'critical', NULL, 'opened', NULL, NULL, 0)",
    ),
    (
        "receivers",
        "VALUES ('r1', 'w1', 'alerts', 'discord', '42', '', NULL, 'notice', 'config', 'active', NULL, 0, 0, 0, 0)",
    ),
    (
        "messages",
        "VALUES ('m1', 'w1', 'r1', 'sent', 'p1', 0, 1, 1, 1, 1772445900000, 1772445900000, 1772445901000, 1772445901000, NULL)",
    ),
    ("message_alerts", "VALUES ('m1', 'a1', 1, 'w1', 1)"),
    ("notices", "VALUES ('a1', 1, 'r1', 'w1', 'done', NULL, NULL, NULL, 0, 'm1')"),
    (
        "buttons",
        "VALUES ('b1', 'w1', 'discord', '42', 'm1', NULL, '{\"acknowledge\":{\"alert\":\"a1\"}}', 'a1', 0, 1772445900000, 1772532300000)",
    ),
    ("gaps", "VALUES ('w1', '2026-11-23', 'declined', '', 'my key …', 2)"),
    ("talks", "VALUES ('w1', 'telegram', '7', 'fix', '{}', 1772532300000)"),
    ("chats", "VALUES ('discord', '4200', 'w1', 'Traders', 'config', 'active', 1772445600000)"),
    ("people", "VALUES ('telegram', '7', 'w1')"),
    ("grants", "VALUES ('w1', 'telegram', 'person', '7', 'admin', 'config')"),
    ("claims", "VALUES ('ABCD', 'hash', 'w1', 'admin', 1772446200000, 0, NULL, NULL)"),
    ("settings", "VALUES ('workspace', 'w1', '{}', 0)"),
    ("audit", "VALUES ('w1', 1, 1772445600000, 'Ada', 'host', 'key.add', 'MM-Bot-1', NULL, NULL)"),
];

on_both!(
    every_migration_runs_over_a_row_in_every_table,
    migrating_again_changes_nothing,
    leaving_drops_every_table,
    a_database_of_a_newer_version_is_left_alone,
    a_database_with_other_tables_is_left_alone,
);

async fn every_migration_runs_over_a_row_in_every_table(db: &Db) {
    // Not the tables that came with `db`: from nothing, one migration after the other.
    let (url, _place) = match db.store.dialect() {
        Dialect::Sqlite => new_file(),
        Dialect::Postgres => new_schema().await,
    };
    let pool = raw(&url).await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let migrations = Migrator::new(folder).await.expect("the migrations can be read");
    let mut filled = BTreeSet::new();
    for migration in migrations.iter() {
        migrations.run_to(migration.version, &pool).await.expect("it runs over the rows so far");
        let there = tables(&pool, db.store.dialect()).await;
        for (table, values) in SAMPLES {
            if there.contains(*table) && filled.insert((*table).to_owned()) {
                let insert = format!("INSERT INTO {table} {values}");
                query(AssertSqlSafe(insert)).execute(&pool).await.unwrap_or_else(|error| {
                    panic!("the sample row of {table} does not fit its table any more: {error}")
                });
            }
        }
        let bare: Vec<_> = there.difference(&filled).collect();
        assert!(bare.is_empty(), "these tables have no sample row in SAMPLES: {bare:?}");
    }
    pool.close().await;
    let named: BTreeSet<_> = SAMPLES.iter().map(|(table, _)| (*table).to_owned()).collect();
    assert_eq!(filled, named, "every sample row found its table");
    reads_the_samples(&connect(&url).await).await;
}

/// This version starts on the upgraded rows and can read them.
async fn reads_the_samples(store: &Store) {
    store.migrate().await.expect("nothing is left to do");
    let workspace = store.workspaces().await.unwrap().remove(0);
    let desk = store.desk(workspace);
    let view = desk.key_by_label("mm-bot-1").await.unwrap().expect("the key is there");
    assert_eq!(view.alerts.len(), 1);
    assert_eq!(view.standing.streak.map(|streak| streak.n), Some(2));
    let history = desk.history(&view.key.id, 9).await.unwrap();
    assert_eq!((history[0].transitions.len(), history[0].notices.len()), (1, 1));
    store.close().await;
}

async fn tables(pool: &AnyPool, dialect: Dialect) -> BTreeSet<String> {
    let list = match dialect {
        Dialect::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        }
        Dialect::Postgres => {
            "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = current_schema()"
        }
    };
    let rows = query(list).fetch_all(pool).await.expect("the tables can be listed");
    let names = rows.iter().map(|row| row.try_get::<String, _>(0).expect("a name"));
    names.filter(|name| name != "_sqlx_migrations").collect()
}

async fn leaving_drops_every_table(db: &Db) {
    let (url, _place) = match db.store.dialect() {
        Dialect::Sqlite => new_file(),
        Dialect::Postgres => new_schema().await,
    };
    let store = connect(&url).await;
    store.migrate().await.unwrap();
    store.drop_everything().await.unwrap();
    store.close().await;
    let pool = raw(&url).await;
    assert_eq!(tables(&pool, db.store.dialect()).await, BTreeSet::new());
    pool.close().await;
}

async fn migrating_again_changes_nothing(db: &Db) {
    db.run("INSERT INTO install VALUES ('check', 'v1')").await;
    db.store.migrate().await.unwrap();
    db.again().await.migrate().await.unwrap();
    assert_eq!(db.store.install_value("check").await.unwrap().unwrap(), "v1");
}

async fn a_database_of_a_newer_version_is_left_alone(db: &Db) {
    db.run(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (29991231000001, 'from the future', TRUE, '', 0)",
    )
    .await;
    let refused = db.again().await.migrate().await.unwrap_err();
    assert!(matches!(refused, StoreError::Newer), "{refused:?}");
    assert_eq!(
        refused.to_string(),
        "This database was made by a newer keylapse. Install that version, or restore an older backup."
    );
}

async fn a_database_with_other_tables_is_left_alone(db: &Db) {
    db.run("UPDATE _sqlx_migrations SET checksum = '\\x00' WHERE version = 20261123000001").await;
    let refused = db.again().await.migrate().await.unwrap_err();
    assert!(matches!(refused, StoreError::Foreign(20_261_123_000_001)), "{refused:?}");
    let sentence = refused.to_string();
    assert!(sentence.contains("(migration 20261123000001 differs)"), "{sentence}");
}
