//! The fake's REST half: a few routes, each as strict as the real one.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body as HttpBody, Bytes};
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use serde_json::{Value, json};

use super::Fake;
use super::rules::{self, Body};
use super::schema;
use super::state::{APP, Access, Asked, Guild, NEEDED, State, TOKEN, Trouble, user};

/// An answer in the making.
struct Out {
    status: u16,
    body: Value,
    headers: Vec<(&'static str, String)>,
}

fn ok(body: Value) -> Out {
    Out { status: 200, body, headers: Vec::new() }
}

fn no(status: u16, code: u64, message: &str) -> Out {
    Out { status, body: json!({"message": message, "code": code}), headers: Vec::new() }
}

/// How long an answer to an interaction may take, and how long its token lives.
const FIRST_WORD: Duration = Duration::from_secs(3);
const TOKEN_LIFE: Duration = Duration::from_mins(15);

pub async fn serve(
    fake: Arc<Fake>,
    (method, uri, headers): (Method, Uri, HeaderMap),
    bytes: Bytes,
) -> Response<HttpBody> {
    let path = uri.path().to_owned();
    let body: Value = if bytes.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&bytes).unwrap_or(Value::String("no JSON".to_owned()))
    };
    let described = path.strip_prefix("/api/v10").map_or_else(
        || vec![format!("{path}: not under /api/v10")],
        |path| schema::faults(method.as_str(), (path, uri.query().unwrap_or_default()), &body),
    );
    if !described.is_empty() {
        fake.state().complaints.extend(described);
        fake.note(&method, &uri, &headers, &body, 400);
        return respond(&no(400, 50_035, "Invalid Form Body"));
    }
    let trouble = fake.trouble_for(&path);
    match &trouble {
        Some(Trouble::Answer(status, value, more)) => {
            fake.note(&method, &uri, &headers, &body, *status);
            return respond(&Out { status: *status, body: value.clone(), headers: more.clone() });
        }
        Some(Trouble::Cut) => {
            fake.note(&method, &uri, &headers, &body, 0);
            cut()
        }
        _ => {}
    }
    let out = {
        let mut state = fake.state();
        route(&fake, &mut state, (&method, &path, uri.query().unwrap_or_default()), &headers, &body)
    };
    fake.note(&method, &uri, &headers, &body, out.status);
    match trouble {
        Some(Trouble::DoneAndCut) => cut(),
        Some(Trouble::DoneAndHang) => std::future::pending().await,
        Some(Trouble::DoneAndGarbage) => {
            let mut response = respond(&out);
            *response.body_mut() = HttpBody::from("<html>");
            response
        }
        _ => respond(&out),
    }
}

/// Ends the connection's task without a word: the other side sees a connection cut.
fn cut() -> ! {
    std::panic::resume_unwind(Box::new("cut"))
}

fn respond(out: &Out) -> Response<HttpBody> {
    let mut response = Response::builder()
        .status(StatusCode::from_u16(out.status).unwrap())
        .header("content-type", "application/json");
    for (name, value) in &out.headers {
        response = response.header(*name, value);
    }
    let body =
        if out.status == 204 { HttpBody::empty() } else { HttpBody::from(out.body.to_string()) };
    response.body(body).unwrap()
}

fn route(
    fake: &Fake,
    state: &mut State,
    (method, path, query): (&Method, &str, &str),
    headers: &HeaderMap,
    body: &Value,
) -> Out {
    let Some(path) = path.strip_prefix("/api/v10/") else { return no(404, 0, "404: Not Found") };
    let parts: Vec<&str> = path.split('/').collect();
    let agent = headers.get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !agent.starts_with("DiscordBot (") {
        state.complaints.push(format!("user agent {agent:?}"));
        return no(403, 40_333, "internal network error");
    }
    match (method.as_str(), parts.as_slice()) {
        ("POST", ["interactions", id, token, "callback"]) => callback(state, (id, token), body),
        ("PATCH", ["webhooks", app, token, "messages", "@original"]) => {
            original(state, (app, token), body)
        }
        ("DELETE", ["webhooks", _, token, "messages", "@original"]) => {
            match state.talks.values_mut().find(|talk| talk.token == **token) {
                Some(talk) => {
                    talk.shown = None;
                    Out { status: 204, body: Value::Null, headers: Vec::new() }
                }
                None => no(404, 10_015, "Unknown Webhook"),
            }
        }
        _ => {
            let told = headers.get("authorization").and_then(|value| value.to_str().ok());
            if state.wrong_token || told != Some(&format!("Bot {TOKEN}")) {
                return no(401, 0, "401: Unauthorized");
            }
            known(fake, state, (method, &parts, query), body)
        }
    }
}

fn known(
    fake: &Fake,
    state: &mut State,
    (method, parts, query): (&Method, &[&str], &str),
    body: &Value,
) -> Out {
    let app = APP.to_string();
    match (method.as_str(), parts) {
        ("GET", ["gateway"] | ["gateway", "bot"]) => {
            if state.gateway_fails > 0 {
                state.gateway_fails -= 1;
                return no(503, 0, "503: Service Unavailable");
            }
            let url = state.gateway.clone().unwrap_or_else(|| fake.gateway_url());
            let limit =
                json!({"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1});
            // One connection for each thousand servers is advised.
            let servers = state.application()["approximate_guild_count"].as_u64().unwrap_or(1);
            let shards = servers.div_ceil(1_000);
            ok(json!({"url": url, "shards": shards, "session_start_limit": limit}))
        }
        ("GET", ["oauth2", "applications", "@me"]) => ok(json!({"id": app, "name": "keylapse"})),
        ("GET", ["users", "@me"]) => ok(user(APP, "keylapse", true)),
        ("GET", ["users", "@me", "guilds"]) => {
            let there = state.guilds.iter().filter(|(_, guild)| guild.has_bot);
            let server = |(id, guild): (&u64, &Guild)| {
                json!({"id": id.to_string(), "name": guild.name, "icon": null, "owner": false,
                    "permissions": NEEDED.to_string(), "features": []})
            };
            ok(there.map(server).collect())
        }
        ("GET", ["applications", "@me"]) => ok(state.application()),
        ("GET", ["guilds", guild]) => {
            let id = guild.parse().unwrap_or(0);
            if state.guilds.get(&id).is_some_and(|guild| guild.has_bot) {
                ok(state.guild_answer(id))
            } else {
                no(404, 10_004, "Unknown Guild")
            }
        }
        ("GET", ["guilds", guild, "members", person]) => member(state, guild, person),
        (_, ["applications", id, "commands"]) if *id == app => commands(state, method, 0, body),
        (_, ["applications", id, "guilds", guild, "commands"]) if *id == app => {
            let guild: u64 = guild.parse().unwrap_or(0);
            if !state.guilds.get(&guild).is_some_and(|guild| guild.has_bot) {
                return no(403, 50_001, "Missing Access");
            }
            commands(state, method, guild, body)
        }
        (_, ["channels", channel, rest @ ..]) => {
            let out = channel_route(state, method, channel, rest, (query, body));
            with_bucket(out, method)
        }
        _ => {
            state.complaints.push(format!("{method} {} is not known", parts.join("/")));
            no(404, 0, "404: Not Found")
        }
    }
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

fn member(state: &State, guild: &str, person: &str) -> Out {
    let (guild, person) = (guild.parse().unwrap_or(0), person.parse().unwrap_or(0));
    let roles = state.guilds.get(&guild).and_then(|guild| guild.members.get(&person));
    let Some(roles) = roles else { return no(404, 10_007, "Unknown Member") };
    let roles: Vec<String> = roles.iter().map(u64::to_string).collect();
    ok(json!({
        "user": user(person, "person", false), "nick": null, "avatar": null, "banner": null, "roles": roles,
        "joined_at": "2026-01-01T00:00:00.000000+00:00", "premium_since": null, "deaf": false, "mute": false,
        "flags": 0, "pending": false, "communication_disabled_until": null,
    }))
}

fn commands(state: &mut State, method: &Method, scope: u64, body: &Value) -> Out {
    match method.as_str() {
        "GET" => ok(state.commands.get(&scope).cloned().unwrap_or(json!([]))),
        "PUT" => {
            let wrong = rules::commands(body, scope == 0);
            if !wrong.is_empty() {
                state.complaints.extend(wrong);
                return no(400, 50_035, "Invalid Form Body");
            }
            let mut kept = body.clone();
            for command in kept.as_array_mut().into_iter().flatten() {
                command["id"] = state.next_id().to_string().into();
                command["application_id"] = APP.to_string().into();
                command["version"] = state.next_id().to_string().into();
                if command.get("type").is_none() {
                    command["type"] = 1.into();
                }
                // What is empty Discord does not keep.
                command["name_localizations"] = Value::Null;
                command["description_localizations"] = Value::Null;
                if command["type"] == 3 {
                    command["description"] = "".into();
                }
                if let Some(map) = command.as_object_mut()
                    && map
                        .get("options")
                        .is_some_and(|options| options.as_array().is_some_and(Vec::is_empty))
                {
                    map.remove("options");
                }
            }
            state.commands.insert(scope, kept.clone());
            ok(kept)
        }
        _ => no(405, 0, "405: Method Not Allowed"),
    }
}

fn channel_route(
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

fn callback(state: &mut State, (id, token): (&str, &str), body: &Value) -> Out {
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

fn original(state: &mut State, (app, token): (&str, &str), body: &Value) -> Out {
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

impl Fake {
    fn note(&self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &Value, status: u16) {
        let agent =
            headers.get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let path = uri.path_and_query().map_or_else(String::new, ToString::to_string);
        let (method, agent) = (method.to_string(), agent.to_owned());
        let authorization = headers.get("authorization").map(|_| "Bot a.masked.token");
        let body = body.clone();
        self.state().asked.push(Asked { method, path, agent, authorization, body, status });
        self.changed.notify_waiters();
    }

    fn trouble_for(&self, path: &str) -> Option<Trouble> {
        let channel = path.strip_prefix("/api/v10/channels/")?.split('/').next()?.parse().ok()?;
        self.state().channels.get_mut(&channel)?.troubles.pop_front()
    }
}
