//! The write transaction behind every check: observation, key state, alerts, transitions, notices
//! and the next due time become true together or not at all. What was read outside is read again
//! in here, so that an acknowledgement made during a slow probe survives it.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use sqlx::query;

use super::alert::Change as Recorded;
use super::audit::Entry;
use super::duty::{Claim, DutyKind};
use super::look::{Seen, Standing};
use super::notice::Plan;
use super::row::Cells;
use super::{Store, StoreError, Tx};
use crate::domain::alert::{self, Alert, Cause, Change, Effect, Step, Subject};
use crate::domain::evidence::{Evidence, Outcome};
use crate::domain::expiry::Ends;
use crate::domain::id::{KeyId, WorkspaceId};
use crate::domain::intake;
use crate::domain::judge::{self, Case};
use crate::domain::key::{Baseline, Key, KeyState, Watch};
use crate::domain::policy::Policy;
use crate::domain::rules::Rule;

/// One finished check.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The key.
    pub key: KeyId,
    /// The duty that asked for it; `None` when a person did, outside the schedule.
    pub claim: Option<Claim>,
    /// What was seen; `None` for a judgement by what is known.
    pub seen: Option<Seen>,
    /// When the schedule asks again.
    pub next_scheduled: Option<DateTime<Utc>>,
    /// Our clock jumped and the exchange has not confirmed it yet.
    pub clock_in_doubt: bool,
    /// Who asks.
    pub cause: Cause,
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Keys whose newest look was recorded, for those who wait for one.
    pub looked: Vec<KeyId>,
    /// Whether anything is owed or wants an edit.
    pub owes: bool,
}

impl Store {
    /// Commits a batch of checks in one transaction.
    pub async fn commit_checks(
        &self,
        batch: &[Checked],
        policy: &Policy,
        now: DateTime<Utc>,
    ) -> Result<Committed, StoreError> {
        // PostgreSQL may find a row changed in between; then everything is read and decided again.
        const TRIES: u32 = 5;
        for _ in 1..TRIES {
            match self.try_commit(batch, policy, now).await {
                Err(StoreError::Conflict) => {}
                done => return done,
            }
        }
        self.try_commit(batch, policy, now).await
    }

    async fn try_commit(
        &self,
        batch: &[Checked],
        policy: &Policy,
        now: DateTime<Utc>,
    ) -> Result<Committed, StoreError> {
        let mut tx = self.write().await?;
        let mut done = Committed::default();
        let mut sites = BTreeSet::new();
        let keys: Vec<&KeyId> = batch.iter().map(|checked| &checked.key).collect();
        tx.hold_workspaces_of(&keys).await?;
        for checked in batch {
            let Some(key) = tx.key(&checked.key).await? else { continue };
            sites.insert((key.workspace.clone(), key.exchange, key.site));
            if tx.commit_one(key, checked, policy, now, &mut done).await? {
                done.looked.push(checked.key.clone());
            }
        }
        for (workspace, exchange, site) in sites {
            done.owes |= tx.judge_fleet(&workspace, (exchange, site), policy, now).await?;
        }
        tx.commit().await?;
        Ok(done)
    }
}

/// One key under judgement.
pub(super) struct Judged<'a> {
    pub key: &'a Key,
    pub standing: &'a Standing,
    pub zone: Tz,
    pub policy: &'a Policy,
    pub clock_in_doubt: bool,
    pub cause: Cause,
    pub now: DateTime<Utc>,
}

impl Judged<'_> {
    fn evidence(&self) -> Evidence<'_> {
        Evidence {
            key: self.key,
            zone: self.zone,
            last_good: self.standing.last_good.as_ref(),
            latest: self.standing.latest.as_ref(),
            streak: self.standing.streak.as_ref(),
            clock_in_doubt: self.clock_in_doubt,
        }
    }

    fn plan(&self) -> Plan<'_> {
        let facts = self.standing.last_good.as_ref().map(|good| &good.facts);
        let ends = Ends::weigh(facts, self.key.declared.as_ref(), self.zone);
        Plan {
            policy: self.policy,
            zone: self.zone,
            now: self.now,
            deadline: ends.end().map(|end| end.at),
        }
    }
}

/// When a key is due again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Next {
    pub probe: Option<DateTime<Utc>>,
    pub judge: Option<DateTime<Utc>>,
}

impl Tx {
    /// Whether a look was recorded: not when the claim was not ours any more (then nothing was
    /// written at all), nor when the credential that asked is not in use any more.
    async fn commit_one(
        &mut self,
        mut key: Key,
        checked: &Checked,
        policy: &Policy,
        now: DateTime<Utc>,
        done: &mut Committed,
    ) -> Result<bool, StoreError> {
        if let Some(claim) = &checked.claim {
            let is_probe = claim.kind == DutyKind::Probe;
            let next =
                checked.next_scheduled.filter(|_| is_probe && key.state != KeyState::Removed);
            if !self.finish(claim, next).await? {
                return Ok(false);
            }
        }
        if matches!(key.state, KeyState::Removed) {
            return Ok(false);
        }
        let (standing, looked) = match &checked.seen {
            Some(seen) if self.is_current(&key, seen).await? => {
                let standing = self.record(&key.workspace, &key.id, seen).await?;
                self.let_in(&mut key, seen, policy).await?;
                (standing, true)
            }
            // The credential was replaced while it was being asked: its answer is history.
            Some(_) | None => (self.standing(&key.id).await?, false),
        };
        let zone = self.workspace(&key.workspace).await?.zone;
        let judged = Judged {
            key: &key,
            standing: &standing,
            zone,
            policy,
            clock_in_doubt: checked.clock_in_doubt,
            cause: checked.cause,
            now,
        };
        let (next, owes) = self.judge_key(&judged).await?;
        done.owes |= owes;
        self.schedule(&key, checked, next, now).await?;
        Ok(looked)
    }

    /// Whether the credential that asked is still the one in use.
    async fn is_current(&mut self, key: &Key, seen: &Seen) -> Result<bool, StoreError> {
        let row = query("SELECT COUNT(*) AS n FROM credentials WHERE key_id = $1 AND id = $2 AND state = 'active'")
            .bind(key.id.as_str())
            .bind(seen.credential.as_str())
            .fetch_one(self.conn())
            .await?;
        Ok(row.int("n")? == 1)
    }

    /// The first good answer sets the baseline; an imported key is let in or refused by it (S7).
    /// A key that gains a right to move funds later is refused too where that is set.
    async fn let_in(
        &mut self,
        key: &mut Key,
        seen: &Seen,
        policy: &Policy,
    ) -> Result<(), StoreError> {
        let Outcome::Good(facts) = &seen.outcome else { return Ok(()) };
        let before = key.state;
        let refusal = match before {
            KeyState::Unverified => intake::refusals(facts, key.allow).into_iter().next(),
            KeyState::Active if policy.drop_on_gain => intake::gained(facts, key),
            KeyState::Active | KeyState::Refused | KeyState::Removed => None,
        };
        if let Some(refusal) = refusal {
            key.state = KeyState::Refused;
            self.wipe_credentials(&key.id).await?;
            self.clear_duties(&key.id).await?;
            let entry = Entry::by_keylapse("key.refused", key, &refusal.why);
            self.record_audit(&key.workspace, &entry, seen.at).await?;
        } else if before == KeyState::Unverified {
            key.state = KeyState::Active;
        }
        if key.baseline.is_none() {
            let baseline = Baseline { facts: facts.clone(), at: seen.at, by: None };
            self.begin_baseline(key, baseline).await?;
        } else if key.state != before {
            self.update_key(key).await?;
            key.rev += 1;
        }
        Ok(())
    }

    /// Judges one key by every rule and writes what follows.
    pub(super) async fn judge_key(
        &mut self,
        judged: &Judged<'_>,
    ) -> Result<(Next, bool), StoreError> {
        let subject = Subject::Key(judged.key.id.clone());
        let alerts = self.alerts_of(&judged.key.workspace, &subject).await?;
        let case = Case {
            evidence: &judged.evidence(),
            alerts: &alerts,
            policy: judged.policy,
            cause: judged.cause,
            now: judged.now,
        };
        let judgement = judge::judge(case);
        let mut owes = false;
        for (rule, step) in &judgement.steps {
            let met = judge::newest(&alerts, *rule);
            owes |= self
                .apply(&judged.key.workspace, &subject, *rule, (met, step), judged.plan())
                .await?;
        }
        Ok((Next { probe: judgement.next_probe, judge: judgement.next_judge }, owes))
    }

    /// Writes one step: the alert, its transition, and what is owed or wants an edit.
    pub(super) async fn apply(
        &mut self,
        workspace: &WorkspaceId,
        subject: &Subject,
        rule: Rule,
        (met, step): (Option<&Alert>, &Step),
        plan: Plan<'_>,
    ) -> Result<bool, StoreError> {
        let (state, kind) = match &step.change {
            Change::Keep => return Ok(false),
            Change::Forget => {
                if let Some(alert) = met {
                    self.forget_alert(alert).await?;
                }
                return Ok(false);
            }
            Change::Quietly(state) => (state, None),
            Change::Record(state, kind) => (state, Some(*kind)),
        };
        // A closed alert is history: what is not "back again" begins a new one.
        let is_new = met.is_none_or(|alert| {
            matches!(alert.state.phase, alert::Phase::Closed { .. })
                && kind != Some(alert::Kind::BackAgain)
        });
        let alert = match met {
            Some(alert) if !is_new => self.update_alert(alert, state.clone()).await?,
            _ => self.insert_alert(workspace, subject, rule, state.clone(), plan.now).await?,
        };
        let Some(kind) = kind else { return Ok(false) };
        let change = Recorded {
            kind,
            at: plan.now,
            reason: step.reason,
            actor: None,
            policy: Some(plan.policy),
        };
        let seq = self.insert_transition(&alert, change).await?;
        self.tell(&alert, (kind, seq), step.effect, plan).await
    }

    /// Owes and edits what an effect asks for.
    pub(super) async fn tell(
        &mut self,
        alert: &Alert,
        (kind, seq): (alert::Kind, i64),
        effect: Effect,
        plan: Plan<'_>,
    ) -> Result<bool, StoreError> {
        match effect {
            Effect::Silent => {}
            Effect::Edit => self.touch_messages(alert, false).await?,
            Effect::Post { quiet } => {
                self.touch_messages(alert, !quiet).await?;
                self.owe(alert, seq, quiet, plan).await?;
            }
        }
        if matches!(kind, alert::Kind::Opened | alert::Kind::BackAgain | alert::Kind::Worse) {
            self.cover_lesser(alert).await?;
        }
        if kind == alert::Kind::Resolved {
            self.uncover(alert, plan).await?;
        }
        Ok(effect != Effect::Silent)
    }

    /// Sets when the key is due again: the schedule, or earlier where a rule or an alert asks.
    async fn schedule(
        &mut self,
        key: &Key,
        checked: &Checked,
        next: Next,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let is_asked =
            key.watch == Watch::Own && matches!(key.state, KeyState::Active | KeyState::Unverified);
        // A key that nobody can ask is judged where it would have been asked.
        let judge = if is_asked { next.judge } else { min(next.judge, next.probe) };
        match (is_asked, checked.seen.is_some(), checked.next_scheduled, next.probe) {
            (true, true, Some(scheduled), probe) => {
                let at = min(probe, Some(scheduled))
                    .unwrap_or(scheduled)
                    .max(now + TimeDelta::seconds(1));
                self.set_duty(&key.workspace, &key.id, DutyKind::Probe, at).await?;
            }
            (true, false, _, Some(probe)) => {
                self.set_duty_no_later(&key.workspace, &key.id, DutyKind::Probe, probe).await?;
            }
            (true | false, true | false, Some(_) | None, Some(_) | None) => {}
        }
        if let Some(at) = judge {
            self.set_duty(&key.workspace, &key.id, DutyKind::Judge, at).await?;
        }
        Ok(())
    }
}

fn min(a: Option<DateTime<Utc>>, b: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
