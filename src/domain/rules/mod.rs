//! Each thing that can be wrong with a key, one file a rule: `examine(&Evidence, &Policy, now)`.
//! A rule looks at evidence and says what it sees; it knows nothing of alerts, receivers or
//! earlier judgements.

use chrono::{DateTime, Utc};

use super::evidence::{Evidence, Fault, Streak};
use super::policy::Policy;
use super::signal::{Examined, NextLook, Signal};

mod account;
mod age;
mod blind;
mod can_move;
mod credentials;
mod dates_disagree;
mod elsewhere;
mod expiry;
mod exposed;
mod ip_changed;
mod no_ip;
mod permission_gained;
mod permission_lost;
mod rejected;
mod version;

#[cfg(test)]
mod tests;

pub use blind::{proves_itself, word as blind_word};
pub use exposed::LeakEnd;

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $topic:literal, $module:ident),+ $(,)?) => {
        /// One thing that can be wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule { $($(#[$doc])* $name),+ }

        impl Rule {
            /// All of them, gravest first where it matters for reading order.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The word in tables.
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id),+ }
            }

            /// The FAQ entry that *Steps* opens when nothing more exact is known.
            pub fn topic(self) -> &'static str {
                match self { $(Self::$name => $topic),+ }
            }

            /// Judges the evidence.
            pub fn examine(self, evidence: &Evidence<'_>, policy: &Policy, now: DateTime<Utc>) -> Examined {
                if evidence.clock_in_doubt {
                    return Signal::NotEvaluated.into();
                }
                match self { $(Self::$name => $module::examine(evidence, policy, now).into()),+ }
            }
        }
    };
}

rules! {
    /// A person said that somebody else has the key, and the exchange may still take it.
    Exposed = "exposed", "compromised", exposed,
    /// The exchange does not know the key any more.
    Rejected = "rejected", "error-key-not-exists", rejected,
    /// The account behind the key is frozen, restricted or must identify itself.
    Account = "account", "error-account-frozen", account,
    /// The secret or passphrase that we hold is not the key's.
    Credentials = "credentials", "error-signature", credentials,
    /// The key can do more than was accepted.
    PermissionGained = "permission_gained", "compromised", permission_gained,
    /// The end of the key comes near or is past.
    Expiry = "expiry", "regenerate-key", expiry,
    /// The key can do less than was accepted.
    PermissionLost = "permission_lost", "error-permission", permission_lost,
    /// The address list is not the accepted one.
    IpChanged = "ip_changed", "ip-whitelist", ip_changed,
    /// The key can move funds and nobody allowed that.
    CanMove = "can_move", "choose-permissions", can_move,
    /// The key's format is old.
    Version = "version", "error-key-version", version,
    /// The key trades without a bound address.
    NoIp = "no_ip", "ip-whitelist", no_ip,
    /// What a person said about the end is not what the exchange says.
    DatesDisagree = "dates_disagree", "why-keys-expire", dates_disagree,
    /// The key is old.
    Age = "age", "how-often", age,
    /// This monitor cannot see the key.
    Blind = "blind", "error-exchange-down", blind,
    /// A receiver gets nothing any more.
    ReceiverLost = "receiver_lost", "error-other", elsewhere,
    /// A chat platform is disturbed by somebody else.
    PlatformTrouble = "platform_trouble", "error-other", elsewhere,
}

impl Rule {
    /// Reads the word used in tables.
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.id() == id)
    }

    /// Whether an open alert of this rule means that the key does not work. (A past end counts
    /// too, by its stage.)
    pub fn is_breaking(self) -> bool {
        matches!(self, Self::Rejected | Self::Account | Self::Credentials)
    }

    /// Whether a key under an open alert of this rule is broken or dangerous, and no longer merely
    /// in want of somebody.
    pub fn is_grave(self) -> bool {
        self.is_breaking() || self == Self::Exposed
    }

    /// Whether its first clear look ends an alert: the rule itself has asked for its proof twice.
    pub fn proves_its_end(self) -> bool {
        self == Self::Exposed
    }

    /// Whether what it says below critical can wait for the morning. Somebody else's hands on the
    /// bot's token cannot: until then nobody's command or button there reaches us.
    pub fn waits_for_morning(self) -> bool {
        self != Self::PlatformTrouble
    }

    /// Whether an open critical alert of `self` says all that one of `lesser` would say. What may
    /// be the work of a thief is never covered. The refusal of a leaked key is what its own alert
    /// waits for and ends with; see [`super::fleet::covers`].
    pub fn covers(self, lesser: Self) -> bool {
        if self == Self::Exposed {
            return lesser == Self::Rejected;
        }
        self.is_breaking()
            && match lesser {
                Self::Rejected | Self::Account | Self::Credentials => self < lesser,
                Self::Expiry
                | Self::PermissionLost
                | Self::Version
                | Self::NoIp
                | Self::DatesDisagree
                | Self::Age
                | Self::Blind => true,
                Self::Exposed
                | Self::PermissionGained
                | Self::IpChanged
                | Self::CanMove
                | Self::ReceiverLost
                | Self::PlatformTrouble => false,
            }
    }
}

/// Whether a run of equal weak answers proves something.
fn is_confirmed(streak: Option<&Streak>) -> bool {
    streak
        .is_some_and(|run| run.n >= Policy::CONFIRM_LOOKS && run.spread() >= Policy::CONFIRM_SPREAD)
}

/// When to ask again after a weak hard answer; `None` once the quick looks are used up. A look that
/// came shortly before its instant (of the schedule, of a person) does not use it up, and the quick
/// one waits until it counts.
fn next_confirmation(streak: Option<&Streak>, now: DateTime<Utc>) -> Option<NextLook> {
    let run = streak?;
    Policy::CONFIRM_AT
        .into_iter()
        .map(|after| run.since + after)
        .find(|at| *at > run.counted_at)
        .map(|at| at.max(run.counted_at + Streak::APART))
        .filter(|at| *at > now)
        .map(NextLook::probe)
}

/// The code of a fault as an item, or the fault's name where the exchange gave none.
fn code_item(fault: Fault, code: Option<&String>) -> String {
    code.cloned().unwrap_or_else(|| fault.id().to_owned())
}
