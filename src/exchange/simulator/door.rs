//! The door of the simulator: weather first, then the gateway's three paths. Thin; what decides
//! is in `checks` and `world`.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
use tokio_util::io::ReaderStream;

use super::Shared;
use super::checks::{Answer, user_api_key};
use super::world::{Seen, Weather, Window, World};

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(open).with_state(shared)
}

async fn open(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (response, weather) = reply(&shared, &request);
    match weather {
        Weather::Slow(late) => {
            // A time-out over nothing: real time, whatever the injected clock says.
            let _ = tokio::time::timeout(late, std::future::pending::<()>()).await;
            response
        }
        Weather::Cut => cut(response),
        _ => response,
    }
}

fn reply(shared: &Shared, request: &Request) -> (Response, Weather) {
    let now = shared.clock.now();
    let mut world = shared.world();
    let weather = world.weather.clone();
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let (response, code) = if let Some(response) = storm(&weather) {
        (response, String::new())
    } else {
        let pretended = now + weather.clock_off();
        let answer = gateway(&mut world, request, target, pretended);
        let code = answer.code().to_owned();
        (pack(&answer, pretended), code)
    };
    world.remember(Seen {
        at: now,
        method: request.method().to_string(),
        target: target.to_owned(),
        signed: request.headers().keys().any(|name| name.as_str().starts_with("kc-api-")),
        code,
    });
    (response, weather)
}

/// The answer that the weather gives instead of the gateway.
fn storm(weather: &Weather) -> Option<Response> {
    let html =
        |status, text: &'static str| (status, [(CONTENT_TYPE, "text/html")], text).into_response();
    let code =
        |status, code, message| pack(&Answer::bad(status, code, message), DateTime::UNIX_EPOCH);
    Some(match weather {
        Weather::Outage => code(503, "503000", "Service Unavailable"),
        Weather::Overload => code(429, "429000", "Too Many Requests"),
        Weather::Page => html(StatusCode::BAD_GATEWAY, "<html><h1>502 Bad Gateway</h1></html>"),
        Weather::AddressLimit => html(
            StatusCode::TOO_MANY_REQUESTS,
            "<html><title>Access denied | Cloudflare</title>Error 1015: rate limited</html>",
        ),
        Weather::Garbage => "{\"code\":\"200000\",\"data\":{\"perm".into_response(),
        Weather::Redirect(status, to) => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::FOUND);
            let mut response = status.into_response();
            if let Ok(to) = HeaderValue::from_str(to) {
                response.headers_mut().insert(LOCATION, to);
            }
            response
        }
        Weather::Fine
        | Weather::Slow(_)
        | Weather::Cut
        | Weather::RateLimited
        | Weather::ClockOff(_)
        | Weather::WrongKey => return None,
    })
}

fn gateway(world: &mut World, request: &Request, target: &str, now: DateTime<Utc>) -> Answer {
    let path = request.uri().path();
    if !["/api/v1/user/api-key", "/api/v1/timestamp", "/api/v1/status"].contains(&path) {
        return Answer::bad(404, "404000", "URL Not Found");
    }
    if request.method() != Method::GET {
        return Answer::bad(405, "405000", "Method Not Allowed");
    }
    if path == "/api/v1/user/api-key" {
        return user_api_key(world, request.headers(), target, now);
    }
    let (fits, window) = world.draw("address", 3, now);
    let answer = match (fits, path) {
        (false, _) => Answer::bad(429, "429000", "Too Many Requests"),
        (true, "/api/v1/timestamp") => Answer::good(&now.timestamp_millis().into()),
        (true, _) => Answer::good(&json!({"status": world.service.0, "msg": world.service.1})),
    };
    Answer { window: Some(window), ..answer }
}

fn pack(answer: &Answer, now: DateTime<Utc>) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(window) = answer.window {
        let reset = window.reset(now).num_milliseconds();
        headers.insert("gw-ratelimit-limit", Window::LIMIT.into());
        headers.insert("gw-ratelimit-remaining", (Window::LIMIT - window.used).into());
        headers.insert("gw-ratelimit-reset", reset.into());
    }
    (status, headers, answer.body.to_string()).into_response()
}

/// The head of an answer and some of its body, then a broken connection.
fn cut(response: Response) -> Response {
    let (parts, _) = response.into_parts();
    let body = std::io::Cursor::new(&b"{\"code\":\"2000"[..]).chain(Broken);
    Response::from_parts(parts, Body::from_stream(ReaderStream::new(body)))
}

/// A source that fails.
struct Broken;

impl AsyncRead for Broken {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
    }
}
