//! `keylapse setup`: from nothing to a bot that was seen to warn. Everything is asked first (zone,
//! platforms, tokens, first key), then the chats are met. Each step is skipped when it is done
//! already, so that it can be stopped at every question and started again.

mod greet;
mod guest;
mod interrupt;
mod token;
mod write;

use std::path::Path;

use clap::{Args, ValueEnum};

use self::interrupt::Interrupt;
use self::token::Asked;
use super::ask::Terminal;
use super::failure::{Failure, refused};
use super::key::{self, KeyCommand};
use super::open;
use super::platforms;
use crate::config::{Config, Flags};
use crate::domain::receiver::Platform;
use crate::hardening;

/// What is to be set up; everything else is asked.
#[derive(Args, Clone, Debug)]
pub struct SetupArgs {
    /// Connect this platform too
    #[arg(value_enum, value_name = "PLATFORM")]
    platform: Option<Wish>,
    /// The workspace; needed only where there are several
    #[arg(long, value_name = "NAME")]
    workspace: Option<String>,
}

/// A platform as it is written on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Wish {
    Telegram,
    Discord,
}

impl Wish {
    fn platform(self) -> Platform {
        match self {
            Self::Telegram => Platform::Telegram,
            Self::Discord => Platform::Discord,
        }
    }
}

/// The platforms in the order in which they are asked for.
const PLATFORMS: [Platform; 2] = [Platform::Telegram, Platform::Discord];

/// Runs the subcommand.
pub async fn run(args: &SetupArgs, flags: &Flags, terminal: &mut Terminal) -> Result<(), Failure> {
    if !terminal.asks() {
        return refused("keylapse setup asks questions: start it in a terminal.");
    }
    let interrupt = Interrupt::watch();
    let mut config = open::load(flags)?;
    terminal.note(format!("Data folder: {}", config.data_dir.display()));
    hardening::prepare_data_dir(&config.data_dir)?;
    let file = write::file(flags, &config);
    if config.file.is_none() {
        let zone = ask_zone(&config, terminal)?;
        write::begin(&file, &zone)?;
        terminal.say(format!("Wrote {}.", file.display()))?;
        config = open::load(flags)?;
    }
    loop {
        want(args, &file, &config, terminal)?;
        config = connect(args, (flags, config, &file), terminal).await?;
        // Who went on without all that they had chosen chooses anew.
        if args.platform.is_some() || is_chosen(&config, &file)? {
            break;
        }
    }
    first_key(args, flags, terminal).await?;
    drop(interrupt);
    if platforms::is_any(&config) {
        greet::run(args.workspace.as_deref(), flags, terminal).await?;
        say_missing(&config, terminal)?;
    }
    terminal.say(format!(
        "Done. Start the bot with {}; README.md has a systemd unit and a compose file. keylapse doctor looks whether all is well.",
        platforms::start_command(&config)
    ))
}

/// Asks for the tokens of what is wanted; the settings with them.
async fn connect(
    args: &SetupArgs,
    (flags, mut config, file): (&Flags, Config, &Path),
    terminal: &mut Terminal,
) -> Result<Config, Failure> {
    for platform in PLATFORMS {
        // Who names one platform is not asked for the other.
        let is_meant = args.platform.is_none_or(|wish| wish.platform() == platform);
        if is_meant && !is_connected(&config, platform) && write::names(file, platform)? {
            match token::ask((flags, &config, file), platform, terminal).await? {
                Asked::Known(with_token) => config = *with_token,
                Asked::Without => write::unwant(file, platform)?,
            }
        }
    }
    Ok(config)
}

/// Whether it is settled where warnings go: a platform, or the terminal alone.
fn is_chosen(config: &Config, file: &Path) -> Result<bool, Failure> {
    for platform in PLATFORMS {
        if is_connected(config, platform) || write::names(file, platform)? {
            return Ok(true);
        }
    }
    write::tells_terminal(file)
}

/// Whether a platform has a token.
fn is_connected(config: &Config, platform: Platform) -> bool {
    match platform {
        Platform::Telegram => config.telegram.is_some(),
        Platform::Discord => config.discord.is_some(),
        Platform::Console => true,
    }
}

/// Notes in the settings which platforms are wanted, so that nobody is asked a second time.
fn want(
    args: &SetupArgs,
    file: &Path,
    config: &Config,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    if let Some(wish) = args.platform {
        let platform = wish.platform();
        return if is_connected(config, platform) { Ok(()) } else { write::want(file, platform) };
    }
    for platform in PLATFORMS {
        if is_connected(config, platform) || write::names(file, platform)? {
            return Ok(());
        }
    }
    let choices = ["Telegram", "Discord", "Both", "Nowhere yet, only in a terminal"];
    let wanted = match terminal.choose("Where shall I warn?", &choices)? {
        0 => &PLATFORMS[..1],
        1 => &PLATFORMS[1..],
        2 => &PLATFORMS[..],
        _ => return write::tell_terminal(file),
    };
    wanted.iter().try_for_each(|platform| write::want(file, *platform))
}

/// What could be connected too.
fn say_missing(config: &Config, terminal: &mut Terminal) -> Result<(), Failure> {
    for platform in PLATFORMS.into_iter().filter(|platform| !is_connected(config, *platform)) {
        let (name, word) = (platform.name(), platform.id());
        terminal.say(format!("{name} is not connected; keylapse setup {word} does that."))?;
    }
    Ok(())
}

fn ask_zone(config: &Config, terminal: &mut Terminal) -> Result<String, Failure> {
    let here = config.workspaces.first().map_or(chrono_tz::Tz::UTC, |workspace| workspace.zone);
    for _ in 0..3 {
        let question = format!("Your time zone, for mornings and dates (Enter takes {here}):");
        let answer = terminal.line(&question)?;
        if answer.is_empty() {
            return Ok(here.name().to_owned());
        }
        if let Ok(zone) = chrono_tz::Tz::from_str_insensitive(&answer) {
            return Ok(zone.name().to_owned());
        }
        terminal.say("I do not know that zone; write one like Europe/Berlin or UTC.")?;
    }
    refused("No zone was given; start keylapse setup again.")
}

/// Without a key there is nothing to warn of; one that is not taken does not stop the rest.
async fn first_key(
    args: &SetupArgs,
    flags: &Flags,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let shop = open::open(flags, true, terminal).await?;
    let mut keys = 0;
    for workspace in shop.store.workspaces().await? {
        keys += shop.store.desk(workspace).keys().await?.len();
    }
    let wants = keys == 0 && terminal.choose("Add your first key now?", &["Yes", "Later"])? == 0;
    let command = KeyCommand::first(args.workspace.clone());
    let done = if wants { key::run(command, &shop, terminal).await } else { Ok(()) };
    shop.store.close().await;
    let Err(failure) = done else { return Ok(()) };
    terminal.say(failure.sentence().unwrap_or_default())?;
    match terminal.choose(
        "No key is watched yet.",
        &["Go on; I add one later with keylapse key add", "Stop"],
    )? {
        0 => Ok(()),
        _ => refused("Stopped. What was done is kept: run keylapse setup again to go on."),
    }
}
