//! A late press: the message has changed since its button was shown. Nothing is done; what has
//! happened meanwhile is said, with what can be done now.

use super::Reply;
use super::ack::on_it;
use super::alerts::{line, mine};
use super::call::Call;
use super::press::stale;
use crate::domain::alert::{Phase, Subject};
use crate::domain::card::{Action, Card, Grain, Line, Tone};
use crate::domain::id::KeyId;
use crate::store::StoreError;
use crate::store::tell::Telling;

/// What is said where more than one thing may have happened.
const CHANGED: &str = "That message has changed since; nothing was done.";
/// The most alerts that are listed.
const MOST: usize = 10;

/// Whether pressing it would change something.
pub(super) fn is_deed(action: &Action) -> bool {
    match action {
        Action::Acknowledge { .. }
        | Action::AcknowledgeAll { .. }
        | Action::Undo { .. }
        | Action::Accept { .. }
        | Action::WatchLeaked { .. }
        | Action::NotLeaked { .. } => true,
        Action::Show { .. }
        | Action::Steps { .. }
        | Action::PostHere { .. }
        | Action::NotHelpful { .. }
        | Action::Replaced { .. }
        | Action::ShowAddress { .. }
        | Action::Key { .. }
        | Action::AllKeys
        | Action::Why { .. }
        | Action::Fix { .. }
        | Action::Security { .. }
        | Action::Check { .. }
        | Action::Leaked { .. }
        | Action::AddReceiver { .. }
        | Action::Receiver { .. }
        | Action::TestReceiver { .. }
        | Action::SetReceiver { .. }
        | Action::RemoveReceiver { .. }
        | Action::Seen { .. }
        | Action::ChooseWorkspace { .. } => false,
    }
}

/// What has happened to what the button was about.
pub(super) async fn answer(call: &Call<'_>, action: &Action) -> Result<Reply, StoreError> {
    let tellings = match action {
        Action::Acknowledge { alert } | Action::Undo { alert } => {
            call.desk.telling(alert).await?.into_iter().collect()
        }
        Action::AcknowledgeAll { message } => call.desk.alerts_of_message(message).await?,
        Action::Accept { key } | Action::WatchLeaked { key } | Action::NotLeaked { key } => {
            of_key(call, key).await?
        }
        _ => Vec::new(),
    };
    let Some(first) = tellings.first() else { return Ok(stale()) };
    let title = match tellings.as_slice() {
        [one] => what_became(call, one),
        _ => CHANGED.into(),
    };
    let tone = if is_open(first) { Tone::Plain } else { Tone::Over };
    let mut card = Card::new(tone, title);
    let mut shown = Vec::new();
    for telling in tellings.iter().filter(|telling| is_open(telling)).take(MOST) {
        let (tone, line) = line(call, telling);
        card = card.item(tone, line);
        if telling.alert.state.ack().is_none() {
            let alert = telling.alert.id.clone();
            card = card.button(mine(telling), Action::Acknowledge { alert });
        }
        shown.push((telling.alert.id.clone(), telling.alert.rev));
    }
    Ok(Reply { cards: vec![card], private: true, shown, ..Reply::default() })
}

async fn of_key(call: &Call<'_>, key: &KeyId) -> Result<Vec<Telling>, StoreError> {
    let mut open = call.desk.open_tellings().await?;
    open.retain(|telling| telling.alert.subject == Subject::Key(key.clone()));
    Ok(open)
}

fn is_open(telling: &Telling) -> bool {
    matches!(telling.alert.state.phase, Phase::Open { .. })
}

/// "Kim is on it until 22:15.", "Over since 14:40."
fn what_became(call: &Call<'_>, telling: &Telling) -> Line {
    let state = &telling.alert.state;
    match (&state.phase, state.ack()) {
        (Phase::Open { .. }, Some(ack)) => on_it(call, ack),
        (Phase::Open { .. }, None) => "That message has changed since; nothing was done.".into(),
        (Phase::Closed { at }, _) => {
            named(telling).text(" is over since ").moment(*at, Grain::Minute).text(".")
        }
        (Phase::Pending { .. }, _) => named(telling).text(" is not proven any more."),
    }
}

/// "#3 mm-bot-1".
fn named(telling: &Telling) -> Line {
    let line = Line::from(format!("#{}", telling.alert.no));
    match &telling.key {
        Some((key, _)) => line.text(" ").label(&key.label),
        None => line,
    }
}
