//! Whether the bot's token is believed. One 401 may be a slip of Discord's or of a proxy, so it is
//! tried again now and then; many would get the address banned. Pure: time comes with the question.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// How long nothing is asked after a 401, the first times.
const STAND_BACK: TimeDelta = TimeDelta::minutes(1);
/// So many times it stays at that; then it doubles.
const FIRST_TIMES: u32 = 3;
/// The longest that nothing is asked.
const LONGEST: TimeDelta = TimeDelta::minutes(10);

/// What came of the token lately: how often it was tried since it was refused, and until when
/// nothing is asked.
#[derive(Debug, Default)]
pub struct Token(Option<(u32, DateTime<Utc>)>);

impl Token {
    /// How long to stand back, if at all.
    pub fn wait(&self, now: DateTime<Utc>) -> Option<Duration> {
        let (_, until) = self.0?;
        (until - now).to_std().ok().filter(|wait| !wait.is_zero())
    }

    /// A request leaves. While the token is refused it is the only one for a while.
    pub fn tried(&mut self, now: DateTime<Utc>) {
        if let Some((times, until)) = &mut self.0 {
            *times += 1;
            *until = now + stand_back(*times);
        }
    }

    /// A 401. Whether it is the first one; the others left before it, or stand back already.
    pub fn refused(&mut self, now: DateTime<Utc>) -> bool {
        let is_first = self.0.is_none();
        self.0.get_or_insert((1, now + stand_back(1)));
        is_first
    }

    /// Any other answer.
    pub fn believed(&mut self) {
        self.0 = None;
    }
}

fn stand_back(times: u32) -> TimeDelta {
    let doubled = times.saturating_sub(FIRST_TIMES).min(4);
    (STAND_BACK * (1 << doubled)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn a_refused_token_is_tried_by_one_request_after_a_minute_and_at_last_every_ten() {
        let mut token = Token::default();
        assert_eq!(token.wait(at(0)), None);
        assert!(token.refused(at(0)));
        assert!(!token.refused(at(1)), "said once");
        let mut now = 0;
        for minutes in [1, 1, 1, 2, 4, 8, 10, 10] {
            assert_eq!(token.wait(at(now)), Some(Duration::from_mins(minutes)));
            now += i64::try_from(minutes).unwrap() * 60;
            assert_eq!(token.wait(at(now)), None);
            token.tried(at(now));
            assert!(token.wait(at(now)).is_some(), "one alone");
            assert!(!token.refused(at(now)));
        }
    }

    #[test]
    fn an_answer_that_is_not_401_clears_a_refused_token() {
        let mut token = Token::default();
        token.refused(at(0));
        token.tried(at(60));
        token.believed();
        token.tried(at(60));
        assert_eq!(token.wait(at(60)), None);
        assert!(token.refused(at(61)));
        assert_eq!(token.wait(at(61)), Some(Duration::from_mins(1)));
    }
}
