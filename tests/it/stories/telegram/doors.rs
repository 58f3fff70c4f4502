//! Who comes in: strangers, codes, people of two workspaces, groups that the bot is brought to.

use chrono::TimeDelta;
use keylapse::commands::Role;
use keylapse::domain::receiver::Platform;

use super::world::{ANN, BO, DESK, EVE, Wish, World, described};
use crate::fakes::telegram::Status;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_gets_one_line_a_day() {
    let world = World::new("stranger").await.ready().await;
    for text in ["/start", "/start", "/keystatus", "what does 400003 mean?", "/help"] {
        world.writes(EVE, EVE.id, text).await;
    }
    world.reads(EVE.id, &["This bot is private. Its operator can give you a code."]);
    world.reads_nothing();
    world.pass(TimeDelta::days(1)).await;
    world.writes(EVE, EVE.id, "/start").await;
    world.reads(EVE.id, &["This bot is private."]);
    // Whoever runs a group of their own is no less a stranger here.
    world.fake.room(-900, "supergroup", "Eve's");
    world.fake.sits(EVE, -900, Status::Creator);
    let before = world.fake.count("getChatMember");
    for text in ["/keystatus", "/help", "/keystatus@keylapse_bot", "/ack@keylapse_bot 1"] {
        world.writes(EVE, -900, text).await;
    }
    world.reads(-900, &["This bot is private."]);
    assert_eq!(world.fake.count("getChatMember"), before, "a stranger's group costs nothing");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_lets_a_person_and_a_group_in() {
    let world = World::new("code").await.ready().await;
    world.watch("mm-bot-1").await;
    let (store, workspace) = (&world.stage.store, world.stage.desk.workspace().id.clone());
    let until = world.now() + TimeDelta::minutes(10);
    for (code, role) in [
        ("AAAA000000001", Role::Operator),
        ("BBBB000000002", Role::Admin),
        ("CCCC000000003", Role::Viewer),
    ] {
        store.keep_claim(&workspace, role, code, until, world.now()).await.unwrap();
    }
    world.writes(EVE, EVE.id, "/start AAAA-000000009").await;
    world.reads(EVE.id, &["This bot is private."]);
    world.writes(EVE, EVE.id, "/start AAAA-000000001").await;
    world.reads(EVE.id, &["Connected to Desk", "operator"]);
    world.writes(EVE, EVE.id, "/keystatus").await;
    world.reads(EVE.id, &["mm-bot-1"]);
    world.fake.room(-900, "group", "Night");
    world.fake.sits(EVE, -900, Status::Member);
    // A code for one person brings no group in: its creator would be admin by that.
    world.writes(EVE, -900, "/start@keylapse_bot CCCC000000003").await;
    world.reads(-900, &["That code is for one person", "it is spent"]);
    assert!(world.stage.store.home_of(Platform::Telegram, "-900").await.unwrap().is_none());
    world.writes(EVE, -900, "/start@keylapse_bot BBBB000000002").await;
    let said = world.reads(-900, &["Connected: this chat gets the warnings"]);
    assert!(!said.text.contains("Desk"), "{}", said.text);
    world.gain("mm-bot-1").await;
    for chat in [EVE.id, -900, DESK] {
        world.reads(chat, &["mm-bot-1 can now withdraw"]);
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_belongs_to_two_workspaces_chooses_one() {
    let world = World::new("choice").await.ready().await;
    world.watch("mm-bot-1").await;
    world.fake.room(-900, "supergroup", "Night");
    world.fake.sits(ANN, -900, Status::Member);
    let both =
        [described("Desk", DESK, Wish::default()), described("Night", -900, Wish::default())];
    world.stage.store.sync_workspaces(&both, world.now()).await.unwrap();
    world.writes(ANN, ANN.id, "/keystatus").await;
    let choice = world.reads(ANN.id, &["Which workspace?"]);
    // Bo is in one of them only, and Ann's choice is not his to make.
    world.presses(BO, BO.id, choice.id, &choice.button("Night")).await;
    world.reads(BO.id, &["no longer valid"]);
    world.presses(ANN, ANN.id, choice.id, &choice.button("Desk")).await;
    world.reads(ANN.id, &["Desk"]);
    world.writes(ANN, ANN.id, "/keystatus").await;
    world.reads(ANN.id, &["mm-bot-1"]);
    world.writes(BO, BO.id, "/keystatus").await;
    world.reads(BO.id, &["mm-bot-1"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn being_added_to_a_group_is_answered_once() {
    let world = World::new("added").await.ready().await;
    let added = |chat| {
        world.fake.sits_the_bot(chat, Status::Left);
        world.fake.makes_the_bot(ANN, chat, Status::Member)
    };
    world.served(added(DESK)).await;
    world.reads(DESK, &["I watch API keys", "/keystatus@keylapse_bot"]);
    world.fake.room(-900, "group", "Elsewhere");
    world.served(added(-900)).await;
    world.reads(-900, &["This bot is private."]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_host_is_open_only_who_runs_a_group_brings_the_bot_there() {
    let wish = Wish { open: true, ..Wish::default() };
    let world = World::with("open", wish, |_| {}).await.ready().await;
    world.fake.room(-900, "supergroup", "Eve's");
    world.fake.sits(EVE, -900, Status::Creator);
    world.fake.sits(BO, -900, Status::Member);
    let before = world.stage.store.workspaces().await.unwrap();
    world.writes(BO, -900, "/start@keylapse_bot").await;
    world.reads(-900, &["This bot is private."]);
    assert_eq!(world.stage.store.workspaces().await.unwrap(), before, "no row");
    world.writes(EVE, -900, "/start@keylapse_bot").await;
    world.reads(-900, &["I answer questions about exchange API keys here"]);
    assert_eq!(world.stage.store.workspaces().await.unwrap().len(), before.len() + 1);
    let home = world.stage.store.home_of(Platform::Telegram, "-900").await.unwrap().unwrap();
    assert!(home.workspace.faq_only);
    // Nobody is shown an answer of somebody else before an admin chose that, nor afterwards.
    let asks = async |words: &str| {
        world.writes(BO, -900, "/faq 400003").await;
        world.reads(-900, &[words]);
        world.pass(TimeDelta::minutes(2)).await;
    };
    asks("for you alone").await;
    for (value, words) in [("here", "KuCoin"), ("off", "for you alone")] {
        world.writes(EVE, -900, &format!("/settings faq {value}")).await;
        world.reads(-900, &["for you alone"]);
        asks(words).await;
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_command_is_met_with_silence_when_there_is_too_much_of_it() {
    let world = World::new("misheard").await.ready().await;
    for _ in 0..40 {
        world.fake.writes(ANN, ANN.id, "/upcoming 0");
    }
    let last = world.fake.writes(ANN, ANN.id, "/upcoming 0");
    world.pass_until(|fake| fake.is_confirmed(last)).await;
    world.pass(TimeDelta::seconds(60)).await;
    let said = std::iter::from_fn(|| world.fake.read(ANN.id)).count();
    assert!((1..=25).contains(&said), "{said}");
    world.end().await;
}
