//! Whether the bot can write in a channel, asked of Discord without writing there: for `setup`, for
//! `doctor`, and where a message was refused. What is missing is named as the server's settings
//! name it.

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serenity::all::{ChannelType, GuildChannel, Member, PartialGuild, Permissions, RoleId};

use super::whoami::{Known, sentence};
use super::wire::{Ask, Outcome, Wire};

/// What keylapse does in every channel; how it writes depends on the kind.
const EVERYWHERE: Permissions = Permissions::VIEW_CHANNEL
    .union(Permissions::EMBED_LINKS)
    .union(Permissions::READ_MESSAGE_HISTORY);

/// What is so with a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// Everything that is needed is there; the channel's name.
    Fine(String),
    /// Warnings arrive, but something is amiss; what, and what mends it.
    Amiss(String),
    /// Nothing can be written; why, and what mends it.
    Shut(String),
}

/// Who looks, and the way to Discord.
pub(super) struct Eye<'a> {
    pub(super) wire: &'a Wire,
    /// The bot's own number as a person of Discord's.
    pub(super) me: u64,
}

impl Known {
    /// Looks at a channel. `mention` is who is called there, as in the settings. The error says
    /// why Discord could not be asked.
    pub async fn look(&self, channel: &str, mention: Option<&str>) -> Result<Look, String> {
        Eye { wire: &self.wire, me: self.bot.user }.look(channel, mention).await
    }
}

impl Eye<'_> {
    pub(super) async fn look(&self, channel: &str, mention: Option<&str>) -> Result<Look, String> {
        if channel.is_empty() || !channel.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(shut("that is no channel's number: write one in the settings"));
        }
        let here: GuildChannel = match self.channel(channel).await? {
            Ok(here) => here,
            Err(look) => return Ok(look),
        };
        let is_thread = matches!(
            here.kind,
            ChannelType::PublicThread | ChannelType::PrivateThread | ChannelType::NewsThread
        );
        if let Some(why) = closed(&here, is_thread) {
            return Ok(Look::Shut(why));
        }
        // A thread has the permissions of the channel that it hangs on.
        let ruling = match here.parent_id.filter(|_| is_thread) {
            None => here.clone(),
            Some(parent) => match self.channel(&parent.get().to_string()).await? {
                Ok(parent) => parent,
                Err(look) => return Ok(look),
            },
        };
        let server = here.guild_id.get();
        let guild: PartialGuild = self.read(&format!("/guilds/{server}")).await?;
        let me = self.member(server).await?;
        let can = guild.user_permissions_in(&ruling, &me);
        let lacks = needed(is_thread) - can;
        let is_called = |role: RoleId| {
            let role = guild.roles.get(&role);
            can.contains(Permissions::MENTION_EVERYONE) || role.is_some_and(|r| r.mentionable)
        };
        Ok(judge(&here.name, lacks, mention.and_then(role_of).is_none_or(is_called)))
    }

    async fn channel(&self, id: &str) -> Result<Result<GuildChannel, Look>, String> {
        let path = format!("/channels/{id}");
        match self.ask(&path).await {
            Outcome::Done(value) if value["guild_id"].is_null() => {
                Ok(Err(shut("that is no channel of a server: name another one in the settings")))
            }
            Outcome::Done(value) => parse(value).map(Ok),
            Outcome::Refused { status: 404, .. } => {
                Ok(Err(shut("the channel is gone: name another one in the settings")))
            }
            Outcome::Refused { status: 403, .. } => Ok(Err(shut(
                "I cannot see the channel: give my role View Channel and Send Messages there, or invite me into its server again",
            ))),
            other => Err(sentence(&other)),
        }
    }

    async fn member(&self, server: u64) -> Result<Member, String> {
        let path = format!("/guilds/{server}/members/{}", self.me);
        match self.ask(&path).await {
            Outcome::Done(mut value) => {
                // Left out where the server is known from the path.
                value["guild_id"] = server.to_string().into();
                parse(value)
            }
            other => Err(sentence(&other)),
        }
    }

    async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, String> {
        match self.ask(path).await {
            Outcome::Done(value) => parse(value),
            other => Err(sentence(&other)),
        }
    }

    async fn ask(&self, path: &str) -> Outcome {
        let ask = Ask { method: Method::GET, path, route: path };
        self.wire.ask(&ask, None::<&Value>).await
    }
}

/// What is needed to warn in a channel, or in a thread.
pub(super) fn needed(is_thread: bool) -> Permissions {
    EVERYWHERE
        | if is_thread { Permissions::SEND_MESSAGES_IN_THREADS } else { Permissions::SEND_MESSAGES }
}

/// What a lack means in a channel of this name; `is_called`: whether who is to be called is.
pub(super) fn judge(name: &str, lacks: Permissions, is_called: bool) -> Look {
    let history = Permissions::READ_MESSAGE_HISTORY;
    if !(lacks - history).is_empty() {
        let names = names(lacks);
        return Look::Shut(format!("I cannot write in #{name}: give my role {names} there"));
    }
    if lacks.contains(history) {
        return Look::Amiss(format!(
            "I cannot look back in #{name}, so a warning that was cut off may come twice: give my role Read Message History there"
        ));
    }
    if !is_called {
        return Look::Amiss(format!(
            "the role that I am to call in #{name} would not be called: switch on \"Allow anyone to @mention this role\" for it"
        ));
    }
    Look::Fine(name.to_owned())
}

/// The names of permissions as Discord's settings write them.
fn names(some: Permissions) -> String {
    let known = [
        (Permissions::VIEW_CHANNEL, "View Channel"),
        (Permissions::SEND_MESSAGES, "Send Messages"),
        (Permissions::SEND_MESSAGES_IN_THREADS, "Send Messages in Threads"),
        (Permissions::EMBED_LINKS, "Embed Links"),
        (Permissions::READ_MESSAGE_HISTORY, "Read Message History"),
    ];
    let names: Vec<&str> =
        known.iter().filter(|(one, _)| some.contains(*one)).map(|(_, name)| *name).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

fn closed(here: &GuildChannel, is_thread: bool) -> Option<String> {
    let takes_messages = is_thread
        || matches!(here.kind, ChannelType::Text | ChannelType::News | ChannelType::Voice);
    if !takes_messages {
        let name = &here.name;
        return Some(format!(
            "{name} is no channel for messages: name a text channel in the settings"
        ));
    }
    let locked = here.thread_metadata.is_some_and(|thread| thread.locked && thread.archived);
    locked.then(|| format!("#{} is archived and locked: unlock it or name another one", here.name))
}

fn role_of(mention: &str) -> Option<RoleId> {
    let id: u64 = mention.strip_prefix("role:")?.parse().ok()?;
    (id > 0).then(|| RoleId::new(id))
}

fn shut(why: &str) -> Look {
    Look::Shut(why.to_owned())
}

fn parse<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|_| sentence(&Outcome::Done(Value::Null)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_as_the_server_names_it() {
        let all = needed(false);
        let table = [
            (Permissions::empty(), true, Look::Fine("keys".to_owned())),
            (
                Permissions::VIEW_CHANNEL | Permissions::SEND_MESSAGES,
                true,
                Look::Shut(
                    "I cannot write in #keys: give my role View Channel and Send Messages there"
                        .to_owned(),
                ),
            ),
            (
                all,
                true,
                Look::Shut("I cannot write in #keys: give my role View Channel, Send Messages, Embed Links and Read Message History there".to_owned()),
            ),
        ];
        for (lacks, is_called, look) in table {
            assert_eq!(judge("keys", lacks, is_called), look);
        }
        let amiss = |lacks, is_called| matches!(judge("keys", lacks, is_called), Look::Amiss(_));
        assert!(
            amiss(Permissions::READ_MESSAGE_HISTORY, true) && amiss(Permissions::empty(), false)
        );
        assert!(needed(true).contains(Permissions::SEND_MESSAGES_IN_THREADS));
        assert!(!needed(true).contains(Permissions::SEND_MESSAGES));
    }
}
