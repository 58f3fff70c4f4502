//! `/privacy`: who runs this, what is stored and where, who can read it, and what it is not.

use super::Reply;
use super::call::Call;
use crate::domain::card::{Card, Line, Tone};
use crate::domain::receiver::Platform;
use crate::domain::text::Clean;

pub(super) fn answer(call: &Call<'_>) -> Reply {
    let host = &call.tools.host;
    let title = match &host.operator {
        Some(operator) => Line::from("Run by ").name(operator).text("."),
        None => "Run by the person who runs this host.".into(),
    };
    let mut card = Card::new(Tone::Plain, title)
        .text(
            "With the host's master key they could read stored secrets; if you do not know them, use date-only watches. \
             Discord or Telegram can read every warning.",
        )
        .text("Stored on the host, in keylapse's database:")
        .item(Tone::Plain, "of each key: its label, dates, notes, rights, bound addresses, account number and how each check ended")
        .item(Tone::Plain, "its id, secret and passphrase, sealed with the host's master key; for a date-only watch nothing of the kind")
        .item(Tone::Plain, "alerts, who was told, and who did what: platform, name and id; in /fix what you answered, for two days")
        .item(Tone::Plain, if call.place.platform == Platform::Console {
            "the lines that you type here, but for pasted keys: in the file history of the data folder, for the arrow keys"
        } else {
            "for a test message: who saw it"
        })
        .item(Tone::Plain, "of questions without a good answer: words of my own answers, dots for all others, counted for 30 days (and two days with the button Not helpful of an answer)")
        .item(Tone::Plain, "not stored: your questions in chat, your balances and orders, what else is written in the chat");
    if call.tools.guards.hears(call.place.platform) {
        let line = "looked through for leaked keys and not stored: what people write in the channels of the workspace";
        card = card.item(Tone::Plain, line);
    }
    card = card
        .text("A removed key's secrets are wiped at once; backups may hold them until they expire.")
        .text("Unofficial: not KuCoin, and no financial advice. It can fail; look at your positions yourself.");
    if host.endpoints.is_empty() {
        card = card.text("It talks to the exchange's and the chat platforms' own addresses only.");
    } else {
        card = card.text("Careful: set to other addresses than the official ones:");
        for endpoint in &host.endpoints {
            card = card.item(Tone::Soon, Line::default().name(&Clean::new(endpoint, 120)));
        }
    }
    Reply::open(card)
}
