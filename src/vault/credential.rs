//! The cells of a credential: three parts of a key, each sealed to its own place, and the address
//! that the exchange saw. Opened only to be asked with.

use super::{CellName, Vault, VaultError};
use crate::domain::key::Key;
use crate::secret::{KeySecrets, Secret};

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

const KEY: &str = "key";
const SECRET: &str = "secret";
const PASSPHRASE: &str = "passphrase";
const CALLER: &str = "caller";

impl Vault {
    /// Seals the three parts for `generation` of `key`.
    pub fn seal_credential(
        &self,
        key: &Key,
        generation: i64,
        secrets: &KeySecrets,
    ) -> Result<Sealed, VaultError> {
        let generation = generation.to_string();
        let seal = |field, secret: &Secret| self.seal(&cell(key, field, &generation), secret);
        Ok(Sealed {
            key: seal(KEY, &secrets.key)?,
            secret: seal(SECRET, &secrets.secret)?,
            passphrase: seal(PASSPHRASE, &secrets.passphrase)?,
        })
    }

    /// Opens what was sealed for `generation` of `key`; a cell of any other place fails.
    pub fn open_credential(
        &self,
        key: &Key,
        generation: i64,
        sealed: &Sealed,
    ) -> Result<KeySecrets, VaultError> {
        let generation = generation.to_string();
        let open = |field, text: &str| self.open(&cell(key, field, &generation), text);
        Ok(KeySecrets {
            key: open(KEY, &sealed.key)?,
            secret: open(SECRET, &sealed.secret)?,
            passphrase: open(PASSPHRASE, &sealed.passphrase)?,
        })
    }

    /// Seals the address that the exchange saw this monitor come from.
    pub fn seal_caller(&self, key: &Key, address: &str) -> Result<String, VaultError> {
        self.seal(&cell(key, CALLER, ""), &Secret::new(address.to_owned()))
    }

    /// Opens what [`Self::seal_caller`] sealed for this key.
    pub fn open_caller(&self, key: &Key, sealed: &str) -> Result<Secret, VaultError> {
        self.open(&cell(key, CALLER, ""), sealed)
    }
}

fn cell<'a>(key: &'a Key, field: &'a str, generation: &'a str) -> CellName<'a> {
    CellName {
        workspace: &key.workspace,
        key: &key.id,
        field,
        exchange: key.exchange,
        site: key.site,
        generation,
    }
}
