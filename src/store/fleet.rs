//! What the keys of one site say together, counted over all of them and not over one batch; judged
//! in the transaction of the checks that may have changed it.

use chrono::{DateTime, Utc};
use sqlx::query;

use super::notice::Plan;
use super::row::Cells;
use super::{StoreError, Tx};
use crate::domain::alert::{self, Asked, Cause, Subject};
use crate::domain::facts::{Exchange, Site};
use crate::domain::fleet::{self, Blinded, Census};
use crate::domain::id::WorkspaceId;
use crate::domain::judge;
use crate::domain::policy::Policy;
use crate::domain::rules::proves_itself;

impl Tx {
    /// Judges what the keys of one site say together.
    pub(super) async fn judge_fleet(
        &mut self,
        workspace: &WorkspaceId,
        (exchange, site): (Exchange, Site),
        policy: &Policy,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let census = self.census(workspace, exchange, site).await?;
        let subject = Subject::Exchange(exchange, site);
        let alerts = self.alerts_of(workspace, &subject).await?;
        let met = judge::newest(&alerts, fleet::RULE);
        let asked = Asked { rule: fleet::RULE, cause: Cause::Look, now };
        let step = alert::step(met.map(|alert| &alert.state), &fleet::examine(&census), asked);
        let zone = self.workspace(workspace).await?.zone;
        let plan = Plan { policy, zone, now, deadline: None };
        self.apply(workspace, &subject, fleet::RULE, (met, &step), plan).await
    }

    /// Counts the keys of one site by their latest outcome.
    pub(super) async fn census(
        &mut self,
        workspace: &WorkspaceId,
        exchange: Exchange,
        site: Site,
    ) -> Result<Census, StoreError> {
        let rows = query(
            "SELECT s.blind_word, COUNT(*) AS n, MAX(CASE WHEN s.streak_kind = 'blind' AND s.streak_n >= $4 \
             AND s.streak_counted_at - s.streak_since >= $5 THEN 1 ELSE 0 END) AS confirmed \
             FROM keys k JOIN key_state s ON s.key_id = k.id WHERE k.workspace_id = $1 AND k.exchange = $2 AND k.site = $3 \
             AND k.state IN ('active', 'unverified') AND s.latest_obs IS NOT NULL GROUP BY s.blind_word",
        )
        .bind(workspace.as_str())
        .bind(exchange.id())
        .bind(site.id())
        .bind(i64::from(Policy::CONFIRM_LOOKS))
        .bind(Policy::CONFIRM_SPREAD.num_milliseconds())
        .fetch_all(self.conn())
        .await?;
        let mut census = Census::default();
        for row in &rows {
            let keys = u32::try_from(row.int("n")?).unwrap_or(u32::MAX);
            census.keys = census.keys.saturating_add(keys);
            if let Some(word) = row.text_opt("blind_word")? {
                let confirmed = proves_itself(&word) || row.int("confirmed")? == 1;
                census.blind.push(Blinded { word, keys, confirmed });
            }
        }
        Ok(census)
    }
}
