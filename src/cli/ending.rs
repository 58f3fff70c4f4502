//! What a person says about the end of a key: a date, a term from a day on, "never", or nothing.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

use super::ask::Terminal;
use super::failure::{Failure, refused};
use crate::domain::facts::Facts;
use crate::domain::key::{Declared, DeclaredEnd};
use crate::domain::text::Clean;
use crate::domain::wall;

/// The longest term, ten years.
const LONGEST_TERM: u64 = 3_650;
/// The terms that KuCoin offers, in days.
const TERMS: [u64; 4] = [30, 90, 180, 360];

/// The flags about an end.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct EndFlags {
    /// The day on which the key ends (2026-11-30), an instant (2026-11-30T14:00:00Z), or never
    #[arg(long, value_name = "DATE", conflicts_with_all = ["term", "created"])]
    pub expires: Option<String>,
    /// The term that was chosen when the key was made, for example 90d
    #[arg(long, value_name = "DAYS")]
    pub term: Option<String>,
    /// The day on which the key was made
    #[arg(long, value_name = "DATE", requires = "term")]
    pub created: Option<String>,
}

/// Who speaks, where and when.
pub struct Saying<'a> {
    /// Their name.
    pub by: &'a Clean,
    /// Their zone.
    pub zone: Tz,
    /// Now.
    pub now: DateTime<Utc>,
}

impl Saying<'_> {
    fn declare(&self, end: Option<DeclaredEnd>) -> Result<Declared, Failure> {
        let over = end.map(|end| match end {
            DeclaredEnd::Day(day) => wall::day_end(day, self.zone),
            DeclaredEnd::Instant(at) => at,
        });
        if let Some(over) = over.filter(|over| *over <= self.now) {
            let last = (over - TimeDelta::seconds(1)).with_timezone(&self.zone).date_naive();
            let example = wall::local_date(self.now + TimeDelta::days(90), self.zone);
            return refused(format!(
                "That end ({last}) is past already: correct it to the day on which the key will stop, year first, as in {example}."
            ));
        }
        Ok(Declared { end, by: self.by.clone(), at: self.now })
    }
}

impl EndFlags {
    /// What they mean. A term without a day counts from `created_at`, where the exchange told it.
    pub fn read(
        &self,
        saying: &Saying<'_>,
        created_at: Option<DateTime<Utc>>,
    ) -> Result<Option<Declared>, Failure> {
        if let Some(text) = &self.expires {
            return read_end(text).and_then(|end| saying.declare(end)).map(Some);
        }
        let Some(term) = &self.term else { return Ok(None) };
        let days = read_term(term)?;
        let end = match (&self.created, created_at) {
            (Some(text), _) => term_from_day(read_day(text)?, days, saying)?,
            (None, Some(at)) => DeclaredEnd::Instant(at + span(days)),
            (None, None) => {
                return refused(
                    "--term counts from a day: add --created with the day on which the key was made.",
                );
            }
        };
        saying.declare(Some(end)).map(Some)
    }

    /// Refuses what can be seen to be wrong before anything else is asked.
    pub fn check(&self, saying: &Saying<'_>) -> Result<(), Failure> {
        self.read(saying, Some(saying.now)).map(|_| ())
    }
}

/// Asks for the term, because the exchange reported no end.
pub fn ask_term(
    terminal: &mut Terminal,
    saying: &Saying<'_>,
    facts: Option<&Facts>,
) -> Result<Option<Declared>, Failure> {
    let choices = ["30", "90", "180", "360 days", "No end", "Not sure"];
    loop {
        let chosen = terminal.choose("Did you choose a term?", &choices)?;
        let Some(days) = TERMS.get(chosen) else {
            let never = chosen == TERMS.len();
            return if never { saying.declare(None).map(Some) } else { Ok(None) };
        };
        let end = if let Some(at) = facts.and_then(|facts| facts.created_at) {
            DeclaredEnd::Instant(at + span(*days))
        } else {
            let text = terminal.line("On which day was the key made (2026-11-30)?")?;
            match read_day(&text).and_then(|day| term_from_day(day, *days, saying)) {
                Ok(end) => end,
                Err(failure) => {
                    terminal.say(failure.sentence().unwrap_or_default())?;
                    continue;
                }
            }
        };
        match saying.declare(Some(end)) {
            Ok(declared) => return Ok(Some(declared)),
            Err(_) => terminal.say(
                "With that term it would have ended already, and it has not: choose another, or Not sure.",
            )?,
        }
    }
}

/// Asks for a date until one fits.
pub fn ask_date(terminal: &mut Terminal, saying: &Saying<'_>) -> Result<Declared, Failure> {
    loop {
        let text = terminal.line("On which day does it end (2026-11-30)?")?;
        match read_end(&text).and_then(|end| saying.declare(end)) {
            Ok(declared) => return Ok(declared),
            Err(failure) => terminal.say(failure.sentence().unwrap_or_default())?,
        }
    }
}

/// Reads a day, an instant or "never".
pub fn read_end(text: &str) -> Result<Option<DeclaredEnd>, Failure> {
    let text = text.trim();
    if ["never", "none", "no end"].contains(&text.to_lowercase().as_str()) {
        return Ok(None);
    }
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(Some(DeclaredEnd::Instant(at.to_utc())));
    }
    read_day(text).map(|day| Some(DeclaredEnd::Day(day)))
}

fn read_day(text: &str) -> Result<NaiveDate, Failure> {
    let strict = text.len() == 10;
    match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        Ok(day) if strict => Ok(day),
        _ => refused("That is no date: write year, month and day, for example 2026-11-30."),
    }
}

fn read_term(text: &str) -> Result<u64, Failure> {
    let digits = text.trim().trim_end_matches(['d', 'D']);
    match digits.parse() {
        Ok(days) if (1..=LONGEST_TERM).contains(&days) => Ok(days),
        _ => refused("That is no term: write a number of days, for example 90d."),
    }
}

fn term_from_day(day: NaiveDate, days: u64, saying: &Saying<'_>) -> Result<DeclaredEnd, Failure> {
    if day > wall::local_date(saying.now, saying.zone) {
        return refused("That day is still to come: write the day on which the key was made.");
    }
    match day.checked_add_days(Days::new(days)) {
        Some(end) => Ok(DeclaredEnd::Day(end)),
        None => refused("That is no date: write year, month and day, for example 2026-11-30."),
    }
}

fn span(days: u64) -> TimeDelta {
    TimeDelta::days(i64::try_from(days).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(flags: (&str, &str, &str)) -> Result<Option<Declared>, Failure> {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let flags =
            EndFlags { expires: some(flags.0), term: some(flags.1), created: some(flags.2) };
        let by = Clean::new("desk", 20);
        let now = "2026-11-23T23:30:00Z".parse().unwrap();
        let saying = Saying { by: &by, zone: Tz::Europe__Berlin, now };
        flags.read(&saying, None)
    }

    #[test]
    fn dates_and_terms_are_read_strictly() {
        let day = |text: &str| Some(DeclaredEnd::Day(text.parse().unwrap()));
        let instant = "2026-12-01T14:00:00Z".parse().unwrap();
        assert_eq!(read(("", "", "")), Ok(None));
        let good = [
            (("2026-11-30", "", ""), day("2026-11-30")),
            // It is the 24th in Berlin already, and that day is not over.
            (("2026-11-24", "", ""), day("2026-11-24")),
            (("2026-12-01T15:00:00+01:00", "", ""), Some(DeclaredEnd::Instant(instant))),
            (("never", "", ""), None),
            (("", "90d", "2026-11-24"), day("2027-02-22")),
            (("", "90", "2026-09-01"), day("2026-11-30")),
        ];
        for (flags, end) in good {
            let declared = read(flags).unwrap().unwrap();
            assert_eq!(declared.end, end, "{flags:?}");
        }
        let bad = [
            (("2026-02-30", "", ""), "That is no date"),
            (("30.11.2026", "", ""), "That is no date"),
            (("2026-1-5", "", ""), "That is no date"),
            (
                ("2026-11-23", "", ""),
                "That end (2026-11-23) is past already: correct it to the day on which the key will stop, year first, as in 2027-02-22.",
            ),
            (("", "soon", "2026-11-01"), "That is no term"),
            (("", "0d", "2026-11-01"), "That is no term"),
            (("", "9999999999999999999999d", "2026-11-01"), "That is no term"),
            (("", "90d", ""), "--term counts from a day"),
            (("", "90d", "2026-11-25"), "That day is still to come"),
            (("", "30d", "2026-01-01"), "That end (2026-01-31) is past already"),
        ];
        for (flags, begins) in bad {
            let Err(Failure::Refused(said)) = read(flags) else { panic!("{flags:?}") };
            assert!(said.starts_with(begins), "{said}");
        }
    }
}
