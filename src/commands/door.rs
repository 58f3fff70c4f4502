//! The door: from a person at a place to a desk and a role. What the platform says of them is
//! fresh at each event; what was granted is read from the ledger; everything else is denied (S12).
//! A stranger gets one polite line a day and leaves no row (S11).

use std::collections::{BTreeMap, HashMap};
use std::sync::PoisonError;

use chrono::{DateTime, NaiveDate, Utc};

use super::press::LIFE;
use super::start::private_bot;
use super::{Actor, Counter, Place, Reply, Role};
use crate::domain::access::{Standing, role_of};
use crate::domain::card::{Action, Card, Tone};
use crate::domain::id::{ButtonId, WorkspaceId};
use crate::domain::receiver::Platform;
use crate::domain::text::Clean;
use crate::store::StoreError;
use crate::store::button::Offer;
use crate::store::chat::Home;
use crate::store::desk::Desk;

/// A person at a place, as an adapter reports them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// Where the id is valid.
    pub platform: Platform,
    /// The platform's own id of the person.
    pub id: String,
    /// Their name as the platform gives it.
    pub name: Clean,
    /// Where they speak.
    pub place: Place,
    /// The chat that can belong to a workspace: the server on Discord, the group on Telegram;
    /// `None` in a private chat.
    pub room: Option<String>,
    /// What the room is called; empty in private.
    pub title: Clean,
    /// When.
    pub at: DateTime<Utc>,
}

/// Where a visitor comes in.
pub enum Entrance {
    /// At this desk, as this actor.
    In(Box<(Desk, Actor)>),
    /// In private, at one of several; they must choose first.
    Several(Vec<Desk>),
    /// Nowhere.
    Stranger,
}

/// Workspaces that are offered at once.
const MOST_CHOICES: usize = 8;

/// Strangers that were greeted, by chat; more are not remembered and not greeted.
const MOST_GREETED: usize = 20_000;

/// Who was greeted on which day.
#[derive(Default)]
pub(super) struct Greeted(HashMap<(Platform, String), NaiveDate>);

impl Greeted {
    /// Whether this chat may be greeted now; once a day.
    fn may_greet(&mut self, chat: (Platform, &str), day: NaiveDate) -> bool {
        let key = (chat.0, chat.1.to_owned());
        if self.0.get(&key) == Some(&day) {
            return false;
        }
        if self.0.len() >= MOST_GREETED {
            self.0.retain(|_, greeted| *greeted == day);
        }
        if self.0.len() >= MOST_GREETED {
            return false;
        }
        self.0.insert(key, day);
        true
    }
}

impl Visitor {
    pub(super) fn actor(&self, role: Role) -> Actor {
        Actor {
            platform: self.platform,
            id: self.id.clone(),
            name: self.name.clone(),
            role,
            moderates: false,
        }
    }
}

impl Counter {
    /// In a room: the desk of its workspace, with the role that `standing` and the grants give.
    pub async fn enter(
        &self,
        visitor: &Visitor,
        standing: &Standing,
    ) -> Result<Entrance, StoreError> {
        let Some(room) = &visitor.room else { return Ok(Entrance::Stranger) };
        let home = self.tools.store.home_of(visitor.platform, room).await?;
        Ok(self.at_home(visitor, standing, home))
    }

    /// The desk of this home, with the role that `standing` and its grants give.
    pub(super) fn at_home(
        &self,
        visitor: &Visitor,
        standing: &Standing,
        home: Option<Home>,
    ) -> Entrance {
        let Some(home) = home else { return Entrance::Stranger };
        let role = role_of(visitor.platform, &visitor.id, standing, &home.grants);
        let desk = self.tools.store.desk(home.workspace);
        let actor = Actor { moderates: standing.moderates, ..visitor.actor(role) };
        Entrance::In(Box::new((desk, actor)))
    }

    /// An anonymous admin of a group: its desk, as an admin, where an admin wants them heard there;
    /// `Ok(None)` where it does not.
    pub async fn enter_anonymously(
        &self,
        visitor: &Visitor,
    ) -> Result<Option<(Desk, Actor)>, StoreError> {
        let Some(room) = &visitor.room else { return Ok(None) };
        let Some(home) = self.tools.store.home_of(visitor.platform, room).await? else {
            return Ok(None);
        };
        let desk = self.tools.store.desk(home.workspace);
        let is_wanted = desk.settings().await?.anonymous_chats.contains(room);
        Ok(is_wanted.then(|| (desk, visitor.actor(Role::Admin))))
    }

    /// The chats whose membership must be confirmed before [`Self::enter_privately`].
    pub async fn homes(&self, visitor: &Visitor) -> Result<Vec<Home>, StoreError> {
        self.tools.store.homes(visitor.platform, &visitor.id).await
    }

    /// The workspace that they chose last in private, whether they may still enter it or not.
    pub async fn chosen(&self, visitor: &Visitor) -> Result<Option<WorkspaceId>, StoreError> {
        self.tools.store.current_workspace(visitor.platform, &visitor.id).await
    }

    /// In a private chat: the desk of the only workspace where they are more than anyone, or of
    /// the one they chose last; for a press the one of its button (`wanted`). `standings` is what
    /// the platform said a minute ago at most, by chat.
    pub async fn enter_privately(
        &self,
        visitor: &Visitor,
        homes: Vec<Home>,
        standings: &BTreeMap<String, Standing>,
        wanted: Option<WorkspaceId>,
    ) -> Result<Entrance, StoreError> {
        let own_chat = visitor.place.chat.as_str();
        let mut open = Vec::new();
        for home in homes {
            let role = role_in(visitor, &home, standings);
            // A person's own chat that is one of the workspace lets them in, and gives no role.
            if role > Role::Anyone || home.chats.iter().any(|chat| chat == own_chat) {
                open.push((self.tools.store.desk(home.workspace), role));
            }
        }
        let is = |id: &WorkspaceId| {
            let id = id.clone();
            move |(desk, _): &(Desk, Role)| desk.workspace().id == id
        };
        let chosen = match &wanted {
            Some(id) => {
                open.retain(is(id));
                None
            }
            None if open.len() > 1 => {
                self.tools.store.current_workspace(visitor.platform, &visitor.id).await?
            }
            None => None,
        };
        if let Some(at) = chosen.and_then(|id| open.iter().position(is(&id))) {
            open.swap(0, at);
            open.truncate(1);
        }
        match open.len() {
            0 => Ok(Entrance::Stranger),
            1 => {
                let (desk, role) = open.remove(0);
                Ok(Entrance::In(Box::new((desk, visitor.actor(role)))))
            }
            _ => Ok(Entrance::Several(open.into_iter().map(|(desk, _)| desk).collect())),
        }
    }

    /// The workspace of a button that this visitor may press here; `None` for any other id.
    pub async fn workspace_of_button(
        &self,
        visitor: &Visitor,
        id: &str,
    ) -> Result<Option<WorkspaceId>, StoreError> {
        Ok(self
            .pressed(visitor.platform, &visitor.place.chat, &visitor.id, id, visitor.at)
            .await?
            .map(|pressed| pressed.workspace))
    }

    /// Which workspace? The card with its buttons, each bound to its own workspace and person.
    pub async fn offer_choice(
        &self,
        visitor: &Visitor,
        desks: &[Desk],
    ) -> Result<(Card, Vec<ButtonId>), StoreError> {
        let mut card = Card::new(Tone::Plain, "Which workspace?");
        let mut ids = Vec::new();
        for desk in desks.iter().take(MOST_CHOICES) {
            let workspace = desk.workspace();
            let action = Action::ChooseWorkspace { workspace: workspace.id.clone() };
            let offer = Offer {
                workspace: workspace.id.clone(),
                platform: visitor.platform,
                chat: visitor.place.chat.clone(),
                message: None,
                person: Some(visitor.id.clone()),
                alert: None,
                until: visitor.at + LIFE,
            };
            ids.extend(
                self.tools.store.offer(&offer, std::slice::from_ref(&action), visitor.at).await?,
            );
            card = card.button(workspace.name.as_str(), action);
        }
        Ok((card, ids))
    }

    /// The bot is in a chat or channel again: what was lost there is told again.
    pub async fn found(&self, platform: Platform, chat: &str) {
        match self.tools.store.find_chat(platform, chat).await {
            Ok(true) => self.tools.wake_courier.ring(),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "a chat that is back could not be recorded"),
        }
    }

    /// A platform is disturbed (`Some`, in one sentence), or not any more.
    pub async fn trouble(&self, platform: Platform, trouble: Option<&str>, at: DateTime<Utc>) {
        let policy = &self.tools.policy;
        match self.tools.store.judge_platform(platform, trouble, policy, at).await {
            Ok(true) => self.tools.wake_courier.ring(),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "a platform's trouble could not be recorded"),
        }
    }

    /// Whether this chat may be told something today that nobody asked for.
    pub fn may_hint(&self, visitor: &Visitor) -> bool {
        let chat = (visitor.platform, visitor.place.chat.as_str());
        let mut greeted = self.greeted.lock().unwrap_or_else(PoisonError::into_inner);
        greeted.may_greet(chat, visitor.at.date_naive())
    }

    /// A stranger speaks: one line a day where the platform lets us be silent.
    pub fn greet(&self, visitor: &Visitor) -> Reply {
        if self.may_hint(visitor) { private_bot() } else { Reply::silence() }
    }

    /// A platform says that nothing can be written to a chat any more: what was told there rests.
    pub async fn lost(&self, platform: Platform, chat: &str, why: &str) {
        match self.tools.store.lose_chat(platform, chat, why).await {
            Ok(false) => {}
            Ok(true) => {
                tracing::warn!(platform = platform.id(), "receivers are lost: {why}");
                self.tools.wake_courier.ring();
            }
            Err(error) => tracing::error!(%error, "a lost chat could not be recorded"),
        }
    }
}

impl Counter {
    /// The bot was put out of a room: what was opened there goes with it.
    pub async fn left(&self, platform: Platform, room: &str) {
        match self.tools.store.close_opening(platform, room).await {
            Ok(true) => tracing::info!(platform = platform.id(), "an opened workspace was closed"),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "an opened workspace could not be closed"),
        }
    }

    /// A chat has another address from now on: all that belongs to it follows.
    pub async fn moved(&self, platform: Platform, from: &str, to: &str) {
        match self.tools.store.move_chat(platform, from, to).await {
            Ok(true) => self.tools.wake_courier.ring(),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "a chat's new address could not be recorded"),
        }
    }
}

fn role_in(visitor: &Visitor, home: &Home, standings: &BTreeMap<String, Standing>) -> Role {
    let stranger = Standing::default();
    let of = |chat: &String| {
        let standing = standings.get(chat).unwrap_or(&stranger);
        role_of(visitor.platform, &visitor.id, standing, &home.grants)
    };
    // Their own chat is no evidence of being among others, unless the settings file counts it in.
    let is_counted = home.configured.contains(&visitor.place.chat);
    let own = Standing { is_member: is_counted, ..Standing::default() };
    let alone = role_of(visitor.platform, &visitor.id, &own, &home.grants);
    home.chats.iter().map(of).max().unwrap_or(Role::Anyone).max(alone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_is_greeted_once_a_day_and_ten_thousand_leave_a_bounded_trace() {
        let day = |n| NaiveDate::from_ymd_opt(2027, 1, n).unwrap();
        let mut greeted = Greeted::default();
        assert!(greeted.may_greet((Platform::Telegram, "7"), day(4)));
        assert!(!greeted.may_greet((Platform::Telegram, "7"), day(4)));
        assert!(greeted.may_greet((Platform::Discord, "7"), day(4)));
        assert!(greeted.may_greet((Platform::Telegram, "7"), day(5)));
        for n in 0..3 * MOST_GREETED {
            greeted.may_greet((Platform::Telegram, &n.to_string()), day(5));
        }
        assert!(greeted.0.len() <= MOST_GREETED);
        assert!(greeted.may_greet((Platform::Telegram, "new"), day(6)));
    }
}
