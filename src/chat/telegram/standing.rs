//! What Telegram says of a person in a chat, asked afresh or remembered for a minute at most. A
//! question without an answer is a fault and never a right.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use teloxide::payloads::GetChatMember;
use teloxide::types::{ChatId, UserId};

use super::api::{Api, Fault};
use crate::commands::Standing;

/// How long an answer is good for what is no deed of an admin (S12).
const FRESH: TimeDelta = TimeDelta::seconds(60);
/// Answers that are kept; beyond them the old ones go.
const MOST: usize = 4_096;

/// Remembered answers.
#[derive(Default)]
pub struct Standings(Mutex<HashMap<Who, (DateTime<Utc>, Standing)>>);

/// A person in a chat.
type Who = (i64, u64);

/// The few fields that decide. Read by us: a field that a library's type lacks or insists on must
/// lock nobody in or out.
#[derive(Deserialize)]
struct Member {
    status: String,
    user: User,
    #[serde(default)]
    can_promote_members: bool,
    /// Of a restricted one: whether they are inside at all.
    #[serde(default, rename = "is_member")]
    is_inside: bool,
}

#[derive(Deserialize)]
struct User {
    id: u64,
    is_bot: bool,
}

impl Standings {
    /// The person's standing in the chat; `afresh` asks even if somebody asked a moment ago.
    pub async fn of(
        &self,
        api: &Api,
        (chat, person): Who,
        afresh: bool,
        now: DateTime<Utc>,
    ) -> Result<Standing, Fault> {
        if !afresh && let Some(kept) = self.kept((chat, person), now) {
            return Ok(kept);
        }
        let standing = match api.call(&GetChatMember::new(ChatId(chat), UserId(person))).await {
            Ok(member) => read(&member, person),
            // Not there, or the bot is not: nobody here has a standing.
            Err(Fault::Refused(refusal)) if matches!(refusal.code, 400 | 403) => {
                Standing::default()
            }
            Err(fault) => return Err(fault),
        };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.retain(|_, (at, _)| is_fresh(*at, now));
        }
        if kept.len() < MOST {
            kept.insert((chat, person), (now, standing.clone()));
        }
        Ok(standing)
    }

    fn kept(&self, who: Who, now: DateTime<Utc>) -> Option<Standing> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&who).filter(|(at, _)| is_fresh(*at, now)).map(|(_, standing)| standing.clone())
    }
}

fn is_fresh(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (TimeDelta::zero()..FRESH).contains(&(now - at))
}

fn read(member: &Member, person: u64) -> Standing {
    if member.user.id != person || member.user.is_bot {
        return Standing::default();
    }
    let (is_member, manages) = match member.status.as_str() {
        "creator" => (true, true),
        "administrator" => (true, member.can_promote_members),
        "member" => (true, false),
        "restricted" => (member.is_inside, false),
        // Left, kicked, and whatever may come.
        _ => (false, false),
    };
    Standing { is_member, manages, ..Standing::default() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_who_may_promote_manages_and_no_bot_ever_does() {
        let table = [
            (json!({"status": "creator"}), (true, true)),
            (json!({"status": "administrator", "can_promote_members": true}), (true, true)),
            (json!({"status": "administrator", "can_promote_members": false}), (true, false)),
            (json!({"status": "administrator"}), (true, false)),
            (json!({"status": "member", "can_promote_members": true}), (true, false)),
            (json!({"status": "restricted", "is_member": true}), (true, false)),
            (json!({"status": "restricted", "is_member": false}), (false, false)),
            (json!({"status": "left"}), (false, false)),
            (json!({"status": "kicked"}), (false, false)),
            (json!({"status": "emperor"}), (false, false)),
        ];
        for (mut member, (is_member, manages)) in table {
            member["user"] = json!({"id": 11, "is_bot": false});
            let read_as = |member: &serde_json::Value| {
                read(&serde_json::from_value(member.clone()).unwrap(), 11)
            };
            let standing = Standing { is_member, manages, ..Standing::default() };
            assert_eq!(read_as(&member), standing, "{member}");
            member["user"] = json!({"id": 11, "is_bot": true});
            assert_eq!(read_as(&member), Standing::default(), "a bot: {member}");
            member["user"] = json!({"id": 12, "is_bot": false});
            assert_eq!(read_as(&member), Standing::default(), "somebody else: {member}");
        }
    }
}
