//! The bot as a process: what it says when there is nothing to talk in, that it stands alone on its
//! data, and that being killed at any moment loses nothing.

use std::io::Write;
use std::time::Duration;

use keylapse::exchange::simulator::{SimKey, Simulator};
use serde_json::json;

use super::terminal::Terminal;
use super::{Host, harmless, lines, simulator};
use crate::fakes::discord;
use crate::program::put_token;
use crate::stories::discord::town::{self, KEYS, SERVER};

#[test]
fn without_a_chat_it_says_in_a_few_lines_what_to_do() {
    let said = Host::new().run(&["run"]);
    assert_eq!(said.code, 2);
    assert!(said.err.lines().count() <= 6, "{}", said.err);
    assert!(said.err.contains("keylapse demo") && said.err.contains("key add"), "{}", said.err);
}

#[test]
fn a_demo_looks_at_no_settings_and_leaves_nothing_behind() {
    let host = Host::new();
    host.configure("this is no settings file");
    let mut demo = host.command(&["demo"]);
    demo.env("KEYLAPSE_KUCOIN__BASE_URL", "http://127.0.0.1:9").env("KEYLAPSE_NONSENSE", "1");
    let said = super::end(demo.spawn().unwrap(), "/keystatus\n");
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("Nothing here is real."), "{said:?}");
    // Every card says what it is.
    let marks = ['✖', '▲', '✔'];
    let cards: Vec<&str> = said
        .out
        .lines()
        .filter(|line| line.split_whitespace().take(2).any(|word| word.starts_with(marks)))
        .filter(|line| !line.starts_with(' '))
        .collect();
    assert!(!cards.is_empty(), "{said:?}");
    assert!(cards.iter().all(|line| line.contains("DEMO")), "{cards:?}");
    let left: Vec<_> = std::fs::read_dir(host.data()).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn two_bots_on_one_data_folder_are_one_too_many() {
    let host = Host::new();
    let mut first = host.command(&["run", "--console"]).spawn().unwrap();
    let mut input = first.stdin.take().unwrap();
    let mut out = std::io::BufReader::new(first.stdout.take().unwrap());
    let mut greeting = String::new();
    std::io::BufRead::read_line(&mut out, &mut greeting).unwrap();
    assert!(greeting.starts_with("I watch the keys"), "{greeting}");
    let second = host.run(&["run", "--console"]);
    assert_eq!(second.code, 2, "{second:?}");
    assert!(second.sentence().contains("data folder"), "{second:?}");
    input.write_all(b"quit\n").unwrap();
    assert!(first.wait().unwrap().success());
}

/// Chosen once by chance; spread over start, probe, commit, binding and sending.
const KILLED_AFTER_MS: [u64; 14] =
    [23, 61, 97, 131, 160, 185, 210, 240, 275, 310, 360, 420, 500, 640];

async fn pragma(host: &Host, text: &'static str) -> Vec<String> {
    use sqlx::{Connection, Row};
    let url = format!("sqlite://{}", host.data().join("keylapse.db").display());
    sqlx::any::install_default_drivers();
    let mut connection = sqlx::AnyConnection::connect(&url).await.unwrap();
    let rows = sqlx::query(text).fetch_all(&mut connection).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(0)).collect()
}

/// Asks, and leaves once the answer about the alert is there.
fn converse(mut bot: std::process::Child) -> super::Said {
    let mut input = bot.stdin.take().unwrap();
    input.write_all(b"/check bot\n/why bot\n/alerts\n").unwrap();
    let mut out = std::io::BufReader::new(bot.stdout.take().unwrap());
    let mut said = String::new();
    while !said.contains(" told ") {
        let mut line = String::new();
        assert!(std::io::BufRead::read_line(&mut out, &mut line).unwrap() > 0, "{said}");
        if line.contains("not told yet") || line.contains("is told next") {
            input.write_all(b"/why bot\n").unwrap();
        }
        said += &line;
    }
    input.write_all(b"quit\n").unwrap();
    std::io::Read::read_to_string(&mut out, &mut said).unwrap();
    super::Said { code: bot.wait().unwrap().code().unwrap(), out: said, err: String::new() }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_it_loses_nothing_and_tells_what_it_saw() {
    let key = harmless("bot");
    let simulator = simulator(std::slice::from_ref(&key)).await;
    let host = Host::with(&simulator);
    let add = ["key", "add", "--label", "bot", "--stdin"];
    assert_eq!(host.tell(&add, &lines(&key)).code, 0);
    simulator.edit("bot", |key| key.permissions.push("Withdrawal".to_owned()));
    let mut printed = String::new();
    for after in KILLED_AFTER_MS {
        let mut bot = host.command(&["run", "--console"]).spawn().unwrap();
        bot.stdin.as_mut().unwrap().write_all(b"/check bot\n").unwrap();
        // The one wait that is a guess on purpose: it decides where the process dies.
        std::thread::sleep(Duration::from_millis(after));
        bot.kill().unwrap();
        printed += &String::from_utf8_lossy(&bot.wait_with_output().unwrap().stdout);
    }
    let bot = host.command(&["run", "--console"]).spawn().unwrap();
    let last = tokio::task::spawn_blocking(move || converse(bot));
    let last = last.await.unwrap();
    assert_eq!(last.code, 0, "{last:?}");
    printed += &last.out;
    let is_post = |line: &str| {
        line.contains(':')
            && line.contains("bot can now withdraw (new since")
            && line.starts_with(|c: char| c.is_ascii_digit())
    };
    assert!(printed.lines().any(is_post), "told at least once:\n{printed}");
    assert!(last.out.contains("#1, open"), "one alert, not one a start: {last:?}");
    assert!(!last.out.contains("#2"), "{last:?}");
    assert_eq!(pragma(&host, "PRAGMA integrity_check").await, ["ok"]);
    assert!(pragma(&host, "PRAGMA foreign_key_check").await.is_empty());
    assert!(host.run(&["key", "show", "bot"]).out.contains("Withdrawal"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_row_does_not_keep_the_other_keys_from_being_asked() {
    let keys = [harmless("damaged"), harmless("sound")];
    let simulator = simulator(&keys).await;
    let host = Host::with(&simulator);
    for key in &keys {
        let add = ["key", "add", "--label", &key.label, "--stdin"];
        assert_eq!(host.tell(&add, &lines(key)).code, 0);
    }
    pragma(&host, "UPDATE keys SET allow_json = '{' WHERE label = 'damaged'").await;
    pragma(&host, "UPDATE duties SET due_at = 0").await;
    let mut bot = host.command(&["run", "--console"]).spawn().unwrap();
    let asked = "SELECT CAST(o.times AS TEXT) FROM observations o JOIN keys k ON k.id = o.key_id \
                 WHERE k.label = 'sound' AND o.times > 1";
    let patience = tokio::time::timeout(Duration::from_secs(20), async {
        while pragma(&host, asked).await.is_empty() {
            tokio::task::yield_now().await;
        }
    });
    let seen = patience.await;
    bot.kill().unwrap();
    bot.wait().unwrap();
    assert!(seen.is_ok(), "the sound key was not asked");
}

/// A host whose one receiver is a channel of this Discord, and its exchange with one key.
async fn on_discord(fake: &discord::Fake, key: &SimKey) -> (Host, Simulator) {
    town::populate(fake);
    let exchange = simulator(std::slice::from_ref(key)).await;
    let host = Host::new();
    host.configure(&format!(
        "[kucoin]\nbase_url = \"{}\"\n[discord]\ntoken_file = \"discord.token\"\napi_url = \"{}\"\n\
         [[workspace]]\nname = \"Desk\"\nzone = \"UTC\"\ndiscord_server = \"{SERVER}\"\n\
         [[workspace.receiver]]\nplatform = \"discord\"\nname = \"keys\"\nchannel = \"{KEYS}\"\n",
        exchange.base_url(),
        fake.url()
    ));
    put_token(&host, "discord.token", discord::TOKEN);
    let added = host.tell(&["key", "add", "--label", &key.label, "--stdin", "--yes"], &lines(key));
    assert_eq!(added.code, 0, "{added:?}");
    (host, exchange)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_no_direct_messages_is_lost_with_that_reason() {
    let key = harmless("mm-bot-1");
    let fake = discord::Fake::start().await;
    let (host, exchange) = on_discord(&fake, &key).await;
    let refused = json!({"message": "Cannot send messages to this user", "code": 50_007});
    let trouble = discord::Trouble::Answer(403, refused, Vec::new());
    fake.state().channels.get_mut(&KEYS).expect("the channel").troubles.push_back(trouble);
    let mut bot = host.command(&["run"]).spawn().unwrap();
    fake.until("it listens", |state| state.commands.contains_key(&SERVER)).await;
    assert!(exchange.edit("mm-bot-1", |key| key.permissions.push("Withdrawal".to_owned())));
    tokio::task::block_in_place(|| host.run(&["key", "test", "mm-bot-1"]));
    let is_refused = |state: &discord::State| state.channels[&KEYS].troubles.is_empty();
    fake.until("the warning is refused", is_refused).await;
    let lost = "Desk: keys gets nothing: This person takes no direct messages";
    let said = async {
        loop {
            let looked = tokio::task::block_in_place(|| host.run(&["doctor"]));
            if looked.out.contains(lost) {
                return looked;
            }
        }
    };
    let looked = tokio::time::timeout(Duration::from_mins(1), said).await;
    bot.kill().unwrap();
    bot.wait().unwrap();
    assert_eq!(looked.map(|looked| looked.code), Ok(1));
    exchange.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_choices_under_a_posted_alert_and_under_a_test_can_be_typed() {
    let named = "\n[[workspace]]\nname = \"home\"\n[[workspace.receiver]]\nplatform = \"console\"\nname = \"desk\"\n";
    for settings in ["", named] {
        let key = harmless("bot");
        let simulator = simulator(std::slice::from_ref(&key)).await;
        let host = Host::with(&simulator);
        host.configure(&format!("[kucoin]\nbase_url = \"{}\"\n{settings}", simulator.base_url()));
        let add = ["key", "add", "--label", "bot", "--stdin"];
        assert_eq!(host.tell(&add, &lines(&key)).code, 0);
        simulator.edit("bot", |key| key.permissions.push("Withdrawal".to_owned()));
        let mut terminal = Terminal::start(&host, &["run", "--console"], &[]);
        terminal.reads("I watch the keys").await;
        terminal.types("/check bot");
        terminal.reads("] What to do now").await;
        let number = |before: &str| before.rsplit('[').next().unwrap().to_owned();
        let mine = number(&terminal.reads("] I'm on it").await);
        terminal.types(&mine);
        terminal.reads("is on it until").await;
        // This terminal is told already, so it is not offered again.
        terminal.types("/notify");
        let listed = terminal.reads("everything").await;
        assert!(!listed.contains("Nobody is told"), "{listed}");
        terminal.types("/notify test");
        let seen = number(&terminal.reads("] Seen").await);
        terminal.types(&seen);
        terminal.reads("Noted: the test arrived").await;
        terminal.types("quit");
        let (code, screen) = terminal.ends().await;
        assert_eq!(code, 0, "{screen}");
        assert!(!screen.contains("no longer valid"), "{screen}");
        assert!(!screen.contains("Tell this chat too"), "{screen}");
    }
}
