//! What is wrong with a configuration: every problem at once, each one sentence with its place
//! and what to do. A value is never repeated, because it may be a secret in the wrong line; nor is
//! an unknown name that may be one.

/// One thing to correct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: `[kucoin] base_url`, a variable's name or a file.
    pub place: String,
    /// What is wrong and what to do.
    pub sentence: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.sentence)
    }
}

/// Everything to correct, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// Notes one more.
    pub fn add(&mut self, place: impl Into<String>, sentence: impl Into<String>) {
        self.0.push(Problem { place: place.into(), sentence: sentence.into() });
    }
}

impl std::fmt::Display for Problems {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            write!(f, "{}{problem}", if at == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// The known word that `word` was most likely meant to be.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    known
        .into_iter()
        .map(|name| (likeness(&word, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= 0.4)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, name)| name)
}

/// 0 to 1. A beginning or a longer form of the same word counts as half at least.
fn likeness(word: &str, name: &str) -> f64 {
    let begins = word.len() > 1 && (name.starts_with(word) || word.starts_with(name));
    strsim::normalized_damerau_levenshtein(word, name).max(if begins { 0.5 } else { 0.0 })
}

/// "did you mean ...?", or all there is when nothing is near.
pub fn suggest(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(name) => format!("did you mean {name}?"),
        None => format!("use {}.", any_of(known)),
    }
}

/// The longest unknown name that is repeated.
const LONGEST_SHOWN: usize = 40;
/// So many digits in a row are an account's number, with which a token begins.
const MOST_DIGITS: usize = 7;

/// An unknown name as a problem shows it: one that may be a secret in the wrong place is not
/// repeated.
pub fn shown(name: &str) -> &str {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let has_number =
        name.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() > MOST_DIGITS);
    let is_name = name.len() <= LONGEST_SHOWN && name.chars().all(is_plain) && !has_number;
    if is_name { name } else { "a name that is not shown here" }
}

/// "a, b or c".
pub fn any_of(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [start @ .., last] => format!("{} or {last}", start.join(", ")),
    }
}
