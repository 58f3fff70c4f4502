//! When a key ends, who says so, and how near that is. An end reported by the exchange beats a
//! declared one, which beats a derived one; losers are kept and shown. "Never" is only what
//! somebody said; everything else is unknown.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::facts::{Facts, ReportedEnd};
use super::key::{Declared, DeclaredEnd};
use super::wall;

/// One end of a key and its certainty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The first instant at which the key is past. For a declared day that is 24:00 local.
    pub at: DateTime<Utc>,
    /// Who says so; part of every sentence about it.
    pub source: Source,
    /// How exactly it is known.
    pub precision: Precision,
}

/// Who says when a key ends, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The exchange's own date.
    Reported,
    /// A person's date.
    Declared,
}

/// How exactly an end is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// To the second.
    Instant,
    /// To the day.
    Day,
}

/// What is known of a key's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It ends then.
    At(End),
    /// Somebody said that there is no end.
    Never(Source),
    /// Nobody said anything.
    Unknown,
}

/// The best knowledge, and what it beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// What counts.
    pub best: Known,
    /// A declared end that the exchange's own date overrides.
    pub overridden: Option<Known>,
}

impl Ends {
    /// Weighs what the exchange said last against what a person said.
    pub fn weigh(facts: Option<&Facts>, declared: Option<&Declared>, zone: Tz) -> Self {
        let reported = match facts.map(|f| f.end) {
            Some(ReportedEnd::At(at)) => {
                Known::At(End { at, source: Source::Reported, precision: Precision::Instant })
            }
            Some(ReportedEnd::Never) => Known::Never(Source::Reported),
            Some(ReportedEnd::Unknown) | None => Known::Unknown,
        };
        let told = declared.map(|declared| declared_end(declared, zone));
        match (reported, told) {
            (Known::Unknown, told) => {
                Self { best: told.unwrap_or(Known::Unknown), overridden: None }
            }
            (reported, told) => Self { best: reported, overridden: told },
        }
    }

    /// The end that counts, if there is one.
    pub fn end(&self) -> Option<End> {
        match self.best {
            Known::At(end) => Some(end),
            Known::Never(_) | Known::Unknown => None,
        }
    }

    /// Whether a person's date has passed although the exchange accepted the key after it: then
    /// the date was wrong, and explains nothing.
    pub fn is_outlived(&self, last_good_at: Option<DateTime<Utc>>) -> bool {
        self.end().is_some_and(|end| {
            end.source == Source::Declared && last_good_at.is_some_and(|at| at >= end.at)
        })
    }

    /// Whether the end that counts has passed.
    pub fn is_past(&self, now: DateTime<Utc>) -> bool {
        self.end().is_some_and(|end| now >= end.at)
    }
}

fn declared_end(declared: &Declared, zone: Tz) -> Known {
    let (at, precision) = match declared.end {
        None => return Known::Never(Source::Declared),
        Some(DeclaredEnd::Day(day)) => (wall::day_end(day, zone), Precision::Day),
        Some(DeclaredEnd::Instant(at)) => (at, Precision::Instant),
    };
    Known::At(End { at, source: Source::Declared, precision })
}

impl End {
    /// The instant to show: a day's end would read as the day after.
    pub fn shown(&self) -> DateTime<Utc> {
        match self.precision {
            Precision::Instant => self.at,
            Precision::Day => self.at - TimeDelta::seconds(1),
        }
    }

    /// From where days are counted: "3 days" before a date is said on the third day before it,
    /// not the second.
    fn counted_to(&self) -> DateTime<Utc> {
        match self.precision {
            Precision::Instant => self.at,
            Precision::Day => self.at - TimeDelta::days(1),
        }
    }
}

/// A rung of the ladder; later is nearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// At most this many times 24 hours are left.
    Days(u16),
    /// The end is on today's local date.
    Today,
    /// It is over.
    Past,
}

impl Stage {
    fn rank(self) -> (u8, u16) {
        match self {
            Self::Days(n) => (0, u16::MAX - n),
            Self::Today => (1, 0),
            Self::Past => (2, 0),
        }
    }

    /// The word in tables.
    pub fn id(self) -> String {
        match self {
            Self::Days(n) => n.to_string(),
            Self::Today => "today".to_owned(),
            Self::Past => "past".to_owned(),
        }
    }

    /// Reads the word used in tables.
    pub fn parse(id: &str) -> Option<Self> {
        match id {
            "today" => Some(Self::Today),
            "past" => Some(Self::Past),
            days => days.parse().ok().map(Self::Days),
        }
    }
}

impl PartialOrd for Stage {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Stage {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}

/// The rung that holds at `now`, `None` while the end is beyond the whole ladder.
pub fn stage(end: &End, ladder: &[u16], zone: Tz, now: DateTime<Utc>) -> Option<Stage> {
    if now >= end.at {
        return Some(Stage::Past);
    }
    if wall::local_date(end.shown(), zone) == wall::local_date(now, zone) {
        return Some(Stage::Today);
    }
    let nearest =
        ladder.iter().filter(|n| end.counted_to() - now <= TimeDelta::days(i64::from(**n))).min();
    nearest.map(|n| Stage::Days(*n))
}

/// The next instant after `now` at which [`stage`] changes.
pub fn next_stage_at(
    end: &End,
    ladder: &[u16],
    zone: Tz,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    ladder
        .iter()
        .map(|n| end.counted_to() - TimeDelta::days(i64::from(*n)))
        .chain([wall::day_start(wall::local_date(end.shown(), zone), zone), end.at])
        .filter(|at| *at > now)
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LADDER: [u16; 5] = [30, 14, 7, 3, 1];

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn end(at: &str) -> End {
        End { at: utc(at), source: Source::Reported, precision: Precision::Instant }
    }

    #[test]
    fn the_ladder_has_exact_edges() {
        let end = end("2026-12-30T14:00:00Z");
        let table = [
            ("2026-11-30T13:59:59Z", None),
            ("2026-11-30T14:00:00Z", Some(Stage::Days(30))),
            ("2026-12-16T13:59:59Z", Some(Stage::Days(30))),
            ("2026-12-16T14:00:00Z", Some(Stage::Days(14))),
            ("2026-12-23T14:00:00Z", Some(Stage::Days(7))),
            ("2026-12-27T14:00:00Z", Some(Stage::Days(3))),
            ("2026-12-29T14:00:00Z", Some(Stage::Days(1))),
            ("2026-12-30T00:00:00Z", Some(Stage::Today)),
            ("2026-12-30T13:59:59Z", Some(Stage::Today)),
            ("2026-12-30T14:00:00Z", Some(Stage::Past)),
        ];
        for (now, expected) in table {
            assert_eq!(stage(&end, &LADDER, Tz::UTC, utc(now)), expected, "{now}");
        }
    }

    #[test]
    fn today_is_the_local_date() {
        let end = end("2026-12-30T14:00:00Z");
        let tokyo = Tz::Asia__Tokyo;
        assert_eq!(stage(&end, &LADDER, tokyo, utc("2026-12-29T15:00:00Z")), Some(Stage::Today));
        assert_eq!(stage(&end, &LADDER, tokyo, utc("2026-12-29T14:59:00Z")), Some(Stage::Days(1)));
    }

    #[test]
    fn every_change_of_stage_is_announced_beforehand() {
        let end = end("2026-12-30T14:00:00Z");
        let mut now = utc("2026-11-01T00:00:00Z");
        let mut seen = Vec::new();
        while let Some(next) = next_stage_at(&end, &LADDER, Tz::Europe__Berlin, now) {
            let before =
                stage(&end, &LADDER, Tz::Europe__Berlin, next - TimeDelta::milliseconds(1));
            let after = stage(&end, &LADDER, Tz::Europe__Berlin, next);
            assert!(after > before, "{next}");
            seen.push(after.unwrap().id());
            now = next;
        }
        assert_eq!(seen, ["30", "14", "7", "3", "1", "today", "past"]);
    }

    #[test]
    fn a_declared_day_is_past_only_after_24_local() {
        let declared = Declared {
            end: Some(DeclaredEnd::Day("2026-12-30".parse().unwrap())),
            by: super::super::text::Clean::new("desk", 20),
            at: utc("2026-11-01T00:00:00Z"),
        };
        let ends = Ends::weigh(None, Some(&declared), Tz::Europe__Berlin);
        let end = ends.end().unwrap();
        assert_eq!(end.at, utc("2026-12-30T23:00:00Z"));
        assert!(!ends.is_past(utc("2026-12-30T22:59:59Z")));
        assert_eq!(
            stage(&end, &LADDER, Tz::Europe__Berlin, utc("2026-12-29T23:00:00Z")),
            Some(Stage::Today)
        );
        assert!(ends.is_past(utc("2026-12-30T23:00:00Z")));
    }
}
