//! What the fake knows: servers, channels, messages, commands, interactions, and everything that
//! was asked of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;

pub const APP: u64 = 1_200_000_000_000_000_001;
pub const TOKEN: &str = "MTIwMDAwMDAwMDAwMDAwMDAwMQ.GfAkE0.a-token-of-the-fake-and-of-nothing-else";

/// One request and its answer, for the capture.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub agent: String,
    /// The kind of the authorization, never the token.
    pub authorization: Option<&'static str>,
    pub body: Value,
    pub status: u16,
}

/// What goes wrong with the next request to a channel.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// This answer instead of doing anything.
    Answer(u16, Value, Vec<(&'static str, String)>),
    /// Nothing is done, and the connection is cut.
    Cut,
    /// Everything is done, and the connection is cut.
    DoneAndCut,
    /// Everything is done, and nothing is ever answered.
    DoneAndHang,
    /// Everything is done, and the answer is no JSON.
    DoneAndGarbage,
}

/// What the bot may do in a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Access {
    #[default]
    Full,
    NoHistory,
    NoSend,
    NoThreads,
    NoView,
}

/// View Channel, Send Messages, Embed Links, Read Message History, Send Messages in Threads.
pub const NEEDED: u64 = 1 << 10 | 1 << 11 | 1 << 14 | 1 << 16 | 1 << 38;

impl Access {
    /// What the channel takes from the bot.
    pub fn denied(self) -> u64 {
        match self {
            Self::Full => 0,
            Self::NoHistory => 1 << 16,
            Self::NoSend => 1 << 11 | 1 << 14,
            Self::NoThreads => 1 << 38,
            Self::NoView => 1 << 10,
        }
    }
}

#[derive(Default)]
pub struct Channel {
    pub guild: u64,
    pub access: Access,
    /// Whether everybody is kept out, and only the bot let in.
    pub is_closed: bool,
    /// The channel that this thread hangs on, where it is one.
    pub parent: Option<u64>,
    pub is_archived: bool,
    pub is_locked: bool,
    pub messages: Vec<Value>,
    /// What people wrote and nobody has deleted.
    pub said: BTreeMap<u64, Value>,
    /// Nonces that are remembered, with the message of each.
    pub nonces: BTreeMap<String, Value>,
    pub troubles: VecDeque<Trouble>,
}

impl Channel {
    /// What the channel takes from somebody, or gives.
    fn overwrites(&self) -> Value {
        let mut rows = Vec::new();
        let look = 1 << 10;
        if self.is_closed {
            let everybody = self.guild.to_string();
            rows.push(json!({"id": everybody, "type": 0, "allow": "0", "deny": look.to_string()}));
        }
        let denied = self.access.denied();
        let allowed = if self.is_closed { look & !denied } else { 0 };
        if allowed | denied != 0 {
            rows.push(json!({
                "id": APP.to_string(), "type": 1, "allow": allowed.to_string(), "deny": denied.to_string(),
            }));
        }
        Value::Array(rows)
    }
}

pub struct Guild {
    pub name: String,
    pub owner: u64,
    /// Permissions by role; the role that is called like the server is everybody's.
    pub roles: BTreeMap<u64, u64>,
    pub members: BTreeMap<u64, Vec<u64>>,
    pub has_bot: bool,
}

/// An interaction and what was answered to it.
#[derive(Clone, Debug)]
pub struct Talk {
    pub token: String,
    pub made: Instant,
    /// How long the first answer took.
    pub first_word_after: Option<Duration>,
    /// The kind of the first answer.
    pub kind: Option<u64>,
    pub ephemeral: bool,
    /// What is shown in the end: the data of the answer, or of the edit of what was promised.
    pub shown: Option<Value>,
    pub choices: Option<Value>,
}

/// What the test tells an open gateway to do.
pub enum Push {
    Event(&'static str, Value),
    Raw(Value),
    Close(u16),
    Drop,
}

#[derive(Default)]
pub struct State {
    pub guilds: BTreeMap<u64, Guild>,
    pub channels: BTreeMap<u64, Channel>,
    /// By server; 0 = global.
    pub commands: BTreeMap<u64, Value>,
    pub talks: BTreeMap<u64, Talk>,
    pub asked: Vec<Asked>,
    /// What broke a rule.
    pub complaints: Vec<String>,
    pub last_id: u64,
    pub sockets: Vec<mpsc::UnboundedSender<Push>>,
    pub identifies: usize,
    pub resumes: usize,
    /// Whether heartbeats are answered.
    pub deaf: bool,
    /// What every IDENTIFY is closed with.
    pub refuse: Option<u16>,
    /// Events that were sent, for who resumes.
    pub events: Vec<(u64, &'static str, Value)>,
    /// The gateway that is named, instead of the fake's own.
    pub gateway: Option<String>,
    /// How many of the next requests for the gateway fail.
    pub gateway_fails: usize,
    pub wrong_token: bool,
    /// Servers whose commands are never answered for.
    pub hangs: BTreeSet<u64>,
    /// Whether Message Content Intent is switched on for the application.
    pub may_read: bool,
    /// What the open gateway was asked to tell.
    pub intents: u64,
    /// Switches of the application that are not as usual.
    pub switches: Value,
}

impl State {
    pub fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        1_300_000_000_000_000_000 + self.last_id
    }

    /// A message as Discord shows it.
    pub fn message(&mut self, channel: u64, body: &Value) -> Value {
        let id = self.next_id().to_string();
        let or = |name: &str, default: Value| match body.get(name) {
            None | Some(Value::Null) => default,
            Some(value) => value.clone(),
        };
        json!({
            "id": id, "channel_id": channel.to_string(), "type": 0,
            "author": user(APP, "keylapse", true), "content": or("content", json!("")),
            "timestamp": "2027-01-04T10:00:00.000000+00:00", "edited_timestamp": null, "tts": false,
            "mention_everyone": false, "mentions": [], "mention_roles": [], "attachments": [],
            "embeds": or("embeds", json!([])), "components": or("components", json!([])),
            "pinned": false, "flags": or("flags", json!(0)), "nonce": body["nonce"],
        })
    }

    /// A message as somebody writes it.
    pub fn written(&mut self, person: u64, channel: u64, text: &str) -> Value {
        let mut message = self.message(channel, &json!({"content": text}));
        message["author"] = user(person, &format!("person-{person}"), false);
        message
    }

    /// What the bot may do in a server, by its roles.
    pub fn may(&self, guild: u64) -> u64 {
        let guild = &self.guilds[&guild];
        let own = guild.members.get(&APP).into_iter().flatten();
        own.filter_map(|role| guild.roles.get(role)).fold(0, |all, can| all | can)
    }

    /// The application as its own bot sees it.
    pub fn application(&self) -> Value {
        let mut app = json!({
            "id": APP.to_string(), "name": "keylapse", "icon": null, "description": "", "bot_public": true,
            "bot_require_code_grant": false, "verify_key": "00", "team": null, "flags": 0,
            "interactions_endpoint_url": null, "integration_types_config": {"0": {}, "1": {}},
        });
        for (name, value) in self.switches.as_object().into_iter().flatten() {
            app[name] = value.clone();
        }
        app
    }

    /// A server as it is answered when asked for: without what only the gateway tells.
    pub fn guild_answer(&self, id: u64) -> Value {
        let mut answer = self.guild_event(id);
        let told = [
            "channels",
            "threads",
            "members",
            "presences",
            "voice_states",
            "joined_at",
            "large",
            "unavailable",
            "member_count",
            "stage_instances",
            "guild_scheduled_events",
        ];
        for name in told {
            answer.as_object_mut().expect("a server").remove(name);
        }
        answer
    }

    /// The channel whose permissions count: a thread has none of its own.
    pub fn ruling(&self, id: u64) -> &Channel {
        let channel = &self.channels[&id];
        channel.parent.map_or(channel, |parent| &self.channels[&parent])
    }

    /// A channel or a thread as it is answered when asked for.
    pub fn channel_answer(&self, id: u64) -> Value {
        let channel = &self.channels[&id];
        let mut answer = json!({
            "id": id.to_string(), "type": 0, "guild_id": channel.guild.to_string(), "name": format!("keys-{id}"),
            "position": 0, "permission_overwrites": channel.overwrites(), "parent_id": null, "topic": null, "nsfw": false,
            "last_message_id": null, "rate_limit_per_user": 0, "flags": 0,
        });
        if let Some(parent) = channel.parent {
            for name in ["position", "permission_overwrites", "topic", "nsfw"] {
                answer.as_object_mut().expect("a channel").remove(name);
            }
            answer["type"] = 11.into();
            answer["parent_id"] = parent.to_string().into();
            answer["owner_id"] = APP.to_string().into();
            answer["thread_metadata"] = json!({
                "archived": channel.is_archived, "locked": channel.is_locked, "auto_archive_duration": 1_440,
                "archive_timestamp": "2027-01-04T10:00:00.000000+00:00",
            });
        }
        answer
    }

    /// A server as the gateway tells of it.
    pub fn guild_event(&self, id: u64) -> Value {
        let guild = &self.guilds[&id];
        let colors = json!({"primary_color": 0, "secondary_color": null, "tertiary_color": null});
        let roles: Vec<Value> = guild.roles.iter().map(|(role, can)| json!({
            "id": role.to_string(), "name": format!("role {role}"), "color": 0, "colors": colors, "hoist": false,
            "position": 0, "permissions": can.to_string(), "managed": false, "mentionable": false, "flags": 0,
        })).collect();
        let here = self.channels.iter().filter(|(_, channel)| channel.guild == id);
        // Threads that are archived the gateway does not tell of.
        let shown = here.filter(|(_, channel)| !channel.is_archived);
        let (threads, channels): (Vec<_>, Vec<_>) =
            shown.partition(|(_, channel)| channel.parent.is_some());
        let answers = |some: Vec<(&u64, &Channel)>| -> Vec<Value> {
            some.into_iter().map(|(channel, _)| self.channel_answer(*channel)).collect()
        };
        json!({
            "id": id.to_string(), "name": guild.name, "owner_id": guild.owner.to_string(), "roles": roles,
            "channels": answers(channels), "threads": answers(threads), "members": [], "presences": [], "voice_states": [], "stickers": [],
            "stage_instances": [], "guild_scheduled_events": [], "emojis": [], "features": [], "icon": null, "splash": null, "discovery_splash": null,
            "afk_channel_id": null, "afk_timeout": 300, "verification_level": 1, "default_message_notifications": 1,
            "explicit_content_filter": 0, "mfa_level": 0, "application_id": null, "system_channel_id": null,
            "system_channel_flags": 0, "rules_channel_id": null, "vanity_url_code": null, "description": null,
            "banner": null, "premium_tier": 0, "preferred_locale": "en-US", "public_updates_channel_id": null,
            "nsfw_level": 0, "premium_progress_bar_enabled": false, "joined_at": "2026-01-01T00:00:00.000000+00:00",
            "large": false, "unavailable": false, "member_count": 3,
        })
    }
}

pub fn user(id: u64, name: &str, bot: bool) -> Value {
    json!({"id": id.to_string(), "username": name, "discriminator": "0", "global_name": null, "avatar": null, "bot": bot})
}
