//! A key that somebody else has: deletion first, then what the thief may have done, and nothing is
//! called over before the exchange refuses the key or a person says so.

use chrono::{DateTime, Utc};

use super::super::alert::Phase;
use super::super::card::{Card, Grain, Line, Tone};
use super::super::evidence::{Fault, Outcome};
use super::super::key::{Key, KeyState};
use super::super::rules::LeakEnd;
use super::refused::may_stop;
use super::rights::deletion_stops;
use super::view::short;
use super::{Said, View};

pub(super) fn exposed(view: &View<'_>) -> Said {
    let house = view.house();
    let again =
        if view.kind == super::Kind::BackAgain { "takes it again" } else { "still takes it" };
    let state = match (is_asked(view), view.latest.map(|look| &look.outcome)) {
        (true, Some(Outcome::Good(_))) => format!(", and {house} {again}"),
        (true, Some(Outcome::Bad { fault: Fault::NotKnown, .. })) => {
            format!("; {house} refused it once")
        }
        _ => format!(": delete it at {house} now"),
    };
    let brief = Line::from(format!("leaked{state}"));
    let title = view.subject().text(" ").then(brief.clone());
    let mut card = Card::new(Tone::Broken, title);
    card = card.text(called(view).then(what_i_do(view)));
    card = card.steps(steps(view)).text(deletion_stops(view));
    card.buttons.extend([view.steps_button(), view.mine_button()]);
    Said { brief, card }
}

/// "Called leaked by Ann at 14:02."
fn called(view: &View<'_>) -> Line {
    match view.leak() {
        Some(leak) => Line::from("Called leaked by ")
            .name(&short(&leak.by))
            .text(" at ")
            .moment(leak.at, Grain::Time)
            .text("."),
        None => "It was called leaked.".into(),
    }
}

fn what_i_do(view: &View<'_>) -> Line {
    let house = view.house();
    if !is_asked(view) {
        return format!(
            " I cannot ask {house} with it, so look there yourself whether it is gone."
        )
        .into();
    }
    if view.last_good.is_none() {
        return format!(" {house} never accepted what is stored here, so a refusal would prove nothing: look there yourself.").into();
    }
    format!(" I keep asking {house} and say here when it is refused for good.").into()
}

fn steps(view: &View<'_>) -> Vec<Line> {
    let first =
        format!("Delete it in API Management at {} now, even if a bot stops.", view.house());
    let orders = "Check open positions and orders by hand; cancel what is not yours.";
    let trades = view.trades() != Some(false);
    [Line::from(first)]
        .into_iter()
        .chain(trades.then(|| orders.into()))
        .chain(["Look through withdrawals and transfers.".into(), new_key(view)])
        .collect()
}

fn new_key(view: &View<'_>) -> Line {
    Line::from("Then make a new key; on the host: ").then(replace(view))
}

fn is_asked(view: &View<'_>) -> bool {
    view.key.is_some_and(Key::is_asked)
}

/// The refusal that was wanted: no alarm, but its bots stand still.
pub(super) fn refused(view: &View<'_>) -> Said {
    let since = view.since();
    let brief = Line::from("refused since ").moment(since, Grain::Time).text(", as wanted: leaked");
    let title = view
        .verb()
        .text(format!("refused by {}, as wanted, since ", view.house()))
        .moment(since, Grain::Time);
    let mut card = Card::new(Tone::Soon, title)
        .text(called(view).text(" Whoever has it can do nothing with it any more."))
        .text(may_stop(view))
        .text(Line::from("Next: make a new key; on the host: ").then(replace(view)));
    card.buttons.extend([view.steps_button(), view.mine_button()]);
    card.buttons.extend(view.replaced_button());
    Said { brief, card }
}

fn replace(view: &View<'_>) -> Line {
    match view.key {
        Some(key) => Line::default().code(format!("keylapse key replace \"{}\"", key.label)),
        None => Line::default().code("keylapse key replace"),
    }
}

/// How the watch ended, with what it did not see. Only what the alert kept when it closed counts:
/// the key may have other secrets by now.
pub(super) fn over(view: &View<'_>) -> (Line, Line) {
    let house = view.house();
    let closed = match view.alert.state.phase {
        Phase::Closed { at } => at,
        Phase::Open { .. } | Phase::Pending { .. } => view.now,
    };
    let meanwhile = view.alert.state.opened_at..=closed;
    match LeakEnd::kept(&view.alert.state.items) {
        Some(LeakEnd::Refused) => dead(view, closed),
        Some(LeakEnd::CalledOff) => {
            let title = view.subject().text(": not leaked after all");
            let off = view.key.and_then(|key| key.leaked.as_ref()?.called_off.as_ref());
            let title = match off.filter(|(_, at)| meanwhile.contains(at)) {
                Some((by, _)) => title.text(", says ").name(&short(by)).text("."),
                None => title.text(", a person said."),
            };
            (title, "No step needed.".into())
        }
        Some(LeakEnd::Replaced) => {
            let title =
                view.subject().text(format!(" replaced before {house} refused the leaked one."));
            let last = view.replaced.filter(|one| meanwhile.contains(&one.at));
            let rest = if last.is_some_and(|one| one.old_works) {
                format!(
                    "Next: delete the leaked one at {house} now: it still works for whoever has it."
                )
            } else {
                unseen(&house, "one")
            };
            (title, rest.into())
        }
        None => {
            let is_removed = view.key.is_some_and(|key| key.state == KeyState::Removed);
            let how = if is_removed { "watched here" } else { "watched as leaked" };
            let title = view.subject().text(format!(": no longer {how}."));
            (title, unseen(&house, "key").into())
        }
    }
}

fn unseen(house: &str, what: &str) -> String {
    format!(
        "Nobody here saw {house} refuse the leaked {what}. Next: delete it there if it is still listed."
    )
}

/// The exchange refused it for good before the alert closed.
fn dead(view: &View<'_>, closed: DateTime<Utc>) -> (Line, Line) {
    let house = view.house();
    let run = view.streak.filter(|run| run.kind == Fault::NotKnown.id() && run.since <= closed);
    let title = match run {
        Some(run) => Line::from(format!("{house} refuses "))
            .then(view.subject())
            .text(" since ")
            .moment(run.since, Grain::Time),
        // What is asked now may be another key.
        None => Line::from(format!("{house} refused the leaked "))
            .then(view.subject())
            .text(" at ")
            .moment(closed, Grain::Time),
    };
    let rest = Line::from(
        "Whoever has it can do nothing with it any more. Next: look at orders, balances and withdrawals; then make a new key: ",
    );
    (title.text("."), rest.then(replace(view)))
}
