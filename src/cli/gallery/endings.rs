//! How alerts end, and how several are told as one.

use chrono::TimeDelta;

use super::page::Scene;
use super::scenes::{Scenes, ending, on, one};
use super::stand::{Stand, monday};
use crate::clock::Clock;
use crate::domain::id::CredentialId;
use crate::domain::permission::Allow;
use crate::domain::receiver::Platform;
use crate::domain::text::Clean;
use crate::exchange::simulator::{SimEnd, SimKey};
use crate::store::audit::Entry;
use crate::store::credential::NewCredential;
use crate::store::deed::Now;
use crate::store::look::Seen;
use crate::store::rotate::Rotation;

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
