//! Test 1 on the platforms: whatever stands in the way of Telegram and Discord, no token and no
//! header of a key goes anywhere but to them and to the exchange. The sink gets not even a
//! connection. The bot runs as a process of its own.

use std::process::{Child, Stdio};
use std::sync::Arc;

use keylapse::clock::{Clock, System};
use keylapse::exchange::simulator::{SimKey, Simulator};
use serde_json::json;

use super::door::{Answer, Door};
use super::needles::Needles;
use super::{good_answer, make_due};
use crate::cli::{Host, Said, harmless, lines, simulator};
use crate::fakes::discord::{self, TOKEN as DISCORD, fronts};
use crate::fakes::telegram::{Fake as Telegram, NAME, Person, Status, TOKEN as TELEGRAM};
use crate::stories::discord::town::{self, KEYS, SERVER};
use crate::stories::discord::world::text;

pub const ANN: Person = Person { id: 11, name: "Ann" };
pub const DESK: i64 = -500;
/// The variables by which a program is sent through a proxy.
const PROXIES: [&str; 8] = [
    "ALL_PROXY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "WS_PROXY",
    "all_proxy",
    "https_proxy",
    "http_proxy",
    "wss_proxy",
];

/// A running bot without a terminal; ended when dropped.
pub struct Bot(Child);

impl Bot {
    pub fn start(host: &Host, env: &[(&str, &str)]) -> Self {
        let mut command = host.command(&["run"]);
        command.envs(env.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The workspace of all these hosts: it tells a group and a channel.
fn workspace() -> String {
    format!(
        "[[workspace]]\nname = \"Desk\"\nzone = \"UTC\"\ntelegram_chats = [{DESK}]\ndiscord_server = \"{SERVER}\"\n\
         [[workspace.receiver]]\nplatform = \"telegram\"\nname = \"group\"\nchat = {DESK}\n\
         [[workspace.receiver]]\nplatform = \"discord\"\nname = \"keys\"\nchannel = \"{KEYS}\"\n"
    )
}

/// A host with a key in it; `sections` say where everything is.
pub fn host(sections: &str, key: &SimKey) -> Host {
    let host = Host::new();
    host.configure(&format!("{sections}{}", workspace()));
    for (file, token) in [("telegram.token", TELEGRAM), ("discord.token", DISCORD)] {
        put(&host, file, token.as_bytes());
    }
    let add = ["key", "add", "--label", "bot", "--stdin", "--save-anyway"];
    let added = host.tell(&add, &lines(key));
    assert_eq!(added.code, 0, "{added:?}");
    host
}

pub fn put(host: &Host, file: &str, bytes: &[u8]) {
    use std::os::unix::fs::PermissionsExt;
    let path = host.data().join(file);
    std::fs::write(&path, bytes).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// The sections of settings that say where everything is.
pub fn sections(exchange: &str, telegram: &str, discord: &str) -> String {
    format!(
        "[kucoin]\nbase_url = \"{exchange}\"\n[telegram]\ntoken_file = \"telegram.token\"\napi_url = \"{telegram}\"\n\
         [discord]\ntoken_file = \"discord.token\"\napi_url = \"{discord}\"\n"
    )
}

pub async fn telegram() -> Telegram {
    let clock: Arc<dyn Clock> = Arc::new(System::new());
    let fake = Telegram::start(clock).await;
    fake.room(DESK, "group", "Desk");
    fake.sits(ANN, DESK, Status::Creator);
    fake.meets(ANN);
    fake
}

pub async fn discord() -> Arc<discord::Fake> {
    let fake = discord::Fake::start().await;
    town::populate(&fake);
    fake
}

/// Both tokens and the secrets of a key, in all their forms.
pub fn needles(keys: &[&SimKey]) -> Needles {
    let mut needles = Needles::of(keys);
    needles.add("the token of Telegram", TELEGRAM.as_bytes());
    needles
        .add("the secret half of Telegram's token", TELEGRAM.split_once(':').unwrap().1.as_bytes());
    needles.add("the token of Discord", DISCORD.as_bytes());
    needles.add("the last part of Discord's token", DISCORD.rsplit('.').next().unwrap().as_bytes());
    needles
}

fn assert_untouched(sink: &Door) {
    let heard: Vec<String> =
        sink.heard().iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect();
    assert!(heard.is_empty(), "something came to the sink:\n{}", heard.join("\n---\n"));
}

/// Waits until a door heard something like this.
async fn wait_for(door: &Door, what: &str, is_it: impl Fn(&str) -> bool) {
    let waiting = async {
        while !door.heard().iter().any(|heard| is_it(&String::from_utf8_lossy(heard))) {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(super::door::PATIENCE, waiting).await.is_ok(), "no {what}");
}

/// A Telegram that knows its bot and redirects the rest; `at_once` redirects all.
fn straying_telegram(status: u16, to: String, at_once: bool) -> Door {
    Door::open(move |path| {
        let method = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        let result = match method.as_str() {
            _ if at_once => None,
            "getme" => {
                Some(json!({"id": 7001, "is_bot": true, "first_name": "k", "username": NAME}))
            }
            "getwebhookinfo" => {
                Some(json!({"url": "", "has_custom_certificate": false, "pending_update_count": 0}))
            }
            "setmycommands" | "deletemycommands" => Some(json!(true)),
            "getmycommands" => Some(json!([])),
            _ => None,
        };
        match result {
            Some(result) => Answer::json(&json!({"ok": true, "result": result})),
            None => Answer::redirect(status, &format!("{to}{path}")),
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_of_a_platform_carries_no_token_away() {
    let key = harmless("bot");
    let exchange = simulator(std::slice::from_ref(&key)).await;
    for (status, at_once) in [
        (301, true),
        (302, false),
        (303, true),
        (307, false),
        (308, true),
        (307, true),
        (308, false),
    ] {
        let sink = Door::sink();
        let telegram = straying_telegram(status, sink.url(), at_once);
        let to = sink.url();
        let discord = Door::open(move |path| Answer::redirect(status, &format!("{to}{path}")));
        let host = host(&sections(&exchange.base_url(), &telegram.url(), &discord.url()), &key);
        let bot = Bot::start(&host, &[]);
        let polls = |heard: &str| {
            heard.starts_with("POST /bot")
                && (at_once || heard.to_lowercase().contains("/getupdates"))
        };
        wait_for(&telegram, "request of Telegram", polls).await;
        wait_for(&discord, "question for the gateway", |heard| {
            heard.contains("/gateway") && heard.contains(DISCORD)
        })
        .await;
        drop(bot);
        assert!(
            telegram.heard().iter().all(|heard| String::from_utf8_lossy(heard).contains(TELEGRAM))
        );
        assert_untouched(&sink);
    }
    exchange.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_of_a_warning_carries_neither_it_nor_a_token_away() {
    for status in [301, 302, 303, 307, 308] {
        let (sink, key) = (Door::sink(), harmless("bot"));
        let exchange = simulator(std::slice::from_ref(&key)).await;
        let (on_telegram, on_discord) =
            (straying_telegram(status, sink.url(), false), discord().await);
        let location = ("location", format!("{}/api/v10/channels/{KEYS}/messages", sink.url()));
        let trouble = discord::Trouble::Answer(status, json!({}), vec![location]);
        on_discord.state().channels.get_mut(&KEYS).unwrap().troubles.push_back(trouble);
        let host =
            host(&sections(&exchange.base_url(), &on_telegram.url(), &on_discord.url()), &key);
        warn(&host, &exchange);
        let bot = Bot::start(&host, &[]);
        wait_for(&on_telegram, "message", |heard| heard.to_lowercase().contains("/sendmessage"))
            .await;
        on_discord
            .until("the warning", |state| state.asked.iter().any(|one| one.status == status))
            .await;
        drop(bot);
        assert_untouched(&sink);
        exchange.shutdown().await;
    }
}

/// Somebody gives the key a right, and a command beside the bot finds out.
pub fn warn(host: &Host, exchange: &Simulator) {
    assert!(exchange.edit("bot", |key| key.permissions.push("Withdrawal".to_owned())));
    let asked = host.run(&["key", "test", "bot"]);
    assert!(asked.out.contains("Withdrawal"), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_proxy_of_the_environment_sees_a_platform() {
    let (sink, key) = (Door::sink(), harmless("bot"));
    let exchange = simulator(std::slice::from_ref(&key)).await;
    let (on_telegram, on_discord) = (telegram().await, discord().await);
    let host = host(&sections(&exchange.base_url(), on_telegram.url(), &on_discord.url()), &key);
    warn(&host, &exchange);
    let proxy = sink.url();
    let env: Vec<(&str, &str)> = PROXIES.iter().map(|name| (*name, proxy.as_str())).collect();
    let bot = Bot::start(&host, &env);
    on_telegram
        .until("the warning", |fake| {
            fake.unread().iter().any(|(_, text)| text.contains("can now withdraw"))
        })
        .await;
    let is_told = |state: &discord::State| {
        state.channels[&KEYS].messages.iter().any(|one| text(one).contains("can now withdraw"))
    };
    on_discord.until("the warning", is_told).await;
    on_discord.until("the gateway", |state| state.identifies > 0).await;
    drop(bot);
    assert_untouched(&sink);
    exchange.shutdown().await;
}

#[test]
fn the_environment_cannot_send_a_token_elsewhere() {
    let sink = Door::sink();
    let base = format!("https://0.0.0.0:{}", sink.port());
    let address = format!("0.0.0.0:{}", sink.port());
    let table: [(&str, &[(&str, &str)]); 6] = [
        ("telegram", &[("KEYLAPSE_TELEGRAM__API_URL", &base)]),
        (
            "telegram",
            &[
                ("KEYLAPSE_TELEGRAM__API_URL", &base),
                ("KEYLAPSE_TELEGRAM__ALLOW_CUSTOM_ENDPOINT", "true"),
            ],
        ),
        ("telegram", &[("KEYLAPSE_TELEGRAM__API_URL", "http://192.0.2.1")]),
        ("discord", &[("KEYLAPSE_DISCORD__API_URL", &base)]),
        ("discord", &[("KEYLAPSE_DISCORD__RESOLVE", &address)]),
        (
            "discord",
            &[
                ("KEYLAPSE_DISCORD__RESOLVE", &address),
                ("KEYLAPSE_DISCORD__ALLOW_CUSTOM_ENDPOINT", "true"),
            ],
        ),
    ];
    for (section, env) in table {
        let host = Host::new();
        let token = if section == "telegram" { TELEGRAM } else { DISCORD };
        host.configure(&format!("[{section}]\ntoken_file = \"token\"\n"));
        put(&host, "token", token.as_bytes());
        let mut command = host.command(&["run"]);
        command.envs(env.iter().copied());
        let said: Said = crate::cli::end(command.spawn().unwrap(), "");
        assert_eq!(said.code, 2, "{env:?}: {said:?}");
        assert!(
            said.err.to_lowercase().contains(section) && !said.err.contains(token),
            "{env:?}: {said:?}"
        );
        assert!(!host.data().join("keylapse.db").exists(), "something was made");
    }
    assert_untouched(&sink);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_authority_of_discord_opens_no_other_connection() {
    let key = harmless("bot");
    let bent = key.clone();
    let exchange = Door::open(move |path| match path {
        "/api/v1/timestamp" => Answer::time(),
        _ => Answer::json(&good_answer(&bent)),
    });
    let telegram = straying_telegram(307, "http://127.0.0.1:9".to_owned(), false);
    let on_discord = discord().await;
    let at = |port| std::net::SocketAddr::from(([127, 0, 0, 1], port));
    // One authority for all three: whoever stands in the middle has it.
    let stand_ins = fronts(&[
        ("discord.com", on_discord.address()),
        ("localhost", at(exchange.port())),
        ("localhost", at(telegram.port())),
    ])
    .await;
    let plain = host(&sections(&exchange.url(), &telegram.url(), &on_discord.url()), &key);
    let heard = (exchange.heard().len(), telegram.heard().len());
    put(&plain, "authority.pem", &stand_ins[0].authority);
    let sections = format!(
        "[kucoin]\nbase_url = \"https://localhost:{}\"\n[telegram]\ntoken_file = \"telegram.token\"\napi_url = \"https://localhost:{}\"\n\
         [discord]\ntoken_file = \"discord.token\"\nresolve = \"{}\"\nca_file = \"authority.pem\"\n\
         {}",
        stand_ins[1].address.port(),
        stand_ins[2].address.port(),
        stand_ins[0].address,
        workspace()
    );
    plain.configure(&sections);
    make_due(&plain).await;
    let bot = Bot::start(&plain, &[]);
    // Discord itself is reached by that authority, token and all.
    on_discord.until("Discord", |state| state.commands.contains_key(&SERVER)).await;
    let test = plain.run(&["key", "test", "bot"]);
    assert_eq!(test.code, 1, "{test:?}");
    super::wait_for_row(&plain, "SELECT id FROM observations WHERE outcome NOT LIKE '%good%'")
        .await;
    drop(bot);
    assert_eq!(
        (exchange.heard().len(), telegram.heard().len()),
        heard,
        "a stranger's certificate was believed"
    );
}
