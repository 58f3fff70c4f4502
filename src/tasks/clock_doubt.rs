//! Whether our own clock can be believed (SECURITY S20). A step of the wall clock against the
//! steady one makes every date suspect: nothing is judged until the exchange's time confirms the
//! clock, or ten minutes have passed.

use chrono::{DateTime, TimeDelta, Utc};

/// A step beyond this is suspect.
const STEP: TimeDelta = TimeDelta::minutes(2);
/// The longest that judging waits for a confirmation.
const LONGEST: TimeDelta = TimeDelta::minutes(10);

/// What is believed of the clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClockDoubt {
    drift: TimeDelta,
    /// Steady time at which the doubt began.
    since: Option<DateTime<Utc>>,
}

impl ClockDoubt {
    /// Looks at the clock; `true` while it is in doubt. `drift` is wall minus steady since start.
    pub fn look(&mut self, now: DateTime<Utc>, drift: TimeDelta) -> bool {
        let steady = now - drift;
        if (drift - self.drift).abs() > STEP {
            self.since = Some(steady);
        }
        self.drift = drift;
        if self.since.is_some_and(|since| steady - since >= LONGEST) {
            self.since = None;
        }
        self.since.is_some()
    }

    /// The exchange's time agrees with ours.
    pub fn confirm(&mut self) {
        self.since = None;
    }

    /// Whether the clock is in doubt.
    pub fn is_in_doubt(&self) -> bool {
        self.since.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + minutes * 60, 0).unwrap()
    }

    #[test]
    fn a_step_is_doubted_until_confirmed_or_ten_minutes_have_passed() {
        let mut doubt = ClockDoubt::default();
        assert!(!doubt.look(at(0), TimeDelta::zero()));
        assert!(!doubt.look(at(1), TimeDelta::seconds(100)), "small steps are daily life");
        let day = TimeDelta::days(1);
        assert!(doubt.look(at(2) + day, day));
        assert!(doubt.look(at(11) + day, day));
        assert!(!doubt.look(at(12) + day, day));
        assert!(doubt.look(at(13), TimeDelta::zero()), "and back again");
        doubt.confirm();
        assert!(!doubt.look(at(14), TimeDelta::zero()));
    }
}
