//! What of an update may execute, decided on the raw JSON before any type can lose a field (S12):
//! a message or press of a person, in their own name, new and not forwarded by machinery. Of what
//! else is said in groups only the leak guard may hear; what is not known to be either is dropped.
//! Pure.

use serde_json::Value;
use teloxide::types::{CallbackQuery, Message};

/// Accounts of Telegram itself: notifications, channels' and anonymous admins' stand-ins.
const SERVICE_IDS: [i64; 3] = [777_000, 136_817_688, GROUP_STAND_IN];
/// The stand-in of a group's anonymous admins.
const GROUP_STAND_IN: i64 = 1_087_968_824;

/// Marks of a message that is nobody's own word. Their mere presence drops it.
const NOT_THEIRS: &[&str] = &[
    "sender_chat",
    "sender_business_bot",
    "business_connection_id",
    "guest_query_id",
    "guest_bot_caller_user",
    "guest_bot_caller_chat",
    "is_automatic_forward",
    "via_bot",
    "edit_date",
    "is_from_offline",
    "ephemeral_message_id",
    "receiver_user",
    "author_signature",
];

/// Marks of messages in groups that execute nothing and may hold a secret as well as any other.
const OVERHEARD: [&str; 3] = ["sender_chat", "via_bot", "is_from_offline"];

/// Something that happened and may be acted on.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A person said something.
    Said {
        /// The message.
        message: Box<Message>,
        /// Whether the words are somebody else's: a question at most, never a command.
        is_forwarded: bool,
    },
    /// Something stands in a group that nobody there said in their own name, now and unaided: for
    /// the leak guard alone.
    Overheard(Box<Message>),
    /// An admin of a group said something in the group's own name.
    Anonymous(Box<Message>),
    /// A person pressed a button.
    Pressed(Box<CallbackQuery>),
    /// A group has another number from now on.
    Moved {
        /// The old one.
        from: i64,
        /// The new one.
        to: i64,
    },
    /// The bot was removed or blocked.
    Lost {
        /// Where.
        chat: i64,
        /// Whether by a person in their own chat.
        is_private: bool,
    },
    /// The bot is in a chat: added, unblocked, or with other rights than before.
    Present {
        /// Which.
        chat: i64,
        /// Whether it was added to a group a moment ago.
        is_new: bool,
    },
}

/// The number of an update; `None` for what is no update.
pub fn number(update: &Value) -> Option<i64> {
    update.get("update_id")?.as_i64()
}

/// The event in an update, if it may be acted on.
pub fn sift(update: &Value) -> Option<Event> {
    if let Some(message) = update.get("message") {
        return said(message);
    }
    if let Some(query) = update.get("callback_query") {
        return pressed(query);
    }
    standing_changed(update.get("my_chat_member")?)
}

fn said(message: &Value) -> Option<Event> {
    let chat = &message["chat"];
    let id = chat["id"].as_i64()?;
    // Telegram's own words, in the name of whoever upgraded the group.
    if let Some(to) = message.get("migrate_to_chat_id").and_then(Value::as_i64) {
        return Some(Event::Moved { from: id, to });
    }
    if let Some(from) = message.get("migrate_from_chat_id").and_then(Value::as_i64) {
        return Some(Event::Moved { from, to: id });
    }
    if is_anonymous_admin(message) {
        let message = serde_json::from_value(message.clone()).ok()?;
        return Some(Event::Anonymous(Box::new(message)));
    }
    let is_in_group = matches!(chat["type"].as_str()?, "group" | "supergroup");
    if is_in_group && OVERHEARD.iter().any(|mark| message.get(mark).is_some()) {
        return Some(Event::Overheard(serde_json::from_value(message.clone()).ok()?));
    }
    let author = person(message.get("from")?)?;
    if NOT_THEIRS.iter().any(|mark| message.get(mark).is_some()) {
        return None;
    }
    match chat["type"].as_str()? {
        "private" if id == author => {}
        "group" | "supergroup" => {}
        _ => return None,
    }
    let is_forwarded = message.as_object()?.keys().any(|name| name.starts_with("forward_"));
    let message = Box::new(serde_json::from_value(message.clone()).ok()?);
    Some(Event::Said { message, is_forwarded })
}

fn pressed(query: &Value) -> Option<Event> {
    let author = person(query.get("from")?)?;
    query.get("data")?.as_str()?;
    let chat = &query.get("message")?["chat"];
    match chat["type"].as_str()? {
        "private" if chat["id"].as_i64()? == author => {}
        "group" | "supergroup" | "channel" => {}
        _ => return None,
    }
    Some(Event::Pressed(Box::new(serde_json::from_value(query.clone()).ok()?)))
}

fn standing_changed(change: &Value) -> Option<Event> {
    let (chat, kind) = (change["chat"]["id"].as_i64()?, change["chat"]["type"].as_str()?);
    let status = |side: &str| change[side]["status"].as_str();
    // What is said of a person, or says nothing, must not silence what is told here.
    if change["new_chat_member"]["user"]["is_bot"] == false || status("new_chat_member").is_none() {
        return None;
    }
    let is_in = |status: Option<&str>| !matches!(status, Some("left" | "kicked") | None);
    match (is_in(status("old_chat_member")), is_in(status("new_chat_member"))) {
        (_, false) => Some(Event::Lost { chat, is_private: kind == "private" }),
        (was_in, true) => {
            let is_new = !was_in && matches!(kind, "group" | "supergroup");
            Some(Event::Present { chat, is_new })
        }
    }
}

/// A message of a group in its own name, which only its admins can send; new and not forwarded.
fn is_anonymous_admin(message: &Value) -> bool {
    let chat = &message["chat"];
    let ours = ["sender_chat", "author_signature"];
    matches!(chat["type"].as_str(), Some("group" | "supergroup"))
        && message["from"]["id"] == GROUP_STAND_IN
        && message["sender_chat"]["id"].is_i64()
        && message["sender_chat"]["id"] == chat["id"]
        && !NOT_THEIRS.iter().any(|mark| !ours.contains(mark) && message.get(mark).is_some())
        && !message
            .as_object()
            .is_some_and(|fields| fields.keys().any(|name| name.starts_with("forward_")))
}

/// The number of a person who acts in their own name.
fn person(user: &Value) -> Option<i64> {
    let id = user["id"].as_i64()?;
    let is_person = user["is_bot"] == false && !SERVICE_IDS.contains(&id);
    is_person.then_some(id)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(change: impl FnOnce(&mut Value)) -> Value {
        let mut message = json!({"message_id": 5, "date": 1_790_000_000, "text": "/ack 3",
            "from": {"id": 11, "is_bot": false, "first_name": "Ann"},
            "chat": {"id": -5, "type": "supergroup", "title": "Desk"}});
        change(&mut message);
        json!({"update_id": 1, "message": message})
    }

    fn press(change: impl FnOnce(&mut Value)) -> Value {
        let mut query = json!({"id": "q", "chat_instance": "1", "data": "b",
            "from": {"id": 11, "is_bot": false, "first_name": "Ann"},
            "message": {"message_id": 5, "date": 0, "chat": {"id": 11, "type": "private", "first_name": "Ann"}}});
        change(&mut query);
        json!({"update_id": 1, "callback_query": query})
    }

    #[test]
    fn a_person_in_their_own_name_is_heard() {
        let heard = [
            message(|_| {}),
            message(|m| m["chat"] = json!({"id": 11, "type": "private", "first_name": "Ann"})),
            message(|m| m["chat"] = json!({"id": -5, "type": "group", "title": "Desk"})),
            press(|_| {}),
            press(|q| {
                q["message"]["chat"] = json!({"id": -5, "type": "supergroup", "title": "Desk"});
            }),
        ];
        for update in heard {
            assert!(sift(&update).is_some(), "{update}");
        }
        let forwarded = message(|m| {
            m["forward_origin"] =
                json!({"type": "hidden_user", "date": 1, "sender_user_name": "x"});
        });
        assert!(matches!(sift(&forwarded), Some(Event::Said { is_forwarded: true, .. })));
    }

    #[test]
    fn nothing_else_executes() {
        let mut dropped: Vec<Value> = NOT_THEIRS
            .iter()
            .filter(|mark| !OVERHEARD.contains(mark))
            .map(|mark| message(|m| m[*mark] = json!({"id": -5, "type": "supergroup"})))
            .collect();
        for id in SERVICE_IDS {
            dropped.push(message(|m| m["from"]["id"] = json!(id)));
            dropped.push(press(|q| q["from"]["id"] = json!(id)));
        }
        dropped.extend([
            message(|m| m["from"]["is_bot"] = json!(true)),
            message(|m| m["from"] = json!({"id": 11, "first_name": "Ann"})),
            message(|m| m["from"] = Value::Null),
            message(|m| m["chat"] = json!({"id": -5, "type": "channel", "title": "News"})),
            message(|m| m["chat"] = json!({"id": 12, "type": "private", "first_name": "Bo"})),
            message(|m| m["chat"]["type"] = json!("other")),
            press(|q| q["message"]["chat"]["id"] = json!(12)),
            press(|q| q["data"] = Value::Null),
            press(|q| q["message"] = Value::Null),
            press(|q| q["from"]["is_bot"] = json!(true)),
        ]);
        let inside = message(|_| {})["message"].clone();
        for kind in [
            "edited_message",
            "channel_post",
            "edited_channel_post",
            "business_message",
            "guest_message",
        ] {
            dropped.push(json!({"update_id": 1, kind: inside.clone()}));
        }
        dropped.extend([json!({"update_id": 1}), json!([]), json!(null), json!({"message": 7})]);
        for update in dropped {
            assert_eq!(sift(&update), None, "{update}");
        }
    }

    #[test]
    fn what_nobody_says_in_their_own_name_is_overheard_in_groups_and_never_executed() {
        let marks = [
            ("sender_chat", json!({"id": -9, "type": "channel", "title": "News"})),
            ("via_bot", json!({"id": 8, "is_bot": true, "first_name": "Inline"})),
            ("is_from_offline", json!(true)),
        ];
        for (mark, value) in marks {
            let in_group = message(|m| m[mark] = value.clone());
            assert!(matches!(sift(&in_group), Some(Event::Overheard(_))), "{in_group}");
            let private = message(|m| {
                m[mark] = value.clone();
                m["chat"] = json!({"id": 11, "type": "private", "first_name": "Ann"});
            });
            assert_eq!(sift(&private), None, "{private}");
        }
        let channel = message(|m| {
            m["sender_chat"] = json!({"id": -9, "type": "channel", "title": "News"});
            m["from"] = json!({"id": SERVICE_IDS[1], "is_bot": true, "first_name": "Channel"});
        });
        assert!(matches!(sift(&channel), Some(Event::Overheard(_))), "{channel}");
    }

    #[test]
    fn comings_and_goings_of_the_bot_are_told_apart() {
        let change = |kind: &str, old: &str, new: &str| {
            json!({"update_id": 1, "my_chat_member": {"chat": {"id": -5, "type": kind},
                "old_chat_member": {"status": old}, "new_chat_member": {"status": new}}})
        };
        let present = |is_new| Some(Event::Present { chat: -5, is_new });
        let lost = |is_private| Some(Event::Lost { chat: -5, is_private });
        assert_eq!(sift(&change("group", "member", "kicked")), lost(false));
        assert_eq!(sift(&change("supergroup", "administrator", "left")), lost(false));
        assert_eq!(sift(&change("private", "member", "kicked")), lost(true));
        assert_eq!(sift(&change("group", "left", "member")), present(true));
        assert_eq!(sift(&change("group", "member", "administrator")), present(false));
        assert_eq!(sift(&change("private", "kicked", "member")), present(false));
        let mut other = change("group", "member", "kicked");
        other["my_chat_member"]["new_chat_member"]["user"] = json!({"id": 5, "is_bot": false});
        assert_eq!(sift(&other), None);
        other["my_chat_member"]["new_chat_member"] = json!(7);
        assert_eq!(sift(&other), None);
        let moved = message(|m| m["migrate_to_chat_id"] = json!(-1005));
        assert_eq!(sift(&moved), Some(Event::Moved { from: -5, to: -1005 }));
    }
}
