//! What an exchange said about a key, normalised: the only shape in which an answer travels
//! inwards. A field that was not there is unknown, and unknown is never zero; what absence means
//! for one exchange (KuCoin: no `ipWhitelist` = none bound) is decided where its answer is read.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::permission::Permissions;

/// The facts of one good answer. Holds no secret and no key id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The rights of the key.
    pub permissions: Permissions,
    /// Whether and to which addresses the key is bound.
    pub binding: Binding,
    /// When the key was made, if the exchange said so.
    pub created_at: Option<DateTime<Utc>>,
    /// The end that the exchange itself reports.
    pub end: ReportedEnd,
    /// The account the key belongs to, as the exchange numbers it.
    pub account: Option<String>,
    /// Whether it belongs to a master account; absent counts as master where it matters (S7).
    pub master: Option<bool>,
    /// The name of the sub-account, cleaned.
    pub sub_account: Option<String>,
    /// The generation of the exchange's key format.
    pub version: Option<u32>,
    /// The site that issued the key, when the exchange says so.
    pub site: Option<Site>,
}

/// Where a key may be used from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binding {
    /// The exchange did not say.
    Unknown,
    /// No address is bound.
    Unbound,
    /// Bound; the entries as the exchange prints them, often masked, so they compare as text.
    Bound(BTreeSet<String>),
}

/// What the exchange says about the end of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportedEnd {
    /// It did not say.
    Unknown,
    /// It said that there is none.
    Never,
    /// This instant.
    At(DateTime<Utc>),
}

/// The exchanges keylapse can ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exchange {
    /// KuCoin.
    Kucoin,
}

impl Exchange {
    /// The name in tables and settings.
    pub fn id(self) -> &'static str {
        match self {
            Self::Kucoin => "kucoin",
        }
    }

    /// The name as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kucoin => "KuCoin",
        }
    }

    /// Reads the name used in tables.
    pub fn parse(id: &str) -> Option<Self> {
        (id == "kucoin").then_some(Self::Kucoin)
    }
}

/// The site of an exchange that issued a key; keys of one site do not exist on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Site {
    /// The international site.
    Global,
    /// Europe.
    Eu,
    /// Australia.
    Au,
    /// Turkey.
    Tr,
    /// A site that we know by name only.
    Other,
}

impl Site {
    /// The sites that can be configured.
    pub const ALL: [Self; 4] = [Self::Global, Self::Eu, Self::Au, Self::Tr];

    /// The name in tables and settings.
    pub fn id(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Eu => "eu",
            Self::Au => "au",
            Self::Tr => "tr",
            Self::Other => "other",
        }
    }

    /// Reads the name used in tables and settings.
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|site| site.id() == id)
    }
}
