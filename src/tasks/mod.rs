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

/// How often loops look without being woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// How long a loop sleeps at most, whatever the ledger says is next: another process may have
    /// added to it.
    pub poll: TimeDelta,
    /// How often the heart beats.
    pub beat: TimeDelta,
}

impl Rhythm {
    /// Beside other processes on one ledger.
    pub const SHARED: Self = Self { poll: TimeDelta::seconds(5), beat: TimeDelta::seconds(30) };
    /// Alone on a ledger in memory.
    pub const ALONE: Self = Self { poll: TimeDelta::days(1), beat: TimeDelta::days(1) };
}

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
