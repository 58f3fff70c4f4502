//! Knowledge: what keylapse can answer about exchange API keys, and finding the entry that a question means.
//!
//! Entries are Markdown files compiled in (`entries/`); every alert's *Steps* leads to one. A question is read as words
//! (`words`), first for error codes (`codes`), then ranked (`search`) against entries and against subjects near ours
//! that we do not answer (`off_topic.txt`). Pure and in memory: no network, no store, no clock, and no question is kept.

mod answer;
mod codes;
mod embedded;
mod entry;
mod question;
mod search;
mod weigh;
mod words;

#[cfg(test)]
mod tests;

pub use answer::{Answer, Hit, to_json};
pub use entry::{Entry, Topic};

use codes::Codes;
use search::Search;

/// How many results an answer lists.
const MAX_RESULTS: usize = 10;

/// How many topics are offered when unsure.
const MAX_SUGGESTIONS: usize = 3;

/// All entries with their index. Build it once; look-ups take microseconds to a few milliseconds and never block.
#[derive(Debug)]
pub struct Knowledge {
    entries: Vec<Entry>,
    codes: Codes,
    search: Search,
}

impl Knowledge {
    /// The entries that are compiled into the program.
    ///
    /// # Panics
    /// If an embedded entry cannot be read, which a test rules out.
    pub fn embedded() -> Self {
        let read = |(id, text): &(&str, &str)| match entry::parse(text) {
            Ok(entry) => entry,
            Err(error) => panic!("knowledge entry {id}: {error}"),
        };
        let entries: Vec<Entry> = embedded::ENTRIES.iter().map(read).collect();
        Self { codes: Codes::of(&entries), search: Search::of(&entries), entries }
    }

    /// All entries, in reading order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry of a topic.
    pub fn entry(&self, topic: &Topic) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id == *topic)
    }

    /// The entry for one of `KuCoin`'s codes, for example `400003`. Other exchanges' codes are found by [`Self::lookup`].
    pub fn entry_for_code(&self, code: &str) -> Option<&Entry> {
        self.codes.kucoin(code).map(|at| &self.entries[at])
    }

    /// Finds the entry that a question or a pasted error means. Reads the first 2,000 characters.
    pub fn lookup(&self, question: &str) -> Answer {
        let folded = words::fold(question);
        let mut ranking = self.search.rank(&folded);
        if let Some(at) = self.codes.find(&folded) {
            ranking.put_first(at);
        }
        let hit = |(at, score): &(usize, f64)| Hit { topic: self.entries[*at].id, score: *score };
        let results: Vec<Hit> = ranking.scores.iter().take(MAX_RESULTS).map(hit).collect();
        let offered = if ranking.is_plausible && !ranking.is_sure { MAX_SUGGESTIONS } else { 0 };
        Answer {
            suggestions: results.iter().take(offered).map(|hit| hit.topic).collect(),
            answered: ranking.is_sure,
            results,
        }
    }

    /// The words of a question that the entries know too, in their searchable form: safe to count, without a stranger's text.
    pub fn known_words(&self, question: &str) -> Vec<String> {
        self.search.known_words(&words::fold(question))
    }
}
