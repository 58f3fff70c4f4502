//! Tidying: what is older than anybody asks for goes, a little at a time.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use super::rest;
use crate::clock::{Alarm, Clock};
use crate::store::{Store, StoreError};

/// How long observations are kept.
const OBSERVATIONS: TimeDelta = TimeDelta::days(400);
/// How often it tidies.
const EVERY: TimeDelta = TimeDelta::hours(6);
/// Rows of one transaction.
const BATCH: i64 = 500;

/// The tidying loop and what it works with.
pub struct Tidy {
    /// The ledger.
    pub store: Store,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl Tidy {
    /// Secrets whose time is over first; then what an import left behind; then old rows.
    async fn tidy(&self, now: DateTime<Utc>, stop: &CancellationToken) -> Result<(), StoreError> {
        // Of a key that is asked no more: the checks end the others.
        self.store.end_overdue_retiring(now).await?;
        self.store.sweep_import(now).await?;
        while !stop.is_cancelled() {
            if self.store.tidy(now - OBSERVATIONS, now, BATCH).await? == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Tidies until told to stop.
    pub async fn run(self, mut alarm: Alarm, stop: CancellationToken) {
        loop {
            let now = self.clock.now();
            if let Err(error) = self.tidy(now, &stop).await {
                tracing::error!(%error, "tidying failed");
            }
            if !rest(&mut alarm, &*self.clock, Some(now + EVERY), &stop).await {
                return;
            }
        }
    }
}
