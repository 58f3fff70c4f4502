//! Leaving: every table of ours is dropped, children first. A test holds the list against the
//! migrations.

use sqlx::{AssertSqlSafe, query};

use super::{Store, StoreError};

/// Children before their parents.
const TABLES: &[&str] = &[
    "audit",
    "settings",
    "claims",
    "grants",
    "people",
    "chats",
    "talks",
    "gaps",
    "buttons",
    "notices",
    "message_alerts",
    "messages",
    "receivers",
    "transitions",
    "alerts",
    "key_state",
    "observations",
    "duties",
    "credentials",
    "keys",
    "workspaces",
    "leases",
    "install",
    "_sqlx_migrations",
];

impl Store {
    /// Drops every table of ours, all or none.
    pub async fn drop_everything(&self) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        for table in TABLES {
            let drop = format!("DROP TABLE IF EXISTS {table}");
            query(AssertSqlSafe(drop)).execute(tx.conn()).await?;
        }
        tx.commit().await
    }
}
