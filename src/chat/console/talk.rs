//! What is typed becomes an invocation, what is answered is printed. Whoever sits at the host's
//! terminal may do everything: they could read the database as well.

use std::io;
use std::sync::Arc;

use super::screen::Screen;
use crate::clock::Clock;
use crate::commands::{self, Actor, Command, Counter, Desk, Invocation, Place, Press, Reply, Role};
use crate::domain::card::{Card, Tone};
use crate::domain::receiver::Platform;
use crate::domain::text::Clean;

/// A conversation on one terminal.
pub struct Talk {
    screen: Arc<Screen>,
    counter: Arc<Counter>,
    desk: Desk,
    clock: Arc<dyn Clock>,
    actor: Actor,
    place: Place,
}

/// What is no question, and is answered with what can be done.
const GREETINGS: [&str; 4] = ["hello", "hi", "hey", "start"];
/// Whoever sits here is in already.
const CODES_BELONG: &str = "A code is sent in Discord or Telegram, from the chat that is to be warned; this terminal needs none.";

/// What comes after a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The next line.
    Listen,
    /// The person has said goodbye.
    Leave,
}

impl Talk {
    /// A conversation of the person `name` with the workspace of `desk`; `chat` is the terminal's
    /// name in receivers.
    pub fn new(
        screen: Arc<Screen>,
        (counter, desk): (Arc<Counter>, Desk),
        clock: Arc<dyn Clock>,
        (name, chat): (&str, &str),
    ) -> Self {
        let name = Clean::new(name, 64);
        let actor = Actor {
            platform: Platform::Console,
            id: "host".to_owned(),
            name,
            role: Role::Admin,
            moderates: false,
        };
        let place = Place {
            platform: Platform::Console,
            chat: chat.to_owned(),
            topic: None,
            private: true,
            title: Some(Clean::new(chat, 40)),
            wide: false,
        };
        Self { screen, counter, desk, clock, actor, place }
    }

    /// Answers one line.
    pub async fn hear(&self, line: &str) -> io::Result<Next> {
        // Stepped time stands still while somebody is answered.
        let _busy = self.clock.busy();
        let _turn = self.screen.turn().await;
        let line = line.trim();
        if line.is_empty() {
            return Ok(Next::Listen);
        }
        if matches!(line, "exit" | "quit" | "/exit" | "/quit") {
            return Ok(Next::Leave);
        }
        // Six digits are an exchange's error code and never a choice.
        let is_code = line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit());
        let line = &if is_code { format!("/faq {line}") } else { line.to_owned() };
        if let Ok(number) = line.parse::<u32>() {
            self.press(number).await?;
            return Ok(Next::Listen);
        }
        let is_greeting = GREETINGS.iter().any(|word| line.eq_ignore_ascii_case(word));
        let heard = if is_greeting { commands::parse("/start") } else { commands::hear(line) };
        match heard {
            Ok(Command::Start { code: Some(_) }) => {
                self.say(&Card::new(Tone::Plain, CODES_BELONG))?;
            }
            Ok(command) => {
                let invocation = self.invocation(command);
                let reply = self.counter.run(&self.desk, &invocation).await;
                self.print(&invocation, &reply).await?;
            }
            Err(error) => self.say(&Card::new(Tone::Plain, error.to_string()))?,
        }
        Ok(Next::Listen)
    }

    async fn press(&self, number: u32) -> io::Result<()> {
        let (id, chat) =
            self.screen.button(number).map(|(id, chat)| (id.0, chat)).unwrap_or_default();
        // A button means something only in the chat in which it was offered.
        let chat = chat.unwrap_or_else(|| self.place.chat.clone());
        let press = Press {
            id,
            actor: self.actor.clone(),
            place: Place { chat, ..self.place.clone() },
            at: self.clock.now(),
        };
        let reply = self.counter.press(&self.desk, &press).await;
        self.print(&self.invocation(commands::Command::Alerts), &reply).await
    }

    fn invocation(&self, command: commands::Command) -> Invocation {
        Invocation {
            command,
            actor: self.actor.clone(),
            place: self.place.clone(),
            at: self.clock.now(),
        }
    }

    async fn print(&self, invocation: &Invocation, reply: &Reply) -> io::Result<()> {
        if reply.silent {
            return Ok(());
        }
        // Without rows the buttons mean nothing; the answer itself is worth more.
        let buttons = self.counter.offer(&self.desk, invocation, reply).await;
        let buttons = buttons.unwrap_or_else(|error| {
            tracing::error!(%error, "the buttons of an answer could not be made");
            Vec::new()
        });
        for (n, card) in reply.cards.iter().enumerate() {
            let ids = buttons.get(n).map(Vec::as_slice).unwrap_or_default();
            self.screen.answer(card, ids, self.zone(), self.clock.now())?;
        }
        Ok(())
    }

    fn say(&self, card: &Card) -> io::Result<()> {
        self.screen.answer(card, &[], self.zone(), self.clock.now())
    }

    /// The zone of its workspace.
    pub fn zone(&self) -> chrono_tz::Tz {
        self.desk.workspace().zone
    }
}
