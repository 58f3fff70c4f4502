//! Exchanges: a question goes out, an [`Outcome`] comes back.
//!
//! An exchange is a folder here and a variant of [`Client`]; there is no trait until a second one
//! shows what it must be. [`endpoint`] decides where we may ask, the folder knows how, and
//! [`simulator`] is KuCoin as strict as the real one for the demo and the tests. Nothing here
//! judges: whether a fault is an alert is the domain's business, and nothing here stores.

pub mod endpoint;
pub mod kucoin;
pub mod prober;
pub mod simulator;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

pub use self::endpoint::{Endpoint, EndpointError};
use crate::clock::Clock;
use crate::domain::evidence::{Fault, Outcome};
use crate::domain::text::Clean;
use crate::http_client::{BuildError, Timeouts};
use crate::secret::KeySecrets;

/// A client of one site of one exchange. Build it once and share it: it keeps connections, the
/// exchange's clock and the request budget.
pub enum Client {
    /// KuCoin.
    Kucoin(kucoin::Client),
}

/// What one probe brought. Its address is the monitor's own and private: it is not printed.
pub struct Probed {
    /// Facts or a fault.
    pub outcome: Outcome,
    /// When it was asked.
    pub at: DateTime<Utc>,
    /// The address the exchange saw us under, where it refused us for it (400006, 400302).
    pub caller_address: Option<IpAddr>,
    /// In this very probe the exchange's time agreed with ours within 60 s (SECURITY S20).
    pub server_time_confirmed: bool,
    /// Whether the answer was about the key that asked; `None` when it did not say. `Some(false)`
    /// comes with a fault, never with facts.
    pub key_matches: Option<bool>,
    /// The exchange, or our own budget, asks not to come back before this.
    pub not_before: Option<DateTime<Utc>>,
}

impl Probed {
    /// A probe that ended in `outcome` at `at`, with nothing else learned.
    pub fn new(outcome: Outcome, at: DateTime<Utc>) -> Self {
        Self {
            outcome,
            at,
            caller_address: None,
            server_time_confirmed: false,
            key_matches: None,
            not_before: None,
        }
    }
}

/// What an exchange says about its own service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Whether trading is possible.
    pub state: ServiceState,
    /// Its words, cleaned, without addresses.
    pub message: Option<Clean>,
}

/// Whether trading is possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceState {
    /// Yes.
    Open,
    /// Orders can only be cancelled.
    CancelOnly,
    /// No.
    Closed,
}

impl Client {
    /// A client of KuCoin with the usual time-outs and no proxy.
    pub fn kucoin(endpoint: Endpoint, clock: Arc<dyn Clock>) -> Result<Self, BuildError> {
        Self::kucoin_with(endpoint, clock, Timeouts::default(), None)
    }

    /// A client of KuCoin; `proxy` comes from the configuration, never from the environment.
    pub fn kucoin_with(
        endpoint: Endpoint,
        clock: Arc<dyn Clock>,
        timeouts: Timeouts,
        proxy: Option<&str>,
    ) -> Result<Self, BuildError> {
        kucoin::Client::new(endpoint, clock, timeouts, proxy).map(Self::Kucoin)
    }

    /// What its clock says.
    fn now(&self) -> DateTime<Utc> {
        match self {
            Self::Kucoin(client) => client.now(),
        }
    }

    /// Where it asks.
    pub fn endpoint(&self) -> &Endpoint {
        match self {
            Self::Kucoin(client) => client.endpoint(),
        }
    }

    /// How far the exchange's clock is ahead of ours; signs nothing.
    pub async fn clock_ahead(&self) -> Result<TimeDelta, Fault> {
        match self {
            Self::Kucoin(client) => client.clock_ahead().await,
        }
    }

    /// Asks a key about itself. Takes at most twice the total time-out, never panics and never
    /// signs anything but this one read. `account` is `Facts::account` of the key's last good
    /// answer, if there was one: keys of one account share a request budget.
    pub async fn probe(&self, secrets: &KeySecrets, account: Option<&str>) -> Probed {
        match self {
            Self::Kucoin(client) => client.probe(secrets, account).await,
        }
    }

    /// What the exchange says about its own service, to tell an outage from a fault of ours;
    /// `None` when it says nothing.
    pub async fn service(&self) -> Option<Service> {
        match self {
            Self::Kucoin(client) => client.service().await,
        }
    }
}

impl fmt::Debug for Probed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probed")
            .field("outcome", &self.outcome)
            .field("at", &self.at)
            .field("caller_address", &self.caller_address.map(|_| "private"))
            .field("server_time_confirmed", &self.server_time_confirmed)
            .field("key_matches", &self.key_matches)
            .field("not_before", &self.not_before)
            .finish()
    }
}
