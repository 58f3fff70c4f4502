//! `/cancel`: leaves what is under way, wherever it was begun.

use super::call::Call;
use super::{Reply, fix};
use crate::domain::card::{Card, Tone};
use crate::store::StoreError;

pub(super) async fn answer(call: &Call<'_>) -> Result<Reply, StoreError> {
    let line = if fix::leave(call).await? {
        "You have left /fix. Begin it again when you like."
    } else {
        "Nothing is under way here. /help lists what you can ask."
    };
    Ok(Reply::private(Card::new(Tone::Plain, line)))
}
