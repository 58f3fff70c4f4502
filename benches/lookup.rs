//! How long a look-up takes, beside a plain scan of all entries for the same words, in one run:
//! `cargo bench --bench lookup`. The questions are those that measure the answers.

use std::hint::black_box;
use std::time::{Duration, Instant};

use keylapse::knowledge::{Entry, Knowledge, Source};

/// So many times each question is asked.
const TIMES: usize = 50;

fn main() {
    let knowledge = Knowledge::embedded();
    let questions = questions();
    let texts: Vec<String> = knowledge.entries().iter().map(text).collect();
    let found = measure(&questions, |question| {
        black_box(knowledge.lookup(question));
    });
    let scanned = measure(&questions, |question| {
        black_box(scan(&texts, question));
    });
    println!("{} entries, {} questions, {TIMES} times each", texts.len(), questions.len());
    say("look-up", &found);
    say("plain scan", &scanned);
    println!("median of the look-up / of the scan: {:.2}", ratio(&found, &scanned));
    for entries in [200, 2_000] {
        with_own(entries, &questions);
    }
    let long = "Traceback (most recent call last): File bot.py line 33 ".repeat(200) + "400006";
    let longest = measure(&[long], |question| {
        black_box(knowledge.lookup(question));
    });
    say("look-up of 10,000 characters", &longest);
    let began = now();
    black_box(Knowledge::embedded());
    println!("building the index: {:?}", began.elapsed());
}

/// The same with so many entries in all, the others made up: short titles and five aliases each of
/// words that people use here.
fn with_own(all: usize, questions: &[String]) {
    let words: Vec<&str> = questions.iter().flat_map(|question| question.split(' ')).collect();
    let words: Vec<&str> = words
        .into_iter()
        .filter(|word| word.bytes().all(|b| b.is_ascii_lowercase()) && word.len() > 2)
        .collect();
    let ours = Knowledge::embedded().entries().len();
    let phrase = |seed: usize| {
        let word = |n: usize| words[(seed * 7_919 + n * 104_729) % words.len()];
        // A word of their own, so that none says only what all of it is about.
        (0..5).map(word).chain(["desk"]).collect::<Vec<_>>().join(" ")
    };
    let sources: Vec<Source> = (ours..all)
        .map(|n| {
            let aliases: Vec<String> =
                (0..5).map(|alias| format!("\"{}\"", phrase(n * 6 + alias))).collect();
            let text = format!(
                "+++\ntitle = \"{}\"\naliases = [{}]\n+++\nAn answer.\n",
                phrase(n * 6 + 5),
                aliases.join(", ")
            );
            Source { file: format!("own-{n}.md"), text }
        })
        .collect();
    let knowledge = Knowledge::with(&sources).expect("entries that read");
    let texts: Vec<String> = knowledge.entries().iter().map(text).collect();
    let found = measure(questions, |question| {
        black_box(knowledge.lookup(question));
    });
    let scanned = measure(questions, |question| {
        black_box(scan(&texts, question));
    });
    say(&format!("look-up of {} entries", texts.len()), &found);
    say(&format!("plain scan of {} entries", texts.len()), &scanned);
    println!("median of the look-up / of the scan: {:.2}", ratio(&found, &scanned));
}

fn questions() -> Vec<String> {
    let sets = ["faq-questions", "faq-second-questions", "faq-own-questions"];
    let read = |name: &str| {
        let path = format!("{}/tests/data/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).expect("a set of questions")
    };
    let lines: Vec<String> = sets.iter().map(|name| read(name)).collect();
    let rows = lines.iter().flat_map(|text| text.lines());
    rows.map(|line| {
        let row: serde_json::Value = serde_json::from_str(line).expect("a row");
        row["query"].as_str().expect("a query").to_owned()
    })
    .collect()
}

fn text(entry: &Entry) -> String {
    let parts = [&entry.title, &entry.answer].into_iter();
    let parts = parts.chain(&entry.steps).chain(&entry.notes).chain(&entry.aliases);
    parts.map(|part| part.to_lowercase()).collect::<Vec<_>>().join("\n")
}

/// The entry that holds most of the question's words.
fn scan(texts: &[String], question: &str) -> Option<usize> {
    let question = question.to_lowercase();
    let words: Vec<&str> = question.split_whitespace().collect();
    let held = |text: &String| words.iter().filter(|word| text.contains(**word)).count();
    texts.iter().enumerate().max_by_key(|(_, text)| held(text)).map(|(at, _)| at)
}

fn measure(questions: &[String], ask: impl Fn(&str)) -> Vec<Duration> {
    let mut taken = Vec::with_capacity(questions.len() * TIMES);
    for _ in 0..TIMES {
        for question in questions {
            let began = now();
            ask(question);
            taken.push(began.elapsed());
        }
    }
    taken.sort_unstable();
    taken
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures how long it really takes")]
fn now() -> Instant {
    Instant::now()
}

fn at(taken: &[Duration], percent: usize) -> Duration {
    taken[(taken.len() - 1) * percent / 100]
}

fn say(what: &str, taken: &[Duration]) {
    println!("{what}: p50 {:?}, p95 {:?}, p99 {:?}", at(taken, 50), at(taken, 95), at(taken, 99));
}

fn ratio(a: &[Duration], b: &[Duration]) -> f64 {
    at(a, 50).as_secs_f64() / at(b, 50).as_secs_f64()
}
