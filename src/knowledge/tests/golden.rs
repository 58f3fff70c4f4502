//! Collected questions held against floors a little below what was measured; see `tests/data/README.md`.

use super::super::Hit;
use super::knowledge;

/// Every set of questions that measures.
pub(super) const SETS: [&str; 4] =
    ["faq-questions", "faq-own-questions", "faq-second-questions", "faq-held-questions"];

#[derive(serde::Deserialize)]
pub(in super::super) struct Row {
    pub(in super::super) query: String,
    expect: Vec<String>,
    #[serde(default)]
    pub(in super::super) kind: String,
    pub(in super::super) tag: Option<String>,
}

pub(in super::super) fn rows(name: &str) -> Vec<Row> {
    let path = format!("{}/tests/data/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the golden file");
    text.lines().map(|line| serde_json::from_str(line).expect("a row")).collect()
}

/// Percent of the answerable questions answered rightly, and with the right topic among three; number of false answers.
fn score(name: &str) -> (usize, usize, usize) {
    let knowledge = knowledge();
    let (mut first, mut third, mut answerable, mut falsely) = (0, 0, 0, 0);
    for row in rows(name) {
        let answer = knowledge.lookup(&row.query);
        let fits = |hit: &Hit| row.expect.iter().any(|id| id == hit.topic.as_str());
        if row.expect == ["none"] {
            falsely += usize::from(answer.topic().is_some());
            continue;
        }
        answerable += 1;
        first += usize::from(answer.topic().is_some() && answer.results.first().is_some_and(fits));
        third += usize::from(answer.results.iter().take(3).any(fits));
    }
    (100 * first / answerable, 100 * third / answerable, falsely)
}

/// Floors: one question or two below what was measured, so that nothing sinks unseen.
#[test]
fn no_set_of_questions_is_answered_worse_than_it_was() {
    for (name, [least_first, least_third, most_falsely]) in [
        ("faq-questions", [95, 97, 0]),
        ("faq-second-questions", [95, 99, 0]),
        ("faq-own-questions", [94, 98, 5]),
    ] {
        let (first, third, falsely) = score(name);
        assert!(
            first >= least_first && third >= least_third && falsely <= most_falsely,
            "{name}: {first} % first, {third} % in three, {falsely} false"
        );
    }
}
