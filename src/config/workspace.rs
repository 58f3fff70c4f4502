//! The workspaces that the file names, with their zones and receivers. Without any there is one,
//! `home`, in the computer's zone, told on the console.

use chrono_tz::{TZ_VARIANTS, Tz};
use toml::{Table, Value};

use super::fields::{Fields, LONGEST_NAME};
use super::problem::{Problems, nearest};
use super::reader::Reader;
use super::source::Origin;
use super::{grant, receiver};
use crate::config::Receiver;
use crate::domain::access::Grant;
use crate::domain::receiver::Platform;
use crate::domain::signal::Severity;
use crate::domain::text::{Clean, fold};
use crate::domain::wall::zone_name;

/// A workspace of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// Its name; unique when case is ignored.
    pub name: Clean,
    /// Where its mornings and days are.
    pub zone: Tz,
    /// Whether it only answers questions and watches no keys.
    pub faq_only: bool,
    /// Its Discord server and Telegram chats.
    pub chats: Vec<(Platform, String)>,
    /// Who may what.
    pub grants: Vec<Grant>,
    /// Who is told.
    pub receivers: Vec<Receiver>,
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
        chat: "console".to_owned(),
        topic: None,
        mention: None,
        name: Clean::new("console", LONGEST_NAME),
        min_severity: Severity::Notice,
    };
    Workspace {
        name: Clean::new("home", LONGEST_NAME),
        zone,
        faq_only: false,
        chats: Vec::new(),
        grants: Vec::new(),
        receivers: vec![console],
    }
}

fn note(reader: &mut Reader, workspace: &Workspace, origin: Origin) {
    let told = workspace.receivers.iter().map(|receiver| {
        format!(
            "{} ({}, from {})",
            receiver.name,
            receiver.platform.id(),
            receiver.min_severity.id()
        )
    });
    let told = told.collect::<Vec<_>>().join(", ");
    // Chat may have added others; the file does not know.
    let told = if told.is_empty() {
        "no receiver in the settings".to_owned()
    } else {
        format!("tells {told}")
    };
    let shown = format!("zone {}, {told}", zone_name(workspace.zone));
    reader.note(&format!("[[workspace]] {}", workspace.name), shown, origin);
}

fn read_one(
    place: &str,
    mut table: Table,
    host_zone: Tz,
    problems: &mut Problems,
) -> Option<Workspace> {
    let (receivers, grants) = (table.remove("receiver"), table.remove("grant"));
    let mut fields = Fields { place, table, problems };
    let name = fields.name("name", None);
    let zone = fields.word("zone").map_or(Some(host_zone), |text| {
        let zone = Tz::from_str_insensitive(&text).ok();
        if zone.is_none() {
            fields.problem("zone", &unknown_zone(&text));
        }
        zone
    });
    let faq_only = fields.flag("faq_only");
    let server = fields.id("discord_server", Platform::Discord);
    let chats = fields.ids("telegram_chats", Platform::Telegram);
    let known =
        ["name", "zone", "faq_only", "discord_server", "telegram_chats", "receiver", "grant"];
    fields.finish(&known);
    let server = server.map(|id| (Platform::Discord, id));
    let chats = chats.into_iter().map(|id| (Platform::Telegram, id));
    let chats = server.into_iter().chain(chats).collect();
    let receivers = receiver::read(place, receivers, problems);
    let grants = grant::read(place, grants, problems);
    Some(Workspace { name: name?, zone: zone?, faq_only, chats, grants, receivers })
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
