//! `/faq`: the entry that a question means, its direct answer first. The question is never
//! repeated and never kept; a fact of the workspace is added only where nobody else reads along.

use std::borrow::Cow;

use super::call::Call;
use super::press::stale;
use super::{Reply, Role, detail, fix, here};
use crate::domain::card::{Action, Block, Card, Line, Tone};
use crate::domain::receiver::Platform;
use crate::knowledge::{Entry, Topic};
use crate::store::StoreError;
use crate::store::gap::Lack;

/// Where a reader without a question begins.
const DOORS: [(&str, &str); 6] = [
    ("Expired: what now", "expired-meaning"),
    ("Error messages", "error-other"),
    ("Make a new key", "create-key"),
    ("Leaked or stolen", "compromised"),
    ("Bound addresses", "ip-whitelist"),
    ("Safety checklist", "security-checklist"),
];

pub(super) async fn answer(call: &Call<'_>, question: Option<&str>) -> Result<Reply, StoreError> {
    let Some(question) = question else { return shared(call, doors(), None).await };
    // A key's own label, typed alone, asks about that key.
    if call.actor.role >= Role::Viewer && call.desk.key_by_label(question.trim()).await?.is_some() {
        return detail::by_label(call, Some(question.trim())).await;
    }
    let Some(found) = meant(call, question) else {
        note(call, Lack::Declined, question).await;
        return Ok(off_topic());
    };
    if let (Some(Cow::Borrowed(entry)), []) = (&found.entry, found.offered.as_slice())
        && let Some(reply) = fix::pasted(call, entry.id.as_str()).await?
    {
        return Ok(reply);
    }
    let (mut card, topic) = match &found.entry {
        Some(Cow::Borrowed(entry)) => {
            let card = page_here(call, entry, &found.offered).await?;
            (helpful(call, card, entry, question).await?, Some(entry.id.as_str()))
        }
        // What another exchange's code means is no fact of a key that is watched here.
        Some(Cow::Owned(entry)) => {
            (helpful(call, page(call, entry, &found.offered), entry, question).await?, None)
        }
        None => {
            note(call, Lack::Unsure, question).await;
            let card = Card::new(Tone::Plain, "Is it one of these?");
            let offered = found.offered.iter();
            (
                offered.fold(card, |card, entry| card.button(entry.title.clone(), steps(entry.id))),
                None,
            )
        }
    };
    if let Some(line) = found.opening {
        card.body.insert(0, Block::Text(line.into()));
    }
    shared(call, card, topic).await
}

/// Counts a question without a good answer, unless the workspace wants none counted. Of the
/// question only words of ours are kept. The answer does not wait on the ledger's health.
async fn note(call: &Call<'_>, lack: Lack, question: &str) {
    let words = call.tools.knowledge.outline(question);
    let counted = async {
        if call.desk.settings().await?.gaps_off {
            return Ok(());
        }
        call.desk.note_gap(lack, ("", &words), call.at).await
    };
    if let Err(error) = counted.await {
        tracing::warn!(%error, "a question without a good answer could not be counted");
    }
}

/// A moderator answers for somebody: one entry, in the open, and its reader is called. What is no
/// clear question stays between the moderator and the bot.
pub(super) async fn answer_for(
    call: &Call<'_>,
    question: Option<&str>,
    whom: &str,
) -> Result<Reply, StoreError> {
    if !call.actor.moderates && call.actor.role < Role::Operator {
        let line =
            "Answering for somebody needs Manage Messages in this server, or the role operator.";
        return Ok(Reply::private(Card::new(Tone::Plain, line)));
    }
    let found = question.and_then(|question| meant(call, question));
    // What is only likely is not said to somebody in the open.
    let sure = found.filter(|found| found.offered.is_empty()).and_then(|found| found.entry);
    let Some(entry) = sure else { return answer(call, question).await };
    let reply = post(call, &entry).await?;
    Ok(if reply.private { reply } else { Reply { calls: Some(whom.to_owned()), ..reply } })
}

/// What a question means.
struct Found<'a> {
    /// The answer, if one is likely enough.
    entry: Option<Cow<'a, Entry>>,
    /// What else it may be; nothing beside an answer that is sure.
    offered: Vec<&'a Entry>,
    /// The line for a question in another language.
    opening: Option<&'static str>,
}

/// What a question means; nothing when it is about something else.
fn meant<'a>(call: &'a Call<'_>, question: &str) -> Option<Found<'a>> {
    let knowledge = &call.tools.knowledge;
    // An id is exact; typed with or without the slash that texts print before it.
    if let Some(exact) = knowledge.topic(question.trim().trim_start_matches("/faq").trim()) {
        return Some(Found {
            entry: knowledge.entry(&exact).map(Cow::Borrowed),
            offered: Vec::new(),
            opening: None,
        });
    }
    let answer = knowledge.lookup(question);
    let entry = knowledge.page(&answer);
    let offered: Vec<&Entry> =
        answer.offered().filter_map(|topic| knowledge.entry(&topic)).collect();
    (entry.is_some() || !offered.is_empty()).then_some(Found {
        entry,
        offered,
        opening: answer.opening,
    })
}

/// One entry, by its id.
pub(super) async fn topic(call: &Call<'_>, id: &str) -> Result<Reply, StoreError> {
    let entry = call.tools.knowledge.named(id);
    let Some(entry) = entry else { return Ok(stale()) };
    let card = helpful(call, page_here(call, entry, &[]).await?, entry, "").await?;
    shared(call, card, Some(entry.id.as_str())).await
}

/// The way to say that an answer did not help; of the question only words of ours go with it.
async fn helpful(
    call: &Call<'_>,
    card: Card,
    entry: &Entry,
    question: &str,
) -> Result<Card, StoreError> {
    let is_off = question.is_empty() || call.desk.settings().await?.gaps_off;
    let words = if is_off { String::new() } else { call.tools.knowledge.outline(question) };
    let topic = entry.id.as_str().to_owned();
    Ok(card.button("Not helpful", Action::NotHelpful { topic, words }))
}

/// An entry, begun with what is true of the asker's own keys.
async fn page_here(call: &Call<'_>, entry: &Entry, others: &[&Entry]) -> Result<Card, StoreError> {
    let mut card = page(call, entry, others);
    if let Some(line) = here::line(call, entry).await? {
        // What is true here comes first, then what is true everywhere.
        card.body.insert(0, Block::Text(line));
    }
    Ok(card)
}

/// In company an answer is its asker's alone, and where the workspace chose this place they may
/// press to show it to everybody. In a Telegram group, where a private answer is another chat, it
/// stands where it was asked: it holds no fact of the workspace. A group that uses the bot for
/// answers only chooses it like a channel, and sees one a minute; the others wait in private.
pub(super) async fn shared(
    call: &Call<'_>,
    card: Card,
    topic: Option<&str>,
) -> Result<Reply, StoreError> {
    if call.place.private {
        return Ok(Reply::open(card));
    }
    if call.place.platform == Platform::Telegram {
        return Ok(if may_stand_here(call).await? {
            Reply::open(card)
        } else {
            Reply::private(card)
        });
    }
    Ok(Reply::private(match topic {
        Some(topic) if is_chosen(call).await? => {
            card.button("Post here", Action::PostHere { topic: topic.to_owned() })
        }
        Some(_) | None => card,
    }))
}

/// An entry that its asker saw alone, shown to everybody here: where the workspace chose to, and
/// not again within a minute.
pub(super) async fn post_here(call: &Call<'_>, id: &str) -> Result<Reply, StoreError> {
    let entry = call.tools.knowledge.named(id);
    let Some(entry) = entry else { return Ok(stale()) };
    post(call, entry).await
}

async fn post(call: &Call<'_>, entry: &Entry) -> Result<Reply, StoreError> {
    if !is_chosen(call).await? {
        let line = "Answers are not shown to everybody in this channel; an admin can allow it with /settings faq here.";
        return Ok(Reply::private(Card::new(Tone::Plain, line)));
    }
    if !call.tools.posted.may_post(call.place, call.at) {
        let line = "An answer was posted here a moment ago; try again in a minute.";
        return Ok(Reply::private(Card::new(Tone::Plain, line)));
    }
    Ok(Reply::open(page(call, entry, &[])))
}

/// Whether an answer may stand in a Telegram group.
async fn may_stand_here(call: &Call<'_>) -> Result<bool, StoreError> {
    if !call.desk.workspace().faq_only {
        return Ok(true);
    }
    Ok(is_chosen(call).await? && call.tools.posted.may_post(call.place, call.at))
}

/// Whether this place may show an answer to everybody.
async fn is_chosen(call: &Call<'_>) -> Result<bool, StoreError> {
    Ok(call.desk.settings().await?.faq_channels.contains(&call.place.chat))
}

/// An entry, with what else may be meant where it is only likely, else with what to read next.
fn page(call: &Call<'_>, entry: &Entry, others: &[&Entry]) -> Card {
    let mut card = Card::new(Tone::Plain, entry.title.as_str()).text(entry.answer.as_str());
    if !entry.steps.is_empty() {
        card = card.steps(entry.steps.iter().map(|step| step.as_str().into()));
    }
    for note in &entry.notes {
        card = card.text(note.as_str());
    }
    if !others.is_empty() {
        card = card.text("Most likely you mean this. If not, press what you mean:");
    }
    let next = entry.see.iter().filter_map(|topic| call.tools.knowledge.entry(topic)).take(3);
    let buttons: Vec<&Entry> = if others.is_empty() { next.collect() } else { others.to_vec() };
    buttons.into_iter().fold(card, |card, entry| card.button(entry.title.clone(), steps(entry.id)))
}

fn steps(topic: Topic) -> Action {
    Action::Steps { topic: topic.as_str().to_owned() }
}

fn doors() -> Card {
    let card = Card::new(Tone::Plain, "Ask about exchange API keys")
        .text(
            Line::from("Type the question or paste the last line of the error: ")
                .code("/faq 400003"),
        )
        .text("Never paste a key, a secret or a passphrase.");
    DOORS.into_iter().fold(card, |card, (label, topic)| {
        card.button(label, Action::Steps { topic: topic.to_owned() })
    })
}

fn off_topic() -> Reply {
    Reply::private(Card::new(
        Tone::Plain,
        "I know about exchange API keys: expiry, errors, safety. Try /faq or /help.",
    ))
}
