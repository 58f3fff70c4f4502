//! `keylapse run`: the bot, in the chats that the settings name and, with `--console`, in this
//! terminal. Built here, started in order, stopped in the same order however it ends.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::ask::Terminal;
use super::attend::Roll;
use super::failure::{Failure, refused};
use super::open::{self, Workshop};
use super::platforms::{self, Listening, Platforms};
use super::simulate::stopped;
use super::{actor, counter, entries, probe};
use crate::app::{App, Parts};
use crate::chat::Messenger;
use crate::chat::console::Console;
use crate::chat::console::input::{self, Input};
use crate::chat::console::screen::Screen;
use crate::chat::console::talk::{Next, Talk};
use crate::commands::{Counter, HostNote, Tools};
use crate::config::{Config, Database, Enrol, Flags, Trusted};
use crate::domain::facts::Site;
use crate::domain::receiver::Platform;
use crate::domain::text::Clean;
use crate::domain::wall::zone_name;
use crate::exchange::prober::Prober;
use crate::hardening::{self, DataLock, DatabaseLock};
use crate::http::{self, Ops};
use crate::store::desk::Desk;
use crate::tasks::Rhythm;

/// How the bot is run.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// Talk in this terminal
    #[arg(long)]
    console: bool,
    /// Which workspace talks in the terminal, where there are several
    #[arg(long, value_name = "NAME")]
    workspace: Option<String>,
}

const NO_CHAT: &str = "\
There is no chat to talk in: no token of Discord or Telegram is set, and --console is not given.
To see the whole bot with made-up keys: keylapse demo
To connect Telegram or Discord: keylapse setup
To watch a key of yours: keylapse key add
To talk to the bot in this terminal: keylapse run --console";

/// Runs the bot until it is asked to stop.
pub async fn run(args: &RunArgs, flags: &Flags, terminal: &mut Terminal) -> Result<(), Failure> {
    let config = open::load(flags)?;
    if !args.console && !platforms::is_any(&config) {
        return refused(NO_CHAT);
    }
    terminal.note(format!("Data folder: {}", config.data_dir.display()));
    hardening::prepare_data_dir(&config.data_dir)?;
    let lock = DataLock::take(&config.data_dir)?;
    let database_lock = lock_database(&config)?;
    let shop = open::open_with(config, terminal).await?;
    let done = watch(args, &shop, terminal).await;
    // An orderly goodbye is told from a death: nobody is alive on this data from here on.
    let stopped = shop.store.stop_beating().await;
    shop.store.close().await;
    drop((lock, database_lock));
    done?;
    stopped?;
    terminal.note("Stopped. Nothing is watched until keylapse runs again.");
    Ok(())
}

/// Everything between the locks.
async fn watch(args: &RunArgs, shop: &Workshop, terminal: &mut Terminal) -> Result<(), Failure> {
    // Receivers too follow the settings at each start.
    shop.store.sync_workspaces(&open::described(&shop.config), shop.clock.now()).await?;
    shop.store.take_over(shop.clock.now()).await?;
    for (name, keys) in shop.store.unwatched().await? {
        terminal.note(unwatched(&name, keys));
    }
    let prober = Arc::new(prober(shop, terminal)?);
    let platforms = platforms::connect(shop)?;
    for endpoint in &platforms.endpoints {
        terminal.note(format!("Careful: a chat platform is looked for at {endpoint}."));
    }
    let console = if args.console {
        let desk = shop.desk(args.workspace.as_deref()).await?;
        Some((desk, listen_here(shop)?))
    } else {
        None
    };
    serve(shop, prober, platforms, console).await
}

/// A workspace with keys that the settings do not name any more.
pub fn unwatched(name: &Clean, keys: i64) -> String {
    let keys = if keys == 1 { "1 key".to_owned() } else { format!("{keys} keys") };
    format!(
        "Careful: {keys} of the workspace {name} are not watched, because keylapse.toml does not name it. Add [[workspace]] with name = \"{name}\" there; nothing was deleted."
    )
}

/// A client for every site; only the configured one can be asked elsewhere than at home.
fn prober(shop: &Workshop, terminal: &mut Terminal) -> Result<Prober, Failure> {
    let configured = shop.config.kucoin.site;
    let mut clients = BTreeMap::from([(configured, probe::client(shop, configured, terminal)?)]);
    for site in Site::ALL.into_iter().filter(|site| *site != configured) {
        clients.insert(site, probe::official_client(&shop.clock, site)?);
    }
    Ok(Prober::new(clients, shop.vault.clone()))
}

/// What is typed here, and where it is printed.
fn listen_here(shop: &Workshop) -> Result<Input, Failure> {
    let input = if io::stdin().is_terminal() {
        input::typed("> ", Some(shop.config.data_dir.join("history")))
    } else {
        input::piped(io::BufReader::new(io::stdin()))
    };
    input.map_err(|error| Failure::unexpected(&error))
}

/// A bot that runs: its loops, and the counter where people come.
pub struct Bot {
    app: App,
    counter: Arc<Counter>,
    platforms: Mutex<Option<Platforms>>,
    roll: Arc<Roll>,
    is_test: bool,
}

impl Bot {
    /// Starts the loops; what console receivers get is printed as it comes.
    pub fn start(
        shop: &Workshop,
        platforms: Platforms,
        terminal: &mut Terminal,
    ) -> Result<Self, Failure> {
        let screen = Arc::new(Screen::new(input::plain_print()));
        Self::on(shop, Arc::new(prober(shop, terminal)?), platforms, &screen)
    }

    fn on(
        shop: &Workshop,
        prober: Arc<Prober>,
        mut platforms: Platforms,
        screen: &Arc<Screen>,
    ) -> Result<Self, Failure> {
        let knowledge = Arc::new(entries::knowledge(&shop.config)?);
        let is_test = prober.is_test() || platforms.is_test;
        let host = HostNote {
            operator: shop.config.operator.clone(),
            test_endpoint: is_test,
            endpoints: [endpoints(shop, &prober), platforms.endpoints.clone()].concat(),
            named_in: shop.config.named_in(),
            is_open: shop.config.enrol == Enrol::Open,
            demo: false,
        };
        let mut messengers = std::mem::take(&mut platforms.messengers);
        messengers.insert(Platform::Console, terminal_messenger(shop, screen));
        let app = start(shop, prober, messengers, is_test.then_some("TEST ENDPOINT"));
        let given = counter::Given {
            store: shop.store.clone(),
            vault: shop.vault.clone(),
            ids: shop.ids.clone(),
            policy: shop.policy.clone(),
            host,
        };
        let counter = Arc::new(Counter::new(Tools { knowledge, ..counter::tools(&app, given) }));
        let roll = platforms.roll.clone();
        Ok(Self { app, counter, platforms: Mutex::new(Some(platforms)), roll, is_test })
    }

    /// Lets the platforms listen until told to stop; once.
    pub fn listen(&self, shop: &Workshop, ending: &CancellationToken) -> Listening {
        let platforms = self.platforms.lock().unwrap_or_else(PoisonError::into_inner).take();
        match platforms {
            Some(platforms) => platforms.listen(&self.counter, &shop.clock, ending),
            None => Listening::new(),
        }
    }

    /// Something is owed.
    pub fn wake_courier(&self) {
        self.app.wake_courier.ring();
    }

    /// Lets every loop finish what it is doing, and ends them.
    pub async fn stop(self) {
        self.app.stop().await;
    }
}

async fn serve(
    shop: &Workshop,
    prober: Arc<Prober>,
    platforms: Platforms,
    console: Option<(Desk, Input)>,
) -> Result<(), Failure> {
    let (talker, screen) = match console {
        Some((desk, Input { lines, print, width, .. })) => {
            (Some((desk, lines)), Arc::new(Screen::as_wide_as(print, width)))
        }
        // What a console receiver gets goes to the output, and from there to a log.
        None => (None, Arc::new(Screen::new(input::plain_print()))),
    };
    let bot = Bot::on(shop, prober, platforms, &screen)?;
    let ending = CancellationToken::new();
    let ended = match serve_ops(shop, &bot, &ending).await {
        Ok(()) => {
            let listening = bot.listen(shop, &ending);
            let talk = talker.map(|(desk, lines)| {
                let name = actor::actor();
                let chat = terminal_chat(shop, &desk);
                let (names, clock) = ((name.as_str(), chat.as_str()), shop.clock.clone());
                (Talk::new(screen.clone(), (bot.counter.clone(), desk), clock, names), lines)
            });
            until_stopped(talk, &screen, listening, &ending).await
        }
        Err(failure) => Err(failure),
    };
    ending.cancel();
    bot.stop().await;
    ended
}

async fn serve_ops(shop: &Workshop, bot: &Bot, ending: &CancellationToken) -> Result<(), Failure> {
    let Some(listen) = shop.config.ops.listen else { return Ok(()) };
    let counter = bot.counter.clone();
    let deaf = move || counter.deaf().into_iter().map(Platform::name).collect();
    let ops = Ops {
        store: shop.store.clone(),
        clock: shop.clock.clone(),
        resting: bot.roll.resting(),
        is_test: bot.is_test,
        deaf: Arc::new(deaf),
    };
    let serving = http::serve(ops, listen, ending.clone()).await.map_err(|error| {
        Failure::Refused(format!(
            "[ops] listen {listen} cannot be used ({}): choose another, or off.",
            error.kind()
        ))
    })?;
    tokio::spawn(serving);
    Ok(())
}

/// Until the person leaves, the process is asked to stop, or every platform refuses the bot.
async fn until_stopped(
    talk: Option<(Talk, mpsc::Receiver<String>)>,
    screen: &Screen,
    mut listening: Listening,
    ending: &CancellationToken,
) -> Result<(), Failure> {
    let spoken = async {
        let Some((talk, mut lines)) = talk else {
            stopped().await;
            return Ok(());
        };
        let zone = zone_name(talk.zone());
        let greeting = format!(
            "I watch the keys of this workspace and warn here (times are {zone}). Try /keystatus or /help; quit leaves."
        );
        converse(&talk, screen, &greeting, &mut lines).await
    };
    let ended = tokio::select! {
        spoken = spoken => spoken.map_err(|error| {
            Failure::Failed(format!(
                "The terminal cannot be used ({}): start it again in another.",
                error.kind()
            ))
        }),
        Some(ended) = listening.join_next() => match ended {
            Ok(Err(sentence)) => Err(Failure::Refused(sentence)),
            Ok(Ok(())) => Ok(()),
            Err(crash) => Err(Failure::unexpected(&crash)),
        },
    };
    // The others finish what they have begun.
    ending.cancel();
    while listening.join_next().await.is_some() {}
    ended
}

/// Listens until the person leaves or the process is asked to stop. A pipe that ends is no
/// goodbye: the bot goes on watching.
async fn converse(
    talk: &Talk,
    screen: &Screen,
    greeting: &str,
    lines: &mut tokio::sync::mpsc::Receiver<String>,
) -> io::Result<()> {
    screen.note(greeting)?;
    let stop = stopped();
    tokio::pin!(stop);
    let mut listening = true;
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            line = lines.recv(), if listening => match line {
                Some(line) if talk.hear(&line).await? == Next::Leave => return Ok(()),
                Some(_) => {}
                None if io::stdin().is_terminal() => return Ok(()),
                None => listening = false,
            }
        }
    }
}

/// The chat that the conversation is: the workspace's own terminal where the settings name one, so
/// that it is known as told already.
fn terminal_chat(shop: &Workshop, desk: &Desk) -> String {
    let name = &desk.workspace().name;
    open::described(&shop.config)
        .into_iter()
        .filter(|workspace| workspace.name == *name)
        .flat_map(|workspace| workspace.receivers)
        .find(|receiver| receiver.address.platform == Platform::Console)
        .map_or_else(|| "terminal".to_owned(), |receiver| receiver.address.chat)
}

/// Every console receiver of the settings is this terminal; so is the conversation itself.
fn terminal_messenger(shop: &Workshop, screen: &Arc<Screen>) -> Arc<dyn Messenger> {
    let chats: BTreeSet<String> = open::described(&shop.config)
        .into_iter()
        .flat_map(|workspace| workspace.receivers)
        .filter(|receiver| receiver.address.platform == Platform::Console)
        .map(|receiver| receiver.address.chat)
        .chain(["terminal".to_owned()])
        .collect();
    Arc::new(Console::new(chats.into_iter().map(|chat| (chat, screen.clone()))))
}

fn start(
    shop: &Workshop,
    prober: Arc<Prober>,
    messengers: BTreeMap<Platform, Arc<dyn Messenger>>,
    mark: Option<&'static str>,
) -> App {
    App::start(Parts {
        store: shop.store.clone(),
        prober,
        messengers,
        clock: shop.clock.clone(),
        schedule: shop.config.check.clone(),
        policy: shop.policy.clone(),
        rhythm: Rhythm::SHARED,
        mark,
    })
}

fn lock_database(config: &Config) -> Result<Option<DatabaseLock>, Failure> {
    Ok(match &config.database {
        Database::Sqlite { path } => Some(DatabaseLock::take(path)?),
        Database::Postgres { .. } => None,
    })
}

/// Endpoints that are not the built-in ones, for `/privacy`.
fn endpoints(shop: &Workshop, prober: &Prober) -> Vec<String> {
    let settings = &shop.config.kucoin;
    let named = settings.trusted != Trusted::Official;
    let client = prober.client(settings.site).filter(|_| named);
    client.map(|client| client.endpoint().to_string()).into_iter().collect()
}
