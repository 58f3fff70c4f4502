//! Where sealed secrets meet an exchange: opened for one probe, dropped right after it. Nothing
//! outside this file and the command line ever holds an opened credential.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Client, Probed};
use crate::domain::evidence::{Fault, Outcome};
use crate::domain::facts::Site;
use crate::domain::key::Key;
use crate::vault::{Sealed, Vault, VaultError};

/// Asks keys about themselves, each at its site.
pub struct Prober {
    clients: BTreeMap<Site, Client>,
    vault: Arc<Vault>,
}

/// Why a key could not be asked at all.
#[derive(Debug, thiserror::Error)]
pub enum Unasked {
    /// No client is configured for its site.
    #[error("keys of this site cannot be asked")]
    Site,
    /// What was learned could not be sealed.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// What a probe brought, with the private part sealed.
pub struct Asked {
    /// Facts or a fault.
    pub probed: Probed,
    /// The address that the exchange saw, sealed for this key.
    pub caller: Option<String>,
}

impl Prober {
    /// A prober over one client a site.
    pub fn new(clients: BTreeMap<Site, Client>, vault: Arc<Vault>) -> Self {
        Self { clients, vault }
    }

    /// The client of a site.
    pub fn client(&self, site: Site) -> Option<&Client> {
        self.clients.get(&site)
    }

    /// Whether any site is asked at an endpoint that is not the real one.
    pub fn is_test(&self) -> bool {
        self.clients.values().any(|client| client.endpoint().is_test())
    }

    /// Opens the secrets of `generation` of `key` and asks with them. Secrets that do not open
    /// are an outcome like any other ([`Fault::Unopened`]): nobody is asked, and people are told.
    pub async fn ask(&self, key: &Key, generation: i64, sealed: &Sealed) -> Result<Asked, Unasked> {
        let client = self.clients.get(&key.site).ok_or(Unasked::Site)?;
        let account = key.baseline.as_ref().and_then(|baseline| baseline.facts.account.as_deref());
        let probed = match self.vault.open_credential(key, generation, sealed) {
            Ok(secrets) => client.probe(&secrets, account).await,
            Err(error) => {
                tracing::error!(key = %key.id, %error, "a key was not asked");
                let outcome = Outcome::Bad { fault: Fault::Unopened, code: None };
                Probed::new(outcome, client.now())
            }
        };
        let seal = |address| self.vault.seal_caller(key, address);
        let caller = probed.caller_address.map(seal).transpose()?;
        Ok(Asked { probed, caller })
    }
}
