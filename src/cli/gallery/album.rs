//! A messenger that keeps what it is given instead of sending it: every platform's posts and edits,
//! in the order in which the courier paid them.

use std::sync::{Mutex, PoisonError};

use crate::chat::{Delivering, Delivery, Messenger, Post};
use crate::domain::receiver::Address;

/// One message as it was handed over.
#[derive(Clone, Debug)]
pub struct Shot {
    /// Where it goes.
    pub to: Address,
    /// Whether it changes a message that is there already.
    pub is_edit: bool,
    /// What it says.
    pub post: Post,
}

/// Keeps shots until they are taken.
#[derive(Default)]
pub struct Album(Mutex<Vec<Shot>>);

impl Album {
    /// What came in since the last time.
    pub fn take(&self) -> Vec<Shot> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn keep(&self, to: &Address, post: &Post, is_edit: bool) {
        let shot = Shot { to: to.clone(), is_edit, post: post.clone() };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(shot);
    }
}

impl Messenger for Album {
    fn drops_repeats(&self) -> bool {
        true
    }

    fn send<'a>(&'a self, to: &'a Address, post: &'a Post) -> Delivering<'a> {
        self.keep(to, post, false);
        Box::pin(async move { Delivery::Sent { receipt: post.nonce.as_str().to_owned() } })
    }

    fn edit<'a>(&'a self, to: &'a Address, receipt: &'a str, post: &'a Post) -> Delivering<'a> {
        self.keep(to, post, true);
        Box::pin(async move { Delivery::Sent { receipt: receipt.to_owned() } })
    }
}
