//! Chats, and who may do what in their workspaces. A chat belongs to one workspace: on Discord it
//! is the server, on Telegram a group or a person's own chat. What an adapter reads here is the
//! only way from a place to a desk.

use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;
use sqlx::query;

use super::audit::Entry;
use super::desk::Desk;
use super::row::{Cells, ms};
use super::workspace::{Workspace, workspace_columns, workspace_of};
use super::{Store, StoreError, Tx};
use crate::domain::access::{Grant, Grantee, Role};
use crate::domain::id::WorkspaceId;
use crate::domain::receiver::Platform;
use crate::domain::text::Clean;

/// A chat of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chat {
    /// The platform.
    pub platform: Platform,
    /// The server (Discord) or chat (Telegram), as the platform names it.
    pub address: String,
    /// Its name, as the platform gave it last.
    pub title: Clean,
    /// Whether the settings file names it; then chat cannot change it.
    pub is_configured: bool,
}

/// A workspace that a person may belong to, with what decides whether and as what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// The workspace.
    pub workspace: Workspace,
    /// Its chats on the platform, whose membership an adapter must confirm afresh.
    pub chats: Vec<String>,
    /// Those of them that the settings file names; empty from [`Store::home_of`].
    pub configured: Vec<String>,
    /// Its grants on the platform.
    pub grants: Vec<Grant>,
}

fn grant_of(row: &AnyRow) -> Result<Grant, StoreError> {
    let (kind, id) = (row.text("subject_kind")?, row.text("subject_id")?);
    Ok(Grant {
        platform: row.word("platform", Platform::parse)?,
        grantee: row.word("subject_kind", |_| Grantee::from_parts(&kind, id))?,
        role: row.word("role", Role::parse)?,
    })
}

impl Store {
    /// The workspace of a chat with its grants; `None` for a stranger's.
    pub async fn home_of(
        &self,
        platform: Platform,
        address: &str,
    ) -> Result<Option<Home>, StoreError> {
        let row = query(concat!(
            "SELECT ",
            workspace_columns!("w"),
            " FROM chats c JOIN workspaces w ON w.id = c.workspace_id \
             WHERE c.platform = $1 AND c.address = $2 AND c.state = 'active' AND w.state = 'active'"
        ))
        .bind(platform.id())
        .bind(address)
        .fetch_optional(&self.reader)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let workspace = workspace_of(&row)?;
        let grants = self.grants(&workspace.id, platform).await?;
        let (chats, configured) = (vec![address.to_owned()], Vec::new());
        Ok(Some(Home { workspace, chats, configured, grants }))
    }

    /// The workspaces that a person may belong to, by name: where they were granted something by
    /// name, and where the platform has a chat in which they may be.
    pub async fn homes(&self, platform: Platform, person: &str) -> Result<Vec<Home>, StoreError> {
        let rows = query(concat!(
            "SELECT ",
            workspace_columns!("w"),
            " FROM workspaces w WHERE w.state = 'active' AND (EXISTS (SELECT 1 FROM chats c \
             WHERE c.workspace_id = w.id AND c.platform = $1 AND c.state = 'active') \
             OR EXISTS (SELECT 1 FROM grants g WHERE g.workspace_id = w.id AND g.platform = $1 \
             AND g.subject_kind = 'person' AND g.subject_id = $2)) ORDER BY w.faq_only, w.name_key, w.id"
        ))
        .bind(platform.id())
        .bind(person)
        .fetch_all(&self.reader)
        .await?;
        let mut homes = Vec::with_capacity(rows.len());
        for row in &rows {
            let workspace = workspace_of(row)?;
            let chats = self.chats(&workspace.id).await?;
            let here: Vec<_> = chats.into_iter().filter(|chat| chat.platform == platform).collect();
            let named = here.iter().filter(|chat| chat.is_configured);
            let configured = named.map(|chat| chat.address.clone()).collect();
            let chats = here.into_iter().map(|chat| chat.address).collect();
            let grants = self.grants(&workspace.id, platform).await?;
            homes.push(Home { workspace, chats, configured, grants });
        }
        Ok(homes)
    }

    async fn grants(&self, id: &WorkspaceId, platform: Platform) -> Result<Vec<Grant>, StoreError> {
        let rows = query(
            "SELECT platform, subject_kind, subject_id, role FROM grants WHERE workspace_id = $1 AND platform = $2 \
             ORDER BY subject_kind, subject_id",
        )
        .bind(id.as_str())
        .bind(platform.id())
        .fetch_all(&self.reader)
        .await?;
        rows.iter().map(grant_of).collect()
    }

    pub(super) async fn chats(&self, id: &WorkspaceId) -> Result<Vec<Chat>, StoreError> {
        let rows = query(
            "SELECT platform, address, title, managed_by FROM chats WHERE workspace_id = $1 AND state = 'active' \
             ORDER BY platform, address",
        )
        .bind(id.as_str())
        .fetch_all(&self.reader)
        .await?;
        let chat = |row: &AnyRow| {
            Ok(Chat {
                platform: row.word("platform", Platform::parse)?,
                address: row.text("address")?,
                title: Clean::new(&row.text("title")?, 64),
                is_configured: row.text("managed_by")? == "config",
            })
        };
        rows.iter().map(chat).collect()
    }

    /// The workspace that a person chose last in their private chat.
    pub async fn current_workspace(
        &self,
        platform: Platform,
        person: &str,
    ) -> Result<Option<WorkspaceId>, StoreError> {
        let row =
            query("SELECT current_workspace FROM people WHERE platform = $1 AND person_id = $2")
                .bind(platform.id())
                .bind(person)
                .fetch_optional(&self.reader)
                .await?;
        row.map(|row| row.text("current_workspace").map(WorkspaceId::from)).transpose()
    }

    /// Remembers the choice of [`Self::current_workspace`].
    pub async fn choose_workspace(
        &self,
        platform: Platform,
        person: &str,
        workspace: &WorkspaceId,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        query(
            "INSERT INTO people (platform, person_id, current_workspace) VALUES ($1, $2, $3) \
             ON CONFLICT (platform, person_id) DO UPDATE SET current_workspace = excluded.current_workspace",
        )
        .bind(platform.id())
        .bind(person)
        .bind(workspace.as_str())
        .execute(tx.conn())
        .await?;
        tx.commit().await
    }

    /// The bot was put out of a chat: its receivers there are lost, with the step that mends it.
    /// `false` when nothing was there.
    pub async fn lose_chat(
        &self,
        platform: Platform,
        address: &str,
        why: &str,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let done = query(
            "UPDATE receivers SET state = 'lost', reason = $3 WHERE platform = $1 AND address = $2 AND state = 'active'",
        )
        .bind(platform.id())
        .bind(address)
        .bind(why)
        .execute(tx.conn())
        .await?;
        tx.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// The bot is in a chat again: what was lost there is told again. `false` when nothing was.
    pub async fn find_chat(&self, platform: Platform, address: &str) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let done = query(
            "UPDATE receivers SET state = 'active', reason = NULL, not_before = 0, failures = 0 \
             WHERE platform = $1 AND address = $2 AND state = 'lost'",
        )
        .bind(platform.id())
        .bind(address)
        .execute(tx.conn())
        .await?;
        tx.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// A chat has another address from now on (a Telegram group that became a supergroup): its
    /// row, its receivers and its buttons follow. `false` when nothing was there.
    pub async fn move_chat(
        &self,
        platform: Platform,
        from: &str,
        to: &str,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let mut moved = 0;
        for (free, table) in [
            // Where the new address is known already, the old row is only history.
            (
                "UPDATE chats SET state = 'moved' WHERE platform = $1 AND address = $2 \
                 AND EXISTS (SELECT 1 FROM chats n WHERE n.platform = $1 AND n.address = $3)",
                "UPDATE chats SET address = $3 WHERE platform = $1 AND address = $2 AND state = 'active'",
            ),
            (
                "UPDATE receivers SET state = 'disabled', reason = 'moved' WHERE platform = $1 AND address = $2 \
                 AND EXISTS (SELECT 1 FROM receivers n WHERE n.workspace_id = receivers.workspace_id \
                 AND n.platform = $1 AND n.address = $3 AND n.topic = receivers.topic)",
                "UPDATE receivers SET address = $3 WHERE platform = $1 AND address = $2 AND state = 'active'",
            ),
        ] {
            for text in [free, table] {
                let done =
                    query(text).bind(platform.id()).bind(from).bind(to).execute(tx.conn()).await?;
                moved += done.rows_affected();
            }
        }
        query("UPDATE buttons SET chat = $3 WHERE platform = $1 AND chat = $2")
            .bind(platform.id())
            .bind(from)
            .bind(to)
            .execute(tx.conn())
            .await?;
        tx.commit().await?;
        Ok(moved > 0)
    }
}

impl Desk {
    /// Who may what here, on one platform.
    pub async fn grants(&self, platform: Platform) -> Result<Vec<Grant>, StoreError> {
        self.store.grants(&self.workspace.id, platform).await
    }

    /// Gives a role. `false` when the settings file says otherwise and nothing was changed.
    pub async fn grant(
        &self,
        platform: Platform,
        grantee: &Grantee,
        role: Role,
        entry: &Entry,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let grant = Grant { platform, grantee: grantee.clone(), role };
        if tx.put_grant(&self.workspace.id, &grant, "chat").await? == 0 {
            return Ok(false);
        }
        tx.record_audit(&self.workspace.id, entry, now).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Makes a chat one of this workspace. `false` when it belongs to another.
    pub async fn enrol(
        &self,
        chat: &Chat,
        entry: &Entry,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let done = tx.put_chat(&self.workspace.id, chat, "chat", now).await?;
        if done == 0 {
            return Ok(false);
        }
        tx.record_audit(&self.workspace.id, entry, now).await?;
        tx.commit().await?;
        Ok(true)
    }
}

impl Tx {
    /// Makes the chats and grants that the configuration names; what it no longer names goes, what
    /// was made in chat stays.
    pub(super) async fn sync_access(
        &mut self,
        workspace: &WorkspaceId,
        chats: &[(Platform, String)],
        grants: &[Grant],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        for text in [
            "DELETE FROM chats WHERE workspace_id = $1 AND managed_by = 'config'",
            "DELETE FROM grants WHERE workspace_id = $1 AND managed_by = 'config'",
        ] {
            query(text).bind(workspace.as_str()).execute(self.conn()).await?;
        }
        for (platform, address) in chats {
            let chat = Chat {
                platform: *platform,
                address: address.clone(),
                title: Clean::default(),
                is_configured: true,
            };
            // The file wins over what was enrolled in chat.
            query("DELETE FROM chats WHERE platform = $1 AND address = $2")
                .bind(platform.id())
                .bind(address)
                .execute(self.conn())
                .await?;
            self.put_chat(workspace, &chat, "config", now).await?;
        }
        for grant in grants {
            self.put_grant(workspace, grant, "config").await?;
        }
        Ok(())
    }

    pub(super) async fn put_chat(
        &mut self,
        workspace: &WorkspaceId,
        chat: &Chat,
        managed_by: &str,
        now: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let done = query(
            "INSERT INTO chats (platform, address, workspace_id, title, managed_by, state, added_at) \
             VALUES ($1, $2, $3, $4, $5, 'active', $6) ON CONFLICT (platform, address) DO UPDATE \
             SET title = excluded.title, state = 'active', workspace_id = excluded.workspace_id \
             WHERE chats.workspace_id = excluded.workspace_id OR chats.state <> 'active'",
        )
        .bind(chat.platform.id())
        .bind(&chat.address)
        .bind(workspace.as_str())
        .bind(chat.title.as_str())
        .bind(managed_by)
        .bind(ms(now))
        .execute(self.conn())
        .await?;
        Ok(done.rows_affected())
    }

    /// What the file grants is not changed by anybody else.
    pub(super) async fn put_grant(
        &mut self,
        workspace: &WorkspaceId,
        grant: &Grant,
        managed_by: &str,
    ) -> Result<u64, StoreError> {
        let (kind, subject) = grant.grantee.parts();
        let done = query(
            "INSERT INTO grants (workspace_id, platform, subject_kind, subject_id, role, managed_by) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (workspace_id, platform, subject_kind, subject_id) DO UPDATE \
             SET role = excluded.role, managed_by = excluded.managed_by \
             WHERE grants.managed_by <> 'config' OR excluded.managed_by = 'config'",
        )
        .bind(workspace.as_str())
        .bind(grant.platform.id())
        .bind(kind)
        .bind(subject)
        .bind(grant.role.name())
        .bind(managed_by)
        .execute(self.conn())
        .await?;
        Ok(done.rows_affected())
    }
}
