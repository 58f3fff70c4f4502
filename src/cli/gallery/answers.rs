//! What is answered: how the keys are, questions, first contact, privacy, buttons that come late.

use chrono::TimeDelta;

use super::page::Scene;
use super::stand::{Heard, Stand, at, private};
use crate::clock::Clock;
use crate::commands::{Place, Removal, Reply, Standing, notice, private_bot};
use crate::domain::receiver::Platform;

type Scenes = anyhow::Result<Vec<Scene>>;

/// A desk with something of everything: refused from the second minute on, ending soon, fine.
const DESK: &str =
    "key mm-bot-1 permissions=General,Spot ip=203.0.113.7 expires=never created=-80d sub=mm
key tracker permissions=General ip=203.0.113.7 expires=+7d created=-80d sub=view
key arb-2 permissions=General,Spot ip=203.0.113.7 expires=never created=-40d sub=arb
key grid-eu permissions=General,Spot ip=203.0.113.7 expires=+170d created=-10d sub=grid
key hedge permissions=General,Futures ip=203.0.113.7 expires=+200d created=-10d sub=hedge
at +1m revoke mm-bot-1";
const LABELS: [(&str, &[&str]); 5] = [
    ("mm-bot-1", &["market maker on fra-1"]),
    ("tracker", &["the portfolio tracker"]),
    ("arb-2", &["arbitrage on ams-1"]),
    ("grid-eu", &["grid bot on fra-2"]),
    ("hedge", &["futures hedge on fra-2"]),
];

pub async fn desk() -> anyhow::Result<Stand> {
    let stand = Stand::set(DESK, &LABELS, |_| {}).await?;
    stand.until("refused by", false).await?;
    stand.pass(TimeDelta::minutes(3)).await;
    Ok(stand)
}

/// Where one is answered alone: the private chat, the channel (nobody else sees it), the terminal.
pub fn alone() -> [Place; 3] {
    [private(), at(Platform::Discord), at(Platform::Console)]
}

pub async fn asked(stand: &Stand, places: &[Place], line: &str) -> anyhow::Result<Vec<Heard>> {
    let mut heard = Vec::new();
    for place in places {
        heard.push(stand.asks(place.clone(), line).await?);
    }
    Ok(heard)
}

/// `/keystatus` and what leads on from it.
pub async fn keys() -> Scenes {
    let stand = desk().await?;
    let mut scenes = Vec::new();
    for (line, when) in [
        ("/keystatus", "The desk, worst first; for the asker's eyes only."),
        ("/keystatus arb-2", "One key, fine."),
        ("/keystatus mm-bot-1", "One key, refused."),
        ("/alerts", "What is open."),
        ("/upcoming 60", "What ends soon."),
        ("/why mm-bot-1", "Who was told what, and why not."),
    ] {
        let heard = asked(&stand, &alone(), line).await?;
        scenes.push(Scene::answered(format!("`{line}`"), when, &heard));
    }
    stand.end().await;
    Ok(scenes)
}

/// `/faq`, sure and unsure, alone and in company.
pub async fn questions() -> Scenes {
    let stand = desk().await?;
    let mut scenes = Vec::new();
    let when = "With a viewer of the workspace alone: one line more, about their own key.";
    let heard = asked(&stand, &[private(), at(Platform::Console)], "/faq 400003").await?;
    scenes.push(Scene::answered("`/faq 400003`, alone", when, &heard));
    stand.asks(at(Platform::Discord), "/settings faq here").await?;
    let mut heard = asked(&stand, &[at(Platform::Telegram)], "/faq 400003").await?;
    let own = stand.asks(at(Platform::Discord), "/faq 400003").await?;
    let post = own.reply.cards.iter().zip(&own.buttons).find_map(|(card, ids)| {
        let mut both = card.buttons.iter().zip(ids);
        both.find(|(button, _)| button.label == "Post here").map(|(_, id)| id.clone())
    });
    let Some(post) = post else { anyhow::bail!("an answer that cannot be posted") };
    heard.push(stand.presses_id(at(Platform::Discord), post.as_str()).await?);
    let when = "Where others read along: no fact of the workspace. On Discord after [Post here].";
    scenes.push(Scene::answered("`/faq 400003`, in company", when, &heard));
    let when = "On Discord nobody else sees it; here the workspace allows to post it.";
    scenes.push(Scene::answered("`/faq 400003`, before it is posted", when, &[own]));
    for (name, line, when) in [
        ("`/faq key stopped`", "/faq key stopped", "Unsure."),
        ("Off topic", "/faq will bitcoin go up tomorrow", "What it does not know of."),
        ("`/faq`", "/faq", "Without a question."),
    ] {
        scenes.push(Scene::answered(name, when, &asked(&stand, &alone(), line).await?));
    }
    let when = "A key with its secret was typed. They are never repeated.";
    let line =
        "5f3b2c1d4e5f6a7b8c9d0e1f 6d1f7c1a-0b2e-4f3a-9c8d-1e2f3a4b5c6d what is wrong with it";
    scenes.push(Scene::answered(
        "A secret in a question",
        when,
        &asked(&stand, &alone(), line).await?,
    ));
    for (name, when, removal) in [
        (
            "A secret in a channel",
            "What everybody reads where the guard removed a message; nobody is called.",
            Removal::Done,
        ),
        (
            "A secret in a channel that stays",
            "The same where the bot may not delete messages.",
            Removal::Refused,
        ),
    ] {
        let told = |platform| stand.heard(at(platform), Reply::open(notice(removal)), Vec::new());
        let heard = [told(Platform::Telegram), told(Platform::Discord)];
        scenes.push(Scene::answered(name, when, &heard));
    }
    let mut heard = asked(&stand, &alone()[..2], line).await?;
    for one in &mut heard {
        one.reply = std::mem::take(&mut one.reply).after(Removal::Done);
    }
    let when = "To whoever wrote it, where its message could be deleted.";
    scenes.push(Scene::answered("A secret, deleted", when, &heard));
    stand.end().await;
    Ok(scenes)
}

/// First contact, strangers, privacy, buttons that come late.
pub async fn people() -> Scenes {
    let stand = desk().await?;
    let mut scenes = Vec::new();
    let hello = stand.counter.start(&stand.visitor(), &Standing::default(), None, true).await;
    let heard = stand.heard(private(), hello, Vec::new());
    scenes.push(Scene::answered("`/start`", "From somebody it knows.", &[heard]));
    let greeting = stand.counter.greet(&stand.visitor());
    let heard = [
        stand.heard(private(), greeting, Vec::new()),
        stand.heard(at(Platform::Discord), private_bot(), Vec::new()),
    ];
    scenes.push(Scene::answered("A stranger", "One line a day.", &heard));
    let heard = asked(&stand, &alone(), "/privacy").await?;
    scenes.push(Scene::answered("`/privacy`", "For anyone.", &heard));
    let heard = asked(&stand, &alone(), "/help").await?;
    scenes.push(Scene::answered("`/help`", "What one may ask.", &heard));
    stand.end().await;
    scenes.extend(late().await?);
    Ok(scenes)
}

/// Buttons that were offered before something happened.
async fn late() -> Scenes {
    let stand = Stand::set(DESK, &LABELS, |_| {}).await?;
    stand.until("refused by", false).await?;
    let before = asked(&stand, &alone()[..2], "/alerts").await?;
    stand.edit("mm-bot-1", |key| key.revoked = false);
    stand.until("works again", false).await?;
    stand.pass(TimeDelta::minutes(5)).await;
    let mut heard = Vec::new();
    for answer in before {
        let first = answer.buttons.first().and_then(|ids| ids.first()).cloned();
        let Some(id) = first else { anyhow::bail!("/alerts offers nothing") };
        heard.push(stand.presses_id(answer.place, id.as_str()).await?);
    }
    let when = "[I'm on #2: mm-bot-1] of an answer to /alerts, when that alert is over.";
    let mut scenes = vec![Scene::answered("A late button", when, &heard)];
    let mut heard = Vec::new();
    for platform in [Platform::Telegram, Platform::Discord] {
        let now = stand.stage.clock.now();
        heard.push(stand.presses_id(at(platform), &format!("made up at {now}")).await?);
    }
    let when =
        "Its id means nothing here: too old, somebody else's, or made up. One answer for all.";
    scenes.push(Scene::answered("A button that means nothing", when, &heard));
    stand.end().await;
    Ok(scenes)
}
