//! Numbers about the whole ledger, without any tenant, key or label in them.

use chrono::{DateTime, Utc};
use sqlx::query;

use super::row::{Cells, ms};
use super::{Store, StoreError};

/// How much there is of everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Watched keys.
    pub keys: i64,
    /// Open alerts, by severity.
    pub open_alerts: Vec<(String, i64)>,
    /// Messages, by state.
    pub messages: Vec<(String, i64)>,
    /// Duties that should have been done by now.
    pub overdue: i64,
    /// Receivers that are lost.
    pub lost_receivers: i64,
}

impl Store {
    /// Counts everything.
    pub async fn counts(&self, now: DateTime<Utc>) -> Result<Counts, StoreError> {
        let one = query(
            "SELECT (SELECT COUNT(*) FROM keys WHERE state IN ('active', 'unverified')) AS watched, \
             (SELECT COUNT(*) FROM duties WHERE due_at <= $1) AS overdue, \
             (SELECT COUNT(*) FROM receivers WHERE state = 'lost') AS lost",
        )
        .bind(ms(now))
        .fetch_one(&self.reader)
        .await?;
        let alerts = query(
            "SELECT severity AS word, COUNT(*) AS n FROM alerts WHERE phase = 'open' GROUP BY severity ORDER BY severity",
        )
        .fetch_all(&self.reader)
        .await?;
        let messages = query(
            "SELECT state AS word, COUNT(*) AS n FROM messages GROUP BY state ORDER BY state",
        )
        .fetch_all(&self.reader)
        .await?;
        let pairs = |rows: &[sqlx::any::AnyRow]| -> Result<Vec<(String, i64)>, StoreError> {
            rows.iter().map(|row| Ok((row.text("word")?, row.int("n")?))).collect()
        };
        Ok(Counts {
            keys: one.int("watched")?,
            overdue: one.int("overdue")?,
            lost_receivers: one.int("lost")?,
            open_alerts: pairs(&alerts)?,
            messages: pairs(&messages)?,
        })
    }
}
