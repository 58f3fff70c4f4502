//! Where an event of Telegram meets the counter: who speaks is asked of Telegram, what they want
//! is read, and what is answered goes back. Private answers never stand in a group.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use teloxide::payloads::GetChatMemberCount;
use teloxide::types::{Chat, User};

use super::account::{Account, Spot};
use super::api::Fault;
use super::letters::Letters;
use super::sift::Event;
use super::standing::Standings;
use crate::clock::{Alarm, Clock};
use crate::commands::{
    Actor, Counter, Desk, Entrance, Place, Reply, Standing, StoreError, Visitor, first_contact,
};
use crate::domain::card::{Card, Tone};
use crate::domain::id::WorkspaceId;
use crate::domain::receiver::Platform;
use crate::domain::text::Clean;

/// Chats that are asked about one person at one event; what more there are do not let in.
const MOST_ASKED: usize = 64;

/// A group with more members than this is called wide.
const MANY: u32 = 50;

/// What serves people.
pub struct Front {
    pub(super) account: Arc<Account>,
    pub(super) counter: Arc<Counter>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) standings: Standings,
    pub(super) letters: Letters,
}

/// Why somebody cannot be served.
pub(super) enum Stuck {
    /// Nobody they are.
    Stranger,
    /// This is said instead.
    Said(Reply),
}

/// Who speaks, before any right.
pub(super) struct Caller {
    pub visitor: Visitor,
    /// The person's number.
    pub person: u64,
    /// Where the answer goes.
    pub spot: Spot,
}

impl Front {
    pub(super) fn new(account: Arc<Account>, counter: Arc<Counter>, clock: Arc<dyn Clock>) -> Self {
        let (standings, letters) = (Standings::default(), Letters::default());
        Self { account, counter, clock, standings, letters }
    }

    /// What an event's handler waits on; time stands still until it does.
    pub(super) fn alarm(&self) -> Alarm {
        self.clock.alarm()
    }

    /// Serves one event to its end.
    pub(super) async fn serve(&self, event: Event, mut alarm: Alarm) {
        match event {
            Event::Said { message, is_forwarded } => {
                self.hear(&message, is_forwarded, &mut alarm).await;
            }
            Event::Anonymous(message) => self.hear_anonymous(&message, &mut alarm).await,
            Event::Pressed(query) => self.press(&query, &mut alarm).await,
            Event::Moved { from, to } => {
                let (from, to) = (from.to_string(), to.to_string());
                self.counter.moved(Platform::Telegram, &from, &to).await;
            }
            Event::Lost { chat, is_private } => {
                let why = if is_private {
                    "this person has blocked the bot; they unblock it"
                } else {
                    "the bot was removed from that chat; add it there again"
                };
                self.counter.lost(Platform::Telegram, &chat.to_string(), why).await;
                self.counter.left(Platform::Telegram, &chat.to_string()).await;
            }
            Event::Present { chat, is_new } => {
                self.counter.found(Platform::Telegram, &chat.to_string()).await;
                if is_new {
                    self.arrive(chat, &mut alarm).await;
                }
            }
        }
    }

    /// The bot was added to a group: it says what it is, and to strangers that it is private.
    async fn arrive(&self, chat: i64, alarm: &mut Alarm) {
        let spot = Spot { chat, topic: None };
        let visitor = Visitor {
            platform: Platform::Telegram,
            id: String::new(),
            name: Clean::default(),
            place: place(spot),
            room: Some(chat.to_string()),
            title: Clean::default(),
            at: self.clock.now(),
        };
        let reply = match self.counter.enter(&visitor, &Standing::default()).await {
            Ok(Entrance::In(_)) => Reply::open(first_contact()),
            Ok(Entrance::Several(_) | Entrance::Stranger) => self.counter.greet(&visitor),
            Err(error) => self.counter.apologize(&error),
        };
        self.say_openly(spot, &reply, alarm).await;
    }

    /// In a group: the desk of its workspace. A stranger's group costs no question to Telegram.
    pub(super) async fn enter_room(
        &self,
        caller: &Caller,
        afresh: bool,
    ) -> Result<(Desk, Actor), Stuck> {
        let visitor = &caller.visitor;
        let known = self.counter.enter(visitor, &Standing::default()).await;
        if !matches!(self.or_sorry(known)?, Entrance::In(_)) {
            return Err(Stuck::Stranger);
        }
        let standing = self.standing(caller, afresh).await?;
        match self.or_sorry(self.counter.enter(visitor, &standing).await)? {
            Entrance::In(both) => Ok(*both),
            Entrance::Several(_) | Entrance::Stranger => Err(Stuck::Stranger),
        }
    }

    /// What Telegram says of a person in the group where they speak.
    pub(super) async fn standing(&self, caller: &Caller, afresh: bool) -> Result<Standing, Stuck> {
        let whom = (caller.spot.chat, caller.person);
        let standing = self.standings.of(&self.account.api, whom, afresh, caller.visitor.at).await;
        standing.map_err(|fault| unknown_standing(&fault))
    }

    /// Whether many can read a group: everybody a public one, and who is in a large one. Asked
    /// only when it is to be told warnings; without an answer it may be wide.
    pub(super) async fn is_wide(&self, chat: &Chat) -> bool {
        if chat.username().is_some() {
            return true;
        }
        let count = self.account.api.call::<_, u32>(&GetChatMemberCount::new(chat.id)).await;
        count.map_or(true, |count| count > MANY)
    }

    /// In a private chat: the desk that is meant, or a choice. `wanted` names it for a press.
    pub(super) async fn enter_privately(
        &self,
        caller: &Caller,
        wanted: Option<&WorkspaceId>,
        afresh: bool,
    ) -> Result<Entrance, Stuck> {
        let visitor = &caller.visitor;
        let mut homes = self.or_sorry(self.counter.homes(visitor).await)?;
        if let Some(wanted) = wanted {
            homes.retain(|home| home.workspace.id == *wanted);
        }
        let mut standings = BTreeMap::new();
        let chats = homes.iter().flat_map(|home| home.chats.clone());
        for chat in chats.take(MOST_ASKED) {
            let standing = match chat.parse::<i64>() {
                // A private chat holds nobody but its owner, and says nothing of who they are.
                Ok(number) if number > 0 => Standing::default(),
                Ok(number) => {
                    let whom = (number, caller.person);
                    let asked = self.standings.of(&self.account.api, whom, afresh, visitor.at);
                    asked.await.map_err(|fault| unknown_standing(&fault))?
                }
                Err(_) => Standing::default(),
            };
            standings.insert(chat, standing);
        }
        let wanted = wanted.cloned();
        let entered = self.counter.enter_privately(visitor, homes, &standings, wanted).await;
        self.or_sorry(entered)
    }

    pub(super) fn or_sorry<T>(&self, result: Result<T, StoreError>) -> Result<T, Stuck> {
        result.map_err(|error| Stuck::Said(self.counter.apologize(&error)))
    }

    /// A person at a place, at this moment.
    pub(super) fn caller(&self, user: &User, chat: &Chat, topic: Option<i32>) -> Caller {
        let spot = Spot { chat: chat.id.0, topic };
        let name = [Some(user.first_name.as_str()), user.last_name.as_deref()];
        let name = name.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let visitor = Visitor {
            platform: Platform::Telegram,
            id: user.id.0.to_string(),
            name: Clean::new(&name, 64),
            place: Place { title: chat.title().map(|title| Clean::new(title, 40)), ..place(spot) },
            room: spot.is_shared().then(|| spot.chat.to_string()),
            title: Clean::new(chat.title().unwrap_or_default(), 64),
            at: self.clock.now(),
        };
        Caller { visitor, person: user.id.0, spot }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }
}

fn place(spot: Spot) -> Place {
    Place {
        platform: Platform::Telegram,
        chat: spot.chat.to_string(),
        topic: spot.topic.map(|topic| topic.to_string()),
        private: !spot.is_shared(),
        title: None,
        // Telegram does not say with a message how many read along; it is asked when it matters.
        wide: false,
    }
}

/// Without Telegram's word nobody has a right, and nobody is called a stranger either.
fn unknown_standing(fault: &Fault) -> Stuck {
    tracing::warn!(?fault, "Telegram did not say who somebody is in a chat");
    let line = "Telegram does not tell me right now who may do what here. Try again in a minute.";
    Stuck::Said(Reply::private(Card::new(Tone::Unknown, line)))
}
