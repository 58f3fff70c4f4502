//! Answers to interactions: the first word in time and once, then the promised answer.

use std::time::Duration;

use serde_json::Value;

use super::super::rules::{self, Body};
use super::super::state::{APP, State};
use super::{Out, no, ok};

/// How long an answer to an interaction may take, and how long its token lives.
const FIRST_WORD: Duration = Duration::from_secs(3);
const TOKEN_LIFE: Duration = Duration::from_mins(15);

/// The first word on an interaction.
pub(super) fn callback(state: &mut State, (id, token): (&str, &str), body: &Value) -> Out {
    let id: u64 = id.parse().unwrap_or(0);
    let kind = body["type"].as_u64().unwrap_or(0);
    let data = &body["data"];
    let wrong = match kind {
        4 | 7 => rules::message(data, Body::Callback),
        // A promise says nothing yet; only its flag counts.
        5 if data["flags"].as_u64().unwrap_or(0) & !64 == 0 => Vec::new(),
        6 => Vec::new(),
        8 => rules::choices(data),
        _ => vec![format!("callback type {kind} with {data}")],
    };
    let Some(talk) = state.talks.get_mut(&id).filter(|talk| talk.token == token) else {
        return no(404, 10_062, "Unknown interaction");
    };
    if talk.made.elapsed() > FIRST_WORD {
        return no(404, 10_062, "Unknown interaction");
    }
    if talk.kind.is_some() {
        return no(400, 40_060, "Interaction has already been acknowledged.");
    }
    if !wrong.is_empty() {
        state.complaints.extend(wrong);
        return no(400, 50_035, "Invalid Form Body");
    }
    talk.kind = Some(kind);
    talk.first_word_after = Some(talk.made.elapsed());
    talk.ephemeral = data["flags"].as_u64().unwrap_or(0) & 64 != 0;
    match kind {
        8 => talk.choices = Some(data["choices"].clone()),
        4 | 7 => talk.shown = Some(data.clone()),
        _ => {}
    }
    Out { status: 204, body: Value::Null, headers: Vec::new() }
}

/// The answer that was promised, or another one in its place.
pub(super) fn original(state: &mut State, (app, token): (&str, &str), body: &Value) -> Out {
    let wrong = rules::message(body, Body::WebhookEdit);
    let message = state.message(1, body);
    let Some(talk) = state.talks.values_mut().find(|talk| talk.token == token) else {
        return no(404, 10_015, "Unknown Webhook");
    };
    if talk.kind.is_none() || talk.made.elapsed() > TOKEN_LIFE || app != APP.to_string() {
        return no(404, 10_015, "Unknown Webhook");
    }
    if !wrong.is_empty() {
        state.complaints.extend(wrong);
        return no(400, 50_035, "Invalid Form Body");
    }
    talk.shown = Some(body.clone());
    ok(message)
}

/// The answer is deleted.
pub(super) fn take_back(state: &mut State, token: &str) -> Out {
    match state.talks.values_mut().find(|talk| talk.token == token) {
        Some(talk) => {
            talk.shown = None;
            Out { status: 204, body: Value::Null, headers: Vec::new() }
        }
        None => no(404, 10_015, "Unknown Webhook"),
    }
}
