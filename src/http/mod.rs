//! Health and metrics for whoever operates the bot, on a listener of its own: off unless the
//! settings name one, on loopback unless they insist. Counts only: no tenant, key or label.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use chrono::{DateTime, Utc};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::domain::receiver::Platform;
use crate::store::Store;
use crate::store::count::Counts;
use crate::store::install::Heartbeat;

/// What is looked at.
pub struct Ops {
    /// The ledger.
    pub store: Store,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The platforms that refuse the bot, each with its sentence; then it is not well.
    pub resting: watch::Receiver<BTreeMap<Platform, String>>,
    /// Whether an exchange is asked at an endpoint that is not its own; then never ready.
    pub is_test: bool,
    /// The platforms whose messages the leak guard should look through and may not read.
    pub deaf: Arc<dyn Fn() -> Vec<&'static str> + Send + Sync>,
}

/// Serves until told to stop; the address is taken before this returns.
pub async fn serve(
    ops: Ops,
    listen: SocketAddr,
    stop: CancellationToken,
) -> std::io::Result<impl Future<Output = ()>> {
    let listener = TcpListener::bind(listen).await?;
    // With port 0 the system chooses one.
    tracing::info!("health and metrics are served at {}", listener.local_addr()?);
    let router = Router::new()
        .route("/healthz", get(health))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Arc::new(ops));
    Ok(async move {
        let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
        if let Err(error) = served.await {
            tracing::error!(%error, "the ops listener ended");
        }
    })
}

type Said = (StatusCode, String);

async fn health(State(ops): State<Arc<Ops>>) -> Said {
    let Ok(counts) = ops.store.counts(ops.clock.now()).await else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the ledger does not answer\n".to_owned());
    };
    let (alive, resting) = (alive(&ops).await, ops.resting.borrow().clone());
    let is_well = alive.is_ok() && resting.is_empty();
    let mut said = format!("{}\n", alive.err().unwrap_or("alive"));
    for (platform, why) in resting {
        // Writing to a string cannot fail.
        let _ = writeln!(said, "{} rests: {why}", platform.name());
    }
    let _ = writeln!(said, "lost receivers: {}", counts.lost_receivers);
    let deaf = (ops.deaf)();
    if !deaf.is_empty() {
        let _ = writeln!(said, "leak guard of channels: off, refused by {}", deaf.join(", "));
    }
    (if is_well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, said)
}

async fn ready(State(ops): State<Arc<Ops>>) -> Said {
    if ops.is_test {
        return (StatusCode::SERVICE_UNAVAILABLE, "TEST ENDPOINT\n".to_owned());
    }
    match alive(&ops).await {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
    }
}

async fn metrics(State(ops): State<Arc<Ops>>) -> Said {
    let now = ops.clock.now();
    let (Ok(counts), Ok(beat)) = (ops.store.counts(now).await, ops.store.heartbeat().await) else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the ledger does not answer\n".to_owned());
    };
    (StatusCode::OK, exposition(&counts, beat, now))
}

async fn alive(ops: &Ops) -> Result<(), &'static str> {
    let beat = ops.store.heartbeat().await.map_err(|_| "the ledger does not answer")?;
    let now = ops.clock.now();
    let stopped = |at: DateTime<Utc>| now - at >= Heartbeat::STOPPED;
    match beat {
        None => Err("starting"),
        Some(beat) if stopped(beat.checks_at) => Err("checks have stopped"),
        Some(beat) if stopped(beat.deliveries_at) => Err("deliveries have stopped"),
        Some(_) => Ok(()),
    }
}

/// Prometheus' text format.
fn exposition(counts: &Counts, beat: Option<Heartbeat>, now: DateTime<Utc>) -> String {
    let mut out = String::new();
    let mut gauge = |name: &str, help: &str, values: &[(String, i64)]| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "# HELP keylapse_{name} {help}\n# TYPE keylapse_{name} gauge");
        for (labels, value) in values {
            let _ = writeln!(out, "keylapse_{name}{labels} {value}");
        }
    };
    let labelled = |name: &str, pairs: &[(String, i64)]| -> Vec<(String, i64)> {
        let quote = |word: &str| word.replace(['\\', '"', '\n'], "_");
        pairs.iter().map(|(word, n)| (format!("{{{name}=\"{}\"}}", quote(word)), *n)).collect()
    };
    let plain = |n: i64| [(String::new(), n)];
    gauge("keys", "Watched keys.", &plain(counts.keys));
    gauge("open_alerts", "Open alerts.", &labelled("severity", &counts.open_alerts));
    gauge("messages", "Messages by state.", &labelled("state", &counts.messages));
    gauge("overdue_duties", "Checks that should have been made.", &plain(counts.overdue));
    gauge("lost_receivers", "Receivers that cannot be written to.", &plain(counts.lost_receivers));
    if let Some(beat) = beat {
        let age = |at: DateTime<Utc>| plain((now - at).num_seconds());
        gauge("checks_age_seconds", "Since checking last came round.", &age(beat.checks_at));
        gauge(
            "deliveries_age_seconds",
            "Since delivering last came round.",
            &age(beat.deliveries_at),
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_carry_counts_and_nothing_that_names_anybody() {
        let counts = Counts {
            keys: 3,
            open_alerts: vec![("critical".to_owned(), 1)],
            messages: vec![("se\"nt\n".to_owned(), 2)],
            overdue: 0,
            lost_receivers: 0,
        };
        let text = exposition(&counts, None, DateTime::UNIX_EPOCH);
        assert!(text.contains("keylapse_keys 3\n"));
        assert!(text.contains("keylapse_open_alerts{severity=\"critical\"} 1\n"));
        assert!(text.contains("keylapse_messages{state=\"se_nt_\"} 2\n"));
    }
    #[tokio::test]
    async fn health_counts_lost_receivers_without_names_and_is_not_well_while_a_platform_rests() {
        use chrono_tz::Tz;

        use crate::clock::Stepped;
        use crate::domain::receiver::Address;
        use crate::domain::signal::Severity;
        use crate::domain::text::Clean;
        use crate::ids::Ids;
        use crate::store::workspace::{Described, DescribedReceiver};

        let now = DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000);
        let store = Store::in_memory(Arc::new(Ids::seeded())).await.unwrap();
        let chat = "-100".to_owned();
        let address = Address { platform: Platform::Telegram, chat, topic: None };
        let night = DescribedReceiver {
            name: Clean::new("night", 40),
            address,
            min_severity: Severity::Notice,
            mention: None,
        };
        let desk = Described {
            name: Clean::new("Desk", 40),
            zone: Tz::UTC,
            faq_only: false,
            chats: Vec::new(),
            grants: Vec::new(),
            receivers: vec![night],
        };
        store.sync_workspaces(&[desk], now).await.unwrap();
        store.beat(&Heartbeat { at: now, checks_at: now, deliveries_at: now }).await.unwrap();
        let clock: Arc<dyn Clock> = Arc::new(Stepped::new(now));
        let roll = watch::Sender::default();
        let quiet = |deaf: &'static [&'static str]| Ops {
            store: store.clone(),
            clock: clock.clone(),
            resting: roll.subscribe(),
            is_test: false,
            deaf: Arc::new(move || deaf.to_vec()),
        };
        let (_, text) = health(State(Arc::new(quiet(&["Discord"])))).await;
        assert!(text.ends_with("leak guard of channels: off, refused by Discord\n"), "{text}");
        let ops = Arc::new(quiet(&[]));
        for lost in ["0", "1"] {
            let (status, text) = health(State(ops.clone())).await;
            let expected = format!("alive\nlost receivers: {lost}\n");
            assert_eq!((status, text), (StatusCode::OK, expected));
            store.lose_chat(Platform::Telegram, "-100", "night was put out").await.unwrap();
        }
        roll.send_modify(|resting: &mut BTreeMap<_, _>| {
            resting.insert(Platform::Discord, "It says no.".to_owned());
        });
        let (status, text) = health(State(ops)).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(text, "alive\nDiscord rests: It says no.\nlost receivers: 1\n");
    }
}
