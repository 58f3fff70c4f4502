//! `/security`: the guidance's checklist against a real key. What is to do comes first, each with
//! how; what this monitor cannot see is said so, with where to look.

use std::collections::BTreeSet;

use super::Reply;
use super::call::Call;
use super::choose::{self, Chosen};
use super::press::stale;
use super::reading::{Reading, ago};
use crate::domain::card::{Action, Card, Line, Tone};
use crate::domain::facts::Facts;
use crate::domain::guide::security::{Habit, Held, Reach, State, judge, needless};
use crate::domain::id::KeyId;
use crate::domain::key::{KeyState, Watch};
use crate::domain::receiver::{Address, Platform};
use crate::domain::text::Clean;
use crate::store::StoreError;
use crate::store::desk::KeyView;

/// Keys of an overview, and its buttons.
const MOST: usize = 8;

pub(super) async fn by_label(call: &Call<'_>, label: Option<&str>) -> Result<Reply, StoreError> {
    if label.is_none() {
        let keys = call.desk.keys().await?;
        if keys.len() > 1 {
            return Ok(overview(call, &keys, reach(call).await?));
        }
    }
    match choose::key(call, label, |key| Action::Security { key }).await? {
        Chosen::Key(key) => Ok(one(call, &key, reach(call).await?)),
        Chosen::Answer(reply) => Ok(reply),
        Chosen::None => Ok(choose::no_keys()),
    }
}

pub(super) async fn by_id(call: &Call<'_>, id: &KeyId) -> Result<Reply, StoreError> {
    match call.desk.key(id).await? {
        Some(key) => Ok(one(call, &key, reach(call).await?)),
        None => Ok(stale()),
    }
}

/// Who is told, and who has said of the last tests that they saw them.
async fn reach(call: &Call<'_>) -> Result<Reach, StoreError> {
    let mut reach = Reach::default();
    let mut witnesses = BTreeSet::new();
    for one in call.desk.receivers().await?.into_iter().filter(|one| one.lost.is_none()) {
        reach.receivers += 1;
        reach.is_shared |= is_shared(&one.receiver.address);
        if let Some((test, _)) = call.desk.last_test(&one.receiver.id).await? {
            witnesses.extend(test.seen.into_iter().map(|witness| witness.id));
        }
    }
    reach.witnesses = witnesses.len();
    Ok(reach)
}

/// Whether others may read there. On Telegram only groups and channels have numbers below zero.
fn is_shared(address: &Address) -> bool {
    match address.platform {
        Platform::Console => false,
        Platform::Discord => true,
        Platform::Telegram => address.chat.starts_with('-'),
    }
}

fn held<'a>(reading: &Reading<'a>, reach: Reach) -> Held<'a> {
    let key: &'a KeyView = reading.key;
    Held {
        key: &key.key,
        facts: key.standing.last_good.as_ref().map(|good| &good.facts),
        end: reading.ends().best,
        old_days: reading.policy.old_key_days,
        reach,
        now: reading.now,
    }
}

fn one(call: &Call<'_>, key: &KeyView, reach: Reach) -> Reply {
    let reading = call.reading(key);
    let held = held(&reading, reach);
    let mut points = judge(&held);
    // Within one state the gravest stays first.
    points.sort_by_key(|(_, state)| *state);
    let title = Line::default().label(&key.key.label).text(format!(": {}", count(&points)));
    let mut card = Card::new(worst(&points), title);
    for (habit, state) in points {
        card = card.item(tone(habit, state), words(habit, state, &held, &reading));
    }
    if let Some(good) = &key.standing.last_good {
        let when = ago(call.at, good.at);
        card = card.text(format!("Its rights and addresses as {} said {when}.", reading.house()));
    }
    card = card.button("Steps", Action::Steps { topic: "security-checklist".to_owned() });
    if reading.is_asked() {
        card = card.button("Check now", Action::Check { key: key.key.id.clone() });
    }
    Reply::private(card)
}

/// "6 of 13 done, 1 to do, 6 that only you can see".
fn count(points: &[(Habit, State)]) -> String {
    let of = |wanted| points.iter().filter(|(_, state)| *state == wanted).count();
    let all = points.len();
    let (done, to_do, unseen) = (of(State::Done), of(State::ToDo), of(State::Unseen));
    let to_do = if to_do == 0 { "nothing".to_owned() } else { to_do.to_string() };
    format!("{done} of {all} done, {to_do} to do, {unseen} that only you can see")
}

fn worst(points: &[(Habit, State)]) -> Tone {
    let mut open = points.iter().filter(|(_, state)| *state == State::ToDo).peekable();
    if open.peek().is_none() {
        Tone::Fine
    } else if open.any(|(habit, _)| habit.guards_money()) {
        Tone::Broken
    } else {
        Tone::Soon
    }
}

fn tone(habit: Habit, state: State) -> Tone {
    match state {
        State::Done => Tone::Fine,
        State::Unseen => Tone::Unknown,
        State::ToDo if habit.guards_money() => Tone::Broken,
        State::ToDo => Tone::Soon,
    }
}

/// All keys in short, those with most to do first.
fn overview(call: &Call<'_>, keys: &[KeyView], reach: Reach) -> Reply {
    let mut all: Vec<_> = keys
        .iter()
        .map(|key| (key, judge(&held(&call.reading(key), reach))))
        .map(|(key, points)| (to_do(&points), points, key))
        .collect();
    all.sort_by_key(|(open, points, key)| {
        let is_grave = open.iter().any(|habit| habit.guards_money());
        (!is_grave, std::cmp::Reverse(open.len()), count(points), key.key.label.folded())
    });
    let busy = all.iter().filter(|(open, ..)| !open.is_empty()).count();
    let tone = all.first().map_or(Tone::Plain, |(_, points, _)| worst(points));
    let title = match busy {
        0 => format!("{} keys: nothing to do that I can see", all.len()),
        n => format!("{n} of {} keys have something to do", all.len()),
    };
    let mut card = Card::new(tone, title);
    for (open, points, key) in all.iter().take(MOST) {
        let line = Line::default().label(&key.key.label).text(match open.as_slice() {
            [] => ": nothing to do".to_owned(),
            open => format!(": {}", open.iter().map(|h| short(*h)).collect::<Vec<_>>().join(", ")),
        });
        card = card.item(worst(points), line);
    }
    if all.len() > MOST {
        let more = Line::from(format!("and {} more: ", all.len() - MOST));
        card = card.text(more.code("/security mm-bot-1"));
    }
    for (_, _, key) in all.iter().take(MOST) {
        let action = Action::Security { key: key.key.id.clone() };
        card = card.button(key.key.label.as_str(), action);
    }
    Reply::private(card)
}

fn to_do(points: &[(Habit, State)]) -> Vec<Habit> {
    let open = points.iter().filter(|(_, state)| *state == State::ToDo);
    open.map(|(habit, _)| *habit).collect()
}

/// A habit that is not kept, in a list.
fn short(habit: Habit) -> &'static str {
    match habit {
        Habit::NoWithdrawal => "can withdraw",
        Habit::FewRights => "more rights than allowed",
        Habit::Bound => "no bound address",
        Habit::Dated => "old or past its date",
        Habit::OneProgram => "several programs",
        Habit::OnePlace => "under two labels",
        Habit::Sealed => "secrets not sealed",
        Habit::Reaches => "nobody has seen a test warning",
        Habit::Second => "nobody second is told",
        Habit::TwoFactor => "second factor",
        Habit::WithdrawalList => "withdrawal addresses",
        Habit::AntiPhishing => "anti-phishing code",
        Habit::OwnPassphrase => "passphrase",
    }
}

/// One point in a line: its state in a word, then what is so, or how to make or see it so.
fn words(habit: Habit, state: State, held: &Held<'_>, reading: &Reading<'_>) -> Line {
    let word = match state {
        State::Done => "Done: ",
        State::ToDo => "To do: ",
        State::Unseen => "Only you can see: ",
    };
    let rest = match habit {
        Habit::NoWithdrawal => match state {
            State::Done => "it cannot withdraw.".into(),
            State::ToDo => {
                "it can withdraw. Take that right away, unless this key is there to withdraw.".into()
            }
            State::Unseen => "whether it can withdraw. API Management shows its permissions.".into(),
        },
        Habit::FewRights => rights(state, held),
        Habit::Bound => match state {
            State::Done => "it works from its bound addresses only.".into(),
            State::ToDo => {
                "it works from everywhere. Bind it to the address of its bot: /faq ip-whitelist".into()
            }
            State::Unseen => "whether it is bound to addresses. API Management shows its list.".into(),
        },
        Habit::Dated => dated(state, held, reading),
        Habit::OneProgram => match state {
            State::Done => "one program uses it.".into(),
            State::ToDo => {
                "several programs use it. Give each a key of its own, so that one can be deleted alone.".into()
            }
            State::Unseen => Line::from("how many programs use it. Tell me on the host: ")
                .code("keylapse key edit")
                .text("."),
        },
        Habit::OnePlace => match state {
            State::Done | State::ToDo => {
                "it stands here under one label; I refuse the same key a second time.".into()
            }
            State::Unseen => "whether another label means the same key: I hold no key of it.".into(),
        },
        Habit::Sealed => sealed(reading),
        Habit::Reaches => match state {
            State::Done | State::Unseen => "warnings arrive: somebody has seen a test.".into(),
            State::ToDo if held.reach.receivers == 0 => {
                Line::from("nobody is told. An admin types ").code("/notify add").text(" where it should be.")
            }
            State::ToDo => Line::from("nobody has said yet that a warning arrives. An admin types ")
                .code("/notify test")
                .text("; whoever reads it presses Seen."),
        },
        Habit::Second => match state {
            State::Done => "more than one is told.".into(),
            State::ToDo => Line::from("one alone is told. Tell a second person: ").code("/notify add"),
            State::Unseen => "whether a second person reads the chat that is told.".into(),
        },
        Habit::TwoFactor => "an authenticator on the account: account security at the exchange.".into(),
        Habit::WithdrawalList => {
            "withdrawals to listed addresses only: account security at the exchange.".into()
        }
        Habit::AntiPhishing => {
            "an anti-phishing code in the exchange's mails: account security at the exchange.".into()
        }
        Habit::OwnPassphrase => "that its passphrase is used nowhere else: your password manager.".into(),
    };
    Line::from(word).then(rest)
}

fn rights(state: State, held: &Held<'_>) -> Line {
    let named = |facts: &Facts| {
        let names: Vec<&str> =
            needless(held.key, facts).into_iter().map(|right| right.name.as_str()).collect();
        Clean::new(&names.join(", "), 160)
    };
    match (state, held.facts) {
        (State::Done, _) => "it may do no more than was allowed.".into(),
        (State::ToDo, Some(facts)) => Line::from("it may do more than was allowed: ")
            .name(&named(facts))
            .text(". Take it away, or let an admin accept it."),
        (State::ToDo | State::Unseen, _) => {
            "whether it may do only what its bot needs. API Management shows its permissions."
                .into()
        }
    }
}

fn dated(state: State, held: &Held<'_>, reading: &Reading<'_>) -> Line {
    let is_dated = reading.ends().end().is_some();
    match state {
        State::Done if is_dated => Line::from("it ").then(reading.end_line()).text("."),
        State::Done => format!("it is younger than {} days.", held.old_days).into(),
        State::ToDo if is_dated => {
            Line::from("it ").then(reading.end_line()).text(". Make a new one: /faq regenerate-key")
        }
        State::ToDo => {
            format!("it is older than {} days. Make a new one: /faq how-often", held.old_days)
                .into()
        }
        State::Unseen => "when it ends, and how old it is. API Management shows the date.".into(),
    }
}

fn sealed(reading: &Reading<'_>) -> Line {
    match (&reading.key.key.watch, reading.key.key.state) {
        (_, KeyState::Refused) => "its secrets were dropped; nothing of them is stored.".into(),
        (Watch::Own, _) => {
            "secret and passphrase are stored encrypted, each bound to this key; chat never shows them.".into()
        }
        (Watch::Guardian { .. } | Watch::Declared, _) => "no secret of it is stored here.".into(),
    }
}
