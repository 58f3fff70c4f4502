//! Over, or nearly: the lines that close an alert, and the one while it looks clear.

use chrono::{DateTime, Utc};

use super::super::alert::{Phase, Subject};
use super::super::card::{Card, Grain, Line, Tone};
use super::super::evidence::{About, Outcome};
use super::super::expiry::{Known, Source};
use super::super::facts::Binding;
use super::super::rules::Rule;
use super::super::signal::Severity;
use super::ends::date;
use super::rights::names;
use super::{View, span, view};

/// The closing message.
pub(super) fn resolved(view: &View<'_>) -> Card {
    let (title, rest) = match view.alert.rule {
        Rule::Exposed => super::exposed::over(view),
        Rule::Rejected | Rule::Account | Rule::Credentials => works_again(view),
        Rule::Version if view.alert.state.worst == Severity::Critical => works_again(view),
        Rule::Version => accepted_or(view, view.accepted().version, "its format is current now"),
        Rule::Expiry => renewed(view),
        Rule::DatesDisagree => (view.subject().text(": the end dates agree now."), NONE.into()),
        Rule::Age => {
            let is_accepted = view.accepted().age_days.is_some();
            accepted_or(view, is_accepted, "no longer an old key")
        }
        Rule::PermissionGained => gained(view),
        Rule::PermissionLost => {
            let title = match accepted_by(view) {
                Some(by) => view.subject().text(": fewer rights, accepted by ").then(by).text("."),
                None => view.subject().text(": its rights are as accepted again."),
            };
            (title, NONE.into())
        }
        Rule::CanMove => can_move(view),
        Rule::IpChanged => ip_changed(view),
        Rule::NoIp => {
            let is_bound =
                view.last_good.is_some_and(|g| matches!(g.facts.binding, Binding::Bound(_)));
            accepted_or(view, !is_bound, "bound to an address now")
        }
        Rule::Blind => sees_again(view),
        Rule::ReceiverLost | Rule::PlatformTrouble => (super::chats::over(view), NONE.into()),
    };
    Card::new(Tone::Over, title).text(rest)
}

const NONE: &str = "No step needed.";

fn accepted_or(view: &View<'_>, is_accepted: bool, change: &str) -> (Line, Line) {
    let words = if is_accepted { "accepted as it is" } else { change };
    (view.subject().text(format!(": {words}.")), NONE.into())
}

/// The first good look after it, or the closing.
fn clear_since(view: &View<'_>) -> DateTime<Utc> {
    let closed = match view.alert.state.phase {
        Phase::Closed { at } => at,
        Phase::Open { .. } | Phase::Pending { .. } => view.now,
    };
    let good = view
        .streak
        .filter(|run| run.kind == Outcome::GOOD && run.since >= view.alert.state.opened_at);
    good.map_or(closed, |run| run.since.min(closed))
}

/// The key that is meant now is another one than the alert was about.
fn replaced(view: &View<'_>) -> Option<(Line, Line)> {
    let replaced = view.replaced.filter(|one| one.at >= view.alert.state.opened_at)?;
    let title = view.subject().text(" replaced, new key works.");
    let rest = if replaced.old_works {
        "The old one is still accepted: switch the apps to the new one, then delete it."
    } else {
        "Next: check that its bots run with the new one. Delete the old one if it is still listed."
    };
    Some((title, rest.into()))
}

fn works_again(view: &View<'_>) -> (Line, Line) {
    if let Some(said) = replaced(view) {
        return said;
    }
    let since = clear_since(view);
    let down = span(since - view.alert.state.opened_at);
    let title = view
        .subject()
        .text(" works again since ")
        .moment(since, Grain::Time)
        .text(format!(" (down {down})."));
    let rest = match view.trades() {
        Some(true) | None => {
            "Next: check that its bots run again, and what open orders did meanwhile."
        }
        Some(false) => "No step needed, unless its app does not come back by itself.",
    };
    (title, rest.into())
}

fn renewed(view: &View<'_>) -> (Line, Line) {
    if let Some(said) = replaced(view) {
        return said;
    }
    let house = view.house();
    let title = match view.ends().best {
        Known::At(end) if view.now >= end.at => {
            return (
                view.subject().text(": your date has passed and it still works."),
                Line::from(format!(
                    "{house} accepts it, so the date was probably wrong. Next: correct it on \
                     the host (keylapse key edit)."
                )),
            );
        }
        Known::At(end) => {
            let whose = match end.source {
                Source::Reported => format!("{house}'s date"),
                Source::Declared => "your date".to_owned(),
            };
            view.subject()
                .text(format!(" renewed: {whose} is now "))
                .then(date("", Known::At(end)))
                .text(".")
        }
        Known::Never(Source::Reported) => {
            view.subject().text(format!(": {house} says that it has no end."))
        }
        Known::Never(Source::Declared) => view.subject().text(": no end, by your word."),
        Known::Unknown => view.subject().text(": no end date counts any more."),
    };
    (title, NONE.into())
}

/// A new right that is gone again was still given by somebody.
fn gained(view: &View<'_>) -> (Line, Line) {
    if let Some(by) = accepted_by(view) {
        let title = view.subject().text(": new rights accepted by ").then(by).text(".");
        return (title, Line::from("Now: ").then(names(view)).text(". No step needed."));
    }
    let title = view.subject().text(": the new right is gone again.");
    let rest = Line::from("It was: ").then(names(view)).text(
        ". Not done by one of you? Somebody can log in to the account: delete the key now, then \
         /leaked.",
    );
    (title, rest)
}

fn ip_changed(view: &View<'_>) -> (Line, Line) {
    match accepted_by(view) {
        Some(by) => {
            (view.subject().text(": address list accepted by ").then(by).text("."), NONE.into())
        }
        None => (
            view.subject().text(": address list is as accepted again."),
            "Not done by one of you? Somebody can log in to the account: /leaked.".into(),
        ),
    }
}

fn can_move(view: &View<'_>) -> (Line, Line) {
    let rights = view.facts().map(|facts| &facts.permissions.0);
    let has = |name: &String| rights.is_some_and(|set| set.iter().any(|p| p.name == *name));
    let is_allowed = view.alert.state.items.iter().any(has);
    let words = if is_allowed {
        "the right to move funds is allowed now"
    } else {
        "can no longer move funds"
    };
    (view.subject().text(format!(": {words}.")), NONE.into())
}

/// Who accepted the facts after the alert had opened.
fn accepted_by(view: &View<'_>) -> Option<Line> {
    let baseline = view.key?.baseline.as_ref()?;
    let by = baseline.by.as_ref().filter(|_| baseline.at >= view.alert.state.opened_at)?;
    Some(Line::default().name(&view::short(by)))
}

fn sees_again(view: &View<'_>) -> (Line, Line) {
    let since = clear_since(view);
    let lasted = span(since - view.alert.state.opened_at);
    let (title, rest) = match (&view.alert.subject, view.latest.map(|look| &look.outcome)) {
        (Subject::Exchange(..), _) => (
            Line::from(format!("{} answers again since ", view.house())),
            "No step needed: a key that is refused gets its own message.",
        ),
        (Subject::Key(_), Some(Outcome::Bad { fault, .. })) if fault.about() != About::Probe => (
            view.subject().text(": checks work again since "),
            "But the key is refused now; I am making sure. Next: /keystatus",
        ),
        (Subject::Key(_) | Subject::Receiver(_) | Subject::Platform(_), _) => (
            view.subject().text(": checks work again since "),
            "KuCoin accepts the key. No step needed.",
        ),
    };
    (title.moment(since, Grain::Time).text(format!(" (blind {lasted}).")), rest.into())
}

/// It looks clear once; a second look decides.
pub(super) fn clearing(view: &View<'_>, since: DateTime<Utc>) -> Card {
    let title = match (view.alert.rule, &view.alert.subject) {
        (Rule::Rejected | Rule::Account | Rule::Credentials, _) => {
            view.subject().text(" accepted again at ").moment(since, Grain::Time)
        }
        (Rule::Blind, Subject::Exchange(..)) => {
            Line::from(format!("{} answers again since ", view.house())).moment(since, Grain::Time)
        }
        (Rule::Blind, Subject::Key(_) | Subject::Receiver(_) | Subject::Platform(_)) => {
            view.subject().text(": a check worked at ").moment(since, Grain::Time)
        }
        (
            Rule::Exposed
            | Rule::PermissionGained
            | Rule::Expiry
            | Rule::PermissionLost
            | Rule::IpChanged
            | Rule::CanMove
            | Rule::Version
            | Rule::NoIp
            | Rule::DatesDisagree
            | Rule::Age
            | Rule::ReceiverLost
            | Rule::PlatformTrouble,
            _,
        ) => view
            .subject()
            .text(": ")
            .text(problem(view.alert.rule))
            .text(" looks settled at ")
            .moment(since, Grain::Time),
    };
    let mut card = Card::new(Tone::Unknown, title.text("; making sure"))
        .text("No step needed now: I look once more and say when it is over.");
    card.buttons.push(view.mine_button());
    card
}

/// The problem in two or three words.
fn problem(rule: Rule) -> &'static str {
    match rule {
        Rule::Exposed => "the leak",
        Rule::Rejected => "the refusal",
        Rule::Account => "the account's trouble",
        Rule::Credentials => "the wrong secret",
        Rule::PermissionGained => "the new right",
        Rule::Expiry => "the end date",
        Rule::PermissionLost => "the lost right",
        Rule::IpChanged => "the address list",
        Rule::CanMove => "the right to move funds",
        Rule::Version => "the old format",
        Rule::NoIp => "the missing address",
        Rule::DatesDisagree => "the date",
        Rule::Age => "the age",
        Rule::Blind => "the blindness",
        Rule::ReceiverLost => "the lost receiver",
        Rule::PlatformTrouble => "the trouble",
    }
}
