//! KuCoin: one question ("what may this key do, and until when?"), signed and asked with care.
//!
//! [`sign`] makes the only signed requests there are, [`offset`] keeps our clock beside KuCoin's,
//! [`budget`] keeps us out of its limits, `line` carries question and answer, [`answer`] judges what comes back with the table in
//! [`codes`] and the readers in [`wire`]. This file only strings them together. No secret, raw
//! message or caller's address is logged here.

pub mod answer;
pub mod budget;
pub mod codes;
mod line;
pub mod offset;
pub mod sign;
pub mod wire;

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::HeaderMap;
use serde_json::Value;

use self::answer::{Refusal, judge};
use self::budget::{Budget, Quota};
use self::line::Line;
use self::offset::Offset;
use self::sign::SignedGet;
use super::endpoint::Endpoint;
use super::{Probed, Service, ServiceState};
use crate::clock::Clock;
use crate::domain::evidence::{Fault, Outcome};
use crate::domain::facts::Facts;
use crate::http_client::{BuildError, Timeouts};
use crate::secret::KeySecrets;

/// A client of one site. Shared by all keys of that site; cheap to share, dear to build.
pub struct Client {
    line: Line,
    clock: Arc<dyn Clock>,
    patience: Duration,
    budget: Mutex<Budget>,
    /// The last look at KuCoin's clock; held while looking, so that many probes look once.
    time: tokio::sync::Mutex<Result<Offset, Fault>>,
    looks: AtomicU64,
    version_accepted: AtomicBool,
}

/// What a probe learned on the way, good or bad.
#[derive(Default)]
struct Learned {
    time_confirmed: bool,
    caller: Option<IpAddr>,
    key_matches: Option<bool>,
    not_before: Option<DateTime<Utc>>,
}

impl Client {
    /// A client for `endpoint`. `proxy` comes from the configuration.
    pub fn new(
        endpoint: Endpoint,
        clock: Arc<dyn Clock>,
        timeouts: Timeouts,
        proxy: Option<&str>,
    ) -> Result<Self, BuildError> {
        Ok(Self {
            line: Line::new(endpoint, timeouts, proxy)?,
            clock,
            patience: timeouts.total * 2,
            budget: Mutex::default(),
            time: tokio::sync::Mutex::new(Err(Fault::Network)),
            looks: AtomicU64::new(0),
            version_accepted: AtomicBool::new(false),
        })
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Where it asks.
    pub fn endpoint(&self) -> &Endpoint {
        &self.line.endpoint
    }

    /// Asks the key about itself. `account` is the account of its last good answer, if there was
    /// one: probes of one account share a budget.
    pub async fn probe(&self, secrets: &KeySecrets, account: Option<&str>) -> Probed {
        let at = self.clock.now();
        let mut learned = Learned::default();
        let ask = self.ask(secrets, account, &mut learned);
        let answer = tokio::time::timeout(self.patience, ask).await;
        let outcome = match answer.unwrap_or_else(|_| Err(Fault::Network.into())) {
            Ok(facts) => Outcome::Good(facts),
            Err(refusal) => {
                self.log(&refusal);
                learned.caller = refusal.caller;
                learned.time_confirmed &= refusal.fault != Fault::ClockSkew;
                Outcome::Bad { fault: refusal.fault, code: refusal.code }
            }
        };
        Probed {
            outcome,
            at,
            caller_address: learned.caller,
            server_time_confirmed: learned.time_confirmed,
            key_matches: learned.key_matches,
            not_before: learned.not_before,
        }
    }

    /// What KuCoin says about its own trading service; `None` when it says nothing usable.
    pub async fn service(&self) -> Option<Service> {
        self.budget().take(None, self.clock.now()).ok()?;
        let reply = self.line.get("/api/v1/status", HeaderMap::new()).await.ok()?;
        let (status, message) = wire::service(&judge(reply.status, None, &reply.body).ok()?)?;
        let state = match status.as_str() {
            "open" => ServiceState::Open,
            "cancelonly" => ServiceState::CancelOnly,
            "close" => ServiceState::Closed,
            _ => return None,
        };
        Some(Service { state, message: (!message.is_empty()).then_some(message) })
    }

    async fn ask(
        &self,
        secrets: &KeySecrets,
        account: Option<&str>,
        learned: &mut Learned,
    ) -> Result<Facts, Refusal> {
        let taken = self.budget().take(account, self.clock.now());
        taken.map_err(|until| {
            learned.not_before = Some(until);
            Fault::RateLimited
        })?;
        let offset = self.offset(None, account, learned).await?;
        let data = match self.ask_signed(secrets, offset, account, learned).await {
            // Our clock or KuCoin's has moved since we looked: look again, once.
            Err(refusal) if refusal.fault == Fault::ClockSkew => {
                learned.time_confirmed = false;
                let offset = self.offset(Some(offset), account, learned).await?;
                self.ask_signed(secrets, offset, account, learned).await?
            }
            answer => answer?,
        };
        let this = wire::this_key(&data).ok_or(Fault::ExchangeDown)?;
        let asked = secrets.key.expose().trim();
        learned.key_matches = this.key.map(|key| key.eq_ignore_ascii_case(asked));
        if learned.key_matches == Some(false) {
            return Err(Fault::ExchangeDown.into());
        }
        // It accepted our timestamp, which is within a minute of our clock.
        learned.time_confirmed = true;
        Ok(this.facts)
    }

    /// Signs and sends the question, and keeps the books on the account's budget.
    async fn ask_signed(
        &self,
        secrets: &KeySecrets,
        offset: Offset,
        account: Option<&str>,
        learned: &mut Learned,
    ) -> Result<Value, Refusal> {
        let question = SignedGet::ThisKey;
        let stamp = offset.stamp(self.clock.now());
        let headers = question.headers(secrets, stamp).ok_or(Fault::OurRequest)?;
        let reply = self.line.get(&question.target(), headers).await?;
        let answer = judge(reply.status, reply.quota, &reply.body);
        self.keep_books(&answer, reply.quota, account, learned);
        if answer.is_ok() {
            self.version_accepted.store(true, Ordering::Relaxed);
        }
        answer.map_err(|refusal| self.weigh_version(refusal))
    }

    fn keep_books(
        &self,
        answer: &Result<Value, Refusal>,
        quota: Option<Quota>,
        account: Option<&str>,
        learned: &mut Learned,
    ) {
        let now = self.clock.now();
        match answer {
            Err(Refusal { slow: Some(slow), .. }) => {
                learned.not_before = Some(self.budget().note_slow(account, *slow, now));
            }
            Err(_) => self.budget().note_ease(),
            Ok(data) => {
                let told = wire::account(data);
                match (told.as_deref().or(account), quota) {
                    (Some(account), Some(quota)) => self.budget().note(account, quota, now),
                    _ => self.budget().note_ease(),
                }
            }
        }
    }

    /// "Invalid key version" is about the key only if our version has been accepted from another.
    fn weigh_version(&self, refusal: Refusal) -> Refusal {
        let ours = refusal.code.as_deref() == Some("400009");
        if ours && !self.version_accepted.load(Ordering::Relaxed) {
            return Refusal { fault: Fault::OurRequest, ..refusal };
        }
        refusal
    }

    /// KuCoin's clock against ours: the kept measurement, or a new one when it is old, missing or
    /// the one that was `refused`. Fails with `ClockSkew` when nothing may be signed.
    async fn offset(
        &self,
        refused: Option<Offset>,
        account: Option<&str>,
        learned: &mut Learned,
    ) -> Result<Offset, Refusal> {
        let looks = self.looks.load(Ordering::Acquire);
        let mut time = self.time.lock().await;
        match *time {
            Ok(kept) if refused != Some(kept) && self.is_fresh(kept) => return Ok(kept),
            // Somebody looked in vain while we waited for our turn: that was our look too.
            Err(fault) if self.looks.load(Ordering::Acquire) != looks => return Err(fault.into()),
            _ => {}
        }
        let measured = self.measure(account, learned).await.and_then(|offset| {
            if offset.is_tolerable() { Ok(offset) } else { Err(Fault::ClockSkew.into()) }
        });
        *time = measured.as_ref().map(|offset| *offset).map_err(|refusal| refusal.fault);
        self.looks.fetch_add(1, Ordering::Release);
        measured
    }

    fn is_fresh(&self, offset: Offset) -> bool {
        offset.is_fresh(self.clock.now(), self.clock.drift())
    }

    async fn measure(
        &self,
        account: Option<&str>,
        learned: &mut Learned,
    ) -> Result<Offset, Refusal> {
        let sent = self.clock.now();
        let reply = self.line.get("/api/v1/timestamp", HeaderMap::new()).await?;
        let received = self.clock.now();
        let data = judge(reply.status, None, &reply.body).inspect_err(|refusal| {
            if let Some(slow) = refusal.slow {
                learned.not_before = Some(self.budget().note_slow(account, slow, received));
            }
        })?;
        let server = wire::server_time(&data).ok_or(Fault::ExchangeDown)?;
        let offset = Offset::measure(server, sent, received, self.clock.drift());
        learned.time_confirmed = offset.is_tolerable();
        Ok(offset)
    }

    /// How far KuCoin's clock is ahead of ours, however far that is; nothing is signed with it.
    pub async fn clock_ahead(&self) -> Result<TimeDelta, Fault> {
        let measured = self.measure(None, &mut Learned::default()).await;
        measured.map(|offset| offset.ahead()).map_err(|refusal| refusal.fault)
    }

    fn log(&self, refusal: &Refusal) {
        let (site, fault, code) =
            (self.line.endpoint.site().id(), refusal.fault.id(), &refusal.code);
        let code = code.as_deref().unwrap_or("none");
        if refusal.known || refusal.code.is_none() {
            tracing::debug!(site, fault, code, "KuCoin refused a probe");
        } else {
            tracing::warn!(
                site,
                fault,
                code,
                "KuCoin answered with a code that is not in the table"
            );
        }
    }

    fn budget(&self) -> MutexGuard<'_, Budget> {
        // The books are consistent between any two statements.
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Stepped;

    #[test]
    fn a_refused_key_version_blames_the_key_only_after_ours_was_accepted() {
        let endpoint = Endpoint::kucoin(crate::domain::facts::Site::Global, None, false).unwrap();
        let clock = Arc::new(Stepped::new(DateTime::UNIX_EPOCH));
        let client = Client::new(endpoint, clock, Timeouts::default(), None).unwrap();
        let weigh = |code: &str| {
            let refusal = Refusal { code: Some(code.to_owned()), ..Fault::OldVersion.into() };
            client.weigh_version(refusal).fault
        };
        assert_eq!((weigh("400009"), weigh("400008")), (Fault::OurRequest, Fault::OldVersion));
        client.version_accepted.store(true, Ordering::Relaxed);
        assert_eq!((weigh("400009"), weigh("400008")), (Fault::OldVersion, Fault::OldVersion));
    }
}
