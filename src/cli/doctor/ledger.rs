//! What `doctor` finds in the ledger: tables, master key, whether a bot runs, who is told. Where it
//! cannot be opened that is a finding, and the settings say whom and what else to look at.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::platforms::Told;
use super::{Finding, broken, fine, soon};
use crate::cli::ask::Terminal;
use crate::cli::failure::Failure;
use crate::cli::open::{self, Workshop};
use crate::cli::run;
use crate::config::Config;
use crate::domain::facts::Site;
use crate::domain::key::{Key, Watch};
use crate::domain::receiver::Address;
use crate::store::desk::KeyView;
use crate::store::install::Heartbeat;
use crate::store::receiver::ReceiverView;
use crate::store::workspace::Workspace;

/// What was found, and what it leads to.
#[derive(Default)]
pub struct Ledger {
    /// The findings.
    pub found: Vec<Finding>,
    /// Who is told and not lost.
    pub told: Vec<Told>,
    /// Whose keys the exchange is asked about.
    pub sites: BTreeSet<Site>,
}

/// Opens the ledger and looks; only a failure without words of its own ends it.
pub async fn look(config: &Config, terminal: &mut Terminal) -> Result<Ledger, Failure> {
    if !open::is_begun(config) {
        // A key file without its database is a lost one; nothing is made by looking.
        return match open::refuse_lost_database(config) {
            Err(failure) => closed(config, failure),
            Ok(()) => Ok(named(config, soon(unbegun(config)))),
        };
    }
    let shop = match open::open_with(config.clone(), terminal).await {
        Ok(shop) => shop,
        Err(failure) => return closed(config, failure),
    };
    let read = read(&shop).await;
    shop.store.close().await;
    read.or_else(|failure| closed(config, failure))
}

fn closed(config: &Config, failure: Failure) -> Result<Ledger, Failure> {
    let Some(sentence) = failure.sentence() else { return Err(failure) };
    Ok(named(config, broken(sentence)))
}

fn unbegun(config: &Config) -> String {
    format!(
        "There is no database yet ({}) and no key is watched: keylapse setup makes it, or keylapse key add.",
        config.database.shown()
    )
}

/// What the settings alone say, with what was found in place of the ledger.
fn named(config: &Config, found: Finding) -> Ledger {
    let named = config.workspaces.iter().flat_map(|workspace| {
        workspace.receivers.iter().map(|one| Told {
            workspace: workspace.name.to_string(),
            name: one.name.to_string(),
            address: Address {
                platform: one.platform,
                chat: one.chat.clone(),
                topic: one.topic.clone(),
            },
            mention: one.mention.clone(),
        })
    });
    Ledger { found: vec![found], told: named.collect(), sites: BTreeSet::new() }
}

async fn read(shop: &Workshop) -> Result<Ledger, Failure> {
    let mut ledger = Ledger {
        found: vec![database(shop).await, fine("The master key opens what is stored.")],
        ..Ledger::default()
    };
    ledger.found.push(life(shop.store.heartbeat().await?, shop.clock.now()));
    let mut address = None;
    for workspace in shop.store.workspaces().await? {
        let desk = shop.store.desk(workspace.clone());
        let receivers = desk.receivers().await?;
        ledger.found.extend(judge_receivers(shop, &workspace, &receivers));
        // Why one is lost was just said.
        let reached = receivers.into_iter().filter(|one| one.lost.is_none());
        ledger.told.extend(reached.map(|one| told(&workspace, one)));
        let keys = desk.keys().await?;
        ledger.sites.extend(keys.iter().filter_map(|view| asked(&view.key)));
        address = address.or_else(|| last_seen(shop, &keys));
    }
    let unwatched = shop.store.unwatched().await?;
    ledger.found.extend(unwatched.iter().map(|(name, keys)| broken(run::unwatched(name, *keys))));
    ledger.found.extend(address);
    Ok(ledger)
}

fn told(workspace: &Workspace, one: ReceiverView) -> Told {
    Told {
        workspace: workspace.name.to_string(),
        name: one.receiver.name.to_string(),
        address: one.receiver.address,
        mention: one.receiver.mention,
    }
}

/// The site that is asked about this key; a reminder is asked nowhere.
fn asked(key: &Key) -> Option<Site> {
    match key.watch {
        Watch::Own | Watch::Guardian { .. } => Some(key.site),
        Watch::Declared => None,
    }
}

async fn database(shop: &Workshop) -> Finding {
    match shop.store.version().await {
        Ok(Some(version)) => fine(format!(
            "The database ({}) answers and has the tables of this version ({version}).",
            shop.config.database.shown()
        )),
        Ok(None) => broken("The database has no tables: run keylapse migrate."),
        Err(error) => broken(error.to_string()),
    }
}

fn life(beat: Option<Heartbeat>, now: DateTime<Utc>) -> Finding {
    match beat {
        Some(beat) if now - beat.at < Heartbeat::STOPPED => fine("A bot is running on this data."),
        Some(_) => broken(
            "The bot on this data has stopped without a goodbye: look at its log, then start keylapse run.",
        ),
        None => soon("No bot is running on this data: start keylapse run."),
    }
}

fn judge_receivers(shop: &Workshop, workspace: &Workspace, all: &[ReceiverView]) -> Vec<Finding> {
    let name = &workspace.name;
    let told = all.iter().filter(|one| one.lost.is_none()).count();
    let lost = all.iter().filter_map(|one| Some((one, one.lost.as_ref()?)));
    let mut found: Vec<Finding> = lost
        .map(|(one, why)| broken(format!("{name}: {} gets nothing: {why}.", one.receiver.name)))
        .collect();
    found.push(match told {
        0 if workspace.faq_only => fine(format!("{name} answers questions only.")),
        0 if shop.config.telegram.is_none() && shop.config.discord.is_none() => soon(format!(
            "{name} tells no chat: keylapse setup connects one; keylapse run --console warns in a terminal."
        )),
        0 => broken(format!(
            "{name} tells nobody: add a receiver in keylapse.toml, or /notify add in a chat."
        )),
        1 => fine(format!("{name} tells one receiver.")),
        n => fine(format!("{name} tells {n} receivers.")),
    });
    found
}

/// The address that KuCoin last named when it refused this machine; it says it nowhere else.
fn last_seen(shop: &Workshop, keys: &[KeyView]) -> Option<Finding> {
    let mut addresses = keys
        .iter()
        .filter_map(|view| shop.vault.open_caller(&view.key, view.caller.as_ref()?).ok());
    addresses.next().map(|address| {
        fine(format!(
            "KuCoin last saw this machine as {address}: keys with an address list must name it."
        ))
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::card::Tone;

    #[test]
    fn a_bot_that_stopped_without_a_goodbye_is_broken() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let beat = |minutes| {
            let at = now - TimeDelta::minutes(minutes);
            Some(Heartbeat { checks_at: at, deliveries_at: at, at })
        };
        let table = [
            (life(beat(1), now), Tone::Fine, "is running"),
            (life(beat(9), now), Tone::Broken, "stopped without a goodbye"),
            (life(None, now), Tone::Soon, "start keylapse run"),
        ];
        for (finding, tone, words) in table {
            assert_eq!(finding.tone, tone, "{}", finding.text);
            assert!(finding.text.contains(words), "{}", finding.text);
        }
    }
}
