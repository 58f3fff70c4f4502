//! Errors of other exchanges: which exchange a text names, what its code means there, and what to do, without `KuCoin`'s
//! words and pages.
//!
//! The entries are written for `KuCoin`; somebody who pastes Binance's -2015 must not be sent to its site. The facts stand
//! in `elsewhere.toml`. A text that names `KuCoin` too is left to the entries.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;

use super::codes::{self, is_code};
use super::entry::{Entry, Topic};

/// The other exchanges whose errors are known.
#[derive(Debug)]
pub(super) struct Exchanges {
    list: Vec<Exchange>,
    advice: HashMap<Topic, Advice>,
}

/// Another exchange that a text is about, with the code it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elsewhere {
    exchange: usize,
    code: Option<usize>,
    /// Whether the text names the exchange; else only the code tells which it is.
    is_named: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    exchange: Vec<Exchange>,
    topic: Vec<Advice>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    name: String,
    names: Vec<String>,
    marks: Vec<String>,
    codes: Vec<Code>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the list's own word")]
struct Code {
    code: String,
    topic: String,
    says: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advice {
    id: String,
    title: String,
    steps: Vec<String>,
}

/// A text as it is read for codes.
struct Pasted<'a> {
    folded: &'a str,
    numbers: Vec<&'a str>,
    /// Whether its numbers may be codes at all.
    is_error: bool,
}

impl Exchanges {
    /// # Panics
    /// If the embedded list is broken, which a test rules out.
    pub(super) fn embedded() -> Self {
        match Self::parse(include_str!("elsewhere.toml")) {
            Ok(exchanges) => exchanges,
            Err(error) => panic!("elsewhere.toml: {error}"),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let topic = |id: &str| Topic::parse(id).ok_or_else(|| format!("no entry is called {id}"));
        let advice: HashMap<Topic, Advice> = file
            .topic
            .into_iter()
            .map(|advice| Ok((topic(&advice.id)?, advice)))
            .collect::<Result<_, String>>()?;
        for code in file.exchange.iter().flat_map(|exchange| &exchange.codes) {
            if !advice.contains_key(&topic(&code.topic)?) {
                return Err(format!("{}: no advice for {}", code.code, code.topic));
            }
        }
        Ok(Self { list: file.exchange, advice })
    }

    /// The other exchange that a folded text is about.
    pub(super) fn find(&self, folded: &str) -> Option<Elsewhere> {
        if names(folded, "kucoin") || folded.contains("kc-api-") {
            return None;
        }
        let is_error = codes::is_about_error(folded);
        let pasted = Pasted { folded, numbers: codes::numbers(folded), is_error };
        let named = self.list.iter().position(|exchange| exchange.is_named_in(folded));
        if let Some(exchange) = named {
            // "bybit 10003" needs no word for an error.
            let is_error = is_error || folded.split_whitespace().nth(3).is_none();
            let code = self.list[exchange].code_in(&Pasted { is_error, ..pasted });
            return Some(Elsewhere { exchange, code, is_named: true });
        }
        self.list.iter().enumerate().find_map(|(exchange, known)| {
            let code = known.code_in(&pasted).filter(|code| known.codes[*code].is_telling())?;
            Some(Elsewhere { exchange, code: Some(code), is_named: false })
        })
    }

    /// The entry that the code in the text leads to.
    pub(super) fn topic(&self, found: Elsewhere) -> Option<Topic> {
        let code = &self.list[found.exchange].codes[found.code?];
        Topic::parse(&code.topic)
    }

    /// The entry as it is true there.
    pub(super) fn adapt<'a>(&self, entry: &'a Entry, found: Elsewhere) -> Cow<'a, Entry> {
        let exchange = &self.list[found.exchange];
        let code = found.code.map(|at| &exchange.codes[at]);
        let code = code.filter(|code| code.topic == entry.id.as_str());
        if let Some(advice) = self.advice.get(&entry.id) {
            return Cow::Owned(advice.entry(entry, &exchange.name, code, found.is_named));
        }
        let is_about_us = entry.id.as_str().starts_with("bot-");
        if is_about_us || !entry.shown().any(|text| text.to_lowercase().contains("kucoin")) {
            return Cow::Borrowed(entry);
        }
        let name = &exchange.name;
        let answer = format!(
            "This is written for KuCoin; pages and rules of {name} differ. {}",
            entry.answer
        );
        Cow::Owned(Entry { answer, ..entry.clone() })
    }
}

impl Exchange {
    fn is_named_in(&self, folded: &str) -> bool {
        self.names.iter().any(|name| names(folded, name))
            || self.marks.iter().any(|mark| folded.contains(mark.as_str()))
    }

    fn code_in(&self, pasted: &Pasted<'_>) -> Option<usize> {
        self.codes.iter().position(|code| {
            if is_code(&code.code) {
                pasted.is_error && pasted.numbers.contains(&code.code.as_str())
            } else {
                pasted.folded.contains(&code.code.to_lowercase())
            }
        })
    }
}

impl Code {
    /// Whether nobody else uses it, as far as we know: words are also sentences, and short numbers are HTTP's.
    fn is_telling(&self) -> bool {
        is_code(&self.code) && self.code.len() > 3
    }
}

impl Advice {
    fn entry(&self, of: &Entry, exchange: &str, code: Option<&Code>, is_named: bool) -> Entry {
        let (head, says) = match code {
            Some(code) => (format!("{exchange} {}: ", code.code), code.says.clone()),
            None => (format!("{exchange}: "), format!("Its answer means: {}.", self.title)),
        };
        let mut notes = Vec::new();
        if !is_named {
            notes.push(format!(
                "Note: the text names no exchange. This code is one of {exchange}; elsewhere it may mean something else."
            ));
        }
        Entry {
            id: of.id,
            checked: of.checked,
            title: format!("{head}{}", self.title),
            answer: says,
            steps: self.steps.iter().map(|step| step.replace("{exchange}", exchange)).collect(),
            notes,
            codes: Vec::new(),
            aliases: Vec::new(),
            see: Vec::new(),
        }
    }
}

/// Whether a word of the text begins with this name.
fn names(folded: &str, name: &str) -> bool {
    folded.match_indices(name).any(|(at, _)| {
        !folded[..at].chars().next_back().is_some_and(|before| before.is_ascii_alphabetic())
    })
}

#[cfg(test)]
mod tests;
