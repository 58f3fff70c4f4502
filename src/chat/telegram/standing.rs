//! What Telegram says of a person in a chat, asked afresh or remembered: that they are in it for a
//! minute at most, that they are not for three, which withholds a right and gives none. A question
//! without an answer is a fault and never a right.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use teloxide::payloads::GetChatMember;
use teloxide::types::{ChatId, UserId};

use super::api::{Api, Fault};
use crate::commands::Standing;

/// How long an answer is good for what is no deed of an admin (S12).
const FRESH: TimeDelta = TimeDelta::seconds(60);
/// How long somebody who is not in a chat is not asked about again for what they write in private.
/// Who joins within that time is let in at once when they speak in the chat itself.
const OUTSIDE: TimeDelta = TimeDelta::minutes(3);
/// Answers of either kind that are kept; for a new one the oldest of its kind goes.
const MOST: usize = 4_096;

/// Remembered answers.
#[derive(Default)]
pub struct Standings(Mutex<Memory>);

/// A person in a chat.
type Who = (i64, u64);

/// Apart, so that however many strangers there are, they push nobody out who is in a chat.
#[derive(Default)]
struct Memory {
    inside: HashMap<Who, (DateTime<Utc>, Standing)>,
    outside: HashMap<Who, (DateTime<Utc>, Standing)>,
}

/// What is known of a person in a chat before Telegram is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// They are in it, by an answer that is still good for what is no deed of an admin.
    Inside(Standing),
    /// They were in it when Telegram was asked last.
    Before,
    /// They were not in it a short while ago.
    Outside,
    /// Nothing that counts; when they were last not in it, if that is remembered.
    Open(Option<DateTime<Utc>>),
}

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
        self.lock().keep((chat, person), standing.clone(), now);
        Ok(standing)
    }

    /// What is known of the person in the chat without asking.
    pub fn known(&self, who: Who, now: DateTime<Utc>) -> Known {
        let memory = self.lock();
        match (memory.inside.get(&who), memory.outside.get(&who)) {
            (Some((at, standing)), _) if is_within(FRESH, *at, now) => {
                Known::Inside(standing.clone())
            }
            (Some(_), _) => Known::Before,
            (None, Some((at, _))) if is_within(OUTSIDE, *at, now) => Known::Outside,
            (None, outside) => Known::Open(outside.map(|(at, _)| *at)),
        }
    }

    /// Whether the person was in any chat when Telegram was asked last.
    pub fn is_somebody(&self, person: u64) -> bool {
        self.lock().inside.keys().any(|(_, inside)| *inside == person)
    }

    /// Whether an answer is remembered that [`Self::of`] would give without asking.
    pub fn is_kept(&self, who: Who, now: DateTime<Utc>) -> bool {
        self.kept(who, now).is_some()
    }

    fn kept(&self, who: Who, now: DateTime<Utc>) -> Option<Standing> {
        let memory = self.lock();
        let kept = memory.inside.get(&who).or(memory.outside.get(&who));
        kept.filter(|(at, _)| is_within(FRESH, *at, now)).map(|(_, standing)| standing.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn keep(&mut self, who: Who, standing: Standing, now: DateTime<Utc>) {
        let (kept, other) = if standing.is_member {
            (&mut self.inside, &mut self.outside)
        } else {
            (&mut self.outside, &mut self.inside)
        };
        other.remove(&who);
        if kept.len() >= MOST && !kept.contains_key(&who) {
            let oldest = kept.iter().min_by_key(|(_, (at, _))| *at).map(|(who, _)| *who);
            oldest.and_then(|who| kept.remove(&who));
        }
        kept.insert(who, (now, standing));
    }
}

/// An answer of later than now is left over from a clock that was set back, and does not count.
fn is_within(span: TimeDelta, at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (TimeDelta::zero()..span).contains(&(now - at))
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

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    fn standing(is_member: bool) -> Standing {
        Standing { is_member, ..Standing::default() }
    }

    #[test]
    fn being_inside_is_good_for_a_minute_and_being_outside_for_three() {
        let standings = Standings::default();
        standings.lock().keep((-5, 11), standing(true), at(0));
        standings.lock().keep((-5, 12), standing(false), at(0));
        let known = |person, seconds| standings.known((-5, person), at(seconds));
        assert_eq!(known(11, 59), Known::Inside(standing(true)));
        assert_eq!(known(11, 60), Known::Before);
        assert_eq!(known(12, 179), Known::Outside);
        assert_eq!(known(12, 180), Known::Open(Some(at(0))));
        assert_eq!(known(13, 0), Known::Open(None));
        assert_eq!(known(12, -1), Known::Open(Some(at(0))), "a clock was set back");
        // Who speaks in the chat itself is asked about after a minute all the same.
        assert_eq!(standings.kept((-5, 12), at(59)), Some(standing(false)));
        assert_eq!(standings.kept((-5, 12), at(60)), None);
        standings.lock().keep((-5, 11), standing(false), at(61));
        assert_eq!(known(11, 61), Known::Outside, "thrown out");
        assert!(!standings.is_somebody(11));
    }

    #[test]
    fn strangers_push_out_the_oldest_strangers_and_no_member() {
        let standings = Standings::default();
        standings.lock().keep((-5, 11), standing(true), at(0));
        let crowd = i64::try_from(MOST).unwrap() + 9;
        for n in 0..crowd {
            let person = 1_000 + u64::try_from(n).unwrap();
            standings.lock().keep((-5, person), standing(false), at(n));
        }
        let known = |person, seconds| standings.known((-5, person), at(seconds));
        assert_eq!(known(1_000 + u64::try_from(crowd).unwrap() - 1, crowd), Known::Outside);
        assert_eq!(known(1_000, crowd), Known::Open(None), "the first is forgotten");
        assert_eq!(known(11, crowd), Known::Before);
        assert_eq!(standings.lock().outside.len(), MOST);
    }

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
