//! Who may what, as the file grants it: one person, everybody with a role of the Discord server,
//! or every member. Administrators of the chat or server need no line.

use toml::{Table, Value};

use super::fields::Fields;
use super::problem::Problems;
use crate::domain::access::{Grant, Grantee, Role};
use crate::domain::receiver::Platform;

pub(super) fn read(place: &str, listed: Option<Value>, problems: &mut Problems) -> Vec<Grant> {
    let listed = match listed {
        None => return Vec::new(),
        Some(Value::Array(listed)) => listed,
        Some(_) => {
            problems.add(format!("{place} grant"), "write [[workspace.grant]] in double brackets.");
            return Vec::new();
        }
    };
    let mut grants = Vec::new();
    for (at, value) in listed.into_iter().enumerate() {
        let place = format!("{place} grant {}", at + 1);
        let Value::Table(table) = value else {
            problems.add(place, "write [[workspace.grant]] and its settings below it.");
            continue;
        };
        grants.extend(read_grant(&place, table, problems));
    }
    grants
}

fn read_grant(place: &str, table: Table, problems: &mut Problems) -> Option<Grant> {
    let mut fields = Fields { place, table, problems };
    let platforms = [Platform::Discord, Platform::Telegram].map(|p| (p.id(), p));
    fields.wants("platform", "it is missing: write platform = \"discord\" or \"telegram\".");
    fields.wants("role", "it is missing: write role = \"viewer\", \"operator\" or \"admin\".");
    let role = fields.choice("role", "role", &Role::GRANTED.map(|role| (role.name(), role)));
    let platform = fields.choice("platform", "platform", &platforms)?;
    let person = fields.id("person", platform).map(Grantee::Person);
    let server_role = match platform {
        Platform::Discord => fields.id("server_role", platform).map(Grantee::ServerRole),
        Platform::Telegram | Platform::Console => None,
    };
    let members = fields.flag("members").then_some(Grantee::Members);
    fields.finish(&["platform", "role", "person", "server_role", "members"]);
    let mut given = [person, server_role, members].into_iter().flatten();
    let (Some(grantee), None) = (given.next(), given.next()) else {
        let sentence = "say to whom with one of person = \"NUMBER\", server_role = \"NUMBER\" (Discord) or members = true.";
        problems.add(place, sentence);
        return None;
    };
    Some(Grant { platform, grantee, role: role? })
}
