//! Lanes: a receiver is served by one holder at a time. A lane is claimed before anything is bound
//! or sent through it, and the claim number decides whether a late holder may still write.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::query;

use super::receiver::receiver_of;
use super::row::{Cells, ms};
use super::{Store, StoreError, Tx};
use crate::domain::receiver::Receiver;

/// A claimed lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// The receiver.
    pub receiver: Receiver,
    /// The number of this claim.
    pub claim_no: i64,
    /// Failures in a row before this turn, for the back-off.
    pub failures: i64,
}

/// One message is edited at most once in this time.
pub(super) const EDIT_APART: TimeDelta = TimeDelta::seconds(5);

/// How a turn of a lane ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing went wrong.
    Fine,
    /// Nothing went wrong, and not before this instant.
    Rest(DateTime<Utc>),
    /// It failed; not before this instant.
    Wait(DateTime<Utc>),
    /// Never again, and why.
    Gone(String),
}

/// How busy a lane is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recent {
    /// Messages posted since the instant that was asked for.
    pub posts: i64,
    /// When the last of them was.
    pub latest: Option<DateTime<Utc>>,
    /// Notices that wait.
    pub owed: i64,
    /// Those of them that are critical.
    pub critical: i64,
}

impl Store {
    /// Claims the lanes that have something to send or edit at `now`, for `lease`.
    pub async fn claim_lanes(
        &self,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> Result<Vec<Lane>, StoreError> {
        let mut tx = self.write().await?;
        let rows = query(
            "UPDATE receivers SET claim_until = $2, claim_no = claim_no + 1 WHERE state = 'active' \
             AND workspace_id IN (SELECT id FROM workspaces WHERE state = 'active') AND not_before <= $1 AND claim_until <= $1 AND ( \
             EXISTS (SELECT 1 FROM notices n WHERE n.receiver_id = receivers.id AND n.state IN ('owed', 'held') AND n.ready_at <= $1) \
             OR EXISTS (SELECT 1 FROM messages m WHERE m.receiver_id = receivers.id AND m.state = 'bound') \
             OR EXISTS (SELECT 1 FROM messages m WHERE m.receiver_id = receivers.id AND m.state = 'sent' \
             AND m.want_rev > m.shown_rev AND m.edited_at <= $3)) \
             RETURNING id, workspace_id, name, platform, address, topic, mention, min_severity, claim_no, failures",
        )
        .bind(ms(now))
        .bind(ms(now + lease))
        .bind(ms(now - EDIT_APART))
        .fetch_all(tx.conn())
        .await?;
        let lanes = rows.iter().map(|row| {
            Ok(Lane {
                receiver: receiver_of(row)?,
                claim_no: row.int("claim_no")?,
                failures: row.int("failures")?,
            })
        });
        let mut lanes = lanes.collect::<Result<Vec<_>, StoreError>>()?;
        lanes.sort_by(|a, b| a.receiver.id.cmp(&b.receiver.id));
        tx.commit().await?;
        Ok(lanes)
    }

    /// Gives a lane back.
    pub async fn release_lane(&self, lane: &Lane, turn: &Turn) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let (not_before, failures, gone) = match turn {
            Turn::Fine => (0, 0, None),
            Turn::Rest(until) => (ms(*until), 0, None),
            Turn::Wait(until) => (ms(*until), lane.failures + 1, None),
            Turn::Gone(why) => (0, 0, Some(why.as_str())),
        };
        // A receiver that was disabled during the turn stays so.
        query(
            "UPDATE receivers SET claim_until = 0, not_before = $3, failures = $4, \
             state = CASE WHEN $5 IS NULL THEN state ELSE 'lost' END, \
             reason = COALESCE($5, reason) WHERE id = $1 AND claim_no = $2",
        )
        .bind(lane.receiver.id.as_str())
        .bind(lane.claim_no)
        .bind(not_before)
        .bind(failures)
        .bind(gone)
        .execute(tx.conn())
        .await?;
        tx.commit().await
    }

    /// What was posted on a lane since an instant, and what waits on it now.
    pub async fn recent(
        &self,
        lane: &Lane,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Recent, StoreError> {
        let row = query(
            "SELECT COUNT(*) AS posts, MAX(sent_at) AS latest, (SELECT COUNT(*) FROM notices n \
             WHERE n.receiver_id = $1 AND n.state IN ('owed', 'held') AND n.ready_at <= $3) AS owed, (SELECT COUNT(*) FROM notices n JOIN alerts a ON a.id = n.alert_id \
             WHERE n.receiver_id = $1 AND n.state IN ('owed', 'held') AND n.ready_at <= $3 AND a.severity = 'critical') AS critical \
             FROM messages WHERE receiver_id = $1 AND sent_at > $2",
        )
        .bind(lane.receiver.id.as_str())
        .bind(ms(since))
        .bind(ms(now))
        .fetch_one(&self.reader)
        .await?;
        Ok(Recent {
            posts: row.int("posts")?,
            latest: row.instant_opt("latest")?,
            owed: row.int("owed")?,
            critical: row.int("critical")?,
        })
    }

    /// When a lane will next have something to do; never before `now`.
    pub async fn next_delivery(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let rows = query(
            "SELECT r.not_before, r.claim_until, \
             (SELECT MIN(n.ready_at) FROM notices n WHERE n.receiver_id = r.id AND n.state IN ('owed', 'held')) AS notice_at, \
             (SELECT MIN(m.bound_at) FROM messages m WHERE m.receiver_id = r.id AND m.state = 'bound') AS bound_at, \
             (SELECT MIN(m.edited_at) FROM messages m WHERE m.receiver_id = r.id AND m.state = 'sent' \
             AND m.want_rev > m.shown_rev) AS edited_at FROM receivers r WHERE r.state = 'active' \
             AND r.workspace_id IN (SELECT id FROM workspaces WHERE state = 'active')",
        )
        .fetch_all(&self.reader)
        .await?;
        let mut next = None;
        for row in &rows {
            let edit = row.instant_opt("edited_at")?.map(|at| at + EDIT_APART);
            let ready = [row.instant_opt("notice_at")?, row.instant_opt("bound_at")?, edit];
            let free = row.instant("not_before")?.max(row.instant("claim_until")?).max(now);
            let at = ready.into_iter().flatten().min().map(|at| at.max(free));
            next = [next, at].into_iter().flatten().min();
        }
        Ok(next)
    }
}

impl Tx {
    /// Fails unless `claim_no` is still the lane's claim.
    pub(super) async fn hold_lane(&mut self, lane: &Lane) -> Result<(), StoreError> {
        // A write, so that nobody else can take the lane before this transaction ends.
        let done =
            query("UPDATE receivers SET claim_no = claim_no WHERE id = $1 AND claim_no = $2")
                .bind(lane.receiver.id.as_str())
                .bind(lane.claim_no)
                .execute(self.conn())
                .await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Conflict) }
    }
}
