//! Talks: where a person is in what asks step by step. One row a person and kind in a workspace,
//! so that neither a restart nor another chat loses their place; a talk that ended has no row.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::query;

use super::StoreError;
use super::desk::Desk;
use super::row::{Cells, json, ms};
use crate::domain::receiver::Platform;

/// What a talk is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TalkKind {
    /// `/fix`.
    Fix,
}

impl TalkKind {
    /// The word in tables.
    pub fn id(self) -> &'static str {
        match self {
            Self::Fix => "fix",
        }
    }
}

impl Desk {
    /// Where this person is. `None` also for a step of another version that nobody can read.
    pub async fn talk<T: DeserializeOwned>(
        &self,
        (platform, person): (Platform, &str),
        kind: TalkKind,
        now: DateTime<Utc>,
    ) -> Result<Option<T>, StoreError> {
        let row = query(
            "SELECT step_json FROM talks WHERE workspace_id = $1 AND platform = $2 AND person = $3 AND kind = $4 AND until_at > $5",
        )
        .bind(self.workspace.id.as_str())
        .bind(platform.id())
        .bind(person)
        .bind(kind.id())
        .bind(ms(now))
        .fetch_optional(&self.store.reader)
        .await?;
        Ok(row.and_then(|row| row.value("step_json").ok()))
    }

    /// Remembers where this person is, until `until`.
    pub async fn keep_talk(
        &self,
        (platform, person): (Platform, &str),
        kind: TalkKind,
        step: &impl Serialize,
        until: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        query(
            "INSERT INTO talks (workspace_id, platform, person, kind, step_json, until_at) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (workspace_id, platform, person, kind) DO UPDATE SET step_json = excluded.step_json, until_at = excluded.until_at",
        )
        .bind(self.workspace.id.as_str())
        .bind(platform.id())
        .bind(person)
        .bind(kind.id())
        .bind(json(step)?)
        .bind(ms(until))
        .execute(tx.conn())
        .await?;
        tx.commit().await
    }

    /// Ends the talk. `false` when none was under way.
    pub async fn end_talk(
        &self,
        (platform, person): (Platform, &str),
        kind: TalkKind,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        // Most who end one have none: nobody waits for the writer because of that.
        if self.talk::<serde_json::Value>((platform, person), kind, now).await?.is_none() {
            return Ok(false);
        }
        let mut tx = self.write().await?;
        let done = query(
            "DELETE FROM talks WHERE workspace_id = $1 AND platform = $2 AND person = $3 AND kind = $4",
        )
        .bind(self.workspace.id.as_str())
        .bind(platform.id())
        .bind(person)
        .bind(kind.id())
        .execute(tx.conn())
        .await?;
        tx.commit().await?;
        Ok(done.rows_affected() > 0)
    }
}
