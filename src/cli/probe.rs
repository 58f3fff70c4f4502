//! Asking an exchange about a key from the command line, and turning the answer into what the
//! ledger records. Nothing is decided here.

use std::sync::Arc;

use super::ask::Terminal;
use super::failure::{Failure, refused};
use super::open::Workshop;
use crate::clock::Clock;
use crate::config::{Kucoin, Trusted};
use crate::domain::alert::Cause;
use crate::domain::facts::Site;
use crate::domain::id::CredentialId;
use crate::domain::key::Key;
use crate::exchange::{Client, Endpoint, Probed};
use crate::http_client::BuildError;
use crate::secret::KeySecrets;
use crate::store::check::Checked;
use crate::store::look::Seen;

/// A client for keys of this site, as the settings say. An endpoint that is not KuCoin's own is
/// named.
pub fn client(shop: &Workshop, site: Site, terminal: &mut Terminal) -> Result<Client, Failure> {
    settings_client(&shop.config.kucoin, &shop.clock, site, terminal)
}

/// The same where there is no workshop.
pub fn settings_client(
    settings: &Kucoin,
    clock: &Arc<dyn Clock>,
    site: Site,
    terminal: &mut Terminal,
) -> Result<Client, Failure> {
    let custom = settings.trusted == Trusted::Custom;
    let endpoint = match Endpoint::kucoin(site, settings.base_url.as_deref(), custom) {
        Ok(endpoint) => endpoint,
        Err(error) => return refused(error.to_string()),
    };
    if let Some(warning) = endpoint.warning() {
        terminal.note(warning);
    }
    connect(endpoint, clock)
}

/// A client for keys of a site that is asked at home, whatever the settings say of another.
pub fn official_client(clock: &Arc<dyn Clock>, site: Site) -> Result<Client, Failure> {
    match Endpoint::kucoin(site, None, false) {
        Ok(endpoint) => connect(endpoint, clock),
        Err(error) => refused(error.to_string()),
    }
}

fn connect(endpoint: Endpoint, clock: &Arc<dyn Clock>) -> Result<Client, Failure> {
    Client::kucoin(endpoint, clock.clone())
        .map_err(|error: BuildError| Failure::Failed(error.to_string()))
}

/// Asks a key about itself.
pub async fn probe(
    client: &Client,
    secrets: &KeySecrets,
    terminal: &mut Terminal,
) -> Result<Probed, Failure> {
    terminal.say("Asking KuCoin …")?;
    Ok(client.probe(secrets, None).await)
}

/// The look as the ledger keeps it; the address that the exchange saw is sealed.
pub fn seen(
    shop: &Workshop,
    key: &Key,
    credential: &CredentialId,
    probed: &Probed,
) -> Result<Seen, Failure> {
    let caller = probed.caller_address.map(|address| shop.vault.seal_caller(key, address));
    Ok(Seen {
        credential: credential.clone(),
        outcome: probed.outcome.clone(),
        at: probed.at,
        caller: caller.transpose()?,
    })
}

/// Records a look that a person asked for, judges the key by it and plans the next one.
pub async fn record(shop: &Workshop, key: &Key, seen: Seen) -> Result<(), Failure> {
    let now = shop.clock.now();
    let checked = Checked {
        key: key.id.clone(),
        claim: None,
        seen: Some(seen),
        next_scheduled: shop.config.check.next_for(&key.id, now),
        clock_in_doubt: false,
        cause: Cause::Look,
    };
    shop.store.commit_checks(&[checked], &shop.policy, now).await?;
    Ok(())
}
