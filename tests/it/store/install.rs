//! Values of the installation, and whether anything is sealed at all.

use super::db::Db;
use super::given::*;

on_both!(
    a_value_is_set_and_set_anew,
    the_first_to_claim_a_value_wins_and_everybody_hears_which,
    a_sealed_cell_is_noticed_and_a_wiped_one_is_not,
);

async fn a_value_is_set_and_set_anew(db: &Db) {
    assert_eq!(db.store.install_value("heartbeat").await.unwrap(), None);
    db.store.set_install_value("heartbeat", "1").await.unwrap();
    db.store.set_install_value("heartbeat", "2").await.unwrap();
    assert_eq!(db.store.install_value("heartbeat").await.unwrap().unwrap(), "2");
}

async fn the_first_to_claim_a_value_wins_and_everybody_hears_which(db: &Db) {
    let mut claims = tokio::task::JoinSet::new();
    for n in 0..8 {
        let store = db.store.clone();
        claims.spawn(
            async move { store.claim_install_value("check", &n.to_string()).await.unwrap() },
        );
    }
    let heard = claims.join_all().await;
    let kept = db.store.install_value("check").await.unwrap().unwrap();
    assert!(heard.iter().all(|value| *value == kept), "{heard:?}");
}

async fn a_sealed_cell_is_noticed_and_a_wiped_one_is_not(db: &Db) {
    assert!(!db.store.has_sealed_rows().await.unwrap());
    let home = home(&db.store).await;
    let bot = watch(&home, "mm-bot-1").await;
    assert!(db.store.has_sealed_rows().await.unwrap());
    let policy = keylapse::domain::policy::Policy::default();
    home.remove_key(&bot.key, &entry("key.remove"), now(&policy, 1)).await.unwrap();
    assert!(!db.store.has_sealed_rows().await.unwrap());
}
