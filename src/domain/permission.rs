//! What a key may do, sorted by what it can cost. The exchange's own word is kept beside it, so
//! that people read the word they see on the exchange's page.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// What a permission lets its holder do with money; later is graver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Power {
    /// Look at balances, orders and history.
    Read,
    /// Subscribe to and redeem savings products.
    Earn,
    /// Place and cancel orders.
    Trade,
    /// Move funds between the owner's own accounts.
    Transfer,
    /// A word we do not know: treated as able to move funds until someone allows it.
    Unknown,
    /// Send funds out of the exchange.
    Withdraw,
}

/// One right of a key: its power in our words, its name in the exchange's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Permission {
    /// What it lets its holder do.
    pub power: Power,
    /// The exchange's word, cleaned.
    pub name: String,
}

/// The rights of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Permissions(pub BTreeSet<Permission>);

impl Permissions {
    /// The rights that `self` has and `other` has not.
    pub fn beyond<'a>(&'a self, other: &'a Self) -> Vec<&'a Permission> {
        self.0.difference(&other.0).collect()
    }

    /// The rights of exactly this power.
    pub fn of(&self, power: Power) -> impl Iterator<Item = &Permission> {
        self.0.iter().filter(move |p| p.power == power)
    }

    /// Whether any right has this power.
    pub fn can(&self, power: Power) -> bool {
        self.of(power).next().is_some()
    }

    /// The names, comma separated, least powerful first; "none reported" when empty.
    pub fn words(&self) -> String {
        if self.0.is_empty() {
            return "none reported".to_owned();
        }
        self.0.iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// What a person allowed for one key at the way in (SECURITY S7): an allowed right raises no
/// alert, a gained one does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "four independent switches of the command line")]
pub struct Allow {
    /// May send funds out.
    pub withdraw: bool,
    /// May move funds between own accounts.
    pub transfer: bool,
    /// May have permissions we do not know.
    pub unknown: bool,
    /// May trade, or be a master key, without a bound address.
    pub no_ip: bool,
}

impl Allow {
    /// The words of `--allow`.
    pub const WORDS: [&'static str; 4] = ["withdraw", "transfer", "unknown", "no-ip"];

    /// Switches one word on; `false` when the word is not one of [`Self::WORDS`].
    pub fn set(&mut self, word: &str) -> bool {
        match word {
            "withdraw" => self.withdraw = true,
            "transfer" => self.transfer = true,
            "unknown" => self.unknown = true,
            "no-ip" => self.no_ip = true,
            _ => return false,
        }
        true
    }

    /// Whether a right of this power may be there without an alert.
    pub fn permits(self, power: Power) -> bool {
        match power {
            Power::Read | Power::Earn | Power::Trade => true,
            Power::Transfer => self.transfer,
            Power::Unknown => self.unknown,
            Power::Withdraw => self.withdraw,
        }
    }
}
