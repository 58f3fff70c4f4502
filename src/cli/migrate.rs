//! `keylapse migrate`: brings the tables up to this version and says from where to where. Every
//! other subcommand does the same quietly; this one is for those who want to see it happen.

use std::sync::Arc;

use super::ask::Terminal;
use super::failure::Failure;
use super::open;
use crate::config::Flags;
use crate::hardening;
use crate::ids::Ids;

/// Runs the subcommand.
pub async fn run(flags: &Flags, terminal: &mut Terminal) -> Result<(), Failure> {
    let config = open::load(flags)?;
    terminal.note(format!("Data folder: {}", config.data_dir.display()));
    hardening::prepare_data_dir(&config.data_dir)?;
    let starting = open::starting(&config.data_dir)?;
    open::refuse_lost_database(&config)?;
    let store = open::connect(&config, Arc::new(Ids::Random)).await?;
    let before = store.version().await?;
    store.migrate().await?;
    let after = store.version().await?;
    store.close().await;
    drop(starting);
    let name = |version: Option<i64>| version.map_or("nothing".to_owned(), |v| v.to_string());
    terminal.say(if before == after {
        format!("The tables are those of this version ({}). Nothing was changed.", name(after))
    } else {
        format!("Migrated from {} to {}.", name(before), name(after))
    })
}
