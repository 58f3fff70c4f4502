//! Receivers and their lanes. A lane is claimed before anything is bound or sent through it, and
//! the claim number decides whether a late holder may still write.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::any::AnyRow;
use sqlx::query;

use super::row::{Cells, garbled, ms};
use super::workspace::DescribedReceiver;
use super::{Store, StoreError, Tx};
use crate::domain::id::{ReceiverId, WorkspaceId};
use crate::domain::receiver::{Address, Platform, Receiver};
use crate::domain::signal::Severity;
use crate::domain::text::Clean;

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

fn receiver_of(row: &AnyRow) -> Result<Receiver, StoreError> {
    let topic = row.text("topic")?;
    Ok(Receiver {
        id: row.text("id")?.into(),
        workspace: row.text("workspace_id")?.into(),
        name: Clean::new(&row.text("name")?, 64),
        address: Address {
            platform: row.word("platform", Platform::parse)?,
            chat: row.text("address")?,
            topic: (!topic.is_empty()).then_some(topic),
        },
        min_severity: row.word("min_severity", Severity::parse)?,
        mention: row.text_opt("mention")?,
    })
}

impl Tx {
    /// Makes the receivers that the configuration names; the others of the configuration rest.
    pub(super) async fn sync_receivers(
        &mut self,
        workspace: &WorkspaceId,
        described: &[DescribedReceiver],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        query("UPDATE receivers SET state = 'disabled', reason = 'no longer in the configuration' WHERE workspace_id = $1 AND managed_by = 'config'")
            .bind(workspace.as_str())
            .execute(self.conn())
            .await?;
        for one in described {
            let id: ReceiverId = self.ids.next(now);
            query(
                "INSERT INTO receivers (id, workspace_id, name, platform, address, topic, mention, min_severity, \
                 managed_by, state, reason, not_before, failures, claim_until, claim_no) \
                 VALUES ($1, $2, $3, $4, $5, $6, $8, $7, 'config', 'active', NULL, 0, 0, 0, 0) \
                 ON CONFLICT (workspace_id, platform, address, topic) DO UPDATE SET name = excluded.name, mention = excluded.mention, \
                 min_severity = excluded.min_severity, managed_by = 'config', state = 'active', reason = NULL",
            )
            .bind(id.0)
            .bind(workspace.as_str())
            .bind(one.name.as_str())
            .bind(one.address.platform.id())
            .bind(&one.address.chat)
            .bind(one.address.topic.clone().unwrap_or_default())
            .bind(one.min_severity.id())
            .bind(one.mention.clone())
            .execute(self.conn())
            .await?;
        }
        Ok(())
    }

    /// The receivers of a workspace that can be written to.
    pub(super) async fn receivers(
        &mut self,
        workspace: &WorkspaceId,
    ) -> Result<Vec<Receiver>, StoreError> {
        let rows = query("SELECT id, workspace_id, name, platform, address, topic, mention, min_severity FROM receivers WHERE workspace_id = $1 AND state = 'active' ORDER BY id")
            .bind(workspace.as_str())
            .fetch_all(self.conn())
            .await?;
        rows.iter().map(receiver_of).collect()
    }

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

/// One message is edited at most once in this time.
pub(super) const EDIT_APART: TimeDelta = TimeDelta::seconds(5);

/// How a turn of a lane ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing went wrong.
    Fine,
    /// Not before this instant.
    Wait(DateTime<Utc>),
    /// Never again, and why.
    Gone(String),
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
            Turn::Wait(until) => (ms(*until), lane.failures + 1, None),
            Turn::Gone(why) => (0, 0, Some(why.as_str())),
        };
        // A receiver that was disabled during the turn stays so.
        query(
            "UPDATE receivers SET claim_until = 0, not_before = $3, failures = $4, \
             state = CASE WHEN $5 IS NULL THEN state ELSE 'disabled' END, \
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

    /// A receiver by its id.
    pub async fn receiver(&self, id: &ReceiverId) -> Result<Receiver, StoreError> {
        let row = query("SELECT id, workspace_id, name, platform, address, topic, mention, min_severity FROM receivers WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.reader)
            .await?
            .ok_or_else(|| garbled("receiver_id"))?;
        receiver_of(&row)
    }
}
