//! KuCoin's checks of a signed request, in KuCoin's order; the first that fails answers. A
//! made-up key with a good timestamp earns 400003, so the timestamp comes before the key.

use axum::http::HeaderMap;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::key::SimAccount;
use super::world::{Weather, Window, World};
use crate::domain::facts::Site;
use crate::exchange::kucoin::budget::PROBE_WEIGHT;
use crate::exchange::kucoin::sign::{KEY, PASSPHRASE, SIGN, TIMESTAMP, VERSION, signature};

/// A timestamp further off than this is refused.
const STAMP_WINDOW: TimeDelta = TimeDelta::seconds(5);

/// An answer of the gateway: status and body, and the pool it was counted in.
pub(super) struct Answer {
    pub status: u16,
    pub body: Value,
    pub window: Option<Window>,
}

impl Answer {
    pub fn good(data: &Value) -> Self {
        Self { status: 200, body: json!({"code": "200000", "data": data}), window: None }
    }

    pub fn bad(status: u16, code: &str, message: &str) -> Self {
        Self { status, body: json!({"code": code, "msg": message}), window: None }
    }

    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

/// `GET /api/v1/user/api-key`. `now` is the simulator's pretended time.
pub(super) fn user_api_key(
    world: &mut World,
    headers: &HeaderMap,
    target: &str,
    now: DateTime<Utc>,
) -> Answer {
    match identify(world, headers, target, now) {
        Ok(id) => admit(world, &id, now),
        Err(refused) => refused,
    }
}

/// Who asks: headers, time, key, version, passphrase, signature. Gives the key id.
fn identify(
    world: &mut World,
    headers: &HeaderMap,
    target: &str,
    now: DateTime<Utc>,
) -> Result<String, Answer> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(id), Some(sign), Some(stamp), Some(passphrase)) =
        (header(KEY), header(SIGN), header(TIMESTAMP), header(PASSPHRASE))
    else {
        let message = "Please check the header of your request for KC-API-KEY, KC-API-SIGN, \
                       KC-API-TIMESTAMP, KC-API-PASSPHRASE";
        return Err(Answer::bad(400, "400001", message));
    };
    let off = stamp.parse().ok().and_then(DateTime::from_timestamp_millis).map(|at| at - now);
    if off.is_none_or(|off| off.abs() > STAMP_WINDOW) {
        return Err(Answer::bad(400, "400002", "Invalid KC-API-TIMESTAMP."));
    }
    let australian = headers.get("x-site-type").is_some_and(|value| value == "australia");
    let key = world
        .key_by_id(id)
        .filter(|key| key.exists(now) && (key.site == Site::Au) == australian)
        .ok_or_else(|| {
            Answer::bad(401, "400003", "The API key does not exist or site mismatch.")
        })?;
    if key.version < 2 {
        return Err(Answer::bad(400, "400008", "V1 & V2 API keys are no longer supported."));
    }
    if !matches!(header(VERSION), Some("2" | "3")) {
        return Err(Answer::bad(400, "400009", "Invalid KC-API-KEY-VERSION"));
    }
    if passphrase != *signature(&key.secret, &[&key.passphrase]) {
        return Err(Answer::bad(401, "400004", "Invalid KC-API-PASSPHRASE"));
    }
    if sign != *signature(&key.secret, &[stamp, "GET", target]) {
        return Err(Answer::bad(401, "400005", "Invalid KC-API-SIGN"));
    }
    Ok(id.to_owned())
}

/// Whether it may: address list, account, permission, rate window. Being admitted is use.
fn admit(world: &mut World, id: &str, now: DateTime<Utc>) -> Answer {
    let (caller, weather) = (world.caller, world.weather.clone());
    let Some(key) = world.key_by_id(id) else {
        return Answer::bad(500, "500000", "Internal Server Error");
    };
    if !key.addresses.is_empty() && !key.addresses.contains(&caller) {
        let message = format!("Invalid request ip, the current clientIp is:{caller}");
        return Answer::bad(403, "400006", &message);
    }
    if key.account == SimAccount::Frozen {
        return Answer::bad(403, "411100", "User is frozen");
    }
    if key.account == SimAccount::IdentityRequired {
        return Answer::bad(
            403,
            "400303",
            "we kindly request you complete the identity verification",
        );
    }
    if !key.permissions.iter().any(|word| word == "General") {
        return Answer::bad(403, "400007", "Access denied, require more permission.");
    }
    let pool = format!("account {}", key.uid);
    let mut data = key.describe();
    if weather == Weather::WrongKey {
        data["apiKey"] = "000000000000000000000001".into();
    }
    let (mut fits, mut window) = world.draw(&pool, PROBE_WEIGHT, now);
    if weather == Weather::RateLimited {
        (fits, window.used) = (false, Window::LIMIT);
    }
    if !fits {
        let answer = Answer::bad(429, "429000", "Too Many Requests");
        return Answer { window: Some(window), ..answer };
    }
    if let Some(key) = world.key_by_id(id) {
        key.last_used_at = Some(now);
    }
    Answer { window: Some(window), ..Answer::good(&data) }
}
