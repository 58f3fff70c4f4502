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
use crate::domain::receiver::Address;

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
    /// What the code says.
    pub promised: Role,
    /// What they are from now on: more where they were more before, less where the settings file
    /// says so.
    pub role: Role,
    /// Whether their place gets the warnings from now on, or got them before.
    pub is_told: bool,
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
    /// or nothing; in company a code below admin lets in only themselves. Unknown, wrong, used and late codes are all `None`.
    pub async fn arrive(
        &self,
        code: &str,
        arrival: &Arrival,
        now: DateTime<Utc>,
    ) -> Result<Option<Arrived>, StoreError> {
        let Some(code) = plain(code) else { return Ok(None) };
        let mut tx = self.write().await?;
        let Some((workspace, promised)) = tx.try_claim(&code, now).await? else {
            // A wrong try counts.
            tx.commit().await?;
            return Ok(None);
        };
        let id = workspace.id.clone();
        query("UPDATE claims SET used_at = $2, used_by = $3 WHERE code_id = $1")
            .bind(&code[..ID_LETTERS])
            .bind(ms(now))
            .bind(&arrival.by)
            .execute(tx.conn())
            .await?;
        // In company a lesser code speaks for one person, not for those who read along: it brings no
        // chat in and decides nothing about who is told there.
        let is_for_one = arrival.in_company && promised < Role::Admin;
        if is_for_one && tx.owner_of(&arrival.chat).await?.as_ref() != Some(&id) {
            tx.commit().await?;
            return Ok(Some(Arrived::NeedsAdmin));
        }
        if tx.put_chat(&id, &arrival.chat, "chat", now).await? == 0 {
            tx.commit().await?;
            return Ok(Some(Arrived::ElsewhereAlready));
        }
        let grantee = Grantee::Person(arrival.person.clone());
        let grant = Grant { platform: arrival.chat.platform, grantee, role: promised };
        let (role, is_raised) = tx.raise_grant(&id, &grant).await?;
        let mut is_told = tx.is_told(&id, &arrival.receiver.address).await?;
        let mut deeds = Vec::new();
        if !is_for_one {
            deeds.push(("chat.enrolled", arrival.chat.address.clone()));
        }
        if is_raised {
            deeds.push(("role.granted", format!("{} {}", arrival.by, role.name())));
        }
        // How loud a place that is told wants it was chosen there, and stays.
        if !is_for_one && !is_told {
            is_told = tx.put_receiver(&id, &arrival.receiver, now).await? > 0;
            deeds.push(("receiver.added", arrival.receiver.name.to_string()));
        }
        for (action, target) in deeds {
            let entry = Entry { action, target: Some(target), ..arrival.entry.clone() };
            tx.record_audit(&id, &entry, now).await?;
        }
        tx.commit().await?;
        Ok(Some(Arrived::In(Claimed { workspace, promised, role, is_told })))
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

    /// Gives a role; nobody loses a higher one by it, and what the settings file grants stays. What
    /// they have then, and whether that is new.
    async fn raise_grant(
        &mut self,
        id: &WorkspaceId,
        grant: &Grant,
    ) -> Result<(Role, bool), StoreError> {
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
        if let Some(has) = has.filter(|has| *has >= grant.role) {
            return Ok((has, false));
        }
        match self.put_grant(id, grant, "chat").await? {
            0 => Ok((has.unwrap_or(Role::Anyone), false)),
            _ => Ok((grant.role, true)),
        }
    }

    /// Whether a place gets the warnings of a workspace.
    async fn is_told(&mut self, id: &WorkspaceId, at: &Address) -> Result<bool, StoreError> {
        let row = query(
            "SELECT COUNT(*) AS n FROM receivers WHERE workspace_id = $1 AND platform = $2 AND address = $3 \
             AND topic = $4 AND state = 'active'",
        )
        .bind(id.as_str())
        .bind(at.platform.id())
        .bind(&at.chat)
        .bind(at.topic.clone().unwrap_or_default())
        .fetch_one(self.conn())
        .await?;
        Ok(row.int("n")? > 0)
    }

    /// What a code gives, if it is right. Every try counts first, right or wrong: two at once
    /// cannot both be the fifth.
    async fn try_claim(
        &mut self,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<(Workspace, Role)>, StoreError> {
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
        found.map(|row| Ok((workspace_of(&row)?, role))).transpose()
    }
}
