//! What is said at the door: codes, the choice of a workspace, roles, settings, a chat that many
//! read, a ledger that fails.

use chrono::TimeDelta;

use super::page::Scene;
use super::scenes::{Scenes, one};
use super::stand::{Stand, at, private};
use crate::chat::telegram;
use crate::clock::Clock;
use crate::commands::{Place, Reply, Role, Standing, StoreError};
use crate::domain::receiver::Platform;

/// A code as `keylapse invite` makes it.
const CODE: &str = "AAAA-BBBBB-CCCC";

/// One after another, each on what the last left.
pub async fn doors() -> Scenes {
    let stand = one("").await?;
    let mut scenes = vec![code(&stand).await?];
    scenes.extend(on_telegram(&stand));
    scenes.extend(asked(&stand).await?);
    let desks = stand.both_desks("Night").await?;
    let (card, ids) = stand.counter.offer_choice(&stand.visitor(), &desks).await?;
    let heard = stand.heard(private(), Reply::private(card), vec![ids]);
    let when = "Asked in the private chat of somebody who belongs to two.";
    scenes.push(Scene::answered("Which workspace", when, &[heard]));
    let reply = stand.apologizes(&StoreError::Unreachable("it was stopped".to_owned()));
    let heard = [private(), at(Platform::Discord)]
        .map(|place| stand.heard(place, reply.clone(), Vec::new()));
    let when = "The ledger failed under a command; the log has the rest under that reference.";
    scenes.push(Scene::answered("Something broke", when, &heard));
    stand.end().await;
    Ok(scenes)
}

async fn code(stand: &Stand) -> anyhow::Result<Scene> {
    let (workspace, now) = (stand.stage.desk.workspace(), stand.stage.clock.now());
    let until = now + TimeDelta::minutes(10);
    stand.stage.store.keep_claim(&workspace.id, Role::Operator, CODE, until, now).await?;
    let nobody = Standing::default();
    let reply = stand.counter.start(&stand.visitor(), &nobody, Some(CODE), false).await;
    let heard = stand.heard(private(), reply, Vec::new());
    let when = "Sent in the private chat of somebody who was let in as operator.";
    Ok(Scene::answered("`/start` with a code", when, &[heard]))
}

/// What only Telegram needs.
fn on_telegram(stand: &Stand) -> [Scene; 3] {
    let [no_text, connected] = telegram::preview::cards().map(Reply::open);
    let group = at(Platform::Telegram);
    let silent = stand.heard(private(), no_text, Vec::new());
    let joined = stand.heard(group.clone(), connected, Vec::new());
    let pointed = Scene::pointed(
        "An answer for one person, asked in a group",
        "For `/keystatus` in a Telegram group; the link opens the answer in the asker's private chat.",
        &group,
        silent.wall,
    );
    let when = "Stands in the group; the workspace is named to whoever brought the code alone.";
    let joined = Scene::answered("`/start` with an admin's code in a group", when, &[joined]);
    let when = "A picture or a sticker in the private chat.";
    [joined, pointed, Scene::answered("Nothing to read", when, &[silent])]
}

async fn asked(stand: &Stand) -> anyhow::Result<Vec<Scene>> {
    let wide = |platform| Place { wide: true, ..at(platform) };
    let mut scenes = Vec::new();
    for (name, when, role, places, line) in [
        (
            "`/notify add` where many read",
            "A public chat, one of many members, or a channel that everyone may read.",
            Role::Admin,
            [wide(Platform::Telegram), wide(Platform::Discord)],
            "/notify add",
        ),
        (
            "`/settings`",
            "For admins.",
            Role::Admin,
            [private(), at(Platform::Discord)],
            "/settings",
        ),
        (
            "A role that does not reach",
            "From a viewer: `/ack mm-bot-1`.",
            Role::Viewer,
            [private(), at(Platform::Discord)],
            "/ack mm-bot-1",
        ),
    ] {
        let mut heard = Vec::new();
        for place in places {
            heard.push(stand.asks_as(role, place, line).await?);
        }
        scenes.push(Scene::answered(name, when, &heard));
    }
    Ok(scenes)
}
