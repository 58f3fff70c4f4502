//! Codes: who comes in with one comes in whole, once, and wrong tries end it.

use chrono::TimeDelta;
use keylapse::domain::access::{Grant, Grantee, Role};
use keylapse::domain::receiver::{Address, Platform};
use keylapse::domain::signal::Severity;
use keylapse::store::chat::Chat;
use keylapse::store::claim::{Arrival, Arrived};
use keylapse::store::receiver::NewReceiver;
use keylapse::store::workspace::Described;

use super::db::Db;
use super::given::*;

on_both!(
    a_code_lets_in_a_chat_its_bringer_and_a_receiver_at_once_and_once,
    eight_at_once_spend_one_code_once,
    a_code_that_was_seen_in_a_foreign_or_unfit_chat_is_spent,
    nobody_loses_a_role_by_a_lesser_code,
    a_lesser_code_in_a_chat_of_ours_changes_nothing_for_the_others,
    what_the_file_grants_is_said_as_it_is,
    five_wrong_tries_end_a_code,
);

const CODE: &str = "ABCD-EFGHJ-KLMN";

fn arrival(chat: &str) -> Arrival {
    Arrival {
        chat: Chat {
            platform: Platform::Telegram,
            address: chat.to_owned(),
            title: clean("Traders"),
            is_configured: false,
        },
        person: "7".to_owned(),
        in_company: true,
        by: "telegram 7".to_owned(),
        receiver: NewReceiver {
            name: clean("Traders"),
            address: Address { platform: Platform::Telegram, chat: chat.to_owned(), topic: None },
            min_severity: Severity::Notice,
            mention: None,
        },
        entry: entry("chat.enrolled"),
    }
}

async fn keep(db: &Db, desk: &keylapse::store::desk::Desk) {
    let (id, until) = (desk.workspace().id.clone(), at(0) + TimeDelta::minutes(10));
    db.store.keep_claim(&id, Role::Admin, CODE, until, at(0)).await.unwrap();
}

async fn a_code_lets_in_a_chat_its_bringer_and_a_receiver_at_once_and_once(db: &Db) {
    let (home, _) = two_tenants(&db.store).await;
    keep(db, &home).await;
    assert!(!db.store.is_claim_used(CODE).await.unwrap());
    let came = db.store.arrive("abcd efghj klmn", &arrival("-100"), at(1)).await.unwrap();
    let Some(Arrived::In(claimed)) = came else { panic!("{came:?}") };
    assert_eq!((&claimed.workspace, claimed.role), (home.workspace(), Role::Admin));
    assert!(db.store.is_claim_used(CODE).await.unwrap());
    let there = db.store.home_of(Platform::Telegram, "-100").await.unwrap().expect("a home");
    assert_eq!(there.workspace, *home.workspace());
    assert_eq!(there.grants[0].grantee, Grantee::Person("7".to_owned()));
    let told = home.receivers().await.unwrap();
    assert!(told.iter().any(|one| one.receiver.address.chat == "-100"));
    let audit = format!("{:?}", home.audit(10).await.unwrap());
    for deed in ["chat.enrolled", "role.granted", "receiver.added"] {
        assert_eq!(audit.matches(deed).count(), 1, "{deed}: {audit}");
    }
    assert_eq!(db.store.arrive(CODE, &arrival("-200"), at(2)).await.unwrap(), None);
    assert!(db.store.home_of(Platform::Telegram, "-200").await.unwrap().is_none());
}

async fn eight_at_once_spend_one_code_once(db: &Db) {
    let (home, _) = two_tenants(&db.store).await;
    keep(db, &home).await;
    let mut tries = tokio::task::JoinSet::new();
    for n in 0..8 {
        let store = db.store.clone();
        tries.spawn(
            async move { store.arrive(CODE, &arrival(&format!("-{n}")), at(1)).await.unwrap() },
        );
    }
    let came = tries.join_all().await.into_iter().flatten().count();
    assert_eq!(came, 1);
    assert_eq!(db.int("SELECT COUNT(*) FROM chats").await, 1);
}

async fn a_code_that_was_seen_in_a_foreign_or_unfit_chat_is_spent(db: &Db) {
    let (home, other) = two_tenants(&db.store).await;
    assert!(other.enrol(&arrival("-100").chat, &entry("chat.enrolled"), at(0)).await.unwrap());
    keep(db, &home).await;
    let came = db.store.arrive(CODE, &arrival("-100"), at(1)).await.unwrap();
    assert_eq!(came, Some(Arrived::ElsewhereAlready));
    assert_eq!(db.store.arrive(CODE, &arrival("-101"), at(1)).await.unwrap(), None);
    // Whoever manages a chat of a workspace is its admin: a lesser code must not bring one in.
    let (id, until) = (home.workspace().id.clone(), at(10));
    let lesser = "WXYZ-EFGHJ-KLMN";
    db.store.keep_claim(&id, Role::Viewer, lesser, until, at(0)).await.unwrap();
    let came = db.store.arrive(lesser, &arrival("-102"), at(1)).await.unwrap();
    assert_eq!(came, Some(Arrived::NeedsAdmin));
    assert_eq!(db.store.arrive(lesser, &arrival("-102"), at(1)).await.unwrap(), None);
    assert_eq!(db.int("SELECT COUNT(*) FROM grants").await, 0);
    assert_eq!(db.int("SELECT COUNT(*) FROM chats").await, 1);
}

async fn nobody_loses_a_role_by_a_lesser_code(db: &Db) {
    let (home, _) = two_tenants(&db.store).await;
    keep(db, &home).await;
    let alone = Arrival { in_company: false, ..arrival("7") };
    assert!(db.store.arrive(CODE, &alone, at(1)).await.unwrap().is_some());
    let lesser = "WXYZ-EFGHJ-KLMN";
    let id = home.workspace().id.clone();
    db.store.keep_claim(&id, Role::Viewer, lesser, at(10), at(0)).await.unwrap();
    assert!(db.store.arrive(lesser, &alone, at(2)).await.unwrap().is_some());
    let grants = home.grants(Platform::Telegram).await.unwrap();
    assert_eq!(grants.iter().map(|one| one.role).collect::<Vec<_>>(), [Role::Admin]);
}

async fn a_lesser_code_in_a_chat_of_ours_changes_nothing_for_the_others(db: &Db) {
    let (home, _) = two_tenants(&db.store).await;
    let (id, deed) = (home.workspace().id.clone(), entry("receiver.edited"));
    keep(db, &home).await;
    assert!(db.store.arrive(CODE, &arrival("-100"), at(1)).await.unwrap().is_some());
    let all = home.receivers().await.unwrap();
    let group = &all.iter().find(|one| one.receiver.address.chat == "-100").unwrap().receiver;
    home.set_min_severity(&group.id, Severity::Critical, &deed, at(2)).await.unwrap();
    let before = home.receivers().await.unwrap();
    let mut topic = Arrival { person: "8".to_owned(), ..arrival("-100") };
    topic.receiver.address.topic = Some("77".to_owned());
    let general =
        Arrival { person: "9".to_owned(), by: "telegram 9".to_owned(), ..arrival("-100") };
    let codes = [
        (Role::Viewer, "WXYZ-EFGHJ-KLMN", &topic, false),
        (Role::Operator, "VXYZ-EFGHJ-KLMN", &general, true),
        // How loud the group wants it stays, whoever comes.
        (Role::Admin, "UXYZ-EFGHJ-KLMN", &general, true),
    ];
    for (role, code, who, is_told) in codes {
        db.store.keep_claim(&id, role, code, at(10), at(0)).await.unwrap();
        let came = db.store.arrive(code, who, at(3)).await.unwrap();
        let Some(Arrived::In(claimed)) = came else { panic!("{came:?}") };
        assert_eq!((claimed.role, claimed.is_told), (role, is_told), "{code}");
        assert_eq!(home.receivers().await.unwrap(), before, "{code}");
    }
    // A receiver that an admin removed comes back by an admin's code only.
    home.remove_receiver(&group.id, &deed, at(4)).await.unwrap();
    for (role, code, is_told) in
        [(Role::Operator, "TXYZ-EFGHJ-KLMN", false), (Role::Admin, "SXYZ-EFGHJ-KLMN", true)]
    {
        db.store.keep_claim(&id, role, code, at(10), at(0)).await.unwrap();
        let came = db.store.arrive(code, &general, at(5)).await.unwrap();
        let Some(Arrived::In(claimed)) = came else { panic!("{came:?}") };
        assert_eq!(claimed.is_told, is_told, "{code}");
    }
}

async fn what_the_file_grants_is_said_as_it_is(db: &Db) {
    let grantee = Grantee::Person("7".to_owned());
    let grant = Grant { platform: Platform::Telegram, grantee, role: Role::Viewer };
    let file = Described { grants: vec![grant], ..described("home", &[]) };
    let spaces = db.store.sync_workspaces(&[file], at(0)).await.unwrap();
    let home = db.store.desk(spaces[0].clone());
    keep(db, &home).await;
    let came = db.store.arrive(CODE, &arrival("-100"), at(1)).await.unwrap();
    let Some(Arrived::In(claimed)) = came else { panic!("{came:?}") };
    assert_eq!((claimed.promised, claimed.role), (Role::Admin, Role::Viewer));
    let audit = format!("{:?}", home.audit(10).await.unwrap());
    assert!(!audit.contains("role.granted"), "{audit}");
}

async fn five_wrong_tries_end_a_code(db: &Db) {
    let (home, _) = two_tenants(&db.store).await;
    keep(db, &home).await;
    for wrong in ["", "ABCD", "nothing of ours", "' OR 1=1"] {
        assert_eq!(db.store.arrive(wrong, &arrival("-1"), at(1)).await.unwrap(), None);
    }
    for _ in 0..5 {
        assert_eq!(db.store.arrive("ABCD-AAAAA-AAAA", &arrival("-1"), at(1)).await.unwrap(), None);
    }
    assert_eq!(db.store.arrive(CODE, &arrival("-1"), at(1)).await.unwrap(), None);
    assert_eq!(db.int("SELECT COUNT(*) FROM chats").await, 0);
}
