//! BM25: what each word of the entries tells, counted once when the index is built.
//!
//! Ordered maps throughout, so that equal input gives equal scores to the last bit.

use std::collections::{BTreeMap, HashMap};

use super::codes::is_code;
use super::entry::Entry;
use super::words::{Words, fold};

/// Weight of a word in the title and the body; an alias counts once.
const TITLE_WEIGHT: f64 = 3.0;
const BODY_WEIGHT: f64 = 0.4;
/// BM25: how soon repetitions stop to count, and how much a long entry is held against it.
const K1: f64 = 1.2;
const B: f64 = 0.4;

/// The terms of an entry with how often they occur.
pub(super) type Counts = BTreeMap<String, f64>;

/// How often each term occurs in an entry, by weight of the place.
pub(super) fn count(words: &Words, entry: &Entry) -> Counts {
    let mut counts: Counts = Counts::new();
    let mut add = |text: &str, weight: f64| {
        for term in words.terms(&fold(text)) {
            *counts.entry(term).or_default() += weight;
        }
    };
    add(&entry.title, TITLE_WEIGHT);
    entry.aliases.iter().filter(|alias| !is_code(alias)).for_each(|alias| add(alias, 1.0));
    let body = [&entry.answer].into_iter().chain(&entry.steps).chain(&entry.notes);
    body.for_each(|text| add(text, BODY_WEIGHT));
    counts
}

/// How much each term tells: rare ones more. An entry that only mentions a term in passing counts for part.
pub(super) fn weigh(counts: &[Counts]) -> HashMap<String, f64> {
    let mut found: HashMap<String, f64> = HashMap::new();
    for terms in counts {
        for (term, count) in terms {
            *found.entry(term.clone()).or_default() += count.min(1.0);
        }
    }
    let all = f64::from(u16::try_from(counts.len()).unwrap_or(u16::MAX));
    found
        .into_iter()
        .map(|(term, df)| (term, (1.0 + (all - df + 0.5).max(0.0) / (df + 0.5)).ln()))
        .collect()
}

/// Per term the entries that hold it, with their BM25 share.
pub(super) fn post(
    counts: &[Counts],
    weights: &HashMap<String, f64>,
) -> HashMap<String, Vec<(usize, f64)>> {
    let lengths: Vec<f64> = counts.iter().map(|terms| terms.values().sum()).collect();
    let mean = lengths.iter().sum::<f64>()
        / f64::from(u16::try_from(lengths.len().max(1)).unwrap_or(u16::MAX));
    let mut postings: HashMap<String, Vec<(usize, f64)>> = HashMap::new();
    for (at, terms) in counts.iter().enumerate() {
        let damp = K1 * (1.0 - B + B * lengths[at] / mean);
        for (term, count) in terms {
            let share = weights[term] * count * (K1 + 1.0) / (count + damp);
            postings.entry(term.clone()).or_default().push((at, share));
        }
    }
    postings
}
