//! What is told of everything but the keys: faults that keep this monitor from seeing, and the bot's
//! own troubles and tests.

use super::page::Scene;
use super::scenes::{KEY, Scenes, WATCHED, on, one};
use super::stand::{BO, Stand, at};
use crate::chat::{discord, telegram};
use crate::clock::Clock;
use crate::domain::receiver::Platform;
use crate::exchange::simulator::Weather;

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

/// What the bot has to say of itself.
pub async fn own() -> Scenes {
    let mut scenes = Vec::new();
    for (name, platform, why) in [
        (
            "A receiver is lost",
            Platform::Telegram,
            "the bot was removed from that chat; add it there again",
        ),
        (
            "A channel cannot be written",
            Platform::Discord,
            "I cannot write in #keys: give my role View Channel and Send Messages there",
        ),
    ] {
        let stand = one("").await?;
        stand.counter.lost(platform, &at(platform).chat, why).await;
        let shots = stand.until("gets no warnings", false).await?;
        scenes.push(Scene::told(name, "Told through the ones that work.", &shots));
        stand.end().await;
    }
    let silent = discord::SILENT.to_owned();
    let poller = telegram::Trouble::SecondPoller.to_string();
    let webhook = telegram::Trouble::Webhook.to_string();
    for (name, platform, why) in [
        ("Discord is disturbed", Platform::Discord, silent),
        ("Telegram is disturbed", Platform::Telegram, poller),
        ("Telegram gives the bot's updates to a webhook", Platform::Telegram, webhook),
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
    let (mut taking, mut reading) = (Vec::new(), Vec::new());
    for platform in [Platform::Telegram, Platform::Discord] {
        let shot = on(&shots, platform)?;
        taking.push(stand.presses(shot, "Seen").await?);
        reading.push(stand.presses_as(BO, shot, "Seen").await?);
    }
    scenes.push(Scene::answered("The answer to [Seen]", "To whoever pressed.", &taking));
    let when = "To whoever may read here and not act.";
    scenes.push(Scene::answered("The answer to [Seen], for a viewer", when, &reading));
    let shots = stand.until("Test by", true).await?;
    scenes.push(Scene::told("A test that was seen", "The message itself, after that.", &shots));
    stand.end().await;
    Ok(scenes)
}
