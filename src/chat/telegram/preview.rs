//! What Telegram would be sent, without sending it: the same bodies as JSON, for the gallery of
//! messages and for who wants to look. Nothing here knows a token or a client.

use reqwest::Url;
use serde::Serialize;
use serde_json::Value;
use teloxide::types::{CallbackQueryId, MessageId};

use super::super::Post;
use super::super::wall::Wall;
use super::account::Spot;
use super::render::{self, Look};
use super::{body, hear, press, reply};
use crate::commands::Reply;
use crate::domain::card::{Card, Tone};
use crate::domain::id::ButtonId;
use crate::domain::receiver::Address;

/// `sendMessage` for an alert; `None` where the address is none of Telegram's.
pub fn post(to: &Address, post: &Post, bot: &str) -> Option<Value> {
    let spot = Spot::of(to)?;
    json(&body::of_post(spot, post, &look(spot, post, bot), false))
}

/// `editMessageText` for a posted alert; the message's number is made up.
pub fn edit(to: &Address, post: &Post, bot: &str) -> Option<Value> {
    let spot = Spot::of(to)?;
    json(&body::of_edit(spot, MessageId(1), post, &look(spot, post, bot)))
}

/// `sendMessage` for a card of an answer with the ids behind its buttons.
pub fn answer(to: &Address, card: (&Card, &[ButtonId]), wall: Wall, bot: &str) -> Option<Value> {
    let spot = Spot::of(to)?;
    let look = Look { wall, bot: Some(bot).filter(|_| spot.is_shared()), calls: None };
    json(&body::of_answer((spot, None), card.0, render::keyboard(card.0, card.1), &look))
}

/// `sendMessage` for what stands in a group instead of an answer that is for one person alone.
pub fn pointer(to: &Address, wall: Wall, bot: &str) -> Option<Value> {
    let spot = Spot::of(to)?;
    let link = Url::parse(&format!("https://t.me/{bot}?start=NAME")).ok()?;
    let (card, keyboard) = reply::pointer(link);
    let look = Look { wall, bot: Some(bot), calls: None };
    json(&body::of_answer((spot, None), &card, Some(keyboard), &look))
}

/// What is said where a private message holds nothing to read, and of a group that has come in.
pub fn cards() -> [Card; 2] {
    [Card::new(Tone::Plain, hear::NO_TEXT), hear::connected(false)]
}

/// `answerCallbackQuery` for a press in a group; `None` where the answer does not fit and would
/// open in the private chat instead.
pub fn popup(reply: &Reply, wall: Wall) -> Option<Value> {
    let text = render::plain(&reply.cards, wall);
    let fits = press::fits_popup(reply, &text);
    fits.then(|| json(&press::popup(&CallbackQueryId("1".to_owned()), &text))).flatten()
}

fn look<'a>(spot: Spot, post: &'a Post, bot: &'a str) -> Look<'a> {
    let wall = Wall { zone: post.zone, now: post.now };
    Look { wall, bot: Some(bot).filter(|_| spot.is_shared()), calls: post.calls.as_deref() }
}

fn json(body: &impl Serialize) -> Option<Value> {
    serde_json::to_value(body).ok()
}
