pub(super) mod golden;
mod lint;
mod lookup;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::*;

fn knowledge() -> &'static Knowledge {
    static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(Knowledge::embedded);
    &KNOWLEDGE
}

#[test]
fn every_file_is_an_entry_and_every_entry_is_called_like_its_file() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/knowledge/entries");
    let files: HashSet<String> = std::fs::read_dir(folder)
        .expect("the entries' folder")
        .map(|file| file.expect("a file").file_name().to_string_lossy().into_owned())
        .collect();
    let listed: Vec<String> = embedded::ENTRIES.iter().map(|(id, _)| format!("{id}.md")).collect();
    assert_eq!(files, listed.iter().cloned().collect());
    assert_eq!(files.len(), listed.len(), "an id is listed twice");
    for (entry, (id, _)) in knowledge().entries().iter().zip(embedded::ENTRIES) {
        assert_eq!(entry.id.as_str(), *id);
    }
}

#[test]
fn an_entry_leads_to_others_and_never_to_itself() {
    for entry in knowledge().entries() {
        assert!((1..=5).contains(&entry.see.len()), "{}: {:?}", entry.id, entry.see);
        assert!(!entry.see.contains(&entry.id), "{} leads to itself", entry.id);
    }
}

#[test]
fn no_phrase_belongs_to_two_entries() {
    let knowledge = knowledge();
    let mut owners: HashMap<String, Topic> = HashMap::new();
    for entry in knowledge.entries() {
        for phrase in entry.aliases.iter().chain([&entry.title]).chain(&entry.codes) {
            let owner = owners.insert(phrase.to_lowercase(), entry.id);
            assert_eq!(owner, None, "{phrase:?} is in {} too", entry.id);
        }
    }
}

#[test]
fn no_alias_is_a_whole_question_of_the_golden_file() {
    let questions: HashSet<String> =
        golden::rows("faq-questions").into_iter().map(|row| row.query.to_lowercase()).collect();
    for entry in knowledge().entries() {
        for alias in &entry.aliases {
            assert!(!questions.contains(&alias.to_lowercase()), "{}: {alias:?}", entry.id);
        }
    }
}

#[test]
fn every_code_of_kucoin_has_an_entry() {
    let table = [
        ("error-missing-headers", "400001"),
        ("error-timestamp", "400002"),
        ("error-key-not-exists", "400003"),
        ("error-passphrase", "400004"),
        ("error-signature", "400005"),
        ("error-ip-not-allowed", "400006"),
        ("error-permission", "400007 400010"),
        ("error-key-version", "400008 400009"),
        ("error-other", "400011 400012 400200 400201 400202 400400 400401 401000 404000 415000"),
        ("error-region", "400301 400302 400500"),
        ("error-identity", "400303 400304"),
        ("error-account-frozen", "400700 411100 411200"),
        ("error-rate-limited", "429000 429001 429002 1015 200002"),
        ("error-exchange-down", "500000 501000 503000 504000 505000"),
    ];
    let knowledge = knowledge();
    let each = table.iter().flat_map(|(id, codes)| codes.split(' ').map(move |code| (code, *id)));
    for (code, id) in each {
        assert_eq!(
            knowledge.entry_for_code(code).map(|entry| entry.id.as_str()),
            Some(id),
            "{code}"
        );
        let pasted = format!(
            "kucoin GET https://api.kucoin.com/api/v1/accounts {{\"code\":\"{code}\",\"msg\":\"...\"}}"
        );
        assert_eq!(knowledge.lookup(&pasted).topic().map(Topic::as_str), Some(id), "{pasted}");
    }
    assert_eq!(knowledge.entry_for_code("200000"), None);
}

#[test]
fn an_entry_fits_a_phone() {
    for entry in knowledge().entries() {
        let body: usize = entry.shown().skip(1).map(|text| text.chars().count() + 4).sum();
        assert!(body <= 900, "{}: {body} characters", entry.id);
        assert!(entry.title.chars().count() <= 60, "{}: title", entry.id);
        assert!(!entry.title.ends_with('.'), "{}: title", entry.id);
        assert!(
            (1..=8).contains(&entry.steps.len()) || entry.id.as_str() == "why-keys-expire",
            "{}: steps",
            entry.id
        );
        assert!(entry.notes.len() <= 3, "{}: notes", entry.id);
        let sentences = entry.answer.matches(". ").count() + 1;
        assert!(sentences <= 3, "{}: {sentences} sentences before the steps", entry.id);
    }
}

#[test]
fn an_entry_speaks_plainly() {
    let banned =
        ["simply", "just", "please", "unfortunately", "easily", "obviously", "fix it", "delve"];
    for entry in knowledge().entries() {
        for text in entry.shown() {
            let words: Vec<String> =
                text.split(|c: char| !c.is_alphabetic()).map(str::to_lowercase).collect();
            let found =
                banned.iter().find(|word| words.join(" ").split(' ').any(|own| own == **word));
            assert_eq!(found, None, "{}: {text}", entry.id);
            assert!(
                !text.contains(['!', '*', '`', '<', '>', '[', ']', '|', '\u{2014}']),
                "{}: {text}",
                entry.id
            );
            assert!(!text.contains("://") && !text.contains("www."), "{}: {text}", entry.id);
            assert_eq!(text.trim(), text.as_str(), "{}", entry.id);
        }
    }
}

#[test]
fn the_order_of_revoking_is_the_same_everywhere() {
    let knowledge = knowledge();
    let entry = |id: &str| knowledge.entry(&Topic::parse(id).expect(id)).expect(id);
    assert!(entry("compromised").answer.starts_with("Delete the key first"));
    assert!(entry("without-revoking").answer.contains("delete the old one last"));
    assert!(entry("regenerate-key").steps[1].contains("if it is still listed"));
    assert!(entry("regenerate-key").notes[0].contains("delete the old one last"));
    let rule = &entry("revoke-key").notes[0];
    assert!(
        rule.contains("delete the old one last")
            && rule.contains("if it is still listed")
            && rule.contains("delete it first")
    );
}

/// Lessons are more than the entries' own words, and no question that measures is among them.
#[test]
fn every_topic_has_its_lessons_and_none_of_them_is_a_question_that_measures() {
    let questions: HashSet<String> = golden::SETS
        .iter()
        .flat_map(|name| golden::rows(name))
        .map(|row| row.query.to_lowercase())
        .collect();
    let ids = embedded::ENTRIES.iter().map(|(id, _)| *id).chain(["none"]);
    for id in ids {
        let path = format!("{}/src/knowledge/lessons/{id}.txt", env!("CARGO_MANIFEST_DIR"));
        let lessons = std::fs::read_to_string(path).expect(id);
        assert!(lessons.lines().count() >= 100, "{id}");
        for lesson in lessons.lines() {
            let text = lesson.replace("\\n", "\n").to_lowercase();
            assert!(!questions.contains(&text), "{id}: {lesson}");
        }
    }
}

#[test]
fn every_entry_was_learned_and_nothing_else() {
    let knowledge = knowledge();
    let mut learned: Vec<&str> = knowledge.learned.topics().to_vec();
    learned.retain(|id| *id != "none");
    learned.sort_unstable();
    let mut entries: Vec<&str> = embedded::ENTRIES.iter().map(|(id, _)| *id).collect();
    entries.sort_unstable();
    assert_eq!(learned, entries);
    assert!(knowledge.places.iter().filter(|place| place.is_none()).count() == 1);
}

#[test]
fn a_fit_learns_what_it_is_taught_and_is_the_same_twice() {
    let lessons: Vec<Lesson> = [
        ("expired-meaning", "my key has expired"),
        ("expired-meaning", "the key ran out"),
        ("error-signature", "the signature is refused"),
        ("error-signature", "invalid signature"),
        ("none", "what is the weather"),
    ]
    .into_iter()
    .map(|(topic, text)| Lesson { topic: topic.to_owned(), text: text.to_owned() })
    .collect();
    let block = fit(&lessons);
    assert_eq!(block, fit(&lessons));
    let learned = Learned::read(block.leak()).expect("weights");
    assert_eq!(learned.topics(), ["error-signature", "expired-meaning", "none"]);
    let words = Words::embedded();
    for (text, most) in [("signature refused", 0), ("key expired", 1), ("weather today", 2)] {
        let likely = learned.likely(&features::of(&words, &words::fold(text)));
        let best = likely.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
        assert_eq!(best.0, most, "{text}: {likely:?}");
        assert!((likely.iter().sum::<f32>() - 1.0).abs() < 1e-4);
    }
}
