//! `keylapse setup`: from nothing to a bot that was seen to warn. Each step is skipped when it is
//! done already, so that it can be stopped and started again; what it learns is written at once,
//! tokens into private files of their own.

mod greet;
mod telegram;
mod write;

use clap::Args;

use super::ask::Terminal;
use super::failure::{Failure, refused};
use super::key::{self, KeyCommand};
use super::open;
use crate::config::Flags;
use crate::hardening;

/// Nothing to choose: everything is asked.
#[derive(Args, Clone, Debug)]
pub struct SetupArgs {}

/// Runs the subcommand.
pub async fn run(_args: &SetupArgs, flags: &Flags, terminal: &mut Terminal) -> Result<(), Failure> {
    if !terminal.asks() {
        return refused("keylapse setup asks questions: start it in a terminal.");
    }
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
    if config.telegram.is_none() && asks_for("Telegram", terminal)? {
        telegram::token(&config, &file, terminal).await?;
        config = open::load(flags)?;
    }
    first_key(flags, terminal).await?;
    if config.telegram.is_some() {
        greet::telegram(flags, terminal).await?;
    }
    terminal.say(
        "Done. Start the bot with keylapse run; README.md has a systemd unit and a compose file.",
    )
}

fn asks_for(platform: &str, terminal: &mut Terminal) -> Result<bool, Failure> {
    Ok(terminal.choose(&format!("Warn on {platform}?"), &["Yes", "No"])? == 0)
}

fn ask_zone(config: &crate::config::Config, terminal: &mut Terminal) -> Result<String, Failure> {
    let here = config.workspaces.first().map_or(chrono_tz::Tz::UTC, |workspace| workspace.zone);
    for _ in 0..3 {
        let answer = terminal.line(&format!("Time zone of your mornings and days [{here}]:"))?;
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

/// Without a key there is nothing to warn of.
async fn first_key(flags: &Flags, terminal: &mut Terminal) -> Result<(), Failure> {
    let shop = open::open(flags, true, terminal).await?;
    let mut keys = 0;
    for workspace in shop.store.workspaces().await? {
        keys += shop.store.desk(workspace).keys().await?.len();
    }
    let wants = keys == 0 && terminal.choose("Add your first key now?", &["Yes", "Later"])? == 0;
    let done = if wants { key::run(KeyCommand::first(), &shop, terminal).await } else { Ok(()) };
    shop.store.close().await;
    done
}
