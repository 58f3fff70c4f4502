//! Workspaces that people open in chat where the host lets them: they answer questions and watch
//! no keys.

use chrono::{DateTime, Utc};
use sqlx::query;

use super::audit::Entry;
use super::chat::Chat;
use super::row::Cells;
use super::{Store, StoreError};
use crate::domain::id::WorkspaceId;
use crate::domain::text::{Clean, fold};

/// More of them are not opened (S19).
const MOST: i64 = 1_000;

impl Store {
    /// Makes a workspace of its own for a chat that belongs to none. `false`, and nothing is
    /// changed, when the chat belongs to one already or too many were opened.
    pub async fn open_workspace(
        &self,
        chat: &Chat,
        entry: &Entry,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        tx.hold_all_workspaces().await?;
        let row = query("SELECT COUNT(*) AS n FROM workspaces WHERE managed_by = 'chat'")
            .fetch_one(tx.conn())
            .await?;
        if row.int("n")? >= MOST {
            return Ok(false);
        }
        // Chats are called alike; their numbers are not.
        let number = format!("{} {}", chat.platform.name(), chat.address);
        let title = Clean::new(chat.title.as_str(), 24);
        let name = if title.is_empty() { number } else { format!("{title} ({number})") };
        let name = Clean::new(&name, 64);
        let id: WorkspaceId = tx.ids.next(now);
        let made = query(
            "INSERT INTO workspaces (id, name, name_key, zone, managed_by, state, next_alert_no, rev, faq_only) \
             VALUES ($1, $2, $3, 'UTC', 'chat', 'active', 1, 0, 1) ON CONFLICT (name_key) DO NOTHING",
        )
        .bind(id.as_str())
        .bind(name.as_str())
        .bind(fold(name.as_str()))
        .execute(tx.conn())
        .await?;
        if made.rows_affected() == 0 || tx.put_chat(&id, chat, "chat", now).await? == 0 {
            return Ok(false);
        }
        tx.record_audit(&id, entry, now).await?;
        tx.commit().await?;
        Ok(true)
    }
}
