//! `keylapse wipe`: leaving. Takes away what keylapse stored on this host and says what is left
//! elsewhere: the keys at the exchange, the bots on the platforms, messages, backups.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::ask::Terminal;
use super::failure::{Failure, refused};
use super::open;
use crate::config::{Config, Database, FILE_NAME, Flags};
use crate::hardening::{DataLock, DatabaseLock};
use crate::ids::Ids;
use crate::private_file;

/// Whether to ask.
#[derive(Args, Clone, Debug)]
pub struct WipeArgs {
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// The word that has to be typed.
const WORD: &str = "wipe";
/// Labels that are named at the end.
const MOST_LABELS: usize = 50;
/// Links that are followed to a file, as many as Linux follows; links in a circle end here.
const MOST_LINKS: usize = 41;

/// Runs the subcommand.
pub async fn run(args: &WipeArgs, flags: &Flags, terminal: &mut Terminal) -> Result<(), Failure> {
    let config = open::load(flags)?;
    terminal.note(format!("Data folder: {}", config.data_dir.display()));
    if !config.data_dir.exists() {
        return refused("There is nothing to wipe: that folder does not exist.");
    }
    // Not under a running bot.
    let lock = DataLock::take(&config.data_dir)?;
    let labels = labels(&config).await;
    if !args.yes {
        confirm(&config, terminal)?;
    }
    match &config.database {
        Database::Sqlite { path } => {
            let database_lock = DatabaseLock::take(path)?;
            let names = names(path);
            remove_database(&names)?;
            drop(database_lock);
            for name in &names {
                remove(&with_suffix(name, ".lock"))?;
            }
        }
        Database::Postgres { .. } => {
            let store = open::connect(&config, Arc::new(Ids::Random)).await?;
            store.drop_everything().await?;
            store.close().await;
        }
    }
    for file in [config.vault.key_file.clone(), config.data_dir.join("history")] {
        names(&file).iter().try_for_each(|name| remove(name))?;
    }
    remove(&config.data_dir.join(open::START_LOCK))?;
    let lock_path = lock.path().to_owned();
    drop(lock);
    remove(&lock_path)?;
    say_what_is_left(&config, &labels, terminal)
}

fn confirm(config: &Config, terminal: &mut Terminal) -> Result<(), Failure> {
    if !terminal.asks() {
        return refused(
            "This deletes everything that keylapse stored: add --yes to do it unasked.",
        );
    }
    terminal.say(format!(
        "This deletes the database ({}), the master key and the console's history. It cannot be undone.",
        config.database.shown()
    ))?;
    for token in tokens(config) {
        terminal.say(format!(
            "Kept: {}; whoever has it controls the bot. Delete it by hand, or make it worthless where the bot was made.",
            token.display()
        ))?;
    }
    let typed = terminal.line(&format!("Type {WORD} to go on: "))?;
    if typed.trim() == WORD { Ok(()) } else { refused("Nothing was deleted.") }
}

/// The files that setup keeps tokens in, and those that an interrupted one left beside them.
fn tokens(config: &Config) -> Vec<PathBuf> {
    let names = ["telegram.token", "telegram.token.new", "discord.token", "discord.token.new"];
    let paths = names.into_iter().map(|name| config.data_dir.join(name));
    paths.filter(|path| path.exists()).collect()
}

/// The settings that an interrupted setup left beside the file that it was to replace.
fn unfinished(config: &Config) -> PathBuf {
    let file = config.file.clone().unwrap_or_else(|| config.data_dir.join(FILE_NAME));
    with_suffix(&file.canonicalize().unwrap_or(file), ".new")
}

/// What to delete at the exchange; a database that cannot be read names nothing.
async fn labels(config: &Config) -> Vec<String> {
    if let Database::Sqlite { path } = &config.database
        && !path.exists()
    {
        return Vec::new();
    }
    let Ok(store) = open::connect(config, Arc::new(Ids::Random)).await else { return Vec::new() };
    let mut labels = Vec::new();
    for workspace in store.workspaces().await.unwrap_or_default() {
        let keys = store.desk(workspace).keys().await.unwrap_or_default();
        labels.extend(keys.iter().map(|key| key.key.label.to_string()));
    }
    store.close().await;
    labels
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The file itself first, then the links that lead to it, `path` last: while a file cannot be
/// deleted its links stay, and the next wipe finds it again. A link to nothing counts as well.
fn names(path: &Path) -> Vec<PathBuf> {
    let behind = |link: &PathBuf| Some(link.parent()?.join(fs::read_link(link).ok()?));
    let mut names: Vec<PathBuf> =
        std::iter::successors(Some(path.to_owned()), behind).take(MOST_LINKS).collect();
    names.reverse();
    names
}

/// SQLite keeps its side files beside the true file, not beside a link to it.
fn remove_database(names: &[PathBuf]) -> Result<(), Failure> {
    for name in names {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            remove(&with_suffix(name, suffix))?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Failure::Failed(format!(
            "{} could not be deleted ({}): delete it by hand, then run keylapse wipe again.",
            path.display(),
            private_file::reason(&error)
        ))),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn say_what_is_left(
    config: &Config,
    labels: &[String],
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    terminal.say("Forgotten here. What is left elsewhere:")?;
    if !labels.is_empty() {
        let named = labels.iter().take(MOST_LABELS).cloned().collect::<Vec<_>>().join(", ");
        let more = match labels.len().saturating_sub(MOST_LABELS) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        terminal.say(format!(
            "  The keys still work at KuCoin ({named}{more}): delete there those that nothing uses."
        ))?;
    }
    if config.discord.is_some() {
        terminal.say("  The Discord bot: delete it in the Developer Portal; its messages stay until somebody deletes them.")?;
    }
    if config.telegram.is_some() {
        terminal
            .say("  The Telegram bot: /deletebot at @BotFather; its messages stay in each chat.")?;
    }
    for token in tokens(config) {
        terminal.say(format!("  {}: whoever has it controls the bot.", token.display()))?;
    }
    if let Some(file) = &config.file {
        terminal.say(format!("  {} and the token files it names.", file.display()))?;
    }
    let unfinished = unfinished(config);
    if unfinished.exists() {
        terminal.say(format!(
            "  {}: settings that an interrupted setup left; delete it by hand.",
            unfinished.display()
        ))?;
    }
    terminal.say("  Backups of the database and of the master key.")
}
