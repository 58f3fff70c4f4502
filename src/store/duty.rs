//! Duties: what is due. Claiming a duty moves its due time forward and raises its claim number;
//! finishing needs that number, so a late holder finishes nothing. Those of a paused workspace
//! rest. The two databases differ in one statement, which stands here twice.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::query;

use super::row::{Cells, ms};
use super::{Dialect, Store, StoreError, Tx};
use crate::domain::id::{KeyId, WorkspaceId};

/// What kind of thing is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DutyKind {
    /// Ask the exchange about a key, then judge it.
    Probe,
    /// Judge a key by what is known.
    Judge,
}

impl DutyKind {
    /// The word in tables.
    pub fn id(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::Judge => "judge",
        }
    }

    fn parse(id: &str) -> Option<Self> {
        [Self::Probe, Self::Judge].into_iter().find(|kind| kind.id() == id)
    }
}

/// A claimed duty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The key it is about.
    pub key: KeyId,
    /// What is due.
    pub kind: DutyKind,
    /// The number of this claim.
    pub no: i64,
    /// How often it was claimed without being finished, this time included.
    pub tries: i64,
}

impl Store {
    /// Claims at most `limit` duties that are due at `now`; each is due again after `lease` unless
    /// it is finished before.
    pub async fn claim_due(
        &self,
        now: DateTime<Utc>,
        lease: TimeDelta,
        limit: i64,
    ) -> Result<Vec<Claim>, StoreError> {
        let claim = match self.dialect {
            Dialect::Sqlite => {
                "UPDATE duties SET due_at = $2, claim_no = claim_no + 1, tries = tries + 1 WHERE (subject_id, kind) IN \
                 (SELECT subject_id, kind FROM duties WHERE due_at <= $1 \
                 AND workspace_id IN (SELECT id FROM workspaces WHERE state = 'active') ORDER BY due_at, subject_id, kind LIMIT $3) \
                 RETURNING subject_id, kind, claim_no, tries"
            }
            Dialect::Postgres => {
                "UPDATE duties SET due_at = $2, claim_no = claim_no + 1, tries = tries + 1 WHERE (subject_id, kind) IN \
                 (SELECT subject_id, kind FROM duties WHERE due_at <= $1 \
                 AND workspace_id IN (SELECT id FROM workspaces WHERE state = 'active') ORDER BY due_at, subject_id, kind LIMIT $3 \
                 FOR UPDATE SKIP LOCKED) RETURNING subject_id, kind, claim_no, tries"
            }
        };
        let mut tx = self.write().await?;
        let rows = query(claim)
            .bind(ms(now))
            .bind(ms(now + lease))
            .bind(limit)
            .fetch_all(tx.conn())
            .await?;
        let claims = rows.iter().map(|row| {
            Ok(Claim {
                key: row.text("subject_id")?.into(),
                kind: row.word("kind", DutyKind::parse)?,
                no: row.int("claim_no")?,
                tries: row.int("tries")?,
            })
        });
        let mut claims = claims.collect::<Result<Vec<_>, StoreError>>()?;
        claims.sort_by(|a, b| (&a.key, a.kind).cmp(&(&b.key, b.kind)));
        tx.commit().await?;
        Ok(claims)
    }

    /// When the next duty is due.
    pub async fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let row = query(
            "SELECT MIN(due_at) AS due_at FROM duties WHERE workspace_id IN (SELECT id FROM workspaces WHERE state = 'active')",
        )
        .fetch_one(&self.reader)
        .await?;
        row.instant_opt("due_at")
    }

    /// Takes over what a process that died on this data had claimed, instead of waiting for its
    /// leases. Only where nobody else can be alive on it: embedded, under the data folder's lock.
    pub async fn take_over(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        if self.dialect != Dialect::Sqlite {
            return Ok(());
        }
        let mut tx = self.write().await?;
        query(
            "UPDATE receivers SET claim_until = 0, claim_no = claim_no + 1 WHERE claim_until > 0",
        )
        .execute(tx.conn())
        .await?;
        // Only claimed duties have tries; their claims end here, how often they were tried stays.
        query("UPDATE duties SET due_at = $1, claim_no = claim_no + 1 WHERE tries > 0 AND due_at > $1")
            .bind(ms(now))
            .execute(tx.conn())
            .await?;
        tx.commit().await
    }

    /// Judges every key at `now`: the clock is believed again.
    pub async fn judge_everything(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        query(
            "INSERT INTO duties (subject_id, kind, workspace_id, due_at, claim_no, claimed_by, tries) \
             SELECT id, 'judge', workspace_id, $1, 0, NULL, 0 FROM keys WHERE state IN ('active', 'unverified') \
             ON CONFLICT (subject_id, kind) DO UPDATE SET due_at = excluded.due_at",
        )
        .bind(ms(now))
        .execute(tx.conn())
        .await?;
        tx.commit().await
    }

    /// Moves a duty forward to `now`; a claim that is under way keeps its number and may finish.
    pub async fn hurry(&self, key: &KeyId, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        let done = query("UPDATE duties SET due_at = $2 WHERE subject_id = $1 AND kind = 'probe'")
            .bind(key.as_str())
            .bind(ms(now))
            .execute(tx.conn())
            .await?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }
}

impl Tx {
    /// Finishes a claimed duty; `false` when the claim is not ours any more, or was finished
    /// before. It is due again at `next`, or never.
    pub(super) async fn finish(
        &mut self,
        claim: &Claim,
        next: Option<DateTime<Utc>>,
    ) -> Result<bool, StoreError> {
        let done = match next {
            Some(next) => {
                query(
                    "UPDATE duties SET due_at = $4, claim_no = claim_no + 1, tries = 0 WHERE subject_id = $1 AND kind = $2 AND claim_no = $3",
                )
                .bind(claim.key.as_str())
                .bind(claim.kind.id())
                .bind(claim.no)
                .bind(ms(next))
                .execute(self.conn())
                .await?
            }
            None => {
                query("DELETE FROM duties WHERE subject_id = $1 AND kind = $2 AND claim_no = $3")
                    .bind(claim.key.as_str())
                    .bind(claim.kind.id())
                    .bind(claim.no)
                    .execute(self.conn())
                    .await?
            }
        };
        Ok(done.rows_affected() == 1)
    }

    /// Makes a duty due at `at`, keeping its claim number if it is there. A new one begins to
    /// count at its due time, so that a late holder of one that was finished and made anew does
    /// not hold the new one.
    pub(super) async fn set_duty(
        &mut self,
        workspace: &WorkspaceId,
        key: &KeyId,
        kind: DutyKind,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        query(
            "INSERT INTO duties (subject_id, kind, workspace_id, due_at, claim_no, claimed_by, tries) \
             VALUES ($1, $2, $3, $4, $4, NULL, 0) ON CONFLICT (subject_id, kind) DO UPDATE SET due_at = excluded.due_at",
        )
        .bind(key.as_str())
        .bind(kind.id())
        .bind(workspace.as_str())
        .bind(ms(at))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Makes a duty due at `at` unless it is due earlier already.
    pub(super) async fn set_duty_no_later(
        &mut self,
        workspace: &WorkspaceId,
        key: &KeyId,
        kind: DutyKind,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        query(
            "INSERT INTO duties (subject_id, kind, workspace_id, due_at, claim_no, claimed_by, tries) \
             VALUES ($1, $2, $3, $4, $4, NULL, 0) ON CONFLICT (subject_id, kind) DO UPDATE SET due_at = excluded.due_at \
             WHERE duties.due_at > excluded.due_at",
        )
        .bind(key.as_str())
        .bind(kind.id())
        .bind(workspace.as_str())
        .bind(ms(at))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// Takes a duty away from whoever holds it: what the holder brings is not wanted any more.
    pub(super) async fn revoke_claim(
        &mut self,
        key: &KeyId,
        kind: DutyKind,
    ) -> Result<(), StoreError> {
        query("UPDATE duties SET claim_no = claim_no + 1, tries = 0 WHERE subject_id = $1 AND kind = $2")
            .bind(key.as_str())
            .bind(kind.id())
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Takes all duties of a key away.
    pub(super) async fn clear_duties(&mut self, key: &KeyId) -> Result<(), StoreError> {
        query("DELETE FROM duties WHERE subject_id = $1")
            .bind(key.as_str())
            .execute(self.conn())
            .await?;
        Ok(())
    }
}
