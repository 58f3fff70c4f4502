//! One request to Discord and what came of it, through our own client: limits before, one class of
//! outcome after. Errors name no URL and no body, because both can hold a token.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use reqwest::{Client, Method, Response};
use serde::Serialize;
use serde_json::Value;

use super::Settings;
use super::endpoint::{Endpoint, SetupError};
use super::limits::{Limits, Told};
use super::token::Token;
use crate::clock::Clock;
use crate::http_client::{read_capped, reason, sensitive};

/// The form that Discord asks for; without it requests are blocked before they arrive.
const AGENT: &str = concat!("DiscordBot (keylapse, ", env!("CARGO_PKG_VERSION"), ")");
/// The longest answer that is read: fifty messages of a channel.
const BODY: usize = 1024 * 1024;
/// How long is waited where Discord asks for it without saying how long.
const SOME_TIME: TimeDelta = TimeDelta::seconds(5);

/// What is asked: method, path below the API, and the route whose bucket it is in.
pub struct Ask<'a> {
    /// The method.
    pub method: Method,
    /// The path with its query.
    pub path: &'a str,
    /// Method and major id, for the limits.
    pub route: &'a str,
}

/// What came of a request.
#[derive(Debug)]
pub enum Outcome {
    /// Done; what Discord answered.
    Done(Value),
    /// Refused for good.
    Refused {
        /// The status.
        status: u16,
        /// Discord's own code.
        code: u64,
    },
    /// Not now.
    Later {
        /// Not before this, where it is known.
        after: Option<Duration>,
        /// What happened.
        fault: String,
    },
    /// Nobody knows whether it was done.
    Unsure(String),
}

/// The way to Discord of one bot.
pub struct Wire {
    client: Client,
    api: String,
    headers: HeaderMap,
    clock: Arc<dyn Clock>,
    limits: Mutex<Limits>,
    token: Mutex<Token>,
}

/// What is said where the token is refused. A new one takes a restart; the same one is tried again.
pub const TOKEN_REFUSED: &str = "Discord refuses the bot's token: make a new one in the Developer Portal (Bot, Reset Token), put it into [discord] and restart keylapse.";

impl Wire {
    pub fn new(
        settings: &Settings,
        endpoint: &Endpoint,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SetupError> {
        let token = format!("Bot {}", settings.token.expose());
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, sensitive(&token).ok_or(SetupError::Token)?);
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        Ok(Self {
            client: endpoint.client()?,
            api: endpoint.api(),
            headers,
            clock,
            limits: Mutex::default(),
            token: Mutex::default(),
        })
    }

    /// Asks once, if the limits allow it.
    pub async fn ask(&self, ask: &Ask<'_>, body: Option<&impl Serialize>) -> Outcome {
        if let Err(not_now) = self.admit(ask.route) {
            return not_now;
        }
        let url = format!("{}{}", self.api, ask.path);
        let mut request =
            self.client.request(ask.method.clone(), url).headers(self.headers.clone());
        if let Some(body) = body {
            match serde_json::to_vec(body) {
                Ok(json) => request = request.header(CONTENT_TYPE, "application/json").body(json),
                Err(_) => return later(None, "the message could not be written as JSON"),
            }
        }
        match request.send().await {
            Ok(response) => self.read(ask, response).await,
            // Before the connection stood nothing had left.
            Err(error) if error.is_connect() || error.is_builder() => later(None, reason(&error)),
            Err(error) => Outcome::Unsure(reason(&error).to_owned()),
        }
    }

    /// Whether a request may leave. The token is held throughout, so that after a 401 one alone is
    /// let through, and only a request that does leave counts as the try.
    fn admit(&self, route: &str) -> Result<(), Outcome> {
        let now = self.clock.now();
        let mut token = self.token();
        if let Some(after) = token.wait(now) {
            return Err(later(Some(after), TOKEN_REFUSED));
        }
        if let Err(after) = self.limits().admit(route, now) {
            return Err(later(Some(after), "Discord's rate limit is used up"));
        }
        token.tried(now);
        Ok(())
    }

    async fn read(&self, ask: &Ask<'_>, response: Response) -> Outcome {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let now = self.clock.now();
        self.limits().hear(ask.route, &told(&headers), now);
        self.hear_of_token(status);
        let body = read_capped(response, BODY).await;
        let json = body.as_ref().ok().and_then(|body| serde_json::from_slice::<Value>(body).ok());
        match status {
            200..=299 => match json {
                Some(json) => Outcome::Done(json),
                None if status == 204 => Outcome::Done(Value::Null),
                // It was done, but what exactly is not known.
                None => Outcome::Unsure("the answer could not be read".to_owned()),
            },
            429 => self.too_many(ask, &headers, json.as_ref()),
            401 => {
                self.limits().refused(ask.route, now);
                Outcome::Refused { status, code: code(json.as_ref()) }
            }
            400 | 403..=499 => {
                if status == 403 {
                    self.limits().refused(ask.route, now);
                }
                Outcome::Refused { status, code: code(json.as_ref()) }
            }
            _ => later(None, &format!("Discord answers {status}")),
        }
    }

    fn hear_of_token(&self, status: u16) {
        if status != 401 {
            self.token().believed();
        } else if self.token().refused(self.clock.now()) {
            // No more than a warning: where it is so for good the listener ends, and says it.
            tracing::warn!("{TOKEN_REFUSED} The one it has is tried by one request now and then.");
        }
    }

    fn too_many(&self, ask: &Ask<'_>, headers: &HeaderMap, json: Option<&Value>) -> Outcome {
        let now = self.clock.now();
        let in_body = json.and_then(|json| json["retry_after"].as_f64());
        let asked = in_body.or_else(|| number(headers, "retry-after")).and_then(seconds);
        let after = asked.unwrap_or(SOME_TIME);
        let is_global = headers.contains_key("x-ratelimit-global")
            || json.is_some_and(|json| json["global"] == Value::Bool(true));
        let mut limits = self.limits();
        if text(headers, "x-ratelimit-scope").as_deref() != Some("shared") {
            limits.refused(ask.route, now);
        }
        limits.slow_down(ask.route, after, is_global, now);
        later(after.to_std().ok(), "Discord asks to wait (429)")
    }

    fn token(&self) -> MutexGuard<'_, Token> {
        // A panicking holder leaves at worst one try too many.
        self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn limits(&self) -> MutexGuard<'_, Limits> {
        // A panicking holder leaves at worst one count too many.
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn later(after: Option<Duration>, fault: &str) -> Outcome {
    Outcome::Later { after, fault: fault.to_owned() }
}

fn code(json: Option<&Value>) -> u64 {
    json.and_then(|json| json["code"].as_u64()).unwrap_or(0)
}

fn told(headers: &HeaderMap) -> Told {
    let remaining = text(headers, "x-ratelimit-remaining").and_then(|text| text.parse().ok());
    Told {
        bucket: text(headers, "x-ratelimit-bucket"),
        remaining,
        reset_after: number(headers, "x-ratelimit-reset-after").and_then(seconds),
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

fn number(headers: &HeaderMap, name: &str) -> Option<f64> {
    text(headers, name)?.parse().ok()
}

/// A wait of a platform, between nothing and a day.
fn seconds(seconds: f64) -> Option<TimeDelta> {
    let wait = Duration::try_from_secs_f64(seconds.clamp(0.0, 86_400.0)).ok()?;
    TimeDelta::from_std(wait).ok()
}
