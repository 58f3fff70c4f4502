//! One answer, judged: the payload of a success, or why there is none. Pure. The body's code is
//! looked at first, the HTTP status second, and the message only for the caller's address.

use std::fmt;
use std::net::IpAddr;

use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::Value;

use super::budget::{Quota, Slow};
use super::codes::{SUCCESS, digits, fault_of, fault_of_status};
use super::wire::{Envelope, caller_address, envelope, is_cloudflare_limit};
use crate::domain::evidence::Fault;

/// Why an answer brought no payload. The caller's address is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What it says, about the key or about the probe.
    pub fault: Fault,
    /// KuCoin's code.
    pub code: Option<String>,
    /// Whether the table knows that code.
    pub known: bool,
    /// The address the exchange saw us under, when it said so.
    pub caller: Option<IpAddr>,
    /// How it asked us to slow down.
    pub slow: Option<Slow>,
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, code, known, caller, slow } = self;
        let caller = caller.map(|_| "private");
        write!(f, "{fault:?} {code:?} known {known} caller {caller:?} {slow:?}")
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self { fault, code: None, known: false, caller: None, slow: None }
    }
}

/// Judges status, rate headers and body of an answer.
pub fn judge(status: StatusCode, quota: Option<Quota>, body: &[u8]) -> Result<Value, Refusal> {
    // Never followed, and nothing it carries is an answer to our question.
    if status.is_redirection() {
        return Err(Fault::ExchangeDown.into());
    }
    let Some(envelope) = envelope(body) else {
        return Err(judge_page(status, quota, body));
    };
    if envelope.code == SUCCESS && status.is_success() {
        return Ok(envelope.data);
    }
    Err(judge_code(status, quota, &envelope))
}

/// HTML of a proxy or a firewall, half an answer, or nothing.
fn judge_page(status: StatusCode, quota: Option<Quota>, body: &[u8]) -> Refusal {
    if is_cloudflare_limit(body) {
        return Refusal { slow: Some(Slow::Address), ..Fault::RateLimited.into() };
    }
    let fault = match fault_of_status(status) {
        // A page was sent by something between us and KuCoin; it says nothing of our request.
        Fault::OurRequest => Fault::ExchangeDown,
        fault => fault,
    };
    let slow = (fault == Fault::RateLimited).then(|| slow_down(None, quota));
    Refusal { slow, ..fault.into() }
}

fn judge_code(status: StatusCode, quota: Option<Quota>, envelope: &Envelope) -> Refusal {
    let known = fault_of(&envelope.code);
    let fault = known.unwrap_or_else(|| fault_of_status(status));
    let tells_caller = matches!(fault, Fault::IpRefused | Fault::RegionRefused);
    Refusal {
        fault,
        code: digits(&envelope.code),
        known: known.is_some(),
        caller: if tells_caller { caller_address(&envelope.message) } else { None },
        slow: (fault == Fault::RateLimited).then(|| slow_down(Some(&envelope.code), quota)),
    }
}

/// "Too many" counts against the account only when the headers say so; without them it is an
/// overload of the server.
fn slow_down(code: Option<&str>, quota: Option<Quota>) -> Slow {
    match (code, quota) {
        (Some("200002"), _) => Slow::Business,
        (Some("1015"), _) => Slow::Address,
        (_, Some(quota)) if quota.reset > TimeDelta::zero() => Slow::Account(quota),
        _ => Slow::Overload,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::evidence::About;
    use crate::exchange::kucoin::codes::TABLE;

    fn refuse(status: u16, body: &str) -> Refusal {
        judge(StatusCode::from_u16(status).unwrap(), None, body.as_bytes()).unwrap_err()
    }

    #[test]
    fn every_published_error_body_is_judged() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/kucoin/errors/");
        let read = |file: &str| std::fs::read_to_string(format!("{folder}{file}")).unwrap();
        let expected = [
            ("400001-missing-or-bad-headers.json", Fault::OurRequest),
            ("400002-timestamp.2026.json", Fault::ClockSkew),
            ("400002-timestamp.json", Fault::ClockSkew),
            ("400003-key-not-exists-or-site-mismatch.2026.json", Fault::NotKnown),
            ("400003-key-not-exists.old.json", Fault::NotKnown),
            ("400004-passphrase.json", Fault::WrongPassphrase),
            ("400005-signature.json", Fault::WrongSignature),
            ("400006-ip.old.json", Fault::IpRefused),
            ("400006-ip.with-client-ip.json", Fault::IpRefused),
            ("400007-permission.json", Fault::NotAllowed),
            ("400302-region.json", Fault::RegionRefused),
            ("400303-kyc.json", Fault::IdentityRequired),
            ("400500-region-token.json", Fault::RegionRefused),
            ("429000-rate-limit.json", Fault::RateLimited),
            ("500000-internal.json", Fault::ExchangeDown),
            ("503000-unavailable.json", Fault::ExchangeDown),
        ];
        let index: Value = serde_json::from_str(&read("index.json")).unwrap();
        let index = index.as_array().unwrap();
        assert_eq!(index.len(), expected.len());
        for (file, fault) in expected {
            let entry = index.iter().find(|entry| entry["file"] == file).unwrap();
            // Where nobody recorded the status, any must do.
            let seen = entry["http_status"].as_u64().and_then(|n| u16::try_from(n).ok());
            for status in seen.map_or(vec![200, 400, 403, 500], |status| vec![status]) {
                let refusal = refuse(status, &read(file));
                assert_eq!((refusal.fault, refusal.known), (fault, true), "{file} {status}");
                assert_eq!(refusal.code.as_deref(), entry["code"].as_str(), "{file}");
                let names_address = read(file).contains("203.0.113.10");
                assert_eq!(refusal.caller.is_some(), names_address, "{file}");
            }
        }
    }

    #[test]
    fn every_code_of_the_table_wins_over_any_status() {
        for (code, fault, _) in TABLE {
            for status in [200, 400, 401, 403, 404, 429, 500, 503] {
                let body = format!("{{\"code\":\"{code}\",\"msg\":\"anything\"}}");
                assert_eq!(refuse(status, &body).fault, *fault, "{code} {status}");
            }
        }
    }

    #[test]
    fn an_unknown_code_is_about_the_probe_whatever_the_status() {
        for status in [200, 400, 401, 403, 404, 405, 418, 429, 500, 599] {
            let refusal = refuse(status, "{\"code\":\"499999\",\"msg\":\"API key deleted\"}");
            assert_eq!(refusal.fault.about(), About::Probe, "{status}");
            assert_eq!((refusal.code.as_deref(), refusal.known), (Some("499999"), false));
        }
        assert_eq!(refuse(401, "{\"code\":\"499999\"}").fault, Fault::ExchangeDown);
        assert_eq!(refuse(200, "{\"code\":\"x<script>\"}").code, None);
        assert_eq!(refuse(500, "{\"code\":\"200000\",\"data\":1}").fault, Fault::ExchangeDown);
    }

    #[test]
    fn a_page_is_no_verdict_on_the_key() {
        let page = "<html><h1>Forbidden</h1></html>";
        let table = [
            (200, page, Fault::ExchangeDown),
            (400, page, Fault::ExchangeDown),
            (401, page, Fault::ExchangeDown),
            (403, page, Fault::ExchangeDown),
            (404, "", Fault::ExchangeDown),
            (407, page, Fault::Network),
            (429, page, Fault::RateLimited),
            (502, page, Fault::ExchangeDown),
            (200, "{\"code\":\"200000\",\"da", Fault::ExchangeDown),
            (403, "<title>Cloudflare</title>Error code: 1015", Fault::RateLimited),
        ];
        for (status, body, fault) in table {
            assert_eq!(refuse(status, body).fault, fault, "{status} {body}");
        }
    }

    #[test]
    fn a_redirect_is_an_outage_even_with_a_good_body() {
        for status in [300, 301, 302, 303, 304, 307, 308] {
            let refusal = refuse(status, "{\"code\":\"200000\",\"data\":{}}");
            assert_eq!(refusal, Fault::ExchangeDown.into());
        }
    }

    #[test]
    fn too_many_is_the_accounts_only_with_headers() {
        let quota = Quota { limit: 2000, remaining: 0, reset: TimeDelta::seconds(9) };
        let slow = |code: &str, quota| {
            let body = format!("{{\"code\":\"{code}\"}}");
            judge(StatusCode::TOO_MANY_REQUESTS, quota, body.as_bytes()).unwrap_err().slow
        };
        assert_eq!(slow("429000", Some(quota)), Some(Slow::Account(quota)));
        assert_eq!(slow("429000", None), Some(Slow::Overload));
        assert_eq!(slow("200002", None), Some(Slow::Business));
        assert_eq!(slow("1015", None), Some(Slow::Address));
        assert_eq!(slow("400003", Some(quota)), None);
    }
}
