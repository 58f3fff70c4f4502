//! Buttons: what a press means is a row of ours, bound to where and for whom it was made. What
//! comes back from a chat is attacker-chosen text until its row is found.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::query;

use super::row::{Cells, json, ms};
use super::{Store, StoreError};
use crate::domain::card::Action;
use crate::domain::id::{AlertId, ButtonId, MessageId, WorkspaceId};
use crate::domain::receiver::Platform;

/// How long a replaced button is remembered.
const LATE: TimeDelta = TimeDelta::days(2);

/// Where and for whom buttons are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The workspace whose things they touch.
    pub workspace: WorkspaceId,
    /// The platform.
    pub platform: Platform,
    /// The chat.
    pub chat: String,
    /// The message they stand under, for those of an alert.
    pub message: Option<MessageId>,
    /// The only person who may press them; `None` = whoever has the role.
    pub person: Option<String>,
    /// The alert and the revision that was shown, for those of one alert.
    pub alert: Option<(AlertId, i64)>,
    /// When they stop to mean anything.
    pub until: DateTime<Utc>,
}

/// A button that was found again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pressed {
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// What it means.
    pub action: Action,
    /// The alert's revision that its message showed.
    pub rev: Option<i64>,
    /// Whether its message shows other buttons by now.
    pub replaced: bool,
    /// When it was made: what happened later its message did not show.
    pub made_at: DateTime<Utc>,
}

impl Store {
    /// Makes buttons and returns their ids in order. Those that stood under the same message
    /// before are replaced once it has its receipt: for two days a late press can still be told what
    /// has happened since.
    pub async fn offer(
        &self,
        offer: &Offer,
        actions: &[Action],
        now: DateTime<Utc>,
    ) -> Result<Vec<ButtonId>, StoreError> {
        let mut tx = self.write().await?;
        if let Some(message) = &offer.message {
            // A message without a receipt may stand in the chat all the same, with these.
            query(
                "UPDATE buttons SET replaced = 1, until_at = CASE WHEN until_at < $2 THEN until_at ELSE $2 END \
                 WHERE message_id = $1 AND replaced = 0 \
                 AND EXISTS (SELECT 1 FROM messages m WHERE m.id = $1 AND m.sent_at IS NOT NULL)",
            )
            .bind(message.as_str())
            .bind(ms(now + LATE))
            .execute(tx.conn())
                .await?;
        }
        let mut ids = Vec::with_capacity(actions.len());
        for action in actions {
            let id: ButtonId = tx.ids.next(now);
            query(
                "INSERT INTO buttons (id, workspace_id, platform, chat, message_id, person, action_json, alert_id, rev, made_at, until_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            )
            .bind(id.as_str())
            .bind(offer.workspace.as_str())
            .bind(offer.platform.id())
            .bind(&offer.chat)
            .bind(offer.message.as_ref().map(|m| m.0.clone()))
            .bind(offer.person.as_deref())
            .bind(json(action)?)
            .bind(offer.alert.as_ref().map(|(alert, _)| alert.0.clone()))
            .bind(offer.alert.as_ref().map(|(_, rev)| *rev))
            .bind(ms(now))
            .bind(ms(offer.until))
            .execute(tx.conn())
            .await?;
            ids.push(id);
        }
        tx.commit().await?;
        Ok(ids)
    }

    /// Finds a pressed button. A made-up id, a foreign chat or person and a button whose time is
    /// over are all the same: `None`.
    pub async fn press(
        &self,
        id: &ButtonId,
        (platform, chat): (Platform, &str),
        person: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Pressed>, StoreError> {
        // PostgreSQL refuses some texts outright, and an error would tell them from an unknown id.
        if !id.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Ok(None);
        }
        let row = query(
            "SELECT workspace_id, action_json, rev, made_at, replaced FROM buttons WHERE id = $1 AND platform = $2 AND chat = $3 \
             AND (person IS NULL OR person = $4) AND until_at > $5",
        )
        .bind(id.as_str())
        .bind(platform.id())
        .bind(chat)
        .bind(person)
        .bind(ms(now))
        .fetch_optional(&self.reader)
        .await?;
        let pressed = row.map(|row| {
            Ok(Pressed {
                workspace: row.text("workspace_id")?.into(),
                action: row.value("action_json")?,
                rev: row.int_opt("rev")?,
                replaced: row.is("replaced")?,
                made_at: row.instant("made_at")?,
            })
        });
        pressed.transpose()
    }
}
