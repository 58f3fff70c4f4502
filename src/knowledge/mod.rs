//! Knowledge: what keylapse can answer about exchange API keys, and finding the entry that a question means.
//!
//! Entries are Markdown files compiled in (`entries/`); every alert's *Steps* leads to one. A question is read for an
//! exact error code first (`codes`), then judged by weights (`learned`) that were fitted (`fit`) on lessons: questions
//! and errors with the topic that each means, or none (`lessons/`). Pure and in memory: no network, no store, no clock,
//! and no question is kept.

mod answer;
mod codes;
mod elsewhere;
mod embedded;
mod entry;
mod features;
mod fit;
mod learned;
mod outline;
mod own;
mod source;
mod tongue;
mod words;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashSet;

pub use answer::{Answer, Hit, Sureness, to_json};
pub use elsewhere::Elsewhere;
pub use entry::{Entry, Mistake, Topic};
pub use fit::{Lesson, fit};
pub use source::Source;

use codes::Codes;
use elsewhere::Exchanges;
use learned::Learned;
use own::{Fit, Own};
use source::Asked;
use tongue::Tongues;
use words::Words;

/// How many results an answer lists.
const MAX_RESULTS: usize = 10;

/// The weights that were fitted on the lessons.
pub const WEIGHTS: &[u8] = include_bytes!("weights.bin");

/// All entries with their index. Build it once; a look-up takes some tens of microseconds and never blocks.
#[derive(Debug)]
pub struct Knowledge {
    entries: Vec<Entry>,
    codes: Codes,
    elsewhere: Exchanges,
    words: Words,
    tongues: Tongues,
    /// Every word of the entries.
    vocabulary: HashSet<String>,
    learned: Learned,
    /// The entry of each topic that was learned; none for what is not ours.
    places: Vec<Option<usize>>,
    /// The operator's own entries, for which nothing was learned.
    own: Own,
}

impl Knowledge {
    /// The entries that are compiled into the program.
    ///
    /// # Panics
    /// If an embedded entry or the weights cannot be read, which a test rules out.
    pub fn embedded() -> Self {
        let read = |(id, text): &(&str, &str)| match entry::parse(&format!("{id}.md"), text) {
            Ok(entry) => entry,
            Err(mistake) => panic!("{mistake}"),
        };
        Self::of(embedded::ENTRIES.iter().map(read).collect(), &[])
    }

    /// The embedded entries with the operator's own among them. Every mistake in one is told with file and line.
    ///
    /// # Panics
    /// As [`Self::embedded`].
    pub fn with(sources: &[Source]) -> Result<Self, Vec<Mistake>> {
        let embedded = Self::embedded().entries;
        let (entries, own) = source::join(embedded, sources, &Words::embedded())?;
        Ok(Self::of(entries, &own))
    }

    /// All of `entries`; to some of them `own` leads too.
    fn of(entries: Vec<Entry>, own: &[Asked]) -> Self {
        let Some(learned) = Learned::read(WEIGHTS) else { panic!("the fitted weights are broken") };
        let place = |id: &&str| entries.iter().position(|entry| entry.id.as_str() == *id);
        let places = learned.topics().iter().map(place).collect();
        let words = Words::embedded();
        let texts = entries.iter().flat_map(|entry| entry.aliases.iter().chain(entry.shown()));
        let vocabulary = outline::vocabulary(texts.map(String::as_str));
        Self {
            codes: Codes::of(&entries),
            elsewhere: Exchanges::embedded(),
            tongues: Tongues::embedded(),
            vocabulary,
            learned,
            places,
            own: Own::of(own, &words),
            words,
            entries,
        }
    }

    /// All entries, in reading order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The topic with exactly this id, embedded or the operator's own.
    pub fn topic(&self, id: &str) -> Option<Topic> {
        self.entries.iter().map(|entry| entry.id).find(|topic| topic.as_str() == id)
    }

    /// The entry with exactly this id.
    pub fn named(&self, id: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id.as_str() == id)
    }

    /// The entry of a topic.
    pub fn entry(&self, topic: &Topic) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id == *topic)
    }

    /// The entry for one of `KuCoin`'s codes, for example `400003`. Other exchanges' codes are found by [`Self::lookup`].
    pub fn entry_for_code(&self, code: &str) -> Option<&Entry> {
        self.codes.kucoin(code).map(|at| &self.entries[at])
    }

    /// Finds the entry that a question or a pasted error means. Reads the last 2,000 characters: the cause of a long
    /// paste stands at its end.
    pub fn lookup(&self, question: &str) -> Answer {
        let folded = words::fold(question);
        let likely = self.learned.likely(&features::of(&self.words, &folded));
        let foreign = self.places.iter().zip(&likely).filter(|(place, _)| place.is_none());
        let foreign: f32 = foreign.map(|(_, likely)| likely).sum();
        let ours = self.places.iter().zip(&likely);
        let mut hits: Vec<Hit> = ours
            .filter_map(|(place, likely)| {
                Some(Hit { topic: self.entries[(*place)?].id, score: *likely })
            })
            .collect();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.topic.cmp(&b.topic)));
        let fits = self.own.find(&self.words.terms(&folded));
        // A likely question about what keeps funds safe has our answer, whatever an alias says.
        let is_safety =
            |hit: &Hit| hit.score >= Sureness::LIKELY && source::is_protected(hit.topic);
        let safety = hits.first().copied().filter(is_safety);
        self.place_own(&fits, &mut hits);
        if let Some(safety) = safety {
            hits.retain(|hit| hit.topic != safety.topic);
            hits.insert(0, safety);
        }
        let is_own = safety.is_none() && fits.first().is_some_and(|fit| fit.is_meant);
        let elsewhere = self.elsewhere.find(&folded);
        let coded = elsewhere
            .and_then(|found| self.elsewhere.topic(found))
            .or_else(|| self.codes.find(&folded).map(|at| self.entries[at].id));
        if let Some(topic) = coded {
            hits.retain(|hit| hit.topic != topic);
            hits.insert(0, Hit { topic, score: 1.0 });
        }
        hits.truncate(MAX_RESULTS);
        let best = hits.first().map_or(0.0, |hit| hit.score);
        let sureness = match coded {
            Some(_) => Sureness::Exact,
            // What the operator wrote for these words is about them.
            None if is_own => Sureness::of(best, 0.0),
            None if self.words.say_only_the_subject(&folded) => Sureness::Unsure,
            None => Sureness::of(best, foreign),
        };
        let opening = self.tongues.opening(question);
        Answer { results: hits, sureness, elsewhere, opening }
    }

    /// Puts entries of the operator's own among the hits: what is meant before all that was learned, what is only alike
    /// by its likeness, below what is shown as an answer.
    fn place_own(&self, fits: &[Fit], hits: &mut Vec<Hit>) {
        for fit in fits.iter().take(MAX_RESULTS).rev() {
            let topic = self.entries[fit.entry].id;
            let learned = hits.iter().position(|hit| hit.topic == topic);
            let learned = learned.map_or(0.0, |at| hits.remove(at).score);
            let score = learned.max(fit.score());
            let before = |hit: &Hit| if fit.is_meant { false } else { hit.score > score };
            let at = hits.iter().take_while(|hit| before(hit)).count();
            hits.insert(at, Hit { topic, score });
        }
    }

    /// What to show for an answer: the entry, or what is true of it at the exchange that the question is about.
    pub fn page(&self, answer: &Answer) -> Option<Cow<'_, Entry>> {
        let entry = self.entry(&answer.topic()?)?;
        Some(match answer.elsewhere {
            Some(found) => self.elsewhere.adapt(entry, found),
            None => Cow::Borrowed(entry),
        })
    }

    /// What may be kept of a question: its words as far as they stand in the entries, dots for
    /// all others. Empty when it has no word at all.
    pub fn outline(&self, question: &str) -> String {
        outline::outline(&self.vocabulary, question)
    }
}
