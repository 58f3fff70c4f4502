//! How a chat goes out of a workspace again: an admin takes it out, or a person's own chat goes
//! with the last that was granted them. What the settings file names stays; history stays too.

use chrono::{DateTime, Utc};
use sqlx::query;

use super::audit::Entry;
use super::chat::Chat;
use super::desk::Desk;
use super::{StoreError, Tx};
use crate::domain::access::Grantee;
use crate::domain::id::WorkspaceId;
use crate::domain::receiver::Platform;

/// What became of taking something away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// It is gone; for a person, whether their own chat went with it.
    Gone {
        /// Whether a chat of the workspace went.
        chat: bool,
    },
    /// The settings file says otherwise, and nothing was changed.
    Configured,
    /// There was nothing.
    NotHere,
}

impl Desk {
    /// The chats of this workspace, on all platforms.
    pub async fn chats(&self) -> Result<Vec<Chat>, StoreError> {
        self.store.chats(&self.workspace.id).await
    }

    /// Takes a chat out of this workspace: nobody is served or told there any more.
    pub async fn take_out(
        &self,
        platform: Platform,
        address: &str,
        entry: &Entry,
        now: DateTime<Utc>,
    ) -> Result<Left, StoreError> {
        let chats = self.chats().await?;
        let found = chats.iter().find(|one| one.platform == platform && one.address == address);
        match found {
            None => return Ok(Left::NotHere),
            Some(chat) if chat.is_configured => return Ok(Left::Configured),
            Some(_) => {}
        }
        let mut tx = self.write().await?;
        if !tx.take_out(&self.workspace.id, platform, address).await? {
            return Ok(Left::NotHere);
        }
        tx.record_audit(&self.workspace.id, entry, now).await?;
        tx.commit().await?;
        Ok(Left::Gone { chat: true })
    }

    /// Takes back what was granted. A person's own chat on Telegram, which has their number, goes
    /// too: it was let in with them.
    pub async fn revoke(
        &self,
        platform: Platform,
        grantee: &Grantee,
        entry: &Entry,
        now: DateTime<Utc>,
    ) -> Result<Left, StoreError> {
        let (kind, subject) = grantee.parts();
        let mut tx = self.write().await?;
        let gone = query(
            "DELETE FROM grants WHERE workspace_id = $1 AND platform = $2 AND subject_kind = $3 AND subject_id = $4 \
             AND managed_by <> 'config'",
        )
        .bind(self.workspace.id.as_str())
        .bind(platform.id())
        .bind(kind)
        .bind(subject)
        .execute(tx.conn())
        .await?
        .rows_affected();
        let is_configured =
            gone == 0 && tx.is_granted(&self.workspace.id, platform, grantee).await?;
        if is_configured {
            return Ok(Left::Configured);
        }
        let chat = match grantee {
            Grantee::Person(id) => tx.take_out(&self.workspace.id, platform, id).await?,
            Grantee::ServerRole(_) | Grantee::Members => false,
        };
        if gone == 0 && !chat {
            return Ok(Left::NotHere);
        }
        tx.record_audit(&self.workspace.id, entry, now).await?;
        tx.commit().await?;
        Ok(Left::Gone { chat })
    }
}

impl Tx {
    async fn is_granted(
        &mut self,
        workspace: &WorkspaceId,
        platform: Platform,
        grantee: &Grantee,
    ) -> Result<bool, StoreError> {
        let (kind, subject) = grantee.parts();
        let found = query(
            "SELECT 1 FROM grants WHERE workspace_id = $1 AND platform = $2 AND subject_kind = $3 AND subject_id = $4",
        )
        .bind(workspace.as_str())
        .bind(platform.id())
        .bind(kind)
        .bind(subject)
        .fetch_optional(self.conn())
        .await?;
        Ok(found.is_some())
    }

    /// The chat's row, and who was told there, but for what the settings file names.
    async fn take_out(
        &mut self,
        workspace: &WorkspaceId,
        platform: Platform,
        address: &str,
    ) -> Result<bool, StoreError> {
        let mut gone = 0;
        for text in [
            "DELETE FROM chats WHERE workspace_id = $1 AND platform = $2 AND address = $3 AND managed_by <> 'config'",
            "UPDATE receivers SET state = 'removed', reason = 'removed in chat' WHERE workspace_id = $1 \
             AND platform = $2 AND address = $3 AND managed_by <> 'config' AND state <> 'removed'",
        ] {
            let done = query(text)
                .bind(workspace.as_str())
                .bind(platform.id())
                .bind(address)
                .execute(self.conn())
                .await?;
            gone += done.rows_affected();
        }
        Ok(gone > 0)
    }
}
