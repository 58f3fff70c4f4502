//! Ranking: which entry a question means, and whether that is sure enough to be said.
//!
//! Two measures are added: BM25 over title (three times), aliases and body, and the alias that the question completes
//! best. Subjects that we do not answer compete in the same way; where they win, nothing is answered. Unknown words are
//! repaired when they are one or two slips away from a known one; a repaired word counts less.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::codes::is_code;
use super::entry::Entry;
use super::question::Question;
use super::weigh::{Counts, count, post, weigh};
use super::words::{Words, data_lines, fold, stem};

/// How much the best alias counts beside BM25.
const ALIAS_WEIGHT: f64 = 1.8;
/// What a repaired word is worth, and how many unknown words are repaired at most (a bound on time).
const REPAIRED: f64 = 0.85;
const MAX_REPAIRS: usize = 40;
/// What a word that nobody knows weighs against an answer, and how many of them count at most (long stories).
const UNKNOWN_WEIGHT: f64 = 1.6;
const MAX_UNKNOWN: f64 = 8.0;
/// What a word of a foreign subject weighs.
const FOREIGN_WEIGHT: f64 = 3.2;
/// What a foreign subject weighs that has keys, passwords and expiry dates of its own (marked `!` in the list).
const NAMED_WEIGHT: f64 = 14.0;

/// An alias that stands in the question word by word counts more, and from this weight on answers even a long story.
const LITERAL_BONUS: f64 = 1.3;
const LITERAL_WEIGHT: f64 = 4.0;
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
    /// Spellings by first letter, each with the terms it stands for.
    by_initial: BTreeMap<char, Vec<(String, Vec<String>)>>,
}

/// A phrase as a set of terms, and the entry it stands for; none for a subject that is not ours.
#[derive(Debug)]
struct Pattern {
    entry: Option<usize>,
    terms: BTreeSet<String>,
    /// The terms as written, to see whether they stand together in the question too.
    order: Vec<String>,
    weight: f64,
    /// The least weight of each of its terms when it is not ours.
    least: f64,
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

/// What the aliases and the foreign subjects say about a question.
#[derive(Debug, Default)]
struct Completed {
    /// Per entry the value of its best alias.
    best: HashMap<usize, f64>,
    /// Entries of which one alias stands in the question word by word.
    literal: HashSet<usize>,
    /// The weight of everything that belongs to subjects that are not ours.
    foreign: f64,
}

impl Search {
    pub(super) fn of(entries: &[Entry]) -> Self {
        let words = Words::embedded();
        let counts: Vec<Counts> = entries.iter().map(|entry| count(&words, entry)).collect();
        let weights = weigh(&counts);
        let postings = post(&counts, &weights);
        let mut search = Self {
            words,
            weights,
            postings,
            patterns: Vec::new(),
            patterns_by_term: HashMap::new(),
            by_initial: BTreeMap::new(),
        };
        for (at, entry) in entries.iter().enumerate() {
            let phrases = entry.aliases.iter().chain([&entry.title]);
            phrases
                .filter(|phrase| !is_code(phrase))
                .for_each(|phrase| search.add_pattern(Some(at), phrase));
        }
        search.list_spellings();
        data_lines(include_str!("off_topic.txt")).for_each(|line| search.add_pattern(None, line));
        search
    }

    fn list_spellings(&mut self) {
        let known = self.weights.keys().map(|term| (term.clone(), vec![term.clone()]));
        let ideas = self.words.spellings().filter(|(spelling, _)| spelling.len() >= 5);
        let ideas =
            ideas.map(|(spelling, idea)| (stem(spelling), idea.split(' ').map(stem).collect()));
        let mut spellings: Vec<(String, Vec<String>)> = known.chain(ideas).collect();
        spellings.retain(|(spelling, _)| spelling.is_ascii() && spelling.len() >= 4);
        spellings.sort();
        for (spelling, terms) in spellings {
            self.by_initial.entry(initial(&spelling)).or_default().push((spelling, terms));
        }
    }

    fn add_pattern(&mut self, entry: Option<usize>, phrase: &str) {
        let (least, phrase) =
            phrase.strip_prefix('!').map_or((0.0, phrase), |name| (NAMED_WEIGHT, name));
        let order = self.words.terms(&fold(phrase));
        let terms: BTreeSet<String> = order.iter().cloned().collect();
        let weight = terms.iter().map(|term| self.weight(term)).sum();
        if terms.is_empty() {
            return;
        }
        for term in &terms {
            self.patterns_by_term.entry(term.clone()).or_default().push(self.patterns.len());
        }
        self.patterns.push(Pattern { entry, terms, order, weight, least });
    }

    fn weight(&self, term: &str) -> f64 {
        self.weights.get(term).copied().unwrap_or(FOREIGN_WEIGHT)
    }

    pub(super) fn known_words(&self, folded: &str) -> Vec<String> {
        let terms = self.words.terms(folded);
        let known: HashSet<String> =
            terms.into_iter().filter(|term| self.weights.contains_key(term)).collect();
        let mut known: Vec<String> = known.into_iter().collect();
        known.sort();
        known
    }

    pub(super) fn rank(&self, folded: &str) -> Ranking {
        let question = self.read(folded);
        let mut scores: HashMap<usize, f64> = HashMap::new();
        for (term, worth) in &question.terms {
            for (at, score) in self.postings.get(term).into_iter().flatten() {
                *scores.entry(*at).or_default() += score * worth;
            }
        }
        let completed = self.complete(&question);
        for (at, score) in &completed.best {
            *scores.entry(*at).or_default() += ALIAS_WEIGHT * score;
        }
        let mut scores: Vec<(usize, f64)> = scores.into_iter().collect();
        scores.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        self.judge(scores, &question, &completed)
    }

    fn judge(
        &self,
        scores: Vec<(usize, f64)>,
        question: &Question,
        completed: &Completed,
    ) -> Ranking {
        let (best, score) = scores.first().copied().unwrap_or_default();
        let bar = question.bar();
        let is_ours = score > completed.foreign * bar.foreign;
        let is_covered =
            completed.literal.contains(&best) || self.coverage(best, question) >= bar.coverage;
        Ranking {
            scores,
            is_sure: is_ours && is_covered && score >= bar.score,
            is_plausible: is_ours && score >= PLAUSIBLE_SCORE,
        }
    }

    /// Which part of what the question says the entry knows.
    fn coverage(&self, entry: usize, question: &Question) -> f64 {
        let (mut all, mut known) = (question.unknown, 0.0);
        for (term, worth) in &question.terms {
            let weight = self.weight(term) * worth;
            all += weight;
            if self.postings.get(term).is_some_and(|list| list.iter().any(|(at, _)| *at == entry)) {
                known += weight;
            }
        }
        known / all.max(0.1)
    }

    fn complete(&self, question: &Question) -> Completed {
        let mut matched: HashMap<usize, f64> = HashMap::new();
        for (term, worth) in &question.terms {
            for at in self.patterns_by_term.get(term).into_iter().flatten() {
                *matched.entry(*at).or_default() += self.weight(term) * worth;
            }
        }
        let mut completed = Completed::default();
        let mut foreign: BTreeMap<&str, f64> = BTreeMap::new();
        for (at, weight) in matched {
            let pattern = &self.patterns[at];
            let share = weight / pattern.weight.max(0.1);
            if let Some(entry) = pattern.entry {
                let is_literal =
                    share > 0.99 && pattern.order.len() > 1 && question.holds(&pattern.order);
                if is_literal && weight >= LITERAL_WEIGHT {
                    completed.literal.insert(entry);
                }
                let value = weight * share * share * if is_literal { LITERAL_BONUS } else { 1.0 };
                let old = completed.best.entry(entry).or_default();
                *old = old.max(value);
            } else if share > 0.95
                && (pattern.least < NAMED_WEIGHT || question.holds(&pattern.order))
            {
                for term in &pattern.terms {
                    let weight = foreign.entry(term).or_default();
                    *weight = weight.max(self.weight(term).max(pattern.least));
                }
            }
        }
        completed.foreign = foreign.values().sum();
        completed
    }

    /// The known terms of a question, repaired where needed, and the weight of those that stay unknown.
    fn read(&self, folded: &str) -> Question {
        let mut question = Question::default();
        let mut unknown: HashSet<String> = HashSet::new();
        let mut repairs = 0;
        for term in self.words.terms(folded) {
            if self.weights.contains_key(&term) || self.patterns_by_term.contains_key(&term) {
                question.order.push(term.clone());
                question.terms.insert(term, 1.0);
            } else if !is_number(&term) && unknown.insert(term.clone()) && repairs < MAX_REPAIRS {
                repairs += 1;
                if let Some(repaired) = self.repair(&term) {
                    unknown.remove(&term);
                    question.order.extend_from_slice(repaired);
                    for part in repaired {
                        question.terms.entry(part.clone()).or_insert(REPAIRED);
                    }
                }
            }
        }
        let count = u16::try_from(unknown.len()).unwrap_or(u16::MAX);
        question.unknown = (UNKNOWN_WEIGHT * f64::from(count)).min(MAX_UNKNOWN);
        question
    }

    /// The nearest known word with the same first letter, one slip away, or two in a long word.
    fn repair(&self, term: &str) -> Option<&[String]> {
        let length = term.len();
        if !term.is_ascii()
            || !(4..=20).contains(&length)
            || term.bytes().any(|byte| byte.is_ascii_digit())
        {
            return None;
        }
        let most = if length >= 7 { 2 } else { 1 };
        let near = self
            .by_initial
            .get(&initial(term))?
            .iter()
            .filter(|(known, _)| known.len().abs_diff(length) <= most);
        let measured = near.map(|(known, terms)| (strsim::osa_distance(term, known), known, terms));
        let close = measured.filter(|(distance, ..)| *distance <= most);
        let nearest =
            close.min_by_key(|(distance, known, _)| (*distance, known.len().abs_diff(length)));
        nearest.map(|(_, _, terms)| terms.as_slice())
    }
}

/// Amounts, ports and parts of addresses say nothing; codes have been looked for before.
fn is_number(term: &str) -> bool {
    term.bytes().all(|byte| byte.is_ascii_digit())
}

fn initial(term: &str) -> char {
    term.chars().next().unwrap_or(' ')
}
