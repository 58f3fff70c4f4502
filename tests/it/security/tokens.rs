//! Test 3 on the platforms: neither token, in whatever form, in anything that keylapse says, logs,
//! serves, stores or sends, at its loudest, when all goes well and when a platform answers with
//! pages that repeat the token. A planted leak must be found. Telegram wants its token in the path
//! of each request to itself, and Discord in a header and at the gateway: nowhere else.

use keylapse::domain::text::Clean;
use serde_json::json;

use super::bot::Bot;
use super::door::{Answer, Door, PATIENCE};
use super::needles::each;
use super::outbound::{ANN, DESK, discord, host, needles, put, sections, telegram, warn};
use super::sweep::{Seen, add_master_key, files, found, get};
use super::{LOUDEST, column};
use crate::cli::{Host, end, harmless, simulator};
use crate::fakes::discord::{TOKEN as DISCORD, Trouble};
use crate::fakes::telegram::{Break, Fake as Telegram, TOKEN as TELEGRAM};
use crate::stories::discord::town::{KEYS, OWNER, in_server};
use crate::stories::discord::world::text;

/// A bot without a terminal, at its loudest.
fn start(host: &Host, env: &[(&str, &str)]) -> Bot {
    let mut command = host.command(&["run"]);
    command.env(LOUDEST.0, LOUDEST.1).envs(env.iter().copied());
    Bot::spawn(command)
}

fn process(bot: &Bot, seen: &mut Seen) {
    for name in ["cmdline", "environ"] {
        let path = format!("/proc/{}/{name}", bot.id());
        seen.push((name.to_owned(), std::fs::read(path).unwrap_or_default()));
    }
}

fn ended(bot: Bot, what: &str, seen: &mut Seen) -> String {
    let said = bot.kill();
    let said = [said.out, said.err].concat();
    seen.push((what.to_owned(), said.clone().into_bytes()));
    said
}

/// Everything works, people talk, some paste tokens, some answers are lost.
async fn good_life(seen: &mut Seen) -> Host {
    let key = harmless("bot");
    let exchange = simulator(std::slice::from_ref(&key)).await;
    let (on_telegram, on_discord) = (telegram().await, discord().await);
    let places = sections(&exchange.base_url(), on_telegram.url(), &on_discord.url());
    let host = host(&places, &key);
    warn(&host, &exchange);
    on_telegram.breaks("sendMessage", Break::Bad(502));
    let page = json!({"message": format!("401: {DISCORD}"), "code": 0});
    let trouble = Trouble::Answer(500, page, Vec::new());
    on_discord.state().channels.get_mut(&KEYS).unwrap().troubles.push_back(trouble);
    let bot = start(&host, &[("KEYLAPSE_OPS__LISTEN", "127.0.0.1:0")]);
    let is_told = |fake: &Telegram| {
        fake.unread().iter().any(|(chat, text)| *chat == DESK && text.contains("withdraw"))
    };
    on_telegram.until("the warning", is_told).await;
    on_discord
        .until("the warning", |state| {
            state.channels[&KEYS].messages.iter().any(|one| text(one).contains("withdraw"))
        })
        .await;
    for line in ["/keystatus", "/privacy", "/alerts", TELEGRAM, DISCORD] {
        on_telegram.writes(ANN, ANN.id, line);
    }
    let asked = on_telegram.writes(ANN, ANN.id, &format!("/faq what is {TELEGRAM}"));
    on_telegram.confirmed(asked).await;
    on_discord.until("the gateway", |state| state.commands.len() > 1).await;
    for question in [TELEGRAM, DISCORD, "400003"] {
        let data = json!({"id": "5", "name": "faq", "type": 1, "options": [{"name": "question", "type": 3, "value": question}]});
        on_discord.answer(on_discord.interact(2, (OWNER, in_server()), data, None)).await;
    }
    for path in ["/healthz", "/readyz", "/metrics", "/nothing"] {
        seen.push((path.to_owned(), get(bot.ops(), path)));
    }
    process(&bot, seen);
    files(&host, "of the living bot", seen);
    let said = ended(bot, "the bot", seen);
    assert!(said.contains("this bot's name on Telegram"), "{said:.2000}");
    for request in on_telegram.requests() {
        // What came from people holds what they pasted; what we sent does not.
        seen.push((format!("a {} of ours", request.method), request.body.to_string().into_bytes()));
    }
    for asked in &on_discord.state().asked {
        seen.push((
            format!("a request for {}", asked.method),
            format!("{} {}", asked.path, asked.body).into_bytes(),
        ));
    }
    exchange.shutdown().await;
    host
}

/// Platforms whose every answer repeats the token, as a page of an error does.
async fn bad_life(seen: &mut Seen) {
    for status in [200, 302, 400, 401, 403, 404, 409, 429, 500, 502] {
        let exchange = simulator(&[]).await;
        let page = |token: &'static str| {
            Door::open(move |path| {
                let body = json!({"ok": false, "error_code": status, "code": 0, "retry_after": 1, "url": format!("wss://{token}"),
                    "description": format!("{token} at {path}"), "message": format!("{token} at {path}")});
                Answer(
                    status,
                    format!(
                        "Location: /{token}\r\nX-Token: {token}\r\nContent-Type: application/json\r\n"
                    ),
                    body.to_string(),
                )
            })
        };
        let (on_telegram, on_discord) = (page(TELEGRAM), page(DISCORD));
        let host = host(
            &sections(&exchange.base_url(), &on_telegram.url(), &on_discord.url()),
            &harmless("bot"),
        );
        let bot = start(&host, &[]);
        let both = async {
            while on_telegram.heard().is_empty() || on_discord.heard().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        let asked = tokio::time::timeout(PATIENCE, both).await;
        assert!(asked.is_ok(), "{status}: one of them was not asked");
        process(&bot, seen);
        files(&host, "after an error", seen);
        ended(bot, &format!("the bot after {status}"), seen);
        exchange.shutdown().await;
    }
}

/// Settings in which a token stands where it should not.
fn odd_settings(seen: &mut Seen) {
    let table = [
        format!("[telegram]\ntoken = \"{TELEGRAM}\"\n"),
        format!("[telegram]\ntoken_file = \"{TELEGRAM}\"\n"),
        format!("[telegram]\napi_url = \"https://{TELEGRAM}@evil.example\"\n"),
        format!("[discord]\ntoken = \"Bot {DISCORD}\"\n"),
        format!("[discord]\ntoken = \"{DISCORD}\n"),
        format!("[discord]\nca_file = \"x\"\ntoken = [\"{DISCORD}\"]\n"),
        format!("[discord]\n\"{DISCORD}\" = 1\n"),
    ];
    for text in table {
        let host = Host::new();
        host.configure(&text);
        // Nothing is started: what were taken for good would go to the real hosts.
        for args in [&["check-config"][..], &["key", "list"]] {
            let mut command = host.command(args);
            command.env(LOUDEST.0, LOUDEST.1);
            let said = end(command.spawn().unwrap(), "");
            // A name of a file is no secret of ours: somebody wrote the token as one.
            let is_name = text.contains("token_file") || text.contains("\" = 1");
            if !is_name {
                seen.push((
                    format!("{args:?} with {:?}", Clean::new(&text[..20], 20)),
                    [said.out, said.err].concat().into_bytes(),
                ));
            }
        }
    }
    let host = Host::new();
    host.configure("[telegram]\ntoken_file = \"t\"\n[discord]\ntoken_file = \"d\"\n");
    for (file, token) in [("t", format!("{TELEGRAM}\n{TELEGRAM}")), ("d", format!("\"{DISCORD}"))] {
        put(&host, file, token.as_bytes());
    }
    let said = host.run(&["check-config"]);
    seen.push(("token files of two lines".to_owned(), [said.out, said.err].concat().into_bytes()));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_is_said_logged_served_stored_or_sent_elsewhere() {
    let mut seen = Seen::new();
    let host = good_life(&mut seen).await;
    bad_life(&mut seen).await;
    odd_settings(&mut seen);
    let key = harmless("bot");
    let mut needles = needles(&[&key]);
    add_master_key(&mut needles, &host);
    assert_eq!(found(&needles, &seen), [""; 0]);
    assert!(seen.len() > 80, "{}", seen.len());

    // The same search finds what somebody planted: in the log, in the database, in a request.
    let log = format!("DEBUG hyper: POST /bot{TELEGRAM}/sendMessage");
    seen.push(("a planted line".to_owned(), log.into_bytes()));
    let hex = each(DISCORD.as_bytes(), |byte| format!("{byte:02x}"));
    let insert = format!("INSERT INTO install (name, value) VALUES ('planted', '{hex}')");
    column(&host.data().join("keylapse.db"), insert).await;
    files(&host, "with a planted row", &mut seen);
    let percent = TELEGRAM.replace(':', "%3A");
    seen.push((
        "a planted request".to_owned(),
        format!("{{\"text\": \"{percent}\"}}").into_bytes(),
    ));
    let found = found(&needles, &seen);
    for planted in [
        "a planted line holds the token of Telegram (raw)",
        "keylapse.db with a planted row holds the token of Discord (hex)",
        "a planted request holds the token of Telegram (percent where needed)",
    ] {
        assert!(found.iter().any(|one| one == planted), "{planted}: {found:?}");
    }
}
