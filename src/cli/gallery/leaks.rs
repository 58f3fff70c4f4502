//! A leaked key: the order, the word of a person, and how the watch ends.

use anyhow::Context as _;
use chrono::TimeDelta;

use super::page::Scene;
use super::scenes::{Scenes, one};
use super::stand::{Heard, Stand, at, private};
use crate::commands::{Place, Role};
use crate::domain::receiver::Platform;

/// Where one is answered alone.
fn alone() -> [Place; 3] {
    [private(), at(Platform::Discord), at(Platform::Console)]
}

async fn asked(stand: &Stand, role: Role, line: &str) -> anyhow::Result<Vec<Heard>> {
    let mut heard = Vec::new();
    for place in alone() {
        heard.push(stand.asks_as(role, place, line).await?);
    }
    Ok(heard)
}

/// Presses what stands under an answer.
async fn presses(stand: &Stand, answer: &Heard, words: &str) -> anyhow::Result<Heard> {
    let cards = answer.reply.cards.iter().zip(&answer.buttons);
    let mut buttons = cards.flat_map(|(card, ids)| card.buttons.iter().zip(ids));
    let found = buttons.find(|(button, _)| button.label == words);
    let (_, id) = found.with_context(|| format!("no button {words:?}"))?;
    stand.presses_id(answer.place.clone(), id.as_str()).await
}

/// Called leaked, deleted, refused; and a word that is taken back.
pub async fn leaked() -> Scenes {
    let stand = one("at +20m revoke mm-bot-1").await?;
    stand.pass(TimeDelta::minutes(6)).await;
    let mut scenes = Vec::new();
    let heard = asked(&stand, Role::Anyone, "/leaked").await?;
    let when = "For whoever may see no key: no fact of the workspace.";
    scenes.push(Scene::answered("`/leaked`, for anyone", when, &heard));
    let heard = asked(&stand, Role::Admin, "/leaked").await?;
    let when = "For whoever may see keys; with several keys, a choice comes first.";
    scenes.push(Scene::answered("`/leaked`", when, &heard));
    let pressed = presses(&stand, &heard[0], "Watch until it is refused").await?;
    let shots = stand.until("still takes it", false).await?;
    let when = "For the presser's eyes only; an operator may.";
    scenes.push(Scene::answered("The answer to [Watch until it is refused]", when, &[pressed]));
    let when = "Told to everybody at the press; the key is asked every minute from now on.";
    scenes.push(Scene::told("Called leaked", when, &shots));
    let shots = stand.until("KuCoin refuses", false).await?;
    let when = "400003 twice in a row: it is dead. The refusal itself is told no second time.";
    scenes.push(Scene::told("The leaked key is refused", when, &shots));
    let heard = asked(&stand, Role::Viewer, "/keystatus").await?;
    scenes.push(Scene::answered("`/keystatus`, after that", "A dead key is never fine.", &heard));
    stand.end().await;
    let stand = one("").await?;
    let heard = stand.asks(private(), "/leaked").await?;
    presses(&stand, &heard, "Watch until it is refused").await?;
    let heard = stand.asks(private(), "/leaked").await?;
    let when = "While it is watched; the false alarm stands here and not under the warning.";
    let off = presses(&stand, &heard, "Not leaked after all").await?;
    scenes.push(Scene::answered("`/leaked` again", when, &[heard]));
    scenes.push(Scene::answered(
        "The answer to [Not leaked after all]",
        "An operator may.",
        &[off],
    ));
    let shots = stand.until("not leaked after all", false).await?;
    scenes.push(Scene::told(
        "A false alarm",
        "Told to everybody who was told of the leak.",
        &shots,
    ));
    stand.end().await;
    Ok(scenes)
}
