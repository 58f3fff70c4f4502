//! Telegram: posts and edits through our own client, people's messages and presses by long poll.
//! One `Account` is shared by the messenger and the listener: who we are, how fast we write.
//! Nothing here decides what is said; nothing here ever sets or deletes a webhook.

mod account;
mod api;
mod body;
mod fault;
mod front;
mod guard;
mod hear;
mod html;
mod letters;
mod listen;
mod look;
mod menu;
mod pace;
mod portion;
mod press;
pub mod preview;
mod render;
mod reply;
mod search;
mod sift;
mod standing;
mod whoami;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use teloxide::types::MessageId;

use super::{Delivering, Delivery, Messenger, Post};
use crate::domain::receiver::Address;
use crate::http_client::{BuildError, Timeouts};
use crate::secret::Secret;
use account::{Account, Posted, Spot};
use api::Api;
pub use listen::{Listener, Trouble};
pub use look::{Look, look};
use pace::Kind;
pub use whoami::{Bot, whoami};

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

/// Writes to Telegram.
pub struct Telegram {
    account: Arc<Account>,
}

/// A messenger and a listener for one bot. Nothing is asked of Telegram yet.
pub fn connect(settings: Settings) -> Result<(Telegram, Listener), BuildError> {
    let Settings { token, url, proxy, timeouts } = settings;
    let api = Api::new(&url, token, timeouts, proxy.as_deref())?;
    let account = Arc::new(Account::new(api));
    Ok((Telegram { account: account.clone() }, Listener::new(account)))
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
            let body = body::of_post(spot, post, &look, self.account.is_bare(&post.nonce));
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
            let look = self.account.look(spot, post);
            let body = body::of_edit(spot, MessageId(id), post, &look);
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
