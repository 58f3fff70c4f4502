//! The wall clock of a workspace, mapped to instants by us: a time that the clock skips becomes
//! the first instant after the gap, a time that comes twice becomes the first of the two.

use chrono::offset::LocalResult;
use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// The first instant strictly after `after` at which clocks in `zone` show `hour:minute`. Hours
/// past 23 and minutes past 59 count as the last.
pub fn next_local(hour: u32, minute: u32, zone: Tz, after: DateTime<Utc>) -> DateTime<Utc> {
    let time = NaiveTime::from_hms_opt(hour.min(23), minute.min(59), 0).unwrap_or_default();
    // Naive UTC instead of the zone's own arithmetic, which panics at the end of time.
    let today = zone.from_utc_datetime(&after.naive_utc()).naive_local().date();
    let start = today.pred_opt().unwrap_or(today);
    (0..5)
        .filter_map(|days| start.checked_add_days(Days::new(days)))
        .map(|date| instant(date.and_time(time), zone))
        .find(|at| *at > after)
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// The instant of 24:00 of `date` in `zone`: a date is past from here on.
pub fn local_day_end(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    date.succ_opt()
        .map_or(DateTime::<Utc>::MAX_UTC, |next| instant(next.and_time(NaiveTime::MIN), zone))
}

/// The instant that clocks in `zone` show as `local`.
pub fn instant(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
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
