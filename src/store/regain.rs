//! A chat that was lost and can be written to again: what rested because of that works once more.

use sqlx::query;

use super::row::Cells;
use super::{Store, StoreError};
use crate::domain::receiver::Platform;

impl Store {
    /// A chat that was lost can be written to again: its receivers work once more, but those that
    /// rest because the settings or a move say so. Answers how many there were.
    pub async fn regain_chat(&self, platform: Platform, address: &str) -> Result<u64, StoreError> {
        // Anybody can add a bot to a group and remove it again: that alone writes nothing.
        let row = query(
            "SELECT COUNT(*) AS n FROM receivers WHERE platform = $1 AND address = $2 AND state = 'disabled' \
             AND reason NOT IN ('no longer in the configuration', 'moved')",
        )
        .bind(platform.id())
        .bind(address)
        .fetch_one(&self.reader)
        .await?;
        if row.int("n")? == 0 {
            return Ok(0);
        }
        let mut tx = self.write().await?;
        let done = query(
            "UPDATE receivers SET state = 'active', reason = NULL, not_before = 0, failures = 0 \
             WHERE platform = $1 AND address = $2 AND state = 'disabled' \
             AND reason NOT IN ('no longer in the configuration', 'moved')",
        )
        .bind(platform.id())
        .bind(address)
        .execute(tx.conn())
        .await?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }
}
