//! `keylapse key show LABEL`: all that is known of one key, for the host's people.

use super::Named;
use super::list::Look;
use crate::cli::ask::Terminal;
use crate::cli::failure::Failure;
use crate::cli::open::Workshop;
use crate::cli::words;
use crate::domain::evidence::Outcome;
use crate::domain::permission::Allow;
use crate::domain::route::warning_at;
use crate::store::desk::KeyView;

/// Runs the subcommand.
pub async fn run(named: &Named, shop: &Workshop, terminal: &mut Terminal) -> Result<(), Failure> {
    let (desk, view) = named.find(shop).await?;
    let look = Look::new(shop, &desk);
    for line in lines(&look, &view, shop) {
        terminal.say(line)?;
    }
    Ok(())
}

fn lines(look: &Look<'_>, view: &KeyView, shop: &Workshop) -> Vec<String> {
    let key = &view.key;
    let hint = view.hint.as_ref().map(|hint| format!(", key {hint}")).unwrap_or_default();
    let mut lines =
        vec![look.text(view), format!("{}, site {}{hint}", key.exchange.name(), key.site.id())];
    if let Some(good) = &view.standing.last_good {
        lines.push(format!("Last good answer: {}", words::moment(good.at, look.zone)));
        lines.extend(words::findings(&good.facts, look.zone, look.now));
    }
    if let Some(Outcome::Bad { fault, code }) = view.standing.latest.as_ref().map(|l| &l.outcome) {
        let sealed = view.caller.as_deref();
        let caller = sealed.and_then(|sealed| shop.vault.open_caller(key, sealed).ok());
        lines.push(words::fault(*fault, code.as_deref(), key.site, caller));
    }
    for alert in view.alerts.iter().filter(|alert| alert.state.is_open()) {
        let rule = alert.rule.id().replace('_', " ");
        lines.push(format!("Open alert #{}: {rule} ({})", alert.no, alert.state.severity.id()));
    }
    for text in &key.used_by {
        lines.push(format!("Stops with it: {text}"));
    }
    let runs = if key.co_located { "on this machine" } else { "elsewhere" };
    if view.hint.is_some() {
        lines.push(format!("Its bot runs {runs}."));
    }
    if key.allow != Allow::default() {
        lines.push(format!("Allowed: {}", allowed(key.allow)));
    }
    if let Some(end) = look.ends(view).end()
        && let Some(at) = warning_at(&end, &shop.policy, look.zone, look.now)
    {
        lines.push(format!("Next warning of its end: {}", words::moment(at, look.zone)));
    }
    if let Some(at) = view.next_probe {
        lines.push(format!("Next check: {}", words::moment(at, look.zone)));
    }
    lines.push(format!("Added: {}", words::moment(key.added_at, look.zone)));
    lines
}

fn allowed(allow: Allow) -> String {
    let on = [allow.withdraw, allow.transfer, allow.unknown, allow.no_ip];
    let words = Allow::WORDS.into_iter().zip(on).filter(|(_, on)| *on);
    words.map(|(word, _)| word).collect::<Vec<_>>().join(", ")
}
