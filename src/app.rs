//! The bot as a whole: builds every part once, spawns the loops, stops them in order. Tests and
//! the demo start the same bot through here, with a clock of their own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::chat::Messenger;
use crate::clock::{Bell, Clock};
use crate::domain::id::KeyId;
use crate::domain::policy::Policy;
use crate::domain::receiver::Platform;
use crate::domain::schedule::Schedule;
use crate::exchange::prober::Prober;
use crate::store::Store;
use crate::tasks::Rhythm;
use crate::tasks::check::Checks;
use crate::tasks::deliver::Courier;
use crate::tasks::heartbeat::Heart;
use crate::tasks::tidy::Tidy;

/// What a bot is made of.
pub struct Parts {
    /// The ledger, migrated.
    pub store: Store,
    /// What asks the exchanges.
    pub prober: Arc<Prober>,
    /// Who can be written to.
    pub messengers: BTreeMap<Platform, Arc<dyn Messenger>>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// When keys are asked.
    pub schedule: Schedule,
    /// The figures in force.
    pub policy: Policy,
    /// How often loops look without being woken.
    pub rhythm: Rhythm,
    /// Stands on every card where the exchange is not the real one.
    pub mark: Option<&'static str>,
}

/// A running bot.
pub struct App {
    /// Wakes the checking loop.
    pub wake_checks: Bell,
    /// Wakes the courier.
    pub wake_courier: Bell,
    /// Tells of each key that was looked at.
    pub looked: broadcast::Sender<KeyId>,
    /// The shortest time between two scheduled checks of a key.
    pub interval: TimeDelta,
    stop: CancellationToken,
    loops: TaskTracker,
}

/// Keys that may be looked at before a waiting `/check` reads of it.
const LOOKED_BACKLOG: usize = 1024;

impl App {
    /// Starts every loop.
    pub fn start(parts: Parts) -> Self {
        let Parts { store, prober, messengers, clock, schedule, policy, rhythm, mark } = parts;
        let (stop, loops) = (CancellationToken::new(), TaskTracker::new());
        let (looked, _) = broadcast::channel(LOOKED_BACKLOG);
        let (checks_at, deliveries_at) = (Arc::default(), Arc::default());
        let interval = schedule.shortest_gap();
        // Alarms first: stepped time must not move before every loop stands at its place.
        let (check_alarm, courier_alarm) = (clock.alarm(), clock.alarm());
        let (heart_alarm, tidy_alarm) = (clock.alarm(), clock.alarm());
        let (wake_checks, wake_courier) = (check_alarm.bell(), courier_alarm.bell());
        let checks = Checks {
            store: store.clone(),
            prober,
            schedule,
            policy: policy.clone(),
            clock: clock.clone(),
            rhythm,
            looked: looked.clone(),
            courier: wake_courier.clone(),
            done_at: Arc::clone(&checks_at),
            doubt: Mutex::default(),
        };
        let courier = Courier {
            store: store.clone(),
            messengers,
            policy,
            mark,
            clock: clock.clone(),
            rhythm,
            done_at: Arc::clone(&deliveries_at),
        };
        let heart = Heart {
            store: store.clone(),
            clock: clock.clone(),
            every: rhythm.beat,
            checks: checks_at,
            deliveries: deliveries_at,
        };
        let tidy = Tidy { store, clock };
        loops.spawn(Arc::new(checks).run(check_alarm, stop.clone()));
        loops.spawn(Arc::new(courier).run(courier_alarm, stop.clone()));
        loops.spawn(heart.run(heart_alarm, stop.clone()));
        loops.spawn(tidy.run(tidy_alarm, stop.clone()));
        loops.close();
        Self { wake_checks, wake_courier, looked, interval, stop, loops }
    }

    /// Lets every loop finish what it is doing, and ends them. What was not finished is in the
    /// ledger and goes on at the next start.
    pub async fn stop(self) {
        self.stop.cancel();
        self.loops.wait().await;
    }
}
