//! The steps of a cause for which no FAQ entry has exactly these.

use super::MONEY;
use crate::domain::guide::fix::Cause;

/// None where the entry of the cause has them.
pub(super) fn own_steps(cause: Cause) -> Vec<&'static str> {
    match cause {
        Cause::OtherExchange => vec![
            MONEY,
            "Set the bot's exchange to the one that made the key, or give the bot a key of the exchange that it asks.",
            "Enter all parts anew: key, secret and passphrase belong together.",
            "Restart the bot and look whether its next call is answered.",
        ],
        Cause::Copied => vec![
            MONEY,
            "Copy the whole key again, without blanks or line ends, and enter all three parts: key, secret, passphrase.",
            "Is it the settings file that the bot reads? A container or a service may read another.",
            "Restart the bot and look whether its next call is answered.",
        ],
        Cause::OtherKey => vec![
            MONEY,
            "Read the first and last characters of the key in the bot's settings, and find that key in API Management.",
            "Not there: it was deleted. Put in the key that is meant, all three parts, and restart the bot.",
            "There: look at its date, address list and permissions; have it watched here too.",
        ],
        Cause::Stopped => vec![
            MONEY,
            "Look whether the bot's process runs; start it again if it does not.",
            "Read its log: when did it last place an order, and what came after?",
            "Look at its strategy: paused, no signal, as many trades open as it may have?",
            "Look at the balance that it may use: too small, or locked in orders?",
            "Does the market that it trades still exist at the exchange?",
        ],
        Cause::Unlisted => vec![
            MONEY,
            "Type /faq and the last line of the error, without key, secret and passphrase.",
            "Update the bot or its exchange library.",
            "Still there: give the whole error, without secrets, to the bot's developers.",
        ],
        Cause::NoLine => vec![
            MONEY,
            "Open the bot's log, or its last message to you, and find the last line with an error.",
            "Type /faq and that line, without key, secret and passphrase.",
            "No log: look at the key's date, address list and permissions in API Management.",
        ],
        Cause::Ended
        | Cause::Gone
        | Cause::Site
        | Cause::Passphrase
        | Cause::Signature
        | Cause::Address
        | Cause::Permission
        | Cause::Version
        | Cause::Clock
        | Cause::Down
        | Cause::Limits
        | Cause::Account
        | Cause::Identity
        | Cause::Region => Vec::new(),
    }
}
