//! A pretended KuCoin on this machine, for the demo, the tests and `keylapse simulate`.
//!
//! As strict as the real one (KuCoin's order of checks, 5 s window, signature, passphrase, version,
//! address list, rate window with its headers) and with a life of its own: keys expire, are
//! revoked, fall asleep and gain rights, by a [`script`] or by hand. It reads the injected clock on
//! every request and owns no timer. It listens on this machine only; nothing in it is real.

mod alone;
mod checks;
mod door;
mod key;
pub mod script;
#[cfg(test)]
mod tests;
mod world;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use self::alone::{AloneError, serve_alone};
pub use self::key::{SimAccount, SimEnd, SimKey};
use self::script::Script;
use self::world::World;
pub use self::world::{Seen, Weather};
use crate::clock::Clock;

/// A running simulator. Dropping it stops it.
pub struct Simulator {
    shared: Arc<Shared>,
    address: SocketAddr,
    stop: CancellationToken,
    server: Option<JoinHandle<()>>,
}

/// What the handlers of all connections share.
struct Shared {
    clock: Arc<dyn Clock>,
    world: Mutex<World>,
}

impl Shared {
    /// The world as it is now: everything that was due has happened.
    fn world(&self) -> MutexGuard<'_, World> {
        // A panicking test must not hide its own message behind a poisoned lock.
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.catch_up(self.clock.now());
        world
    }
}

impl Simulator {
    /// Listens on `listen`, which must be on this machine, and answers by `clock`.
    pub async fn start(clock: Arc<dyn Clock>, listen: SocketAddr) -> io::Result<Self> {
        if !listen.ip().is_loopback() {
            let why = "the simulator listens on this machine only, for example on 127.0.0.1:0";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        // Without it every second answer on a kept connection is 40 ms late.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let shared = Arc::new(Shared { clock, world: Mutex::default() });
        let stop = CancellationToken::new();
        let serve = axum::serve(listener, door::router(shared.clone()))
            .with_graceful_shutdown(stop.clone().cancelled_owned());
        let server = tokio::spawn(async move {
            if let Err(error) = serve.await {
                tracing::warn!(%error, "the simulator stopped");
            }
        });
        Ok(Self { shared, address, stop, server: Some(server) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What to write as `base_url`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Adds a key, replacing one of the same label. Its birthday and its last use are now unless
    /// they were set.
    pub fn add_key(&self, key: SimKey) {
        let now = self.shared.clock.now();
        self.shared.world().add(key, now);
    }

    /// Changes the key with this label; `false` when there is none.
    pub fn edit(&self, label: &str, change: impl FnOnce(&mut SimKey)) -> bool {
        self.shared.world().key(label).map(change).is_some()
    }

    /// A copy of the key with this label.
    pub fn key(&self, label: &str) -> Option<SimKey> {
        self.shared.world().key(label).cloned()
    }

    /// Changes what befalls every request from now on.
    pub fn set_weather(&self, weather: Weather) {
        self.shared.world().weather = weather;
    }

    /// Changes what `GET /api/v1/status` says: `open`, `close` or `cancelonly`, and a message.
    pub fn set_service(&self, status: &str, message: &str) {
        self.shared.world().service = (status.to_owned(), message.to_owned());
    }

    /// Changes the address that all callers seem to come from; 203.0.113.7 at first.
    pub fn set_caller(&self, address: IpAddr) {
        self.shared.world().caller = address;
    }

    /// Adds the keys of a script, and its events for when their time comes.
    pub fn play(&self, script: Script) {
        let now = self.shared.clock.now();
        let mut world = self.shared.world();
        for key in script.keys {
            world.add(key, now);
        }
        world.schedule(script.events);
    }

    /// The newest requests, oldest first, without secrets; at most [`Seen::KEPT`].
    pub fn requests(&self) -> Vec<Seen> {
        self.shared.world().seen.iter().cloned().collect()
    }

    /// How many requests there were.
    pub fn count(&self) -> u64 {
        self.shared.world().count
    }

    /// Stops listening and waits for the answers under way.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        if let Some(server) = self.server.take() {
            let _ = server.await;
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
