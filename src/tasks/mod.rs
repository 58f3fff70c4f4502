//! The loops: each is a testable `tick` and a small loop around it. A loop re-reads the ledger at
//! every tick, so a lost wake-up costs one interval and no more.

pub mod check;
pub mod clock_doubt;
pub mod deliver;
pub mod heartbeat;
pub mod tidy;

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use crate::clock::{Alarm, Clock};

/// After a failure of the ledger a loop waits this long before it looks again.
const AFTER_FAULT: TimeDelta = TimeDelta::seconds(10);

/// How long a loop sleeps at most, whatever the ledger says is next.
const LONGEST_SLEEP: TimeDelta = TimeDelta::minutes(1);

/// Sleeps until `next`, the alarm's bell or the stop; `false` when it is time to stop.
async fn rest(
    alarm: &mut Alarm,
    clock: &dyn Clock,
    next: Option<DateTime<Utc>>,
    stop: &CancellationToken,
) -> bool {
    tokio::select! {
        biased;
        () = stop.cancelled() => false,
        () = alarm.wait(clock, next) => !stop.is_cancelled(),
    }
}
