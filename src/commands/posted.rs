//! Where an answer was shown to everybody lately: once a minute in one place is enough.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::Place;
use crate::domain::receiver::Address;

/// The shortest time between two public answers in one place.
const COOLDOWN: TimeDelta = TimeDelta::minutes(1);

/// The last public answer of each place.
#[derive(Default)]
pub struct Posted(Mutex<HashMap<Address, DateTime<Utc>>>);

impl Posted {
    /// Whether an answer may be shown here now; if so, it counts as shown.
    pub(super) fn may_post(&self, place: &Place, at: DateTime<Utc>) -> bool {
        let mut posted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        posted.retain(|_, last| (TimeDelta::zero()..COOLDOWN).contains(&(at - *last)));
        let address = place.address();
        if posted.contains_key(&address) {
            return false;
        }
        posted.insert(address, at);
        true
    }
}
