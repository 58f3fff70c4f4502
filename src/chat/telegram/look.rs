//! Whether the bot can write in a chat, asked of Telegram without writing there: for `setup` and
//! `doctor`. A closed topic, and a person who has blocked the bot, show only when it writes.

use serde::Deserialize;
use teloxide::payloads::{GetChat, GetChatMember};
use teloxide::types::{ChatId, UserId};

use super::super::Delivery;
use super::Settings;
use super::api::{Api, Fault};
use super::fault::{delivery, is_about_token};
use super::whoami::{Bot, api, sentence};

/// What is so with a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// As far as Telegram says, it can be written; the chat's name, empty for a person.
    Fine(String),
    /// Nothing can be written; why, and what mends it.
    Shut(String),
}

#[derive(Deserialize)]
struct Chat {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    is_forum: bool,
    /// What members may who are nothing more.
    permissions: Option<Permissions>,
}

#[derive(Deserialize)]
struct Permissions {
    #[serde(default)]
    can_send_messages: bool,
}

/// The few fields that decide, each absent where it means nothing.
#[derive(Deserialize)]
struct Own {
    status: String,
    is_member: Option<bool>,
    can_send_messages: Option<bool>,
    can_post_messages: Option<bool>,
}

/// Looks at a chat, and at a topic of it. The error says why Telegram could not be asked.
pub async fn look(
    settings: &Settings,
    bot: &Bot,
    (chat, topic): (&str, Option<&str>),
) -> Result<Look, String> {
    let Ok(number) = chat.parse() else {
        return Ok(Look::Shut("that is no chat's number: correct it in the settings".to_owned()));
    };
    let api = api(settings)?;
    match ask(&api, bot, ChatId(number)).await {
        Ok((chat, own)) => Ok(judge(&chat, own.as_ref(), topic.is_some())),
        Err(fault) => refused(&fault),
    }
}

async fn ask(api: &Api, bot: &Bot, number: ChatId) -> Result<(Chat, Option<Own>), Fault> {
    let chat: Chat = api.call(&GetChat::new(number)).await?;
    // A person's own chat has no members to ask for.
    if chat.kind == "private" {
        return Ok((chat, None));
    }
    let own = api.call(&GetChatMember::new(number, UserId(bot.id))).await?;
    Ok((chat, Some(own)))
}

fn refused(fault: &Fault) -> Result<Look, String> {
    if is_about_token(fault) {
        return Err(sentence(fault));
    }
    match delivery(fault.clone()) {
        Delivery::Gone { why } => Ok(Look::Shut(why)),
        Delivery::Moved { to } => Ok(Look::Shut(format!(
            "the group became a supergroup with the number {to}: keylapse run follows by itself; where keylapse.toml names the old number, write the new one"
        ))),
        Delivery::Sent { .. }
        | Delivery::Missing
        | Delivery::Retry { .. }
        | Delivery::Unsure { .. } => Err(sentence(fault)),
    }
}

fn judge(chat: &Chat, own: Option<&Own>, wants_topic: bool) -> Look {
    let shut = |why: &str| Look::Shut(why.to_owned());
    let may_all = chat.permissions.as_ref().is_none_or(|all| all.can_send_messages);
    if let Some(own) = own {
        let may_write = match own.status.as_str() {
            // Of a channel an admin may post or not; elsewhere the field is left out.
            "administrator" => chat.kind != "channel" || own.can_post_messages == Some(true),
            "restricted" if own.is_member != Some(false) => own.can_send_messages == Some(true),
            "member" => chat.kind != "channel" && may_all,
            "left" | "kicked" | "restricted" => {
                return shut("the bot is not in this chat: add it there again");
            }
            // Who made it may all, and a status that is not known yet forbids nothing.
            _ => true,
        };
        if !may_write {
            return shut(if chat.kind == "channel" {
                "the bot may not write here: make it an administrator that may post messages"
            } else {
                "the bot may not write here: let it send messages (the group's Permissions), or make it an administrator"
            });
        }
    }
    if wants_topic && !chat.is_forum {
        return shut("this chat has no topics (any more): name the chat alone in the settings");
    }
    Look::Fine(chat.title.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn who_may_write_is_read_from_chat_and_membership() {
        let group = |all: bool| json!({"type": "supergroup", "title": "Desk", "permissions": {"can_send_messages": all}});
        let channel = || json!({"type": "channel", "title": "News"});
        let table: [(Value, Value, &str); 12] = [
            (group(true), json!({"status": "member"}), ""),
            (group(false), json!({"status": "member"}), "let it send messages"),
            (group(false), json!({"status": "administrator"}), ""),
            (
                group(true),
                json!({"status": "restricted", "is_member": true, "can_send_messages": true}),
                "",
            ),
            (
                group(true),
                json!({"status": "restricted", "is_member": true, "can_send_messages": false}),
                "let it send messages",
            ),
            (group(true), json!({"status": "restricted", "is_member": false}), "not in this chat"),
            (group(true), json!({"status": "left"}), "not in this chat"),
            (group(true), json!({"status": "kicked"}), "not in this chat"),
            (group(true), json!({"status": "new kind"}), ""),
            (channel(), json!({"status": "administrator", "can_post_messages": true}), ""),
            (
                channel(),
                json!({"status": "administrator", "can_post_messages": false}),
                "may post messages",
            ),
            (channel(), json!({"status": "member"}), "may post messages"),
        ];
        for (chat, own, words) in table {
            let what = format!("{chat} {own}");
            let (chat, own) =
                (serde_json::from_value(chat).unwrap(), Some(serde_json::from_value(own).unwrap()));
            match judge(&chat, own.as_ref(), false) {
                Look::Fine(_) => assert_eq!(words, "", "{what}"),
                Look::Shut(why) => {
                    assert!(!words.is_empty() && why.contains(words), "{what}: {why}");
                }
            }
        }
        let plain = serde_json::from_value(group(true)).unwrap();
        assert!(matches!(judge(&plain, None, true), Look::Shut(why) if why.contains("no topics")));
    }
}
