//! Claim codes: how a chat and its first admin come in. A code is shown once and kept as a hash;
//! it is found by its first letters, so that wrong tries on one count and end it.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use sqlx::query;

use super::audit::Entry;
use super::chat::Chat;
use super::receiver::NewReceiver;
use super::row::{Cells, ms};
use super::workspace::{Workspace, workspace_columns, workspace_of};
use super::{Store, StoreError, Tx};
use crate::domain::access::{Grant, Grantee, Role};
use crate::domain::id::WorkspaceId;

/// Wrong tries that end a code.
const MOST_TRIES: i64 = 5;
/// The letters by which a code is found; the rest is compared.
const ID_LETTERS: usize = 4;
/// A code's letters: 13 of 32 kinds are 65 bits.
pub const CODE_LETTERS: usize = 13;

/// What a code gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The workspace that is joined.
    pub workspace: Workspace,
    /// As what.
    pub role: Role,
}

/// Who comes with a code, and from where.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The chat that becomes one of the workspace.
    pub chat: Chat,
    /// The platform's own id of the person.
    pub person: String,
    /// Whether others read along where the code was brought: a group or a server.
    pub in_company: bool,
    /// Who they are in the claim's own row.
    pub by: String,
    /// The receiver that their place becomes.
    pub receiver: NewReceiver,
    /// Who and where, for the audit; action and target are put in.
    pub entry: Entry,
}

/// What became of a right code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrived {
    /// They are in.
    In(Claimed),
    /// The chat belongs to another workspace. The code was seen there, so it is spent.
    ElsewhereAlready,
    /// Who manages a chat of a workspace is its admin, so only an admin's code brings one in. This
    /// one was seen there, and is spent.
    NeedsAdmin,
}

/// The code without the strokes and small letters that people type; `None` = no code of ours.
fn plain(code: &str) -> Option<String> {
    let plain: String = code
        .chars()
        .take(64)
        .filter(|c| !matches!(c, '-' | ' '))
        .map(|c| c.to_ascii_uppercase())
        .collect();
    let fits = plain.len() == CODE_LETTERS && plain.bytes().all(|b| b.is_ascii_alphanumeric());
    fits.then_some(plain)
}

fn hash(code: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(code).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Store {
    /// Keeps a new code for `workspace` until `until`. The same first letters as another live
    /// code: a conflict, make another one.
    pub async fn keep_claim(
        &self,
        workspace: &WorkspaceId,
        role: Role,
        code: &str,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let Some(code) = plain(code) else { return Err(StoreError::Garbled("code".to_owned())) };
        let mut tx = self.write().await?;
        query("DELETE FROM claims WHERE until_at <= $1 AND used_at IS NULL")
            .bind(ms(now))
            .execute(tx.conn())
            .await?;
        let done = query(
            "INSERT INTO claims (code_id, code_hash, workspace_id, role, until_at, tries, used_at, used_by) \
             VALUES ($1, $2, $3, $4, $5, 0, NULL, NULL) ON CONFLICT (code_id) DO NOTHING",
        )
        .bind(&code[..ID_LETTERS])
        .bind(hash(&code))
        .bind(workspace.as_str())
        .bind(role.name())
        .bind(ms(until))
        .execute(tx.conn())
        .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::Conflict);
        }
        tx.commit().await
    }

    /// Spends a code, once, and lets in who brought it: their chat, themselves and a receiver, all
    /// or nothing. Unknown, wrong, used and late codes are all `None`.
    pub async fn arrive(
        &self,
        code: &str,
        arrival: &Arrival,
        now: DateTime<Utc>,
    ) -> Result<Option<Arrived>, StoreError> {
        let Some(code) = plain(code) else { return Ok(None) };
        let mut tx = self.write().await?;
        let Some(claimed) = tx.try_claim(&code, now).await? else {
            // A wrong try counts.
            tx.commit().await?;
            return Ok(None);
        };
        let (id, role) = (claimed.workspace.id.clone(), claimed.role);
        query("UPDATE claims SET used_at = $2, used_by = $3 WHERE code_id = $1")
            .bind(&code[..ID_LETTERS])
            .bind(ms(now))
            .bind(&arrival.by)
            .execute(tx.conn())
            .await?;
        let owner = tx.owner_of(&arrival.chat).await?;
        let is_ours = owner.as_ref() == Some(&id);
        if arrival.in_company && role < Role::Admin && !is_ours {
            tx.commit().await?;
            return Ok(Some(Arrived::NeedsAdmin));
        }
        if tx.put_chat(&id, &arrival.chat, "chat", now).await? == 0 {
            tx.commit().await?;
            return Ok(Some(Arrived::ElsewhereAlready));
        }
        let grantee = Grantee::Person(arrival.person.clone());
        let grant = Grant { platform: arrival.chat.platform, grantee, role };
        tx.raise_grant(&id, &grant).await?;
        tx.put_receiver(&id, &arrival.receiver, now).await?;
        let deeds = [
            ("chat.enrolled", arrival.chat.address.clone()),
            ("role.granted", format!("{} {}", arrival.by, role.name())),
            ("receiver.added", arrival.receiver.name.to_string()),
        ];
        for (action, target) in deeds {
            let entry = Entry { action, target: Some(target), ..arrival.entry.clone() };
            tx.record_audit(&id, &entry, now).await?;
        }
        tx.commit().await?;
        Ok(Some(Arrived::In(claimed)))
    }

    /// Whether a code was used, for those who wait for it.
    pub async fn is_claim_used(&self, code: &str) -> Result<bool, StoreError> {
        let Some(code) = plain(code) else { return Ok(false) };
        let row = query("SELECT COUNT(*) AS n FROM claims WHERE code_id = $1 AND code_hash = $2 AND used_at IS NOT NULL")
            .bind(&code[..ID_LETTERS])
            .bind(hash(&code))
            .fetch_one(&self.reader)
            .await?;
        Ok(row.int("n")? == 1)
    }
}

impl Tx {
    /// The workspace that a chat belongs to now.
    async fn owner_of(&mut self, chat: &Chat) -> Result<Option<WorkspaceId>, StoreError> {
        let row = query(
            "SELECT workspace_id FROM chats WHERE platform = $1 AND address = $2 AND state = 'active'",
        )
        .bind(chat.platform.id())
        .bind(&chat.address)
        .fetch_optional(self.conn())
        .await?;
        row.map(|row| Ok(row.text("workspace_id")?.into())).transpose()
    }

    /// Gives a role; nobody loses a higher one by it.
    async fn raise_grant(&mut self, id: &WorkspaceId, grant: &Grant) -> Result<(), StoreError> {
        let (kind, subject) = grant.grantee.parts();
        let row = query(
            "SELECT role FROM grants WHERE workspace_id = $1 AND platform = $2 AND subject_kind = $3 AND subject_id = $4",
        )
        .bind(id.as_str())
        .bind(grant.platform.id())
        .bind(kind)
        .bind(subject)
        .fetch_optional(self.conn())
        .await?;
        let has = row.map(|row| row.word("role", Role::parse)).transpose()?;
        if has.is_none_or(|has| has < grant.role) {
            self.put_grant(id, grant, "chat").await?;
        }
        Ok(())
    }

    /// What a code gives, if it is right. Every try counts first, right or wrong: two at once
    /// cannot both be the fifth.
    async fn try_claim(
        &mut self,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Claimed>, StoreError> {
        let row = query(
            "UPDATE claims SET tries = tries + 1 WHERE code_id = $1 AND used_at IS NULL AND until_at > $2 \
             AND tries < $3 RETURNING code_hash, workspace_id, role",
        )
        .bind(&code[..ID_LETTERS])
        .bind(ms(now))
        .bind(MOST_TRIES)
        .fetch_optional(self.conn())
        .await?;
        let Some(row) = row else { return Ok(None) };
        if row.text("code_hash")? != hash(code) {
            return Ok(None);
        }
        let role = row.word("role", Role::parse)?;
        let found = query(concat!(
            "SELECT ",
            workspace_columns!("w"),
            " FROM workspaces w WHERE w.id = $1 AND w.state = 'active'"
        ))
        .bind(row.text("workspace_id")?)
        .fetch_optional(self.conn())
        .await?;
        found.map(|row| Ok(Claimed { workspace: workspace_of(&row)?, role })).transpose()
    }
}
