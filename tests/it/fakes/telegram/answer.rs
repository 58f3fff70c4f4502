//! The methods, each as strict as the real one; its refusals are in the real server's words.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::people::Status;
use super::state::{Shown, State};
use super::{Answer, BOT, Fake, NAME, html, refuse, schema};

impl Fake {
    pub(super) async fn answer(&self, method: &str, body: &Value) -> Answer {
        if method == "unknown" {
            return Err(refuse(404, "Not Found"));
        }
        let faults = schema::faults(method, body);
        if !faults.is_empty() {
            self.change(|state| state.offences.extend(faults.clone()));
            return Err(refuse(400, &format!("Bad Request: {}", faults.join(", "))));
        }
        match method {
            "getMe" => {
                Ok(json!({"id": BOT, "is_bot": true, "first_name": "keylapse", "username": NAME,
                "can_join_groups": true, "can_read_all_group_messages": self.lock().reads_all, "supports_inline_queries": false}))
            }
            "getWebhookInfo" => {
                Ok(json!({"url": self.lock().webhook, "has_custom_certificate": false,
                "pending_update_count": 0}))
            }
            "getUpdates" => self.get_updates(body).await,
            "sendMessage" => self.send_message(body),
            "editMessageText" | "editMessageReplyMarkup" => self.edit(method, body),
            "answerCallbackQuery" => self.answer_query(body),
            "deleteMessage" => self.delete(body),
            "getChatMember" => self.chat_member(body),
            "getChatMemberCount" => {
                let chat = chat_id(body)?;
                let state = self.lock();
                state.reach(chat, true)?;
                let chat = &state.chats[&chat];
                Ok(json!(chat.count.unwrap_or(i64::try_from(chat.members.len()).unwrap())))
            }
            "getChat" => {
                let chat = chat_id(body)?;
                self.lock().reach(chat, true)?;
                let mut answer = self.chat_json(chat);
                if answer["type"] != "private" {
                    answer["permissions"] = json!({"can_send_messages": true});
                }
                if !self.lock().chats[&chat].topics.is_empty() {
                    answer["is_forum"] = json!(true);
                }
                Ok(answer)
            }
            "setMyCommands" => self.set_menu(body),
            "deleteMyCommands" => {
                Ok(json!(self.change(|s| s.menus.remove(&scope(body))).is_some()))
            }
            "getMyCommands" => {
                Ok(self.lock().menus.get(&scope(body)).cloned().unwrap_or(json!([])))
            }
            other => {
                self.change(|state| state.offences.push(format!("{other} must never be called")));
                Ok(json!(true))
            }
        }
    }

    pub(super) async fn get_updates(&self, body: &Value) -> Answer {
        if !self.lock().webhook.is_empty() {
            return Err(refuse(
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
            ));
        }
        let offset = body["offset"].as_i64();
        let limit = usize::try_from(body["limit"].as_i64().unwrap_or(100)).unwrap_or(100);
        let poll = self.change(|state| {
            if let Some(offset) = offset {
                state.updates.retain(|(id, _)| *id >= offset);
                state.confirmed = state.confirmed.max(offset);
            }
            if let Some(allowed) = body["allowed_updates"].as_array() {
                state.allowed =
                    allowed.iter().filter_map(|a| a.as_str().map(str::to_owned)).collect();
            }
            state.poll += 1;
            state.poll_times.push(self.0.clock.now());
            state.poll
        });
        let ready = |fake: &Self| {
            let state = fake.lock();
            // Kinds that were not asked for never come; those made before do.
            state.poll != poll
                || state.idled == poll
                || !state.updates.is_empty()
                || !state.webhook.is_empty()
        };
        let wait = Duration::from_secs(body["timeout"].as_u64().unwrap_or(0));
        let waiting = async {
            loop {
                let changed = self.0.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if ready(self) {
                    return;
                }
                changed.await;
            }
        };
        let _ = tokio::time::timeout(wait, waiting).await;
        let state = self.lock();
        if state.poll != poll {
            return Err(refuse(
                409,
                "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
            ));
        }
        let updates: Vec<Value> =
            state.updates.iter().take(limit).map(|(_, u)| u.clone()).collect();
        Ok(json!(updates))
    }

    fn send_message(&self, body: &Value) -> Answer {
        let chat = chat_id(body)?;
        let shown = show(body)?;
        let now = self.0.clock.now();
        let id = self.change(|state| {
            state.reach(chat, false)?;
            let topic = body["message_thread_id"].as_i64();
            if topic.is_some_and(|topic| !state.chats[&chat].topics.contains(&topic)) {
                return Err(refuse(400, "Bad Request: message thread not found"));
            }
            state.pace(chat, now)?;
            state.last_message += 1;
            let id = state.last_message;
            let is_quiet = body["disable_notification"] == true;
            let shown = Shown { id, at: now, topic, is_quiet, ..shown.clone() };
            let chat = state.chats.get_mut(&chat).expect("the chat");
            chat.messages.insert(id, shown);
            chat.unread.push_back(id);
            Ok(id)
        })?;
        Ok(self.sent(chat, id))
    }

    fn edit(&self, method: &str, body: &Value) -> Answer {
        let chat = chat_id(body)?;
        let id = body["message_id"].as_i64().unwrap_or_default();
        let now = self.0.clock.now();
        self.change(|state| {
            state.reach(chat, false)?;
            let Some(old) = state.chats[&chat].messages.get(&id).cloned() else {
                return Err(refuse(400, "Bad Request: message to edit not found"));
            };
            let new = if method == "editMessageText" { show(body)? } else {
                Shown { buttons: buttons(body)?, ..old.clone() }
            };
            if new.text == old.text && new.buttons == old.buttons {
                return Err(refuse(400, "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message"));
            }
            state.pace(chat, now)?;
            let new = Shown { id, at: old.at, topic: old.topic, is_quiet: old.is_quiet, edits: old.edits + 1, ..new };
            state.chats.get_mut(&chat).expect("the chat").messages.insert(id, new);
            Ok(())
        })?;
        Ok(self.sent(chat, id))
    }

    /// What people wrote goes in private for two days, and in a group where the bot is an admin.
    fn delete(&self, body: &Value) -> Answer {
        let chat = chat_id(body)?;
        let message = body["message_id"].as_i64().unwrap_or_default();
        let now = self.0.clock.now();
        self.change(|state| {
            state.reach(chat, true)?;
            let Some(at) = state.said.get(&(chat, message)) else {
                return Err(refuse(400, "Bad Request: message to delete not found"));
            };
            let may = matches!(
                state.chats[&chat].members.get(&BOT),
                Some(Status::Creator | Status::Admin { .. })
            );
            if now - *at >= TimeDelta::hours(48) || !(chat > 0 || may) {
                return Err(refuse(400, "Bad Request: message can't be deleted"));
            }
            state.said.remove(&(chat, message));
            Ok(json!(true))
        })
    }

    fn sent(&self, chat: i64, id: i64) -> Value {
        json!({"message_id": id, "chat": self.chat_json(chat), "date": self.date(), "text": "x",
            "from": {"id": BOT, "is_bot": true, "first_name": "keylapse", "username": NAME}})
    }

    fn answer_query(&self, body: &Value) -> Answer {
        let id = body["callback_query_id"].as_str().unwrap_or_default();
        if body["text"].as_str().is_some_and(|text| text.chars().count() > 200) {
            return Err(refuse(400, "Bad Request: MESSAGE_TOO_LONG"));
        }
        let ours = format!("https://t.me/{NAME}?start=");
        if body["url"].as_str().is_some_and(|url| !url.starts_with(&ours)) {
            return Err(refuse(400, "Bad Request: URL_INVALID"));
        }
        self.change(|state| match state.queries.get_mut(id) {
            Some(answer) => {
                if answer.is_some() {
                    state.offences.push(format!("{id} was answered twice"));
                }
                *answer = Some(body.clone());
                Ok(json!(true))
            }
            None => Err(refuse(
                400,
                "Bad Request: query is too old and response timeout expired or query ID is invalid",
            )),
        })
    }

    fn chat_member(&self, body: &Value) -> Answer {
        let (chat, user) = (chat_id(body)?, body["user_id"].as_i64().unwrap_or_default());
        let state = self.lock();
        state.reach(chat, true)?;
        let user_json = json!({"id": user, "is_bot": user == BOT, "first_name": "somebody"});
        match state.chats[&chat].members.get(&user) {
            Some(status) => Ok(status.json(&user_json)),
            None => Err(refuse(400, "Bad Request: user not found")),
        }
    }

    fn set_menu(&self, body: &Value) -> Answer {
        let commands = body["commands"].as_array().cloned().unwrap_or_default();
        for command in &commands {
            let name = command["command"].as_str().unwrap_or_default();
            let fits = (1..=32).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            let about = command["description"].as_str().unwrap_or_default().chars().count();
            if !fits || !(1..=256).contains(&about) {
                return Err(refuse(400, "Bad Request: BOT_COMMAND_INVALID"));
            }
        }
        self.change(|state| state.menus.insert(scope(body), body["commands"].clone()));
        Ok(json!(true))
    }
}

impl State {
    /// Whether the bot can reach a chat; to look at one it need not be able to write there.
    fn reach(&self, id: i64, only_look: bool) -> Result<(), (u16, String, Value)> {
        let Some(chat) = self.chats.get(&id) else {
            return Err(refuse(400, "Bad Request: chat not found"));
        };
        if let Some(to) = chat.moved_to {
            let words = "Bad Request: group chat was upgraded to a supergroup chat".to_owned();
            return Err((400, words, json!({"migrate_to_chat_id": to})));
        }
        match (chat.members.get(&BOT), chat.kind) {
            (Some(Status::Kicked), "private") if !only_look => {
                Err(refuse(403, "Forbidden: bot was blocked by the user"))
            }
            (Some(Status::Kicked | Status::Left), "group" | "supergroup") => {
                Err(refuse(403, &format!("Forbidden: bot was kicked from the {} chat", chat.kind)))
            }
            (Some(Status::Restricted { .. }), "group" | "supergroup") if !only_look => {
                Err(refuse(400, "Bad Request: not enough rights to send text messages to the chat"))
            }
            _ => Ok(()),
        }
    }

    /// One a second in a chat, twenty a minute in a group, thirty a second in all.
    fn pace(
        &mut self,
        chat: i64,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<(), (u16, String, Value)> {
        self.paced.retain(|(at, _)| now - *at < TimeDelta::minutes(1));
        let within = |span: TimeDelta, of: Option<i64>| {
            let recent = self
                .paced
                .iter()
                .filter(|(at, id)| now - *at < span && of.is_none_or(|of| of == *id));
            recent.count()
        };
        // Sendings are paced and arrivals are seen here: on a real clock the way may differ.
        let second = TimeDelta::milliseconds(900);
        if within(second, Some(chat)) >= 1
            || (chat < 0 && within(TimeDelta::minutes(1), Some(chat)) >= 20)
            || within(second, None) >= 30
        {
            self.offences.push(format!("too fast in {chat}"));
            return Err((
                429,
                "Too Many Requests: retry after 3".to_owned(),
                json!({"retry_after": 3}),
            ));
        }
        self.paced.push((now, chat));
        Ok(())
    }
}

fn chat_id(body: &Value) -> Result<i64, (u16, String, Value)> {
    let id = &body["chat_id"];
    let id = id.as_i64().or_else(|| id.as_str()?.parse().ok());
    id.ok_or_else(|| refuse(400, "Bad Request: chat not found"))
}

fn scope(body: &Value) -> String {
    body["scope"]["type"].as_str().unwrap_or("default").to_owned()
}

fn show(body: &Value) -> Result<Shown, (u16, String, Value)> {
    let text = body["text"].as_str().unwrap_or_default();
    let parsed = if body["parse_mode"] == "HTML" {
        html::parse(text)
            .map_err(|why| refuse(400, &format!("Bad Request: can't parse entities: {why}")))?
    } else {
        html::Parsed { plain: text.to_owned(), alive: Vec::new() }
    };
    if parsed.plain.trim().is_empty() {
        return Err(refuse(400, "Bad Request: message text is empty"));
    }
    if parsed.plain.encode_utf16().count() > 4096 {
        return Err(refuse(400, "Bad Request: message is too long"));
    }
    if body["link_preview_options"]["is_disabled"] != true {
        return Err(refuse(400, "a test of ours: previews are off"));
    }
    Ok(Shown {
        id: 0,
        at: chrono::DateTime::UNIX_EPOCH,
        text: parsed.plain,
        alive: parsed.alive,
        buttons: buttons(body)?,
        topic: None,
        is_quiet: false,
        edits: 0,
    })
}

fn buttons(body: &Value) -> Result<Vec<(String, String)>, (u16, String, Value)> {
    let mut out = Vec::new();
    let rows = body["reply_markup"]["inline_keyboard"].as_array().cloned().unwrap_or_default();
    for button in rows.iter().flat_map(|row| row.as_array().cloned().unwrap_or_default()) {
        let label = button["text"].as_str().unwrap_or_default().to_owned();
        let behind = match (button["callback_data"].as_str(), button["url"].as_str()) {
            (Some(data), None) if (1..=64).contains(&data.len()) => data,
            (Some(_), _) => return Err(refuse(400, "Bad Request: BUTTON_DATA_INVALID")),
            (None, url) => url.unwrap_or_default(),
        };
        if label.trim().is_empty() {
            return Err(refuse(400, "Bad Request: inline keyboard button text is empty"));
        }
        out.push((label, behind.to_owned()));
    }
    if out.len() > 100 {
        return Err(refuse(400, "Bad Request: REPLY_MARKUP_TOO_LONG"));
    }
    Ok(out)
}
