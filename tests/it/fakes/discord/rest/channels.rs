//! Channels: what is read, written and edited there, under the limits that Discord names.

use axum::http::Method;
use serde_json::Value;

use super::super::rules::{self, Body};
use super::super::state::{Access, State};
use super::{Out, no, ok};

/// A route below `/channels`, under the limit of its bucket.
pub(super) fn serve(
    state: &mut State,
    method: &Method,
    id: &str,
    rest: &[&str],
    (query, body): (&str, &Value),
) -> Out {
    with_bucket(route(state, method, id, rest, (query, body)), method)
}

fn route(
    state: &mut State,
    method: &Method,
    id: &str,
    rest: &[&str],
    (query, body): (&str, &Value),
) -> Out {
    let id: u64 = id.parse().unwrap_or(0);
    let Some(channel) = state.channels.get(&id) else { return no(404, 10_003, "Unknown Channel") };
    if !state.guilds.get(&channel.guild).is_some_and(|guild| guild.has_bot)
        || state.ruling(id).access == Access::NoView
    {
        return no(403, 50_001, "Missing Access");
    }
    match (method.as_str(), rest) {
        ("GET", []) => ok(state.channel_answer(id)),
        ("GET", ["messages"]) => {
            let limit = query.strip_prefix("limit=").and_then(|n| n.parse().ok()).unwrap_or(50);
            let messages: Vec<Value> = channel.messages.iter().rev().take(limit).cloned().collect();
            ok(Value::Array(messages))
        }
        ("POST", ["messages"]) => {
            let speak = if channel.parent.is_some() { 1 << 38 } else { 1 << 11 };
            if state.ruling(id).access.denied() & (speak | 1 << 14) != 0 {
                return no(403, 50_013, "Missing Permissions");
            }
            if channel.is_archived && channel.is_locked {
                return no(400, 50_083, "Thread is archived");
            }
            post(state, id, body)
        }
        ("DELETE", ["messages", message]) => {
            let message: u64 = message.parse().unwrap_or(0);
            if !channel.said.contains_key(&message) {
                return no(404, 10_008, "Unknown Message");
            }
            // Manage Messages; none of them is the bot's own.
            if state.may(channel.guild) & 1 << 13 == 0 {
                return no(403, 50_013, "Missing Permissions");
            }
            state.channels.get_mut(&id).expect("a channel").said.remove(&message);
            Out { status: 204, body: Value::Null, headers: Vec::new() }
        }
        ("PATCH", ["messages", _]) if channel.is_archived => no(400, 50_083, "Thread is archived"),
        ("PATCH", ["messages", message]) => {
            let wrong = rules::message(body, Body::Edit);
            if !wrong.is_empty() {
                state.complaints.extend(wrong);
                return no(400, 50_035, "Invalid Form Body");
            }
            let channel = state.channels.get_mut(&id).expect("a channel");
            let found = channel.messages.iter_mut().find(|one| one["id"] == **message);
            let Some(found) = found else { return no(404, 10_008, "Unknown Message") };
            for name in ["content", "embeds", "components"] {
                if let Some(value) = body.get(name) {
                    found[name] = value.clone();
                }
            }
            found["edits"] = (found["edits"].as_u64().unwrap_or(0) + 1).into();
            let mut answer = found.clone();
            answer.as_object_mut().expect("a message").remove("edits");
            ok(answer)
        }
        _ => {
            state.complaints.push(format!("{method} of a channel's {rest:?} is not known"));
            no(404, 0, "404: Not Found")
        }
    }
}

fn post(state: &mut State, id: u64, body: &Value) -> Out {
    let wrong = rules::message(body, Body::Create);
    if !wrong.is_empty() {
        state.complaints.extend(wrong);
        return no(400, 50_035, "Invalid Form Body");
    }
    let nonce = body["nonce"].as_str().unwrap_or_default().to_owned();
    let enforced = body["enforce_nonce"] == true && !nonce.is_empty();
    if enforced && let Some(said) = state.channels[&id].nonces.get(&nonce) {
        return ok(said.clone());
    }
    let message = state.message(id, body);
    let channel = state.channels.get_mut(&id).expect("a channel");
    channel.messages.push(message.clone());
    // A message wakes a thread that only sleeps.
    channel.is_archived = false;
    channel.nonces.insert(nonce, message.clone());
    ok(message)
}

fn with_bucket(mut out: Out, method: &Method) -> Out {
    if out.headers.is_empty() {
        out.headers = vec![
            ("x-ratelimit-limit", "50".to_owned()),
            ("x-ratelimit-remaining", "49".to_owned()),
            ("x-ratelimit-reset-after", "1.000".to_owned()),
            ("x-ratelimit-bucket", format!("bucket-{method}")),
        ];
    }
    out
}
