//! When to look: `every 5 min`, `every 2 h` or an ordinary five-field cron line, in UTC. The
//! `cron` crate searches; what people write is translated first, because its first field is
//! seconds, its week starts with 1 = Sunday and it ANDs what Unix ORs. Mornings and ends of
//! days are in [`super::wall`]. Nothing here knows what time it is.

mod line;
#[cfg(test)]
mod tests;

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::id::KeyId;
use line::Line;
pub use line::{Field, LineError};

/// The widest spread: nobody should wait longer than this for a schedule's instant.
pub const WIDEST_SPREAD: TimeDelta = TimeDelta::minutes(5);

/// A rhythm in UTC that fires at least once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    text: String,
    /// Fires when any of them does: two when Unix ORs day of month and day of week.
    parts: Vec<cron::Schedule>,
    gap: TimeDelta,
}

/// Why a text is no schedule, in one sentence for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// `every` with something else than a number and a unit.
    #[error(
        "\"{0}\" is no rhythm: write \"every 5 min\", \"every 2 h\" or a cron line of five fields."
    )]
    Rhythm(String),
    /// A number that would drift against the hour or the day.
    #[error("\"{text}\" does not divide {whole} evenly: write \"every {nearest} {unit}\".")]
    Uneven {
        /// What was written.
        text: String,
        /// "an hour" or "a day".
        whole: &'static str,
        /// The nearest number that does.
        nearest: u32,
        /// "min" or "h".
        unit: &'static str,
    },
    /// A cron line that cannot be read.
    #[error(transparent)]
    Line(#[from] LineError),
    /// A cron line that can be read and never comes true.
    #[error("\"{0}\" never fires, because no such day exists: change the day or the month.")]
    Never(String),
}

impl Schedule {
    /// Reads a rhythm or a cron line and makes sure that it fires.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let first = text.split(' ').next().unwrap_or_default();
        let line =
            if first.eq_ignore_ascii_case("every") { rhythm(&text)? } else { Line::parse(&text)? };
        let never = || ScheduleError::Never(text.clone());
        let parts: Result<Vec<_>, _> =
            line.expressions().iter().map(|e| cron::Schedule::from_str(e)).collect();
        let parts = parts.map_err(|_| never())?;
        let gap = line.shortest_gap().ok_or_else(never)?;
        let schedule = Self { text, parts, gap };
        schedule.next(epoch()).ok_or_else(|| ScheduleError::Never(schedule.text.clone()))?;
        Ok(schedule)
    }

    /// What was written, with single spaces.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first firing strictly after `after`; `None` past the year 2100.
    pub fn next(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.parts.iter().filter_map(|part| part.after(&after).next()).min()
    }

    /// The shortest time between two firings.
    pub fn shortest_gap(&self) -> TimeDelta {
        self.gap
    }

    /// How much later than the schedule this key is looked at: the same for ever, evenly spread
    /// over at most five minutes, never reaching the next firing.
    pub fn offset(&self, id: &KeyId) -> TimeDelta {
        let width = self.gap.min(WIDEST_SPREAD).num_milliseconds().unsigned_abs().max(1);
        let millis = stable_hash(id.as_str()) % width;
        TimeDelta::milliseconds(i64::try_from(millis).unwrap_or_default())
    }

    /// The first instant after `now` at which this key is due.
    pub fn next_for(&self, id: &KeyId, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let offset = self.offset(id);
        self.next(now.checked_sub_signed(offset)?)?.checked_add_signed(offset)
    }
}

impl std::fmt::Display for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

fn rhythm(text: &str) -> Result<Line, ScheduleError> {
    let wrong = || ScheduleError::Rhythm(text.to_owned());
    let lower = text.to_ascii_lowercase();
    let (_, rest) = lower.split_once(' ').ok_or_else(wrong)?;
    let digits = rest.chars().take_while(char::is_ascii_digit).count();
    let (number, unit) = rest.split_at(digits);
    let number: u32 = number.parse().map_err(|_| wrong())?;
    let (unit, per, whole) = match unit.trim() {
        "min" | "mins" | "minute" | "minutes" => ("min", 60, "an hour"),
        "h" | "hour" | "hours" => ("h", 24, "a day"),
        _ => return Err(wrong()),
    };
    if number == 0 || per % number != 0 {
        // Of two that are equally near the shorter, because looking more often loses nothing.
        let allowed = (1..=per).filter(|n| per % n == 0);
        let nearest = allowed.min_by_key(|n| n.abs_diff(number)).unwrap_or(1);
        return Err(ScheduleError::Uneven { text: text.to_owned(), whole, nearest, unit });
    }
    let step = usize::try_from(number).map_err(|_| wrong())?;
    Ok(if unit == "min" {
        Line::every_day((0..60).step_by(step).collect(), (0..24).collect())
    } else {
        Line::every_day(vec![0], (0..24).step_by(step).collect())
    })
}

/// Where the search for a first firing starts: from a leap year on, a whole cycle of weekdays
/// and leap days lies before the crate's last year, 2100.
fn epoch() -> DateTime<Utc> {
    NaiveDate::from_ymd_opt(2000, 1, 1)
        .and_then(|day| day.and_hms_opt(0, 0, 0))
        .unwrap_or_default()
        .and_utc()
}

/// A hash that is the same on every machine and in every version, unlike the standard library's.
fn stable_hash(text: &str) -> u64 {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
}
