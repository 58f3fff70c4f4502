//! Where Discord is: its own hosts over TLS, or a stand-in on this machine that the settings name.
//! Decides which gateway may be believed (SECURITY S2): what a stand-in answers can never send the
//! token to another machine, and a real answer never to this one.

use std::net::SocketAddr;

use reqwest::{Client, Url};

use super::Settings;
use crate::http_client::{self, BuildError, Hosts, Reach, Timeouts};

/// Discord's hosts that this bot asks by name.
const HOSTS: &[&str] = &["discord.com"];
/// Discord's hosts of the gateway end like this.
const GATEWAY: &str = ".discord.gg";
/// The API that this bot speaks.
pub const API: &str = "/api/v10";

/// Why Discord cannot be used at all, in one sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// The setting is no address.
    #[error(
        "[discord] api_url is no usable URL: remove it, or write one like http://127.0.0.1:8080."
    )]
    Url,
    /// No client could be built.
    #[error("{0}")]
    Client(#[from] BuildError),
    /// The token holds characters that no header may hold.
    #[error(
        "The Discord token holds characters that no token has: copy it again from the Developer Portal."
    )]
    Token,
}

/// Where one bot's Discord is.
#[derive(Clone)]
pub struct Endpoint {
    /// Scheme, host and port, without a slash at the end; `None` = Discord's own.
    own: Option<String>,
    reach: Option<Reach>,
    resolve: Option<SocketAddr>,
    ca: Option<Vec<u8>>,
}

impl Endpoint {
    /// Reads the settings.
    pub fn of(settings: &Settings) -> Result<Self, SetupError> {
        let own = settings.api_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
        let reach = match &own {
            None => None,
            Some(url) => {
                let url: Url = url.parse().map_err(|_| SetupError::Url)?;
                Some(Reach::needed_for(&url).ok_or(SetupError::Url)?)
            }
        };
        Ok(Self { own, reach, resolve: settings.resolve, ca: settings.ca.clone() })
    }

    /// The base of every path of the API.
    pub fn api(&self) -> String {
        format!("{}{API}", self.own.as_deref().unwrap_or("https://discord.com"))
    }

    /// What serenity calls a proxy: another place that speaks the same API.
    pub fn stand_in(&self) -> Option<&str> {
        self.own.as_deref()
    }

    /// A client that reaches this place and no other.
    pub fn client(&self) -> Result<Client, BuildError> {
        let timeouts = Timeouts::default();
        if let Some(reach) = self.reach {
            return http_client::build(reach, timeouts, None);
        }
        let authority = self.ca.as_deref();
        http_client::build_for(Hosts { names: HOSTS, at: self.resolve, authority }, timeouts)
    }

    /// Whether the bot's token may be sent to the gateway that was named.
    pub fn believes(&self, gateway: &str) -> bool {
        let Ok(url) = gateway.parse::<Url>() else { return false };
        let is_here = http_client::is_loopback(&url);
        let stands_in_here = self.reach == Some(Reach::Loopback)
            || (self.reach.is_none() && self.resolve.is_some_and(|at| at.ip().is_loopback()));
        if stands_in_here {
            return is_here && matches!(url.scheme(), "ws" | "wss");
        }
        let host = url.host_str().unwrap_or_default();
        let has_usual_port = url.port_or_known_default() == Some(443);
        url.scheme() == "wss" && host.ends_with(GATEWAY) && has_usual_port
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn endpoint(api_url: Option<&str>, resolve: Option<&str>) -> Result<Endpoint, SetupError> {
        Endpoint::of(&Settings {
            token: Secret::new("a.b.c".to_owned()),
            api_url: api_url.map(str::to_owned),
            resolve: resolve.map(|at| at.parse().unwrap()),
            ca: None,
        })
    }

    #[test]
    fn a_gateway_is_believed_only_where_the_api_itself_is() {
        let (real, here) = ("wss://gateway.discord.gg", "ws://127.0.0.1:7");
        let table = [
            (None, None, real, true),
            (None, None, here, false),
            (None, None, "ws://gateway.discord.gg", false),
            (None, None, "wss://gateway.discord.gg.evil.example", false),
            (None, None, "wss://evildiscord.gg", false),
            (None, None, "wss://gateway.discord.gg:8443", false),
            (None, None, "wss://user@gateway-us-east1-b.discord.gg/?v=10", true),
            (Some("http://127.0.0.1:7"), None, here, true),
            (Some("http://127.0.0.1:7"), None, "wss://localhost:7", true),
            (Some("http://127.0.0.1:7"), None, real, false),
            (Some("https://stand-in.example"), None, here, false),
            (Some("https://stand-in.example"), None, "wss://stand-in.example", false),
            (None, Some("127.0.0.1:8443"), here, true),
            (None, Some("127.0.0.1:8443"), real, false),
            (None, Some("10.0.0.1:443"), here, false),
            (None, None, "", false),
        ];
        for (api, resolve, gateway, believed) in table {
            let endpoint = endpoint(api, resolve).unwrap();
            assert_eq!(endpoint.believes(gateway), believed, "{api:?} {resolve:?} {gateway}");
        }
    }

    #[test]
    fn the_api_is_https_or_on_this_machine() {
        assert_eq!(endpoint(None, None).unwrap().api(), "https://discord.com/api/v10");
        let here = endpoint(Some("http://localhost:8080/"), None).unwrap();
        assert_eq!(here.api(), "http://localhost:8080/api/v10");
        for url in ["http://stand-in.example", "no url", "ftp://127.0.0.1"] {
            assert_eq!(endpoint(Some(url), None).err(), Some(SetupError::Url), "{url}");
        }
    }
}
