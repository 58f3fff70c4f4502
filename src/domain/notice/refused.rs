//! The key is refused: not known, credentials, account, format. Money comes first: a trading key
//! that is refused leaves positions and stops alone.

use super::super::card::{Card, Grain, Line, Tone};
use super::super::expiry::{Precision, Source};
use super::super::signal::Severity;
use super::{Said, View, topic};

pub(super) fn rejected(view: &View<'_>) -> Said {
    let since = view.since();
    let title =
        view.verb().text(format!("refused by {} since ", view.house())).moment(since, Grain::Time);
    let what_next = if view.last_good.is_none() && !view.is_past() {
        "Look the key up at KuCoin. Gone: make a new one. Still listed: what was typed in here is \
         wrong: Steps."
    } else {
        "Delete the key if it is still listed, then make a new one: Steps."
    };
    let card = Card::new(Tone::Broken, title)
        .text(may_stop(view))
        .steps(steps(view, [what_next]))
        .text(why_unknown(view));
    let brief = Line::from("refused since ").moment(since, Grain::Time);
    let brief = if view.is_past() { brief.text(", probably expired") } else { brief };
    Said { brief, card: with_buttons(card, view) }
}

/// What 400003 can mean; an end that has passed explains it, nothing else does.
fn why_unknown(view: &View<'_>) -> Line {
    let house = view.house();
    let code = view.in_brackets();
    if let Some(end) = view.end().filter(|_| view.is_past()) {
        let whose = match end.source {
            Source::Reported => "Its date",
            Source::Declared => "Your date",
        };
        let grain = match end.precision {
            Precision::Instant => Grain::Time,
            Precision::Day => Grain::Day,
        };
        return Line::from(format!("Why: {house} no longer knows it{code}. {whose} passed ("))
            .moment(end.shown(), grain)
            .text("): most likely expired.");
    }
    let Some(good) = view.last_good else {
        return Line::from(format!(
            "Why: {house} does not know it{code}: expired, deleted, mistyped here, or a key of \
             another KuCoin site. The answer is the same for all."
        ));
    };
    let line = Line::from(format!("Why: {house} no longer knows it{code}. Last accepted "))
        .moment(good.at, Grain::Time)
        .text(". Expired or deleted: the answer is the same for both.");
    if view.is_unbound() && view.trades() == Some(true) {
        return line.text(
            " KuCoin also deletes trading keys without bound address after 30 days without use.",
        );
    }
    line
}

pub(super) fn credentials(view: &View<'_>) -> Said {
    let (what, stored) = match topic(view) {
        "error-passphrase" => {
            ("passphrase", "the passphrase or the secret stored here is not this key's")
        }
        _ => ("signature", "the secret stored here is not this key's, or I sign wrongly"),
    };
    let since = view.since();
    let title = view.colon().text(format!("{what} refused since ")).moment(since, Grain::Time);
    let why = format!("Why: {} knows the key, but {stored}{}.", view.house(), view.in_brackets());
    let card = Card::new(Tone::Broken, title);
    let card = if let Some(good) = view.last_good {
        let worked =
            Line::from(why).text(" It worked until ").moment(good.at, Grain::Time).text(".");
        let next = [
            "Ask who changed it. Nobody did: treat it as stolen (/leaked).",
            "One of you did: store the new values on the host (Steps).",
        ];
        card.text(may_stop(view)).steps(steps(view, next)).text(worked)
    } else {
        card.text("It never worked here, so it was probably mistyped; your bot may be fine.")
            .text("Next: type it in again on the host: Steps.")
            .text(why)
    };
    let brief = Line::from(format!("{what} refused since ")).moment(since, Grain::Time);
    Said { brief, card: with_buttons(card, view) }
}

pub(super) fn account(view: &View<'_>) -> Said {
    let house = view.house();
    let code = view.in_brackets();
    let (title, step) = match topic(view) {
        "error-identity" => (
            format!("{house} wants identity verification"),
            "The account's owner logs in at KuCoin and completes the verification: Steps.",
        ),
        "error-region" => (
            format!("{house} refuses the account's region"),
            "The account's owner asks KuCoin support, from KuCoin's own site: Steps.",
        ),
        _ if view.code() == Some("411100") => (
            format!("account frozen by {house}"),
            "The account's owner asks KuCoin support, from KuCoin's own site: Steps.",
        ),
        _ => (
            format!("account restricted by {house}"),
            "The account's owner asks KuCoin support, from KuCoin's own site: Steps.",
        ),
    };
    let why = format!("Why: {house}'s own answer{code}. A new key does not help.");
    let brief = Line::from(title).text(" since ").moment(view.since(), Grain::Time);
    let card = Card::new(Tone::Broken, view.colon().then(brief.clone()))
        .text(may_stop(view))
        .steps(steps(view, [step]))
        .text(why);
    let mut card = card;
    card.buttons.extend([view.steps_button(), view.mine_button()]);
    Said { brief, card }
}

pub(super) fn version(view: &View<'_>) -> Said {
    if view.alert.state.severity == Severity::Critical {
        return version_refused(view);
    }
    let version = view.facts().and_then(|facts| facts.version);
    let number = version.map(|n| format!(" (version {n})")).unwrap_or_default();
    let brief = Line::from(format!("old key format{number}"));
    let card = Card::new(Tone::Soon, view.verb().text(format!("has an old key format{number}")))
        .text("It works. KuCoin makes only version 3 keys now and serves older ones less and less.")
        .text("Next, when it suits: make a new key, switch the apps, delete the old one last.");
    let mut card = card;
    card.buttons.push(view.steps_button());
    card.buttons.extend(view.accept_button("Keep it as it is"));
    card.buttons.push(view.mine_button());
    Said { brief, card }
}

fn version_refused(view: &View<'_>) -> Said {
    let since = view.since();
    let title = view.colon().text("old format refused since ").moment(since, Grain::Time);
    let next = ["Make a new key, switch the apps, delete the old one last: Steps."];
    let card = Card::new(Tone::Broken, title).text(may_stop(view)).steps(steps(view, next)).text(
        format!("Why: {} no longer serves this key's format{}.", view.house(), view.in_brackets()),
    );
    let brief = Line::from("old format refused since ").moment(since, Grain::Time);
    Said { brief, card: with_buttons(card, view) }
}

/// What a refused key means for what uses it.
pub(super) fn may_stop(view: &View<'_>) -> Line {
    let (users, _) = view.users();
    let capital = match view.key {
        Some(key) if !key.used_by.is_empty() => users,
        Some(_) | None => Line::from("Whatever uses this key"),
    };
    capital.text(match view.trades() {
        Some(true) => " may be unable to trade or move stops.",
        Some(false) => " may get no data from KuCoin.",
        None => " may have stopped.",
    })
}

/// The money first, then what is said.
pub(super) fn steps<'a>(view: &View<'_>, next: impl IntoIterator<Item = &'a str>) -> Vec<Line> {
    view.money_step().into_iter().chain(next.into_iter().map(Line::from)).collect()
}

fn with_buttons(mut card: Card, view: &View<'_>) -> Card {
    card.buttons.extend([view.steps_button(), view.mine_button()]);
    card.buttons.extend(view.replaced_button());
    card
}
