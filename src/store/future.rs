//! What a clock that ran ahead has left behind: dues, leases and last looks that lie in a future
//! which was none. They are brought back to now; what is rightly planned is left alone.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::query;

use super::row::ms;
use super::{Store, StoreError};

/// No lease, back-off or platform's wait is longer.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(2);
/// A morning is at most this far away, also where a clock is put forward or back.
const MORNING: TimeDelta = TimeDelta::hours(26);

impl Store {
    /// Brings back what lies further ahead of `now` than it can; the schedule asks every key by
    /// `latest_probe`. Changes nothing on a ledger whose clock was always right.
    pub async fn forget_the_future(
        &self,
        latest_probe: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let (soon, morning) = (ms(now + LONGEST_WAIT), ms(now + MORNING));
        for (text, limit) in [
            (
                "UPDATE duties SET due_at = $1, claim_no = claim_no + 1 WHERE kind = 'probe' AND due_at > $2",
                ms(latest_probe),
            ),
            ("UPDATE receivers SET not_before = $1 WHERE not_before > $2", soon),
            (
                "UPDATE receivers SET claim_until = $1, claim_no = claim_no + 1 WHERE claim_until > $2",
                soon,
            ),
            (
                "UPDATE notices SET ready_at = $1 WHERE state IN ('owed', 'held') AND ready_at > $2",
                morning,
            ),
            ("UPDATE messages SET edited_at = $1 WHERE edited_at > $2", ms(now)),
            ("UPDATE observations SET last_at = $1 WHERE last_at > $2", ms(now)),
            ("UPDATE observations SET first_at = $1 WHERE first_at > $2", ms(now)),
            ("UPDATE key_state SET last_good_at = $1 WHERE last_good_at > $2", ms(now)),
            ("UPDATE key_state SET latest_at = $1 WHERE latest_at > $2", ms(now)),
            ("UPDATE key_state SET streak_counted_at = $1 WHERE streak_counted_at > $2", ms(now)),
            ("UPDATE key_state SET streak_since = $1 WHERE streak_since > $2", ms(now)),
        ] {
            query(text).bind(ms(now)).bind(limit).execute(tx.conn()).await?;
        }
        tx.commit().await
    }
}
