//! The fake's REST half: a few routes, each as strict as the real one. Here is what every request
//! passes, and what concerns the bot and its servers; channels and talks have files of their own.

mod channels;
mod talks;

use std::sync::Arc;

use axum::body::{Body as HttpBody, Bytes};
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use serde_json::{Value, json};

use super::Fake;
use super::rules;
use super::schema;
use super::state::{APP, Asked, Guild, NEEDED, State, TOKEN, Trouble, user};

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
    let hangs = |id: &u64| path.ends_with(&format!("/guilds/{id}/commands"));
    let is_hanging = fake.state().hangs.iter().any(hangs);
    if is_hanging {
        fake.note(&method, &uri, &headers, &body, 0);
        std::future::pending::<()>().await;
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
        ("POST", ["interactions", id, token, "callback"]) => {
            talks::callback(state, (id, token), body)
        }
        ("PATCH", ["webhooks", app, token, "messages", "@original"]) => {
            talks::original(state, (app, token), body)
        }
        ("DELETE", ["webhooks", _, token, "messages", "@original"]) => {
            talks::take_back(state, token)
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
            channels::serve(state, method, channel, rest, (query, body))
        }
        _ => {
            state.complaints.push(format!("{method} {} is not known", parts.join("/")));
            no(404, 0, "404: Not Found")
        }
    }
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
