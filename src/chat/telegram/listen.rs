//! The long poll: fetches updates, hands each to the front and confirms them by asking for the
//! next. Trouble with the token or with another program is said through a watch and waited out;
//! nothing here fights for the token, and a webhook that others set is never deleted.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::Value;
use teloxide::payloads::{GetMe, GetWebhookInfo};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::account::{Account, Me};
use super::api::{Fault, Polled, Refusal};
use super::front::Front;
use super::portion::{Next, Portion};
use super::sift::{number, sift};
use super::{fault, menu};
use crate::clock::{self, Clock};
use crate::commands::{Counter, Hearing};
use crate::domain::receiver::Platform;

/// Handlers at once; more wait, and Telegram keeps what we have not fetched.
const AT_ONCE: usize = 16;
/// How long somebody else's use of the token is left alone.
const STAND_BACK: TimeDelta = TimeDelta::minutes(5);
/// A poll that brings nothing takes at least this long.
const SHORTEST_POLL: Duration = Duration::from_secs(1);
/// The longest pause after a fault of the network.
const LONGEST_PAUSE: TimeDelta = TimeDelta::seconds(60);

/// What keeps the bot from hearing people; one sentence each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The token is wrong, or was revoked.
    #[error(
        "Telegram refuses this bot's token: copy it again from @BotFather into the settings, then restart keylapse."
    )]
    Token,
    /// Another program polls with the same token.
    #[error(
        "Another program uses this Telegram token (freqtrade?). Make keylapse its own bot at @BotFather; both may sit in one chat."
    )]
    SecondPoller,
    /// Another program has set a webhook on the token.
    #[error(
        "Another program has set a webhook on this Telegram token, so nothing that people write reaches keylapse. Make keylapse its own bot at @BotFather, or remove that webhook."
    )]
    Webhook,
}

#[derive(serde::Deserialize)]
struct WebhookInfo {
    url: String,
}

/// Hears what people write and press on Telegram.
pub struct Listener {
    account: Arc<Account>,
    trouble: watch::Sender<Option<Trouble>>,
    up: watch::Sender<bool>,
    guards: bool,
}

/// What comes after a fault.
enum After {
    Wait(TimeDelta),
    End(Trouble),
}

impl Listener {
    pub(super) fn new(account: Arc<Account>) -> Self {
        let (trouble, up) = (watch::Sender::new(None), watch::Sender::new(false));
        Self { account, trouble, up, guards: false }
    }

    /// The same, looking through the messages of groups too, as far as Telegram shows them.
    #[must_use]
    pub fn with_guard(self, guards: bool) -> Self {
        Self { guards, ..self }
    }

    /// The trouble there is now, and every change of it.
    pub fn trouble(&self) -> watch::Receiver<Option<Trouble>> {
        self.trouble.subscribe()
    }

    /// Whether Telegram takes the token and lets us listen, as it changes.
    pub fn up(&self) -> watch::Receiver<bool> {
        self.up.subscribe()
    }

    /// Listens until told to stop, then finishes what it has begun. Ends by itself only when
    /// Telegram refuses the token; it can be run again then.
    pub async fn run(
        &self,
        counter: Arc<Counter>,
        clock: Arc<dyn Clock>,
        stop: CancellationToken,
    ) -> Result<(), Trouble> {
        let ended = self.listen(counter, clock, stop).await;
        self.up.send_replace(false);
        ended
    }

    async fn listen(
        &self,
        counter: Arc<Counter>,
        clock: Arc<dyn Clock>,
        stop: CancellationToken,
    ) -> Result<(), Trouble> {
        let patience = Patience { clock: clock.clone(), stop: stop.clone() };
        if !self.get_ready(&patience).await? {
            return Ok(());
        }
        self.up.send_replace(true);
        if self.guards {
            counter.hears(Platform::Telegram, Hearing::On);
        }
        let front = Front::new(self.account.clone(), counter, clock).with_guard(self.guards);
        let front = Arc::new(front);
        let (handlers, places) = (TaskTracker::new(), Arc::new(Semaphore::new(AT_ONCE)));
        let (mut offset, mut portion, mut failures) = (None, Portion::default(), 0);
        let ended = 'listening: loop {
            // A server that answers "nothing" at once is not asked at once again.
            let floor = tokio::time::timeout(SHORTEST_POLL, std::future::pending::<()>());
            let polled = tokio::select! {
                () = stop.cancelled() => break Ok(()),
                polled = self.fetch(&mut offset, &mut portion) => polled,
            };
            let updates = match polled {
                Ok(updates) => updates,
                Err(fault) => {
                    failures += 1;
                    let fault = self.confirmed(fault).await;
                    match self.judge(&fault, failures) {
                        After::End(trouble) => break Err(trouble),
                        After::Wait(time) if patience.wait(time).await => continue,
                        After::Wait(_) => break Ok(()),
                    }
                }
            };
            failures = 0;
            self.trouble.send_if_modified(|trouble| trouble.take().is_some());
            // Nothing came, so everything is confirmed. A number that is kept would confirm what
            // comes next unseen: after a quiet week Telegram begins anywhere, lower too.
            offset = None;
            for update in &updates {
                if let Some(event) = sift(update) {
                    let place = tokio::select! {
                        biased;
                        // What was not begun stays unconfirmed, and is heard after the next start.
                        () = stop.cancelled() => break 'listening Ok(()),
                        place = places.clone().acquire_owned() => place,
                    };
                    // Counted as busy from here, so that stepped time waits for the answer.
                    let (front, alarm) = (front.clone(), front.alarm());
                    handlers.spawn(async move {
                        let _place = place;
                        front.serve(event, alarm).await;
                    });
                }
                offset = number(update).map(|number| number + 1).max(offset);
            }
            if offset.is_none() {
                let _ = floor.await;
            }
        };
        handlers.close();
        handlers.wait().await;
        if let (Ok(()), Some(offset)) = (&ended, offset) {
            // Unconfirmed, they would be served once more at the next start.
            let _ = self.account.api.confirm(offset).await;
        }
        ended
    }

    /// Asks who we are, whether we can poll, and sets the menus. `false` = told to stop.
    async fn get_ready(&self, patience: &Patience) -> Result<bool, Trouble> {
        let mut failures = 0;
        loop {
            match self.introduce().await {
                Ok(None) => break,
                Ok(Some(trouble)) => {
                    self.say(trouble);
                    if !patience.wait(STAND_BACK).await {
                        return Ok(false);
                    }
                }
                Err(fault) => {
                    failures += 1;
                    match self.judge(&fault, failures) {
                        After::End(trouble) => return Err(trouble),
                        After::Wait(time) if patience.wait(time).await => {}
                        After::Wait(_) => return Ok(false),
                    }
                }
            }
            if patience.stop.is_cancelled() {
                return Ok(false);
            }
        }
        if let Err(fault) = menu::set(&self.account.api).await {
            tracing::warn!(?fault, "the menus on Telegram could not be set");
        }
        Ok(true)
    }

    /// Fetches what is next. What is too long to be read at once comes in parts; a single update
    /// that is too long is left out, since it would keep all after it from being heard.
    async fn fetch(
        &self,
        offset: &mut Option<i64>,
        portion: &mut Portion,
    ) -> Result<Vec<Value>, Fault> {
        loop {
            let first = match self.account.api.updates(*offset, portion.limit()).await? {
                Polled::All(updates) => {
                    portion.grow();
                    return Ok(updates);
                }
                Polled::TooLong(first) => first.filter(|first| Some(*first) >= *offset),
            };
            match portion.shrink(first) {
                Next::Less => {}
                Next::Skip { number, skipped } => {
                    tracing::error!(
                        number,
                        skipped,
                        "an update of Telegram is too long to be read; it is left out"
                    );
                    *offset = Some(number + 1);
                }
                Next::Stuck => return Err(Fault::Lost("an update is too long to be read")),
            }
        }
    }

    /// One answer about the token ends nothing: the token is tried once more by itself.
    async fn confirmed(&self, fault: Fault) -> Fault {
        if !fault::is_about_token(&fault) {
            return fault;
        }
        match self.account.api.call::<_, Me>(&GetMe::new()).await {
            Err(again) if fault::is_about_token(&again) => again,
            Ok(_) | Err(_) => Fault::Lost("the token was refused and taken again"),
        }
    }

    async fn introduce(&self) -> Result<Option<Trouble>, Fault> {
        let me: Me = self.account.api.call(&GetMe::new()).await?;
        tracing::info!(name = me.username, "this bot's name on Telegram");
        let _ = self.account.me.set(me);
        let webhook: WebhookInfo = self.account.api.call(&GetWebhookInfo::new()).await?;
        Ok((!webhook.url.is_empty()).then_some(Trouble::Webhook))
    }

    fn judge(&self, fault: &Fault, failures: u32) -> After {
        if fault::is_about_token(fault) {
            // Said by whoever listened: this platform rests, or the bot ends with it.
            return After::End(Trouble::Token);
        }
        match fault {
            Fault::Refused(Refusal { code: 409, words, .. }) => {
                let is_webhook = words.to_lowercase().contains("webhook");
                self.say(if is_webhook { Trouble::Webhook } else { Trouble::SecondPoller });
                After::Wait(STAND_BACK)
            }
            Fault::Refused(Refusal { after: Some(after), .. }) => {
                After::Wait(TimeDelta::from_std(*after).unwrap_or(LONGEST_PAUSE).min(STAND_BACK))
            }
            Fault::Refused(_) | Fault::Lost(_) | Fault::NotSent(_) => {
                if failures == 1 {
                    tracing::warn!(?fault, "Telegram cannot be reached; trying again");
                }
                After::Wait(TimeDelta::seconds(1 << failures.min(6)).min(LONGEST_PAUSE))
            }
        }
    }

    fn say(&self, trouble: Trouble) {
        let is_new = self.trouble.send_if_modified(|known| known.replace(trouble) != Some(trouble));
        if is_new {
            tracing::error!("{trouble}");
        }
    }
}

/// Waits on the bot's clock.
struct Patience {
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
}

impl Patience {
    /// `false` when told to stop meanwhile.
    async fn wait(&self, time: TimeDelta) -> bool {
        clock::pass(&*self.clock, time, &self.stop).await
    }
}
