//! Checking: claims what is due, asks the exchange outside any transaction, commits a batch at
//! once. A key that crashes its check is set aside after three tries; the others go on.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::broadcast;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::clock_doubt::ClockDoubt;
use super::{AFTER_FAULT, Rhythm, rest};
use crate::clock::{Alarm, Bell, Clock};
use crate::domain::alert::Cause;
use crate::domain::evidence::Fault;
use crate::domain::id::KeyId;
use crate::domain::key::{Key, KeyState, Watch};
use crate::domain::policy::Policy;
use crate::domain::schedule::{Schedule, WIDEST_SPREAD};
use crate::exchange::prober::Prober;
use crate::store::check::{Checked, Committed};
use crate::store::credential::{Assignment, Credential};
use crate::store::duty::DutyKind;
use crate::store::look::Seen;
use crate::store::{Store, StoreError};

/// A claimed duty that is not finished by then is due again. Longer than a probe can take.
const LEASE: TimeDelta = TimeDelta::seconds(90);
/// Claims, probes and commits of one tick.
const BATCH: i64 = 16;
/// After this many crashes a key waits for its next scheduled check.
const MOST_TRIES: i64 = 3;

/// The checking loop and what it works with.
pub struct Checks {
    /// The ledger.
    pub store: Store,
    /// What asks the exchanges.
    pub prober: Arc<Prober>,
    /// When keys are asked.
    pub schedule: Schedule,
    /// The figures in force.
    pub policy: Policy,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// How often it looks without being woken.
    pub rhythm: Rhythm,
    /// Told of each key that was looked at.
    pub looked: broadcast::Sender<KeyId>,
    /// Wakes the courier.
    pub courier: Bell,
    /// When work was last done, for the heartbeat.
    pub done_at: Arc<Mutex<Option<DateTime<Utc>>>>,
    /// What is believed of the clock.
    pub doubt: Mutex<ClockDoubt>,
}

impl Checks {
    /// Does what is due now. `true` when there may be more.
    pub async fn tick(self: &Arc<Self>) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let was_in_doubt = self.with_doubt(|doubt| doubt.is_in_doubt());
        let in_doubt = self.with_doubt(|doubt| doubt.look(now, self.clock.drift()));
        if self.with_doubt(ClockDoubt::take_suspicion) {
            self.store.forget_the_future(self.latest_probe(now), now).await?;
        }
        let claims = self.store.claim_due(now, LEASE, BATCH).await?;
        if claims.is_empty() {
            self.end_doubt(was_in_doubt || in_doubt).await?;
            self.note_progress(now);
            return Ok(false);
        }
        let is_more = i64::try_from(claims.len()).is_ok_and(|n| n == BATCH);
        let mut probes = JoinSet::new();
        for assignment in self.store.assignments(&claims).await? {
            let checks = self.clone();
            probes.spawn(async move { checks.check(assignment, in_doubt).await });
        }
        let mut batch = Vec::with_capacity(claims.len());
        while let Some(probed) = probes.join_next().await {
            if let Ok(checked) = probed {
                batch.push(checked);
            } else {
                // Its claim stays; the lease brings it back until it has used up its tries.
                tracing::error!("a check crashed; it is tried again when its lease ends");
            }
        }
        batch.sort_by(|a, b| a.key.cmp(&b.key));
        let committed = self.commit(&batch).await?;
        for key in committed.looked {
            // Nobody may be waiting for it.
            let _ = self.looked.send(key);
        }
        if committed.owes {
            self.courier.ring();
        }
        self.ask_retiring(&batch).await?;
        self.note_progress(self.clock.now());
        self.end_doubt(was_in_doubt || in_doubt).await?;
        Ok(is_more)
    }

    /// Once the clock is believed again, everything is judged once.
    async fn end_doubt(&self, was_in_doubt: bool) -> Result<(), StoreError> {
        if was_in_doubt && !self.with_doubt(|doubt| doubt.is_in_doubt()) {
            self.store.judge_everything(self.clock.now()).await?;
        }
        Ok(())
    }

    /// No key is due later: the second firing from now, and the widest spread. A schedule that
    /// ends fires no more, and nothing is pulled back for it.
    fn latest_probe(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let second = self.schedule.next(now).and_then(|next| self.schedule.next(next));
        second.map_or(DateTime::<Utc>::MAX_UTC, |at| at + WIDEST_SPREAD)
    }

    /// Ticks until told to stop.
    pub async fn run(self: Arc<Self>, mut alarm: Alarm, stop: CancellationToken) {
        loop {
            let next = match self.tick().await {
                Ok(true) => continue,
                Ok(false) => self.store.next_due().await.ok().flatten(),
                Err(error) => {
                    tracing::error!(%error, "checking failed");
                    Some(self.clock.now() + AFTER_FAULT)
                }
            };
            let latest = self.clock.now() + self.rhythm.poll;
            let next = next.map_or(latest, |at| at.min(latest));
            if !rest(&mut alarm, &*self.clock, Some(next), &stop).await {
                return;
            }
        }
    }

    async fn check(&self, assignment: Assignment, clock_in_doubt: bool) -> Checked {
        let Assignment { claim, key, credential } = assignment;
        let now = self.clock.now();
        let checked = Checked {
            key: key.id.clone(),
            seen: None,
            next_scheduled: self.next_scheduled(&key, now),
            clock_in_doubt,
            cause: Cause::Look,
            claim: Some(claim),
        };
        let is_probe = checked.claim.as_ref().is_some_and(|claim| claim.kind == DutyKind::Probe);
        let tries = checked.claim.as_ref().map_or(0, |claim| claim.tries);
        if tries > MOST_TRIES {
            tracing::error!(key = %key.id, tries, "a key's check keeps crashing; it waits for its next turn");
            return checked;
        }
        match credential {
            Some(credential) if is_probe && checked.next_scheduled.is_some() => {
                self.probe(&key, &credential, checked).await
            }
            Some(_) | None => checked,
        }
    }

    /// Asks the exchange. What cannot be opened is not asked, and said in the log.
    async fn probe(&self, key: &Key, credential: &Credential, checked: Checked) -> Checked {
        let asked = match self.prober.ask(key, credential.generation, &credential.sealed).await {
            Ok(asked) => asked,
            Err(error) => {
                tracing::error!(key = %key.id, %error, "a key could not be asked");
                return checked;
            }
        };
        let probed = asked.probed;
        if probed.server_time_confirmed {
            self.with_doubt(ClockDoubt::confirm);
        }
        let next_scheduled = match (checked.next_scheduled, probed.not_before) {
            (Some(next), Some(not_before)) => Some(next.max(not_before)),
            (next, _) => next,
        };
        let clock_in_doubt = self.with_doubt(|doubt| doubt.is_in_doubt());
        let seen = Seen {
            credential: credential.id.clone(),
            outcome: probed.outcome,
            at: probed.at,
            caller: asked.caller,
        };
        Checked { seen: Some(seen), next_scheduled, clock_in_doubt, ..checked }
    }

    /// Commits a batch; where one key's rows cannot be read, the others by themselves.
    async fn commit(&self, batch: &[Checked]) -> Result<Committed, StoreError> {
        let now = self.clock.now();
        match self.store.commit_checks(batch, &self.policy, now).await {
            Err(StoreError::Garbled(_)) if batch.len() > 1 => {}
            done => return done,
        }
        let mut all = Committed::default();
        for one in batch {
            match self.store.commit_checks(std::slice::from_ref(one), &self.policy, now).await {
                Ok(done) => {
                    all.looked.extend(done.looked);
                    all.owes |= done.owes;
                }
                Err(error @ StoreError::Garbled(_)) => {
                    tracing::error!(key = %one.key, %error, "a key's rows cannot be read");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    /// Asks with credentials that were replaced and are still watched: refused, or past their
    /// time, they are wiped.
    async fn ask_retiring(&self, batch: &[Checked]) -> Result<(), StoreError> {
        let probed = batch.iter().filter(|checked| checked.seen.is_some());
        let keys: Vec<KeyId> = probed.map(|checked| checked.key.clone()).collect();
        if keys.is_empty() {
            return Ok(());
        }
        for old in self.store.retiring(&keys).await? {
            let (id, now) = (&old.credential.id, self.clock.now());
            if old.credential.retire_at.is_none_or(|until| until <= now) {
                self.store.end_retiring(id, "its time is over", now).await?;
                continue;
            }
            let generation = old.credential.generation;
            if let Ok(asked) = self.prober.ask(&old.key, generation, &old.credential.sealed).await
                && asked.probed.outcome.fault() == Some(Fault::NotKnown)
            {
                self.store.end_retiring(id, "refused", now).await?;
            }
        }
        Ok(())
    }

    /// When the schedule asks this key again; `None` for a key that nobody can ask with.
    fn next_scheduled(&self, key: &Key, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let is_asked =
            key.watch == Watch::Own && matches!(key.state, KeyState::Active | KeyState::Unverified);
        if is_asked { self.schedule.next_for(&key.id, now) } else { None }
    }

    fn with_doubt<T>(&self, use_it: impl FnOnce(&mut ClockDoubt) -> T) -> T {
        use_it(&mut self.doubt.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note_progress(&self, now: DateTime<Utc>) {
        *self.done_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }
}
