//! One FAQ entry: front matter in TOML between `+++` lines, then the answer, the steps and the notes as plain text.
//!
//! Embedded text is trusted but checked: whatever does not fit this shape is an error with the line's cause, and a test
//! reads every entry. No markup survives here, because each chat platform renders the parts itself.

use std::fmt;

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
    codes: Vec<String>,
    aliases: Vec<String>,
    see: Vec<String>,
}

/// Reads one entry file. The error says what is wrong, for the person who wrote the file.
pub(super) fn parse(text: &str) -> Result<Entry, String> {
    let (front, body) = text
        .strip_prefix("+++\n")
        .and_then(|rest| rest.split_once("\n+++\n"))
        .ok_or("no front matter between +++ lines")?;
    let front: FrontMatter = toml::from_str(front).map_err(|error| error.to_string())?;
    let topic = |id: &str| Topic::parse(id).ok_or_else(|| format!("no entry is called {id}"));
    let mut entry = Entry {
        id: topic(&front.id)?,
        title: front.title,
        answer: String::new(),
        steps: Vec::new(),
        notes: Vec::new(),
        codes: front.codes,
        aliases: front.aliases,
        see: front.see.iter().map(|id| topic(id)).collect::<Result<_, _>>()?,
    };
    for line in body.lines().filter(|line| !line.is_empty()) {
        add_line(&mut entry, line)?;
    }
    if entry.answer.is_empty() {
        return Err("no answer".to_owned());
    }
    Ok(entry)
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
