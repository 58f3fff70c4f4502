//! How far the exchange's clock is ahead of ours. Pure. KuCoin refuses a signature that is more
//! than 5 s off; we refuse to sign when the clocks differ by more than a minute (SECURITY S3):
//! a lying time server must not collect signatures for another day.

use chrono::{DateTime, TimeDelta, Utc};

/// Beyond this nothing is signed.
const TOLERABLE: TimeDelta = TimeDelta::seconds(60);

/// A measurement is used this long.
const LASTS: TimeDelta = TimeDelta::minutes(10);

/// A step of our own clock by this much ends a measurement at once.
const STEP: TimeDelta = TimeDelta::seconds(2);

/// One measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    ahead: TimeDelta,
    at: DateTime<Utc>,
    drift: TimeDelta,
}

impl Offset {
    /// The exchange said `server` to a question sent and answered at these instants of ours.
    /// `drift` is the clock's own at that moment.
    pub fn measure(
        server: DateTime<Utc>,
        sent: DateTime<Utc>,
        received: DateTime<Utc>,
        drift: TimeDelta,
    ) -> Self {
        Self { ahead: server - (sent + (received - sent) / 2), at: received, drift }
    }

    /// How far the exchange's clock is ahead.
    pub fn ahead(&self) -> TimeDelta {
        self.ahead
    }

    /// Whether we may sign at all.
    pub fn is_tolerable(&self) -> bool {
        self.ahead.abs() <= TOLERABLE
    }

    /// Whether it may still be used at `now`, when the clock has drifted by `drift`.
    pub fn is_fresh(&self, now: DateTime<Utc>, drift: TimeDelta) -> bool {
        let age = now - self.at;
        age >= TimeDelta::zero() && age < LASTS && (drift - self.drift).abs() < STEP
    }

    /// The timestamp to sign at `now` of ours, in milliseconds of the exchange.
    pub fn stamp(&self, now: DateTime<Utc>) -> i64 {
        (now + self.ahead).timestamp_millis()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_790_000_000_000 + ms).unwrap()
    }

    #[test]
    fn half_the_way_there_and_back_is_taken_off() {
        let offset = Offset::measure(at(5_200), at(0), at(400), TimeDelta::zero());
        assert_eq!(offset.stamp(at(1_000)), at(6_000).timestamp_millis());
    }

    #[test]
    fn a_minute_may_be_signed_and_a_moment_more_may_not() {
        let offset = |ms| Offset::measure(at(ms), at(0), at(0), TimeDelta::zero());
        assert!(offset(60_000).is_tolerable() && offset(-60_000).is_tolerable());
        assert!(!offset(60_001).is_tolerable() && !offset(-60_001).is_tolerable());
    }

    #[test]
    fn a_measurement_ends_by_age_or_by_a_step_of_our_clock() {
        let offset = Offset::measure(at(0), at(0), at(0), TimeDelta::seconds(1));
        assert!(offset.is_fresh(at(599_999), TimeDelta::seconds(1)));
        assert!(!offset.is_fresh(at(600_000), TimeDelta::seconds(1)));
        assert!(!offset.is_fresh(at(-1), TimeDelta::seconds(1)));
        assert!(!offset.is_fresh(at(10), TimeDelta::seconds(3)));
    }
}
