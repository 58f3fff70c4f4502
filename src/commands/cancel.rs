//! `/cancel`: leaves what is under way. Nothing that asks step by step exists yet, so that is said.

use super::Reply;
use crate::domain::card::{Card, Tone};

pub(super) fn answer() -> Reply {
    let line = "Nothing is under way here. /help lists what you can ask.";
    Reply::private(Card::new(Tone::Plain, line))
}
