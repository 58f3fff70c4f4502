//! The one table of commands: name, who may, arguments, words for help, audit. Parsing, help, the
//! platforms' registration and menus and the README's table are made from it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Command, Role};
use crate::domain::card::Action;

/// One command, typed or pressed.
#[derive(Debug)]
pub struct Spec {
    /// Its name, without a slash; the same on every platform.
    pub name: &'static str,
    /// Whether people can type it.
    pub reach: Reach,
    /// The least role that may.
    pub role: Role,
    /// Where help lists it.
    pub group: Group,
    /// What it takes, in order.
    pub arguments: &'static [Argument],
    /// One line of what it does.
    pub summary: &'static str,
    /// As one would type it.
    pub example: &'static str,
    /// What the audit calls it, as `noun.verb`; `None` = no row.
    pub audit: Option<&'static str>,
}

/// How a command is reached.
#[derive(Debug)]
pub enum Reach {
    /// Typed, or chosen from a platform's menu; makes the command of its arguments.
    Typed(fn(&mut Given) -> Command),
    /// By a button only.
    Button,
}

/// Where help lists a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Looking at keys.
    Keys,
    /// Dealing with alerts.
    Alerts,
    /// Answers.
    Answers,
}

impl Group {
    /// Its heading.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keys => "Keys",
            Self::Alerts => "Alerts",
            Self::Answers => "Answers",
        }
    }
}

/// One argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: ArgumentKind,
    /// Whether the command is complete without it.
    pub optional: bool,
    /// One line of what it means.
    pub summary: &'static str,
}

/// What an argument is; platforms choose their input by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentKind {
    /// A key's label.
    Key,
    /// An open alert's number, or a key's label.
    Alert,
    /// A time as [`super::until`] reads it.
    Until,
    /// A number of days.
    Days,
    /// Free text up to the end of the line.
    Text,
    /// The name of a command.
    Name,
}

/// Arguments by name, as typed or as a platform's form gives them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given(BTreeMap<&'static str, String>);

impl Given {
    /// Adds what was given under an argument's name; blank counts as nothing.
    pub fn put(&mut self, argument: &Argument, value: &str) {
        let value: String = value.chars().take(super::LONGEST).collect();
        if !value.trim().is_empty() {
            self.0.insert(argument.name, value.trim().to_owned());
        }
    }

    pub(super) fn get(&self, argument: &Argument) -> Option<&str> {
        self.0.get(argument.name).map(String::as_str)
    }

    fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }
}

impl Spec {
    /// The row of a command.
    pub fn of(command: &Command) -> &'static Self {
        &SPECS[Row::of(command) as usize]
    }

    /// The row of a typed name, whatever its case.
    pub fn named(name: &str) -> Option<&'static Self> {
        typed().find(|spec| spec.name.eq_ignore_ascii_case(name))
    }

    /// Whether it makes the exchange be asked.
    pub(super) fn asks_exchange(&self) -> bool {
        self.name == SPECS[Row::Check as usize].name
    }

    /// The name with its arguments: `/ack [alert] [until] [reason]`.
    pub fn usage(&self) -> String {
        let mut usage = format!("/{}", self.name);
        for argument in self.arguments {
            let (open, close) = if argument.optional { ('[', ']') } else { ('<', '>') };
            let _ = write!(usage, " {open}{}{close}", argument.name);
        }
        usage
    }
}

/// The rows that have a typed name.
pub(super) fn typed() -> impl Iterator<Item = &'static Spec> {
    SPECS.iter().filter(|spec| matches!(spec.reach, Reach::Typed(_)))
}

/// The README's table of commands.
pub fn markdown_table() -> String {
    let mut table = String::from("| Command | What it does | Who |\n|---|---|---|\n");
    for spec in typed() {
        let _ = writeln!(table, "| `{}` | {} | {} |", spec.usage(), spec.summary, spec.role.name());
    }
    table
}

/// The rows of [`SPECS`] by name, in its order; a test holds both together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Row {
    Keystatus,
    Check,
    Alerts,
    Ack,
    Why,
    Upcoming,
    Faq,
    Help,
    Privacy,
    Undo,
    Accept,
    Replaced,
    Reveal,
    Show,
}

impl Row {
    fn of(command: &Command) -> Self {
        match command {
            Command::Keystatus { .. } => Self::Keystatus,
            Command::Check { .. } => Self::Check,
            Command::Alerts => Self::Alerts,
            Command::Ack { .. } => Self::Ack,
            Command::Why { .. } => Self::Why,
            Command::Upcoming { .. } => Self::Upcoming,
            Command::Faq { .. } => Self::Faq,
            Command::Help { .. } => Self::Help,
            Command::Privacy => Self::Privacy,
            Command::Press { action, .. } => match action {
                Action::Acknowledge { .. } | Action::AcknowledgeAll { .. } => Self::Ack,
                Action::Undo { .. } => Self::Undo,
                Action::Show { .. } => Self::Show,
                Action::Steps { .. } => Self::Faq,
                Action::Accept { .. } => Self::Accept,
                Action::Replaced { .. } => Self::Replaced,
                Action::ShowAddress { .. } => Self::Reveal,
                Action::Key { .. } | Action::AllKeys => Self::Keystatus,
                Action::Why { .. } => Self::Why,
                Action::Check { .. } => Self::Check,
            },
        }
    }
}

const KEY: Argument = Argument {
    name: "key",
    kind: ArgumentKind::Key,
    optional: true,
    summary: "the key's label; left out: the only key, or a choice",
};

/// Every command.
pub const SPECS: &[Spec] = &[
    Spec {
        name: "keystatus",
        reach: Reach::Typed(|given| Command::Keystatus { key: given.take("key") }),
        role: Role::Viewer,
        group: Group::Keys,
        arguments: &[KEY],
        summary: "How the keys are, worst first; one key in detail",
        example: "/keystatus mm-bot-1",
        audit: None,
    },
    Spec {
        name: "check",
        reach: Reach::Typed(|given| Command::Check { key: given.take("key") }),
        role: Role::Viewer,
        group: Group::Keys,
        arguments: &[KEY],
        summary: "Ask the exchange about a key now",
        example: "/check mm-bot-1",
        audit: Some("key.checked"),
    },
    Spec {
        name: "alerts",
        reach: Reach::Typed(|_| Command::Alerts),
        role: Role::Viewer,
        group: Group::Alerts,
        arguments: &[],
        summary: "What is open, and who is on it",
        example: "/alerts",
        audit: None,
    },
    Spec {
        name: "ack",
        reach: Reach::Typed(|given| Command::Ack {
            alert: given.take("alert"),
            until: given.take("until"),
            reason: given.take("reason"),
        }),
        role: Role::Operator,
        group: Group::Alerts,
        arguments: &[
            Argument {
                name: "alert",
                kind: ArgumentKind::Alert,
                optional: true,
                summary: "the alert's number or the key's label; left out: the only one, or a choice",
            },
            Argument {
                name: "until",
                kind: ArgumentKind::Until,
                optional: true,
                summary: "2h, 90m, 3d, 14:00, tomorrow, mon or 2026-12-01; it always ends",
            },
            Argument {
                name: "reason",
                kind: ArgumentKind::Text,
                optional: true,
                summary: "why, for the others",
            },
        ],
        summary: "Say that you are on it, until a time",
        example: "/ack 3 2h waiting for support",
        audit: Some("alert.acknowledged"),
    },
    Spec {
        name: "why",
        reach: Reach::Typed(|given| Command::Why { key: given.take("key") }),
        role: Role::Viewer,
        group: Group::Alerts,
        arguments: &[KEY],
        summary: "Why a key is as it is, who was told what, and why not",
        example: "/why mm-bot-1",
        audit: None,
    },
    Spec {
        name: "upcoming",
        reach: Reach::Typed(|given| Command::Upcoming {
            days: given.take("days").and_then(|days| days.parse().ok()),
        }),
        role: Role::Viewer,
        group: Group::Keys,
        arguments: &[Argument {
            name: "days",
            kind: ArgumentKind::Days,
            optional: true,
            summary: "how far to look, 1 to 400; left out: 30",
        }],
        summary: "Which keys end soon, and when I warn next",
        example: "/upcoming 60",
        audit: None,
    },
    Spec {
        name: "faq",
        reach: Reach::Typed(|given| Command::Faq { question: given.take("question") }),
        role: Role::Anyone,
        group: Group::Answers,
        arguments: &[Argument {
            name: "question",
            kind: ArgumentKind::Text,
            optional: true,
            summary: "a question or the last line of an error; left out: the topics",
        }],
        summary: "Answers about exchange API keys and their errors",
        example: "/faq 400006 invalid request ip",
        audit: None,
    },
    Spec {
        name: "help",
        reach: Reach::Typed(|given| Command::Help { command: given.take("command") }),
        role: Role::Anyone,
        group: Group::Answers,
        arguments: &[Argument {
            name: "command",
            kind: ArgumentKind::Name,
            optional: true,
            summary: "one command in detail",
        }],
        summary: "What you can ask and do here",
        example: "/help ack",
        audit: None,
    },
    Spec {
        name: "privacy",
        reach: Reach::Typed(|_| Command::Privacy),
        role: Role::Anyone,
        group: Group::Answers,
        arguments: &[],
        summary: "Who runs this, what is stored, who can read it",
        example: "/privacy",
        audit: None,
    },
    button("undo", Role::Operator, "Give an alert back", Some("alert.undone")),
    button("accept", Role::Admin, "Accept a key as it is now", Some("key.accepted")),
    button("replaced", Role::Viewer, "How to tell of a replaced key", None),
    button("reveal", Role::Operator, "The address that the exchange saw", Some("address.revealed")),
    button("show", Role::Viewer, "The alerts of a message, one by one", None),
];

const fn button(
    name: &'static str,
    role: Role,
    summary: &'static str,
    audit: Option<&'static str>,
) -> Spec {
    let group = Group::Alerts;
    Spec { name, reach: Reach::Button, role, group, arguments: &[], summary, example: "", audit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_stands_where_its_name_says() {
        let rows = [
            (Row::Keystatus, "keystatus"),
            (Row::Check, "check"),
            (Row::Alerts, "alerts"),
            (Row::Ack, "ack"),
            (Row::Why, "why"),
            (Row::Upcoming, "upcoming"),
            (Row::Faq, "faq"),
            (Row::Help, "help"),
            (Row::Privacy, "privacy"),
            (Row::Undo, "undo"),
            (Row::Accept, "accept"),
            (Row::Replaced, "replaced"),
            (Row::Reveal, "reveal"),
            (Row::Show, "show"),
        ];
        assert_eq!(rows.len(), SPECS.len());
        for (row, name) in rows {
            assert_eq!(SPECS[row as usize].name, name);
        }
    }

    #[test]
    fn the_readme_table_has_a_row_for_each_typed_command() {
        let table = markdown_table();
        assert_eq!(table.lines().count(), 2 + typed().count());
        assert!(table.contains(
            "| `/ack [alert] [until] [reason]` | Say that you are on it, until a time | operator |\n"
        ));
        assert!(!table.contains("reveal"));
        // A pipe in a summary would break the row.
        assert!(table.lines().all(|line| line.matches('|').count() == 4), "{table}");
    }
}
