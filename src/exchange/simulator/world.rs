//! The state of the simulator: keys, weather, rate windows, what will happen and what was asked.
//! Time is an argument; what was due happens when somebody looks.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::key::{SimAccount, SimEnd, SimKey};

/// What befalls every request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Weather {
    /// Nothing.
    Fine,
    /// 503 with code 503000.
    Outage,
    /// 502 with the HTML page of a proxy.
    Page,
    /// Every answer comes late by this much of real time.
    Slow(Duration),
    /// The connection breaks in the middle of the answer.
    Cut,
    /// 200 with half a JSON object.
    Garbage,
    /// This status, pointing to that address.
    Redirect(u16, String),
    /// 429 with the headers of an empty pool.
    RateLimited,
    /// 429 without headers: the server is overloaded.
    Overload,
    /// Cloudflare's page about its limit per address.
    AddressLimit,
    /// The simulator's clock is off by this much.
    ClockOff(TimeDelta),
    /// The answer describes another key than the one that asked.
    WrongKey,
}

impl Weather {
    /// How far the simulator's clock is ahead of the injected one.
    pub(super) fn clock_off(&self) -> TimeDelta {
        match self {
            Self::ClockOff(off) => *off,
            Self::Fine
            | Self::Outage
            | Self::Page
            | Self::Slow(_)
            | Self::Cut
            | Self::Garbage
            | Self::Redirect(..)
            | Self::RateLimited
            | Self::Overload
            | Self::AddressLimit
            | Self::WrongKey => TimeDelta::zero(),
        }
    }
}

/// A request as it is remembered: no header values, no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When, by the injected clock.
    pub at: DateTime<Utc>,
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Whether it carried any KC-API header.
    pub signed: bool,
    /// The code of the answer; empty when the weather answered.
    pub code: String,
}

impl Seen {
    /// How many requests are remembered.
    pub const KEPT: usize = 10_000;
}

/// Something that will happen.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub at: DateTime<Utc>,
    pub act: Act,
}

/// What can happen; keys are named by label.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Revoke(String),
    Account(String, SimAccount),
    Permission(String, String, bool),
    Addresses(String, Vec<IpAddr>),
    End(String, SimEnd),
    Caller(IpAddr),
    Weather(Weather),
    Service(String),
}

/// A pool of weight that fills up again after each window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    since: DateTime<Utc>,
    pub used: i64,
}

impl Window {
    pub const LIMIT: i64 = 2000;
    const LASTS: TimeDelta = TimeDelta::seconds(30);

    pub fn reset(self, now: DateTime<Utc>) -> TimeDelta {
        self.since + Self::LASTS - now
    }
}

pub(super) struct World {
    keys: Vec<SimKey>,
    pub weather: Weather,
    pub service: (String, String),
    pub caller: IpAddr,
    windows: HashMap<String, Window>,
    events: Vec<Event>,
    pub seen: VecDeque<Seen>,
    pub count: u64,
}

impl Default for World {
    fn default() -> Self {
        Self {
            keys: Vec::new(),
            weather: Weather::Fine,
            service: ("open".to_owned(), String::new()),
            caller: IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7)),
            windows: HashMap::new(),
            events: Vec::new(),
            seen: VecDeque::new(),
            count: 0,
        }
    }
}

impl World {
    pub fn add(&mut self, mut key: SimKey, now: DateTime<Utc>) {
        key.created_at.get_or_insert(now);
        key.last_used_at.get_or_insert(now);
        self.keys.retain(|other| other.label != key.label);
        self.keys.push(key);
    }

    pub fn key(&mut self, label: &str) -> Option<&mut SimKey> {
        self.keys.iter_mut().find(|key| key.label == label)
    }

    pub fn key_by_id(&mut self, id: &str) -> Option<&mut SimKey> {
        self.keys.iter_mut().find(|key| key.key == id)
    }

    pub fn schedule(&mut self, events: Vec<Event>) {
        self.events.extend(events);
        // Stable: what a script says first about an instant happens first.
        self.events.sort_by_key(|event| event.at);
    }

    /// Lets everything happen that is due at `now`.
    pub fn catch_up(&mut self, now: DateTime<Utc>) {
        let due = self.events.partition_point(|event| event.at <= now);
        let due: Vec<Event> = self.events.drain(..due).collect();
        for event in due {
            self.happen(event.act);
        }
    }

    /// Takes `weight` from a pool; `false` when it does not hold that much.
    pub fn draw(&mut self, pool: &str, weight: i64, now: DateTime<Utc>) -> (bool, Window) {
        let fresh = Window { since: now, used: 0 };
        let window = self.windows.entry(pool.to_owned()).or_insert(fresh);
        if window.reset(now) <= TimeDelta::zero() || window.since > now {
            *window = fresh;
        }
        let fits = window.used + weight <= Window::LIMIT;
        window.used += if fits { weight } else { 0 };
        (fits, *window)
    }

    pub fn remember(&mut self, seen: Seen) {
        self.count += 1;
        if self.seen.len() == Seen::KEPT {
            self.seen.pop_front();
        }
        self.seen.push_back(seen);
    }

    fn happen(&mut self, act: Act) {
        match act {
            Act::Caller(address) => self.caller = address,
            Act::Weather(weather) => self.weather = weather,
            Act::Service(status) => self.service.0 = status,
            Act::Revoke(label) => self.change(&label, |key| key.revoked = true),
            Act::Account(label, state) => self.change(&label, |key| key.account = state),
            Act::Permission(label, word, on) => {
                self.change(&label, |key| key.set_permission(&word, on));
            }
            Act::Addresses(label, list) => self.change(&label, |key| key.addresses = list),
            Act::End(label, end) => self.change(&label, |key| key.end = end),
        }
    }

    fn change(&mut self, label: &str, change: impl FnOnce(&mut SimKey)) {
        if let Some(key) = self.key(label) {
            change(key);
        }
    }
}
