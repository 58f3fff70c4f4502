//! One FAQ entry: front matter in TOML between `+++` lines, then the answer, the steps and the notes as plain text.
//!
//! Embedded text is trusted but checked: whatever does not fit this shape is an error with the line's cause, and a test
//! reads every entry. No markup survives here, because each chat platform renders the parts itself.

use std::fmt;

use chrono::NaiveDate;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::embedded::ENTRIES;
use crate::domain::text::{Clean, holds_secret};

/// The stable id of an entry, for example `expired-meaning`. Only ids of entries that were read exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Topic(&'static str);

impl Topic {
    /// The embedded topic with exactly this id; `Knowledge::topic` knows the operator's own too.
    pub fn parse(id: &str) -> Option<Self> {
        let (known, _) = ENTRIES.iter().find(|(known, _)| *known == id)?;
        Some(Self(known))
    }

    /// The topic of an entry of the operator's own. Its name lives as long as the program: entries are read once, at
    /// its start.
    pub(super) fn own(id: &str) -> Self {
        Self(Box::leak(id.to_owned().into_boxed_str()))
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
    /// When its facts were last held against their sources; kept for those who look after it, never shown. The operator's own
    /// may lack it.
    pub checked: Option<NaiveDate>,
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
    /// Counted from one; 0 = the whole of it.
    pub line: usize,
    /// One sentence without a full stop.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, what) = (printable(&self.file, 80), printable(&self.what, 200));
        match self.line {
            0 => write!(f, "{file}: {what}"),
            line => write!(f, "{file}:{line}: {what}"),
        }
    }
}

/// A word of a file as it is repeated: one line, not long, and nothing that may be a secret.
fn printable(text: &str, most: usize) -> String {
    if holds_secret(text) {
        return "something here looks like a key or a secret".to_owned();
    }
    Clean::new(text, most).to_string()
}

/// The fields and the body of a file, with what leads to its lines.
pub(super) struct Sheet<'a, T> {
    pub(super) fields: T,
    file: &'a str,
    front: &'a str,
    body: &'a str,
}

impl<'a, T: DeserializeOwned> Sheet<'a, T> {
    pub(super) fn read(file: &'a str, text: &'a str) -> Result<Self, Mistake> {
        let mistake = |line, what| Mistake { file: file.to_owned(), line, what };
        let (front, body) = text
            .strip_prefix("+++\n")
            .and_then(|rest| rest.split_once("\n+++\n"))
            .ok_or_else(|| mistake(1, "no front matter between +++ lines".to_owned()))?;
        let fields = toml::from_str(front).map_err(|error| {
            let before = error.span().map_or("", |span| &front[..span.start]);
            mistake(before.matches('\n').count() + 2, error.message().to_owned())
        })?;
        Ok(Self { fields, file, front, body })
    }
}

impl<T> Sheet<'_, T> {
    /// What is wrong with a field.
    pub(super) fn mistake(&self, field: &str, what: impl Into<String>) -> Mistake {
        let at = self.front.lines().position(|line| line.starts_with(field));
        Mistake { file: self.file.to_owned(), line: at.map_or(1, |at| at + 2), what: what.into() }
    }

    /// Fills in the answer, the steps and the notes.
    pub(super) fn fill(&self, entry: &mut Entry) -> Result<(), Mistake> {
        let mistake = |line, what| Mistake { file: self.file.to_owned(), line, what };
        let first = self.front.lines().count() + 3;
        for (at, line) in self.body.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
            add_line(entry, line).map_err(|what| mistake(first + at, what))?;
        }
        if entry.answer.is_empty() {
            return Err(mistake(first, "no answer".to_owned()));
        }
        Ok(())
    }
}

/// Reads one embedded entry.
pub(super) fn parse(file: &str, text: &str) -> Result<Entry, Mistake> {
    let sheet = Sheet::<FrontMatter>::read(file, text)?;
    let topic = |field: &str, id: &str| {
        Topic::parse(id).ok_or_else(|| sheet.mistake(field, format!("no entry is called {id}")))
    };
    let fields = &sheet.fields;
    let mut entry = Entry {
        id: topic("id", &fields.id)?,
        checked: Some(
            day(fields.checked).ok_or_else(|| sheet.mistake("checked", "checked is no day"))?,
        ),
        title: fields.title.clone(),
        answer: String::new(),
        steps: Vec::new(),
        notes: Vec::new(),
        codes: fields.codes.clone(),
        aliases: fields.aliases.clone(),
        see: fields.see.iter().map(|id| topic("see", id)).collect::<Result<_, _>>()?,
    };
    sheet.fill(&mut entry)?;
    Ok(entry)
}

/// A date alone; an hour has no meaning here.
pub(super) fn day(written: toml::value::Datetime) -> Option<NaiveDate> {
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
        return Err(format!("expected step {number}"));
    } else {
        entry.notes.push(line.to_owned());
    }
    Ok(())
}
