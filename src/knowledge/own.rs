//! The operator's own entries: nobody fitted weights for them, so they are found by their titles
//! and aliases. A phrase whose words all stand in a question means its entry; one that mostly does
//! is only offered. The same steps make terms of both (`words`), so endings and synonyms do not
//! matter.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::source::Asked;
use super::words::{self, Words};

/// From this likeness on a phrase whose words all stand in the question means it.
const MEANT: f32 = 0.5;
/// What is only alike stays below what is shown as an answer.
const OFFERED: f32 = 0.2;
/// From this likeness on a phrase is worth offering.
const ALIKE: f32 = 0.5;

/// Titles and aliases of own entries by their terms.
#[derive(Debug, Default)]
pub(super) struct Own {
    /// Which phrases hold a term.
    holding: HashMap<String, Vec<usize>>,
    phrases: Vec<Phrase>,
}

/// A title or an alias.
#[derive(Debug)]
struct Phrase {
    /// The place of its entry.
    entry: usize,
    /// Its different terms.
    terms: usize,
}

/// An own entry that fits a question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fit {
    /// The place of the entry.
    pub(super) entry: usize,
    /// Twice the shared terms over all terms of question and phrase: 1 where they are the same.
    pub(super) likeness: f32,
    /// Whether every word of the phrase stands in the question, and enough of the question in it.
    pub(super) is_meant: bool,
}

impl Fit {
    /// As likely as a learned topic would be called.
    pub(super) fn score(self) -> f32 {
        if self.is_meant { f32::midpoint(1.0, self.likeness) } else { self.likeness * OFFERED }
    }
}

impl Own {
    /// Indexes what leads to own entries.
    pub(super) fn of(own: &[Asked], words: &Words) -> Self {
        let mut index = Self::default();
        for Asked { entry, phrases } in own {
            let entry = *entry;
            for text in phrases {
                let terms: BTreeSet<String> = words.terms(&words::fold(text)).into_iter().collect();
                let at = index.phrases.len();
                if !terms.is_empty() {
                    index.phrases.push(Phrase { entry, terms: terms.len() });
                }
                for term in terms {
                    index.holding.entry(term).or_default().push(at);
                }
            }
        }
        index
    }

    /// The entries that fit a question of these terms, the best first.
    pub(super) fn find(&self, terms: &[String]) -> Vec<Fit> {
        let asked: BTreeSet<&String> = terms.iter().collect();
        let mut shared: HashMap<usize, usize> = HashMap::new();
        for at in asked.iter().filter_map(|term| self.holding.get(*term)).flatten() {
            *shared.entry(*at).or_default() += 1;
        }
        let mut best: BTreeMap<usize, Fit> = BTreeMap::new();
        for (at, shared) in shared {
            let fit = fit(&self.phrases[at], shared, asked.len());
            let held = best.entry(fit.entry).or_insert(fit);
            if (fit.is_meant, fit.likeness) > (held.is_meant, held.likeness) {
                *held = fit;
            }
        }
        let mut fits: Vec<Fit> =
            best.into_values().filter(|fit| fit.is_meant || fit.likeness >= ALIKE).collect();
        fits.sort_by(|a, b| {
            b.is_meant
                .cmp(&a.is_meant)
                .then(b.likeness.total_cmp(&a.likeness))
                .then(a.entry.cmp(&b.entry))
        });
        fits
    }
}

fn fit(phrase: &Phrase, shared: usize, asked: usize) -> Fit {
    #[expect(clippy::cast_precision_loss, reason = "some thousand words at most")]
    let likeness = 2.0 * shared as f32 / (phrase.terms + asked) as f32;
    // One word means an entry where nothing else was asked.
    let is_whole = phrase.terms > 1 || asked == 1;
    let is_meant = shared == phrase.terms && is_whole && likeness >= MEANT;
    Fit { entry: phrase.entry, likeness, is_meant }
}
