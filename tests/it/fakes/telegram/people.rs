//! What people do on Telegram: sit in chats, write, press, block, leave.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use super::state::{Chat, Shown};
use super::{BOT, Fake, NAME};

/// Somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: i64,
    pub name: &'static str,
}

/// What somebody is in a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Creator,
    Admin { promotes: bool },
    Member,
    Restricted { inside: bool },
    Left,
    Kicked,
}

impl Status {
    /// As getChatMember says it.
    pub fn json(self, user: &Value) -> Value {
        let mut out = match self {
            Self::Creator => json!({"status": "creator", "is_anonymous": false}),
            Self::Admin { promotes } => json!({"status": "administrator", "can_be_edited": false,
                "is_anonymous": false, "can_manage_chat": true, "can_delete_messages": true,
                "can_manage_video_chats": true, "can_restrict_members": true,
                "can_promote_members": promotes, "can_change_info": true, "can_invite_users": true}),
            Self::Member => json!({"status": "member"}),
            Self::Restricted { inside } => json!({"status": "restricted", "is_member": inside,
                "can_send_messages": false, "until_date": 0}),
            Self::Left => json!({"status": "left"}),
            Self::Kicked => json!({"status": "kicked", "until_date": 0}),
        };
        out["user"] = user.clone();
        out
    }
}

impl Person {
    pub fn json(self) -> Value {
        json!({"id": self.id, "is_bot": false, "first_name": self.name, "language_code": "en"})
    }
}

impl Fake {
    /// A private chat in which the person has started the bot.
    pub fn meets(&self, person: Person) {
        self.room(person.id, "private", person.name);
        self.sits(person, person.id, Status::Member);
    }

    /// A group or supergroup with the bot in it.
    pub fn room(&self, id: i64, kind: &'static str, title: &str) {
        let chat = Chat {
            kind,
            title: title.to_owned(),
            members: BTreeMap::from([(BOT, Status::Member)]),
            topics: Vec::new(),
            messages: BTreeMap::new(),
            moved_to: None,
            count: None,
            is_public: false,
            unread: VecDeque::new(),
        };
        self.change(|state| state.chats.insert(id, chat));
    }

    /// How many are in a chat, and whether it is public.
    pub fn counts(&self, chat: i64, members: i64, is_public: bool) {
        self.change(|state| {
            let chat = state.chats.get_mut(&chat).expect("the chat");
            (chat.count, chat.is_public) = (Some(members), is_public);
        });
    }

    /// A topic of a forum.
    pub fn topic(&self, chat: i64, topic: i64) {
        self.change(|state| state.chats.get_mut(&chat).expect("the chat").topics.push(topic));
    }

    /// The person is this in the chat from now on.
    pub fn sits(&self, person: Person, chat: i64, status: Status) {
        self.member(person.id, chat, status);
    }

    /// The bot is this in the chat from now on, and nobody tells it.
    pub fn sits_the_bot(&self, chat: i64, status: Status) {
        self.member(BOT, chat, status);
    }

    /// Whether the bot has begun to poll.
    pub fn is_polled(&self) -> bool {
        self.lock().poll > 0
    }

    /// How many polls were begun so far.
    pub fn polls(&self) -> u64 {
        self.lock().poll
    }

    /// When the last of them began.
    pub fn polled_at(&self) -> chrono::DateTime<chrono::Utc> {
        *self.lock().poll_times.last().expect("a poll")
    }

    /// Whether an update was confirmed.
    pub fn is_confirmed(&self, update: i64) -> bool {
        self.lock().confirmed > update
    }

    fn member(&self, id: i64, chat: i64, status: Status) {
        self.change(|state| {
            state.chats.get_mut(&chat).expect("the chat").members.insert(id, status)
        });
    }

    /// The bot is this in the chat from now on, and is told so.
    pub fn makes_the_bot(&self, by: Person, chat: i64, status: Status) -> i64 {
        let bot = json!({"id": BOT, "is_bot": true, "first_name": "keylapse", "username": NAME});
        let old = self.lock().chats[&chat].members[&BOT];
        self.member(BOT, chat, status);
        self.update(json!({"my_chat_member": {"chat": self.chat_json(chat), "from": by.json(),
            "date": self.date(), "old_chat_member": old.json(&bot), "new_chat_member": status.json(&bot)}}))
    }

    /// A group becomes a supergroup: only the new number can be written to.
    pub fn upgrades(&self, from: i64, to: i64) {
        let (title, members) = {
            let state = self.lock();
            (state.chats[&from].title.clone(), state.chats[&from].members.clone())
        };
        self.room(to, "supergroup", &title);
        self.change(|state| {
            state.chats.get_mut(&to).expect("the chat").members = members;
            state.chats.get_mut(&from).expect("the chat").moved_to = Some(to);
        });
    }

    pub fn date(&self) -> i64 {
        self.0.clock.now().timestamp()
    }

    pub fn chat_json(&self, id: i64) -> Value {
        let state = self.lock();
        let chat = &state.chats[&id];
        match chat.kind {
            "private" => json!({"id": id, "type": "private", "first_name": chat.title}),
            kind if chat.is_public => {
                json!({"id": id, "type": kind, "title": chat.title, "username": "others_here"})
            }
            kind => json!({"id": id, "type": kind, "title": chat.title}),
        }
    }

    /// A message as the bot gets it; a story can still change it.
    pub fn message(&self, from: Person, chat: i64, text: &str) -> Value {
        let now = self.0.clock.now();
        let id = self.change(|state| {
            state.last_message += 1;
            state.said.insert((chat, state.last_message), now);
            state.last_message
        });
        json!({"message_id": id, "from": from.json(), "chat": self.chat_json(chat),
            "date": self.date(), "text": text})
    }

    /// Queues an update; answers with its number.
    pub fn update(&self, mut update: Value) -> i64 {
        self.change(|state| {
            state.last_update += 1;
            update["update_id"] = json!(state.last_update);
            state.updates.push_back((state.last_update, update));
            state.last_update
        })
    }

    /// Somebody writes.
    pub fn writes(&self, from: Person, chat: i64, text: &str) -> i64 {
        self.update(json!({"message": self.message(from, chat, text)}))
    }

    /// Somebody presses what is behind a button of a message; answers with update and query.
    pub fn presses(&self, from: Person, chat: i64, message: i64, data: &str) -> (i64, String) {
        let query = self.change(|state| {
            let id = format!("q{}", state.queries.len() + 1);
            state.queries.insert(id.clone(), None);
            id
        });
        let message = json!({"message_id": message, "chat": self.chat_json(chat), "date": self.date(), "text": "x",
            "from": {"id": BOT, "is_bot": true, "first_name": "keylapse", "username": NAME}});
        let update = self.update(json!({"callback_query": {"id": query, "from": from.json(),
            "message": message, "chat_instance": "1", "data": data}}));
        (update, query)
    }

    /// What a press was answered with.
    pub fn query(&self, query: &str) -> Option<Value> {
        self.lock().queries[query].clone()
    }

    /// The update was fetched and confirmed.
    pub async fn confirmed(&self, update: i64) {
        self.until(&format!("update {update} to be confirmed"), |fake| {
            fake.lock().confirmed > update
        })
        .await;
    }

    /// The oldest message of the chat that the story has not read, if any.
    pub fn read(&self, chat: i64) -> Option<Shown> {
        self.change(|state| {
            let chat = state.chats.get_mut(&chat)?;
            let id = chat.unread.pop_front()?;
            chat.messages.get(&id).cloned()
        })
    }

    /// Whether what somebody wrote is still there.
    pub fn stands(&self, chat: i64, message: i64) -> bool {
        self.lock().said.contains_key(&(chat, message))
    }

    /// How many messages of people stand in a chat.
    pub fn standing(&self, chat: i64) -> usize {
        self.lock().said.keys().filter(|(at, _)| *at == chat).count()
    }

    /// A message as it is shown now.
    pub fn shown(&self, chat: i64, id: i64) -> Shown {
        self.lock().chats[&chat].messages[&id].clone()
    }

    /// What nobody has read.
    pub fn unread(&self) -> Vec<(i64, String)> {
        let state = self.lock();
        let of = |(id, chat): (&i64, &Chat)| {
            let id = *id;
            let texts = chat.unread.iter().map(|n| (id, chat.messages[n].text.clone()));
            texts.collect::<Vec<_>>()
        };
        state.chats.iter().flat_map(of).collect()
    }

    /// The menu of a scope.
    pub fn menu(&self, scope: &str) -> Vec<String> {
        let state = self.lock();
        let menu = state.menus.get(scope).and_then(Value::as_array).cloned().unwrap_or_default();
        menu.iter().map(|item| item["command"].as_str().unwrap_or_default().to_owned()).collect()
    }
}
