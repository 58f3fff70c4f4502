//! Many keys at once, all or nothing, without keeping other writers waiting. Rows go in by short
//! transactions in the state `staged`, which nothing else reads but which already holds labels
//! and keys against others; one short transaction makes all of them live. One import at a time,
//! by a lease: what an import left behind that died is swept by the next start.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{AssertSqlSafe, query};

use super::audit::Entry;
use super::credential::NewCredential;
use super::desk::Desk;
use super::duty::DutyKind;
use super::row::{Cells, json, ms};
use super::{Dialect, Store, StoreError, Tx};
use crate::domain::key::{Key, Watch};
use crate::domain::text::fold;

/// Rows in one statement: 200 rows of 18 columns stay far below both databases' limits.
const STATEMENT: usize = 200;
/// Rows that one transaction deletes.
const SWEEP: i64 = 500;
const LEASE: &str = "import";
const LEASE_LASTS: TimeDelta = TimeDelta::minutes(1);
/// Staged duties are due this much later, in another age of the world.
const FAR: i64 = 1 << 50;

/// A key to be imported. Without a credential it is a declared watch.
#[derive(Clone, Debug)]
pub struct StagedKey {
    /// The key; its workspace is the desk's.
    pub key: Key,
    /// Its secrets, sealed.
    pub credential: Option<NewCredential>,
    /// When it is probed, or judged, for the first time.
    pub due_at: DateTime<Utc>,
}

/// The right to import; one at a time.
pub struct Import {
    desk: Desk,
    holder: String,
}

/// What new keys of a workspace must not repeat.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// Folded labels.
    pub labels: HashSet<String>,
    /// Keyed hashes of the keys that are watched.
    pub key_hashes: HashSet<String>,
}

impl Store {
    /// Takes away what an import left behind that did not end. Does nothing while one runs.
    pub async fn sweep_import(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let row = query("SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM keys WHERE state = 'staged' LIMIT 1) AS some")
            .fetch_one(&self.reader)
            .await?;
        if row.int("n")? == 0 {
            return Ok(());
        }
        if let Some(holder) = self.lease_import(now).await? {
            self.drop_staged().await?;
            self.end_lease(&holder).await?;
        }
        Ok(())
    }

    /// `None` while somebody else holds it.
    async fn lease_import(&self, now: DateTime<Utc>) -> Result<Option<String>, StoreError> {
        let mut tx = self.write().await?;
        let holder: String = tx.ids.next(now);
        let row = query(
            "INSERT INTO leases (name, holder, until_at, no, note) VALUES ($1, $2, $3, 1, '') ON CONFLICT (name) DO UPDATE \
             SET holder = excluded.holder, until_at = excluded.until_at, no = leases.no + 1 WHERE leases.until_at <= $4 RETURNING no",
        )
        .bind(LEASE)
        .bind(&holder)
        .bind(ms(now + LEASE_LASTS))
        .bind(ms(now))
        .fetch_optional(tx.conn())
        .await?;
        tx.commit().await?;
        Ok(row.map(|_| holder))
    }

    async fn end_lease(&self, holder: &str) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        query("DELETE FROM leases WHERE name = $1 AND holder = $2")
            .bind(LEASE)
            .bind(holder)
            .execute(tx.conn())
            .await?;
        tx.commit().await
    }

    /// Deletes all staged rows, in short transactions.
    async fn drop_staged(&self) -> Result<(), StoreError> {
        const TABLES: [&str; 3] = [
            "DELETE FROM duties WHERE subject_id IN (SELECT id FROM keys WHERE state = 'staged' ORDER BY id LIMIT $1)",
            "DELETE FROM key_state WHERE key_id IN (SELECT id FROM keys WHERE state = 'staged' ORDER BY id LIMIT $1)",
            "DELETE FROM credentials WHERE key_id IN (SELECT id FROM keys WHERE state = 'staged' ORDER BY id LIMIT $1)",
        ];
        loop {
            let mut tx = self.write().await?;
            for table in TABLES {
                query(table).bind(SWEEP).execute(tx.conn()).await?;
            }
            let done = query("DELETE FROM keys WHERE id IN (SELECT id FROM keys WHERE state = 'staged' ORDER BY id LIMIT $1)")
                .bind(SWEEP)
                .execute(tx.conn())
                .await?;
            tx.commit().await?;
            if done.rows_affected() == 0 {
                return Ok(());
            }
        }
    }
}

impl Desk {
    /// What new keys must not repeat.
    pub async fn taken(&self) -> Result<Taken, StoreError> {
        let labels = query(
            "SELECT label_key FROM keys WHERE workspace_id = $1 AND state NOT IN ('removed', 'staged')",
        )
        .bind(self.workspace.id.as_str())
        .fetch_all(&self.store.reader)
        .await?;
        let hashes = query(
            "SELECT c.key_hash FROM credentials c JOIN keys k ON k.id = c.key_id \
             WHERE c.workspace_id = $1 AND c.state <> 'wiped' AND k.state <> 'staged'",
        )
        .bind(self.workspace.id.as_str())
        .fetch_all(&self.store.reader)
        .await?;
        Ok(Taken {
            labels: labels.iter().map(|row| row.text("label_key")).collect::<Result<_, _>>()?,
            key_hashes: hashes.iter().map(|row| row.text("key_hash")).collect::<Result<_, _>>()?,
        })
    }

    /// Begins an import; `None` while another one runs.
    pub async fn begin_import(&self, now: DateTime<Utc>) -> Result<Option<Import>, StoreError> {
        let Some(holder) = self.store.lease_import(now).await? else { return Ok(None) };
        self.store.drop_staged().await?;
        Ok(Some(Import { desk: self.clone(), holder }))
    }
}

impl Import {
    /// How many rows are best staged at once: a transaction of some hundredths of a second.
    pub const CHUNK: usize = 5 * STATEMENT;

    /// Stages rows; nothing reads them yet.
    pub async fn stage(&self, rows: &[StagedKey], now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut tx = self.desk.store.write().await?;
        tx.hold_import(&self.holder, now).await?;
        for rows in rows.chunks(STATEMENT) {
            tx.stage_keys(rows).await?;
            tx.stage_credentials(rows, now).await?;
            tx.stage_duties(rows).await?;
        }
        tx.commit().await
    }

    /// Makes everything that was staged live, and answers with its number.
    pub async fn publish(&self, entry: &Entry, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let workspace = &self.desk.workspace.id;
        let mut tx = self.desk.store.write().await?;
        tx.hold_import(&self.holder, now).await?;
        // Imported keys with secrets are let in or refused by their first probe (S7).
        let done = query(
            "UPDATE keys SET state = CASE WHEN watch = 'declared' THEN 'active' ELSE 'unverified' END WHERE state = 'staged'",
        )
        .execute(tx.conn())
        .await?;
        query("UPDATE duties SET due_at = due_at - $1 WHERE due_at >= $1")
            .bind(FAR)
            .execute(tx.conn())
            .await?;
        tx.record_audit(workspace, entry, now).await?;
        query("DELETE FROM leases WHERE name = $1").bind(LEASE).execute(tx.conn()).await?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }

    /// Takes back everything that was staged.
    pub async fn abandon(self) -> Result<(), StoreError> {
        self.desk.store.drop_staged().await?;
        self.desk.store.end_lease(&self.holder).await
    }
}

impl Tx {
    async fn hold_import(&mut self, holder: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        let done = query("UPDATE leases SET until_at = $3 WHERE name = $1 AND holder = $2")
            .bind(LEASE)
            .bind(holder)
            .bind(ms(now + LEASE_LASTS))
            .execute(self.conn())
            .await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Conflict) }
    }

    async fn stage_keys(&mut self, rows: &[StagedKey]) -> Result<(), StoreError> {
        let head = "INSERT INTO keys (id, workspace_id, label, label_key, exchange, site, watch, co_located, allow_json, \
                    declared_json, accepted_json, used_by_json, added_at, state, rev)";
        let mut insert = query(AssertSqlSafe(many(self.dialect, head, 15, rows.len())));
        for StagedKey { key, .. } in rows {
            insert = insert
                .bind(key.id.as_str())
                .bind(key.workspace.as_str())
                .bind(key.label.as_str())
                .bind(fold(key.label.as_str()))
                .bind(key.exchange.id())
                .bind(key.site.id())
                .bind(key.watch.id())
                .bind(i64::from(key.co_located))
                .bind(json(&key.allow)?)
                .bind(key.declared.as_ref().map(json).transpose()?)
                .bind(json(&key.accepted)?)
                .bind(json(&key.used_by)?)
                .bind(ms(key.added_at))
                .bind("staged")
                .bind(0_i64);
        }
        insert.execute(self.conn()).await?;
        let head = "INSERT INTO key_state (key_id, workspace_id)";
        let mut insert = query(AssertSqlSafe(many(self.dialect, head, 2, rows.len())));
        for StagedKey { key, .. } in rows {
            insert = insert.bind(key.id.as_str()).bind(key.workspace.as_str());
        }
        insert.execute(self.conn()).await?;
        Ok(())
    }

    async fn stage_credentials(
        &mut self,
        rows: &[StagedKey],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let rows: Vec<_> =
            rows.iter().filter_map(|row| Some((&row.key, row.credential.as_ref()?))).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let head = "INSERT INTO credentials (id, workspace_id, key_id, generation, state, key_hash, hint, sealed_key, \
                    sealed_secret, sealed_passphrase, added_at)";
        let mut insert = query(AssertSqlSafe(many(self.dialect, head, 11, rows.len())));
        for (key, credential) in rows {
            insert = insert
                .bind(credential.id.as_str())
                .bind(key.workspace.as_str())
                .bind(key.id.as_str())
                .bind(credential.generation)
                .bind("active")
                .bind(&credential.key_hash)
                .bind(&credential.hint)
                .bind(&credential.sealed.key)
                .bind(&credential.sealed.secret)
                .bind(&credential.sealed.passphrase)
                .bind(ms(now));
        }
        insert.execute(self.conn()).await?;
        Ok(())
    }

    async fn stage_duties(&mut self, rows: &[StagedKey]) -> Result<(), StoreError> {
        let head = "INSERT INTO duties (subject_id, kind, workspace_id, due_at, claim_no, tries)";
        let mut insert = query(AssertSqlSafe(many(self.dialect, head, 6, rows.len())));
        for StagedKey { key, due_at, .. } in rows {
            let kind = match key.watch {
                Watch::Own => DutyKind::Probe,
                Watch::Declared | Watch::Guardian { .. } => DutyKind::Judge,
            };
            insert = insert
                .bind(key.id.as_str())
                .bind(kind.id())
                .bind(key.workspace.as_str())
                .bind(ms(*due_at) + FAR)
                .bind(0_i64)
                .bind(0_i64);
        }
        insert.execute(self.conn()).await?;
        Ok(())
    }
}

/// `head VALUES ($1, $2), ($3, $4)`: constant words and numbers only. SQLite searches its list of
/// numbered places for each value, which makes large statements slow; its plain places have none.
fn many(dialect: Dialect, head: &str, columns: usize, rows: usize) -> String {
    let place = |at: usize| match dialect {
        Dialect::Sqlite => "?".to_owned(),
        Dialect::Postgres => format!("${at}"),
    };
    let row = |row: usize| {
        let places: Vec<String> = (1..=columns).map(|at| place(row * columns + at)).collect();
        format!("({})", places.join(", "))
    };
    format!("{head} VALUES {}", (0..rows).map(row).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_numbered_through() {
        assert_eq!(many(Dialect::Postgres, "X", 2, 2), "X VALUES ($1, $2), ($3, $4)");
        assert_eq!(many(Dialect::Sqlite, "X", 2, 2), "X VALUES (?, ?), (?, ?)");
    }
}
