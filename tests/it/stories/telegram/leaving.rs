//! How somebody is let out again: a role that is taken back, a chat that is taken out, and a place
//! that the bot was removed from.

use chrono::TimeDelta;
use keylapse::commands::Role;
use keylapse::domain::receiver::Platform;

use super::world::{ANN, DESK, EVE, Wish, World};
use crate::fakes::telegram::Status;

async fn code(world: &World, code: &str, role: Role) {
    let (store, workspace) = (&world.stage.store, world.stage.desk.workspace().id.clone());
    let until = world.now() + TimeDelta::minutes(10);
    store.keep_claim(&workspace, role, code, until, world.now()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_role_is_taken_back_reads_nothing_more_in_their_own_chat() {
    let world = World::new("leaving").await.ready().await;
    world.watch("mm-bot-1").await;
    code(&world, "AAAA000000001", Role::Operator).await;
    world.writes(EVE, EVE.id, "/start AAAA-000000001").await;
    world.reads(EVE.id, &["Connected to Desk", "operator"]);
    world.writes(ANN, ANN.id, &format!("/settings role {} none", EVE.id)).await;
    world.reads(ANN.id, &["nothing is granted any more", "Their own chat"]);
    // Everybody in the group may look; a chat of one's own is no group.
    world.writes(EVE, EVE.id, "/keystatus").await;
    world.reads(EVE.id, &["This bot is private."]);
    world.gain("mm-bot-1").await;
    world.reads(DESK, &["mm-bot-1 can now withdraw"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_takes_a_chat_out_and_nobody_is_told_or_served_there() {
    let world = World::new("out").await.ready().await;
    world.watch("mm-bot-1").await;
    code(&world, "BBBB000000002", Role::Admin).await;
    world.fake.room(-900, "group", "Night");
    world.fake.sits(EVE, -900, Status::Member);
    world.writes(EVE, -900, "/start@keylapse_bot BBBB000000002").await;
    world.reads(-900, &["Connected: this chat gets the warnings"]);
    world.writes(ANN, ANN.id, "/settings").await;
    world.reads(ANN.id, &["Chat: Night (Telegram -900)"]);
    world.writes(ANN, ANN.id, "/settings chat -900 none").await;
    world.reads(ANN.id, &["Taken out", "No warnings go there"]);
    world.writes(ANN, ANN.id, "/settings chat -900 none").await;
    world.reads(ANN.id, &["No chat of this workspace has that number"]);
    world.writes(ANN, ANN.id, &format!("/settings chat {DESK} none")).await;
    world.reads(ANN.id, &["keylapse.toml"]);
    world.writes(EVE, -900, "/keystatus@keylapse_bot").await;
    world.reads(-900, &["This bot is private."]);
    world.gain("mm-bot-1").await;
    world.reads(DESK, &["mm-bot-1 can now withdraw"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lesser_code_in_a_group_of_ours_lets_in_its_bringer_and_tells_nobody_more() {
    let world = World::new("lesser").await.ready().await;
    world.watch("mm-bot-1").await;
    code(&world, "CCCC000000003", Role::Operator).await;
    world.fake.sits(EVE, DESK, Status::Member);
    let before = world.stage.desk.receivers().await.unwrap();
    world.writes(EVE, DESK, "/start@keylapse_bot CCCC000000003").await;
    let pointer = world.reads(DESK, &["for you"]);
    assert!(!pointer.text.contains("operator"), "{}", pointer.text);
    assert_eq!(world.stage.desk.receivers().await.unwrap(), before);
    let audit = format!("{:?}", world.stage.desk.audit(10).await.unwrap());
    assert!(audit.contains("role.granted") && !audit.contains("receiver.added"), "{audit}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_opened_in_a_group_goes_when_the_bot_is_removed_from_it() {
    let open = Wish { open: true, ..Wish::default() };
    let world = World::with("farewell", open, |_| {}).await.ready().await;
    world.fake.room(-900, "supergroup", "Elsewhere");
    world.fake.sits(EVE, -900, Status::Creator);
    let before = world.stage.store.workspaces().await.unwrap();
    world.writes(EVE, -900, "/start@keylapse_bot").await;
    world.reads(-900, &["I answer questions about exchange API keys here"]);
    assert_eq!(world.stage.store.workspaces().await.unwrap().len(), before.len() + 1);
    world.served(world.fake.makes_the_bot(EVE, -900, Status::Left)).await;
    assert_eq!(world.stage.store.workspaces().await.unwrap(), before);
    assert!(world.stage.store.home_of(Platform::Telegram, "-900").await.unwrap().is_none());
    world.end().await;
}
