//! This monitor sees nothing. That says nothing about the key, and must not lead anyone to replace
//! a good one - unless the bot shares this machine's refused address.

use super::super::alert::Subject;
use super::super::card::{Action, Card, Grain, Line, Tone};
use super::super::evidence::Fault;
use super::super::signal::Severity;
use super::refused::{may_stop, steps};
use super::{Said, View};

pub(super) fn blind(view: &View<'_>) -> Said {
    match (&view.alert.subject, view.alert.state.severity) {
        (Subject::Exchange(..), _) => fleet(view),
        (Subject::Key(_), Severity::Critical) => beside_us(view),
        (Subject::Key(_), Severity::Warning | Severity::Notice)
        | (Subject::Receiver(_) | Subject::Platform(_), _) => one(view),
    }
}

/// What blinds, as the rule words it. The newest look counts; an alert may have gathered several.
fn word<'a>(view: &'a View<'_>) -> &'a str {
    let latest = view.fault().and_then(super::super::rules::blind_word);
    latest.or_else(|| view.alert.state.items.first().map(String::as_str)).unwrap_or("no answer")
}

/// One key.
fn one(view: &View<'_>) -> Said {
    let house = view.house();
    let since = view.since();
    let (title, brief) = match word(view) {
        "address" => (
            view.colon().text(format!("{house} refuses this monitor's address")),
            "this monitor's address is refused",
        ),
        "region" => (
            view.colon().text(format!("{house} refuses this monitor's region")),
            "this monitor's region is refused",
        ),
        "clock" => (
            view.colon().text("this machine's clock is wrong"),
            "unchecked, this machine's clock wrong",
        ),
        "request" => (
            view.colon().text("this monitor's question is refused"),
            "unchecked, a fault of this monitor",
        ),
        "stored secret" => (
            view.colon().text("its stored secrets do not open"),
            "unchecked, its stored secrets do not open",
        ),
        _ if view.fault() == Some(Fault::RateLimited) => (
            view.colon()
                .text(format!("{house} limits this monitor since "))
                .moment(since, Grain::Time),
            "unchecked, too many requests",
        ),
        _ => (
            view.colon().text(format!("no answer from {house} since ")).moment(since, Grain::Time),
            "no answer",
        ),
    };
    let card =
        Card::new(Tone::Unknown, title).text(meaning(view)).text(next(view)).text(known(view));
    let brief = Line::from(brief).text(" since ").moment(since, Grain::Time);
    Said { brief, card: with_buttons(card, view) }
}

/// What it means for the bots.
fn meaning(view: &View<'_>) -> String {
    let code = view.in_brackets();
    match word(view) {
        "address" => "Your bot is affected only if it uses the same address.".to_owned(),
        "region" => format!("Your bot is affected only if it runs in the same region{code}."),
        "clock" => {
            "KuCoin allows 5 seconds of difference. Bots on this machine may be refused too."
                .to_owned()
        }
        "request" => {
            format!("A fault of keylapse{code}, not of the key; your bot is not affected.")
        }
        "stored secret" => "Changed, moved, or sealed under another master key. Your bot is not \
                            affected, but nobody watches its key."
            .to_owned(),
        _ => match view.fault() {
            Some(Fault::RateLimited) => format!(
                "Too many requests from this account or address{code}; bots that share it may \
                 be slowed down."
            ),
            Some(Fault::ExchangeDown) => {
                format!("{} answers that it is out of service{code}.", view.house())
            }
            _ => "This machine cannot reach KuCoin; that says nothing about the key.".to_owned(),
        },
    }
}

fn next(view: &View<'_>) -> Line {
    let next = match word(view) {
        "stored secret" => {
            let command = Line::from("Next, on the host: keylapse key replace ");
            let command = match view.key {
                Some(key) => command.label(&key.label),
                None => command.text("with its label"),
            };
            return command.text(", then the same secrets again: Steps.");
        }
        "address" => "Next: add this monitor's address to the key's list at KuCoin: Steps.",
        "region" => "Next: run keylapse where KuCoin serves you: Steps.",
        "clock" => "Next: set the host's clock (time service on): Steps.",
        "request" => "Next: update keylapse on the host; tell its operator.",
        _ => {
            "No step needed for the key: do not replace it because of this. I post when checks \
             work again."
        }
    };
    next.into()
}

/// How old the knowledge is.
fn known(view: &View<'_>) -> Line {
    match view.last_good_words() {
        Some(words) => Line::from("The key itself is unchecked meanwhile: ").then(words).text("."),
        None => "The key has never been checked with success.".into(),
    }
}

/// The address is refused and the bot runs on this same machine.
fn beside_us(view: &View<'_>) -> Said {
    let since = view.since();
    let title = view.colon().text("its bot's address is refused since ").moment(since, Grain::Time);
    let card = Card::new(Tone::Broken, title)
        .text(may_stop(view))
        .steps(steps(view, ["Add this machine's address to the key's list at KuCoin: Steps."]))
        .text(format!(
            "Why: {} refuses this machine's address{}, and its bot runs on this machine. The \
             key may be fine.",
            view.house(),
            view.in_brackets()
        ));
    let brief = Line::from("its bot's address is refused since ").moment(since, Grain::Time);
    Said { brief, card: with_buttons(card, view) }
}

/// Many keys of one exchange.
fn fleet(view: &View<'_>) -> Said {
    let house = view.house();
    let since = view.since();
    let what = match word(view) {
        "address" => format!("{house} refuses this monitor's address"),
        "region" => format!("{house} refuses this monitor's region"),
        "clock" => format!("This machine's clock is wrong for {house}"),
        "request" => format!("{house} refuses this monitor's questions"),
        "stored secret" => format!("What is stored of your {house} keys does not open"),
        _ => format!("{house} does not answer"),
    };
    let title = Line::from(format!("{what} since ")).moment(since, Grain::Time);
    let advice = match word(view) {
        "address" => {
            "Bots at the same address are refused too. Next: add it to the keys' lists at \
             KuCoin: Steps."
        }
        "region" => {
            "Bots in the same region are refused too. Next: run keylapse where KuCoin serves \
             you: Steps."
        }
        "clock" => "Bots on this machine may be refused too. Next: set the host's clock: Steps.",
        "request" => {
            "A fault of keylapse, not of the keys. Next: update keylapse on the host; tell its \
             operator."
        }
        "stored secret" => {
            "Your bots are not affected, but nobody watches their keys. Next, on the host: bring \
             back the key file that belongs to this database: Steps."
        }
        _ => "If your bots fail too, it may be KuCoin: do not replace keys now.",
    };
    let card = Card::new(Tone::Unknown, title)
        .text(counted(view).text(" ").text(advice))
        .text("I post when checks work again.");
    let brief = Line::from(match view.fleet {
        Some(fleet) => format!("{} keys unchecked since ", fleet.keys),
        None => "keys unchecked since ".to_owned(),
    });
    Said { brief: brief.moment(since, Grain::Time), card: with_buttons(card, view) }
}

fn counted(view: &View<'_>) -> Line {
    let Some(fleet) = view.fleet else {
        return "Its keys are unchecked.".into();
    };
    let of = if fleet.of > fleet.keys { format!(" of {}", fleet.of) } else { String::new() };
    let bad = match fleet.known_bad {
        0 => "none known bad".to_owned(),
        n => format!("{n} known bad before"),
    };
    let line = Line::from(format!("{}{of} keys unchecked, {bad}", fleet.keys));
    match fleet.last_good_at {
        Some(at) => line.text(" (last good ").moment(at, Grain::Time).text(")."),
        None => line.text("."),
    }
}

fn with_buttons(mut card: Card, view: &View<'_>) -> Card {
    if let (Some(key), "address") = (view.key, word(view)) {
        card = card.button("Show address", Action::ShowAddress { key: key.id.clone() });
    }
    card.buttons.extend([view.steps_button(), view.mine_button()]);
    card
}
