//! Buttons, both ways: what a reply offers becomes rows with ids, and a pressed id, which is
//! attacker-chosen text, becomes a command only through its row. Unknown, foreign and expired ids
//! get one and the same answer.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Actor, Command, Counter, Invocation, Place, Reply, Role, Spec, Visitor};
use crate::domain::card::{Action, Card, Tone};
use crate::domain::id::{AlertId, ButtonId};
use crate::domain::receiver::Platform;
use crate::store::StoreError;
use crate::store::button::{Offer, Pressed};
use crate::store::desk::Desk;

/// A press as a platform reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Press {
    /// The id that came back, whatever it is.
    pub id: String,
    /// Who pressed.
    pub actor: Actor,
    /// Where.
    pub place: Place,
    /// When.
    pub at: DateTime<Utc>,
}

/// Buttons of a reply stop to mean anything after this.
pub(super) const LIFE: TimeDelta = TimeDelta::days(2);

/// No id of ours is longer.
const LONGEST_ID: usize = 64;

impl Counter {
    /// Answers a press at the desk of the chat in which it was made.
    pub async fn press(&self, desk: &Desk, press: &Press) -> Reply {
        let found = match self.find(desk, press).await {
            Ok(found) => found,
            Err(error) => return self.apologize(&error),
        };
        let Some(command) = found else {
            let spec = Spec::of(&Command::Alerts);
            return self.turn_away(&press.actor, spec, press.at).unwrap_or_else(stale);
        };
        let (actor, place) = (press.actor.clone(), press.place.clone());
        self.run(desk, &Invocation { command, actor, place, at: press.at }).await
    }

    /// Answers a press of somebody who is nobody here, or of an id that means nothing here: the
    /// same words as for any other stale button.
    pub fn turn_down(&self, visitor: &Visitor) -> Reply {
        let spec = Spec::of(&Command::Alerts);
        let actor = visitor.actor(Role::Anyone);
        self.turn_away(&actor, spec, visitor.at).unwrap_or_else(stale)
    }

    /// What was no command is answered with its sentence; whoever says too much of it is met with
    /// the same silence as with commands.
    pub fn misheard(&self, visitor: &Visitor, reply: Reply) -> Reply {
        let spec = Spec::of(&Command::Help { command: None });
        self.turn_away(&visitor.actor(Role::Anyone), spec, visitor.at).unwrap_or(reply)
    }

    async fn find(&self, desk: &Desk, press: &Press) -> Result<Option<Command>, StoreError> {
        let (platform, chat) = (press.place.platform, press.place.chat.as_str());
        let pressed = self.pressed(platform, chat, &press.actor.id, &press.id, press.at).await?;
        Ok(pressed.filter(|pressed| pressed.workspace == desk.workspace().id).map(|pressed| {
            Command::Press {
                action: pressed.action,
                rev: pressed.rev,
                shown_at: Some(pressed.made_at),
                is_late: pressed.replaced,
            }
        }))
    }

    /// The row behind an id that came back, whatever it is.
    pub(super) async fn pressed(
        &self,
        platform: Platform,
        chat: &str,
        person: &str,
        id: &str,
        at: DateTime<Utc>,
    ) -> Result<Option<Pressed>, StoreError> {
        if id.len() > LONGEST_ID {
            return Ok(None);
        }
        self.tools.store.press(&ButtonId(id.to_owned()), (platform, chat), person, at).await
    }

    /// Makes the buttons of a reply: for each card the ids of its buttons, in order. Buttons of a
    /// private reply belong to the person who asked.
    pub async fn offer(
        &self,
        desk: &Desk,
        invocation: &Invocation,
        reply: &Reply,
    ) -> Result<Vec<Vec<ButtonId>>, StoreError> {
        let mut cards = Vec::with_capacity(reply.cards.len());
        for card in &reply.cards {
            let mut ids = Vec::with_capacity(card.buttons.len());
            for button in &card.buttons {
                let offer = Offer {
                    workspace: desk.workspace().id.clone(),
                    platform: invocation.place.platform,
                    chat: invocation.place.chat.clone(),
                    message: None,
                    person: reply.private.then(|| invocation.actor.id.clone()),
                    alert: shown(reply, &button.action),
                    until: invocation.at + LIFE,
                };
                let action = std::slice::from_ref(&button.action);
                ids.extend(self.tools.store.offer(&offer, action, invocation.at).await?);
            }
            cards.push(ids);
        }
        Ok(cards)
    }
}

/// The alert of a button with the revision that the reply shows.
fn shown(reply: &Reply, action: &Action) -> Option<(AlertId, i64)> {
    let about = match action {
        Action::Acknowledge { alert } | Action::Undo { alert } => alert,
        Action::AcknowledgeAll { .. }
        | Action::Show { .. }
        | Action::Steps { .. }
        | Action::Accept { .. }
        | Action::Replaced { .. }
        | Action::ShowAddress { .. }
        | Action::Key { .. }
        | Action::AllKeys
        | Action::Why { .. }
        | Action::Fix { .. }
        | Action::Security { .. }
        | Action::Check { .. }
        | Action::Leaked { .. }
        | Action::WatchLeaked { .. }
        | Action::NotLeaked { .. }
        | Action::AddReceiver { .. }
        | Action::Receiver { .. }
        | Action::TestReceiver { .. }
        | Action::SetReceiver { .. }
        | Action::RemoveReceiver { .. }
        | Action::Seen { .. }
        | Action::PostHere { .. }
        | Action::NotHelpful { .. }
        | Action::ChooseWorkspace { .. } => return None,
    };
    reply.shown.iter().find(|(alert, _)| alert == about).cloned()
}

/// The one answer to every button that means nothing (any more).
pub(super) fn stale() -> Reply {
    Reply::private(Card::new(
        Tone::Plain,
        "That button is no longer valid; /alerts shows what is open.",
    ))
}
