//! A person calls a key leaked, or takes that back. The key is asked at once, and as long as the
//! word stands its alert asks on until the exchange has refused it.

use chrono::{DateTime, SubsecRound as _, Utc};

use super::audit::Entry;
use super::deed::{DeedError, Now};
use super::desk::Desk;
use super::duty::DutyKind;
use crate::domain::id::KeyId;
use crate::domain::key::Leak;
use crate::domain::text::Clean;

/// What became of a person's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// It counts from now on.
    Taken,
    /// It was said before; nothing was changed.
    SaidBefore,
    /// Nobody can be asked about that key, so nothing would ever end it; nothing was changed.
    NothingToAsk,
}

impl Desk {
    /// A person says that somebody else has a key.
    pub async fn call_leaked(
        &self,
        key: &KeyId,
        by: &Clean,
        entry: &Entry,
        now: Now<'_>,
    ) -> Result<Word, DeedError> {
        let mut tx = self.write().await?;
        let mut key = tx.desk_key(self, key).await?;
        if !key.is_asked() {
            return Ok(Word::NothingToAsk);
        }
        if key.leak().is_some() {
            return Ok(Word::SaidBefore);
        }
        key.leaked = Some(Leak { by: by.clone(), at: whole(now.at), called_off: None });
        tx.update_key(&key).await?;
        key.rev += 1;
        tx.judge_after_deed(self, &key, now).await?;
        tx.set_duty_no_later(&key.workspace, &key.id, DutyKind::Probe, now.at).await?;
        tx.record_audit(&self.workspace.id, entry, now.at).await?;
        tx.commit().await?;
        Ok(Word::Taken)
    }

    /// A person says that it was no leak after all; `false` where nobody had said that it was.
    pub async fn call_off(
        &self,
        key: &KeyId,
        by: &Clean,
        entry: &Entry,
        now: Now<'_>,
    ) -> Result<bool, DeedError> {
        let mut tx = self.write().await?;
        let mut key = tx.desk_key(self, key).await?;
        let Some(leak) = key.leak().cloned() else { return Ok(false) };
        key.leaked = Some(Leak { called_off: Some((by.clone(), whole(now.at))), ..leak });
        tx.update_key(&key).await?;
        key.rev += 1;
        tx.judge_after_deed(self, &key, now).await?;
        tx.record_audit(&self.workspace.id, entry, now.at).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Alerts open and close at whole milliseconds; a word of the same moment must not be later.
fn whole(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(3)
}
