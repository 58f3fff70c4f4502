//! A test message: it says that it is one, and who has seen it so far.

use super::super::card::{Action, Card, Line, Tone};
use super::super::id::MessageId;
use super::super::text::Clean;

/// A test as it stands now: who asked, who saw it and whether they may take alerts.
pub fn compose_test(by: &Clean, seen: &[(Clean, bool)], message: &MessageId) -> Card {
    let title = Line::from("Test by ").name(by).text(": warnings about your keys come here.");
    let mut card = Card::new(Tone::Fine, title);
    if seen.is_empty() {
        card = card.text("Nothing is wrong. Press Seen, so that they know it arrives.");
    }
    for (name, may_acknowledge) in seen {
        let line = Line::from("Seen by ").name(name);
        card = card.text(if *may_acknowledge { line } else { line.text(" (may not take alerts)") });
    }
    card.button("Seen", Action::Seen { message: message.clone() })
}
