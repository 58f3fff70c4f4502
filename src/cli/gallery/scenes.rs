//! What is told without being asked: one situation after another, each on a stand of its own, so
//! that none colours the next.

use anyhow::Context as _;
use chrono::{NaiveDate, TimeDelta};

use super::album::Shot;
use super::page::Scene;
use super::stand::{Stand, at, monday};
use crate::chat::{discord, telegram};
use crate::cli::demo::stage::Told;
use crate::clock::Clock;
use crate::domain::id::CredentialId;
use crate::domain::key::{Declared, DeclaredEnd};
use crate::domain::permission::Allow;
use crate::domain::receiver::Platform;
use crate::domain::text::Clean;
use crate::exchange::simulator::{SimAccount, SimEnd, SimKey, Weather};
use crate::store::audit::Entry;
use crate::store::credential::NewCredential;
use crate::store::deed::Now;
use crate::store::look::Seen;
use crate::store::rotate::Rotation;

type Scenes = anyhow::Result<Vec<Scene>>;

/// A key that trades, bound to one address.
const KEY: &str =
    "key mm-bot-1 permissions=General,Spot ip=203.0.113.7 expires=never created=-80d sub=mm";
const WATCHED: [(&str, &[&str]); 1] = [("mm-bot-1", &["grid bot on fra-2", "tracker"])];

async fn one(more: &str) -> anyhow::Result<Stand> {
    Stand::set(&format!("{KEY}\n{more}"), &WATCHED, |_| {}).await
}

/// The same with an end that KuCoin reports, so long after two o'clock.
async fn ending(time: &str) -> anyhow::Result<Stand> {
    let script = KEY.replace("expires=never", &format!("expires=+{time}5m"));
    Stand::set(&script, &WATCHED, |_| {}).await
}

/// A date that a person told, without any key behind it.
async fn dated(day: NaiveDate) -> anyhow::Result<Stand> {
    let stand = Stand::set("", &[], |_| {}).await?;
    let declared = Declared {
        end: Some(DeclaredEnd::Day(day)),
        by: Clean::new("Ann", 64),
        at: stand.stage.clock.now(),
    };
    let used_by = vec!["an old tax tool"];
    let told = Told { declared: Some(declared), used_by, ..Told::default() };
    stand.stage.declare("old-sub", told).await?;
    stand.wake().await;
    Ok(stand)
}

/// The message of one platform.
fn on(shots: &[Shot], platform: Platform) -> anyhow::Result<&Shot> {
    let found = shots.iter().rev().find(|shot| shot.to.platform == platform);
    found.with_context(|| format!("nothing was told on {}", platform.name()))
}

/// The rungs of the ladder, and the end itself.
pub async fn ends() -> Scenes {
    let mut scenes = Vec::new();
    for (name, days) in [
        ("30 days", "30d"),
        ("14 days", "14d"),
        ("7 days", "7d"),
        ("3 days", "3d"),
        ("1 day", "1d"),
    ] {
        let stand = ending(days).await?;
        let shots = stand.until("expires in", false).await?;
        let when = "KuCoin reports the end of the key; this rung of the ladder is reached.";
        scenes.push(Scene::told(format!("Ends in {name}"), when, &shots));
        stand.end().await;
    }
    let stand = ending("10h").await?;
    let shots = stand.until("expires in", false).await?;
    scenes.push(Scene::told("Ends on this day", "The last rung.", &shots));
    let shots = stand.until("refused by", false).await?;
    let when = "Its date passes and KuCoin refuses it; nothing has to be confirmed.";
    scenes.push(Scene::told("Its date has passed", when, &shots));
    stand.end().await;
    let today = monday().date_naive();
    for (name, when, day) in [
        (
            "A date of yours",
            "A date that a person told; no key is checked.",
            today + TimeDelta::days(7),
        ),
        (
            "A date of yours has passed",
            "Told once a day until it is taken or corrected.",
            today - TimeDelta::days(1),
        ),
    ] {
        let stand = dated(day).await?;
        scenes.push(Scene::told(name, when, &stand.until("old-sub", false).await?));
        stand.end().await;
    }
    Ok(scenes)
}

/// A key that KuCoin does not take any more, and what people make of it.
pub async fn refused() -> Scenes {
    let mut scenes = Vec::new();
    let stand = one("at +1m revoke mm-bot-1").await?;
    let told = stand.until("refused by", false).await?;
    let when = "400003 three times within ten minutes; no end was known.";
    scenes.push(Scene::told("Refused", when, &told));
    let when = "Nobody has taken it: after 15 minutes, 1 hour, 4 hours, then daily.";
    scenes.push(Scene::told("Reminder", when, &stand.until("mm-bot-1", false).await?));
    let told = stand.until("mm-bot-1", false).await?;
    let heard = [stand.presses(on(&told, Platform::Telegram)?, "I'm on it").await?];
    let shots = stand.until("mm-bot-1", true).await?;
    scenes.push(Scene::told("Acknowledged", "The message itself, after [I'm on it].", &shots));
    let when = "For the presser's eyes only.";
    scenes.push(Scene::answered("The answer to [I'm on it]", when, &heard));
    let when = "Eight hours later it is still refused.";
    scenes.push(Scene::told("Acknowledgement over", when, &stand.until("mm-bot-1", false).await?));
    stand.end().await;
    for (name, when, account) in [
        ("Account frozen", "411100.", SimAccount::Frozen),
        ("Identity wanted", "400303.", SimAccount::IdentityRequired),
    ] {
        let stand = one("").await?;
        stand.edit("mm-bot-1", |key| key.account = account);
        scenes.push(Scene::told(name, when, &stand.until("mm-bot-1", false).await?));
        stand.end().await;
    }
    let stand = one("").await?;
    stand.edit("mm-bot-1", |key| "another-one".clone_into(&mut key.passphrase));
    let shots = stand.until("mm-bot-1", false).await?;
    scenes.push(Scene::told("Passphrase refused", "400004, and it had worked.", &shots));
    stand.end().await;
    Ok(scenes)
}

/// What a key may do and from where.
pub async fn rights() -> Scenes {
    let mut scenes = Vec::new();
    let stand = one("at +1m gain mm-bot-1 Withdrawal\nat +30m lose mm-bot-1 Withdrawal").await?;
    let shots = stand.until("can now withdraw", false).await?;
    let when = "A right that moves funds is told at its first sighting.";
    scenes.push(Scene::told("It can withdraw", when, &shots));
    let shots = stand.until("gone again", false).await?;
    scenes.push(Scene::told("The right is gone again", "Nobody of us had said a word.", &shots));
    stand.end().await;
    let stand = one("at +1m ip mm-bot-1 203.0.113.7,198.51.100.4").await?;
    let shots = stand.until("address list changed", false).await?;
    scenes.push(Scene::told("The address list has changed", "At its first sighting.", &shots));
    let heard = stand.presses(on(&shots, Platform::Telegram)?, "Expected, we did it").await?;
    let when = "What whoever pressed is told; only an admin may.";
    scenes.push(Scene::answered("The answer to [Expected, we did it]", when, &[heard]));
    let shots = stand.until("accepted by", true).await?;
    scenes.push(Scene::told("Accepted", "The message itself, after that.", &shots));
    stand.end().await;
    let stand = one("at +1m lose mm-bot-1 Spot").await?;
    let shots = stand.until("can no longer trade", false).await?;
    scenes.push(Scene::told("It cannot trade any more", "At its first sighting.", &shots));
    stand.end().await;
    Ok(scenes)
}

/// Faults that are not the key's.
pub async fn blind() -> Scenes {
    let mut scenes = Vec::new();
    let elsewhere = "at +1m ip mm-bot-1 198.51.100.4";
    for (name, when, co_located) in [
        ("This monitor's address is refused", "400006, three times.", false),
        ("The bot's own address is refused", "The same, and its bot runs on this machine.", true),
    ] {
        let script = format!("{KEY}\n{elsewhere}");
        let stand = Stand::set(&script, &WATCHED, |told| told.co_located = co_located).await?;
        let shots = stand.until("refuse", false).await?;
        scenes.push(Scene::told(name, when, &shots));
        if !co_located {
            let heard = stand.presses(on(&shots, Platform::Telegram)?, "Show address").await?;
            let when = "For the presser's eyes only.";
            scenes.push(Scene::answered("The answer to [Show address]", when, &[heard]));
        }
        stand.end().await;
    }
    let keys: Vec<String> = (2..6).map(|n| KEY.replace("mm-bot-1", &format!("bot-{n}"))).collect();
    let labels: [(&str, &[&str]); 5] =
        [("mm-bot-1", &[]), ("bot-2", &[]), ("bot-3", &[]), ("bot-4", &[]), ("bot-5", &[])];
    let stand = Stand::set(&format!("{KEY}\n{}", keys.join("\n")), &labels, |_| {}).await?;
    stand.stage.simulator.set_weather(Weather::Outage);
    let shots = stand.until("does not answer", false).await?;
    let when = "Half of the keys or more, and at least three: one message for all.";
    scenes.push(Scene::told("KuCoin does not answer", when, &shots));
    stand.stage.simulator.set_weather(Weather::Fine);
    let shots = stand.until("answers again", false).await?;
    scenes.push(Scene::told("KuCoin answers again", "After two clear looks.", &shots));
    stand.end().await;
    Ok(scenes)
}

/// How alerts end.
pub async fn over() -> Scenes {
    let mut scenes = Vec::new();
    let stand = one("at +1m revoke mm-bot-1").await?;
    stand.until("refused by", false).await?;
    stand.edit("mm-bot-1", |key| key.revoked = false);
    let shots = stand.until("making sure", true).await?;
    scenes.push(Scene::told("Perhaps over", "One clear look; a second one decides.", &shots));
    let shots = stand.until("works again", false).await?;
    scenes.push(Scene::told("Works again", "KuCoin accepts the same key again.", &shots));
    stand.end().await;
    let stand = one("at +1m revoke mm-bot-1").await?;
    stand.until("refused by", false).await?;
    replace(&stand, false).await?;
    let shots = stand.until("replaced", false).await?;
    let when = "A new key under the same label, told on the host with `keylapse key replace`.";
    scenes.push(Scene::told("Replaced", when, &shots));
    stand.end().await;
    let stand = ending("7d").await?;
    stand.until("expires in", false).await?;
    replace(&stand, true).await?;
    let shots = stand.until("replaced", true).await?;
    let when = "The same in good time, with `--watch-old`; the message itself.";
    scenes.push(Scene::told("Replaced, the old one still works", when, &shots));
    stand.end().await;
    let stand = ending("7d").await?;
    stand.until("expires in", false).await?;
    let end = monday() + TimeDelta::days(97);
    stand.edit("mm-bot-1", |key| key.end = SimEnd::At(end));
    let shots = stand.until("renewed", true).await?;
    scenes.push(Scene::told("Renewed", "KuCoin reports another end; the message itself.", &shots));
    stand.end().await;
    Ok(scenes)
}

/// Puts a fresh key of the exchange under the label, as `keylapse key replace` does.
async fn replace(stand: &Stand, watch_old: bool) -> anyhow::Result<()> {
    let stage = &stand.stage;
    let Some(view) = stage.desk.key_by_label("mm-bot-1").await? else { anyhow::bail!("no key") };
    let (key, now) = (view.key, stage.clock.now());
    let generation = stage.desk.next_generation(&key.id).await?;
    let mut fresh = SimKey::made_up("mm-bot-1, the new one");
    if let Some(old) = stage.simulator.key("mm-bot-1") {
        (fresh.permissions, fresh.addresses, fresh.uid) = (old.permissions, old.addresses, old.uid);
        fresh.sub_name = old.sub_name;
    }
    stage.simulator.add_key(fresh.clone());
    let secrets = fresh.secrets();
    let sealed = stage.vault.seal_credential(&key, generation, &secrets)?;
    let asked = stage.prober.ask(&key, generation, &sealed).await?;
    let id: CredentialId = stage.ids.next(now);
    let key_hash = stage.vault.fingerprint(&key.workspace, &secrets.key);
    let (outcome, at) = (asked.probed.outcome, asked.probed.at);
    let rotation = Rotation {
        seen: Some(Seen { credential: id.clone(), outcome, at, caller: asked.caller }),
        credential: NewCredential { id, generation, key_hash, hint: "new".to_owned(), sealed },
        declared: None,
        allow: Allow::default(),
        watch_old_until: watch_old.then(|| now + TimeDelta::days(7)),
    };
    let entry = Entry {
        actor: Clean::new("Ann", 64),
        place: "host".to_owned(),
        action: "key.replace",
        target: Some("mm-bot-1".to_owned()),
        before: None,
        after: None,
    };
    let now = Now { at: now, policy: &stage.policy };
    stage.desk.rotate(&key.id, &rotation, &entry, now).await?;
    stand.wake().await;
    Ok(())
}

/// Alerts that are owed together.
pub async fn several() -> Scenes {
    let keys =
        "key mm-bot-1 permissions=General,Spot ip=203.0.113.7 expires=+5h created=-80d sub=mm
key grid-eu permissions=General,Spot ip=203.0.113.7 expires=+3d created=-80d sub=grid
key tracker permissions=General ip=203.0.113.7 expires=+12d created=-80d sub=view";
    let labels: [(&str, &[&str]); 3] = [
        ("mm-bot-1", &["market maker"]),
        ("grid-eu", &["grid bot on fra-2"]),
        ("tracker", &["the tracker"]),
    ];
    let stand = Stand::set(keys, &labels, |_| {}).await?;
    let shots = stand.until("3 alerts", false).await?;
    let when = "What is owed to one chat at one time is one message, worst first.";
    let mut scenes = vec![Scene::told("Three keys at once", when, &shots)];
    let shown = [stand.presses(on(&shots, Platform::Telegram)?, "Show").await?];
    let taken = [stand.presses(on(&shots, Platform::Discord)?, "Acknowledge all").await?];
    let when = "For the presser's eyes only.";
    scenes.push(Scene::answered("The answer to [Show]", when, &shown));
    scenes.push(Scene::answered("The answer to [Acknowledge all]", when, &taken));
    stand.end().await;
    Ok(scenes)
}

/// What the bot has to say of itself.
pub async fn own() -> Scenes {
    let mut scenes = Vec::new();
    let stand = one("").await?;
    let why = "the bot was removed from that chat; add it there again";
    stand.counter.lost(Platform::Telegram, &at(Platform::Telegram).chat, why).await;
    let shots = stand.until("gets no warnings", false).await?;
    scenes.push(Scene::told("A receiver is lost", "Told through the ones that work.", &shots));
    stand.end().await;
    let stopped = discord::Stopped::Token.to_string();
    let poller = telegram::Trouble::SecondPoller.to_string();
    for (name, platform, why) in [
        ("Discord is disturbed", Platform::Discord, stopped),
        ("Telegram is disturbed", Platform::Telegram, poller),
    ] {
        let stand = one("").await?;
        stand.counter.trouble(platform, Some(&why), stand.stage.clock.now()).await;
        let mut shots = stand.until("is disturbed", false).await?;
        shots.retain(|shot| shot.to.platform != platform);
        scenes.push(Scene::told(name, "Commands do not get through there.", &shots));
        stand.end().await;
    }
    let stand = one("").await?;
    let mut shots = Vec::new();
    for receiver in stand.stage.desk.receivers().await? {
        let line = format!("/notify test {}", receiver.receiver.name);
        stand.asks(at(Platform::Console), &line).await?;
        shots.extend(stand.until("Test by", false).await?);
    }
    scenes.push(Scene::told("A test", "Asked for with `/notify test`; it sounds.", &shots));
    let mut heard = Vec::new();
    for platform in [Platform::Telegram, Platform::Discord] {
        heard.push(stand.presses(on(&shots, platform)?, "Seen").await?);
    }
    scenes.push(Scene::answered("The answer to [Seen]", "To whoever pressed.", &heard));
    let shots = stand.until("Test by", true).await?;
    scenes.push(Scene::told("A test that was seen", "The message itself, after that.", &shots));
    stand.end().await;
    Ok(scenes)
}
