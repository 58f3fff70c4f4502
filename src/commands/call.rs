//! One command under way: the tools, the desk, who asks, where and when.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::reading::Reading;
use super::{Actor, Invocation, Place, Spec, Tools};
use crate::domain::alert::Kind;
use crate::domain::card::Line;
use crate::domain::notice::View;
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

    /// Why something is not changed in chat, and where it is: what the settings file says is changed
    /// there, and what no file says is said in one first.
    pub(super) fn set_on_host(&self) -> Line {
        match &self.tools.host.named_in {
            Some(file) => {
                Line::from("Set in ").code(file.as_str()).text(" on the host; change it there.")
            }
            None => Line::from("Not set anywhere: it comes with this host. On the host, a [[workspace]] in keylapse.toml with the name ")
                .name(&self.desk.workspace().name)
                .text(" sets it."),
        }
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

    /// What a wording may look at.
    pub(super) fn view<'b>(&'b self, telling: &'b Telling) -> View<'b> {
        let view = telling.view(&self.tools.policy, self.at);
        // Who asks wants all of it; only what is posted unasked is short.
        let kind = if view.kind == Kind::Reminder { Kind::Opened } else { view.kind };
        View { kind, ..view }
    }
}
