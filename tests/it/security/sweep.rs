//! Test 3: no secret, in whatever form, in anything that keylapse says, logs, serves or stores, not
//! even when it panics with a secret in its hands. A planted leak must be found.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keylapse::exchange::kucoin::sign::{PASSPHRASE, SIGN, SignedGet};
use keylapse::exchange::simulator::SimKey;
use keylapse::{cli, hardening};
use tracing::level_filters::LevelFilter;

use super::bot::Bot;
use super::door::{Answer, Door};
use super::needles::{Needles, each};
use super::{LOUDEST, column, good_answer, looks, make_due, wait_for_look};
use crate::cli::{Host, end, harmless, lines};

/// Places and what was found there.
pub type Seen = Vec<(String, Vec<u8>)>;

/// An exchange that knows all keys, and keeps what it was sent.
fn exchange(keys: &[SimKey]) -> Door {
    let (first, second) = (keys[0].clone(), keys[1].clone());
    let asked = AtomicUsize::new(0);
    Door::open(move |path| {
        if path == "/api/v1/timestamp" {
            return Answer::time();
        }
        let turn = asked.fetch_add(1, Ordering::SeqCst);
        let mut answer = good_answer(if turn == 0 { &first } else { &second });
        // The door does not read headers: a masked key is nobody's in particular.
        answer["data"]["apiKey"] = "6705****d3eb".into();
        Answer::json(&answer)
    })
}

/// Everything a host can say about its keys, at the loudest.
fn commands(host: &Host, keys: &[SimKey], seen: &mut Seen) {
    let mut run = |args: &[&str], input: &str, code: i32| {
        let mut command = host.command(args);
        command.env(LOUDEST.0, LOUDEST.1);
        let said = end(command.spawn().unwrap(), input);
        assert_eq!(said.code, code, "{args:?}: {said:?}");
        seen.push((args.join(" "), [said.out, said.err].concat().into_bytes()));
    };
    let (old, new) = (&keys[0], &keys[1]);
    let csv = format!("label,key,secret,passphrase\nlot,{},x,{}\n", keys[2].key, keys[2].secret);
    let bad = host.file("bad.csv", &csv, 0o600);
    let swapped = format!("{}\n{}\n{}\n", old.secret, old.key, old.passphrase);
    run(&["key", "add", "--label", "bot", "--stdin"], &swapped, 2);
    run(&["key", "add", "--label", "bot", "--stdin"], &lines(old), 0);
    run(&["key", "add", "--label", "twin", "--stdin"], &lines(old), 2);
    run(&["key", "add", "--label", &old.key, "--stdin"], &lines(old), 2);
    run(&["key", "add", "--label", "x", "--used-by", &old.secret, "--declared"], "", 2);
    run(&["key", "add", "--label", "x", "--stdin", &old.passphrase], "", 2);
    run(&["key", "add", "--label", "x", "--secret", &old.secret], "", 2);
    run(&["key", "add", "--label", "x", "--site", &old.key], "", 2);
    run(&[&old.secret], "", 2);
    run(&["key", "test", "bot"], "", 0);
    run(&["key", "replace", "bot", "--stdin", "--watch-old"], &lines(new), 0);
    run(&["key", "import", bad.to_str().unwrap()], "", 2);
    for args in [
        &["key", "show", "bot"][..],
        &["key", "list"],
        &["key", "list", "--json"],
        &["key", "accept", "bot"],
        &["check-config"],
        &["migrate"],
        &["faq", "my", "secret"],
    ] {
        run(args, "", 0);
    }
    run(&["health"], "", 1);
    run(&["vault", "create"], "", 2);
}

/// The bot at work: its chat, its log, what it serves, its files while it lives, its process.
async fn life(host: &Host, keys: &[SimKey], seen: &mut Seen) {
    make_due(host).await;
    let before = looks(host, "bot").await;
    let mut bot = Bot::start(host, &[LOUDEST, ("KEYLAPSE_OPS__LISTEN", "127.0.0.1:0")]);
    wait_for_look(host, "bot", before).await;
    for line in ["/keystatus bot", "/why bot", "/check bot", "/alerts", "/privacy", "/upcoming"] {
        bot.say(line);
    }
    // People paste secrets into chats.
    bot.say(&format!("/faq what is {}", keys[1].secret));
    bot.say(&format!("/ack bot {}", keys[1].secret));
    bot.say(&format!("/keystatus {}", keys[1].key));
    bot.say(&keys[1].passphrase);
    bot.say("/help keystatus");
    bot.wait_for("Example: /keystatus");
    for path in ["/healthz", "/readyz", "/metrics", "/nothing"] {
        seen.push((path.to_owned(), get(bot.ops(), path)));
    }
    for name in ["cmdline", "environ"] {
        let path = format!("/proc/{}/{name}", bot.id());
        seen.push((name.to_owned(), std::fs::read(path).unwrap_or_default()));
    }
    files(host, "of the living bot", seen);
    let said = bot.kill();
    seen.push(("the bot".to_owned(), [said.out, said.err].concat().into_bytes()));
}

pub fn get(address: SocketAddr, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).unwrap();
    assert!(!said.is_empty());
    said
}

pub fn files(host: &Host, when: &str, seen: &mut Seen) {
    for file in std::fs::read_dir(host.data()).unwrap() {
        let path = file.unwrap().path();
        // Where the secrets themselves are kept.
        if path.ends_with("master.key") || path.extension().is_some_and(|kind| kind == "token") {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        seen.push((format!("{name} {when}"), std::fs::read(&path).unwrap()));
    }
}

/// What only the wire knew: the signatures.
fn add_signatures(needles: &mut Needles, exchange: &Door) -> usize {
    let mut count = 0;
    for request in exchange.heard() {
        let text = String::from_utf8_lossy(&request).into_owned();
        for name in [SIGN, PASSPHRASE] {
            let prefix = format!("{name}: ");
            let line = text.lines().find_map(|line| line.strip_prefix(&prefix));
            let Some(value) = line else { continue };
            needles.add("a header of a request", value.as_bytes());
            needles.add("a signature", &STANDARD.decode(value).unwrap());
            count += 1;
        }
    }
    count
}

pub fn add_master_key(needles: &mut Needles, host: &Host) {
    let text = std::fs::read_to_string(host.data().join("master.key")).unwrap();
    let line = text.lines().next().unwrap().split(' ').next_back().unwrap();
    needles.add("the master key's line", line.as_bytes());
    needles.add("the master key", &STANDARD.decode(line).unwrap());
}

pub fn found(needles: &Needles, seen: &Seen) -> Vec<String> {
    seen.iter().flat_map(|(place, bytes)| needles.find(place, bytes)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_said_logged_served_or_stored_in_the_clear() {
    let keys = ["old", "new", "lot"].map(harmless);
    let exchange = exchange(&keys);
    let host = Host::new();
    host.configure(&format!("[kucoin]\nbase_url = \"{}\"\n", exchange.url()));
    let mut seen = Seen::new();
    commands(&host, &keys, &mut seen);
    life(&host, &keys, &mut seen).await;
    let mut forget = host.command(&["key", "remove", "bot", "--yes"]);
    forget.env(LOUDEST.0, LOUDEST.1);
    let said = end(forget.spawn().unwrap(), "");
    assert_eq!(said.code, 0, "{said:?}");
    seen.push(("key remove".to_owned(), [said.out, said.err].concat().into_bytes()));
    files(&host, "after the removal", &mut seen);

    let mut needles = Needles::of(&keys.iter().collect::<Vec<_>>());
    add_master_key(&mut needles, &host);
    assert!(add_signatures(&mut needles, &exchange) >= 8, "the wire carried signatures");
    assert_eq!(found(&needles, &seen), [""; 0]);
    assert!(seen.len() > 30, "{}", seen.len());

    // The same search over the same places finds what somebody planted: in the log, in the
    // database, on the command line.
    let log = format!("DEBUG keylapse: probing with {:?}", keys[1].passphrase);
    seen.push(("a planted line".to_owned(), log.into_bytes()));
    let hex = each(keys[0].secret.as_bytes(), |byte| format!("{byte:02x}"));
    let insert = format!("INSERT INTO install (name, value) VALUES ('planted', '{hex}')");
    column(&host.data().join("keylapse.db"), insert).await;
    files(&host, "with a planted row", &mut seen);
    let percent = each(keys[1].key.as_bytes(), |byte| format!("%{byte:02X}"));
    let echo = Command::new("echo").arg(percent).output().unwrap();
    seen.push(("a planted echo".to_owned(), echo.stdout));
    let found = found(&needles, &seen);
    for planted in [
        "a planted line holds the passphrase of new (raw)",
        "keylapse.db with a planted row holds the secret of old (hex)",
        "a planted echo holds the key of new (upper percent)",
    ] {
        assert!(found.iter().any(|one| one == planted), "{planted}: {found:?}");
    }
}

#[test]
fn a_panic_with_a_secret_in_its_hands_tells_only_where_it_happened() {
    let mut child = Command::new(std::env::current_exe().unwrap());
    let name = "security::sweep::child_that_panics_while_signing";
    child.args(["--exact", name, "--ignored", "--nocapture"]);
    child.env("KEYLAPSE_TEST_PANIC", "1").env("RUST_BACKTRACE", "full").env(LOUDEST.0, LOUDEST.1);
    let done = child.output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    let text = String::from_utf8_lossy(&said);
    assert!(done.status.success(), "{text}");
    let lines = text.lines().filter(|line| line.contains("Something broke on my side")).count();
    assert_eq!(lines, 3, "{text}");
    assert!(text.contains("tests/it/security/sweep.rs"), "{text}");
    assert_eq!(Needles::of(&[&harmless("bot")]).find("the panic", &said), [""; 0]);
}

/// What `main` prepares, then the worst moment to panic: in a thread, in a task, and inside of
/// formatting.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test above, in a process of its own"]
async fn child_that_panics_while_signing() {
    if std::env::var("KEYLAPSE_TEST_PANIC").is_err() {
        return;
    }
    hardening::harden_process().unwrap();
    cli::log::hush_panics();
    cli::log::start(LevelFilter::TRACE);
    let sign = || {
        let secrets = harmless("bot").secrets();
        let headers = SignedGet::ThisKey.headers(&secrets, 1_700_000_000_000).unwrap();
        tracing::trace!(?headers, "signed");
        assert_eq!(secrets.secret.expose(), secrets.passphrase.expose(), "{headers:?}");
    };
    std::thread::spawn(sign).join().unwrap_err();
    tokio::spawn(async move { sign() }).await.unwrap_err();
    let shown = tokio::task::spawn_blocking(|| {
        let secrets = harmless("bot").secrets();
        panic!("{} {}", secrets.key.expose(), secrets.passphrase.expose());
    });
    shown.await.unwrap_err();
}
