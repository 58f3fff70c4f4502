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
    revoke(&world.stage, keys);
    let told = wait(&world.stage, keys).await?;
    let sent: Vec<DateTime<Utc>> = world
        .fake
        .requests()
        .iter()
        .filter(|one| one.method == "sendMessage" && one.status == 200 && one.at <= told.drained)
        .map(|one| one.at)
        .collect();
    let offences = world.fake.offences();
    anyhow::ensure!(offences.is_empty(), "{offences:?}");
    say("Telegram group", &sent, &told, TELEGRAM_A_MINUTE);
    Ok(())
}

/// A storm in a Discord channel. The fake keeps no instants, so the messages are counted.
pub async fn on_discord(keys: usize) -> anyhow::Result<()> {
    let world = discord::World::new().await;
    for n in 0..keys {
        world.watch(&format!("bot-{n}")).await;
    }
    revoke(&world.stage, keys);
    let told = wait(&world.stage, keys).await?;
    let complaints = world.fake.state().complaints.clone();
    anyhow::ensure!(complaints.is_empty(), "{complaints:?}");
    let count = world.fake.state().channels[&town::KEYS].messages.len();
    // All of them as if in one minute: more than there can have been.
    say("Discord channel", &vec![told.drained; count], &told, DISCORD_A_MINUTE);
    Ok(())
}

struct Told {
    /// When the first alert was open, when the last, and when nothing was owed any more.
    first: DateTime<Utc>,
    last: DateTime<Utc>,
    drained: DateTime<Utc>,
}

fn revoke(stage: &Stage, keys: usize) {
    for n in 0..keys {
        stage.simulator.edit(&format!("bot-{n}"), |key| key.revoked = true);
    }
}

async fn wait(stage: &Stage, keys: usize) -> anyhow::Result<Told> {
    let keys = i64::try_from(keys)?;
    let (begun, mut first, mut last) = (stage.clock.now(), None, None);
    loop {
        stage.clock.advance(STEP).await;
        stage.clock.settle().await;
        let now = stage.clock.now();
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
            return Ok(Told { first, last, drained: now });
        }
        anyhow::ensure!(now - begun < TimeDelta::hours(2), "{open} of {keys} are open");
    }
}

fn say(place: &str, sent: &[DateTime<Utc>], told: &Told, a_minute: usize) {
    let within = |from: DateTime<Utc>| {
        sent.iter().filter(|at| **at >= from && **at < from + TimeDelta::minutes(1)).count()
    };
    let busiest = sent.iter().map(|at| within(*at)).max().unwrap_or(0);
    println!(
        "  {place:<15} {} messages; found over {} s; the last waited {} s; busiest minute {busiest} of {a_minute} allowed",
        sent.len(),
        (told.last - told.first).num_seconds(),
        (told.drained - told.last).num_seconds(),
    );
}
