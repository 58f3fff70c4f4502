//! The workspace's local clock, mapped to instants by one rule: a local time that the clocks skip
//! means the first instant after the gap; one that comes twice means the first of the two.

use chrono::offset::LocalResult;
use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// The instant at which a clock on the wall of `zone` first shows `local` or later.
pub fn instant_of(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) => at.to_utc(),
        LocalResult::Ambiguous(one, other) => one.to_utc().min(other.to_utc()),
        LocalResult::None => after_gap(local, zone),
    }
}

/// The first instant whose wall clock has passed `local`, found by halving: clocks differ from
/// UTC by less than 16 hours, and two changes of one clock are further apart than that.
fn after_gap(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    let reach = TimeDelta::hours(16);
    let (Some(mut early), Some(mut late)) =
        (local.checked_sub_signed(reach), local.checked_add_signed(reach))
    else {
        return local.and_utc();
    };
    while late - early > TimeDelta::seconds(1) {
        let middle = early + TimeDelta::seconds((late - early).num_seconds() / 2);
        if zone.from_utc_datetime(&middle).naive_local() < local {
            early = middle;
        } else {
            late = middle;
        }
    }
    late.and_utc()
}

/// The instant at which `day` is over in `zone`: its 24:00.
pub fn day_end(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let next = day.checked_add_days(Days::new(1));
    next.map_or(DateTime::<Utc>::MAX_UTC, |next| instant_of(next.and_time(NaiveTime::MIN), zone))
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

/// The zone's name as people know it: the several names of UTC are one.
pub fn zone_name(zone: Tz) -> &'static str {
    match zone {
        Tz::UTC
        | Tz::UCT
        | Tz::Universal
        | Tz::Zulu
        | Tz::Etc__UTC
        | Tz::Etc__UCT
        | Tz::Etc__Universal
        | Tz::Etc__Zulu => "UTC",
        other => other.name(),
    }
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
    fn utc_has_one_name() {
        assert_eq!(zone_name("Etc/UTC".parse().unwrap()), "UTC");
        assert_eq!(zone_name("Zulu".parse().unwrap()), "UTC");
        assert_eq!(zone_name(Tz::Europe__Berlin), "Europe/Berlin");
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

    fn time(hour: u32, minute: u32) -> NaiveTime {
        NaiveTime::from_hms_opt(hour, minute, 0).unwrap()
    }

    #[test]
    fn a_skipped_hour_is_the_first_instant_after_and_a_double_hour_the_first() {
        let table = [
            // Berlin: 02:00 -> 03:00 on 28 Mar 2027, 03:00 -> 02:00 on 31 Oct.
            ("Europe/Berlin", 2, 30, "2027-03-28T00:00:00Z", "2027-03-28T01:00:00Z"),
            ("Europe/Berlin", 2, 30, "2027-03-28T01:00:00Z", "2027-03-29T00:30:00Z"),
            ("Europe/Berlin", 2, 30, "2027-10-30T22:00:00Z", "2027-10-31T00:30:00Z"),
            ("Europe/Berlin", 2, 30, "2027-10-31T00:30:00Z", "2027-11-01T01:30:00Z"),
            ("Europe/Berlin", 9, 0, "2027-03-27T12:00:00Z", "2027-03-28T07:00:00Z"),
            // New York: 14 Mar and 7 Nov 2027.
            ("America/New_York", 2, 0, "2027-03-14T00:00:00Z", "2027-03-14T07:00:00Z"),
            ("America/New_York", 1, 59, "2027-11-07T00:00:00Z", "2027-11-07T05:59:00Z"),
            ("America/New_York", 1, 59, "2027-11-07T05:59:00Z", "2027-11-08T06:59:00Z"),
            // Lord Howe moves by half an hour: 3 Oct and 4 Apr 2027.
            ("Australia/Lord_Howe", 2, 15, "2027-10-02T12:00:00Z", "2027-10-02T15:30:00Z"),
            ("Australia/Lord_Howe", 1, 45, "2027-04-03T12:00:00Z", "2027-04-03T14:45:00Z"),
            ("Australia/Lord_Howe", 1, 45, "2027-04-03T14:45:00Z", "2027-04-04T15:15:00Z"),
            // Apia had no 30 December 2011 at all.
            ("Pacific/Apia", 9, 0, "2011-12-29T20:00:00Z", "2011-12-30T10:00:00Z"),
            ("UTC", 0, 0, "2027-01-01T00:00:00Z", "2027-01-02T00:00:00Z"),
        ];
        for (zone, hour, minute, after, next) in table {
            let zone: Tz = zone.parse().unwrap();
            assert_eq!(
                next_time_of_day(time(hour, minute), zone, utc(after)),
                utc(next),
                "{zone} {hour}:{minute}"
            );
        }
    }

    #[test]
    fn every_morning_of_a_year_comes_once_and_in_order() {
        for zone in [Tz::Europe__Berlin, Tz::America__New_York, Tz::Australia__Lord_Howe] {
            for (hour, minute) in [(0, 0), (1, 45), (2, 15), (2, 30), (9, 0), (23, 59)] {
                let mut now = utc("2027-01-01T12:00:00Z");
                for _ in 0..365 {
                    let next = next_time_of_day(time(hour, minute), zone, now);
                    let hours = (next - now).num_minutes();
                    assert!(hours > 0 && hours <= 25 * 60, "{zone} {hour}:{minute} {now} {next}");
                    assert_eq!(
                        next_time_of_day(time(hour, minute), zone, next - TimeDelta::seconds(1)),
                        next
                    );
                    now = next;
                }
                assert_eq!((now - utc("2027-01-01T12:00:00Z")).num_hours() / 24, 364);
            }
        }
    }

    #[test]
    fn a_day_ends_at_its_own_midnight() {
        let table = [
            ("Europe/Berlin", "2027-03-28", "2027-03-28T22:00:00Z"),
            ("Europe/Berlin", "2027-10-31", "2027-10-31T23:00:00Z"),
            ("America/New_York", "2027-11-07", "2027-11-08T05:00:00Z"),
            ("Australia/Lord_Howe", "2027-04-04", "2027-04-04T13:30:00Z"),
            // Midnight itself is skipped: the day ends where the next one begins.
            ("America/Sao_Paulo", "2018-11-03", "2018-11-04T03:00:00Z"),
            // 23:00-24:00 comes twice: the day ends after the second.
            ("Asia/Beirut", "2020-10-24", "2020-10-24T22:00:00Z"),
            // 00:00-01:00 comes twice: the day ends before the first.
            ("America/Havana", "2027-11-06", "2027-11-07T04:00:00Z"),
            ("UTC", "2027-12-31", "2028-01-01T00:00:00Z"),
        ];
        for (zone, date, end) in table {
            assert_eq!(
                day_end(date.parse().unwrap(), zone.parse().unwrap()),
                utc(end),
                "{zone} {date}"
            );
        }
        assert_eq!(day_end(NaiveDate::MAX, Tz::UTC), DateTime::<Utc>::MAX_UTC);
    }
}
