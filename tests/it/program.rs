//! The program as it is installed, with servers that it was not linked with: a pretended exchange
//! and pretended platforms on loopback, each speaking its own protocol. `.ci/run` runs these once
//! more with the release build, in a network that has nothing but loopback.

use std::process::{Child, Stdio};
use std::sync::Arc;

use keylapse::clock::{Clock, System};
use keylapse::exchange::simulator::Simulator;

use serde_json::json;

use crate::cli::{Host, harmless, lines, simulator};
use crate::fakes::discord;
use crate::fakes::telegram::{Fake, Person, Status, TOKEN, poll_elsewhere};
use crate::security::bot::Bot as Heard;
use crate::security::sweep::get;
use crate::stories::discord::town::{self, KEYS, OWNER, SERVER, TRADERS, in_server};
use crate::stories::discord::world::{button, text};

const ANN: Person = Person { id: 11, name: "Ann" };
const DESK: i64 = -500;

/// A running bot, ended with the story.
struct Bot(Child);

impl Bot {
    fn start(host: &Host) -> Self {
        let mut command = host.command(&["run"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn settings(exchange: &Simulator, telegram: &Fake, more: &str) -> String {
    format!(
        "[kucoin]\nbase_url = \"{}\"\n[telegram]\ntoken_file = \"telegram.token\"\napi_url = \"{}\"\n\
         [access]\nenrol = \"invite\"\n[[workspace]]\nname = \"Desk\"\nzone = \"UTC\"\n{more}",
        exchange.base_url(),
        telegram.url()
    )
}

async fn platform() -> Fake {
    let clock: Arc<dyn Clock> = Arc::new(System::new());
    let fake = Fake::start(clock).await;
    fake.room(DESK, "group", "Desk");
    fake.sits(ANN, DESK, Status::Creator);
    fake.meets(ANN);
    fake
}

pub fn put_token(host: &Host, file: &str, token: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = host.data().join(file);
    std::fs::write(&path, token).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// Reads what the bot says in a chat until one message holds `words`.
pub async fn reads(fake: &Fake, chat: i64, words: &str) -> crate::fakes::telegram::Shown {
    let is_there = |fake: &Fake| {
        fake.unread().iter().any(|(place, text)| *place == chat && text.contains(words))
    };
    fake.until(words, is_there).await;
    loop {
        let shown = fake.read(chat).expect("it is there");
        if shown.text.contains(words) {
            return shown;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_watches_warns_and_answers_on_telegram() {
    let key = harmless("mm-bot-1");
    let exchange = simulator(std::slice::from_ref(&key)).await;
    let fake = platform().await;
    let host = Host::new();
    let group = "telegram_chats = [-500]\n[[workspace.receiver]]\nplatform = \"telegram\"\nname = \"group\"\nchat = -500\n";
    host.configure(&settings(&exchange, &fake, group));
    put_token(&host, "telegram.token", TOKEN);
    let added = host.tell(&["key", "add", "--label", "mm-bot-1", "--stdin", "--yes"], &lines(&key));
    assert_eq!(added.code, 0, "{added:?}");
    let bot = Bot::start(&host);
    fake.until("the first poll", Fake::is_polled).await;
    // Somebody gives the key a right, and a command beside the bot finds out.
    assert!(exchange.edit("mm-bot-1", |key| key.permissions.push("Withdrawal".to_owned())));
    let asked = host.run(&["key", "test", "mm-bot-1"]);
    assert!(asked.out.contains("Withdrawal"), "{asked:?}");
    let told = reads(&fake, DESK, "can now withdraw").await;
    assert!(told.text.contains("TEST ENDPOINT"), "{}", told.text);
    // Ann, who runs the group, asks in private.
    fake.writes(ANN, ANN.id, "/keystatus");
    reads(&fake, ANN.id, "mm-bot-1").await;
    let (_, query) = fake.presses(ANN, DESK, told.id, &told.button("I'm on it"));
    fake.until("the press is answered", |fake| fake.query(&query).is_some()).await;
    fake.until("the message says who is on it", |fake| {
        fake.shown(DESK, told.id).text.contains("Ann is on it")
    })
    .await;
    assert_eq!(fake.offences(), Vec::<String>::new());
    drop(bot);
    exchange.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_of_the_host_lets_a_private_chat_in() {
    let exchange = simulator(&[]).await;
    let fake = platform().await;
    let host = Host::new();
    host.configure(&settings(&exchange, &fake, ""));
    put_token(&host, "telegram.token", TOKEN);
    let bot = Bot::start(&host);
    fake.until("the first poll", Fake::is_polled).await;
    let invited = host.run(&["invite", "--role", "admin"]);
    assert_eq!(invited.code, 0, "{invited:?}");
    let code = invited.out.split("/start ").nth(1).unwrap().lines().next().unwrap().to_owned();
    fake.writes(ANN, ANN.id, "/keystatus");
    fake.writes(ANN, ANN.id, &format!("/start {code}"));
    reads(&fake, ANN.id, "Connected to Desk").await;
    fake.writes(ANN, ANN.id, "/notify test");
    let test = reads(&fake, ANN.id, "Test by Ann").await;
    fake.presses(ANN, ANN.id, test.id, &test.button("Seen"));
    fake.until("the test shows it", |fake| {
        fake.shown(ANN.id, test.id).text.contains("Seen by Ann")
    })
    .await;
    drop(bot);
    exchange.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_telegram_refuses_ends_the_program_with_one_sentence() {
    let exchange = simulator(&[]).await;
    let fake = platform().await;
    fake.revoke_token();
    let host = Host::new();
    host.configure(&settings(&exchange, &fake, ""));
    put_token(&host, "telegram.token", TOKEN);
    let ended = tokio::task::spawn_blocking(move || host.run(&["run"])).await.unwrap();
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.sentence().contains("refuses this bot's token"), "{ended:?}");
    assert!(!ended.err.contains(TOKEN), "{ended:?}");
    exchange.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_telegram_alone_refuses_is_said_on_discord_and_the_program_goes_on() {
    let key = harmless("mm-bot-1");
    let exchange = simulator(std::slice::from_ref(&key)).await;
    let (host, group, server) = on_both(&exchange).await;
    let added = host.tell(&["key", "add", "--label", "mm-bot-1", "--stdin", "--yes"], &lines(&key));
    assert_eq!(added.code, 0, "{added:?}");
    group.revoke_token();
    let mut command = host.command(&["run"]);
    command.env("KEYLAPSE_OPS__LISTEN", "127.0.0.1:0").env("KEYLAPSE_LOG", "info");
    let bot = Heard::spawn(command);
    let said = in_channel(&server, "Telegram is disturbed since").await;
    assert!(text(&said).contains("Telegram refuses this bot's token"), "{}", text(&said));
    let health = String::from_utf8(get(bot.ops(), "/healthz")).unwrap();
    assert!(health.starts_with("HTTP/1.1 503") && health.contains("\nTelegram rests:"), "{health}");
    assert!(exchange.edit("mm-bot-1", |key| key.permissions.push("Withdrawal".to_owned())));
    let asked = host.run(&["key", "test", "mm-bot-1"]);
    assert!(asked.out.contains("Withdrawal"), "{asked:?}");
    in_channel(&server, "can now withdraw").await;
    let ended = bot.kill();
    let refused = ended.err.matches("Telegram refuses this bot's token").count();
    assert_eq!(refused, 1, "said once:\n{}", ended.err);
    assert!(server.state().complaints.is_empty(), "{:#?}", server.state().complaints);
    exchange.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_both_platforms_refuse_end_the_program_and_both_are_named() {
    let exchange = simulator(&[]).await;
    let (host, group, server) = on_both(&exchange).await;
    group.revoke_token();
    server.state().wrong_token = true;
    let ended = tokio::task::spawn_blocking(move || host.run(&["run"])).await.unwrap();
    assert_eq!(ended.code, 2, "{ended:?}");
    for name in ["Telegram refuses this bot's token", "Discord refuses the bot's token"] {
        assert!(ended.sentence().contains(name), "{ended:?}");
    }
    exchange.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_watches_warns_and_answers_on_discord() {
    let key = harmless("mm-bot-1");
    let exchange = simulator(std::slice::from_ref(&key)).await;
    let fake = discord::Fake::start().await;
    town::populate(&fake);
    let host = Host::new();
    let settings = format!(
        "[kucoin]\nbase_url = \"{}\"\n[discord]\ntoken_file = \"discord.token\"\napi_url = \"{}\"\n\
         [[workspace]]\nname = \"Desk\"\nzone = \"UTC\"\ndiscord_server = \"{SERVER}\"\n\
         [[workspace.receiver]]\nplatform = \"discord\"\nname = \"keys\"\nchannel = \"{KEYS}\"\nmention = \"role:{TRADERS}\"\n",
        exchange.base_url(),
        fake.url()
    );
    host.configure(&settings);
    put_token(&host, "discord.token", discord::TOKEN);
    let added = host.tell(&["key", "add", "--label", "mm-bot-1", "--stdin", "--yes"], &lines(&key));
    assert_eq!(added.code, 0, "{added:?}");
    let bot = Bot::start(&host);
    fake.until("its commands are there", |state| state.commands.contains_key(&SERVER)).await;
    assert!(exchange.edit("mm-bot-1", |key| key.permissions.push("Withdrawal".to_owned())));
    let asked = host.run(&["key", "test", "mm-bot-1"]);
    assert!(asked.out.contains("Withdrawal"), "{asked:?}");
    let told = |state: &discord::State| {
        let messages = &state.channels[&KEYS].messages;
        messages.iter().find(|message| text(message).contains("can now withdraw")).cloned()
    };
    fake.until("the alert arrives", |state| told(state).is_some()).await;
    let message = told(&fake.state()).expect("it arrived");
    assert!(text(&message).contains("TEST ENDPOINT"), "{}", text(&message));
    let status = json!({"id": "5", "name": "keystatus", "type": 1, "options": []});
    let answer = fake.answer(fake.interact(2, (OWNER, in_server()), status, None)).await;
    assert!(answer.ephemeral, "what concerns a key is for the asker alone");
    let id = button(&message, "I'm on it").expect("the button");
    let data = json!({"custom_id": id, "component_type": 2});
    fake.answer(fake.interact(3, (OWNER, in_server()), data, Some(message))).await;
    let is_taken = |state: &discord::State| {
        told(state).is_some_and(|message| text(&message).contains("is on it since"))
    };
    fake.until("the message says who is on it", is_taken).await;
    assert!(fake.state().complaints.is_empty(), "{:#?}", fake.state().complaints);
    drop(bot);
    exchange.shutdown().await;
}

/// A host with one workspace on both platforms.
async fn on_both(exchange: &Simulator) -> (Host, Fake, Arc<discord::Fake>) {
    let (group, server) = (platform().await, discord::Fake::start().await);
    town::populate(&server);
    let host = Host::new();
    let more = format!(
        "telegram_chats = [{DESK}]\ndiscord_server = \"{SERVER}\"\n\
         [[workspace.receiver]]\nplatform = \"telegram\"\nname = \"group\"\nchat = {DESK}\n\
         [[workspace.receiver]]\nplatform = \"discord\"\nname = \"keys\"\nchannel = \"{KEYS}\"\n\
         [discord]\ntoken_file = \"discord.token\"\napi_url = \"{}\"\n",
        server.url()
    );
    host.configure(&settings(exchange, &group, &more));
    put_token(&host, "telegram.token", TOKEN);
    put_token(&host, "discord.token", discord::TOKEN);
    (host, group, server)
}

/// The message of the channel that holds `words` now.
async fn in_channel(fake: &discord::Fake, words: &str) -> serde_json::Value {
    let found = |state: &discord::State| {
        let messages = &state.channels[&KEYS].messages;
        messages.iter().find(|message| text(message).contains(words)).cloned()
    };
    fake.until(words, |state| found(state).is_some()).await;
    found(&fake.state()).expect("it is there")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_on_telegram_shows_on_discord_in_the_same_workspace() {
    let key = harmless("mm-bot-1");
    let exchange = simulator(std::slice::from_ref(&key)).await;
    let (host, group, server) = on_both(&exchange).await;
    let added = host.tell(&["key", "add", "--label", "mm-bot-1", "--stdin", "--yes"], &lines(&key));
    assert_eq!(added.code, 0, "{added:?}");
    let bot = Bot::start(&host);
    group.until("the first poll", Fake::is_polled).await;
    server.until("its commands are there", |state| state.commands.contains_key(&SERVER)).await;
    assert!(exchange.edit("mm-bot-1", |key| key.permissions.push("Withdrawal".to_owned())));
    let asked = host.run(&["key", "test", "mm-bot-1"]);
    assert!(asked.out.contains("Withdrawal"), "{asked:?}");
    let told = reads(&group, DESK, "can now withdraw").await;
    let shown = in_channel(&server, "can now withdraw").await;
    group.presses(ANN, DESK, told.id, &told.button("I'm on it"));
    let taken = in_channel(&server, "Ann is on it since").await;
    assert_eq!(taken["id"], shown["id"], "the same message says it");
    let is_anns = |fake: &Fake| fake.shown(DESK, told.id).text.contains("Ann is on it since");
    group.until("the group's own message says it too", is_anns).await;
    // And back, from the other side.
    let undo = button(&taken, "Undo").expect("the button");
    let data = json!({"custom_id": undo, "component_type": 2});
    server.answer(server.interact(3, (OWNER, in_server()), data, Some(taken))).await;
    group.until("it is nobody's again", |fake| !is_anns(fake)).await;
    assert_eq!(group.offences(), Vec::<String>::new());
    assert!(server.state().complaints.is_empty(), "{:#?}", server.state().complaints);
    drop(bot);
    exchange.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_program_on_the_telegram_token_is_said_on_discord_until_it_is_over() {
    let exchange = simulator(&[]).await;
    let (host, group, server) = on_both(&exchange).await;
    let bot = Bot::start(&host);
    group.until("the first poll", Fake::is_polled).await;
    server.until("its commands are there", |state| state.commands.contains_key(&SERVER)).await;
    poll_elsewhere(&group).await;
    // Whatever the hour: it does not wait for a morning.
    let said = in_channel(&server, "Telegram is disturbed since").await;
    assert!(text(&said).contains("Another program uses this Telegram token"), "{}", text(&said));
    reads(&group, DESK, "Telegram is disturbed since").await;
    // It would stand back for five minutes; begun anew it looks at once.
    drop(bot);
    let bot = Bot::start(&host);
    let over = in_channel(&server, "Telegram: works again").await;
    assert_eq!(over["id"], said["id"]);
    assert!(server.state().complaints.is_empty(), "{:#?}", server.state().complaints);
    drop(bot);
    exchange.shutdown().await;
}
