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
    /// Whether what was written before must be looked through: at the start, and after a step.
    suspects_past: Suspicion,
}

/// At the start nobody knows how the last run's clock went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Suspicion(bool);

impl Default for Suspicion {
    fn default() -> Self {
        Self(true)
    }
}

impl ClockDoubt {
    /// Looks at the clock; `true` while it is in doubt. `drift` is wall minus steady since start.
    pub fn look(&mut self, now: DateTime<Utc>, drift: TimeDelta) -> bool {
        let steady = now - drift;
        if (drift - self.drift).abs() > STEP {
            self.since = Some(steady);
            self.suspects_past = Suspicion(true);
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

    /// Whether a clock that was wrong may have written dates of the future; asked once a step.
    pub fn take_suspicion(&mut self) -> bool {
        std::mem::replace(&mut self.suspects_past, Suspicion(false)).0
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
        assert!(doubt.take_suspicion() && !doubt.take_suspicion(), "once at the start");
        assert!(!doubt.look(at(0), TimeDelta::zero()));
        assert!(!doubt.look(at(1), TimeDelta::seconds(100)), "small steps are daily life");
        let day = TimeDelta::days(1);
        assert!(doubt.look(at(2) + day, day));
        assert!(doubt.take_suspicion() && !doubt.take_suspicion(), "once a step");
        assert!(doubt.look(at(11) + day, day));
        assert!(!doubt.look(at(12) + day, day));
        assert!(doubt.look(at(13), TimeDelta::zero()), "and back again");
        doubt.confirm();
        assert!(!doubt.look(at(14), TimeDelta::zero()));
    }
}
