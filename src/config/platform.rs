//! How Discord and Telegram are reached. A section without a token is a platform that is not used.
//! The hosts are the platforms' own; a loopback address marks everything as a test, anything else
//! must be named and allowed in the file itself (SECURITY S2).

use std::net::SocketAddr;
use std::path::Path;

use reqwest::Url;

use super::endpoint::Trusted;
use super::is_loopback;
use super::reader::{Reader, Told};
use super::resolve;
use super::source::Origin;
use crate::private_file::{self, Trust};
use crate::secret::Secret;

/// A token is one short line.
const TOKEN_CAP: u64 = 4 * 1024;
/// A certificate authority in PEM.
const CA_CAP: u64 = 256 * 1024;

/// Where a platform is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Api {
    /// Scheme, host, port and path, without a slash at the end; `None` = the platform's own.
    pub url: Option<String>,
    /// What that means for trust; `None` = the platform's own.
    pub trusted: Option<Trusted>,
}

impl Api {
    /// Whether what is said there is a test.
    pub fn is_test(&self) -> bool {
        self.trusted == Some(Trusted::Loopback)
    }
}

/// How Discord is reached.
#[derive(Clone)]
pub struct Discord {
    /// The bot's token.
    pub token: Secret,
    /// Where it is asked.
    pub api: Api,
    /// Discord's hosts are looked for here instead of in the DNS.
    pub resolve: Option<SocketAddr>,
    /// A certificate authority that may speak for Discord's hosts, in PEM; for nothing else.
    pub ca: Option<Vec<u8>>,
    /// Whether ordinary messages of channels are looked through for secrets.
    pub guard_channels: bool,
}

/// How Telegram is reached.
#[derive(Clone)]
pub struct Telegram {
    /// The bot's token.
    pub token: Secret,
    /// Where it is asked.
    pub api: Api,
    /// Whether ordinary messages of groups are looked through for secrets.
    pub guard_channels: bool,
}

/// Reads `[discord]`. The second value says that the settings file itself holds the token.
pub(super) fn discord(reader: &mut Reader, data: &Path, trust: &Trust) -> (Option<Discord>, bool) {
    let (token, exposed) = token(reader, "discord", (data, trust), |token| {
        // Three parts between dots; the first is the bot's number in base64.
        let parts: Vec<&str> = token.split('.').collect();
        parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && is_plain(part))
    });
    let api = api(reader, "discord", "https://discord.com");
    let allowed = reader.flag("discord", "allow_custom_endpoint");
    let resolve_to = reader.text("discord", "resolve").and_then(|told| {
        let address: Option<SocketAddr> = told.value.parse().ok();
        match address {
            None => {
                reader.problems.add(told.place, "write an address with a port, for example 127.0.0.1:8443.");
                None
            }
            Some(address) if !may_stand_in(address, allowed && told.origin == Origin::File) => {
                reader.problems.add(told.place, "only a loopback address can stand in for Discord, unless allow_custom_endpoint = true stands in the same section of the file.");
                None
            }
            Some(address) => {
                reader.note("[discord] resolve", address, told.origin);
                Some(address)
            }
        }
    });
    let ca = reader.text("discord", "ca_file").and_then(|told| {
        let path = resolve(&told.value, data);
        reader.note("[discord] ca_file", path.display(), told.origin);
        read_ca(reader, &told, &path)
    });
    let api = judge_api(reader, api, allowed);
    let guard_channels = reader.flag("discord", "guard_channels");
    let discord =
        token.map(|token| Discord { token, api, resolve: resolve_to, ca, guard_channels });
    (discord, exposed)
}

/// Reads `[telegram]`. The second value says that the settings file itself holds the token.
pub(super) fn telegram(
    reader: &mut Reader,
    data: &Path,
    trust: &Trust,
) -> (Option<Telegram>, bool) {
    let (token, exposed) = token(reader, "telegram", (data, trust), |token| {
        let parts = token.split_once(':');
        parts.is_some_and(|(id, rest)| {
            !id.is_empty()
                && id.bytes().all(|b| b.is_ascii_digit())
                && rest.len() >= 20
                && is_plain(rest)
        })
    });
    let api = api(reader, "telegram", "https://api.telegram.org");
    let allowed = reader.flag("telegram", "allow_custom_endpoint");
    let api = judge_api(reader, api, allowed);
    let guard_channels = reader.flag("telegram", "guard_channels");
    (token.map(|token| Telegram { token, api, guard_channels }), exposed)
}

/// The letters that tokens are made of: no quotation mark and no second line.
fn is_plain(part: &str) -> bool {
    part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

fn may_stand_in(address: SocketAddr, allowed: bool) -> bool {
    address.ip().is_loopback() || allowed
}

fn read_ca(reader: &mut Reader, told: &Told<String>, path: &Path) -> Option<Vec<u8>> {
    let read = || -> std::io::Result<Vec<u8>> {
        use std::io::Read as _;
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(CA_CAP).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    match read() {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            let why = private_file::reason(&error);
            reader.problems.add(told.place.clone(), format!("the file cannot be read ({why})."));
            None
        }
    }
}

fn token(
    reader: &mut Reader,
    section: &'static str,
    (data, trust): (&Path, &Trust),
    fits: impl Fn(&str) -> bool,
) -> (Option<Secret>, bool) {
    let (inline, file) = (reader.text(section, "token"), reader.text(section, "token_file"));
    let (told, exposed) = match (inline, file) {
        (Some(_), Some(file)) => {
            reader.problems.add(file.place, "token is set as well: keep one of the two.");
            return (None, false);
        }
        (None, None) => return (None, false),
        (Some(Told { value, origin, place }), None) => {
            (Told { value: Secret::new(value), origin, place }, origin == Origin::File)
        }
        (None, Some(file)) => match reader.secret_file(file, TOKEN_CAP, data, trust) {
            Some(told) => (told, false),
            None => return (None, false),
        },
    };
    if !fits(told.value.expose().trim()) {
        let from = if section == "discord" {
            "the Developer Portal, Bot, Reset Token"
        } else {
            "@BotFather"
        };
        reader.problems.add(
            told.place,
            format!("this is not the shape of a bot's token: copy it again from {from}."),
        );
        return (None, exposed);
    }
    reader.note(&format!("[{section}] token"), "***", told.origin);
    (Some(Secret::new(told.value.expose().trim().to_owned())), exposed)
}

fn api(
    reader: &mut Reader,
    section: &'static str,
    own: &'static str,
) -> (&'static str, &'static str, Option<Told<String>>) {
    (section, own, reader.text(section, "api_url"))
}

fn judge_api(
    reader: &mut Reader,
    (section, own, told): (&'static str, &'static str, Option<Told<String>>),
    allowed: bool,
) -> Api {
    let Some(Told { value, origin, place }) = told else { return Api::default() };
    let judged = judge(&value, own, allowed && origin == Origin::File);
    match judged {
        Ok((url, trusted)) => {
            let remark = match trusted {
                None | Some(Trusted::Official) => "",
                Some(Trusted::Loopback) => " TEST ENDPOINT",
                Some(Trusted::Custom) => " CUSTOM ENDPOINT",
            };
            reader.note(&format!("[{section}] api_url"), format!("{url}{remark}"), origin);
            Api { url: Some(url), trusted }
        }
        Err(sentence) => {
            reader.problems.add(place, sentence);
            Api::default()
        }
    }
}

fn judge(text: &str, own: &str, allowed: bool) -> Result<(String, Option<Trusted>), String> {
    let url =
        Url::parse(text).map_err(|_| format!("this is no URL: write {own}, or leave it out."))?;
    let bare = url.username().is_empty() && url.password().is_none();
    if !bare || url.query().is_some() || url.fragment().is_some() {
        return Err("write scheme, host and port only.".to_owned());
    }
    let plain = url.as_str().trim_end_matches('/').to_owned();
    if is_loopback(url.host_str().unwrap_or_default()) && matches!(url.scheme(), "http" | "https") {
        return Ok((plain, Some(Trusted::Loopback)));
    }
    if plain == own {
        return Ok((plain, None));
    }
    if url.scheme() != "https" {
        return Err("a token is sent over https only: write https:// instead.".to_owned());
    }
    if !allowed {
        return Err("this host would be sent the bot's token: remove it, or name it in the file with allow_custom_endpoint = true below it.".to_owned());
    }
    Ok((plain, Some(Trusted::Custom)))
}
