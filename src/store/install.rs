//! What belongs to this installation as a whole: the vault's check value, the heartbeat.

use sqlx::query;

use super::row::Cells;
use super::{Store, StoreError};

impl Store {
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
