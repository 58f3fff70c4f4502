//! A Discord on loopback: REST and gateway with state. What breaks a rule is refused as the real
//! one refuses it, and kept as a complaint that ends the story that caused it.

mod gateway;
mod rest;
pub mod rules;
mod schema;
mod state;
mod tls;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State as Shared, WebSocketUpgrade};
use axum::response::IntoResponse;
use axum::routing::any;
use axum::serve::ListenerExt;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::Instant;

use state::user;
pub use state::{APP, Access, Asked, Channel, Guild, NEEDED, Push, State, TOKEN, Talk, Trouble};
pub use tls::{Front, front, fronts};

/// A running fake.
pub struct Fake {
    state: Mutex<State>,
    changed: Notify,
    address: SocketAddr,
    heartbeat: u64,
    seq: AtomicU64,
}

/// The longest that a story waits for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where somebody speaks.
#[derive(Clone, Copy)]
pub struct Spot {
    pub guild: Option<u64>,
    pub channel: u64,
    /// Whether the server has the bot, or a person brought it along.
    pub installed: bool,
}

impl Fake {
    pub async fn start() -> Arc<Self> {
        Self::beating(gateway::HEARTBEAT).await
    }

    /// The same with another time between heartbeats, in milliseconds.
    pub async fn beating(heartbeat: u64) -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (state, changed, seq) = (Mutex::default(), Notify::new(), AtomicU64::new(0));
        let fake = Arc::new(Self { state, changed, address, heartbeat, seq });
        let app = Router::new()
            .route("/ws", any(socket))
            .route("/ws/", any(socket))
            .fallback(rest_of)
            .with_state(fake.clone());
        // Without it every answer is 40 ms late.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        tokio::spawn(async move { axum::serve(listener, app).await });
        fake
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn gateway_url(&self) -> String {
        format!("ws://{}/ws", self.address)
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An event with its number, kept for who resumes.
    fn record(&self, name: &'static str, data: &Value) -> Value {
        let seq = self.seq.fetch_add(1, Ordering::Relaxed) + 1;
        self.state().events.push((seq, name, data.clone()));
        json!({"op": 0, "s": seq, "t": name, "d": data})
    }

    /// Tells the bot; what nobody hears is kept for who resumes.
    pub fn tell(&self, name: &'static str, data: Value) {
        let order = Push::Event(name, data);
        let socket = self.state().sockets.last().cloned();
        let unheard = match socket {
            Some(socket) => socket.send(order).err().map(|back| back.0),
            None => Some(order),
        };
        if let Some(Push::Event(name, data)) = unheard {
            self.record(name, &data);
        }
    }

    /// Does something to the open gateway, which is then no longer open.
    pub fn end_gateway(&self, orders: Vec<Push>) {
        let sockets = std::mem::take(&mut self.state().sockets);
        if let Some(socket) = sockets.last() {
            for order in orders {
                let _ = socket.send(order);
            }
        }
    }

    /// Waits until `is_so`.
    pub async fn until(&self, what: &str, is_so: impl Fn(&State) -> bool) {
        let waiting = async {
            loop {
                let changed = self.changed.notified();
                if is_so(&self.state()) {
                    return;
                }
                // Some changes ring no bell.
                let _ = tokio::time::timeout(Duration::from_millis(20), changed).await;
            }
        };
        let done = tokio::time::timeout(PATIENCE, waiting).await;
        let complaints = self.state().complaints.clone();
        assert!(
            done.is_ok(),
            "waited in vain until {what}; asked: {:#?}; complaints: {complaints:#?}",
            self.last_asked()
        );
    }

    fn last_asked(&self) -> Vec<String> {
        let state = self.state();
        let asked = state.asked.iter().rev().take(8);
        asked.map(|one| format!("{} {} -> {}", one.method, one.path, one.status)).collect()
    }

    /// Somebody writes in a channel; the message's number. The bot hears what it has asked to hear.
    pub fn writes(&self, (person, spot): (u64, Spot), text: &str) -> u64 {
        let (id, event) = {
            let mut state = self.state();
            let message = state.written(person, spot.channel, text);
            let id: u64 = message["id"].as_str().unwrap().parse().unwrap();
            state.channels.get_mut(&spot.channel).unwrap().said.insert(id, message.clone());
            let mut event = message;
            event["guild_id"] = spot.guild.expect("a server").to_string().into();
            if state.intents & gateway::CONTENT == 0 {
                event["content"] = "".into();
            }
            (id, (state.intents & gateway::MESSAGES != 0).then_some(event))
        };
        if let Some(event) = event {
            self.tell("MESSAGE_CREATE", event);
        }
        id
    }

    /// Whether what somebody wrote is still there.
    pub fn stands(&self, channel: u64, message: u64) -> bool {
        self.state().channels[&channel].said.contains_key(&message)
    }

    /// A person does something; the interaction's number.
    pub fn interact(
        &self,
        kind: u64,
        (person, spot): (u64, Spot),
        data: Value,
        message: Option<Value>,
    ) -> u64 {
        let mut event = self.event(kind, (person, spot), data);
        if let Some(message) = message {
            event["message"] = message;
        }
        let id = event["id"].as_str().unwrap().parse().unwrap();
        self.tell("INTERACTION_CREATE", event);
        id
    }

    /// The same as the gateway would tell it; a story can still change it.
    pub fn event(&self, kind: u64, (person, spot): (u64, Spot), data: Value) -> Value {
        let mut state = self.state();
        let id = state.next_id();
        let token = format!("interaction-token-{id}-of-nobody");
        let talk = Talk {
            token: token.clone(),
            made: Instant::now(),
            first_word_after: None,
            kind: None,
            ephemeral: false,
            shown: None,
            choices: None,
        };
        state.talks.insert(id, talk);
        event(&state, (id, &token, kind), (person, spot), data)
    }

    /// What was answered to an interaction in the end.
    pub async fn answer(&self, id: u64) -> Talk {
        let is_done = |talk: &Talk| talk.kind.is_some_and(|kind| kind != 5 || talk.shown.is_some());
        self.until("an interaction is answered", |state| is_done(&state.talks[&id])).await;
        self.state().talks[&id].clone()
    }

    /// Writes the requests as a capture, one JSON object a line.
    pub fn write_capture(&self, path: &Path) {
        std::fs::create_dir_all(path.parent().expect("a folder")).unwrap();
        let line = |asked: &Asked| {
            let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
            let query: BTreeMap<&str, &str> =
                query.split('&').filter_map(|part| part.split_once('=')).collect();
            let headers = json!({"user-agent": asked.agent, "authorization": asked.authorization});
            json!({"platform": "discord", "method": asked.method, "path": path, "query": query,
                "headers": headers, "body": asked.body, "status": asked.status})
            .to_string()
        };
        let lines: Vec<String> = self.state().asked.iter().map(line).collect();
        std::fs::write(path, lines.join("\n") + "\n").unwrap();
    }
}

fn event(
    state: &State,
    (id, token, kind): (u64, &str, u64),
    (person, spot): (u64, Spot),
    data: Value,
) -> Value {
    let user = user(person, &format!("person-{person}"), false);
    let mut owners = json!({});
    if spot.installed {
        owners["0"] = spot.guild.map_or("0".to_owned(), |guild| guild.to_string()).into();
    } else {
        owners["1"] = person.to_string().into();
    }
    let mut event = json!({
        "id": id.to_string(), "application_id": APP.to_string(), "type": kind, "token": token,
        "version": 1, "channel_id": spot.channel.to_string(), "locale": "en-US", "entitlements": [],
        "authorizing_integration_owners": owners, "context": i32::from(spot.guild.is_none()),
        "attachment_size_limit": 524_288, "app_permissions": NEEDED.to_string(),
    });
    if state.channels.contains_key(&spot.channel) {
        let can = NEEDED & !state.ruling(spot.channel).access.denied();
        event["app_permissions"] = can.to_string().into();
        event["channel"] = state.channel_answer(spot.channel);
    }
    event["data"] = data;
    if let Some(guild) = spot.guild {
        let roles = state.guilds.get(&guild).and_then(|guild| guild.members.get(&person));
        let roles: Vec<String> = roles.into_iter().flatten().map(u64::to_string).collect();
        event["guild_id"] = guild.to_string().into();
        // Every permission there is, in this one channel: it must not make an admin of anybody.
        event["member"] = json!({
            "user": user, "roles": roles, "nick": null, "avatar": null, "banner": null, "deaf": false, "mute": false,
            "joined_at": "2026-01-01T00:00:00.000000+00:00", "premium_since": null, "flags": 0, "pending": false,
            "communication_disabled_until": null, "permissions": u64::from(u32::MAX).to_string(),
        });
    } else {
        event["user"] = user;
    }
    event
}

async fn socket(Shared(fake): Shared<Arc<Fake>>, upgrade: WebSocketUpgrade) -> impl IntoResponse {
    upgrade.on_upgrade(move |socket| gateway::serve(fake, socket))
}

async fn rest_of(Shared(fake): Shared<Arc<Fake>>, request: Request) -> impl IntoResponse {
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, 1024 * 1024).await.unwrap_or_default();
    rest::serve(fake, (parts.method, parts.uri, parts.headers), bytes).await
}
