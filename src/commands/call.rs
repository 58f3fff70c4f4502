//! One command under way: the tools, the desk, who asks, where and when.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::reading::Reading;
use super::{Actor, Invocation, Place, Spec, Tools};
use crate::domain::alert::{Alert, Kind, Subject};
use crate::domain::notice::{FleetCount, View};
use crate::domain::text::Clean;
use crate::store::audit::Entry;
use crate::store::deed::Now;
use crate::store::desk::{Desk, KeyView};
use crate::store::tell::Telling;

/// A command under way.
pub(super) struct Call<'a> {
    pub tools: &'a Tools,
    pub desk: &'a Desk,
    pub actor: &'a Actor,
    pub place: &'a Place,
    pub at: DateTime<Utc>,
    spec: &'static Spec,
}

impl<'a> Call<'a> {
    pub(super) fn new(
        tools: &'a Tools,
        desk: &'a Desk,
        invocation: &'a Invocation,
        spec: &'static Spec,
    ) -> Self {
        let Invocation { command: _, actor, place, at } = invocation;
        Self { tools, desk, actor, place, at: *at, spec }
    }

    pub(super) fn zone(&self) -> Tz {
        self.desk.workspace().zone
    }

    pub(super) fn now(&self) -> Now<'a> {
        Now { at: self.at, policy: &self.tools.policy }
    }

    /// The audit row of this command about `target`.
    pub(super) fn entry(&self, target: impl Into<String>) -> Entry {
        let platform = self.actor.platform.id();
        let who = format!("{} ({platform} {})", self.actor.name, self.actor.id);
        Entry {
            actor: Clean::new(&who, 120),
            place: format!("{}:{}", self.place.platform.id(), self.place.chat),
            action: self.spec.audit.unwrap_or(self.spec.name),
            target: Some(target.into()),
            before: None,
            after: None,
        }
    }

    /// A key as it stands now.
    pub(super) fn reading<'b>(&'b self, key: &'b KeyView) -> Reading<'b> {
        Reading {
            key,
            zone: self.zone(),
            policy: &self.tools.policy,
            interval: self.tools.interval,
            now: self.at,
        }
    }

    /// What a wording may look at; `open` are all open alerts of the workspace.
    pub(super) fn view<'b>(&'b self, telling: &'b Telling, open: &[Telling]) -> View<'b> {
        let standing = telling.key.as_ref().map(|(_, standing)| standing);
        View {
            alert: &telling.alert,
            // Who asks wants all of it; only what is posted unasked is short.
            kind: if telling.kind == Kind::Reminder { Kind::Opened } else { telling.kind },
            key: telling.key.as_ref().map(|(key, _)| key),
            last_good: standing.and_then(|s| s.last_good.as_ref()),
            latest: standing.and_then(|s| s.latest.as_ref()),
            streak: standing.and_then(|s| s.streak.as_ref()),
            fleet: telling.fleet.map(|fleet| FleetCount {
                keys: fleet.blind,
                of: fleet.keys,
                known_bad: known_bad(&telling.alert, open),
                last_good_at: fleet.last_good_at,
            }),
            policy: &self.tools.policy,
            zone: telling.zone,
            now: self.at,
        }
    }
}

/// How many keys of the alert's exchange have an open alert that means broken.
fn known_bad(alert: &Alert, open: &[Telling]) -> u32 {
    let Subject::Exchange(exchange, site) = &alert.subject else { return 0 };
    let mut keys: Vec<_> = open
        .iter()
        .filter(|telling| telling.alert.rule.is_breaking())
        .filter_map(|telling| telling.key.as_ref())
        .filter(|(key, _)| (key.exchange, key.site) == (*exchange, *site))
        .map(|(key, _)| &key.id)
        .collect();
    keys.sort_unstable();
    keys.dedup();
    u32::try_from(keys.len()).unwrap_or(u32::MAX)
}
