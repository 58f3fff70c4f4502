//! The messenger: alerts to channels and threads, and their edits. The same message always goes
//! under the same nonce, which Discord enforces for some minutes; an older attempt is first looked
//! for among the channel's last messages. Mentions are off but for the one that was configured.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::Value;
use serenity::all::{
    CreateAllowedMentions, CreateMessage, EditMessage, MessageFlags, Nonce, RoleId, UserId,
};

use super::super::{Delivering, Delivery, Messenger, Post};
use super::look::{Eye, Look};
use super::refusal::{Refusal, refusal};
use super::render;
use super::whoami::own_id;
use super::wire::{Ask, Outcome, Wire};
use crate::domain::receiver::Address;

/// How long Discord surely remembers a nonce.
const REMEMBERED: TimeDelta = TimeDelta::minutes(2);
/// How long a refused message may wait for the look that tells why.
const LOOKING: Duration = Duration::from_secs(10);
/// Discord's code for what cannot be done in an archived thread.
const ARCHIVED: u64 = 50_083;

/// Writes to Discord's channels.
pub struct Discord {
    wire: Arc<Wire>,
}

impl Discord {
    pub(super) fn new(wire: Arc<Wire>) -> Self {
        Self { wire }
    }

    async fn post(&self, channel: &str, post: &Post) -> Delivery {
        let is_old = post.tried_at.is_some_and(|at| post.now - at >= REMEMBERED);
        if is_old && let Some(receipt) = self.find(channel, post.nonce.as_str()).await {
            return Delivery::Sent { receipt };
        }
        let (path, route) = (format!("/channels/{channel}/messages"), format!("POST {channel}"));
        let ask = Ask { method: Method::POST, path: &path, route: &route };
        match self.wire.ask(&ask, Some(&body(post))).await {
            Outcome::Done(message) => match message["id"].as_str() {
                Some(id) => Delivery::Sent { receipt: id.to_owned() },
                None => Delivery::Unsure { fault: "the answer names no message".to_owned() },
            },
            other => self.fate(other, channel).await,
        }
    }

    async fn change(&self, channel: &str, receipt: &str, post: &Post) -> Delivery {
        let path = format!("/channels/{channel}/messages/{receipt}");
        let route = format!("PATCH {channel}");
        let ask = Ask { method: Method::PATCH, path: &path, route: &route };
        match self.wire.ask(&ask, Some(&edit(post))).await {
            Outcome::Done(_) => Delivery::Sent { receipt: receipt.to_owned() },
            // A thread that sleeps keeps its messages as they are; the next new one wakes it.
            Outcome::Refused { code: ARCHIVED, .. } => Delivery::Missing,
            other => self.fate(other, channel).await,
        }
    }

    async fn fate(&self, outcome: Outcome, channel: &str) -> Delivery {
        match outcome {
            Outcome::Done(_) => Delivery::Unsure { fault: "an unexpected answer".to_owned() },
            Outcome::Later { after, fault } => Delivery::Retry { after, fault },
            Outcome::Unsure(fault) => Delivery::Unsure { fault },
            Outcome::Refused { status, code } => match refusal(status, code, channel) {
                Refusal::Lost(why) => Delivery::Gone { why },
                Refusal::Forbidden(why) => {
                    Delivery::Gone { why: self.lack(channel).await.unwrap_or(why) }
                }
                Refusal::NoMessage => Delivery::Missing,
                Refusal::Odd(fault) => Delivery::Retry { after: None, fault },
            },
        }
    }

    /// What exactly is missing in a channel, where that can be seen.
    async fn lack(&self, channel: &str) -> Option<String> {
        let looking = async {
            let me = own_id(&self.wire).await.ok()?;
            match (Eye { wire: &self.wire, me }).look(channel, None).await {
                Ok(Look::Shut(why)) => Some(format!("{why} (channel {channel})")),
                Ok(Look::Fine(_) | Look::Amiss(_)) | Err(_) => None,
            }
        };
        tokio::time::timeout(LOOKING, looking).await.ok().flatten()
    }

    /// The message of an earlier attempt, where the channel can be read.
    async fn find(&self, channel: &str, nonce: &str) -> Option<String> {
        let path = format!("/channels/{channel}/messages?limit=50");
        let route = format!("GET {channel}");
        let ask = Ask { method: Method::GET, path: &path, route: &route };
        let Outcome::Done(Value::Array(messages)) = self.wire.ask(&ask, None::<&Value>).await
        else {
            return None;
        };
        let ours = messages.iter().find(|message| message["nonce"] == nonce)?;
        Some(ours["id"].as_str()?.to_owned())
    }
}

impl Messenger for Discord {
    fn drops_repeats(&self) -> bool {
        true
    }

    fn send<'a>(&'a self, to: &'a Address, post: &'a Post) -> Delivering<'a> {
        Box::pin(async move {
            if is_id(&to.chat) { self.post(&to.chat, post).await } else { no_channel() }
        })
    }

    fn edit<'a>(&'a self, to: &'a Address, receipt: &'a str, post: &'a Post) -> Delivering<'a> {
        Box::pin(async move {
            if !is_id(&to.chat) {
                return no_channel();
            }
            if is_id(receipt) {
                self.change(&to.chat, receipt, post).await
            } else {
                Delivery::Missing
            }
        })
    }
}

/// Ids stand in paths: only digits ever do.
fn is_id(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn no_channel() -> Delivery {
    Delivery::Gone { why: "That is no channel's number: write one in the settings".to_owned() }
}

/// A new message as Discord takes it.
pub(super) fn body(post: &Post) -> CreateMessage {
    let (shown, content, allowed) = view(post);
    let message = CreateMessage::new()
        .embeds(shown.embeds)
        .components(shown.rows)
        .allowed_mentions(allowed)
        .nonce(Nonce::String(post.nonce.as_str().to_owned()))
        .enforce_nonce(true);
    let message = if content.is_empty() { message } else { message.content(content) };
    if post.quiet { message.flags(MessageFlags::SUPPRESS_NOTIFICATIONS) } else { message }
}

/// The same message as it stands now; what it lost must be said too.
pub(super) fn edit(post: &Post) -> EditMessage {
    let (shown, content, allowed) = view(post);
    EditMessage::new()
        .content(content)
        .embeds(shown.embeds)
        .components(shown.rows)
        .allowed_mentions(allowed)
}

/// What calls somebody has its first line above the embed, where a phone's preview begins.
fn view(post: &Post) -> (render::Shown, String, CreateAllowedMentions) {
    let nobody = CreateAllowedMentions::new();
    let Some((mention, allowed)) = post.calls.as_deref().and_then(called) else {
        let (cards, ids) = (std::slice::from_ref(&post.card), [post.buttons.clone()]);
        return (render::message(cards, &ids, post.zone, post.now), String::new(), nobody);
    };
    let (shown, title) = render::headed(&post.card, &post.buttons, post.zone, post.now);
    (shown, format!("{title} {mention}"), allowed)
}

/// `role:ID` or `user:ID` of the settings as text and as the only mention that is allowed.
fn called(words: &str) -> Option<(String, CreateAllowedMentions)> {
    let (kind, id) = words.split_once(':')?;
    let id: u64 = id.parse().ok().filter(|id| *id > 0)?;
    let allowed = CreateAllowedMentions::new();
    match kind {
        "role" => Some((format!("<@&{id}>"), allowed.roles([RoleId::new(id)]))),
        "user" => Some((format!("<@{id}>"), allowed.users([UserId::new(id)]))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::card::{Card, Line, Tone};
    use crate::domain::text::Clean;
    use chrono_tz::Tz;

    fn post(calls: Option<&str>) -> Post {
        let name = Clean::new("@everyone", 20);
        Post {
            nonce: "01jdxq4y7m0000000000ab".to_owned().into(),
            card: Card::new(Tone::Broken, Line::default().name(&name).text(" refused"))
                .text("Why."),
            buttons: Vec::new(),
            quiet: calls.is_none(),
            calls: calls.map(str::to_owned),
            tried_at: None,
            is_live: true,
            zone: Tz::UTC,
            now: "2026-11-23T13:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn only_the_configured_role_or_person_is_called() {
        let json = |calls| serde_json::to_value(body(&post(calls))).unwrap();
        let quiet = json(None);
        assert_eq!(
            quiet["allowed_mentions"],
            serde_json::json!({"parse": [], "users": [], "roles": []})
        );
        assert_eq!((quiet["flags"].as_u64(), quiet.get("content")), (Some(1 << 12), None));
        let loud = json(Some("role:77"));
        assert_eq!(loud["allowed_mentions"]["roles"], serde_json::json!(["77"]));
        assert_eq!(loud["content"], "\u{2716}\u{FE0E} @\u{200B}everyone refused <@&77>");
        assert!(loud.get("flags").is_none() && loud["embeds"][0].get("title").is_none());
        assert_eq!(json(Some("user:78"))["allowed_mentions"]["users"], serde_json::json!(["78"]));
        for odd in ["role:", "role:x", "everyone:1", "@name", "role:0"] {
            assert_eq!(
                json(Some(odd))["allowed_mentions"]["roles"],
                serde_json::json!([]),
                "{odd}"
            );
        }
        assert_eq!(
            (loud["nonce"].as_str(), loud["enforce_nonce"].as_bool()),
            (Some("01jdxq4y7m0000000000ab"), Some(true))
        );
    }
}
