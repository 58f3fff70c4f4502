//! `keylapse setup` as a newcomer lives through it: the real program in a terminal, a pretended
//! KuCoin, Telegram and Discord beside it, and a person who types, sends codes and presses Seen.

use std::sync::Arc;

use keylapse::clock::{Clock, System};
use keylapse::exchange::simulator::{SimKey, Simulator};
use serde_json::{Value, json};

use super::terminal::Terminal;
use super::{Host, harmless, mode, simulator};
use crate::fakes::discord;
use crate::fakes::telegram::{self, Person, Status};
use crate::program::reads;
use crate::stories::discord::town::{self, KEYS, NOBODY, OWNER, SERVER, in_server};
use crate::stories::discord::world::{button, text};

const ANN: Person = Person { id: 11, name: "Ann" };
const DESK: i64 = -500;

/// A host, and the world around it.
struct Town {
    host: Host,
    exchange: Simulator,
    telegram: telegram::Fake,
    discord: Arc<discord::Fake>,
    key: SimKey,
}

impl Town {
    async fn new() -> Self {
        let key = harmless("mm-bot-1");
        let exchange = simulator(std::slice::from_ref(&key)).await;
        let clock: Arc<dyn Clock> = Arc::new(System::new());
        let telegram = telegram::Fake::start(clock).await;
        telegram.meets(ANN);
        let discord = discord::Fake::start().await;
        town::populate(&discord);
        discord.state().guilds.retain(|id, _| *id == SERVER);
        discord.state().guilds.get_mut(&SERVER).expect("the server").has_bot = false;
        Self { host: Host::new(), exchange, telegram, discord, key }
    }

    /// Starts setup, with the stand-ins named as a test must name them.
    fn sets_up(&self, args: &[&str]) -> Terminal {
        let environment = [
            ("KEYLAPSE_KUCOIN__BASE_URL", self.exchange.base_url()),
            ("KEYLAPSE_TELEGRAM__API_URL", self.telegram.url().to_owned()),
            ("KEYLAPSE_DISCORD__API_URL", self.discord.url()),
        ];
        Terminal::start(&self.host, &[&["setup"], args].concat(), &environment)
    }

    async fn adds_the_key(&self, terminal: &mut Terminal) {
        terminal.answers("Add your first key now?", "1").await;
        terminal.answers("Which key does your bot use?", "1").await;
        terminal.answers("What do you call it", "mm-bot-1").await;
        terminal.answers("What stops when this key stops", "grid bot on fra-2").await;
        terminal.hides("API key: ", &self.key.key).await;
        terminal.hides("API secret: ", &self.key.secret).await;
        terminal.hides("trading password): ", &self.key.passphrase).await;
        terminal.answers("Does your bot run on this machine?", "2").await;
        terminal.reads("KuCoin accepts this key.").await;
        terminal.reads("Saved.").await;
    }

    /// Sends the code that is printed next, from Ann's own chat.
    async fn ann_sends_the_code(&self, terminal: &mut Terminal) {
        terminal.reads("Telegram: open the chat").await;
        terminal.reads("/start@keylapse_bot ").await;
        let code = terminal.line().await;
        self.telegram.writes(ANN, ANN.id, &format!("/start@keylapse_bot {code}"));
        terminal.reads("Connected: Ann.").await;
    }

    async fn ann_sees_the_test(&self, terminal: &mut Terminal) {
        let test = reads(&self.telegram, ANN.id, "Test by").await;
        self.telegram.presses(ANN, ANN.id, test.id, &test.button("Seen"));
        terminal.reads("Seen by Ann. Warnings arrive there.").await;
    }

    /// The bot joins the server while setup waits for it; the code that was printed before.
    async fn the_bot_joins(&self, terminal: &mut Terminal) -> String {
        terminal.reads("choose the one of keylapse and give it this code:").await;
        terminal.line().await;
        let code = terminal.line().await;
        let event = {
            let mut state = self.discord.state();
            state.guilds.get_mut(&SERVER).expect("the server").has_bot = true;
            state.guild_event(SERVER)
        };
        self.discord.until("the bot listens", |state| !state.sockets.is_empty()).await;
        self.discord.tell("GUILD_CREATE", event);
        terminal.reads("The bot is in The desk now.").await;
        code
    }

    /// Waits for the one test in the channel and presses Seen under it.
    async fn the_owner_sees_the_test(&self, terminal: &mut Terminal) {
        let tests = |state: &discord::State| -> Vec<Value> {
            let messages = state.channels[&KEYS].messages.iter();
            messages.filter(|message| text(message).contains("Test by")).cloned().collect()
        };
        self.discord.until("the test arrives", |state| !tests(state).is_empty()).await;
        let arrived = tests(&self.discord.state());
        assert_eq!(arrived.len(), 1, "{arrived:#?}");
        let id = button(&arrived[0], "Seen").expect("the button");
        let data = json!({"custom_id": id, "component_type": 2});
        let press = (OWNER, in_server());
        self.discord.answer(self.discord.interact(3, press, data, Some(arrived[0].clone()))).await;
        terminal.reads("Seen by person-").await;
    }

    /// Somebody sends a code in the server; what they are told.
    async fn starts_on_discord(&self, person: u64, code: &str) -> String {
        let option = json!({"name": "code", "type": 3, "value": code});
        let data = json!({"id": "5", "name": "start", "type": 1, "options": [option]});
        let id = self.discord.interact(2, (person, in_server()), data, None);
        let answer = self.discord.answer(id).await;
        assert!(answer.ephemeral, "{answer:?}");
        text(&answer.shown.expect("an answer"))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_nothing_to_a_warning_that_was_seen_on_both_platforms() {
    let town = Town::new().await;
    let mut terminal = town.sets_up(&[]);
    terminal.answers("Your time zone", "Europe/Berlin").await;
    terminal.answers("Where shall I warn?", "3").await;
    // The wrong token, half a token, and then the right one.
    terminal.hides("Telegram token (typed unseen): ", discord::TOKEN).await;
    terminal.reads("That is a token of Discord; here the one of Telegram is needed").await;
    terminal.hides("Telegram token (typed unseen): ", "7001:AAfake").await;
    terminal.reads("That is not the shape of a Telegram token").await;
    terminal.hides("Telegram token (typed unseen): ", telegram::TOKEN).await;
    terminal.reads("That is @keylapse_bot.").await;
    terminal.hides("Discord token (typed unseen): ", discord::TOKEN).await;
    terminal.reads("That is keylapse.").await;
    town.adds_the_key(&mut terminal).await;
    town.ann_sends_the_code(&mut terminal).await;
    town.ann_sees_the_test(&mut terminal).await;

    terminal.reads("client_id=1200000000000000001&scope=bot+applications.commands").await;
    let code = town.the_bot_joins(&mut terminal).await;
    // Neither a stranger nor a channel that cannot be written spends the code.
    assert!(town.starts_on_discord(NOBODY, &code).await.contains("takes Manage Server"));
    let is = |access| {
        town.discord.state().channels.get_mut(&KEYS).expect("the channel").access = access;
    };
    is(discord::Access::NoSend);
    let told = town.starts_on_discord(OWNER, &code).await;
    assert!(told.contains("give my role Send Messages and Embed Links there"), "{told}");
    is(discord::Access::Full);
    assert!(
        town.starts_on_discord(OWNER, "AAAA-AAAAA-AAAA").await.contains("wrong, used or older")
    );
    assert!(town.starts_on_discord(OWNER, &code).await.contains("Connected to home."));
    terminal.reads("Connected: keys-").await;
    town.the_owner_sees_the_test(&mut terminal).await;
    terminal.reads("Public Bot is on").await;
    terminal.reads("Done. Start the bot with keylapse run").await;
    let (code, screen) = terminal.ends().await;
    assert_eq!(code, 0, "{screen}");
    for secret in
        [telegram::TOKEN, discord::TOKEN, &town.key.key, &town.key.secret, &town.key.passphrase]
    {
        assert!(!screen.contains(secret), "{screen}");
    }
    assert!(town.discord.state().commands.contains_key(&SERVER), "its commands are there at once");

    let settings = std::fs::read_to_string(town.host.data().join("keylapse.toml")).unwrap();
    insta::assert_snapshot!("the_settings_that_setup_writes", settings);
    for (file, token) in [("telegram.token", telegram::TOKEN), ("discord.token", discord::TOKEN)] {
        let path = town.host.data().join(file);
        assert_eq!((mode(&path), std::fs::read_to_string(path).unwrap().as_str()), (0o600, token));
    }

    // Once more: nothing is asked, and nothing is there twice.
    let (code, screen) = town.sets_up(&[]).ends().await;
    assert_eq!(code, 0, "{screen}");
    for line in [
        "Telegram: Ann is warned; Ann has seen a test there.",
        "Discord: keys-",
        "Nothing is left to connect.",
    ] {
        assert!(screen.contains(line), "{screen}");
    }
    assert!(!screen.contains('?') && !screen.contains("typed unseen"), "{screen}");
    assert_eq!(std::fs::read_to_string(town.host.data().join("keylapse.toml")).unwrap(), settings);
    assert_eq!(town.telegram.offences(), Vec::<String>::new());
    assert!(town.discord.state().complaints.is_empty(), "{:#?}", town.discord.state().complaints);
    town.exchange.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_at_every_question_it_goes_on_where_it_was() {
    let town = Town::new().await;
    // What is asked first, and what was answered before.
    let stops: [(&[(&str, &str)], &str); 4] = [
        (&[], "Your time zone"),
        (&[("Your time zone", "UTC")], "Where shall I warn?"),
        (&[("Where shall I warn?", "1")], "Telegram token (typed unseen): "),
        (&[], "Telegram token (typed unseen): "),
    ];
    for (answers, question) in stops {
        let mut terminal = town.sets_up(&[]);
        for (question, answer) in answers {
            terminal.answers(question, answer).await;
        }
        let before = terminal.reads(question).await;
        assert!(answers.len() == 1 || !before.contains('?'), "asked again: {before}");
        if question.contains("unseen") {
            terminal.becomes_hidden().await;
        } else {
            // A terminal throws away what is printed in the very instant of Ctrl-C.
            terminal.reads(": ").await;
        }
        terminal.interrupts();
        terminal.reads("Stopped. What was done is kept").await;
        assert!(terminal.shows_typing(), "the terminal must show again what is typed");
        let (code, screen) = terminal.ends().await;
        assert_eq!(code, 130, "{screen}");
    }
    // Stopped while it waits for the code, and then before the test was seen.
    let mut terminal = town.sets_up(&[]);
    terminal.hides("Telegram token (typed unseen): ", telegram::TOKEN).await;
    terminal.answers("Add your first key now?", "2").await;
    terminal.reads("Waiting; Ctrl-C stops").await;
    terminal.interrupts();
    let (code, screen) = terminal.ends().await;
    assert!(code == 2 && screen.contains("Stopped. What was done is kept"), "{code} {screen}");

    let mut terminal = town.sets_up(&[]);
    town.adds_the_key(&mut terminal).await;
    town.ann_sends_the_code(&mut terminal).await;
    terminal.reads("A test is on its way to Ann.").await;
    terminal.interrupts();
    let (code, screen) = terminal.ends().await;
    assert_eq!(code, 2, "{screen}");

    let mut terminal = town.sets_up(&[]);
    let before = terminal.reads("The test from before waits in Ann.").await;
    assert!(!before.contains('?') && !before.contains("/start@"), "asked again: {before}");
    town.ann_sees_the_test(&mut terminal).await;
    terminal.reads("Discord is not connected; keylapse setup discord does that.").await;
    let (code, screen) = terminal.ends().await;
    assert_eq!(code, 0, "{screen}");
    let listed = town.host.run(&["key", "list"]);
    assert_eq!(listed.out.matches("mm-bot-1").count(), 1, "{listed:?}");
    town.exchange.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_on_discord_it_goes_on_where_it_was() {
    let town = Town::new().await;
    let stops = async |mut terminal: Terminal| {
        terminal.interrupts();
        let (code, screen) = terminal.ends().await;
        assert!(code == 2 && screen.contains("Stopped. What was done is kept"), "{code} {screen}");
        // The next one to listen is another.
        town.discord.state().sockets.clear();
    };
    // Before anybody sent the code.
    let mut terminal = town.sets_up(&["discord"]);
    terminal.answers("Your time zone", "").await;
    terminal.hides("Discord token (typed unseen): ", discord::TOKEN).await;
    terminal.reads("That is keylapse.").await;
    terminal.answers("Add your first key now?", "2").await;
    terminal.reads("Waiting; Ctrl-C stops").await;
    stops(terminal).await;
    // Before the test was seen.
    let mut terminal = town.sets_up(&[]);
    let before = terminal.reads("Add your first key now?").await;
    assert!(!before.contains('?') && !before.contains("typed unseen"), "asked again: {before}");
    terminal.types("2");
    let code = town.the_bot_joins(&mut terminal).await;
    assert!(town.starts_on_discord(OWNER, &code).await.contains("Connected to home."));
    terminal.reads("A test is on its way to keys-").await;
    stops(terminal).await;

    let mut terminal = town.sets_up(&[]);
    terminal.answers("Add your first key now?", "2").await;
    let before = terminal.reads("The test from before waits in keys-").await;
    assert!(!before.contains("this code"), "a second code: {before}");
    town.discord.until("the bot listens", |state| !state.sockets.is_empty()).await;
    town.the_owner_sees_the_test(&mut terminal).await;
    terminal.reads("Telegram is not connected; keylapse setup telegram does that.").await;
    let (code, screen) = terminal.ends().await;
    assert_eq!(code, 0, "{screen}");
    assert!(town.discord.state().complaints.is_empty(), "{:#?}", town.discord.state().complaints);
    town.exchange.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_on_telegram_is_warned_when_its_admin_sends_the_code_there() {
    let town = Town::new().await;
    town.telegram.room(DESK, "supergroup", "Desk");
    town.telegram.sits(ANN, DESK, Status::Creator);
    let mut terminal = town.sets_up(&["telegram"]);
    terminal.answers("Your time zone", "").await;
    terminal.hides("Telegram token (typed unseen): ", telegram::TOKEN).await;
    terminal.answers("Add your first key now?", "2").await;
    terminal.reads("or a group with @keylapse_bot in it, and send:").await;
    terminal.reads("/start@keylapse_bot ").await;
    let code = terminal.line().await;
    town.telegram.writes(ANN, DESK, &format!("/start@keylapse_bot {code}"));
    terminal.reads("Connected: Desk").await;
    reads(&town.telegram, DESK, "Connected: this chat gets the warnings from now on.").await;
    terminal.reads("A test is on its way to Desk").await;
    let test = reads(&town.telegram, DESK, "Test by").await;
    town.telegram.presses(ANN, DESK, test.id, &test.button("Seen"));
    terminal.reads("Seen by Ann. Warnings arrive there.").await;
    let (code, screen) = terminal.ends().await;
    assert_eq!(code, 0, "{screen}");
    assert_eq!(town.telegram.offences(), Vec::<String>::new());
    let mut terminal = town.sets_up(&["telegram"]);
    terminal.answers("Add your first key now?", "2").await;
    let (code, screen) = terminal.ends().await;
    assert!(code == 0 && screen.contains("Telegram: Desk is warned"), "{screen}");
    town.exchange.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_refused_three_times_ends_it_with_the_reason() {
    let town = Town::new().await;
    town.discord.state().wrong_token = true;
    let mut terminal = town.sets_up(&["discord"]);
    terminal.answers("Your time zone", "").await;
    for _ in 0..3 {
        terminal.hides("Discord token (typed unseen): ", discord::TOKEN).await;
        terminal.reads("Discord refuses this token: make a new one").await;
    }
    terminal.reads("No Discord token that works was given").await;
    let (code, screen) = terminal.ends().await;
    assert!(code == 2 && !screen.contains(discord::TOKEN), "{screen}");
    assert!(!town.host.data().join("discord.token").exists(), "what does not work is not kept");
    town.exchange.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_a_chosen_platform_there_is_a_way_back_and_no_network_is_not_the_tokens_fault() {
    let host = Host::new();
    // Nobody listens there.
    let environment = [("KEYLAPSE_TELEGRAM__API_URL", "http://127.0.0.1:1".to_owned())];
    let mut terminal = Terminal::start(&host, &["setup"], &environment);
    terminal.answers("Your time zone", "UTC").await;
    terminal.answers("Where shall I warn?", "3").await;
    terminal.hides("Telegram token (typed unseen): ", telegram::TOKEN).await;
    terminal.reads("Telegram cannot be reached from this machine").await;
    terminal.answers("The token was not refused; it is not kept yet.", "1").await;
    terminal.reads("Telegram cannot be reached from this machine").await;
    terminal.answers("[3] Go on without Telegram", "3").await;
    terminal.hides("Discord token (typed unseen): ", "").await;
    terminal.answers("Nothing was given.", "2").await;
    terminal.answers("Where shall I warn?", "4").await;
    terminal.answers("Add your first key now?", "2").await;
    terminal.reads("Done. Start the bot with keylapse run --console").await;
    let (code, screen) = terminal.ends().await;
    assert!(code == 0 && !screen.contains(telegram::TOKEN), "{screen}");
    let settings = std::fs::read_to_string(host.data().join("keylapse.toml")).unwrap();
    assert!(!settings.contains("\n[telegram]") && !settings.contains("\n[discord]"), "{settings}");
    assert!(settings.contains("platform = \"console\""), "{settings}");
    assert!(!host.data().join("telegram.token").exists());
}
