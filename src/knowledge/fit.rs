//! The fit: from lessons to weights. A lesson is a text with the topic that it means, or `none`.
//!
//! Multinomial logistic regression by stochastic gradient descent, one step a lesson, the step of
//! each feature shrinking with what it has learned (`AdaGrad`), a little weight decay. Lessons are
//! shuffled from a fixed seed and every operation is an exact one of IEEE 754, so the same lessons
//! give the same bytes on every machine. Small weights are dropped, the others rounded to a byte.
//! What was tried and what it gained stands in `docs/lookup.md`.

use std::collections::{BTreeMap, BTreeSet};

use super::features::{self, Feature};
use super::learned::{MAGIC, SHELVES, STEP, soften};
use super::words::{Words, fold};

const ROUNDS: u8 = 16;
const PACE: f32 = 0.5;
const DECAY: f32 = 0.000_05;
const BIAS_PACE: f32 = 0.01;
/// Weights smaller than this are not kept: a third of the size, and no question answered worse.
const LEAST: f32 = 0.1;

/// A text and the topic it means.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lesson {
    /// The topic's id, or `none`.
    pub topic: String,
    /// What somebody might ask or paste.
    pub text: String,
}

/// A lesson as its features and its topic's place.
type Example = (Vec<(usize, f32)>, usize);

/// The block of weights that these lessons teach.
pub fn fit(lessons: &[Lesson]) -> Vec<u8> {
    let words = Words::embedded();
    let read: Vec<Vec<Feature>> =
        lessons.iter().map(|lesson| features::of(&words, &fold(&lesson.text))).collect();
    let hashes: BTreeSet<u32> = read.iter().flatten().map(|(hash, _)| *hash).collect();
    let place: BTreeMap<u32, usize> = hashes.iter().copied().zip(0..).collect();
    let topics: BTreeSet<&str> = lessons.iter().map(|lesson| lesson.topic.as_str()).collect();
    let topics: Vec<&str> = topics.into_iter().collect();
    let examples: Vec<Example> = read
        .iter()
        .zip(lessons)
        .filter_map(|(features, lesson)| {
            let topic = topics.binary_search(&lesson.topic.as_str()).ok()?;
            Some((features.iter().map(|(hash, amount)| (place[hash], *amount)).collect(), topic))
        })
        .collect();
    let mut taught = Taught::new(hashes.len(), topics.len());
    taught.learn(&examples);
    taught.write(&hashes.into_iter().collect::<Vec<u32>>(), &topics)
}

/// Weights while they are learned: a row of topics a feature.
struct Taught {
    topics: usize,
    rows: Vec<f32>,
    biases: Vec<f32>,
    /// How much each feature has moved.
    moved: Vec<f32>,
}

impl Taught {
    fn new(features: usize, topics: usize) -> Self {
        Self {
            topics,
            rows: vec![0.0; features * topics],
            biases: vec![0.0; topics],
            moved: vec![1e-8; features],
        }
    }

    fn learn(&mut self, examples: &[Example]) {
        let mut order: Vec<usize> = (0..examples.len()).collect();
        let mut dice = fastrand::Rng::with_seed(42);
        for round in 0..ROUNDS {
            dice.shuffle(&mut order);
            let left = f32::from(ROUNDS - round) / f32::from(ROUNDS);
            for at in &order {
                self.step(&examples[*at], PACE * left.max(0.05), BIAS_PACE * left);
            }
        }
    }

    fn step(&mut self, (features, topic): &Example, pace: f32, bias_pace: f32) {
        let mut wrong = self.biases.clone();
        for (feature, amount) in features {
            let row = &self.rows[feature * self.topics..][..self.topics];
            wrong.iter_mut().zip(row).for_each(|(score, weight)| *score += amount * weight);
        }
        soften(&mut wrong);
        wrong[*topic] -= 1.0;
        let much: f32 = wrong.iter().map(|part| part * part).sum();
        for (feature, amount) in features {
            self.moved[*feature] += much * amount * amount;
            let pace = pace / self.moved[*feature].sqrt();
            let row = &mut self.rows[feature * self.topics..][..self.topics];
            for (weight, part) in row.iter_mut().zip(&wrong) {
                *weight -= pace * (part * amount + DECAY * *weight);
            }
        }
        self.biases.iter_mut().zip(&wrong).for_each(|(bias, part)| *bias -= bias_pace * part);
    }

    /// The block as `learned` reads it. `hashes` ascend, as the rows do.
    fn write(&self, hashes: &[u32], topics: &[&str]) -> Vec<u8> {
        let (mut starts, mut lows) = (vec![(0_u32, 0_u32); SHELVES + 1], Vec::new());
        let (mut lengths, mut weights) = (Vec::new(), Vec::new());
        let mut next = 0;
        for (hash, row) in hashes.iter().zip(self.rows.chunks(self.topics)) {
            let kept = kept(row);
            if kept.is_empty() {
                continue;
            }
            while next <= (hash >> 16) as usize {
                starts[next] = (count(&lengths), count(&weights) / 2);
                next += 1;
            }
            lows.extend((hash & 0xffff).to_le_bytes().into_iter().take(2));
            lengths.extend(u8::try_from(kept.len() / 2));
            weights.extend(kept);
        }
        starts[next..].fill((count(&lengths), count(&weights) / 2));
        let mut block = MAGIC.to_vec();
        block.extend(u16::try_from(topics.len()).unwrap_or_default().to_le_bytes());
        block.extend(count(&lengths).to_le_bytes());
        block.extend((count(&weights) / 2).to_le_bytes());
        block.extend(topics.iter().flat_map(|topic| format!("{topic}\n").into_bytes()));
        block.extend(self.biases.iter().flat_map(|bias| bias.to_le_bytes()));
        for (feature, weight) in starts {
            block.extend(feature.to_le_bytes());
            block.extend(weight.to_le_bytes());
        }
        block.extend(lows);
        block.extend(lengths);
        block.extend(weights);
        block
    }
}

/// What is kept of a feature: for each topic of which it tells enough, the topic and the weight.
fn kept(row: &[f32]) -> Vec<u8> {
    let topics = f32::from(u16::try_from(row.len()).unwrap_or(u16::MAX));
    let mean = row.iter().sum::<f32>() / topics;
    let mut kept = Vec::new();
    for (topic, weight) in row.iter().enumerate() {
        let weight = weight - mean;
        if weight.abs() >= LEAST {
            kept.extend(u8::try_from(topic));
            kept.push(steps(weight).cast_unsigned());
        }
    }
    kept
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to what fits")]
fn steps(weight: f32) -> i8 {
    (weight / STEP).round().clamp(-127.0, 127.0) as i8
}

fn count(list: &[u8]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}
