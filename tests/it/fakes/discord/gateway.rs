//! The fake's gateway: HELLO, IDENTIFY, READY, the servers, events, RESUME with what was missed.

use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::Fake;
use super::state::{APP, Push, TOKEN, user};

/// Serves one connection until either side ends it.
pub async fn serve(fake: Arc<Fake>, mut socket: WebSocket) {
    let hello = json!({"op": 10, "d": {"heartbeat_interval": fake.heartbeat}});
    if socket.send(text(&hello)).await.is_err() {
        return;
    }
    let (push, mut pushed) = mpsc::unbounded_channel();
    let mut is_in = false;
    loop {
        tokio::select! {
            got = socket.recv() => {
                let Some(Ok(got)) = got else { return };
                let payload: Value = match &got {
                    Message::Text(text) => serde_json::from_str(text).unwrap_or_default(),
                    // A goodbye is answered by reading on.
                    _ => continue,
                };
                let answers = hear(&fake, &payload);
                for answer in answers {
                    let sent = match answer {
                        Push::Close(code) => {
                            let _ = socket.send(Message::Close(Some(CloseFrame { code, reason: "".into() }))).await;
                            return;
                        }
                        Push::Raw(value) => socket.send(text(&value)).await,
                        Push::Event(..) | Push::Drop => return,
                    };
                    if sent.is_err() {
                        return;
                    }
                }
                // Only who is in hears events.
                if !is_in && matches!(payload["op"].as_u64(), Some(2 | 6)) {
                    is_in = true;
                    fake.state().sockets.push(push.clone());
                    fake.changed.notify_waiters();
                }
            }
            Some(order) = pushed.recv() => match order {
                Push::Event(name, data) => {
                    let event = fake.record(name, &data);
                    if socket.send(text(&event)).await.is_err() {
                        return;
                    }
                }
                Push::Raw(value) => {
                    if socket.send(text(&value)).await.is_err() {
                        return;
                    }
                }
                Push::Close(code) => {
                    let _ = socket.send(Message::Close(Some(CloseFrame { code, reason: "".into() }))).await;
                    return;
                }
                Push::Drop => return,
            }
        }
    }
}

fn text(value: &Value) -> Message {
    Message::Text(value.to_string().into())
}

fn hear(fake: &Fake, payload: &Value) -> Vec<Push> {
    match payload["op"].as_u64() {
        Some(1) if fake.state().deaf => Vec::new(),
        Some(1) => vec![Push::Raw(json!({"op": 11}))],
        Some(2) => identify(fake, &payload["d"]),
        Some(6) => resume(fake, &payload["d"]),
        // Presence.
        Some(3) => Vec::new(),
        op => {
            fake.state().complaints.push(format!("gateway: opcode {op:?} was not expected"));
            vec![Push::Close(4001)]
        }
    }
}

fn identify(fake: &Fake, data: &Value) -> Vec<Push> {
    let token = data["token"].as_str().unwrap_or_default().trim_start_matches("Bot ").to_owned();
    fake.state().identifies += 1;
    if let Some(code) = fake.state().refuse {
        return vec![Push::Close(code)];
    }
    if token != TOKEN {
        return vec![Push::Close(4004)];
    }
    // MEMBERS, PRESENCES and MESSAGE_CONTENT are privileged; only the last is ever asked for, and
    // only with the guard of channels.
    let intents = data["intents"].as_u64().unwrap_or(u64::MAX);
    let content = if fake.state().may_read { 0 } else { CONTENT };
    if intents & ((1 << 1) | (1 << 8) | content) != 0 {
        return vec![Push::Close(4014)];
    }
    fake.state().intents = intents;
    let guilds: Vec<u64> = {
        let state = fake.state();
        state.guilds.iter().filter(|(_, guild)| guild.has_bot).map(|(id, _)| *id).collect()
    };
    let unavailable: Vec<Value> =
        guilds.iter().map(|id| json!({"id": id.to_string(), "unavailable": true})).collect();
    let ready = json!({
        "v": 10, "user": user(APP, "keylapse", true), "guilds": unavailable, "session_id": "session",
        "resume_gateway_url": fake.gateway_url(), "shard": [0, 1], "application": {"id": APP.to_string(), "flags": 0},
    });
    let mut out = vec![Push::Raw(fake.record("READY", &ready))];
    for id in guilds {
        let event = fake.state().guild_event(id);
        out.push(Push::Raw(fake.record("GUILD_CREATE", &event)));
    }
    out
}

fn resume(fake: &Fake, data: &Value) -> Vec<Push> {
    let seen = data["seq"].as_u64().unwrap_or(0);
    let missed: Vec<Value> = {
        let mut state = fake.state();
        state.resumes += 1;
        let missed = state.events.iter().filter(|(seq, ..)| *seq > seen);
        missed.map(|(seq, name, data)| json!({"op": 0, "s": seq, "t": name, "d": data})).collect()
    };
    if let Some(code) = fake.state().refuse {
        return vec![Push::Close(code)];
    }
    let mut out: Vec<Push> = missed.into_iter().map(Push::Raw).collect();
    out.push(Push::Raw(fake.record("RESUMED", &json!({}))));
    out
}

/// `GUILD_MESSAGES`: messages are told at all.
pub const MESSAGES: u64 = 1 << 9;
/// `MESSAGE_CONTENT`: with what stands in them.
pub const CONTENT: u64 = 1 << 15;

/// Milliseconds between two heartbeats, unless a story wants another time.
pub const HEARTBEAT: u64 = 40_000;
