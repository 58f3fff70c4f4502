//! Who is told, who may what, and how a chat comes in.

use std::collections::BTreeMap;

use super::world::*;
use crate::commands::*;
use crate::domain::access::{Grantee, Standing};
use crate::domain::receiver::Platform;
use crate::domain::text::Clean;

fn visitor(chat: &str, room: Option<&str>) -> Visitor {
    let place = Place {
        platform: Platform::Telegram,
        chat: chat.to_owned(),
        topic: None,
        private: room.is_none(),
        title: None,
        wide: false,
    };
    Visitor {
        platform: Platform::Telegram,
        id: "7".to_owned(),
        name: Clean::new("Ada", 64),
        place,
        room: room.map(str::to_owned),
        title: Clean::new("Traders", 64),
        at: at(0),
    }
}

fn text(reply: &Reply) -> String {
    plain(reply)
}

async fn entered(world: &World, visitor: &Visitor, standing: Standing) -> Option<(Clean, Role)> {
    match world.counter.enter(visitor, &standing).await.unwrap() {
        Entrance::In(inside) => {
            let (desk, actor) = *inside;
            Some((desk.workspace().name.clone(), actor.role))
        }
        Entrance::Several(_) | Entrance::Stranger => None,
    }
}

#[tokio::test]
async fn a_code_lets_a_group_in_once_and_wrong_ones_end_it_after_five_tries() {
    let world = World::new().await;
    let group = visitor("-100", Some("-100"));
    assert_eq!(entered(&world, &group, Standing::default()).await, None);
    let home = world.home.workspace().id.clone();
    let store = &world.counter.tools.store;
    let (code, late) = ("ABCD-EFGHJ-KLMN", "WXYZ-EFGHJ-KLMN");
    store.keep_claim(&home, Role::Admin, code, at(10), at(0)).await.unwrap();
    store.keep_claim(&home, Role::Admin, late, at(-1), at(-9)).await.unwrap();
    for wrong in ["", "ABCD-EFGHJ-KLM", "ABCDEFGHJKLMM", late, "\u{202e}' OR 1=1"] {
        let reply = world.counter.start(&group, &Standing::default(), Some(wrong), false).await;
        assert!(reply.silent || text(&reply).starts_with("This bot is private"), "{wrong}");
    }
    let reply =
        world.counter.start(&group, &Standing::default(), Some("abcd efghj klmn"), false).await;
    assert!(text(&reply).contains("Connected to"), "{}", text(&reply));
    let (_, role) = entered(&world, &group, Standing::default()).await.expect("it is in");
    assert_eq!(role, Role::Admin);
    let told = world.home.receivers().await.unwrap();
    assert!(told.iter().any(|one| one.receiver.address.chat == "-100"));
    // Once.
    let other = Visitor { id: "8".to_owned(), ..visitor("-200", Some("-200")) };
    let reply = world.counter.start(&other, &Standing::default(), Some(code), false).await;
    assert!(text(&reply).starts_with("This bot is private"), "{}", text(&reply));
    // Five wrong tries on one code.
    let code = "BBBB-EFGHJ-KLMN";
    store.keep_claim(&home, Role::Viewer, code, at(10), at(0)).await.unwrap();
    for _ in 0..5 {
        world.counter.start(&other, &Standing::default(), Some("BBBB-AAAAA-AAAA"), false).await;
    }
    let reply = world.counter.start(&other, &Standing::default(), Some(code), false).await;
    assert!(!text(&reply).contains("Connected"), "{}", text(&reply));
}

#[tokio::test]
async fn where_the_host_is_open_who_manages_a_chat_gets_answers_there_and_nobody_else() {
    let host = HostNote { is_open: true, ..HostNote::default() };
    let (closed, open) = (World::new().await, World::with(host).await);
    let member = Standing { is_member: true, ..Standing::default() };
    let manager = Standing { manages: true, ..member.clone() };
    let group = visitor("-100", Some("-100"));
    for (world, standing) in [(&closed, &manager), (&open, &member)] {
        let before = world.store.workspaces().await.unwrap();
        let reply = world.counter.start(&group, standing, None, false).await;
        assert!(text(&reply).starts_with("This bot is private"), "{}", text(&reply));
        assert_eq!(world.store.workspaces().await.unwrap(), before);
    }
    let alone = visitor("7", None);
    let reply = open.counter.start(&alone, &manager, None, false).await;
    assert!(text(&reply).starts_with("This bot is private"), "{}", text(&reply));
    let reply = open.counter.start(&group, &manager, None, false).await;
    assert!(text(&reply).contains("I answer questions"), "{}", text(&reply));
    let (name, role) = entered(&open, &group, manager.clone()).await.expect("it is in");
    assert_eq!((name.as_str(), role), ("Traders (Telegram -100)", Role::Admin));
    let Entrance::In(inside) = open.counter.enter(&group, &member).await.unwrap() else {
        panic!("a member is in")
    };
    let (desk, actor) = *inside;
    assert!(desk.workspace().faq_only && actor.role == Role::Anyone);
    // A namesake is another chat.
    let namesake = visitor("-101", Some("-101"));
    let reply = open.counter.start(&namesake, &manager, None, false).await;
    assert!(text(&reply).contains("I answer questions"), "{}", text(&reply));
    // In such a group nothing stands in the open before that was chosen; then one answer a minute.
    let ask = async |minute| {
        let command = Command::Faq { question: Some("400003".to_owned()), whom: None };
        let (actor, place) = (actor.clone(), group.place.clone());
        open.counter.run(&desk, &Invocation { command, actor, place, at: at(minute) }).await
    };
    let boss = Actor { role: Role::Admin, ..actor.clone() };
    let set = async |value: &str| settings_faq(&open, (&desk, &boss), &group.place, value).await;
    assert!(ask(0).await.private, "nothing was chosen");
    let chosen = set("here").await;
    assert!(chosen.contains("shown to everybody here from now on, once a minute"), "{chosen}");
    assert!(!ask(0).await.private);
    assert!(ask(0).await.private, "a second one waits in private");
    assert!(!ask(1).await.private);
    let off = set("off").await;
    assert_eq!(off, "Answers of /faq are for their askers only from now on.");
    assert!(ask(5).await.private, "as it was said");
}

async fn settings_faq(
    world: &World,
    (desk, actor): (&Desk, &Actor),
    place: &Place,
    value: &str,
) -> String {
    let command = Command::Settings { what: Some("faq".into()), value: Some(value.into()) };
    let (actor, place) = (actor.clone(), place.clone());
    text(&world.counter.run(desk, &Invocation { command, actor, place, at: at(0) }).await)
}

#[tokio::test]
async fn what_settings_say_of_answers_in_a_telegram_group_is_what_happens_there() {
    let world = World::new().await;
    let place = visitor("-100", Some("-100")).place;
    let boss = Actor { platform: Platform::Telegram, ..actor(Role::Admin) };
    let set = async |value: &str| settings_faq(&world, (&world.home, &boss), &place, value).await;
    for (value, words) in [
        ("here", "stand in this group already"),
        ("off", "In a Telegram group they stand where they were asked"),
    ] {
        let said = set(value).await;
        assert!(said.contains(words), "{said}");
        let command = Command::Faq { question: Some("400003".to_owned()), whom: None };
        let asked = Invocation { command, actor: boss.clone(), place: place.clone(), at: at(0) };
        assert!(!world.counter.run(&world.home, &asked).await.private);
    }
    let command = Command::Settings { what: None, value: None };
    let asked = Invocation { command, actor: boss.clone(), place: place.clone(), at: at(0) };
    let list = text(&world.counter.run(&world.home, &asked).await);
    let line = "Answers of /faq: to their asker only; in a Telegram group they stand where";
    assert!(list.contains(line), "{list}");
}

#[tokio::test]
async fn a_chat_that_many_read_is_named_so_before_it_is_told_and_when_a_code_lets_it_in() {
    let world = World::new().await;
    for (chat, wide, code) in
        [("-100", false, "ABCD-EFGHJ-KLMN"), ("-200", true, "BCDE-EFGHJ-KLMN")]
    {
        let mut group = visitor(chat, Some(chat));
        group.place.wide = wide;
        for line in ["/notify", "/notify add"] {
            let command = parse(line).unwrap();
            let (actor, place) = (actor(Role::Admin), group.place.clone());
            let asked = Invocation { command, actor, place, at: at(0) };
            let reply = world.counter.run(&world.home, &asked).await;
            assert_eq!(text(&reply).contains("Many people may read this chat"), wide, "{line}");
            let buttons: Vec<&str> =
                reply.cards[0].buttons.iter().map(|button| button.label.as_str()).collect();
            assert_eq!(buttons.contains(&"Tell it here anyway"), wide, "{line}: {buttons:?}");
            assert!(!(wide && buttons.contains(&"Tell this chat too")), "{line}: {buttons:?}");
        }
        let home = world.home.workspace().id.clone();
        world.store.keep_claim(&home, Role::Admin, code, at(10), at(0)).await.unwrap();
        let reply = world.counter.start(&group, &Standing::default(), Some(code), false).await;
        assert!(text(&reply).contains("Connected to"), "{}", text(&reply));
        assert_eq!(text(&reply).contains("Many people may read this chat"), wide);
    }
}

#[tokio::test]
async fn only_who_keeps_order_answers_for_somebody_and_only_where_that_is_chosen() {
    let world = World::new().await;
    let ask = async |role, moderates, question: &str, minute| {
        let actor = Actor { platform: Platform::Discord, moderates, ..actor(role) };
        let place =
            Place { platform: Platform::Discord, private: false, ..visitor("11", Some("1")).place };
        let command =
            Command::Faq { question: Some(question.to_owned()), whom: Some("55".to_owned()) };
        let asked = Invocation { command, actor, place, at: at(minute) };
        world.counter.run(&world.home, &asked).await
    };
    let refused = ask(Role::Viewer, false, "400003", 0).await;
    assert!(refused.private && text(&refused).contains("needs Manage Messages"));
    let unchosen = ask(Role::Anyone, true, "400003", 0).await;
    assert!(unchosen.private && text(&unchosen).contains("/settings faq here"));
    let place = Place { platform: Platform::Discord, ..visitor("11", Some("1")).place };
    let choose = Command::Settings { what: Some("faq".into()), value: Some("here".into()) };
    let chosen = Invocation { command: choose, actor: actor(Role::Admin), place, at: at(0) };
    world.counter.run(&world.home, &chosen).await;
    for (role, moderates, minute) in [(Role::Anyone, true, 1), (Role::Operator, false, 3)] {
        let told = ask(role, moderates, "400003", minute).await;
        assert!(!told.private && told.calls.as_deref() == Some("55"), "{}", text(&told));
        assert!(text(&told).contains("400003"));
    }
    for (unclear, minute) in [("best pizza", 5), ("6705f5c311545b000157d3eb", 7)] {
        let told = ask(Role::Anyone, true, unclear, minute).await;
        assert!(told.private && told.calls.is_none(), "{}", text(&told));
    }
    let soon = ask(Role::Anyone, true, "400003", 7).await;
    assert!(!soon.private, "what was not answered in the open counts for nothing");
    let again = ask(Role::Anyone, true, "400003", 7).await;
    assert!(again.private && again.calls.is_none() && text(&again).contains("a moment ago"));
}

#[tokio::test]
async fn a_private_chat_means_the_workspaces_that_the_platform_confirms() {
    let world = World::new().await;
    let entry = |world: &World| {
        let invocation = invocation(Role::Admin, Command::Alerts);
        let spec = Spec::of(&invocation.command);
        super::super::call::Call::new(&world.counter.tools, &world.home, &invocation, spec)
            .entry("x")
    };
    for (desk, chat) in [(&world.home, "-100"), (&world.other, "-200")] {
        let chat = crate::store::chat::Chat {
            platform: Platform::Telegram,
            address: chat.to_owned(),
            title: Clean::default(),
            is_configured: false,
        };
        assert!(desk.enrol(&chat, &entry(&world), at(0)).await.unwrap());
        let members = Grantee::Members;
        desk.grant(Platform::Telegram, &members, Role::Viewer, &entry(&world), at(0))
            .await
            .unwrap();
    }
    let person = visitor("7", None);
    let member = Standing { is_member: true, ..Standing::default() };
    let enter = async |chats: &[&str], wanted| {
        let homes = world.counter.homes(&person).await.unwrap();
        let standings: BTreeMap<String, Standing> =
            chats.iter().map(|chat| ((*chat).to_owned(), member.clone())).collect();
        world.counter.enter_privately(&person, homes, &standings, wanted).await.unwrap()
    };
    assert!(matches!(enter(&[], None).await, Entrance::Stranger));
    let Entrance::In(inside) = enter(&["-200"], None).await else { panic!("one workspace") };
    assert_eq!(
        (inside.0.workspace().id.clone(), inside.1.role),
        (world.other.workspace().id.clone(), Role::Viewer)
    );
    let Entrance::Several(desks) = enter(&["-100", "-200"], None).await else { panic!("two") };
    let (card, ids) = world.counter.offer_choice(&person, &desks).await.unwrap();
    assert_eq!((card.buttons.len(), ids.len()), (2, 2));
    // Whoever is no member of it any more cannot press their way in.
    let wanted = world.counter.workspace_of_button(&person, ids[0].as_str()).await.unwrap();
    assert!(wanted.is_some());
    let there = desks[0].workspace().id.clone();
    assert_eq!(wanted, Some(there.clone()));
    let others = if there == world.home.workspace().id { ["-200"] } else { ["-100"] };
    assert!(matches!(enter(&others, wanted.clone()).await, Entrance::Stranger));
    // A stranger's press of the same id finds nothing.
    let stranger = Visitor { id: "8".to_owned(), ..person.clone() };
    assert_eq!(world.counter.workspace_of_button(&stranger, ids[0].as_str()).await.unwrap(), None);
    let Entrance::In(inside) = enter(&["-100", "-200"], wanted).await else { panic!("chosen") };
    let (desk, actor) = *inside;
    let press = Press { id: ids[0].0.clone(), actor, place: person.place.clone(), at: at(0) };
    let reply = world.counter.press(&desk, &press).await;
    assert!(text(&reply).starts_with("From now on I mean"), "{}", text(&reply));
    let Entrance::In(inside) = enter(&["-100", "-200"], None).await else { panic!("remembered") };
    assert_eq!(inside.0.workspace().id, there);
}

#[tokio::test]
async fn an_admin_adds_tests_and_removes_who_is_told() {
    let world = World::new().await;
    let run = async |line: &str| {
        let mut invocation = invocation(Role::Admin, parse(line).unwrap());
        invocation.place =
            Place { title: Some(Clean::new("night", 40)), ..visitor("-300", Some("-300")).place };
        invocation.place.platform = Platform::Telegram;
        text(&world.counter.run(&world.home, &invocation).await)
    };
    let added = run("/notify add critical").await;
    assert!(added.contains("told from now on") && added.contains("critical only"), "{added}");
    assert!(run("/notify add").await.contains("told already"));
    let sent = run("/notify test night").await;
    assert!(sent.contains("on its way to night"), "{sent}");
    let detail = run("/notify edit night").await;
    assert!(detail.contains("not delivered yet"), "{detail}");
    assert!(run("/notify edit night notice").await.contains("everything"));
    let all = run("/notify").await;
    assert!(all.contains("night: Telegram, everything"), "{all}");
    let receivers = world.home.receivers().await.unwrap();
    let night = receivers.iter().find(|one| one.receiver.name.as_str() == "night").unwrap();
    let action =
        crate::domain::card::Action::RemoveReceiver { receiver: night.receiver.id.clone() };
    let press = Command::Press { action, rev: None, shown_at: None, is_late: false };
    let gone = text(&world.run(Role::Admin, press).await);
    assert!(gone.contains("night is not told any more"), "{gone}");
    // What the file names stays.
    let receivers = world.home.receivers().await.unwrap();
    let desk = receivers.iter().find(|one| one.is_configured).unwrap();
    let action = crate::domain::card::Action::RemoveReceiver { receiver: desk.receiver.id.clone() };
    let press = Command::Press { action, rev: None, shown_at: None, is_late: false };
    assert!(text(&world.run(Role::Admin, press).await).contains("keylapse.toml"));
    assert!(run("/settings zone Asia/Tokyo").await.contains("keylapse.toml"));
}

#[tokio::test]
async fn settings_offer_only_what_works_there_and_name_where_the_rest_is_set() {
    let named = HostNote { named_in: Some(Clean::new("desk.toml", 20)), ..HostNote::default() };
    let (by_file, by_nobody) = (World::with(named).await, World::new().await);
    let run = async |world: &World, platform, private, line: &str| {
        let mut invocation = invocation(Role::Admin, parse(line).unwrap());
        invocation.place = Place { platform, private, ..visitor("-100", Some("-100")).place };
        text(&world.counter.run(&world.home, &invocation).await)
    };
    let zone = async |world: &World| {
        run(world, Platform::Telegram, false, "/settings zone Asia/Tokyo").await
    };
    assert_eq!(zone(&by_file).await, "Set in desk.toml on the host; change it there.");
    let said = zone(&by_nobody).await;
    assert!(said.starts_with("Not set anywhere") && said.contains("[[workspace]]"), "{said}");
    let table = [
        (Platform::Console, true, ["", "", ""]),
        (Platform::Telegram, true, ["role members viewer", "", ""]),
        (Platform::Telegram, false, ["role members viewer", "", "anonymous on"]),
        (Platform::Discord, true, ["role members viewer", "", ""]),
        (Platform::Discord, false, ["role members viewer", "faq here", ""]),
    ];
    for (platform, private, works) in table {
        let said = run(&by_file, platform, private, "/settings").await;
        assert!(said.contains("set in desk.toml on the host"), "{said}");
        for words in ["zone", "role members viewer", "faq here", "faq off", "anonymous on"] {
            let is_offered = said.contains(&format!("/settings {words}"));
            assert_eq!(is_offered, works.contains(&words), "{platform:?} {words}: {said}");
        }
    }
    let said = run(&by_nobody, Platform::Telegram, true, "/settings").await;
    assert!(said.contains("the one of this host") && !said.contains(".toml"), "{said}");
    let none = run(&by_file, Platform::Telegram, true, "/settings role 55 none").await;
    assert_eq!(none, "Person 55: nothing is granted, so nothing was taken back.");
}

#[tokio::test]
async fn who_comes_in_is_told_of_what_their_role_may_do_and_who_gives_more() {
    let world = World::new().await;
    let home = world.home.workspace().id.clone();
    for (role, code, may) in [
        (Role::Viewer, "ABCD-EFGHJ-KLMN", false),
        (Role::Operator, "BBCD-EFGHJ-KLMN", false),
        (Role::Admin, "CBCD-EFGHJ-KLMN", true),
    ] {
        let person = visitor("7", None);
        world.store.keep_claim(&home, role, code, at(10), at(0)).await.unwrap();
        let reply = world.counter.start(&person, &Standing::default(), Some(code), false).await;
        let said = text(&reply);
        assert!(said.contains("Connected to") && said.contains("/notify") == may, "{said}");
    }
    let refused = world.text(Role::Viewer, "/settings").await;
    assert!(refused.ends_with("An admin of this workspace can give it."), "{refused}");
    let refused = world.text(Role::Anyone, "/settings").await;
    assert!(refused.contains("This bot is private"), "{refused}");
}
