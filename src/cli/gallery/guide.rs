//! Guided help: `/fix` from its first question to an end, and the checklist of `/security`.

use super::answers::{alone, asked, desk};
use super::page::Scene;
use super::stand::{Heard, Stand};

/// Presses the button with these words under each answer.
async fn goes_on(stand: &Stand, before: Vec<Heard>, words: &str) -> anyhow::Result<Vec<Heard>> {
    let mut heard = Vec::new();
    for answer in before {
        let found = answer.reply.cards.iter().zip(&answer.buttons).find_map(|(card, ids)| {
            let mut both = card.buttons.iter().zip(ids);
            both.find(|(button, _)| button.label == words).map(|(_, id)| id.clone())
        });
        let Some(id) = found else { anyhow::bail!("no button {words:?}") };
        heard.push(stand.presses_id(answer.place, id.as_str()).await?);
    }
    Ok(heard)
}

/// `/fix` and `/security`.
pub async fn guide() -> anyhow::Result<Vec<Scene>> {
    let stand = desk().await?;
    let mut scenes = Vec::new();
    let heard = asked(&stand, &alone(), "/fix mm-bot-1").await?;
    let when = "The exchange is asked first; what it says needs no question.";
    scenes.push(Scene::answered("`/fix mm-bot-1`", when, &heard));
    let heard = asked(&stand, &alone(), "/fix arb-2").await?;
    scenes.push(Scene::answered("`/fix arb-2`", "A key that works: the bot is asked.", &heard));
    let heard = goes_on(&stand, heard, "Key does not exist (400003)").await?;
    scenes.push(Scene::answered("`/fix`, a second question", "After that answer.", &heard));
    let again = asked(&stand, &alone(), "/fix").await?;
    scenes.push(Scene::answered("`/fix`, once more", "In the middle of it.", &again));
    let heard = goes_on(&stand, heard, "No, another").await?;
    scenes.push(Scene::answered("`/fix`, an end", "Of the bot's two answers.", &heard));
    for (line, when) in [
        ("/security", "The checklist of all keys in short, the gravest first."),
        ("/security arb-2", "The checklist of one key."),
    ] {
        let heard = asked(&stand, &alone(), line).await?;
        scenes.push(Scene::answered(format!("`{line}`"), when, &heard));
    }
    stand.end().await;
    Ok(scenes)
}
