//! Who comes, where, and at which desk they are served. A server's commands need the bot to be
//! installed in that server; in private only questions are answered, and only for members of a
//! server that belongs to a workspace. Everything else is a stranger's.

use std::sync::Arc;

use chrono_tz::Tz;
use serenity::all::{
    AuthorizingIntegrationOwner, AuthorizingIntegrationOwners, Cache, ChannelId, ChannelType,
    CommandInteraction, ComponentInteraction, Guild, GuildId, Http, InteractionContext, Member,
    PartialChannel, Permissions, User, UserId,
};

use super::answer::Said;
use super::guard::Target;
use super::members::Members;
use super::standing::{is_wide, standing};
use crate::clock::Clock;
use crate::commands::{
    Actor, ArgumentKind, Command, Counter, Desk, Entrance, Invocation, Place, Press, Reply, Role,
    Spec, Standing, Suggestion, Visitor, private_bot,
};
use crate::domain::card::{Card, Tone};
use crate::domain::id::ButtonId;
use crate::domain::receiver::Platform;
use crate::domain::text::Clean;

/// What a person wants.
pub enum Wish {
    /// A command.
    Ask(Command),
    /// A command about somebody else's message: answered to the asker alone.
    Explain(Command),
    /// A moderator's word that somebody's message holds a secret.
    Report,
    /// The id of a button.
    Press(String),
}

/// A person at a place.
pub struct Visit {
    /// Where they are served.
    pub counter: Arc<Counter>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For membership, in private.
    pub http: Arc<Http>,
    /// The servers.
    pub cache: Arc<Cache>,
    /// What Discord said lately of people in private.
    pub(super) members: Arc<Members>,
    pub(super) visitor: Visitor,
    pub(super) person: UserId,
    pub(super) room: Room,
    /// Whether the bot may write in the channel, so that an open answer is allowed there.
    may_speak: bool,
    /// What the bot may do in the channel, and whether that is a thread.
    pub(super) can: (Permissions, bool),
    /// The message that they point at.
    pub pointed_at: Option<Target>,
}

/// Where they speak.
pub(super) enum Room {
    /// In a server in which the bot is installed.
    Server(String, Standing),
    /// In the bot's own private chat.
    Private,
    /// In a place where the bot is only brought along by a person; or no person speaks.
    Elsewhere,
}

/// Discord's word on a person, the servers, and what it said lately.
pub type Ways = (Arc<Http>, Arc<Cache>, Arc<Members>);

/// What the event says, whatever its kind.
struct Event<'a> {
    guild: Option<GuildId>,
    channel: ChannelId,
    /// What is said of the channel.
    here: Option<&'a PartialChannel>,
    member: Option<&'a Member>,
    user: &'a User,
    owners: &'a AuthorizingIntegrationOwners,
    context: Option<InteractionContext>,
    can: Option<Permissions>,
}

impl Visit {
    /// The person behind a command.
    pub fn of_command(
        parts: (Arc<Counter>, Arc<dyn Clock>),
        ways: Ways,
        event: &CommandInteraction,
    ) -> Self {
        let event = Event {
            guild: event.guild_id,
            channel: event.channel_id,
            here: event.channel.as_ref(),
            member: event.member.as_deref(),
            user: &event.user,
            owners: &event.authorizing_integration_owners,
            context: event.context,
            can: event.app_permissions,
        };
        Self::of(parts, ways, &event)
    }

    /// The person behind a press.
    pub fn of_press(
        parts: (Arc<Counter>, Arc<dyn Clock>),
        ways: Ways,
        event: &ComponentInteraction,
    ) -> Self {
        let event = Event {
            guild: event.guild_id,
            channel: event.channel_id,
            here: event.channel.as_ref(),
            member: event.member.as_ref(),
            user: &event.user,
            owners: &event.authorizing_integration_owners,
            context: event.context,
            can: event.app_permissions,
        };
        Self::of(parts, ways, &event)
    }

    fn of(
        (counter, clock): (Arc<Counter>, Arc<dyn Clock>),
        (http, cache, members): Ways,
        event: &Event<'_>,
    ) -> Self {
        let guild = event.guild.and_then(|id| cache.guild(id));
        let room = match (event.guild, event.member) {
            // A machine has nobody's rights, whatever its roles say.
            _ if event.user.bot => Room::Elsewhere,
            (Some(id), Some(member)) if is_installed(event, id) => {
                Room::Server(id.get().to_string(), standing(guild.as_deref(), member))
            }
            (None, _) if event.context == Some(InteractionContext::BotDm) => Room::Private,
            _ => Room::Elsewhere,
        };
        let name = event.member.map_or_else(|| event.user.display_name(), Member::display_name);
        let server = match &room {
            Room::Server(id, _) => Some(id.clone()),
            Room::Private | Room::Elsewhere => None,
        };
        let title = guild.as_ref().map(|guild| guild.name.as_str()).unwrap_or_default();
        let (channel, wide) = spot(event, guild.as_deref());
        let visitor = Visitor {
            platform: Platform::Discord,
            id: event.user.id.get().to_string(),
            name: Clean::new(name, 64),
            place: Place {
                platform: Platform::Discord,
                chat: event.channel.get().to_string(),
                topic: None,
                // In company others read along; what is private there the reply says itself.
                private: matches!(room, Room::Private),
                title: channel,
                wide,
            },
            room: server,
            title: Clean::new(title, 64),
            at: clock.now(),
        };
        drop(guild);
        let needed = Permissions::VIEW_CHANNEL | Permissions::SEND_MESSAGES;
        let may_speak = event.can.is_some_and(|can| can.contains(needed));
        let person = event.user.id;
        let can = (event.can.unwrap_or_default(), is_thread(event.here));
        let pointed_at = None;
        Self {
            counter,
            clock,
            http,
            cache,
            members,
            visitor,
            person,
            room,
            may_speak,
            can,
            pointed_at,
        }
    }

    /// Serves a wish; `None` is silence.
    pub async fn serve(mut self, wish: Wish) -> Option<Said> {
        if let Wish::Ask(Command::Start { code }) = &wish {
            let reply = self.start(code.as_deref()).await;
            return self.say(reply, Vec::new(), Tz::UTC);
        }
        let pressed = match &wish {
            Wish::Press(id) => Some(id.as_str()),
            Wish::Ask(_) | Wish::Explain(_) | Wish::Report => None,
        };
        let desk = match self.desk(pressed).await {
            Ok(desk) => desk,
            Err(reply) => return self.say(reply, Vec::new(), Tz::UTC),
        };
        let Some((desk, actor)) = desk else {
            return self.say(private_bot(), Vec::new(), Tz::UTC);
        };
        if matches!(wish, Wish::Report) {
            return self.report(&desk, actor).await;
        }
        if let Wish::Ask(command) = &wish {
            let needs_role = Spec::of(command).role > Role::Anyone;
            if needs_role && !matches!(self.room, Room::Server(..)) {
                let line = "Ask that in the server: here I only answer questions.";
                return self.say(Reply::private(Card::new(Tone::Plain, line)), Vec::new(), Tz::UTC);
            }
        }
        // Questions may be answered in the open, where the bot may speak at all; so may a press
        // that asks for just that. Everything else only its asker sees.
        let in_server = matches!(self.room, Room::Server(..));
        let may_be_open = match &wish {
            Wish::Ask(command) => matches!(command, Command::Faq { .. }),
            Wish::Explain(_) => {
                self.visitor.place.private = true;
                false
            }
            Wish::Press(_) | Wish::Report => true,
        };
        let (invocation, reply) = self.run(&desk, actor, wish).await;
        let mut reply = self.clear(reply).await;
        // What only its asker sees only its asker can press.
        reply.private |= !(may_be_open && in_server && self.may_speak);
        // Without rows the buttons mean nothing; the answer itself is worth more.
        let buttons = self.counter.offer(&desk, &invocation, &reply).await.unwrap_or_default();
        self.say(reply, buttons, desk.workspace().zone)
    }

    /// Whether they come to a workspace of ours.
    pub(super) async fn is_known(&self) -> bool {
        matches!(self.desk(None).await, Ok(Some(_)))
    }

    async fn run(&self, desk: &Desk, actor: Actor, wish: Wish) -> (Invocation, Reply) {
        let (place, at) = (self.visitor.place.clone(), self.visitor.at);
        let invocation =
            |command| Invocation { command, actor: actor.clone(), place: place.clone(), at };
        match wish {
            Wish::Ask(command) | Wish::Explain(command) => {
                let invocation = invocation(command);
                let reply = self.counter.run(desk, &invocation).await;
                (invocation, reply)
            }
            // Served before anything is run.
            Wish::Report => (invocation(Command::Alerts), Reply::default()),
            Wish::Press(id) => {
                let press = Press { id, actor: actor.clone(), place: place.clone(), at };
                let reply = self.counter.press(desk, &press).await;
                (invocation(Command::Alerts), reply)
            }
        }
    }

    pub(super) fn say(&self, reply: Reply, buttons: Vec<Vec<ButtonId>>, zone: Tz) -> Option<Said> {
        if reply.silent || reply.cards.is_empty() {
            return None;
        }
        let Reply { cards, private, calls, .. } = reply;
        let calls = calls.filter(|_| !private);
        Some(Said { cards, buttons, private, calls, zone, now: self.clock.now() })
    }

    /// What the form offers for what is typed so far.
    pub async fn suggest(&self, typing: (ArgumentKind, &str)) -> Vec<Suggestion> {
        let desk = match &self.room {
            // Asked at each letter: not the ledger's business each time.
            Room::Server(_, standing) => {
                match self.counter.enter_typing(&self.visitor, standing).await {
                    Ok(Entrance::In(inside)) => Some(*inside),
                    Ok(Entrance::Several(_) | Entrance::Stranger) | Err(_) => None,
                }
            }
            Room::Private => self.desk_in_private(None, true).await.ok().flatten(),
            Room::Elsewhere => None,
        };
        match desk {
            Some((desk, actor)) => {
                self.counter.suggest(&desk, &actor, typing, self.visitor.at).await
            }
            None => Vec::new(),
        }
    }

    /// The desk, with the role that counts there; `Err` is what is said when the ledger fails.
    async fn desk(&self, pressed: Option<&str>) -> Result<Option<(Desk, Actor)>, Reply> {
        match &self.room {
            Room::Server(_, standing) => self.enter(&self.visitor, standing).await,
            Room::Private => self.desk_in_private(pressed, false).await,
            Room::Elsewhere => Ok(None),
        }
    }

    pub(super) async fn enter(
        &self,
        visitor: &Visitor,
        standing: &Standing,
    ) -> Result<Option<(Desk, Actor)>, Reply> {
        match self.counter.enter(visitor, standing).await {
            Ok(Entrance::In(inside)) => Ok(Some(*inside)),
            Ok(Entrance::Several(_) | Entrance::Stranger) => Ok(None),
            Err(error) => Err(self.counter.apologize(&error)),
        }
    }
}

/// What the channel is called, and whether everybody in the server can read it.
fn spot(event: &Event<'_>, guild: Option<&Guild>) -> (Option<Clean>, bool) {
    let of = |id: ChannelId| guild.and_then(|guild| guild.channels.get(&id));
    let known = of(event.channel);
    let told = event.here.and_then(|channel| channel.name.as_deref());
    let name = known.map(|channel| channel.name.as_str()).or(told);
    // A thread is not among the server's channels; who reads the one that it hangs on reads it too.
    let ruling = known.or_else(|| of(event.here?.parent_id?));
    let is_for_its_own = event.here.is_some_and(|at| at.kind == ChannelType::PrivateThread);
    // Of what is not known nobody can say that few read it.
    let wide = event.guild.is_some()
        && !is_for_its_own
        && guild.zip(ruling).is_none_or(|(guild, channel)| is_wide(guild, channel));
    (name.map(|name| Clean::new(name, 64)), wide)
}

fn is_thread(channel: Option<&PartialChannel>) -> bool {
    let kind = channel.map(|channel| channel.kind);
    matches!(
        kind,
        Some(ChannelType::PublicThread | ChannelType::PrivateThread | ChannelType::NewsThread)
    )
}

/// Whether the server itself has the bot, and the command was given in it.
fn is_installed(event: &Event<'_>, server: GuildId) -> bool {
    let is_in_server = matches!(event.context, None | Some(InteractionContext::Guild));
    let has = |owner: &AuthorizingIntegrationOwner| matches!(owner, AuthorizingIntegrationOwner::GuildInstall(Some(id)) if *id == server);
    is_in_server && event.owners.0.iter().any(has)
}
