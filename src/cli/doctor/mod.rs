//! `keylapse doctor`: looks at everything a bot needs on this host and names what mends each
//! finding. Asks the exchange the time and its state, nothing about a key, and the platforms about
//! the bot; sends nothing and changes nothing but what every start makes.

mod platforms;

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

use super::ask::Terminal;
use super::failure::Failure;
use super::open::{self, Workshop};
use super::probe;
use crate::config::{Config, Database, Flags};
use crate::domain::card::Tone;
use crate::domain::evidence::Fault;
use crate::exchange::ServiceState;
use crate::private_file;
use crate::store::install::Heartbeat;

/// Below this much room a database stops soon.
const LITTLE_ROOM: u64 = 200 * 1024 * 1024;
/// KuCoin refuses a signature that is further off than this.
const CLOCK_LIMIT: TimeDelta = TimeDelta::seconds(5);

/// One thing that was looked at.
struct Finding {
    tone: Tone,
    text: String,
}

fn fine(text: impl Into<String>) -> Finding {
    Finding { tone: Tone::Fine, text: text.into() }
}

fn soon(text: impl Into<String>) -> Finding {
    Finding { tone: Tone::Soon, text: text.into() }
}

fn broken(text: impl Into<String>) -> Finding {
    Finding { tone: Tone::Broken, text: text.into() }
}

/// Runs the subcommand: exit code 1 when something is broken.
pub async fn run(flags: &Flags, terminal: &mut Terminal) -> Result<(), Failure> {
    let config = open::load(flags)?;
    terminal.note(format!("Data folder: {}", config.data_dir.display()));
    let mut all = vec![settings(&config)];
    all.extend(backups(&config));
    say(&all, terminal)?;
    let shop = open::open_with(config, terminal).await?;
    let done = look(&shop, terminal).await;
    shop.store.close().await;
    let found = done?;
    if all.iter().chain(&found).any(|finding| finding.tone == Tone::Broken) {
        return Err(Failure::Failed("Something is broken: mend what is marked above.".to_owned()));
    }
    Ok(())
}

async fn look(shop: &Workshop, terminal: &mut Terminal) -> Result<Vec<Finding>, Failure> {
    let mut found = vec![database(shop).await, fine("The master key opens what is stored.")];
    found.extend(room(&shop.config));
    found.push(life(shop.store.heartbeat().await?, shop.clock.now()));
    found.extend(receivers(shop).await?);
    found.extend(platforms::look(shop).await?);
    let unwatched = shop.store.unwatched().await?;
    found.extend(unwatched.iter().map(|(name, keys)| broken(super::run::unwatched(name, *keys))));
    let client = probe::client(shop, shop.config.kucoin.site, terminal)?;
    found.push(clock(client.clock_ahead().await));
    found.extend(client.service().await.map(|service| state(service.state)));
    found.extend(address(shop).await?);
    say(&found, terminal)?;
    Ok(found)
}

fn say(findings: &[Finding], terminal: &mut Terminal) -> Result<(), Failure> {
    for finding in findings {
        terminal.say(format!("{} {}", finding.tone.shape(), finding.text))?;
    }
    Ok(())
}

fn settings(config: &Config) -> Finding {
    match &config.file {
        Some(file) => fine(format!("The settings in {} are understood.", file.display())),
        None => fine("There is no keylapse.toml: everything has its default."),
    }
}

/// A key file beside its database protects little when both leak together (S4).
fn backups(config: &Config) -> Option<Finding> {
    let Database::Sqlite { path } = &config.database else { return None };
    (path.parent() == config.vault.key_file.parent()).then(|| {
        soon("The master key lies beside the database: a backup that holds both protects little. Keep them apart ([vault] key_file), or leave the key file out of backups and copy it by hand.")
    })
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

fn room(config: &Config) -> Option<Finding> {
    let Database::Sqlite { path } = &config.database else { return None };
    let folder = path.parent().unwrap_or(Path::new("/"));
    let free = match rustix::fs::statvfs(folder) {
        Ok(stat) => stat.f_bavail.saturating_mul(stat.f_frsize),
        Err(error) => {
            let why = private_file::reason(&error.into());
            return Some(soon(format!("The room left for the database is not known ({why}).")));
        }
    };
    Some(judge_room(free))
}

fn judge_room(free: u64) -> Finding {
    let megabytes = free / (1024 * 1024);
    if free < LITTLE_ROOM {
        broken(format!(
            "Only {megabytes} MB are left for the database: make room; a full disk stops checks and warnings."
        ))
    } else {
        fine(format!("{megabytes} MB are left for the database."))
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

async fn receivers(shop: &Workshop) -> Result<Vec<Finding>, Failure> {
    let mut found = Vec::new();
    for workspace in shop.store.workspaces().await? {
        let name = workspace.name.clone();
        let faq_only = workspace.faq_only;
        let all = shop.store.desk(workspace).receivers().await?;
        let told = all.iter().filter(|one| one.lost.is_none()).count();
        for one in all.iter().filter(|one| one.lost.is_some()) {
            let why = one.lost.clone().unwrap_or_default();
            found.push(broken(format!("{name}: {} gets nothing: {why}.", one.receiver.name)));
        }
        found.push(match told {
            0 if faq_only => fine(format!("{name} answers questions only.")),
            0 if shop.config.telegram.is_none() && shop.config.discord.is_none() => soon(format!(
                "{name} tells no chat: keylapse setup connects one; keylapse run --console warns in a terminal."
            )),
            0 => broken(format!(
                "{name} tells nobody: add a receiver in keylapse.toml, or /notify add in a chat."
            )),
            1 => fine(format!("{name} tells one receiver.")),
            n => fine(format!("{name} tells {n} receivers.")),
        });
    }
    Ok(found)
}

fn clock(ahead: Result<TimeDelta, Fault>) -> Finding {
    match ahead {
        Ok(ahead) if ahead.abs() < CLOCK_LIMIT => fine(format!(
            "This clock and KuCoin's agree ({} ms apart).",
            ahead.num_milliseconds().abs()
        )),
        Ok(ahead) => broken(format!(
            "This clock is {} s {} KuCoin's: switch on the host's time service (chrony or systemd-timesyncd).",
            ahead.num_seconds().abs(),
            if ahead > TimeDelta::zero() { "behind" } else { "ahead of" }
        )),
        Err(fault) => broken(format!(
            "KuCoin cannot be asked the time from this machine ({}): see that its network works.",
            fault.id().replace('_', " ")
        )),
    }
}

fn state(state: ServiceState) -> Finding {
    match state {
        ServiceState::Open => fine("KuCoin says that it is open."),
        ServiceState::CancelOnly => soon("KuCoin says that orders can only be cancelled now."),
        ServiceState::Closed => soon("KuCoin says that it is closed now."),
    }
}

/// The address that KuCoin last named when it refused this machine; it says it nowhere else.
async fn address(shop: &Workshop) -> Result<Option<Finding>, Failure> {
    for workspace in shop.store.workspaces().await? {
        for view in shop.store.desk(workspace).keys().await? {
            let Some(sealed) = &view.caller else { continue };
            if let Ok(address) = shop.vault.open_caller(&view.key, sealed) {
                return Ok(Some(fine(format!(
                    "KuCoin last saw this machine as {address}: keys with an address list must name it."
                ))));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_finding_has_its_remedy() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let beat = |minutes| {
            let at = now - TimeDelta::minutes(minutes);
            Some(Heartbeat { checks_at: at, deliveries_at: at, at })
        };
        let table = [
            (clock(Ok(TimeDelta::milliseconds(-120))), Tone::Fine, "120 ms apart"),
            (clock(Ok(TimeDelta::seconds(40))), Tone::Broken, "40 s behind KuCoin's: switch on"),
            (clock(Ok(TimeDelta::seconds(-9))), Tone::Broken, "9 s ahead of KuCoin's"),
            (clock(Err(Fault::Network)), Tone::Broken, "(network)"),
            (judge_room(3 * 1024 * 1024), Tone::Broken, "Only 3 MB"),
            (judge_room(1 << 40), Tone::Fine, "are left"),
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
