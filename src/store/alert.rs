//! Alerts and their transitions. An alert is written only where its revision is still the one
//! that was read; otherwise the caller reads and decides again.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::query;

use super::row::{Cells, garbled, json, ms};
use super::{StoreError, Tx};
use crate::domain::alert::{Ack, Alert, Kind, Phase, State, Subject};
use crate::domain::expiry::Stage;
use crate::domain::facts::{Exchange, Site};
use crate::domain::id::{AlertId, KeyId, WorkspaceId};
use crate::domain::policy::Policy;
use crate::domain::receiver::Platform;
use crate::domain::rules::Rule;
use crate::domain::signal::Severity;

/// A recorded change, as `/why` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Its number within the alert.
    pub seq: i64,
    /// What changed.
    pub kind: Kind,
    /// When.
    pub at: DateTime<Utc>,
    /// How bad it was then.
    pub severity: Severity,
    /// The rung it was on then.
    pub stage: Option<Stage>,
    /// Why it changed.
    pub reason: String,
    /// Who changed it, if it was a person.
    pub actor: Option<String>,
}

/// Which change a transition records, and by whom.
pub(super) struct Change<'a> {
    pub kind: Kind,
    pub at: DateTime<Utc>,
    pub reason: &'a str,
    pub actor: Option<&'a str>,
    pub policy: Option<&'a Policy>,
}

/// An open phase's details, as JSON.
#[derive(Serialize, Deserialize)]
struct AckCell(Ack);

macro_rules! alert_columns {
    () => {
        "a.id, a.workspace_id, a.no, a.subject_kind, a.subject_id, a.rule, a.phase, a.seen, a.clearing_at, a.severity, \
         a.worst, a.stage, a.evidence_json, a.told_json, a.ack_json, a.opened_at, a.closed_at, a.last_seq, a.rev"
    };
}
pub(super) use alert_columns;

/// The text under which a subject stands in tables.
pub(super) fn subject_cells(subject: &Subject) -> (&'static str, String) {
    match subject {
        Subject::Key(key) => ("key", key.0.clone()),
        Subject::Exchange(exchange, site) => {
            ("exchange", format!("{}/{}", exchange.id(), site.id()))
        }
        Subject::Receiver(receiver) => ("receiver", receiver.0.clone()),
        Subject::Platform(platform) => ("platform", platform.id().to_owned()),
    }
}

fn subject_of(row: &AnyRow) -> Result<Subject, StoreError> {
    let id = row.text("subject_id")?;
    match row.text("subject_kind")?.as_str() {
        "key" => Ok(Subject::Key(id.into())),
        "exchange" => id
            .split_once('/')
            .and_then(|(exchange, site)| Some((Exchange::parse(exchange)?, Site::parse(site)?)))
            .map(|(exchange, site)| Subject::Exchange(exchange, site))
            .ok_or_else(|| garbled("subject_id")),
        "receiver" => Ok(Subject::Receiver(id.into())),
        "platform" => {
            Platform::parse(&id).map(Subject::Platform).ok_or_else(|| garbled("subject_id"))
        }
        _ => Err(garbled("subject_kind")),
    }
}

pub(super) fn alert_of(row: &AnyRow) -> Result<Alert, StoreError> {
    let phase = match row.text("phase")?.as_str() {
        "pending" => Phase::Pending { seen: u32::try_from(row.int("seen")?).unwrap_or(u32::MAX) },
        "open" => Phase::Open {
            clearing: row.instant_opt("clearing_at")?,
            ack: row.value_opt::<AckCell>("ack_json")?.map(|cell| cell.0),
        },
        "closed" => Phase::Closed { at: row.instant("closed_at")? },
        _ => return Err(garbled("phase")),
    };
    let stage = row.text_opt("stage")?;
    Ok(Alert {
        id: row.text("id")?.into(),
        no: row.int("no")?,
        workspace: row.text("workspace_id")?.into(),
        subject: subject_of(row)?,
        rule: row.word("rule", Rule::parse)?,
        state: State {
            phase,
            severity: row.word("severity", Severity::parse)?,
            worst: row.word("worst", Severity::parse)?,
            stage: stage.map(|s| Stage::parse(&s).ok_or_else(|| garbled("stage"))).transpose()?,
            items: row.value("evidence_json")?,
            told: row.value_opt("told_json")?,
            opened_at: row.instant("opened_at")?,
        },
        rev: row.int("rev")?,
    })
}

pub(super) fn transition_of(row: &AnyRow) -> Result<Transition, StoreError> {
    let stage = row.text_opt("stage")?;
    Ok(Transition {
        seq: row.int("seq")?,
        kind: row.word("kind", Kind::parse)?,
        at: row.instant("at")?,
        severity: row.word("severity", Severity::parse)?,
        stage: stage.map(|s| Stage::parse(&s).ok_or_else(|| garbled("stage"))).transpose()?,
        reason: row.text("reason")?,
        actor: row.text_opt("actor")?,
    })
}

/// A state as cells: phase, seen, clearing, ack, closed.
type PhaseCells = (&'static str, i64, Option<i64>, Option<String>, Option<i64>);

fn phase_cells(state: &State) -> Result<PhaseCells, StoreError> {
    Ok(match &state.phase {
        Phase::Pending { seen } => ("pending", i64::from(*seen), None, None, None),
        Phase::Open { clearing, ack } => {
            let ack = ack.clone().map(|ack| json(&AckCell(ack))).transpose()?;
            ("open", 0, clearing.map(ms), ack, None)
        }
        Phase::Closed { at } => ("closed", 0, None, None, Some(ms(*at))),
    })
}

impl Tx {
    /// The alerts of a subject that a judgement can meet: those not closed, and of each rule the
    /// newest closed one.
    pub(super) async fn alerts_of(
        &mut self,
        workspace: &WorkspaceId,
        subject: &Subject,
    ) -> Result<Vec<Alert>, StoreError> {
        let (kind, id) = subject_cells(subject);
        let rows = query(concat!(
            "SELECT ",
            alert_columns!(),
            " FROM alerts a WHERE a.workspace_id = $1 AND a.subject_kind = $2 AND a.subject_id = $3 \
             AND (a.phase <> 'closed' OR a.no = (SELECT MAX(b.no) FROM alerts b WHERE b.workspace_id = a.workspace_id \
             AND b.subject_kind = a.subject_kind AND b.subject_id = a.subject_id AND b.rule = a.rule)) ORDER BY a.no, a.id"
        ))
        .bind(workspace.as_str())
        .bind(kind)
        .bind(id)
        .fetch_all(self.conn())
        .await?;
        rows.iter().map(alert_of).collect()
    }

    /// One alert of a workspace.
    pub(super) async fn alert(
        &mut self,
        workspace: &WorkspaceId,
        id: &AlertId,
    ) -> Result<Option<Alert>, StoreError> {
        let row = query(concat!(
            "SELECT ",
            alert_columns!(),
            " FROM alerts a WHERE a.workspace_id = $1 AND a.id = $2"
        ))
        .bind(workspace.as_str())
        .bind(id.as_str())
        .fetch_optional(self.conn())
        .await?;
        row.as_ref().map(alert_of).transpose()
    }

    /// Makes a new alert. One that is only pending has no number yet.
    pub(super) async fn insert_alert(
        &mut self,
        workspace: &WorkspaceId,
        subject: &Subject,
        rule: Rule,
        state: State,
        now: DateTime<Utc>,
    ) -> Result<Alert, StoreError> {
        let is_pending = matches!(state.phase, Phase::Pending { .. });
        let no = if is_pending { 0 } else { self.next_alert_no(workspace).await? };
        let id: AlertId = self.ids.next(now);
        let (kind, subject_id) = subject_cells(subject);
        let (phase, seen, clearing, ack, closed) = phase_cells(&state)?;
        query(
            "INSERT INTO alerts (id, workspace_id, no, subject_kind, subject_id, rule, phase, seen, clearing_at, severity, \
             worst, stage, evidence_json, told_json, ack_json, opened_at, closed_at, last_seq, rev) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 0, 0)",
        )
        .bind(id.as_str())
        .bind(workspace.as_str())
        .bind(no)
        .bind(kind)
        .bind(subject_id)
        .bind(rule.id())
        .bind(phase)
        .bind(seen)
        .bind(clearing)
        .bind(state.severity.id())
        .bind(state.worst.id())
        .bind(state.stage.map(Stage::id))
        .bind(json(&state.items)?)
        .bind(state.told.as_ref().map(json).transpose()?)
        .bind(ack)
        .bind(ms(state.opened_at))
        .bind(closed)
        .execute(self.conn())
        .await?;
        let (workspace, subject) = (workspace.clone(), subject.clone());
        Ok(Alert { id, no, workspace, subject, rule, state, rev: 0 })
    }

    /// Writes an alert's new state where nobody else did so since it was read.
    pub(super) async fn update_alert(
        &mut self,
        alert: &Alert,
        state: State,
    ) -> Result<Alert, StoreError> {
        let is_pending = matches!(state.phase, Phase::Pending { .. });
        let no = match alert.no {
            0 if !is_pending => self.next_alert_no(&alert.workspace).await?,
            no => no,
        };
        let (phase, seen, clearing, ack, closed) = phase_cells(&state)?;
        let done = query(
            "UPDATE alerts SET no = $3, phase = $4, seen = $5, clearing_at = $6, severity = $7, worst = $8, stage = $9, \
             evidence_json = $10, told_json = $11, ack_json = $12, opened_at = $13, closed_at = $14, rev = rev + 1 \
             WHERE id = $1 AND rev = $2",
        )
        .bind(alert.id.as_str())
        .bind(alert.rev)
        .bind(no)
        .bind(phase)
        .bind(seen)
        .bind(clearing)
        .bind(state.severity.id())
        .bind(state.worst.id())
        .bind(state.stage.map(Stage::id))
        .bind(json(&state.items)?)
        .bind(state.told.as_ref().map(json).transpose()?)
        .bind(ack)
        .bind(ms(state.opened_at))
        .bind(closed)
        .execute(self.conn())
        .await?;
        if done.rows_affected() != 1 {
            return Err(StoreError::Conflict);
        }
        Ok(Alert { no, state, rev: alert.rev + 1, ..alert.clone() })
    }

    /// Whether any alert of a key has opened or got worse after `at`.
    pub(super) async fn has_worsened_after(
        &mut self,
        key: &KeyId,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let row = query(
            "SELECT COUNT(*) AS n FROM transitions t JOIN alerts a ON a.id = t.alert_id \
             WHERE a.subject_kind = 'key' AND a.subject_id = $1 AND t.at > $2 AND t.kind IN ($3, $4, $5)",
        )
        .bind(key.as_str())
        .bind(ms(at))
        .bind(Kind::Opened.id())
        .bind(Kind::Worse.id())
        .bind(Kind::BackAgain.id())
        .fetch_one(self.conn())
        .await?;
        Ok(row.int("n")? > 0)
    }

    /// Removes an alert that was never proven.
    pub(super) async fn forget_alert(&mut self, alert: &Alert) -> Result<(), StoreError> {
        let done = query("DELETE FROM alerts WHERE id = $1 AND rev = $2 AND phase = 'pending'")
            .bind(alert.id.as_str())
            .bind(alert.rev)
            .execute(self.conn())
            .await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Conflict) }
    }

    /// Records a change and returns its number.
    pub(super) async fn insert_transition(
        &mut self,
        alert: &Alert,
        change: Change<'_>,
    ) -> Result<i64, StoreError> {
        let row =
            query("UPDATE alerts SET last_seq = last_seq + 1 WHERE id = $1 RETURNING last_seq")
                .bind(alert.id.as_str())
                .fetch_one(self.conn())
                .await?;
        let seq = row.int("last_seq")?;
        query(
            "INSERT INTO transitions (alert_id, seq, workspace_id, kind, at, severity, stage, reason, actor, policy_json, rev) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(alert.id.as_str())
        .bind(seq)
        .bind(alert.workspace.as_str())
        .bind(change.kind.id())
        .bind(ms(change.at))
        .bind(alert.state.severity.id())
        .bind(alert.state.stage.map(Stage::id))
        .bind(change.reason)
        .bind(change.actor)
        .bind(change.policy.map(json).transpose()?)
        .bind(alert.rev)
        .execute(self.conn())
        .await?;
        Ok(seq)
    }

    /// Whether an alert has got worse since revision `rev` of it was shown.
    pub(super) async fn is_worse_since(
        &mut self,
        alert: &Alert,
        rev: i64,
    ) -> Result<bool, StoreError> {
        let row = query(
            "SELECT COUNT(*) AS n FROM transitions WHERE alert_id = $1 AND rev > $2 AND kind IN ($3, $4)",
        )
        .bind(alert.id.as_str())
        .bind(rev)
        .bind(Kind::Worse.id())
        .bind(Kind::BackAgain.id())
        .fetch_one(self.conn())
        .await?;
        Ok(row.int("n")? > 0)
    }
}
