//! The command line: one file a subcommand, defined and dispatched here. A subcommand reads settings
//! through [`open`], speaks through [`ask::Terminal`] and ends in `Ok` or a [`failure::Failure`]
//! with one sentence. It works beside a running bot; only `run` takes the data folder's lock.

mod actor;
pub mod arguments;
pub mod ask;
pub mod attend;
pub mod counter;
pub mod demo;
mod doctor;
mod ending;
mod entries;
pub mod failure;
mod faq;
mod fit;
mod gallery;
mod health;
mod import;
mod invite;
mod key;
pub mod log;
mod migrate;
pub mod open;
mod platforms;
mod probe;
mod run;
mod secrets;
mod setup;
pub mod simulate;
mod vault;
mod wipe;
mod words;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use self::ask::Terminal;
use self::failure::Failure;
use crate::config::{self, Flags};
use crate::hardening;

/// Know before a key lapses: watches exchange API keys and warns in chat before one stops working.
#[derive(Parser, Debug)]
#[command(name = "keylapse", version, about, max_term_width = 100)]
pub struct Cli {
    /// The settings file; keylapse.toml in the data folder unless named
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// The data folder: database, master key, lock
    #[arg(long, value_name = "FOLDER", global = true)]
    data: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

/// The subcommands.
#[derive(Subcommand, Debug)]
enum Command {
    /// Watch keys: add, list, show, replace, remove, accept, test, import
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Connect a chat step by step: token, code, first key, test
    Setup(setup::SetupArgs),
    /// Look at everything that a bot needs here, each finding with its remedy
    Doctor,
    /// Make a code that lets one chat and person in
    Invite(invite::InviteArgs),
    /// Delete everything that keylapse stored, and say what is left elsewhere
    Wipe(wipe::WipeArgs),
    /// Show every setting in force, with who set it
    CheckConfig,
    /// Bring the database's tables up to this version
    Migrate,
    /// Answer a question about API keys
    Faq(faq::FaqArgs),
    /// Say whether a keylapse lives on this data
    Health,
    /// Handle the master key
    #[command(subcommand)]
    Vault(vault::VaultCommand),
    /// Show the whole bot with nothing but embedded parts; nothing in it is real
    Demo(demo::DemoArgs),
    /// Print every message as each platform shows it; nothing in it is real
    #[command(hide = true)]
    Gallery,
    /// Make the weights of the look-up from the lessons
    #[command(hide = true)]
    Fit(fit::FitArgs),
    /// Run the bot: check keys on schedule and warn before one stops working
    Run(run::RunArgs),
    /// Run a pretended KuCoin on this machine; nothing in it is real
    Simulate(simulate::SimulateArgs),
}

/// Runs the subcommand and says why it did not succeed.
pub async fn run(cli: Cli) -> Result<(), Failure> {
    hardening::survive_file_limit();
    let mut terminal = Terminal::standard();
    let done = dispatch(cli, &mut terminal).await;
    if let Some(sentence) = done.as_ref().err().and_then(Failure::sentence) {
        terminal.note(sentence);
    }
    done
}

async fn dispatch(cli: Cli, terminal: &mut Terminal) -> Result<(), Failure> {
    let flags = Flags { config: cli.config, data: cli.data };
    match cli.command {
        Command::Key(command) => {
            let shop = open::open(&flags, command.is_for_program(), terminal).await?;
            let done = key::run(command, &shop, terminal).await;
            shop.store.close().await;
            done
        }
        Command::Setup(args) => setup::run(&args, &flags, terminal).await,
        Command::Doctor => doctor::run(&flags, terminal).await,
        Command::Invite(args) => invite::run(&args, &flags, terminal).await,
        Command::Wipe(args) => wipe::run(&args, &flags, terminal).await,
        Command::CheckConfig => check_config(&flags, terminal),
        Command::Migrate => migrate::run(&flags, terminal).await,
        Command::Faq(args) => faq::run(&args, &flags, terminal),
        Command::Health => health::run(&flags, terminal).await,
        Command::Vault(command) => vault::run(&command, &flags, terminal).await,
        Command::Simulate(args) => simulate::run(&args).await,
        Command::Demo(args) => demo::run(args.into()).await.map_err(Failure::from),
        Command::Gallery => gallery::run(terminal).await,
        Command::Fit(args) => fit::run(&args, terminal),
        Command::Run(args) => run::run(&args, &flags, terminal).await,
    }
}

fn check_config(flags: &Flags, terminal: &mut Terminal) -> Result<(), Failure> {
    let config = open::load(flags)?;
    terminal.note(format!("Data folder: {}", config.data_dir.display()));
    entries::knowledge(&config)?;
    terminal.say(config::describe(&config).trim_end())
}
