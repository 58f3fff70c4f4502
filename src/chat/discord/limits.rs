//! How much may be asked of Discord now: its buckets as the headers tell them, fifty requests a
//! second in all, and a stop long before the 10,000 refused requests in ten minutes that get an
//! address banned. Pure: time comes with the question. Answers to interactions are exempt.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// Requests of a second; Discord allows fifty.
const MOST_A_SECOND: usize = 45;
/// Refused requests within [`WINDOW`] after which nothing more is asked for a while.
const MOST_REFUSED: usize = 500;
/// The same for the commands of single servers: strangers' servers can refuse them by the hundred,
/// and warnings must have the rest.
const MOST_REFUSED_SERVERS: usize = 100;
const WINDOW: TimeDelta = TimeDelta::minutes(10);
/// Above this many buckets those that are over are forgotten.
const CROWD: usize = 4_096;

/// What one answer's headers say of its bucket.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// The bucket's name.
    pub bucket: Option<String>,
    /// How many more it takes.
    pub remaining: Option<u64>,
    /// When it is full again.
    pub reset_after: Option<TimeDelta>,
}

/// What was asked and refused lately.
#[derive(Debug, Default)]
pub struct Limits {
    names: HashMap<String, String>,
    buckets: HashMap<String, (u64, DateTime<Utc>)>,
    closed_until: Option<DateTime<Utc>>,
    asked: VecDeque<DateTime<Utc>>,
    refused: VecDeque<DateTime<Utc>>,
    refused_servers: VecDeque<DateTime<Utc>>,
}

impl Limits {
    /// Whether `route` may be asked now; counts it when so, else says how long to wait.
    pub fn admit(&mut self, route: &str, now: DateTime<Utc>) -> Result<(), Duration> {
        if let Some(until) = self.closed_until.filter(|until| *until > now) {
            return Err(wait(until - now));
        }
        rest(&mut self.refused, MOST_REFUSED, now)?;
        if is_of_a_server(route) {
            rest(&mut self.refused_servers, MOST_REFUSED_SERVERS, now)?;
        }
        forget(&mut self.asked, now - TimeDelta::seconds(1));
        if self.asked.len() >= MOST_A_SECOND {
            return Err(Duration::from_secs(1));
        }
        let bucket = self.bucket_of(route);
        if let Some((remaining, reset)) = self.buckets.get_mut(&bucket) {
            match *remaining {
                0 if *reset > now => return Err(wait(*reset - now)),
                0 => {
                    self.buckets.remove(&bucket);
                }
                _ => *remaining -= 1,
            }
        }
        self.asked.push_back(now);
        Ok(())
    }

    /// Takes in what an answer said of its bucket.
    pub fn hear(&mut self, route: &str, told: &Told, now: DateTime<Utc>) {
        if let Some(name) = &told.bucket {
            self.names.insert(route.to_owned(), format!("{name} {}", major(route)));
        }
        if let (Some(remaining), Some(after)) = (told.remaining, told.reset_after) {
            if self.buckets.len() >= CROWD {
                self.buckets.retain(|_, (_, reset)| *reset > now);
            }
            let bucket = self.bucket_of(route);
            self.buckets.insert(bucket, (remaining, now + after));
        }
    }

    /// Discord said "too many": of this route, or of everything.
    pub fn slow_down(
        &mut self,
        route: &str,
        after: TimeDelta,
        is_global: bool,
        now: DateTime<Utc>,
    ) {
        if is_global {
            self.closed_until = Some(now + after);
        } else {
            let bucket = self.bucket_of(route);
            self.buckets.insert(bucket, (0, now + after));
        }
    }

    /// A 401, a 403, or a 429 that is not shared with others.
    pub fn refused(&mut self, route: &str, now: DateTime<Utc>) {
        self.refused.push_back(now);
        if is_of_a_server(route) {
            self.refused_servers.push_back(now);
        }
    }

    fn bucket_of(&self, route: &str) -> String {
        self.names.get(route).cloned().unwrap_or_else(|| route.to_owned())
    }
}

/// The part of a route that has a bucket of its own: its last word, the channel's or server's id.
fn major(route: &str) -> &str {
    route.rsplit(' ').next().unwrap_or_default()
}

/// Whether a route is that of one server's commands, as the menu names it.
fn is_of_a_server(route: &str) -> bool {
    route.contains(" commands ")
}

/// How long to ask for nothing after `most` refusals.
fn rest(
    refused: &mut VecDeque<DateTime<Utc>>,
    most: usize,
    now: DateTime<Utc>,
) -> Result<(), Duration> {
    forget(refused, now - WINDOW);
    match refused.front() {
        Some(first) if refused.len() >= most => Err(wait(*first + WINDOW - now)),
        _ => Ok(()),
    }
}

fn forget(times: &mut VecDeque<DateTime<Utc>>, before: DateTime<Utc>) {
    while times.front().is_some_and(|at| *at <= before) {
        times.pop_front();
    }
}

/// Never nothing: who is told to wait does wait.
fn wait(time: TimeDelta) -> Duration {
    time.to_std().unwrap_or_default().max(Duration::from_millis(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_800_000_000_000 + ms).unwrap()
    }

    fn told(remaining: u64, seconds: i64) -> Told {
        Told {
            bucket: Some("abc".into()),
            remaining: Some(remaining),
            reset_after: Some(TimeDelta::seconds(seconds)),
        }
    }

    #[test]
    fn an_empty_bucket_waits_for_its_own_reset_and_its_siblings_do_not() {
        let mut limits = Limits::default();
        assert_eq!(limits.admit("POST 1", at(0)), Ok(()));
        limits.hear("POST 1", &told(0, 3), at(0));
        limits.hear("PATCH 1", &told(0, 3), at(0));
        assert_eq!(limits.admit("POST 1", at(1_000)), Err(Duration::from_secs(2)));
        assert_eq!(limits.admit("PATCH 1", at(1_000)), Err(Duration::from_secs(2)));
        assert_eq!(limits.admit("POST 2", at(1_000)), Ok(()));
        assert_eq!(limits.admit("POST 1", at(3_000)), Ok(()));
    }

    #[test]
    fn too_many_is_obeyed_by_the_route_or_by_all() {
        let mut limits = Limits::default();
        limits.slow_down("POST 1", TimeDelta::seconds(5), false, at(0));
        assert_eq!(limits.admit("POST 1", at(0)), Err(Duration::from_secs(5)));
        assert_eq!(limits.admit("POST 2", at(0)), Ok(()));
        limits.slow_down("POST 2", TimeDelta::seconds(5), true, at(0));
        assert_eq!(limits.admit("POST 3", at(1_000)), Err(Duration::from_secs(4)));
        assert_eq!(limits.admit("POST 3", at(5_000)), Ok(()));
    }

    #[test]
    fn a_second_has_its_measure_and_refusals_end_the_asking() {
        let mut limits = Limits::default();
        for n in 0..MOST_A_SECOND {
            assert_eq!(limits.admit(&format!("POST {n}"), at(0)), Ok(()));
        }
        assert!(limits.admit("POST x", at(500)).is_err());
        assert_eq!(limits.admit("POST x", at(1_001)), Ok(()));
        for _ in 0..MOST_REFUSED {
            limits.refused("POST x", at(2_000));
        }
        assert!(limits.admit("POST y", at(4_000)).unwrap_err() > Duration::from_secs(590));
        assert_eq!(limits.admit("POST y", at(2_000 + 600_000)), Ok(()));
    }

    #[test]
    fn servers_that_refuse_their_commands_leave_the_warnings_and_the_public_commands_alone() {
        let mut limits = Limits::default();
        let mut asked = 0;
        for n in 0..1_000 {
            let (route, now) = (format!("GET commands {n}"), at(n * 100));
            if limits.admit(&route, now).is_ok() {
                limits.refused(&route, now);
                asked += 1;
            }
        }
        assert_eq!(asked, MOST_REFUSED_SERVERS);
        assert_eq!(limits.admit("POST 1", at(100_000)), Ok(()));
        assert_eq!(limits.admit("PUT commands", at(100_000)), Ok(()));
        assert!(limits.admit("PUT commands 1", at(100_000)).is_err());
        assert_eq!(limits.admit("PUT commands 1", at(600_000)), Ok(()));
    }
}
