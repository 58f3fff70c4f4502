//! `/start CODE` in a server: a code of the host makes the server one of a workspace and the
//! channel one that is warned. Only who manages the server can do that, and nothing is spent on a
//! channel in which no warning could be written.

use chrono_tz::Tz;

use super::answer::Said;
use super::look::{Look, judge, needed};
use super::visit::{Room, Visit};
use crate::commands::{Reply, private_bot};
use crate::domain::card::{Card, Tone};
use crate::domain::text::Clean;

impl Visit {
    /// Takes the code in, or says what stands in the way.
    pub async fn start(mut self, code: String) -> Option<Said> {
        let reply = match &self.room {
            Room::Server(_, standing) if !standing.manages => plain(
                "Connecting a channel takes Manage Server: somebody who has it sends the code.",
            ),
            Room::Server(..) => match self.lack() {
                Some(lack) => plain(&lack),
                None => self.take(&code).await,
            },
            Room::Private | Room::Elsewhere => {
                plain("Send that in the server, in the channel that is to be warned.")
            }
        };
        self.say(reply, Vec::new(), Tz::UTC)
    }

    /// What keeps the bot from warning in this channel.
    fn lack(&self) -> Option<String> {
        let (can, is_thread) = self.can;
        let name = self.visitor.place.title.as_ref().map_or("this channel", Clean::as_str);
        match judge(name, needed(is_thread) - can, true) {
            Look::Shut(why) => Some(format!("{why}, then send the code again.")),
            Look::Fine(_) | Look::Amiss(_) => None,
        }
    }

    async fn take(&mut self, code: &str) -> Reply {
        if code.trim().is_empty() {
            return private_bot();
        }
        // Who manages a server and has no code learns no more than that.
        let mut reply = self.counter.start(&self.visitor, Some(code), true).await;
        reply.private = true;
        reply
    }
}

fn plain(line: &str) -> Reply {
    Reply::private(Card::new(Tone::Plain, line))
}
