//! What the gateway tells: interactions become visits, servers get their commands, and what is
//! lost is said to the ledger. Each event holds the clock while it is dealt with.

use std::sync::Arc;

use serenity::all::{
    AutocompleteChoice, ChannelId, CommandData, CommandInteraction, CommandType, Context,
    CreateAutocompleteResponse, CreateInteractionResponse, EventHandler, Guild, GuildChannel,
    GuildId, Interaction, Message, PartialGuildChannel, Ready, ResumedEvent, UnavailableGuild,
};
use tokio::sync::watch;

use super::answer::Door;
use super::form;
use super::guard::{Guard, Target};
use super::members::Members;
use super::menu::{Registrar, Scope};
use super::render::cut;
use super::visit::{Visit, Wish};
use super::wire::Wire;
use crate::clock::Clock;
use crate::commands::{Command, Counter, Entrance, Place, Standing, Visitor};
use crate::domain::receiver::Platform;
use crate::domain::text::Clean;

/// The longest choice of a form.
const CHOICE: usize = 100;

/// Deals with what the gateway tells.
pub struct Events {
    pub counter: Arc<Counter>,
    pub clock: Arc<dyn Clock>,
    pub wire: Arc<Wire>,
    /// Whether ordinary messages are looked through.
    pub guard: Guard,
    /// Whether the gateway is up.
    pub is_up: watch::Sender<bool>,
    pub registrar: Registrar,
    pub members: Arc<Members>,
}

#[serenity::async_trait]
impl EventHandler for Events {
    async fn ready(&self, _: Context, ready: Ready) {
        self.is_up.send_replace(true);
        self.counter.trouble(Platform::Discord, None, self.clock.now()).await;
        let turn = self.registrar.turn(Scope::Everywhere).await;
        self.registrar.publish(ready.application.id.get(), turn, &form::everywhere()).await;
    }

    async fn resume(&self, _: Context, _: ResumedEvent) {
        self.is_up.send_replace(true);
        self.counter.trouble(Platform::Discord, None, self.clock.now()).await;
    }

    async fn guild_create(&self, context: Context, guild: Guild, is_new: Option<bool>) {
        // Not at every start: what is lost for want of a permission would be tried and lost again.
        if is_new == Some(true) {
            let _busy = self.clock.busy();
            for channel in channels(&guild) {
                self.counter.found(Platform::Discord, &channel.to_string()).await;
            }
        }
        let Some(app) = context.http.application_id() else { return };
        self.register(app.get(), guild.id.get()).await;
    }

    async fn guild_delete(&self, _: Context, gone: UnavailableGuild, known: Option<Guild>) {
        // An outage of the server is no farewell.
        if gone.unavailable {
            return;
        }
        let _busy = self.clock.busy();
        let why = "I was removed from the server: invite me again";
        for channel in known.iter().flat_map(channels).collect::<Vec<_>>() {
            self.counter.lost(Platform::Discord, &channel.to_string(), why).await;
        }
        self.counter.left(Platform::Discord, &gone.id.get().to_string()).await;
    }

    async fn channel_delete(&self, _: Context, channel: GuildChannel, _: Option<Vec<Message>>) {
        self.lost_channel(channel.id.get()).await;
    }

    async fn thread_delete(
        &self,
        _: Context,
        thread: PartialGuildChannel,
        _: Option<GuildChannel>,
    ) {
        self.lost_channel(thread.id.get()).await;
    }

    async fn message(&self, _: Context, message: Message) {
        let _busy = self.clock.busy();
        // After the gateway was asked without it, what still comes is not looked at.
        if self.guard.is_on() {
            self.overhear(&message).await;
        }
    }

    async fn interaction_create(&self, context: Context, interaction: Interaction) {
        let _busy = self.clock.busy();
        if !is_ours(&context, &interaction) {
            return;
        }
        let parts = || (self.counter.clone(), self.clock.clone());
        let ways = || (context.http.clone(), context.cache.clone(), self.members.clone());
        match interaction {
            Interaction::Command(event) => {
                let Some(wish) = wish(&event.data) else { return };
                let mut visit = Visit::of_command(parts(), ways(), &event);
                visit.pointed_at = Target::of(&self.wire, &event.data);
                let (http, id, token) = (&*context.http, event.id, event.token.as_str());
                let counter = &*self.counter;
                let door = Door { http, id, token, is_press: false, counter };
                let joins = matches!(wish, Wish::Ask(Command::Start { .. }));
                door.answer(visit.serve(wish)).await;
                // A server that came in has its commands at once; a stranger's costs no request.
                let server = event.guild_id.map_or(0, GuildId::get);
                if joins && self.watches_keys(server).await.flatten().is_some() {
                    self.register(event.application_id.get(), server).await;
                }
            }
            Interaction::Component(event) => {
                let visit = Visit::of_press(parts(), ways(), &event);
                let (http, id, token) = (&*context.http, event.id, event.token.as_str());
                let counter = &*self.counter;
                let door = Door { http, id, token, is_press: true, counter };
                door.answer(visit.serve(Wish::Press(event.data.custom_id.clone()))).await;
            }
            Interaction::Autocomplete(event) => {
                let visit = Visit::of_command(parts(), ways(), &event);
                suggest(&context, &event, &visit).await;
            }
            _ => {}
        }
    }
}

/// What a filled-in form wants; nothing where it is not (any more) ours.
fn wish(data: &CommandData) -> Option<Wish> {
    if form::is_report(data) {
        return Some(Wish::Report);
    }
    let command = form::command(data)?;
    let is_message = data.kind == CommandType::Message;
    Some(if is_message { Wish::Explain(command) } else { Wish::Ask(command) })
}

/// Whether our own application is asked; what is meant for another one is not answered in its name.
fn is_ours(context: &Context, interaction: &Interaction) -> bool {
    let asked = match interaction {
        Interaction::Command(event) | Interaction::Autocomplete(event) => event.application_id,
        Interaction::Component(event) => event.application_id,
        // Neither is ever asked for.
        _ => return false,
    };
    context.http.application_id() == Some(asked)
}

/// All that can be written in a server.
fn channels(guild: &Guild) -> Vec<u64> {
    let threads = guild.threads.iter().map(|thread| thread.id);
    guild.channels.keys().copied().chain(threads).map(ChannelId::get).collect()
}

async fn suggest(context: &Context, event: &CommandInteraction, visit: &Visit) {
    let Some(typing) = form::being_typed(&event.data) else { return };
    let found = visit.suggest(typing).await;
    let choices = found
        .into_iter()
        // A value that had to be cut would name something else.
        .filter(|one| one.value.chars().count() <= CHOICE)
        .map(|one| AutocompleteChoice::new(cut(&one.label, CHOICE), one.value))
        .collect();
    let (http, id, token) = (&*context.http, event.id, event.token.as_str());
    let door = Door { http, id, token, is_press: false, counter: &visit.counter };
    let choices = CreateAutocompleteResponse::new().set_choices(choices);
    door.first(CreateInteractionResponse::Autocomplete(choices)).await;
}

impl Events {
    async fn lost_channel(&self, channel: u64) {
        let _busy = self.clock.busy();
        let why =
            format!("The channel is gone: name another one in the settings (channel {channel})");
        self.counter.lost(Platform::Discord, &channel.to_string(), &why).await;
    }

    /// Gives a server the commands that its workspace has, or none.
    async fn register(&self, app: u64, server: u64) {
        let turn = self.registrar.turn(Scope::Server(server)).await;
        let Some(watches) = self.watches_keys(server).await else { return };
        let guards = self.guard.is_on();
        let wanted = watches.map_or_else(Vec::new, |keys| form::of_a_server(keys, guards));
        self.registrar.publish(app, turn, &wanted).await;
    }

    /// Whether the server's workspace watches keys, `Some(None)` for a server that has none;
    /// `None` when nobody can say.
    async fn watches_keys(&self, server: u64) -> Option<Option<bool>> {
        let server = server.to_string();
        let visitor = Visitor {
            platform: Platform::Discord,
            id: String::new(),
            name: Clean::default(),
            place: Place {
                platform: Platform::Discord,
                chat: server.clone(),
                topic: None,
                private: false,
                title: None,
                wide: false,
            },
            room: Some(server),
            title: Clean::default(),
            at: self.clock.now(),
        };
        match self.counter.enter(&visitor, &Standing::default()).await {
            Ok(Entrance::In(inside)) => Some(Some(!inside.0.workspace().faq_only)),
            Ok(Entrance::Several(_) | Entrance::Stranger) => Some(None),
            Err(error) => {
                tracing::error!(%error, "a server's workspace could not be read");
                None
            }
        }
    }
}
