//! Test messages: sent through the courier like any other, told by no alert. Who pressed *Seen* is
//! kept with the message and shown in it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::query;

use super::StoreError;
use super::audit::Entry;
use super::desk::Desk;
use super::row::{Cells, json, ms};
use crate::domain::id::{MessageId, ReceiverId};
use crate::domain::text::Clean;

/// A test and who saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Test {
    /// Who asked for it.
    pub by: Clean,
    /// When.
    pub at: DateTime<Utc>,
    /// Who saw it, in order.
    pub seen: Vec<Witness>,
}

/// Somebody who saw a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    /// The platform's id, so that two presses count once.
    pub id: String,
    /// Their name.
    pub name: Clean,
    /// Whether they may take alerts.
    pub may_acknowledge: bool,
}

/// As many are named.
const MOST_WITNESSES: usize = 20;

impl Desk {
    /// Owes a test message to a receiver. `None` when the receiver is not told anything now.
    pub async fn test_receiver(
        &self,
        receiver: &ReceiverId,
        by: &Clean,
        entry: &Entry,
        now: DateTime<Utc>,
    ) -> Result<Option<MessageId>, StoreError> {
        let mut tx = self.write().await?;
        let id: MessageId = tx.ids.next(now);
        let test = Test { by: by.clone(), at: now, seen: Vec::new() };
        let done = query(
            "INSERT INTO messages (id, workspace_id, receiver_id, state, platform_id, quiet, want_rev, shown_rev, tries, bound_at, \
             attempt_at, sent_at, edited_at, fault, test_json) \
             SELECT $1, r.workspace_id, r.id, 'bound', NULL, 0, 1, 0, 0, $4, NULL, NULL, NULL, NULL, $5 FROM receivers r \
             WHERE r.workspace_id = $2 AND r.id = $3 AND r.state = 'active'",
        )
        .bind(id.as_str())
        .bind(self.workspace.id.as_str())
        .bind(receiver.as_str())
        .bind(ms(now))
        .bind(json(&test)?)
        .execute(tx.conn())
        .await?;
        if done.rows_affected() == 0 {
            return Ok(None);
        }
        tx.record_audit(&self.workspace.id, entry, now).await?;
        tx.commit().await?;
        Ok(Some(id))
    }

    /// The newest test of a receiver, and whether it got through.
    pub async fn last_test(
        &self,
        receiver: &ReceiverId,
    ) -> Result<Option<(Test, bool)>, StoreError> {
        let row = query(
            "SELECT test_json, state FROM messages WHERE workspace_id = $1 AND receiver_id = $2 AND test_json IS NOT NULL \
             ORDER BY bound_at DESC, id DESC LIMIT 1",
        )
        .bind(self.workspace.id.as_str())
        .bind(receiver.as_str())
        .fetch_optional(&self.store.reader)
        .await?;
        row.map(|row| Ok((row.value("test_json")?, row.text("state")? == "sent"))).transpose()
    }

    /// Somebody saw a test message. `None` for a message that is none of this workspace.
    pub async fn witness(
        &self,
        message: &MessageId,
        witness: Witness,
    ) -> Result<Option<Test>, StoreError> {
        let mut tx = self.write().await?;
        let row = query("SELECT test_json FROM messages WHERE workspace_id = $1 AND id = $2 AND test_json IS NOT NULL")
            .bind(self.workspace.id.as_str())
            .bind(message.as_str())
            .fetch_optional(tx.conn())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let mut test: Test = row.value("test_json")?;
        let is_known = test.seen.iter().any(|one| one.id == witness.id);
        if is_known || test.seen.len() >= MOST_WITNESSES {
            return Ok(Some(test));
        }
        test.seen.push(witness);
        query("UPDATE messages SET test_json = $3, want_rev = want_rev + 1 WHERE workspace_id = $1 AND id = $2")
            .bind(self.workspace.id.as_str())
            .bind(message.as_str())
            .bind(json(&test)?)
            .execute(tx.conn())
            .await?;
        tx.commit().await?;
        Ok(Some(test))
    }
}
