//! A new credential under the same key: alerts, notes and history stay, what was learned of the old
//! one does not count for the new one. The old one is wiped, or watched until it is refused.

use chrono::{DateTime, Utc};

use super::audit::Entry;
use super::credential::NewCredential;
use super::deed::{DeedError, Now};
use super::desk::Desk;
use super::duty::DutyKind;
use super::edit::Edit;
use super::look::Seen;
use crate::domain::evidence::Outcome;
use crate::domain::id::KeyId;
use crate::domain::key::{Accepted, Baseline, Declared, KeyState};
use crate::domain::permission::Allow;

/// A credential that takes another's place.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// The new secrets, sealed.
    pub credential: NewCredential,
    /// What a probe before saving found.
    pub seen: Option<Seen>,
    /// What a person said about its end; what was said about the old one is forgotten.
    pub declared: Option<Declared>,
    /// What is allowed for it.
    pub allow: Allow,
    /// Until when the old credential is watched; `None` wipes it now.
    pub watch_old_until: Option<DateTime<Utc>>,
}

impl Desk {
    /// Puts a new credential under a key. Answers with the numbers of the alerts that this closed.
    pub async fn rotate(
        &self,
        key: &KeyId,
        rotation: &Rotation,
        entry: &Entry,
        now: Now<'_>,
    ) -> Result<Vec<i64>, DeedError> {
        let mut tx = self.write().await?;
        let mut key = tx.desk_key(self, key).await?;
        // A corrected secret or passphrase: the word about the key still holds.
        let is_same =
            tx.newest_hash(&key.id).await?.as_ref() == Some(&rotation.credential.key_hash);
        match rotation.watch_old_until {
            Some(until) => tx.retire_credential(&key.id, until).await?,
            None => tx.wipe_credentials(&key.id).await?,
        }
        tx.insert_credential(&key.workspace, &key.id, &rotation.credential, now.at).await?;
        // A rotation sets the baseline anew: what the new key may do was looked at by a person.
        key.baseline = None;
        key.accepted = Accepted::default();
        key.declared.clone_from(&rotation.declared);
        key.allow = rotation.allow;
        // Somebody else has the old one.
        key.leaked = key.leaked.filter(|_| is_same);
        let good = rotation.seen.as_ref().and_then(|seen| match &seen.outcome {
            Outcome::Good(facts) => Some((facts.clone(), seen.at)),
            Outcome::Bad { .. } => None,
        });
        // Saved without a good answer, it is let in or refused by the first one (S7).
        key.state = if good.is_some() { KeyState::Active } else { KeyState::Unverified };
        tx.update_key(&key).await?;
        key.rev += 1;
        tx.forget_standing(&key.id).await?;
        if let Some(seen) = &rotation.seen {
            tx.record(&key.workspace, &key.id, seen).await?;
        }
        if let Some((facts, at)) = good {
            let baseline = Baseline { facts, at, by: Some(entry.actor.clone()) };
            tx.begin_baseline(&mut key, baseline).await?;
        }
        // A probe under way asks with the old secrets; the new ones are asked at once.
        tx.revoke_claim(&key.id, DutyKind::Probe).await?;
        tx.set_duty(&key.workspace, &key.id, DutyKind::Probe, now.at).await?;
        let closed = tx.judge_after_deed(self, &key, now).await?;
        tx.record_audit(&self.workspace.id, entry, now.at).await?;
        tx.commit().await?;
        Ok(closed)
    }

    /// A person tells another end of a key; `None` = nobody knows.
    pub async fn declare(
        &self,
        key: &KeyId,
        declared: Option<&Declared>,
        entry: &Entry,
        now: Now<'_>,
    ) -> Result<Vec<i64>, DeedError> {
        let edit = Edit { declared: Some(declared.cloned()), ..Edit::default() };
        self.edit_key(key, &edit, entry, now).await
    }
}
