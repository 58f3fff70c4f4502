//! What is known of a key at one moment: what the person told, the accepted facts, the last good
//! answer and the latest look. Rules read this and nothing else. A failed look replaces `latest`,
//! never `last_good`.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::facts::Facts;
use super::key::Key;

/// The outcome of one probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The exchange accepted the key and described it.
    Good(Facts),
    /// It did not; `code` is the exchange's own code, digits only, when it gave one.
    Bad {
        /// What that says, about the key or about the probe.
        fault: Fault,
        /// The exchange's own code.
        code: Option<String>,
    },
}

impl Outcome {
    /// The fault, if it is one.
    pub fn fault(&self) -> Option<Fault> {
        match self {
            Self::Good(_) => None,
            Self::Bad { fault, .. } => Some(*fault),
        }
    }

    /// What makes two outcomes "equal" for a streak: good, the same fault, or being blind, whatever
    /// blinds.
    pub fn kind(&self) -> &'static str {
        match self.fault() {
            None => Self::GOOD,
            Some(fault) if fault.about() == About::Probe => Self::BLIND,
            Some(fault) => fault.id(),
        }
    }

    /// [`Self::kind`] of a good outcome.
    pub const GOOD: &'static str = "good";
    /// [`Self::kind`] of every fault about the probe.
    pub const BLIND: &'static str = "blind";
}

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $id:literal),+ $(,)?) => {
        /// Why a probe did not end in facts. The first group is about the key, the second about
        /// the account behind it, the third about the probe itself (DESIGN idea 5).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Fault { $($(#[$doc])* $name),+ }

        impl Fault {
            /// All of them, for tables.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The word in tables.
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id),+ }
            }

            /// Reads the word used in tables.
            pub fn parse(id: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|fault| fault.id() == id)
            }
        }
    };
}

faults! {
    /// The exchange does not know the key: expired, deleted, mistyped or of another site.
    NotKnown = "not_known",
    /// The passphrase is not the one of this key.
    WrongPassphrase = "wrong_passphrase",
    /// The signature does not match: the secret is wrong.
    WrongSignature = "wrong_signature",
    /// The key's format is no longer served.
    OldVersion = "old_version",
    /// The key lacks the right for a call that every key may make.
    NotAllowed = "not_allowed",
    /// The account is frozen or restricted.
    AccountFrozen = "account_frozen",
    /// The account must prove its owner's identity first.
    IdentityRequired = "identity_required",
    /// Local law or the region of the account forbids the service.
    RegionForbidden = "region_forbidden",
    /// The address of this monitor is not on the key's list.
    IpRefused = "ip_refused",
    /// The exchange does not serve the region of this monitor's address.
    RegionRefused = "region_refused",
    /// Our clock and the exchange's differ too much to sign.
    ClockSkew = "clock_skew",
    /// Too many requests.
    RateLimited = "rate_limited",
    /// The exchange answers that it is out of service, or with something that is no answer.
    ExchangeDown = "exchange_down",
    /// No answer: name, connection, TLS or time-out.
    Network = "network",
    /// The exchange says that our request was malformed: our fault, not the key's.
    OurRequest = "our_request",
    /// What is stored of the key's secrets does not open: changed, moved, or sealed under another
    /// master key. Nobody was asked.
    Unopened = "unopened",
}

/// Which question a fault answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The key itself; one answer proves little.
    Key,
    /// The account behind it; authoritative.
    Account,
    /// The probe: the monitor is blind, the key's health is unknown.
    Probe,
}

impl Fault {
    /// What the fault is about.
    pub fn about(self) -> About {
        match self {
            Self::NotKnown
            | Self::WrongPassphrase
            | Self::WrongSignature
            | Self::OldVersion
            | Self::NotAllowed => About::Key,
            Self::AccountFrozen | Self::IdentityRequired | Self::RegionForbidden => About::Account,
            Self::IpRefused
            | Self::RegionRefused
            | Self::ClockSkew
            | Self::RateLimited
            | Self::ExchangeDown
            | Self::Network
            | Self::OurRequest
            | Self::Unopened => About::Probe,
        }
    }
}

/// A good answer and when it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Good {
    /// What it said.
    pub facts: Facts,
    /// When it was asked.
    pub at: DateTime<Utc>,
}

/// The newest look, good or bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// What it ended in.
    pub outcome: Outcome,
    /// When it was asked.
    pub at: DateTime<Utc>,
}

/// A run of equal outcomes, counted so that impatience proves nothing: looks less than
/// [`Streak::APART`] after the last counted one do not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Streak {
    /// [`Outcome::kind`] of the run.
    pub kind: String,
    /// Looks that counted.
    pub n: u32,
    /// The first of them.
    pub since: DateTime<Utc>,
    /// The last of them.
    pub counted_at: DateTime<Utc>,
}

impl Streak {
    /// Looks closer together than this count once.
    pub const APART: TimeDelta = TimeDelta::seconds(45);

    /// The run after one more look.
    #[must_use]
    pub fn extend(run: Option<&Self>, kind: &str, at: DateTime<Utc>) -> Self {
        match run {
            Some(run) if run.kind == kind && at - run.counted_at < Self::APART => run.clone(),
            Some(run) if run.kind == kind => Self { n: run.n + 1, counted_at: at, ..run.clone() },
            _ => Self { kind: kind.to_owned(), n: 1, since: at, counted_at: at },
        }
    }

    /// The time between the first and the last counted look.
    pub fn spread(&self) -> TimeDelta {
        self.counted_at - self.since
    }
}

/// Everything rules may look at.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// The key and what people said about it.
    pub key: &'a Key,
    /// The workspace's zone: "today" is its local date.
    pub zone: Tz,
    /// The last good answer.
    pub last_good: Option<&'a Good>,
    /// The newest look.
    pub latest: Option<&'a Look>,
    /// The run of equal outcomes that the newest look belongs to.
    pub streak: Option<&'a Streak>,
    /// Our own clock jumped and the exchange has not confirmed it yet (SECURITY S20).
    pub clock_in_doubt: bool,
}

impl Evidence<'_> {
    /// The facts, if the newest look brought them. A rule about the present state of a key learns
    /// nothing while this is `None`.
    pub fn fresh(&self) -> Option<&Facts> {
        match &self.latest?.outcome {
            Outcome::Good(facts) => Some(facts),
            Outcome::Bad { .. } => None,
        }
    }

    /// The fault of the newest look.
    pub fn fault(&self) -> Option<Fault> {
        self.latest?.outcome.fault()
    }
}
