//! Pressed buttons. The id that comes back is attacker-chosen until its row is found; whatever it
//! is, the query is answered, so that no button seems to hang.

use chrono_tz::Tz;
use teloxide::payloads::{AnswerCallbackQuery, AnswerCallbackQuerySetters as _};
use teloxide::types::{
    CallbackQuery, CallbackQueryId, MaybeInaccessibleMessage, MessageId, ThreadId,
};

use super::front::{Caller, Front, Stuck};
use super::letters::Letter;
use super::render;
use crate::chat::wall::Wall;
use crate::clock::Alarm;
use crate::commands::{Command, Desk, Entrance, Invocation, Press, Reply};
use crate::domain::card::Action;

/// The longest text of a popup.
const POPUP: usize = 200;

impl Front {
    /// Serves a press.
    pub(super) async fn press(&self, query: &CallbackQuery, alarm: &mut Alarm) {
        let (Some(message), Some(data)) = (&query.message, &query.data) else { return };
        let caller = self.caller(&query.from, message.chat(), topic(message));
        if !caller.spot.is_shared() {
            // Nobody else reads: the answer is a message, and the button need not wait for it.
            self.close(AnswerCallbackQuery::new(query.id.clone())).await;
        }
        let entered = match self.counter.knock(&caller.visitor) {
            Some(reply) => Err(Stuck::Said(reply)),
            None if caller.spot.is_shared() => self.enter_room(&caller, true, alarm).await,
            None => self.enter_by_button(&caller, data, alarm).await,
        };
        match entered {
            Ok((desk, actor)) => {
                let place = caller.visitor.place.clone();
                let (id, at) = (data.clone(), caller.visitor.at);
                let press = Press { id, actor: actor.clone(), place: place.clone(), at };
                let reply = self.counter.press(&desk, &press).await;
                let asked = Invocation { command: Command::Alerts, actor, place, at };
                if caller.spot.is_shared() {
                    self.pop_up(&query.id, (&desk, asked), reply).await;
                } else {
                    self.answer((&desk, &asked), reply, (caller.spot, None), alarm).await;
                }
            }
            Err(stuck) => {
                let reply = match stuck {
                    Stuck::Stranger => self.counter.turn_down(&caller.visitor),
                    Stuck::Said(reply) => reply,
                };
                if caller.spot.is_shared() {
                    self.close(popup(&query.id, &self.words(&reply, Tz::UTC))).await;
                } else {
                    self.say_openly(caller.spot, &reply, alarm).await;
                }
            }
        }
    }

    /// In private the button says which workspace is meant.
    async fn enter_by_button(
        &self,
        caller: &Caller,
        id: &str,
        alarm: &mut Alarm,
    ) -> Result<(Desk, crate::commands::Actor), Stuck> {
        let found = self.or_sorry(self.counter.workspace_of_button(&caller.visitor, id).await)?;
        let Some(workspace) = found else { return Err(Stuck::Stranger) };
        match self.enter_privately(caller, Some(&workspace), true, alarm).await? {
            Entrance::In(both) => Ok(*both),
            Entrance::Several(_) | Entrance::Stranger => Err(Stuck::Stranger),
        }
    }

    /// Where others read along the answer pops up for the presser alone; what is too long for
    /// that, or offers more, opens in their private chat.
    async fn pop_up(&self, id: &CallbackQueryId, (desk, asked): (&Desk, Invocation), reply: Reply) {
        let text = self.words(&reply, desk.workspace().zone);
        if reply.silent || fits_popup(&reply, &text) {
            return self.close(popup(id, &text)).await;
        }
        let letter = Letter { workspace: desk.workspace().id.clone(), asked, reply };
        match self.link(letter) {
            Some(link) => self.close(AnswerCallbackQuery::new(id.clone()).url(link)).await,
            None => self.close(popup(id, &text)).await,
        }
    }

    fn words(&self, reply: &Reply, zone: Tz) -> String {
        render::plain(&reply.cards, Wall { zone, now: self.now() })
    }

    async fn close(&self, answer: AnswerCallbackQuery) {
        if let Err(fault) = self.account.api.call::<_, bool>(&answer).await {
            tracing::debug!(?fault, "a press could not be answered");
        }
    }
}

/// Whether a pop-up says all of an answer and offers all that it offers.
pub(super) fn fits_popup(reply: &Reply, text: &str) -> bool {
    let offers_more = reply.cards.iter().flat_map(|card| &card.buttons).any(|button| {
        // The message itself shows Undo as soon as it is brought up to date.
        !matches!(button.action, Action::Undo { .. })
    });
    !offers_more && text.encode_utf16().count() <= POPUP
}

pub(super) fn popup(id: &CallbackQueryId, text: &str) -> AnswerCallbackQuery {
    let answer = AnswerCallbackQuery::new(id.clone());
    if text.is_empty() {
        return answer;
    }
    answer.text(text.chars().take(POPUP).collect::<String>()).show_alert(true)
}

fn topic(message: &MaybeInaccessibleMessage) -> Option<i32> {
    let message = message.regular_message()?;
    let topic = message.thread_id.filter(|_| message.is_topic_message);
    topic.map(|ThreadId(MessageId(id))| id)
}
