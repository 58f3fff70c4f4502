//! How fast we write, below what Telegram allows: one message a second in a chat, twenty a minute
//! in a group, thirty a second in all. Replies, and questions about who asks, take at most half of
//! each, so that whoever floods the bot cannot delay an alert (S19). Pure: instants are arguments.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

/// What wants to go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An alert, or an edit of one.
    Alert,
    /// An answer to somebody.
    Reply,
    /// A question about somebody; it goes to no chat.
    Question,
    /// Such a question that may be in vain.
    Guess,
}

const SECOND: TimeDelta = TimeDelta::seconds(1);
const MINUTE: TimeDelta = TimeDelta::minutes(1);
const IN_A_GROUP: usize = 20;
const IN_ALL: usize = 30;
/// Questions in all, so that they leave a third of the half that is not for alerts to replies.
const QUESTIONS: usize = 10;
/// Guesses among them, so that who is known need not wait for them.
const GUESSES: usize = 6;
/// No answer of the server can hold a chat longer than this: a lying one must not end the watch.
const LONGEST_HOLD: TimeDelta = TimeDelta::minutes(15);
/// Above this many chats the quiet ones are forgotten.
const CROWD: usize = 1_024;

/// What went out lately.
#[derive(Debug, Default)]
pub struct Pace {
    all: VecDeque<(DateTime<Utc>, Kind)>,
    chats: HashMap<i64, Recent>,
}

#[derive(Debug, Default)]
struct Recent {
    sent: VecDeque<(DateTime<Utc>, Kind)>,
    held_until: Option<DateTime<Utc>>,
}

impl Pace {
    /// Takes the slot for one message, or says how long to wait before asking again.
    pub fn take(&mut self, chat: i64, kind: Kind, now: DateTime<Utc>) -> Result<(), TimeDelta> {
        forget(&mut self.all, SECOND, now);
        if self.chats.len() > CROWD {
            self.chats.retain(|_, recent| {
                forget(&mut recent.sent, MINUTE, now);
                !recent.sent.is_empty() || recent.held_until.is_some_and(|until| until > now)
            });
        }
        let recent = self.chats.entry(chat).or_default();
        forget(&mut recent.sent, MINUTE, now);
        let held = recent.held_until.map(|until| until - now);
        // A hold that lies far ahead is left over from a clock that was set back.
        let held = held.filter(|left| *left > TimeDelta::zero() && *left <= LONGEST_HOLD);
        let mut waits = vec![held, wait(&recent.sent, &ALL, 1, SECOND, now)];
        waits.push(wait(&self.all, &ALL, IN_ALL, SECOND, now));
        if chat < 0 {
            waits.push(wait(&recent.sent, &ALL, IN_A_GROUP, MINUTE, now));
        }
        if kind != Kind::Alert {
            waits.push(wait(&recent.sent, &FOR_PEOPLE, 1, SECOND * 2, now));
            waits.push(wait(&self.all, &FOR_PEOPLE, IN_ALL / 2, SECOND, now));
            if chat < 0 {
                waits.push(wait(&recent.sent, &FOR_PEOPLE, IN_A_GROUP / 2, MINUTE, now));
            }
        }
        if let Some(longest) = waits.into_iter().flatten().max() {
            return Err(longest);
        }
        recent.sent.push_back((now, kind));
        self.all.push_back((now, kind));
        Ok(())
    }

    /// Takes the slot for one question about somebody, or says how long to wait. It holds no chat.
    pub fn ask(&mut self, is_guess: bool, now: DateTime<Utc>) -> Result<(), TimeDelta> {
        forget(&mut self.all, SECOND, now);
        let mut waits = vec![
            wait(&self.all, &ALL, IN_ALL, SECOND, now),
            wait(&self.all, &FOR_PEOPLE, IN_ALL / 2, SECOND, now),
            wait(&self.all, &[Kind::Question, Kind::Guess], QUESTIONS, SECOND, now),
        ];
        if is_guess {
            waits.push(wait(&self.all, &[Kind::Guess], GUESSES, SECOND, now));
        }
        if let Some(longest) = waits.into_iter().flatten().max() {
            return Err(longest);
        }
        self.all.push_back((now, if is_guess { Kind::Guess } else { Kind::Question }));
        Ok(())
    }

    /// Telegram asked to leave a chat alone for this long.
    pub fn hold(&mut self, chat: i64, time: TimeDelta, now: DateTime<Utc>) {
        self.chats.entry(chat).or_default().held_until = Some(now + time.min(LONGEST_HOLD));
    }
}

const ALL: [Kind; 4] = [Kind::Alert, Kind::Reply, Kind::Question, Kind::Guess];
const FOR_PEOPLE: [Kind; 3] = [Kind::Reply, Kind::Question, Kind::Guess];

/// How long until fewer than `most` of these kinds lie within `span`.
fn wait(
    sent: &VecDeque<(DateTime<Utc>, Kind)>,
    kinds: &[Kind],
    most: usize,
    span: TimeDelta,
    now: DateTime<Utc>,
) -> Option<TimeDelta> {
    let counted = sent.iter().rev().filter(|(at, kind)| now - *at < span && kinds.contains(kind));
    let (oldest, _) = counted.clone().nth(most - 1)?;
    Some(span - (now - *oldest))
}

/// What is older than `span`, or lies ahead because a clock was set back, does not count.
fn forget(sent: &mut VecDeque<(DateTime<Utc>, Kind)>, span: TimeDelta, now: DateTime<Utc>) {
    sent.retain(|(at, _)| *at <= now && now - *at < span);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_790_000_000_000 + ms).unwrap()
    }

    #[test]
    fn a_chat_gets_one_a_second_and_a_group_twenty_a_minute() {
        let mut pace = Pace::default();
        assert_eq!(pace.take(-5, Kind::Alert, at(0)), Ok(()));
        assert_eq!(pace.take(-5, Kind::Alert, at(400)), Err(TimeDelta::milliseconds(600)));
        assert_eq!(pace.take(7, Kind::Alert, at(400)), Ok(()), "another chat");
        for n in 1..20 {
            assert_eq!(pace.take(-5, Kind::Alert, at(n * 1_000)), Ok(()), "{n}");
        }
        assert_eq!(pace.take(-5, Kind::Alert, at(20_000)), Err(TimeDelta::seconds(40)));
        assert_eq!(pace.take(-5, Kind::Alert, at(60_000)), Ok(()));
    }

    #[test]
    fn replies_leave_half_of_every_budget_to_alerts() {
        let mut pace = Pace::default();
        let replies = (0..60).filter(|s| pace.take(-5, Kind::Reply, at(s * 1_000)).is_ok()).count();
        assert_eq!(replies, 10);
        let alerts = (0..10).filter(|s| pace.take(-5, Kind::Alert, at(50_500 + s * 1_000)).is_ok());
        assert_eq!(alerts.count(), 10);
        let mut pace = Pace::default();
        let replies = (1..=40).filter(|chat| pace.take(*chat, Kind::Reply, at(0)).is_ok()).count();
        let alerts = (41..=80).filter(|chat| pace.take(*chat, Kind::Alert, at(0)).is_ok()).count();
        assert_eq!((replies, alerts), (15, 15));
    }

    #[test]
    fn questions_about_people_leave_slots_to_answers_and_half_to_alerts() {
        let mut pace = Pace::default();
        let guessed = (0..40).filter(|_| pace.ask(true, at(0)).is_ok()).count();
        let asked = (0..40).filter(|_| pace.ask(false, at(0)).is_ok()).count();
        let replies = (1..=40).filter(|chat| pace.take(*chat, Kind::Reply, at(0)).is_ok()).count();
        let alerts = (41..=80).filter(|chat| pace.take(*chat, Kind::Alert, at(0)).is_ok()).count();
        assert_eq!((guessed, asked, replies, alerts), (6, 4, 5, 15));
        assert_eq!(pace.ask(false, at(400)), Err(TimeDelta::milliseconds(600)));
        assert_eq!(pace.ask(true, at(1_000)), Ok(()));
    }

    #[test]
    fn a_hold_is_obeyed_and_neither_lies_nor_clocks_make_it_endless() {
        let mut pace = Pace::default();
        pace.hold(7, TimeDelta::seconds(9), at(0));
        assert_eq!(pace.take(7, Kind::Alert, at(1_000)), Err(TimeDelta::seconds(8)));
        assert_eq!(pace.take(7, Kind::Alert, at(9_000)), Ok(()));
        pace.hold(7, TimeDelta::days(9), at(9_000));
        assert_eq!(pace.take(7, Kind::Alert, at(9_000) + LONGEST_HOLD), Ok(()));
        // The clock is set back by a day: what was sent "tomorrow" holds nobody.
        assert_eq!(pace.take(7, Kind::Alert, at(0) - TimeDelta::days(1)), Ok(()));
    }
}
