//! What people write. In groups only what is addressed to us and known is heard; everything else
//! there is somebody else's. In private every text is a command or a question.

use chrono_tz::Tz;
use teloxide::types::{Message, MessageId, ThreadId};

use super::front::{Caller, Front, Stuck};
use super::guard::asked_about;
use super::letters::Letters;
use crate::clock::Alarm;
use crate::commands::{
    self, Actor, Command, Desk, Entrance, Invocation, KEPT_SMALL, ParseError, Reply, Role, Spec,
    Standing, WIDE, notice,
};
use crate::domain::card::{Card, Tone};
use crate::domain::leak::Pasted;
use crate::domain::receiver::Platform;
use crate::domain::text::Clean;

/// What stands in a text that begins with a slash.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Addressed {
    /// The command without the bot's name.
    line: String,
    /// Whether the bot was named.
    is_named: bool,
}

impl Front {
    /// Serves a message.
    pub(super) async fn hear(&self, message: &Message, is_forwarded: bool, alarm: &mut Alarm) {
        let Some(user) = &message.from else { return };
        let topic = message.thread_id.filter(|_| message.is_topic_message);
        let topic = topic.map(|ThreadId(MessageId(id))| id);
        let caller = self.caller(user, &message.chat, topic);
        if caller.spot.is_shared() {
            if is_forwarded || !self.is_ours(message) {
                self.overhear(&caller, message, alarm).await;
            } else {
                self.hear_in_group(&caller, message, alarm).await;
            }
        } else {
            self.hear_privately(&caller, message, is_forwarded, alarm).await;
        }
    }

    async fn hear_in_group(&self, caller: &Caller, message: &Message, alarm: &mut Alarm) {
        let Some(addressed) = message.text().and_then(|text| self.addressed(text)) else { return };
        let (name, rest) = split(&addressed.line);
        let code = Some(rest).filter(|rest| name == "start" && !rest.is_empty());
        let is_ours = match name {
            "start" => addressed.is_named || code.is_some(),
            _ => Spec::named(name).is_some(),
        };
        if !is_ours {
            return self.overhear(caller, message, alarm).await;
        }
        if let Some(reply) = self.counter.knock(&caller.visitor) {
            self.sweep(caller, message).await;
            return self.slow_down(caller, &reply, alarm).await;
        }
        let command = commands::parse_guarded(&addressed.line);
        // What was typed for a code and may be a secret is the guard's.
        if name == "start" && !is_question(&command) {
            return self.start_in_group(caller, (code, message), alarm).await;
        }
        let afresh = needs_admin(command.as_ref());
        let (desk, actor) = match self.enter_room(caller, afresh, alarm).await {
            Ok(entered) => entered,
            Err(Stuck::Stranger) if addressed.is_named => {
                let reply = self.counter.greet(&caller.visitor);
                return self.say_openly(caller.spot, &reply, alarm).await;
            }
            Err(Stuck::Stranger) => return,
            Err(Stuck::Said(reply)) => {
                return self.say_instead((caller, message), &reply, alarm).await;
            }
        };
        let Some((asked, reply, leaked)) =
            self.carry_out((&desk, actor), command, (caller, message), alarm).await
        else {
            return;
        };
        if reply.leak {
            return self.answer_leak((&desk, asked), reply, (caller, leaked), alarm).await;
        }
        self.answer((&desk, &asked), reply, (caller.spot, Some(message.id)), alarm).await;
    }

    /// Does what was typed in a group by somebody who was let in: what was asked, the answer, and
    /// the message that a leak would stand in. `None` where its mistake was told.
    async fn carry_out(
        &self,
        (desk, actor): (&Desk, Actor),
        typed: Result<Command, ParseError>,
        (caller, message): (&Caller, &Message),
        alarm: &mut Alarm,
    ) -> Option<(Invocation, Reply, MessageId)> {
        let typed = match typed {
            Ok(typed) => typed,
            // The sentence repeats nothing and tells nothing.
            Err(error) => {
                let reply = self.counter.misheard(&caller.visitor, error.reply());
                self.say_openly(caller.spot, &reply, alarm).await;
                return None;
            }
        };
        let leaked = asked_about(&typed, message);
        let command = with_replied(typed, message);
        let mut place = caller.visitor.place.clone();
        if may_add(&command) && actor.role >= Role::Admin {
            place.wide = self.is_wide(&message.chat).await;
        }
        let asked = Invocation { command, actor, place, at: caller.visitor.at };
        let reply = self.counter.run(desk, &asked).await;
        Some((asked, reply, leaked))
    }

    /// What a group's channel, a person by way of a machine or one who is away said there is
    /// nobody's command, and a secret all the same.
    pub(super) async fn hear_by_the_way(&self, message: &Message, alarm: &mut Alarm) {
        let Some(user) = &message.from else { return };
        let topic = message.thread_id.filter(|_| message.is_topic_message);
        let caller = self.caller(user, &message.chat, topic.map(|ThreadId(MessageId(id))| id));
        self.overhear(&caller, message, alarm).await;
    }

    /// An admin who hides behind the group's name: heard as an admin only where the workspace wants
    /// that, and never shown what is for one person alone.
    pub(super) async fn hear_anonymous(&self, message: &Message, alarm: &mut Alarm) {
        let Some(user) = &message.from else { return };
        let topic = message.thread_id.filter(|_| message.is_topic_message);
        let mut caller = self.caller(user, &message.chat, topic.map(|ThreadId(MessageId(id))| id));
        if !self.is_ours(message) {
            return self.overhear(&caller, message, alarm).await;
        }
        let Some(addressed) = message.text().and_then(|text| self.addressed(text)) else { return };
        caller.visitor.name = Clean::new("an anonymous admin of the group", 64);
        // One stand-in for all groups: each counts by itself.
        caller.visitor.id = format!("{} in {}", caller.visitor.id, caller.visitor.place.chat);
        if let Some(reply) = self.counter.knock(&caller.visitor) {
            self.sweep(&caller, message).await;
            return self.slow_down(&caller, &reply, alarm).await;
        }
        let entered = self.counter.enter_anonymously(&caller.visitor).await;
        let (desk, actor) = match self.or_sorry(entered) {
            Ok(Some(both)) => both,
            Ok(None) => {
                self.overhear(&caller, message, alarm).await;
                return self.hint_at_anonymity(&caller, alarm).await;
            }
            Err(Stuck::Said(reply)) => {
                return self.say_instead((&caller, message), &reply, alarm).await;
            }
            Err(Stuck::Stranger) => return,
        };
        let typed = commands::parse_guarded(&addressed.line);
        let Some((asked, reply, leaked)) =
            self.carry_out((&desk, actor), typed, (&caller, message), alarm).await
        else {
            return;
        };
        if reply.leak {
            let reply = Reply::open(notice(self.remove(message.chat.id, leaked).await));
            return self.say_openly(caller.spot, &reply, alarm).await;
        }
        if reply.private && !reply.silent {
            let line = "You are anonymous here, so I cannot show you the answer alone. What changed stands in the messages of this chat; for the rest ask in your own name.";
            let reply = Reply::open(Card::new(Tone::Plain, line));
            return self.say_openly(caller.spot, &reply, alarm).await;
        }
        self.answer((&desk, &asked), reply, (caller.spot, Some(message.id)), alarm).await;
    }

    /// Silence would look like a fault to an admin of a workspace's group; once a day is enough.
    async fn hint_at_anonymity(&self, caller: &Caller, alarm: &mut Alarm) {
        let known = self.counter.enter(&caller.visitor, &Standing::default()).await;
        if matches!(known, Ok(Entrance::In(_))) && self.counter.may_hint(&caller.visitor) {
            let line = "You are anonymous here, so I cannot tell who you are: switch off \"Remain anonymous\" in your admin rights and ask again.";
            let reply = Reply::open(Card::new(Tone::Plain, line));
            self.say_openly(caller.spot, &reply, alarm).await;
        }
    }

    async fn start_in_group(
        &self,
        caller: &Caller,
        (code, message): (Option<&str>, &Message),
        alarm: &mut Alarm,
    ) {
        let known = !matches!(self.enter_room(caller, false, alarm).await, Err(Stuck::Stranger));
        if known {
            self.counter.found(Platform::Telegram, &caller.visitor.place.chat).await;
        }
        let standing = if known || !self.counter.is_open() {
            Standing::default()
        } else {
            match self.standing(caller, true, alarm).await {
                Ok(standing) => standing,
                Err(Stuck::Said(reply)) => {
                    return self.say_openly(caller.spot, &reply, alarm).await;
                }
                Err(Stuck::Stranger) => return,
            }
        };
        let mut visitor = caller.visitor.clone();
        // Of a stranger's group Telegram is asked nothing before its code was good.
        visitor.place.wide = known && code.is_some() && self.is_wide(&message.chat).await;
        let reply = self.counter.start(&visitor, &standing, code, known).await;
        // With a code it may say which workspace this is; that is for whoever brought it.
        match self.enter_room(caller, true, alarm).await {
            Ok(_) if code.is_some() && !known => {
                let card = connected(self.is_wide(&message.chat).await);
                self.say_openly(caller.spot, &Reply::open(card), alarm).await;
            }
            Ok((desk, actor)) if code.is_some() => {
                let place = caller.visitor.place.clone();
                let command = Command::Help { command: None };
                let asked = Invocation { command, actor, place, at: caller.visitor.at };
                self.answer((&desk, &asked), reply, (caller.spot, Some(message.id)), alarm).await;
            }
            Ok(_) | Err(_) => self.say_openly(caller.spot, &reply, alarm).await,
        }
    }

    async fn hear_privately(
        &self,
        caller: &Caller,
        message: &Message,
        is_forwarded: bool,
        alarm: &mut Alarm,
    ) {
        let text = message.text().or_else(|| leaking_caption(message)).unwrap_or_default();
        let line = match text.strip_prefix('/').filter(|_| !is_forwarded) {
            Some(_) => match self.addressed(text) {
                Some(addressed) => format!("/{}", addressed.line),
                None => return,
            },
            None => text.to_owned(),
        };
        if let Some(reply) = self.counter.knock(&caller.visitor) {
            self.sweep(caller, message).await;
            return self.slow_down(caller, &reply, alarm).await;
        }
        let (name, rest) = split(&line);
        let parameter = Some(rest).filter(|rest| name == "/start" && !rest.is_empty());
        if let Some(parameter) = parameter.filter(|parameter| Letters::is_name(parameter)) {
            return self.open_letter(caller, parameter, alarm).await;
        }
        let command = understood(&line, message, is_forwarded);
        // What only an admin may do is never done on an answer of a minute ago.
        let afresh = needs_admin(command.as_ref());
        let mut instead = None;
        let entered = match self.enter_privately(caller, None, afresh, alarm).await {
            Ok(entered) => entered,
            // A code lets in whoever brings it, whatever Telegram says of them or does not.
            Err(Stuck::Said(reply)) if parameter.is_some() && !is_question(&command) => {
                instead = Some(reply);
                Entrance::Stranger
            }
            Err(Stuck::Said(reply)) => {
                return self.say_instead((caller, message), &reply, alarm).await;
            }
            Err(Stuck::Stranger) => Entrance::Stranger,
        };
        let known = !matches!(entered, Entrance::Stranger);
        if name == "/start" && !is_question(&command) {
            if known {
                self.counter.found(Platform::Telegram, &caller.visitor.place.chat).await;
            }
            let visitor = &caller.visitor;
            let standing = Standing::default();
            let reply = self.counter.start(visitor, &standing, parameter, known).await;
            let reply = instead.filter(|_| reply.silent).unwrap_or(reply);
            return self.say_openly(caller.spot, &reply, alarm).await;
        }
        let (desk, actor) = match entered {
            Entrance::In(both) => *both,
            Entrance::Several(desks) => {
                if self.warns(caller, message, alarm).await {
                    return;
                }
                if let Ok((card, ids)) = self.counter.offer_choice(&caller.visitor, &desks).await {
                    self.say(&card, (&ids, Tz::UTC), (caller.spot, None), alarm).await;
                }
                return;
            }
            Entrance::Stranger => {
                let reply = self.counter.greet(&caller.visitor);
                return self.say_openly(caller.spot, &reply, alarm).await;
            }
        };
        let command = match command {
            Ok(command) => command,
            Err(reply) => {
                let reply = self.counter.misheard(&caller.visitor, reply);
                return self.say_openly(caller.spot, &reply, alarm).await;
            }
        };
        let place = caller.visitor.place.clone();
        let asked = Invocation { command, actor, place, at: caller.visitor.at };
        let reply = self.counter.run(&desk, &asked).await;
        if reply.leak {
            // What lies in a private chat stays in its history on every device.
            let typed = commands::hear(&line);
            let leaked = typed.map_or(message.id, |typed| asked_about(&typed, message));
            return self.answer_leak((&desk, asked), reply, (caller, leaked), alarm).await;
        }
        self.answer((&desk, &asked), reply, (caller.spot, None), alarm).await;
    }

    /// Whether a message of a group is a command of ours.
    fn is_ours(&self, message: &Message) -> bool {
        let addressed = message.text().and_then(|text| self.addressed(text));
        addressed.is_some_and(|addressed| {
            let name = split(&addressed.line).0;
            name == "start" || Spec::named(name).is_some()
        })
    }

    /// A command without the slash and the bot's name; `None` when it is another bot's.
    fn addressed(&self, text: &str) -> Option<Addressed> {
        let ours = self.account.me.get().map(|me| me.username.as_str());
        addressed(text, ours)
    }
}

fn addressed(text: &str, ours: Option<&str>) -> Option<Addressed> {
    let (word, rest) = split(text.trim().strip_prefix('/')?);
    let (name, bot) = word.split_once('@').map_or((word, None), |(name, bot)| (name, Some(bot)));
    if let Some(bot) = bot
        && !ours.is_some_and(|ours| ours.eq_ignore_ascii_case(bot))
    {
        return None;
    }
    let line = format!("{} {rest}", name.to_lowercase()).trim().to_owned();
    Some(Addressed { line, is_named: bot.is_some() })
}

fn split(line: &str) -> (&str, &str) {
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    (name, rest.trim())
}

fn needs_admin<E>(command: Result<&Command, E>) -> bool {
    command.is_ok_and(|command| Spec::of(command).role == Role::Admin)
}

/// Whether something is asked, or handed to the guard as a question.
fn is_question<E>(command: &Result<Command, E>) -> bool {
    matches!(command, Ok(Command::Faq { .. }))
}

/// What stands under a picture or a file is not read, unless it may be a secret.
fn leaking_caption(message: &Message) -> Option<&str> {
    message.caption().filter(|caption| Pasted::of(caption) != Pasted::Nothing)
}

/// Only then it matters how many read along: whatever `/notify` answers may offer to add.
fn may_add(command: &Command) -> bool {
    matches!(command, Command::Notify { .. })
}

/// What is said where a private message holds nothing to read.
pub(super) const NO_TEXT: &str = "I read text; paste the last line of the error.";

/// A group has come in with a code.
pub(super) fn connected(is_wide: bool) -> Card {
    let card = Card::new(Tone::Fine, "Connected: this chat gets the warnings from now on.")
        .text("/keystatus shows the keys, to you alone.");
    if is_wide { card.text(WIDE).text(KEPT_SMALL) } else { card }
}

/// `/faq` as a reply asks about the text that it replies to.
fn with_replied(command: Command, message: &Message) -> Command {
    match command {
        Command::Faq { question: None, whom } => {
            let replied = message.reply_to_message();
            let text = replied.and_then(|replied| replied.text().or(replied.caption()));
            let question = text.map(|text| commands::whole(text).to_owned());
            Command::Faq { question, whom }
        }
        other => other,
    }
}

/// What a private text means; words of somebody else are a question and nothing more.
fn understood(line: &str, message: &Message, is_forwarded: bool) -> Result<Command, Reply> {
    let plain = |line: &str| Reply::private(Card::new(Tone::Plain, line));
    if line.trim().is_empty() {
        return Err(plain(NO_TEXT));
    }
    if is_forwarded {
        let question = commands::whole(line).to_owned();
        return Ok(Command::Faq { question: Some(question), whom: None });
    }
    let command = commands::hear(line).map_err(|error| error.reply())?;
    Ok(with_replied(command, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_bots_command_is_not_ours() {
        let heard = |text: &str| addressed(text, Some("keylapse_bot"));
        let ours = |line: &str, is_named| Some(Addressed { line: line.to_owned(), is_named });
        assert_eq!(heard("/keystatus"), ours("keystatus", false));
        assert_eq!(heard("/Ack@Keylapse_Bot 3 2h"), ours("ack 3 2h", true));
        assert_eq!(heard("/faq@keylapse_bot\n400003"), ours("faq 400003", true));
        for text in
            ["/keystatus@freqtrade_bot", "/ack@ 3", "hello", "hello /ack 3", "", "@keylapse_bot"]
        {
            assert_eq!(heard(text), None, "{text}");
        }
        assert_eq!(addressed("/ack@keylapse_bot", None), None);
    }
}
