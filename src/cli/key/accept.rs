//! `keylapse key accept LABEL`: a person at the host accepts a key as it is now, so that change is
//! measured from here on (DESIGN idea 4).

use super::Named;
use crate::cli::actor::{actor, entry};
use crate::cli::ask::Terminal;
use crate::cli::failure::{Failure, refused};
use crate::cli::open::Workshop;
use crate::cli::words;
use crate::domain::key::Watch;
use crate::store::deed::Now;

/// Runs the subcommand.
pub async fn run(named: &Named, shop: &Workshop, terminal: &mut Terminal) -> Result<(), Failure> {
    let (desk, view) = named.find(shop).await?;
    let label = view.key.label.as_str();
    if view.key.watch == Watch::Declared {
        return refused(format!(
            "{label} is a reminder of a date: KuCoin is never asked about it, so there is nothing to accept; keylapse key replace {label} --expires DATE tells another date."
        ));
    }
    let now = Now { at: shop.clock.now(), policy: &shop.policy };
    let deed = entry("key.accept", label);
    let closed = desk.accept(&view.key.id, &actor(), &deed, now).await?;
    terminal.say(format!("{label} is accepted as it was at the last good answer:"))?;
    if let Some(good) = &view.standing.last_good {
        for line in words::findings(&good.facts, desk.workspace().zone, now.at) {
            terminal.say(format!("  {line}"))?;
        }
    }
    say_closed(&closed, terminal)
}

/// Which alerts a deed closed.
pub fn say_closed(closed: &[i64], terminal: &mut Terminal) -> Result<(), Failure> {
    if closed.is_empty() {
        return Ok(());
    }
    let numbers: Vec<String> = closed.iter().map(|no| format!("#{no}")).collect();
    terminal.say(format!("Closed with that: {}.", numbers.join(", ")))
}
