//! The chats of a running bot: who writes and who listens, as the settings name them. A platform
//! that refuses the bot rests; one that is disturbed is said through the others.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::attend::{Attending, Ear, Roll};
use super::failure::Failure;
use super::open::Workshop;
use crate::chat::Messenger;
use crate::chat::{discord, telegram};
use crate::clock::Clock;
use crate::commands::Counter;
use crate::config::Config;
use crate::domain::receiver::Platform;

/// Both halves of every platform that is configured.
pub struct Platforms {
    /// Who writes, by platform.
    pub messengers: BTreeMap<Platform, Arc<dyn Messenger>>,
    /// Endpoints that are not the platforms' own, for `/privacy` and the log.
    pub endpoints: Vec<String>,
    /// Whether any of them is on this machine.
    pub is_test: bool,
    /// Which of them refuse the bot.
    pub roll: Arc<Roll>,
    telegram: Option<telegram::Listener>,
    discord: Option<discord::Listener>,
}

/// What the listeners end in.
pub type Listening = JoinSet<Result<(), String>>;

/// Builds the clients; nothing is asked yet.
pub fn connect(shop: &Workshop) -> Result<Platforms, Failure> {
    let config = &shop.config;
    let mut platforms = Platforms {
        messengers: BTreeMap::new(),
        endpoints: endpoints(config),
        is_test: is_test(config),
        roll: Arc::new(Roll::new(configured(config))),
        telegram: None,
        discord: None,
    };
    if let Some(settings) = discord_settings(config) {
        let (messenger, listener) = discord::connect(&settings, shop.clock.clone())
            .map_err(|error| Failure::Refused(error.to_string()))?;
        platforms.messengers.insert(Platform::Discord, messenger);
        platforms.discord = Some(listener.with_guard(discord::Guard::set(guards_discord(config))));
    }
    if let Some(settings) = telegram_settings(config) {
        let (messenger, listener) =
            telegram::connect(settings).map_err(|error| Failure::Failed(error.to_string()))?;
        platforms.messengers.insert(Platform::Telegram, Arc::new(messenger));
        let guards = config.telegram.as_ref().is_some_and(|telegram| telegram.guard_channels);
        platforms.telegram = Some(listener.with_guard(guards));
    }
    Ok(platforms)
}

/// How Discord is reached, where it is used.
pub fn discord_settings(config: &Config) -> Option<discord::Settings> {
    let settings = config.discord.as_ref()?;
    Some(discord::Settings {
        token: settings.token.clone(),
        api_url: settings.api.url.clone(),
        resolve: settings.resolve,
        ca: settings.ca.clone(),
    })
}

/// Whether messages of Discord's channels are looked through for secrets.
pub fn guards_discord(config: &Config) -> bool {
    config.discord.as_ref().is_some_and(|discord| discord.guard_channels)
}

/// How Telegram is reached, where it is used.
pub fn telegram_settings(config: &Config) -> Option<telegram::Settings> {
    let settings = config.telegram.as_ref()?;
    Some(telegram::Settings {
        token: settings.token.clone(),
        url: settings.api.url.clone().unwrap_or_else(|| telegram::OFFICIAL.to_owned()),
        proxy: None,
        timeouts: telegram::PATIENCE,
    })
}

/// What starts the bot as it is configured.
pub fn start_command(config: &Config) -> &'static str {
    if is_any(config) { "keylapse run" } else { "keylapse run --console" }
}

/// Whether any platform is configured.
pub fn is_any(config: &Config) -> bool {
    configured(config).next().is_some()
}

fn configured(config: &Config) -> impl Iterator<Item = Platform> {
    let discord = config.discord.is_some().then_some(Platform::Discord);
    let telegram = config.telegram.is_some().then_some(Platform::Telegram);
    discord.into_iter().chain(telegram)
}

fn is_test(config: &Config) -> bool {
    let discord = config.discord.as_ref();
    discord.is_some_and(|discord| discord.api.is_test() || discord.resolve.is_some())
        || config.telegram.as_ref().is_some_and(|telegram| telegram.api.is_test())
}

fn endpoints(config: &Config) -> Vec<String> {
    let mut named = Vec::new();
    if let Some(discord) = &config.discord {
        named.extend(discord.api.url.as_ref().filter(|_| discord.api.trusted.is_some()).cloned());
        named.extend(discord.resolve.map(|address| format!("discord.com at {address}")));
    }
    if let Some(telegram) = &config.telegram {
        named.extend(telegram.api.url.as_ref().filter(|_| telegram.api.trusted.is_some()).cloned());
    }
    named
}

impl Platforms {
    /// What keeps Telegram from being heard, as it changes; where Telegram is used.
    pub fn telegram_trouble(&self) -> Option<watch::Receiver<Option<telegram::Trouble>>> {
        self.telegram.as_ref().map(telegram::Listener::trouble)
    }

    /// Lets every platform listen until told to stop.
    pub fn listen(
        self,
        counter: &Arc<Counter>,
        clock: &Arc<dyn Clock>,
        stop: &CancellationToken,
    ) -> Listening {
        if let Some(listener) = &self.telegram {
            watch_trouble(listener.trouble(), Platform::Telegram, (counter, clock), stop);
        }
        let (counter, clock, stop) = (counter.clone(), clock.clone(), stop.clone());
        let attending = Attending { counter, clock, stop, roll: self.roll };
        let mut listening = JoinSet::new();
        let ears = [self.telegram.map(Ear::Telegram), self.discord.map(Ear::Discord)];
        for ear in ears.into_iter().flatten() {
            let attending = attending.clone();
            listening.spawn(async move { attending.listen(ear).await });
        }
        listening
    }
}

/// Says a platform's trouble through the others, and when it is over. What the last run left open
/// is over when the platform is heard.
fn watch_trouble<T: std::fmt::Display + Send + Sync + 'static>(
    mut trouble: watch::Receiver<Option<T>>,
    platform: Platform,
    (counter, clock): (&Arc<Counter>, &Arc<dyn Clock>),
    stop: &CancellationToken,
) {
    let (counter, clock, stop) = (counter.clone(), clock.clone(), stop.clone());
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                changed = trouble.changed() => if changed.is_err() { return },
            }
            let said = trouble.borrow_and_update().as_ref().map(ToString::to_string);
            counter.trouble(platform, said.as_deref(), clock.now()).await;
        }
    });
}
