//! The only clock. *System* asks the computer; *stepped* moves when a test or the demo says so.
//!
//! Stepped time stands still while anything is busy: every loop owns an [`Alarm`] and counts as
//! busy from its making to its drop, except while it waits. Whoever wakes a loop (a bell or the
//! stepper) hands the busy count over before the loop runs, so there is no gap in which time
//! could slip. Handlers that are no loop hold a [`Busy`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// The source of time for leases, signatures, schedules and ids.
pub trait Clock: Send + Sync {
    /// The instant it is.
    fn now(&self) -> DateTime<Utc>;

    /// How far the wall clock has moved against a steady one since the start: large when
    /// somebody set the computer's clock. Zero when stepped.
    fn drift(&self) -> TimeDelta;

    /// A new alarm; its owner counts as busy until it waits.
    fn alarm(&self) -> Alarm;

    /// Keeps stepped time still while it lives. Free on the system clock.
    fn busy(&self) -> Busy;
}

/// The computer's clock.
pub struct System {
    wall: DateTime<Utc>,
    steady: std::time::Instant,
}

impl System {
    /// Starts to measure drift now.
    #[expect(clippy::new_without_default, reason = "a clock is made once, on purpose")]
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the computer")]
    pub fn new() -> Self {
        Self { wall: Utc::now(), steady: std::time::Instant::now() }
    }
}

impl Clock for System {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the computer")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn drift(&self) -> TimeDelta {
        let steady = TimeDelta::from_std(self.steady.elapsed()).unwrap_or(TimeDelta::MAX);
        (self.now() - self.wall) - steady
    }

    fn alarm(&self) -> Alarm {
        Alarm(Kind::System(Arc::new(Notify::new())))
    }

    fn busy(&self) -> Busy {
        Busy(None)
    }
}

/// A clock that a test or the demo moves. Clones share one time.
#[derive(Clone)]
pub struct Stepped(Arc<World>);

struct World {
    state: Mutex<State>,
    idle: Notify,
}

struct State {
    now: DateTime<Utc>,
    busy: usize,
    next_id: u64,
    sleepers: BTreeMap<(DateTime<Utc>, u64), Arc<Slot>>,
}

/// One alarm's place in the world; its fields change under the world's lock only.
struct Slot {
    id: u64,
    bed: Mutex<Bed>,
    wake: Notify,
}

#[derive(Clone, Copy, PartialEq)]
enum Bed {
    Up { rung: bool },
    Asleep { until: Option<DateTime<Utc>> },
}

impl Stepped {
    /// Stands at `start` until moved.
    pub fn new(start: DateTime<Utc>) -> Self {
        let state = State { now: start, busy: 0, next_id: 0, sleepers: BTreeMap::new() };
        Self(Arc::new(World { state: Mutex::new(state), idle: Notify::new() }))
    }

    /// Moves to `to`, stopping at every alarm on the way until what it woke is done.
    pub async fn advance_to(&self, to: DateTime<Utc>) {
        loop {
            self.settle().await;
            let mut state = self.0.lock();
            if state.busy > 0 {
                continue;
            }
            match state.sleepers.keys().next().copied() {
                Some((at, id)) if at <= to => {
                    state.now = state.now.max(at);
                    if let Some(slot) = state.sleepers.remove(&(at, id)) {
                        state.wake(&slot);
                    }
                }
                _ => {
                    state.now = state.now.max(to);
                    return;
                }
            }
        }
    }

    /// Moves by `step`.
    pub async fn advance(&self, step: TimeDelta) {
        let to = self.now() + step;
        self.advance_to(to).await;
    }

    /// Waits until nothing is busy. Time does not move.
    pub async fn settle(&self) {
        loop {
            let idle = self.0.idle.notified();
            if self.0.lock().busy == 0 {
                return;
            }
            idle.await;
        }
    }

    /// The next instant at which something wants to wake.
    pub fn next_alarm(&self) -> Option<DateTime<Utc>> {
        self.0.lock().sleepers.keys().next().map(|(at, _)| *at)
    }
}

impl World {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is consistent between any two statements, so a panicking holder spoils nothing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn done(&self, state: &mut State) {
        state.busy -= 1;
        if state.busy == 0 {
            self.idle.notify_waiters();
        }
    }
}

impl State {
    fn wake(&mut self, slot: &Slot) {
        slot.set(Bed::Up { rung: false });
        self.busy += 1;
        slot.wake.notify_one();
    }

    fn forget(&mut self, slot: &Slot) {
        if let Bed::Asleep { until: Some(at) } = slot.bed() {
            self.sleepers.remove(&(at, slot.id));
        }
    }
}

impl Slot {
    fn bed(&self) -> Bed {
        *self.bed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, bed: Bed) {
        *self.bed.lock().unwrap_or_else(PoisonError::into_inner) = bed;
    }
}

impl Clock for Stepped {
    fn now(&self) -> DateTime<Utc> {
        self.0.lock().now
    }

    fn drift(&self) -> TimeDelta {
        TimeDelta::zero()
    }

    fn alarm(&self) -> Alarm {
        let mut state = self.0.lock();
        state.busy += 1;
        state.next_id += 1;
        let slot = Slot {
            id: state.next_id,
            bed: Mutex::new(Bed::Up { rung: false }),
            wake: Notify::new(),
        };
        Alarm(Kind::Stepped(self.0.clone(), Arc::new(slot)))
    }

    fn busy(&self) -> Busy {
        self.0.lock().busy += 1;
        Busy(Some(self.0.clone()))
    }
}

/// Where a loop waits: for an instant, or for its bell.
pub struct Alarm(Kind);

enum Kind {
    System(Arc<Notify>),
    Stepped(Arc<World>, Arc<Slot>),
}

/// Wakes one loop. A ring while the loop is up is kept for its next wait.
#[derive(Clone)]
pub struct Bell(Ring);

#[derive(Clone)]
enum Ring {
    System(Arc<Notify>),
    Stepped(Arc<World>, Arc<Slot>),
}

/// Keeps stepped time still while it lives.
pub struct Busy(Option<Arc<World>>);

impl Alarm {
    /// What others ring.
    pub fn bell(&self) -> Bell {
        Bell(match &self.0 {
            Kind::System(notify) => Ring::System(notify.clone()),
            Kind::Stepped(world, slot) => Ring::Stepped(world.clone(), slot.clone()),
        })
    }

    /// Waits until the clock reads `until` (for ever when `None`) or the bell rings. May return
    /// early on the system clock: callers look at the clock, they do not count wakes. Dropping
    /// the future is safe; the alarm is then up again.
    pub async fn wait(&mut self, clock: &dyn Clock, until: Option<DateTime<Utc>>) {
        match &self.0 {
            Kind::System(notify) => {
                // In pieces, so that a step of the wall clock is noticed within half a minute.
                let piece = Duration::from_secs(30);
                let left = until
                    .map_or(piece, |at| (at - clock.now()).to_std().unwrap_or_default().min(piece));
                let _ = tokio::time::timeout(left, notify.notified()).await;
            }
            Kind::Stepped(world, slot) => {
                if !fall_asleep(world, slot, until) {
                    return;
                }
                let nap = Nap { world, slot };
                while matches!(nap.slot.bed(), Bed::Asleep { .. }) {
                    slot.wake.notified().await;
                }
            }
        }
    }
}

/// `false` when there is nothing to wait for.
fn fall_asleep(world: &World, slot: &Arc<Slot>, until: Option<DateTime<Utc>>) -> bool {
    let mut state = world.lock();
    if slot.bed() == (Bed::Up { rung: true }) || until.is_some_and(|at| at <= state.now) {
        slot.set(Bed::Up { rung: false });
        return false;
    }
    slot.set(Bed::Asleep { until });
    if let Some(at) = until {
        state.sleepers.insert((at, slot.id), slot.clone());
    }
    world.done(&mut state);
    true
}

/// Lets so much time pass; `false` when told to stop meanwhile.
pub async fn pass(clock: &dyn Clock, time: TimeDelta, stop: &CancellationToken) -> bool {
    let mut alarm = clock.alarm();
    let until = clock.now() + time;
    while clock.now() < until {
        tokio::select! {
            () = stop.cancelled() => return false,
            () = alarm.wait(clock, Some(until)) => {}
        }
    }
    true
}

/// Gets a sleeper up when its waiting is dropped.
struct Nap<'a> {
    world: &'a World,
    slot: &'a Slot,
}

impl Drop for Nap<'_> {
    fn drop(&mut self) {
        let mut state = self.world.lock();
        if matches!(self.slot.bed(), Bed::Asleep { .. }) {
            state.forget(self.slot);
            self.slot.set(Bed::Up { rung: false });
            state.busy += 1;
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Kind::Stepped(world, _) = &self.0 {
            world.done(&mut world.lock());
        }
    }
}

impl Bell {
    /// Wakes the loop, or keeps it from falling asleep once.
    pub fn ring(&self) {
        match &self.0 {
            Ring::System(notify) => notify.notify_one(),
            Ring::Stepped(world, slot) => {
                let mut state = world.lock();
                match slot.bed() {
                    Bed::Up { .. } => slot.set(Bed::Up { rung: true }),
                    Bed::Asleep { .. } => {
                        state.forget(slot);
                        state.wake(slot);
                    }
                }
            }
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if let Some(world) = &self.0 {
            world.done(&mut world.lock());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).unwrap_or_default()
    }

    #[tokio::test]
    async fn stepped_time_stops_at_every_alarm() {
        let clock = Stepped::new(start());
        let (seen, mut rings) = tokio::sync::mpsc::unbounded_channel();
        for (name, every) in [("a", 7), ("b", 10)] {
            let (clock, seen, mut alarm) = (clock.clone(), seen.clone(), clock.alarm());
            tokio::spawn(async move {
                loop {
                    let at = clock.now() + TimeDelta::minutes(every);
                    alarm.wait(&clock, Some(at)).await;
                    if seen.send((name, (clock.now() - start()).num_minutes())).is_err() {
                        return;
                    }
                }
            });
        }
        clock.advance(TimeDelta::minutes(21)).await;
        let mut got = Vec::new();
        while let Ok(ring) = rings.try_recv() {
            got.push(ring);
        }
        assert_eq!(got, [("a", 7), ("b", 10), ("a", 14), ("b", 20), ("a", 21)]);
        assert_eq!(clock.now(), start() + TimeDelta::minutes(21));
    }

    #[tokio::test]
    async fn a_bell_wakes_without_moving_time_and_a_busy_handler_holds_it() {
        let clock = Stepped::new(start());
        let mut alarm = clock.alarm();
        let bell = alarm.bell();
        bell.ring();
        alarm.wait(&clock, None).await;
        assert_eq!(clock.now(), start());

        let busy = clock.busy();
        let mover = tokio::spawn({
            let clock = clock.clone();
            async move { clock.advance(TimeDelta::hours(1)).await }
        });
        drop(alarm);
        tokio::task::yield_now().await;
        assert_eq!(clock.now(), start());
        drop(busy);
        mover.await.unwrap();
        assert_eq!(clock.now(), start() + TimeDelta::hours(1));
    }

    #[tokio::test]
    async fn a_dropped_wait_leaves_its_loop_up() {
        let clock = Stepped::new(start());
        let mut alarm = clock.alarm();
        {
            let wait = alarm.wait(&clock, Some(start() + TimeDelta::hours(1)));
            let mut wait = std::pin::pin!(wait);
            assert!(futures_poll(wait.as_mut()).await);
        }
        assert_eq!(clock.next_alarm(), None);
        drop(alarm);
        clock.advance(TimeDelta::hours(2)).await;
    }

    /// Polls once; `true` when pending.
    async fn futures_poll<F: Future>(mut future: std::pin::Pin<&mut F>) -> bool {
        std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx).is_pending()))
            .await
    }
}
