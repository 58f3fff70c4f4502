//! Who did what, per workspace, in order. The chain that makes rows hard to forge comes later.

use chrono::{DateTime, Utc};
use sqlx::query;

use super::desk::Desk;
use super::row::{Cells, ms};
use super::{StoreError, Tx};
use crate::domain::id::WorkspaceId;
use crate::domain::key::Key;
use crate::domain::text::Clean;

/// One deed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who: a name as the platform gives it, or "keylapse".
    pub actor: Clean,
    /// Where: platform and chat, "host" for the command line.
    pub place: String,
    /// What, as `noun.verb`.
    pub action: &'static str,
    /// On what: a label or an alert's number.
    pub target: Option<String>,
    /// What it was, as JSON or a word.
    pub before: Option<String>,
    /// What it is now.
    pub after: Option<String>,
}

/// A deed as it was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: String,
    /// Where.
    pub place: String,
    /// What.
    pub action: String,
    /// On what.
    pub target: Option<String>,
}

impl Entry {
    /// A deed of keylapse itself on a key.
    pub(super) fn by_keylapse(action: &'static str, key: &Key, why: &str) -> Self {
        Self {
            actor: Clean::new("keylapse", 64),
            place: "keylapse".to_owned(),
            action,
            target: Some(key.label.as_str().to_owned()),
            before: None,
            after: Some(why.to_owned()),
        }
    }
}

impl Desk {
    /// Adds a row for a deed that changes nothing else: a question to the exchange, a look at
    /// something private.
    pub async fn record(&self, entry: &Entry, at: DateTime<Utc>) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        tx.record_audit(&self.workspace.id, entry, at).await?;
        tx.commit().await
    }

    /// The newest deeds, newest first.
    pub async fn audit(&self, limit: i64) -> Result<Vec<Written>, StoreError> {
        let rows = query(
            "SELECT at, actor, place, action, target FROM audit WHERE workspace_id = $1 ORDER BY seq DESC LIMIT $2",
        )
        .bind(self.workspace.id.as_str())
        .bind(limit)
        .fetch_all(&self.store.reader)
        .await?;
        let written = |row: &sqlx::any::AnyRow| {
            Ok(Written {
                at: row.instant("at")?,
                actor: row.text("actor")?,
                place: row.text("place")?,
                action: row.text("action")?,
                target: row.text_opt("target")?,
            })
        };
        rows.iter().map(written).collect()
    }
}

impl Tx {
    /// Adds a row to the workspace's audit.
    pub(super) async fn record_audit(
        &mut self,
        workspace: &WorkspaceId,
        entry: &Entry,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let row =
            query("SELECT COALESCE(MAX(seq), 0) + 1 AS seq FROM audit WHERE workspace_id = $1")
                .bind(workspace.as_str())
                .fetch_one(self.conn())
                .await?;
        let seq = row.int("seq")?;
        query(
            "INSERT INTO audit (workspace_id, seq, at, actor, place, action, target, before_json, after_json) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(workspace.as_str())
        .bind(seq)
        .bind(ms(at))
        .bind(entry.actor.as_str())
        .bind(&entry.place)
        .bind(entry.action)
        .bind(entry.target.as_deref())
        .bind(entry.before.as_deref())
        .bind(entry.after.as_deref())
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
