//! "Until when", as people type it, on the workspace's wall clock. A day alone means its morning;
//! a time alone means the next time the clock shows it.

use chrono::{
    DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc, Weekday,
};
use chrono_tz::Tz;

use crate::domain::wall;

/// Why a time cannot be used, in one sentence for the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UntilError {
    /// It is no time that we know.
    #[error(
        "I cannot read that time. Try 2h, 90m, 3d, 14:00, tomorrow, mon, 2026-12-01 or 2026-12-01 14:00; a reason comes after it, or begins with another word."
    )]
    Unreadable,
    /// It has passed.
    #[error("That time is over already. Try 2h, tomorrow or a later date.")]
    Over,
}

/// A day without a time means this hour of it.
const MORNING: NaiveTime = match NaiveTime::from_hms_opt(9, 0, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
};

/// What was typed, before a clock is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Typed {
    In(TimeDelta),
    At(NaiveTime),
    Tomorrow(NaiveTime),
    Next(Weekday, NaiveTime),
    On(NaiveDateTime),
}

/// The instant that `text` means at `now` on the clock of `zone`.
pub fn until(text: &str, zone: Tz, now: DateTime<Utc>) -> Result<DateTime<Utc>, UntilError> {
    let today = wall::local_date(now, zone);
    let day = |days| today.checked_add_days(Days::new(days)).ok_or(UntilError::Unreadable);
    if text.trim().eq_ignore_ascii_case("yesterday") {
        return Err(UntilError::Over);
    }
    let at = match read(text).ok_or(UntilError::Unreadable)? {
        Typed::In(span) => now.checked_add_signed(span).ok_or(UntilError::Unreadable)?,
        Typed::At(time) => wall::next_time_of_day(time, zone, now),
        Typed::Tomorrow(time) => wall::instant_of(day(1)?.and_time(time), zone),
        Typed::Next(weekday, time) => {
            let ahead =
                (weekday.num_days_from_monday() + 6 - today.weekday().num_days_from_monday()) % 7
                    + 1;
            wall::instant_of(day(u64::from(ahead))?.and_time(time), zone)
        }
        Typed::On(local) => wall::instant_of(local, zone),
    };
    if at > now { Ok(at) } else { Err(UntilError::Over) }
}

/// Whether `text` has the shape of a time, whatever the clock says.
pub(super) fn is_time(text: &str) -> bool {
    read(text).is_some()
}

/// Words that tell a time which is not exact enough, or not one to come.
const VAGUE: [&str; 14] = [
    "yesterday",
    "today",
    "tonight",
    "now",
    "soon",
    "later",
    "noon",
    "midnight",
    "morning",
    "afternoon",
    "evening",
    "weekend",
    "forever",
    "always",
];
/// What people write behind a number for a time and [`read`] does not know.
const UNITS: [&str; 18] = [
    "s", "sec", "secs", "seconds", "minute", "hr", "hrs", "std", "wk", "wks", "mo", "month",
    "months", "y", "year", "years", "am", "pm",
];

/// Whether the first word of `text` was probably meant as a time, although [`is_time`] says no.
pub(super) fn seems_time(text: &str) -> bool {
    let word: String =
        text.split_whitespace().next().unwrap_or_default().chars().take(40).collect();
    let word = word.trim_end_matches(['.', ',', ';', ':', '!']).to_lowercase();
    if VAGUE.contains(&word.as_str()) {
        return true;
    }
    let bare = word.trim_start_matches(['+', '-']);
    let digits = bare.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = bare.split_at(digits);
    let is_date = |rest: &str| {
        let mark = |c: char| matches!(c, ':' | '.' | '/' | '-');
        rest.starts_with(mark) && rest.chars().all(|c| mark(c) || c.is_ascii_digit())
    };
    // A signed or zero span has the right shape and means nothing.
    let is_span = !rest.is_empty() && span(&format!("1{rest}")).is_some();
    !number.is_empty() && (is_date(rest) || is_span || UNITS.contains(&rest))
}

fn read(text: &str) -> Option<Typed> {
    let text: String = text.trim().chars().take(40).collect::<String>().to_lowercase();
    // "2026-12-01T14:00" is one word; every other day stands before a space.
    let is_iso = text.as_bytes().get(10) == Some(&b't');
    let day_and_time = if is_iso { text.split_once('t') } else { text.split_once(' ') };
    let (first, time) = match day_and_time.filter(|(_, rest)| rest.contains(':')) {
        Some((first, rest)) => (first.trim().to_owned(), Some(clock(rest.trim())?)),
        None => (text.clone(), None),
    };
    if let Some(time) = clock(&text) {
        return Some(Typed::At(time));
    }
    let of_day = time.unwrap_or(MORNING);
    if first == "tomorrow" {
        return Some(Typed::Tomorrow(of_day));
    }
    if let Ok(date) = NaiveDate::parse_from_str(&first, "%Y-%m-%d") {
        return Some(Typed::On(date.and_time(of_day)));
    }
    if let Some(weekday) = weekday(&first) {
        return Some(Typed::Next(weekday, of_day));
    }
    if time.is_some() { None } else { span(&first).map(Typed::In) }
}

fn clock(text: &str) -> Option<NaiveTime> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str| {
        let is_short = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        text.parse().ok().filter(|_| is_short)
    };
    NaiveTime::from_hms_opt(number(hour)?, number(minute).filter(|_| minute.len() == 2)?, 0)
}

fn weekday(text: &str) -> Option<Weekday> {
    let full = [
        ("monday", Weekday::Mon),
        ("tuesday", Weekday::Tue),
        ("wednesday", Weekday::Wed),
        ("thursday", Weekday::Thu),
        ("friday", Weekday::Fri),
        ("saturday", Weekday::Sat),
        ("sunday", Weekday::Sun),
    ];
    let is_it = |name: &str| text == name || (text.len() >= 3 && name.starts_with(text));
    full.into_iter().find(|(name, _)| is_it(name)).map(|(_, day)| day)
}

fn span(text: &str) -> Option<TimeDelta> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: i64 = number.parse().ok().filter(|n| (1..=100_000).contains(n))?;
    match unit.trim() {
        "m" | "min" | "mins" | "minutes" => Some(TimeDelta::minutes(number)),
        "h" | "hour" | "hours" => Some(TimeDelta::hours(number)),
        "d" | "day" | "days" => Some(TimeDelta::days(number)),
        "w" | "week" | "weeks" => Some(TimeDelta::weeks(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn people_write_times_in_many_ways() {
        // Monday, 15:30 in Berlin.
        let now = utc("2026-11-23T14:30:00Z");
        let table = [
            ("2h", "2026-11-23T16:30:00Z"),
            ("90m", "2026-11-23T16:00:00Z"),
            ("3d", "2026-11-26T14:30:00Z"),
            ("1 week", "2026-11-30T14:30:00Z"),
            ("tomorrow", "2026-11-24T08:00:00Z"),
            ("Tomorrow 7:15", "2026-11-24T06:15:00Z"),
            ("mon", "2026-11-30T08:00:00Z"),
            ("tuesday", "2026-11-24T08:00:00Z"),
            ("sun 20:00", "2026-11-29T19:00:00Z"),
            ("2026-12-01", "2026-12-01T08:00:00Z"),
            ("2026-12-01 14:00", "2026-12-01T13:00:00Z"),
            ("2026-12-01T14:00", "2026-12-01T13:00:00Z"),
            ("14:00", "2026-11-24T13:00:00Z"),
            ("16:00", "2026-11-23T15:00:00Z"),
        ];
        for (text, at) in table {
            assert_eq!(until(text, Tz::Europe__Berlin, now), Ok(utc(at)), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_said_so() {
        let now = utc("2026-11-23T14:30:00Z");
        let bad = ["", "waiting", "3", "2x", "25:00", "1:2", "2026-13-01", "t", "mo", "-2h", "0h"];
        for text in bad {
            assert_eq!(until(text, Tz::UTC, now), Err(UntilError::Unreadable), "{text}");
            assert!(!is_time(text), "{text}");
        }
        for text in ["2026-11-22", "2026-11-23", "2026-11-23 14:30"] {
            assert_eq!(until(text, Tz::UTC, now), Err(UntilError::Over), "{text}");
        }
        let far = until("99999w", Tz::UTC, now);
        assert!(far.is_ok() || far == Err(UntilError::Unreadable));
    }
}
