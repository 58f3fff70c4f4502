//! Receivers that came, or came back, after an alert had opened: they are told of it as well. Level,
//! not edge: whoever works and was never planned for an open alert is planned now.

use chrono::{DateTime, Utc};
use sqlx::query;

use super::alert::{alert_columns, alert_of};
use super::receiver::receiver_of;
use super::row::Cells;
use super::{Store, StoreError};
use crate::domain::policy::Policy;
use crate::domain::route::{self, Post};

/// Pairs of one turn; the rest waits for the next.
const BATCH: i64 = 200;

impl Store {
    /// Owes every open alert to the receivers that were never planned for it.
    pub async fn tell_newcomers(
        &self,
        policy: &Policy,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let select = "SELECT a.id AS alert_id, r.id AS receiver_id FROM alerts a \
             JOIN receivers r ON r.workspace_id = a.workspace_id JOIN workspaces w ON w.id = a.workspace_id \
             WHERE a.phase = 'open' AND a.subject_kind NOT IN ('receiver', 'platform') AND r.state = 'active' AND w.state = 'active' AND NOT EXISTS \
             (SELECT 1 FROM notices n WHERE n.alert_id = a.id AND n.receiver_id = r.id) \
             ORDER BY a.no, r.id LIMIT $1";
        let pairs = query(select).bind(BATCH).fetch_all(&self.reader).await?;
        for pair in &pairs {
            let (alert, receiver) = (pair.text("alert_id")?, pair.text("receiver_id")?);
            let mut tx = self.write().await?;
            let row = query(concat!(
                "SELECT ",
                alert_columns!(),
                ", a.last_seq FROM alerts a WHERE a.id = $1 AND a.phase = 'open' AND NOT EXISTS \
                 (SELECT 1 FROM notices n WHERE n.alert_id = a.id AND n.receiver_id = $2)"
            ))
            .bind(&alert)
            .bind(&receiver)
            .fetch_optional(tx.conn())
            .await?;
            let Some(row) = row else { continue };
            let (alert, seq) = (alert_of(&row)?, row.int("last_seq")?);
            let row = query("SELECT id, workspace_id, name, platform, address, topic, mention, min_severity FROM receivers WHERE id = $1")
                .bind(&receiver)
                .fetch_one(tx.conn())
                .await?;
            let receiver = receiver_of(&row)?;
            let post = Post {
                severity: alert.state.severity,
                quiet: false,
                waits: alert.rule.waits_for_morning(),
                deadline: None,
                covered_by: tx.cover_of(&alert).await?,
                looking_until: None,
            };
            let zone = tx.workspace(&alert.workspace).await?.zone;
            for planned in route::plan(&post, &[receiver], policy, zone, now) {
                tx.insert_notice(&alert, seq, false, &planned, now).await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }
}
