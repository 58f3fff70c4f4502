//! What a look-up returns: topics by how likely they are meant, and how sure that is.
//!
//! The question is not kept: no answer can echo it. Only the machine line of the CLI repeats what its caller passed in.

use serde_json::{Value, json};

use super::elsewhere::Elsewhere;
use super::entry::Topic;

/// How many topics are offered when unsure.
const OFFERED: usize = 3;

/// One entry that fits a question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// The entry.
    pub topic: Topic,
    /// How likely it is meant, 0 to 1; an exact code is 1.
    pub score: f32,
}

/// How sure the first result is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sureness {
    /// An error code that means nothing else.
    Exact,
    /// Shown as the answer.
    Sure,
    /// Shown as the answer that is most likely, with what else it may be.
    Likely,
    /// Not shown: the best three are offered.
    Unsure,
    /// The question is not about exchange API keys.
    Foreign,
}

impl Sureness {
    /// From this likelihood on an answer is sure: of those in the collected and the second questions that are, 99 of
    /// 100 are right.
    const SURE: f32 = 0.5;
    /// From this likelihood on it is shown at all.
    pub(super) const LIKELY: f32 = 0.2;
    /// From this likelihood on nothing is offered either.
    const FOREIGN: f32 = 0.5;

    /// Of an answer that is this likely, where this much speaks for another subject.
    pub(super) fn of(best: f32, foreign: f32) -> Self {
        if foreign > best {
            if foreign >= Self::FOREIGN { Self::Foreign } else { Self::Unsure }
        } else if best >= Self::SURE {
            Self::Sure
        } else if best >= Self::LIKELY {
            Self::Likely
        } else {
            Self::Unsure
        }
    }
}

/// The result of a look-up.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// At most ten, best first.
    pub results: Vec<Hit>,
    /// How sure the first of them is.
    pub sureness: Sureness,
    /// The other exchange that the question is about.
    pub elsewhere: Option<Elsewhere>,
    /// What the answer opens with when the question is in another language than English.
    pub opening: Option<&'static str>,
}

impl Answer {
    /// The topic to show, if there is one.
    pub fn topic(&self) -> Option<Topic> {
        match self.sureness {
            Sureness::Exact | Sureness::Sure | Sureness::Likely => {
                self.results.first().map(|hit| hit.topic)
            }
            Sureness::Unsure | Sureness::Foreign => None,
        }
    }

    /// What else it may be: the best three when there is no answer, the next two beside one that is only likely.
    pub fn offered(&self) -> impl Iterator<Item = Topic> {
        let (skipped, taken) = match self.sureness {
            Sureness::Exact | Sureness::Sure | Sureness::Foreign => (0, 0),
            Sureness::Likely => (1, OFFERED - 1),
            Sureness::Unsure => (0, OFFERED),
        };
        self.results.iter().skip(skipped).take(taken).map(|hit| hit.topic)
    }
}

/// One line for machines: the query as given, `answered`, and the results with rounded scores.
pub fn to_json(query: &str, answer: &Answer) -> Value {
    let rounded = |score: f32| (f64::from(score) * 10_000.0).round() / 10_000.0;
    let hit = |hit: &Hit| json!({"id": hit.topic.as_str(), "score": rounded(hit.score)});
    let results: Vec<Value> = answer.results.iter().map(hit).collect();
    json!({"query": query, "answered": answer.topic().is_some(), "results": results})
}
