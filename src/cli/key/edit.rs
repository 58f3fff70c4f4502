//! `keylapse key edit LABEL`: corrects what was said of a key. Its secrets stay as they are; what
//! it may do is not a matter of saying.

use clap::Args;

use super::Named;
use super::accept::say_closed;
use super::add::{PlaceFlags, read_uses};
use crate::cli::actor::{actor, entry};
use crate::cli::ask::Terminal;
use crate::cli::ending::{EndFlags, Saying};
use crate::cli::failure::{Failure, refused};
use crate::cli::open::Workshop;
use crate::domain::key::{Declared, Watch};
use crate::store::deed::Now;
use crate::store::edit::Edit;

/// What is corrected.
#[derive(Args, Clone, Debug)]
pub struct EditArgs {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    end: EndFlags,
    /// What stops when this key stops, in place of what was told; repeat for more, "" for nothing
    #[arg(long, value_name = "TEXT")]
    used_by: Vec<String>,
    #[command(flatten)]
    place: PlaceFlags,
}

/// Runs the subcommand.
pub async fn run(args: &EditArgs, shop: &Workshop, terminal: &mut Terminal) -> Result<(), Failure> {
    let (desk, view) = args.named.find(shop).await?;
    let by = actor();
    let saying = Saying { by: &by, zone: desk.workspace().zone, now: shop.clock.now() };
    let made = view.standing.last_good.as_ref().and_then(|good| good.facts.created_at);
    let declared = args.end.read(&saying, made)?;
    if view.key.watch == Watch::Declared && matches!(declared, Some(Declared { end: None, .. })) {
        return refused(
            "A reminder needs a date: write the day of the end after --expires, or keylapse key remove it.",
        );
    }
    let used_by = if args.used_by.is_empty() { None } else { Some(read_uses(&args.used_by)?) };
    let edit = Edit { declared: declared.map(Some), used_by, co_located: args.place.told() };
    if edit == Edit::default() {
        return refused(
            "Say what to correct: --expires DATE, --term DAYS, --used-by TEXT, --co-located or --not-co-located.",
        );
    }
    let now = Now { at: saying.now, policy: &shop.policy };
    let label = view.key.label.as_str();
    let closed = desk.edit_key(&view.key.id, &edit, &entry("key.edit", label), now).await?;
    terminal.say(format!("{label} is corrected; keylapse key show {label} shows it."))?;
    say_closed(&closed, terminal)
}
