//! What belongs to this installation as a whole: the vault's check value, the heartbeat.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sqlx::query;

use super::row::{Cells, json};
use super::{Store, StoreError};

/// The name of the vault's check value.
pub const VAULT_CHECK: &str = "vault_check";
/// The name of the heartbeat.
const HEARTBEAT: &str = "heartbeat";

/// The sign of life of a running bot. Each part is the last time its loop came round, whether or
/// not there was anything to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// When checks last came round.
    pub checks_at: DateTime<Utc>,
    /// When deliveries last came round.
    pub deliveries_at: DateTime<Utc>,
    /// When this was written.
    pub at: DateTime<Utc>,
}

impl Heartbeat {
    /// How often it is written.
    pub const EVERY: TimeDelta = TimeDelta::minutes(1);
    /// From this age on a part has stopped.
    pub const STOPPED: TimeDelta = TimeDelta::minutes(3);
}

/// What a start finds before it changes anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peeked {
    /// The vault's check value.
    pub check_value: Option<String>,
    /// Whether any cell is sealed.
    pub sealed: bool,
    /// Whether tables were ever made here.
    pub tables: bool,
}

impl Store {
    /// Looks at a database that may be empty or of another version, without changing it.
    pub async fn peek(&self) -> Result<Peeked, StoreError> {
        let check_value = absent_as_none(self.install_value(VAULT_CHECK).await)?.flatten();
        let sealed = absent_as_none(self.has_sealed_rows().await)?.unwrap_or(false);
        let tables = self.version().await?.is_some();
        Ok(Peeked { check_value, sealed, tables })
    }

    /// Writes the sign of life.
    pub async fn beat(&self, heartbeat: &Heartbeat) -> Result<(), StoreError> {
        self.set_install_value(HEARTBEAT, &json(heartbeat)?).await
    }

    /// Takes the sign of life away: an orderly end.
    pub async fn stop_beating(&self) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        query("DELETE FROM install WHERE name = $1").bind(HEARTBEAT).execute(tx.conn()).await?;
        tx.commit().await
    }

    /// The last sign of life; `None` when no bot has run on this database.
    pub async fn heartbeat(&self) -> Result<Option<Heartbeat>, StoreError> {
        let Some(text) = absent_as_none(self.install_value(HEARTBEAT).await)?.flatten() else {
            return Ok(None);
        };
        let garbled = |_| StoreError::Garbled(HEARTBEAT.to_owned());
        serde_json::from_str(&text).map(Some).map_err(garbled)
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

/// A table that is not there yet holds nothing.
pub(super) fn absent_as_none<T>(read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(StoreError::Database(sqlx::Error::Database(error)))
            if error.message().contains("no such table")
                || error.code().as_deref() == Some("42P01") =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
