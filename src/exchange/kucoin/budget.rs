//! Whether one more request may go out. Pure: instants are arguments.
//!
//! KuCoin counts per account and tells the state of the pool in every answer; the owner's own
//! programs draw from the same pool, so the watcher stops well before it is empty. An answer of
//! "too many" without these headers is an overload, and Cloudflare's limit is per address: both
//! hold everything for a while.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::HeaderMap;

/// What `GET /api/v1/user/api-key` takes from the account's pool.
pub const PROBE_WEIGHT: i64 = 20;

/// No header can hold us longer than this: a lying one must not end the watch.
const LONGEST_HOLD: TimeDelta = TimeDelta::seconds(60);

/// What an answer said about the pool it was counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The size of the pool.
    pub limit: i64,
    /// What is left of it.
    pub remaining: i64,
    /// How long until it is full again.
    pub reset: TimeDelta,
}

impl Quota {
    /// Reads the `gw-ratelimit-*` headers; `None` unless all three are there and sensible.
    pub fn read(headers: &HeaderMap) -> Option<Self> {
        let number = |name| {
            let value: i64 = headers.get(name)?.to_str().ok()?.trim().parse().ok()?;
            (0..=1_000_000_000).contains(&value).then_some(value)
        };
        Some(Self {
            limit: number("gw-ratelimit-limit")?,
            remaining: number("gw-ratelimit-remaining")?,
            reset: TimeDelta::milliseconds(number("gw-ratelimit-reset")?),
        })
    }

    /// What is left to the owner's own programs: a twentieth of the pool, at least two probes.
    fn reserve(self) -> i64 {
        (self.limit / 20).max(2 * PROBE_WEIGHT)
    }
}

/// Why the exchange asked us to slow down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slow {
    /// The account's pool is empty; its headers told until when.
    Account(Quota),
    /// The business layer blocks the account for 10 s.
    Business,
    /// The exchange is overloaded: wait longer each time.
    Overload,
    /// Cloudflare blocks our address for 30 s.
    Address,
}

/// The pools of the accounts behind one endpoint, and the hold on the endpoint itself.
#[derive(Debug, Default)]
pub struct Budget {
    pools: HashMap<String, Pool>,
    /// Nothing goes out before this.
    held_until: Option<DateTime<Utc>>,
    /// "Too many" answers without headers in a row.
    overloads: u32,
}

#[derive(Clone, Copy, Debug)]
struct Pool {
    quota: Quota,
    until: DateTime<Utc>,
    held: bool,
}

impl Budget {
    /// Takes one probe of `account` from the budget, or says from when on to ask again. Without
    /// an account, because none is known yet, only the endpoint's own hold counts.
    pub fn take(&mut self, account: Option<&str>, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        self.pools.retain(|_, pool| pool.until > now && pool.until - now <= LONGEST_HOLD);
        // A hold that lies far ahead is left over from a clock that was set back.
        if let Some(until) = self.held_until.filter(|at| *at > now && *at - now <= LONGEST_HOLD) {
            return Err(until);
        }
        let Some(pool) = account.and_then(|account| self.pools.get_mut(account)) else {
            return Ok(());
        };
        if pool.held || pool.quota.remaining - PROBE_WEIGHT < pool.quota.reserve() {
            return Err(pool.until);
        }
        // Counted at once, so that many probes of one account at a time see each other.
        pool.quota.remaining -= PROBE_WEIGHT;
        Ok(())
    }

    /// Notes what a normal answer said about the pool of `account`.
    pub fn note(&mut self, account: &str, quota: Quota, now: DateTime<Utc>) {
        self.overloads = 0;
        let until = now + quota.reset.min(LONGEST_HOLD);
        self.pools.insert(account.to_owned(), Pool { quota, until, held: false });
    }

    /// Notes that the exchange answered without complaint about our pace.
    pub fn note_ease(&mut self) {
        self.overloads = 0;
    }

    /// Notes a "too many" and says from when on to ask again.
    pub fn note_slow(
        &mut self,
        account: Option<&str>,
        slow: Slow,
        now: DateTime<Utc>,
    ) -> DateTime<Utc> {
        match slow {
            Slow::Account(quota) => self.hold_account(account, quota, now),
            Slow::Business => {
                let reset = TimeDelta::seconds(10);
                self.hold_account(account, Quota { limit: 0, remaining: 0, reset }, now)
            }
            Slow::Overload => {
                self.overloads = self.overloads.saturating_add(1);
                let seconds = 2_i64.saturating_pow(self.overloads.min(6));
                self.hold_all(now + TimeDelta::seconds(seconds).min(LONGEST_HOLD))
            }
            Slow::Address => self.hold_all(now + TimeDelta::seconds(30)),
        }
    }

    fn hold_account(
        &mut self,
        account: Option<&str>,
        quota: Quota,
        now: DateTime<Utc>,
    ) -> DateTime<Utc> {
        let until = now + quota.reset.min(LONGEST_HOLD);
        if let Some(account) = account {
            self.pools.insert(account.to_owned(), Pool { quota, until, held: true });
        }
        until
    }

    fn hold_all(&mut self, until: DateTime<Utc>) -> DateTime<Utc> {
        self.held_until = Some(until);
        until
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).unwrap()
    }

    fn quota(remaining: i64) -> Quota {
        Quota { limit: 2000, remaining, reset: TimeDelta::seconds(12) }
    }

    #[test]
    fn a_pool_that_is_nearly_used_holds_its_own_account_only() {
        let mut budget = Budget::default();
        budget.note("1", quota(119), now());
        let until = now() + TimeDelta::seconds(12);
        assert_eq!(budget.take(Some("1"), now()), Err(until));
        assert_eq!(budget.take(Some("2"), now()), Ok(()));
        assert_eq!(budget.take(None, now()), Ok(()));
        assert_eq!(budget.take(Some("1"), until), Ok(()));
    }

    #[test]
    fn probes_under_way_are_counted() {
        let mut budget = Budget::default();
        budget.note("1", quota(160), now());
        let taken = (0..9).filter(|_| budget.take(Some("1"), now()).is_ok()).count();
        assert_eq!(taken, 3, "160, 140, 120; 100 stay for the owner");
    }

    #[test]
    fn an_empty_pool_waits_for_its_reset_and_never_longer_than_a_minute() {
        let mut budget = Budget::default();
        let long = Quota { reset: TimeDelta::days(300), ..quota(0) };
        let until = budget.note_slow(Some("1"), Slow::Account(long), now());
        assert_eq!(until, now() + TimeDelta::seconds(60));
        assert_eq!(budget.take(Some("1"), now()), Err(until));
        assert_eq!(budget.take(Some("2"), now()), Ok(()));
        assert_eq!(budget.take(Some("1"), until), Ok(()));
    }

    #[test]
    fn an_overload_holds_everything_longer_each_time_until_it_eases() {
        let mut budget = Budget::default();
        let mut at = now();
        for seconds in [2, 4, 8, 16, 32, 60, 60] {
            let until = budget.note_slow(None, Slow::Overload, at);
            assert_eq!((until - at).num_seconds(), seconds);
            assert_eq!(budget.take(Some("2"), at), Err(until));
            at = until;
        }
        budget.note_ease();
        assert_eq!(budget.note_slow(None, Slow::Overload, at) - at, TimeDelta::seconds(2));
    }

    #[test]
    fn a_clock_that_was_set_back_frees_old_holds() {
        let mut budget = Budget::default();
        budget.note_slow(Some("1"), Slow::Account(quota(0)), now());
        budget.note_slow(None, Slow::Address, now());
        assert_eq!(budget.take(Some("1"), now() - TimeDelta::hours(1)), Ok(()));
    }

    #[test]
    fn headers_that_are_missing_or_mad_are_no_quota() {
        let headers = |values: [&str; 3]| {
            let names = ["gw-ratelimit-limit", "gw-ratelimit-remaining", "gw-ratelimit-reset"];
            let pairs = names.into_iter().zip(values);
            let kept = pairs.filter(|(_, value)| !value.is_empty());
            kept.map(|(n, v)| (n.parse().unwrap(), HeaderValue::from_str(v).unwrap()))
                .collect::<HeaderMap>()
        };
        let read = |values| Quota::read(&headers(values));
        assert_eq!(read(["2000", " 1980", "12000"]), Some(quota(1980)));
        for values in [
            ["2000", "1980", ""],
            ["x", "1", "1"],
            ["2000", "-1", "1"],
            ["2000", "1", "99999999999999999999"],
        ] {
            assert_eq!(read(values), None, "{values:?}");
        }
    }
}
