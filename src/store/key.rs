//! Watched keys: rows in, domain keys out.

use sqlx::any::AnyRow;
use sqlx::query;

use super::row::{Cells, garbled, json, ms};
use super::{StoreError, Tx};
use crate::domain::facts::{Exchange, Site};
use crate::domain::id::{KeyId, WorkspaceId};
use crate::domain::key::{Baseline, Key, KeyState, Watch};
use crate::domain::text::{Label, fold};

/// The columns that [`key_of`] reads; a macro, because sqlx wants its text to be constant.
macro_rules! key_columns {
    () => {
        "k.id, k.workspace_id, k.label, k.exchange, k.site, k.watch, k.watched_via, k.co_located, \
         k.allow_json, k.declared_json, k.baseline_json, k.accepted_json, k.used_by_json, k.leaked_json, k.added_at, \
         k.state AS key_state_word, k.rev"
    };
}
pub(super) use key_columns;

pub(super) fn key_of(row: &AnyRow) -> Result<Key, StoreError> {
    let watch = match row.text("watch")?.as_str() {
        "self" => Watch::Own,
        "declared" => Watch::Declared,
        "guardian" => Watch::Guardian { via: row.text("watched_via")?.into() },
        _ => return Err(garbled("watch")),
    };
    Ok(Key {
        id: row.text("id")?.into(),
        workspace: row.text("workspace_id")?.into(),
        label: Label::stored(&row.text("label")?).ok_or_else(|| garbled("label"))?,
        exchange: row.word("exchange", Exchange::parse)?,
        site: row.word("site", Site::parse)?,
        watch,
        co_located: row.is("co_located")?,
        allow: row.value("allow_json")?,
        declared: row.value_opt("declared_json")?,
        baseline: row.value_opt("baseline_json")?,
        accepted: row.value("accepted_json")?,
        used_by: row.value("used_by_json")?,
        leaked: row.value_opt("leaked_json")?,
        added_at: row.instant("added_at")?,
        state: row.word("key_state_word", KeyState::parse)?,
        rev: row.int("rev")?,
    })
}

impl Tx {
    /// One key, whatever its state.
    pub(super) async fn key(&mut self, id: &KeyId) -> Result<Option<Key>, StoreError> {
        let row = query(concat!("SELECT ", key_columns!(), " FROM keys k WHERE k.id = $1"))
            .bind(id.as_str())
            .fetch_optional(self.conn())
            .await?;
        row.as_ref().map(key_of).transpose()
    }

    /// Whether a workspace watches any key of a site by asking.
    pub(super) async fn has_keys_at(
        &mut self,
        workspace: &WorkspaceId,
        exchange: Exchange,
        site: Site,
    ) -> Result<bool, StoreError> {
        let row = query(
            "SELECT COUNT(*) AS n FROM keys WHERE workspace_id = $1 AND exchange = $2 AND site = $3 \
             AND state IN ('active', 'unverified') AND watch = 'self'",
        )
        .bind(workspace.as_str())
        .bind(exchange.id())
        .bind(site.id())
        .fetch_one(self.conn())
        .await?;
        Ok(row.int("n")? > 0)
    }

    /// Inserts a key and its empty state.
    pub(super) async fn insert_key(&mut self, key: &Key) -> Result<(), StoreError> {
        let via = match &key.watch {
            Watch::Guardian { via } => Some(via.0.clone()),
            Watch::Own | Watch::Declared => None,
        };
        query(
            "INSERT INTO keys (id, workspace_id, label, label_key, exchange, site, watch, watched_via, co_located, \
             allow_json, declared_json, baseline_json, accepted_json, used_by_json, owner, deputy, added_at, state, rev, leaked_json) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, NULL, NULL, $15, $16, 0, $17)",
        )
        .bind(key.id.as_str())
        .bind(key.workspace.as_str())
        .bind(key.label.as_str())
        .bind(fold(key.label.as_str()))
        .bind(key.exchange.id())
        .bind(key.site.id())
        .bind(key.watch.id())
        .bind(via)
        .bind(i64::from(key.co_located))
        .bind(json(&key.allow)?)
        .bind(key.declared.as_ref().map(json).transpose()?)
        .bind(key.baseline.as_ref().map(json).transpose()?)
        .bind(json(&key.accepted)?)
        .bind(json(&key.used_by)?)
        .bind(ms(key.added_at))
        .bind(key.state.id())
        .bind(key.leaked.as_ref().map(json).transpose()?)
        .execute(self.conn())
        .await?;
        query("INSERT INTO key_state (key_id, workspace_id) VALUES ($1, $2)")
            .bind(key.id.as_str())
            .bind(key.workspace.as_str())
            .execute(self.conn())
            .await?;
        Ok(())
    }

    /// Writes what can change about a key; fails when somebody else did so since it was read.
    pub(super) async fn update_key(&mut self, key: &Key) -> Result<(), StoreError> {
        let done = query(
            "UPDATE keys SET co_located = $3, allow_json = $4, declared_json = $5, baseline_json = $6, \
             accepted_json = $7, used_by_json = $8, state = $9, label = $10, label_key = $11, leaked_json = $12, rev = rev + 1 \
             WHERE id = $1 AND rev = $2",
        )
        .bind(key.id.as_str())
        .bind(key.rev)
        .bind(i64::from(key.co_located))
        .bind(json(&key.allow)?)
        .bind(key.declared.as_ref().map(json).transpose()?)
        .bind(key.baseline.as_ref().map(json).transpose()?)
        .bind(json(&key.accepted)?)
        .bind(json(&key.used_by)?)
        .bind(key.state.id())
        .bind(key.label.as_str())
        .bind(fold(key.label.as_str()))
        .bind(key.leaked.as_ref().map(json).transpose()?)
        .execute(self.conn())
        .await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Conflict) }
    }

    /// Sets the first baseline; a later one is a person's decision.
    pub(super) async fn begin_baseline(
        &mut self,
        key: &mut Key,
        baseline: Baseline,
    ) -> Result<(), StoreError> {
        key.baseline = Some(baseline);
        self.update_key(key).await?;
        key.rev += 1;
        Ok(())
    }
}
