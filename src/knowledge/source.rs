//! The operator's own entries, as their files are written: a new topic, or with `override = true`
//! another text for one of ours. What keeps people's money safe is not overridden.

use std::collections::HashMap;

use serde::Deserialize;

use super::entry::{Entry, Mistake, Sheet, Topic, day};
use super::words::{self, Words};
use crate::domain::text::{holds_secret, is_unseen};

/// One file of the operator's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name; without `.md` it is the entry's id.
    pub file: String,
    /// What stands in it.
    pub text: String,
}

/// Topics whose text is ours alone: a wrong word there costs somebody's funds.
const PROTECTED: [&str; 7] = [
    "compromised",
    "revoke-key",
    "never-share",
    "without-revoking",
    "security-checklist",
    "choose-permissions",
    "store-key",
];
/// Whether a topic's text is ours alone.
pub(super) fn is_protected(topic: Topic) -> bool {
    PROTECTED.contains(&topic.as_str())
}

/// The longest id, in characters.
const LONGEST_ID: usize = 48;
/// The longest title, and each other text, in characters.
const LONGEST_TITLE: usize = 80;
const LONGEST_TEXT: usize = 1_000;
/// All that is shown of one, so that it fits one message on every platform.
const LONGEST: usize = 3_000;
const MOST_STEPS: usize = 8;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    title: String,
    id: Option<String>,
    checked: Option<toml::value::Datetime>,
    #[serde(default)]
    codes: Vec<String>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    see: Vec<String>,
    #[serde(default, rename = "override")]
    is_override: bool,
}

/// What leads to an entry of the operator's own: its place, and what they say that people ask.
pub(super) struct Asked {
    pub(super) entry: usize,
    pub(super) phrases: Vec<String>,
}

/// Puts the operator's entries among the embedded ones; also what leads to those.
pub(super) fn join(
    embedded: Vec<Entry>,
    sources: &[Source],
    words: &Words,
) -> Result<(Vec<Entry>, Vec<Asked>), Vec<Mistake>> {
    let mut topics: HashMap<String, Topic> =
        embedded.iter().map(|entry| (entry.id.as_str().to_owned(), entry.id)).collect();
    let mut mistakes = Vec::new();
    for source in sources {
        match id(source) {
            Ok(id) => {
                topics.entry(id.to_owned()).or_insert_with(|| Topic::own(id));
            }
            Err(mistake) => mistakes.push(mistake),
        }
    }
    let (mut entries, mut own) = (embedded, Vec::new());
    let ours = entries.len();
    for source in sources.iter().filter(|source| id(source).is_ok()) {
        let replaced = entries[..ours].iter().position(|entry| id(source) == Ok(entry.id.as_str()));
        let read = read(source, replaced.map(|at| &entries[at]), &topics, words)
            .and_then(|entry| no_code_twice(source, &entry, &entries).map(|()| entry));
        let (mut entry, at) = match (read, replaced) {
            (Ok(entry), at) => (entry, at.unwrap_or(entries.len())),
            (Err(mistake), _) => {
                mistakes.push(mistake);
                continue;
            }
        };
        let phrases = std::iter::once(&entry.title).chain(&entry.aliases).cloned().collect();
        own.push(Asked { entry: at, phrases });
        match entries.get_mut(at) {
            Some(replaced) => {
                keep(&mut entry, replaced);
                *replaced = entry;
            }
            None => entries.push(entry),
        }
    }
    if mistakes.is_empty() { Ok((entries, own)) } else { Err(mistakes) }
}

/// The id of a file's entry.
fn id(source: &Source) -> Result<&str, Mistake> {
    let id = source.file.strip_suffix(".md").unwrap_or(&source.file);
    let is_plain = id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if is_plain && (1..=LONGEST_ID).contains(&id.len()) {
        return Ok(id);
    }
    let what = "the file's name is the entry's id: small letters, digits and hyphens, 48 at most";
    Err(Mistake { file: source.file.clone(), line: 1, what: what.to_owned() })
}

fn read(
    source: &Source,
    replaced: Option<&Entry>,
    topics: &HashMap<String, Topic>,
    words: &Words,
) -> Result<Entry, Mistake> {
    let sheet = Sheet::<Fields>::read(&source.file, &source.text)?;
    let (fields, id) = (&sheet.fields, id(source)?);
    match (replaced, fields.is_override) {
        (Some(_), false) => {
            let what = "there is such an entry: override = true replaces it";
            return Err(sheet.mistake("id", what));
        }
        (Some(entry), true) if PROTECTED.contains(&entry.id.as_str()) => {
            let what = "this entry keeps people's funds safe and cannot be replaced";
            return Err(sheet.mistake("override", what));
        }
        (None, true) => {
            return Err(sheet.mistake("override", "there is no such entry to replace"));
        }
        (Some(_), true) | (None, false) => {}
    }
    if fields.id.as_deref().is_some_and(|told| told != id) {
        return Err(sheet.mistake("id", "the id is not the file's name"));
    }
    let see = fields.see.iter().map(|id| {
        let unknown = || sheet.mistake("see", format!("no entry is called {}", short(id)));
        topics.get(id).copied().ok_or_else(unknown)
    });
    let checked = match fields.checked {
        Some(written) => {
            Some(day(written).ok_or_else(|| sheet.mistake("checked", "checked is no day"))?)
        }
        None => None,
    };
    let mut entry = Entry {
        id: topics[id],
        checked,
        title: fields.title.trim().to_owned(),
        answer: String::new(),
        steps: Vec::new(),
        notes: Vec::new(),
        codes: fields.codes.clone(),
        aliases: fields.aliases.clone(),
        see: see.collect::<Result<_, _>>()?,
    };
    sheet.fill(&mut entry)?;
    lint(&sheet, (&entry, &source.text), words)?;
    Ok(entry)
}

/// Who asks with an exchange's code finds the entry also where the new text does not name it.
fn keep(entry: &mut Entry, replaced: &Entry) {
    entry.codes.extend(replaced.codes.iter().cloned());
    entry.aliases.extend(replaced.aliases.iter().cloned());
    if entry.see.is_empty() {
        entry.see.clone_from(&replaced.see);
    }
}

/// What would not fit a message, or must not stand in one.
fn lint(
    sheet: &Sheet<'_, Fields>,
    (entry, text): (&Entry, &str),
    words: &Words,
) -> Result<(), Mistake> {
    let longer = |text: &str, most: usize| text.chars().nth(most).is_some();
    if entry.title.is_empty() || longer(&entry.title, LONGEST_TITLE) {
        return Err(
            sheet.mistake("title", format!("the title has 1 to {LONGEST_TITLE} characters"))
        );
    }
    if entry.steps.len() > MOST_STEPS {
        return Err(sheet.mistake("title", format!("{MOST_STEPS} steps at most")));
    }
    if entry.shown().any(|text| longer(text, LONGEST_TEXT)) {
        return Err(
            sheet.mistake("title", format!("a paragraph has {LONGEST_TEXT} characters at most"))
        );
    }
    if entry.shown().map(|text| text.chars().count()).sum::<usize>() > LONGEST {
        return Err(
            sheet.mistake("title", format!("{LONGEST} characters at most are shown of one"))
        );
    }
    if entry.aliases.iter().any(|alias| words.say_only_the_subject(&words::fold(alias))) {
        return Err(sheet.mistake("aliases", "an alias says only what everything here is about"));
    }
    if holds_secret(text) {
        return Err(sheet.mistake("title", "something in it looks like a key or a secret"));
    }
    if text.contains("http://") {
        return Err(sheet.mistake("title", "a link that is not encrypted: write https"));
    }
    if entry.shown().any(|text| text.contains(is_unseen)) {
        return Err(sheet.mistake("title", "it holds invisible characters"));
    }
    if entry.shown().any(|text| calls(text)) {
        let what = "an @name would call somebody: write the name without the @";
        return Err(sheet.mistake("title", what));
    }
    Ok(())
}

/// Whether a chat could take something in it for a person's name; an address of mail is none.
fn calls(text: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices('@')
        .any(|(at, _)| !text[..at].ends_with(is_word) && text[at + 1..].starts_with(is_word))
}

/// A code leads to one entry.
fn no_code_twice(source: &Source, entry: &Entry, entries: &[Entry]) -> Result<(), Mistake> {
    for code in &entry.codes {
        let other = entries.iter().find(|one| one.id != entry.id && one.codes.contains(code));
        if let Some(other) = other {
            let what = format!("the code {} leads to {} already", short(code), other.id);
            return Err(Mistake { file: source.file.clone(), line: 1, what });
        }
    }
    Ok(())
}

/// A word of a file as it is repeated.
fn short(word: &str) -> String {
    word.chars().filter(|c| !c.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Knowledge, Sureness};
    use super::*;

    const VPN: &str = "+++\ntitle = \"Trading through our VPN\"\naliases = [\"vpn for bots\", \"which address do our bots have\"]\nsee = [\"ip-whitelist\"]\n+++\nBind keys to 203.0.113.7.\n\n1. Make the key.\n2. Check it.\n\nA note.\n";

    fn file(name: &str, text: &str) -> Source {
        Source { file: name.to_owned(), text: text.to_owned() }
    }

    fn mistakes(sources: &[Source]) -> Vec<String> {
        let told = Knowledge::with(sources).expect_err("a mistake");
        told.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_entry_of_ones_own_is_found_by_its_name_and_by_what_people_say() {
        let knowledge = Knowledge::with(&[file("our-vpn.md", VPN)]).expect("it reads");
        let entry = knowledge.named("our-vpn").expect("it is there");
        assert_eq!((entry.steps.len(), entry.notes.len(), entry.see.len()), (2, 1, 1));
        let first = |question| knowledge.lookup(question).topic().map(Topic::as_str);
        for question in
            ["vpn for bots", "which address do our bots have?", "is there a VPN for our bots"]
        {
            assert_eq!(first(question), Some("our-vpn"), "{question}");
        }
        // Nothing else is answered otherwise than before.
        let before = Knowledge::embedded();
        for question in ["400003", "my key expired", "best pizza in Berlin", "400006 and no vpn"] {
            assert_eq!(
                first(question),
                before.lookup(question).topic().map(Topic::as_str),
                "{question}"
            );
        }
        // What keeps funds safe is answered first, whatever an alias says.
        let evil = VPN
            .replace("vpn for bots", "my key was leaked")
            .replace("which address do our bots have", "stolen");
        let evil = Knowledge::with(&[file("zz.md", &evil)]).expect("it reads");
        for question in
            ["my key was leaked", "someone stole my key", "my api key was stolen, what now?"]
        {
            let found = evil.lookup(question).topic().map(Topic::as_str);
            assert_eq!(found, Some("compromised"), "{question}");
        }
        // An exact code has one meaning.
        assert_eq!(knowledge.lookup("400003 vpn for bots").sureness, Sureness::Exact);
        assert_eq!(first("400003 vpn for bots"), Some("error-key-not-exists"));
    }

    #[test]
    fn an_address_of_mail_calls_nobody() {
        let text = VPN.replace("A note.", "Write to desk@example.com, 24 h @ no charge.");
        assert!(Knowledge::with(&[file("our-vpn.md", &text)]).is_ok());
    }

    #[test]
    fn an_override_has_its_own_words_and_the_questions_of_ours() {
        let text = VPN.replace("+++\ntitle", "+++\noverride = true\ntitle");
        let knowledge =
            Knowledge::with(&[file("error-ip-not-allowed.md", &text)]).expect("it reads");
        let entry = knowledge.entry_for_code("400006").expect("it is there");
        assert_eq!(
            (entry.id.as_str(), entry.title.as_str()),
            ("error-ip-not-allowed", "Trading through our VPN")
        );
        for question in
            ["400006", "vpn for bots", "Invalid request ip, the current clientIp is 1.2.3.4"]
        {
            let found = knowledge.lookup(question).topic().map(Topic::as_str);
            assert_eq!(found, Some("error-ip-not-allowed"), "{question}");
        }
        assert_eq!(knowledge.entries().len(), Knowledge::embedded().entries().len());
        // What else people ask is answered as before, safety first.
        let before = Knowledge::embedded();
        for id in ["shared-key", "create-key", "review-keys", "update-apps", "ip-whitelist"] {
            let text = text
                .replace("Trading through our VPN", "House rule")
                .replace("vpn for bots", "ask ann");
            let own = Knowledge::with(&[file(&format!("{id}.md"), &text)]).expect("it reads");
            for question in [
                "my key was stolen",
                "someone has my key",
                "is my key ok",
                "my key expired",
                "how do i make a new key",
                "bot key",
                "how often should i rotate my keys",
            ] {
                let (old, new) = (before.lookup(question), own.lookup(question));
                assert_eq!(old.topic(), new.topic(), "{id}: {question}");
            }
        }
    }

    #[test]
    fn every_mistake_is_told_with_file_and_line() {
        let with = |from: &str, to: &str| VPN.replacen(from, to, 1);
        let overriding = with("+++\ntitle", "+++\noverride = true\ntitle");
        let table = [
            ("Our VPN.md", VPN.to_owned(), "Our VPN.md:1: the file's name is the entry's id"),
            ("x.md", "no front".to_owned(), "x.md:1: no front matter between +++ lines"),
            ("x.md", with("ip-whitelist", "nowhere"), "x.md:4: no entry is called nowhere"),
            ("x.md", with("title", "titel"), "x.md:2: unknown field"),
            (
                "x.md",
                with("title = \"Trading through our VPN\"", "title = \"\""),
                "x.md:2: the title has 1 to 80",
            ),
            (
                "x.md",
                with("+++\ntitle", "+++\nid = \"y\"\ntitle"),
                "x.md:2: the id is not the file's name",
            ),
            ("x.md", with("2. Check", "3. Check"), "x.md:9: expected step 2"),
            ("x.md", with("A note.", "http://example.com"), "x.md:2: a link that is not encrypted"),
            ("x.md", with("A note.", &"long ".repeat(300)), "x.md:2: a paragraph has 1000"),
            (
                "x.md",
                with("A note.", &format!("{}\n", "long ".repeat(190)).repeat(4)),
                "x.md:2: 3000 characters",
            ),
            (
                "x.md",
                with("A note.", "f03a5284-5c39-4aaa-9b20-dea10bdcf8e3"),
                "x.md:2: something in it looks like",
            ),
            ("x.md", with("A note.", "A\u{202E} note."), "x.md:2: it holds invisible characters"),
            ("x.md", with("through our", "through\u{200B} our"), "x.md:2: it holds invisible"),
            ("x.md", with("A note.", "Ask @kim_trades."), "x.md:2: an @name would call somebody"),
            ("x.md", with("Bind keys", "<@1234> binds keys"), "x.md:2: an @name would call"),
            (
                "x.md",
                with("see =", "codes = [\"400003\"]\nsee ="),
                "x.md:1: the code 400003 leads to error-key-not-exists",
            ),
            ("x.md", with("vpn for bots", "api key"), "x.md:3: an alias says only what"),
            ("create-key.md", VPN.to_owned(), "create-key.md:1: there is such an entry"),
            ("x.md", overriding.clone(), "x.md:2: there is no such entry to replace"),
        ];
        for (name, text, expected) in table {
            let told = mistakes(&[file(name, &text)]);
            assert!(told.len() == 1 && told[0].starts_with(expected), "{expected}: {told:?}");
        }
        for id in PROTECTED {
            let told = mistakes(&[file(&format!("{id}.md"), &overriding)]);
            assert!(told[0].contains(":2: this entry keeps people's funds safe"), "{told:?}");
        }
        assert_eq!(mistakes(&[file("a.md", ""), file("b.md", ""), file("ok.md", VPN)]).len(), 2);
    }
}
