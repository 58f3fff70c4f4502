//! The judgement of one rule at one moment. Three values, because an exchange that is down, or an
//! answer that lacks a field, teaches nothing: absence of evidence never closes an alert.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::expiry::Stage;

/// How bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Notice,
    /// Needs a person soon.
    Warning,
    /// Money is at risk now; never waits, and sounds.
    Critical,
}

impl Severity {
    /// The word in tables and settings.
    pub fn id(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// Reads the word used in tables and settings.
    pub fn parse(id: &str) -> Option<Self> {
        [Self::Notice, Self::Warning, Self::Critical].into_iter().find(|s| s.id() == id)
    }
}

/// The items of evidence that make a finding what it is: codes, permissions, addresses. A gained
/// item makes an alert worse; counts and instants never stand here.
pub type Items = BTreeSet<String>;

/// One rule's judgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The problem is there.
    Present(Finding),
    /// The problem is not there, and we looked.
    Absent,
    /// Nothing was learned.
    NotEvaluated,
}

/// A problem that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// The rung, for rules with a ladder.
    pub stage: Option<Stage>,
    /// What it consists of.
    pub items: Items,
    /// Whether it may open an alert; weak evidence must be confirmed first.
    pub ripe: bool,
}

impl Finding {
    /// A finding that one look proves.
    pub fn proven(severity: Severity, items: impl IntoIterator<Item = String>) -> Self {
        Self { severity, stage: None, items: items.into_iter().collect(), ripe: true }
    }
}

/// A rule's judgement, and when it must be asked again at the latest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// What it found.
    pub signal: Signal,
    /// When the answer can change by the passing of time alone, or needs another look.
    pub next: Option<NextLook>,
}

impl From<Signal> for Examined {
    fn from(signal: Signal) -> Self {
        Self { signal, next: None }
    }
}

/// What is due next for a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NextLook {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub what: What,
}

/// A question to the exchange, or only to ourselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// Ask the exchange; a judgement follows.
    Probe,
    /// Judge again what is known.
    Judge,
}

impl NextLook {
    /// A judgement at `at`.
    pub fn judge(at: DateTime<Utc>) -> Self {
        Self { at, what: What::Judge }
    }

    /// A probe at `at`.
    pub fn probe(at: DateTime<Utc>) -> Self {
        Self { at, what: What::Probe }
    }
}
