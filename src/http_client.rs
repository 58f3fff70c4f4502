//! The only builder of outbound HTTP clients; clippy and the layering test keep it the only one.
//!
//! What it promises to whoever sends a secret (SECURITY S1): a redirect is an answer and never
//! followed, the proxy variables of the environment are ignored, everything but loopback is https,
//! waiting and reading have limits, and there are no cookies and no referer.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::HeaderValue;
use reqwest::{Client, Response, Url, redirect};

/// The longest body that is read of an answer that should be a small JSON object.
pub const SMALL_BODY: usize = 64 * 1024;

/// How long one request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until the connection stands, TLS included.
    pub connect: Duration,
    /// Between two pieces of the answer.
    pub read: Duration,
    /// For all of it, the body included.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let total = Duration::from_secs(10);
        Self { connect: Duration::from_secs(5), read: total, total }
    }
}

/// Where a client may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Anywhere, by https only.
    Https,
    /// This machine: plain http is allowed, names other than `localhost` do not resolve, and no
    /// proxy is used.
    Loopback,
}

/// Why there is no client, in one sentence without addresses or passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// The proxy setting is no URL.
    #[error("The proxy setting is not a usable URL; write for example http://proxy.example:3128.")]
    Proxy,
    /// The certificate authority cannot be read.
    #[error("The ca_file holds no certificate in PEM form; write the authority's certificate.")]
    Authority,
    /// TLS could not be set up.
    #[error("The HTTPS client could not be set up on this machine.")]
    Tls,
}

impl Reach {
    /// The reach that `url` needs: https anywhere, plain http on this machine only. `None` when
    /// no client may go there.
    pub fn needed_for(url: &Url) -> Option<Self> {
        match (url.scheme(), is_loopback(url)) {
            ("http" | "https", true) => Some(Self::Loopback),
            ("https", false) => Some(Self::Https),
            _ => None,
        }
    }
}

/// A platform's own hosts, which one client may reach and nothing else by name: they may be looked
/// for at an address of the configuration, and one more authority may speak for them.
#[derive(Clone, Copy, Debug)]
pub struct Hosts<'a> {
    /// Their names.
    pub names: &'static [&'static str],
    /// Where they are, instead of what the DNS says.
    pub at: Option<SocketAddr>,
    /// An authority in PEM beside the built-in ones; it can open no other client's connections.
    pub authority: Option<&'a [u8]>,
}

/// Builds a client for these hosts only, by https only.
pub fn build_for(hosts: Hosts<'_>, timeouts: Timeouts) -> Result<Client, BuildError> {
    let known = OnlyThese { names: hosts.names, at: hosts.at };
    let mut builder = careful(timeouts).https_only(true).dns_resolver2(known);
    if let Some(pem) = hosts.authority {
        let found = reqwest::Certificate::from_pem_bundle(pem);
        let found = found.ok().filter(|found| !found.is_empty()).ok_or(BuildError::Authority)?;
        builder = found.into_iter().fold(builder, reqwest::ClientBuilder::add_root_certificate);
    }
    builder.build().map_err(|_| BuildError::Tls)
}

/// Builds a client. `proxy` comes from the configuration, never from the environment; it is not
/// used on loopback.
pub fn build(reach: Reach, timeouts: Timeouts, proxy: Option<&str>) -> Result<Client, BuildError> {
    let mut builder = careful(timeouts);
    builder = match reach {
        Reach::Https => builder.https_only(true),
        Reach::Loopback => builder.dns_resolver2(OnlyLocalhost),
    };
    if let (Some(proxy), Reach::Https) = (proxy, reach) {
        builder = builder.proxy(reqwest::Proxy::all(proxy).map_err(|_| BuildError::Proxy)?);
    }
    builder.build().map_err(|_| BuildError::Tls)
}

/// What every client has in common.
#[expect(clippy::disallowed_methods, reason = "the one place that builds outbound clients")]
fn careful(timeouts: Timeouts) -> reqwest::ClientBuilder {
    Client::builder()
        .user_agent(concat!("keylapse/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .referer(false)
        // Also switches off what HTTPS_PROXY and ALL_PROXY say; an explicit proxy comes after it.
        .no_proxy()
        .tcp_nodelay(true)
        .connect_timeout(timeouts.connect)
        .read_timeout(timeouts.read)
        .timeout(timeouts.total)
}

/// Whether the URL's host is this machine, by number or as `localhost`.
pub fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let number = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || number.is_ok_and(|address| address.is_loopback())
}

/// A header value that is never printed by the HTTP libraries. `None` when it holds characters
/// that no header may hold, such as a line end.
pub fn sensitive(value: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is longer than the caller wants to know.
    #[error("the body is too long")]
    TooLong,
    /// The connection ended or timed out before the body did, or it could not be unpacked.
    #[error("the body broke off")]
    BrokenOff,
}

/// Reads a body of at most `cap` bytes, counted after unpacking.
pub async fn read_capped(response: Response, cap: usize) -> Result<Vec<u8>, ReadError> {
    let mut body = Vec::new();
    read_into(&mut body, response, cap).await.map(|()| body)
}

/// The same into `body`, which holds the beginning when the whole could not be read.
pub async fn read_into(
    body: &mut Vec<u8>,
    mut response: Response,
    cap: usize,
) -> Result<(), ReadError> {
    while let Some(piece) = response.chunk().await.map_err(|_| ReadError::BrokenOff)? {
        if body.len() + piece.len() > cap {
            return Err(ReadError::TooLong);
        }
        body.extend_from_slice(&piece);
    }
    Ok(())
}

/// What went wrong with a request, in words that hold no URL: some platforms put a token there.
pub fn reason(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "timed out"
    } else if error.is_connect() {
        "could not connect"
    } else if error.is_body() || error.is_decode() {
        "the answer broke off"
    } else {
        "the request failed"
    }
}

/// Knows one name, so that a client for this machine stays on it.
struct OnlyLocalhost;

impl Resolve for OnlyLocalhost {
    fn resolve(&self, name: Name) -> Resolving {
        let known = name.as_str() == "localhost";
        Box::pin(std::future::ready(if known {
            let both = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
            Ok(Box::new(both.into_iter().map(|ip| SocketAddr::new(ip, 0))) as Addrs)
        } else {
            Err("this client knows only localhost".into())
        }))
    }
}

/// Knows a platform's hosts and nobody else.
struct OnlyThese {
    names: &'static [&'static str],
    at: Option<SocketAddr>,
}

impl Resolve for OnlyThese {
    fn resolve(&self, name: Name) -> Resolving {
        let known = self.names.contains(&name.as_str());
        let at = self.at;
        Box::pin(async move {
            match at {
                _ if !known => Err("this client knows other hosts only".into()),
                Some(at) => Ok(Box::new(std::iter::once(at)) as Addrs),
                None => {
                    let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
                    Ok(Box::new(found.collect::<Vec<_>>().into_iter()) as Addrs)
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_client_for_some_hosts_finds_no_other_and_refuses_a_broken_authority() {
        let hosts = Hosts {
            names: &["platform.test"],
            at: Some(([127, 0, 0, 1], 9).into()),
            authority: None,
        };
        let client = build_for(hosts, Timeouts::default()).unwrap();
        let error = client.get("https://api.kucoin.com/").send().await.unwrap_err();
        assert!(format!("{error:?}").contains("knows other hosts only"), "{error:?}");
        let error = client.get("https://platform.test/").send().await.unwrap_err();
        assert!(!format!("{error:?}").contains("knows other hosts only"), "{error:?}");
        assert!(client.get("http://platform.test/").send().await.unwrap_err().is_builder());
        let broken = Hosts { authority: Some(b"no certificate"), ..hosts };
        assert_eq!(build_for(broken, Timeouts::default()).err(), Some(BuildError::Authority));
    }

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn plain_http_reaches_this_machine_only() {
        let table = [
            ("https://api.kucoin.com", Some(Reach::Https)),
            ("http://api.kucoin.com", None),
            ("http://127.0.0.1:8080", Some(Reach::Loopback)),
            ("http://127.8.9.1", Some(Reach::Loopback)),
            ("http://[::1]:9", Some(Reach::Loopback)),
            ("http://localhost:1", Some(Reach::Loopback)),
            ("https://localhost:1", Some(Reach::Loopback)),
            ("http://localhost.evil.example", None),
            ("http://10.0.0.1", None),
            ("http://0.0.0.0", None),
            ("ftp://127.0.0.1", None),
        ];
        for (text, reach) in table {
            assert_eq!(Reach::needed_for(&url(text)), reach, "{text}");
        }
    }

    #[tokio::test]
    async fn a_client_for_the_world_refuses_plain_http_and_one_for_loopback_refuses_names() {
        let world = build(Reach::Https, Timeouts::default(), None).unwrap();
        assert!(world.get("http://127.0.0.1:9/").send().await.unwrap_err().is_builder());
        let home = build(Reach::Loopback, Timeouts::default(), None).unwrap();
        let error = home.get("http://api.kucoin.com/").send().await.unwrap_err();
        assert_eq!(reason(&error), "could not connect");
    }

    #[test]
    fn a_bad_proxy_is_refused_without_repeating_its_password() {
        let error = build(Reach::Https, Timeouts::default(), Some("http://a:b@:x")).unwrap_err();
        assert_eq!(error, BuildError::Proxy);
        assert!(!error.to_string().contains("a:b"));
    }

    /// Counts the connections of the next moment.
    fn visits(listener: &std::net::TcpListener) -> usize {
        listener.set_nonblocking(true).unwrap();
        std::iter::from_fn(|| listener.accept().ok()).count()
    }

    #[test]
    fn the_proxy_variables_of_the_environment_are_ignored() {
        let [target, proxy] =
            [0; 2].map(|port| std::net::TcpListener::bind(("127.0.0.1", port)).unwrap());
        let url =
            |listener: &std::net::TcpListener| format!("http://{}", listener.local_addr().unwrap());
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "http_client::tests::child_that_asks", "--ignored"]);
        for name in ["ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY"] {
            child.env(name, url(&proxy)).env(name.to_lowercase(), url(&proxy));
        }
        child
            .env("KEYLAPSE_TEST_TARGET", url(&target))
            .env_remove("NO_PROXY")
            .env_remove("no_proxy");
        assert!(child.output().unwrap().status.success());
        assert_eq!((visits(&target), visits(&proxy)), (1, 0));
    }

    #[tokio::test]
    #[ignore = "run by the test above, with proxy variables set"]
    async fn child_that_asks() {
        let Ok(target) = std::env::var("KEYLAPSE_TEST_TARGET") else { return };
        let short = Timeouts { total: Duration::from_millis(300), ..Timeouts::default() };
        // Nobody answers: only where the connection goes matters. A configured proxy is not used
        // for this machine either.
        let proxy = std::env::var("ALL_PROXY").unwrap();
        let client = build(Reach::Loopback, short, Some(&proxy)).unwrap();
        assert_eq!(reason(&client.get(target).send().await.unwrap_err()), "timed out");
    }

    #[test]
    fn a_secret_header_prints_nothing() {
        assert_eq!(format!("{:?}", sensitive("abc").unwrap()), "Sensitive");
        assert!(sensitive("a\r\nb").is_none());
    }
}
