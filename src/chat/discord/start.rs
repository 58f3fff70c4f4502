//! `/start` in a server: a code of the host makes the server one of a workspace and the channel one
//! that is warned. Only who manages the server can do that, and nothing is spent on a channel in
//! which no warning could be written.

use super::look::{Look, judge, needed};
use super::visit::{Room, Visit};
use crate::commands::{Reply, Standing, private_bot};
use crate::domain::card::{Card, Tone};
use crate::domain::text::Clean;

impl Visit {
    /// Takes a code in, or says what stands in the way; without one, says what the bot is.
    pub(super) async fn start(&self, code: Option<&str>) -> Reply {
        let standing = match &self.room {
            Room::Server(_, standing) => standing.clone(),
            Room::Private | Room::Elsewhere if code.is_some() => {
                return plain("Use the code in the server, in the channel that is to be warned.");
            }
            Room::Private | Room::Elsewhere => Standing::default(),
        };
        if code.is_some() {
            if !standing.manages {
                return plain(
                    "Connecting a channel takes Manage Server: somebody who has it sends the code.",
                );
            }
            if let Some(lack) = self.lack() {
                return plain(&lack);
            }
        }
        // Who manages a server may be told that a code is wrong; it says nothing of anybody.
        let known = (standing.manages && code.is_some()) || self.is_known().await;
        let reply = self.counter.start(&self.visitor, &standing, code, known).await;
        // Discord calls silence a failure.
        if reply.silent { private_bot() } else { Reply { private: true, ..reply } }
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
}

fn plain(line: &str) -> Reply {
    Reply::private(Card::new(Tone::Plain, line))
}
