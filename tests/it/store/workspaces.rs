//! Workspaces and receivers as the file names them.

use chrono_tz::Tz;
use keylapse::domain::access::{Grantee, Role};
use keylapse::domain::receiver::Platform;
use keylapse::domain::rules::Rule;
use keylapse::domain::signal::Severity;
use keylapse::domain::text::Clean;
use keylapse::store::chat::Chat;
use keylapse::store::opening::Opened;
use keylapse::store::talk::TalkKind;
use keylapse::store::workspace::{Described, DescribedReceiver};

use super::db::Db;
use super::given::*;

on_both!(
    a_workspace_that_vanishes_from_the_file_is_paused_and_never_deleted,
    a_command_with_other_settings_makes_what_is_missing_and_pauses_nothing,
    nothing_is_asked_or_told_in_a_paused_workspace,
    the_case_of_a_name_makes_no_second_workspace,
    a_zone_and_a_minimum_follow_the_file,
    a_receiver_that_vanishes_from_the_file_rests_and_comes_back_as_itself,
    a_topic_is_part_of_an_address,
    four_replicas_that_start_at_once_make_one_workspace,
    a_chat_opens_one_workspace_of_its_own_and_eight_at_once_no_second,
    one_person_opens_twenty_and_gets_room_where_the_bot_is_removed,
);

async fn a_workspace_that_vanishes_from_the_file_is_paused_and_never_deleted(db: &Db) {
    let (home, other) = two_tenants(&db.store).await;
    watch(&other, "mm-bot-1").await;
    let file = [described("home", &[])];
    let active = db.store.sync_workspaces(&file, at(1)).await.unwrap();
    assert_eq!(active, [home.workspace().clone()]);
    assert_eq!(db.int("SELECT COUNT(*) FROM workspaces WHERE state = 'paused'").await, 1);
    assert_eq!(db.int("SELECT COUNT(*) FROM keys").await, 1);

    let file = [described("home", &[]), described("other", &[])];
    let active = db.store.sync_workspaces(&file, at(2)).await.unwrap();
    assert_eq!(active, [home.workspace().clone(), other.workspace().clone()]);
    assert_eq!(other.keys().await.unwrap().len(), 1);
}

async fn a_command_with_other_settings_makes_what_is_missing_and_pauses_nothing(db: &Db) {
    let (home, other) = two_tenants(&db.store).await;
    let elsewhere = Described { zone: Tz::Asia__Tokyo, ..described("HOME", &[]) };
    db.store.make_workspaces(&[elsewhere, described("third", &[])], at(1)).await.unwrap();
    let active = db.store.workspaces().await.unwrap();
    assert_eq!(active.len(), 3);
    assert_eq!(&active[..2], [home.workspace().clone(), other.workspace().clone()]);
}

async fn nothing_is_asked_or_told_in_a_paused_workspace(db: &Db) {
    let home = home(&db.store).await;
    let bot = watch(&home, "mm-bot-1").await;
    look(&db.store, &bot, good(ending(days(2))), 0).await;
    db.store.sync_workspaces(&[described("away", &[])], at(1)).await.unwrap();
    assert_eq!(db.store.claim_due(at(60), LEASE, 10).await.unwrap(), []);
    assert_eq!(db.store.next_due().await.unwrap(), None);
    assert_eq!(lanes(&db.store, 60).await, []);
    assert_eq!(db.store.next_delivery(at(60)).await.unwrap(), None);

    desk_of(&db.store, &[described("home", &[receiver("alerts", Severity::Notice)])], "home").await;
    assert_eq!(db.store.claim_due(at(60), LEASE, 10).await.unwrap().len(), 1);
    assert_eq!(lanes(&db.store, 60).await.len(), 1);
}

async fn the_case_of_a_name_makes_no_second_workspace(db: &Db) {
    let first = db.store.sync_workspaces(&[described("Ärzte", &[])], at(0)).await.unwrap();
    let second = db.store.sync_workspaces(&[described("äRZTE", &[])], at(1)).await.unwrap();
    assert_eq!(first[0].id, second[0].id);
    assert_eq!(second[0].name.as_str(), "äRZTE");
    assert_eq!(db.int("SELECT COUNT(*) FROM workspaces").await, 1);
}

async fn a_zone_and_a_minimum_follow_the_file(db: &Db) {
    home(&db.store).await;
    let file = [Described {
        zone: Tz::Europe__Berlin,
        ..described("home", &[receiver("alerts", Severity::Critical)])
    }];
    let active = db.store.sync_workspaces(&file, at(1)).await.unwrap();
    assert_eq!(active[0].zone, Tz::Europe__Berlin);
    let home = db.store.desk(active[0].clone());
    let bot = watch(&home, "mm-bot-1").await;
    look(&db.store, &bot, good(ending(days(2))), 0).await;
    let history = home.history(&bot.key, 5).await.unwrap();
    assert_eq!(history[0].notices[0].hold.unwrap().id(), "below_minimum");
}

async fn a_receiver_that_vanishes_from_the_file_rests_and_comes_back_as_itself(db: &Db) {
    let both = [receiver("alerts", Severity::Notice), receiver("nights", Severity::Notice)];
    let home = desk_of(&db.store, &[described("home", &both)], "home").await;
    let bot = watch(&home, "mm-bot-1").await;
    look(&db.store, &bot, good(ending(days(2))), 0).await;
    assert_eq!(lanes(&db.store, 1).await.len(), 2);

    db.store.sync_workspaces(&[described("home", &both[..1])], at(9)).await.unwrap();
    let lane = the_lane(&db.store, 10).await;
    assert_eq!(db.store.receiver(&lane.receiver.id).await.unwrap(), lane.receiver);
    assert_eq!(lane.receiver.name.as_str(), "alerts");
    assert_eq!(
        db.text("SELECT reason FROM receivers WHERE state = 'disabled'").await.unwrap(),
        "no longer in the configuration"
    );

    db.store.sync_workspaces(&[described("home", &both)], at(19)).await.unwrap();
    assert_eq!(lanes(&db.store, 20).await.len(), 2);
    assert_eq!(db.int("SELECT COUNT(*) FROM receivers").await, 2);
}

async fn a_topic_is_part_of_an_address(db: &Db) {
    let plain = receiver("alerts", Severity::Notice);
    let mut topic = plain.clone();
    topic.address.topic = Some("7".to_owned());
    let both: [DescribedReceiver; 2] = [plain, topic.clone()];
    let home = desk_of(&db.store, &[described("home", &both)], "home").await;
    let bot = watch(&home, "mm-bot-1").await;
    look(&db.store, &bot, good(ending(days(2))), 0).await;
    assert!(open_alert(&home, Rule::Expiry).await.is_some());
    let addresses: Vec<_> =
        lanes(&db.store, 1).await.into_iter().map(|lane| lane.receiver.address).collect();
    assert_eq!(addresses.len(), 2);
    assert!(addresses.contains(&topic.address));
}

async fn four_replicas_that_start_at_once_make_one_workspace(db: &Db) {
    let mut starts = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let store = db.again().await;
        starts.spawn(async move {
            store.migrate().await.unwrap();
            let file = [described("home", &[receiver("alerts", Severity::Notice)])];
            store.sync_workspaces(&file, at(0)).await.unwrap()
        });
    }
    let all = starts.join_all().await;
    assert!(all.iter().all(|active| *active == all[0]), "{all:?}");
    assert_eq!(db.int("SELECT COUNT(*) FROM receivers").await, 1);
}

async fn one_person_opens_twenty_and_gets_room_where_the_bot_is_removed(db: &Db) {
    let (home, _) = two_tenants(&db.store).await;
    let chat = |n: u32| Chat {
        platform: Platform::Telegram,
        address: format!("-{n}"),
        title: Clean::new("Traders", 64),
        is_configured: false,
    };
    let deed = entry("workspace.opened");
    let open =
        async |n, who: &str| db.store.open_workspace(&chat(n), who, &deed, at(1)).await.unwrap();
    for n in 1..=20 {
        assert_eq!(open(n, "telegram 7").await, Opened::In, "{n}");
    }
    assert_eq!(open(21, "telegram 7").await, Opened::TooMany);
    assert_eq!(open(21, "telegram 8").await, Opened::In);
    let lived_in = db.store.home_of(Platform::Telegram, "-2").await.unwrap().unwrap();
    let person = Grantee::Person("9".to_owned());
    let desk = db.store.desk(lived_in.workspace);
    assert!(desk.grant(Platform::Telegram, &person, Role::Viewer, &deed, at(2)).await.unwrap());
    let (settings, there) = (desk.settings().await.unwrap(), desk.workspace().id.clone());
    desk.set_settings(&settings, &deed, at(2)).await.unwrap();
    db.store.choose_workspace(Platform::Telegram, "9", &there).await.unwrap();
    let who = (Platform::Telegram, "9");
    desk.keep_talk(who, TalkKind::Fix, &"a step", at(60)).await.unwrap();
    // One that tells somebody has a history, and stays.
    let told = db.store.home_of(Platform::Telegram, "-3").await.unwrap().unwrap();
    let new = telegram("-3");
    assert!(db.store.desk(told.workspace).add_receiver(&new, &deed, at(2)).await.unwrap());
    // What the settings name is not closed by it either.
    assert!(home.enrol(&chat(900), &deed, at(2)).await.unwrap());
    for (address, goes) in [("-2", true), ("-2", false), ("-3", false), ("-900", false)] {
        let gone = db.store.close_opening(Platform::Telegram, address).await.unwrap();
        assert_eq!(gone, goes, "{address}");
    }
    for left in [
        "SELECT COUNT(*) FROM grants",
        "SELECT COUNT(*) FROM people",
        "SELECT COUNT(*) FROM talks",
        "SELECT COUNT(*) FROM settings",
        "SELECT COUNT(*) FROM chats WHERE address = '-2'",
    ] {
        assert_eq!(db.int(left).await, 0, "{left}");
    }
    assert_eq!(open(22, "telegram 7").await, Opened::In);
}

async fn a_chat_opens_one_workspace_of_its_own_and_eight_at_once_no_second(db: &Db) {
    let (home, _) = two_tenants(&db.store).await;
    let chat = |address: &str| Chat {
        platform: Platform::Telegram,
        address: address.to_owned(),
        title: Clean::new("Traders", 64),
        is_configured: false,
    };
    let deed = entry("workspace.opened");
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (store, chat, deed) = (db.store.clone(), chat("-100"), deed.clone());
        tries.spawn(async move {
            store.open_workspace(&chat, "telegram 7", &deed, at(1)).await.unwrap()
        });
    }
    let made = tries.join_all().await.into_iter().filter(|made| *made == Opened::In).count();
    assert_eq!(made, 1);
    let opened = db.store.home_of(Platform::Telegram, "-100").await.unwrap().unwrap().workspace;
    assert!(opened.faq_only && !opened.is_configured);
    // A chat of another workspace stays there, and nothing is left behind.
    assert!(home.enrol(&chat("-200"), &deed, at(1)).await.unwrap());
    let taken = db.store.open_workspace(&chat("-200"), "telegram 8", &deed, at(2)).await.unwrap();
    assert_eq!(taken, Opened::Taken);
    assert_eq!(db.int("SELECT COUNT(*) FROM workspaces WHERE managed_by = 'chat'").await, 1);
    // What people opened stays when the file is read again.
    db.store.sync_workspaces(&[described("home", &[])], at(3)).await.unwrap();
    let home_of = db.store.home_of(Platform::Telegram, "-100").await.unwrap();
    assert_eq!(home_of.map(|home| home.workspace), Some(opened));
}
