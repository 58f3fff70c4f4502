//! Messages that hold a secret, on Discord: which one it is, that it goes, and what everybody in the
//! channel is told. What is a secret the counter decides; the text is judged in memory and kept
//! nowhere. Discord deletes somebody's message only where the bot has Manage Messages.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use reqwest::Method;
use serde_json::Value;
use serenity::all::{
    CommandData, CreateAllowedMentions, CreateMessage, GatewayIntents, Message, MessageType,
};

use super::answer::Said;
use super::events::Events;
use super::render;
use super::visit::{Room, Visit};
use super::wire::{Ask, Outcome, Wire};
use crate::commands::{
    Actor, Command, Counter, Desk, Invocation, Place, Removal, Reply, Report, notice,
};
use crate::domain::receiver::Platform;

/// How often it is tried to delete a message.
const TRIES: usize = 3;
/// The longest that is waited for the next try.
const WAIT: Duration = Duration::from_secs(5);
/// Discord's code for a message that is not there.
const UNKNOWN_MESSAGE: u64 = 10_008;

/// What is said once where Discord does not let the guard of channels hear anything.
pub const GUARD_REFUSED: &str = "Discord does not let this bot read messages, so the leak guard of its channels is off: switch on Message Content Intent (Developer Portal, page Bot) and start again, or take guard_channels out of [discord]. Commands are still guarded.";

/// Whether ordinary messages of channels are looked through.
#[derive(Clone, Debug, Default)]
pub struct Guard(Arc<AtomicBool>);

impl Guard {
    /// As the settings say it.
    pub fn set(is_on: bool) -> Self {
        Self(Arc::new(AtomicBool::new(is_on)))
    }

    /// Whether messages are heard and looked through.
    pub fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Discord refused what the guard needs; `false` where it was off already.
    pub fn switch_off(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }

    /// What the gateway is asked for: nothing privileged without the guard.
    pub fn intents(&self) -> GatewayIntents {
        if self.is_on() {
            GatewayIntents::GUILDS
                | GatewayIntents::GUILD_MESSAGES
                | GatewayIntents::MESSAGE_CONTENT
        } else {
            GatewayIntents::GUILDS
        }
    }
}

/// A message of somebody, and the way to it.
pub struct Target {
    wire: Arc<Wire>,
    channel: u64,
    message: u64,
}

impl Target {
    /// The message that a message command points at.
    pub fn of(wire: &Arc<Wire>, data: &CommandData) -> Option<Self> {
        let message = data.resolved.messages.values().next()?;
        let (channel, message) = (message.channel_id.get(), message.id.get());
        Some(Self { wire: wire.clone(), channel, message })
    }

    /// Which one it is, for the audit.
    fn name(&self) -> String {
        format!("channel {}, message {}", self.channel, self.message)
    }

    /// Deletes it; what is gone already is gone.
    pub async fn remove(&self) -> Removal {
        let Self { wire, channel, message } = self;
        let (path, route) =
            (format!("/channels/{channel}/messages/{message}"), format!("DELETE {channel}"));
        for _ in 0..TRIES {
            let ask = Ask { method: Method::DELETE, path: &path, route: &route };
            let wait = match wire.ask(&ask, None::<&Value>).await {
                Outcome::Done(_) | Outcome::Refused { code: UNKNOWN_MESSAGE, .. } => {
                    return Removal::Done;
                }
                Outcome::Refused { .. } => return Removal::Refused,
                Outcome::Later { after, .. } => after.unwrap_or_default(),
                Outcome::Unsure(_) => Duration::ZERO,
            };
            let _ = tokio::time::timeout(wait.min(WAIT), std::future::pending::<()>()).await;
        }
        Removal::Refused
    }

    /// Tells everybody in the channel, and calls nobody.
    pub async fn announce(&self, removal: Removal, now: DateTime<Utc>) {
        let shown = render::message(&[notice(removal)], &[], Tz::UTC, now);
        let body = CreateMessage::new()
            .embeds(shown.embeds)
            .components(shown.rows)
            .allowed_mentions(CreateAllowedMentions::new());
        let channel = self.channel;
        let (path, route) = (format!("/channels/{channel}/messages"), format!("POST {channel}"));
        let ask = Ask { method: Method::POST, path: &path, route: &route };
        if !matches!(self.wire.ask(&ask, Some(&body)).await, Outcome::Done(_)) {
            tracing::warn!(channel, "a channel could not be told of a leak");
        }
    }
}

impl Events {
    /// Looks through a message that nobody addressed to the bot.
    pub(super) async fn overhear(&self, message: &Message) {
        let is_ordinary = matches!(message.kind, MessageType::Regular | MessageType::InlineReply);
        let is_machine = message.author.bot || message.webhook_id.is_some();
        let Some(server) = message.guild_id.filter(|_| is_ordinary && !is_machine) else { return };
        let room = server.get().to_string();
        if !self.counter.overhear((Platform::Discord, &room), &message.content).await {
            return;
        }
        let (wire, channel) = (self.wire.clone(), message.channel_id.get());
        let target = Target { wire, channel, message: message.id.get() };
        let removal = target.remove().await;
        warn((&*self.counter, &target), &place(channel), removal, self.clock.now()).await;
    }
}

impl Visit {
    /// A command about somebody's message was a leak: the message goes, and its channel is told
    /// where it did. What stays is not pointed at in the open.
    pub(super) async fn clear(&self, reply: Reply) -> Reply {
        let Some(target) = self.pointed_at.as_ref().filter(|_| reply.leak) else { return reply };
        let removal = target.remove().await;
        if removal == Removal::Done && matches!(self.room, Room::Server(..)) {
            let place = place(target.channel);
            warn((&*self.counter, target), &place, removal, self.clock.now()).await;
        }
        reply.after(removal)
    }

    /// A moderator says that the message pointed at holds a secret.
    pub(super) async fn report(&self, desk: &Desk, actor: Actor) -> Option<Said> {
        let (place, at) = (self.visitor.place.clone(), self.visitor.at);
        let command = Command::Faq { question: None, whom: None };
        let asked = Invocation { command, actor, place, at };
        let reply = match (self.counter.report(&asked), &self.pointed_at) {
            (Report::Taken(reply), Some(target)) => {
                let removal = target.remove().await;
                if removal == Removal::Done {
                    self.counter.reported(desk, &asked, &target.name()).await;
                }
                let place = &asked.place;
                warn((&*self.counter, target), place, removal, self.clock.now()).await;
                reply.after(removal)
            }
            (Report::Taken(reply) | Report::Refused(reply), _) => reply,
        };
        let buttons = self.counter.offer(desk, &asked, &reply).await.unwrap_or_default();
        self.say(reply, buttons, desk.workspace().zone)
    }
}

async fn warn(
    (counter, target): (&Counter, &Target),
    place: &Place,
    removal: Removal,
    now: DateTime<Utc>,
) {
    if counter.may_warn(place, now) {
        target.announce(removal, now).await;
    }
}

fn place(channel: u64) -> Place {
    Place {
        platform: Platform::Discord,
        chat: channel.to_string(),
        topic: None,
        private: false,
        title: None,
        wide: false,
    }
}
