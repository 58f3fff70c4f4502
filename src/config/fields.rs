//! The settings of one table in a list of the file: workspaces, receivers, grants.

use toml::{Table, Value};

use super::problem::{Problems, shown, suggest};
use crate::domain::receiver::Platform;
use crate::domain::text::Clean;

/// The longest name of a workspace or receiver, in visible characters.
pub(super) const LONGEST_NAME: usize = 40;

/// The settings of one table in a list; problems name the table's place.
pub(super) struct Fields<'a> {
    pub(super) place: &'a str,
    pub(super) table: Table,
    pub(super) problems: &'a mut Problems,
}

impl Fields<'_> {
    pub(super) fn problem(&mut self, field: &str, sentence: &str) {
        self.problems.add(format!("{} {field}", self.place), sentence);
    }

    /// Reports a setting that must be there and is not.
    pub(super) fn wants(&mut self, field: &str, sentence: &str) {
        if !self.table.contains_key(field) {
            self.problem(field, sentence);
        }
    }

    pub(super) fn word(&mut self, field: &str) -> Option<String> {
        if let Value::String(text) = self.table.remove(field)? {
            return Some(text);
        }
        self.problem(field, "write a text in quotes.");
        None
    }

    pub(super) fn name(&mut self, field: &str, default: Option<&str>) -> Option<Clean> {
        let text = if self.table.contains_key(field) {
            self.word(field)?
        } else if let Some(default) = default {
            default.to_owned()
        } else {
            self.problem(field, "it is missing: write name = \"desk\".");
            return None;
        };
        let clean = Clean::new(&text, LONGEST_NAME);
        if clean.is_empty() || clean.as_str() != text {
            self.problem(field, "write 1 to 40 visible characters, without blanks at the ends.");
            return None;
        }
        Some(clean)
    }

    /// Reports what nobody asked for.
    pub(super) fn finish(mut self, known: &[&str]) {
        let unknown: Vec<String> =
            self.table.keys().filter(|name| !known.contains(&name.as_str())).cloned().collect();
        for name in unknown {
            let hint = suggest(&name, known);
            self.problem(shown(&name), &format!("there is no such setting: {hint}"));
        }
    }

    pub(super) fn flag(&mut self, field: &str) -> bool {
        match self.table.remove(field) {
            None => false,
            Some(Value::Boolean(on)) => on,
            Some(_) => {
                self.problem(field, "write true or false, without quotes.");
                false
            }
        }
    }

    /// A word of a closed set.
    pub(super) fn choice<T: Copy>(
        &mut self,
        field: &str,
        what: &str,
        known: &[(&'static str, T)],
    ) -> Option<T> {
        let text = self.word(field)?;
        let found = known.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
            let hint = suggest(&text, &words);
            self.problem(field, &format!("there is no such {what}: {hint}"));
        }
        found
    }

    /// A platform's number, in quotes or without.
    pub(super) fn id(&mut self, field: &str, platform: Platform) -> Option<String> {
        let value = self.table.remove(field)?;
        self.read_id(field, &value, platform)
    }

    /// A list of them.
    pub(super) fn ids(&mut self, field: &str, platform: Platform) -> Vec<String> {
        match self.table.remove(field) {
            None => Vec::new(),
            Some(Value::Array(list)) => {
                list.iter().filter_map(|value| self.read_id(field, value, platform)).collect()
            }
            Some(_) => {
                self.problem(field, "write a list, for example [\"-1001234567890\"].");
                Vec::new()
            }
        }
    }

    fn read_id(&mut self, field: &str, value: &Value, platform: Platform) -> Option<String> {
        let text = match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Integer(number) => number.to_string(),
            _ => String::new(),
        };
        let digits = text.strip_prefix('-').unwrap_or(&text);
        let is_number =
            (1..=20).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        match platform {
            Platform::Telegram if is_number => Some(text),
            Platform::Discord if is_number && digits.len() == text.len() => Some(text),
            Platform::Telegram => {
                self.problem(
                    field,
                    "write Telegram's number in quotes, for example \"-1001234567890\".",
                );
                None
            }
            Platform::Discord | Platform::Console => {
                self.problem(field, "write Discord's number in quotes (Developer Mode, Copy ID).");
                None
            }
        }
    }
}
