//! What Discord said lately of people in the servers of workspaces, for those who write in private.
//! That somebody is no member is good for three minutes: it withholds a right and gives none. That
//! they are one is good for a minute, and only for what a form offers; a command or a press asks
//! afresh (S12). Pure memory: who is asked is decided in `private`.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// How long somebody who is no member is not asked about again. Who joins within that time is heard
/// at once in the server itself.
const OUTSIDE: TimeDelta = TimeDelta::minutes(3);
/// How long a member is one while they type.
const INSIDE: TimeDelta = TimeDelta::minutes(1);
/// Answers of either kind that are kept; for a new one the oldest of its kind goes.
const MOST: usize = 4_096;

/// A server and a person.
pub type Who = (u64, u64);

/// Remembered answers.
#[derive(Default)]
pub struct Members(Mutex<Memory>);

/// Apart, so that however many strangers there are, they push no member out.
#[derive(Default)]
struct Memory {
    inside: HashMap<Who, DateTime<Utc>>,
    outside: HashMap<Who, DateTime<Utc>>,
}

impl Members {
    /// Whether they are in the server, where that is known well enough; `None` = ask.
    pub fn recall(&self, who: Who, is_typing: bool, now: DateTime<Utc>) -> Option<bool> {
        let memory = self.memory();
        // A clock that was set back makes nothing fresh.
        let is_fresh = |at: Option<&DateTime<Utc>>, life: TimeDelta| {
            at.is_some_and(|at| (TimeDelta::zero()..life).contains(&(now - *at)))
        };
        if is_fresh(memory.outside.get(&who), OUTSIDE) {
            return Some(false);
        }
        (is_typing && is_fresh(memory.inside.get(&who), INSIDE)).then_some(true)
    }

    /// Discord has said it.
    pub fn keep(&self, who: Who, is_inside: bool, now: DateTime<Utc>) {
        let mut memory = self.memory();
        let Memory { inside, outside } = &mut *memory;
        let (known, other) = if is_inside { (inside, outside) } else { (outside, inside) };
        other.remove(&who);
        if known.len() >= MOST && !known.contains_key(&who) {
            let oldest = known.iter().min_by_key(|(_, at)| **at).map(|(who, _)| *who);
            oldest.and_then(|oldest| known.remove(&oldest));
        }
        known.insert(who, now);
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // A panicking holder leaves at worst one answer too few.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn no_member_is_one_for_three_minutes_and_a_member_only_while_they_type() {
        let (members, who) = (Members::default(), (1, 2));
        for is_typing in [false, true] {
            assert_eq!(members.recall(who, is_typing, at(0)), None);
        }
        members.keep(who, false, at(0));
        for is_typing in [false, true] {
            assert_eq!(members.recall(who, is_typing, at(179)), Some(false));
            assert_eq!(members.recall(who, is_typing, at(180)), None);
            assert_eq!(members.recall(who, is_typing, at(-1)), None, "a clock set back");
            assert_eq!(members.recall((1, 3), is_typing, at(0)), None, "somebody else");
        }
        members.keep(who, true, at(0));
        assert_eq!(members.recall(who, false, at(0)), None, "a command asks afresh");
        assert_eq!(members.recall(who, true, at(59)), Some(true));
        assert_eq!(members.recall(who, true, at(60)), None);
        members.keep(who, false, at(1));
        assert_eq!(members.recall(who, true, at(2)), Some(false), "who left is out");
    }

    #[test]
    fn a_crowd_of_strangers_pushes_out_the_oldest_and_no_member() {
        let members = Members::default();
        members.keep((1, 0), true, at(0));
        for person in 1..=u64::try_from(MOST).unwrap() + 1 {
            members.keep((1, person), false, at(i64::try_from(person).unwrap().min(100)));
        }
        assert_eq!(members.memory().outside.len(), MOST);
        assert_eq!(members.recall((1, 1), false, at(50)), None, "the oldest went");
        assert_eq!(members.recall((1, 2), false, at(100)), Some(false));
        assert_eq!(members.recall((1, 0), true, at(50)), Some(true));
    }
}
