//! In which chats of ours somebody is who writes in private. Telegram is asked about the likely
//! ones at once; the others are guesses, with a budget that all people share and strangers cannot
//! use up. What is not asked today is asked first the next time, so that no chat is left out for
//! good. Rights come only from Telegram's answers; here is decided only what to ask.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::api::Fault;
use super::front::{Caller, Front, Stuck, unknown_standing};
use super::standing::Known;
use crate::clock::Alarm;
use crate::commands::{Reply, Standing};
use crate::domain::card::{Card, Tone};

/// Chats that are asked about one person at one event.
const MOST_ASKED: usize = 64;
/// Guesses a minute, for all people together.
const GUESSES: usize = 240;
/// How many of them may be about people of whom nothing is known.
const ABOUT_STRANGERS: usize = 180;
/// Guesses that may wait for their slot at once; each holds one of the few places of handlers.
const WAITING: usize = 4;
/// No refusal can put an end to guessing for longer.
const LONGEST_REST: TimeDelta = TimeDelta::minutes(5);

/// A chat of a workspace, for somebody who may be in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Its number.
    pub chat: i64,
    /// Whether a grant, a choice or a press of theirs points at its workspace.
    pub is_likely: bool,
}

/// What came of a search.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What Telegram says, by chat.
    pub standings: BTreeMap<i64, Standing>,
    /// Whether some chat was left out, so that nobody can be called a stranger yet.
    pub is_partial: bool,
}

/// What was guessed lately.
pub(super) struct Guesses {
    made: Mutex<Made>,
    waiting: Semaphore,
}

#[derive(Debug, Default)]
struct Made {
    at: VecDeque<DateTime<Utc>>,
    rest_until: Option<DateTime<Utc>>,
}

impl Default for Guesses {
    fn default() -> Self {
        Self { made: Mutex::default(), waiting: Semaphore::new(WAITING) }
    }
}

impl Made {
    /// Takes one guess of the minute's, if there is one.
    fn take(&mut self, is_known: bool, now: DateTime<Utc>) -> bool {
        // What lies ahead is left over from a clock that was set back.
        self.at.retain(|at| (TimeDelta::zero()..TimeDelta::minutes(1)).contains(&(now - *at)));
        let left = self.rest_until.map_or(TimeDelta::zero(), |until| until - now);
        let most = if is_known { GUESSES } else { ABOUT_STRANGERS };
        if (left > TimeDelta::zero() && left <= LONGEST_REST) || self.at.len() >= most {
            return false;
        }
        self.at.push_back(now);
        true
    }
}

/// What is to be asked, in order.
#[derive(Debug, Default, PartialEq, Eq)]
struct Plan {
    likely: Vec<i64>,
    guesses: Vec<i64>,
}

/// Where somebody was before comes first, then what points at them; of the others those that were
/// never asked about, then those whose answer is the oldest.
fn plan(mut open: Vec<(Candidate, Known)>) -> Plan {
    open.retain(|(_, known)| *known != Known::Outside);
    // `None`, never asked, comes before any instant.
    open.sort_by_key(|(_, known)| match known {
        Known::Open(last) => *last,
        Known::Inside(_) | Known::Before | Known::Outside => None,
    });
    let (before, rest): (Vec<_>, Vec<_>) =
        open.into_iter().partition(|(_, known)| !matches!(known, Known::Open(_)));
    let (likely, guesses): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|(candidate, _)| candidate.is_likely);
    let chat = |(candidate, _): (Candidate, Known)| candidate.chat;
    Plan {
        likely: before.into_iter().chain(likely).map(chat).collect(),
        guesses: guesses.into_iter().map(chat).collect(),
    }
}

impl Front {
    /// Asks Telegram where somebody is; `afresh` believes no answer of a minute ago.
    pub(super) async fn search(
        &self,
        caller: &Caller,
        candidates: &[Candidate],
        afresh: bool,
        alarm: &mut Alarm,
    ) -> Result<Found, Stuck> {
        let mut found = Found::default();
        let mut open = Vec::new();
        for one in candidates {
            match self.standings.known((one.chat, caller.person), caller.visitor.at) {
                Known::Inside(standing) if !afresh => {
                    found.standings.insert(one.chat, standing);
                }
                known => open.push((*one, known)),
            }
        }
        let Plan { likely, guesses } = plan(open);
        found.is_partial = likely.len() + guesses.len() > MOST_ASKED;
        for chat in likely.iter().take(MOST_ASKED) {
            found.standings.insert(*chat, self.ask((*chat, caller), afresh, alarm).await?);
        }
        let is_known = candidates.iter().any(|one| one.is_likely)
            || found.standings.values().any(|standing| standing.is_member);
        let mut turn = None;
        for chat in guesses.into_iter().take(MOST_ASKED.saturating_sub(likely.len())) {
            if !self.may_guess(is_known, &mut turn, alarm).await {
                found.is_partial = true;
                break;
            }
            match self.standing_in((chat, caller), afresh).await {
                Ok(standing) => found.standings.insert(chat, standing),
                // Where they are known to be they are served; the rest is for the next time.
                Err(_) if is_known => {
                    found.is_partial = true;
                    break;
                }
                Err(fault) => return Err(unknown_standing(&fault)),
            };
        }
        Ok(found)
    }

    /// What Telegram says of somebody in a chat, once a slot for the question is free.
    pub(super) async fn ask(
        &self,
        about: (i64, &Caller),
        afresh: bool,
        alarm: &mut Alarm,
    ) -> Result<Standing, Stuck> {
        let (chat, caller) = about;
        let is_free = !afresh && self.standings.is_kept((chat, caller.person), caller.visitor.at);
        if !is_free && !self.is_let(|now| self.account.pace_question(false, now), alarm).await {
            return Err(Stuck::Said(not_yet()));
        }
        self.standing_in(about, afresh).await.map_err(|fault| unknown_standing(&fault))
    }

    async fn standing_in(
        &self,
        (chat, caller): (i64, &Caller),
        afresh: bool,
    ) -> Result<Standing, Fault> {
        let (whom, now) = ((chat, caller.person), self.now());
        let standing = self.standings.of(&self.account.api, whom, afresh, now).await;
        if let Err(Fault::Refused(refusal)) = &standing
            && let Some(after) = refusal.after.and_then(|after| TimeDelta::from_std(after).ok())
        {
            let mut made = self.guesses.made.lock().unwrap_or_else(PoisonError::into_inner);
            made.rest_until = Some(now + after.min(LONGEST_REST));
        }
        standing
    }

    /// Whether one more guess may be made. Who is known does not wait for it; of the others as many
    /// as there are turns, each kept for all guesses of one event.
    async fn may_guess<'a>(
        &'a self,
        is_known: bool,
        turn: &mut Option<SemaphorePermit<'a>>,
        alarm: &mut Alarm,
    ) -> bool {
        let now = self.now();
        let is_left = {
            let mut made = self.guesses.made.lock().unwrap_or_else(PoisonError::into_inner);
            made.take(is_known, now)
        };
        if !is_left || self.account.pace_question(true, now).is_ok() {
            return is_left;
        }
        if is_known {
            return false;
        }
        if turn.is_none() {
            *turn = self.guesses.waiting.try_acquire().ok();
        }
        turn.is_some() && self.is_let(|now| self.account.pace_question(true, now), alarm).await
    }
}

/// What a stranger is told, for somebody who may be none: not every chat was asked about.
pub(super) fn perhaps_private(mut greeting: Reply) -> Reply {
    let line =
        "If you belong here, write again in a minute: I could not look for you everywhere yet.";
    greeting.cards = greeting.cards.into_iter().map(|card| card.text(line)).collect();
    greeting
}

/// Who somebody is could not be asked about in time.
fn not_yet() -> Reply {
    let line = "I cannot tell yet who you are here. Write again in a minute.";
    Reply::private(Card::new(Tone::Unknown, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn where_somebody_was_before_is_asked_first_and_nothing_is_left_out_for_good() {
        let one = |chat, is_likely, known| (Candidate { chat, is_likely }, known);
        let open = vec![
            one(-1, false, Known::Open(Some(at(9)))),
            one(-2, false, Known::Outside),
            one(-3, false, Known::Open(Some(at(3)))),
            one(-4, true, Known::Open(None)),
            one(-5, false, Known::Open(None)),
            one(-6, false, Known::Before),
            one(-7, true, Known::Outside),
            one(-8, false, Known::Inside(Standing::default())),
        ];
        let expected = Plan { likely: vec![-6, -8, -4], guesses: vec![-5, -3, -1] };
        assert_eq!(plan(open), expected);
    }

    #[test]
    fn strangers_leave_some_guesses_to_others_and_a_refusal_is_heeded() {
        let mut made = Made::default();
        let strangers = (0..400).filter(|_| made.take(false, at(0))).count();
        let known = (0..400).filter(|_| made.take(true, at(1))).count();
        assert_eq!((strangers, known), (ABOUT_STRANGERS, GUESSES - ABOUT_STRANGERS));
        assert!(made.take(false, at(60)), "the next minute");
        made.rest_until = Some(at(70));
        assert!(!made.take(true, at(69)) && made.take(true, at(70)));
        // A clock was set back by a day.
        made.rest_until = Some(at(100_000));
        assert!(made.take(false, at(71)));
    }
}
