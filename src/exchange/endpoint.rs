//! Where an exchange is asked. Pure and checked (SECURITY S2): the built-in host of the site,
//! this machine as a test endpoint that says so everywhere, or, where the configuration file
//! allows it, another https host. Nothing is asked of an address that did not pass here.

use std::fmt;

use reqwest::Url;

use crate::domain::facts::{Exchange, Site};
use crate::http_client::{Reach, is_loopback};

/// A checked address of an exchange's site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    exchange: Exchange,
    site: Site,
    base: Url,
    kind: Kind,
}

/// How an endpoint came to be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The exchange's own host, known to this program.
    BuiltIn,
    /// This machine.
    Test,
    /// A host that the configuration file allowed.
    Custom,
}

/// Why an address is refused, in one sentence for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// No URL at all.
    #[error("The base_url is not a URL; write for example {0}.")]
    NotUrl(&'static str),
    /// More than scheme, host and port; a password in it is not repeated.
    #[error(
        "The base_url may hold a scheme, a host and a port and nothing more; write for example {0}."
    )]
    NotPlain(&'static str),
    /// Plain http to another machine.
    #[error("The base_url names {0} without https; only this machine may be asked by plain http.")]
    NotHttps(String),
    /// A host that is not the site's.
    #[error(
        "The base_url names {host}, which is not KuCoin's host for the site {site} ({known}); \
         leave base_url out, or set allow_custom_endpoint = true in the same section of the file."
    )]
    Foreign {
        /// The host that was named.
        host: String,
        /// The site it was named for.
        site: &'static str,
        /// The host we know.
        known: &'static str,
    },
    /// The site has no host that we know.
    #[error("No host of KuCoin is known for the site {0}; the sites are global, eu, au and tr.")]
    NoHost(&'static str),
}

impl Endpoint {
    /// KuCoin's `site`, at its own host or at `base_url`. `allow_custom` must come from the
    /// configuration file, never from the environment.
    pub fn kucoin(
        site: Site,
        base_url: Option<&str>,
        allow_custom: bool,
    ) -> Result<Self, EndpointError> {
        let known = kucoin_base(site).ok_or(EndpointError::NoHost(site.id()))?;
        let base: Url =
            base_url.unwrap_or(known).trim().parse().map_err(|_| EndpointError::NotUrl(known))?;
        let host = base.host_str().ok_or(EndpointError::NotUrl(known))?.to_owned();
        let has_login = !base.username().is_empty() || base.password().is_some();
        let has_query = base.query().is_some() || base.fragment().is_some();
        if has_login || has_query || base.path() != "/" {
            return Err(EndpointError::NotPlain(known));
        }
        let built_in = base.as_str().trim_end_matches('/') == known;
        let kind = match Reach::needed_for(&base) {
            None => return Err(EndpointError::NotHttps(host)),
            Some(Reach::Loopback) => Kind::Test,
            Some(Reach::Https) if built_in => Kind::BuiltIn,
            Some(Reach::Https) if allow_custom => Kind::Custom,
            Some(Reach::Https) => {
                let known = known.trim_start_matches("https://");
                return Err(EndpointError::Foreign { host, site: site.id(), known });
            }
        };
        Ok(Self { exchange: Exchange::Kucoin, site, base, kind })
    }

    /// The exchange behind it.
    pub fn exchange(&self) -> Exchange {
        self.exchange
    }

    /// The site behind it.
    pub fn site(&self) -> Site {
        self.site
    }

    /// How it came to be allowed.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether it is this machine: every status then says TEST ENDPOINT and readiness is false.
    pub fn is_test(&self) -> bool {
        is_loopback(&self.base)
    }

    /// What a status must say about an endpoint that is not the exchange's own.
    pub fn warning(&self) -> Option<String> {
        match self.kind {
            Kind::BuiltIn => None,
            Kind::Test => Some(format!("TEST ENDPOINT {self}: nothing it says is real")),
            Kind::Custom => Some(format!("CUSTOM ENDPOINT {self}")),
        }
    }

    /// The full address of `target` (path and query, both of plain characters).
    pub(super) fn url(&self, target: &str) -> Url {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let mut url = self.base.clone();
        url.set_path(path);
        url.set_query(query);
        url
    }

    /// What a client for it must be able to reach.
    pub(super) fn reach(&self) -> Reach {
        if self.is_test() { Reach::Loopback } else { Reach::Https }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.base.as_str().trim_end_matches('/'))
    }
}

/// The built-in table. Australia has no host of its own: a header names it.
fn kucoin_base(site: Site) -> Option<&'static str> {
    match site {
        Site::Global | Site::Au => Some("https://api.kucoin.com"),
        Site::Eu => Some("https://api.kucoin.eu"),
        Site::Tr => Some("https://api.kucoin.tr"),
        Site::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_site_has_its_own_host_and_no_warning() {
        let hosts = ["api.kucoin.com", "api.kucoin.eu", "api.kucoin.com", "api.kucoin.tr"];
        for (site, host) in Site::ALL.into_iter().zip(hosts) {
            let endpoint = Endpoint::kucoin(site, None, false).unwrap();
            assert_eq!(endpoint.to_string(), format!("https://{host}"));
            assert_eq!(endpoint.kind(), Kind::BuiltIn);
            assert!(!endpoint.is_test() && endpoint.warning().is_none());
        }
        assert_eq!(Endpoint::kucoin(Site::Other, None, true), Err(EndpointError::NoHost("other")));
    }

    #[test]
    fn an_address_is_built_in_or_a_test_or_needs_leave() {
        let kind = |url, allow| Endpoint::kucoin(Site::Global, Some(url), allow).map(|e| e.kind());
        assert_eq!(kind("https://api.kucoin.com/", false), Ok(Kind::BuiltIn));
        assert_eq!(kind("https://API.KuCoin.com:443", false), Ok(Kind::BuiltIn));
        for url in
            ["http://127.0.0.1:8080", "http://[::1]:1/", "http://localhost:9", "https://127.0.0.1"]
        {
            assert_eq!(kind(url, false), Ok(Kind::Test), "{url}");
        }
        for url in [
            "https://api.kucoin.eu",
            "https://api.kucoin.com:8443",
            "https://api.kucoin.com.",
            "https://api.kucoin.com.evil.example",
            "https://10.0.0.1",
            "https://xn--pi-8lc.kucoin.com",
        ] {
            assert!(matches!(kind(url, false), Err(EndpointError::Foreign { .. })), "{url}");
            assert_eq!(kind(url, true), Ok(Kind::Custom), "{url}");
        }
    }

    #[test]
    fn some_addresses_are_refused_even_with_leave() {
        let error = |url| Endpoint::kucoin(Site::Global, Some(url), true).unwrap_err();
        for url in [
            "http://api.kucoin.com",
            "http://10.0.0.1",
            "http://127.0.0.1.evil.example",
            "ftp://127.0.0.1",
        ] {
            assert!(matches!(error(url), EndpointError::NotHttps(_)), "{url}");
        }
        for url in ["api.kucoin.com", "", "https://", "data:text/plain,x"] {
            assert!(matches!(error(url), EndpointError::NotUrl(_)), "{url}");
        }
        for url in [
            "https://user:hunter2@api.kucoin.com",
            "https://api.kucoin.com/proxy",
            "https://api.kucoin.com/?a=b",
            "https://api.kucoin.com/#x",
        ] {
            assert!(matches!(error(url), EndpointError::NotPlain(_)), "{url}");
            assert!(!error(url).to_string().contains("hunter2"));
        }
    }

    #[test]
    fn a_test_endpoint_says_so() {
        let endpoint = Endpoint::kucoin(Site::Tr, Some("http://127.0.0.1:8080"), false).unwrap();
        assert!(endpoint.is_test());
        assert_eq!(
            endpoint.warning().unwrap(),
            "TEST ENDPOINT http://127.0.0.1:8080: nothing it says is real"
        );
        assert_eq!(endpoint.url("/a/b?c=d").as_str(), "http://127.0.0.1:8080/a/b?c=d");
    }
}
