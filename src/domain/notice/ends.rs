//! The end of a key: how near, who says so, what stops then. Also dates that disagree, and age.

use super::super::card::{Card, Grain, Line, Tone};
use super::super::evidence::Outcome;
use super::super::expiry::{End, Known, Precision, Source};
use super::super::wall;
use super::refused::{may_stop, steps};
use super::time::amount;
use super::{Said, View, remaining};

pub(super) fn expiry(view: &View<'_>) -> Said {
    match view.ends().best {
        Known::At(end) if view.now >= end.at => past(view, end),
        Known::At(end) => near(view, end),
        Known::Never(_) | Known::Unknown => gone(view),
    }
}

fn near(view: &View<'_>, end: End) -> Said {
    let left = left(view, end);
    let title =
        view.subject().text(format!(" expires {left} (")).moment(end.shown(), grain(end)).text(")");
    let card =
        Card::new(Tone::Soon, title).text(certainty(view, end).text(" ").then(then_stop(view)));
    let card = match hours_left(view, end) {
        0..=24 => {
            let before = match view.trades() {
                Some(true) => Some("Not done in time: check open positions and orders by hand."),
                Some(false) | None => None,
            };
            let order =
                ["Make a new key now: Steps.", "Switch the apps to it, then delete the old one."];
            card.steps(order.into_iter().chain(before).map(Line::from))
        }
        25..=72 => {
            card.text("Next: make a new key today, switch the apps, delete the old one last.")
        }
        73..=168 => {
            card.text("Next: make a new key this week, switch the apps, delete the old one last.")
        }
        _ => card.text("Next: plan a new key before then; the old one is deleted last."),
    };
    let mut card = card;
    card.buttons.extend([view.mine_button(), view.steps_button()]);
    card.buttons.extend(view.replaced_button());
    let brief = match end.precision {
        Precision::Instant => format!("{} left", amount(end.at - view.now)),
        Precision::Day => format!("expires {left}"),
    };
    Said { brief: Line::from(format!("{brief} ({})", whose_in_brief(view, end))), card }
}

fn past(view: &View<'_>, end: End) -> Said {
    let title =
        view.subject().text(" is past its end date (").moment(end.shown(), grain(end)).text(")");
    let is_accepted = view.last_good.is_some_and(|good| good.at >= end.at)
        && view.latest.is_none_or(|look| look.outcome.fault().is_none());
    let card = Card::new(Tone::Broken, title);
    let card = if is_accepted {
        let order =
            ["Make a new key now: Steps.", "Switch the apps to it, then delete the old one."];
        card.text(certainty(view, end).text(" It may stop at any moment."))
            .steps(order.map(Line::from))
    } else {
        let order = ["Delete the key if it is still listed, then make a new one: Steps."];
        card.text(may_stop(view)).steps(steps(view, order)).text(certainty(view, end))
    };
    let mut card = card;
    card.buttons.extend([view.steps_button(), view.mine_button()]);
    card.buttons.extend(view.replaced_button());
    let brief = Line::from("end date passed ").moment(end.shown(), grain(end));
    Said { brief: brief.text(format!(" ({})", whose_in_brief(view, end))), card }
}

/// The alert stands, but the date it was about does not.
fn gone(view: &View<'_>) -> Said {
    let card = Card::new(Tone::Unknown, view.colon().text("no end date known any more"))
        .text("I warned by a date that has been taken back, and cannot say when it ends now.")
        .text("Next: look up its end date at KuCoin and tell me on the host: keylapse key edit");
    let mut card = card;
    card.buttons.extend([view.steps_button(), view.mine_button()]);
    Said { brief: "no end date known any more".into(), card }
}

/// A day told by a person counts in calendar days, as the ladder and the first line do.
fn hours_left(view: &View<'_>, end: End) -> i64 {
    match end.precision {
        Precision::Instant => (end.at - view.now).num_hours(),
        Precision::Day => {
            let date = |at| wall::local_date(at, view.zone);
            (date(end.shown()) - date(view.now)).num_days() * 24
        }
    }
}

/// "in 7 days"; a day told by a person counts in calendar days: "today", "tomorrow".
fn left(view: &View<'_>, end: End) -> String {
    match end.precision {
        Precision::Instant => remaining(view.now, end.at),
        Precision::Day => {
            let date = |at| wall::local_date(at, view.zone);
            match (date(end.shown()) - date(view.now)).num_days() {
                ..=0 => "today".to_owned(),
                1 => "tomorrow".to_owned(),
                days => format!("in {days} days"),
            }
        }
    }
}

fn grain(end: End) -> Grain {
    match end.precision {
        Precision::Instant => Grain::Minute,
        Precision::Day => Grain::Day,
    }
}

fn whose_in_brief(view: &View<'_>, end: End) -> String {
    match end.source {
        Source::Reported => format!("{}'s date", view.house()),
        Source::Declared if view.is_date_only() => "your date; not checked".to_owned(),
        Source::Declared => "your date".to_owned(),
    }
}

/// Who says so, and how fresh that is.
fn certainty(view: &View<'_>, end: End) -> Line {
    let house = view.house();
    if view.is_date_only() {
        return "Your date; not checked.".into();
    }
    let line = Line::from(match (end.source, view.last_good) {
        (Source::Reported, _) => format!("{house}'s own date"),
        (Source::Declared, Some(_)) => format!("Your date; {house} reports none"),
        (Source::Declared, None) => format!("Your date; {house} has not confirmed it"),
    });
    let Some(good) = view.last_good else {
        return line.text(".");
    };
    let is_past = view.now >= end.at;
    match view.latest.map(|look| (&look.outcome, look.at)) {
        Some((Outcome::Good(_), at)) if is_past => line
            .text(format!(", yet {house} still accepted it at "))
            .moment(at, Grain::Time)
            .text("."),
        Some((Outcome::Good(_), _)) | None => line.text("."),
        Some((Outcome::Bad { .. }, _)) => {
            line.text("; last good answer ").moment(good.at, Grain::Time).text(".")
        }
    }
}

fn then_stop(view: &View<'_>) -> Line {
    let (users, are_many) = view.users();
    Line::from("Then ").then(users).text(if are_many { " stop." } else { " stops." })
}

pub(super) fn dates_disagree(view: &View<'_>) -> Said {
    let house = view.house();
    let items = &view.alert.state.items;
    let ends = view.ends();
    let declared = ends.overridden.unwrap_or(ends.best);
    let (title, brief, what) = if items.contains("outlived") {
        let brief = "still accepted after your date";
        let text = Line::from(format!("{house} still accepts it, so "))
            .then(date("your date ", declared))
            .text(" was probably wrong. I no longer warn by it.");
        (view.subject().text(" still works after your date"), brief, text)
    } else if items.contains("exchange says no end") {
        let text = Line::from(format!("{house} says that it has no end; you said "))
            .then(date("", declared))
            .text(format!(". I go by {house}'s word and no longer warn by your date."));
        (view.colon().text("two answers about its end"), "two answers about its end", text)
    } else {
        let text = Line::from(format!("{house} says "))
            .then(date("", ends.best))
            .text("; you said ")
            .then(date("", declared))
            .text(format!(". I warn by {house}'s date."));
        (view.colon().text("two different end dates"), "two different end dates", text)
    };
    let mut card = Card::new(Tone::Soon, title).text(what).text(
        "Next: correct your date on the host (keylapse key edit). Nothing stops because of this.",
    );
    card.buttons.extend([view.steps_button(), view.mine_button()]);
    Said { brief: brief.into(), card }
}

/// An end in a sentence.
pub(super) fn date(before: &str, known: Known) -> Line {
    match known {
        Known::At(end) => Line::from(before).moment(end.shown(), grain(end)),
        Known::Never(_) => "no end".into(),
        Known::Unknown => Line::from(before).text("unknown"),
    }
}

pub(super) fn age(view: &View<'_>) -> Said {
    let created = view.last_good.and_then(|good| good.facts.created_at);
    let old = created.map_or_else(
        || "old".to_owned(),
        |at| format!("{} days old", (view.now - at).num_days().max(0)),
    );
    let mut card = Card::new(Tone::Soon, view.subject().text(format!(" is {old}")))
        .text(
            "It works, and KuCoin has no rule against it. Old keys get copied to more places \
             over time.",
        )
        .text("Next, when it suits: make a new key, switch the apps, delete the old one last.");
    card.buttons.push(view.steps_button());
    card.buttons.extend(view.accept_button("Keep it as it is"));
    card.buttons.push(view.mine_button());
    Said { brief: old.into(), card }
}
