//! Credentials: one generation of sealed secrets under a key. What is sealed stays sealed here;
//! only the vault opens it, and only for a probe.

use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;
use sqlx::query;

use super::desk::Desk;
use super::duty::Claim;
use super::key::{key_columns, key_of};
use super::row::{Cells, ms};
use super::{Store, StoreError, Tx};
use crate::domain::id::{CredentialId, KeyId, WorkspaceId};
use crate::domain::key::Key;
use crate::domain::text::Label;
pub use crate::vault::Sealed;

/// A credential to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCredential {
    /// Its identity, made before sealing.
    pub id: CredentialId,
    /// Which generation under its key, from 1; part of what the seal binds.
    pub generation: i64,
    /// The keyed hash under which equal keys are found.
    pub key_hash: String,
    /// The first and last four characters, for people.
    pub hint: String,
    /// The sealed cells.
    pub sealed: Sealed,
}

/// A credential as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Its identity.
    pub id: CredentialId,
    /// Which generation under its key.
    pub generation: i64,
    /// The first and last four characters.
    pub hint: String,
    /// The sealed cells.
    pub sealed: Sealed,
    /// Until when a replaced one is still watched.
    pub retire_at: Option<DateTime<Utc>>,
}

/// A key to be probed for a claim; `credential` is `None` where there is nobody to ask with.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// The claim.
    pub claim: Claim,
    /// The key.
    pub key: Key,
    /// What to ask with.
    pub credential: Option<Credential>,
}

/// The columns that [`credential_of`] reads.
macro_rules! credential_columns {
    () => {
        "c.id AS credential_id, c.generation, c.hint, c.sealed_key, c.sealed_secret, c.sealed_passphrase, c.retire_at"
    };
}
pub(super) use credential_columns;

pub(super) fn credential_of(row: &AnyRow) -> Result<Option<Credential>, StoreError> {
    let (Some(key), Some(secret), Some(passphrase)) = (
        row.text_opt("sealed_key")?,
        row.text_opt("sealed_secret")?,
        row.text_opt("sealed_passphrase")?,
    ) else {
        return Ok(None);
    };
    Ok(Some(Credential {
        id: row.text("credential_id")?.into(),
        generation: row.int("generation")?,
        hint: row.text("hint")?,
        sealed: Sealed { key, secret, passphrase },
        retire_at: row.instant_opt("retire_at")?,
    }))
}

impl Store {
    /// The keys and credentials behind claims, in the order of the claims. A claim whose key is
    /// gone is left out.
    pub async fn assignments(&self, claims: &[Claim]) -> Result<Vec<Assignment>, StoreError> {
        let mut assignments = Vec::with_capacity(claims.len());
        for claim in claims {
            let row = query(concat!(
                "SELECT ",
                key_columns!(),
                ", ",
                credential_columns!(),
                " FROM keys k LEFT JOIN credentials c ON c.key_id = k.id AND c.state = 'active' WHERE k.id = $1"
            ))
            .bind(claim.key.as_str())
            .fetch_optional(&self.reader)
            .await?;
            if let Some(row) = row {
                let read = key_of(&row).and_then(|key| Ok((key, credential_of(&row)?)));
                match read {
                    Ok((key, credential)) => {
                        assignments.push(Assignment { claim: claim.clone(), key, credential });
                    }
                    // One damaged row must not keep the others from being asked.
                    Err(error) => {
                        tracing::error!(key = %claim.key, %error, "a key's row cannot be read");
                    }
                }
            }
        }
        Ok(assignments)
    }

    /// Some key with a sealed credential, to try a master key on.
    pub async fn any_sealed(&self) -> Result<Option<(Key, Credential)>, StoreError> {
        let row = query(concat!(
            "SELECT ",
            key_columns!(),
            ", ",
            credential_columns!(),
            " FROM credentials c JOIN keys k ON k.id = c.key_id WHERE c.sealed_key IS NOT NULL AND k.state <> 'staged' LIMIT 1"
        ))
        .fetch_optional(&self.reader)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let key = key_of(&row)?;
        Ok(credential_of(&row)?.map(|credential| (key, credential)))
    }

    /// Whether any cell is sealed: then a missing master key must not be replaced by a new one.
    pub async fn has_sealed_rows(&self) -> Result<bool, StoreError> {
        let row = query("SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM credentials WHERE sealed_key IS NOT NULL LIMIT 1) AS sealed")
            .fetch_one(&self.reader)
            .await?;
        Ok(row.int("n")? > 0)
    }
}

impl Desk {
    /// What a key is asked with now.
    pub async fn credential(&self, key: &KeyId) -> Result<Option<Credential>, StoreError> {
        let row = query(concat!(
            "SELECT ",
            credential_columns!(),
            " FROM credentials c WHERE c.workspace_id = $1 AND c.key_id = $2 AND c.state = 'active'"
        ))
        .bind(self.workspace.id.as_str())
        .bind(key.as_str())
        .fetch_optional(&self.store.reader)
        .await?;
        row.as_ref().map_or(Ok(None), credential_of)
    }

    /// The label under which a key with this keyed hash is watched in this workspace, in use or on
    /// its way out. Other workspaces are never looked at (S6).
    pub async fn watched_as(&self, key_hash: &str) -> Result<Option<Label>, StoreError> {
        let row = query(concat!(
            "SELECT ",
            key_columns!(),
            " FROM credentials c JOIN keys k ON k.id = c.key_id \
             WHERE c.workspace_id = $1 AND c.key_hash = $2 AND c.state <> 'wiped' AND k.state <> 'staged'"
        ))
        .bind(self.workspace.id.as_str())
        .bind(key_hash)
        .fetch_optional(&self.store.reader)
        .await?;
        row.map(|row| key_of(&row).map(|key| key.label)).transpose()
    }

    /// The generation that a key's next credential gets; sealing needs it. Of two at once the
    /// later fails with a conflict.
    pub async fn next_generation(&self, key: &KeyId) -> Result<i64, StoreError> {
        let row = query(
            "SELECT COALESCE(MAX(generation), 0) + 1 AS n FROM credentials WHERE workspace_id = $1 AND key_id = $2",
        )
        .bind(self.workspace.id.as_str())
        .bind(key.as_str())
        .fetch_one(&self.store.reader)
        .await?;
        row.int("n")
    }
}

impl Tx {
    /// Stores a new active credential.
    pub(super) async fn insert_credential(
        &mut self,
        workspace: &WorkspaceId,
        key: &KeyId,
        new: &NewCredential,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        query(
            "INSERT INTO credentials (id, workspace_id, key_id, generation, state, key_hash, hint, sealed_key, sealed_secret, \
             sealed_passphrase, added_at, retire_at) VALUES ($1, $2, $3, $4, 'active', $5, $6, $7, $8, $9, $10, NULL)",
        )
        .bind(new.id.as_str())
        .bind(workspace.as_str())
        .bind(key.as_str())
        .bind(new.generation)
        .bind(&new.key_hash)
        .bind(&new.hint)
        .bind(&new.sealed.key)
        .bind(&new.sealed.secret)
        .bind(&new.sealed.passphrase)
        .bind(ms(now))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The keyed hash of a key's newest credential, also where its secrets are wiped.
    pub(super) async fn newest_hash(&mut self, key: &KeyId) -> Result<Option<String>, StoreError> {
        let row = query(
            "SELECT key_hash FROM credentials WHERE key_id = $1 ORDER BY generation DESC LIMIT 1",
        )
        .bind(key.as_str())
        .fetch_optional(self.conn())
        .await?;
        row.map(|row| row.text("key_hash")).transpose()
    }

    /// Forgets every secret of a key. The rows stay, empty, for the history.
    pub(super) async fn wipe_credentials(&mut self, key: &KeyId) -> Result<(), StoreError> {
        query(
            "UPDATE credentials SET state = 'wiped', sealed_key = NULL, sealed_secret = NULL, sealed_passphrase = NULL, \
             retire_at = NULL WHERE key_id = $1",
        )
        .bind(key.as_str())
        .execute(self.conn())
        .await?;
        query("UPDATE key_state SET caller_sealed = NULL, caller_at = NULL WHERE key_id = $1")
            .bind(key.as_str())
            .execute(self.conn())
            .await?;
        Ok(())
    }
}
