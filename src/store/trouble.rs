//! The bot's own troubles as alerts: receivers that are lost, platforms that are disturbed. Level,
//! not edge: each call looks at what is, so that nothing is forgotten over a restart.

use chrono::{DateTime, Utc};
use sqlx::query;

use super::notice::Plan;
use super::row::Cells;
use super::{Store, StoreError, Tx};
use crate::domain::alert::{self, Asked, Cause, Subject};
use crate::domain::id::WorkspaceId;
use crate::domain::judge;
use crate::domain::policy::Policy;
use crate::domain::receiver::Platform;
use crate::domain::rules::Rule;
use crate::domain::signal::{Finding, Severity, Signal};

/// Workspaces that a platform's trouble concerns, and that can hear of it elsewhere. A chat there
/// counts as much as a receiver: its people type commands that nobody hears.
const CAN_BE_TOLD: &str = "SELECT w.id FROM workspaces w WHERE w.state = 'active' \
     AND EXISTS (SELECT 1 FROM receivers r WHERE r.workspace_id = w.id AND r.state = 'active' AND r.platform <> $1) \
     AND (EXISTS (SELECT 1 FROM receivers r WHERE r.workspace_id = w.id AND r.platform = $1) \
     OR EXISTS (SELECT 1 FROM chats c WHERE c.workspace_id = w.id AND c.platform = $1)) ORDER BY w.id";

/// Workspaces that were told of it, whoever is left there to hear that it is over.
const STILL_OPEN: &str = "SELECT w.id FROM workspaces w WHERE w.state = 'active' AND EXISTS (SELECT 1 FROM alerts a \
     WHERE a.workspace_id = w.id AND a.subject_kind = 'platform' AND a.subject_id = $1 AND a.phase = 'open') ORDER BY w.id";

impl Store {
    /// Opens an alert for each receiver that is lost and closes those of receivers that are back
    /// or gone by a person's will. Whether anything is owed by that.
    pub async fn judge_receivers(
        &self,
        policy: &Policy,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        // Most turns there is nothing, and no writer is taken.
        let rows = query(
            "SELECT r.id, r.workspace_id FROM receivers r JOIN workspaces w ON w.id = r.workspace_id \
             WHERE w.state = 'active' AND ((r.state = 'lost' AND NOT EXISTS (SELECT 1 FROM alerts a \
             WHERE a.workspace_id = r.workspace_id AND a.subject_kind = 'receiver' AND a.subject_id = r.id AND a.phase = 'open')) \
             OR (r.state <> 'lost' AND EXISTS (SELECT 1 FROM alerts a WHERE a.workspace_id = r.workspace_id \
             AND a.subject_kind = 'receiver' AND a.subject_id = r.id AND a.phase = 'open'))) ORDER BY r.workspace_id, r.id",
        )
        .fetch_all(&self.reader)
        .await?;
        let mut owes = false;
        for row in &rows {
            let workspace: WorkspaceId = row.text("workspace_id")?.into();
            let receiver = row.text("id")?;
            let mut tx = self.write().await?;
            tx.hold_workspace(&workspace).await?;
            // It may be back by now, and would be told of its own loss.
            let lost = tx.loss_of(&receiver).await?;
            let subject = Subject::Receiver(receiver.into());
            owes |= tx
                .judge_trouble(&workspace, (&subject, Rule::ReceiverLost), lost, policy, now)
                .await?;
            tx.commit().await?;
        }
        Ok(owes)
    }

    /// Says in every workspace that can be told over another platform that this one is disturbed,
    /// or with `None`, wherever it was said, that it is not any more.
    pub async fn judge_platform(
        &self,
        platform: Platform,
        trouble: Option<&str>,
        policy: &Policy,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let rows = query(if trouble.is_some() { CAN_BE_TOLD } else { STILL_OPEN })
            .bind(platform.id())
            .fetch_all(&self.reader)
            .await?;
        let subject = Subject::Platform(platform);
        let mut owes = false;
        for row in &rows {
            let workspace: WorkspaceId = row.text("id")?.into();
            let mut tx = self.write().await?;
            tx.hold_workspace(&workspace).await?;
            let trouble = trouble.map(str::to_owned);
            owes |= tx
                .judge_trouble(&workspace, (&subject, Rule::PlatformTrouble), trouble, policy, now)
                .await?;
            tx.commit().await?;
        }
        Ok(owes)
    }
}

impl Tx {
    /// Why a receiver is lost; `None` while it is not.
    async fn loss_of(&mut self, receiver: &str) -> Result<Option<String>, StoreError> {
        let row = query("SELECT reason FROM receivers WHERE id = $1 AND state = 'lost'")
            .bind(receiver)
            .fetch_optional(self.conn())
            .await?;
        row.map(|row| Ok(row.text_opt("reason")?.unwrap_or_default())).transpose()
    }

    async fn judge_trouble(
        &mut self,
        workspace: &WorkspaceId,
        (subject, rule): (&Subject, Rule),
        trouble: Option<String>,
        policy: &Policy,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let signal = match trouble {
            Some(why) => Signal::Present(Finding::proven(Severity::Warning, [why])),
            None => Signal::Absent,
        };
        let alerts = self.alerts_of(workspace, subject).await?;
        let met = judge::newest(&alerts, rule);
        // What is back is seen to be back: one clear look closes.
        let asked = Asked { rule, cause: Cause::Person, now };
        let step = alert::step(met.map(|alert| &alert.state), &signal, asked);
        let zone = self.workspace(workspace).await?.zone;
        let plan = Plan { policy, zone, now, deadline: None };
        self.apply(workspace, subject, rule, (met, &step), plan).await
    }
}
