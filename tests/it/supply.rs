//! Supply (S25): what the lock file brings in, asked of cargo itself: licences, banned crates,
//! sources, single copies. `deny.toml` says the same to cargo-deny and is held in step here.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

/// Of these there is exactly one copy.
const SINGLE: &[&str] = &["reqwest", "tokio", "libsqlite3-sys"];

/// A crate of the lock file.
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    /// `None` for the crate itself.
    source: Option<String>,
}

fn packages() -> &'static [Package] {
    static PACKAGES: OnceLock<Vec<Package>> = OnceLock::new();
    PACKAGES.get_or_init(|| {
        // Without a network first; what was never built here (other platforms) needs it.
        let text = metadata(&["--offline"]).or_else(|_| metadata(&[])).expect("cargo answers");
        let value: Value = serde_json::from_str(&text).expect("cargo answers with JSON");
        let cell = |package: &Value, name: &str| package[name].as_str().map(str::to_owned);
        let packages = value["packages"].as_array().expect("a list of packages").iter();
        packages
            .map(|package| Package {
                name: cell(package, "name").expect("a name"),
                version: cell(package, "version").expect("a version"),
                license: cell(package, "license"),
                source: cell(package, "source"),
            })
            .collect()
    })
}

fn metadata(more: &[&str]) -> Result<String, String> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1"])
        .args(more)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        String::from_utf8(output.stdout).map_err(|error| error.to_string())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

fn deny() -> toml::Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deny.toml");
    std::fs::read_to_string(path).unwrap().parse().expect("deny.toml is TOML")
}

fn texts<'a>(
    list: &'a toml::Value,
    of: impl Fn(&'a toml::Value) -> Option<&'a str>,
) -> BTreeSet<&'a str> {
    list.as_array().expect("a list").iter().map(|one| of(one).expect("a text")).collect()
}

/// Whether an SPDX expression lets us use the crate: of every AND both sides, of an OR one.
fn permits(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    // Old manifests write a slash for OR.
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let permitted = any(&words, &mut at, allowed);
    permitted && at == words.len()
}

fn any(words: &[&str], at: &mut usize, allowed: &BTreeSet<&str>) -> bool {
    let mut permitted = all(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        permitted |= all(words, at, allowed);
    }
    permitted
}

fn all(words: &[&str], at: &mut usize, allowed: &BTreeSet<&str>) -> bool {
    let mut permitted = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        permitted &= one(words, at, allowed);
    }
    permitted
}

fn one(words: &[&str], at: &mut usize, allowed: &BTreeSet<&str>) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let permitted = any(words, at, allowed);
        *at += 1;
        return permitted;
    }
    if words.get(*at) == Some(&"WITH") {
        let exception = words.get(*at + 1).copied().unwrap_or_default();
        *at += 2;
        return allowed.contains(format!("{word} WITH {exception}").as_str());
    }
    allowed.contains(word)
}

#[test]
fn every_crate_is_under_a_licence_of_the_list() {
    let deny = deny();
    let allowed = texts(&deny["licenses"]["allow"], toml::Value::as_str);
    let others = packages().iter().filter(|package| package.source.is_some());
    let refused: Vec<String> = others
        .filter(|package| !package.license.as_ref().is_some_and(|text| permits(text, &allowed)))
        .map(|package| format!("{} {}: {:?}", package.name, package.version, package.license))
        .collect();
    assert!(refused.is_empty(), "not under a licence of deny.toml:\n{}", refused.join("\n"));
}

#[test]
fn a_licence_is_read_as_it_is_meant() {
    let allowed =
        BTreeSet::from(["MIT", "Apache-2.0", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"]);
    let table = [
        ("MIT", true),
        ("MIT/Apache-2.0", true),
        ("GPL-3.0-only OR MIT", true),
        ("MIT AND GPL-3.0-only", false),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("(MIT OR Apache-2.0) AND OpenSSL", false),
        ("MIT OR GPL-2.0-only AND OpenSSL", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("MIT WITH LLVM-exception", false),
        ("GPL-3.0-only", false),
        ("", false),
        ("MIT nonsense", false),
    ];
    for (expression, expected) in table {
        assert_eq!(permits(expression, &allowed), expected, "{expression}");
    }
}

#[test]
fn no_banned_crate_is_locked() {
    let deny = deny();
    let banned = texts(&deny["bans"]["deny"], |one| one["crate"].as_str());
    for must in ["openssl", "openssl-sys", "native-tls", "aws-lc-rs", "aws-lc-sys", "async-std"] {
        assert!(banned.contains(must), "deny.toml does not ban {must}");
    }
    let locked: Vec<&str> =
        packages().iter().map(|p| p.name.as_str()).filter(|name| banned.contains(name)).collect();
    assert!(locked.is_empty(), "banned and locked: {locked:?}");
}

#[test]
fn crates_come_from_one_registry_and_nothing_from_git() {
    let sources: BTreeSet<&str> =
        packages().iter().filter_map(|package| package.source.as_deref()).collect();
    assert!(sources.iter().all(|source| source.starts_with("registry+")), "{sources:?}");
    assert_eq!(sources.len(), 1, "{sources:?}");
    let paths: Vec<&str> =
        packages().iter().filter(|p| p.source.is_none()).map(|p| p.name.as_str()).collect();
    assert_eq!(paths, ["keylapse"], "nothing but ourselves is taken from a path");
    let deny = deny();
    for unknown in ["unknown-registry", "unknown-git"] {
        assert_eq!(deny["sources"][unknown].as_str(), Some("deny"), "{unknown}");
    }
}

#[test]
fn what_must_be_single_is_single() {
    for name in SINGLE {
        let versions: Vec<&str> =
            packages().iter().filter(|p| p.name == *name).map(|p| p.version.as_str()).collect();
        assert_eq!(versions.len(), 1, "{name}: {versions:?}");
    }
}

/// Whether an advisory may be ignored: by id, with a reason of some length and a date.
fn is_excused(exception: &toml::Value) -> bool {
    let text = |name: &str| exception.get(name).and_then(toml::Value::as_str).unwrap_or_default();
    let reason = text("reason");
    let is_date = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_ascii_digit());
        chrono::NaiveDate::parse_from_str(word, "%Y-%m-%d").is_ok()
    };
    text("id").starts_with("RUSTSEC-")
        && reason.len() > 30
        && reason.split_whitespace().any(is_date)
}

#[test]
fn each_ignored_advisory_has_a_reason_and_a_date() {
    let deny = deny();
    for exception in deny["advisories"]["ignore"].as_array().expect("a list") {
        assert!(is_excused(exception), "{exception} lacks an id, a reason or a date");
    }
    let table = [
        (
            r#"{ id = "RUSTSEC-2026-0049", reason = "no revocation list is ever read here; 2026-11-23" }"#,
            true,
        ),
        (r#"{ id = "RUSTSEC-2026-0049", reason = "no revocation list is ever read here" }"#, false),
        (r#"{ id = "RUSTSEC-2026-0049", reason = "2026-11-23" }"#, false),
        (r#"{ id = "RUSTSEC-2026-0049" }"#, false),
        (r#""RUSTSEC-2026-0049""#, false),
    ];
    for (text, expected) in table {
        let parsed: toml::Table = format!("it = {text}").parse().unwrap();
        assert_eq!(is_excused(&parsed["it"]), expected, "{text}");
    }
}
