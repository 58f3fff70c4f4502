//! Telegram: posts and edits through our own client, people's messages and presses by long poll.
//! One [`Account`] is shared by the messenger and the listener: who we are, how fast we write.
//! Nothing here decides what is said; nothing here ever sets or deletes a webhook.

mod api;
mod fault;
mod front;
mod hear;
mod html;
mod letters;
mod listen;
mod menu;
mod pace;
mod press;
mod render;
mod reply;
mod sift;
mod standing;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use teloxide::payloads::{EditMessageText, SendMessage, SendMessageSetters as _};
use teloxide::types::{ChatId, LinkPreviewOptions, MessageId, ParseMode, ThreadId};

use super::wall::Wall;
use super::{Delivering, Delivery, Messenger, Post};
use crate::domain::id::MessageId as Nonce;
use crate::domain::receiver::Address;
use crate::http_client::{BuildError, Timeouts};
use crate::secret::Secret;
use api::{Api, Fault};
pub use listen::{Listener, Trouble};
use pace::{Kind, Pace};
use render::Look;

/// Telegram's own address.
pub const OFFICIAL: &str = "https://api.telegram.org";

/// How Telegram is reached.
pub struct Settings {
    /// The bot's token.
    pub token: Secret,
    /// Scheme, host and port; [`OFFICIAL`] in production.
    pub url: String,
    /// A proxy of the configuration.
    pub proxy: Option<String>,
    /// How long one call may take, a poll apart; [`PATIENCE`] in production.
    pub timeouts: Timeouts,
}

/// An attempt must end within a minute; a slow answer is better than a repeat.
pub const PATIENCE: Timeouts = Timeouts {
    connect: Duration::from_secs(5),
    read: Duration::from_secs(20),
    total: Duration::from_secs(20),
};

/// The bot's account: what speaks for it, how fast it does, who it is.
struct Account {
    api: Api,
    pace: Mutex<Pace>,
    /// Known once the listener has asked.
    me: OnceLock<Me>,
    /// Messages whose marked text Telegram refused; they go out bare.
    bare: Mutex<BTreeSet<Nonce>>,
}

#[derive(Clone, Debug, Deserialize)]
struct Me {
    username: String,
}

#[derive(Deserialize)]
struct Posted {
    message_id: i64,
}

/// More refused messages than this are not remembered; the oldest go first.
const MOST_BARE: usize = 256;

/// Writes to Telegram.
pub struct Telegram {
    account: Arc<Account>,
}

/// A messenger and a listener for one bot. Nothing is asked of Telegram yet.
pub fn connect(settings: Settings) -> Result<(Telegram, Listener), BuildError> {
    let Settings { token, url, proxy, timeouts } = settings;
    let api = Api::new(&url, token, timeouts, proxy.as_deref())?;
    let account = Arc::new(Account {
        api,
        pace: Mutex::default(),
        me: OnceLock::new(),
        bare: Mutex::default(),
    });
    Ok((Telegram { account: account.clone() }, Listener::new(account)))
}

/// Where a message goes, in Telegram's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Spot {
    chat: i64,
    topic: Option<i32>,
}

/// Telegram calls a forum's first topic 1 and refuses to be written to by that number.
const GENERAL: i32 = 1;

impl Spot {
    /// `None` when the address is no address of Telegram.
    fn of(address: &Address) -> Option<Self> {
        let chat = address.chat.parse().ok()?;
        let topic = match &address.topic {
            None => None,
            Some(topic) => Some(topic.parse().ok()?).filter(|topic| *topic != GENERAL),
        };
        Some(Self { chat, topic })
    }

    /// Whether others read along.
    fn is_shared(self) -> bool {
        self.chat < 0
    }
}

impl Account {
    fn pace(&self, chat: i64, kind: Kind, now: DateTime<Utc>) -> Result<(), TimeDelta> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner).take(chat, kind, now)
    }

    /// A refusal for haste is obeyed by everything that goes to this chat.
    fn heed(&self, chat: i64, fault: &Fault, now: DateTime<Utc>) {
        if let Fault::Refused(refusal) = fault
            && let Some(after) = refusal.after.and_then(|after| TimeDelta::from_std(after).ok())
        {
            self.pace.lock().unwrap_or_else(PoisonError::into_inner).hold(chat, after, now);
        }
    }

    fn is_bare(&self, nonce: &Nonce) -> bool {
        self.bare.lock().unwrap_or_else(PoisonError::into_inner).contains(nonce)
    }

    /// Sends this message bare from now on; `false` when it was that already.
    fn strip(&self, nonce: &Nonce) -> bool {
        let mut bare = self.bare.lock().unwrap_or_else(PoisonError::into_inner);
        if bare.len() >= MOST_BARE {
            bare.pop_first();
        }
        bare.insert(nonce.clone())
    }

    /// The bot's name, needed where others read along.
    fn name(&self, spot: Spot) -> Option<&str> {
        self.me.get().filter(|_| spot.is_shared()).map(|me| me.username.as_str())
    }

    fn look<'a>(&'a self, spot: Spot, post: &'a Post) -> Look<'a> {
        let wall = Wall { zone: post.zone, now: post.now };
        Look { wall, bot: self.name(spot), calls: post.calls.as_deref() }
    }
}

/// The body of a new message, before buttons and sound.
fn message(spot: Spot, text: String) -> SendMessage {
    let mut body = SendMessage::new(ChatId(spot.chat), text).parse_mode(ParseMode::Html);
    body = body.link_preview_options(no_preview());
    if let Some(topic) = spot.topic {
        body = body.message_thread_id(ThreadId(MessageId(topic)));
    }
    body
}

fn no_preview() -> LinkPreviewOptions {
    LinkPreviewOptions {
        is_disabled: true,
        url: None,
        prefer_small_media: false,
        prefer_large_media: false,
        show_above_text: false,
    }
}

fn no_address() -> Delivery {
    Delivery::Gone {
        why: "this is no number of a Telegram chat; correct it in the settings".to_owned(),
    }
}

fn too_soon(wait: TimeDelta) -> Delivery {
    let after = wait.to_std().unwrap_or_default();
    Delivery::Retry { after: Some(after), fault: "Telegram's limits: a moment later".to_owned() }
}

impl Messenger for Telegram {
    fn drops_repeats(&self) -> bool {
        false
    }

    fn send<'a>(&'a self, to: &'a Address, post: &'a Post) -> Delivering<'a> {
        Box::pin(async move {
            let Some(spot) = Spot::of(to) else { return no_address() };
            if let Err(wait) = self.account.pace(spot.chat, Kind::Alert, post.now) {
                return too_soon(wait);
            }
            let look = self.account.look(spot, post);
            let mut body = if self.account.is_bare(&post.nonce) {
                let mut body = message(spot, render::bare(&post.card, &look));
                body.parse_mode = None;
                body
            } else {
                message(spot, render::text(&post.card, &look))
            };
            body = body.disable_notification(post.quiet);
            if let Some(keyboard) = render::keyboard(&post.card, &post.buttons) {
                body = body.reply_markup(keyboard);
            }
            match self.account.api.call::<_, Posted>(&body).await {
                Ok(posted) => Delivery::Sent { receipt: posted.message_id.to_string() },
                // An alert in plain words is better than none.
                Err(fault) if fault::is_about_body(&fault) && self.account.strip(&post.nonce) => {
                    tracing::error!(
                        ?fault,
                        "Telegram refused a message; it goes out without marks"
                    );
                    too_soon(TimeDelta::seconds(1))
                }
                Err(fault) => {
                    self.account.heed(spot.chat, &fault, post.now);
                    fault::delivery(fault)
                }
            }
        })
    }

    fn edit<'a>(&'a self, to: &'a Address, receipt: &'a str, post: &'a Post) -> Delivering<'a> {
        Box::pin(async move {
            let (Some(spot), Ok(id)) = (Spot::of(to), receipt.parse()) else { return no_address() };
            if let Err(wait) = self.account.pace(spot.chat, Kind::Alert, post.now) {
                return too_soon(wait);
            }
            let text = render::text(&post.card, &self.account.look(spot, post));
            let mut body = EditMessageText::new(ChatId(spot.chat), MessageId(id), text);
            body.parse_mode = Some(ParseMode::Html);
            body.link_preview_options = Some(no_preview());
            // Left out, the old buttons go away.
            body.reply_markup = render::keyboard(&post.card, &post.buttons);
            match self.account.api.call::<_, Posted>(&body).await {
                Ok(_) => Delivery::Sent { receipt: receipt.to_owned() },
                Err(fault) if fault::is_unchanged(&fault) => {
                    Delivery::Sent { receipt: receipt.to_owned() }
                }
                Err(fault) => {
                    self.account.heed(spot.chat, &fault, post.now);
                    fault::delivery(fault)
                }
            }
        })
    }
}
