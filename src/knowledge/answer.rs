//! What a look-up returns: topics with scores, and whether the first one is sure enough to be shown as the answer.
//!
//! The question is not kept: no answer can echo it. Only the machine line of the CLI repeats what its caller passed in.

use serde_json::{Value, json};

use super::entry::Topic;

/// One entry that fits a question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// The entry.
    pub topic: Topic,
    /// Higher fits better; comparable within one answer only.
    pub score: f64,
}

/// The result of a look-up.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// At most ten, best first. The first one is the answer if `answered`.
    pub results: Vec<Hit>,
    /// Whether the first result is sure enough to be shown. False when unsure and when the question is not about keys.
    pub answered: bool,
    /// When not answered: up to three topics for "Is it one of these?". Empty when the question is about something else.
    pub suggestions: Vec<Topic>,
}

impl Answer {
    /// The topic to show, if there is one.
    pub fn topic(&self) -> Option<Topic> {
        let best = self.results.first().filter(|_| self.answered)?;
        Some(best.topic)
    }
}

/// One line for machines: the query as given, `answered`, and the results with rounded scores.
pub fn to_json(query: &str, answer: &Answer) -> Value {
    let results: Vec<Value> = answer
        .results
        .iter()
        .map(
            |hit| json!({"id": hit.topic.as_str(), "score": (hit.score * 1000.0).round() / 1000.0}),
        )
        .collect();
    json!({"query": query, "answered": answer.answered, "results": results})
}
