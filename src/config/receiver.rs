//! Who is told, as the file names them: a terminal, a Discord channel or thread, a Telegram chat
//! and its topic.

use toml::{Table, Value};

use super::fields::Fields;
use super::problem::Problems;
use crate::domain::receiver::Platform;
use crate::domain::signal::Severity;
use crate::domain::text::{Clean, fold};

/// A destination of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receiver {
    /// Over what.
    pub platform: Platform,
    /// The channel, thread or chat; for a terminal its name.
    pub chat: String,
    /// The topic of a Telegram forum.
    pub topic: Option<String>,
    /// Who is called when something is critical: `role:ID`, `user:ID` (Discord), `@name`
    /// (Telegram).
    pub mention: Option<String>,
    /// Its name within the workspace.
    pub name: Clean,
    /// From which severity on.
    pub min_severity: Severity,
}

pub(super) fn read(place: &str, listed: Option<Value>, problems: &mut Problems) -> Vec<Receiver> {
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
    fields.wants(
        "platform",
        "it is missing: write platform = \"discord\", \"telegram\" or \"console\".",
    );
    let known = [Platform::Console, Platform::Discord, Platform::Telegram].map(|p| (p.id(), p));
    let platform = fields.choice("platform", "platform", &known)?;
    let name = fields.name("name", Some(platform.id()));
    let (chat, topic, mention) = match platform {
        // A terminal has no address of its own; two of them differ by their names.
        Platform::Console => (name.as_ref().map(|name| fold(name.as_str())), None, None),
        Platform::Discord => {
            fields.wants("channel", "it is missing: write the number of a channel or thread.");
            (fields.id("channel", platform), None, mention(&mut fields, platform))
        }
        Platform::Telegram => {
            fields.wants("chat", "it is missing: write the number of a chat.");
            let chat = fields.id("chat", platform);
            let topic = fields.id("topic", platform);
            (chat, topic, mention(&mut fields, platform))
        }
    };
    let severities = [Severity::Notice, Severity::Warning, Severity::Critical].map(|s| (s.id(), s));
    let is_told = fields.table.contains_key("min_severity");
    let min_severity = fields.choice("min_severity", "severity", &severities);
    let min_severity = if is_told { min_severity } else { Some(Severity::Notice) };
    let own: &[&str] = match platform {
        Platform::Console => &["platform", "name", "min_severity"],
        Platform::Discord => &["platform", "name", "min_severity", "channel", "mention"],
        Platform::Telegram => &["platform", "name", "min_severity", "chat", "topic", "mention"],
    };
    fields.finish(own);
    Some(Receiver {
        platform,
        chat: chat?,
        topic,
        mention,
        name: name?,
        min_severity: min_severity?,
    })
}

fn mention(fields: &mut Fields<'_>, platform: Platform) -> Option<String> {
    let text = fields.word("mention")?;
    let is_number =
        |id: &str| (1..=20).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit());
    let is_name = |name: &str| {
        (4..=32).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    let fits = match platform {
        Platform::Discord => {
            ["role:", "user:"].iter().any(|kind| text.strip_prefix(kind).is_some_and(is_number))
        }
        Platform::Telegram => text.strip_prefix('@').is_some_and(is_name),
        Platform::Console => false,
    };
    if fits {
        return Some(text);
    }
    fields.problem(
        "mention",
        match platform {
            Platform::Telegram => "write one @name of 4 to 32 letters, digits and _.",
            Platform::Discord | Platform::Console => "write role:NUMBER or user:NUMBER.",
        },
    );
    None
}
