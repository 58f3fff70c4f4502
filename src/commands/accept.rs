//! A person accepts a key as it is now, which only an admin may (S12, S15); and what to do when a
//! key has already been replaced, which happens on the host because chat carries no secret.

use chrono::{DateTime, Utc};

use super::Reply;
use super::call::Call;
use super::press::stale;
use crate::domain::card::{Action, Card, Line, Tone};
use crate::domain::id::KeyId;
use crate::domain::key::KeyState;
use crate::domain::notice::headline;
use crate::domain::text::Clean;
use crate::store::StoreError;
use crate::store::deed::DeedError;
use crate::store::desk::KeyView;

pub(super) async fn accept(
    call: &Call<'_>,
    id: &KeyId,
    shown_at: Option<DateTime<Utc>>,
) -> Result<Reply, StoreError> {
    let Some(key) = call.desk.key(id).await? else { return Ok(stale()) };
    let entry = call.entry(key.key.label.as_str());
    match call.desk.accept_as_shown(id, (&call.actor.name, shown_at), &entry, call.now()).await {
        Ok(closed) => {
            let by = Clean::new(call.actor.name.as_str(), 32);
            let title = Line::default()
                .label(&key.key.label)
                .text(" accepted as it is now by ")
                .name(&by)
                .text(".");
            let mut card = Card::new(Tone::Over, title);
            if let Some(good) = &key.standing.last_good {
                let may = Clean::new(&good.facts.permissions.words(), 160);
                card = card.text(Line::from("It may: ").name(&may).text("."));
            }
            let text = if closed.is_empty() {
                "No alert was closed by this.".to_owned()
            } else {
                let numbers: Vec<String> = closed.iter().map(|no| format!("#{no}")).collect();
                format!("Closed: {}.", numbers.join(", "))
            };
            let card = card.text(text);
            let card = if key.key.state == KeyState::Refused {
                let line = Line::from(
                    "Its secret was dropped, so nothing is checked until you type it again on the host: ",
                );
                card.text(line.code(format!("keylapse key replace \"{}\"", key.key.label)))
            } else {
                card.text("From now on I warn of any change from this.")
            };
            Ok(Reply::private(card.button("Show key", Action::Key { key: id.clone() })))
        }
        Err(DeedError::Store(error)) => Err(error),
        Err(DeedError::Unknown) => Ok(stale()),
        Err(DeedError::Worse) => Ok(worse(call, &key)),
        Err(error @ (DeedError::Refused(_) | DeedError::NothingSeen)) => {
            Ok(Reply::private(Card::new(Tone::Plain, error.to_string())))
        }
    }
}

/// Something came since that message: it is shown before anybody accepts it.
fn worse(call: &Call<'_>, key: &KeyView) -> Reply {
    let reading = call.reading(key);
    let title = Line::default()
        .label(&key.key.label)
        .text(": more has happened since that message, so nothing was accepted.");
    let mut card = Card::new(Tone::Broken, title);
    for alert in reading.alerts() {
        let (tone, line) = headline(&reading.view(alert));
        card = card.item(tone, Line::from(format!("#{} ", alert.no)).then(line));
    }
    if let Some(good) = &key.standing.last_good {
        let may = Clean::new(&good.facts.permissions.words(), 160);
        card = card.text(Line::from("Now it may: ").name(&may).text("."));
    }
    let id = || key.key.id.clone();
    Reply::private(
        card.button("Accept as it is now", Action::Accept { key: id() })
            .button("Show key", Action::Key { key: id() }),
    )
}

pub(super) async fn replaced(call: &Call<'_>, id: &KeyId) -> Result<Reply, StoreError> {
    let Some(key) = call.desk.key(id).await? else { return Ok(stale()) };
    let title =
        Line::from("Then tell me the new key of ").label(&key.key.label).text(" on the host");
    let type_it = Line::from("Type there: ")
        .code(format!("keylapse key replace {}", key.key.label))
        .text(".");
    let card = Card::new(Tone::Plain, title)
        .steps([
            type_it,
            "I check it at once; the alert closes when it works.".into(),
            "Delete the old key at KuCoin last, when every app uses the new one.".into(),
        ])
        .text("Never paste a key or secret into a chat: I take none here.")
        .button("Steps", Action::Steps { topic: "update-apps".to_owned() });
    Ok(Reply::private(card))
}
