//! The terminal as a chat: cards as text, buttons as numbered choices, one line typed at a time.
//! The simplest adapter, and the one that shows whether a card reads well without any colour.

pub mod input;
pub mod render;
pub mod screen;
pub mod talk;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Delivering, Delivery, Messenger, Post};
use crate::domain::receiver::Address;
use screen::Screen;

/// Writes to terminals, by the chat's name in a receiver's address.
pub struct Console {
    screens: BTreeMap<String, Arc<Screen>>,
}

impl Console {
    /// A messenger for the screens given, by chat.
    pub fn new(screens: impl IntoIterator<Item = (String, Arc<Screen>)>) -> Self {
        Self { screens: screens.into_iter().collect() }
    }

    async fn on_screen(
        &self,
        to: &Address,
        say: impl FnOnce(&Screen) -> std::io::Result<()>,
    ) -> Delivery {
        let Some(screen) = self.screens.get(&to.chat) else {
            return Delivery::Gone { why: "no such terminal".to_owned() };
        };
        let _turn = screen.turn().await;
        match say(screen) {
            Ok(()) => Delivery::Sent { receipt: "terminal".to_owned() },
            Err(error) => Delivery::Retry {
                after: None,
                fault: format!("the terminal cannot be written: {}", error.kind()),
            },
        }
    }
}

impl Messenger for Console {
    fn drops_repeats(&self) -> bool {
        true
    }

    fn send<'a>(&'a self, to: &'a Address, post: &'a Post) -> Delivering<'a> {
        Box::pin(async move {
            match self.on_screen(to, |screen| screen.post(&to.chat, post)).await {
                Delivery::Sent { .. } => Delivery::Sent { receipt: post.nonce.as_str().to_owned() },
                other => other,
            }
        })
    }

    fn edit<'a>(&'a self, to: &'a Address, receipt: &'a str, post: &'a Post) -> Delivering<'a> {
        Box::pin(self.on_screen(to, |screen| screen.update(receipt, post)))
    }
}
