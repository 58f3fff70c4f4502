//! Eight writers at once, all over the ledger: no error, and what is left adds up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::TimeDelta;
use keylapse::domain::evidence::{Fault, Outcome};
use keylapse::domain::policy::Policy;
use keylapse::store::Store;
use keylapse::store::deed::{DeedError, Taking};
use keylapse::store::desk::Desk;
use keylapse::store::lane::Turn;

use super::db::Db;
use super::given::*;

on_both!(eight_writers_check_take_and_deliver_at_once, eight_processes_write_to_one_database);

const KEYS: usize = 12;
const ROUNDS: i64 = 12;

async fn eight_writers_check_take_and_deliver_at_once(db: &Db) {
    let (home, other) = two_tenants(&db.store).await;
    let mut bots = Vec::new();
    for n in 0..KEYS {
        let desk = if n % 3 == 0 { &other } else { &home };
        bots.push(watch(desk, &format!("bot-{n}")).await);
    }
    let mut writers = tokio::task::JoinSet::new();
    let checking = Arc::new(AtomicUsize::new(4));
    for writer in 0..4 {
        let (store, bots, checking) = (db.store.clone(), bots.clone(), checking.clone());
        writers.spawn(async move {
            check(&store, &bots, writer).await;
            checking.fetch_sub(1, Ordering::Relaxed);
        });
    }
    for desk in [home.clone(), other.clone()] {
        writers.spawn(async move { take(&desk).await });
    }
    for _ in 0..2 {
        let (store, checking) = (db.store.clone(), checking.clone());
        writers.spawn(async move { deliver(&store, &checking).await });
    }
    writers.join_all().await;
    assert!(db.store.count_messages("sent").await.unwrap() > 0, "something was said");
    adds_up(db).await;
}

/// The bot and commands at the host's own terminal, each with a handle of its own.
async fn eight_processes_write_to_one_database(db: &Db) {
    let workspace = home(&db.store).await.workspace().clone();
    let mut processes = tokio::task::JoinSet::new();
    for n in 0..8 {
        let store = db.again().await;
        let desk = store.desk(workspace.clone());
        processes.spawn(async move {
            for round in 0..4 {
                let bot = watch(&desk, &format!("bot-{n}-{round}")).await;
                look(&store, &bot, bad(Fault::AccountFrozen, "400700"), round).await;
            }
            store.close().await;
        });
    }
    processes.join_all().await;
    assert_eq!(db.int("SELECT COUNT(*) FROM keys").await, 32);
    assert_eq!(db.int("SELECT MAX(no) FROM alerts").await, 32);
}

/// Looks at all keys, in an order and with answers of its own.
async fn check(store: &Store, bots: &[Watched], writer: usize) {
    for round in 0..ROUNDS {
        let minutes = round * 5;
        let mut batch = Vec::new();
        for n in 0..KEYS {
            let bot = &bots[(n * 5 + writer * 3) % KEYS];
            batch.push(seen(bot, answer(writer, n, round), minutes));
        }
        for part in batch.chunks(5) {
            commit(store, part, minutes).await;
        }
    }
}

fn answer(writer: usize, n: usize, round: i64) -> Outcome {
    match (writer + n + usize::try_from(round).unwrap()) % 4 {
        0 => good(healthy()),
        1 => outage(),
        2 => bad(Fault::AccountFrozen, "400700"),
        _ => good(ending(days(round % 9))),
    }
}

/// Takes and gives back whatever is open.
async fn take(desk: &Desk) {
    let policy = Policy::default();
    let taking = Taking { by: clean("Ada"), until: None, reason: None, shown_rev: None };
    for round in 0..ROUNDS {
        let moment = now(&policy, round * 5);
        for alert in desk.open_alerts().await.unwrap() {
            for done in [
                desk.acknowledge(&alert.id, &taking, &entry("alert.ack"), moment).await,
                desk.undo(&alert.id, &clean("Ada"), &entry("alert.undo"), moment).await,
            ] {
                // It may be over by now; anything else is a fault of ours.
                assert!(matches!(done, Ok(_) | Err(DeedError::Refused(_))), "{done:?}");
            }
        }
        tokio::task::yield_now().await;
    }
}

/// Delivers and edits whatever waits, as long as anybody checks and once more.
async fn deliver(store: &Store, checking: &AtomicUsize) {
    let mut is_last = false;
    for minutes in 0.. {
        if is_last {
            return;
        }
        is_last = checking.load(Ordering::Relaxed) == 0;
        // Each courier has a clock of its own here: with a short lease they would take each
        // other's lanes away, and rightly be told so.
        let lease = TimeDelta::days(36_500);
        for lane in store.claim_lanes(at(minutes), lease).await.unwrap() {
            while let Some(message) = store.bind_next(&lane, at(minutes)).await.unwrap() {
                store.mark_attempt(&lane, &message, at(minutes)).await.unwrap();
                store.record_receipt(&lane, &message, "platform", at(minutes)).await.unwrap();
            }
            if let Some(edit) = store.next_edit(&lane, at(minutes)).await.unwrap() {
                store.record_edit(&edit, false, at(minutes)).await.unwrap();
            }
            store.release_lane(&lane, &Turn::Fine).await.unwrap();
        }
        tokio::task::yield_now().await;
    }
}

async fn adds_up(db: &Db) {
    let none = [
        // Numbers: every proven alert has one, without a gap.
        "SELECT COUNT(*) FROM workspaces w WHERE w.next_alert_no - 1 <> \
         (SELECT COUNT(*) FROM alerts a WHERE a.workspace_id = w.id AND a.no > 0)",
        // Transitions: as many as the alert says.
        "SELECT COUNT(*) FROM alerts a WHERE a.last_seq <> \
         (SELECT COUNT(*) FROM transitions t WHERE t.alert_id = a.id)",
        // Observations: every look was counted.
        "SELECT COUNT(*) FROM keys k WHERE 48 <> \
         (SELECT SUM(times) FROM observations o WHERE o.key_id = k.id)",
        // Audit: no gap.
        "SELECT COUNT(*) FROM workspaces w WHERE (SELECT MAX(seq) FROM audit x WHERE x.workspace_id = w.id) <> \
         (SELECT COUNT(*) FROM audit x WHERE x.workspace_id = w.id)",
        // Notices: what is bound or done has a message that tells it; what waits has none.
        "SELECT COUNT(*) FROM notices n WHERE n.state IN ('bound', 'done') AND NOT EXISTS \
         (SELECT 1 FROM message_alerts m WHERE m.message_id = n.message_id AND m.alert_id = n.alert_id AND m.seq = n.seq)",
        "SELECT COUNT(*) FROM notices WHERE state IN ('owed', 'held') AND message_id IS NOT NULL",
        "SELECT COUNT(*) FROM notices n JOIN messages m ON m.id = n.message_id WHERE m.state = 'sent' AND n.state <> 'done'",
    ];
    for claim in none {
        assert_eq!(db.int(claim).await, 0, "{claim}");
    }
}
