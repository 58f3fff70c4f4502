//! Checks a second through the whole pipeline (claim, open the sealed secrets, ask, judge, commit
//! to a file) beside a bare loop that asks the same questions with the same client and keeps
//! nothing. Rounds take turns in one run, so that a noisy machine disturbs both alike.
//!
//! `cargo bench --bench checks`, or `cargo bench --bench checks -- KEYS ROUNDS`.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use keylapse::cli::demo::stage::{Setting, Stage, Told};
use keylapse::clock::Clock;
use keylapse::domain::evidence::Outcome;
use keylapse::domain::facts::Site;
use keylapse::exchange::simulator::SimKey;
use keylapse::ids::Ids;
use keylapse::store::Store;
use keylapse::tasks::Rhythm;
use keylapse::tasks::check::Checks;
use tokio::sync::broadcast;
use tokio::task::JoinSet;

/// As many at once as the pipeline asks in one batch.
const AT_ONCE: usize = 16;
/// Longer than the interval, so that each key is due once a round.
const ROUND: TimeDelta = TimeDelta::minutes(5);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // cargo adds `--bench`.
    let mut figures = std::env::args().skip(1).filter_map(|word| word.parse::<usize>().ok());
    let (keys, rounds) = (figures.next().unwrap_or(500), figures.next().unwrap_or(9));
    let folder = tempfile::tempdir()?;
    let bench = Bench::set(keys, &folder.path().join("ledger.db")).await?;
    // One round of each to open connections and fill caches.
    bench.bare().await?;
    bench.pipeline().await?;
    let (mut bare, mut whole) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        bare.push(bench.bare().await?);
        whole.push(bench.pipeline().await?);
    }
    let (bare, whole) = (median(bare), median(whole));
    let each = |time: Duration| keys as f64 / time.as_secs_f64();
    println!("{keys} keys, {AT_ONCE} at once, median of {rounds} rounds");
    println!("bare loop with the same client  {:>7.0} checks/s", each(bare));
    println!("whole pipeline, SQLite file     {:>7.0} checks/s", each(whole));
    println!("the pipeline takes {:.2} times as long", whole.as_secs_f64() / bare.as_secs_f64());
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

struct Bench {
    stage: Stage,
    keys: Vec<SimKey>,
    checks: Arc<Checks>,
}

impl Bench {
    async fn set(keys: usize, file: &std::path::Path) -> anyhow::Result<Self> {
        let ids = Arc::new(Ids::seeded());
        let url = format!("sqlite://{}?mode=rwc", file.display());
        let store = Store::connect(&url, ids.clone()).await?;
        store.migrate().await?;
        let setting = Setting {
            start: "2027-01-04T10:00:00Z".parse()?,
            zone: chrono_tz::Tz::UTC,
            receivers: vec!["desk"],
            check: "every 5 min",
            mark: None,
        };
        let stage = Stage::set(setting, store, ids).await?;
        let keys: Vec<SimKey> = (0..keys).map(|n| SimKey::made_up(&format!("bot-{n}"))).collect();
        for key in &keys {
            stage.simulator.add_key(key.clone());
            stage.watch(key, Told::default()).await?;
        }
        let checks = Arc::new(Checks {
            store: stage.store.clone(),
            prober: stage.prober.clone(),
            schedule: stage.schedule.clone(),
            policy: stage.policy.clone(),
            clock: Arc::new(stage.clock.clone()),
            rhythm: Rhythm::ALONE,
            looked: broadcast::channel(1).0,
            courier: stage.clock.alarm().bell(),
            done_at: Arc::default(),
            doubt: Mutex::default(),
        });
        Ok(Self { stage, keys, checks })
    }

    /// Every key once, through the checking task.
    async fn pipeline(&self) -> anyhow::Result<Duration> {
        self.stage.clock.advance(ROUND).await;
        let before = self.stage.simulator.count();
        let begun = Instant::now();
        while self.checks.tick().await? {}
        let took = begun.elapsed();
        let asked = self.stage.simulator.count() - before;
        // The time of the exchange is asked now and then as well.
        anyhow::ensure!(asked >= self.keys.len() as u64, "only {asked} keys were due");
        Ok(took)
    }

    /// Every key once, by the client alone.
    async fn bare(&self) -> anyhow::Result<Duration> {
        self.stage.clock.advance(ROUND).await;
        let begun = Instant::now();
        for batch in self.keys.chunks(AT_ONCE) {
            let mut asks = JoinSet::new();
            for key in batch {
                let (prober, secrets) = (self.stage.prober.clone(), key.secrets());
                asks.spawn(async move {
                    let client = prober.client(Site::Global)?;
                    Some(client.probe(&secrets, None).await.outcome)
                });
            }
            while let Some(outcome) = asks.join_next().await {
                anyhow::ensure!(matches!(outcome?, Some(Outcome::Good(_))), "a key was refused");
            }
        }
        Ok(begun.elapsed())
    }
}
