//! What a refusal of Discord means for whoever runs the server: one sentence with the permission
//! or step that mends it. Codes: Discord's opcodes and status codes page.

/// What is to be done about a refused message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The channel cannot be written, until a person acts.
    Lost(String),
    /// The same for want of some permission: which one a look at the channel can tell. Here are
    /// words for where it cannot.
    Forbidden(String),
    /// The message is not there any more.
    NoMessage,
    /// Discord does not like the message, or something is being set right: again later.
    Odd(String),
}

/// Reads status and code of a refused message to `channel`.
pub fn refusal(status: u16, code: u64, channel: &str) -> Refusal {
    let named = |why: &str| format!("{why} (channel {channel})");
    let lost = |why: &str| Refusal::Lost(named(why));
    match (status, code) {
        (_, 10_008) => Refusal::NoMessage,
        (_, 10_003) => lost("The channel is gone: name another one in the settings"),
        (_, 50_001) => {
            lost("I cannot see the channel: give my role View Channel and Send Messages there")
        }
        (_, 50_013) => Refusal::Forbidden(named(
            "I cannot write in the channel: give my role Send Messages (in a thread Send Messages in Threads) and Embed Links there",
        )),
        (_, 50_083) => lost("The thread is archived and locked: unlock it or name another channel"),
        (_, 50_008 | 50_024) => {
            lost("That is no channel for messages: name a text channel in the settings")
        }
        (_, 50_007) => lost("This person takes no direct messages: name a channel in the settings"),
        (_, 40_333) => Refusal::Odd("Discord's gate refuses this program's requests".to_owned()),
        (401, _) => Refusal::Odd(super::wire::TOKEN_REFUSED.to_owned()),
        (403, _) => Refusal::Forbidden(named(
            "Discord forbids me the channel: give my role View Channel, Send Messages (in a thread Send Messages in Threads) and Embed Links there",
        )),
        (404, _) => lost("The channel is not known to Discord: name another one in the settings"),
        _ => Refusal::Odd(format!("Discord refuses the message ({status}, code {code})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_names_what_mends_it() {
        let table = [
            (403, 50_001, "View Channel"),
            (403, 50_013, "Send Messages in Threads"),
            (404, 10_003, "name another one"),
            (400, 50_083, "unlock it"),
            (403, 50_007, "no direct messages"),
            (400, 50_008, "text channel"),
            (404, 0, "not known to Discord"),
            (403, 0, "Embed Links"),
        ];
        for (status, code, part) in table {
            let (why, is_looked_at) = match refusal(status, code, "42") {
                Refusal::Lost(why) => (why, false),
                Refusal::Forbidden(why) => (why, true),
                other => panic!("{code}: {other:?}"),
            };
            assert_eq!(is_looked_at, status == 403 && matches!(code, 0 | 50_013), "{code}");
            assert!(why.contains(part) && why.ends_with("(channel 42)"), "{why}");
        }
        assert_eq!(refusal(404, 10_008, "42"), Refusal::NoMessage);
        assert!(matches!(refusal(400, 50_035, "42"), Refusal::Odd(_)));
    }
}
