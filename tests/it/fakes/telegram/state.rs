//! What the server knows: chats with their members, messages, pending updates, menus.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::people::Status;
use super::{Break, Request};

#[derive(Default)]
pub struct State {
    pub chats: BTreeMap<i64, Chat>,
    pub updates: VecDeque<(i64, Value)>,
    pub last_update: i64,
    /// Updates below this were confirmed.
    pub confirmed: i64,
    /// The poll that is under way; a newer one ends it.
    pub poll: u64,
    /// When each poll began.
    pub poll_times: Vec<DateTime<Utc>>,
    /// The last poll that ended with nothing.
    pub idled: u64,
    pub webhook: String,
    pub is_revoked: bool,
    /// Its privacy mode is off.
    pub reads_all: bool,
    pub allowed: Vec<String>,
    pub last_message: i64,
    /// What people wrote and nobody has deleted: chat and message, with when.
    pub said: BTreeMap<(i64, i64), DateTime<Utc>>,
    pub menus: BTreeMap<String, Value>,
    /// Pressed buttons and what they were answered with.
    pub queries: BTreeMap<String, Option<Value>>,
    pub breaks: VecDeque<(&'static str, Break)>,
    pub log: Vec<Request>,
    pub offences: Vec<String>,
    /// Posts and edits, for the limits.
    pub paced: Vec<(DateTime<Utc>, i64)>,
}

pub struct Chat {
    pub kind: &'static str,
    pub title: String,
    pub members: BTreeMap<i64, Status>,
    pub topics: Vec<i64>,
    pub messages: BTreeMap<i64, Shown>,
    pub moved_to: Option<i64>,
    /// How many people are said to be in it, where a story says so.
    pub count: Option<i64>,
    /// Whether it has a name that anybody can look for.
    pub is_public: bool,
    /// Messages that nobody has read in the story yet.
    pub unread: VecDeque<i64>,
}

/// A message as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub id: i64,
    pub at: DateTime<Utc>,
    pub text: String,
    /// What can be tapped in it by itself.
    pub alive: Vec<String>,
    /// Words and what is behind them: callback data or a link.
    pub buttons: Vec<(String, String)>,
    pub topic: Option<i64>,
    pub is_quiet: bool,
    pub edits: u32,
}

impl Shown {
    /// What is behind the button with these words.
    pub fn button(&self, words: &str) -> String {
        let found = self.buttons.iter().find(|(label, _)| label == words);
        found.unwrap_or_else(|| panic!("no [{words}] under {self:?}")).1.clone()
    }
}
