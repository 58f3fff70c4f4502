//! The bot's account on Telegram: what speaks for it, how fast it does, who it is. The messenger
//! and the listener share one, so that what one learns of Telegram's limits the other obeys.

use std::collections::BTreeSet;
use std::sync::{Mutex, OnceLock, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use teloxide::payloads::{SendMessage, SendMessageSetters as _};
use teloxide::types::{ChatId, LinkPreviewOptions, MessageId, ParseMode, ThreadId};

use super::super::Post;
use super::super::wall::Wall;
use super::api::{Api, Fault};
use super::pace::{Kind, Pace};
use super::render::Look;
use crate::domain::id::MessageId as Nonce;
use crate::domain::receiver::Address;

/// The bot's account: what speaks for it, how fast it does, who it is.
pub struct Account {
    /// The API, in the bot's name.
    pub api: Api,
    pace: Mutex<Pace>,
    /// Known once the listener has asked.
    pub me: OnceLock<Me>,
    /// Messages whose marked text Telegram refused; they go out bare.
    bare: Mutex<BTreeSet<Nonce>>,
}

/// Who the bot is.
#[derive(Clone, Debug, Deserialize)]
pub struct Me {
    /// Its name, without the `@`.
    pub username: String,
}

/// What a post or edit is answered with.
#[derive(Deserialize)]
pub struct Posted {
    /// The message's number in its chat.
    pub message_id: i64,
}

/// More refused messages than this are not remembered; the oldest go first.
const MOST_BARE: usize = 256;

/// Where a message goes, in Telegram's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The chat; groups and channels have numbers below zero.
    pub chat: i64,
    /// The topic of a forum.
    pub topic: Option<i32>,
}

/// Telegram calls a forum's first topic 1 and refuses to be written to by that number.
const GENERAL: i32 = 1;

impl Spot {
    /// `None` when the address is no address of Telegram.
    pub fn of(address: &Address) -> Option<Self> {
        let chat = address.chat.parse().ok()?;
        let topic = match &address.topic {
            None => None,
            Some(topic) => Some(topic.parse().ok()?).filter(|topic| *topic != GENERAL),
        };
        Some(Self { chat, topic })
    }

    /// Whether others read along.
    pub fn is_shared(self) -> bool {
        self.chat < 0
    }
}

impl Account {
    /// An account of which nothing is known yet.
    pub fn new(api: Api) -> Self {
        Self { api, pace: Mutex::default(), me: OnceLock::new(), bare: Mutex::default() }
    }

    /// Takes the slot for one message, or says how long to wait.
    pub fn pace(&self, chat: i64, kind: Kind, now: DateTime<Utc>) -> Result<(), TimeDelta> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner).take(chat, kind, now)
    }

    /// Takes the slot for one question about somebody, or says how long to wait.
    pub fn pace_question(&self, is_guess: bool, now: DateTime<Utc>) -> Result<(), TimeDelta> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner).ask(is_guess, now)
    }

    /// A refusal for haste is obeyed by everything that goes to this chat.
    pub fn heed(&self, chat: i64, fault: &Fault, now: DateTime<Utc>) {
        if let Fault::Refused(refusal) = fault
            && let Some(after) = refusal.after.and_then(|after| TimeDelta::from_std(after).ok())
        {
            self.pace.lock().unwrap_or_else(PoisonError::into_inner).hold(chat, after, now);
        }
    }

    /// Whether this message goes out without marks.
    pub fn is_bare(&self, nonce: &Nonce) -> bool {
        self.bare.lock().unwrap_or_else(PoisonError::into_inner).contains(nonce)
    }

    /// Sends this message bare from now on; `false` when it was that already.
    pub fn strip(&self, nonce: &Nonce) -> bool {
        let mut bare = self.bare.lock().unwrap_or_else(PoisonError::into_inner);
        if bare.len() >= MOST_BARE {
            bare.pop_first();
        }
        bare.insert(nonce.clone())
    }

    /// The bot's name, needed where others read along.
    pub fn name(&self, spot: Spot) -> Option<&str> {
        self.me.get().filter(|_| spot.is_shared()).map(|me| me.username.as_str())
    }

    /// How a post is looked at where it goes.
    pub fn look<'a>(&'a self, spot: Spot, post: &'a Post) -> Look<'a> {
        let wall = Wall { zone: post.zone, now: post.now };
        Look { wall, bot: self.name(spot), calls: post.calls.as_deref() }
    }
}

/// The body of a new message, before buttons and sound.
pub fn message(spot: Spot, text: String) -> SendMessage {
    let mut body = SendMessage::new(ChatId(spot.chat), text).parse_mode(ParseMode::Html);
    body = body.link_preview_options(no_preview());
    if let Some(topic) = spot.topic {
        body = body.message_thread_id(ThreadId(MessageId(topic)));
    }
    body
}

/// No link is fetched and shown.
pub fn no_preview() -> LinkPreviewOptions {
    LinkPreviewOptions {
        is_disabled: true,
        url: None,
        prefer_small_media: false,
        prefer_large_media: false,
        show_above_text: false,
    }
}
