//! `/check`: the checking task is told to look now, and its look is waited for. Nothing is asked
//! from here; an exchange that is slow gets an honest "still checking".

use chrono::TimeDelta;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::Reply;
use super::call::Call;
use super::choose::{self, Chosen};
use super::detail;
use super::press::stale;
use super::reading::{Reading, ago};
use crate::domain::card::{Action, Card, Line, Tone};
use crate::domain::id::KeyId;
use crate::domain::key::{KeyState, Watch};
use crate::store::StoreError;
use crate::store::desk::KeyView;

/// A look this fresh is the answer: several impatient people cost the exchange one question.
const FRESH: TimeDelta = TimeDelta::seconds(10);

pub(super) async fn by_label(call: &Call<'_>, label: Option<&str>) -> Result<Reply, StoreError> {
    let action = |key| Action::Check { key };
    match choose::among(call, label, action, can_be_asked).await? {
        Chosen::Key(key) => check(call, *key).await,
        Chosen::Answer(reply) => Ok(reply),
        Chosen::None => Ok(nobody_at_all()),
    }
}

fn can_be_asked(reading: &Reading<'_>) -> bool {
    reading.is_asked()
}

pub(super) async fn by_id(call: &Call<'_>, id: &KeyId) -> Result<Reply, StoreError> {
    match call.desk.key(id).await? {
        Some(key) => check(call, key).await,
        None => Ok(stale()),
    }
}

async fn check(call: &Call<'_>, key: KeyView) -> Result<Reply, StoreError> {
    Ok(match look(call, key, FRESH).await? {
        Looked::Answered(key) => detail::show(call, &key),
        Looked::Slow(key) => still_checking(call, &key),
        Looked::Nobody(key) => nobody_to_ask(call, &key),
        Looked::Gone => stale(),
    })
}

/// What became of a wish to look; the key as it is known after it.
pub(super) enum Looked {
    /// There is a look that is fresh enough.
    Answered(Box<KeyView>),
    /// The exchange was slow; what is known is older.
    Slow(Box<KeyView>),
    /// Nobody can be asked about it.
    Nobody(Box<KeyView>),
    /// The key is here no more.
    Gone,
}

/// Has the exchange asked about a key and waits for it, unless the newest look is fresh.
pub(super) async fn look(
    call: &Call<'_>,
    key: KeyView,
    fresh: TimeDelta,
) -> Result<Looked, StoreError> {
    if !call.reading(&key).is_asked() {
        return Ok(Looked::Nobody(Box::new(key)));
    }
    if call.reading(&key).looked_at().is_some_and(|at| call.at - at < fresh) {
        return Ok(Looked::Answered(Box::new(key)));
    }
    let id = key.key.id.clone();
    // Listen first: the look may be over before the bell has stopped ringing.
    let mut looked = call.tools.looked.subscribe();
    call.desk.record(&call.entry(key.key.label.as_str()), call.at).await?;
    if !call.tools.store.hurry(&id, call.at).await? {
        return Ok(Looked::Nobody(Box::new(key)));
    }
    call.tools.wake_checks.ring();
    let came = tokio::time::timeout(call.tools.patience, look_of(&mut looked, &id)).await;
    let Some(key) = call.desk.key(&id).await? else { return Ok(Looked::Gone) };
    let is_seen = call.reading(&key).looked_at().is_some_and(|at| at >= call.at);
    let is_answered = came == Ok(true) || is_seen;
    let key = Box::new(key);
    Ok(if is_answered { Looked::Answered(key) } else { Looked::Slow(key) })
}

/// Waits for the look of one key; `false` when nobody looks any more.
async fn look_of(looked: &mut Receiver<KeyId>, key: &KeyId) -> bool {
    loop {
        match looked.recv().await {
            Ok(seen) if seen == *key => return true,
            // Of another key, or too many at once: then the ledger has the last word.
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return false,
        }
    }
}

/// Keys are watched, and none of them can be asked.
fn nobody_at_all() -> Reply {
    let card = Card::new(Tone::Plain, "None of the keys here can be asked: I hold only their dates")
        .text("/upcoming shows these. To have a key checked, add the key itself on the host: keylapse key add.");
    Reply::private(card)
}

fn nobody_to_ask(call: &Call<'_>, key: &KeyView) -> Reply {
    let label = || Line::default().label(&key.key.label);
    let (title, text) = match (key.key.state, &key.key.watch) {
        (KeyState::Refused, _) => (
            label().text(": its secret was dropped, so nothing can be asked"),
            "Somebody must decide about the right that nobody allowed: /why",
        ),
        (_, Watch::Declared) => (
            label().text(" is a date only: nothing can be asked"),
            "I hold no key of it. To have it checked, add the key itself on the host: keylapse key add.",
        ),
        (_, Watch::Own | Watch::Guardian { .. }) => (
            label().text(" cannot be asked with its own secret"),
            "/keystatus says how it is watched.",
        ),
    };
    let known = Line::from("What is known: ").then(call.reading(key).end_line()).text(".");
    Reply::private(Card::new(Tone::Plain, title).text(known).text(text))
}

fn still_checking(call: &Call<'_>, key: &KeyView) -> Reply {
    let title = Line::default().label(&key.key.label).text(": still checking");
    let known = match call.reading(key).looked_at() {
        Some(at) => format!("No answer so far. What I know is from {}:", ago(call.at, at)),
        None => "No answer so far, and none before.".to_owned(),
    };
    let (tone, line) = call.reading(key).line();
    let card = Card::new(Tone::Unknown, title).text(known).item(tone, line);
    let id = key.key.id.clone();
    Reply::private(
        card.text("I warn as always if it is refused.")
            .button("Look again", Action::Key { key: id }),
    )
}
