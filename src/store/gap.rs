//! Gaps: questions that got no good answer, counted by day. What is kept of one is an outline in
//! the FAQ's own words; who asked, where and when in the day is not. Only the button by which an
//! asker calls an answer not helpful holds their outline, with its chat, until it ends.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sqlx::query;

use super::desk::Desk;
use super::row::Cells;
use super::{StoreError, Tx};

/// How long a gap is kept.
const KEPT: TimeDelta = TimeDelta::days(30);
/// Different outlines that are kept a day; what more there is counts as one without words.
const MOST: i64 = 500;

/// Why something is a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lack {
    /// It was declined as none of ours.
    Declined,
    /// Nobody was sure, and several entries were offered.
    Unsure,
    /// The asker said that an answer was not helpful.
    Unhelpful,
}

impl Lack {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Declined, Self::Unsure, Self::Unhelpful];

    /// The word in tables.
    pub fn id(self) -> &'static str {
        match self {
            Self::Declined => "declined",
            Self::Unsure => "unsure",
            Self::Unhelpful => "unhelpful",
        }
    }

    fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lack| lack.id() == id)
    }
}

/// A gap as it is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Why it is one.
    pub lack: Lack,
    /// The topic that was answered; empty where none was.
    pub topic: String,
    /// The outline of the question; empty where only an entry was judged.
    pub words: String,
    /// How often.
    pub times: i64,
}

fn day(at: DateTime<Utc>) -> String {
    at.date_naive().to_string()
}

fn oldest(now: DateTime<Utc>) -> NaiveDate {
    (now - KEPT).date_naive()
}

impl Desk {
    /// Counts a gap of today (UTC).
    pub async fn note_gap(
        &self,
        lack: Lack,
        (topic, words): (&str, &str),
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let row = query("SELECT COUNT(*) AS n FROM gaps WHERE workspace_id = $1 AND day = $2")
            .bind(self.workspace.id.as_str())
            .bind(day(now))
            .fetch_one(tx.conn())
            .await?;
        let words = if row.int("n")? < MOST { words } else { "" };
        query(
            "INSERT INTO gaps (workspace_id, day, kind, topic, words, times) VALUES ($1, $2, $3, $4, $5, 1) \
             ON CONFLICT (workspace_id, day, kind, topic, words) DO UPDATE SET times = gaps.times + 1",
        )
        .bind(self.workspace.id.as_str())
        .bind(day(now))
        .bind(lack.id())
        .bind(topic)
        .bind(words)
        .execute(tx.conn())
        .await?;
        tx.commit().await
    }

    /// The gaps of the last thirty days, the most frequent first.
    pub async fn gaps(&self, now: DateTime<Utc>) -> Result<Vec<Gap>, StoreError> {
        let rows = query(
            "SELECT kind, topic, words, CAST(SUM(times) AS BIGINT) AS n FROM gaps WHERE workspace_id = $1 AND day >= $2 \
             GROUP BY kind, topic, words ORDER BY n DESC, kind, topic, words LIMIT 1000",
        )
        .bind(self.workspace.id.as_str())
        .bind(oldest(now).to_string())
        .fetch_all(&self.store.reader)
        .await?;
        let gap = |row| {
            Ok(Gap {
                lack: Cells::word(row, "kind", Lack::parse)?,
                topic: Cells::text(row, "topic")?,
                words: Cells::text(row, "words")?,
                times: Cells::int(row, "n")?,
            })
        };
        rows.iter().map(gap).collect()
    }

    /// Forgets all gaps of this workspace, and the buttons that would tell of one.
    pub async fn forget_gaps(&self) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        query("DELETE FROM gaps WHERE workspace_id = $1")
            .bind(self.workspace.id.as_str())
            .execute(tx.conn())
            .await?;
        query(
            "DELETE FROM buttons WHERE workspace_id = $1 AND action_json LIKE '%\"not_helpful\"%'",
        )
        .bind(self.workspace.id.as_str())
        .execute(tx.conn())
        .await?;
        tx.commit().await
    }
}

impl Tx {
    /// Forgets what is older than thirty days. How many rows went.
    pub(super) async fn tidy_gaps(&mut self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let done = query("DELETE FROM gaps WHERE day < $1")
            .bind(oldest(now).to_string())
            .execute(self.conn())
            .await?;
        Ok(done.rows_affected())
    }
}
