//! What a form offers while a person types: keys and open alerts of their workspace, from memory
//! that is a few seconds old at most, because a platform asks at each letter. Only for those who
//! may see keys; what is chosen is read and judged again like anything typed.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::spec::{ArgumentKind, typed};
use super::{Actor, Counter, Entrance, Role, Standing, Visitor};
use crate::domain::alert::Subject;
use crate::domain::id::WorkspaceId;
use crate::domain::receiver::Platform;
use crate::domain::signal::Severity;
use crate::domain::text::fold;
use crate::store::StoreError;
use crate::store::chat::Home;
use crate::store::desk::Desk;

/// The most that a form shows.
const MOST: usize = 25;
/// How long what was read stays good.
const FRESH: TimeDelta = TimeDelta::seconds(5);
/// Above this many workspaces or rooms everything is forgotten.
const CROWD: usize = 1_024;

/// One thing to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// What is shown; somebody else's words, without markup.
    pub label: String,
    /// What is then said.
    pub value: String,
}

/// What was read lately: of each workspace, and whose each room is.
#[derive(Default)]
pub(super) struct Memory {
    known: Lately<WorkspaceId, Arc<Known>>,
    homes: Lately<(Platform, String), Option<Home>>,
}

/// What was read, and when.
struct Lately<K, V>(HashMap<K, (DateTime<Utc>, V)>);

/// Keys, alerts and receivers of one workspace.
struct Known {
    keys: Vec<Suggestion>,
    alerts: Vec<Suggestion>,
    receivers: Vec<Suggestion>,
}

impl<K, V> Default for Lately<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash, V: Clone> Lately<K, V> {
    fn recall(&self, key: &K, at: DateTime<Utc>) -> Option<V> {
        let (read_at, value) = self.0.get(key)?;
        // A clock that was set back makes nothing fresh.
        (TimeDelta::zero()..FRESH).contains(&(at - *read_at)).then(|| value.clone())
    }

    fn keep(&mut self, key: K, at: DateTime<Utc>, value: V) {
        if self.0.len() >= CROWD {
            self.0.clear();
        }
        self.0.insert(key, (at, value));
    }
}

impl Counter {
    /// As [`Self::enter`], for who is typing: whose the room is and what was granted there is from
    /// memory too. Where something is then said, [`Self::enter`] judges it afresh.
    pub async fn enter_typing(
        &self,
        visitor: &Visitor,
        standing: &Standing,
    ) -> Result<Entrance, StoreError> {
        let Some(room) = &visitor.room else { return Ok(Entrance::Stranger) };
        let key = (visitor.platform, room.clone());
        if let Some(home) = self.remembered(|memory| memory.homes.recall(&key, visitor.at)) {
            return Ok(self.at_home(visitor, standing, home));
        }
        let home = self.tools.store.home_of(visitor.platform, room).await?;
        self.remembered(|memory| memory.homes.keep(key, visitor.at, home.clone()));
        Ok(self.at_home(visitor, standing, home))
    }

    /// What may be meant by what is typed so far, best first; nothing for who may not see keys.
    pub async fn suggest(
        &self,
        desk: &Desk,
        actor: &Actor,
        (kind, typed): (ArgumentKind, &str),
        at: DateTime<Utc>,
    ) -> Vec<Suggestion> {
        let needed = match kind {
            ArgumentKind::Name => return pick(&names(), typed),
            ArgumentKind::Receiver => Role::Admin,
            ArgumentKind::Key
            | ArgumentKind::Alert
            | ArgumentKind::Until
            | ArgumentKind::Days
            | ArgumentKind::Text
            | ArgumentKind::Code
            | ArgumentKind::Person
            | ArgumentKind::Choice(_) => Role::Viewer,
        };
        if actor.role < needed {
            return Vec::new();
        }
        let known = match self.known(desk, at).await {
            Ok(known) => known,
            Err(error) => {
                tracing::warn!(%error, "nothing could be suggested");
                return Vec::new();
            }
        };
        match kind {
            ArgumentKind::Key => pick(&known.keys, typed),
            ArgumentKind::Alert => pick(&known.alerts, typed),
            ArgumentKind::Receiver => pick(&known.receivers, typed),
            ArgumentKind::Until
            | ArgumentKind::Days
            | ArgumentKind::Text
            | ArgumentKind::Code
            | ArgumentKind::Person
            | ArgumentKind::Name
            | ArgumentKind::Choice(_) => Vec::new(),
        }
    }

    async fn known(&self, desk: &Desk, at: DateTime<Utc>) -> Result<Arc<Known>, StoreError> {
        let id = &desk.workspace().id;
        if let Some(known) = self.remembered(|memory| memory.known.recall(id, at)) {
            return Ok(known);
        }
        let keys = desk.keys().await?;
        let mut alerts: Vec<(Severity, Suggestion)> = Vec::new();
        for alert in desk.open_alerts().await? {
            let about = keys.iter().find(|key| alert.subject == Subject::Key(key.key.id.clone()));
            let about = about.map_or("the exchange", |key| key.key.label.as_str());
            let label = format!("#{} {about}: {}", alert.no, alert.rule.id().replace('_', " "));
            alerts.push((alert.state.severity, Suggestion { label, value: alert.no.to_string() }));
        }
        alerts.sort_by_key(|(severity, _)| Reverse(*severity));
        let label = |label: &str| Suggestion { label: label.to_owned(), value: label.to_owned() };
        let receivers = desk.receivers().await?;
        let known = Arc::new(Known {
            keys: keys.iter().map(|key| label(key.key.label.as_str())).collect(),
            alerts: alerts.into_iter().map(|(_, suggestion)| suggestion).collect(),
            receivers: receivers.iter().map(|one| label(one.receiver.name.as_str())).collect(),
        });
        self.remembered(|memory| memory.known.keep(id.clone(), at, known.clone()));
        Ok(known)
    }

    fn remembered<T>(&self, act: impl FnOnce(&mut Memory) -> T) -> T {
        // A panicking holder leaves at worst one thing not kept.
        act(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn names() -> Vec<Suggestion> {
    typed()
        .map(|spec| Suggestion {
            label: format!("{}: {}", spec.name, spec.summary),
            value: spec.name.to_owned(),
        })
        .collect()
}

/// What begins with the words first, then what holds them.
fn pick(all: &[Suggestion], typed: &str) -> Vec<Suggestion> {
    let wanted = fold(typed.trim().trim_start_matches('#'));
    let rank = |one: &Suggestion| {
        let label = fold(&one.label);
        if label.trim_start_matches('#').starts_with(&wanted) {
            Some(0)
        } else {
            label.contains(&wanted).then_some(1)
        }
    };
    let mut found: Vec<(u8, &Suggestion)> =
        all.iter().filter_map(|one| Some((rank(one)?, one))).collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().take(MOST).map(|(_, one)| one.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_with_the_letters_comes_first_and_a_form_is_never_overfull() {
        let one = |label: &str| Suggestion { label: label.into(), value: label.into() };
        let all = [one("old-grid"), one("Grid-EU"), one("tracker")];
        let labels =
            |typed| -> Vec<String> { pick(&all, typed).into_iter().map(|one| one.label).collect() };
        assert_eq!(labels("GRID"), ["Grid-EU", "old-grid"]);
        assert_eq!(labels("zzz"), Vec::<String>::new());
        assert_eq!(labels(""), ["old-grid", "Grid-EU", "tracker"]);
        let many: Vec<Suggestion> = (0..60).map(|n| one(&format!("key-{n}"))).collect();
        assert_eq!(pick(&many, "key").len(), 25);
    }
}
