//! Words: how a question or an entry becomes terms that can be compared.
//!
//! Cut, fold, split, drop what says nothing, let one idea have one word (`words.txt`), strip endings. The same steps run
//! over entries and questions, so that a mistake here cancels out instead of hiding an entry. Nothing here keeps a text.

use std::collections::{HashMap, HashSet};

/// No question is read beyond this many characters.
pub(super) const MAX_QUESTION_CHARS: usize = 2_000;

/// The terms of the subject itself, which lead to no entry rather than to another.
const SUBJECT: &[&str] = &["api", "key", "exchang"];

/// The lists that turn words into terms; built once.
#[derive(Debug)]
pub(super) struct Words {
    empty: HashSet<&'static str>,
    whole: HashMap<String, &'static str>,
    starts: HashMap<String, &'static str>,
    phrases: Vec<(String, String)>,
}

impl Words {
    pub(super) fn embedded() -> Self {
        let mut words = Self {
            empty: include_str!("stop.txt").split_whitespace().collect(),
            whole: HashMap::new(),
            starts: HashMap::new(),
            phrases: phrases(),
        };
        for line in data_lines(include_str!("words.txt")) {
            let Some((idea, others)) = line.split_once('=') else {
                continue;
            };
            for other in others.split_whitespace() {
                match other.strip_suffix('*') {
                    Some(start) => words.starts.insert(fold(start), idea.trim()),
                    None => words.whole.insert(fold(other), idea.trim()),
                };
            }
        }
        words
    }

    /// The terms of a text that has been [`fold`]ed, in order, with repetitions.
    pub(super) fn terms(&self, folded: &str) -> Vec<String> {
        let mut terms = Vec::new();
        for word in split(&self.join_phrases(&without_links(folded))) {
            self.push_terms(&word, &mut terms);
        }
        terms
    }

    /// Whether a text names what everything here is about ("api key") and says nothing of it.
    pub(super) fn say_only_the_subject(&self, folded: &str) -> bool {
        let terms = self.terms(folded);
        !terms.is_empty() && terms.iter().all(|term| SUBJECT.contains(&term.as_str()))
    }

    /// Small words that mean something together become one idea.
    fn join_phrases(&self, text: &str) -> String {
        let mut text = format!(" {} ", text.replace(['?', '!', ',', ';'], " "));
        for (from, to) in &self.phrases {
            if text.contains(from.as_str()) {
                text = text.replace(from.as_str(), to);
            }
        }
        text
    }

    fn push_terms(&self, word: &str, terms: &mut Vec<String>) {
        if let Some(idea) = self.idea(word) {
            terms.extend(idea.split(' ').map(stem));
        } else if !self.empty.contains(word) && word.chars().nth(1).is_some() {
            terms.push(stem(word));
        }
    }

    fn idea(&self, word: &str) -> Option<&'static str> {
        if let Some(idea) = self.whole.get(word) {
            return Some(idea);
        }
        let ends = word.char_indices().map(|(at, c)| at + c.len_utf8());
        let longest_first: Vec<usize> = ends.filter(|end| *end >= 3).collect();
        longest_first.into_iter().rev().find_map(|end| self.starts.get(&word[..end]).copied())
    }
}

/// Lines of an embedded list, without comments and blanks.
pub(super) fn data_lines(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Lower case, without accents, control and invisible characters; of a longer text the last
/// [`MAX_QUESTION_CHARS`], because the cause of a long paste stands at its end.
pub(super) fn fold(text: &str) -> String {
    let cut = text.char_indices().rev().nth(MAX_QUESTION_CHARS - 1).map_or(0, |(at, _)| at);
    let text = &text[cut..];
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            folded.push(' ');
        } else if !is_invisible(c) {
            c.to_lowercase().for_each(|lower| fold_char(lower, &mut folded));
        }
    }
    folded
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{300}'..='\u{36f}' | '\u{ad}')
}

fn fold_char(c: char, out: &mut String) {
    let plain = match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'ạ'..='ặ' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'đ' | 'ď' => 'd',
        'è'..='ë' | 'ē' | 'ę' | 'ě' | 'ẹ'..='ệ' | 'ё' => {
            if c == 'ё' {
                'е'
            } else {
                'e'
            }
        }
        'ğ' => 'g',
        'ì'..='ï' | 'ī' | 'ĩ' | 'ı' | 'ỉ' | 'ị' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ő' | 'ơ' | 'ọ'..='ợ' => 'o',
        'ř' => 'r',
        'ś' | 'ş' | 'š' | 'ș' => 's',
        'ß' => {
            out.push('s');
            's'
        }
        'ţ' | 'ț' | 'ť' => 't',
        'ù'..='ü' | 'ū' | 'ũ' | 'ů' | 'ű' | 'ư' | 'ụ'..='ự' => 'u',
        'ý' | 'ÿ' | 'ỳ'..='ỹ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        '\u{2018}' | '\u{2019}' => '\'',
        other => other,
    };
    out.push(plain);
}

/// A link says where an error happened, not which; its words would only dilute the question.
pub(super) fn without_links(folded: &str) -> String {
    let kept = folded.split_whitespace().filter(|word| !word.contains("://"));
    kept.collect::<Vec<_>>().join(" ")
}

/// What stands for what, ready to be replaced.
fn phrases() -> Vec<(String, String)> {
    let mut list = Vec::new();
    for line in data_lines(include_str!("phrases.txt")) {
        let Some((idea, phrases)) = line.split_once('=') else {
            continue;
        };
        for phrase in phrases.split(',').map(str::trim) {
            // Scripts without blanks have no word ends to look for.
            let is_paired = phrase.chars().any(|c| is_written_without_blanks(c) || is_hiragana(c));
            let from = if is_paired { phrase.to_owned() } else { format!(" {phrase} ") };
            list.push((from, format!(" {} ", idea.trim())));
        }
    }
    list
}

/// Words of a folded text. Scripts without blanks come as pairs of characters.
pub(super) fn split(folded: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut pairs: Vec<char> = Vec::new();
    for c in folded.chars().chain([' ']) {
        let is_paired = is_written_without_blanks(c);
        if !is_paired || pairs.last().is_some_and(|last| is_katakana(*last) != is_katakana(c)) {
            push_pairs(&mut pairs, &mut words);
        }
        let is_letter = c.is_alphanumeric() && !is_hiragana(c);
        if (is_paired || !(is_letter || c == '\'')) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if is_paired {
            pairs.push(c);
        } else if is_letter {
            word.push(c);
        }
    }
    words
}

fn push_pairs(run: &mut Vec<char>, words: &mut Vec<String>) {
    if run.len() == 1 {
        words.push(run.iter().collect());
    }
    words.extend(run.windows(2).map(|pair| pair.iter().collect::<String>()));
    run.clear();
}

fn is_written_without_blanks(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{e7f}' | '\u{30a0}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

fn is_katakana(c: char) -> bool {
    ('\u{30a0}'..='\u{30ff}').contains(&c)
}

/// Japanese endings and small words: they part the words that matter.
fn is_hiragana(c: char) -> bool {
    ('\u{3040}'..='\u{309f}').contains(&c)
}

/// Strips common endings; other alphabets keep their first six letters, which drops most of their endings.
pub(super) fn stem(word: &str) -> String {
    if !word.is_ascii() {
        return word.chars().take(6).collect();
    }
    let cut =
        |ending: &str, least: usize| word.strip_suffix(ending).filter(|rest| rest.len() >= least);
    if let Some(rest) = cut("ies", 3) {
        return format!("{rest}y");
    }
    let rest = cut("ing", 3)
        .or(cut("ation", 4))
        .or(cut("ions", 4))
        .or(cut("ion", 4))
        .or(cut("ed", 3))
        .or(cut("es", 4));
    let rest = rest.or(cut("s", 3).filter(|rest| !rest.ends_with(['s', 'u', 'i']))).unwrap_or(word);
    let rest = rest.strip_suffix('e').filter(|short| short.len() >= 3).unwrap_or(rest);
    let twice =
        rest.len() > 3 && rest.as_bytes()[rest.len() - 1] == rest.as_bytes()[rest.len() - 2];
    let end = rest.len() - usize::from(twice && !rest.ends_with(['s', 'l']));
    rest[..end].to_owned()
}
