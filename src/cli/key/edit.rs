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
use crate::cli::words;
use crate::domain::expiry::{Ends, Known};
use crate::domain::key::{Declared, Watch};
use crate::store::deed::Now;
use crate::store::desk::KeyView;
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
    if let Some(beaten) = beaten(&view, edit.declared.flatten().as_ref(), &saying) {
        terminal.say(beaten)?;
    }
    say_closed(&closed, terminal)
}

/// What is said where the end that was told does not count, because KuCoin named another.
fn beaten(view: &KeyView, told: Option<&Declared>, saying: &Saying<'_>) -> Option<String> {
    let facts = view.standing.last_good.as_ref().map(|good| &good.facts);
    let ends = Ends::weigh(facts, Some(told?), saying.zone);
    let known = words::ends(&ends, saying.zone, saying.now);
    match (ends.best, ends.overridden?) {
        (Known::Never(_), Known::At(_)) => Some(format!(
            "It {known}, so your date is kept and warns of nothing. To be reminded of that day all the same: keylapse key add --declared --expires DATE under another label."
        )),
        (Known::At(best), Known::At(told)) if best.at == told.at => None,
        (Known::At(_), _) => Some(format!(
            "It {known}, and that counts: what you say is kept until KuCoin names no date any more."
        )),
        (Known::Never(_) | Known::Unknown, _) => None,
    }
}
