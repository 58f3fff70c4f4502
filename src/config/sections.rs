//! The small sections: vault, access, schedule, alerts, knowledge, ops.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use unicode_segmentation::UnicodeSegmentation;

use super::problem::suggest;
use super::reader::Reader;
use super::resolve;
use super::source::Origin;
use crate::domain::schedule::Schedule;
use crate::domain::text::{Clean, holds_secret};
use crate::private_file::Trust;

/// The longest `[access] operator`, in visible characters.
const LONGEST_OPERATOR: usize = 100;
const KEY_FILE: &str = "master.key";
/// The ladder of DESIGN section 5; "today" and "past" always follow.
const EXPIRY_DAYS: [u32; 5] = [30, 14, 7, 3, 1];
const OLD_KEY_DAYS: u32 = 365;
/// The largest number of days that anything can be set to: ten years.
const MOST_DAYS: i64 = 3_650;

/// Where the master key is and what its file may look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultFile {
    /// The key file, absolute.
    pub key_file: PathBuf,
    /// Whether others may read it.
    pub allow_readable: bool,
    /// The same with the folders that service managers use; for `Vault::open_key_file`.
    pub trust: Trust,
}

/// Who may begin to use the bot (SECURITY S11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enrol {
    /// What the file names, and codes of `keylapse setup`.
    Configured,
    /// Also codes of `keylapse invite`.
    Invite,
    /// Everybody.
    Open,
}

impl Enrol {
    /// From closed to open.
    pub const ALL: [Self; 3] = [Self::Configured, Self::Invite, Self::Open];

    /// The word in the settings.
    pub fn id(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::Invite => "invite",
            Self::Open => "open",
        }
    }
}

impl std::fmt::Display for Enrol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}

/// A time of day on the workspace's clock, as `schedule::next_local` takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Morning {
    /// 0-23.
    pub hour: u32,
    /// 0-59.
    pub minute: u32,
}

impl std::fmt::Display for Morning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.hour, self.minute)
    }
}

/// The host's layer of the alert policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alerts {
    /// When posts below critical go out.
    pub morning: Morning,
    /// The ladder before an end, in days, descending and distinct.
    pub expiry_days: Vec<u32>,
    /// From which age on a key counts as old.
    pub old_key_days: u32,
    /// Whether the secret of a key that gains a right to move funds is dropped (SECURITY S7).
    pub drop_on_gain: bool,
}

/// The listener for health and metrics (SECURITY S21).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ops {
    /// Where; `None` = switched off.
    pub listen: Option<SocketAddr>,
}

pub(super) fn vault(reader: &mut Reader, data: &Path) -> VaultFile {
    let (key_file, origin) = match reader.text("vault", "key_file") {
        Some(told) => (resolve(&told.value, data), told.origin),
        None => (data.join(KEY_FILE), Origin::Default),
    };
    reader.note("[vault] key_file", key_file.display(), origin);
    let allow_readable = reader.flag("vault", "allow_readable");
    VaultFile { key_file, allow_readable, trust: Trust::default() }
}

/// Where the operator's own FAQ entries lie; relative to the data folder.
pub(super) fn knowledge(reader: &mut Reader, data: &Path) -> Option<PathBuf> {
    let told = reader.text("knowledge", "dir");
    let origin = told.as_ref().map_or(Origin::Default, |told| told.origin);
    let dir = told.map(|told| resolve(&told.value, data));
    let shown = dir.as_ref().map_or_else(|| "none".to_owned(), |dir| dir.display().to_string());
    reader.note("[knowledge] dir", shown, origin);
    dir
}

pub(super) fn enrol(reader: &mut Reader) -> Enrol {
    reader.parsed(("access", "enrol"), Enrol::Configured, |text| {
        let unknown =
            || format!("there is no such way: {}", suggest(text, &Enrol::ALL.map(Enrol::id)));
        Enrol::ALL.into_iter().find(|way| way.id() == text).ok_or_else(unknown)
    })
}

/// Who runs the bot and how to reach them, as `/privacy` shows it.
pub(super) fn operator(reader: &mut Reader) -> Option<Clean> {
    let told = reader.text("access", "operator");
    let (operator, origin) = match told {
        None => (None, Origin::Default),
        Some(told) => {
            let clean = Clean::new(&told.value, LONGEST_OPERATOR + 1);
            let problem = if holds_secret(clean.as_str()) {
                Some("that looks like a key or secret, and everybody can read this text.")
            } else if clean.as_str().graphemes(true).count() > LONGEST_OPERATOR {
                Some("write at most 100 characters: a name and how to reach you.")
            } else {
                None
            };
            if let Some(problem) = problem {
                reader.problems.add(told.place, problem);
                (None, Origin::Default)
            } else {
                (Some(clean).filter(|clean| !clean.is_empty()), told.origin)
            }
        }
    };
    let shown = operator.as_ref().map_or("not told", Clean::as_str).to_owned();
    reader.note("[access] operator", shown, origin);
    operator
}

pub(super) fn check(reader: &mut Reader) -> Schedule {
    let default = Schedule::parse("every 5 min").expect("a tested rhythm");
    reader.parsed(("schedule", "check"), default, |text| {
        Schedule::parse(text).map_err(|error| error.to_string())
    })
}

pub(super) fn alerts(reader: &mut Reader) -> Alerts {
    let nine = Morning { hour: 9, minute: 0 };
    let morning = reader.parsed(("alerts", "morning"), nine, |text| {
        parse_morning(text).ok_or_else(|| "write hours and minutes, for example 09:00.".to_owned())
    });
    Alerts {
        morning,
        expiry_days: expiry_days(reader),
        old_key_days: old_key_days(reader),
        drop_on_gain: reader.flag("alerts", "drop_on_gain"),
    }
}

fn parse_morning(text: &str) -> Option<Morning> {
    let (hour, minute) = text.split_once(':')?;
    let part = |text: &str, width: std::ops::RangeInclusive<usize>, below: u32| {
        let digits = width.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten().filter(|n| *n < below)
    };
    Some(Morning { hour: part(hour, 1..=2, 24)?, minute: part(minute, 2..=2, 60)? })
}

fn expiry_days(reader: &mut Reader) -> Vec<u32> {
    let mut ladder = EXPIRY_DAYS.to_vec();
    let mut origin = Origin::Default;
    if let Some(told) = reader.days("alerts", "expiry_days") {
        let days: Option<Vec<u32>> = told.value.iter().map(|day| whole_days(*day)).collect();
        match days.filter(|days| (1..=10).contains(&days.len())) {
            Some(mut days) => {
                days.sort_unstable_by(|one, other| other.cmp(one));
                days.dedup();
                (ladder, origin) = (days, told.origin);
            }
            None => reader.problems.add(told.place, "write one to ten numbers of 1 to 3650 days."),
        }
    }
    let shown = ladder.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    reader.note("[alerts] expiry_days", shown, origin);
    ladder
}

fn old_key_days(reader: &mut Reader) -> u32 {
    let (mut days, mut origin) = (OLD_KEY_DAYS, Origin::Default);
    if let Some(told) = reader.whole("alerts", "old_key_days") {
        match whole_days(told.value) {
            Some(told_days) => (days, origin) = (told_days, told.origin),
            None => reader.problems.add(told.place, "write a number of 1 to 3650 days."),
        }
    }
    reader.note("[alerts] old_key_days", days, origin);
    days
}

fn whole_days(days: i64) -> Option<u32> {
    (1..=MOST_DAYS).contains(&days).then(|| u32::try_from(days).ok()).flatten()
}

pub(super) fn ops(reader: &mut Reader) -> Ops {
    let allow_remote = reader.flag("ops", "allow_remote");
    let listen = reader.parsed(("ops", "listen"), Listen(None), |text| {
        if text == "off" {
            return Ok(Listen(None));
        }
        let address: SocketAddr = text.parse().map_err(|_| {
            "write an address with a port, for example 127.0.0.1:9733, or off.".to_owned()
        })?;
        if !address.ip().is_loopback() && !allow_remote {
            return Err(
                "other machines could read it there: use 127.0.0.1, or set allow_remote = true."
                    .to_owned(),
            );
        }
        Ok(Listen(Some(address)))
    });
    Ops { listen: listen.0 }
}

struct Listen(Option<SocketAddr>);

impl std::fmt::Display for Listen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(address) => address.fmt(f),
            None => f.write_str("off"),
        }
    }
}
