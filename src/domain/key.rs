//! A watched key: the thing people name, and what they told us about it. The secrets under it are
//! credentials and stay with the vault; nothing here can sign anything.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::facts::{Exchange, Facts, Site};
use super::id::{KeyId, WorkspaceId};
use super::permission::Allow;
use super::text::{Clean, Label};

/// A watched key under a label in a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its identity; a replaced credential does not change it.
    pub id: KeyId,
    /// The tenant that owns it.
    pub workspace: WorkspaceId,
    /// What people call it.
    pub label: Label,
    /// Which exchange knows it.
    pub exchange: Exchange,
    /// Which site of that exchange.
    pub site: Site,
    /// How it is watched.
    pub watch: Watch,
    /// Whether the bot that uses it runs on this same machine.
    pub co_located: bool,
    /// What a person allowed although it is dangerous.
    pub allow: Allow,
    /// The end that a person told us.
    pub declared: Option<Declared>,
    /// The accepted facts that change is measured against.
    pub baseline: Option<Baseline>,
    /// Findings that a person has accepted as they are.
    pub accepted: Accepted,
    /// What stops when the key stops, in the owner's words.
    pub used_by: Vec<Clean>,
    /// When keylapse began to watch it.
    pub added_at: DateTime<Utc>,
    /// Who said that somebody else has it, if anyone did.
    pub leaked: Option<Leak>,
    /// Whether it takes part.
    pub state: KeyState,
    /// Counts changes, for compare-and-set.
    pub rev: i64,
}

impl Key {
    /// Whether anybody can be asked about it.
    pub fn is_asked(&self) -> bool {
        let takes_part = match self.state {
            KeyState::Active | KeyState::Unverified => true,
            KeyState::Refused | KeyState::Removed => false,
        };
        takes_part
            && match self.watch {
                Watch::Own => true,
                Watch::Guardian { .. } | Watch::Declared => false,
            }
    }

    /// The leak that still counts: called, and not called off.
    pub fn leak(&self) -> Option<&Leak> {
        self.leaked.as_ref().filter(|leak| leak.called_off.is_none())
    }
}

/// How a key is watched, and so what the watch can see (DESIGN idea 7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watch {
    /// We hold its secrets and ask with the key itself.
    Own,
    /// A master key lists it; we hold no secret of it. Offered by a later version.
    Guardian {
        /// The key that asks.
        via: KeyId,
    },
    /// A person told a date; nothing is asked.
    Declared,
}

impl Watch {
    /// The word in tables.
    pub fn id(&self) -> &'static str {
        match self {
            Self::Own => "self",
            Self::Guardian { .. } => "guardian",
            Self::Declared => "declared",
        }
    }
}

/// Whether a key takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Checked on schedule.
    Active,
    /// Came in by an import and has not answered a first probe yet.
    Unverified,
    /// Its secret was dropped because of a right that nobody allowed; a person must decide.
    Refused,
    /// Forgotten; the row stays for its alerts' history, without any secret.
    Removed,
}

impl KeyState {
    /// The word in tables.
    pub fn id(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Unverified => "unverified",
            Self::Refused => "refused",
            Self::Removed => "removed",
        }
    }

    /// Reads the word used in tables.
    pub fn parse(id: &str) -> Option<Self> {
        [Self::Active, Self::Unverified, Self::Refused, Self::Removed]
            .into_iter()
            .find(|state| state.id() == id)
    }
}

/// An end that a person told us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    /// The date or instant; `None` = the person said that there is no end.
    pub end: Option<DeclaredEnd>,
    /// Who said so.
    pub by: Clean,
    /// When they said so.
    pub at: DateTime<Utc>,
}

/// How exactly a person told an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclaredEnd {
    /// A calendar day; past only after 24:00 of the workspace's zone.
    Day(NaiveDate),
    /// An instant, for example created + 90 days.
    Instant(DateTime<Utc>),
}

/// Accepted facts; change is measured against them, not against the last check (DESIGN idea 4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// What was accepted.
    pub facts: Facts,
    /// When.
    pub at: DateTime<Utc>,
    /// Who accepted it; `None` = the first good answer set it.
    pub by: Option<Clean>,
}

/// Findings that are no change but were accepted by a person: they stay silent while the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Accepted {
    /// Trades without a bound address.
    pub no_ip: bool,
    /// The age up to which "old" was accepted, in days.
    pub age_days: Option<i64>,
    /// An old key format.
    pub version: bool,
}

/// A person's word that somebody else has the key. It stays until another key takes its
/// place; a corrected secret of the same key leaves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leak {
    /// Who said so.
    pub by: Clean,
    /// When they said so.
    pub at: DateTime<Utc>,
    /// Who said that it was no leak after all, and when.
    pub called_off: Option<(Clean, DateTime<Utc>)>,
}
