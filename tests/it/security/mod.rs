//! The security suite: what a reviewer of a trading firm tries before approving (SECURITY.md's ten
//! tests). What leaves the machine is tried on the program itself, as a process of its own; who may
//! do what, and how fast, on a bot with both platforms in this process ([`house`]).
//!
//! A new chat platform joins by adding its fake to [`outbound`] and [`tokens`], and to the house:
//! [`tenants`], [`identities`], [`flood`] and [`voices`] then try it.

pub mod bot;
mod disk;
mod door;
mod exfiltration;
mod flood;
mod foreign;
mod forms;
mod house;
mod identities;
mod needles;
mod outbound;
pub mod sweep;
mod tenants;
mod text;
mod tokens;
mod updates;
mod vault;
mod voices;

use std::path::Path;
use std::time::Duration;

use keylapse::exchange::simulator::SimKey;
use serde_json::{Value, json};
use sqlx::{Connection, Row};

use crate::cli::Host;

/// Every filter that the program accepts, at its loudest; the first place to look for a leak.
pub const LOUDEST: (&str, &str) = (
    "KEYLAPSE_LOG",
    "trace,reqwest=trace,hyper=trace,hyper_util=trace,h2=trace,rustls=trace,sqlx=trace,axum=trace",
);

/// What KuCoin says of a key that is good; a test bends it.
pub fn good_answer(key: &SimKey) -> Value {
    json!({"code": "200000", "data": {
        "remark": key.label, "apiKey": key.key, "apiVersion": 3, "permission": "General",
        "ipWhitelist": "203.0.113.7", "createdAt": 1_700_000_000_000_i64, "uid": 1234,
        "isMaster": false, "subName": "desk", "siteType": "global", "expiredAt": null,
    }})
}

/// Lets the next start of the bot ask about every key at once.
pub async fn make_due(host: &Host) {
    column(&host.data().join("keylapse.db"), "UPDATE duties SET due_at = 0".to_owned()).await;
}

/// How many looks at this key are recorded.
pub async fn looks(host: &Host, label: &str) -> u64 {
    let query = format!(
        "SELECT CAST(COALESCE(SUM(o.times), 0) AS TEXT) FROM observations o JOIN keys k ON k.id = o.key_id WHERE k.label = '{label}'"
    );
    column(&host.data().join("keylapse.db"), query).await[0].parse().unwrap()
}

/// Waits until more looks than these are recorded.
pub async fn wait_for_look(host: &Host, label: &str, before: u64) {
    let patience = tokio::time::timeout(Duration::from_secs(30), async {
        while looks(host, label).await == before {
            tokio::task::yield_now().await;
        }
    });
    assert!(patience.await.is_ok(), "{label} was not asked");
}

/// Waits until a query finds something.
pub async fn wait_for_row(host: &Host, query: &str) {
    let patience = tokio::time::timeout(Duration::from_secs(30), async {
        while column(&host.data().join("keylapse.db"), query.to_owned()).await.is_empty() {
            tokio::task::yield_now().await;
        }
    });
    assert!(patience.await.is_ok(), "nothing came of {query}");
}

/// A connection of the test's own to a SQLite file.
pub async fn open(file: &Path) -> sqlx::AnyConnection {
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}", file.display());
    sqlx::AnyConnection::connect(&url).await.unwrap()
}

/// Runs a query on a SQLite file and gives the first column where it is text.
pub async fn column(file: &Path, query: String) -> Vec<String> {
    let mut connection = open(file).await;
    let rows = sqlx::query(sqlx::AssertSqlSafe(query)).fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    rows.iter().map(|row| row.try_get(0).unwrap_or_default()).collect()
}
