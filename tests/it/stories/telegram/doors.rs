//! Who comes in: strangers, codes, people without a name of their own.

use chrono::TimeDelta;
use keylapse::commands::Role;
use keylapse::domain::receiver::Platform;
use serde_json::{Value, json};

use super::world::{ANN, BO, DESK, EVE, Wish, World, described};
use crate::fakes::telegram::{Person, Shown, Status};

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

/// Messages that a person did not say in their own name, as the server sends them.
fn nobodys(world: &World, text: &str) -> Vec<Value> {
    let message = || world.fake.message(ANN, DESK, text);
    let with = |field: &str, value: Value| {
        let mut message = message();
        message[field] = value;
        json!({"message": message})
    };
    let room = json!({"id": DESK, "type": "supergroup", "title": "Desk"});
    let bot = json!({"id": 99, "is_bot": true, "first_name": "x", "username": "x_bot"});
    let from =
        |id: i64, is_bot: bool| json!({"id": id, "is_bot": is_bot, "first_name": "Telegram"});
    vec![
        with("sender_chat", room.clone()),
        with("from", from(1_087_968_824, true)),
        with("from", from(136_817_688, true)),
        with("from", from(777_000, false)),
        with("from", bot.clone()),
        with("via_bot", bot),
        with("is_automatic_forward", json!(true)),
        with("business_connection_id", json!("b")),
        with("forward_origin", json!({"type": "user", "date": 1, "sender_user": ANN.json()})),
        with("edit_date", json!(1)),
        json!({"edited_message": message()}),
        json!({"channel_post": message()}),
        json!({"business_message": message()}),
        json!({"guest_message": message()}),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anonymous_admins_channels_and_machines_never_execute() {
    let world = World::new("identity").await.ready().await;
    world.watch("mm-bot-1").await;
    world.refuse("mm-bot-1").await;
    let alert = world.reads(DESK, &["refused by KuCoin"]);
    let before = world.stage.desk.audit(50).await.unwrap();
    for update in nobodys(&world, "/ack mm-bot-1") {
        let update = world.fake.update(update);
        world.served(update).await;
    }
    for id in [777_000, 136_817_688, 1_087_968_824] {
        let ghost = Person { id, name: "ghost" };
        let (update, _) = world.fake.presses(ghost, DESK, alert.id, &alert.button("I'm on it"));
        world.served(update).await;
    }
    world.reads_nothing();
    assert_eq!(world.stage.desk.audit(50).await.unwrap(), before);
    // The same words of Ann herself do it.
    world.writes(ANN, DESK, "/ack mm-bot-1").await;
    world.reads(DESK, &["for you alone"]);
    assert_eq!(world.stage.desk.audit(50).await.unwrap().len(), before.len() + 1);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_anonymous_admin_of_the_group_acts_only_where_an_admin_allowed_it() {
    let world = World::new("anonymous").await.ready().await;
    world.watch("mm-bot-1").await;
    world.refuse("mm-bot-1").await;
    let alert = world.reads(DESK, &["refused by KuCoin"]);
    world.writes(BO, DESK, "/settings anonymous on").await;
    world.reads(DESK, &["for you alone"]);
    let speak = async |sender_chat: i64, forwarded: bool| {
        let ghost = Person { id: 1_087_968_824, name: "Group" };
        let mut message = world.fake.message(ghost, DESK, "/ack mm-bot-1");
        message["from"]["is_bot"] = json!(true);
        message["sender_chat"] = json!({"id": sender_chat, "type": "group", "title": "Desk"});
        message["author_signature"] = json!("boss");
        if forwarded {
            message["forward_origin"] =
                json!({"type": "hidden_user", "date": 1, "sender_user_name": "x"});
        }
        let update = world.fake.update(json!({"message": message}));
        world.served(update).await;
    };
    speak(DESK, false).await;
    world.reads(DESK, &["You are anonymous here"]);
    assert!(!world.fake.shown(DESK, alert.id).text.contains("is on it"), "Bo may set nothing");
    world.writes(ANN, DESK, "/settings anonymous on").await;
    world.reads(DESK, &["for you alone"]);
    for (sender, forwarded) in [(-901, false), (DESK, true)] {
        speak(sender, forwarded).await;
    }
    world.reads_nothing();
    speak(DESK, false).await;
    world.reads(DESK, &["I cannot show you the answer alone"]);
    assert!(world.fake.shown(DESK, alert.id).text.contains("is on it"));
    let audit = world.stage.desk.audit(50).await.unwrap();
    assert!(
        format!("{audit:?}")
            .contains("an anonymous admin of the group (telegram 1087968824 in -500)")
    );
    world.writes(ANN, DESK, "/settings anonymous off").await;
    world.reads(DESK, &["for you alone"]);
    speak(DESK, false).await;
    world.reads_nothing();
    world.end().await;
}

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
async fn who_was_demoted_is_asked_of_telegram_again_before_a_deed() {
    let world = World::new("demoted").await.ready().await;
    world.watch("mm-bot-1").await;
    world.refuse("mm-bot-1").await;
    let alert = world.reads(DESK, &["refused by KuCoin"]);
    world.writes(ANN, DESK, "/keystatus").await;
    world.reads(DESK, &["for you alone"]);
    for (status, words) in [
        (Status::Member, "needs the role operator"),
        (Status::Admin { promotes: false }, "needs the role operator"),
        (Status::Restricted { inside: true }, "needs the role operator"),
        (Status::Restricted { inside: false }, "you are anyone"),
        (Status::Kicked, "you are anyone"),
    ] {
        world.fake.sits(ANN, DESK, status);
        let said = world.presses(ANN, DESK, alert.id, &alert.button("I'm on it")).await;
        assert!(said["text"].as_str().unwrap().contains(words), "{status:?}: {said}");
    }
    assert!(!world.fake.shown(DESK, alert.id).text.contains("is on it"));
    // Without an answer of Telegram nobody has a right, and nobody is called a stranger.
    world.fake.breaks("getChatMember", crate::fakes::telegram::Break::Bad(502));
    let said = world.presses(BO, DESK, alert.id, &alert.button("Steps")).await;
    assert!(said["text"].as_str().unwrap().contains("does not tell me right now"), "{said}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forwarded_words_are_a_question_and_what_is_no_text_is_said_to_be() {
    let world = World::new("forwarded").await.ready().await;
    let mut message = world.fake.message(BO, BO.id, "/ack 1");
    message["forward_origin"] = json!({"type": "hidden_user", "date": 1, "sender_user_name": "x"});
    let update = world.fake.update(json!({"message": message}));
    world.served(update).await;
    // What is written about it, and not what is done by it.
    world.reads(BO.id, &["Taking an alert"]);
    let mut message = world.fake.message(BO, BO.id, "");
    message.as_object_mut().unwrap().remove("text");
    message["photo"] =
        json!([{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1, "file_size": 3}]);
    let update = world.fake.update(json!({"message": message}));
    world.served(update).await;
    world.reads(BO.id, &["I read text"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_thrown_out_has_no_admins_word_left_in_private_either() {
    let world = World::new("thrown-out").await.ready().await;
    world.writes(ANN, ANN.id, "/keystatus").await;
    world.reads(ANN.id, &["No keys"]);
    // Within the minute in which what Telegram said of her is remembered.
    world.fake.sits(ANN, DESK, Status::Kicked);
    world.writes(ANN, ANN.id, "/settings role 44 admin").await;
    world.reads(ANN.id, &["This bot is private"]);
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
