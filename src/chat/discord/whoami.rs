//! Who a token belongs to, and what its owner has to know before anybody invites the bot: for
//! `setup` and `doctor`. Asks Discord and changes nothing there.

use std::sync::Arc;

use reqwest::Method;
use serde_json::Value;
use serenity::all::Permissions;

use super::Settings;
use super::endpoint::Endpoint;
use super::wire::{Ask, Outcome, TOKEN_REFUSED, Wire};
use crate::clock::Clock;

/// What keylapse needs in a server; the install link asks for just this.
pub const NEEDED: Permissions = Permissions::VIEW_CHANNEL
    .union(Permissions::SEND_MESSAGES)
    .union(Permissions::SEND_MESSAGES_IN_THREADS)
    .union(Permissions::EMBED_LINKS)
    .union(Permissions::READ_MESSAGE_HISTORY);

/// What the leak guard of channels needs beside that.
const GUARD: Permissions = Permissions::MANAGE_MESSAGES;

/// An application's flags that say that it may read messages, whole or limited.
const READS: u64 = 1 << 18 | 1 << 19;

/// An application's flags that say that a privileged intent is on, whole or limited.
const PRIVILEGED: u64 = 1 << 12 | 1 << 13 | 1 << 14 | 1 << 15 | 1 << 18 | 1 << 19;

/// A bot as Discord knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bot {
    /// The application's number.
    pub app: u64,
    /// The bot's own number as a person of Discord's.
    pub user: u64,
    /// Its name.
    pub name: String,
    /// What stands in the way, worst first.
    pub traps: Vec<Trap>,
    /// Whether messages of channels are to be looked through.
    pub guards: bool,
}

/// A switch of the Developer Portal that surprises people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trap {
    /// When it matters.
    pub when: When,
    /// What it means and what to do.
    pub text: &'static str,
}

/// When a trap matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// keylapse cannot work while it is so.
    Always,
    /// While the bot is being invited.
    Inviting,
    /// As soon as it is in its server.
    Invited,
    /// It stops nothing: more than is needed, or the guard of channels without what it needs.
    Needless,
}

impl Bot {
    /// The link that invites the bot into a server with what it needs and nothing more.
    pub fn install_link(&self) -> String {
        format!(
            "https://discord.com/oauth2/authorize?client_id={}&scope=bot+applications.commands&permissions={}&integration_type=0",
            self.app,
            (if self.guards { NEEDED | GUARD } else { NEEDED }).bits()
        )
    }
}

/// A token that Discord knows, and the way to ask on its behalf.
pub struct Known {
    pub(super) wire: Wire,
    /// Whose token it is.
    pub bot: Bot,
}

/// Asks Discord whose token this is. `guards` says whether messages of channels are to be looked
/// through. The error is a sentence for the person who gave it.
pub async fn whoami(
    settings: &Settings,
    guards: bool,
    clock: Arc<dyn Clock>,
) -> Result<Known, String> {
    let endpoint = Endpoint::of(settings).map_err(|error| error.to_string())?;
    let wire = Wire::new(settings, &endpoint, clock).map_err(|error| error.to_string())?;
    let user = get(&wire, "/users/@me", "GET me").await?;
    let app = get(&wire, "/applications/@me", "GET application").await?;
    let (Some(user_id), Some(app_id)) = (id(&user), id(&app)) else {
        return Err(NOT_UNDERSTOOD.to_owned());
    };
    let name = user["username"].as_str().unwrap_or_default().to_owned();
    let traps = traps(&app, guards);
    Ok(Known { bot: Bot { app: app_id, user: user_id, name, traps, guards }, wire })
}

impl Known {
    /// The servers that the bot is in: number and name.
    pub async fn servers(&self) -> Result<Vec<(String, String)>, String> {
        let list = get(&self.wire, "/users/@me/guilds", "GET servers").await?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let servers = list.as_array().into_iter().flatten();
        Ok(servers.map(|server| (text(&server["id"]), text(&server["name"]))).collect())
    }
}

/// The bot's own number as a person of Discord's.
pub(super) async fn own_id(wire: &Wire) -> Result<u64, String> {
    let user = get(wire, "/users/@me", "GET me").await?;
    id(&user).ok_or_else(|| NOT_UNDERSTOOD.to_owned())
}

fn id(value: &Value) -> Option<u64> {
    value["id"].as_str()?.parse().ok()
}

async fn get(wire: &Wire, path: &str, route: &str) -> Result<Value, String> {
    let ask = Ask { method: Method::GET, path, route };
    match wire.ask(&ask, None::<&Value>).await {
        Outcome::Done(value) => Ok(value),
        other => Err(sentence(&other)),
    }
}

const NOT_UNDERSTOOD: &str =
    "Discord's answer is not understood: see that [discord] api_url is right, or update keylapse.";

/// Why nothing was learned, for a person.
pub(super) fn sentence(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done(_) => NOT_UNDERSTOOD.to_owned(),
        Outcome::Refused { status: 401, .. } => TOKEN_REFUSED.to_owned(),
        Outcome::Refused { status, code } => {
            format!("Discord answers {status} (code {code}): try again later.")
        }
        Outcome::Later { fault, .. } | Outcome::Unsure(fault) => format!(
            "Discord cannot be asked from this machine ({fault}): see that its network works."
        ),
    }
}

/// What the application's switches mean.
fn traps(app: &Value, guards: bool) -> Vec<Trap> {
    let is_set = |name: &str| app[name].as_str().is_some_and(|text| !text.is_empty());
    let installs = app["integration_types_config"].as_object();
    let flags = app["flags"].as_u64().unwrap_or(0);
    let needless = if guards { PRIVILEGED & !READS } else { PRIVILEGED };
    let table = [
        (
            app["bot_require_code_grant"] == true,
            When::Always,
            "Requires OAuth2 Code Grant is on, so the invitation ends in an error: switch it off (Developer Portal, page Bot) and save.",
        ),
        (
            is_set("interactions_endpoint_url"),
            When::Always,
            "An Interactions Endpoint URL is set, so commands and buttons never reach keylapse: empty that field (Developer Portal, page General Information) and save.",
        ),
        (
            installs.is_some_and(|kinds| !kinds.is_empty() && !kinds.contains_key("0")),
            When::Always,
            "Guild Install is off, so the bot cannot be invited into a server: switch it on (Developer Portal, page Installation) and save.",
        ),
        (
            app["bot_public"] == false,
            When::Inviting,
            "Public Bot is off: the link works for you alone, who owns the application. If somebody else manages the server, switch it on (Developer Portal, page Bot) until they have used the link.",
        ),
        (
            app["bot_public"] == true,
            When::Invited,
            "Public Bot is on: whoever has the link can add the bot to a server of theirs, where it tells nothing. To close that once it is in yours: page Installation, Install Link None; then page Bot, Public Bot off.",
        ),
        (
            guards && flags & READS == 0,
            When::Needless,
            "Message Content Intent is off, so the leak guard of channels stays off: switch it on (Developer Portal, page Bot) and start again, or take guard_channels out of [discord].",
        ),
        (
            flags & needless != 0,
            When::Needless,
            if guards {
                "A privileged intent is on that keylapse does not need: leave only Message Content Intent on (Developer Portal, page Bot)."
            } else {
                "A privileged intent is on. keylapse needs none: switch them off (Developer Portal, page Bot)."
            },
        ),
    ];
    let applies = table.into_iter().filter(|(applies, ..)| *applies);
    applies.map(|(_, when, text)| Trap { when, text }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_switch_that_surprises_is_named_and_the_worst_come_first() {
        let good = json!({"flags": 0, "integration_types_config": {"0": {}}});
        assert_eq!(traps(&good, false), []);
        let table = [
            (json!({"bot_public": false}), When::Inviting, "works for you alone"),
            (json!({"bot_public": true}), When::Invited, "Install Link None"),
            (json!({"bot_require_code_grant": true}), When::Always, "switch it off"),
            (
                json!({"interactions_endpoint_url": "https://x.example"}),
                When::Always,
                "empty that field",
            ),
            (json!({"integration_types_config": {"1": {}}}), When::Always, "switch it on"),
            (json!({"flags": 1 << 19}), When::Needless, "needs none"),
        ];
        for (app, when, words) in table {
            let found = traps(&app, false);
            assert_eq!(found.len(), 1, "{app}");
            assert!(found[0].text.contains(words) && found[0].when == when, "{found:?}");
        }
        let both = json!({"bot_public": true, "bot_require_code_grant": true});
        assert_eq!(traps(&both, false)[0].when, When::Always);
    }

    #[test]
    fn the_guard_of_channels_needs_one_intent_and_one_permission_more() {
        let app = |flags: u64| json!({"flags": flags});
        assert_eq!(traps(&app(1 << 19), true), []);
        assert!(traps(&app(0), true)[0].text.starts_with("Message Content Intent is off"));
        assert!(traps(&app(1 << 18 | 1 << 14), true)[0].text.contains("leave only"));
        let bot = Bot { app: 7, user: 7, name: String::new(), traps: Vec::new(), guards: true };
        let bits = NEEDED.bits() | 1 << 13;
        assert!(bot.install_link().contains(&format!("permissions={bits}&")));
    }

    #[test]
    fn the_install_link_asks_for_what_is_needed_and_nothing_more() {
        let bot =
            Bot { app: 7, user: 7, name: "keylapse".to_owned(), traps: Vec::new(), guards: false };
        let bits: u64 = [10, 11, 14, 16, 38].iter().map(|bit| 1 << bit).sum();
        assert_eq!(
            bot.install_link(),
            format!(
                "https://discord.com/oauth2/authorize?client_id=7&scope=bot+applications.commands&permissions={bits}&integration_type=0"
            )
        );
    }
}
