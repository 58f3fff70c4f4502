//! `keylapse health`: whether a bot lives on this data, by the sign that it writes every minute.
//! Changes nothing, makes nothing, needs no master key.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::ask::Terminal;
use super::failure::Failure;
use super::open;
use super::words::distance;
use crate::clock::{Clock, System};
use crate::config::{Database, Flags};
use crate::ids::Ids;
use crate::store::install::Heartbeat;

/// Runs the subcommand.
pub async fn run(flags: &Flags, terminal: &mut Terminal) -> Result<(), Failure> {
    let config = open::load(flags)?;
    terminal.note(format!("Data folder: {}", config.data_dir.display()));
    if matches!(&config.database, Database::Sqlite { path } if !path.exists()) {
        return Err(Failure::Failed(never()));
    }
    let store = open::connect(&config, Arc::new(Ids::Random)).await?;
    let beat = store.heartbeat().await?;
    store.close().await;
    match judge(beat, System::new().now()) {
        Ok(sentence) => terminal.say(sentence),
        Err(sentence) => Err(Failure::Failed(sentence)),
    }
}

fn never() -> String {
    "keylapse is not running here: start keylapse run --console.".to_owned()
}

/// Whether everything came round lately, in one sentence.
fn judge(beat: Option<Heartbeat>, now: DateTime<Utc>) -> Result<String, String> {
    let Some(beat) = beat else { return Err(never()) };
    let stopped = |at: DateTime<Utc>| now - at >= Heartbeat::STOPPED;
    let since = |at| distance(at, now);
    if stopped(beat.at) {
        return Err(format!(
            "keylapse gave its last sign of life {}: start keylapse run --console.",
            since(beat.at)
        ));
    }
    if stopped(beat.checks_at) {
        return Err(format!(
            "Checks stopped {}: look at keylapse's log, then restart it.",
            since(beat.checks_at)
        ));
    }
    if stopped(beat.deliveries_at) {
        return Err(format!(
            "Deliveries stopped {}: look at keylapse's log, then restart it.",
            since(beat.deliveries_at)
        ));
    }
    Ok("keylapse checks and delivers.".to_owned())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn each_part_that_stopped_is_named() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let ago = |minutes| now - TimeDelta::minutes(minutes);
        let beat = |checks, deliveries, at| {
            Some(Heartbeat { checks_at: ago(checks), deliveries_at: ago(deliveries), at: ago(at) })
        };
        let table = [
            (beat(2, 2, 1), "keylapse checks and delivers."),
            (beat(5, 2, 1), "Checks stopped 5 min ago: look at keylapse's log, then restart it."),
            (
                beat(1, 3, 1),
                "Deliveries stopped 3 min ago: look at keylapse's log, then restart it.",
            ),
            (
                beat(200, 200, 180),
                "keylapse gave its last sign of life 3 h ago: start keylapse run --console.",
            ),
            (None, "keylapse is not running here: start keylapse run --console."),
        ];
        for (beat, sentence) in table {
            let said = judge(beat, now);
            assert_eq!(said.is_ok(), sentence == "keylapse checks and delivers.");
            assert_eq!(said.unwrap_or_else(|bad| bad), sentence);
        }
    }
}
