//! What the key may do has changed, or is more than anyone allowed. A gained right to move funds
//! may be the work of a thief: leaked or stolen means delete first.

use super::super::card::{Card, Grain, Line, Tone};
use super::super::key::KeyState;
use super::super::permission::{Permission, Power};
use super::super::text::Clean;
use super::refused::{may_stop, steps};
use super::{Said, View};

pub(super) fn gained(view: &View<'_>) -> Said {
    let can = match gravest(view) {
        Power::Withdraw => "can now withdraw",
        Power::Transfer => "can now transfer funds",
        Power::Unknown => "has a new right I do not know",
        Power::Trade => "has a new trading right",
        Power::Earn | Power::Read => "has a new right",
    };
    let since = view.alert.state.opened_at;
    let new = if can.contains("now") { "new " } else { "" };
    let title =
        view.subject().text(format!(" {can} ({new}since ")).moment(since, Grain::Time).text(")");
    let rights = Line::from("New: ").then(names(view)).text(match gravest(view) {
        Power::Withdraw => ". Funds can leave through this key.",
        Power::Transfer => ". Funds can be moved between the owner's own accounts.",
        Power::Unknown => ". I treat it as able to move funds.",
        Power::Trade | Power::Earn | Power::Read => {
            ". It does not withdraw, but whoever added it can log in to the account."
        }
    });
    let rights =
        if view.is_unbound() { rights.text(" It works from any address.") } else { rights };
    let card = Card::new(Tone::Broken, title)
        .text("Not done by one of you? Delete the key at KuCoin now, then /leaked.")
        .text(rights)
        .text(deletion_stops(view));
    let mut card = if view.key.is_some_and(|key| key.state == KeyState::Refused) {
        card.text("I have dropped the secret stored here and no longer check this key.")
    } else {
        card
    };
    card.buttons.push(view.steps_as("What to do now"));
    card.buttons.extend(view.accept_button("Expected, we did it"));
    card.buttons.push(view.mine_button());
    let brief = Line::from(format!("{can} (since ")).moment(since, Grain::Time).text(")");
    Said { brief, card }
}

/// What deleting costs, so that nobody has to think of it under pressure.
pub(super) fn deletion_stops(view: &View<'_>) -> Line {
    let (users, are_many) = view.users();
    let line = Line::from("Deleting it stops ").then(users);
    match view.trades() {
        Some(false) => line.text("."),
        Some(true) | None if are_many => line.text("; check their open positions and orders."),
        Some(true) | None => line.text("; check its open positions and orders."),
    }
}

pub(super) fn lost(view: &View<'_>) -> Said {
    if view.fault().is_some() || view.code().is_some() {
        return may_not_read(view);
    }
    let since = view.alert.state.opened_at;
    let trades_no_more =
        view.last_good.is_some_and(|good| !good.facts.permissions.can(Power::Trade))
            && view.trades() == Some(true);
    let can = if trades_no_more { "can no longer trade" } else { "has lost a right" };
    let title = view.subject().text(format!(" {can} (since ")).moment(since, Grain::Time).text(")");
    let lost = Line::from("Lost: ").then(names(view)).text(".");
    let lost = if view.is_unbound() {
        lost.text(
            " KuCoin takes trading rights from keys without bound address after 30 days \
             without use.",
        )
    } else {
        lost
    };
    let give_back = "Give the right back at KuCoin, or make a new key: Steps.";
    let card = Card::new(Tone::Soon, title);
    let card = if trades_no_more {
        card.text(may_stop(view)).steps(steps(view, [give_back])).text(lost)
    } else {
        card.text(lost).text(format!("Next, if nobody meant that: {}", lower(give_back)))
    };
    let mut card = card;
    card.buttons.push(view.steps_button());
    card.buttons.extend(view.accept_button("Expected, we did it"));
    card.buttons.push(view.mine_button());
    let brief = Line::from(format!("{can} (since ")).moment(since, Grain::Time).text(")");
    Said { brief, card }
}

fn may_not_read(view: &View<'_>) -> Said {
    let title = view
        .colon()
        .text("not allowed to read its own record since ")
        .moment(view.since(), Grain::Time);
    let why = format!(
        "{} asks for a right that this key lacks{}. Every key may do this, so its rights have \
         probably changed.",
        view.house(),
        view.in_brackets()
    );
    let mut card = Card::new(Tone::Soon, title)
        .text(why)
        .text("Next: compare the key's rights at KuCoin with what its apps need: Steps.");
    card.buttons.extend([view.steps_button(), view.mine_button()]);
    Said { brief: "may no longer read its own record".into(), card }
}

pub(super) fn can_move(view: &View<'_>) -> Said {
    let can = match gravest(view) {
        Power::Withdraw => "can withdraw",
        Power::Transfer => "can transfer funds",
        Power::Unknown => "has a right I do not know",
        Power::Trade | Power::Earn | Power::Read => "has a right that nobody allowed",
    };
    let title = view.verb().text(format!("{can}; nobody allowed that here"));
    let right = Line::from("Right: ")
        .then(names(view))
        .text(". Trading bots rarely need it, and whoever copies the key has it too.");
    let mut card = Card::new(Tone::Soon, title)
        .text(right)
        .text("Next: take the right away at KuCoin, or make a new key without it: Steps.");
    card.buttons.push(view.steps_button());
    card.buttons.extend(view.accept_button("It is meant to"));
    card.buttons.push(view.mine_button());
    Said { brief: format!("{can}, not allowed here").into(), card }
}

/// The power of an item; a name we cannot place is treated as one we do not know.
fn power(view: &View<'_>, name: &str) -> Power {
    let now = view.last_good.map(|good| &good.facts);
    let then = view.key.and_then(|key| key.baseline.as_ref()).map(|b| &b.facts);
    let known = |right: &&Permission| right.name == name;
    let mut rights = [now, then].into_iter().flatten().flat_map(|facts| &facts.permissions.0);
    rights.find(known).map_or(Power::Unknown, |right| right.power)
}

fn gravest(view: &View<'_>) -> Power {
    let powers = view.alert.state.items.iter().map(|name| power(view, name));
    powers.max().unwrap_or(Power::Unknown)
}

/// The rights by the exchange's own words.
pub(super) fn names(view: &View<'_>) -> Line {
    let items = &view.alert.state.items;
    let line = items.iter().take(4).enumerate().fold(Line::default(), |line, (n, name)| {
        let line = if n == 0 { line } else { line.text(", ") };
        line.name(&Clean::new(name, 24))
    });
    match items.len() {
        0 => line.text("not named"),
        1..=4 => line,
        more => line.text(format!(" and {} more", more - 4)),
    }
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|c| c.to_lowercase().collect::<String>() + letters.as_str())
        .unwrap_or_default()
}
