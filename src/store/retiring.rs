//! Replaced credentials that are still watched: when the exchange refuses one it is wiped, and so
//! it is when its time is over. A key has at most one.

use chrono::{DateTime, Utc};
use sqlx::query;

use super::audit::Entry;
use super::credential::{Credential, credential_columns, credential_of};
use super::key::{key_columns, key_of};
use super::row::{Cells, ms};
use super::{Store, StoreError, Tx};
use crate::domain::id::{CredentialId, KeyId};
use crate::domain::key::Key;

/// A replaced credential that is still watched.
#[derive(Clone, Debug)]
pub struct Retiring {
    /// The key under which it was.
    pub key: Key,
    /// What to ask with, and until when.
    pub credential: Credential,
}

impl Store {
    /// The replaced credentials of these keys that are still watched. Few keys have one, and an
    /// index over those alone finds them.
    pub async fn retiring(&self, keys: &[KeyId]) -> Result<Vec<Retiring>, StoreError> {
        let all = self.all_retiring().await?;
        Ok(all.into_iter().filter(|one| keys.contains(&one.key.id)).collect())
    }

    async fn all_retiring(&self) -> Result<Vec<Retiring>, StoreError> {
        let rows = query(concat!(
            "SELECT ",
            key_columns!(),
            ", ",
            credential_columns!(),
            " FROM credentials c JOIN keys k ON k.id = c.key_id WHERE c.state = 'retiring' ORDER BY c.id"
        ))
        .fetch_all(&self.reader)
        .await?;
        let mut retiring = Vec::with_capacity(rows.len());
        for row in &rows {
            if let Some(credential) = credential_of(row)? {
                retiring.push(Retiring { key: key_of(row)?, credential });
            }
        }
        Ok(retiring)
    }

    /// Wipes a replaced credential and says why in the audit: "refused", or "its time is over".
    /// `false` when that was done already.
    pub async fn end_retiring(
        &self,
        credential: &CredentialId,
        why: &str,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let done = tx.end_retiring(credential, why, at).await?;
        tx.commit().await?;
        Ok(done)
    }

    /// Wipes the replaced credentials whose time is over. Answers with their number.
    pub async fn end_overdue_retiring(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        let overdue = |one: &Retiring| one.credential.retire_at.is_none_or(|until| until <= now);
        let mut ended = 0;
        for one in self.all_retiring().await?.into_iter().filter(overdue) {
            ended +=
                usize::from(self.end_retiring(&one.credential.id, "its time is over", now).await?);
        }
        Ok(ended)
    }
}

impl Tx {
    /// The active credential is watched until `until` and asks for its key no more; one that was
    /// replaced before it is wiped.
    pub(super) async fn retire_credential(
        &mut self,
        key: &KeyId,
        until: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        query(
            "UPDATE credentials SET state = 'wiped', sealed_key = NULL, sealed_secret = NULL, sealed_passphrase = NULL, \
             retire_at = NULL WHERE key_id = $1 AND state = 'retiring'",
        )
        .bind(key.as_str())
        .execute(self.conn())
        .await?;
        query("UPDATE credentials SET state = 'retiring', retire_at = $2 WHERE key_id = $1 AND state = 'active'")
            .bind(key.as_str())
            .bind(ms(until))
            .execute(self.conn())
            .await?;
        query("UPDATE key_state SET caller_sealed = NULL, caller_at = NULL WHERE key_id = $1")
            .bind(key.as_str())
            .execute(self.conn())
            .await?;
        Ok(())
    }

    async fn end_retiring(
        &mut self,
        credential: &CredentialId,
        why: &str,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let wiped = query(
            "UPDATE credentials SET state = 'wiped', sealed_key = NULL, sealed_secret = NULL, sealed_passphrase = NULL, \
             retire_at = NULL WHERE id = $1 AND state = 'retiring' RETURNING key_id",
        )
        .bind(credential.as_str())
        .fetch_optional(self.conn())
        .await?;
        let Some(row) = wiped else { return Ok(false) };
        let id: KeyId = row.text("key_id")?.into();
        if let Some(key) = self.key(&id).await? {
            let entry = Entry::by_keylapse("credential.wiped", &key, why);
            self.record_audit(&key.workspace, &entry, at).await?;
        }
        Ok(true)
    }
}
