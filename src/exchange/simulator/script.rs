//! What the keys of a simulator are and what will happen to them, one line each:
//!
//! ```text
//! # comment
//! key grid-eu permissions=General,Spot ip=203.0.113.7 expires=+40d created=-50d
//! at +2d revoke grid-eu
//! at +3d outage 2h
//! ```
//!
//! Times are relative to the start. A line that is not understood is refused with its number and
//! with what to write instead. [`HELP`] is the whole language.

use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::key::{SimAccount, SimEnd, SimKey};
use super::world::{Act, Event, Weather};
use crate::domain::facts::Site;
use crate::domain::text::{Clean, Label};

/// The language, for people.
pub const HELP: &str = "\
key LABEL [permissions=General,Spot] [ip=203.0.113.7,...] [expires=+40d|never|absent]
          [created=-50d] [site=global|eu|au|tr] [sub=NAME] [version=3]
at +2d revoke LABEL               the key is deleted
at +2d renew LABEL [90d]          its end moves to so long after that instant
at +2d expire LABEL               its end is that instant
at +2d gain LABEL PERMISSION      at +2d lose LABEL PERMISSION
at +2d ip LABEL 203.0.113.7,...   at +2d ip LABEL none
at +2d freeze LABEL               at +2d unfreeze LABEL
at +2d identity LABEL             at +2d verified LABEL
at +2d caller 198.51.100.9        the address that all callers seem to come from
at +2d service open|close|cancelonly
at +2d outage|page|garbage|cut|slow|ratelimited|overload|blocked 2h
at +2d clock 90s 2h               the exchange's clock is ahead (or -90s behind)
Times: 30s, 10m, 2h, 3d or together, 1d12h. A # begins a comment.
";

/// Keys and events, ready to be played.
#[derive(Clone)]
pub struct Script {
    pub(super) keys: Vec<SimKey>,
    pub(super) events: Vec<Event>,
}

/// Why a script cannot be played.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct ScriptError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong and what to write.
    pub problem: String,
}

impl Script {
    /// Reads a script that starts at `start`.
    pub fn parse(text: &str, start: DateTime<Utc>) -> Result<Self, ScriptError> {
        let mut script = Self { keys: Vec::new(), events: Vec::new() };
        for (n, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default();
            let words: Vec<&str> = line.split_whitespace().collect();
            let read = match words.as_slice() {
                [] => Ok(()),
                ["key", label, settings @ ..] => script.read_key(label, settings, start),
                ["at", when, action @ ..] => script.read_event(when, action, start),
                [word, ..] => {
                    Err(format!("a line begins with key or at, not with {}", quote(word)))
                }
            };
            read.map_err(|problem| ScriptError { line: n + 1, problem })?;
        }
        Ok(script)
    }

    fn read_key(
        &mut self,
        label: &str,
        settings: &[&str],
        start: DateTime<Utc>,
    ) -> Result<(), String> {
        Label::parse(label).map_err(|error| error.to_string())?;
        if self.keys.iter().any(|key| key.label == label) {
            return Err(format!("there is already a key {}; choose another label", quote(label)));
        }
        let mut key = SimKey::made_up(label);
        for setting in settings {
            let (name, value) = setting
                .split_once('=')
                .ok_or_else(|| format!("write a setting as name=value, not {}", quote(setting)))?;
            set(&mut key, name, value, start)?;
        }
        self.keys.push(key);
        Ok(())
    }

    fn read_event(
        &mut self,
        when: &str,
        action: &[&str],
        start: DateTime<Utc>,
    ) -> Result<(), String> {
        let after = when.strip_prefix('+').and_then(span);
        let after = after.ok_or_else(|| format!("write the time as +2d, not {}", quote(when)))?;
        let at = start + after;
        let (act, lasts) = act(action, at)?;
        if let Some(label) = act.label()
            && !self.keys.iter().any(|key| key.label == label)
        {
            let known: Vec<&str> = self.keys.iter().map(|key| key.label.as_str()).collect();
            let known = if known.is_empty() { "none yet".to_owned() } else { known.join(", ") };
            return Err(format!("no key {} above this line; there are: {known}", quote(label)));
        }
        self.events.push(Event { at, act });
        if let Some(lasts) = lasts {
            self.events.push(Event { at: at + lasts, act: Act::Weather(Weather::Fine) });
        }
        Ok(())
    }
}

fn set(key: &mut SimKey, name: &str, value: &str, start: DateTime<Utc>) -> Result<(), String> {
    match name {
        "permissions" => key.permissions = value.split(',').map(str::to_owned).collect(),
        "ip" => key.addresses = addresses(value)?,
        "expires" => key.end = end(value, start)?,
        "created" => {
            let ago = value.strip_prefix('-').and_then(span);
            let ago = ago.ok_or_else(|| format!("write created=-50d, not {}", quote(value)))?;
            key.created_at = Some(start - ago);
        }
        "site" => {
            key.site = Site::parse(value)
                .ok_or_else(|| format!("site is global, eu, au or tr, not {}", quote(value)))?;
        }
        "sub" => key.sub_name = Some(value.to_owned()),
        "version" => {
            key.version = value
                .parse()
                .map_err(|_| format!("version is a number such as 3, not {}", quote(value)))?;
        }
        _ => {
            return Err(format!(
                "a key has permissions, ip, expires, created, site, sub and version, not {}",
                quote(name)
            ));
        }
    }
    Ok(())
}

/// What happens, and for weather how long it lasts.
fn act(action: &[&str], at: DateTime<Utc>) -> Result<(Act, Option<TimeDelta>), String> {
    let act = match action {
        ["revoke", label] => Act::Revoke((*label).to_owned()),
        ["renew", label] => Act::End((*label).to_owned(), SimEnd::At(at + TimeDelta::days(90))),
        ["renew", label, lasts] => {
            Act::End((*label).to_owned(), SimEnd::At(at + need(lasts.trim_start_matches('+'))?))
        }
        ["expire", label] => Act::End((*label).to_owned(), SimEnd::At(at)),
        ["gain", label, word] => Act::Permission((*label).to_owned(), (*word).to_owned(), true),
        ["lose", label, word] => Act::Permission((*label).to_owned(), (*word).to_owned(), false),
        ["ip", label, list] => Act::Addresses((*label).to_owned(), addresses(list)?),
        ["freeze", label] => Act::Account((*label).to_owned(), SimAccount::Frozen),
        ["unfreeze" | "verified", label] => Act::Account((*label).to_owned(), SimAccount::Open),
        ["identity", label] => Act::Account((*label).to_owned(), SimAccount::IdentityRequired),
        ["caller", address] => Act::Caller(
            address.parse().map_err(|_| format!("{} is no IP address", quote(address)))?,
        ),
        ["service", status @ ("open" | "close" | "cancelonly")] => {
            Act::Service((*status).to_owned())
        }
        ["clock", off, lasts] => {
            let ahead = need(off.trim_start_matches(['+', '-']))?;
            let off = if off.starts_with('-') { -ahead } else { ahead };
            return Ok((Act::Weather(Weather::ClockOff(off)), Some(need(lasts)?)));
        }
        [word, lasts] if weather(word).is_some() => {
            let lasts = Some(need(lasts)?);
            return Ok((Act::Weather(weather(word).unwrap_or(Weather::Fine)), lasts));
        }
        _ => {
            return Err(format!(
                "{} is nothing that can happen; write for example: revoke LABEL, gain LABEL \
                 Withdrawal, ip LABEL none, freeze LABEL, renew LABEL 90d, outage 2h",
                quote(&action.join(" "))
            ));
        }
    };
    Ok((act, None))
}

fn weather(word: &str) -> Option<Weather> {
    Some(match word {
        "outage" => Weather::Outage,
        "page" => Weather::Page,
        "garbage" => Weather::Garbage,
        "cut" => Weather::Cut,
        "slow" => Weather::Slow(Duration::from_secs(1)),
        "ratelimited" => Weather::RateLimited,
        "overload" => Weather::Overload,
        "blocked" => Weather::AddressLimit,
        _ => return None,
    })
}

fn end(value: &str, start: DateTime<Utc>) -> Result<SimEnd, String> {
    match (value, value.strip_prefix('+').and_then(span)) {
        ("never", _) => Ok(SimEnd::Never),
        ("absent", _) => Ok(SimEnd::Absent),
        (_, Some(after)) => Ok(SimEnd::At(start + after)),
        _ => Err(format!("write expires=+40d, never or absent, not {}", quote(value))),
    }
}

fn addresses(list: &str) -> Result<Vec<IpAddr>, String> {
    if list == "none" {
        return Ok(Vec::new());
    }
    list.split(',')
        .map(|ip| {
            ip.parse()
                .map_err(|_| format!("{} is no IP address; write 203.0.113.7 or none", quote(ip)))
        })
        .collect()
}

fn need(text: &str) -> Result<TimeDelta, String> {
    span(text)
        .ok_or_else(|| format!("write a time such as 30s, 10m, 2h or 1d12h, not {}", quote(text)))
}

/// Reads `1d12h`; at most ten years.
fn span(text: &str) -> Option<TimeDelta> {
    let mut sum = 0_i64;
    let mut number = None;
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            let tens = number.unwrap_or(0_i64).checked_mul(10)?;
            number = Some(tens + i64::from(digit));
            continue;
        }
        let unit = match c {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return None,
        };
        sum = sum.checked_add(number.take()?.checked_mul(unit)?)?;
    }
    let whole = number.is_none() && !text.is_empty();
    (whole && sum <= 3_660 * 86_400).then(|| TimeDelta::seconds(sum))
}

/// A word of the script, so that it cannot steer the terminal it is shown on.
fn quote(word: &str) -> String {
    format!("\"{}\"", Clean::new(word, 40))
}

impl Act {
    fn label(&self) -> Option<&str> {
        match self {
            Self::Revoke(label)
            | Self::Account(label, _)
            | Self::Permission(label, _, _)
            | Self::Addresses(label, _)
            | Self::End(label, _) => Some(label),
            Self::Caller(_) | Self::Weather(_) | Self::Service(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
