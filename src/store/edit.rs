//! What a person says of a key is corrected: its end, what stops with it, where its bot runs. The
//! key is judged at once by what is said now.

use super::audit::Entry;
use super::deed::{DeedError, Now};
use super::desk::Desk;
use crate::domain::id::KeyId;
use crate::domain::key::Declared;
use crate::domain::text::Clean;

/// What is corrected; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// The end as a person says it; `Some(None)` = nobody knows.
    pub declared: Option<Option<Declared>>,
    /// What stops with it.
    pub used_by: Option<Vec<Clean>>,
    /// Whether its bot runs on this machine.
    pub co_located: Option<bool>,
}

impl Desk {
    /// Corrects what was said of a key. Answers with the numbers of the alerts that this closed.
    pub async fn edit_key(
        &self,
        key: &KeyId,
        edit: &Edit,
        entry: &Entry,
        now: Now<'_>,
    ) -> Result<Vec<i64>, DeedError> {
        let mut tx = self.write().await?;
        let mut key = tx.desk_key(self, key).await?;
        if let Some(declared) = &edit.declared {
            key.declared.clone_from(declared);
        }
        if let Some(used_by) = &edit.used_by {
            key.used_by.clone_from(used_by);
        }
        key.co_located = edit.co_located.unwrap_or(key.co_located);
        tx.update_key(&key).await?;
        key.rev += 1;
        let closed = tx.judge_after_deed(self, &key, now).await?;
        tx.record_audit(&self.workspace.id, entry, now.at).await?;
        tx.commit().await?;
        Ok(closed)
    }
}
