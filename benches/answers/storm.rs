//! Many keys refused at one instant: how many messages that is, and how long the last of them has
//! waited when it is told, in the bot's own time.

use chrono::{DateTime, TimeDelta, Utc};
use keylapse::cli::demo::stage::Stage;
use keylapse::clock::Clock;

use crate::{discord, telegram, town};

/// How closely time is looked at.
const STEP: TimeDelta = TimeDelta::seconds(1);
/// What Telegram allows in a group, and what Discord's limiter allows in all.
const TELEGRAM_A_MINUTE: usize = 20;
const DISCORD_A_MINUTE: usize = 50 * 60;

/// A storm in a Telegram group.
pub async fn on_telegram(keys: usize) -> anyhow::Result<()> {
    let world = telegram::World::new("storm").await.ready().await;
    for n in 0..keys {
        world.watch(&format!("bot-{n}")).await;
    }
    let before = world.fake.count("sendMessage");
    let count = || world.fake.count("sendMessage") - before;
    let told = wait(&world.stage, keys, count).await?;
    let offences = world.fake.offences();
    anyhow::ensure!(offences.is_empty(), "{offences:?}");
    say("Telegram group", &told, TELEGRAM_A_MINUTE);
    Ok(())
}

/// A storm in a Discord channel.
pub async fn on_discord(keys: usize) -> anyhow::Result<()> {
    let world = discord::World::new().await;
    for n in 0..keys {
        world.watch(&format!("bot-{n}")).await;
    }
    let count = || world.fake.state().channels[&town::KEYS].messages.len();
    let told = wait(&world.stage, keys, count).await?;
    let complaints = world.fake.state().complaints.clone();
    anyhow::ensure!(complaints.is_empty(), "{complaints:?}");
    say("Discord channel", &told, DISCORD_A_MINUTE);
    Ok(())
}

struct Told {
    /// When the first alert was open, when the last, and when nothing was owed any more.
    first: DateTime<Utc>,
    last: DateTime<Utc>,
    drained: DateTime<Utc>,
    /// When each message was there, to the second.
    sent: Vec<DateTime<Utc>>,
}

/// Revokes every key and lets time pass until all of that is told.
async fn wait(stage: &Stage, keys: usize, count: impl Fn() -> usize) -> anyhow::Result<Told> {
    for n in 0..keys {
        stage.simulator.edit(&format!("bot-{n}"), |key| key.revoked = true);
    }
    let keys = i64::try_from(keys)?;
    let (begun, mut first, mut last) = (stage.clock.now(), None, None);
    let mut sent = Vec::new();
    loop {
        stage.clock.advance(STEP).await;
        stage.clock.settle().await;
        let now = stage.clock.now();
        sent.resize(count(), now);
        let open = stage.store.counts(now).await?.open_alerts;
        let open: i64 = open.iter().map(|(_, n)| n).sum();
        if open > 0 {
            first.get_or_insert(now);
        }
        if open == keys {
            last.get_or_insert(now);
        }
        if let (Some(first), Some(last)) = (first, last)
            && stage
                .store
                .next_delivery(now)
                .await?
                .is_none_or(|next| next > now + TimeDelta::minutes(2))
        {
            return Ok(Told { first, last, drained: now, sent });
        }
        anyhow::ensure!(now - begun < TimeDelta::hours(2), "{open} of {keys} are open");
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn say(place: &str, told: &Told, a_minute: usize) {
    let Told { first, last, drained, sent } = told;
    let within = |from: DateTime<Utc>| {
        sent.iter().filter(|at| **at >= from && **at < from + TimeDelta::minutes(1)).count()
    };
    let busiest = sent.iter().map(|at| within(*at)).max().unwrap_or(0);
    let took = (*drained - *first).num_seconds().max(1);
    let least = sent.len() as f64 * 60.0 / a_minute as f64;
    println!(
        "  {place:<15} {} messages, busiest minute {busiest} of {a_minute} allowed; found over {} s, all told {} s after the last was found; \
         {took} s in all, {:.2} times what the platform's limit needs for as many",
        sent.len(),
        (*last - *first).num_seconds(),
        (*drained - *last).num_seconds(),
        took as f64 / least,
    );
}
