//! Who a token belongs to, asked before anything else of it: for `setup` and `doctor`.

use serde::Deserialize;
use teloxide::payloads::{GetMe, GetWebhookInfo};

use super::api::{Api, Fault};
use super::{Settings, Trouble};

/// A bot as Telegram knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bot {
    /// Its name without the @.
    pub username: String,
    /// Another program has set a webhook on its token.
    pub has_webhook: bool,
}

#[derive(Deserialize)]
struct Me {
    username: String,
}

#[derive(Deserialize)]
struct Webhook {
    url: String,
}

/// Asks Telegram whose token this is. The error is a sentence for the person who gave it.
pub async fn whoami(settings: &Settings) -> Result<Bot, String> {
    let Settings { token, url, proxy, timeouts } = settings;
    let api = Api::new(url, token.clone(), *timeouts, proxy.as_deref())
        .map_err(|error| error.to_string())?;
    let me: Me = api.call(&GetMe::new()).await.map_err(|fault| sentence(&fault))?;
    let webhook: Webhook =
        api.call(&GetWebhookInfo::new()).await.map_err(|fault| sentence(&fault))?;
    Ok(Bot { username: me.username, has_webhook: !webhook.url.is_empty() })
}

fn sentence(fault: &Fault) -> String {
    match fault {
        Fault::Refused(refusal) if matches!(refusal.code, 401 | 404) => Trouble::Token.to_string(),
        Fault::Refused(refusal) => format!("Telegram answers {}: try again later.", refusal.code),
        Fault::NotSent(why) | Fault::Lost(why) => {
            format!(
                "Telegram cannot be reached from this machine ({why}): see that its network works."
            )
        }
    }
}
