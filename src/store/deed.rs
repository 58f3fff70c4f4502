//! What people change: acknowledge, take back, accept, and the life of a key. Each is one
//! transaction with its audit row; the key is judged again in the same breath.

use chrono::{DateTime, Utc};

use super::alert::Change as Recorded;
use super::audit::Entry;
use super::check::Judged;
use super::credential::NewCredential;
use super::desk::Desk;
use super::duty::DutyKind;
use super::notice::Plan;
use super::{StoreError, Tx};
use crate::domain::alert::{
    self, Ack, AckRefused, Alert, Asked, Cause, Change, Kind, Step, Subject,
};
use crate::domain::expiry::{self, Ends};
use crate::domain::id::{AlertId, KeyId};
use crate::domain::key::{Accepted, Baseline, Key, KeyState, Watch};
use crate::domain::permission::Power;
use crate::domain::policy::Policy;
use crate::domain::signal::Signal;
use crate::domain::text::Clean;

/// Why a deed was not done.
#[derive(Debug, thiserror::Error)]
pub enum DeedError {
    /// There is no such thing in this workspace.
    #[error("That is not here any more; /alerts and /keystatus show what is.")]
    Unknown,
    /// The alert does not allow it.
    #[error(transparent)]
    Refused(#[from] AckRefused),
    /// The alert has become worse since the button was made.
    #[error("It has become worse since that message; look at /alerts before you take it.")]
    Worse,
    /// Nothing has been seen yet that could be accepted.
    #[error("There is no good answer of that key yet, so there is nothing to accept.")]
    NothingSeen,
    /// The ledger failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// When, and under which figures, a person acts.
#[derive(Clone, Copy)]
pub struct Now<'a> {
    /// The instant.
    pub at: DateTime<Utc>,
    /// The figures in force.
    pub policy: &'a Policy,
}

/// A person's "mine", as asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taking {
    /// Their name.
    pub by: Clean,
    /// Until when, if they said so.
    pub until: Option<DateTime<Utc>>,
    /// Why, if they said so.
    pub reason: Option<Clean>,
    /// The revision that the person saw, where a button knows it.
    pub shown_rev: Option<i64>,
}

impl Desk {
    /// A person takes an alert; answers with its new state. Refused where it has got worse since
    /// the person looked.
    pub async fn acknowledge(
        &self,
        id: &AlertId,
        taking: &Taking,
        entry: &Entry,
        now: Now<'_>,
    ) -> Result<Alert, DeedError> {
        let mut tx = self.write().await?;
        let alert = tx.alert(&self.workspace.id, id).await?.ok_or(DeedError::Unknown)?;
        if let Some(rev) = taking.shown_rev
            && tx.is_worse_since(&alert, rev).await?
        {
            return Err(DeedError::Worse);
        }
        let plan = self.plan(&mut tx, &alert, now).await?;
        let next_rung = self.next_rung(&mut tx, &alert, now).await?;
        let until =
            taking.until.unwrap_or_else(|| alert::ack_until(&alert.state, next_rung, now.at));
        let until = until.min(now.at + Policy::ACK_LONGEST);
        let ack = Ack { by: taking.by.clone(), at: now.at, until, reason: taking.reason.clone() };
        let step = alert::acknowledge(&alert.state, ack)?;
        let alert = tx.record_deed(&alert, &step, taking.by.as_str(), plan).await?;
        tx.record_audit(&self.workspace.id, entry, now.at).await?;
        tx.commit().await?;
        Ok(alert)
    }

    /// A person gives an alert back.
    pub async fn undo(
        &self,
        id: &AlertId,
        by: &Clean,
        entry: &Entry,
        now: Now<'_>,
    ) -> Result<Alert, DeedError> {
        let mut tx = self.write().await?;
        let alert = tx.alert(&self.workspace.id, id).await?.ok_or(DeedError::Unknown)?;
        let plan = self.plan(&mut tx, &alert, now).await?;
        let step = alert::undo(&alert.state)?;
        let alert = tx.record_deed(&alert, &step, by.as_str(), plan).await?;
        tx.record_audit(&self.workspace.id, entry, now.at).await?;
        tx.commit().await?;
        Ok(alert)
    }

    /// A person accepts a key as it is now: rights, addresses, and findings that are no change.
    /// Answers with the numbers of the alerts that this closed.
    pub async fn accept(
        &self,
        key: &KeyId,
        by: &Clean,
        entry: &Entry,
        now: Now<'_>,
    ) -> Result<Vec<i64>, DeedError> {
        self.accept_as_shown(key, (by, None), entry, now).await
    }

    /// [`Self::accept`], refused where an alert of the key has opened or got worse after the
    /// person looked: nobody accepts what they have not seen.
    pub async fn accept_as_shown(
        &self,
        key: &KeyId,
        (by, shown_at): (&Clean, Option<DateTime<Utc>>),
        entry: &Entry,
        now: Now<'_>,
    ) -> Result<Vec<i64>, DeedError> {
        let mut tx = self.write().await?;
        let mut key = tx.desk_key(self, key).await?;
        if let Some(at) = shown_at
            && tx.has_worsened_after(&key.id, at).await?
        {
            return Err(DeedError::Worse);
        }
        let standing = tx.standing(&key.id).await?;
        let good = standing.last_good.clone().ok_or(DeedError::NothingSeen)?;
        let rights = &good.facts.permissions;
        key.allow.withdraw |= rights.can(Power::Withdraw);
        key.allow.transfer |= rights.can(Power::Transfer);
        key.allow.unknown |= rights.can(Power::Unknown);
        let age = good.facts.created_at.map(|created| (now.at - created).num_days().max(0));
        key.baseline = Some(Baseline { facts: good.facts, at: now.at, by: Some(by.clone()) });
        key.accepted = Accepted { no_ip: true, age_days: age, version: true };
        tx.update_key(&key).await?;
        key.rev += 1;
        let closed = tx.judge_after_deed(self, &key, now).await?;
        tx.record_audit(&self.workspace.id, entry, now.at).await?;
        tx.commit().await?;
        Ok(closed)
    }

    /// Adds a key; with a credential where it is watched with its own secrets. What its first
    /// probe found, if it was probed before saving, is recorded with it.
    pub async fn add_key(
        &self,
        new: &NewKey,
        entry: &Entry,
        now: Now<'_>,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        tx.add_key(self, new, now).await?;
        tx.record_audit(&self.workspace.id, entry, now.at).await?;
        tx.commit().await
    }

    /// Forgets a key: secrets wiped, duties gone, alerts closed, history kept without any secret.
    pub async fn remove_key(
        &self,
        key: &KeyId,
        entry: &Entry,
        now: Now<'_>,
    ) -> Result<(), DeedError> {
        let mut tx = self.write().await?;
        let mut key = tx.desk_key(self, key).await?;
        tx.wipe_credentials(&key.id).await?;
        tx.clear_duties(&key.id).await?;
        key.state = KeyState::Removed;
        tx.update_key(&key).await?;
        let subject = Subject::Key(key.id.clone());
        for alert in tx.alerts_of(&key.workspace, &subject).await? {
            let plan = self.plan(&mut tx, &alert, now).await?;
            tx.close_for_removal(&alert, entry.actor.as_str(), plan).await?;
        }
        tx.close_for_empty_site(&key, entry.actor.as_str(), now).await?;
        tx.record_audit(&self.workspace.id, entry, now.at).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Begins a deed in this workspace, alone.
    pub(super) async fn write(&self) -> Result<Tx, StoreError> {
        let mut tx = self.store.write().await?;
        tx.hold_workspace(&self.workspace.id).await?;
        Ok(tx)
    }

    async fn plan<'a>(
        &self,
        tx: &mut Tx,
        alert: &Alert,
        now: Now<'a>,
    ) -> Result<Plan<'a>, StoreError> {
        let deadline = self.ends(tx, alert).await?.and_then(|ends| ends.end()).map(|end| end.at);
        Ok(Plan { policy: now.policy, zone: self.workspace.zone, now: now.at, deadline })
    }

    async fn ends(&self, tx: &mut Tx, alert: &Alert) -> Result<Option<Ends>, StoreError> {
        let Subject::Key(id) = &alert.subject else { return Ok(None) };
        let Some(key) = tx.key(id).await? else { return Ok(None) };
        let good = tx.standing(id).await?.last_good;
        let facts = good.as_ref().map(|good| &good.facts);
        Ok(Some(Ends::weigh(facts, key.declared.as_ref(), self.workspace.zone)))
    }

    async fn next_rung(
        &self,
        tx: &mut Tx,
        alert: &Alert,
        now: Now<'_>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        if alert.state.stage.is_none() {
            return Ok(None);
        }
        let end = self.ends(tx, alert).await?.and_then(|ends| ends.end());
        Ok(end.and_then(|end| {
            expiry::next_stage_at(&end, &now.policy.ladder_days, self.workspace.zone, now.at)
        }))
    }
}

/// A key to be added.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// The key; its workspace becomes the desk's, whatever stands here.
    pub key: Key,
    /// Its secrets, sealed; `None` for a declared watch.
    pub credential: Option<NewCredential>,
    /// What a probe before saving found.
    pub seen: Option<super::look::Seen>,
}

impl Tx {
    /// A live key of the desk's workspace.
    pub(super) async fn desk_key(&mut self, desk: &Desk, id: &KeyId) -> Result<Key, DeedError> {
        let key = self
            .key(id)
            .await?
            .filter(|key| key.workspace == desk.workspace.id && key.state != KeyState::Removed);
        key.ok_or(DeedError::Unknown)
    }

    /// Adds one key with its duties, without an audit row.
    pub(super) async fn add_key(
        &mut self,
        desk: &Desk,
        new: &NewKey,
        now: Now<'_>,
    ) -> Result<(), StoreError> {
        let mut key = Key { workspace: desk.workspace.id.clone(), ..new.key.clone() };
        self.insert_key(&key).await?;
        if let Some(credential) = &new.credential {
            self.insert_credential(&key.workspace, &key.id, credential, now.at).await?;
        }
        if let Some(seen) = &new.seen {
            self.record(&key.workspace, &key.id, seen).await?;
            if let (crate::domain::evidence::Outcome::Good(facts), None) =
                (&seen.outcome, &key.baseline)
            {
                let baseline = Baseline { facts: facts.clone(), at: seen.at, by: None };
                self.begin_baseline(&mut key, baseline).await?;
            }
        }
        if key.watch == Watch::Own {
            self.set_duty(&key.workspace, &key.id, DutyKind::Probe, now.at).await?;
        }
        self.judge_after_deed(desk, &key, now).await?;
        Ok(())
    }

    /// Judges a key after a person changed it, and answers with the numbers of the alerts that
    /// this closed.
    pub(super) async fn judge_after_deed(
        &mut self,
        desk: &Desk,
        key: &Key,
        now: Now<'_>,
    ) -> Result<Vec<i64>, StoreError> {
        let standing = self.standing(&key.id).await?;
        let judged = Judged {
            key,
            standing: &standing,
            zone: desk.workspace.zone,
            policy: now.policy,
            clock_in_doubt: false,
            cause: Cause::Person,
            now: now.at,
        };
        let subject = Subject::Key(key.id.clone());
        let before = self.alerts_of(&key.workspace, &subject).await?;
        let (next, _) = self.judge_key(&judged).await?;
        let at = if key.watch == Watch::Own {
            next.judge
        } else {
            next.judge.into_iter().chain(next.probe).min()
        };
        if let Some(at) = at {
            self.set_duty(&key.workspace, &key.id, DutyKind::Judge, at).await?;
        }
        let after = self.alerts_of(&key.workspace, &subject).await?;
        let is_open = |alerts: &[Alert], no| alerts.iter().any(|a| a.no == no && a.state.is_open());
        Ok(before
            .iter()
            .filter(|a| a.state.is_open() && !is_open(&after, a.no))
            .map(|a| a.no)
            .collect())
    }

    /// Writes a person's step on an alert.
    async fn record_deed(
        &mut self,
        alert: &Alert,
        step: &Step,
        actor: &str,
        plan: Plan<'_>,
    ) -> Result<Alert, StoreError> {
        let Change::Record(state, kind) = &step.change else { return Ok(alert.clone()) };
        let alert = self.update_alert(alert, state.clone()).await?;
        let change = Recorded {
            kind: *kind,
            at: plan.now,
            reason: step.reason,
            actor: Some(actor),
            policy: Some(plan.policy),
        };
        let seq = self.insert_transition(&alert, change).await?;
        self.tell(&alert, (*kind, seq), step.effect, plan).await?;
        if let (Subject::Key(key), Some(next)) = (&alert.subject, step.next) {
            self.set_duty_no_later(&alert.workspace, key, DutyKind::Judge, next.at).await?;
        }
        Ok(alert)
    }

    /// Closes the alerts of an exchange of which no key is left: nobody would judge them again.
    async fn close_for_empty_site(
        &mut self,
        removed: &Key,
        actor: &str,
        now: Now<'_>,
    ) -> Result<(), StoreError> {
        if self.has_keys_at(&removed.workspace, removed.exchange, removed.site).await? {
            return Ok(());
        }
        let zone = self.workspace(&removed.workspace).await?.zone;
        let plan = Plan { policy: now.policy, zone, now: now.at, deadline: None };
        let exchange = Subject::Exchange(removed.exchange, removed.site);
        for alert in self.alerts_of(&removed.workspace, &exchange).await? {
            self.close_for_removal(&alert, actor, plan).await?;
        }
        Ok(())
    }

    /// Closes an alert because its key was removed: nothing is posted about it any more.
    async fn close_for_removal(
        &mut self,
        alert: &Alert,
        actor: &str,
        plan: Plan<'_>,
    ) -> Result<(), StoreError> {
        let asked = Asked { rule: alert.rule, cause: Cause::Person, now: plan.now };
        let step = alert::step(Some(&alert.state), &Signal::Absent, asked);
        match step.change {
            Change::Forget => self.forget_alert(alert).await,
            Change::Record(state, Kind::Resolved) => {
                let alert = self.update_alert(alert, state).await?;
                let change = Recorded {
                    kind: Kind::Resolved,
                    at: plan.now,
                    reason: "the key was removed",
                    actor: Some(actor),
                    policy: None,
                };
                self.insert_transition(&alert, change).await?;
                self.withdraw(&alert.workspace, &alert.id, "the key was removed").await?;
                self.touch_messages(&alert, false).await
            }
            Change::Keep | Change::Quietly(_) | Change::Record(..) => Ok(()),
        }
    }
}
