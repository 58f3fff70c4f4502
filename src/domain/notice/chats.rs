//! The bot's own troubles: a receiver that gets nothing any more, a platform that somebody else
//! takes the messages from. Said through the receivers that work.

use super::super::alert::Subject;
use super::super::card::{Card, Grain, Line, Tone};
use super::super::text::Clean;
use super::{Said, View};

/// A receiver is lost; the item is why, with the step that mends it.
pub(super) fn receiver_lost(view: &View<'_>) -> Said {
    let since = view.alert.state.opened_at;
    let title = name(view).text(" gets no warnings since ").moment(since, Grain::Time);
    let card = Card::new(Tone::Soon, title)
        .text(Line::from("Why: ").then(why(view)).text("."))
        .text("Until then its warnings go to the other chats only.")
        .text(
            Line::from("Next: mend it; then an admin sends a test with ").code("/notify").text("."),
        );
    let brief = Line::from("gets no warnings since ").moment(since, Grain::Time);
    Said { brief, card: with_buttons(card, view) }
}

/// A platform is troubled; the item is how.
pub(super) fn platform_trouble(view: &View<'_>) -> Said {
    let since = view.alert.state.opened_at;
    let title = name(view).text(" is disturbed since ").moment(since, Grain::Time);
    let card = Card::new(Tone::Soon, title)
        .text(why(view).text("."))
        .text("Commands there may get no answer. Warnings still go out where they can.");
    let brief = Line::from("is disturbed since ").moment(since, Grain::Time);
    Said { brief, card: with_buttons(card, view) }
}

/// Over: what it was called.
pub(super) fn over(view: &View<'_>) -> Line {
    name(view).text(": works again.")
}

fn name(view: &View<'_>) -> Line {
    match (&view.alert.subject, view.receiver) {
        (_, Some(receiver)) => Line::default().name(&Clean::new(receiver.as_str(), 40)),
        (Subject::Platform(platform), None) => platform.name().into(),
        (Subject::Key(_) | Subject::Exchange(..) | Subject::Receiver(_), None) => {
            "A receiver".into()
        }
    }
}

fn why(view: &View<'_>) -> Line {
    match view.alert.state.items.first() {
        Some(why) => Line::default().name(&Clean::new(why.trim_end_matches('.'), 300)),
        None => "not known".into(),
    }
}

fn with_buttons(mut card: Card, view: &View<'_>) -> Card {
    card.buttons.push(view.mine_button());
    card
}
