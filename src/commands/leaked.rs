//! `/leaked`: the emergency order for a key that somebody else has, deletion first. Whoever may see
//! no key gets the general order, which holds no fact of the workspace. An operator's press tells
//! everybody who is warned here, and the key is asked until the exchange refuses it.

use super::call::Call;
use super::choose::{self, Chosen};
use super::press::stale;
use super::{Reply, Role};
use crate::domain::alert::Alert;
use crate::domain::card::{Action, Block, Card, Grain, Line, Tone};
use crate::domain::evidence::Fault;
use crate::domain::id::KeyId;
use crate::domain::key::{KeyState, Leak};
use crate::domain::permission::Power;
use crate::domain::rules::Rule;
use crate::domain::text::Clean;
use crate::store::StoreError;
use crate::store::deed::DeedError;
use crate::store::desk::KeyView;
use crate::store::leak::Word;

pub(super) async fn by_label(call: &Call<'_>, label: Option<&str>) -> Result<Reply, StoreError> {
    if call.actor.role < Role::Viewer {
        return Ok(Reply::private(general()));
    }
    match choose::key(call, label, |key| Action::Leaked { key }).await? {
        Chosen::Key(key) => Ok(show(call, &key)),
        Chosen::Answer(reply) => Ok(choice(reply)),
        Chosen::None => Ok(Reply::private(general())),
    }
}

pub(super) async fn by_id(call: &Call<'_>, id: &KeyId) -> Result<Reply, StoreError> {
    if call.actor.role < Role::Viewer {
        return Ok(Reply::private(general()));
    }
    match call.desk.key(id).await? {
        Some(key) => Ok(show(call, &key)),
        None => Ok(stale()),
    }
}

/// Nobody waits with the deletion until they have found the right button.
fn choice(mut reply: Reply) -> Reply {
    let Some(card) = reply.cards.first_mut().filter(|card| !card.buttons.is_empty()) else {
        return Reply::private(general());
    };
    let first = "Delete the leaked key in API Management at its exchange now; then press it here, and I watch until it is refused.";
    card.body.insert(0, Block::Text(first.into()));
    reply
}

/// For anyone: no fact of the workspace.
fn general() -> Card {
    let steps = [
        "Delete the key in API Management at the exchange now, even if a bot stops.",
        "Check open positions and orders by hand; cancel what is not yours.",
        "Look through withdrawals and transfers; report what is not yours to the exchange's support.",
        "Find the leak, then make a new key from a clean machine.",
    ];
    let card = Card::new(Tone::Broken, "Leaked or stolen: delete the key first, now")
        .steps(steps.map(Line::from))
        .text("Never paste a key, a secret or a passphrase here.");
    with_steps(card)
}

fn show(call: &Call<'_>, key: &KeyView) -> Reply {
    let is_refused = key.standing.latest.as_ref().and_then(|look| look.outcome.fault())
        == Some(Fault::NotKnown)
        && key.alerts.iter().any(|alert| alert.rule == Rule::Rejected)
        && key.standing.last_good.is_some();
    let card = match (key.key.leak(), exposed(key)) {
        (Some(leak), Some(alert)) => watched(call, key, (leak, alert)),
        (_, None) if is_refused => refused(call, key),
        (Some(_) | None, Some(_) | None) => emergency(call, key),
    };
    let card = match key.key.leak() {
        Some(_) => card.button("Not leaked after all", not_leaked(key)),
        None => card,
    };
    Reply::private(with_steps(card).button("Show key", Action::Key { key: key.key.id.clone() }))
}

fn exposed(key: &KeyView) -> Option<&Alert> {
    key.alerts.iter().find(|alert| alert.rule == Rule::Exposed)
}

fn not_leaked(key: &KeyView) -> Action {
    Action::NotLeaked { key: key.key.id.clone() }
}

fn with_steps(card: Card) -> Card {
    card.button("Steps", Action::Steps { topic: "compromised".to_owned() })
}

fn emergency(call: &Call<'_>, key: &KeyView) -> Card {
    let reading = call.reading(key);
    let house = reading.house();
    let title =
        Line::from("Leaked: delete ").label(&key.key.label).text(format!(" at {house} now"));
    let card = Card::new(Tone::Broken, title).steps(order(key, &house));
    if !reading.is_asked() {
        let why = if key.key.state == KeyState::Refused {
            "its secret was dropped"
        } else {
            "I hold only its date"
        };
        return card.text(format!("I cannot watch whether {house} refuses it: {why}. Look there yourself until it is gone."));
    }
    card.text(format!(
        "The first button tells everybody who is warned here and asks {house} until it refuses the key."
    ))
    .button("Watch until it is refused", Action::WatchLeaked { key: key.key.id.clone() })
}

/// What is to be done, in this order.
fn order(key: &KeyView, house: &str) -> Vec<Line> {
    let good = key.standing.last_good.as_ref();
    let trades = good.is_none_or(|good| good.facts.permissions.can(Power::Trade));
    let orders = "Check open positions and orders by hand; cancel what is not yours.";
    let history = format!(
        "Look through withdrawals and transfers; report what is not yours to {house}'s support."
    );
    let first = format!("Delete it in API Management at {house} now, even if a bot stops.");
    [Line::from(first)]
        .into_iter()
        .chain(trades.then(|| orders.into()))
        .chain([
            history.into(),
            Line::from("Then make a new key; on the host: ").then(replace(key)),
        ])
        .collect()
}

fn replace(key: &KeyView) -> Line {
    Line::default().code(format!("keylapse key replace \"{}\"", key.key.label))
}

/// Somebody has said so, and the exchange has not refused it for good.
fn watched(call: &Call<'_>, key: &KeyView, (leak, alert): (&Leak, &Alert)) -> Card {
    let reading = call.reading(key);
    let house = reading.house();
    let title = Line::from("Leaked: I watch ")
        .label(&key.key.label)
        .text(format!(" until {house} refuses it"));
    let seen = match (
        reading.looked_at(),
        key.standing.latest.as_ref().map(|look| look.outcome.fault()),
    ) {
        (Some(at), Some(None)) => {
            Line::from(format!("{house} took it at ")).moment(at, Grain::Time)
        }
        (Some(at), Some(Some(Fault::NotKnown))) => Line::from(format!("{house} refused it at "))
            .moment(at, Grain::Time)
            .text("; one more look decides"),
        (Some(at), _) => Line::from("No answer about it at ").moment(at, Grain::Time),
        (None, _) => "Not asked yet".into(),
    };
    let called = Line::from(format!("#{}: called leaked by ", alert.no))
        .name(&Clean::new(leak.by.as_str(), 32))
        .text(" at ")
        .moment(leak.at, Grain::Time)
        .text(". ");
    Card::new(Tone::Broken, title).text(called.then(seen).text(".")).steps(order(key, &house))
}

/// It is dead already.
fn refused(call: &Call<'_>, key: &KeyView) -> Card {
    let house = call.reading(key).house();
    let since = key.standing.streak.as_ref().map_or(call.at, |run| run.since);
    let title = Line::from(format!("{house} refuses "))
        .label(&key.key.label)
        .text(" since ")
        .moment(since, Grain::Time);
    Card::new(Tone::Over, title)
        .text("Whoever has it can do nothing with it any more.")
        .steps(order(key, &house).into_iter().skip(1))
}

/// An operator says so: everybody is told, and the exchange is asked until it refuses the key.
pub(super) async fn watch(call: &Call<'_>, id: &KeyId) -> Result<Reply, StoreError> {
    let Some(key) = call.desk.key(id).await? else { return Ok(stale()) };
    let entry = call.entry(key.key.label.as_str());
    let word = match call.desk.call_leaked(id, &call.actor.name, &entry, call.now()).await {
        Ok(word) => word,
        Err(error) => return failed(error),
    };
    let Some(key) = call.desk.key(id).await? else { return Ok(stale()) };
    if word != Word::Taken || exposed(&key).is_none() {
        return Ok(show(call, &key));
    }
    let house = call.reading(&key).house();
    let title =
        Line::from("I watch ").label(&key.key.label).text(format!(" until {house} refuses it"));
    let receivers = call.desk.receivers().await?;
    let told = if receivers.iter().any(|one| one.lost.is_none()) {
        "Everybody who is warned here is told now, and again when it is refused."
    } else {
        "No receiver is set, so nobody else is told: /notify add."
    };
    let card = Card::new(Tone::Broken, title)
        .text(format!("Next: delete it in API Management at {house} now, even if a bot stops."))
        .text(told)
        .button("Not leaked after all", not_leaked(&key));
    Ok(Reply::private(with_steps(card)))
}

/// An operator takes it back; whoever was told hears that too.
pub(super) async fn call_off(call: &Call<'_>, id: &KeyId) -> Result<Reply, StoreError> {
    let Some(key) = call.desk.key(id).await? else { return Ok(stale()) };
    let entry = call.entry(key.key.label.as_str());
    let label = || Line::default().label(&key.key.label);
    match call.desk.call_off(id, &call.actor.name, &entry, call.now()).await {
        Ok(true) => Ok(Reply::private(
            Card::new(Tone::Over, label().text(": not leaked after all"))
                .text("I watch it as before; whoever was told of the leak hears this too."),
        )),
        Ok(false) => {
            let card = Card::new(Tone::Plain, label().text(": nobody calls it leaked"));
            Ok(Reply::private(card.text("Nothing was changed.")))
        }
        Err(error) => failed(error),
    }
}

fn failed(error: DeedError) -> Result<Reply, StoreError> {
    match error {
        DeedError::Store(error) => Err(error),
        DeedError::Unknown => Ok(stale()),
        error @ (DeedError::Worse | DeedError::Refused(_) | DeedError::NothingSeen) => {
            Ok(Reply::private(Card::new(Tone::Plain, error.to_string())))
        }
    }
}
