//! Talks: one place a person in a workspace, kept over restarts and gone when it is over.

use keylapse::domain::guide::fix::{Fix, Says};
use keylapse::domain::receiver::Platform;
use keylapse::store::talk::TalkKind;

use super::db::Db;
use super::given::*;

on_both!(a_talk_is_found_again_by_its_person_alone, a_talk_that_is_over_is_nowhere_and_is_tidied,);

const ADA: (Platform, &str) = (Platform::Discord, "ada");

fn step(says: Says) -> Fix {
    Fix { says: Some(says), ..Fix::default() }
}

async fn a_talk_is_found_again_by_its_person_alone(db: &Db) {
    let (home, other) = two_tenants(&db.store).await;
    home.keep_talk(ADA, TalkKind::Fix, &step(Says::Else), at(60)).await.unwrap();
    home.keep_talk(ADA, TalkKind::Fix, &step(Says::Unknown), at(90)).await.unwrap();
    let again = db.again().await.desk(home.workspace().clone());
    let found = again.talk::<Fix>(ADA, TalkKind::Fix, at(61)).await.unwrap();
    assert_eq!(found, Some(step(Says::Unknown)));
    assert_eq!(db.int("SELECT COUNT(*) FROM talks").await, 1);
    for (desk, who) in
        [(&home, (Platform::Discord, "bob")), (&home, (Platform::Telegram, "ada")), (&other, ADA)]
    {
        assert_eq!(desk.talk::<Fix>(who, TalkKind::Fix, at(1)).await.unwrap(), None);
        assert!(!desk.end_talk(who, TalkKind::Fix, at(1)).await.unwrap());
    }
    assert!(home.end_talk(ADA, TalkKind::Fix, at(1)).await.unwrap());
    assert!(!home.end_talk(ADA, TalkKind::Fix, at(1)).await.unwrap());
    // A step of another version is no step.
    home.keep_talk(ADA, TalkKind::Fix, &"what is this", at(60)).await.unwrap();
    assert_eq!(home.talk::<Fix>(ADA, TalkKind::Fix, at(1)).await.unwrap(), None);
}

async fn a_talk_that_is_over_is_nowhere_and_is_tidied(db: &Db) {
    let home = home(&db.store).await;
    let bob = (Platform::Discord, "bob");
    home.keep_talk(ADA, TalkKind::Fix, &step(Says::Else), at(60)).await.unwrap();
    home.keep_talk(bob, TalkKind::Fix, &step(Says::Else), at(61)).await.unwrap();
    assert_eq!(home.talk::<Fix>(ADA, TalkKind::Fix, at(60)).await.unwrap(), None);
    assert_eq!(db.store.tidy(at(0), at(60), 10).await.unwrap(), 1);
    assert_eq!(db.int("SELECT COUNT(*) FROM talks").await, 1);
}
