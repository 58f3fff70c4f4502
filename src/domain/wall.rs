//! The workspace's local clock, mapped to instants by one rule: a local time that the clocks skip
//! means the first instant after the gap; one that comes twice means the first of the two.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// The instant at which a clock on the wall of `zone` first shows `local` or later.
pub fn instant_of(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    // Gaps are at most a day (Samoa skipped one); half-hour steps find the far side of any of them.
    (0..=48)
        .find_map(|half_hours| {
            let at = local + TimeDelta::minutes(30 * half_hours);
            let found = zone.from_local_datetime(&at).earliest()?;
            // Back to the very edge of the gap: the offset changes exactly there.
            Some(if half_hours == 0 { found } else { edge_before(found, zone) })
        })
        .map_or_else(|| local.and_utc(), |at| at.with_timezone(&Utc))
}

/// The first instant of the offset that holds at `after`, looking back at most a day.
fn edge_before(after: DateTime<Tz>, zone: Tz) -> DateTime<Tz> {
    let new = after.naive_local() - after.naive_utc();
    let offset_at = |at: DateTime<Utc>| {
        let local = at.with_timezone(&zone);
        local.naive_local() - local.naive_utc()
    };
    let (mut old, mut edge) = (after.to_utc() - TimeDelta::days(1), after.to_utc());
    while edge - old > TimeDelta::seconds(1) {
        let middle = old + (edge - old) / 2;
        if offset_at(middle) == new { edge = middle } else { old = middle }
    }
    let whole = DateTime::from_timestamp(edge.timestamp(), 0);
    whole.unwrap_or(edge).with_timezone(&zone)
}

/// The instant at which `day` is over in `zone`: its 24:00.
pub fn day_end(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
    instant_of(next.and_time(NaiveTime::MIN), zone)
}

/// The instant at which `day` begins in `zone`.
pub fn day_start(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    instant_of(day.and_time(NaiveTime::MIN), zone)
}

/// The first instant after `now` at which the wall clock shows `time`.
pub fn next_time_of_day(time: NaiveTime, zone: Tz, now: DateTime<Utc>) -> DateTime<Utc> {
    let today = local_date(now, zone);
    [0, 1, 2]
        .into_iter()
        .filter_map(|n| today.checked_add_days(Days::new(n)))
        .map(|day| instant_of(day.and_time(time), zone))
        .find(|at| *at > now)
        .unwrap_or(now + TimeDelta::days(1))
}

/// The date on the wall.
pub fn local_date(at: DateTime<Utc>, zone: Tz) -> NaiveDate {
    at.with_timezone(&zone).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn skipped_and_doubled_hours_have_one_answer() {
        let table = [
            // (local, zone, instant)
            ("2026-03-29T02:30:00", Tz::Europe__Berlin, "2026-03-29T01:00:00Z"),
            ("2026-10-25T02:30:00", Tz::Europe__Berlin, "2026-10-25T00:30:00Z"),
            ("2026-03-08T02:30:00", Tz::America__New_York, "2026-03-08T07:00:00Z"),
            ("2026-10-04T02:15:00", Tz::Australia__Lord_Howe, "2026-10-03T15:30:00Z"),
            ("2011-12-30T12:00:00", Tz::Pacific__Apia, "2011-12-30T10:00:00Z"),
            ("2026-11-30T09:00:00", Tz::UTC, "2026-11-30T09:00:00Z"),
        ];
        for (local, zone, instant) in table {
            assert_eq!(instant_of(local.parse().unwrap(), zone), utc(instant), "{local} {zone}");
        }
    }

    #[test]
    fn a_day_ends_at_24_local() {
        let day = "2026-10-25".parse().unwrap();
        assert_eq!(day_end(day, Tz::Europe__Berlin), utc("2026-10-25T23:00:00Z"));
        assert_eq!(day_end(day, Tz::Asia__Tokyo), utc("2026-10-25T15:00:00Z"));
    }

    #[test]
    fn the_next_morning_is_after_now() {
        let nine = NaiveTime::from_hms_opt(9, 0, 0).unwrap();
        let zone = Tz::Europe__Berlin;
        let at = |now: &str| next_time_of_day(nine, zone, utc(now));
        assert_eq!(at("2026-11-23T07:59:00Z"), utc("2026-11-23T08:00:00Z"));
        assert_eq!(at("2026-11-23T08:00:00Z"), utc("2026-11-24T08:00:00Z"));
        assert_eq!(at("2026-03-28T12:00:00Z"), utc("2026-03-29T07:00:00Z"));
    }
}
