//! Receivers: who is told, where and from which severity on. The settings file sets some, chat sets
//! others; what the file sets, chat does not change.

use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;
use sqlx::query;

use super::audit::Entry;
use super::desk::Desk;
use super::row::{Cells, garbled};
use super::workspace::DescribedReceiver;
use super::{Store, StoreError, Tx};
use crate::domain::id::{ReceiverId, WorkspaceId};
use crate::domain::receiver::{Address, Platform, Receiver};
use crate::domain::signal::Severity;
use crate::domain::text::Clean;

pub(super) fn receiver_of(row: &AnyRow) -> Result<Receiver, StoreError> {
    let topic = row.text("topic")?;
    Ok(Receiver {
        id: row.text("id")?.into(),
        workspace: row.text("workspace_id")?.into(),
        name: Clean::new(&row.text("name")?, 64),
        address: Address {
            platform: row.word("platform", Platform::parse)?,
            chat: row.text("address")?,
            topic: (!topic.is_empty()).then_some(topic),
        },
        min_severity: row.word("min_severity", Severity::parse)?,
        mention: row.text_opt("mention")?,
    })
}

impl Tx {
    /// A receiver as chat makes one; 0 rows where the settings file names it.
    pub(super) async fn put_receiver(
        &mut self,
        workspace: &WorkspaceId,
        new: &NewReceiver,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let id: ReceiverId = self.ids.next(now);
        let done = query(
            "INSERT INTO receivers (id, workspace_id, name, platform, address, topic, mention, min_severity, \
             managed_by, state, reason, not_before, failures, claim_until, claim_no) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'chat', 'active', NULL, 0, 0, 0, 0) \
             ON CONFLICT (workspace_id, platform, address, topic) DO UPDATE SET name = excluded.name, \
             mention = excluded.mention, min_severity = excluded.min_severity, managed_by = 'chat', state = 'active', \
             reason = NULL, not_before = 0, failures = 0 \
             WHERE receivers.managed_by <> 'config' OR receivers.reason = 'no longer in the configuration'",
        )
        .bind(id.0)
        .bind(workspace.as_str())
        .bind(new.name.as_str())
        .bind(new.address.platform.id())
        .bind(&new.address.chat)
        .bind(new.address.topic.clone().unwrap_or_default())
        .bind(new.mention.clone())
        .bind(new.min_severity.id())
        .execute(self.conn())
        .await?;
        Ok(done.rows_affected())
    }

    /// Makes the receivers that the configuration names; the others of the configuration rest.
    pub(super) async fn sync_receivers(
        &mut self,
        workspace: &WorkspaceId,
        described: &[DescribedReceiver],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        query("UPDATE receivers SET state = 'disabled', reason = 'no longer in the configuration' WHERE workspace_id = $1 AND managed_by = 'config'")
            .bind(workspace.as_str())
            .execute(self.conn())
            .await?;
        for one in described {
            let id: ReceiverId = self.ids.next(now);
            query(
                "INSERT INTO receivers (id, workspace_id, name, platform, address, topic, mention, min_severity, \
                 managed_by, state, reason, not_before, failures, claim_until, claim_no) \
                 VALUES ($1, $2, $3, $4, $5, $6, $8, $7, 'config', 'active', NULL, 0, 0, 0, 0) \
                 ON CONFLICT (workspace_id, platform, address, topic) DO UPDATE SET name = excluded.name, mention = excluded.mention, \
                 min_severity = excluded.min_severity, managed_by = 'config', state = 'active', reason = NULL",
            )
            .bind(id.0)
            .bind(workspace.as_str())
            .bind(one.name.as_str())
            .bind(one.address.platform.id())
            .bind(&one.address.chat)
            .bind(one.address.topic.clone().unwrap_or_default())
            .bind(one.min_severity.id())
            .bind(one.mention.clone())
            .execute(self.conn())
            .await?;
        }
        Ok(())
    }

    /// The receivers of a workspace that can be written to.
    pub(super) async fn receivers(
        &mut self,
        workspace: &WorkspaceId,
    ) -> Result<Vec<Receiver>, StoreError> {
        let rows = query("SELECT id, workspace_id, name, platform, address, topic, mention, min_severity FROM receivers WHERE workspace_id = $1 AND state = 'active' ORDER BY id")
            .bind(workspace.as_str())
            .fetch_all(self.conn())
            .await?;
        rows.iter().map(receiver_of).collect()
    }
}

impl Store {
    /// A receiver by its id.
    pub async fn receiver(&self, id: &ReceiverId) -> Result<Receiver, StoreError> {
        let row = query("SELECT id, workspace_id, name, platform, address, topic, mention, min_severity FROM receivers WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.reader)
            .await?
            .ok_or_else(|| garbled("receiver_id"))?;
        receiver_of(&row)
    }
}

/// A receiver that is added in chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReceiver {
    /// Its name.
    pub name: Clean,
    /// Where it is.
    pub address: Address,
    /// From which severity on.
    pub min_severity: Severity,
    /// Who is called when something is critical.
    pub mention: Option<String>,
}

/// A receiver as its workspace sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiverView {
    /// The receiver.
    pub receiver: Receiver,
    /// Whether the settings file names it; then chat cannot change it.
    pub is_configured: bool,
    /// Why it gets nothing, where it does not.
    pub lost: Option<String>,
}

impl Desk {
    /// All receivers that were not removed, by name.
    pub async fn receivers(&self) -> Result<Vec<ReceiverView>, StoreError> {
        let rows = query(
            "SELECT id, workspace_id, name, platform, address, topic, mention, min_severity, managed_by, state, reason FROM receivers \
             WHERE workspace_id = $1 AND state <> 'removed' AND NOT (managed_by = 'config' AND state = 'disabled' \
             AND reason = 'no longer in the configuration') ORDER BY id",
        )
        .bind(self.workspace.id.as_str())
        .fetch_all(&self.store.reader)
        .await?;
        let view = |row: &AnyRow| {
            let is_lost = row.text("state")? != "active";
            Ok(ReceiverView {
                receiver: receiver_of(row)?,
                is_configured: row.text("managed_by")? == "config",
                lost: row.text_opt("reason")?.filter(|_| is_lost),
            })
        };
        rows.iter().map(view).collect()
    }

    /// Adds a receiver, or brings back the one at this address. `false` when the settings file
    /// names one there: then nothing is changed.
    pub async fn add_receiver(
        &self,
        new: &NewReceiver,
        entry: &Entry,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        if tx.put_receiver(&self.workspace.id, new, now).await? == 0 {
            return Ok(false);
        }
        tx.record_audit(&self.workspace.id, entry, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Sets from which severity on a receiver is told. `false` for one that the file names, or none.
    pub async fn set_min_severity(
        &self,
        id: &ReceiverId,
        severity: Severity,
        entry: &Entry,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let text = "UPDATE receivers SET min_severity = $3 WHERE workspace_id = $1 AND id = $2 \
                    AND managed_by <> 'config' AND state <> 'removed'";
        self.change_receiver(text, id, severity.id(), entry, now).await
    }

    /// Removes a receiver; its history stays. `false` for one that the file names, or none.
    pub async fn remove_receiver(
        &self,
        id: &ReceiverId,
        entry: &Entry,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let text = "UPDATE receivers SET state = 'removed', reason = $3 WHERE workspace_id = $1 AND id = $2 \
                    AND managed_by <> 'config' AND state <> 'removed'";
        self.change_receiver(text, id, "removed in chat", entry, now).await
    }

    async fn change_receiver(
        &self,
        text: &'static str,
        id: &ReceiverId,
        value: &str,
        entry: &Entry,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let done = query(text)
            .bind(self.workspace.id.as_str())
            .bind(id.as_str())
            .bind(value)
            .execute(tx.conn())
            .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        tx.record_audit(&self.workspace.id, entry, now).await?;
        tx.commit().await?;
        Ok(true)
    }
}
