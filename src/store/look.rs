//! Observations and key states: what was seen, as runs of equal outcomes, and where a key stands.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use sqlx::any::AnyRow;
use sqlx::query;

use super::row::{Cells, garbled, json, ms};
use super::{StoreError, Tx};
use crate::domain::evidence::{Fault, Good, Look, Outcome, Streak};
use crate::domain::id::{CredentialId, KeyId, ObservationId, WorkspaceId};
use crate::domain::rules::blind_word;

/// Where a key stands: the database's side of `Evidence`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The last good answer.
    pub last_good: Option<Good>,
    /// The newest look.
    pub latest: Option<Look>,
    /// The run of equal outcomes that the newest look belongs to.
    pub streak: Option<Streak>,
}

/// A look to be recorded.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The credential that asked.
    pub credential: CredentialId,
    /// What it ended in.
    pub outcome: Outcome,
    /// When it was asked.
    pub at: DateTime<Utc>,
    /// The address that the exchange saw, sealed.
    pub caller: Option<String>,
}

/// The columns and joins that [`standing_of`] reads.
macro_rules! standing_columns {
    () => {
        "s.last_good_at, s.latest_at, s.streak_kind, s.streak_n, s.streak_since, s.streak_counted_at, \
         g.facts_json AS good_facts, l.outcome AS latest_outcome, l.code AS latest_code, l.facts_json AS latest_facts"
    };
}
macro_rules! standing_joins {
    () => {
        " JOIN key_state s ON s.key_id = k.id LEFT JOIN observations g ON g.id = s.last_good_obs \
         LEFT JOIN observations l ON l.id = s.latest_obs "
    };
}
pub(super) use {standing_columns, standing_joins};

pub(super) fn standing_of(row: &AnyRow) -> Result<Standing, StoreError> {
    let last_good = match (row.instant_opt("last_good_at")?, row.value_opt("good_facts")?) {
        (Some(at), Some(facts)) => Some(Good { facts, at }),
        _ => None,
    };
    let latest = match (row.instant_opt("latest_at")?, row.text_opt("latest_outcome")?) {
        (Some(at), Some(word)) => Some(Look { outcome: outcome_of(row, &word)?, at }),
        _ => None,
    };
    let streak = match (row.text_opt("streak_kind")?, row.int_opt("streak_n")?) {
        (Some(kind), Some(n)) => Some(Streak {
            kind,
            n: u32::try_from(n).map_err(|_| garbled("streak_n"))?,
            since: row.instant("streak_since")?,
            counted_at: row.instant("streak_counted_at")?,
        }),
        _ => None,
    };
    Ok(Standing { last_good, latest, streak })
}

fn outcome_of(row: &AnyRow, word: &str) -> Result<Outcome, StoreError> {
    if word == Outcome::GOOD {
        return Ok(Outcome::Good(row.value("latest_facts")?));
    }
    let fault = Fault::parse(word).ok_or_else(|| garbled("outcome"))?;
    Ok(Outcome::Bad { fault, code: row.text_opt("latest_code")? })
}

impl Tx {
    /// Where a key stands.
    pub(super) async fn standing(&mut self, key: &KeyId) -> Result<Standing, StoreError> {
        let row = query(concat!(
            "SELECT ",
            standing_columns!(),
            " FROM keys k",
            standing_joins!(),
            "WHERE k.id = $1"
        ))
        .bind(key.as_str())
        .fetch_one(self.conn())
        .await?;
        standing_of(&row)
    }

    /// Records a look and returns where the key stands after it.
    pub(super) async fn record(
        &mut self,
        workspace: &WorkspaceId,
        key: &KeyId,
        seen: &Seen,
    ) -> Result<Standing, StoreError> {
        let before = self.standing(key).await?;
        let observation = self.extend_run(workspace, key, seen).await?;
        let streak = Streak::extend(before.streak.as_ref(), seen.outcome.kind(), seen.at);
        let is_good = matches!(seen.outcome, Outcome::Good(_));
        query(
            "UPDATE key_state SET latest_obs = $2, latest_at = $3, blind_word = $4, streak_kind = $5, streak_n = $6, \
             streak_since = $7, streak_counted_at = $8, \
             last_good_obs = CASE WHEN $9 = 1 THEN $2 ELSE last_good_obs END, \
             last_good_at = CASE WHEN $9 = 1 THEN $3 ELSE last_good_at END, \
             caller_sealed = COALESCE($10, caller_sealed), \
             caller_at = CASE WHEN $10 IS NULL THEN caller_at ELSE $3 END WHERE key_id = $1",
        )
        .bind(key.as_str())
        .bind(observation.as_str())
        .bind(ms(seen.at))
        .bind(seen.outcome.fault().and_then(blind_word))
        .bind(streak.kind.as_str())
        .bind(i64::from(streak.n))
        .bind(ms(streak.since))
        .bind(ms(streak.counted_at))
        .bind(i64::from(is_good))
        .bind(seen.caller.as_deref())
        .execute(self.conn())
        .await?;
        let last_good = match &seen.outcome {
            Outcome::Good(facts) => Some(Good { facts: facts.clone(), at: seen.at }),
            Outcome::Bad { .. } => before.last_good,
        };
        let latest = Some(Look { outcome: seen.outcome.clone(), at: seen.at });
        Ok(Standing { last_good, latest, streak: Some(streak) })
    }

    /// What was learned of a replaced credential says nothing about the new one. The observations
    /// stay as history.
    pub(super) async fn forget_standing(&mut self, key: &KeyId) -> Result<(), StoreError> {
        query(
            "UPDATE key_state SET last_good_obs = NULL, last_good_at = NULL, latest_obs = NULL, latest_at = NULL, \
             blind_word = NULL, streak_kind = NULL, streak_n = NULL, streak_since = NULL, streak_counted_at = NULL \
             WHERE key_id = $1",
        )
        .bind(key.as_str())
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// An equal outcome extends the run; another begins a new one.
    async fn extend_run(
        &mut self,
        workspace: &WorkspaceId,
        key: &KeyId,
        seen: &Seen,
    ) -> Result<ObservationId, StoreError> {
        let (word, code, facts) = match &seen.outcome {
            Outcome::Good(facts) => (Outcome::GOOD, None, Some(json(facts)?)),
            Outcome::Bad { fault, code } => (fault.id(), code.clone(), None),
        };
        let hash = facts.as_ref().map(|facts| hex(&Sha256::digest(facts.as_bytes())));
        let extended = query(
            "UPDATE observations SET last_at = $2, times = times + 1 WHERE id = (SELECT latest_obs FROM key_state WHERE key_id = $1) \
             AND credential_id = $3 AND outcome = $4 AND COALESCE(code, '') = $5 AND COALESCE(facts_hash, '') = $6 RETURNING id",
        )
        .bind(key.as_str())
        .bind(ms(seen.at))
        .bind(seen.credential.as_str())
        .bind(word)
        .bind(code.clone().unwrap_or_default())
        .bind(hash.clone().unwrap_or_default())
        .fetch_optional(self.conn())
        .await?;
        if let Some(row) = extended {
            return Ok(row.text("id")?.into());
        }
        let id: ObservationId = self.ids.next(seen.at);
        query(
            "INSERT INTO observations (id, workspace_id, key_id, credential_id, outcome, code, facts_json, facts_hash, first_at, last_at, times) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 1)",
        )
        .bind(id.as_str())
        .bind(workspace.as_str())
        .bind(key.as_str())
        .bind(seen.credential.as_str())
        .bind(word)
        .bind(code)
        .bind(facts)
        .bind(hash)
        .bind(ms(seen.at))
        .execute(self.conn())
        .await?;
        Ok(id)
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(half), 16));
        }
    }
    text
}
