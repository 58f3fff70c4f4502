//! Which row of the table a command stands in: the one place that goes from what is wanted to who
//! may want it.

use super::Command;
use super::spec::Spec;
use super::table::SPECS;
use crate::domain::card::Action;

/// The rows of [`SPECS`] by name, in its order; a test holds both together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Row {
    Keystatus,
    Check,
    Fix,
    Security,
    Alerts,
    Ack,
    Why,
    Upcoming,
    Leaked,
    Faq,
    Start,
    Cancel,
    Help,
    Privacy,
    Notify,
    Settings,
    Faqgaps,
    Undo,
    Accept,
    Replaced,
    Reveal,
    Show,
    Choose,
    Seen,
    WatchLeaked,
    NotLeaked,
    Fixing,
}

impl Row {
    /// Which row a command stands in.
    pub(super) fn of(command: &Command) -> Self {
        match command {
            Command::Keystatus { .. } => Self::Keystatus,
            Command::Check { .. } => Self::Check,
            Command::Fix { .. } => Self::Fix,
            Command::Security { .. } => Self::Security,
            Command::Alerts => Self::Alerts,
            Command::Ack { .. } => Self::Ack,
            Command::Why { .. } => Self::Why,
            Command::Upcoming { .. } => Self::Upcoming,
            Command::Leaked { .. } => Self::Leaked,
            Command::Faq { .. } => Self::Faq,
            Command::Start { .. } => Self::Start,
            Command::Cancel => Self::Cancel,
            Command::Help { .. } => Self::Help,
            Command::Privacy => Self::Privacy,
            Command::Notify { .. } => Self::Notify,
            Command::Settings { .. } => Self::Settings,
            Command::Faqgaps => Self::Faqgaps,
            Command::Press { action, .. } => match action {
                Action::Acknowledge { .. } | Action::AcknowledgeAll { .. } => Self::Ack,
                Action::Undo { .. } => Self::Undo,
                Action::Show { .. } => Self::Show,
                Action::Steps { .. } | Action::PostHere { .. } | Action::NotHelpful { .. } => {
                    Self::Faq
                }
                Action::Accept { .. } => Self::Accept,
                Action::Replaced { .. } => Self::Replaced,
                Action::ShowAddress { .. } => Self::Reveal,
                Action::Key { .. } | Action::AllKeys => Self::Keystatus,
                Action::Why { .. } => Self::Why,
                Action::Check { .. } => Self::Check,
                Action::Leaked { .. } => Self::Leaked,
                Action::WatchLeaked { .. } => Self::WatchLeaked,
                Action::NotLeaked { .. } => Self::NotLeaked,
                // Where nothing is answered yet the exchange is asked; then nobody is.
                Action::Fix { fix } if fix.is_fresh() => Self::Fix,
                Action::Fix { .. } => Self::Fixing,
                Action::Security { .. } => Self::Security,
                Action::AddReceiver { .. }
                | Action::Receiver { .. }
                | Action::TestReceiver { .. }
                | Action::SetReceiver { .. }
                | Action::RemoveReceiver { .. } => Self::Notify,
                Action::Seen { .. } => Self::Seen,
                Action::ChooseWorkspace { .. } => Self::Choose,
            },
        }
    }
}

impl Row {
    /// The row itself.
    pub(super) fn spec(self) -> &'static Spec {
        &SPECS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_stands_where_its_name_says() {
        let rows = [
            (Row::Keystatus, "keystatus"),
            (Row::Check, "check"),
            (Row::Fix, "fix"),
            (Row::Security, "security"),
            (Row::Alerts, "alerts"),
            (Row::Ack, "ack"),
            (Row::Why, "why"),
            (Row::Upcoming, "upcoming"),
            (Row::Leaked, "leaked"),
            (Row::Faq, "faq"),
            (Row::Start, "start"),
            (Row::Cancel, "cancel"),
            (Row::Help, "help"),
            (Row::Privacy, "privacy"),
            (Row::Notify, "notify"),
            (Row::Settings, "settings"),
            (Row::Faqgaps, "faqgaps"),
            (Row::Undo, "undo"),
            (Row::Accept, "accept"),
            (Row::Replaced, "replaced"),
            (Row::Reveal, "reveal"),
            (Row::Show, "show"),
            (Row::Choose, "choose"),
            (Row::Seen, "seen"),
            (Row::WatchLeaked, "watchleaked"),
            (Row::NotLeaked, "notleaked"),
            (Row::Fixing, "fixing"),
        ];
        assert_eq!(rows.len(), SPECS.len());
        for (row, name) in rows {
            assert_eq!(SPECS[row as usize].name, name);
        }
    }
}
