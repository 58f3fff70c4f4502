//! A question as terms, and how much an answer to it has to prove.
//!
//! What names our subject gets the benefit of the doubt; what does not must be covered well, because a wrong answer to a
//! question about something else is as bad as silence. The numbers were chosen on the questions under `tests/data`.

use std::collections::BTreeMap;

/// What must be reached before something is said as an answer.
pub(super) struct Bar {
    /// The least score of the best entry.
    pub(super) score: f64,
    /// The least part of the question that the entry knows.
    pub(super) coverage: f64,
    /// How many times more the entry must weigh than the foreign subjects in the question.
    pub(super) foreign: f64,
}

/// A question that names an exchange's API or its keys is given the benefit of the doubt; any other has to earn it.
const ABOUT_API_KEYS: Bar = Bar { score: 2.5, coverage: 0.3, foreign: 1.6 };
const ABOUT_SOME_KEY: Bar = Bar { score: 4.5, coverage: 0.36, foreign: 2.6 };
const ABOUT_ANYTHING: Bar = Bar { score: 6.5, coverage: 0.38, foreign: 3.5 };
/// Beside "api", what makes a question one about keys (as stems).
const API_SUBJECTS: &[&str] = &[
    "key",
    "exchang",
    "error",
    "secret",
    "expir",
    "passphras",
    "permiss",
    "sign",
    "invalid",
    "whitelist",
    "revok",
    "renew",
    "leak",
    "creat",
];

/// A question as terms.
#[derive(Debug, Default)]
pub(super) struct Question {
    /// What each known term is worth: 1 as written, less when repaired.
    pub(super) terms: BTreeMap<String, f64>,
    /// Known terms in the order of the question.
    pub(super) order: Vec<String>,
    /// The weight of the words that nobody knows.
    pub(super) unknown: f64,
}

impl Question {
    /// How much an answer has to prove: less where the question names our subject.
    pub(super) fn bar(&self) -> &'static Bar {
        let has = |terms: &[&str]| terms.iter().any(|term| self.terms.contains_key(*term));
        if has(&["kc"])
            || (has(&["api"]) && has(API_SUBJECTS))
            || (has(&["key"]) && has(&["exchang"]))
        {
            &ABOUT_API_KEYS
        } else if has(&["key", "api", "exchang"]) {
            &ABOUT_SOME_KEY
        } else {
            &ABOUT_ANYTHING
        }
    }

    pub(super) fn holds(&self, phrase: &[String]) -> bool {
        self.order.windows(phrase.len()).any(|window| window == phrase)
    }
}
