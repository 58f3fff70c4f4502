//! A storm: so much happens at once that a message for each would bury the chat. After a few the
//! rest is gathered, and each further message tells all that came meanwhile. Pure.

use chrono::{DateTime, TimeDelta, Utc};

/// Over this time messages are counted.
pub const WITHIN: TimeDelta = TimeDelta::minutes(1);
/// So many go out at once.
const AT_ONCE: i64 = 5;
/// The rest is gathered for this long.
const GATHER: TimeDelta = TimeDelta::seconds(15);
/// So many where something critical waits: ten messages in a minute are read by nobody one by one.
const AT_ONCE_CRITICAL: i64 = 10;
/// One message holds no more than this; then there is nothing to gather for.
const FULL: i64 = 40;

/// When the next message may go, if not now: `posts` went within the last minute, the last at
/// `latest`, and so many notices wait, so many of them critical.
pub fn gather_until(
    posts: i64,
    latest: Option<DateTime<Utc>>,
    (owed, critical): (i64, i64),
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let until = latest? + GATHER;
    let at_once = if critical > 0 { AT_ONCE_CRITICAL } else { AT_ONCE };
    (posts >= at_once && (1..FULL).contains(&owed) && until > now && until - now <= GATHER)
        .then_some(until)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_go_at_once_and_what_follows_waits_for_the_rest_of_it() {
        let at = |seconds| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        let table = [
            (0, None, 1, None),
            (4, Some(at(100)), 1, None),
            (5, Some(at(100)), 1, Some(at(115))),
            (50, Some(at(90)), 39, Some(at(105))),
            // Long enough, or a message's worth.
            (5, Some(at(85)), 1, None),
            (5, Some(at(100)), 40, None),
            (5, Some(at(100)), 0, None),
            // A clock that was set back must not hold anything for long.
            (5, Some(at(9_000)), 1, None),
        ];
        for (posts, latest, owed, until) in table {
            assert_eq!(
                gather_until(posts, latest, (owed, 0), at(100)),
                until,
                "{posts} {latest:?} {owed}"
            );
        }
    }

    #[test]
    fn what_is_critical_waits_only_when_nobody_could_read_that_much() {
        let at = |seconds| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        assert_eq!(gather_until(9, Some(at(100)), (3, 1), at(100)), None);
        assert_eq!(gather_until(10, Some(at(100)), (3, 1), at(100)), Some(at(115)));
    }
}
