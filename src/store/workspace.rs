//! Workspaces: the tenants. What the configuration names is made or brought up to date; what
//! vanished from it is paused, never deleted.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::any::AnyRow;
use sqlx::query;

use super::row::Cells;
use super::{Store, StoreError, Tx};
use crate::domain::id::WorkspaceId;
use crate::domain::receiver::Address;
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
}

/// A workspace as the configuration describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its name.
    pub name: Clean,
    /// Its zone.
    pub zone: Tz,
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
}

fn workspace_of(row: &AnyRow) -> Result<Workspace, StoreError> {
    Ok(Workspace {
        id: row.text("id")?.into(),
        name: Clean::new(&row.text("name")?, 64),
        zone: row.word("zone", |zone| zone.parse().ok())?,
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
        query("UPDATE workspaces SET state = 'paused' WHERE managed_by = 'config'")
            .execute(tx.conn())
            .await?;
        for one in described {
            let id: WorkspaceId = tx.ids.next(now);
            query(
                "INSERT INTO workspaces (id, name, name_key, zone, managed_by, state, next_alert_no, rev) \
                 VALUES ($1, $2, $3, $4, 'config', 'active', 1, 0) ON CONFLICT (name_key) DO UPDATE \
                 SET name = excluded.name, zone = excluded.zone, managed_by = 'config', state = 'active'",
            )
            .bind(id.0)
            .bind(one.name.as_str())
            .bind(fold(one.name.as_str()))
            .bind(one.zone.name())
            .execute(tx.conn())
            .await?;
            let row = query("SELECT id FROM workspaces WHERE name_key = $1")
                .bind(fold(one.name.as_str()))
                .fetch_one(tx.conn())
                .await?;
            let id: WorkspaceId = row.text("id")?.into();
            tx.sync_receivers(&id, &one.receivers, now).await?;
        }
        tx.commit().await?;
        self.workspaces().await
    }

    /// The active workspaces, by name.
    pub async fn workspaces(&self) -> Result<Vec<Workspace>, StoreError> {
        let rows = query(
            "SELECT id, name, zone FROM workspaces WHERE state = 'active' ORDER BY name_key, id",
        )
        .fetch_all(&self.reader)
        .await?;
        rows.iter().map(workspace_of).collect()
    }
}

impl Tx {
    /// One workspace.
    pub(super) async fn workspace(&mut self, id: &WorkspaceId) -> Result<Workspace, StoreError> {
        let row = query("SELECT id, name, zone FROM workspaces WHERE id = $1")
            .bind(id.as_str())
            .fetch_one(self.conn())
            .await?;
        workspace_of(&row)
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
