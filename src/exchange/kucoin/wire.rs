//! KuCoin's answers, read tolerantly: numbers may be strings, fields may be missing or new, and
//! an answer that is not what it should be is no answer. Here, and nowhere else, is decided what
//! absence means. Raw messages end here; only an address or a cleaned word leaves.

use std::collections::BTreeSet;
use std::net::IpAddr;

use chrono::{DateTime, Datelike, Utc};
use serde_json::Value;

use crate::domain::facts::{Binding, Facts, ReportedEnd, Site};
use crate::domain::permission::{Permission, Permissions, Power};
use crate::domain::text::Clean;

/// More entries than any real list has. A longer one is not understood: what stands behind the
/// end of what we read could be the right to withdraw.
const LONGEST_LIST: usize = 64;

/// The frame of every answer.
pub struct Envelope {
    /// The body code, as text even when it came as a number.
    pub code: String,
    /// The payload of a success.
    pub data: Value,
    /// The message of a failure; never kept or logged.
    pub message: String,
}

/// Reads the frame; `None` when it is not KuCoin that answered (HTML, half a body, nothing).
pub fn envelope(body: &[u8]) -> Option<Envelope> {
    let Value::Object(mut fields) = serde_json::from_slice(body).ok()? else {
        return None;
    };
    let code = match fields.get("code")? {
        Value::String(code) => code.trim().to_owned(),
        Value::Number(code) => code.to_string(),
        _ => return None,
    };
    let data = fields.remove("data").unwrap_or_default();
    let message = fields.get("msg").and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(Envelope { code, data, message })
}

/// Whether a body that is no envelope is Cloudflare's page about its limit per address.
pub fn is_cloudflare_limit(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body).to_lowercase();
    text.contains("cloudflare") && text.contains("1015")
}

/// What a key says about itself.
pub struct ThisKey {
    /// The key id in the answer; `None` when absent or masked.
    pub key: Option<String>,
    /// The rest, in our words.
    pub facts: Facts,
}

/// Reads the payload of `GET /api/v1/user/api-key`. Without a list of permissions it is no
/// answer: an empty list would look like lost rights.
pub fn this_key(data: &Value) -> Option<ThisKey> {
    let fields = data.as_object()?;
    let get = |name| fields.get(name).filter(|value| !value.is_null());
    let facts = Facts {
        permissions: permissions(get("permission")?)?,
        binding: binding(get("ipWhitelist")),
        created_at: get("createdAt").and_then(instant),
        end: end(fields.get("expiredAt")),
        account: get("uid").and_then(name),
        master: get("isMaster").and_then(truth),
        sub_account: get("subName").and_then(name),
        version: get("apiVersion").and_then(number).and_then(|n| u32::try_from(n).ok()),
        site: get("siteType").and_then(Value::as_str).and_then(site),
    };
    let key = get("apiKey").and_then(Value::as_str).map(str::trim);
    let key = key.filter(|key| !key.is_empty() && !key.contains('*')).map(str::to_owned);
    Some(ThisKey { key, facts })
}

/// The account that an answer of `user/api-key` was counted for.
pub fn account(data: &Value) -> Option<String> {
    name(data.get("uid")?)
}

/// Reads the payload of `GET /api/v1/timestamp`.
pub fn server_time(data: &Value) -> Option<DateTime<Utc>> {
    instant(data)
}

/// Reads status and message of `GET /api/v1/status`; addresses and key ids are cut out.
pub fn service(data: &Value) -> Option<(String, Clean)> {
    let status = data.get("status").or_else(|| data.get("serverStatus"))?.as_str()?;
    let message = data.get("msg").and_then(Value::as_str).unwrap_or_default();
    let words = message.split_whitespace().filter(|word| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        bare.parse::<IpAddr>().is_err() && !crate::domain::text::looks_secret(bare)
    });
    let message = Clean::new(&words.collect::<Vec<_>>().join(" "), 160);
    Some((status.trim().to_lowercase(), message))
}

/// The caller's address in the message of a 400006 or 400302: the last word that is one.
pub fn caller_address(message: &str) -> Option<IpAddr> {
    message.rsplit([' ', ',', ';', '(', ')']).find_map(|word| {
        let word = word.trim_end_matches('.');
        // "clientIp is:203.0.113.10", and IPv6 holds colons itself.
        let after = word.split_once("is:").map_or(word, |(_, after)| after);
        after.trim_matches(['[', ']']).parse().ok()
    })
}

fn permissions(value: &Value) -> Option<Permissions> {
    let items = list(value)?;
    Some(Permissions(items.iter().map(|raw| permission(raw)).collect()))
}

/// One right. The word is compared as it came, so that one with a hidden character is unknown.
fn permission(raw: &str) -> Permission {
    const WORDS: &[(&str, Power)] = &[
        ("General", Power::Read),
        ("Spot", Power::Trade),
        ("Margin", Power::Trade),
        ("Futures", Power::Trade),
        ("Trade", Power::Trade),
        ("Unified", Power::Trade),
        ("LeadtradeFutures", Power::Trade),
        ("Earn", Power::Earn),
        ("InnerTransfer", Power::Transfer),
        ("FlexTransfers", Power::Transfer),
        // The API's word for what the web page calls Withdrawal.
        ("Transfer", Power::Withdraw),
        ("Withdrawal", Power::Withdraw),
    ];
    let known = WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(raw));
    let name = Clean::new(raw, 40);
    Permission {
        power: known.map_or(Power::Unknown, |(_, power)| *power),
        name: if name.is_empty() { "(unreadable)".to_owned() } else { name.to_string() },
    }
}

/// No list means that no address is bound; KuCoin leaves the field out then.
fn binding(value: Option<&Value>) -> Binding {
    let Some(value) = value else { return Binding::Unbound };
    match list(value) {
        None => Binding::Unknown,
        Some(items) if items.is_empty() => Binding::Unbound,
        // Often masked ("203.**.154"), so text and not addresses.
        Some(items) => {
            let entries: BTreeSet<String> =
                items.iter().map(|item| Clean::new(item, 64).to_string()).collect();
            Binding::Bound(entries)
        }
    }
}

/// `null` and 0 say that there is no end; a missing field says nothing.
fn end(value: Option<&Value>) -> ReportedEnd {
    match value {
        None => ReportedEnd::Unknown,
        Some(Value::Null) => ReportedEnd::Never,
        Some(value) if number(value) == Some(0) => ReportedEnd::Never,
        Some(value) => instant(value).map_or(ReportedEnd::Unknown, ReportedEnd::At),
    }
}

fn site(word: &str) -> Option<Site> {
    Some(match word.trim().to_lowercase().as_str() {
        "" => return None,
        "global" => Site::Global,
        "europe" => Site::Eu,
        "australia" => Site::Au,
        "turkey" => Site::Tr,
        _ => Site::Other,
    })
}

/// A comma-separated text or an array of texts, without empty items.
fn list(value: &Value) -> Option<Vec<&str>> {
    let raw: Vec<&str> = match value {
        Value::String(text) => text.split(',').collect(),
        Value::Array(items) => items.iter().map(Value::as_str).collect::<Option<_>>()?,
        _ => return None,
    };
    let items: Vec<&str> = raw.into_iter().map(str::trim).filter(|s| !s.is_empty()).collect();
    (items.len() <= LONGEST_LIST).then_some(items)
}

/// Epoch milliseconds; a date that no key of a living exchange can have is no date.
fn instant(value: &Value) -> Option<DateTime<Utc>> {
    let at = DateTime::from_timestamp_millis(number(value)?)?;
    (2015..=2200).contains(&at.year()).then_some(at)
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(n) => n.as_i64().or_else(|| whole(n.as_f64()?)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A float that is a whole number a float can hold exactly, such as 1.7e12.
fn whole(value: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
    (value.fract() == 0.0 && value.abs() < 9.0e15).then_some(value as i64)
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::Number(_) => [false, true].get(usize::try_from(number(value)?).ok()?).copied(),
        Value::String(text) => text.trim().to_lowercase().parse().ok(),
        _ => None,
    }
}

/// A number or a short name, as cleaned text.
fn name(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) => number(value)?.to_string(),
        _ => return None,
    };
    let name = Clean::new(&text, 64);
    (!name.is_empty()).then(|| name.to_string())
}

#[cfg(test)]
mod tests;
