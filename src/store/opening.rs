//! Workspaces that people open in chat where the host lets them: they answer questions and watch
//! no keys. Where the bot is removed again nothing of them stays.

use chrono::{DateTime, Utc};
use sqlx::query;

use super::audit::Entry;
use super::chat::Chat;
use super::row::Cells;
use super::{Store, StoreError};
use crate::domain::id::WorkspaceId;
use crate::domain::receiver::Platform;
use crate::domain::text::{Clean, fold};

/// More of them are not opened (S19).
const MOST: i64 = 1_000;
/// Nor more by one person.
const MOST_EACH: i64 = 20;

/// What became of a wish to open a workspace; only the first changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// It is there.
    In,
    /// The chat belongs to a workspace already.
    Taken,
    /// This person opened as many as one may.
    TooMany,
    /// As many are open as there may be.
    Full,
}

impl Store {
    /// Makes a workspace of its own for a chat that belongs to none.
    pub async fn open_workspace(
        &self,
        chat: &Chat,
        by: &str,
        entry: &Entry,
        now: DateTime<Utc>,
    ) -> Result<Opened, StoreError> {
        let mut tx = self.write().await?;
        tx.hold_all_workspaces().await?;
        let row = query(
            "SELECT COUNT(*) AS n, COUNT(CASE WHEN opened_by = $1 THEN 1 END) AS own \
             FROM workspaces WHERE managed_by = 'chat'",
        )
        .bind(by)
        .fetch_one(tx.conn())
        .await?;
        if row.int("own")? >= MOST_EACH {
            return Ok(Opened::TooMany);
        }
        if row.int("n")? >= MOST {
            return Ok(Opened::Full);
        }
        // Chats are called alike; their numbers are not.
        let number = format!("{} {}", chat.platform.name(), chat.address);
        let title = Clean::new(chat.title.as_str(), 24);
        let name = if title.is_empty() { number } else { format!("{title} ({number})") };
        let name = Clean::new(&name, 64);
        let id: WorkspaceId = tx.ids.next(now);
        let made = query(
            "INSERT INTO workspaces (id, name, name_key, zone, managed_by, state, next_alert_no, rev, faq_only, opened_by) \
             VALUES ($1, $2, $3, 'UTC', 'chat', 'active', 1, 0, 1, $4) ON CONFLICT (name_key) DO NOTHING",
        )
        .bind(id.as_str())
        .bind(name.as_str())
        .bind(fold(name.as_str()))
        .bind(by)
        .execute(tx.conn())
        .await?;
        if made.rows_affected() == 0 || tx.put_chat(&id, chat, "chat", now).await? == 0 {
            return Ok(Opened::Taken);
        }
        tx.record_audit(&id, entry, now).await?;
        tx.commit().await?;
        Ok(Opened::In)
    }

    /// The bot was put out of a chat: the workspace that was opened there, and only there, goes
    /// with all that it holds. One that watches keys or tells somebody stays. Whether one went.
    pub async fn close_opening(
        &self,
        platform: Platform,
        address: &str,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let row = query(
            "SELECT w.id FROM workspaces w JOIN chats c ON c.workspace_id = w.id \
             WHERE c.platform = $1 AND c.address = $2 AND w.managed_by = 'chat' \
             AND NOT EXISTS (SELECT 1 FROM chats o WHERE o.workspace_id = w.id AND NOT (o.platform = $1 AND o.address = $2)) \
             AND NOT EXISTS (SELECT 1 FROM keys k WHERE k.workspace_id = w.id) \
             AND NOT EXISTS (SELECT 1 FROM receivers r WHERE r.workspace_id = w.id) \
             AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.workspace_id = w.id)",
        )
        .bind(platform.id())
        .bind(address)
        .fetch_optional(tx.conn())
        .await?;
        let Some(row) = row else { return Ok(false) };
        let id = row.text("id")?;
        for text in [
            "DELETE FROM talks WHERE workspace_id = $1",
            "DELETE FROM buttons WHERE workspace_id = $1",
            "DELETE FROM claims WHERE workspace_id = $1",
            "DELETE FROM gaps WHERE workspace_id = $1",
            "DELETE FROM grants WHERE workspace_id = $1",
            "DELETE FROM people WHERE current_workspace = $1",
            "DELETE FROM settings WHERE scope = 'workspace' AND scope_id = $1",
            "DELETE FROM audit WHERE workspace_id = $1",
            "DELETE FROM chats WHERE workspace_id = $1",
            "DELETE FROM workspaces WHERE id = $1",
        ] {
            query(text).bind(&id).execute(tx.conn()).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}
