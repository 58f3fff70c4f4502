//! The language of a question, as far as it is clear, and the line that an answer in English opens with.
//!
//! Pure and deterministic: the script for Russian and Chinese, a table of frequent words (`tongues.txt`) for the others.
//! In doubt there is no line; nothing else is ever translated.

use std::collections::{HashMap, HashSet};

use super::words::{MAX_QUESTION_CHARS, data_lines};

/// What the opening line says, in each language that has one.
const OPENINGS: [(&str, &str); 9] = [
    ("es", "La respuesta sigue en ingl\u{e9}s."),
    ("pt", "A resposta segue em ingl\u{ea}s."),
    ("de", "Die Antwort folgt auf Englisch."),
    ("fr", "La r\u{e9}ponse suit en anglais."),
    ("ru", "Ответ ниже на английском."),
    ("tr", "Yan\u{131}t a\u{15f}a\u{11f}\u{131}da, \u{130}ngilizce olarak."),
    ("zh", "以下回答为英文。"),
    ("vi", "C\u{e2}u trả lời bằng tiếng Anh ở b\u{ea}n dưới."),
    ("id", "Jawabannya di bawah ini dalam bahasa Inggris."),
];
/// What a language needs to be clear: two words, or one that no other has.
const CLEAR: usize = 2;

/// The words of each language, with what one of them counts; built once.
#[derive(Debug)]
pub(super) struct Tongues {
    whole: HashMap<&'static str, Vec<(&'static str, usize)>>,
    starts: Vec<(&'static str, &'static str, usize)>,
}

impl Tongues {
    pub(super) fn embedded() -> Self {
        let mut tongues = Self { whole: HashMap::new(), starts: Vec::new() };
        for line in data_lines(include_str!("tongues.txt")) {
            let Some((tongue, words)) = line.split_once(':') else { continue };
            for word in words.split_whitespace() {
                let (word, counts) =
                    word.strip_prefix('!').map_or((word, 1), |telling| (telling, CLEAR));
                match word.strip_suffix('*') {
                    Some(start) => tongues.starts.push((start, tongue, counts)),
                    None => tongues.whole.entry(word).or_default().push((tongue, counts)),
                }
            }
        }
        tongues
    }

    /// The line that an answer to this question opens with; nothing for English and in doubt.
    pub(super) fn opening(&self, question: &str) -> Option<&'static str> {
        let tongue = self.tongue(question)?;
        OPENINGS.iter().find(|(known, _)| *known == tongue).map(|(_, line)| *line)
    }

    fn tongue(&self, question: &str) -> Option<&'static str> {
        let text: String = question.chars().take(MAX_QUESTION_CHARS).collect();
        let text = text.to_lowercase();
        if let Some(tongue) = by_script(&text) {
            return Some(tongue);
        }
        let words: HashSet<&str> =
            text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for word in words {
            let whole = self.whole.get(word).into_iter().flatten().copied();
            let starts = self.starts.iter().filter(|(start, ..)| word.starts_with(start));
            for (tongue, count) in whole.chain(starts.map(|(_, tongue, count)| (*tongue, *count))) {
                *counts.entry(tongue).or_default() += count;
            }
        }
        let most = counts.values().copied().max().filter(|most| *most >= CLEAR)?;
        let mut best = counts.into_iter().filter(|(_, count)| *count == most);
        match (best.next(), best.next()) {
            (Some((tongue, _)), None) => {
                Some(OPENINGS.iter().find(|(known, _)| *known == tongue)?.0)
            }
            _ => None,
        }
    }
}

/// Russian and Chinese have a script of their own, which must weigh more than the Latin words around it. Letters that
/// Ukrainian or Belarusian have and Russian has not, and the kana of Japanese, speak against.
fn by_script(text: &str) -> Option<&'static str> {
    let latin = text
        .split(|c: char| !c.is_ascii_alphabetic())
        .filter(|word| word.chars().nth(1).is_some())
        .count();
    let cyrillic = text
        .split(|c: char| !matches!(c, 'а'..='я' | 'ё'))
        .filter(|word| word.chars().nth(1).is_some())
        .count();
    let is_other = |c: char| {
        matches!(c, 'і' | 'ї' | 'є' | 'ґ' | 'ў' | 'ј' | 'ђ' | 'љ' | 'њ' | 'ћ' | 'џ')
            || matches!(c, '\u{3040}'..='\u{30ff}' | '\u{ac00}'..='\u{d7af}')
    };
    if text.chars().any(is_other) {
        return None;
    }
    let han = text.chars().filter(|c| matches!(c, '\u{4e00}'..='\u{9fff}')).count();
    if han >= 2 && han >= latin {
        Some("zh")
    } else if cyrillic >= 1 && cyrillic >= latin {
        Some("ru")
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
