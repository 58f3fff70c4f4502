//! Messages: bound sets of notices on their way. Bind, attempt, send, receipt: each step is
//! committed before the next begins, so that a crash in between repeats the same message under
//! the same nonce and loses none.

use chrono::{DateTime, Utc};
use sqlx::any::AnyRow;
use sqlx::query;

use super::lane::{EDIT_APART, Lane};
use super::row::{Cells, garbled, ms};
use super::test::Test;
use super::{Store, StoreError, Tx};
use crate::domain::alert::Kind;
use crate::domain::id::{AlertId, MessageId};
use crate::domain::route::{self, Waiting};

/// A bound set of notices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its identity and nonce.
    pub id: MessageId,
    /// Whether it makes no sound.
    pub quiet: bool,
    /// Attempts so far.
    pub tries: i64,
    /// When the last attempt began; `None` = never tried.
    pub attempt_at: Option<DateTime<Utc>>,
    /// The platform's name for it, once sent.
    pub platform_id: Option<String>,
    /// The revision that people should see.
    pub want_rev: i64,
    /// Whether one of its alerts still has its live message here; else nothing can be pressed.
    pub is_live: bool,
    /// For a message that tells no alert: the test that it is.
    pub test: Option<Test>,
    /// The alerts it tells, with the transition each was bound for.
    pub alerts: Vec<(AlertId, i64)>,
}

/// How a message leaves the courier.
enum End<'a> {
    Receipt(&'a str),
    Unsure(&'a str),
}

fn message_of(row: &AnyRow) -> Result<Message, StoreError> {
    Ok(Message {
        id: row.text("id")?.into(),
        quiet: row.is("quiet")?,
        tries: row.int("tries")?,
        attempt_at: row.instant_opt("attempt_at")?,
        platform_id: row.text_opt("platform_id")?,
        want_rev: row.int("want_rev")?,
        is_live: false,
        test: row.value_opt("test_json")?,
        alerts: Vec::new(),
    })
}

impl Store {
    /// The lane's next message: one that was bound before and not sent, else the waiting notices
    /// bound now. `None` when there is nothing to say.
    pub async fn bind_next(
        &self,
        lane: &Lane,
        now: DateTime<Utc>,
    ) -> Result<Option<Message>, StoreError> {
        let mut tx = self.write().await?;
        tx.hold_workspace(&lane.receiver.workspace).await?;
        tx.hold_lane(lane).await?;
        let message = match tx.unsent(lane).await? {
            Some(message) => Some(message),
            None => tx.bind(lane, now).await?,
        };
        tx.commit().await?;
        Ok(message)
    }

    /// Marks an attempt. If this fails, nothing may be sent.
    pub async fn mark_attempt(
        &self,
        lane: &Lane,
        message: &Message,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        tx.hold_lane(lane).await?;
        query("UPDATE messages SET attempt_at = $2, tries = tries + 1 WHERE id = $1 AND state = 'bound'")
            .bind(message.id.as_str())
            .bind(ms(now))
            .execute(tx.conn())
            .await?;
        tx.commit().await
    }

    /// Records that the platform took a message.
    pub async fn record_receipt(
        &self,
        lane: &Lane,
        message: &Message,
        platform_id: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.end_message(lane, message, End::Receipt(platform_id), now).await
    }

    /// Records that nobody knows whether a message arrived, and that it is not tried again.
    pub async fn record_unsure(
        &self,
        lane: &Lane,
        message: &Message,
        fault: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.end_message(lane, message, End::Unsure(fault), now).await
    }

    async fn end_message(
        &self,
        lane: &Lane,
        message: &Message,
        end: End<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        tx.hold_workspace(&lane.receiver.workspace).await?;
        // Not bound to the claim: what was sent was sent, whoever holds the lane by now.
        let (state, fault) = match &end {
            End::Receipt(_) => ("sent", None),
            End::Unsure(fault) => ("unsure", Some(*fault)),
        };
        query(
            "UPDATE messages SET state = $5, platform_id = $2, shown_rev = $3, sent_at = $4, edited_at = $4, fault = $6 \
             WHERE id = $1 AND state = 'bound'",
        )
        .bind(message.id.as_str())
        .bind(match end {
            End::Receipt(id) => Some(id),
            End::Unsure(_) => None,
        })
        .bind(message.want_rev)
        .bind(ms(now))
        .bind(state)
        .bind(fault)
        .execute(tx.conn())
        .await?;
        query("UPDATE notices SET state = 'done', ready_at = NULL WHERE message_id = $1 AND receiver_id = $2")
            .bind(message.id.as_str())
            .bind(lane.receiver.id.as_str())
            .execute(tx.conn())
            .await?;
        tx.commit().await
    }

    /// Records why an attempt failed; the message stays bound.
    pub async fn record_fault(&self, message: &Message, fault: &str) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        query("UPDATE messages SET fault = $2 WHERE id = $1")
            .bind(message.id.as_str())
            .bind(fault)
            .execute(tx.conn())
            .await?;
        tx.commit().await
    }

    /// Records that an attempt did not arrive, and why. It counts as none, so that only what may
    /// have arrived uses up the one repeat; the message stays bound.
    pub async fn record_unsent(&self, message: &Message, fault: &str) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        query("UPDATE messages SET fault = $2, tries = CASE WHEN tries > 0 THEN tries - 1 ELSE 0 END WHERE id = $1")
            .bind(message.id.as_str())
            .bind(fault)
            .execute(tx.conn())
            .await?;
        tx.commit().await
    }

    /// A sent message of the lane that does not show what it should, and may be edited at `now`.
    pub async fn next_edit(
        &self,
        lane: &Lane,
        now: DateTime<Utc>,
    ) -> Result<Option<Message>, StoreError> {
        let mut tx = self.write().await?;
        tx.hold_lane(lane).await?;
        let row = query(
            "SELECT id, quiet, tries, attempt_at, platform_id, want_rev, test_json FROM messages WHERE receiver_id = $1 AND state = 'sent' \
             AND want_rev > shown_rev AND edited_at <= $2 ORDER BY edited_at, id LIMIT 1",
        )
        .bind(lane.receiver.id.as_str())
        .bind(ms(now - EDIT_APART))
        .fetch_optional(tx.conn())
        .await?;
        let message = match row {
            Some(row) => Some(tx.with_alerts(message_of(&row)?).await?),
            None => None,
        };
        tx.commit().await?;
        Ok(message)
    }

    /// Records what an edited message shows now; `gone` when the platform does not have it any more.
    pub async fn record_edit(
        &self,
        message: &Message,
        gone: bool,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let state = if gone { "gone" } else { "sent" };
        query("UPDATE messages SET shown_rev = $2, edited_at = $3, state = $4 WHERE id = $1")
            .bind(message.id.as_str())
            .bind(message.want_rev)
            .bind(ms(now))
            .bind(state)
            .execute(tx.conn())
            .await?;
        tx.commit().await
    }

    /// The messages sent so far, for tests and health.
    pub async fn count_messages(&self, state: &str) -> Result<i64, StoreError> {
        let row = query("SELECT COUNT(*) AS n FROM messages WHERE state = $1")
            .bind(state)
            .fetch_one(&self.reader)
            .await?;
        row.int("n")
    }
}

impl Tx {
    async fn unsent(&mut self, lane: &Lane) -> Result<Option<Message>, StoreError> {
        let row = query(
            "SELECT id, quiet, tries, attempt_at, platform_id, want_rev, test_json FROM messages WHERE receiver_id = $1 AND state = 'bound' \
             ORDER BY bound_at, id LIMIT 1",
        )
        .bind(lane.receiver.id.as_str())
        .fetch_optional(self.conn())
        .await?;
        match row {
            Some(row) => Ok(Some(self.with_alerts(message_of(&row)?).await?)),
            None => Ok(None),
        }
    }

    async fn with_alerts(&mut self, message: Message) -> Result<Message, StoreError> {
        let rows = query(
            "SELECT alert_id, seq, live FROM message_alerts WHERE message_id = $1 ORDER BY alert_id",
        )
        .bind(message.id.as_str())
        .fetch_all(self.conn())
        .await?;
        let is_live = message.test.is_some();
        let mut message = Message { alerts: Vec::with_capacity(rows.len()), is_live, ..message };
        for row in &rows {
            message.is_live |= row.is("live")?;
            message.alerts.push((row.text("alert_id")?.into(), row.int("seq")?));
        }
        Ok(message)
    }

    /// Binds what waits: drops what is overtaken, gives the rest one message.
    async fn bind(
        &mut self,
        lane: &Lane,
        now: DateTime<Utc>,
    ) -> Result<Option<Message>, StoreError> {
        let waiting = self.waiting(lane, now).await?;
        let bundle = route::bundle(&waiting);
        for (alert, seq, reason) in &bundle.superseded {
            query(
                "UPDATE notices SET state = 'superseded', reason = $4, ready_at = NULL WHERE alert_id = $1 AND seq = $2 AND receiver_id = $3",
            )
            .bind(alert.as_str())
            .bind(*seq)
            .bind(lane.receiver.id.as_str())
            .bind(*reason)
            .execute(self.conn())
            .await?;
        }
        if bundle.bind.is_empty() {
            return Ok(None);
        }
        let quiet = waiting
            .iter()
            .filter(|n| bundle.bind.contains(&(n.alert.clone(), n.seq)))
            .all(|n| n.quiet);
        let id: MessageId = self.ids.next(now);
        query(
            "INSERT INTO messages (id, workspace_id, receiver_id, state, platform_id, quiet, want_rev, shown_rev, tries, bound_at, \
             attempt_at, sent_at, edited_at, fault) VALUES ($1, $2, $3, 'bound', NULL, $4, 1, 0, 0, $5, NULL, NULL, NULL, NULL)",
        )
        .bind(id.as_str())
        .bind(lane.receiver.workspace.as_str())
        .bind(lane.receiver.id.as_str())
        .bind(i64::from(quiet))
        .bind(ms(now))
        .execute(self.conn())
        .await?;
        for (alert, seq) in &bundle.bind {
            self.bind_alert(lane, &id, (alert, *seq), quiet).await?;
        }
        let message = Message {
            id,
            quiet,
            tries: 0,
            attempt_at: None,
            platform_id: None,
            want_rev: 1,
            is_live: !quiet,
            test: None,
            alerts: bundle.bind,
        };
        Ok(Some(message))
    }

    async fn bind_alert(
        &mut self,
        lane: &Lane,
        message: &MessageId,
        (alert, seq): (&AlertId, i64),
        quiet: bool,
    ) -> Result<(), StoreError> {
        // A closing line is no place to act on: it has no live message.
        query("INSERT INTO message_alerts (message_id, alert_id, seq, workspace_id, live) VALUES ($1, $2, $3, $4, $5)")
            .bind(message.as_str())
            .bind(alert.as_str())
            .bind(seq)
            .bind(lane.receiver.workspace.as_str())
            .bind(i64::from(!quiet))
            .execute(self.conn())
            .await?;
        query(
            "UPDATE notices SET state = 'bound', message_id = $4, hold_json = NULL, ready_at = NULL WHERE alert_id = $1 AND seq = $2 AND receiver_id = $3",
        )
        .bind(alert.as_str())
        .bind(seq)
        .bind(lane.receiver.id.as_str())
        .bind(message.as_str())
        .execute(self.conn())
        .await?;
        Ok(())
    }

    async fn waiting(
        &mut self,
        lane: &Lane,
        now: DateTime<Utc>,
    ) -> Result<Vec<Waiting>, StoreError> {
        let rows = query(
            "SELECT n.alert_id, n.seq, n.quiet, t.kind, a.phase, \
             (SELECT COUNT(*) FROM notices d WHERE d.alert_id = n.alert_id AND d.receiver_id = n.receiver_id AND d.state = 'done') AS told \
             FROM notices n JOIN alerts a ON a.id = n.alert_id JOIN transitions t ON t.alert_id = n.alert_id AND t.seq = n.seq \
             WHERE n.receiver_id = $1 AND n.state IN ('owed', 'held') AND n.ready_at <= $2 ORDER BY n.alert_id, n.seq",
        )
        .bind(lane.receiver.id.as_str())
        .bind(ms(now))
        .fetch_all(self.conn())
        .await?;
        let waiting = rows.iter().map(|row| {
            Ok(Waiting {
                alert: row.text("alert_id")?.into(),
                seq: row.int("seq")?,
                kind: Kind::parse(&row.text("kind")?).ok_or_else(|| garbled("kind"))?,
                quiet: row.is("quiet")?,
                open: row.text("phase")? == "open",
                told_before: row.int("told")? > 0,
            })
        });
        waiting.collect()
    }
}
