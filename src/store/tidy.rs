//! Deletes what is older than anybody asks for, in small batches.

use chrono::{DateTime, Utc};
use sqlx::query;

use super::row::ms;
use super::{Store, StoreError};

impl Store {
    /// Deletes at most `limit` observations that ended before `before` and are nobody's latest, and
    /// as many buttons and talks whose time is over, and old gaps. Returns how many rows went.
    pub async fn tidy(
        &self,
        before: DateTime<Utc>,
        now: DateTime<Utc>,
        limit: i64,
    ) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        let observations = query(
            "DELETE FROM observations WHERE id IN (SELECT o.id FROM observations o WHERE o.last_at < $1 \
             AND NOT EXISTS (SELECT 1 FROM key_state s WHERE s.latest_obs = o.id OR s.last_good_obs = o.id) LIMIT $2)",
        )
        .bind(ms(before))
        .bind(limit)
        .execute(tx.conn())
        .await?;
        let buttons = query("DELETE FROM buttons WHERE id IN (SELECT id FROM buttons WHERE until_at <= $1 LIMIT $2)")
            .bind(ms(now))
            .bind(limit)
            .execute(tx.conn())
            .await?;
        let gaps = tx.tidy_gaps(now).await?;
        // One row a person at most: no batches needed.
        let talks = query("DELETE FROM talks WHERE until_at <= $1")
            .bind(ms(now))
            .execute(tx.conn())
            .await?;
        tx.commit().await?;
        let swept = [observations, buttons, talks].map(|done| done.rows_affected());
        Ok(gaps + swept.iter().sum::<u64>())
    }
}
