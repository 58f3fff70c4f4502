//! Telegram on loopback: one bot, its chats and members, the updates it polls and the messages it
//! sent. It refuses as the real server does, with the same words, and records every request.

mod answer;
mod html;
mod people;
mod schema;
mod state;
#[cfg(test)]
mod tests;

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path as Route, State as Shared};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use chrono::{DateTime, Utc};
use keylapse::clock::Clock;
use serde_json::{Value, json};
use tokio::sync::Notify;

pub use people::{Person, Status};
pub use state::Shown;
use state::State;

/// The bot's token.
pub const TOKEN: &str = "7001:AAfakefakefakefakefakefake";
/// The bot's number.
pub const BOT: i64 = 7001;
/// Of a longer answer only the length is kept in the records.
const LONG: usize = 1024 * 1024;
/// The bot's name.
pub const NAME: &str = "keylapse_bot";

/// How one answer goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// "Too many requests", with so many seconds.
    Slow(u64),
    /// An answer of a proxy in between.
    Bad(u16),
    /// It finds fault with the marks of the text.
    Unparsed,
    /// 200 and no JSON.
    Garbage,
    /// Nothing is done, and the line is cut.
    CutBefore,
    /// It is done, and the line is cut before the answer is through.
    CutAfter,
    /// It is done and never answered.
    Hang,
}

/// One recorded request.
#[derive(Clone, Debug)]
pub struct Request {
    pub at: DateTime<Utc>,
    pub method: String,
    pub body: Value,
    pub status: u16,
    pub answer: Value,
}

/// The server.
#[derive(Clone)]
pub struct Fake(Arc<Inner>);

struct Inner {
    url: String,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Rings when anything changed.
    changed: Notify,
}

/// What the server says: a result, or code, words and parameters.
type Answer = Result<Value, (u16, String, Value)>;

fn refuse(code: u16, words: &str) -> (u16, String, Value) {
    (code, words.to_owned(), Value::Null)
}

impl Fake {
    /// Starts it; time for its limits is the clock's.
    pub async fn start(clock: Arc<dyn Clock>) -> Self {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inner = Inner { url, clock, state: Mutex::default(), changed: Notify::new() };
        let fake = Self(Arc::new(inner));
        let app = Router::new()
            .route("/{bot}/{method}", axum::routing::any(serve))
            .with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        fake
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes whoever waits for a change.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let out = change(&mut self.lock());
        self.0.changed.notify_waiters();
        out
    }

    /// Waits until `is_so`; a story that waits for what never comes fails.
    pub async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let wait = async {
            loop {
                let changed = self.0.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if is_so(self) {
                    return;
                }
                changed.await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(20), wait).await;
        assert!(waited.is_ok(), "waited in vain for {what}; asked so far: {:?}", self.methods());
    }

    /// The next call of `method` goes wrong like this.
    pub fn breaks(&self, method: &'static str, how: Break) {
        self.change(|state| state.breaks.push_back((method, how)));
    }

    /// Somebody has set a webhook, or taken it away.
    pub fn webhook(&self, url: &str) {
        self.change(|state| url.clone_into(&mut state.webhook));
    }

    /// The bot's privacy mode is off from now on.
    pub fn reads_all(&self) {
        self.change(|state| state.reads_all = true);
    }

    /// From now on another token is the right one.
    pub fn revoke_token(&self) {
        self.change(|state| state.is_revoked = true);
    }

    /// The poll under way ends with nothing, and updates are numbered from `first` on.
    pub fn renumbers(&self, first: i64) {
        self.change(|state| {
            state.idled = state.poll;
            state.last_update = first - 1;
            state.confirmed = 0;
        });
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Request> {
        self.lock().log.clone()
    }

    /// The requests that came after the first so many.
    pub fn since(&self, first: usize) -> Vec<Request> {
        self.lock().log[first..].to_vec()
    }

    /// How many requests came so far.
    pub fn asked(&self) -> usize {
        self.lock().log.len()
    }

    /// The names of the methods called so far.
    pub fn methods(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.method).collect()
    }

    /// How often a method was called.
    pub fn count(&self, method: &str) -> usize {
        self.requests().iter().filter(|request| request.method == method).count()
    }

    /// What was against the rules of the platform although it was forgiven: must stay empty.
    pub fn offences(&self) -> Vec<String> {
        self.lock().offences.clone()
    }

    /// Writes the requests as a capture, one JSON object a line.
    pub fn write_capture(&self, path: &Path) {
        std::fs::create_dir_all(path.parent().expect("a folder")).unwrap();
        let line = |request: &Request| {
            let path = format!("/bot{TOKEN}/{}", request.method);
            json!({"platform": "telegram", "method": "POST", "path": path, "body": request.body,
                "status": request.status, "response": request.answer})
            .to_string()
        };
        let lines: Vec<String> = self.requests().iter().map(line).collect();
        std::fs::write(path, lines.join("\n") + "\n").unwrap();
    }
}

/// What people read of a message or edit.
pub fn reading(body: &Value) -> String {
    let text = body["text"].as_str().unwrap_or_default();
    let is_marked = body["parse_mode"] == "HTML";
    if is_marked { html::parse(text).expect("good marks").plain } else { text.to_owned() }
}

/// Another program polls with the same token until dropped.
pub async fn poll_elsewhere(fake: &Fake) -> Value {
    let answer = fake.get_updates(&json!({"timeout": 0})).await;
    answer.unwrap_or_else(|(code, ..)| json!(code))
}

async fn serve(
    Shared(fake): Shared<Fake>,
    Route((bot, method)): Route<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let name = schema::method(&method).unwrap_or("unknown").to_owned();
    let is_json = headers.get("content-type").is_some_and(|kind| kind == "application/json");
    let body: Value =
        if body.is_empty() { json!({}) } else { serde_json::from_slice(&body).unwrap_or_default() };
    let broken = fake.change(|state| {
        if !is_json && body != json!({}) {
            state.offences.push(format!("{name}: not JSON"));
        }
        let at = state.breaks.iter().position(|(method, _)| *method == name)?;
        state.breaks.remove(at).map(|(_, how)| how)
    });
    let right = bot.strip_prefix("bot") == Some(TOKEN) && !fake.lock().is_revoked;
    let answer = match broken {
        _ if !right => Err(refuse(401, "Unauthorized")),
        Some(Break::Slow(after)) => Err((
            429,
            format!("Too Many Requests: retry after {after}"),
            json!({"retry_after": after}),
        )),
        Some(Break::CutBefore) => Ok(Value::Null),
        Some(Break::Bad(code)) => Err(refuse(code, "Bad Gateway")),
        Some(Break::Unparsed) => {
            Err(refuse(400, "Bad Request: can't parse entities: Unsupported start tag"))
        }
        Some(Break::Garbage | Break::CutAfter | Break::Hang) | None => {
            fake.answer(&name, &body).await
        }
    };
    let (status, answer) = match answer {
        Ok(result) => (200, json!({"ok": true, "result": result})),
        Err((code, words, parameters)) => {
            let mut answer = json!({"ok": false, "error_code": code, "description": words});
            if !parameters.is_null() {
                answer["parameters"] = parameters;
            }
            (code, answer)
        }
    };
    let at = fake.0.clock.now();
    let whole = written(&answer);
    let kept = if whole.len() < LONG { answer } else { json!({"long": whole.len()}) };
    let request = Request { at, method: name, body, status, answer: kept };
    fake.change(|state| state.log.push(request));
    let text = match broken {
        Some(Break::Garbage) => "<html>".to_owned(),
        Some(Break::Bad(_)) => "<html>Bad Gateway</html>".to_owned(),
        Some(Break::Hang) => std::future::pending().await,
        Some(Break::CutBefore | Break::CutAfter | Break::Slow(_) | Break::Unparsed) | None => whole,
    };
    let body = if matches!(broken, Some(Break::CutBefore | Break::CutAfter)) {
        Body::from_stream(tokio_util::io::ReaderStream::new(Cut))
    } else {
        Body::from(text)
    };
    let status = StatusCode::from_u16(status).unwrap();
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(body)
        .unwrap()
}

/// An answer as the server writes it: an update begins with its number.
fn written(answer: &Value) -> String {
    let Some(updates) = answer["result"].as_array().filter(|_| answer["ok"] == true) else {
        return answer.to_string();
    };
    let update = |update: &Value| {
        let Some(id) = update.get("update_id") else { return update.to_string() };
        let fields = update.as_object().expect("an object").iter();
        let rest = fields.filter(|(name, _)| *name != "update_id");
        let rest: Vec<String> = rest.map(|(name, value)| format!(",\"{name}\":{value}")).collect();
        format!("{{\"update_id\":{id}{}}}", rest.concat())
    };
    let updates: Vec<String> = updates.iter().map(update).collect();
    format!("{{\"ok\":true,\"result\":[{}]}}", updates.join(","))
}

/// A line that is cut.
struct Cut;

impl tokio::io::AsyncRead for Cut {
    fn poll_read(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        _: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        std::task::Poll::Ready(Err(std::io::ErrorKind::ConnectionReset.into()))
    }
}
