//! Private answers to what was asked in a group: they wait a few minutes behind a link into the
//! private chat, and only the person who asked can open theirs. In memory only: a restart loses
//! them, and asking again costs nothing.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::commands::{Invocation, Reply};
use crate::domain::id::WorkspaceId;
use crate::ids::Ids;

/// How long an answer waits.
const LIFE: TimeDelta = TimeDelta::minutes(10);
/// Answers that wait at once; beyond them the oldest goes.
const MOST: usize = 512;
/// Begins every name of ours, so that it is not taken for a claim code.
const PREFIX: &str = "a_";

/// An answer on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// At whose desk it was given.
    pub workspace: WorkspaceId,
    /// What was asked, where and by whom.
    pub asked: Invocation,
    /// What was answered; asking again would do a deed twice.
    pub reply: Reply,
}

/// Waiting answers by the short name in their link.
#[derive(Default)]
pub struct Letters(Mutex<HashMap<String, Letter>>);

impl Letters {
    /// Keeps an answer; the name of its link fits `?start=`.
    pub fn keep(&self, letter: Letter, now: DateTime<Utc>) -> String {
        let name = format!("{PREFIX}{}", Ids::Random.next::<String>(now));
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, letter| is_young(letter, now));
        if kept.len() >= MOST {
            let oldest = kept.iter().min_by_key(|(_, letter)| letter.asked.at);
            let oldest = oldest.map(|(name, _)| name.clone());
            oldest.and_then(|name| kept.remove(&name));
        }
        kept.insert(name.clone(), letter);
        name
    }

    /// Whether a start parameter is the name of an answer, waiting or not.
    pub fn is_name(parameter: &str) -> bool {
        parameter.starts_with(PREFIX)
    }

    /// Hands an answer to the person who asked, once. For anybody else it stays where it is.
    pub fn take(&self, name: &str, person: &str, now: DateTime<Utc>) -> Option<Letter> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let letter = kept.get(name)?;
        if letter.asked.actor.id != person || !is_young(letter, now) {
            return None;
        }
        kept.remove(name)
    }
}

fn is_young(letter: &Letter, now: DateTime<Utc>) -> bool {
    (TimeDelta::zero()..LIFE).contains(&(now - letter.asked.at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::{Actor, Command, Place, Role};
    use crate::domain::receiver::Platform;
    use crate::domain::text::Clean;

    fn letter(minutes: i64) -> Letter {
        let place = Place {
            platform: Platform::Telegram,
            chat: "-5".into(),
            topic: None,
            private: false,
            title: None,
            wide: false,
        };
        let name = Clean::new("Ann", 20);
        let actor = Actor {
            platform: Platform::Telegram,
            id: "11".into(),
            name,
            role: Role::Viewer,
            moderates: false,
        };
        let asked = Invocation { command: Command::Alerts, actor, place, at: at(minutes) };
        Letter { workspace: WorkspaceId("w".into()), asked, reply: Reply::default() }
    }

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + minutes * 60, 0).unwrap()
    }

    #[test]
    fn only_who_asked_opens_an_answer_once_and_within_ten_minutes() {
        let letters = Letters::default();
        let name = letters.keep(letter(0), at(0));
        assert!(Letters::is_name(&name) && name.len() <= 64);
        assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
        assert_eq!(letters.take(&name, "12", at(1)), None);
        assert_eq!(letters.take("a_other", "11", at(1)), None);
        assert_eq!(letters.take(&name, "11", at(1)), Some(letter(0)));
        assert_eq!(letters.take(&name, "11", at(1)), None);
        let late = letters.keep(letter(2), at(2));
        assert_eq!(letters.take(&late, "11", at(12)), None);
    }

    #[test]
    fn a_flood_keeps_a_bounded_number() {
        let letters = Letters::default();
        let names: Vec<String> = (0..2_000).map(|_| letters.keep(letter(0), at(0))).collect();
        assert!(letters.0.lock().unwrap().len() <= MOST);
        assert!(letters.take(names.last().unwrap(), "11", at(0)).is_some());
    }
}
