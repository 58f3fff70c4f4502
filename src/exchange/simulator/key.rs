//! A made-up key and its life. Its three parts follow from its name alone, so that two runs of
//! the demo are the same and a printed one opens nothing.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::domain::facts::Site;
use crate::secret::KeySecrets;

/// A trading key without a bound address disappears after so long without use (KuCoin's rule).
const INACTIVE_AFTER: TimeDelta = TimeDelta::days(30);

/// Rights that make KuCoin's inactivity rule apply.
const TRADING: [&str; 6] = ["Spot", "Margin", "Futures", "Trade", "Unified", "LeadtradeFutures"];

/// A key that the simulator knows. Its fields may be edited while it runs.
#[derive(Clone)]
pub struct SimKey {
    /// What the script and the tests call it.
    pub label: String,
    /// The key id, 24 hex digits.
    pub key: String,
    /// The secret, a UUID.
    pub secret: String,
    /// The passphrase.
    pub passphrase: String,
    /// The site that issued it. A loopback address cannot say which site it stands for, so only
    /// Australia, which has a header, is told from the others.
    pub site: Site,
    /// The rights, in KuCoin's words.
    pub permissions: Vec<String>,
    /// The bound addresses; empty = none bound.
    pub addresses: Vec<IpAddr>,
    /// Whether the answer masks the addresses, as the documented samples do.
    pub masked: bool,
    /// When it was made; `None` = when it is added.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was last accepted; `None` = when it is added. A probe counts as use here. Whether
    /// it does at the real KuCoin is not known.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Its end, and how the answer tells it.
    pub end: SimEnd,
    /// The account.
    pub uid: u64,
    /// The name of the sub-account; `None` = a master key.
    pub sub_name: Option<String>,
    /// The key format; below 2 it is no longer served.
    pub version: u32,
    /// Deleted by its owner.
    pub revoked: bool,
    /// The state of the account behind it.
    pub account: SimAccount,
}

/// The state of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SimAccount {
    /// As it should be.
    Open,
    /// 411100.
    Frozen,
    /// 400303: its owner must verify who they are.
    IdentityRequired,
}

/// The end of a key, and how `expiredAt` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SimEnd {
    /// The field is not there: nothing is said.
    Absent,
    /// The field is `null`: there is none.
    Never,
    /// This instant; from then on the key is unknown (400003).
    At(DateTime<Utc>),
}

impl SimKey {
    /// A general key without an end whose three parts follow from `label`.
    pub fn made_up(label: &str) -> Self {
        let hash: [u8; 32] = Sha256::digest(format!("keylapse made-up key {label}")).into();
        let digit = |n: u8| char::from_digit(u32::from(n), 16).unwrap_or('0');
        let hex: String =
            hash.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect();
        let number = hash[28..].iter().fold(0, |n, byte| n << 8 | u64::from(*byte));
        Self {
            label: label.to_owned(),
            key: hex[..24].to_owned(),
            secret: format!(
                "{}-{}-4{}-8{}-{}",
                &hex[24..32],
                &hex[32..36],
                &hex[36..39],
                &hex[39..42],
                &hex[42..54]
            ),
            passphrase: format!("made-up-{}", &hex[54..62]),
            site: Site::Global,
            permissions: vec!["General".to_owned()],
            addresses: Vec::new(),
            masked: false,
            created_at: None,
            last_used_at: None,
            end: SimEnd::Never,
            uid: 100_000_000 + number % 900_000_000,
            sub_name: None,
            version: 3,
            revoked: false,
            account: SimAccount::Open,
        }
    }

    /// The three parts, as keylapse holds them.
    pub fn secrets(&self) -> KeySecrets {
        KeySecrets {
            key: self.key.clone().into(),
            secret: self.secret.clone().into(),
            passphrase: self.passphrase.clone().into(),
        }
    }

    /// Whether the key exists at `now`. KuCoin says the same of a revoked, an expired and a
    /// forgotten key.
    pub(super) fn exists(&self, now: DateTime<Utc>) -> bool {
        let expired = matches!(self.end, SimEnd::At(end) if end <= now);
        let trades = self.permissions.iter().any(|word| TRADING.contains(&word.as_str()));
        let idle = self.last_used_at.is_some_and(|at| now - at >= INACTIVE_AFTER);
        !(self.revoked || expired || (trades && self.addresses.is_empty() && idle))
    }

    /// Gives a right or takes it away.
    pub(super) fn set_permission(&mut self, word: &str, on: bool) {
        self.permissions.retain(|other| other != word);
        if on {
            self.permissions.push(word.to_owned());
        }
    }

    /// The payload of `GET /api/v1/user/api-key`.
    pub(super) fn describe(&self) -> Value {
        let site = match self.site {
            Site::Global => "global",
            Site::Eu => "europe",
            Site::Au => "australia",
            Site::Tr => "turkey",
            Site::Other => "thailand",
        };
        let mut data = json!({
            "remark": self.label,
            "apiKey": self.key,
            "apiVersion": self.version,
            "permission": self.permissions.join(","),
            "createdAt": self.created_at.map(|at| at.timestamp_millis()),
            "uid": self.uid,
            "isMaster": self.sub_name.is_none(),
            "siteType": site,
            "thirdPartyApp": "",
        });
        if !self.addresses.is_empty() {
            let list: Vec<String> = self.addresses.iter().map(|ip| self.show(*ip)).collect();
            data["ipWhitelist"] = list.join(",").into();
        }
        if let Some(name) = &self.sub_name {
            data["subName"] = name.as_str().into();
        }
        match self.end {
            SimEnd::Absent => {}
            SimEnd::Never => data["expiredAt"] = Value::Null,
            SimEnd::At(end) => data["expiredAt"] = end.timestamp_millis().into(),
        }
        data
    }

    fn show(&self, address: IpAddr) -> String {
        match address {
            IpAddr::V4(ip) if self.masked => {
                let [first, _, _, last] = ip.octets();
                format!("{first}.**.{last}")
            }
            _ => address.to_string(),
        }
    }
}
