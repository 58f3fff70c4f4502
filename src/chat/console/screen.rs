//! One terminal: what was printed on it, and which number stands for which button. Numbers only
//! grow, so that a choice typed while a new message arrives still means what it meant.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use super::super::Post;
use super::super::wall::Wall;
use super::render;
use crate::domain::card::Card;
use crate::domain::id::ButtonId;

/// Prints a few whole lines at once.
pub type Print = Box<dyn FnMut(&str) -> io::Result<()> + Send>;

/// How many characters a line has now; a window changes.
pub type Width = Box<dyn Fn() -> usize + Send>;

/// A terminal.
pub struct Screen {
    state: Mutex<State>,
    /// Held while something typed is answered, so that its answer comes before what it causes.
    turn: tokio::sync::Mutex<()>,
}

struct State {
    print: Print,
    width: Width,
    day: Option<NaiveDate>,
    last_number: u32,
    /// What each number means: a button, and the chat in which it was offered unless in an answer.
    buttons: BTreeMap<u32, (ButtonId, Option<String>)>,
    titles: BTreeMap<String, String>,
    /// The first line of the newest message or change.
    last_said: String,
}

/// More choices than this are not remembered; the oldest go.
const MOST_CHOICES: usize = 500;

impl Screen {
    /// A terminal behind `print`, as wide as every transcript.
    pub fn new(print: Print) -> Self {
        Self::as_wide_as(print, Box::new(|| render::WIDTH))
    }

    /// A terminal behind `print` whose lines are as long as `width` says at each message.
    pub fn as_wide_as(print: Print, width: Width) -> Self {
        let state = State {
            print,
            width,
            day: None,
            last_number: 0,
            buttons: BTreeMap::new(),
            titles: BTreeMap::new(),
            last_said: String::new(),
        };
        Self { state: Mutex::new(state), turn: tokio::sync::Mutex::new(()) }
    }

    /// The right to print next, for an answer and for what nobody asked for.
    pub async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Prints a message to `chat` that nobody asked for, with its time.
    pub fn post(&self, chat: &str, post: &Post) -> io::Result<()> {
        let mut state = self.lock();
        let wall = Wall { zone: post.zone, now: post.now };
        let mut lines = day_line(&mut state.day, wall);
        lines.extend(render::stamped(&stamp(wall), &post.card, wall, (state.width)()));
        lines.extend(state.number(&post.card, &post.buttons, Some(chat)));
        let title = render::title(&post.card, wall);
        state.remember(post.nonce.as_str(), title.clone());
        state.last_said = title;
        state.say(&lines)
    }

    /// Says in one line what a printed message would read now. What is printed cannot be taken
    /// back, so only a changed first line of a live message is worth a line.
    pub fn update(&self, receipt: &str, post: &Post) -> io::Result<()> {
        let mut state = self.lock();
        let wall = Wall { zone: post.zone, now: post.now };
        let title = render::title(&post.card, wall);
        let known = state.remember(receipt, title.clone());
        // A closing line says the same in a message of its own; and two receivers that are both
        // this terminal are told once.
        if !post.is_live || known.as_ref() == Some(&title) || state.last_said == title {
            return Ok(());
        }
        let mut lines = day_line(&mut state.day, wall);
        let head = Card { body: Vec::new(), buttons: Vec::new(), ..post.card.clone() };
        lines.extend(render::stamped(&stamp(wall), &head, wall, (state.width)()));
        state.last_said = title;
        state.say(&lines)
    }

    /// Prints the answer to something typed.
    pub fn answer(
        &self,
        card: &Card,
        buttons: &[ButtonId],
        zone: Tz,
        now: DateTime<Utc>,
    ) -> io::Result<()> {
        let mut state = self.lock();
        let mut lines = render::card(card, Wall { zone, now }, (state.width)());
        lines.extend(state.number(card, buttons, None));
        state.say(&lines)
    }

    /// Prints plain lines of the program itself.
    pub fn note(&self, text: &str) -> io::Result<()> {
        let mut state = self.lock();
        let text = render::plain(text.trim_end_matches('\n'), (state.width)());
        state.say(&[text])
    }

    /// The button behind a number, and the chat of the message that it stands under; none for an
    /// answer. Several receivers may be this terminal, each a chat of its own.
    pub fn button(&self, number: u32) -> Option<(ButtonId, Option<String>)> {
        self.lock().buttons.get(&number).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time before a first line.
fn stamp(wall: Wall) -> String {
    wall.now.with_timezone(&wall.zone).format("%H:%M ").to_string()
}

/// A line for the first message of a day.
fn day_line(day: &mut Option<NaiveDate>, wall: Wall) -> Vec<String> {
    let local = wall.now.with_timezone(&wall.zone);
    if day.replace(local.date_naive()) == Some(local.date_naive()) {
        return Vec::new();
    }
    vec![String::new(), local.format("--- %a %-d %b %Y ---").to_string()]
}

impl State {
    fn number(&mut self, card: &Card, buttons: &[ButtonId], chat: Option<&str>) -> Vec<String> {
        let mut labels = Vec::with_capacity(buttons.len());
        for (button, id) in card.buttons.iter().zip(buttons) {
            self.last_number += 1;
            self.buttons.insert(self.last_number, (id.clone(), chat.map(str::to_owned)));
            labels.push((self.last_number, button.label.as_str()));
        }
        while self.buttons.len() > MOST_CHOICES {
            self.buttons.pop_first();
        }
        if labels.is_empty() { Vec::new() } else { render::choices(&labels, (self.width)()) }
    }

    /// What a message says first; answers with what it said before. The oldest are forgotten.
    fn remember(&mut self, message: &str, title: String) -> Option<String> {
        let before = self.titles.insert(message.to_owned(), title);
        while self.titles.len() > MOST_CHOICES {
            self.titles.pop_first();
        }
        before
    }

    fn say(&mut self, lines: &[String]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        (self.print)(&format!("{}\n", lines.join("\n")))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::card::Tone;
    use crate::domain::id::MessageId;

    fn post(nonce: &str, title: &str) -> Post {
        Post {
            nonce: MessageId(nonce.to_owned()),
            card: Card::new(Tone::Broken, title),
            buttons: Vec::new(),
            quiet: false,
            calls: None,
            tried_at: None,
            is_live: true,
            zone: Tz::UTC,
            now: DateTime::from_timestamp(1_790_000_000, 0).unwrap(),
        }
    }

    #[test]
    fn two_receivers_on_one_terminal_say_each_change_once_and_hide_none() {
        let paper = Arc::new(Mutex::new(String::new()));
        let copy = paper.clone();
        let screen = Screen::new(Box::new(move |text| {
            copy.lock().unwrap().push_str(text);
            Ok(())
        }));
        for nonce in ["desk", "risk"] {
            screen.post("desk", &post(nonce, "can now withdraw")).unwrap();
        }
        // Gone for one look, then there again: the last word must not be that it looks settled.
        for title in ["looks settled", "can now withdraw"] {
            for nonce in ["desk", "risk"] {
                screen.update(nonce, &post(nonce, title)).unwrap();
            }
        }
        let said = paper.lock().unwrap();
        assert_eq!(said.matches("looks settled").count(), 1, "{said}");
        assert_eq!(said.matches("can now withdraw").count(), 3, "{said}");
        assert!(said.trim_end().ends_with("can now withdraw"), "{said}");
    }
}
