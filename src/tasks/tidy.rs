//! Tidying: what is older than anybody asks for goes, a little at a time.

use std::sync::Arc;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use super::rest;
use crate::clock::{Alarm, Clock};
use crate::store::Store;

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
    /// Tidies until told to stop.
    pub async fn run(self, mut alarm: Alarm, stop: CancellationToken) {
        loop {
            let now = self.clock.now();
            while !stop.is_cancelled() {
                match self.store.tidy(now - OBSERVATIONS, now, BATCH).await {
                    Ok(0) => break,
                    Ok(_) => {}
                    Err(error) => {
                        tracing::error!(%error, "tidying failed");
                        break;
                    }
                }
            }
            if !rest(&mut alarm, &*self.clock, Some(now + EVERY), &stop).await {
                return;
            }
        }
    }
}
