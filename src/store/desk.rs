//! One workspace as its people see it. Every query here is bound to the workspace; an id of
//! another one is as unknown as a made-up one.

use chrono::{DateTime, Utc};
use sqlx::query;

use super::alert::{Transition, alert_columns, alert_of, subject_cells, transition_of};
use super::key::{key_columns, key_of};
use super::look::{Standing, standing_columns, standing_joins, standing_of};
use super::row::Cells;
use super::tell::Telling;
use super::workspace::Workspace;
use super::{Store, StoreError};
use crate::domain::alert::{Alert, Subject};
use crate::domain::id::{AlertId, KeyId, MessageId};
use crate::domain::key::Key;
use crate::domain::route::Hold;
use crate::domain::text::{Clean, Label, fold};

/// A workspace's view of the ledger.
#[derive(Clone)]
pub struct Desk {
    pub(super) store: Store,
    pub(super) workspace: Workspace,
}

/// A key with all that `/keystatus` says of it.
#[derive(Clone, Debug)]
pub struct KeyView {
    /// The key.
    pub key: Key,
    /// Where it stands.
    pub standing: Standing,
    /// Its open alerts, and those of its exchange.
    pub alerts: Vec<Alert>,
    /// The first and last four characters of its key id, where we hold one.
    pub hint: Option<String>,
    /// When the exchange is asked next.
    pub next_probe: Option<DateTime<Utc>>,
    /// The sealed address that the exchange last saw this monitor come from.
    pub caller: Option<String>,
}

/// What happened to one notice, for `/why`.
#[derive(Clone, Debug)]
pub struct NoticeView {
    /// The transition it tells.
    pub seq: i64,
    /// The receiver's name.
    pub receiver: String,
    /// owed, held, bound, done, superseded or failed.
    pub state: String,
    /// Why it was dropped.
    pub reason: Option<String>,
    /// Why it is held.
    pub hold: Option<Hold>,
    /// When its message was sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// Why its message did not get through so far.
    pub fault: Option<String>,
}

/// An alert with its history, for `/why`.
#[derive(Clone, Debug)]
pub struct History {
    /// The alert.
    pub alert: Alert,
    /// Its changes, oldest first.
    pub transitions: Vec<Transition>,
    /// Who was told what, oldest first.
    pub notices: Vec<NoticeView>,
}

impl Store {
    /// The desk of a workspace.
    pub fn desk(&self, workspace: Workspace) -> Desk {
        Desk { store: self.clone(), workspace }
    }
}

macro_rules! view_select {
    ($tail:literal) => {
        concat!(
            "SELECT ",
            key_columns!(),
            ", ",
            standing_columns!(),
            ", s.caller_sealed, c.hint, d.due_at FROM keys k",
            standing_joins!(),
            "LEFT JOIN credentials c ON c.key_id = k.id AND c.state = 'active' \
             LEFT JOIN duties d ON d.subject_id = k.id AND d.kind = 'probe' WHERE k.workspace_id = $1 AND k.state NOT IN ('removed', 'staged') ",
            $tail
        )
    };
}

impl Desk {
    /// The workspace.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// All keys, by label.
    pub async fn keys(&self) -> Result<Vec<KeyView>, StoreError> {
        let rows = query(view_select!("ORDER BY k.label_key, k.id"))
            .bind(self.workspace.id.as_str())
            .fetch_all(&self.store.reader)
            .await?;
        let alerts = self.open_alerts().await?;
        rows.iter().map(|row| view_of(row, &alerts)).collect()
    }

    /// One key by its label, whatever its case.
    pub async fn key_by_label(&self, label: &str) -> Result<Option<KeyView>, StoreError> {
        // Cleaned like every label that is there; PostgreSQL refuses a text with a NUL in it.
        let label = Clean::new(label, Label::LONGEST + 1);
        let row = query(view_select!("AND k.label_key = $2"))
            .bind(self.workspace.id.as_str())
            .bind(fold(label.as_str()))
            .fetch_optional(&self.store.reader)
            .await?;
        let alerts = self.open_alerts().await?;
        row.map(|row| view_of(&row, &alerts)).transpose()
    }

    /// One key by its id.
    pub async fn key(&self, id: &KeyId) -> Result<Option<KeyView>, StoreError> {
        let row = query(view_select!("AND k.id = $2"))
            .bind(self.workspace.id.as_str())
            .bind(id.as_str())
            .fetch_optional(&self.store.reader)
            .await?;
        let alerts = self.open_alerts().await?;
        row.map(|row| view_of(&row, &alerts)).transpose()
    }

    /// The open alerts, by number.
    pub async fn open_alerts(&self) -> Result<Vec<Alert>, StoreError> {
        let rows = query(concat!(
            "SELECT ",
            alert_columns!(),
            " FROM alerts a WHERE a.workspace_id = $1 AND a.phase = 'open' ORDER BY a.no"
        ))
        .bind(self.workspace.id.as_str())
        .fetch_all(&self.store.reader)
        .await?;
        rows.iter().map(alert_of).collect()
    }

    /// The open alerts made ready to be told, by number.
    pub async fn open_tellings(&self) -> Result<Vec<Telling>, StoreError> {
        let rows = query(concat!(
            "SELECT ",
            alert_columns!(),
            ", t.kind AS told_kind, w.zone FROM alerts a JOIN transitions t ON t.alert_id = a.id AND t.seq = a.last_seq \
             JOIN workspaces w ON w.id = a.workspace_id WHERE a.workspace_id = $1 AND a.phase = 'open' ORDER BY a.no"
        ))
        .bind(self.workspace.id.as_str())
        .fetch_all(&self.store.reader)
        .await?;
        self.tellings_of(&rows).await
    }

    /// One alert made ready to be told.
    pub async fn telling(&self, id: &AlertId) -> Result<Option<Telling>, StoreError> {
        let row = query(concat!(
            "SELECT ",
            alert_columns!(),
            ", t.kind AS told_kind, w.zone FROM alerts a JOIN transitions t ON t.alert_id = a.id AND t.seq = a.last_seq \
             JOIN workspaces w ON w.id = a.workspace_id WHERE a.workspace_id = $1 AND a.id = $2"
        ))
        .bind(self.workspace.id.as_str())
        .bind(id.as_str())
        .fetch_optional(&self.store.reader)
        .await?;
        match row {
            Some(row) => Ok(Some(self.store.telling_of(&row).await?)),
            None => Ok(None),
        }
    }

    /// The open alerts that a message told.
    pub async fn alerts_of_message(&self, message: &MessageId) -> Result<Vec<Telling>, StoreError> {
        let rows = query(concat!(
            "SELECT ",
            alert_columns!(),
            ", t.kind AS told_kind, w.zone FROM message_alerts m JOIN alerts a ON a.id = m.alert_id \
             JOIN transitions t ON t.alert_id = a.id AND t.seq = a.last_seq JOIN workspaces w ON w.id = a.workspace_id \
             WHERE m.workspace_id = $1 AND m.message_id = $2 AND a.phase = 'open' ORDER BY a.no"
        ))
        .bind(self.workspace.id.as_str())
        .bind(message.as_str())
        .fetch_all(&self.store.reader)
        .await?;
        self.tellings_of(&rows).await
    }

    /// The alerts that a message told, each with its revision at that time.
    pub async fn told_by(&self, message: &MessageId) -> Result<Vec<(AlertId, i64)>, StoreError> {
        let rows = query(
            "SELECT m.alert_id, t.rev FROM message_alerts m JOIN transitions t ON t.alert_id = m.alert_id AND t.seq = m.seq \
             WHERE m.workspace_id = $1 AND m.message_id = $2",
        )
        .bind(self.workspace.id.as_str())
        .bind(message.as_str())
        .fetch_all(&self.store.reader)
        .await?;
        rows.iter().map(|row| Ok((row.text("alert_id")?.into(), row.int("rev")?))).collect()
    }

    async fn tellings_of(&self, rows: &[sqlx::any::AnyRow]) -> Result<Vec<Telling>, StoreError> {
        let mut tellings = Vec::with_capacity(rows.len());
        for row in rows {
            tellings.push(self.store.telling_of(row).await?);
        }
        Ok(tellings)
    }

    /// The newest alerts of a key, open ones first, with what happened to each.
    pub async fn history(&self, key: &KeyId, limit: i64) -> Result<Vec<History>, StoreError> {
        self.history_of(&Subject::Key(key.clone()), limit).await
    }

    /// The same of any subject.
    pub async fn history_of(
        &self,
        subject: &Subject,
        limit: i64,
    ) -> Result<Vec<History>, StoreError> {
        let (kind, id) = subject_cells(subject);
        let rows = query(concat!(
            "SELECT ",
            alert_columns!(),
            " FROM alerts a WHERE a.workspace_id = $1 AND a.subject_kind = $2 AND a.subject_id = $3 AND a.phase <> 'pending' \
             ORDER BY CASE WHEN a.phase = 'open' THEN 0 ELSE 1 END, a.no DESC LIMIT $4"
        ))
        .bind(self.workspace.id.as_str())
        .bind(kind)
        .bind(id)
        .bind(limit)
        .fetch_all(&self.store.reader)
        .await?;
        let mut histories = Vec::with_capacity(rows.len());
        for row in &rows {
            let alert = alert_of(row)?;
            let transitions = self.transitions(&alert.id).await?;
            let notices = self.notices(&alert.id).await?;
            histories.push(History { alert, transitions, notices });
        }
        Ok(histories)
    }

    async fn transitions(&self, alert: &AlertId) -> Result<Vec<Transition>, StoreError> {
        let rows = query(
            "SELECT seq, kind, at, severity, stage, reason, actor FROM transitions WHERE workspace_id = $1 AND alert_id = $2 ORDER BY seq",
        )
        .bind(self.workspace.id.as_str())
        .bind(alert.as_str())
        .fetch_all(&self.store.reader)
        .await?;
        rows.iter().map(transition_of).collect()
    }

    async fn notices(&self, alert: &AlertId) -> Result<Vec<NoticeView>, StoreError> {
        let rows = query(
            "SELECT n.seq, r.name, n.state, n.reason, n.hold_json, m.sent_at, m.fault FROM notices n \
             JOIN receivers r ON r.id = n.receiver_id LEFT JOIN messages m ON m.id = n.message_id \
             WHERE n.workspace_id = $1 AND n.alert_id = $2 ORDER BY n.seq, r.name, r.id",
        )
        .bind(self.workspace.id.as_str())
        .bind(alert.as_str())
        .fetch_all(&self.store.reader)
        .await?;
        let notices = rows.iter().map(|row| {
            Ok(NoticeView {
                seq: row.int("seq")?,
                receiver: row.text("name")?,
                state: row.text("state")?,
                reason: row.text_opt("reason")?,
                hold: row.value_opt("hold_json")?,
                sent_at: row.instant_opt("sent_at")?,
                fault: row.text_opt("fault")?,
            })
        });
        notices.collect()
    }
}

fn view_of(row: &sqlx::any::AnyRow, alerts: &[Alert]) -> Result<KeyView, StoreError> {
    let key = key_of(row)?;
    let is_about = |alert: &&Alert| match &alert.subject {
        Subject::Key(id) => *id == key.id,
        Subject::Exchange(exchange, site) => (*exchange, *site) == (key.exchange, key.site),
        Subject::Receiver(_) | Subject::Platform(_) => false,
    };
    Ok(KeyView {
        alerts: alerts.iter().filter(is_about).cloned().collect(),
        standing: standing_of(row)?,
        hint: row.text_opt("hint")?,
        next_probe: row.instant_opt("due_at")?,
        caller: row.text_opt("caller_sealed")?,
        key,
    })
}
