//! Notices: who is owed which transition, and why it is held. A notice holds no text.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::query;

use super::alert::{alert_columns, alert_of, subject_cells};
use super::duty::DutyKind;
use super::row::{Cells, json, ms};
use super::{StoreError, Tx};
use crate::domain::alert::{Alert, Subject};
use crate::domain::fleet::covers;
use crate::domain::id::{AlertId, ReceiverId, WorkspaceId};
use crate::domain::policy::Policy;
use crate::domain::route::{self, Due, Hold, Planned, Post};
use crate::domain::rules::Rule;

/// What planning needs beside the post itself.
#[derive(Clone, Copy)]
pub(super) struct Plan<'a> {
    pub policy: &'a Policy,
    pub zone: Tz,
    pub now: DateTime<Utc>,
    /// The end of the key, for a warning that must not come after it.
    pub deadline: Option<DateTime<Utc>>,
}

impl Tx {
    /// Owes a transition to every receiver of the workspace, now or held.
    pub(super) async fn owe(
        &mut self,
        alert: &Alert,
        seq: i64,
        quiet: bool,
        plan: Plan<'_>,
    ) -> Result<(), StoreError> {
        let covered_by = if quiet { None } else { self.cover_of(alert).await? };
        let post = Post {
            severity: alert.state.severity,
            quiet,
            waits: alert.rule.waits_for_morning(),
            deadline: plan.deadline,
            covered_by,
            looking_until: None,
        };
        let receivers = self.receivers(&alert.workspace).await?;
        for planned in route::plan(&post, &receivers, plan.policy, plan.zone, plan.now) {
            self.insert_notice(alert, seq, quiet, &planned, plan.now).await?;
        }
        Ok(())
    }

    pub(super) async fn insert_notice(
        &mut self,
        alert: &Alert,
        seq: i64,
        quiet: bool,
        planned: &Planned,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let (state, hold, ready) = due_cells(&planned.due, now)?;
        query(
            "INSERT INTO notices (alert_id, seq, receiver_id, workspace_id, state, reason, hold_json, ready_at, quiet, message_id) \
             VALUES ($1, $2, $3, $4, $5, NULL, $6, $7, $8, NULL)",
        )
        .bind(alert.id.as_str())
        .bind(seq)
        .bind(planned.receiver.as_str())
        .bind(alert.workspace.as_str())
        .bind(state)
        .bind(hold)
        .bind(ready)
        .bind(i64::from(quiet))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The number of a greater open alert that says all that `alert` would say.
    pub(super) async fn cover_of(&mut self, alert: &Alert) -> Result<Option<i64>, StoreError> {
        let others = match &alert.subject {
            Subject::Key(key) => {
                let mut others = self.alerts_of(&alert.workspace, &alert.subject).await?;
                if let Some(key) = self.key(key).await? {
                    let exchange = Subject::Exchange(key.exchange, key.site);
                    others.extend(self.alerts_of(&alert.workspace, &exchange).await?);
                }
                others
            }
            Subject::Exchange(..) | Subject::Receiver(_) | Subject::Platform(_) => return Ok(None),
        };
        Ok(others.iter().find(|other| covers(other, alert)).map(|other| other.no))
    }

    /// A greater alert has opened: what waits about the lesser ones is held under it.
    pub(super) async fn cover_lesser(&mut self, greater: &Alert) -> Result<(), StoreError> {
        let hold = json(&Hold::CoveredBy { no: greater.no })?;
        for lesser in
            self.open_beside(greater).await?.iter().filter(|lesser| covers(greater, lesser))
        {
            query(
                "UPDATE notices SET state = 'held', hold_json = $2, ready_at = NULL WHERE alert_id = $1 \
                 AND state IN ('owed', 'held') AND message_id IS NULL AND quiet = 0",
            )
            .bind(lesser.id.as_str())
            .bind(&hold)
            .execute(self.conn())
            .await?;
        }
        Ok(())
    }

    /// The open alerts that `greater` might cover.
    async fn open_beside(&mut self, greater: &Alert) -> Result<Vec<Alert>, StoreError> {
        let (kind, id) = subject_cells(&greater.subject);
        let rows = match &greater.subject {
            Subject::Receiver(_) | Subject::Platform(_) => return Ok(Vec::new()),
            Subject::Key(_) => {
                query(concat!(
                    "SELECT ",
                    alert_columns!(),
                    " FROM alerts a WHERE a.workspace_id = $1 AND a.phase = 'open' AND a.subject_kind = $2 AND a.subject_id = $3"
                ))
                .bind(greater.workspace.as_str())
                .bind(kind)
                .bind(id)
                .fetch_all(self.conn())
                .await?
            }
            Subject::Exchange(exchange, site) => {
                query(concat!(
                    "SELECT ",
                    alert_columns!(),
                    " FROM alerts a JOIN keys k ON k.id = a.subject_id WHERE a.workspace_id = $1 AND a.phase = 'open' \
                     AND a.subject_kind = 'key' AND a.rule = 'blind' AND k.exchange = $2 AND k.site = $3"
                ))
                .bind(greater.workspace.as_str())
                .bind(exchange.id())
                .bind(site.id())
                .fetch_all(self.conn())
                .await?
            }
        };
        rows.iter().map(alert_of).collect()
    }

    /// A greater alert is over: the newest held word about each alert it covered is planned anew.
    pub(super) async fn uncover(
        &mut self,
        greater: &Alert,
        plan: Plan<'_>,
    ) -> Result<(), StoreError> {
        let hold = json(&Hold::CoveredBy { no: greater.no })?;
        let rows = query(
            "SELECT alert_id, seq, receiver_id FROM notices WHERE workspace_id = $1 AND state = 'held' AND hold_json = $2",
        )
        .bind(greater.workspace.as_str())
        .bind(&hold)
        .fetch_all(self.conn())
        .await?;
        for row in rows {
            let alert_id: AlertId = row.text("alert_id")?.into();
            let Some(alert) = self.alert(&greater.workspace, &alert_id).await? else { continue };
            let receiver: ReceiverId = row.text("receiver_id")?.into();
            let covered_by = self.cover_of(&alert).await?;
            let post = Post {
                severity: alert.state.severity,
                quiet: false,
                waits: alert.rule.waits_for_morning(),
                deadline: plan.deadline,
                covered_by,
                looking_until: self.look_again(&alert, plan.now).await?,
            };
            let receivers = self.receivers(&greater.workspace).await?;
            let planned = route::plan(&post, &receivers, plan.policy, plan.zone, plan.now);
            let due = planned.into_iter().find(|p| p.receiver == receiver).map(|p| p.due);
            let (state, hold, ready) = due_cells(&due.unwrap_or(Due::Owed), plan.now)?;
            query("UPDATE notices SET state = $4, hold_json = $5, ready_at = $6 WHERE alert_id = $1 AND seq = $2 AND receiver_id = $3")
                .bind(alert_id.as_str())
                .bind(row.int("seq")?)
                .bind(receiver.as_str())
                .bind(state)
                .bind(hold)
                .bind(ready)
                .execute(self.conn())
                .await?;
        }
        Ok(())
    }

    /// An exchange answers again: its blind keys are asked at once, and nobody is told of one
    /// before it has had the time to answer.
    async fn look_again(
        &mut self,
        alert: &Alert,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let (Subject::Key(key), Rule::Blind) = (&alert.subject, alert.rule) else {
            return Ok(None);
        };
        self.set_duty_no_later(&alert.workspace, key, DutyKind::Probe, now).await?;
        Ok(Some(now + Policy::CONFIRM_SPREAD))
    }

    /// What people see of an alert has changed: its live messages want an edit. Where it is posted
    /// anew, the old ones also cease to be live.
    pub(super) async fn touch_messages(
        &mut self,
        alert: &Alert,
        is_posted_anew: bool,
    ) -> Result<(), StoreError> {
        query(
            "UPDATE messages SET want_rev = want_rev + 1 WHERE id IN \
             (SELECT message_id FROM message_alerts WHERE alert_id = $1 AND live = 1)",
        )
        .bind(alert.id.as_str())
        .execute(self.conn())
        .await?;
        if is_posted_anew {
            query("UPDATE message_alerts SET live = 0 WHERE alert_id = $1 AND live = 1")
                .bind(alert.id.as_str())
                .execute(self.conn())
                .await?;
        }
        Ok(())
    }

    /// Takes back what waits about an alert, for a reason.
    pub(super) async fn withdraw(
        &mut self,
        workspace: &WorkspaceId,
        alert: &AlertId,
        reason: &str,
    ) -> Result<(), StoreError> {
        query(
            "UPDATE notices SET state = 'superseded', reason = $3, ready_at = NULL WHERE workspace_id = $1 AND alert_id = $2 \
             AND state IN ('owed', 'held')",
        )
        .bind(workspace.as_str())
        .bind(alert.as_str())
        .bind(reason)
        .execute(self.conn())
        .await?;
        Ok(())
    }
}

/// State, hold and ready instant of a notice. Held under a cover or below a minimum it is never
/// ready by itself.
fn due_cells(
    due: &Due,
    now: DateTime<Utc>,
) -> Result<(&'static str, Option<String>, Option<i64>), StoreError> {
    Ok(match due {
        Due::Owed => ("owed", None, Some(ms(now))),
        Due::Held(hold @ (Hold::Morning { until } | Hold::LookingAgain { until })) => {
            ("held", Some(json(hold)?), Some(ms(*until)))
        }
        Due::Held(hold @ (Hold::CoveredBy { .. } | Hold::BelowMinimum)) => {
            ("held", Some(json(hold)?), None)
        }
    })
}
