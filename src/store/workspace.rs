//! Workspaces: the tenants. What the configuration names is made or brought up to date; what
//! vanished from it is paused, never deleted.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::any::AnyRow;
use sqlx::query;

use super::row::Cells;
use super::{Dialect, Store, StoreError, Tx};
use crate::domain::access::Grant;
use crate::domain::id::{KeyId, WorkspaceId};
use crate::domain::receiver::{Address, Platform};
use crate::domain::signal::Severity;
use crate::domain::text::{Clean, fold};

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// Its identity.
    pub id: WorkspaceId,
    /// Its name.
    pub name: Clean,
    /// The zone of its wall clock.
    pub zone: Tz,
    /// Whether the settings file names it; then its zone cannot be changed in chat.
    pub is_configured: bool,
    /// Whether it only answers questions and watches no keys.
    pub faq_only: bool,
}

/// A workspace as the configuration describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its name.
    pub name: Clean,
    /// Its zone.
    pub zone: Tz,
    /// Whether it only answers questions and watches no keys.
    pub faq_only: bool,
    /// Its servers and chats.
    pub chats: Vec<(Platform, String)>,
    /// Who may what in it.
    pub grants: Vec<Grant>,
    /// Its receivers; they replace those that the configuration named before.
    pub receivers: Vec<DescribedReceiver>,
}

/// A receiver as the configuration describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedReceiver {
    /// Its name.
    pub name: Clean,
    /// Where it is.
    pub address: Address,
    /// The least it wants to hear.
    pub min_severity: Severity,
    /// Who is called there when something is critical: `role:ID`, `user:ID` or `@name`.
    pub mention: Option<String>,
}

macro_rules! workspace_columns {
    ($table:literal) => {
        concat!(
            $table,
            ".id, ",
            $table,
            ".name, ",
            $table,
            ".zone, ",
            $table,
            ".managed_by, ",
            $table,
            ".faq_only"
        )
    };
}
pub(super) use workspace_columns;

pub(super) fn workspace_of(row: &AnyRow) -> Result<Workspace, StoreError> {
    Ok(Workspace {
        id: row.text("id")?.into(),
        name: Clean::new(&row.text("name")?, 64),
        zone: row.word("zone", |zone| zone.parse().ok())?,
        is_configured: row.text("managed_by")? == "config",
        faq_only: row.is("faq_only")?,
    })
}

impl Store {
    /// Makes the workspaces that the configuration names what it says, pauses those that it named
    /// before and names no more, and returns the active ones.
    pub async fn sync_workspaces(
        &self,
        described: &[Described],
        now: DateTime<Utc>,
    ) -> Result<Vec<Workspace>, StoreError> {
        let mut tx = self.write().await?;
        tx.hold_all_workspaces().await?;
        query("UPDATE workspaces SET state = 'paused' WHERE managed_by = 'config'")
            .execute(tx.conn())
            .await?;
        for one in described {
            tx.put_workspace(one, now).await?;
        }
        tx.commit().await?;
        self.workspaces().await
    }

    /// Makes those of the configuration's workspaces that are not there yet, and touches no other:
    /// a command on the host, perhaps with other settings, is not the bot.
    pub async fn make_workspaces(
        &self,
        described: &[Described],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        tx.hold_all_workspaces().await?;
        for one in described {
            let row = query(
                "SELECT COUNT(*) AS n FROM workspaces WHERE name_key = $1 AND state = 'active'",
            )
            .bind(fold(one.name.as_str()))
            .fetch_one(tx.conn())
            .await?;
            if row.int("n")? == 0 {
                tx.put_workspace(one, now).await?;
            }
        }
        tx.commit().await
    }

    /// The workspaces that the settings name no more although they have keys, with how many:
    /// nobody watches those.
    pub async fn unwatched(&self) -> Result<Vec<(Clean, i64)>, StoreError> {
        let rows = query(
            "SELECT w.name, COUNT(*) AS n FROM workspaces w JOIN keys k ON k.workspace_id = w.id \
             WHERE w.state = 'paused' AND k.state IN ('active', 'unverified') GROUP BY w.id, w.name ORDER BY w.name",
        )
        .fetch_all(&self.reader)
        .await?;
        rows.iter().map(|row| Ok((Clean::new(&row.text("name")?, 64), row.int("n")?))).collect()
    }

    /// The zone of a workspace's wall clock.
    pub async fn zone_of(&self, id: &WorkspaceId) -> Result<Tz, StoreError> {
        let row = query("SELECT zone FROM workspaces WHERE id = $1")
            .bind(id.as_str())
            .fetch_one(&self.reader)
            .await?;
        row.word("zone", |zone| zone.parse().ok())
    }

    /// The active workspaces, by name.
    pub async fn workspaces(&self) -> Result<Vec<Workspace>, StoreError> {
        let rows = query(concat!(
            "SELECT ",
            workspace_columns!("w"),
            " FROM workspaces w WHERE w.state = 'active' ORDER BY w.name_key, w.id"
        ))
        .fetch_all(&self.reader)
        .await?;
        rows.iter().map(workspace_of).collect()
    }
}

impl Tx {
    async fn put_workspace(
        &mut self,
        one: &Described,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let id: WorkspaceId = self.ids.next(now);
        query(
            "INSERT INTO workspaces (id, name, name_key, zone, managed_by, state, next_alert_no, rev, faq_only) \
             VALUES ($1, $2, $3, $4, 'config', 'active', 1, 0, $5) ON CONFLICT (name_key) DO UPDATE \
             SET name = excluded.name, zone = excluded.zone, managed_by = 'config', state = 'active', \
             faq_only = excluded.faq_only",
        )
        .bind(id.0)
        .bind(one.name.as_str())
        .bind(fold(one.name.as_str()))
        .bind(one.zone.name())
        .bind(i64::from(one.faq_only))
        .execute(self.conn())
        .await?;
        let row = query("SELECT id FROM workspaces WHERE name_key = $1")
            .bind(fold(one.name.as_str()))
            .fetch_one(self.conn())
            .await?;
        let id: WorkspaceId = row.text("id")?.into();
        self.sync_access(&id, &one.chats, &one.grants, now).await?;
        self.sync_receivers(&id, &one.receivers, now).await
    }

    /// One workspace.
    pub(super) async fn workspace(&mut self, id: &WorkspaceId) -> Result<Workspace, StoreError> {
        let row = query(concat!(
            "SELECT ",
            workspace_columns!("w"),
            " FROM workspaces w WHERE w.id = $1"
        ))
        .bind(id.as_str())
        .fetch_one(self.conn())
        .await?;
        workspace_of(&row)
    }

    /// Makes this transaction the only one that decides anything in the workspace until it ends.
    /// Taken first, so that two of them never wait for each other. SQLite has one writer anyway.
    pub(super) async fn hold_workspace(&mut self, id: &WorkspaceId) -> Result<(), StoreError> {
        if self.dialect == Dialect::Postgres {
            // Not FOR UPDATE: rows that refer to the workspace may still be written.
            query("SELECT id FROM workspaces WHERE id = $1 FOR NO KEY UPDATE")
                .bind(id.as_str())
                .fetch_optional(self.conn())
                .await?;
        }
        Ok(())
    }

    pub(super) async fn hold_all_workspaces(&mut self) -> Result<(), StoreError> {
        if self.dialect == Dialect::Postgres {
            query("SELECT id FROM workspaces ORDER BY id FOR NO KEY UPDATE")
                .fetch_all(self.conn())
                .await?;
        }
        Ok(())
    }

    /// [`Self::hold_workspace`] for all workspaces of `keys`, always in the same order.
    pub(super) async fn hold_workspaces_of(&mut self, keys: &[&KeyId]) -> Result<(), StoreError> {
        if self.dialect == Dialect::Sqlite {
            return Ok(());
        }
        let mut held = BTreeSet::new();
        for key in keys {
            held.extend(self.key(key).await?.map(|key| key.workspace));
        }
        for workspace in &held {
            self.hold_workspace(workspace).await?;
        }
        Ok(())
    }

    /// The next number for an alert of this workspace.
    pub(super) async fn next_alert_no(&mut self, id: &WorkspaceId) -> Result<i64, StoreError> {
        let row = query(
            "UPDATE workspaces SET next_alert_no = next_alert_no + 1 WHERE id = $1 RETURNING next_alert_no",
        )
        .bind(id.as_str())
        .fetch_one(self.conn())
        .await?;
        Ok(row.int("next_alert_no")? - 1)
    }
}
