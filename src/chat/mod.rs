//! Chats: thin adapters. One says a [`Post`] in a platform's own voice and tells how that ended;
//! what a person types comes back as an invocation. Nothing here decides what is said or when.

pub mod console;
pub mod discord;
pub mod telegram;
pub mod wall;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::domain::card::Card;
use crate::domain::id::{ButtonId, MessageId};
use crate::domain::receiver::Address;

/// A message on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Its identity; the same for every attempt.
    pub nonce: MessageId,
    /// What it says.
    pub card: Card,
    /// The ids behind the card's buttons, in their order.
    pub buttons: Vec<ButtonId>,
    /// Whether it makes no sound: everything below critical, and closing lines.
    pub quiet: bool,
    /// Whom it calls, in the receiver's words (`role:ID`, `user:ID`, `@name`); only where it
    /// makes a sound.
    pub calls: Option<String>,
    /// When this very message was tried before; a platform that remembers nonces for minutes only
    /// must then look whether it is there already.
    pub tried_at: Option<DateTime<Utc>>,
    /// Whether something can still be done about it here.
    pub is_live: bool,
    /// The zone of moments where the platform cannot use the reader's.
    pub zone: Tz,
    /// The instant it is composed at.
    pub now: DateTime<Utc>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The platform took it and calls it this.
    Sent {
        /// The platform's name for the message.
        receipt: String,
    },
    /// It did not, and may later.
    Retry {
        /// Not before this, where the platform says so.
        after: Option<Duration>,
        /// What happened, without secrets, for `/why` and the log.
        fault: String,
    },
    /// The message to be edited is not there any more.
    Missing,
    /// It never will: the receiver is lost.
    Gone {
        /// What happened.
        why: String,
    },
    /// The chat has another address from now on.
    Moved {
        /// The new one.
        to: String,
    },
    /// Nobody knows whether it did.
    Unsure {
        /// What happened.
        fault: String,
    },
}

/// A delivery under way.
pub type Delivering<'a> = Pin<Box<dyn Future<Output = Delivery> + Send + 'a>>;

/// A platform that can be written to. An attempt never takes longer than a minute.
pub trait Messenger: Send + Sync {
    /// Whether a repeat under the same nonce shows once. Where it does not, an attempt of which
    /// nobody knows whether it arrived is repeated once and then let be.
    fn drops_repeats(&self) -> bool;

    /// Posts a new message.
    fn send<'a>(&'a self, to: &'a Address, post: &'a Post) -> Delivering<'a>;

    /// Brings a posted message up to date. "Not modified" is success.
    fn edit<'a>(&'a self, to: &'a Address, receipt: &'a str, post: &'a Post) -> Delivering<'a>;
}
