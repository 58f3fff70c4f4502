//! What people wait for, through the real adapters against the strict fakes of the tests on
//! loopback: `/keystatus` from the update to the answer on both platforms, beside a bare round trip
//! to the same fake; a thousand keys refused at once; and the memory of the program at rest with
//! both platforms connected. Time of the bot is stepped, so that its own pace is not waited for.
//!
//! `cargo bench --bench answers`, or `cargo bench --bench answers -- ANSWERS KEYS`.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

#[path = "../tests/it/fakes/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests use more of it")]
mod fakes;
#[path = "answers/memory.rs"]
mod memory;
#[path = "answers/storm.rs"]
mod storm;
#[path = "../tests/it/stories/telegram/world.rs"]
#[expect(dead_code, reason = "the stories use more of it")]
mod telegram;
#[path = "../tests/it/stories/discord/town.rs"]
mod town;
#[path = "../tests/it/world/mod.rs"]
#[expect(dead_code, reason = "the stories use more of it")]
mod world;

#[path = "../tests/it/stories/discord/world.rs"]
#[expect(dead_code, unused_imports, reason = "the stories use more of it")]
mod discord;

/// Where the world looks for them.
mod stories {
    pub mod discord {
        pub(crate) use crate::discord as world;
        pub(crate) use crate::town;
    }
}

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use keylapse::http_client::{self, Reach, Timeouts};
use serde_json::json;
use town::{TRADER, in_server};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // cargo adds `--bench`.
    let mut figures = std::env::args().skip(1).filter_map(|word| word.parse::<usize>().ok());
    let (answers, keys) = (figures.next().unwrap_or(300), figures.next().unwrap_or(1_000));
    println!("/keystatus of 20 keys, from the update to the answer, {answers} times each:");
    on_telegram(answers).await?;
    on_discord(answers).await?;
    println!("{keys} keys refused at one instant, checked every 5 minutes:");
    storm::on_telegram(keys).await?;
    storm::on_discord(keys).await?;
    memory::at_rest().await
}

async fn on_telegram(answers: usize) -> anyhow::Result<()> {
    let world = telegram::World::new("bench").await.ready().await;
    for n in 0..20 {
        world.watch(&format!("bot-{n}")).await;
    }
    let bo = telegram::BO;
    let url = format!("{}/bot{}/getMe", world.fake.url(), fakes::telegram::TOKEN);
    let (mut bare, mut whole) = (Vec::new(), Vec::new());
    for _ in 0..answers {
        bare.push(round_trip(&url, None).await?);
        let begun = Instant::now();
        let update = world.fake.writes(bo, bo.id, "/keystatus");
        world.fake.until("the answer", |fake| !fake.unread().is_empty()).await;
        whole.push(begun.elapsed());
        anyhow::ensure!(world.fake.read(bo.id).is_some_and(|shown| shown.text.contains("20 fine")));
        world.served(update).await;
    }
    say("Telegram", whole, bare);
    world.end().await;
    Ok(())
}

async fn on_discord(answers: usize) -> anyhow::Result<()> {
    let world = discord::World::new().await;
    for n in 0..20 {
        world.watch(&format!("bot-{n}")).await;
    }
    let url = format!("{}/api/v10/users/@me", world.fake.url());
    let (mut bare, mut whole) = (Vec::new(), Vec::new());
    for _ in 0..answers {
        bare.push(round_trip(&url, Some(fakes::discord::TOKEN)).await?);
        let begun = Instant::now();
        let data = json!({"id": "5", "name": "keystatus", "type": 1, "options": []});
        let asked = world.fake.interact(2, (TRADER, in_server()), data, None);
        let talk = world.fake.answer(asked).await;
        whole.push(begun.elapsed());
        let shown = talk.shown.unwrap_or_default();
        anyhow::ensure!(discord::text(&shown).contains("20 fine"), "{shown}");
        // A person has twenty commands a minute.
        world.pass(TimeDelta::seconds(7)).await;
    }
    say("Discord", whole, bare);
    autocomplete(&world, answers).await?;
    world.end("bench").await;
    Ok(())
}

/// What a form offers while somebody types, which Discord asks for at each letter.
async fn autocomplete(world: &discord::World, times: usize) -> anyhow::Result<()> {
    let mut whole = Vec::new();
    for n in 0..times {
        let typed = ["", "b", "bo", "bot-1"][n % 4];
        let typing = json!({"name": "key", "type": 3, "value": typed, "focused": true});
        let data = json!({"id": "5", "name": "keystatus", "type": 1, "options": [typing]});
        let begun = Instant::now();
        let asked = world.fake.interact(4, (TRADER, in_server()), data, None);
        let talk = world.fake.answer(asked).await;
        whole.push(begun.elapsed());
        let offered = talk.choices.as_ref().and_then(|all| all.as_array()).map_or(0, Vec::len);
        anyhow::ensure!(offered > 0, "nothing is offered for {typed:?}");
        world.pass(TimeDelta::seconds(1)).await;
    }
    line("Discord", "autocomplete", whole);
    Ok(())
}

/// One question to the fake over a connection of its own, as every client builds it.
async fn round_trip(url: &str, token: Option<&str>) -> anyhow::Result<Duration> {
    static CLIENT: std::sync::OnceLock<reqwest::Client> = std::sync::OnceLock::new();
    let client = CLIENT.get_or_init(|| {
        http_client::build(Reach::Loopback, Timeouts::default(), None).expect("a client")
    });
    let mut request = client.get(url).header("user-agent", "DiscordBot (keylapse, bench)");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bot {token}"));
    }
    let begun = Instant::now();
    let answer = request.send().await?;
    anyhow::ensure!(answer.status().is_success(), "{}", answer.status());
    answer.bytes().await?;
    Ok(begun.elapsed())
}

fn say(platform: &str, whole: Vec<Duration>, bare: Vec<Duration>) {
    line(platform, "answer", whole);
    line(platform, "bare round trip", bare);
}

fn line(platform: &str, what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |percent: usize| {
        let n = (times.len() * percent).div_ceil(100).clamp(1, times.len());
        times[n - 1].as_secs_f64() * 1_000.0
    };
    let (half, most, all) = (at(50), at(95), at(99));
    println!(
        "  {platform:<9} {what:<16} p50 {half:>7.2} ms  p95 {most:>7.2} ms  p99 {all:>7.2} ms"
    );
}
