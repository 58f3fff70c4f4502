//! Collected questions held against floors a little below what was measured; see `tests/data/README.md`.

use super::super::Hit;
use super::knowledge;

#[derive(serde::Deserialize)]
pub(super) struct Row {
    pub(super) query: String,
    expect: Vec<String>,
}

pub(super) fn rows(name: &str) -> Vec<Row> {
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
            falsely += usize::from(answer.answered);
            continue;
        }
        answerable += 1;
        first += usize::from(answer.answered && answer.results.first().is_some_and(fits));
        third += usize::from(answer.results.iter().take(3).any(fits));
    }
    (100 * first / answerable, 100 * third / answerable, falsely)
}

#[test]
fn collected_questions_find_their_entries() {
    let (first, third, falsely) = score("faq-questions");
    assert!(
        first >= 96 && third >= 98 && falsely == 0,
        "{first} % first, {third} % in three, {falsely} false"
    );
}

#[test]
fn own_questions_do_not_get_worse() {
    let (first, third, falsely) = score("faq-own-questions");
    assert!(
        first >= 94 && third >= 98 && falsely <= 4,
        "{first} % first, {third} % in three, {falsely} false"
    );
}
