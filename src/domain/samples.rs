//! One key, its facts and the small things around them, for the tables of the domain's tests.
//! The zone is Berlin and the day Monday 23 November 2026; `at` counts minutes from 14:00 there.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::alert::{Alert, Phase, State, Subject, Told};
use super::evidence::{Evidence, Fault, Good, Look, Outcome, Streak};
use super::facts::{Binding, Exchange, Facts, ReportedEnd, Site};
use super::id::{AlertId, KeyId, WorkspaceId};
use super::key::{Accepted, Baseline, Declared, DeclaredEnd, Key, KeyState, Watch};
use super::permission::{Allow, Permission, Permissions, Power};
use super::rules::Rule;
use super::signal::{Examined, Finding};
use super::text::{Clean, Label};

pub(super) const ZONE: Tz = Tz::Europe__Berlin;

pub(super) fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Minutes after 14:00 in Berlin on the day of the samples.
pub(super) fn at(minutes: i64) -> DateTime<Utc> {
    utc("2026-11-23T13:00:00Z") + TimeDelta::minutes(minutes)
}

pub(super) fn rights(list: &[(Power, &str)]) -> Permissions {
    let right = |(power, name): &(Power, &str)| Permission { power: *power, name: (*name).into() };
    Permissions(list.iter().map(right).collect())
}

pub(super) fn bound(list: &[&str]) -> Binding {
    Binding::Bound(list.iter().map(|entry| (*entry).to_owned()).collect::<BTreeSet<_>>())
}

/// A trading key of today's format, bound to one masked address, with no reported end.
pub(super) fn facts() -> Facts {
    Facts {
        permissions: rights(&[(Power::Read, "General"), (Power::Trade, "Spot")]),
        binding: bound(&["203.**.154"]),
        created_at: Some(at(-90 * 1440)),
        end: ReportedEnd::Unknown,
        account: Some("1".into()),
        master: Some(false),
        sub_account: None,
        version: Some(3),
        site: None,
    }
}

pub(super) fn key() -> Key {
    Key {
        id: KeyId("k1".into()),
        workspace: WorkspaceId("w1".into()),
        label: Label::parse("mm-bot-1").unwrap(),
        exchange: Exchange::Kucoin,
        site: Site::Global,
        watch: Watch::Own,
        co_located: false,
        allow: Allow::default(),
        declared: None,
        baseline: Some(Baseline { facts: facts(), at: at(-1440), by: None }),
        accepted: Accepted::default(),
        used_by: vec![Clean::new("grid bot on fra-2", 40), Clean::new("tracker", 40)],
        added_at: at(-1440),
        leaked: None,
        state: KeyState::Active,
        rev: 1,
    }
}

pub(super) fn declared(end: Option<DeclaredEnd>) -> Declared {
    Declared { end, by: Clean::new("kim", 20), at: at(-1440) }
}

pub(super) fn bad(fault: Fault, code: &str) -> Outcome {
    Outcome::Bad { fault, code: (!code.is_empty()).then(|| code.to_owned()) }
}

/// A key and what the looks at it have brought.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    pub(super) key: Key,
    pub(super) last_good: Option<Good>,
    pub(super) latest: Option<Look>,
    pub(super) streak: Option<Streak>,
    pub(super) clock_in_doubt: bool,
}

impl Watched {
    /// Never asked.
    pub(super) fn new(key: Key) -> Self {
        Self { key, last_good: None, latest: None, streak: None, clock_in_doubt: false }
    }

    /// Seen well at 13:58.
    pub(super) fn good() -> Self {
        Self::new(key()).see(Outcome::Good(facts()), at(-2))
    }

    /// After one more look.
    pub(super) fn see(mut self, outcome: Outcome, when: DateTime<Utc>) -> Self {
        self.streak = Some(Streak::extend(self.streak.as_ref(), outcome.kind(), when));
        if let Outcome::Good(facts) = &outcome {
            self.last_good = Some(Good { facts: facts.clone(), at: when });
        }
        self.latest = Some(Look { outcome, at: when });
        self
    }

    /// After looks with one outcome at these minutes.
    pub(super) fn see_at(self, outcome: &Outcome, minutes: &[i64]) -> Self {
        minutes.iter().fold(self, |seen, minute| seen.see(outcome.clone(), at(*minute)))
    }

    /// With the facts of a good answer changed.
    pub(super) fn now_with(self, minute: i64, change: impl FnOnce(&mut Facts)) -> Self {
        let mut facts = self.last_good.as_ref().map_or_else(facts, |good| good.facts.clone());
        change(&mut facts);
        self.see(Outcome::Good(facts), at(minute))
    }

    /// With the key itself changed.
    pub(super) fn keyed(mut self, change: impl FnOnce(&mut Key)) -> Self {
        change(&mut self.key);
        self
    }

    pub(super) fn evidence(&self) -> Evidence<'_> {
        Evidence {
            key: &self.key,
            zone: ZONE,
            last_good: self.last_good.as_ref(),
            latest: self.latest.as_ref(),
            streak: self.streak.as_ref(),
            clock_in_doubt: self.clock_in_doubt,
        }
    }

    /// What a rule says of it.
    pub(super) fn examined(&self, rule: Rule, now: DateTime<Utc>) -> Examined {
        rule.examine(&self.evidence(), &super::policy::Policy::default(), now)
    }
}

/// An open, told alert of one finding.
pub(super) fn alert(rule: Rule, subject: Subject, found: &Finding, since: DateTime<Utc>) -> Alert {
    let told = Told {
        severity: found.severity,
        stage: found.stage,
        items: found.items.clone(),
        at: since,
        reminders: 0,
    };
    Alert {
        id: AlertId("a1".into()),
        no: 1,
        workspace: WorkspaceId("w1".into()),
        subject,
        rule,
        state: State {
            phase: Phase::Open { clearing: None, ack: None },
            severity: found.severity,
            worst: found.severity,
            stage: found.stage,
            items: found.items.clone(),
            told: Some(told),
            opened_at: since,
        },
        rev: 1,
    }
}
