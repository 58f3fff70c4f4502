//! Which KuCoin to ask (SECURITY S2): a host of the built-in table; a loopback address, which
//! marks everything as a test; or, where the file itself names and allows it, another https host.

use reqwest::Url;

use super::is_loopback;
use super::problem::suggest;
use super::reader::{Reader, Told};
use super::source::Origin;
use crate::domain::facts::Site;

/// How far an endpoint can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trusted {
    /// A host of the exchange.
    Official,
    /// This machine: every status says TEST ENDPOINT.
    Loopback,
    /// Another host, allowed in the file.
    Custom,
}

/// The settings of KuCoin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kucoin {
    /// The site that issues the keys, unless a key says otherwise.
    pub site: Site,
    /// Scheme, host and port, without a slash at the end; `None` = the site's own.
    pub base_url: Option<String>,
    /// What that means for trust.
    pub trusted: Trusted,
}

impl Kucoin {
    /// The address to ask for keys of `site`.
    pub fn base_url(&self, site: Site) -> &str {
        self.base_url.as_deref().unwrap_or(official(site))
    }
}

/// The official REST host of a site (facts/kucoin.md section 6); Australia is the global host
/// with a header.
pub fn official(site: Site) -> &'static str {
    match site {
        Site::Global | Site::Au | Site::Other => "https://api.kucoin.com",
        Site::Eu => "https://api.kucoin.eu",
        Site::Tr => "https://api.kucoin.tr",
    }
}

pub(super) fn read(reader: &mut Reader) -> Kucoin {
    let site = reader.parsed(("kucoin", "site"), SiteWord(Site::Global), |text| {
        let known = Site::ALL.map(Site::id);
        let unknown = || format!("there is no such site: {}", suggest(text, &known));
        Site::parse(text).map(SiteWord).ok_or_else(unknown)
    });
    let allowed = reader.flag("kucoin", "allow_custom_endpoint");
    let (base_url, trusted) = match reader.text("kucoin", "base_url") {
        None => {
            reader.note("[kucoin] base_url", official(site.0), Origin::Default);
            (None, Trusted::Official)
        }
        Some(Told { value, origin, place }) => match judge(&value, allowed, origin) {
            Ok((url, trusted)) => {
                let remark = match trusted {
                    Trusted::Official => "",
                    Trusted::Loopback => " TEST ENDPOINT",
                    Trusted::Custom => " CUSTOM ENDPOINT",
                };
                reader.note("[kucoin] base_url", format!("{url}{remark}"), origin);
                (Some(url), trusted)
            }
            Err(sentence) => {
                reader.problems.add(place, sentence);
                (None, Trusted::Official)
            }
        },
    };
    Kucoin { site: site.0, base_url, trusted }
}

struct SiteWord(Site);

impl std::fmt::Display for SiteWord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.id())
    }
}

fn judge(text: &str, allowed: bool, origin: Origin) -> Result<(String, Trusted), &'static str> {
    let url = Url::parse(text)
        .map_err(|_| "this is no URL: write https://HOST, for example https://api.kucoin.com.")?;
    let bare = url.username().is_empty() && url.password().is_none();
    if !bare || url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err("write scheme and host only, for example https://api.kucoin.com.");
    }
    let host = url.host_str().unwrap_or_default();
    let plain = url.as_str().trim_end_matches('/').to_owned();
    if is_loopback(host) && matches!(url.scheme(), "http" | "https") {
        return Ok((plain, Trusted::Loopback));
    }
    if url.scheme() != "https" {
        return Err("keys are sent over https only: write https:// instead.");
    }
    if Site::ALL.into_iter().any(|site| official(site) == plain) {
        return Ok((plain, Trusted::Official));
    }
    if !allowed {
        return Err(
            "this is no host of KuCoin and would be sent your keys: remove it, or set allow_custom_endpoint = true below it.",
        );
    }
    if origin != Origin::File {
        return Err(
            "a host that is not KuCoin's can be named in the settings file only: write it there.",
        );
    }
    Ok((plain, Trusted::Custom))
}
