//! Where rows are kept. A PostgreSQL URL is read with the parser that the driver uses, and only
//! parameters that the driver knows are let through: it logs the values of others. Off this
//! machine the server must prove its name (SECURITY S8).

use std::path::{Path, PathBuf};

use reqwest::Url;

use super::problem::any_of;
use super::reader::{Reader, Told};
use super::source::Origin;
use super::{is_loopback, resolve};
use crate::private_file::Trust;
use crate::secret::Secret;
use crate::vault::Backend;

const PARAMETERS: [&str; 11] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "host",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "statement-cache-capacity",
];
/// A URL file holds one line.
const URL_CAP: u64 = 16 * 1024;
const FILE_NAME: &str = "keylapse.db";

/// Which database to use.
#[derive(Clone)]
pub enum Database {
    /// A file of this machine.
    Sqlite {
        /// The file, absolute.
        path: PathBuf,
    },
    /// A PostgreSQL server.
    Postgres {
        /// The URL with its password.
        url: Secret,
        /// The URL as people may see it.
        shown: String,
    },
}

impl Database {
    /// The URL for the driver.
    pub fn url(&self) -> Secret {
        match self {
            Self::Sqlite { path } => Secret::new(sqlite_url(path)),
            Self::Postgres { url, .. } => url.clone(),
        }
    }

    /// The URL as people may see it.
    pub fn shown(&self) -> String {
        match self {
            Self::Sqlite { path } => sqlite_url(path),
            Self::Postgres { shown, .. } => shown.clone(),
        }
    }

    /// For the vault's decision at the start.
    pub fn backend(&self) -> Backend {
        match self {
            Self::Sqlite { .. } => Backend::Sqlite,
            Self::Postgres { .. } => Backend::Postgres,
        }
    }

    /// Reads `sqlite:PATH` or `postgres://...`; relative paths are in `data`.
    pub fn parse(url: Secret, data: &Path) -> Result<Self, String> {
        let text = url.expose();
        if let Some(path) = text.strip_prefix("sqlite:") {
            return sqlite(path, data);
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            let shown = postgres(text)?;
            return Ok(Self::Postgres { url, shown });
        }
        Err("write sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME.".to_owned())
    }

    /// Whether its URL carries a password.
    fn has_password(&self) -> bool {
        matches!(self, Self::Postgres { shown, .. } if shown.contains(MASK))
    }
}

/// Reads the section. The second value says that the settings file itself holds a password.
pub(super) fn read(reader: &mut Reader, data: &Path, trust: &Trust) -> (Database, bool) {
    let default = Database::Sqlite { path: data.join(FILE_NAME) };
    let (inline, file) = (reader.text("database", "url"), reader.text("database", "url_file"));
    let told = match (inline, file) {
        (Some(_), Some(file)) => {
            reader.problems.add(file.place, "url is set as well: keep one of the two.");
            None
        }
        (Some(Told { value, origin, place }), None) => {
            Some((Told { value: Secret::new(value), origin, place }, origin == Origin::File))
        }
        (None, Some(file)) => {
            reader.secret_file(file, URL_CAP, data, trust).map(|told| (told, false))
        }
        (None, None) => None,
    };
    let Some((Told { value, origin, place }, inline)) = told else {
        reader.note("[database] url", default.shown(), Origin::Default);
        return (default, false);
    };
    match Database::parse(value, data) {
        Ok(database) => {
            reader.note("[database] url", database.shown(), origin);
            let exposed = inline && database.has_password();
            (database, exposed)
        }
        Err(sentence) => {
            reader.problems.add(place, sentence);
            (default, inline)
        }
    }
}

fn sqlite(path: &str, data: &Path) -> Result<Database, String> {
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.contains('?') {
        return Err("keylapse sets SQLite's options itself: remove ? and what follows.".to_owned());
    }
    if path.is_empty() || path.starts_with(":memory:") {
        return Err("name a file, for example sqlite:keylapse.db.".to_owned());
    }
    Ok(Database::Sqlite { path: resolve(path, data) })
}

fn sqlite_url(path: &Path) -> String {
    let path = path.display().to_string();
    let path = path.replace('%', "%25").replace('?', "%3F").replace('#', "%23");
    format!("sqlite://{path}")
}

const MASK: &str = "***";

/// Checks a URL and returns it masked.
fn postgres(text: &str) -> Result<String, String> {
    // The parser's own message could quote a part of the password.
    let bad = "the URL cannot be read: write postgres://USER:PASSWORD@HOST/NAME, with %40 for an @ in the password.";
    let url = Url::parse(text).map_err(|_| bad.to_owned())?;
    let mut seen: Vec<(String, String)> = Vec::new();
    for (name, value) in url.query_pairs() {
        let plain = match &*name {
            "ssl-mode" => "sslmode",
            "ssl-root-cert" | "ssl-ca" => "sslrootcert",
            "ssl-cert" => "sslcert",
            "ssl-key" => "sslkey",
            other => other,
        };
        if !PARAMETERS.contains(&plain) {
            let known = any_of(&PARAMETERS);
            return Err(format!("it holds a parameter that is not known: use {known}."));
        }
        if seen.iter().any(|(before, _)| before == plain) {
            return Err(format!("{plain} is set twice: keep one."));
        }
        seen.push((plain.to_owned(), value.into_owned()));
    }
    let parameter = |name| seen.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    let local = is_local(url.host_str(), parameter("host"))?;
    let proven = parameter("sslmode").is_some_and(|mode| mode.eq_ignore_ascii_case("verify-full"));
    if !local && !proven {
        return Err(
            "the server is another machine and must prove its name: add ?sslmode=verify-full."
                .to_owned(),
        );
    }
    Ok(masked(url, &seen))
}

/// Whether nothing of the connection leaves this machine. Without any host the driver would ask
/// the environment (PGHOST), so one is required.
fn is_local(host: Option<&str>, parameter: Option<&str>) -> Result<bool, String> {
    let host = host.filter(|host| !host.is_empty());
    if parameter.is_some_and(|path| !path.starts_with('/')) {
        return Err(
            "host= takes the folder of a socket: write the server's name after @.".to_owned()
        );
    }
    let Some(host) = host else {
        return match parameter {
            Some(_) => Ok(true),
            None => {
                Err("it names no server: write localhost, or add ?host=/run/postgresql.".to_owned())
            }
        };
    };
    Ok(is_loopback(host) || host.to_ascii_lowercase().starts_with("%2f"))
}

fn masked(mut url: Url, parameters: &[(String, String)]) -> String {
    if url.password().is_some() {
        // Fails only for URLs without a host, which have no password either.
        let _ = url.set_password(Some(MASK));
    }
    url.set_fragment(None);
    url.set_query(None);
    let shown = parameters.iter().map(|(name, value)| match name.as_str() {
        "password" => format!("password={MASK}"),
        _ => format!("{name}={value}"),
    });
    let query = shown.collect::<Vec<_>>().join("&");
    if query.is_empty() { url.to_string() } else { format!("{url}?{query}") }
}
