//! Who a token belongs to, asked before anything else of it: for `setup` and `doctor`.

use serde::Deserialize;
use teloxide::payloads::{GetMe, GetWebhookInfo};

use super::api::{Api, Fault};
use super::fault::is_about_token;
use super::{Settings, Trouble};

/// A bot as Telegram knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bot {
    /// Its number.
    pub id: u64,
    /// Its name without the @.
    pub username: String,
    /// Another program has set a webhook on its token.
    pub has_webhook: bool,
    /// Its privacy mode is off: it gets every message of its groups.
    pub reads_all: bool,
}

#[derive(Deserialize)]
struct Me {
    id: u64,
    username: String,
    #[serde(default)]
    can_read_all_group_messages: bool,
}

#[derive(Deserialize)]
struct Webhook {
    url: String,
}

/// Asks Telegram whose token this is. The error is a sentence for the person who gave it.
pub async fn whoami(settings: &Settings) -> Result<Bot, String> {
    let api = api(settings)?;
    let me: Me = api.call(&GetMe::new()).await.map_err(|fault| sentence(&fault))?;
    let webhook: Webhook =
        api.call(&GetWebhookInfo::new()).await.map_err(|fault| sentence(&fault))?;
    Ok(Bot {
        id: me.id,
        username: me.username,
        has_webhook: !webhook.url.is_empty(),
        reads_all: me.can_read_all_group_messages,
    })
}

pub(super) fn api(settings: &Settings) -> Result<Api, String> {
    let Settings { token, url, proxy, timeouts } = settings;
    Api::new(url, token.clone(), *timeouts, proxy.as_deref()).map_err(|error| error.to_string())
}

pub(super) fn sentence(fault: &Fault) -> String {
    match fault {
        fault if is_about_token(fault) => Trouble::Token.to_string(),
        Fault::Refused(refusal) => format!("Telegram answers {}: try again later.", refusal.code),
        Fault::NotSent(why) | Fault::Lost(why) => {
            format!(
                "Telegram cannot be reached from this machine ({why}): see that its network works."
            )
        }
    }
}
