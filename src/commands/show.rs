//! What a message or a button hides behind "Show": its alerts one by one, and the address that the
//! exchange saw this monitor come from.

use super::Reply;
use super::alerts::sorted;
use super::call::Call;
use super::press::stale;
use crate::domain::card::{Card, Line, Tone};
use crate::domain::id::{KeyId, MessageId};
use crate::domain::notice::compose;
use crate::domain::text::Clean;
use crate::store::StoreError;

/// The most alerts that are shown in full.
const MOST: usize = 5;

/// The open alerts of a grouped message, each as it stands now.
pub(super) async fn message(call: &Call<'_>, message: &MessageId) -> Result<Reply, StoreError> {
    if call.desk.told_by(message).await?.is_empty() {
        return Ok(stale());
    }
    let tellings = sorted(call.desk.alerts_of_message(message).await?);
    if tellings.is_empty() {
        let card =
            Card::new(Tone::Over, "All of them are over.").text("/keystatus shows the keys.");
        return Ok(Reply::private(card));
    }
    let mut cards: Vec<Card> =
        tellings.iter().take(MOST).map(|telling| compose(&call.view(telling))).collect();
    if tellings.len() > MOST {
        let more = tellings.len() - MOST;
        cards.push(Card::new(Tone::Plain, format!("and {more} more: /alerts")));
    }
    let shown = tellings.iter().map(|t| (t.alert.id.clone(), t.alert.rev)).collect();
    Ok(Reply { cards, private: true, shown, ..Reply::default() })
}

/// The address that the exchange saw, for the person who asked and nobody else.
pub(super) async fn address(call: &Call<'_>, id: &KeyId) -> Result<Reply, StoreError> {
    let Some(key) = call.desk.key(id).await? else { return Ok(stale()) };
    let label = || Line::default().label(&key.key.label);
    let Some(address) = (call.tools.open_address)(&key) else {
        let title = label().text(": the exchange has not named this monitor's address");
        return Ok(Reply::private(Card::new(Tone::Plain, title)));
    };
    call.desk.record(&call.entry(key.key.label.as_str()), call.at).await?;
    let title = Line::from("This monitor's address: ").code(Clean::new(&address, 64).to_string());
    let card = Card::new(Tone::Plain, title)
        .text(label().text(": the exchange refused it from there."))
        .text("If that is this machine's: add it to the key's IP list and wait some minutes.")
        .text("You do not know it? Do not add it; find out first whose it is.");
    Ok(Reply::private(card))
}
