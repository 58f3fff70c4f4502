//! What is answered, on its way out: at most once, within the half of the limits that replies may
//! take, and never later than somebody would still want it. A private answer to a question asked
//! in a group becomes a link into the private chat.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use reqwest::Url;
use teloxide::types::{InlineKeyboardButton, InlineKeyboardMarkup, MessageId};

use super::account::{Posted, Spot};
use super::api::Fault;
use super::body;
use super::front::{Caller, Front, Stuck};
use super::letters::Letter;
use super::pace::Kind;
use super::render::{self, Look};
use crate::chat::wall::Wall;
use crate::clock::Alarm;
use crate::commands::{Desk, Entrance, Invocation, Reply, Role};
use crate::domain::card::{Card, Tone};
use crate::domain::id::ButtonId;

/// An answer that cannot go out within this is not sent: whoever asks that much is flooding.
const PATIENCE: TimeDelta = TimeDelta::seconds(6);

impl Front {
    /// Says a reply where it was asked, or, where others read along and it is private, leaves it
    /// behind a link.
    pub(super) async fn answer(
        &self,
        (desk, asked): (&Desk, &Invocation),
        reply: Reply,
        (spot, to): (Spot, Option<MessageId>),
        alarm: &mut Alarm,
    ) {
        if reply.silent || reply.cards.is_empty() {
            return;
        }
        if reply.private && spot.is_shared() {
            let letter =
                Letter { workspace: desk.workspace().id.clone(), asked: asked.clone(), reply };
            return self.point(letter, (spot, to), alarm).await;
        }
        let buttons = self.counter.offer(desk, asked, &reply).await.unwrap_or_default();
        let zone = desk.workspace().zone;
        for (n, card) in reply.cards.iter().enumerate() {
            let ids = buttons.get(n).map(Vec::as_slice).unwrap_or_default();
            self.say(card, (ids, zone), (spot, to), alarm).await;
        }
    }

    /// Says what holds no fact of any workspace, wherever it was asked.
    pub(super) async fn say_openly(&self, spot: Spot, reply: &Reply, alarm: &mut Alarm) {
        if reply.silent {
            return;
        }
        for card in &reply.cards {
            self.say(card, (&[], Tz::UTC), (spot, None), alarm).await;
        }
    }

    /// Says a card that was offered with buttons of its own.
    pub(super) async fn say(
        &self,
        card: &Card,
        (ids, zone): (&[ButtonId], Tz),
        (spot, to): (Spot, Option<MessageId>),
        alarm: &mut Alarm,
    ) {
        let keyboard = render::keyboard(card, ids);
        self.post(card, zone, keyboard, (spot, to), alarm).await;
    }

    /// The link to an answer in the private chat; `None` as long as our own name is not known.
    pub(super) fn link(&self, letter: Letter) -> Option<Url> {
        let name = &self.account.me.get()?.username;
        let parameter = self.letters.keep(letter, self.now());
        Url::parse(&format!("https://t.me/{name}?start={parameter}")).ok()
    }

    async fn point(&self, letter: Letter, at: (Spot, Option<MessageId>), alarm: &mut Alarm) {
        let Some(link) = self.link(letter) else { return };
        let (card, keyboard) = pointer(link);
        self.post(&card, Tz::UTC, Some(keyboard), at, alarm).await;
    }

    pub(super) async fn post(
        &self,
        card: &Card,
        zone: Tz,
        keyboard: Option<InlineKeyboardMarkup>,
        (spot, to): (Spot, Option<MessageId>),
        alarm: &mut Alarm,
    ) {
        let wall = Wall { zone, now: self.now() };
        let look = Look { wall, bot: self.account.name(spot), calls: None };
        let body = body::of_answer((spot, to), card, keyboard, &look);
        // What was refused for haste did not arrive, so it can be said once more.
        for is_last in [false, true] {
            if !self.has_slot(spot.chat, alarm).await {
                return;
            }
            let Err(fault) = self.account.api.call::<_, Posted>(&body).await else { return };
            self.account.heed(spot.chat, &fault, self.now());
            let is_haste = matches!(&fault, Fault::Refused(refusal) if refusal.after.is_some());
            if is_last || !is_haste {
                return tracing::warn!(?fault, "an answer could not be sent");
            }
        }
    }

    /// Opens an answer that waits: for the person who asked, while they are no less than they were.
    pub(super) async fn open_letter(&self, caller: &Caller, name: &str, alarm: &mut Alarm) {
        let visitor = &caller.visitor;
        let gone = "That answer is not here any more, or it is somebody else's. Ask again.";
        let letter = self.letters.take(name, &visitor.id, visitor.at);
        let Some(letter) = letter else {
            let known = self.enter_privately(caller, None, false, alarm).await;
            let reply = match known {
                Ok(Entrance::In(_) | Entrance::Several(_)) => {
                    Reply::private(Card::new(Tone::Plain, gone))
                }
                Ok(Entrance::Stranger) | Err(Stuck::Stranger) => self.counter.greet(visitor),
                Err(Stuck::Said(reply)) => reply,
            };
            return self.say_openly(caller.spot, &reply, alarm).await;
        };
        // What anybody would be told needs no right, and gives none.
        if letter.asked.actor.role == Role::Anyone {
            return self.say_openly(caller.spot, &letter.reply, alarm).await;
        }
        match self.enter_privately(caller, Some(&letter.workspace), true, alarm).await {
            Ok(Entrance::In(both)) if both.1.role >= letter.asked.actor.role => {
                let (desk, actor) = *both;
                let place = visitor.place.clone();
                let asked = Invocation { actor, place, at: visitor.at, ..letter.asked };
                self.answer((&desk, &asked), letter.reply, (caller.spot, None), alarm).await;
            }
            Err(Stuck::Said(reply)) => self.say_openly(caller.spot, &reply, alarm).await,
            Ok(_) | Err(Stuck::Stranger) => {
                let reply = self.counter.greet(visitor);
                self.say_openly(caller.spot, &reply, alarm).await;
            }
        }
    }

    async fn has_slot(&self, chat: i64, alarm: &mut Alarm) -> bool {
        self.is_let(|now| self.account.pace(chat, Kind::Reply, now), alarm).await
    }

    /// Waits until `take` has its slot; `false` when that would take too long.
    pub(super) async fn is_let(
        &self,
        take: impl Fn(DateTime<Utc>) -> Result<(), TimeDelta> + Send,
        alarm: &mut Alarm,
    ) -> bool {
        let give_up = self.now() + PATIENCE;
        loop {
            let now = self.now();
            match take(now) {
                Ok(()) => return true,
                Err(wait) if now + wait > give_up => return false,
                Err(wait) => alarm.wait(&*self.clock, Some(now + wait)).await,
            }
        }
    }
}

/// What stands in a group instead of an answer that is for one person alone.
pub(super) fn pointer(link: Url) -> (Card, InlineKeyboardMarkup) {
    let title = "That answer is for you alone; it waits in our private chat.";
    let open = InlineKeyboardButton::url("Open the answer", link);
    (Card::new(Tone::Plain, title), InlineKeyboardMarkup::new([[open]]))
}
