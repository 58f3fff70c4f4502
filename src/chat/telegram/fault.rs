//! What a refused or lost call means, classed once: come back later, never again, somewhere else,
//! or nobody knows. The words are for people and name the step that mends it.

use std::time::Duration;

use super::super::Delivery;
use super::api::{Fault, Refusal};

/// Telegram's words for what will not mend by itself, and ours; the first that is found counts.
const GONE: &[(&str, &str)] = &[
    ("bot was blocked by the user", "this person has blocked the bot; they unblock it"),
    ("user is deactivated", "this person's Telegram account is gone; name another receiver"),
    (
        "bot can't initiate conversation",
        "this person has never opened the bot; they open it and send /start",
    ),
    ("bot was kicked", "the bot was removed from that chat; add it there again"),
    ("bot is not a member", "the bot is not in this chat; add it there again"),
    (
        "chat not found",
        "Telegram knows no such chat, or the bot is not in it; add the bot there, or correct the number",
    ),
    ("group chat was deactivated", "this group was deleted; name another receiver"),
    ("message thread not found", "this topic is gone; name another one, or the whole group"),
    ("topic_closed", "this topic is closed; open it and send /start there, or name another one"),
    ("topic_deleted", "this topic is gone; name another one, or the whole group"),
    ("not enough rights", "the bot may not write here; let it send messages in this chat"),
    ("have no rights to send", "the bot may not write here; let it send messages in this chat"),
    ("chat_write_forbidden", "the bot may not write here; let it send messages in this chat"),
    ("need administrator rights", "the bot may not write here; let it post in this channel"),
    ("chat_restricted", "the bot may not write here; let it send messages in this chat"),
];

/// What Telegram says of a message that cannot be edited any more.
const MISSING: &[&str] =
    &["message to edit not found", "message_id_invalid", "message can't be edited"];

/// How a post or edit ended that was not taken.
pub fn delivery(fault: Fault) -> Delivery {
    match fault {
        Fault::NotSent(why) => Delivery::Retry { after: None, fault: format!("Telegram: {why}") },
        Fault::Lost(why) => Delivery::Unsure { fault: format!("Telegram: {why}") },
        Fault::Refused(refusal) => refused(&refusal),
    }
}

/// Whether an edit was refused because the message shows just this already.
pub fn is_unchanged(fault: &Fault) -> bool {
    matches!(fault, Fault::Refused(refusal) if said(refusal).contains("message is not modified"))
}

/// Whether the chat is fine and the body was refused: a fault of ours, which plain words avoid.
pub fn is_about_body(fault: &Fault) -> bool {
    let Fault::Refused(refusal) = fault else { return false };
    let words = said(refusal);
    let is_other = refusal.moved_to.is_some()
        || MISSING.iter().any(|known| words.contains(known))
        || GONE.iter().any(|(known, _)| words.contains(known));
    refusal.code == 400 && !is_other && !is_unchanged(fault)
}

/// Whether it is about the token and not about what was asked. Telegram says so in words; a page of
/// whatever stands in between has none.
pub fn is_about_token(fault: &Fault) -> bool {
    matches!(fault, Fault::Refused(Refusal { code: 401 | 404, words, .. }) if !words.is_empty())
}

fn said(refusal: &Refusal) -> String {
    refusal.words.to_lowercase()
}

fn refused(refusal: &Refusal) -> Delivery {
    let words = said(refusal);
    if let Some(to) = refusal.moved_to {
        return Delivery::Moved { to: to.to_string() };
    }
    let is_final = matches!(refusal.code, 400 | 403);
    if is_final && MISSING.iter().any(|known| words.contains(known)) {
        return Delivery::Missing;
    }
    if is_final && let Some((_, why)) = GONE.iter().find(|(known, _)| words.contains(known)) {
        return Delivery::Gone { why: (*why).to_owned() };
    }
    match refusal.code {
        429 => {
            let after = refusal.after.unwrap_or(Duration::from_secs(5));
            let fault = format!("Telegram asks to wait {} s", after.as_secs());
            Delivery::Retry { after: Some(after), fault }
        }
        401 | 404 => Delivery::Retry {
            after: None,
            fault: "Telegram refuses the bot's token; copy it again from @BotFather".to_owned(),
        },
        // Forbidden for a reason that is not known here; nobody unforbids it by waiting.
        403 => Delivery::Gone { why: format!("Telegram forbids it ({})", refusal.words) },
        code if refusal.words.is_empty() => {
            Delivery::Retry { after: None, fault: format!("Telegram answered {code}") }
        }
        code => Delivery::Retry {
            after: None,
            fault: format!("Telegram answered {code} ({})", refusal.words),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: u16, words: &str) -> Fault {
        Fault::Refused(Refusal { code, words: words.to_owned(), ..Refusal::default() })
    }

    #[test]
    fn each_refusal_has_its_meaning() {
        let retry = |delivery: &Delivery| matches!(delivery, Delivery::Retry { .. });
        let gone = |delivery: &Delivery| matches!(delivery, Delivery::Gone { .. });
        for words in [
            "Forbidden: bot was blocked by the user",
            "Forbidden: bot was kicked from the supergroup chat",
            "Forbidden: something new",
        ] {
            assert!(gone(&delivery(refusal(403, words))), "{words}");
        }
        for words in [
            "Bad Request: chat not found",
            "Bad Request: not enough rights to send text messages to the chat",
            "Bad Request: TOPIC_CLOSED",
            "Bad Request: message thread not found",
        ] {
            assert!(gone(&delivery(refusal(400, words))), "{words}");
        }
        for code in [400, 401, 404, 500, 502, 503] {
            assert!(retry(&delivery(refusal(code, "something else"))), "{code}");
        }
        assert!(is_about_body(&refusal(400, "Bad Request: can't parse entities: x")));
        assert!(!is_about_body(&refusal(400, "Bad Request: chat not found")));
        assert!(!is_about_body(&refusal(500, "Internal Server Error")));
        // The same words from a server in trouble are no verdict.
        assert!(retry(&delivery(refusal(500, "chat not found"))));
        assert_eq!(
            delivery(refusal(400, "Bad Request: message to edit not found")),
            Delivery::Missing
        );
        assert!(is_unchanged(&refusal(400, "Bad Request: message is not modified: same")));
        assert!(matches!(delivery(Fault::Lost("timed out")), Delivery::Unsure { .. }));
        assert!(retry(&delivery(Fault::NotSent("could not connect"))));
    }

    #[test]
    fn too_many_says_when_and_an_upgrade_says_where() {
        let slow = Refusal { code: 429, after: Some(Duration::from_secs(7)), ..Refusal::default() };
        let Delivery::Retry { after, .. } = delivery(Fault::Refused(slow)) else {
            panic!("no retry")
        };
        assert_eq!(after, Some(Duration::from_secs(7)));
        let moved = Refusal { code: 400, moved_to: Some(-1005), ..Refusal::default() };
        assert_eq!(delivery(Fault::Refused(moved)), Delivery::Moved { to: "-1005".to_owned() });
    }
}
