//! A platform's listener, kept up. A platform that refuses the bot rests and is tried again at
//! growing distances, while checks and the other platforms go on. Only where nobody was ever heard
//! and every platform refuses does the bot end: it must not look alive then.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::TimeDelta;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::chat::{discord, telegram};
use crate::clock::{self, Clock};
use crate::commands::Counter;
use crate::domain::receiver::Platform;

/// The longest rest between two tries.
const LONGEST: TimeDelta = TimeDelta::minutes(15);
/// What the log says of a rest.
const AGAIN: &str =
    "It is tried again by itself, at last every 15 minutes; everything else goes on.";

/// One platform's listener.
pub enum Ear {
    /// Telegram's.
    Telegram(telegram::Listener),
    /// Discord's.
    Discord(discord::Listener),
}

impl Ear {
    fn platform(&self) -> Platform {
        match self {
            Self::Telegram(_) => Platform::Telegram,
            Self::Discord(_) => Platform::Discord,
        }
    }

    fn up(&self) -> watch::Receiver<bool> {
        match self {
            Self::Telegram(listener) => listener.up(),
            Self::Discord(listener) => listener.up(),
        }
    }

    async fn hear(&self, with: &Attending) -> Result<(), String> {
        let (counter, clock, stop) = (with.counter.clone(), with.clock.clone(), with.stop.clone());
        match self {
            Self::Telegram(listener) => {
                listener.run(counter, clock, stop).await.map_err(|why| why.to_string())
            }
            Self::Discord(listener) => {
                listener.run(counter, clock, stop).await.map_err(|why| why.to_string())
            }
        }
    }
}

/// Which platforms rest, and why; one for the whole bot.
pub struct Roll {
    configured: BTreeSet<Platform>,
    resting: watch::Sender<BTreeMap<Platform, String>>,
    /// Whether any platform was ever heard.
    has_run: AtomicBool,
}

impl Roll {
    /// Nothing is known yet of these.
    pub fn new(configured: impl IntoIterator<Item = Platform>) -> Self {
        let (resting, has_run) = (watch::Sender::default(), AtomicBool::new(false));
        Self { configured: configured.into_iter().collect(), resting, has_run }
    }

    /// The platforms that rest, each with its sentence, as they change.
    pub fn resting(&self) -> watch::Receiver<BTreeMap<Platform, String>> {
        self.resting.subscribe()
    }

    /// A platform is heard.
    pub fn heard(&self, platform: Platform) {
        self.has_run.store(true, Ordering::Relaxed);
        self.resting.send_if_modified(|resting| resting.remove(&platform).is_some());
    }

    /// A platform refuses the bot. `Some` ends the bot, with the sentence of every platform.
    pub fn refused(&self, platform: Platform, why: &str) -> Option<String> {
        self.resting.send_modify(|resting| drop(resting.insert(platform, why.to_owned())));
        let resting = self.resting.borrow();
        let is_alive = self.has_run.load(Ordering::Relaxed)
            || self.configured.iter().any(|one| !resting.contains_key(one));
        (!is_alive).then(|| resting.values().map(String::as_str).collect::<Vec<_>>().join(" "))
    }
}

/// What a listener is kept up with.
#[derive(Clone)]
pub struct Attending {
    /// Where people come.
    pub counter: Arc<Counter>,
    /// The clock of the rests.
    pub clock: Arc<dyn Clock>,
    /// When to stop.
    pub stop: CancellationToken,
    /// Who rests.
    pub roll: Arc<Roll>,
}

impl Attending {
    /// Listens until told to stop. The error ends the bot and is its last word.
    pub async fn listen(&self, ear: Ear) -> Result<(), String> {
        let (platform, mut times) = (ear.platform(), 0);
        loop {
            let Err(why) = self.once(&ear, &mut times).await else { return Ok(()) };
            if let Some(last_word) = self.roll.refused(platform, &why) {
                return Err(last_word);
            }
            if times == 0 {
                tracing::error!("{why} {AGAIN}");
            }
            self.counter.trouble(platform, Some(&why), self.clock.now()).await;
            if !clock::pass(&*self.clock, distance(times), &self.stop).await {
                return Ok(());
            }
            times += 1;
        }
    }

    /// Once the platform is heard, everything is forgotten that was said against it.
    async fn once(&self, ear: &Ear, times: &mut u32) -> Result<(), String> {
        let (platform, mut up) = (ear.platform(), ear.up());
        let mut hearing = pin!(ear.hear(self));
        tokio::select! {
            biased;
            ended = &mut hearing => return ended,
            Ok(_) = up.wait_for(|is_up| *is_up) => {}
        }
        self.roll.heard(platform);
        if std::mem::take(times) > 0 {
            tracing::info!("{} takes the bot again", platform.name());
        }
        self.counter.trouble(platform, None, self.clock.now()).await;
        hearing.await
    }
}

/// How long a platform rests that was tried in vain so often before.
fn distance(times: u32) -> TimeDelta {
    TimeDelta::minutes(1 << times.min(4)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Platform::{Discord, Telegram};

    #[test]
    fn the_bot_ends_only_where_every_platform_refuses_it_and_none_was_ever_heard() {
        let alone = Roll::new([Discord]);
        assert_eq!(alone.refused(Discord, "No.").as_deref(), Some("No."));

        let both = Roll::new([Discord, Telegram]);
        assert_eq!(both.refused(Discord, "No."), None, "Telegram may come up yet");
        assert_eq!(both.refused(Telegram, "Nor I.").as_deref(), Some("No. Nor I."));

        let once = Roll::new([Discord]);
        once.heard(Discord);
        assert_eq!(once.refused(Discord, "No."), None, "it has run");
        assert_eq!(once.resting().borrow().get(&Discord).map(String::as_str), Some("No."));
        once.heard(Discord);
        assert!(once.resting().borrow().is_empty());
    }

    #[test]
    fn a_refused_platform_is_tried_after_a_minute_and_at_last_every_quarter_of_an_hour() {
        let minutes: Vec<i64> = (0..7).map(|times| distance(times).num_minutes()).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 15, 15, 15]);
    }
}
