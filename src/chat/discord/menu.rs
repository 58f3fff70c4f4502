//! Registration of the commands: Discord is asked what it has, and told only when that differs,
//! because it takes 200 new ones a day and a server's people see each change. Each server has its
//! own turn, so that one that hangs keeps no other waiting.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use serenity::all::CreateCommand;
use tokio::sync::{OwnedMutexGuard, Semaphore};
use tokio_util::sync::CancellationToken;

use super::wire::{Ask, Outcome, Wire};

/// How often it is tried when Discord is busy.
const TRIES: u32 = 6;
/// So many are asked at once; at a start all servers come together.
const AT_ONCE: usize = 4;

/// Where commands are registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Wherever the bot is.
    Everywhere,
    /// One server.
    Server(u64),
}

/// Registers the commands of one bot.
pub struct Registrar {
    wire: Arc<Wire>,
    stop: CancellationToken,
    turns: Mutex<HashMap<Scope, Arc<tokio::sync::Mutex<()>>>>,
    asking: Semaphore,
}

/// One registration's turn, until it is dropped.
pub struct Turn(Scope, OwnedMutexGuard<()>);

impl Registrar {
    pub fn new(wire: Arc<Wire>, stop: CancellationToken) -> Self {
        Self { wire, stop, turns: Mutex::default(), asking: Semaphore::new(AT_ONCE) }
    }

    /// Waits for the turn of this scope. What is wanted is to be looked up after it, so that an
    /// older wish is never carried out over a newer one.
    pub async fn turn(&self, scope: Scope) -> Turn {
        let turn = {
            // A panicking holder leaves a map that is still whole.
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            turns.entry(scope).or_default().clone()
        };
        Turn(scope, turn.lock_owned().await)
    }

    /// Makes Discord's commands be `wanted`. What goes wrong is said in the log: the old ones stay.
    pub async fn publish(&self, app: u64, turn: Turn, wanted: &[CreateCommand]) {
        let Turn(scope, _until_done) = turn;
        let Ok(wanted) = serde_json::to_value(wanted) else { return };
        let (path, route) = match scope {
            Scope::Everywhere => (format!("/applications/{app}/commands"), "commands".to_owned()),
            Scope::Server(id) => {
                (format!("/applications/{app}/guilds/{id}/commands"), format!("commands {id}"))
            }
        };
        for attempt in 0..TRIES {
            let (wait, fault) = match self.bring_up_to_date((&path, &route), &wanted).await {
                Ok(()) => return,
                Err(Fault::Later(wait, fault)) => (wait, fault),
                Err(Fault::Never(fault)) => {
                    tracing::warn!(?scope, "the commands could not be registered: {fault}");
                    return;
                }
            };
            let wait = wait.unwrap_or(Duration::from_secs(2 << attempt));
            if attempt + 1 == TRIES {
                tracing::warn!(?scope, "the commands could not be registered: {fault}");
            } else if tokio::time::timeout(wait, self.stop.cancelled()).await.is_ok() {
                return;
            }
        }
    }

    async fn bring_up_to_date(
        &self,
        (path, route): (&str, &str),
        wanted: &Value,
    ) -> Result<(), Fault> {
        // Held while Discord is asked, never while it is waited.
        let _place = self.asking.acquire().await;
        let route_of = |method: &Method| format!("{method} {route}");
        let (get, put) = (Method::GET, Method::PUT);
        let ask = Ask { method: get.clone(), path, route: &route_of(&get) };
        let has = told(self.wire.ask(&ask, None::<&Value>).await)?;
        if same_set(wanted, &has) {
            return Ok(());
        }
        let ask = Ask { method: put.clone(), path, route: &route_of(&put) };
        told(self.wire.ask(&ask, Some(wanted)).await).map(|_| ())
    }
}

enum Fault {
    Later(Option<Duration>, String),
    Never(String),
}

fn told(outcome: Outcome) -> Result<Value, Fault> {
    match outcome {
        Outcome::Done(value) => Ok(value),
        Outcome::Later { after, fault } => Err(Fault::Later(after, fault)),
        // Putting the same set twice is the same as once.
        Outcome::Unsure(fault) => Err(Fault::Later(None, fault)),
        Outcome::Refused { code: 50_001, .. } => Err(Fault::Never(
            "invite the bot again with the scope applications.commands".to_owned(),
        )),
        Outcome::Refused { status, code } => {
            Err(Fault::Never(format!("Discord refuses them ({status}, code {code})")))
        }
    }
}

/// Whether Discord has these commands and no others.
fn same_set(wanted: &Value, has: &Value) -> bool {
    let key = |command: &Value| (command["type"].as_u64(), command["name"].to_string());
    let sorted = |list: &Value| {
        let mut list = list.as_array().cloned().unwrap_or_default();
        list.sort_by_key(key);
        Value::Array(list)
    };
    same(&sorted(wanted), &sorted(has))
}

/// Whether `has` says all that is wanted; it may say more (ids, versions), and what is empty may
/// be left out.
fn same(wanted: &Value, has: &Value) -> bool {
    match (wanted, has) {
        (Value::Object(wanted), Value::Object(has)) => wanted
            .iter()
            .all(|(name, value)| has.get(name).map_or(is_empty(value), |has| same(value, has))),
        (Value::Array(wanted), Value::Array(has)) => {
            wanted.len() == has.len() && wanted.iter().zip(has).all(|(one, other)| same(one, other))
        }
        _ => wanted == has || (is_empty(wanted) && is_empty(has)),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::form;
    use super::*;

    #[test]
    fn what_discord_keeps_of_our_commands_is_the_same_and_any_change_is_not() {
        let wanted = serde_json::to_value(form::of_a_server(true, true)).unwrap();
        let mut has = wanted.clone();
        for (n, command) in has.as_array_mut().unwrap().iter_mut().enumerate() {
            command["id"] = n.into();
            command["version"] = "1".into();
            command["name_localizations"] = Value::Null;
            command.as_object_mut().unwrap().remove("nsfw");
        }
        has.as_array_mut().unwrap().reverse();
        assert!(same_set(&wanted, &has));
        let changes: [fn(&mut Value); 4] = [
            |has| has[1]["description"] = "other".into(),
            |has| drop(has.as_array_mut().unwrap().pop()),
            |has| has[0]["options"] = serde_json::json!([{"name": "x"}]),
            |has| has[0]["name"] = "other".into(),
        ];
        for spoil in changes {
            let mut other = has.clone();
            spoil(&mut other);
            assert!(!same_set(&wanted, &other), "{other}");
        }
        assert!(!same_set(&serde_json::json!([]), &has));
    }
}
