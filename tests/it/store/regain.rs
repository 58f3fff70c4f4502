//! Chats that are lost, found again, or moved.

use keylapse::domain::receiver::Platform;
use keylapse::domain::signal::Severity;

use super::db::Db;
use super::given::*;

on_both!(
    a_lost_chat_rests_and_a_regained_one_works_again,
    what_rests_for_another_reason_is_not_regained,
    the_receivers_of_a_chat_move_with_it,
);

const ACTIVE: &str = "SELECT COUNT(*) FROM receivers WHERE state = 'active'";

async fn a_lost_chat_rests_and_a_regained_one_works_again(db: &Db) {
    let both = [receiver("7", Severity::Notice), receiver("8", Severity::Notice)];
    let desk = desk_of(&db.store, &[described("home", &both)], "home").await;
    assert_eq!(db.store.lose_chat(Platform::Telegram, "7", "another platform").await.unwrap(), 0);
    assert_eq!(db.store.lose_chat(Platform::Discord, "7", "removed there").await.unwrap(), 1);
    assert_eq!(db.store.lose_chat(Platform::Discord, "7", "again").await.unwrap(), 0);
    let lost: Vec<_> =
        desk.receivers().await.unwrap().into_iter().filter_map(|view| view.lost).collect();
    assert_eq!(lost, ["removed there"]);
    assert_eq!(db.store.regain_chat(Platform::Telegram, "7").await.unwrap(), 0);
    assert_eq!(db.store.regain_chat(Platform::Discord, "7").await.unwrap(), 1);
    assert_eq!(db.store.regain_chat(Platform::Discord, "7").await.unwrap(), 0);
    assert_eq!(db.int(ACTIVE).await, 2);
}

async fn what_rests_for_another_reason_is_not_regained(db: &Db) {
    let file = [described("home", &[receiver("7", Severity::Notice)])];
    desk_of(&db.store, &file, "home").await;
    db.store.sync_workspaces(&[described("home", &[])], at(1)).await.unwrap();
    assert_eq!(db.store.regain_chat(Platform::Discord, "7").await.unwrap(), 0);
    assert_eq!(db.int(ACTIVE).await, 0);
}

async fn the_receivers_of_a_chat_move_with_it(db: &Db) {
    let both = [receiver("7", Severity::Notice), receiver("9", Severity::Notice)];
    desk_of(&db.store, &[described("home", &both)], "home").await;
    assert!(db.store.move_chat(Platform::Discord, "7", "-1007").await.unwrap());
    assert_eq!(db.texts("SELECT address FROM receivers ORDER BY address").await, ["-1007", "9"]);
    assert!(!db.store.move_chat(Platform::Discord, "7", "-1007").await.unwrap());
    // Where the new address has a receiver already, the old one rests, and stays so.
    assert!(db.store.move_chat(Platform::Discord, "-1007", "9").await.unwrap());
    assert_eq!(db.int(ACTIVE).await, 1);
    assert_eq!(db.store.regain_chat(Platform::Discord, "-1007").await.unwrap(), 0);
}
