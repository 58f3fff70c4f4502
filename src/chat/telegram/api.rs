//! Telegram's Bot API through our own client: one call, and what became of it. The token stands in
//! the URL, so no error of the HTTP library leaves this file; bodies are teloxide's payloads.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use teloxide::requests::Payload;

use super::portion;
use crate::domain::text::Clean;
use crate::http_client::{self, BuildError, Reach, ReadError, SMALL_BODY, Timeouts};
use crate::secret::Secret;

/// How long Telegram may keep a poll open when there is nothing to tell.
const POLL: Duration = Duration::from_secs(25);
/// The longest answer of a poll that is read: a hundred long messages with their replies.
const POLL_BODY: usize = 8 * 1024 * 1024;
/// What we want to hear of; everything else never comes.
const WANTED: [&str; 3] = ["message", "callback_query", "my_chat_member"];

/// Where and as whom we speak.
pub struct Api {
    calls: Client,
    polls: Client,
    base: String,
    token: Secret,
}

/// What a poll brought.
pub enum Polled {
    /// These updates.
    All(Vec<Value>),
    /// More than is read at once; the number of the first update, where that could be read.
    TooLong(Option<i64>),
}

/// A call that brought nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It never left.
    NotSent(&'static str),
    /// It left, and nobody knows what became of it.
    Lost(&'static str),
    /// Telegram said no.
    Refused(Refusal),
}

/// What Telegram said instead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status or the code in the body.
    pub code: u16,
    /// Its words.
    pub words: String,
    /// When to come back.
    pub after: Option<Duration>,
    /// The chat's new address.
    pub moved_to: Option<i64>,
}

#[derive(Deserialize)]
struct Answer {
    ok: bool,
    result: Option<Value>,
    error_code: Option<u16>,
    description: Option<String>,
    #[serde(default)]
    parameters: Parameters,
}

#[derive(Default, Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
    migrate_to_chat_id: Option<i64>,
}

impl Api {
    /// A client for `base`; https anywhere, plain http on this machine only.
    pub fn new(
        base: &str,
        token: Secret,
        calls: Timeouts,
        proxy: Option<&str>,
    ) -> Result<Self, BuildError> {
        let url: Url = base.parse().map_err(|_| BuildError::Tls)?;
        let reach = Reach::needed_for(&url).unwrap_or(Reach::Https);
        let long = POLL + Duration::from_secs(15);
        let polls = Timeouts { read: long, total: long, ..calls };
        Ok(Self {
            calls: http_client::build(reach, calls, proxy)?,
            polls: http_client::build(reach, polls, proxy)?,
            base: base.trim_end_matches('/').to_owned(),
            token,
        })
    }

    /// Calls a method whose answer is read as `T`.
    pub async fn call<P: Payload + Serialize, T: DeserializeOwned>(
        &self,
        payload: &P,
    ) -> Result<T, Fault> {
        let body =
            serde_json::to_vec(payload).map_err(|_| Fault::NotSent("the request is no JSON"))?;
        let result = self.ask(&self.calls, P::NAME, body, SMALL_BODY).await?;
        serde_json::from_value(result).map_err(|_| Fault::Lost("the answer was not understood"))
    }

    /// Waits for at most `limit` updates from `offset` on, which confirms all before it.
    pub async fn updates(&self, offset: Option<i64>, limit: u8) -> Result<Polled, Fault> {
        let body = json!({"offset": offset, "limit": limit, "timeout": POLL.as_secs(), "allowed_updates": WANTED});
        self.poll(body).await
    }

    /// Confirms all updates before `offset` without waiting for new ones.
    pub async fn confirm(&self, offset: i64) -> Result<(), Fault> {
        let body = json!({"offset": offset, "limit": 1, "timeout": 0, "allowed_updates": WANTED});
        self.poll(body).await.map(drop)
    }

    async fn poll(&self, mut body: Value) -> Result<Polled, Fault> {
        if let Some(fields) = body.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
        let body = body.to_string().into_bytes();
        let response = self.send(&self.polls, "GetUpdates", body).await?;
        let (status, mut body) = (response.status(), Vec::new());
        let read = http_client::read_into(&mut body, response, POLL_BODY).await;
        if read == Err(ReadError::TooLong) && status.is_success() {
            return Ok(Polled::TooLong(portion::first_number(&body)));
        }
        let result = self.understand(status, read.is_ok().then_some(&body))?;
        let updates = serde_json::from_value(result);
        updates.map(Polled::All).map_err(|_| Fault::Lost("the answer was not understood"))
    }

    async fn ask(
        &self,
        client: &Client,
        method: &str,
        body: Vec<u8>,
        cap: usize,
    ) -> Result<Value, Fault> {
        let response = self.send(client, method, body).await?;
        let status = response.status();
        let body = http_client::read_capped(response, cap).await.ok();
        self.understand(status, body.as_ref())
    }

    async fn send(&self, client: &Client, method: &str, body: Vec<u8>) -> Result<Response, Fault> {
        let url = format!("{}/bot{}/{method}", self.base, self.token.expose());
        let request = client.post(url).header(CONTENT_TYPE, "application/json").body(body);
        request.send().await.map_err(|error| {
            let why = http_client::reason(&error);
            if error.is_connect() || error.is_builder() {
                Fault::NotSent(why)
            } else {
                Fault::Lost(why)
            }
        })
    }

    /// What an answer says; without a body it could not be read.
    fn understand(&self, status: StatusCode, body: Option<&Vec<u8>>) -> Result<Value, Fault> {
        let answer = body.and_then(|body| serde_json::from_slice::<Answer>(body).ok());
        match answer {
            Some(Answer { ok: true, result: Some(result), .. }) if status.is_success() => {
                Ok(result)
            }
            Some(answer) if !answer.ok => Err(Fault::Refused(Refusal {
                code: answer.error_code.unwrap_or(status.as_u16()),
                words: self.words(&answer.description.unwrap_or_default()),
                after: answer.parameters.retry_after.map(Duration::from_secs),
                moved_to: answer.parameters.migrate_to_chat_id,
            })),
            // A status that is no success says by itself that nothing was done.
            Some(_) | None if !status.is_success() => {
                Err(Fault::Refused(Refusal { code: status.as_u16(), ..Refusal::default() }))
            }
            Some(_) | None => Err(Fault::Lost("the answer was not understood")),
        }
    }

    /// What the server says, for the log. Whatever stands in between may repeat our path, and with
    /// it the token: then nothing of it is kept.
    fn words(&self, said: &str) -> String {
        let token = self.token.expose();
        let half = token.split_once(':').map_or(token, |(_, half)| half);
        if !half.is_empty() && said.contains(half) {
            return "words that repeat the token".to_owned();
        }
        Clean::new(said, 200).to_string()
    }
}

#[cfg(test)]
mod tests {
    use teloxide::payloads::GetMe;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    const TOKEN: &str = "7001:AAtokenthatmustnotbeseen";

    /// Answers each connection with these bytes, or cuts it.
    async fn server(answers: Vec<&'static str>) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            for answer in answers {
                let (mut line, _) = listener.accept().await.unwrap();
                let _ = line.read(&mut [0; 4096]).await;
                let _ = line.write_all(answer.as_bytes()).await;
            }
        });
        url
    }

    fn api(url: &str) -> Api {
        Api::new(url, Secret::new(TOKEN.to_owned()), Timeouts::default(), None).unwrap()
    }

    #[tokio::test]
    async fn no_fault_shows_the_token_and_a_redirect_is_not_followed() {
        let url = server(vec![
            "",
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 99\r\n\r\n{",
            "HTTP/1.1 307 Moved\r\nConnection: close\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 502 Bad\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
        ])
        .await;
        let api_there = api(&url);
        let mut seen = Vec::new();
        for _ in 0..4 {
            seen.push(api_there.call::<_, Value>(&GetMe::new()).await.unwrap_err());
        }
        seen.push(api("http://127.0.0.1:1").call::<_, Value>(&GetMe::new()).await.unwrap_err());
        seen.push(api("http://example.com").call::<_, Value>(&GetMe::new()).await.unwrap_err());
        assert!(matches!(seen[0], Fault::Lost(_)) && matches!(seen[1], Fault::Lost(_)), "{seen:?}");
        let code = |fault: &Fault| match fault {
            Fault::Refused(refusal) => refusal.code,
            Fault::Lost(_) | Fault::NotSent(_) => 0,
        };
        assert_eq!((code(&seen[2]), code(&seen[3])), (307, 502));
        assert!(seen[4..].iter().all(|fault| matches!(fault, Fault::NotSent(_))), "{seen:?}");
        assert!(!format!("{seen:?}").contains("AAtoken"), "{seen:?}");
    }
}
