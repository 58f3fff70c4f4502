//! The bot meets its first chats: it listens while a person sends it a code, learns chat and admin
//! from that, sends a test and waits until somebody has seen it. What was seen once is only named.

use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::guest::Guest;
use super::interrupt::STOPPED;
use super::{PLATFORMS, is_connected};
use crate::chat::telegram::Trouble;
use crate::cli::actor::{actor, entry};
use crate::cli::ask::Terminal;
use crate::cli::failure::Failure;
use crate::cli::invite;
use crate::cli::open::{self, Workshop};
use crate::cli::platforms;
use crate::cli::run::Bot;
use crate::cli::simulate::stopped;
use crate::config::Flags;
use crate::domain::access::Role;
use crate::domain::card::Tone;
use crate::domain::receiver::Platform;
use crate::hardening::DataLock;
use crate::store::desk::Desk;
use crate::store::receiver::ReceiverView;

/// How often it is looked whether something has happened.
const LOOK: Duration = Duration::from_millis(250);
/// Looks between two questions where the bot is.
const LOOKS: u32 = 16;
/// Looks after which a spent code that made no receiver is given up.
const SPENT: u32 = 120;
/// How long somebody may take to press *Seen*.
const SEEN: Duration = Duration::from_mins(5);
/// A test that is younger than this need not be sent again.
const RECENT: TimeDelta = TimeDelta::minutes(15);
/// Looks after which the answer to the code is surely out: Telegram takes one message a second in
/// a chat, and the test is the next.
const BETWEEN: u32 = 5;

/// Connects the first chat of every platform that has none, and tries it.
pub async fn run(
    workspace: Option<&str>,
    flags: &Flags,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let shop = open::open_with(open::load(flags)?, terminal).await?;
    let done = meet(&shop, workspace, terminal).await;
    shop.store.close().await;
    done
}

async fn meet(
    shop: &Workshop,
    workspace: Option<&str>,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let desk = shop.desk(workspace).await?;
    let mut open = Vec::new();
    for platform in PLATFORMS.into_iter().filter(|one| is_connected(&shop.config, *one)) {
        if !say_known(&desk, platform, terminal).await? {
            open.push(platform);
        }
    }
    if open.is_empty() {
        return terminal.say("Nothing is left to connect.");
    }
    let _lock = DataLock::take(&shop.config.data_dir)?;
    shop.store.sync_workspaces(&open::described(&shop.config), shop.clock.now()).await?;
    let desk = shop.desk(workspace).await?;
    let connected = platforms::connect(shop)?;
    let trouble = connected.telegram_trouble();
    let bot = Bot::start(shop, connected, terminal)?;
    let ending = CancellationToken::new();
    let mut listening = bot.listen(shop, &ending);
    let conversation = async {
        for platform in open {
            let guest = Guest::meet(&shop.config, platform, shop.clock.clone()).await;
            let guest = guest.map_err(Failure::Refused)?;
            let meeting = Meeting { shop, desk: &desk, bot: &bot, guest, platform };
            meeting.go(trouble.clone(), terminal).await?;
        }
        Ok(())
    };
    let done = tokio::select! {
        done = conversation => done,
        Some(Ok(Err(sentence))) = listening.join_next() => Err(Failure::Refused(sentence)),
        () = stopped() => Err(Failure::Refused(STOPPED.to_owned())),
    };
    ending.cancel();
    while listening.join_next().await.is_some() {}
    bot.stop().await;
    shop.store.stop_beating().await?;
    done
}

/// Names what was connected and seen before; `false` where something is left to do.
async fn say_known(
    desk: &Desk,
    platform: Platform,
    terminal: &mut Terminal,
) -> Result<bool, Failure> {
    let Some(one) = told(desk, platform).await? else { return Ok(false) };
    let Some((test, _)) = desk.last_test(&one.receiver.id).await? else { return Ok(false) };
    let Some(witness) = test.seen.first() else { return Ok(false) };
    terminal.say(format!(
        "{} {}: {} is warned; {} has seen a test there.",
        Tone::Fine.shape(),
        platform.name(),
        one.receiver.name,
        witness.name
    ))?;
    Ok(true)
}

async fn told(desk: &Desk, platform: Platform) -> Result<Option<ReceiverView>, Failure> {
    let mut all = desk.receivers().await?.into_iter();
    Ok(all.find(|one| one.receiver.address.platform == platform && one.lost.is_none()))
}

/// What Telegram's listener is hindered by.
type Troubles = Option<watch::Receiver<Option<Trouble>>>;

/// One platform's first meeting.
struct Meeting<'a> {
    shop: &'a Workshop,
    desk: &'a Desk,
    bot: &'a Bot,
    guest: Guest,
    platform: Platform,
}

impl Meeting<'_> {
    async fn go(&self, trouble: Troubles, terminal: &mut Terminal) -> Result<(), Failure> {
        let receiver = match told(self.desk, self.platform).await? {
            Some(receiver) => receiver,
            None => self.introduce(trouble, terminal).await?,
        };
        if let Some(why) = self.guest.lack(&receiver.receiver).await {
            terminal.say(format!("{} {why}.", Tone::Soon.shape()))?;
        }
        self.try_out(&receiver, terminal).await?;
        self.guest.after().into_iter().try_for_each(|line| terminal.say(line))
    }

    /// "Send this to the bot: /start CODE", and who does so is admin.
    async fn introduce(
        &self,
        mut trouble: Troubles,
        terminal: &mut Terminal,
    ) -> Result<ReceiverView, Failure> {
        self.guest.before().into_iter().try_for_each(|line| terminal.say(line))?;
        loop {
            let mut servers = self.guest.servers().await;
            let code = invite::make(self.shop, self.desk.workspace(), Role::Admin).await?;
            for line in self.guest.steps(&code, &servers) {
                terminal.say(line)?;
            }
            terminal.say("Waiting; Ctrl-C stops, and setup goes on where it was.")?;
            let until = self.shop.clock.now() + invite::LIFE;
            let (mut looks, mut spent) = (0, 0);
            while self.shop.clock.now() < until && spent < SPENT {
                pause().await;
                looks += 1;
                if let Some(line) = news(&mut trouble) {
                    terminal.say(line)?;
                }
                if servers.is_empty() && looks % LOOKS == 0 {
                    servers = self.guest.servers().await;
                    for (_, name) in &servers {
                        terminal.say(format!("The bot is in {name} now."))?;
                    }
                }
                if !self.shop.store.is_claim_used(&code).await? {
                    continue;
                }
                spent += 1;
                if let Some(receiver) = told(self.desk, self.platform).await? {
                    terminal.say(format!("Connected: {}.", receiver.receiver.name))?;
                    for _ in 0..BETWEEN {
                        pause().await;
                    }
                    return Ok(receiver);
                }
            }
            terminal.say(if spent == 0 {
                "That code is over ten minutes old; here is another."
            } else {
                "That chat belongs to another workspace already; use another one, with this new code."
            })?;
        }
    }

    /// A test, and whether somebody has seen it.
    async fn try_out(&self, one: &ReceiverView, terminal: &mut Terminal) -> Result<(), Failure> {
        let (id, name) = (&one.receiver.id, &one.receiver.name);
        let now = self.shop.clock.now();
        let last = self.desk.last_test(id).await?;
        if last.is_some_and(|(test, _)| test.seen.is_empty() && now - test.at < RECENT) {
            terminal.say(format!("The test from before waits in {name}. Press Seen under it."))?;
        } else {
            let deed = entry("receiver.changed", name.as_str());
            if self.desk.test_receiver(id, &actor(), &deed, now).await?.is_none() {
                return Ok(());
            }
            terminal.say(format!("A test is on its way to {name}. Press Seen under it."))?;
        }
        self.bot.wake_courier();
        let waiting = async {
            loop {
                pause().await;
                if let Some((test, _)) = self.desk.last_test(id).await?
                    && let Some(witness) = test.seen.first()
                {
                    return Ok::<_, Failure>(Ok(witness.name.clone()));
                }
                let all = self.desk.receivers().await?;
                let this = all.into_iter().find(|other| other.receiver.id == *id);
                if let Some(why) = this.and_then(|other| other.lost) {
                    return Ok(Err(why));
                }
            }
        };
        match tokio::time::timeout(SEEN, waiting).await {
            Ok(Ok(Ok(witness))) => terminal.say(format!(
                "{} Seen by {witness}. Warnings arrive there.",
                Tone::Fine.shape()
            )),
            Ok(Ok(Err(why))) => terminal.say(format!(
                "{} The test did not arrive: {why}. Then run keylapse setup again.",
                Tone::Broken.shape()
            )),
            Ok(Err(failure)) => Err(failure),
            Err(_) => terminal.say(format!(
                "{} Nobody pressed Seen. If the test is not there, keylapse doctor says why; keylapse setup sends another.",
                Tone::Soon.shape()
            )),
        }
    }
}

/// What hinders Telegram since the last look.
fn news(trouble: &mut Troubles) -> Option<String> {
    let trouble = trouble.as_mut()?;
    if !trouble.has_changed().unwrap_or(false) {
        return None;
    }
    trouble.borrow_and_update().as_ref().map(ToString::to_string)
}

#[expect(clippy::disallowed_methods, reason = "the host waits for a person in real time")]
async fn pause() {
    tokio::time::sleep(LOOK).await;
}
