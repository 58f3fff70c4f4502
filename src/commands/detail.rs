//! One key in detail: does it work, until when, what may it do, from where, who stops with it, and
//! what this watch cannot see. The only place that shows the key id's first and last characters.

use super::Reply;
use super::call::Call;
use super::choose::{self, Chosen};
use super::press::stale;
use super::reading::{Reading, ago};
use crate::domain::alert::Subject;
use crate::domain::card::{Action, Card, Grain, Line, Tone};
use crate::domain::evidence::{Good, Outcome};
use crate::domain::expiry::Known;
use crate::domain::facts::Binding;
use crate::domain::id::KeyId;
use crate::domain::key::{KeyState, Watch};
use crate::domain::notice::{compose, headline, span};
use crate::domain::text::Clean;
use crate::domain::verdict::Verdict;
use crate::store::StoreError;
use crate::store::desk::KeyView;

pub(super) async fn by_label(call: &Call<'_>, label: Option<&str>) -> Result<Reply, StoreError> {
    match choose::key(call, label, |key| Action::Key { key }).await? {
        Chosen::Key(key) => Ok(show(call, &key)),
        Chosen::Answer(reply) => Ok(reply),
        Chosen::None => Ok(choose::no_keys()),
    }
}

pub(super) async fn by_id(call: &Call<'_>, id: &KeyId) -> Result<Reply, StoreError> {
    match call.desk.key(id).await? {
        Some(key) => Ok(show(call, &key)),
        None => Ok(stale()),
    }
}

/// The answer about one key, also after `/check`.
pub(super) fn show(call: &Call<'_>, key: &KeyView) -> Reply {
    let reading = call.reading(key);
    let card = facts(actions(opening(&reading), &reading), &reading);
    let own = key.alerts.iter().filter(|alert| matches!(alert.subject, Subject::Key(_)));
    let shown = own.map(|alert| (alert.id.clone(), alert.rev)).collect();
    Reply { cards: vec![card], private: true, shown, ..Reply::default() }
}

/// The decision first: the gravest alert in its own words, which put money first, then the others.
fn opening(reading: &Reading<'_>) -> Card {
    let alerts = reading.alerts();
    let mut card = match alerts.first() {
        Some(worst) => {
            let age = span(reading.now - worst.state.opened_at);
            compose(&reading.view(worst)).text(format!("That is #{}, open {age}.", worst.no))
        }
        None => calm(reading),
    };
    if let Some(alert) = reading.exchange_alert() {
        let house = reading.house();
        let line = format!("#{}: {house} as a whole does not answer this monitor.", alert.no);
        card = card.item(Tone::Unknown, line);
    }
    for alert in alerts.iter().skip(1) {
        let (tone, line) = headline(&reading.view(alert));
        card = card.item(tone, Line::from(format!("#{} ", alert.no)).then(line));
    }
    let latest = reading.key.standing.latest.as_ref().map(|look| &look.outcome);
    if matches!(latest, Some(Outcome::Good(_))) {
        let line = Line::from(format!("{} accepts this key from this machine.", reading.house()))
            .text(" Bot still failing? It may use another address or another key: ")
            .code("/fix");
        card = card.text(line);
    }
    card
}

/// The first line of a key without an alert of its own.
fn calm(reading: &Reading<'_>) -> Card {
    match reading.verdict() {
        Verdict::Healthy => Card::new(Tone::Fine, healthy(reading)),
        Verdict::Broken | Verdict::Attention | Verdict::Unknown => {
            let (tone, line) = reading.line();
            Card::new(tone, line)
        }
    }
}

fn healthy(reading: &Reading<'_>) -> Line {
    let label = Line::default().label(&reading.key.key.label);
    if reading.is_asked() {
        label.text(": works")
    } else {
        label.text(": ").then(reading.end_line())
    }
}

/// What is known, one item a line.
fn facts(card: Card, reading: &Reading<'_>) -> Card {
    let mut lines = vec![end(reading)];
    lines.extend(reading.key.standing.last_good.as_ref().map(|good| rights(reading, good)));
    lines.extend(reading.key.standing.last_good.as_ref().and_then(account));
    lines.push(used_by(reading.key));
    lines.push(watch(reading));
    lines.extend(looks(reading));
    lines.extend(hint(reading.key));
    lines.into_iter().fold(card, |card, line| card.item(Tone::Plain, line))
}

fn end(reading: &Reading<'_>) -> Line {
    let ends = reading.ends();
    let line = match ends.best {
        Known::Unknown if reading.is_asked() => {
            format!("End date unknown: {} reports none and nobody told one", reading.house()).into()
        }
        Known::Unknown => "End date unknown: nobody told one".into(),
        Known::Never(source) => format!("No end ({})", reading.whose(source)).into(),
        Known::At(end) => {
            let verb = if reading.now >= end.at { "Ended " } else { "Ends " };
            Line::from(verb)
                .then(reading.end_date(end))
                .text(format!(" ({})", reading.whose(end.source)))
        }
    };
    match ends.overridden {
        Some(Known::At(end)) => {
            line.text("; your date, ").then(reading.end_date(end)).text(", does not count")
        }
        Some(Known::Never(_)) => line.text("; you said that it has none"),
        Some(Known::Unknown) | None => line,
    }
}

pub(super) fn rights(reading: &Reading<'_>, good: &Good) -> Line {
    let may = Clean::new(&good.facts.permissions.words(), 160);
    let line = Line::from("May: ").name(&may).text(". Address: ");
    match &good.facts.binding {
        Binding::Unknown => line.text(format!("{} did not say", reading.house())),
        Binding::Unbound => line.text("bound to none, so it works from everywhere"),
        Binding::Bound(list) => {
            let list: Vec<&str> = list.iter().map(String::as_str).collect();
            line.text("bound to ").name(&Clean::new(&list.join(", "), 160))
        }
    }
}

fn account(good: &Good) -> Option<Line> {
    let facts = &good.facts;
    let account = facts.account.as_ref().map(|a| Line::from("Account: ").name(&Clean::new(a, 40)));
    let sub = facts.sub_account.as_ref().map(|s| Clean::new(s, 40));
    let kind = match (facts.master, sub) {
        (_, Some(sub)) => Line::from("sub-account ").name(&sub),
        (Some(true), None) => "the master account".into(),
        (Some(false), None) => "a sub-account".into(),
        (None, None) => Line::default(),
    };
    match (account, kind.0.is_empty()) {
        (Some(account), true) => Some(account),
        (Some(account), false) => Some(account.text(", ").then(kind)),
        (None, true) => None,
        (None, false) => Some(Line::from("Account: ").then(kind)),
    }
}

fn used_by(key: &KeyView) -> Line {
    if key.key.used_by.is_empty() {
        return "Used by: nobody told; keylapse key edit on the host tells it, so that warnings say what stops".into();
    }
    let mut line = Line::from("Stops with it: ");
    for (n, user) in key.key.used_by.iter().enumerate() {
        line = line.text(if n == 0 { "" } else { ", " }).name(user);
    }
    line
}

/// How it is watched, and what that cannot see (DESIGN idea 7).
fn watch(reading: &Reading<'_>) -> Line {
    match (&reading.key.key.watch, reading.key.key.state) {
        (_, KeyState::Refused) => {
            "Watch: stopped; its secret was dropped because of a right that nobody allowed".into()
        }
        (Watch::Own, _) => format!(
            "Watch: this very key, every {}. It sees whether the key works from this machine, not whether your bot does",
            span(reading.interval)
        )
        .into(),
        (Watch::Guardian { .. }, _) => {
            "Watch: listed by a master key. It sees the date and the rights, not whether the key is accepted".into()
        }
        (Watch::Declared, _) => {
            "Watch: your date only. Nothing is asked: an earlier end or a lost right stays unseen".into()
        }
    }
}

/// When it last worked, was last asked, is asked next.
fn looks(reading: &Reading<'_>) -> Option<Line> {
    if !reading.is_asked() {
        return None;
    }
    let standing = &reading.key.standing;
    let line = match (&standing.last_good, &standing.latest) {
        (_, None) => Line::from("Not checked yet"),
        (Some(good), Some(look)) if good.at == look.at => {
            format!("Last check: accepted {}", ago(reading.now, look.at)).into()
        }
        (good, Some(look)) => {
            let how = match &look.outcome {
                Outcome::Good(_) => String::new(),
                Outcome::Bad { code: Some(code), .. } => {
                    format!(" with code {}", Clean::new(code, 12))
                }
                Outcome::Bad { code: None, .. } => " without an answer about the key".to_owned(),
            };
            let line = Line::from(format!("Last check: {}{how}", ago(reading.now, look.at)));
            match good {
                Some(good) => line.text(", last accepted ").moment(good.at, Grain::Time),
                None => line.text(", never accepted here"),
            }
        }
    };
    Some(match reading.key.next_probe.filter(|at| *at > reading.now) {
        Some(at) => line.text("; next check ").moment(at, Grain::Time),
        None => line.text("; next check now"),
    })
}

fn hint(key: &KeyView) -> Option<Line> {
    let hint = key.hint.as_ref()?;
    Some(Line::from("Key id: ").name(&Clean::new(hint, 20)))
}

/// The alert's own buttons, then the ways to know more.
fn actions(mut card: Card, reading: &Reading<'_>) -> Card {
    let key = || reading.key.key.id.clone();
    let shows_address = card.buttons.iter().any(|b| matches!(b.action, Action::ShowAddress { .. }));
    if reading.key.caller.is_some() && !shows_address {
        card = card.button("Show address", Action::ShowAddress { key: key() });
    }
    if reading.is_asked() {
        card = card.button("Check now", Action::Check { key: key() });
    }
    card.button("Why", Action::Why { key: key() })
}
