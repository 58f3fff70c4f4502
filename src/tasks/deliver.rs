//! The courier: pays what is owed, one lane at a time, each lane apart from its siblings. Bind,
//! attempt, send, receipt - every step is in the ledger before the next begins. Text is composed
//! when it is sent, so that "3 days left" is true when it arrives.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{AFTER_FAULT, Rhythm, rest};
use crate::chat::{Delivery, Messenger, Post};
use crate::clock::{Alarm, Clock};
use crate::domain::card::Card;
use crate::domain::notice::{self, View};
use crate::domain::policy::Policy;
use crate::domain::receiver::Platform;
use crate::domain::signal::Severity;
use crate::domain::storm;
use crate::store::button::Offer;
use crate::store::lane::{Lane, Turn};
use crate::store::message::Message;
use crate::store::{Store, StoreError};

/// A lane that is not given back by then can be taken by somebody else.
const LEASE: TimeDelta = TimeDelta::minutes(3);
/// Messages and edits of one turn; the rest of a lane waits for its next turn.
const MOST_A_TURN: usize = 20;
/// How long an alert's buttons mean something.
const BUTTONS_LIVE: TimeDelta = TimeDelta::days(90);
/// The longest back-off of a lane.
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(10);
/// The longest one that a platform can ask for.
const LONGEST_ASKED: TimeDelta = TimeDelta::minutes(15);
/// The shortest one, whatever a platform asks for.
const SHORTEST_WAIT: TimeDelta = TimeDelta::seconds(1);

/// The courier's loop and what it works with.
pub struct Courier {
    /// The ledger.
    pub store: Store,
    /// Who can be written to, by platform.
    pub messengers: BTreeMap<Platform, Arc<dyn Messenger>>,
    /// The figures in force.
    pub policy: Policy,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// How often it looks without being woken.
    pub rhythm: Rhythm,
    /// Stands on every card where the exchange is not the real one.
    pub mark: Option<&'static str>,
    /// When work was last done, for the heartbeat.
    pub done_at: Arc<Mutex<Option<DateTime<Utc>>>>,
}

/// What ends a lane's turn early.
enum Stop {
    Rest(DateTime<Utc>),
    Wait(Option<std::time::Duration>),
    Gone(String),
    Moved,
    Fault(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Fault(error)
    }
}

impl Courier {
    /// Gives every lane with something to do one turn. `true` when there was any.
    pub async fn tick(self: &Arc<Self>) -> Result<bool, StoreError> {
        // A lost receiver is said through the others, in this very turn.
        self.store.judge_receivers(&self.policy, self.clock.now()).await?;
        self.store.tell_newcomers(&self.policy, self.clock.now()).await?;
        let lanes = self.store.claim_lanes(self.clock.now(), LEASE).await?;
        let had_work = !lanes.is_empty();
        let mut turns = JoinSet::new();
        for lane in lanes {
            let courier = self.clone();
            turns.spawn(async move { courier.turn(lane).await });
        }
        while let Some(turn) = turns.join_next().await {
            if turn.is_err() {
                tracing::error!("a delivery crashed; its lane goes on when its lease ends");
            }
        }
        *self.done_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.clock.now());
        Ok(had_work)
    }

    /// Ticks until told to stop.
    pub async fn run(self: Arc<Self>, mut alarm: Alarm, stop: CancellationToken) {
        loop {
            let now = self.clock.now();
            let next = match self.tick().await {
                Ok(_) => self.store.next_delivery(now).await.ok().flatten(),
                Err(error) => {
                    tracing::error!(%error, "delivering failed");
                    Some(now + AFTER_FAULT)
                }
            };
            let latest = self.clock.now() + self.rhythm.poll;
            let next = next.map_or(latest, |at| at.min(latest));
            if !rest(&mut alarm, &*self.clock, Some(next), &stop).await {
                return;
            }
        }
    }

    async fn turn(&self, lane: Lane) {
        let turn = match self.serve(&lane).await {
            Ok(()) => Turn::Fine,
            Err(Stop::Rest(until)) => Turn::Rest(until),
            Err(Stop::Wait(after)) => Turn::Wait(self.clock.now() + back_off(lane.failures, after)),
            Err(Stop::Gone(why)) => {
                tracing::warn!(receiver = %lane.receiver.id, "a receiver is lost");
                Turn::Gone(why)
            }
            Err(Stop::Moved) => Turn::Wait(self.clock.now()),
            // Somebody else holds the lane by now: it is theirs.
            Err(Stop::Fault(StoreError::Conflict)) => return,
            Err(Stop::Fault(error)) => {
                tracing::error!(%error, "a delivery could not be recorded");
                Turn::Wait(self.clock.now() + AFTER_FAULT)
            }
        };
        if let Err(error) = self.store.release_lane(&lane, &turn).await {
            tracing::error!(%error, "a lane could not be given back; its lease will end");
        }
    }

    async fn serve(&self, lane: &Lane) -> Result<(), Stop> {
        let Some(messenger) = self.messengers.get(&lane.receiver.address.platform) else {
            return Err(Stop::Wait(None));
        };
        let mut gathers = None;
        for _ in 0..MOST_A_TURN {
            gathers = self.gathers(lane).await?;
            if gathers.is_some() {
                break;
            }
            let Some(message) = self.store.bind_next(lane, self.clock.now()).await? else { break };
            self.send(&**messenger, lane, &message).await?;
        }
        for _ in 0..MOST_A_TURN {
            let Some(message) = self.store.next_edit(lane, self.clock.now()).await? else { break };
            self.edit(&**messenger, lane, &message).await?;
        }
        gathers.map_or(Ok(()), |until| Err(Stop::Rest(until)))
    }

    /// Until when what comes on a lane is gathered, because much was posted there just now.
    async fn gathers(&self, lane: &Lane) -> Result<Option<DateTime<Utc>>, StoreError> {
        let now = self.clock.now();
        let recent = self.store.recent(lane, now - storm::WITHIN, now).await?;
        Ok(storm::gather_until(recent.posts, recent.latest, (recent.owed, recent.critical), now))
    }

    async fn send(
        &self,
        messenger: &dyn Messenger,
        lane: &Lane,
        message: &Message,
    ) -> Result<(), Stop> {
        let post = self.compose(lane, message).await?;
        self.store.mark_attempt(lane, message, self.clock.now()).await?;
        match messenger.send(&lane.receiver.address, &post).await {
            Delivery::Sent { receipt } => {
                Ok(self.store.record_receipt(lane, message, &receipt, self.clock.now()).await?)
            }
            Delivery::Retry { after, fault } => {
                self.store.record_unsent(message, &fault).await?;
                Err(Stop::Wait(after))
            }
            // A second repeat would be worse than none: it counts as told, possibly twice.
            Delivery::Unsure { fault } if !messenger.drops_repeats() && message.tries > 0 => {
                tracing::warn!(receiver = %lane.receiver.id, %fault, "a message may have arrived twice, or not");
                Ok(self.store.record_unsure(lane, message, &fault, self.clock.now()).await?)
            }
            // The same nonce again, so that a platform that knows nonces drops the repeat.
            Delivery::Unsure { fault } => {
                self.store.record_fault(message, &fault).await?;
                Err(Stop::Wait(None))
            }
            Delivery::Moved { to } => Err(self.follow(lane, &to).await?),
            Delivery::Missing => Err(Stop::Wait(None)),
            Delivery::Gone { why } => Err(Stop::Gone(why)),
        }
    }

    async fn edit(
        &self,
        messenger: &dyn Messenger,
        lane: &Lane,
        message: &Message,
    ) -> Result<(), Stop> {
        let post = self.compose(lane, message).await?;
        let receipt = message.platform_id.as_deref().unwrap_or_default();
        match messenger.edit(&lane.receiver.address, receipt, &post).await {
            Delivery::Sent { .. } => {
                Ok(self.store.record_edit(message, false, self.clock.now()).await?)
            }
            Delivery::Missing => {
                Ok(self.store.record_edit(message, true, self.clock.now()).await?)
            }
            Delivery::Retry { after, .. } => Err(Stop::Wait(after)),
            Delivery::Moved { to } => Err(self.follow(lane, &to).await?),
            Delivery::Unsure { .. } => Err(Stop::Wait(None)),
            Delivery::Gone { why } => Err(Stop::Gone(why)),
        }
    }

    /// The chat has another address: everything of it follows, and the lane goes on there at once.
    async fn follow(&self, lane: &Lane, to: &str) -> Result<Stop, StoreError> {
        let address = &lane.receiver.address;
        self.store.move_chat(address.platform, &address.chat, to).await?;
        Ok(Stop::Moved)
    }

    async fn compose(&self, lane: &Lane, message: &Message) -> Result<Post, StoreError> {
        let now = self.clock.now();
        let workspace = &lane.receiver.workspace;
        let tellings = self.store.tellings(workspace, message).await?;
        let views: Vec<View<'_>> =
            tellings.iter().map(|told| told.view(&self.policy, now)).collect();
        let mut card = match views.as_slice() {
            [] if let Some(test) = &message.test => {
                let seen: Vec<_> =
                    test.seen.iter().map(|one| (one.name.clone(), one.may_acknowledge)).collect();
                notice::compose_test(&test.by, &seen, &message.id)
            }
            [one] => notice::compose(one),
            many => notice::compose_group(many, &message.id),
        };
        if let Some(mark) = self.mark {
            card = card.marked(mark);
        }
        if !message.is_live {
            card.buttons.clear();
        }
        let alert = match tellings.as_slice() {
            [one] => Some((one.alert.id.clone(), one.alert.rev)),
            _ => None,
        };
        let buttons = self.offer(lane, message, &card, alert).await?;
        // A test tells of no alert and shows its time all the same.
        let zone = match tellings.first() {
            Some(told) => told.zone,
            None => self.store.zone_of(workspace).await?,
        };
        let is_critical =
            tellings.iter().any(|told| told.alert.state.severity == Severity::Critical);
        // Below critical nothing sounds, and only what sounds calls somebody.
        let quiet = message.quiet || !(is_critical || message.test.is_some());
        Ok(Post {
            nonce: message.id.clone(),
            card,
            buttons,
            quiet,
            calls: lane.receiver.mention.clone().filter(|_| !quiet),
            tried_at: message.attempt_at,
            is_live: message.is_live,
            zone,
            now,
        })
    }

    async fn offer(
        &self,
        lane: &Lane,
        message: &Message,
        card: &Card,
        alert: Option<(crate::domain::id::AlertId, i64)>,
    ) -> Result<Vec<crate::domain::id::ButtonId>, StoreError> {
        let now = self.clock.now();
        let offer = Offer {
            workspace: lane.receiver.workspace.clone(),
            platform: lane.receiver.address.platform,
            chat: lane.receiver.address.chat.clone(),
            message: Some(message.id.clone()),
            person: None,
            alert,
            until: now + BUTTONS_LIVE,
        };
        let actions: Vec<_> = card.buttons.iter().map(|button| button.action.clone()).collect();
        self.store.offer(&offer, &actions, now).await
    }
}

/// What the platform asks for, else longer after each failure. Being asked to wait is no failure:
/// a lane with much to say goes on as fast as its platform lets it.
fn back_off(failures: i64, after: Option<std::time::Duration>) -> TimeDelta {
    let asked = after.and_then(|after| TimeDelta::from_std(after).ok());
    let doubled = TimeDelta::seconds(5 << failures.clamp(0, 7)).min(LONGEST_WAIT);
    // A lying server must not end the watch.
    let asked = asked.or_else(|| after.map(|_| LONGEST_ASKED));
    asked.map_or(doubled, |asked| asked.clamp(SHORTEST_WAIT, LONGEST_ASKED))
}
