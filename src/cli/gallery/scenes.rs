//! What is told of a key: one situation after another, each on a stand of its own, so that none
//! colours the next.

use anyhow::Context as _;
use chrono::{NaiveDate, TimeDelta};

use super::album::Shot;
use super::page::Scene;
use super::stand::{Stand, monday};
use crate::cli::demo::stage::Told;
use crate::clock::Clock;
use crate::domain::key::{Declared, DeclaredEnd};
use crate::domain::receiver::Platform;
use crate::domain::text::Clean;
use crate::exchange::simulator::SimAccount;

pub(super) type Scenes = anyhow::Result<Vec<Scene>>;

/// A key that trades, bound to one address.
pub(super) const KEY: &str =
    "key mm-bot-1 permissions=General,Spot ip=203.0.113.7 expires=never created=-80d sub=mm";
pub(super) const WATCHED: [(&str, &[&str]); 1] = [("mm-bot-1", &["grid bot on fra-2", "tracker"])];

pub(super) async fn one(more: &str) -> anyhow::Result<Stand> {
    Stand::set(&format!("{KEY}\n{more}"), &WATCHED, |_| {}).await
}

/// The same with an end that KuCoin reports, so long after two o'clock.
pub(super) async fn ending(time: &str) -> anyhow::Result<Stand> {
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
pub(super) fn on(shots: &[Shot], platform: Platform) -> anyhow::Result<&Shot> {
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
