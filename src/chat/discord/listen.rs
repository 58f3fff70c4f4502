//! The gateway: found by asking, believed only where the settings allow it, kept up by serenity and
//! watched from outside, because serenity tries a dead address for ever and would fall back to the
//! real host where the asking fails.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use serenity::Client;
use serenity::all::{ClientBuilder, CreateAllowedMentions, GatewayError, HttpBuilder};
use serenity::cache::Settings as CacheSettings;
use serenity::gateway::{ConnectionStage, ShardManager};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;
use super::events::Events;
use super::guard::{GUARD_REFUSED, Guard};
use super::members::Members;
use super::menu::Registrar;
use super::wire::{Ask, Outcome, TOKEN_REFUSED, Wire};
use crate::clock::Clock;
use crate::commands::{Counter, Hearing};
use crate::domain::receiver::Platform;
use crate::secret::Secret;

/// Why the listener ends although nobody asked it to, in one sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// 401, or 4004 from the gateway.
    #[error("{}", TOKEN_REFUSED)]
    Token,
    /// 4013 or 4014.
    #[error(
        "Discord refuses what keylapse asks to hear, though it asks for nothing privileged: update keylapse."
    )]
    Intents,
    /// What the gateway would say with 4011.
    #[error(
        "The bot is in more servers than one connection may serve (2,500): run another bot with a token of its own."
    )]
    Servers,
    /// The gateway that was named is none of Discord's, or none on this machine.
    #[error(
        "Discord names a gateway that is not where [discord] api_url says Discord is, so the token was not sent there: check api_url, resolve and ca_file."
    )]
    Gateway,
    /// No client could be built.
    #[error("The HTTPS client for Discord could not be set up on this machine.")]
    Client,
}

/// So many times the patience with a silent gateway, and it is said through other chats.
const LONG: u32 = 3;
/// What is said then.
pub const SILENT: &str = "Discord's gateway does not answer.";
/// With so many servers Discord wants more than one connection; it advises that much earlier.
const MOST_SERVERS: u64 = 2_500;

/// How long things may take, in real time.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How long the gateway may be down before its address is asked for again.
    pub down: Duration,
    /// Between two tries to find it; grows to sixteen times that.
    pub retry: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { down: Duration::from_mins(1), retry: Duration::from_secs(5) }
    }
}

/// The half of the bot that listens.
pub struct Listener {
    token: Secret,
    endpoint: Endpoint,
    wire: Arc<Wire>,
    patience: Patience,
    up: watch::Sender<bool>,
    members: Arc<Members>,
    guard: Guard,
}

/// What asking for the gateway gave.
enum Found {
    At(String),
    Later(Option<Duration>, String),
    Stop(Stopped),
}

/// How a connection ended.
enum Ended {
    Asked,
    Stop(Stopped),
    Again,
}

impl Listener {
    pub(super) fn new(token: Secret, endpoint: Endpoint, wire: Arc<Wire>) -> Self {
        let (patience, up) = (Patience::default(), watch::Sender::new(false));
        let (members, guard) = (Arc::default(), Guard::default());
        Self { token, endpoint, wire, patience, up, members, guard }
    }

    /// The same with another patience.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// The same, looking through ordinary messages too; what it needs is asked for only then.
    #[must_use]
    pub fn with_guard(mut self, guard: Guard) -> Self {
        self.guard = guard;
        self
    }

    /// Whether the gateway is up, as it changes.
    pub fn up(&self) -> watch::Receiver<bool> {
        self.up.subscribe()
    }

    /// Listens until `stop`, or until only a person can help, which the sentence says; it can be
    /// run again then.
    pub async fn run(
        &self,
        counter: Arc<Counter>,
        clock: Arc<dyn Clock>,
        stop: CancellationToken,
    ) -> Result<(), Stopped> {
        if self.guard.is_on() {
            counter.hears(Platform::Discord, Hearing::On);
        }
        let long = self.patience.down * LONG;
        let ended = tokio::select! {
            ended = self.listen((&counter, &clock), &stop) => ended,
            () = tell_of_silence(self.up(), long, (&counter, &clock)) => Ok(()),
        };
        self.up.send_replace(false);
        ended
    }

    async fn listen(
        &self,
        tools: (&Arc<Counter>, &Arc<dyn Clock>),
        stop: &CancellationToken,
    ) -> Result<(), Stopped> {
        let mut tries = 0;
        loop {
            let wait = match self.find().await {
                Found::Stop(why) => return Err(why),
                Found::Later(after, fault) => {
                    tracing::warn!("Discord's gateway was not found, trying again: {fault}");
                    after
                }
                Found::At(url) => match self.serve(url, tools, stop).await? {
                    Ended::Asked => return Ok(()),
                    Ended::Stop(why) => return Err(why),
                    Ended::Again => None,
                },
            };
            self.up.send_replace(false);
            let wait = wait.unwrap_or(self.patience.retry * (1 << tries.min(4)));
            tries += 1;
            if tokio::time::timeout(wait, stop.cancelled()).await.is_ok() {
                return Ok(());
            }
        }
    }

    /// Asks where the gateway is. A failure is a failure: there is no address to fall back to.
    async fn find(&self) -> Found {
        let ask = Ask { method: reqwest::Method::GET, path: "/gateway/bot", route: "GET gateway" };
        let answer = match self.wire.ask(&ask, None::<&serde_json::Value>).await {
            Outcome::Done(answer) => answer,
            // Also where another request met a 401: only our own one is final.
            Outcome::Later { after, fault } => return Found::Later(after, fault),
            Outcome::Unsure(fault) => return Found::Later(None, fault),
            Outcome::Refused { status: 401, .. } => return Found::Stop(Stopped::Token),
            Outcome::Refused { status, .. } => {
                return Found::Later(None, format!("Discord answers {status}"));
            }
        };
        // Beyond its daily number of sessions Discord resets a bot's token.
        let limit = &answer["session_start_limit"];
        if limit["remaining"] == 0 {
            let after = limit["reset_after"].as_u64().map(Duration::from_millis);
            return Found::Later(after, "today's connections are used up".to_owned());
        }
        if answer["shards"].as_u64() > Some(1) && self.is_crowded().await {
            return Found::Stop(Stopped::Servers);
        }
        match answer["url"].as_str() {
            Some(url) if self.endpoint.believes(url) => Found::At(url.to_owned()),
            Some(_) => Found::Stop(Stopped::Gateway),
            None => Found::Later(None, "the answer names no gateway".to_owned()),
        }
    }

    /// Whether one connection may not serve all the bot's servers. That Discord closes it for that
    /// (4011) serenity keeps to itself, and tries again without end or rest.
    async fn is_crowded(&self) -> bool {
        let (method, path) = (reqwest::Method::GET, "/applications/@me");
        let ask = Ask { method, path, route: "GET application" };
        match self.wire.ask(&ask, None::<&serde_json::Value>).await {
            Outcome::Done(app) => {
                app["approximate_guild_count"].as_u64().is_some_and(|count| count >= MOST_SERVERS)
            }
            Outcome::Refused { .. } | Outcome::Later { .. } | Outcome::Unsure(_) => false,
        }
    }

    async fn serve(
        &self,
        gateway: String,
        (counter, clock): (&Arc<Counter>, &Arc<dyn Clock>),
        stop: &CancellationToken,
    ) -> Result<Ended, Stopped> {
        let mut up = self.up();
        let events = Events {
            counter: counter.clone(),
            clock: clock.clone(),
            is_up: self.up.clone(),
            members: self.members.clone(),
            registrar: Registrar::new(self.wire.clone(), stop.clone()),
            wire: self.wire.clone(),
            guard: self.guard.clone(),
        };
        let mut client = self.client(events).await?;
        let (address, shards) = (client.ws_url.clone(), client.shard_manager.clone());
        // Whatever serenity found by itself, or fell back to, it goes where we looked.
        *address.lock().await = gateway;
        let mut running = pin!(client.start());
        let ended = loop {
            tokio::select! {
                done = &mut running => break match done {
                    Ok(()) => Ended::Again,
                    Err(error) if self.gives_way(&error, counter) => Ended::Again,
                    Err(error) => judge(&error),
                },
                () = stop.cancelled() => break Ended::Asked,
                () = watch_stage(&shards, &self.up, self.patience.down / 6) => {}
                () = silence(&mut up, self.patience.down) => match self.find().await {
                    Found::At(url) => {
                        tracing::warn!("Discord's gateway is silent; trying on");
                        *address.lock().await = url;
                    }
                    Found::Later(_, fault) => {
                        tracing::warn!("Discord's gateway is silent: {fault}");
                    }
                    Found::Stop(why) => break Ended::Stop(why),
                },
            }
        };
        // From here on nothing of serenity's that is left over can connect.
        *address.lock().await = String::new();
        let goodbye = async {
            shards.shutdown_all().await;
            // Returns only where a connection stood.
            let _ = (&mut running).await;
        };
        if matches!(ended, Ended::Asked) {
            let _ = tokio::time::timeout(Duration::from_secs(3), goodbye).await;
        }
        Ok(ended)
    }

    /// Discord refuses what only the guard of channels needs (4014): the bot goes on without it.
    fn gives_way(&self, error: &serenity::Error, counter: &Counter) -> bool {
        let is_refused =
            matches!(error, serenity::Error::Gateway(GatewayError::DisallowedGatewayIntents));
        let gives_way = is_refused && self.guard.switch_off();
        if gives_way {
            tracing::error!("{GUARD_REFUSED}");
            counter.hears(Platform::Discord, Hearing::Refused);
        }
        gives_way
    }

    async fn client(&self, events: Events) -> Result<Client, Stopped> {
        let own = self.endpoint.client().map_err(|_| Stopped::Client)?;
        let mut http = HttpBuilder::new(self.token.expose())
            .client(own)
            .default_allowed_mentions(CreateAllowedMentions::new());
        if let Some(url) = self.endpoint.stand_in() {
            // serenity's limiter would go to the real host.
            http = http.proxy(url).ratelimiter_disabled(true);
        }
        let mut cache = CacheSettings::default();
        cache.max_messages = 0;
        cache.cache_users = false;
        ClientBuilder::new_with_http(http.build(), self.guard.intents())
            .cache_settings(cache)
            .event_handler(events)
            .await
            .map_err(|_| Stopped::Client)
    }
}

/// Says through other chats that the gateway has been silent for long, once each time. Never ends
/// while the gateway is listened to.
async fn tell_of_silence(
    mut up: watch::Receiver<bool>,
    long: Duration,
    (counter, clock): (&Arc<Counter>, &Arc<dyn Clock>),
) {
    loop {
        silence(&mut up, long).await;
        counter.trouble(Platform::Discord, Some(SILENT), clock.now()).await;
        if up.wait_for(|is_up| *is_up).await.is_err() {
            return std::future::pending().await;
        }
    }
}

/// Keeps `is_up` true to the stage of the connection. serenity begins it anew after a session that
/// is over, and tells nobody that it is down meanwhile.
async fn watch_stage(shards: &ShardManager, is_up: &watch::Sender<bool>, every: Duration) {
    loop {
        let _ = tokio::time::timeout(every, std::future::pending::<()>()).await;
        let runners = shards.runners.lock().await;
        let now = runners.values().any(|runner| runner.stage == ConnectionStage::Connected);
        is_up.send_if_modified(|known| std::mem::replace(known, now) != now);
    }
}

/// Returns when the gateway has been down for `patience` without a break.
async fn silence(up: &mut watch::Receiver<bool>, patience: Duration) {
    while tokio::time::timeout(patience, up.wait_for(|is_up| *is_up)).await.is_ok() {
        if up.wait_for(|is_up| !is_up).await.is_err() {
            return std::future::pending().await;
        }
    }
}

/// What ends for good; its words go to whoever runs the bot, serenity's own nowhere.
fn judge(error: &serenity::Error) -> Ended {
    let serenity::Error::Gateway(error) = error else { return Ended::Again };
    match error {
        GatewayError::InvalidAuthentication | GatewayError::NoAuthentication => {
            Ended::Stop(Stopped::Token)
        }
        GatewayError::InvalidGatewayIntents | GatewayError::DisallowedGatewayIntents => {
            Ended::Stop(Stopped::Intents)
        }
        _ => Ended::Again,
    }
}
