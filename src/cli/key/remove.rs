//! `keylapse key remove LABEL`: forgets a key after asking. The key itself lives on at KuCoin.

use clap::Args;

use super::Named;
use crate::cli::actor::entry;
use crate::cli::ask::Terminal;
use crate::cli::failure::{Failure, refused};
use crate::cli::open::Workshop;
use crate::domain::key::Watch;
use crate::store::deed::Now;

/// Which key.
#[derive(Args, Clone, Debug)]
pub struct RemoveArgs {
    #[command(flatten)]
    named: Named,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

/// Runs the subcommand.
pub async fn run(
    args: &RemoveArgs,
    shop: &Workshop,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let (desk, view) = args.named.find(shop).await?;
    let label = &view.key.label;
    if !args.yes && !terminal.asks() {
        return refused("Nobody can be asked here whether that is meant: add --yes.");
    }
    if !args.yes {
        let choices = ["Forget it", "Keep it"];
        let question = format!("Forget {label} here, with its secrets? Its history stays.");
        if terminal.choose(&question, &choices)? != 0 {
            return terminal.say("Kept. Nothing was changed.");
        }
    }
    let now = Now { at: shop.clock.now(), policy: &shop.policy };
    desk.remove_key(&view.key.id, &entry("key.remove", label.as_str()), now).await?;
    terminal.say(match view.key.watch {
        Watch::Declared => "Forgotten here. Nothing warns of that date any more.",
        Watch::Own | Watch::Guardian { .. } => {
            "Forgotten here (backups may hold it until they expire). The key still works at KuCoin: delete it there if nothing uses it."
        }
    })
}
