//! The heartbeat: a row that says when checks and deliveries last made progress, for
//! `keylapse health` and for the container's health check.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use super::rest;
use crate::clock::{Alarm, Clock};
use crate::store::Store;
use crate::store::install::Heartbeat;

/// How soon it tries again while the loops begin.
const AT_START: TimeDelta = TimeDelta::seconds(1);

/// The heartbeat's loop and what it works with.
pub struct Heart {
    /// The ledger.
    pub store: Store,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// How often it beats.
    pub every: TimeDelta,
    /// When checking last made progress.
    pub checks: Arc<Mutex<Option<DateTime<Utc>>>>,
    /// When delivering last made progress.
    pub deliveries: Arc<Mutex<Option<DateTime<Utc>>>>,
}

impl Heart {
    /// Beats once; `false` while the loops have not come round yet.
    pub async fn tick(&self) -> bool {
        // A loop that has not come round yet is not reported as alive.
        let (Some(checks_at), Some(deliveries_at)) = (read(&self.checks), read(&self.deliveries))
        else {
            return false;
        };
        let beat = Heartbeat { at: self.clock.now(), checks_at, deliveries_at };
        if let Err(error) = self.store.beat(&beat).await {
            tracing::error!(%error, "the heartbeat could not be written");
        }
        true
    }

    /// Beats until told to stop.
    pub async fn run(self, mut alarm: Alarm, stop: CancellationToken) {
        loop {
            let wait = if self.tick().await { self.every } else { AT_START.min(self.every) };
            if !rest(&mut alarm, &*self.clock, Some(self.clock.now() + wait), &stop).await {
                return;
            }
        }
    }
}

fn read(at: &Mutex<Option<DateTime<Utc>>>) -> Option<DateTime<Utc>> {
    *at.lock().unwrap_or_else(PoisonError::into_inner)
}
