//! Alerts: lasting problems of one subject under one rule, and what can become of them. What one
//! signal does to one alert is decided in [`step`]; what a person does to it in [`acknowledge`].

mod ack;
mod step;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::ack::{AckRefused, ack_until, acknowledge, undo};
pub use self::step::{Asked, Cause, step};
use super::expiry::Stage;
use super::facts::{Exchange, Site};
use super::id::{AlertId, KeyId, ReceiverId, WorkspaceId};
use super::receiver::Platform;
use super::rules::Rule;
use super::signal::{Items, NextLook, Severity};
use super::text::Clean;

/// A lasting problem of one subject under one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Its identity.
    pub id: AlertId,
    /// Its number in the workspace, for people.
    pub no: i64,
    /// The tenant.
    pub workspace: WorkspaceId,
    /// What has the problem.
    pub subject: Subject,
    /// Which problem.
    pub rule: Rule,
    /// Where it stands.
    pub state: State,
    /// Counts changes, for compare-and-set.
    pub rev: i64,
}

/// What an alert is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// One key.
    Key(KeyId),
    /// An exchange's site as this workspace sees it.
    Exchange(Exchange, Site),
    /// A receiver of the workspace.
    Receiver(ReceiverId),
    /// A chat platform as this workspace uses it.
    Platform(Platform),
}

/// Where an alert stands; a transition makes a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The phase.
    pub phase: Phase,
    /// How bad it is now.
    pub severity: Severity,
    /// The worst it has been while open.
    pub worst: Severity,
    /// The rung now.
    pub stage: Option<Stage>,
    /// What it consists of now.
    pub items: Items,
    /// What people were last told.
    pub told: Option<Told>,
    /// When the problem was first seen; for one that came back, when it came back.
    pub opened_at: DateTime<Utc>,
}

impl State {
    /// Who has acknowledged it, if anyone.
    pub fn ack(&self) -> Option<&Ack> {
        match &self.phase {
            Phase::Open { ack, .. } => ack.as_ref(),
            Phase::Pending { .. } | Phase::Closed { .. } => None,
        }
    }

    /// Whether it is proven and not over.
    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open { .. })
    }
}

/// The phases of an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Seen, not yet proven.
    Pending {
        /// Looks so far.
        seen: u32,
    },
    /// Proven.
    Open {
        /// Since when it looks clear, if it does; a second clear look closes it.
        clearing: Option<DateTime<Utc>>,
        /// Who said "mine".
        ack: Option<Ack>,
    },
    /// Over.
    Closed {
        /// Since when.
        at: DateTime<Utc>,
    },
}

/// A person's "mine", until a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// Their name.
    pub by: Clean,
    /// When they said so.
    pub at: DateTime<Utc>,
    /// When it ends; it always ends.
    pub until: DateTime<Utc>,
    /// Why, in their words.
    pub reason: Option<Clean>,
}

/// What people were last told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The severity told.
    pub severity: Severity,
    /// The rung told.
    pub stage: Option<Stage>,
    /// All items told since it opened.
    pub items: Items,
    /// When this much was first told; reminders count from here.
    pub at: DateTime<Utc>,
    /// Reminders since.
    pub reminders: u32,
}

/// One recorded change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Proven for the first time.
    Opened,
    /// A nearer rung, a higher severity, a new item.
    Worse,
    /// Told again, unchanged.
    Reminder,
    /// Less severe, not over.
    Better,
    /// A person said "mine".
    Acknowledged,
    /// A person took that back.
    Undone,
    /// The acknowledgement's time is over.
    Lapsed,
    /// Looks clear; looking once more.
    Clearing,
    /// Not clear after all.
    NotOver,
    /// Over.
    Resolved,
    /// The same problem again, soon after it was over.
    BackAgain,
}

impl Kind {
    const ALL: [(Self, &'static str); 11] = [
        (Self::Opened, "opened"),
        (Self::Worse, "worse"),
        (Self::Reminder, "reminder"),
        (Self::Better, "better"),
        (Self::Acknowledged, "acknowledged"),
        (Self::Undone, "undone"),
        (Self::Lapsed, "lapsed"),
        (Self::Clearing, "clearing"),
        (Self::NotOver, "not_over"),
        (Self::Resolved, "resolved"),
        (Self::BackAgain, "back_again"),
    ];

    /// The word in tables.
    pub fn id(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, id)| id)
    }

    /// Reads the word used in tables.
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, word)| *word == id).map(|(kind, _)| *kind)
    }
}

/// What a change does to what people see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Silent,
    /// The live message is brought up to date; nobody is disturbed.
    Edit,
    /// A new message is owed. A quiet one makes no sound and waits for nothing.
    Post {
        /// Whether it is a closing line.
        quiet: bool,
    },
}

/// A decision and its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What the alert becomes.
    pub change: Change,
    /// What people see of it.
    pub effect: Effect,
    /// When this alone needs another judgement.
    pub next: Option<NextLook>,
    /// Why, in a few words; kept with the transition and shown by `/why`.
    pub reason: &'static str,
}

/// What an alert becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Stays as it is.
    Keep,
    /// Never proven and gone: no trace is kept.
    Forget,
    /// A new state, without a word to anyone.
    Quietly(State),
    /// A new state and a recorded transition.
    Record(State, Kind),
}
