//! `keylapse run`: the bot. In this version its chat is the terminal; Discord and Telegram follow.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IsTerminal};
use std::sync::Arc;

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::ask::Terminal;
use super::failure::{Failure, refused};
use super::open::{self, Workshop};
use super::simulate::stopped;
use super::{actor, counter, probe};
use crate::app::{App, Parts};
use crate::chat::Messenger;
use crate::chat::console::Console;
use crate::chat::console::input::{self, Input};
use crate::chat::console::screen::Screen;
use crate::chat::console::talk::{Next, Talk};
use crate::commands::{Counter, HostNote};
use crate::config::{Database, Flags, Trusted};
use crate::domain::facts::Site;
use crate::domain::receiver::Platform;
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
There is no chat to talk in: this version knows the terminal, Discord and Telegram come with the next.
To see the whole bot with made-up keys: keylapse demo
To watch a key of yours: keylapse key add
Then talk to the bot here: keylapse run --console";

/// Runs the bot until it is asked to stop.
pub async fn run(args: &RunArgs, flags: &Flags, terminal: &mut Terminal) -> Result<(), Failure> {
    if !args.console {
        return refused(NO_CHAT);
    }
    let config = open::load(flags)?;
    terminal.note(format!("Data folder: {}", config.data_dir.display()));
    hardening::prepare_data_dir(&config.data_dir)?;
    let lock = DataLock::take(&config.data_dir)?;
    let database_lock = match &config.database {
        Database::Sqlite { path } => Some(DatabaseLock::take(path)?),
        Database::Postgres { .. } => None,
    };
    let shop = open::open_with(config, terminal).await?;
    // Receivers too follow the settings at each start.
    shop.store.sync_workspaces(&open::described(&shop.config), shop.clock.now()).await?;
    shop.store.take_over(shop.clock.now()).await?;
    let desk = shop.desk(args.workspace.as_deref()).await?;
    let prober = Arc::new(prober(&shop, terminal)?);
    let done = talk(&shop, desk, prober).await;
    // An orderly goodbye is told from a death: nobody is alive on this data from here on.
    shop.store.stop_beating().await?;
    shop.store.close().await;
    drop((lock, database_lock));
    done
}

/// A client for every site; only the configured one can be asked elsewhere than at home.
fn prober(shop: &Workshop, terminal: &mut Terminal) -> Result<Prober, Failure> {
    let configured = shop.config.kucoin.site;
    let mut clients = BTreeMap::from([(configured, probe::client(shop, configured, terminal)?)]);
    for site in Site::ALL.into_iter().filter(|site| *site != configured) {
        clients.insert(site, probe::official_client(shop, site)?);
    }
    Ok(Prober::new(clients, shop.vault.clone()))
}

async fn talk(shop: &Workshop, desk: Desk, prober: Arc<Prober>) -> Result<(), Failure> {
    let is_terminal = io::stdin().is_terminal();
    let history = shop.config.data_dir.join("history");
    let input = if is_terminal {
        input::typed("> ", Some(history))
    } else {
        input::piped(io::BufReader::new(io::stdin()))
    };
    let Input { mut lines, print, width, .. } =
        input.map_err(|error| Failure::unexpected(&error))?;
    let screen = Arc::new(Screen::as_wide_as(print, width));
    let is_test = prober.is_test();
    let app = start(shop, prober.clone(), &screen, is_test.then_some("TEST ENDPOINT"));
    let host = HostNote {
        operator: shop.config.operator.clone(),
        test_endpoint: is_test,
        endpoints: endpoints(shop, &prober),
        demo: false,
    };
    let given = counter::Given {
        store: shop.store.clone(),
        vault: shop.vault.clone(),
        ids: shop.ids.clone(),
        policy: shop.policy.clone(),
        host,
    };
    let counter = Arc::new(Counter::new(counter::tools(&app, given)));
    let zone = zone_name(desk.workspace().zone);
    let name = actor::actor();
    let talk =
        Talk::new(screen.clone(), (counter, desk), shop.clock.clone(), (name.as_str(), "terminal"));
    let greeting = format!(
        "I watch the keys of this workspace and warn here (times are {zone}). Try /keystatus or /help, or ask a question; quit leaves."
    );
    let stop_ops = CancellationToken::new();
    if let Some(listen) = shop.config.ops.listen {
        let ops = Ops { store: shop.store.clone(), clock: shop.clock.clone(), is_test };
        let serving = http::serve(ops, listen, stop_ops.clone()).await.map_err(|error| {
            Failure::Refused(format!(
                "[ops] listen {listen} cannot be used ({}): choose another, or off.",
                error.kind()
            ))
        })?;
        tokio::spawn(serving);
    }
    let spoken = converse(&talk, &screen, &greeting, &mut lines).await;
    stop_ops.cancel();
    app.stop().await;
    spoken.map_err(|error| {
        Failure::Failed(format!(
            "The terminal cannot be used ({}): start it again in another.",
            error.kind()
        ))
    })
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

fn start(
    shop: &Workshop,
    prober: Arc<Prober>,
    screen: &Arc<Screen>,
    mark: Option<&'static str>,
) -> App {
    // Every console receiver of the settings is this terminal; so is the conversation itself.
    let chats: BTreeSet<String> = open::described(&shop.config)
        .into_iter()
        .flat_map(|workspace| workspace.receivers)
        .map(|receiver| receiver.address.chat)
        .collect();
    let console = Console::new(chats.into_iter().map(|chat| (chat, screen.clone())));
    let console: Arc<dyn Messenger> = Arc::new(console);
    App::start(Parts {
        store: shop.store.clone(),
        prober,
        messengers: BTreeMap::from([(Platform::Console, console)]),
        clock: shop.clock.clone(),
        schedule: shop.config.check.clone(),
        policy: shop.policy.clone(),
        rhythm: Rhythm::SHARED,
        mark,
    })
}

/// Endpoints that are not the built-in ones, for `/privacy`.
fn endpoints(shop: &Workshop, prober: &Prober) -> Vec<String> {
    let settings = &shop.config.kucoin;
    let named = settings.trusted != Trusted::Official;
    let client = prober.client(settings.site).filter(|_| named);
    client.map(|client| client.endpoint().to_string()).into_iter().collect()
}
