//! What `/fix` can find, how it is known, and where each cause is explained.

use crate::domain::evidence::Fault;

/// A cause, and how it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The cause.
    pub cause: Cause,
    /// How it is known.
    pub because: Because,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The key's end has passed.
    Ended,
    /// The exchange does not know the key: deleted or expired.
    Gone,
    /// The bot asks another site or the sandbox.
    Site,
    /// The bot asks another exchange.
    OtherExchange,
    /// The key was copied incompletely.
    Copied,
    /// The bot uses another key.
    OtherKey,
    /// The passphrase.
    Passphrase,
    /// The secret, or how it is used.
    Signature,
    /// The bot's address is not on the key's list.
    Address,
    /// A right is missing.
    Permission,
    /// The key's format is no longer served.
    Version,
    /// A clock is wrong.
    Clock,
    /// The exchange is down or cannot be reached.
    Down,
    /// Too many requests.
    Limits,
    /// The account is frozen or restricted.
    Account,
    /// The account must prove its owner's identity.
    Identity,
    /// The region is not served.
    Region,
    /// Not the key: the bot itself does nothing.
    Stopped,
    /// An error that the tree does not know.
    Unlisted,
    /// Without the error line nobody can say.
    NoLine,
}

/// How a cause is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// An alert about the exchange as a whole.
    Exchange,
    /// The newest look.
    Look,
    /// The key's end has passed.
    Past,
    /// The key works from this machine, so what differs is the bot's.
    Works,
    /// It works, and is bound to no address that could refuse the bot.
    Unbound,
    /// The bot's own error says so.
    Said,
    /// It is what explains these answers most often.
    Likely,
}

impl Because {
    /// Whether no answer of a person was needed.
    pub fn is_known_by_itself(self) -> bool {
        match self {
            Self::Exchange | Self::Look | Self::Past => true,
            Self::Works | Self::Unbound | Self::Said | Self::Likely => false,
        }
    }
}

impl Cause {
    /// Its FAQ entry.
    pub fn topic(self) -> &'static str {
        match self {
            Self::Ended => "regenerate-key",
            Self::Gone | Self::Site | Self::OtherExchange | Self::Copied => "error-key-not-exists",
            Self::OtherKey => "update-apps",
            Self::Passphrase => "error-passphrase",
            Self::Signature => "error-signature",
            Self::Address => "error-ip-not-allowed",
            Self::Permission => "error-permission",
            Self::Version => "error-key-version",
            Self::Clock => "error-timestamp",
            Self::Down => "error-exchange-down",
            Self::Limits => "error-rate-limited",
            Self::Account => "error-account-frozen",
            Self::Identity => "error-identity",
            Self::Region => "error-region",
            Self::Stopped | Self::NoLine => "trouble-bot-stopped",
            Self::Unlisted => "error-other",
        }
    }

    /// What a fault says is wrong; nothing where it is this monitor's own.
    pub(super) fn of(fault: Fault) -> Option<Self> {
        Some(match fault {
            Fault::NotKnown => Self::Gone,
            Fault::WrongPassphrase => Self::Passphrase,
            Fault::WrongSignature => Self::Signature,
            Fault::OldVersion => Self::Version,
            Fault::NotAllowed => Self::Permission,
            Fault::AccountFrozen => Self::Account,
            Fault::IdentityRequired => Self::Identity,
            Fault::RegionForbidden | Fault::RegionRefused => Self::Region,
            Fault::IpRefused => Self::Address,
            Fault::ClockSkew => Self::Clock,
            Fault::RateLimited => Self::Limits,
            Fault::ExchangeDown | Fault::Network => Self::Down,
            Fault::OurRequest | Fault::Unopened => return None,
        })
    }
}
