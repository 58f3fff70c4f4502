//! How much one person may ask (S19): a sliding minute a person, a smaller one for what costs the
//! exchange something. Beyond it one polite line, then silence. Time comes with the question.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use super::{Reply, Spec};
use crate::domain::card::{Card, Tone};
use crate::domain::receiver::Platform;

/// How much one person may ask within a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Commands and presses.
    pub commands: usize,
    /// Questions to the exchange among them.
    pub checks: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { commands: 20, checks: 6 }
    }
}

const WINDOW: TimeDelta = TimeDelta::minutes(1);

/// Above this many people those who are quiet are forgotten.
const CROWD: usize = 2_048;

/// Whether somebody is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admitted {
    /// Served.
    Yes,
    /// Not served, and told so once.
    Last {
        /// Until they are served again.
        wait: TimeDelta,
    },
    /// Not served, not answered.
    No,
}

/// What everybody has asked lately.
#[derive(Default)]
pub(super) struct Traffic {
    people: HashMap<(Platform, String), Person>,
}

#[derive(Default)]
struct Person {
    commands: VecDeque<DateTime<Utc>>,
    checks: VecDeque<DateTime<Utc>>,
    told_at: Option<DateTime<Utc>>,
}

impl Traffic {
    pub(super) fn admit(
        &mut self,
        (platform, id): (Platform, &str),
        spec: &Spec,
        limits: Limits,
        at: DateTime<Utc>,
    ) -> Admitted {
        if self.people.len() > CROWD {
            self.people
                .retain(|_, person| person.commands.back().is_some_and(|t| at - *t < WINDOW));
        }
        // Ids are the platform's; a made-up long one costs no more than a short one.
        let id: String = id.chars().take(64).collect();
        let person = self.people.entry((platform, id)).or_default();
        forget(&mut person.commands, at);
        forget(&mut person.checks, at);
        let full = if person.commands.len() >= limits.commands {
            person.commands.front()
        } else if spec.asks_exchange() && person.checks.len() >= limits.checks {
            person.checks.front()
        } else {
            None
        };
        if let Some(oldest) = full {
            let wait = WINDOW - (at - *oldest);
            if person.told_at.is_some_and(|told| at - told < WINDOW) {
                return Admitted::No;
            }
            person.told_at = Some(at);
            return Admitted::Last { wait };
        }
        person.commands.push_back(at);
        if spec.asks_exchange() {
            person.checks.push_back(at);
        }
        Admitted::Yes
    }
}

fn forget(times: &mut VecDeque<DateTime<Utc>>, at: DateTime<Utc>) {
    while times.front().is_some_and(|t| at - *t >= WINDOW) {
        times.pop_front();
    }
}

/// The one line before silence.
pub(super) fn polite(wait: TimeDelta) -> Reply {
    let seconds = wait.num_seconds().clamp(1, 60);
    let title = format!("That was a lot at once. I answer you again in {seconds} s.");
    Reply::private(Card::new(Tone::Plain, title).text("Alerts are not delayed by this."))
}
