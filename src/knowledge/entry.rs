//! One FAQ entry: front matter in TOML between `+++` lines, then the answer, the steps and the notes as plain text.
//!
//! Embedded text is trusted but checked: whatever does not fit this shape is an error with the line's cause, and a test
//! reads every entry. No markup survives here, because each chat platform renders the parts itself.

use std::fmt;

use chrono::NaiveDate;
use serde::Deserialize;

use super::embedded::ENTRIES;

/// The stable id of an entry, for example `expired-meaning`. Only ids of embedded entries exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Topic(&'static str);

impl Topic {
    /// The topic with exactly this id, if there is an entry for it.
    pub fn parse(id: &str) -> Option<Self> {
        let (known, _) = ENTRIES.iter().find(|(known, _)| *known == id)?;
        Some(Self(known))
    }

    /// The id as written in links, buttons and file names.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// One question with its answer, in parts that every platform can render.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Stable id, equal to the file's name.
    pub id: Topic,
    /// When its facts were last held against their sources; kept for those who look after it, never shown.
    pub checked: NaiveDate,
    /// Heading, one line without a full stop.
    pub title: String,
    /// The direct answer, one to three sentences.
    pub answer: String,
    /// What to do, in order and without numbers; at most eight.
    pub steps: Vec<String>,
    /// What is certain, what is not, and exceptions; one paragraph each.
    pub notes: Vec<String>,
    /// `KuCoin`'s codes that lead here, exactly as they appear in an answer's `code`.
    pub codes: Vec<String>,
    /// What people say or paste when they mean this entry; used for search only, never shown.
    pub aliases: Vec<String>,
    /// Entries worth reading next, the nearest first.
    pub see: Vec<Topic>,
}

impl Entry {
    /// Every text of it that is shown, in order.
    pub(super) fn shown(&self) -> impl Iterator<Item = &String> {
        [&self.title, &self.answer].into_iter().chain(&self.steps).chain(&self.notes)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    id: String,
    title: String,
    checked: toml::value::Datetime,
    codes: Vec<String>,
    aliases: Vec<String>,
    see: Vec<String>,
}

/// What is wrong with an entry, and where: for the person who wrote the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The file's name.
    pub file: String,
    /// Counted from one.
    pub line: usize,
    /// One sentence without a full stop.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

/// Reads one entry file.
pub(super) fn parse(file: &str, text: &str) -> Result<Entry, Mistake> {
    let mistake = |line: usize, what: String| Mistake { file: file.to_owned(), line, what };
    let (front, body) = text
        .strip_prefix("+++\n")
        .and_then(|rest| rest.split_once("\n+++\n"))
        .ok_or_else(|| mistake(1, "no front matter between +++ lines".to_owned()))?;
    let fields: FrontMatter = toml::from_str(front).map_err(|error| {
        let before = error.span().map_or("", |span| &front[..span.start]);
        mistake(before.matches('\n').count() + 2, error.message().to_owned())
    })?;
    let line_of =
        |field: &str| front.lines().position(|line| line.starts_with(field)).map_or(1, |at| at + 2);
    let topic = |field: &str, id: &str| {
        let unknown = || mistake(line_of(field), format!("no entry is called {id}"));
        Topic::parse(id).ok_or_else(unknown)
    };
    let no_day = || mistake(line_of("checked"), "checked is no day".to_owned());
    let mut entry = Entry {
        id: topic("id", &fields.id)?,
        checked: day(fields.checked).ok_or_else(no_day)?,
        title: fields.title,
        answer: String::new(),
        steps: Vec::new(),
        notes: Vec::new(),
        codes: fields.codes,
        aliases: fields.aliases,
        see: fields.see.iter().map(|id| topic("see", id)).collect::<Result<_, _>>()?,
    };
    let first = front.lines().count() + 3;
    for (at, line) in body.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
        add_line(&mut entry, line).map_err(|what| mistake(first + at, what))?;
    }
    if entry.answer.is_empty() {
        return Err(mistake(first, "no answer".to_owned()));
    }
    Ok(entry)
}

/// A date alone; an hour has no meaning here.
fn day(written: toml::value::Datetime) -> Option<NaiveDate> {
    let date = written.date.filter(|_| written.time.is_none())?;
    NaiveDate::from_ymd_opt(date.year.into(), date.month.into(), date.day.into())
}

fn add_line(entry: &mut Entry, line: &str) -> Result<(), String> {
    let number = entry.steps.len() + 1;
    if entry.answer.is_empty() {
        line.clone_into(&mut entry.answer);
    } else if let Some(step) = line.strip_prefix(&format!("{number}. ")) {
        entry.steps.push(step.to_owned());
    } else if line.starts_with(|c: char| c.is_ascii_digit()) && line.contains(". ") {
        return Err(format!("expected step {number}: {line}"));
    } else {
        entry.notes.push(line.to_owned());
    }
    Ok(())
}
