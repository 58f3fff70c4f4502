//! What a row of the table of commands says: name, who may, arguments, words for help, audit; and
//! what is made from it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::row::Row;
use super::table::SPECS;
use super::{Command, Role};

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
    /// What an admin sets.
    Workspace,
}

impl Group {
    /// Its heading.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keys => "Keys",
            Self::Alerts => "Alerts",
            Self::Answers => "Answers",
            Self::Workspace => "Workspace",
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
    /// One word of a few.
    Choice(&'static [&'static str]),
    /// A receiver's name.
    Receiver,
    /// A claim code.
    Code,
    /// A person of the server; only a form can name one (Discord).
    Person,
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

    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }
}

impl Spec {
    /// The row of a command.
    pub fn of(command: &Command) -> &'static Self {
        Row::of(command).spec()
    }

    /// The row of a typed name, whatever its case.
    pub fn named(name: &str) -> Option<&'static Self> {
        typed().find(|spec| spec.name.eq_ignore_ascii_case(name))
    }

    /// Whether it makes the exchange be asked.
    pub(super) fn asks_exchange(&self) -> bool {
        [Row::Check, Row::Fix].iter().any(|row| row.spec().name == self.name)
    }

    /// The arguments that can be typed.
    pub fn words(&self) -> impl Iterator<Item = &'static Argument> {
        self.arguments.iter().filter(|argument| argument.kind != ArgumentKind::Person)
    }

    /// The name with its arguments: `/ack [alert] [until] [reason]`.
    pub fn usage(&self) -> String {
        let mut usage = format!("/{}", self.name);
        for argument in self.words() {
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

#[cfg(test)]
mod tests {
    use super::*;

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
