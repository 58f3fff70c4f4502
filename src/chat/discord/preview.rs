//! What Discord would be sent, without sending it: the same bodies as JSON, for the gallery of
//! messages and for who wants to look. Nothing here knows a token or a client.

use serde_json::Value;

use super::super::Post;
use super::super::wall::Wall;
use super::answer::{self, Said};
use super::post;
use crate::commands::Reply;
use crate::domain::id::ButtonId;

/// The body of a new message for an alert.
pub fn post(post: &Post) -> Option<Value> {
    serde_json::to_value(post::body(post)).ok()
}

/// The body of the edit of a posted alert.
pub fn edit(post: &Post) -> Option<Value> {
    serde_json::to_value(post::edit(post)).ok()
}

/// The first answer to an interaction, with the ids behind its buttons.
pub fn answer(reply: &Reply, buttons: &[Vec<ButtonId>], wall: Wall) -> Option<Value> {
    let said = Said {
        cards: reply.cards.clone(),
        buttons: buttons.to_vec(),
        private: reply.private,
        calls: reply.calls.clone(),
        zone: wall.zone,
        now: wall.now,
    };
    serde_json::to_value(answer::at_once(&said)).ok()
}
