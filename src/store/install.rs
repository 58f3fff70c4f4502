//! What belongs to this installation as a whole: the vault's check value, the heartbeat.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::query;

use super::row::{Cells, json};
use super::{Store, StoreError};

/// When the bot last made progress; the row `heartbeat`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// When it was written.
    pub at: DateTime<Utc>,
    /// When checking last made progress.
    pub checks_at: Option<DateTime<Utc>>,
    /// When delivering last made progress.
    pub deliveries_at: Option<DateTime<Utc>>,
}

const HEARTBEAT: &str = "heartbeat";

impl Store {
    /// Writes the heartbeat.
    pub async fn beat(&self, beat: &Heartbeat) -> Result<(), StoreError> {
        self.set_install_value(HEARTBEAT, &json(beat)?).await
    }

    /// The last heartbeat; `None` when the bot never ran.
    pub async fn heartbeat(&self) -> Result<Option<Heartbeat>, StoreError> {
        let text = self.install_value(HEARTBEAT).await?;
        let read = |text: String| {
            serde_json::from_str(&text).map_err(|_| StoreError::Garbled(HEARTBEAT.to_owned()))
        };
        text.map(read).transpose()
    }

    /// A named value of the installation.
    pub async fn install_value(&self, name: &str) -> Result<Option<String>, StoreError> {
        let row = query("SELECT value FROM install WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.reader)
            .await?;
        row.map(|row| row.text("value")).transpose()
    }

    /// Sets a named value of the installation.
    pub async fn set_install_value(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        query("INSERT INTO install (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
            .bind(name)
            .bind(value)
            .execute(tx.conn())
            .await?;
        tx.commit().await
    }

    /// Sets a named value unless it is there; the one that is there counts.
    pub async fn claim_install_value(&self, name: &str, value: &str) -> Result<String, StoreError> {
        let mut tx = self.write().await?;
        query("INSERT INTO install (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
            .bind(name)
            .bind(value)
            .execute(tx.conn())
            .await?;
        let row = query("SELECT value FROM install WHERE name = $1")
            .bind(name)
            .fetch_one(tx.conn())
            .await?;
        let value = row.text("value")?;
        tx.commit().await?;
        Ok(value)
    }
}
