//! The three secrets of a key as sealed cells, and the monitor's own address beside them. Whoever
//! stores or opens a credential comes through here, so that both sides bind the same place.

use std::net::IpAddr;

use super::{CellName, Vault, VaultError};
use crate::domain::key::Key;
use crate::secret::{KeySecrets, Secret};

const KEY: &str = "key";
const SECRET: &str = "secret";
const PASSPHRASE: &str = "passphrase";
const CALLER: &str = "caller";

/// The three sealed cells of a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The key id.
    pub key: String,
    /// The secret.
    pub secret: String,
    /// The passphrase.
    pub passphrase: String,
}

impl Vault {
    /// Seals the secrets of a key's credential of this generation.
    pub fn seal_credential(
        &self,
        key: &Key,
        generation: i64,
        secrets: &KeySecrets,
    ) -> Result<Sealed, VaultError> {
        let seal = |field, secret| self.seal_field(key, generation, field, secret);
        Ok(Sealed {
            key: seal(KEY, &secrets.key)?,
            secret: seal(SECRET, &secrets.secret)?,
            passphrase: seal(PASSPHRASE, &secrets.passphrase)?,
        })
    }

    /// Opens what [`Self::seal_credential`] sealed for the same key and generation.
    pub fn open_credential(
        &self,
        key: &Key,
        generation: i64,
        sealed: &Sealed,
    ) -> Result<KeySecrets, VaultError> {
        let open = |field, cell| self.open_field(key, generation, field, cell);
        Ok(KeySecrets {
            key: open(KEY, &sealed.key)?,
            secret: open(SECRET, &sealed.secret)?,
            passphrase: open(PASSPHRASE, &sealed.passphrase)?,
        })
    }

    /// Seals the address under which the exchange saw this monitor (SECURITY S8). It belongs to
    /// the key and outlives a replaced credential.
    pub fn seal_caller(&self, key: &Key, address: IpAddr) -> Result<String, VaultError> {
        self.seal_field(key, 0, CALLER, &Secret::new(address.to_string()))
    }

    /// Opens what [`Self::seal_caller`] sealed, to be shown privately.
    pub fn open_caller(&self, key: &Key, sealed: &str) -> Result<IpAddr, VaultError> {
        let text = self.open_field(key, 0, CALLER, sealed)?;
        text.expose().parse().map_err(|_| VaultError::Form)
    }

    fn seal_field(
        &self,
        key: &Key,
        generation: i64,
        field: &str,
        secret: &Secret,
    ) -> Result<String, VaultError> {
        self.seal(&name(key, field, &generation.to_string()), secret)
    }

    fn open_field(
        &self,
        key: &Key,
        generation: i64,
        field: &str,
        sealed: &str,
    ) -> Result<Secret, VaultError> {
        self.open(&name(key, field, &generation.to_string()), sealed)
    }
}

fn name<'a>(key: &'a Key, field: &'a str, generation: &'a str) -> CellName<'a> {
    CellName {
        workspace: &key.workspace,
        key: &key.id,
        field,
        exchange: key.exchange,
        site: key.site,
        generation,
    }
}

/// The first and last four characters of a key id: enough to recognise it, not to use it.
/// Nothing of a text that is too short to hide the rest.
pub fn hint(key: &Secret) -> String {
    let chars: Vec<char> = key.expose().chars().collect();
    if chars.len() < 16 {
        return "…".to_owned();
    }
    let (first, last) = (&chars[..4], &chars[chars.len() - 4..]);
    first.iter().chain(['…'].iter()).chain(last).collect()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::facts::{Exchange, Site};
    use crate::domain::key::{Accepted, KeyState, Watch};
    use crate::domain::text::Label;
    use crate::vault::MasterKey;

    fn key(id: &str) -> Key {
        Key {
            id: id.to_owned().into(),
            workspace: "w".to_owned().into(),
            label: Label::parse("mm-bot-1").unwrap(),
            exchange: Exchange::Kucoin,
            site: Site::Global,
            watch: Watch::Own,
            co_located: false,
            allow: crate::domain::permission::Allow::default(),
            declared: None,
            baseline: None,
            accepted: Accepted::default(),
            used_by: Vec::new(),
            added_at: DateTime::UNIX_EPOCH,
            leaked: None,
            state: KeyState::Active,
            rev: 0,
        }
    }

    fn secrets() -> KeySecrets {
        KeySecrets {
            key: "6705f5c311545b000157d3eb".to_owned().into(),
            secret: "46fd8974-aaaa-bbbb-cccc-896f005b2340".to_owned().into(),
            passphrase: "correct-horse".to_owned().into(),
        }
    }

    #[test]
    fn a_credential_opens_in_its_place_and_nowhere_else() {
        let vault = Vault::new(MasterKey::generate().unwrap(), Vec::new());
        let sealed = vault.seal_credential(&key("k"), 1, &secrets()).unwrap();
        let opened = vault.open_credential(&key("k"), 1, &sealed).ok().unwrap();
        assert_eq!(opened.secret.expose(), secrets().secret.expose());
        assert_eq!(opened.passphrase.expose(), "correct-horse");
        let fails = |key: &Key, generation, sealed: &Sealed| {
            vault.open_credential(key, generation, sealed).err()
        };
        assert_eq!(fails(&key("other"), 1, &sealed), Some(VaultError::Tampered));
        assert_eq!(fails(&key("k"), 2, &sealed), Some(VaultError::Tampered));
        let swapped = Sealed { key: sealed.secret.clone(), secret: sealed.key.clone(), ..sealed };
        assert_eq!(fails(&key("k"), 1, &swapped), Some(VaultError::Tampered));
    }

    #[test]
    fn an_address_opens_for_its_key_only() {
        let vault = Vault::new(MasterKey::generate().unwrap(), Vec::new());
        let address: IpAddr = "203.0.113.7".parse().unwrap();
        let sealed = vault.seal_caller(&key("k"), address).unwrap();
        assert_eq!(vault.open_caller(&key("k"), &sealed), Ok(address));
        assert_eq!(vault.open_caller(&key("other"), &sealed), Err(VaultError::Tampered));
    }

    #[test]
    fn a_hint_shows_eight_characters_at_most() {
        assert_eq!(hint(&secrets().key), "6705…d3eb");
        assert_eq!(hint(&"123456789".to_owned().into()), "…");
    }
}
