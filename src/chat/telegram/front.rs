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
use super::search::{Candidate, Guesses, perhaps_private};
use super::sift::Event;
use super::standing::Standings;
use crate::clock::{Alarm, Clock};
use crate::commands::{
    Actor, Counter, Desk, Entrance, Home, Place, Reply, Standing, StoreError, Visitor,
    first_contact,
};
use crate::domain::access::Grantee;
use crate::domain::card::{Card, Tone};
use crate::domain::id::WorkspaceId;
use crate::domain::receiver::Platform;
use crate::domain::text::Clean;

/// A group with more members than this is called wide.
const MANY: u32 = 50;

/// What serves people.
pub struct Front {
    pub(super) account: Arc<Account>,
    pub(super) counter: Arc<Counter>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) standings: Standings,
    pub(super) guesses: Guesses,
    pub(super) letters: Letters,
    /// Whether messages of groups that nobody addressed to the bot are looked through.
    pub(super) guards: bool,
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
        let (standings, guesses) = (Standings::default(), Guesses::default());
        let letters = Letters::default();
        Self { account, counter, clock, standings, guesses, letters, guards: false }
    }

    /// The same, looking through messages of groups too.
    pub(super) fn with_guard(self, guards: bool) -> Self {
        Self { guards, ..self }
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
            Event::Overheard(message) => self.hear_by_the_way(&message, &mut alarm).await,
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
        alarm: &mut Alarm,
    ) -> Result<(Desk, Actor), Stuck> {
        let visitor = &caller.visitor;
        let known = self.counter.enter(visitor, &Standing::default()).await;
        if !matches!(self.or_sorry(known)?, Entrance::In(_)) {
            return Err(Stuck::Stranger);
        }
        let standing = self.standing(caller, afresh, alarm).await?;
        match self.or_sorry(self.counter.enter(visitor, &standing).await)? {
            Entrance::In(both) => Ok(*both),
            Entrance::Several(_) | Entrance::Stranger => Err(Stuck::Stranger),
        }
    }

    /// What Telegram says of a person in the group where they speak.
    pub(super) async fn standing(
        &self,
        caller: &Caller,
        afresh: bool,
        alarm: &mut Alarm,
    ) -> Result<Standing, Stuck> {
        self.ask((caller.spot.chat, caller), afresh, alarm).await
    }

    /// Somebody has said too much at once. Who is at home here is told so once; a stranger hears
    /// no more than the one line of their day.
    pub(super) async fn slow_down(&self, caller: &Caller, reply: &Reply, alarm: &mut Alarm) {
        if !reply.silent && self.is_at_home(caller).await {
            self.say_openly(caller.spot, reply, alarm).await;
        }
    }

    /// Whether somebody is known here, without a question to Telegram.
    pub(super) async fn is_at_home(&self, caller: &Caller) -> bool {
        let visitor = &caller.visitor;
        let entered = if visitor.room.is_some() {
            self.counter.enter(visitor, &Standing::default()).await
        } else if self.standings.is_somebody(caller.person) {
            return true;
        } else {
            match self.counter.homes(visitor).await {
                Ok(homes) => {
                    self.counter.enter_privately(visitor, homes, &BTreeMap::new(), None).await
                }
                Err(error) => Err(error),
            }
        };
        matches!(entered, Ok(Entrance::In(_) | Entrance::Several(_)))
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
        alarm: &mut Alarm,
    ) -> Result<Entrance, Stuck> {
        let visitor = &caller.visitor;
        let mut homes = self.or_sorry(self.counter.homes(visitor).await)?;
        if let Some(wanted) = wanted {
            homes.retain(|home| home.workspace.id == *wanted);
        }
        let pointed_at = match wanted {
            Some(wanted) => Some(wanted.clone()),
            None => self.or_sorry(self.counter.chosen(visitor).await)?,
        };
        let mut candidates = Vec::new();
        for home in &homes {
            let is_likely =
                pointed_at.as_ref() == Some(&home.workspace.id) || is_granted(home, &visitor.id);
            for chat in &home.chats {
                match chat.parse::<i64>() {
                    // A private chat holds nobody but its owner, and says nothing of who they are.
                    Ok(number) if number > 0 => {}
                    Ok(chat) => candidates.push(Candidate { chat, is_likely }),
                    Err(_) => {}
                }
            }
        }
        let found = self.search(caller, &candidates, afresh, alarm).await?;
        let is_partial = found.is_partial;
        let said = found.standings.into_iter().map(|(chat, standing)| (chat.to_string(), standing));
        let standings: BTreeMap<String, Standing> = said.collect();
        let wanted = wanted.cloned();
        let entered = self.counter.enter_privately(visitor, homes, &standings, wanted).await;
        match self.or_sorry(entered)? {
            // They may be somebody, and hear it no more often than others hear that they are not.
            Entrance::Stranger if is_partial => {
                Err(Stuck::Said(perhaps_private(self.counter.greet(visitor))))
            }
            entered => Ok(entered),
        }
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

/// Whether somebody was granted something by name.
fn is_granted(home: &Home, person: &str) -> bool {
    home.grants.iter().any(|grant| grant.grantee == Grantee::Person(person.to_owned()))
}

/// Without Telegram's word nobody has a right, and nobody is called a stranger either.
pub(super) fn unknown_standing(fault: &Fault) -> Stuck {
    tracing::warn!(?fault, "Telegram did not say who somebody is in a chat");
    let line = "Telegram does not tell me right now who may do what here. Try again in a minute.";
    Stuck::Said(Reply::private(Card::new(Tone::Unknown, line)))
}
