//! Keys: labels, equal keys, what comes out of a row again.

use chrono::NaiveDate;
use keylapse::domain::facts::Site;
use keylapse::domain::id::KeyId;
use keylapse::domain::key::{Accepted, Declared, DeclaredEnd, Key, Watch};
use keylapse::domain::permission::Allow;
use keylapse::domain::policy::Policy;
use keylapse::store::StoreError;
use keylapse::store::credential::NewCredential;
use keylapse::store::deed::NewKey;
use keylapse::store::desk::Desk;

use super::db::Db;
use super::given::*;

on_both!(
    a_key_comes_out_as_it_went_in,
    a_label_is_taken_whatever_its_case,
    folding_is_done_by_us_and_not_by_the_database,
    a_removed_key_frees_its_label_and_its_secrets,
    the_same_key_is_taken_here_and_free_in_another_workspace,
    an_equal_key_is_found_by_its_label_in_its_own_workspace_only,
    keys_are_listed_by_label_as_we_fold_it,
    nothing_of_a_refused_key_stays,
);

async fn add(desk: &Desk, key: Key, credential: Option<NewCredential>) -> Result<(), StoreError> {
    let policy = Policy::default();
    let new = NewKey { key, credential, seen: None };
    desk.add_key(&new, &entry("key.add"), now(&policy, 0)).await
}

async fn a_key_comes_out_as_it_went_in(db: &Db) {
    let home = home(&db.store).await;
    let declared = Declared {
        end: Some(DeclaredEnd::Day(NaiveDate::from_ymd_opt(2027, 1, 31).unwrap())),
        by: clean("Ada"),
        at: at(0),
    };
    let full = Key {
        site: Site::Eu,
        co_located: true,
        allow: Allow { withdraw: true, no_ip: true, ..Allow::default() },
        declared: Some(declared),
        accepted: Accepted { no_ip: true, age_days: Some(400), version: true },
        used_by: vec![clean("fra-2"), clean("tracker")],
        ..key(&home, "mm-bot-1")
    };
    let via = KeyId::from("another".to_owned());
    let guarded = Key { watch: Watch::Guardian { via }, ..key(&home, "sub-7") };
    let told = Key { watch: Watch::Declared, ..key(&home, "only-a-date") };
    for key in [&full, &guarded, &told] {
        add(&home, key.clone(), None).await.unwrap();
        let view = home.key(&key.id).await.unwrap().unwrap();
        assert_eq!(view.key, *key);
        assert_eq!(view.next_probe.is_some(), key.watch == Watch::Own);
    }
}

async fn a_label_is_taken_whatever_its_case(db: &Db) {
    let home = home(&db.store).await;
    watch(&home, "MM-Bot-1").await;
    let again = add(&home, key(&home, "mm-bot-1"), None).await;
    assert!(matches!(again, Err(StoreError::LabelTaken)), "{again:?}");
    let found = home.key_by_label("  mm-BOT-1 ").await.unwrap().unwrap();
    assert_eq!(found.key.label.as_str(), "MM-Bot-1");
    // Nothing of the refused one is left, its audit row included.
    assert_eq!(db.int("SELECT COUNT(*) FROM keys").await, 1);
    assert_eq!(db.int("SELECT COUNT(*) FROM audit").await, 1);
}

async fn folding_is_done_by_us_and_not_by_the_database(db: &Db) {
    let home = home(&db.store).await;
    // SQLite folds ASCII only, PostgreSQL by its locale; ours is one rule for both.
    let table = [
        ("ÄRGER", "ärger", true),
        ("İstanbul", "i̇stanbul", true),
        ("Izmir", "ızmir", false),
        ("GROẞ", "groß", true),
        ("Straße", "STRASSE", false),
        ("ΣΊΣΥΦΟΣ", "σίσυφος", true),
        ("ДОМ", "дом", true),
    ];
    for (first, second, is_taken) in table {
        watch(&home, first).await;
        let again = add(&home, key(&home, second), None).await;
        assert_eq!(matches!(again, Err(StoreError::LabelTaken)), is_taken, "{first} {second}");
        let found = home.key_by_label(second).await.unwrap().unwrap();
        assert_eq!(found.key.label.as_str() == first, is_taken, "{first} {second}");
    }
}

async fn a_removed_key_frees_its_label_and_its_secrets(db: &Db) {
    let home = home(&db.store).await;
    let policy = Policy::default();
    let first = key(&home, "mm-bot-1");
    add(&home, first.clone(), Some(credential("one", 1))).await.unwrap();
    home.remove_key(&first.id, &entry("key.remove"), now(&policy, 1)).await.unwrap();
    assert!(home.key_by_label("mm-bot-1").await.unwrap().is_none());
    assert!(home.key(&first.id).await.unwrap().is_none());
    let second = key(&home, "mm-bot-1");
    add(&home, second.clone(), Some(credential("one", 1))).await.unwrap();
    assert_eq!(home.key_by_label("mm-bot-1").await.unwrap().unwrap().key.id, second.id);
}

async fn the_same_key_is_taken_here_and_free_in_another_workspace(db: &Db) {
    let (home, other) = two_tenants(&db.store).await;
    add(&home, key(&home, "one"), Some(credential("same", 1))).await.unwrap();
    let again = add(&home, key(&home, "two"), Some(credential("same", 1))).await;
    assert!(matches!(again, Err(StoreError::KeyTaken)), "{again:?}");
    assert!(home.key_by_label("two").await.unwrap().is_none());
    add(&other, key(&other, "one"), Some(credential("same", 1))).await.unwrap();
}

async fn an_equal_key_is_found_by_its_label_in_its_own_workspace_only(db: &Db) {
    let (home, other) = two_tenants(&db.store).await;
    let (one, hash) = (key(&home, "one"), credential("same", 1).key_hash);
    add(&home, one.clone(), Some(credential("same", 1))).await.unwrap();
    let found = home.watched_as(&hash).await.unwrap();
    assert_eq!(found.unwrap().as_str(), "one");
    assert_eq!(other.watched_as(&hash).await.unwrap(), None);
    let policy = Policy::default();
    home.remove_key(&one.id, &entry("key.remove"), now(&policy, 1)).await.unwrap();
    assert_eq!(home.watched_as(&hash).await.unwrap(), None);
}

async fn keys_are_listed_by_label_as_we_fold_it(db: &Db) {
    let home = home(&db.store).await;
    for label in ["b", "C", "a", "B-2"] {
        watch(&home, label).await;
    }
    let keys = home.keys().await.unwrap();
    let labels: Vec<_> = keys.iter().map(|view| view.key.label.as_str()).collect();
    assert_eq!(labels, ["a", "b", "B-2", "C"]);
    assert!(keys.iter().all(|view| view.hint.as_deref() == Some("abcd…wxyz")));
}

async fn nothing_of_a_refused_key_stays(db: &Db) {
    let home = home(&db.store).await;
    watch(&home, "taken").await;
    let before = db.int("SELECT COUNT(*) FROM duties").await;
    add(&home, key(&home, "TAKEN"), Some(credential("new", 1))).await.unwrap_err();
    assert_eq!(db.int("SELECT COUNT(*) FROM duties").await, before);
    assert_eq!(db.int("SELECT COUNT(*) FROM credentials").await, 1);
    assert_eq!(db.int("SELECT COUNT(*) FROM key_state").await, 1);
}
