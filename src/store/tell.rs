//! What composing a message needs to know, read at the moment it is sent.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::any::AnyRow;
use sqlx::query;

use super::alert::{alert_columns, alert_of};
use super::key::{key_columns, key_of};
use super::look::{Standing, standing_columns, standing_joins, standing_of};
use super::message::Message;
use super::row::Cells;
use super::{Store, StoreError};
use crate::domain::alert::{Alert, Kind, Subject};
use crate::domain::id::{KeyId, WorkspaceId};
use crate::domain::key::Key;
use crate::domain::notice::{FleetCount, Replaced, View};
use crate::domain::policy::Policy;
use crate::domain::text::Clean;

/// One alert as it is now, with everything its wording needs.
#[derive(Clone, Debug)]
pub struct Telling {
    /// The alert.
    pub alert: Alert,
    /// The change that is told.
    pub kind: Kind,
    /// The key, where the subject is one, with where it stands.
    pub key: Option<(Key, Standing)>,
    /// The newest replacement of the key's secrets.
    pub replaced: Option<Replaced>,
    /// The name of the receiver, where the subject is one.
    pub receiver: Option<Clean>,
    /// The keys of the exchange, where the subject is one.
    pub fleet: Option<FleetCount>,
    /// The zone of the workspace.
    pub zone: Tz,
}

impl Telling {
    /// The same as the wording wants it.
    pub fn view<'a>(&'a self, policy: &'a Policy, now: DateTime<Utc>) -> View<'a> {
        let standing = self.key.as_ref().map(|(_, standing)| standing);
        View {
            alert: &self.alert,
            kind: self.kind,
            key: self.key.as_ref().map(|(key, _)| key),
            last_good: standing.and_then(|s| s.last_good.as_ref()),
            latest: standing.and_then(|s| s.latest.as_ref()),
            streak: standing.and_then(|s| s.streak.as_ref()),
            replaced: self.replaced,
            receiver: self.receiver.as_ref(),
            fleet: self.fleet,
            policy,
            zone: self.zone,
            now,
        }
    }
}

impl Store {
    /// The alerts of a message, each with the newest change of it.
    pub async fn tellings(
        &self,
        workspace: &WorkspaceId,
        message: &Message,
    ) -> Result<Vec<Telling>, StoreError> {
        let mut tellings = Vec::with_capacity(message.alerts.len());
        for (alert, _) in &message.alerts {
            let row = query(concat!(
                "SELECT ",
                alert_columns!(),
                ", t.kind AS told_kind, w.zone FROM alerts a JOIN transitions t ON t.alert_id = a.id AND t.seq = a.last_seq \
                 JOIN workspaces w ON w.id = a.workspace_id WHERE a.workspace_id = $1 AND a.id = $2"
            ))
            .bind(workspace.as_str())
            .bind(alert.as_str())
            .fetch_optional(&self.reader)
            .await?;
            if let Some(row) = row {
                tellings.push(self.telling_of(&row).await?);
            }
        }
        Ok(tellings)
    }

    /// An alert row with `told_kind` and `zone` beside it, made ready to be told.
    pub(super) async fn telling_of(&self, row: &AnyRow) -> Result<Telling, StoreError> {
        let alert = alert_of(row)?;
        let (mut receiver, mut replaced) = (None, None);
        let (key, fleet) = match &alert.subject {
            Subject::Receiver(id) => {
                receiver = Some(self.receiver(id).await?.name);
                (None, None)
            }
            Subject::Platform(_) => (None, None),
            Subject::Key(key) => {
                replaced = self.replaced(&alert.workspace, key).await?;
                (self.key_and_standing(&alert.workspace, key).await?, None)
            }
            Subject::Exchange(exchange, site) => {
                let fleet = self.fleet(&alert.workspace, exchange.id(), site.id()).await?;
                (None, Some(fleet))
            }
        };
        Ok(Telling {
            kind: row.word("told_kind", Kind::parse)?,
            zone: row.word("zone", |zone| zone.parse().ok())?,
            alert,
            key,
            replaced,
            receiver,
            fleet,
        })
    }

    /// A key of a workspace and where it stands.
    pub(super) async fn key_and_standing(
        &self,
        workspace: &WorkspaceId,
        key: &KeyId,
    ) -> Result<Option<(Key, Standing)>, StoreError> {
        let row = query(concat!(
            "SELECT ",
            key_columns!(),
            ", ",
            standing_columns!(),
            " FROM keys k",
            standing_joins!(),
            "WHERE k.workspace_id = $1 AND k.id = $2"
        ))
        .bind(workspace.as_str())
        .bind(key.as_str())
        .fetch_optional(&self.reader)
        .await?;
        row.map(|row| Ok((key_of(&row)?, standing_of(&row)?))).transpose()
    }

    /// When the secrets in use took the place of others, if they did.
    async fn replaced(
        &self,
        workspace: &WorkspaceId,
        key: &KeyId,
    ) -> Result<Option<Replaced>, StoreError> {
        let row = query(
            "SELECT c.added_at, (SELECT COUNT(*) FROM credentials o WHERE o.key_id = c.key_id AND o.state = 'retiring') AS old \
             FROM credentials c WHERE c.workspace_id = $1 AND c.key_id = $2 AND c.state = 'active' AND c.generation > 1",
        )
        .bind(workspace.as_str())
        .bind(key.as_str())
        .fetch_optional(&self.reader)
        .await?;
        row.map(|row| Ok(Replaced { at: row.instant("added_at")?, old_works: row.int("old")? > 0 }))
            .transpose()
    }

    async fn fleet(
        &self,
        workspace: &WorkspaceId,
        exchange: &str,
        site: &str,
    ) -> Result<FleetCount, StoreError> {
        let row = query(
            "SELECT COUNT(*) AS n, CAST(COALESCE(SUM(CASE WHEN s.blind_word IS NULL THEN 0 ELSE 1 END), 0) AS BIGINT) AS blind, \
             MAX(s.last_good_at) AS good_at, \
             CAST(COALESCE(SUM(CASE WHEN EXISTS (SELECT 1 FROM alerts a WHERE a.workspace_id = k.workspace_id AND a.phase = 'open' \
             AND a.subject_id = k.id AND (a.rule IN ('rejected', 'account', 'credentials') OR a.stage = 'past')) THEN 1 ELSE 0 END), 0) AS BIGINT) AS bad \
             FROM keys k JOIN key_state s ON s.key_id = k.id \
             WHERE k.workspace_id = $1 AND k.exchange = $2 AND k.site = $3 AND k.state IN ('active', 'unverified') AND k.watch = 'self'",
        )
        .bind(workspace.as_str())
        .bind(exchange)
        .bind(site)
        .fetch_one(&self.reader)
        .await?;
        let count = |column| row.int(column).map(|n| u32::try_from(n).unwrap_or(u32::MAX));
        Ok(FleetCount {
            keys: count("blind")?,
            of: count("n")?,
            known_bad: count("bad")?,
            last_good_at: row.instant_opt("good_at")?,
        })
    }
}
