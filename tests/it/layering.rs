//! "Who may use whom" of DESIGN.md section 2, held against the text of `src`. Comments, strings
//! and test code are left out; what remains is read for paths of ours (`crate::x`, `use crate::{…}`,
//! `super::…` up to the root) and for words that belong to one place. `VIOLATIONS` proves that
//! every rule can go red.

mod source;

use std::path::{Path, PathBuf};

use source::{Source, uses};

/// Pieces of the root that every edge may use.
const ROOT: &[&str] = &["secret", "clock", "http_client", "ids"];

/// What a module may use beside itself; `edge` adds [`ROOT`].
struct Layer {
    name: &'static str,
    edge: bool,
    may_use: &'static [&'static str],
}

const fn edge(name: &'static str, may_use: &'static [&'static str]) -> Layer {
    Layer { name, edge: true, may_use }
}

const fn piece(name: &'static str, may_use: &'static [&'static str]) -> Layer {
    Layer { name, edge: false, may_use }
}

const LAYERS: &[Layer] = &[
    piece("domain", &[]),
    edge("exchange", &["domain", "vault"]),
    edge("store", &["domain", "vault", "private_file"]),
    edge("knowledge", &["domain"]),
    edge("commands", &["domain", "store", "knowledge"]),
    edge("chat", &["domain", "commands"]),
    edge("tasks", &["domain", "store", "exchange", "chat"]),
    edge("http", &["domain", "store", "commands"]),
    piece("secret", &[]),
    piece("clock", &[]),
    piece("ids", &["domain"]),
    piece("http_client", &["secret"]),
    piece("private_file", &[]),
    piece("hardening", &["private_file"]),
    piece("vault", &["domain", "secret", "private_file"]),
    piece("config", &["domain", "secret", "private_file", "vault"]),
];

/// These may use everything.
const TOP: &[&str] = &["app", "cli", "main", "lib"];

/// A task speaks to people through the trait; which platform it is, it does not know.
const ADAPTERS: &[&str] = &["discord", "telegram", "console"];

/// Words that belong to some places only. A word that ends in `(`, `!` or `:` is taken as it
/// stands, any other as a whole word.
struct Only {
    words: &'static [&'static str],
    places: &'static [&'static str],
    rule: &'static str,
}

const ONLY: &[Only] = &[
    Only {
        words: &["serenity"],
        places: &["src/chat/discord"],
        rule: "serenity stays under chat/discord",
    },
    Only {
        words: &["teloxide"],
        places: &["src/chat/telegram"],
        rule: "teloxide stays under chat/telegram",
    },
    Only { words: &["sqlx"], places: &["src/store/"], rule: "sqlx stays under store" },
    Only {
        words: &["ClientBuilder", "Client::builder(", "reqwest::Client::new("],
        // serenity's gateway has a builder of this name; its HTTP client is given to it.
        places: &["src/http_client.rs", "src/chat/discord/listen.rs"],
        rule: "outbound clients are built in http_client.rs",
    },
    Only {
        words: &["Utc::now", "Local::now", "SystemTime::now", "Instant::now"],
        places: &["src/clock.rs"],
        rule: "only clock.rs asks the computer for the time",
    },
    Only {
        words: &[".begin(", ".begin_with("],
        places: &["src/store/mod.rs"],
        rule: "transactions begin in store/mod.rs",
    },
    Only {
        words: &["println!", "print!", "eprintln!", "eprint!", "dbg!"],
        places: &["src/cli", "src/main.rs", "src/chat/console"],
        rule: "only cli, main.rs and chat/console print",
    },
    Only {
        words: &["env::var", "env::vars", "env::var_os", "env::vars_os"],
        places: &["src/cli", "src/config", "src/main.rs"],
        rule: "only cli, config and main.rs read the environment",
    },
];

/// Words that some places must not hold.
const NEVER: &[Only] = &[Only {
    words: &["fastrand"],
    places: &["src/vault", "src/ids.rs", "src/domain"],
    rule: "no guessable chance in vault, ids and domain (S6)",
}];

/// All that is wrong with one file, as `file:line: rule`.
fn offences(path: &str, text: &str) -> Vec<String> {
    let source = Source::read(path, text);
    let mut found = Vec::new();
    let mut offend = |at: usize, rule: String| found.push((source.line(at), rule));
    for (at, used, second) in uses(&source) {
        if let Some(rule) = judge_use(&source.module, &used, second.as_deref()) {
            offend(at, rule);
        }
    }
    let is_in = |places: &[&str]| places.iter().any(|place| path.starts_with(place));
    for only in ONLY.iter().filter(|only| !is_in(only.places)) {
        only.words
            .iter()
            .flat_map(|word| source.find(word))
            .for_each(|at| offend(at, only.rule.to_owned()));
    }
    for never in NEVER.iter().filter(|never| is_in(never.places)) {
        never
            .words
            .iter()
            .flat_map(|word| source.find(word))
            .for_each(|at| offend(at, never.rule.to_owned()));
    }
    found.sort();
    found.dedup();
    found.into_iter().map(|(line, rule)| format!("{path}:{line}: {rule}")).collect()
}

fn judge_use(module: &str, used: &str, second: Option<&str>) -> Option<String> {
    if module == used || TOP.contains(&module) {
        return None;
    }
    let Some(layer) = LAYERS.iter().find(|layer| layer.name == module) else {
        return Some(format!("`{module}` has no place in LAYERS yet"));
    };
    if module == "tasks" && used == "chat" && second.is_some_and(|name| ADAPTERS.contains(&name)) {
        return Some("tasks know the trait Messenger and no adapter".to_owned());
    }
    let is_allowed = layer.may_use.contains(&used) || (layer.edge && ROOT.contains(&used));
    (!is_allowed).then(|| format!("{module} must not use {used}"))
}

#[test]
fn every_module_uses_only_what_it_may() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join("src"), &mut files);
    assert!(files.len() > 50, "the sources were found");
    let mut found = Vec::new();
    for file in files {
        let path = file.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
        found.extend(offences(&path, &std::fs::read_to_string(&file).unwrap()));
    }
    assert!(found.is_empty(), "against DESIGN.md section 2:\n{}", found.join("\n"));
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            files.push(path);
        }
    }
}

/// A file that breaks one rule, and what must be said of it.
const VIOLATIONS: &[(&str, &str, &str)] = &[
    ("src/domain/key.rs", "use crate::store::Store;", "1: domain must not use store"),
    ("src/domain/key.rs", "use crate::clock;", "1: domain must not use clock"),
    ("src/domain/rules/age.rs", "use super::super::super::ids::Ids;", "1: domain must not use ids"),
    (
        "src/exchange/mod.rs",
        "\n\nuse crate::{domain::key, store};",
        "3: exchange must not use store",
    ),
    ("src/store/alert.rs", "fn f() { crate::exchange::ask() }", "1: store must not use exchange"),
    ("src/store/mod.rs", "use super::commands::Reply;", "1: store must not use commands"),
    ("src/knowledge/mod.rs", "use crate::vault::Vault;", "1: knowledge must not use vault"),
    (
        "src/commands/ack.rs",
        "use crate::{\n  store,\n  exchange::{Prober, x},\n};",
        "3: commands must not use exchange",
    ),
    ("src/chat/mod.rs", "use crate::store::Store;", "1: chat must not use store"),
    ("src/tasks/check.rs", "use crate::commands::Reply;", "1: tasks must not use commands"),
    ("src/tasks/check.rs", "use crate::vault::Vault;", "1: tasks must not use vault"),
    (
        "src/tasks/deliver.rs",
        "use crate::chat::{Messenger, console::Console};",
        "1: tasks know the trait",
    ),
    ("src/http/mod.rs", "use crate::exchange::Prober;", "1: http must not use exchange"),
    ("src/config/mod.rs", "use crate::store::Store;", "1: config must not use store"),
    ("src/clock.rs", "use crate::store::Store;", "1: clock must not use store"),
    ("src/novelty.rs", "use crate::domain::key::Key;", "1: `novelty` has no place in LAYERS"),
    ("src/chat/mod.rs", "use serenity::all::Http;", "1: serenity stays under"),
    ("src/chat/discord/mod.rs", "use teloxide::Bot;", "1: teloxide stays under"),
    ("src/tasks/tidy.rs", "sqlx::query(\"DELETE\");", "1: sqlx stays under"),
    ("src/chat/telegram/mod.rs", "reqwest::Client::new()", "1: outbound clients"),
    ("src/exchange/kucoin/mod.rs", "let c = Client::builder();", "1: outbound clients"),
    ("src/chat/discord/mod.rs", "reqwest::ClientBuilder::new()", "1: outbound clients"),
    ("src/tasks/check.rs", "/* a\nb */ let now = Utc::now();", "2: only clock.rs asks"),
    ("src/store/duty.rs", "std::time::SystemTime::now()", "1: only clock.rs asks"),
    ("src/domain/wall.rs", "let s = Instant::now();", "1: only clock.rs asks"),
    ("src/domain/wall.rs", "chrono::Local::now()", "1: only clock.rs asks"),
    ("src/store/deed.rs", "self.writer.begin().await", "1: transactions begin in"),
    ("src/store/deed.rs", "pool\n  .begin_with(\"BEGIN\")", "2: transactions begin in"),
    ("src/ids.rs", "fastrand::u64(..)", "1: no guessable chance"),
    ("src/vault/cell.rs", "use fastrand::Rng;", "1: no guessable chance"),
    ("src/domain/key.rs", "use fastrand as f;", "1: no guessable chance"),
    ("src/tasks/check.rs", "println!(\"x\");", "1: only cli, main.rs"),
    ("src/store/mod.rs", "dbg!(secret)", "1: only cli, main.rs"),
    ("src/exchange/mod.rs", "std::env::var(\"URL\")", "1: only cli, config"),
    ("src/app.rs", "use std::env;\nenv::vars_os()", "2: only cli, config"),
];

#[test]
fn every_rule_can_go_red() {
    for (path, text, expected) in VIOLATIONS {
        let found = offences(path, text);
        assert_eq!(found.len(), 1, "{path}\n{text}\n{found:?}");
        assert!(found[0].starts_with(&format!("{path}:{expected}")), "{found:?}");
    }
    let named =
        |rule: &str| VIOLATIONS.iter().any(|(_, _, expected)| rule.contains(&expected[3..]));
    for only in ONLY.iter().chain(NEVER) {
        assert!(named(only.rule), "no violation proves: {}", only.rule);
    }
}

/// What looks like an offence and is none.
const HARMLESS: &[(&str, &str)] = &[
    ("src/domain/key.rs", "// use crate::store::Store;\n/// println!(\"x\")"),
    ("src/domain/key.rs", "/* sqlx /* nested */ serenity */"),
    ("src/domain/key.rs", "let s = \"use crate::store; \\\" Utc::now()\";"),
    ("src/domain/key.rs", "let s = r#\"crate::store \" Utc::now()\"#;"),
    ("src/domain/key.rs", "let c = '\"'; let l: &'static str; // Utc::now()\nlet d = '\"';"),
    ("src/domain/rules/age.rs", "use super::super::evidence::Evidence;"),
    (
        "src/domain/key.rs",
        "#[cfg(test)]\nmod tests { use crate::store::Store; fn f() { Utc::now(); } }",
    ),
    ("src/domain/alert/tests.rs", "use crate::store::Store;"),
    ("src/tasks/deliver.rs", "use crate::chat::{Delivery, Messenger};"),
    ("src/exchange/kucoin/mod.rs", "kucoin::Client::new(endpoint)"),
    ("src/chat/discord/mod.rs", "use serenity::all::Http;"),
    ("src/cli/run.rs", "use crate::{app, store, exchange}; println!(); std::env::var(\"X\")"),
    ("src/main.rs", "keylapse::store::Store; eprintln!()"),
    ("src/tasks/mod.rs", "let bequeath_sqlxish = 1; reprint!();"),
];

#[test]
fn what_only_looks_like_an_offence_is_none() {
    for (path, text) in HARMLESS {
        assert_eq!(offences(path, text), Vec::<String>::new(), "{text}");
    }
}
