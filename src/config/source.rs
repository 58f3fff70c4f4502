//! Where settings come from: a table of the file, overridden by `KEYLAPSE_<SECTION>__<FIELD>`.
//! Names and types are checked here against one list, so that the readers of sections see only
//! what they know.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::problem::{Problems, nearest, shown, suggest};

/// What a setting may hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Flag,
    Whole,
    Days,
}

impl Kind {
    fn form(self) -> &'static str {
        match self {
            Self::Text => "write a text in quotes.",
            Self::Flag => "write true or false, without quotes.",
            Self::Whole => "write a whole number, without quotes.",
            Self::Days => "write a list of whole numbers, for example [30, 14, 7].",
        }
    }

    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_str(),
            Self::Flag => value.is_bool(),
            Self::Whole => value.is_integer(),
            Self::Days => value.as_array().is_some_and(|days| days.iter().all(Value::is_integer)),
        }
    }

    /// The value that an environment variable's text stands for.
    fn read(self, text: &str) -> Option<Value> {
        let whole = |text: &str| text.trim().parse().ok().map(Value::Integer);
        match self {
            Self::Text => Some(Value::String(text.to_owned())),
            Self::Flag => text.trim().parse().ok().map(Value::Boolean),
            Self::Whole => whole(text),
            Self::Days => text.split(',').map(whole).collect::<Option<_>>().map(Value::Array),
        }
    }
}

/// Section, field, kind.
const FIELDS: &[(&str, &str, Kind)] = &[
    ("data", "dir", Kind::Text),
    ("database", "url", Kind::Text),
    ("database", "url_file", Kind::Text),
    ("vault", "key_file", Kind::Text),
    ("vault", "allow_readable", Kind::Flag),
    ("access", "enrol", Kind::Text),
    ("access", "operator", Kind::Text),
    ("kucoin", "site", Kind::Text),
    ("kucoin", "base_url", Kind::Text),
    ("kucoin", "allow_custom_endpoint", Kind::Flag),
    ("discord", "token", Kind::Text),
    ("discord", "token_file", Kind::Text),
    ("discord", "api_url", Kind::Text),
    ("discord", "resolve", Kind::Text),
    ("discord", "ca_file", Kind::Text),
    ("discord", "allow_custom_endpoint", Kind::Flag),
    ("discord", "guard_channels", Kind::Flag),
    ("telegram", "token", Kind::Text),
    ("telegram", "token_file", Kind::Text),
    ("telegram", "api_url", Kind::Text),
    ("telegram", "allow_custom_endpoint", Kind::Flag),
    ("telegram", "guard_channels", Kind::Flag),
    ("schedule", "check", Kind::Text),
    ("alerts", "morning", Kind::Text),
    ("alerts", "expiry_days", Kind::Days),
    ("alerts", "old_key_days", Kind::Whole),
    ("alerts", "drop_on_gain", Kind::Flag),
    ("knowledge", "dir", Kind::Text),
    ("ops", "listen", Kind::Text),
    ("ops", "allow_remote", Kind::Flag),
];

/// Settings that the environment must not have.
const FILE_ONLY: [(&str, &str); 4] = [
    ("data", "dir"),
    ("kucoin", "allow_custom_endpoint"),
    ("discord", "allow_custom_endpoint"),
    ("telegram", "allow_custom_endpoint"),
];

const SECTIONS: [&str; 12] = [
    "data",
    "database",
    "vault",
    "access",
    "kucoin",
    "discord",
    "telegram",
    "schedule",
    "alerts",
    "knowledge",
    "ops",
    "workspace",
];

/// Variables of ours that are no settings.
const NO_SETTINGS: [&str; 2] = ["KEYLAPSE_TEST_POSTGRES", "KEYLAPSE_LOG"];

/// Where an effective value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The settings file.
    File,
    /// An environment variable.
    Environment,
    /// The command line.
    Flag,
    /// The computer's own setting.
    Host,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "environment",
            Self::Flag => "command line",
            Self::Host => "this computer",
        })
    }
}

/// A value with its provenance.
#[derive(Clone)]
pub(super) struct Given {
    pub(super) value: Value,
    pub(super) origin: Origin,
    pub(super) place: String,
}

/// All values that were given, the environment's over the file's.
#[derive(Default)]
pub(super) struct Raw {
    pub(super) values: BTreeMap<(&'static str, &'static str), Given>,
    pub(super) workspaces: Vec<Value>,
}

/// Sorts what the file says; `explicit` = the file was named with `--config`.
pub(super) fn gather_file(raw: &mut Raw, table: Table, explicit: bool, problems: &mut Problems) {
    for (section, content) in table {
        let place = format!("[{}]", shown(&section));
        if section == "workspace" {
            match content {
                Value::Array(list) => raw.workspaces = list,
                _ => problems
                    .add("[[workspace]]", "write it in double brackets: there can be several."),
            }
        } else if !SECTIONS.contains(&section.as_str()) {
            let hint = suggest(&section, &SECTIONS);
            problems.add(place, format!("there is no such section: {hint}"));
        } else if let Value::Table(fields) = content {
            gather_section(raw, &section, fields, problems);
        } else {
            problems.add(place, "this is a section: write its settings below it.");
        }
    }
    if !explicit && raw.values.remove(&("data", "dir")).is_some() {
        problems.add(
            "[data] dir",
            "only a file named with --config can set the data folder: remove it, or start with --data.",
        );
    }
}

fn gather_section(raw: &mut Raw, section: &str, fields: Table, problems: &mut Problems) {
    for (name, value) in fields {
        let place = format!("[{section}] {name}");
        let known = FIELDS.iter().find(|(s, n, _)| *s == section && *n == name);
        match known {
            None => {
                let names: Vec<_> =
                    FIELDS.iter().filter(|(s, ..)| *s == section).map(|(_, n, _)| *n).collect();
                let hint = suggest(&name, &names);
                let place = format!("[{section}] {}", shown(&name));
                problems.add(place, format!("there is no such setting: {hint}"));
            }
            Some((_, _, kind)) if !kind.fits(&value) => problems.add(place, kind.form()),
            Some((section, name, _)) => {
                let given = Given { value, origin: Origin::File, place };
                raw.values.insert((section, name), given);
            }
        }
    }
}

/// Lays the environment over what is there.
pub(super) fn gather_environment(raw: &mut Raw, env: &[(String, String)], problems: &mut Problems) {
    for (variable, text) in env.iter().filter(|(name, _)| name.starts_with("KEYLAPSE_")) {
        let known = FIELDS.iter().find(|(s, n, _)| *variable == variable_of(s, n));
        match known {
            _ if NO_SETTINGS.contains(&variable.as_str()) => {}
            None => problems.add(shown(variable), unknown_variable(variable)),
            Some(("data", "dir", _)) => problems.add(
                variable.as_str(),
                "the environment cannot set the data folder: start with --data.",
            ),
            Some((section, "allow_custom_endpoint", _)) => problems.add(
                variable.as_str(),
                format!("only the settings file can allow another endpoint: set it there, in [{section}]."),
            ),
            // Compose files pass what is unset as empty.
            Some(_) if text.is_empty() => {}
            Some((section, name, kind)) => match kind.read(text) {
                None => problems.add(variable.as_str(), environment_form(*kind)),
                Some(value) => {
                    let given =
                        Given { value, origin: Origin::Environment, place: variable.clone() };
                    override_with(raw, section, name, given);
                }
            },
        }
    }
}

/// A variable replaces the file's setting in either of its spellings, inline or `_file`.
fn override_with(raw: &mut Raw, section: &'static str, name: &'static str, given: Given) {
    let twin = match (section, name) {
        ("database", "url") => Some("url_file"),
        ("database", "url_file") => Some("url"),
        ("discord" | "telegram", "token") => Some("token_file"),
        ("discord" | "telegram", "token_file") => Some("token"),
        _ => None,
    };
    if let Some(twin) = twin
        && raw.values.get(&(section, twin)).is_some_and(|other| other.origin == Origin::File)
    {
        raw.values.remove(&(section, twin));
    }
    raw.values.insert((section, name), given);
}

fn environment_form(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "write a text.",
        Kind::Flag => "write true or false.",
        Kind::Whole => "write a whole number.",
        Kind::Days => "write whole numbers with commas, for example 30,14,7.",
    }
}

fn unknown_variable(variable: &str) -> String {
    let section = variable["KEYLAPSE_".len()..].split("__").next().unwrap_or_default();
    let section = section.to_lowercase();
    if section == "workspace" {
        return "workspaces are set in the file only: write [[workspace]] there.".to_owned();
    }
    // Without the common prefix, which would make everything look alike.
    let bare = |name: &str| name["KEYLAPSE_".len()..].to_owned();
    let names: Vec<String> = FIELDS
        .iter()
        .filter(|(s, n, _)| !FILE_ONLY.contains(&(s, n)))
        .map(|(s, n, _)| bare(&variable_of(s, n)))
        .collect();
    match nearest(&bare(variable), names.iter().map(String::as_str)) {
        Some(name) => format!("no setting has this name: did you mean KEYLAPSE_{name}?"),
        None => "no setting has this name: unset it, or write KEYLAPSE_SECTION__FIELD.".to_owned(),
    }
}

fn variable_of(section: &str, name: &str) -> String {
    format!("KEYLAPSE_{section}__{name}").to_uppercase()
}
