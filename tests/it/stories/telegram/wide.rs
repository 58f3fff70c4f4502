//! Groups in which many read along: what is asked before they are told.

use chrono::TimeDelta;
use keylapse::commands::Role;
use keylapse::domain::receiver::Platform;

use super::world::{ANN, DESK, Wish, World, described};
use crate::fakes::telegram::{Shown, Status};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn telling_a_large_or_public_group_is_questioned_first_however_it_is_asked() {
    let world = World::new("wide").await.ready().await;
    let groups = [(-700, 9, false), (-701, 51, false), (-702, 9, true)];
    for (ask, first) in [("/notify add", 0), ("/notify", -10), ("/notify test nobody", -20)] {
        for (chat, members, public) in groups {
            let chat = chat + first;
            world.fake.room(chat, "supergroup", "Others");
            world.fake.counts(chat, members, public);
            world.fake.sits(ANN, chat, Status::Creator);
            let mut desk = described("Desk", DESK, Wish::default());
            desk.chats.push((Platform::Telegram, chat.to_string()));
            if first == -20 {
                desk.receivers.clear();
            }
            world.stage.store.sync_workspaces(&[desk], world.now()).await.unwrap();
            if first == -20 {
                forget_all(&world).await;
            }
            let answer = asks_in(&world, chat, ask).await;
            let is_wide = members > 50 || public;
            assert_eq!(answer.text.contains("Many people may read"), is_wide, "{}", answer.text);
            if is_wide || ask != "/notify add" {
                // Pressed in private, and the group is meant all the same.
                let words = if is_wide { "Tell it here anyway" } else { "Tell this chat too" };
                world.presses(ANN, ANN.id, answer.id, &answer.button(words)).await;
                world.reads(ANN.id, &["This chat is told from now on"]);
            }
            let told = world.stage.desk.receivers().await.unwrap();
            let told: Vec<_> = told.into_iter().map(|one| one.receiver.address.chat).collect();
            assert!(told.contains(&chat.to_string()), "{told:?}");
            assert!(!told.contains(&ANN.id.to_string()), "{told:?}");
        }
    }
    world.end().await;
}

/// Nobody is told any more but whom the file names.
async fn forget_all(world: &World) {
    let desk = &world.stage.desk;
    let entry = keylapse::store::audit::Entry {
        actor: keylapse::domain::text::Clean::new("story", 20),
        place: "story".to_owned(),
        action: "receiver.removed",
        target: None,
        before: None,
        after: None,
    };
    let all = desk.receivers().await.unwrap();
    for one in all.iter().filter(|one| !one.is_configured) {
        assert!(desk.remove_receiver(&one.receiver.id, &entry, world.now()).await.unwrap());
    }
}

/// Ann asks in a group and opens the answer in her own chat.
async fn asks_in(world: &World, chat: i64, words: &str) -> Shown {
    world.writes(ANN, chat, words).await;
    let link = world.reads(chat, &["for you alone"]).button("Open the answer");
    let (_, parameter) = link.split_once("?start=").expect("a link");
    world.writes(ANN, ANN.id, &format!("/start {parameter}")).await;
    world.reads(ANN.id, &[])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_brings_a_large_group_in_says_that_many_read_along() {
    let world = World::new("wide-code").await.ready().await;
    let workspace = world.stage.desk.workspace().id.clone();
    let until = world.now() + TimeDelta::minutes(30);
    for (chat, members, code) in [(-700, 9, "AAAA000000001"), (-701, 51, "BBBB000000002")] {
        let (store, admin) = (&world.stage.store, Role::Admin);
        store.keep_claim(&workspace, admin, code, until, world.now()).await.unwrap();
        world.fake.room(chat, "supergroup", "Night");
        world.fake.counts(chat, members, false);
        world.fake.sits(ANN, chat, Status::Creator);
        // A wrong code is no reason to ask Telegram anything.
        let asked = world.fake.count("getChatMemberCount");
        world.writes(ANN, chat, "/start@keylapse_bot CCCC000000009").await;
        world.reads(chat, &["This bot is private."]);
        assert_eq!(world.fake.count("getChatMemberCount"), asked);
        world.writes(ANN, chat, &format!("/start@keylapse_bot {code}")).await;
        let said = world.reads(chat, &["Connected: this chat gets the warnings"]).text;
        assert_eq!(said.contains("Many people may read this chat"), members > 50, "{said}");
        assert_eq!(said.contains("A smaller channel"), members > 50, "{said}");
    }
    // A group of the workspace that nobody is told in yet: the answer waits behind a link.
    world.fake.counts(-701, 51, false);
    forget_all(&world).await;
    let code = "DDDD000000004";
    world.stage.store.keep_claim(&workspace, Role::Admin, code, until, world.now()).await.unwrap();
    let answer = asks_in(&world, -701, &format!("/start@keylapse_bot {code}")).await.text;
    assert!(answer.contains("Connected to Desk") && answer.contains("Many people"), "{answer}");
    world.end().await;
}
