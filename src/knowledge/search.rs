//! Ranking: which entry a question means, and whether that is sure enough to be said.
//!
//! Two measures are added: BM25 over title (three times), aliases and body, and the alias that the question completes
//! best. Subjects that we do not answer compete in the same way; where they win, nothing is answered. Unknown words are
//! repaired when they are one or two slips away from a known one; a repaired word counts less.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::codes::is_code;
use super::entry::Entry;
use super::words::{Words, data_lines, fold, stem};

/// Weight of a word in the title and the body; an alias counts once.
const TITLE_WEIGHT: f64 = 3.0;
const BODY_WEIGHT: f64 = 0.4;
/// BM25: how soon repetitions stop to count, and how much a long entry is held against it.
const K1: f64 = 1.2;
const B: f64 = 0.4;
/// How much the best alias counts beside BM25.
const ALIAS_WEIGHT: f64 = 1.6;
/// What a repaired word is worth, and how many unknown words are repaired at most (a bound on time).
const REPAIRED: f64 = 0.75;
const MAX_REPAIRS: usize = 40;
/// What a word that nobody knows weighs against an answer, and how many of them count at most (long stories).
const UNKNOWN_WEIGHT: f64 = 1.6;
const MAX_UNKNOWN: f64 = 8.0;
/// What a word of a foreign subject weighs.
const FOREIGN_WEIGHT: f64 = 3.2;

/// Answered from this score on, if the entry also covers enough of the question.
const SURE_SCORE: f64 = 7.0;
const SURE_COVERAGE: f64 = 0.36;
/// Suggestions from this score on.
const PLAUSIBLE_SCORE: f64 = 3.5;

/// The index over all entries.
#[derive(Debug)]
pub(super) struct Search {
    words: Words,
    weights: HashMap<String, f64>,
    postings: HashMap<String, Vec<(usize, f64)>>,
    patterns: Vec<Pattern>,
    patterns_by_term: HashMap<String, Vec<usize>>,
    by_initial: BTreeMap<char, Vec<String>>,
}

/// A phrase as a set of terms, and the entry it stands for; none for a subject that is not ours.
#[derive(Debug)]
struct Pattern {
    entry: Option<usize>,
    terms: HashSet<String>,
    weight: f64,
}

/// Entries by score, best first.
#[derive(Debug)]
pub(super) struct Ranking {
    pub(super) scores: Vec<(usize, f64)>,
    pub(super) is_sure: bool,
    pub(super) is_plausible: bool,
}

impl Ranking {
    /// An exact code was found: its entry is the answer.
    pub(super) fn put_first(&mut self, at: usize) {
        let best = self.scores.first().map_or(0.0, |(_, score)| *score);
        self.scores.retain(|(other, _)| *other != at);
        self.scores.insert(0, (at, best + 10.0));
        self.is_sure = true;
    }
}

/// A question's terms with what each is worth: 1 as written, less when repaired.
type Terms = BTreeMap<String, f64>;

impl Search {
    pub(super) fn of(entries: &[Entry]) -> Self {
        let words = Words::embedded();
        let counts: Vec<HashMap<String, f64>> = entries.iter().map(|entry| count(&words, entry)).collect();
        let weights = weigh(&counts);
        let postings = post(&counts, &weights);
        let mut search =
            Self { words, weights, postings, patterns: Vec::new(), patterns_by_term: HashMap::new(), by_initial: BTreeMap::new() };
        for (at, entry) in entries.iter().enumerate() {
            let phrases = entry.aliases.iter().chain([&entry.title]);
            phrases.filter(|phrase| !is_code(phrase)).for_each(|phrase| search.add_pattern(Some(at), phrase));
        }
        let known = search.weights.keys().filter(|term| term.is_ascii() && term.len() > 2);
        for term in known.cloned().collect::<Vec<_>>() {
            search.by_initial.entry(initial(&term)).or_default().push(term);
        }
        search.by_initial.values_mut().for_each(|terms| terms.sort());
        data_lines(include_str!("off_topic.txt")).for_each(|line| search.add_pattern(None, line));
        search
    }

    fn add_pattern(&mut self, entry: Option<usize>, phrase: &str) {
        let terms: HashSet<String> = self.words.terms(&fold(phrase)).into_iter().collect();
        let weight = terms.iter().map(|term| self.weight(term)).sum();
        if terms.is_empty() {
            return;
        }
        for term in &terms {
            self.patterns_by_term.entry(term.clone()).or_default().push(self.patterns.len());
        }
        self.patterns.push(Pattern { entry, terms, weight });
    }

    fn weight(&self, term: &str) -> f64 {
        self.weights.get(term).copied().unwrap_or(FOREIGN_WEIGHT)
    }

    pub(super) fn known_words(&self, folded: &str) -> Vec<String> {
        let terms = self.words.terms(folded);
        let known: HashSet<String> = terms.into_iter().filter(|term| self.weights.contains_key(term)).collect();
        let mut known: Vec<String> = known.into_iter().collect();
        known.sort();
        known
    }

    pub(super) fn rank(&self, folded: &str) -> Ranking {
        let (terms, unknown) = self.read(folded);
        let mut scores: HashMap<usize, f64> = HashMap::new();
        for (term, worth) in &terms {
            for (at, score) in self.postings.get(term).into_iter().flatten() {
                *scores.entry(*at).or_default() += score * worth;
            }
        }
        let (aliases, foreign) = self.complete(&terms);
        for (at, score) in aliases {
            *scores.entry(at).or_default() += ALIAS_WEIGHT * score;
        }
        let mut scores: Vec<(usize, f64)> = scores.into_iter().collect();
        scores.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        self.judge(scores, &terms, unknown, foreign)
    }

    fn judge(&self, scores: Vec<(usize, f64)>, terms: &Terms, unknown: f64, foreign: f64) -> Ranking {
        let best = scores.first().copied();
        let score = best.map_or(0.0, |(_, score)| score);
        let all: f64 = terms.iter().map(|(term, worth)| self.weight(term) * worth).sum::<f64>() + unknown;
        let known = |at: usize| -> f64 {
            let held = |term: &str| self.postings.get(term).is_some_and(|list| list.iter().any(|(other, _)| *other == at));
            terms.iter().filter(|(term, _)| held(term)).map(|(term, worth)| self.weight(term) * worth).sum()
        };
        let coverage = best.map_or(0.0, |(at, _)| known(at) / all.max(0.1));
        let is_ours = score > foreign * 2.6;
        Ranking {
            scores,
            is_sure: is_ours && score >= SURE_SCORE && coverage >= SURE_COVERAGE,
            is_plausible: is_ours && score >= PLAUSIBLE_SCORE,
        }
    }

    /// The best completed alias per entry, and the sum of what belongs to foreign subjects.
    fn complete(&self, terms: &Terms) -> (HashMap<usize, f64>, f64) {
        let mut matched: HashMap<usize, f64> = HashMap::new();
        for (term, worth) in terms {
            for at in self.patterns_by_term.get(term).into_iter().flatten() {
                *matched.entry(*at).or_default() += self.weight(term) * worth;
            }
        }
        let mut best: HashMap<usize, f64> = HashMap::new();
        let mut foreign: HashMap<&str, f64> = HashMap::new();
        for (at, weight) in matched {
            let pattern = &self.patterns[at];
            let share = weight / pattern.weight.max(0.1);
            if let Some(entry) = pattern.entry {
                let value = weight * share * share;
                let old = best.entry(entry).or_default();
                *old = old.max(value);
            } else if share > 0.95 {
                pattern.terms.iter().for_each(|term| { foreign.insert(term, self.weight(term)); });
            }
        }
        (best, foreign.values().sum())
    }

    /// The known terms of a question, repaired where needed, and the weight of those that stay unknown.
    fn read(&self, folded: &str) -> (Terms, f64) {
        let mut terms = Terms::new();
        let mut unknown: HashSet<String> = HashSet::new();
        let mut repairs = 0;
        for term in self.words.terms(folded) {
            if self.weights.contains_key(&term) || self.patterns_by_term.contains_key(&term) {
                terms.insert(term, 1.0);
            } else if unknown.insert(term.clone()) && repairs < MAX_REPAIRS {
                repairs += 1;
                if let Some(repaired) = self.repair(&term) {
                    unknown.remove(&term);
                    for part in self.words.terms(repaired) {
                        terms.entry(stem(&part)).or_insert(REPAIRED);
                    }
                }
            }
        }
        let count = u16::try_from(unknown.len()).unwrap_or(u16::MAX);
        (terms, (UNKNOWN_WEIGHT * f64::from(count)).min(MAX_UNKNOWN))
    }

    /// The nearest known word with the same first letter, one slip away, or two in a long word.
    fn repair(&self, term: &str) -> Option<&str> {
        let length = term.len();
        if !term.is_ascii() || !(4..=20).contains(&length) || term.bytes().any(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let most = if length >= 7 { 2 } else { 1 };
        let near = self.by_initial.get(&initial(term))?.iter().filter(|known| known.len() >= 4 && known.len().abs_diff(length) <= most);
        let measured = near.map(|known| (strsim::osa_distance(term, known), known));
        let close = measured.filter(|(distance, _)| *distance <= most);
        close.min_by_key(|(distance, known)| (*distance, known.len().abs_diff(length))).map(|(_, known)| known.as_str())
    }
}

fn initial(term: &str) -> char {
    term.chars().next().unwrap_or(' ')
}

/// How often each term occurs in an entry, by weight of the place.
fn count(words: &Words, entry: &Entry) -> HashMap<String, f64> {
    let mut counts: HashMap<String, f64> = HashMap::new();
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
fn weigh(counts: &[HashMap<String, f64>]) -> HashMap<String, f64> {
    let mut found: HashMap<String, f64> = HashMap::new();
    for terms in counts {
        for (term, count) in terms {
            *found.entry(term.clone()).or_default() += count.min(1.0);
        }
    }
    let all = f64::from(u16::try_from(counts.len()).unwrap_or(u16::MAX));
    found.into_iter().map(|(term, df)| (term, (1.0 + (all - df + 0.5).max(0.0) / (df + 0.5)).ln())).collect()
}

/// Per term the entries that hold it, with their BM25 share.
fn post(counts: &[HashMap<String, f64>], weights: &HashMap<String, f64>) -> HashMap<String, Vec<(usize, f64)>> {
    let lengths: Vec<f64> = counts.iter().map(|terms| terms.values().sum()).collect();
    let mean = lengths.iter().sum::<f64>() / f64::from(u16::try_from(lengths.len().max(1)).unwrap_or(u16::MAX));
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
