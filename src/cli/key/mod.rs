//! `keylapse key …`: what the host's people do with watched keys. One file a subcommand; each opens
//! the workshop through its parent and leaves an audit entry for what it changed.

mod accept;
mod add;
mod edit;
mod intake;
mod list;
mod remove;
mod replace;
mod show;
mod test;
#[cfg(test)]
mod tests;

use clap::{Args, Subcommand};

use super::ask::Terminal;
use super::failure::{Failure, refused};
use super::import;
use super::open::Workshop;
use crate::domain::text::Clean;
use crate::store::desk::{Desk, KeyView};

pub use add::{key_hash, seal, shown};

/// The subcommands.
#[derive(Subcommand, Debug)]
pub enum KeyCommand {
    /// Watch a key
    Add(Box<add::AddArgs>),
    /// List the keys, worst first
    List(list::ListArgs),
    /// Show all that is known of a key
    Show(Named),
    /// Forget a key
    Remove(remove::RemoveArgs),
    /// Put a new key in the place of an old one; alerts, notes and history stay
    Replace(Box<replace::ReplaceArgs>),
    /// Correct what was said of a key: its end, what stops with it, where its bot runs
    Edit(Box<edit::EditArgs>),
    /// Accept a key as it is now: rights, addresses, age
    Accept(Named),
    /// Ask KuCoin about a key now
    Test(Named),
    /// Watch many keys, all or none of them
    Import(import::ImportArgs),
}

impl KeyCommand {
    /// The first key of a workspace: everything else is asked.
    pub fn first(workspace: Option<String>) -> Self {
        Self::Add(Box::new(add::AddArgs::of(workspace)))
    }

    /// Whether the answer is for a program and not for a person.
    pub fn is_for_program(&self) -> bool {
        match self {
            Self::List(args) => args.json,
            Self::Add(_)
            | Self::Show(_)
            | Self::Remove(_)
            | Self::Replace(_)
            | Self::Accept(_)
            | Self::Edit(_)
            | Self::Test(_)
            | Self::Import(_) => false,
        }
    }
}

/// A key by its label.
#[derive(Args, Clone, Debug, Default)]
pub struct Named {
    /// The key's label
    label: String,
    /// The workspace; needed only where there are several
    #[arg(long, value_name = "NAME")]
    workspace: Option<String>,
}

/// What is allowed although it is dangerous.
#[derive(Args, Clone, Debug, Default)]
pub struct AllowFlag {
    /// What the key may do although it is dangerous
    #[arg(
        long,
        value_name = "WORDS",
        value_delimiter = ',',
        value_parser = ["withdraw", "transfer", "unknown", "no-ip"]
    )]
    allow: Vec<String>,
}

impl Named {
    /// The key and its desk.
    async fn find(&self, shop: &Workshop) -> Result<(Desk, KeyView), Failure> {
        let desk = shop.desk(self.workspace.as_deref()).await?;
        match desk.key_by_label(&self.label).await? {
            Some(view) => Ok((desk, view)),
            None => refused(format!(
                "There is no key {} in the workspace {}: keylapse key list shows what is.",
                Clean::new(&self.label, 40),
                desk.workspace().name
            )),
        }
    }
}

/// Runs a subcommand.
pub async fn run(
    command: KeyCommand,
    shop: &Workshop,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    match command {
        KeyCommand::Add(args) => add::run(*args, shop, terminal).await,
        KeyCommand::List(args) => list::run(&args, shop, terminal).await,
        KeyCommand::Show(named) => show::run(&named, shop, terminal).await,
        KeyCommand::Remove(args) => remove::run(&args, shop, terminal).await,
        KeyCommand::Replace(args) => replace::run(*args, shop, terminal).await,
        KeyCommand::Edit(args) => edit::run(&args, shop, terminal).await,
        KeyCommand::Accept(named) => accept::run(&named, shop, terminal).await,
        KeyCommand::Test(named) => test::run(&named, shop, terminal).await,
        KeyCommand::Import(args) => import::run(&args, shop, terminal).await,
    }
}
