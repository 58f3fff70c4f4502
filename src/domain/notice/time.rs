//! Spans of time in words. They round down: nobody is told of more time than there is.

use chrono::{DateTime, TimeDelta, Utc};

/// "in 7 days", "in 23 hours", "in 40 minutes", "3 hours ago".
pub fn remaining(now: DateTime<Utc>, at: DateTime<Utc>) -> String {
    if at > now { format!("in {}", amount(at - now)) } else { format!("{} ago", amount(now - at)) }
}

/// "38 min", "2 h", "3 days".
pub fn span(length: TimeDelta) -> String {
    match unit(length) {
        Unit::Moment => "under 1 min".to_owned(),
        Unit::Minutes(n) => format!("{n} min"),
        Unit::Hours(n) => format!("{n} h"),
        Unit::Days(n, _) => format!("{n} days"),
    }
}

/// "7 days", "13 days 23 hours": dropping the hours must not hide more than half a day, or a
/// message sent a minute late would lose a whole one.
pub(super) fn amount(length: TimeDelta) -> String {
    match unit(length) {
        Unit::Moment => "under a minute".to_owned(),
        Unit::Minutes(1) => "1 minute".to_owned(),
        Unit::Minutes(n) => format!("{n} minutes"),
        Unit::Hours(n) => format!("{n} hours"),
        Unit::Days(days, hours) if hours >= 12 => format!("{days} days {hours} hours"),
        Unit::Days(days, _) => format!("{days} days"),
    }
}

enum Unit {
    Moment,
    Minutes(i64),
    Hours(i64),
    /// With the hours that are left over.
    Days(i64, i64),
}

fn unit(length: TimeDelta) -> Unit {
    let (minutes, hours) = (length.num_minutes(), length.num_hours());
    if minutes < 1 {
        Unit::Moment
    } else if minutes < 120 {
        Unit::Minutes(minutes)
    } else if hours < 48 {
        Unit::Hours(hours)
    } else {
        Unit::Days(hours / 24, hours % 24)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_never_larger_than_the_truth() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let table = [
            (30, "in under a minute", "under 1 min"),
            (60, "in 1 minute", "1 min"),
            (40 * 60 + 59, "in 40 minutes", "40 min"),
            (119 * 60, "in 119 minutes", "119 min"),
            (2 * 3600, "in 2 hours", "2 h"),
            (24 * 3600 - 1, "in 23 hours", "23 h"),
            (24 * 3600, "in 24 hours", "24 h"),
            (48 * 3600, "in 2 days", "2 days"),
            (7 * 86_400 - 60, "in 6 days 23 hours", "6 days"),
            (7 * 86_400, "in 7 days", "7 days"),
            (7 * 86_400 + 11 * 3600, "in 7 days", "7 days"),
            (-3 * 3600 - 5, "3 hours ago", "under 1 min"),
        ];
        for (seconds, words, short) in table {
            let length = TimeDelta::seconds(seconds);
            assert_eq!(remaining(now, now + length), words, "{seconds}");
            assert_eq!(span(length), short, "{seconds}");
        }
    }
}
