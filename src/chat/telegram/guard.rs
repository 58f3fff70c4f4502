//! Messages that hold a secret, on Telegram: which one it is, that it goes, and what everybody in
//! the group is told. What is a secret the counter decides; the text is judged in memory and kept
//! nowhere. Telegram deletes somebody's message in a group only where the bot is an admin who may,
//! and in a private chat within two days.

use chrono_tz::Tz;
use teloxide::payloads::DeleteMessage;
use teloxide::types::{ChatId, Message, MessageId};

use super::api::Fault;
use super::front::{Caller, Front};
use super::letters::Letter;
use super::reply::pointer;
use crate::clock::Alarm;
use crate::commands::{Command, Desk, Invocation, Removal, Reply, notice};
use crate::domain::receiver::Platform;

impl Front {
    /// Looks through a message of a group that nobody addressed to the bot.
    pub(super) async fn overhear(&self, caller: &Caller, message: &Message, alarm: &mut Alarm) {
        if !self.guards {
            return;
        }
        let place = &caller.visitor.place;
        if !self.counter.overhear((Platform::Telegram, &place.chat), words(message)).await {
            return;
        }
        let removal = self.remove(message.chat.id, message.id).await;
        if self.counter.may_warn(place, caller.visitor.at) {
            self.say_openly(caller.spot, &Reply::open(notice(removal)), alarm).await;
        }
    }

    /// Answers what was a leak: its message goes first. In a group everybody is told that it did,
    /// and the rest waits for whoever asked.
    pub(super) async fn answer_leak(
        &self,
        (desk, asked): (&Desk, Invocation),
        reply: Reply,
        (caller, leaked): (&Caller, MessageId),
        alarm: &mut Alarm,
    ) {
        let spot = caller.spot;
        let removal = self.remove(ChatId(spot.chat), leaked).await;
        let reply = reply.after(removal);
        if !spot.is_shared() {
            return self.answer((desk, &asked), reply, (spot, None), alarm).await;
        }
        let letter = Letter { workspace: desk.workspace().id.clone(), asked, reply };
        let keyboard = self.link(letter).map(|link| pointer(link).1);
        self.post(&notice(removal), Tz::UTC, keyboard, (spot, None), alarm).await;
    }

    /// Somebody who is at home here has said too much at once: a secret goes all the same, and
    /// nothing is said of it.
    pub(super) async fn sweep(&self, caller: &Caller, message: &Message) {
        let warning = self.counter.warning(&caller.visitor.place, words(message));
        if warning.is_some() && self.is_at_home(caller).await {
            self.remove(message.chat.id, message.id).await;
        }
    }

    /// Somebody cannot be served: where they wrote a secret it goes, and they are warned; `false`
    /// where they did not.
    pub(super) async fn warns(
        &self,
        caller: &Caller,
        message: &Message,
        alarm: &mut Alarm,
    ) -> bool {
        let place = &caller.visitor.place;
        let Some(warning) = self.counter.warning(place, words(message)) else { return false };
        let removal = self.remove(message.chat.id, message.id).await;
        let reply = if caller.spot.is_shared() {
            Reply::open(notice(removal))
        } else {
            warning.after(removal)
        };
        self.say_openly(caller.spot, &reply, alarm).await;
        true
    }

    /// What is said to somebody who cannot be served, after the warning where one is due.
    pub(super) async fn say_instead(
        &self,
        (caller, message): (&Caller, &Message),
        reply: &Reply,
        alarm: &mut Alarm,
    ) {
        if !self.warns(caller, message, alarm).await {
            self.say_openly(caller.spot, reply, alarm).await;
        }
    }

    /// Deletes a message; what is gone already is gone.
    pub(super) async fn remove(&self, chat: ChatId, message: MessageId) -> Removal {
        match self.account.api.call::<_, bool>(&DeleteMessage::new(chat, message)).await {
            Ok(_) => Removal::Done,
            Err(Fault::Refused(refusal)) if refusal.words.to_lowercase().contains(GONE) => {
                Removal::Done
            }
            Err(fault) => {
                tracing::warn!(?fault, "a message that holds a secret could not be deleted");
                Removal::Refused
            }
        }
    }
}

fn words(message: &Message) -> &str {
    message.text().or(message.caption()).unwrap_or_default()
}

/// What Telegram says of a message that is not there.
const GONE: &str = "message to delete not found";

/// The message that a question stood in: the one it replies to, where it asks about that.
pub(super) fn asked_about(typed: &Command, message: &Message) -> MessageId {
    match (typed, message.reply_to_message()) {
        (Command::Faq { question: None, .. }, Some(replied)) => replied.id,
        _ => message.id,
    }
}
