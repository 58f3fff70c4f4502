//! The gateway: cut, resumed, thrown out, refused, and never at a wrong address.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use keylapse::chat::console::Console;
use keylapse::chat::console::screen::Screen;
use keylapse::chat::discord::Stopped;
use keylapse::cli::attend::Roll;
use keylapse::clock::Clock as _;
use keylapse::domain::receiver::{Address, Platform};
use serde_json::json;

use super::world::*;
use crate::fakes::discord::{Fake, Push};
use crate::world::platforms::tell;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_are_registered_once_and_again_only_when_they_changed() {
    let mut world = World::new().await;
    let puts = |world: &World| -> Vec<String> {
        let state = world.fake.state();
        let puts = state.asked.iter().filter(|one| one.method == "PUT");
        puts.map(|one| one.path.clone()).collect()
    };
    assert_eq!(puts(&world).len(), 2, "{:?}", puts(&world));
    let names = |world: &World, scope: u64| -> Vec<String> {
        let state = world.fake.state();
        let list = state.commands[&scope].as_array().unwrap().clone();
        list.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        names(&world, 0),
        ["fix", "leaked", "faq", "start", "cancel", "help", "privacy", "Explain this error"]
    );
    let local = [
        "keystatus",
        "check",
        "security",
        "alerts",
        "ack",
        "why",
        "upcoming",
        "notify",
        "settings",
        "faqgaps",
        "Leaked key",
    ];
    assert_eq!(names(&world, SERVER), local);
    assert!(!world.fake.state().commands.contains_key(&FOREIGN));
    for changed in [false, true] {
        world.switch_off().await;
        if changed {
            world.fake.state().commands.get_mut(&SERVER).unwrap()[0]["description"] = "old".into();
        }
        let before = world.fake.state().asked.len();
        world.switch_on().await;
        let wanted = if changed { 3 } else { 2 };
        world
            .fake
            .until("all commands were compared", |state| {
                let asked = state.asked.iter().skip(before);
                asked.filter(|one| one.path.ends_with("/commands")).count() >= 3 + wanted - 2
            })
            .await;
        assert_eq!(puts(&world).len(), wanted);
    }
    world.end("commands").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_while_the_gateway_is_cut_is_answered_when_it_resumes() {
    let world = World::new().await;
    world.watch("mm-bot-1").await;
    for ends in
        [vec![Push::Drop], vec![Push::Close(4_000)], vec![Push::Raw(json!({"op": 7, "d": null}))]]
    {
        let before = world.fake.state().resumes;
        world.fake.end_gateway(ends);
        let storm: Vec<u64> = (0..10)
            .map(|_| {
                let data = json!({"id": "5", "name": "alerts", "type": 1});
                world.fake.interact(2, (TRADER, in_server()), data, None)
            })
            .collect();
        for id in storm.into_iter().take(5) {
            let answer = world.answer(id).await;
            assert!(answer.ephemeral && !answer.text.is_empty());
        }
        assert_eq!(world.fake.state().resumes, before + 1);
        world.pass(chrono::TimeDelta::minutes(2)).await;
    }
    assert_eq!(world.fake.state().identifies, 1);
    world.end("resumed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_over_is_begun_anew() {
    let world = World::new().await;
    world.watch("mm-bot-1").await;
    world.fake.end_gateway(vec![Push::Raw(json!({"op": 9, "d": false}))]);
    world
        .fake
        .until("a new session", |state| state.identifies == 2 && !state.sockets.is_empty())
        .await;
    assert!(world.says(TRADER, "keystatus", &[]).await.text.contains("mm-bot-1"));
    world.end("anew").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_only_looks_alive_is_left() {
    let fake = Fake::beating(400).await;
    let mut world = World::with(fake, &[KEYS]).await;
    world.switch_on().await;
    world.fake.state().deaf = true;
    world.fake.state().sockets.clear();
    world.fake.until("another connection", |state| state.identifies + state.resumes >= 2).await;
    world.fake.state().deaf = false;
    world.end("zombie").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_token_and_refused_intents_end_the_listening_with_one_sentence() {
    for (code, why) in
        [(4_004, Stopped::Token), (4_013, Stopped::Intents), (4_014, Stopped::Intents)]
    {
        let mut world = World::with(Fake::start().await, &[KEYS]).await;
        world.fake.state().refuse = Some(code);
        world.start();
        assert_eq!(world.stopped().await, why);
        world.end(&format!("closed-{code}")).await;
    }
    let mut world = World::with(Fake::start().await, &[KEYS]).await;
    world.fake.state().wrong_token = true;
    world.start();
    let why = world.stopped().await;
    assert_eq!(why, Stopped::Token);
    assert!(why.to_string().contains("Reset Token"), "{why}");
    // A dead token is not tried again.
    assert_eq!(world.fake.state().asked.len(), 1);
    world.end("unauthorized").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_elsewhere_is_never_believed_and_a_failure_has_no_fallback() {
    let mut world = World::with(Fake::start().await, &[KEYS]).await;
    world.fake.state().gateway = Some("wss://gateway.discord.gg".to_owned());
    world.start();
    assert_eq!(world.stopped().await, Stopped::Gateway);
    assert_eq!(world.fake.state().identifies, 0);
    world.end("elsewhere").await;

    // The first answers fail, those that serenity asks for itself too: it comes up all the same, here.
    let mut world = World::with(Fake::start().await, &[KEYS]).await;
    world.fake.state().gateway_fails = 3;
    world.switch_on().await;
    assert_eq!(world.fake.state().identifies, 1);
    world.end("failing").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_refuses_connections_is_asked_for_again() {
    let mut world = World::with(Fake::start().await, &[KEYS]).await;
    // A port that nobody listens at.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    world.fake.state().gateway = Some(format!("ws://{free}/ws"));
    world.start();
    world
        .fake
        .until("it is asked for again", |state| {
            state.asked.iter().filter(|one| one.path.ends_with("/gateway/bot")).count() >= 3
        })
        .await;
    world.fake.state().gateway = None;
    world.comes_up().await;
    world.end("refused").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_in_more_servers_than_one_connection_may_serve_ends_before_it_connects() {
    for (servers, is_too_much) in [(2_499, false), (2_500, true)] {
        let mut world = World::with(Fake::start().await, &[KEYS]).await;
        world.fake.state().switches = json!({"approximate_guild_count": servers});
        if is_too_much {
            world.fake.state().refuse = Some(4_011);
            world.start();
            assert_eq!(world.stopped().await, Stopped::Servers);
            assert_eq!(world.fake.state().identifies, 0);
        } else {
            world.switch_on().await;
        }
        world.end(&format!("servers-{servers}")).await;
    }
}

/// The workspace is told in a terminal too; what is printed there.
async fn a_terminal_beside(world: &mut World) -> Arc<Mutex<String>> {
    let paper: Arc<Mutex<String>> = Arc::default();
    let printed = paper.clone();
    let screen = Screen::new(Box::new(move |text: &str| {
        printed.lock().unwrap().push_str(text);
        Ok(())
    }));
    let console = Console::new([("terminal".to_owned(), Arc::new(screen))]);
    world.beside.insert(Platform::Console, Arc::new(console));
    let (platform, chat) = (Platform::Console, "terminal".to_owned());
    let address = Address { platform, chat, topic: None };
    tell(&world.stage.desk, address, world.stage.clock.now()).await;
    paper
}

async fn is_printed(world: &World, paper: &Mutex<String>, words: &str) {
    let printing = async {
        while !paper.lock().unwrap().contains(words) {
            world.pass(TimeDelta::seconds(5)).await;
            tokio::task::yield_now().await;
        }
    };
    let printed = tokio::time::timeout(Duration::from_secs(20), printing).await;
    assert!(printed.is_ok(), "{words:?} is not in:\n{}", paper.lock().unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_stays_silent_is_said_in_another_chat_even_at_night() {
    let mut world = World::with(Fake::start().await, &[KEYS]).await;
    let paper = a_terminal_beside(&mut world).await;
    // Two o'clock: what may wait is not said before nine.
    world.pass(TimeDelta::hours(16)).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    world.fake.state().gateway = Some(format!("ws://{free}/ws"));
    world.start();
    is_printed(&world, &paper, "Discord is disturbed since").await;
    is_printed(&world, &paper, "Discord's gateway does not answer").await;
    let shown = world.reads(KEYS, &["Discord is disturbed since", "Warnings still go out"]);
    world.fake.state().gateway = None;
    world.comes_up().await;
    is_printed(&world, &paper, "Discord: works again").await;
    world.pass(TimeDelta::seconds(10)).await;
    let shown = text(&world.now_shown(&shown));
    assert!(shown.contains("Discord: works again"), "{shown}");
    // A second silence is said as the first one was, also when every new try comes to nothing.
    paper.lock().unwrap().clear();
    world.fake.state().refuse = Some(4_000);
    world.fake.end_gateway(vec![Push::Raw(json!({"op": 9, "d": false}))]);
    is_printed(&world, &paper, "Discord is disturbed").await;
    world.reads(KEYS, &["Discord is disturbed"]);
    world.fake.state().refuse = None;
    is_printed(&world, &paper, "Discord: works again").await;
    world.end("silent").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_token_rests_beside_a_platform_that_works_until_discord_takes_it_again() {
    let mut world = World::with(Fake::start().await, &[KEYS]).await;
    let paper = a_terminal_beside(&mut world).await;
    world.fake.state().refuse = Some(4_004);
    let roll = Arc::new(Roll::new([Platform::Discord, Platform::Telegram]));
    roll.heard(Platform::Telegram);
    let resting = roll.resting();
    let listening = world.start_attended(roll);
    is_printed(&world, &paper, "Discord is disturbed since").await;
    is_printed(&world, &paper, "Discord refuses the bot's token").await;
    assert!(resting.borrow().contains_key(&Platform::Discord), "health sees it");
    world.reads(KEYS, &["Discord is disturbed since"]);
    // Checks go on meanwhile.
    world.watch("mm-bot-1").await;
    world.gains_withdrawal("mm-bot-1").await;
    is_printed(&world, &paper, "mm-bot-1 can now withdraw").await;
    world.reads(KEYS, &["mm-bot-1 can now withdraw"]);
    let tried = world.fake.state().identifies;
    assert!((1..=6).contains(&tried), "tried {tried} times");
    world.fake.state().refuse = None;
    is_printed(&world, &paper, "Discord: works again").await;
    assert!(resting.borrow().is_empty(), "well again");
    world.comes_up().await;
    // Nobody has taken the alert: the longer the token rests, the likelier it is told once more.
    let again = world.reads_all(KEYS);
    assert!(again.is_empty() || again.contains("mm-bot-1 can now withdraw"), "{again}");
    // Once heard it is tried as long as the bot runs, also where there is nothing else.
    assert!(!listening.is_finished());
    world.end("rests").await;
    assert_eq!(listening.await.unwrap(), Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_registration_hangs_does_not_keep_the_next_one_from_its_commands() {
    let mut world = World::with(Fake::start().await, &[KEYS]).await;
    let has_bot = |world: &World, has: bool| {
        world.fake.state().guilds.get_mut(&SERVER).unwrap().has_bot = has;
    };
    has_bot(&world, false);
    world.fake.state().hangs.insert(FOREIGN);
    world.start();
    let is_asked = |state: &crate::fakes::discord::State| {
        state.asked.iter().any(|one| one.path.ends_with(&format!("/guilds/{FOREIGN}/commands")))
    };
    world.fake.until("the first server's registration hangs", is_asked).await;
    has_bot(&world, true);
    let guild = world.fake.state().guild_event(SERVER);
    world.fake.tell("GUILD_CREATE", guild);
    let coming = tokio::time::timeout(Duration::from_secs(5), world.comes_up()).await;
    assert!(coming.is_ok(), "the next server waits");
    world.end("hangs").await;
}
