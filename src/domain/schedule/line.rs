//! The five-field line people know from crontab, read into plain sets and written out again for
//! the `cron` crate. Unix rules: 0 and 7 are Sunday, and a line that restricts both day of month
//! and day of week fires when either fits; a field that begins with `*` does not restrict.

use chrono::{Datelike, Days, NaiveDate, TimeDelta};

/// A field of a cron line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// 0-59.
    Minute,
    /// 0-23.
    Hour,
    /// 1-31.
    DayOfMonth,
    /// 1-12 or JAN-DEC.
    Month,
    /// 0-7 or SUN-SAT.
    DayOfWeek,
}

impl Field {
    const ALL: [Self; 5] =
        [Self::Minute, Self::Hour, Self::DayOfMonth, Self::Month, Self::DayOfWeek];

    fn bounds(self) -> (u32, u32) {
        match self {
            Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::DayOfMonth => (1, 31),
            Self::Month => (1, 12),
            Self::DayOfWeek => (0, 7),
        }
    }

    /// The names of its values, the first one standing for its lowest value.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Minute | Self::Hour | Self::DayOfMonth => &[],
            Self::Month => &[
                "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
            ],
            Self::DayOfWeek => &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
        }
    }

    fn allowed(self) -> String {
        let (low, high) = self.bounds();
        match self.names() {
            [] => format!("{low}-{high}"),
            names => format!("{low}-{high} or {}-{}", names[0], names[names.len() - 1]),
        }
    }
}

impl std::fmt::Display for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::DayOfMonth => "day of month",
            Self::Month => "month",
            Self::DayOfWeek => "day of week",
        })
    }
}

/// Why a cron line cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// Not five fields.
    #[error(
        "\"{text}\" has {count} fields where a cron line has five: minute, hour, day of month, month, day of week."
    )]
    Count {
        /// What was written.
        text: String,
        /// How many fields it has.
        count: usize,
    },
    /// A value outside the field, or no value at all.
    #[error("\"{part}\" is no {field}: use {allowed}, *, lists, ranges or steps.")]
    Value {
        /// The part that cannot be read.
        part: String,
        /// Where it stands.
        field: Field,
        /// What may stand there.
        allowed: String,
    },
    /// A range from later to earlier.
    #[error("The {field} range \"{part}\" runs backwards: split it in two with a comma.")]
    Backwards {
        /// The range.
        part: String,
        /// Where it stands.
        field: Field,
    },
    /// A step that is zero, larger than its field or without a range.
    #[error(
        "The {field} step \"{part}\" cannot be used: write */N or FROM-TO/N with N of 1 to {most}."
    )]
    Step {
        /// The part with the step.
        part: String,
        /// Where it stands.
        field: Field,
        /// The largest step that means something.
        most: u32,
    },
}

/// A cron line as sets. Weekdays are 0-6 from Sunday.
pub(super) struct Line {
    minutes: Vec<u32>,
    hours: Vec<u32>,
    days: Vec<u32>,
    months: Vec<u32>,
    weekdays: Vec<u32>,
    either_day: bool,
}

impl Line {
    pub(super) fn every_day(minutes: Vec<u32>, hours: Vec<u32>) -> Self {
        Self {
            minutes,
            hours,
            days: (1..=31).collect(),
            months: (1..=12).collect(),
            weekdays: (0..7).collect(),
            either_day: false,
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, LineError> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            return Err(LineError::Count { text: text.to_owned(), count: fields.len() });
        };
        let [minutes, hours, days, months, weekdays] = {
            let texts = [minute, hour, day, month, weekday];
            let mut sets: [Vec<u32>; 5] = Default::default();
            for ((set, field), text) in sets.iter_mut().zip(Field::ALL).zip(texts) {
                *set = values(field, text)?;
            }
            sets
        };
        let either_day = !day.starts_with('*') && !weekday.starts_with('*');
        Ok(Self { minutes, hours, days, months, weekdays, either_day })
    }

    /// The same in the `cron` crate's words, seconds first and Sunday = 1. Two lines when either
    /// of the day fields is enough.
    pub(super) fn expressions(&self) -> Vec<String> {
        let list = |set: &[u32], plus: u32| {
            set.iter().map(|n| (n + plus).to_string()).collect::<Vec<_>>().join(",")
        };
        let line = |days: &str, weekdays: &str| {
            let (minutes, hours) = (list(&self.minutes, 0), list(&self.hours, 0));
            format!("0 {minutes} {hours} {days} {} {weekdays}", list(&self.months, 0))
        };
        let (days, weekdays) = (list(&self.days, 0), list(&self.weekdays, 1));
        if self.either_day {
            vec![line(&days, "*"), line("*", &weekdays)]
        } else {
            vec![line(&days, &weekdays)]
        }
    }

    /// The shortest time between two firings; `None` when there are not two.
    pub(super) fn shortest_gap(&self) -> Option<TimeDelta> {
        let of_day: Vec<i64> = self
            .hours
            .iter()
            .flat_map(|hour| self.minutes.iter().map(move |minute| i64::from(hour * 60 + minute)))
            .collect();
        let (first, last) = (*of_day.first()?, *of_day.last()?);
        let within = of_day.windows(2).map(|pair| pair[1] - pair[0]).min();
        let across = self.shortest_day_gap()? * 24 * 60 - last + first;
        Some(TimeDelta::minutes(within.map_or(across, |gap| gap.min(across))))
    }

    /// In days, over 28 years: one cycle of weekdays and leap days.
    fn shortest_day_gap(&self) -> Option<i64> {
        let start = NaiveDate::from_ymd_opt(2000, 1, 1)?;
        let firing = (0..=28 * 366_i64).filter(|n| {
            start
                .checked_add_days(Days::new(n.unsigned_abs()))
                .is_some_and(|date| self.fires_on(date))
        });
        let (mut before, mut shortest) = (None, None::<i64>);
        for day in firing {
            if let Some(before) = before {
                let gap = day - before;
                shortest = Some(shortest.map_or(gap, |s| s.min(gap)));
            }
            if shortest == Some(1) {
                break;
            }
            before = Some(day);
        }
        shortest
    }

    fn fires_on(&self, date: NaiveDate) -> bool {
        let day = self.days.contains(&date.day());
        let weekday = self.weekdays.contains(&date.weekday().num_days_from_sunday());
        self.months.contains(&date.month())
            && if self.either_day { day || weekday } else { day && weekday }
    }
}

/// A whole field: a list of parts. Sorted, each value once.
fn values(field: Field, text: &str) -> Result<Vec<u32>, LineError> {
    let mut set = Vec::new();
    for part in text.split(',') {
        set.extend(part_values(field, part)?);
    }
    if field == Field::DayOfWeek {
        for day in &mut set {
            *day %= 7;
        }
    }
    set.sort_unstable();
    set.dedup();
    Ok(set)
}

fn part_values(field: Field, part: &str) -> Result<Vec<u32>, LineError> {
    let (range, step) = match part.split_once('/') {
        Some((range, step)) => (range, Some(step)),
        None => (part, None),
    };
    let (low, high) = bounds(field, range)?;
    let Some(step) = step else {
        return Ok((low..=high).collect());
    };
    let most = field.bounds().1;
    let wrong = || LineError::Step { part: part.to_owned(), field, most };
    let whole_or_range = range == "*" || range.contains('-');
    let step: usize = step.parse().map_err(|_| wrong())?;
    if !whole_or_range || step == 0 || u32::try_from(step).map_or(true, |step| step > most) {
        return Err(wrong());
    }
    Ok((low..=high).step_by(step).collect())
}

fn bounds(field: Field, range: &str) -> Result<(u32, u32), LineError> {
    if range == "*" {
        let (low, high) = field.bounds();
        // Sunday once: 7 is only its second name.
        return Ok((low, if field == Field::DayOfWeek { 6 } else { high }));
    }
    let Some((from, to)) = range.split_once('-') else {
        let value = value(field, range)?;
        return Ok((value, value));
    };
    let (from, mut to) = (value(field, from)?, value(field, to)?);
    if field == Field::DayOfWeek && to == 0 && from > 0 {
        to = 7; // fri-sun
    }
    if from > to {
        return Err(LineError::Backwards { part: range.to_owned(), field });
    }
    Ok((from, to))
}

fn value(field: Field, text: &str) -> Result<u32, LineError> {
    let (low, high) = field.bounds();
    let named = field.names().iter().position(|name| text.eq_ignore_ascii_case(name));
    let number = match named.and_then(|at| u32::try_from(at).ok()) {
        Some(at) => Some(low + at),
        None if text.chars().all(|c| c.is_ascii_digit()) => text.parse().ok(),
        None => None,
    };
    number.filter(|n| (low..=high).contains(n)).ok_or_else(|| LineError::Value {
        part: text.to_owned(),
        field,
        allowed: field.allowed(),
    })
}
