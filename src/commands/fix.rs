//! `/fix`: goes through the tree with a person. First the exchange is asked, as `/check` does it,
//! so that nobody is asked what can be known; facts of a key only for those who may see keys. The
//! place in the tree is kept for two days, the buttons carry it too. Words are `fixing`'s.

use chrono::TimeDelta;

use super::call::Call;
use super::check::{self, Looked};
use super::fixing::{self, ANOTHER, Told};
use super::press::{LIFE, stale};
use super::{Reply, Role, faq, leaked};
use crate::domain::card::{Action, Card, Line, Tone};
use crate::domain::evidence::{Fault, Outcome};
use crate::domain::facts::Binding;
use crate::domain::guide::fix::{Fix, Known, Look, Says, Step, Which, next};
use crate::domain::receiver::Platform;
use crate::domain::text::fold;
use crate::store::StoreError;
use crate::store::desk::KeyView;
use crate::store::talk::TalkKind;

/// A look this fresh is as good as a new one.
const FRESH: TimeDelta = TimeDelta::minutes(1);
/// Keys that are offered, beside "another".
const MOST: usize = 7;

pub(super) async fn by_label(call: &Call<'_>, label: Option<&str>) -> Result<Reply, StoreError> {
    if !has_walk(call) {
        return faq::shared(call, fixing::overview(), None).await;
    }
    let Some(label) = label else {
        let talk: Option<Fix> = call.desk.talk(person(call), TalkKind::Fix, call.at).await?;
        return match talk {
            Some(fix) => resume(call, fix).await,
            None => begin(call).await,
        };
    };
    if !may_know(call) {
        return walk(call, &of(Which::Another), None).await;
    }
    if let Some(key) = call.desk.key_by_label(label).await? {
        return of_key(call, key).await;
    }
    if fold(label) == ANOTHER {
        return walk(call, &of(Which::Another), None).await;
    }
    choose(call, call.desk.keys().await?, "No key here has that label. Which one does it use?")
        .await
}

/// A press: the next step, or the first one anew.
pub(super) async fn press(call: &Call<'_>, fix: &Fix) -> Result<Reply, StoreError> {
    match &fix.key {
        None => begin(call).await,
        Some(Which::Watched(id)) if may_know(call) => match call.desk.key(id).await? {
            Some(key) if fix.is_fresh() => of_key(call, key).await,
            Some(key) => walk(call, fix, Some((&key, false))).await,
            None => Ok(stale()),
        },
        Some(Which::Watched(_) | Which::Another) => walk(call, fix, None).await,
    }
}

/// How long after a question a pasted error is its answer; later it is a question of its own.
const ATTENTIVE: TimeDelta = TimeDelta::minutes(30);

/// An error that was pasted while its line was asked for answers that; `None` where nobody is
/// asked for one.
pub(super) async fn pasted(call: &Call<'_>, topic: &str) -> Result<Option<Reply>, StoreError> {
    let Some(says) = Says::of_topic(topic).filter(|_| has_walk(call)) else { return Ok(None) };
    // A talk is kept for so long from its last question on.
    let lately = call.at + LIFE - ATTENTIVE;
    let talk: Option<Fix> = call.desk.talk(person(call), TalkKind::Fix, lately).await?;
    let is_asked = |fix: &Fix| matches!(fix.says, None | Some(Says::Else));
    let Some(fix) = talk.filter(is_asked) else { return Ok(None) };
    press(call, &Fix { says: Some(says), ..fix }).await.map(Some)
}

/// Leaves the walk; `false` when there was none.
pub(super) async fn leave(call: &Call<'_>) -> Result<bool, StoreError> {
    call.desk.end_talk(person(call), TalkKind::Fix, call.at).await
}

fn person<'a>(call: &Call<'a>) -> (Platform, &'a str) {
    (call.actor.platform, call.actor.id.as_str())
}

fn of(key: Which) -> Fix {
    Fix { key: Some(key), ..Fix::default() }
}

/// Every answer is its asker's alone, so the role decides.
fn may_know(call: &Call<'_>) -> bool {
    call.actor.role >= Role::Viewer
}

/// In a Telegram group whoever is nobody here has no private chat with the bot to walk in.
fn has_walk(call: &Call<'_>) -> bool {
    may_know(call) || call.place.private || call.place.platform != Platform::Telegram
}

async fn begin(call: &Call<'_>) -> Result<Reply, StoreError> {
    let mut keys = if may_know(call) { call.desk.keys().await? } else { Vec::new() };
    match keys.len() {
        0 => walk(call, &of(Which::Another), None).await,
        1 => of_key(call, keys.remove(0)).await,
        _ => choose(call, keys, "Which key does your bot use?").await,
    }
}

/// The worst first: it is most likely the one that is meant.
async fn choose(call: &Call<'_>, mut keys: Vec<KeyView>, title: &str) -> Result<Reply, StoreError> {
    leave(call).await?;
    keys.sort_by_key(|key| call.reading(key).verdict());
    let mut card = Card::new(Tone::Plain, title);
    for key in keys.iter().take(MOST) {
        let fix = of(Which::Watched(key.key.id.clone()));
        card = card.button(key.key.label.as_str(), Action::Fix { fix });
    }
    if keys.len() > MOST {
        let more = format!("and {} more: type the label, as in ", keys.len() - MOST);
        card = card.text(Line::from(more).code("/fix mm-bot-1"));
    }
    Ok(Reply::private(card.button("Another key", Action::Fix { fix: of(Which::Another) })))
}

/// Somebody was here already.
async fn resume(call: &Call<'_>, fix: Fix) -> Result<Reply, StoreError> {
    let key = match &fix.key {
        Some(Which::Watched(id)) if may_know(call) => call.desk.key(id).await?,
        Some(Which::Watched(_) | Which::Another) | None => None,
    };
    Ok(Reply::private(fixing::resume(fix, key.map(|key| key.key.label).as_ref())))
}

/// A watched key: the exchange is asked before its people are.
async fn of_key(call: &Call<'_>, key: KeyView) -> Result<Reply, StoreError> {
    // A key that somebody else has is deleted, not repaired.
    if key.key.leak().is_some() {
        return leaked::by_id(call, &key.key.id).await;
    }
    let fix = of(Which::Watched(key.key.id.clone()));
    let (key, is_slow) = match check::look(call, key, FRESH).await? {
        Looked::Answered(key) | Looked::Nobody(key) => (key, false),
        Looked::Slow(key) => (key, true),
        Looked::Gone => return Ok(stale()),
    };
    walk(call, &fix, Some((&key, is_slow))).await
}

async fn walk(
    call: &Call<'_>,
    fix: &Fix,
    key: Option<(&KeyView, bool)>,
) -> Result<Reply, StoreError> {
    let known = key.map(|(key, _)| known(call, key)).unwrap_or_default();
    let told = Told {
        fix,
        known: &known,
        reading: key.map(|(key, _)| call.reading(key)),
        is_slow: key.is_some_and(|(_, is_slow)| is_slow),
    };
    let card = match next(fix, &known) {
        Step::Ask(question) => {
            let until = call.at + LIFE;
            call.desk.keep_talk(person(call), TalkKind::Fix, fix, until).await?;
            fixing::question(question, &told)
        }
        Step::End(end) => {
            leave(call).await?;
            fixing::end(end, &told, &call.tools.knowledge)
        }
    };
    Ok(Reply::private(card))
}

/// What is known of a key. A look from before the checks stopped says nothing about now.
fn known(call: &Call<'_>, key: &KeyView) -> Known {
    let reading = call.reading(key);
    let latest = key.standing.latest.as_ref();
    let look = match latest.filter(|look| call.at - look.at <= call.tools.interval * 3) {
        None => Look::Nothing,
        Some(look) => match &look.outcome {
            Outcome::Good(_) => Look::Accepted,
            Outcome::Bad { fault, .. } => Look::Refused(*fault),
        },
    };
    let word = reading.exchange_alert().and_then(|alert| alert.state.items.first().cloned());
    let binding = key.standing.last_good.as_ref().map(|good| &good.facts.binding);
    Known {
        exchange: word.as_deref().and_then(of_word),
        look,
        past: reading.ends().end().is_some_and(|end| end.at <= call.at),
        beside: key.key.co_located,
        bound: match binding {
            Some(Binding::Bound(_)) => Some(true),
            Some(Binding::Unbound) => Some(false),
            Some(Binding::Unknown) | None => None,
        },
    }
}

/// What blinds all keys, as the rule words it.
fn of_word(word: &str) -> Option<Fault> {
    match word {
        "no answer" => Some(Fault::ExchangeDown),
        "address" => Some(Fault::IpRefused),
        "region" => Some(Fault::RegionRefused),
        "clock" => Some(Fault::ClockSkew),
        _ => None,
    }
}
