//! The bot meets its first chat: it listens while the person sends it a code, learns chat and
//! admin from that, sends a test and waits until somebody has seen it.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::chat::telegram::whoami;
use crate::cli::ask::Terminal;
use crate::cli::failure::Failure;
use crate::cli::invite;
use crate::cli::open::{self, Workshop};
use crate::cli::platforms;
use crate::cli::run::Bot;
use crate::cli::simulate::stopped;
use crate::config::Flags;
use crate::domain::access::Role;
use crate::domain::receiver::Platform;

use crate::hardening::DataLock;
use crate::store::audit::Entry;
use crate::store::desk::Desk;
use crate::store::receiver::ReceiverView;

/// How often it is looked whether something has happened.
const LOOK: Duration = Duration::from_millis(500);
/// How long somebody may take to press *Seen*.
const SEEN: Duration = Duration::from_mins(5);

/// Connects the first Telegram chat, unless there is one, and tries it.
pub async fn telegram(flags: &Flags, terminal: &mut Terminal) -> Result<(), Failure> {
    let config = open::load(flags)?;
    let _lock = DataLock::take(&config.data_dir)?;
    let shop = open::open_with(config, terminal).await?;
    let met = meet(&shop, terminal).await;
    shop.store.close().await;
    met
}

async fn meet(shop: &Workshop, terminal: &mut Terminal) -> Result<(), Failure> {
    shop.store.sync_workspaces(&open::described(&shop.config), shop.clock.now()).await?;
    let desk = shop.desk(None).await?;
    let Some(settings) = platforms::telegram_settings(&shop.config) else { return Ok(()) };
    let name = whoami(&settings).await.map_err(Failure::Refused)?.username;
    let bot = Bot::start(shop, platforms::connect(shop)?, terminal)?;
    let ending = CancellationToken::new();
    let mut listening = bot.listen(shop, &ending);
    let conversation = async {
        let receiver = match told(&desk).await? {
            Some(receiver) => receiver,
            None => introduce(shop, &desk, &name, terminal).await?,
        };
        try_out(shop, &desk, &receiver, &bot, terminal).await
    };
    let done = tokio::select! {
        done = conversation => done,
        Some(Ok(Err(sentence))) = listening.join_next() => Err(Failure::Refused(sentence)),
        () = stopped() => Err(Failure::Refused(
            "Stopped; what was done is kept. Run keylapse setup again to go on.".to_owned(),
        )),
    };
    ending.cancel();
    while listening.join_next().await.is_some() {}
    bot.stop().await;
    shop.store.stop_beating().await?;
    done
}

async fn told(desk: &Desk) -> Result<Option<ReceiverView>, Failure> {
    let all = desk.receivers().await?;
    Ok(all
        .into_iter()
        .find(|one| one.receiver.address.platform == Platform::Telegram && one.lost.is_none()))
}

/// "Send this to @bot: /start CODE", and who does so is admin.
async fn introduce(
    shop: &Workshop,
    desk: &Desk,
    bot: &str,
    terminal: &mut Terminal,
) -> Result<ReceiverView, Failure> {
    loop {
        let code = invite::make(shop, desk.workspace(), Role::Admin).await?;
        terminal.say(format!(
            "Now open the chat that is to be warned, privately with @{bot} or a group that you have added it to, and send: /start {code}"
        ))?;
        terminal.say(format!(
            "(In a private chat the link https://t.me/{bot}?start={} does the same.) Waiting; Ctrl-C stops, and setup can go on later.",
            code.replace('-', "")
        ))?;
        let until = shop.clock.now() + invite::LIFE;
        while shop.clock.now() < until {
            pause().await;
            if shop.store.is_claim_used(&code).await?
                && let Some(receiver) = told(desk).await?
            {
                terminal.say(format!("Connected: {}.", receiver.receiver.name))?;
                return Ok(receiver);
            }
        }
        terminal.say("That code is over ten minutes old; here is another.")?;
    }
}

/// A test, and whether somebody has seen it.
async fn try_out(
    shop: &Workshop,
    desk: &Desk,
    one: &ReceiverView,
    bot: &Bot,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let by = crate::cli::actor::actor();
    let entry = Entry {
        actor: by.clone(),
        place: "host".to_owned(),
        action: "receiver.changed",
        target: Some(one.receiver.name.to_string()),
        before: None,
        after: None,
    };
    let id = &one.receiver.id;
    if desk.test_receiver(id, &by, &entry, shop.clock.now()).await?.is_none() {
        return Ok(());
    }
    bot.wake_courier();
    terminal.say("A test is on its way there. Press Seen under it.")?;
    let waiting = async {
        loop {
            pause().await;
            if let Some((test, _)) = desk.last_test(id).await?
                && let Some(witness) = test.seen.first()
            {
                return Ok::<_, Failure>(witness.clone());
            }
        }
    };
    match tokio::time::timeout(SEEN, waiting).await {
        Ok(witness) => {
            let witness = witness?;
            terminal.say(format!("Seen by {}. Warnings arrive.", witness.name))
        }
        Err(_) => terminal.say("Nobody pressed Seen. If the test did not arrive, keylapse doctor says why; /notify test sends another."),
    }
}

#[expect(clippy::disallowed_methods, reason = "the host waits for a person in real time")]
async fn pause() {
    tokio::time::sleep(LOOK).await;
}
