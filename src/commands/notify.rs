//! `/notify`: who is told, from which severity on, and whether it arrives. What the settings file
//! names is shown and not changed; a channel that many can read is asked about first.

use super::Reply;
use super::call::Call;
use super::press::stale;
use super::reading::ago;
use crate::domain::access::Role;
use crate::domain::card::{Action, Card, Line, Spot, Tone};
use crate::domain::id::{MessageId, ReceiverId};
use crate::domain::receiver::Address;
use crate::domain::signal::Severity;
use crate::domain::text::{Clean, fold};
use crate::store::StoreError;
use crate::store::receiver::{NewReceiver, ReceiverView};
use crate::store::test::Witness;

/// What can be done.
pub(super) const ACTS: &[&str] = &["add", "test", "edit", "remove"];
/// From when on somebody is told.
pub(super) const SEVERITIES: &[&str] = &["notice", "warning", "critical"];
/// What is said of a chat that many can read, before or after it is told.
pub const WIDE: &str = "Many people may read this chat.";
/// Why that matters.
pub const KEPT_SMALL: &str = "Warnings name your keys and what stops with them. A smaller channel or a private chat is safer.";
/// Whoever presses this has read it.
const ANYWAY: &str = "Tell it here anyway";
/// Receivers that get a button.
const MOST: usize = 10;

/// The words behind the act.
pub(super) struct Words<'a> {
    pub(super) receiver: Option<&'a str>,
    pub(super) from: Option<&'a str>,
}

pub(super) async fn by_words(
    call: &Call<'_>,
    act: Option<&str>,
    words: Words<'_>,
) -> Result<Reply, StoreError> {
    // "add critical" and "edit critical" name no receiver.
    let (receiver, from) = match (words.receiver, words.from) {
        (Some(word), None) if severity(word).is_some() => (None, severity(word)),
        (receiver, from) => (receiver, from.and_then(severity)),
    };
    let Some(act) = act else { return list(call).await };
    if act.eq_ignore_ascii_case("add") {
        return add_asking(call, from.unwrap_or(Severity::Notice)).await;
    }
    let found = match find(call, receiver).await? {
        Ok(found) => found.receiver.id,
        Err(reply) => return Ok(reply),
    };
    match (act.to_ascii_lowercase().as_str(), from) {
        ("test", _) => test(call, &found).await,
        ("edit", Some(from)) => edit(call, &found, from).await,
        _ => detail(call, &found).await,
    }
}

fn severity(word: &str) -> Option<Severity> {
    Severity::parse(&word.to_ascii_lowercase())
}

async fn find(
    call: &Call<'_>,
    name: Option<&str>,
) -> Result<Result<ReceiverView, Reply>, StoreError> {
    let mut all = call.desk.receivers().await?;
    let at = match name {
        Some(name) => all.iter().position(|one| fold(one.receiver.name.as_str()) == fold(name)),
        None if all.len() == 1 => Some(0),
        None => None,
    };
    Ok(match at {
        Some(at) => Ok(all.swap_remove(at)),
        None if all.is_empty() => Err(list(call).await?),
        None => Err(choice(&all, name.is_some())),
    })
}

fn choice(all: &[ReceiverView], named: bool) -> Reply {
    let title = if named { "Nobody of that name is told here. One of these?" } else { "Which?" };
    let card = all.iter().take(MOST).fold(Card::new(Tone::Plain, title), |card, one| {
        let receiver = one.receiver.id.clone();
        card.button(one.receiver.name.as_str(), Action::Receiver { receiver })
    });
    Reply::private(card)
}

async fn list(call: &Call<'_>) -> Result<Reply, StoreError> {
    let all = call.desk.receivers().await?;
    let title = match all.len() {
        0 => "Nobody is told yet.".to_owned(),
        1 => "One receiver is told.".to_owned(),
        n => format!("{n} receivers are told."),
    };
    let mut card = Card::new(Tone::Plain, title);
    for one in &all {
        let (tone, line) = line(one);
        card = card.item(tone, line);
    }
    if !is_told(call, &all) {
        let action = Action::AddReceiver { from: Severity::Notice, to: Some(spot(call)) };
        // Pressed in another chat or later, the button knows nothing of who reads here.
        card = if call.place.wide {
            card.text(WIDE).text(KEPT_SMALL).button(ANYWAY, action)
        } else {
            card.button("Tell this chat too", action)
        };
    }
    for one in all.iter().take(MOST) {
        let receiver = one.receiver.id.clone();
        card = card.button(one.receiver.name.as_str(), Action::Receiver { receiver });
    }
    Ok(Reply::private(card))
}

fn is_told(call: &Call<'_>, all: &[ReceiverView]) -> bool {
    let here = call.place.address();
    all.iter().any(|one| one.receiver.address == here && one.lost.is_none())
}

/// "desk: Discord, everything" or "night: Telegram, critical only, lost: blocked by the user".
fn line(one: &ReceiverView) -> (Tone, Line) {
    let line = Line::default().name(&one.receiver.name).text(format!(
        ": {}, {}",
        one.receiver.address.platform.name(),
        level(one.receiver.min_severity)
    ));
    match &one.lost {
        Some(why) => (Tone::Broken, line.text(", gets nothing: ").name(&Clean::new(why, 160))),
        None => (Tone::Fine, line),
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Notice => "everything",
        Severity::Warning => "warnings and critical",
        Severity::Critical => "critical only",
    }
}

async fn add_asking(call: &Call<'_>, from: Severity) -> Result<Reply, StoreError> {
    if !call.place.wide {
        return add(call, from, None).await;
    }
    let card = Card::new(Tone::Soon, WIDE)
        .text(KEPT_SMALL)
        .button(ANYWAY, Action::AddReceiver { from, to: Some(spot(call)) });
    Ok(Reply::private(card))
}

/// Where it was asked, for a button that is pressed behind a link in the private chat.
fn spot(call: &Call<'_>) -> Spot {
    let place = call.place;
    let title = place.title.as_ref().map(Clean::to_string).unwrap_or_default();
    Spot { chat: place.chat.clone(), topic: place.topic.clone(), title }
}

pub(super) async fn add(
    call: &Call<'_>,
    from: Severity,
    to: Option<&Spot>,
) -> Result<Reply, StoreError> {
    let workspace = call.desk.workspace();
    if workspace.faq_only && !workspace.is_configured {
        let line = "No keys are watched here, so there is nothing to tell anybody.";
        return Ok(Reply::private(Card::new(Tone::Plain, line)));
    }
    let all = call.desk.receivers().await?;
    let here = match to {
        Some(spot) => Address {
            platform: call.place.platform,
            chat: spot.chat.clone(),
            topic: spot.topic.clone(),
        },
        None => call.place.address(),
    };
    if let Some(one) = all.iter().find(|one| one.receiver.address == here && one.lost.is_none()) {
        return shown(call, one, "This chat is told already.").await;
    }
    let wanted = match to {
        Some(spot) => Some(Clean::new(&spot.title, 40)),
        None => call.place.title.clone(),
    };
    let wanted = wanted.filter(|title| !title.is_empty());
    let wanted = wanted.unwrap_or_else(|| Clean::new(here.platform.name(), 40));
    let name = free_name(&wanted, &all);
    let new = NewReceiver { name: name.clone(), address: here, min_severity: from, mention: None };
    if !call.desk.add_receiver(&new, &call.entry(name.as_str()), call.at).await? {
        return Ok(configured(call));
    }
    let all = call.desk.receivers().await?;
    match all.iter().find(|one| one.receiver.name == name) {
        Some(one) => shown(call, one, "This chat is told from now on.").await,
        None => Ok(stale()),
    }
}

/// "desk", then "desk 2": buttons and `/notify test NAME` need names that differ.
fn free_name(wanted: &Clean, all: &[ReceiverView]) -> Clean {
    let wanted = Clean::new(wanted.as_str(), 36);
    let is_taken =
        |name: &str| all.iter().any(|one| fold(one.receiver.name.as_str()) == fold(name));
    if !is_taken(wanted.as_str()) {
        return wanted;
    }
    let numbered = (2..1_000).map(|n| format!("{wanted} {n}")).find(|name| !is_taken(name));
    Clean::new(&numbered.unwrap_or_else(|| wanted.to_string()), 40)
}

pub(super) async fn detail(call: &Call<'_>, id: &ReceiverId) -> Result<Reply, StoreError> {
    let all = call.desk.receivers().await?;
    match all.iter().find(|one| one.receiver.id == *id) {
        Some(one) => shown(call, one, "").await,
        None => Ok(stale()),
    }
}

async fn shown(call: &Call<'_>, one: &ReceiverView, news: &str) -> Result<Reply, StoreError> {
    let (tone, line) = line(one);
    let mut card = if news.is_empty() {
        Card::new(tone, line)
    } else {
        Card::new(Tone::Fine, news).item(tone, line)
    };
    match call.desk.last_test(&one.receiver.id).await? {
        None => card = card.text("No test was sent yet."),
        Some((test, arrived)) => {
            let when = ago(call.at, test.at);
            let how = if arrived { "" } else { ", not delivered yet" };
            card = card.text(format!("Last test {when}{how}."));
            for witness in &test.seen {
                let may = if witness.may_acknowledge { "" } else { "; may not take alerts" };
                card = card.item(Tone::Plain, Line::from("seen by ").name(&witness.name).text(may));
            }
        }
    }
    let receiver = || one.receiver.id.clone();
    if one.lost.is_none() {
        card = card.button("Send a test", Action::TestReceiver { receiver: receiver() });
    }
    if one.is_configured {
        card = card.text(call.set_on_host());
        return Ok(Reply::private(card));
    }
    for (severity, label) in [
        (Severity::Notice, "Tell everything"),
        (Severity::Warning, "Warnings and critical"),
        (Severity::Critical, "Critical only"),
    ] {
        if severity != one.receiver.min_severity {
            card = card.button(label, Action::SetReceiver { receiver: receiver(), from: severity });
        }
    }
    let label = format!("Stop telling {}", Clean::new(one.receiver.name.as_str(), 30));
    Ok(Reply::private(card.button(label, Action::RemoveReceiver { receiver: receiver() })))
}

pub(super) async fn test(call: &Call<'_>, id: &ReceiverId) -> Result<Reply, StoreError> {
    let Some(one) = named(call, id).await? else { return Ok(stale()) };
    let entry = call.entry(one.receiver.name.as_str());
    if call.desk.test_receiver(id, &call.actor.name, &entry, call.at).await?.is_none() {
        return shown(call, &one, "").await;
    }
    let title = Line::from("A test is on its way to ").name(&one.receiver.name).text(".");
    let card = Card::new(Tone::Plain, title)
        .text("Whoever reads it presses Seen; then it shows who can act on an alert there.")
        .button("Who has seen it?", Action::Receiver { receiver: id.clone() });
    Ok(Reply::private(card))
}

pub(super) async fn edit(
    call: &Call<'_>,
    id: &ReceiverId,
    from: Severity,
) -> Result<Reply, StoreError> {
    let Some(one) = named(call, id).await? else { return Ok(stale()) };
    let entry = call.entry(format!("{} from {}", one.receiver.name, from.id()));
    if !call.desk.set_min_severity(id, from, &entry, call.at).await? {
        return Ok(configured(call));
    }
    match named(call, id).await? {
        Some(one) => shown(call, &one, "Changed.").await,
        None => Ok(stale()),
    }
}

pub(super) async fn remove(call: &Call<'_>, id: &ReceiverId) -> Result<Reply, StoreError> {
    let Some(one) = named(call, id).await? else { return Ok(stale()) };
    let entry = call.entry(format!("{} removed", one.receiver.name));
    if !call.desk.remove_receiver(id, &entry, call.at).await? {
        return Ok(configured(call));
    }
    let left = call.desk.receivers().await?.iter().filter(|one| one.lost.is_none()).count();
    let title = Line::default().name(&one.receiver.name).text(" is not told any more.");
    let card = Card::new(if left == 0 { Tone::Soon } else { Tone::Plain }, title);
    Ok(Reply::private(match left {
        0 => card.text("Nobody is told now: a key that stops will stop in silence."),
        1 => card.text("One receiver is left."),
        n => card.text(format!("{n} receivers are left.")),
    }))
}

/// Anybody who reads a test may say so; it says nothing of keys.
pub(super) async fn seen(call: &Call<'_>, message: &MessageId) -> Result<Reply, StoreError> {
    let may_acknowledge = call.actor.role >= Role::Operator;
    let witness = Witness {
        id: format!("{} {}", call.actor.platform.id(), call.actor.id),
        name: call.actor.name.clone(),
        may_acknowledge,
    };
    let Some(_) = call.desk.witness(message, witness).await? else { return Ok(stale()) };
    call.tools.wake_courier.ring();
    let title = "Noted: the test arrived.";
    let card = Card::new(Tone::Fine, title);
    Ok(Reply::private(if may_acknowledge {
        card.text("You can take alerts here.")
    } else {
        card.text("You may read warnings here but not take alerts; an admin of this workspace can change that.")
    }))
}

async fn named(call: &Call<'_>, id: &ReceiverId) -> Result<Option<ReceiverView>, StoreError> {
    Ok(call.desk.receivers().await?.into_iter().find(|one| one.receiver.id == *id))
}

fn configured(call: &Call<'_>) -> Reply {
    Reply::private(Card::new(Tone::Plain, call.set_on_host()))
}
