//! What is set for a workspace in chat. What the settings file says is not here.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use sqlx::query;

use super::StoreError;
use super::audit::Entry;
use super::desk::Desk;
use super::row::{Cells, json};

/// The settings of a workspace that chat can change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The channels in which a FAQ answer may be shown to everybody; empty = nowhere.
    pub faq_channels: Vec<String>,
    /// The Telegram groups whose anonymous admins count as admins (S12).
    pub anonymous_chats: Vec<String>,
    /// Whether questions without a good answer are not counted.
    pub gaps_off: bool,
}

impl Desk {
    /// What is set.
    pub async fn settings(&self) -> Result<Settings, StoreError> {
        let row = query("SELECT json FROM settings WHERE scope = 'workspace' AND scope_id = $1")
            .bind(self.workspace.id.as_str())
            .fetch_optional(&self.store.reader)
            .await?;
        Ok(row.map(|row| row.value("json")).transpose()?.unwrap_or_default())
    }

    /// Sets it.
    pub async fn set_settings(
        &self,
        settings: &Settings,
        entry: &Entry,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        query(
            "INSERT INTO settings (scope, scope_id, json, rev) VALUES ('workspace', $1, $2, 1) \
             ON CONFLICT (scope, scope_id) DO UPDATE SET json = excluded.json, rev = settings.rev + 1",
        )
        .bind(self.workspace.id.as_str())
        .bind(json(settings)?)
        .execute(tx.conn())
        .await?;
        tx.record_audit(&self.workspace.id, entry, now).await?;
        tx.commit().await
    }

    /// Moves the workspace's wall clock. `false` where the settings file sets it.
    pub async fn set_zone(
        &self,
        zone: Tz,
        entry: &Entry,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let done = query("UPDATE workspaces SET zone = $2, rev = rev + 1 WHERE id = $1 AND managed_by <> 'config'")
            .bind(self.workspace.id.as_str())
            .bind(zone.name())
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
