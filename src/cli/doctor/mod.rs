//! `keylapse doctor`: looks at everything a bot needs on this host and names what mends each
//! finding. What is broken keeps nothing else from being looked at. Asks the exchange the time and
//! its state, nothing about a key, and the platforms about the bot; sends nothing, and where nothing
//! was begun it makes nothing.

mod exchange;
mod ledger;
mod platforms;

use std::path::Path;
use std::sync::Arc;

use super::ask::Terminal;
use super::failure::Failure;
use super::open;
use crate::clock::{Clock, System};
use crate::config::{Config, Database, Flags};
use crate::domain::card::Tone;
use crate::private_file;

/// Below this much room a database stops soon.
const LITTLE_ROOM: u64 = 200 * 1024 * 1024;

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

/// The operator's own FAQ entries, where the settings name a folder of them.
fn entries(config: &Config) -> Option<Finding> {
    config.knowledge.as_ref()?;
    Some(match super::entries::knowledge(config) {
        Ok(_) => fine("The FAQ entries of your own are understood."),
        Err(failure) => broken(failure.sentence().unwrap_or_default()),
    })
}

/// Runs the subcommand: exit code 1 when something is broken, after everything was looked at.
pub async fn run(flags: &Flags, terminal: &mut Terminal) -> Result<(), Failure> {
    let config = open::load(flags)?;
    let clock: Arc<dyn Clock> = Arc::new(System::new());
    terminal.note(format!("Data folder: {}", config.data_dir.display()));
    let mut all = vec![settings(&config)];
    all.extend(backups(&config));
    all.extend(entries(&config));
    say(&all, terminal)?;
    let ledger = ledger::look(&config, terminal).await?;
    let host: Vec<Finding> = ledger.found.into_iter().chain(room(&config)).collect();
    say(&host, terminal)?;
    let platforms = platforms::look(&config, &clock, &ledger.told).await;
    say(&platforms, terminal)?;
    let exchange = exchange::look(&config.kucoin, &clock, &ledger.sites, terminal).await;
    say(&exchange, terminal)?;
    all.extend([host, platforms, exchange].into_iter().flatten());
    if all.iter().any(|finding| finding.tone == Tone::Broken) {
        return Err(Failure::Failed("Something is broken: mend what is marked above.".to_owned()));
    }
    Ok(())
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
    let is_beside = path.parent() == config.vault.key_file.parent();
    (is_beside && config.vault.key_file.exists()).then(|| {
        soon("The master key lies beside the database: a backup that holds both protects little. Keep them apart ([vault] key_file), or leave the key file out of backups and copy it by hand.")
    })
}

fn room(config: &Config) -> Option<Finding> {
    let Database::Sqlite { path } = &config.database else { return None };
    // A folder that is not there yet will be made in the nearest that is.
    let folder = path.ancestors().skip(1).find(|folder| folder.exists()).unwrap_or(Path::new("/"));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_room_is_broken_before_there_is_none() {
        let table = [
            (judge_room(3 * 1024 * 1024), Tone::Broken, "Only 3 MB"),
            (judge_room(1 << 40), Tone::Fine, "are left"),
        ];
        for (finding, tone, words) in table {
            assert_eq!(finding.tone, tone, "{}", finding.text);
            assert!(finding.text.contains(words), "{}", finding.text);
        }
    }
}
