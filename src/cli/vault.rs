//! `keylapse vault create`: makes the first master key where no start makes one by itself, which is
//! PostgreSQL (SECURITY S4). Never where anything is sealed already.

use std::sync::Arc;

use clap::Subcommand;

use super::ask::Terminal;
use super::failure::{Failure, refused};
use super::open;
use crate::config::Flags;
use crate::hardening;
use crate::ids::Ids;
use crate::vault::{Backend, Vault};

/// The subcommands.
#[derive(Subcommand, Clone, Debug)]
pub enum VaultCommand {
    /// Make a master key in a new file
    Create,
}

/// Runs a subcommand.
pub async fn run(
    command: &VaultCommand,
    flags: &Flags,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    match command {
        VaultCommand::Create => create(flags, terminal).await,
    }
}

async fn create(flags: &Flags, terminal: &mut Terminal) -> Result<(), Failure> {
    let config = open::load(flags)?;
    terminal.note(format!("Data folder: {}", config.data_dir.display()));
    hardening::prepare_data_dir(&config.data_dir)?;
    let starting = open::starting(&config.data_dir)?;
    open::refuse_lost_database(&config)?;
    let store = open::connect(&config, Arc::new(Ids::Random)).await?;
    let peeked = store.peek().await?;
    let is_free = peeked.check_value.is_none() && !peeked.sealed;
    if is_free && config.database.backend() == Backend::Sqlite {
        // So that the next start does not take the database for a lost one.
        store.migrate().await?;
    }
    store.close().await;
    if !is_free {
        return refused(
            "The database belongs to a master key already, and another one could not open its secrets: bring that key's file back. Nothing was changed.",
        );
    }
    Vault::create_key_file(&config.vault.key_file)?;
    drop(starting);
    terminal.say(open::new_key_file(&config.vault.key_file))
}
