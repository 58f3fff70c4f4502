//! The workspaces that the file names, with their zones and receivers. Without any there is one,
//! `home`, in the computer's zone, told on the console.

use chrono_tz::{TZ_VARIANTS, Tz};
use toml::{Table, Value};

use super::problem::{Problems, nearest, suggest};
use super::reader::Reader;
use super::source::Origin;
use crate::domain::text::{Clean, fold};
use crate::domain::wall::zone_name;

/// The longest name of a workspace or receiver, in visible characters.
const LONGEST_NAME: usize = 40;

/// A workspace of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// Its name; unique when case is ignored.
    pub name: Clean,
    /// Where its mornings and days are.
    pub zone: Tz,
    /// Who is told.
    pub receivers: Vec<Receiver>,
}

/// A destination of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// Over what.
    pub platform: Platform,
    /// Its name within the workspace.
    pub name: Clean,
    /// From which severity on.
    pub min_severity: MinSeverity,
}

/// A platform that the file can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// The terminal or log of the process.
    Console,
}

/// From which severity on a receiver is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MinSeverity {
    /// Everything.
    Notice,
    /// What needs somebody soon.
    Warning,
    /// What costs money now.
    Critical,
}

impl MinSeverity {
    /// All, from mild to grave.
    pub const ALL: [Self; 3] = [Self::Notice, Self::Warning, Self::Critical];

    /// The word in settings and tables.
    pub fn id(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

pub(super) fn read(reader: &mut Reader, host_zone: Option<&str>) -> Vec<Workspace> {
    let host_zone = host_zone.and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC);
    let listed = std::mem::take(&mut reader.raw.workspaces);
    if listed.is_empty() {
        let home = home(host_zone);
        note(reader, &home, Origin::Host);
        return vec![home];
    }
    let mut workspaces: Vec<Workspace> = Vec::new();
    for (at, value) in listed.into_iter().enumerate() {
        let place = format!("[[workspace]] {}", at + 1);
        let Value::Table(table) = value else {
            reader.problems.add(place, "write [[workspace]] and its settings below it.");
            continue;
        };
        let Some(workspace) = read_one(&place, table, host_zone, &mut reader.problems) else {
            continue;
        };
        let folded = fold(workspace.name.as_str());
        if workspaces.iter().any(|other| fold(other.name.as_str()) == folded) {
            reader
                .problems
                .add(format!("{place} name"), "two workspaces have this name: choose another.");
        }
        note(reader, &workspace, Origin::File);
        workspaces.push(workspace);
    }
    workspaces
}

fn home(zone: Tz) -> Workspace {
    let console = Receiver {
        platform: Platform::Console,
        name: Clean::new("console", LONGEST_NAME),
        min_severity: MinSeverity::Notice,
    };
    Workspace { name: Clean::new("home", LONGEST_NAME), zone, receivers: vec![console] }
}

fn note(reader: &mut Reader, workspace: &Workspace, origin: Origin) {
    let told = workspace.receivers.iter().map(|receiver| {
        format!("{} (console, from {})", receiver.name, receiver.min_severity.id())
    });
    let told = told.collect::<Vec<_>>().join(", ");
    let told = if told.is_empty() { "nobody".to_owned() } else { told };
    let shown = format!("zone {}, tells {told}", zone_name(workspace.zone));
    reader.note(&format!("[[workspace]] {}", workspace.name), shown, origin);
}

fn read_one(
    place: &str,
    mut table: Table,
    host_zone: Tz,
    problems: &mut Problems,
) -> Option<Workspace> {
    let receivers = table.remove("receiver");
    let mut fields = Fields { place, table, problems };
    let name = fields.name("name", None);
    let zone = fields.word("zone").map_or(Some(host_zone), |text| {
        let zone = Tz::from_str_insensitive(&text).ok();
        if zone.is_none() {
            fields.problem("zone", &unknown_zone(&text));
        }
        zone
    });
    fields.finish(&["name", "zone", "receiver"]);
    let receivers = read_receivers(place, receivers, problems);
    Some(Workspace { name: name?, zone: zone?, receivers })
}

fn read_receivers(place: &str, listed: Option<Value>, problems: &mut Problems) -> Vec<Receiver> {
    let listed = match listed {
        None => return Vec::new(),
        Some(Value::Array(listed)) => listed,
        Some(_) => {
            problems.add(
                format!("{place} receiver"),
                "write [[workspace.receiver]] in double brackets.",
            );
            return Vec::new();
        }
    };
    let mut receivers: Vec<Receiver> = Vec::new();
    for (at, value) in listed.into_iter().enumerate() {
        let place = format!("{place} receiver {}", at + 1);
        let Value::Table(table) = value else {
            problems.add(place, "write [[workspace.receiver]] and its settings below it.");
            continue;
        };
        let Some(receiver) = read_receiver(&place, table, problems) else { continue };
        let folded = fold(receiver.name.as_str());
        if receivers.iter().any(|other| fold(other.name.as_str()) == folded) {
            problems.add(format!("{place} name"), "two receivers have this name: choose another.");
        }
        receivers.push(receiver);
    }
    receivers
}

fn read_receiver(place: &str, table: Table, problems: &mut Problems) -> Option<Receiver> {
    let mut fields = Fields { place, table, problems };
    let platform = match fields.word("platform").as_deref() {
        Some("console") => Some(Platform::Console),
        Some("discord" | "telegram") => {
            fields.problem("platform", "this platform comes with the next version: use console.");
            None
        }
        Some(other) => {
            let hint = suggest(other, &["console"]);
            fields.problem("platform", &format!("there is no such platform: {hint}"));
            None
        }
        None => {
            fields.problem("platform", "it is missing: write platform = \"console\".");
            None
        }
    };
    let name = fields.name("name", Some("console"));
    let words = MinSeverity::ALL.map(MinSeverity::id);
    let min_severity = fields.word("min_severity").map_or(Some(MinSeverity::Notice), |text| {
        let known = MinSeverity::ALL.into_iter().find(|severity| severity.id() == text);
        if known.is_none() {
            let hint = suggest(&text, &words);
            fields.problem("min_severity", &format!("there is no such severity: {hint}"));
        }
        known
    });
    fields.finish(&["platform", "name", "min_severity"]);
    Some(Receiver { platform: platform?, name: name?, min_severity: min_severity? })
}

/// The settings of one table in a list; problems name the table's place.
struct Fields<'a> {
    place: &'a str,
    table: Table,
    problems: &'a mut Problems,
}

impl Fields<'_> {
    fn problem(&mut self, field: &str, sentence: &str) {
        self.problems.add(format!("{} {field}", self.place), sentence);
    }

    fn word(&mut self, field: &str) -> Option<String> {
        if let Value::String(text) = self.table.remove(field)? {
            return Some(text);
        }
        self.problem(field, "write a text in quotes.");
        None
    }

    fn name(&mut self, field: &str, default: Option<&str>) -> Option<Clean> {
        let text = if self.table.contains_key(field) {
            self.word(field)?
        } else if let Some(default) = default {
            default.to_owned()
        } else {
            self.problem(field, "it is missing: write name = \"desk\".");
            return None;
        };
        let clean = Clean::new(&text, LONGEST_NAME);
        if clean.is_empty() || clean.as_str() != text {
            self.problem(field, "write 1 to 40 visible characters, without blanks at the ends.");
            return None;
        }
        Some(clean)
    }

    /// Reports what nobody asked for.
    fn finish(mut self, known: &[&str]) {
        let unknown: Vec<String> =
            self.table.keys().filter(|name| !known.contains(&name.as_str())).cloned().collect();
        for name in unknown {
            self.problem(&name, &format!("there is no such setting: {}", suggest(&name, known)));
        }
    }
}

fn unknown_zone(text: &str) -> String {
    // People write the city alone: compare with the last part as well.
    let city = |zone: &Tz| zone.name().rsplit('/').next().unwrap_or_default().to_owned();
    let cities: Vec<String> = TZ_VARIANTS.iter().map(city).collect();
    let whole = nearest(text, TZ_VARIANTS.iter().map(|zone| zone.name()));
    let by_city = (!text.contains('/'))
        .then(|| nearest(&text.replace(' ', "_"), cities.iter().map(String::as_str)))
        .flatten()
        .and_then(|found| TZ_VARIANTS.iter().find(|zone| city(zone) == found))
        .map(|zone| zone.name());
    match by_city.or(whole) {
        Some(name) => format!("there is no such time zone: did you mean {name}?"),
        None => "there is no such time zone: write one like Europe/Berlin.".to_owned(),
    }
}
