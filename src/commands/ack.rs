//! `/ack` and its buttons: a person says "mine", until a time, and can take it back. What may be
//! the work of a thief is taken by an admin only (S15): nobody else can quieten it.

use super::alerts::{self, mine, sorted};
use super::call::Call;
use super::press::stale;
use super::until::{is_time, seems_time, until};
use super::{Reply, Role};
use crate::domain::alert::{Ack, Alert, Subject};
use crate::domain::card::{Action, Card, Grain, Line, Tone};
use crate::domain::id::{AlertId, MessageId};
use crate::domain::policy::Policy;
use crate::domain::rules::Rule;
use crate::domain::text::holds_secret;
use crate::domain::text::{Clean, fold};
use crate::store::StoreError;
use crate::store::deed::{DeedError, Taking};
use crate::store::tell::Telling;

/// What stands behind the alert, as typed.
#[derive(Clone, Copy, Default)]
pub(super) struct Words<'a> {
    pub until: Option<&'a str>,
    pub reason: Option<&'a str>,
}

/// The longest reason that is kept.
const REASON: usize = 200;
/// The most choices that are offered at once.
const MOST: usize = 10;

pub(super) async fn by_words(
    call: &Call<'_>,
    alert: Option<&str>,
    words: Words<'_>,
) -> Result<Reply, StoreError> {
    let open = sorted(call.desk.open_tellings().await?);
    if open.is_empty() {
        return Ok(Reply::private(Card::new(Tone::Fine, "Nothing open, so nothing to take.")));
    }
    let meant: Vec<&Telling> = match alert {
        Some(word) => open.iter().filter(|telling| is_meant(telling, word)).collect(),
        None => open
            .iter()
            .filter(|t| t.alert.state.ack().is_none() && alerts::cover(t, &open).is_none())
            .collect(),
    };
    let until = match words.until.map(|text| until(text, call.zone(), call.at)).transpose() {
        Ok(until) => until,
        Err(error) => return Ok(Reply::private(Card::new(Tone::Plain, error.to_string()))),
    };
    if words.reason.is_some_and(holds_secret) {
        let line = "That reason holds something like a key or secret, and reasons are shown in chat. Nothing was changed; write it without.";
        return Ok(Reply::private(Card::new(Tone::Plain, line)));
    }
    let reason = words.reason.map(|reason| Clean::new(reason, REASON)).filter(|r| !r.is_empty());
    match (meant.as_slice(), alert) {
        ([one], _) => {
            let by = call.actor.name.clone();
            let taking = Taking { by, until, reason, shown_rev: None };
            take(call, &one.alert, &taking).await
        }
        ([], Some(word)) if is_time(word) || seems_time(word) => {
            let title = "Which alert? It comes first, then the time, as in /ack 3 2h.";
            Ok(choices(call, title, &open, &open))
        }
        ([], Some(_)) => Ok(choices(call, "No open alert has that number or key.", &open, &open)),
        ([], None) => Ok(choices(call, "Somebody is on every open alert already.", &[], &open)),
        (several, _) => {
            let several: Vec<Telling> = several.iter().map(|t| (*t).clone()).collect();
            Ok(choices(call, "Which one?", &several, &open))
        }
    }
}

/// An alert's number, with or without `#`, or its key's label.
fn is_meant(telling: &Telling, word: &str) -> bool {
    let number: Option<i64> = word.trim().trim_start_matches('#').parse().ok();
    let is_label =
        || telling.key.as_ref().is_some_and(|(key, _)| key.label.folded() == fold(word.trim()));
    number == Some(telling.alert.no) || is_label()
}

fn choices(call: &Call<'_>, title: &str, offered: &[Telling], open: &[Telling]) -> Reply {
    let mut card = Card::new(Tone::Plain, title);
    let listed = if offered.is_empty() { open } else { offered };
    for telling in listed.iter().take(MOST) {
        let (tone, line) = alerts::line(call, telling);
        card = card.item(tone, line);
    }
    for telling in offered.iter().filter(|t| t.alert.state.ack().is_none()).take(MOST) {
        card = card.button(mine(telling), Action::Acknowledge { alert: telling.alert.id.clone() });
    }
    let shown = listed.iter().map(|t| (t.alert.id.clone(), t.alert.rev)).collect();
    Reply { cards: vec![card], private: true, shown, ..Reply::default() }
}

/// The button under an alert.
pub(super) async fn press(
    call: &Call<'_>,
    id: &AlertId,
    rev: Option<i64>,
) -> Result<Reply, StoreError> {
    let Some(telling) = call.desk.telling(id).await? else { return Ok(stale()) };
    let by = call.actor.name.clone();
    take(call, &telling.alert, &Taking { by, until: None, reason: None, shown_rev: rev }).await
}

async fn take(call: &Call<'_>, alert: &Alert, taking: &Taking) -> Result<Reply, StoreError> {
    if needs_admin(alert.rule) && call.actor.role < Role::Admin {
        return Ok(thief_first(call));
    }
    let entry = call.entry(target(call, alert).await?);
    match call.desk.acknowledge(&alert.id, taking, &entry, call.now()).await {
        Ok(alert) => taken(call, &alert, taking).await,
        Err(error) => refused(call, &alert.id, error).await,
    }
}

/// What a thief would want quiet (S15).
fn needs_admin(rule: Rule) -> bool {
    match rule {
        Rule::PermissionGained | Rule::IpChanged | Rule::CanMove => true,
        Rule::Exposed
        | Rule::Rejected
        | Rule::Account
        | Rule::Credentials
        | Rule::Expiry
        | Rule::PermissionLost
        | Rule::Version
        | Rule::NoIp
        | Rule::DatesDisagree
        | Rule::Age
        | Rule::Blind
        | Rule::ReceiverLost
        | Rule::PlatformTrouble => false,
    }
}

fn thief_first(call: &Call<'_>) -> Reply {
    let title = format!("That one needs the role admin; you are {}.", call.actor.role.name());
    Reply::private(
        Card::new(Tone::Plain, title)
            .text("It may be somebody else's doing, so only an admin can quieten it; whoever runs this bot can give the role.")
            .text("Not done by one of you? Delete the key at KuCoin now; that needs no role here.")
            .button("Steps", Action::Steps { topic: "compromised".to_owned() }),
    )
}

/// The alert as the audit names it: "#3 mm-bot-1".
async fn target(call: &Call<'_>, alert: &Alert) -> Result<String, StoreError> {
    let label = match &alert.subject {
        Subject::Key(key) => call.desk.key(key).await?.map(|key| key.key.label.to_string()),
        Subject::Exchange(exchange, _) => Some(exchange.name().to_owned()),
        Subject::Platform(platform) => Some(platform.name().to_owned()),
        Subject::Receiver(_) => Some("a receiver".to_owned()),
    };
    Ok(format!("#{} {}", alert.no, label.unwrap_or_default()).trim().to_owned())
}

async fn taken(call: &Call<'_>, alert: &Alert, taking: &Taking) -> Result<Reply, StoreError> {
    let title = match alert.state.ack() {
        Some(ack) => on_it(call, ack),
        None => "Taken.".into(),
    };
    let mut card =
        Card::new(Tone::Plain, title).text("I speak again then, or at once if it gets worse.");
    if taking.until.is_some_and(|until| until > call.at + Policy::ACK_LONGEST) {
        card = card.text("That is the longest: 30 days at a time.");
    }
    if let Some(reason) = &taking.reason {
        card = card.text(Line::from("Reason: \"").name(reason).text("\""));
    }
    if let Some(telling) = call.desk.telling(&alert.id).await? {
        let (tone, line) = alerts::line(call, &telling);
        card = card.item(tone, line);
    }
    let card = card.button("Undo", Action::Undo { alert: alert.id.clone() });
    let shown = vec![(alert.id.clone(), alert.rev)];
    Ok(Reply { cards: vec![card], private: true, shown, ..Reply::default() })
}

/// "Kim is on it until Fri 27 Nov 09:00."
pub(super) fn on_it(call: &Call<'_>, ack: &Ack) -> Line {
    let is_near = ack.until - call.at < chrono::TimeDelta::hours(20);
    let grain = if is_near { Grain::Time } else { Grain::Minute };
    Line::default()
        .name(&Clean::new(ack.by.as_str(), 32))
        .text(" is on it until ")
        .moment(ack.until, grain)
        .text(".")
}

/// A refusal says what has happened since.
async fn refused(call: &Call<'_>, id: &AlertId, error: DeedError) -> Result<Reply, StoreError> {
    let words = error.to_string();
    match error {
        DeedError::Store(error) => Err(error),
        DeedError::Unknown => Ok(stale()),
        DeedError::Refused(_) | DeedError::NothingSeen => {
            let Some(telling) = call.desk.telling(id).await? else { return Ok(stale()) };
            let (tone, line) = alerts::line(call, &telling);
            Ok(Reply::private(Card::new(Tone::Plain, words).item(tone, line)))
        }
        DeedError::Worse => {
            let Some(telling) = call.desk.telling(id).await? else { return Ok(stale()) };
            let (tone, line) = alerts::line(call, &telling);
            let card =
                Card::new(tone, "It has become worse since that message, so nobody has taken it.")
                    .item(tone, line)
                    .button(mine(&telling), Action::Acknowledge { alert: id.clone() });
            let shown = vec![(id.clone(), telling.alert.rev)];
            Ok(Reply { cards: vec![card], private: true, shown, ..Reply::default() })
        }
    }
}

/// The button of a grouped message: all that are free and no worse than it told.
pub(super) async fn all(call: &Call<'_>, message: &MessageId) -> Result<Reply, StoreError> {
    let tellings = sorted(call.desk.alerts_of_message(message).await?);
    let told = call.desk.told_by(message).await?;
    if told.is_empty() {
        return Ok(stale());
    }
    let (mut done, mut left) = (0_usize, Vec::new());
    for telling in tellings.iter().filter(|t| t.alert.state.ack().is_none()) {
        let alert = &telling.alert;
        if needs_admin(alert.rule) && call.actor.role < Role::Admin {
            left.push((telling, "needs an admin"));
            continue;
        }
        let shown_rev = told.iter().find(|(id, _)| *id == alert.id).map(|(_, rev)| *rev);
        let taking = Taking { by: call.actor.name.clone(), until: None, reason: None, shown_rev };
        let entry = call.entry(target(call, alert).await?);
        match call.desk.acknowledge(&alert.id, &taking, &entry, call.now()).await {
            Ok(_) => done += 1,
            Err(DeedError::Store(error)) => return Err(error),
            Err(DeedError::Worse) => left.push((telling, "has become worse since that message")),
            Err(DeedError::Unknown | DeedError::Refused(_) | DeedError::NothingSeen) => {
                left.push((telling, "is not open any more"));
            }
        }
    }
    Ok(all_taken(call, done, &left))
}

fn all_taken(call: &Call<'_>, done: usize, left: &[(&Telling, &str)]) -> Reply {
    let title = match (done, left) {
        (0, []) => "None of them is open with nobody on it.".to_owned(),
        (0, _) => "None taken.".to_owned(),
        (1, _) => "You are on 1 alert.".to_owned(),
        (n, _) => format!("You are on {n} alerts."),
    };
    let mut card = Card::new(Tone::Plain, title);
    if done > 0 {
        card =
            card.text("I speak again when each one's time is over, or at once if it gets worse.");
    }
    for (telling, why) in left {
        let (tone, line) = alerts::line(call, telling);
        card = card.item(tone, line.text(format!(": not taken, {why}")));
    }
    let mut shown = Vec::new();
    for (telling, _) in left.iter().filter(|(t, _)| !needs_admin(t.alert.rule)).take(MOST) {
        card = card.button(mine(telling), Action::Acknowledge { alert: telling.alert.id.clone() });
        shown.push((telling.alert.id.clone(), telling.alert.rev));
    }
    Reply { cards: vec![card], private: true, shown, ..Reply::default() }
}

/// Gives an alert back.
pub(super) async fn undo(call: &Call<'_>, id: &AlertId) -> Result<Reply, StoreError> {
    let Some(telling) = call.desk.telling(id).await? else { return Ok(stale()) };
    let entry = call.entry(target(call, &telling.alert).await?);
    match call.desk.undo(id, &call.actor.name, &entry, call.now()).await {
        Ok(alert) => {
            let card = Card::new(Tone::Plain, format!("Nobody is on #{} now.", alert.no))
                .text("Reminders count from when I last spoke.")
                .button(mine(&telling), Action::Acknowledge { alert: id.clone() });
            let shown = vec![(alert.id.clone(), alert.rev)];
            Ok(Reply { cards: vec![card], private: true, shown, ..Reply::default() })
        }
        Err(error) => refused(call, id, error).await,
    }
}
