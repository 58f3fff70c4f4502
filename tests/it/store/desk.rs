//! A desk sees one workspace: an id of another one is as unknown as a made-up one, everywhere.

use keylapse::domain::evidence::Fault;
use keylapse::domain::id::{AlertId, KeyId, MessageId};
use keylapse::domain::permission::Allow;
use keylapse::domain::policy::Policy;
use keylapse::domain::rules::Rule;
use keylapse::domain::text::Clean;
use keylapse::store::deed::{DeedError, Taking};
use keylapse::store::rotate::Rotation;

use super::db::Db;
use super::given::*;

on_both!(
    a_desk_reads_nothing_of_another_workspace,
    a_desk_changes_nothing_of_another_workspace,
    a_desk_shows_its_open_alerts_ready_to_be_told,
);

async fn a_desk_reads_nothing_of_another_workspace(db: &Db) {
    let (home, other) = two_tenants(&db.store).await;
    let bot = watch(&home, "mm-bot-1").await;
    look(&db.store, &bot, bad(Fault::AccountFrozen, "400700"), 0).await;
    let alert = the_alert(&home, Rule::Account).await;
    let lane = the_lane(&db.store, 0).await;
    let message = db.store.bind_next(&lane, at(0)).await.unwrap().unwrap();
    assert_eq!(home.alerts_of_message(&message.id).await.unwrap().len(), 1);
    assert_eq!(home.told_by(&message.id).await.unwrap(), [(alert.id.clone(), alert.rev)]);

    let made_up = "made up".to_owned();
    for key in [bot.key.clone(), KeyId::from(made_up.clone())] {
        assert!(other.key(&key).await.unwrap().is_none());
        assert!(other.history(&key, 9).await.unwrap().is_empty());
    }
    for alert in [alert.id.clone(), AlertId::from(made_up.clone())] {
        assert!(other.telling(&alert).await.unwrap().is_none());
    }
    for message in [message.id.clone(), MessageId::from(made_up)] {
        assert!(other.alerts_of_message(&message).await.unwrap().is_empty());
        assert!(other.told_by(&message).await.unwrap().is_empty());
    }
    assert!(other.keys().await.unwrap().is_empty());
    assert!(other.audit(9).await.unwrap().is_empty());
    assert!(other.key_by_label("mm-bot-1").await.unwrap().is_none());
    assert!(other.open_alerts().await.unwrap().is_empty());
    assert!(other.open_tellings().await.unwrap().is_empty());
    let foreign = db.store.tellings(&other.workspace().id, &message).await.unwrap();
    assert!(foreign.is_empty());
}

async fn a_desk_changes_nothing_of_another_workspace(db: &Db) {
    let (home, other) = two_tenants(&db.store).await;
    let policy = Policy::default();
    let bot = watch(&home, "mm-bot-1").await;
    look(&db.store, &bot, good(healthy()), 0).await;
    look(&db.store, &bot, bad(Fault::AccountFrozen, "400700"), 5).await;
    let alert = the_alert(&home, Rule::Account).await;
    let before = home.key(&bot.key).await.unwrap().unwrap().key;
    let audited = db.int("SELECT COUNT(*) FROM audit").await;

    let (ada, moment) = (Clean::new("Ada", 64), now(&policy, 6));
    let taking = Taking { by: ada.clone(), until: None, reason: None, shown_rev: None };
    let replacement = Rotation {
        credential: credential("theirs", 2),
        seen: None,
        declared: None,
        allow: Allow::default(),
        watch_old_until: None,
    };
    for (key, alert) in [
        (bot.key.clone(), alert.id.clone()),
        (KeyId::from("made up".to_owned()), AlertId::from("made up".to_owned())),
    ] {
        let row = entry("theft");
        let is_unknown = [
            other.acknowledge(&alert, &taking, &row, moment).await.err(),
            other.undo(&alert, &ada, &row, moment).await.err(),
            other.accept(&key, &ada, &row, moment).await.err(),
            other.rotate(&key, &replacement, &row, moment).await.err(),
            other.remove_key(&key, &row, moment).await.err(),
        ];
        for (n, error) in is_unknown.into_iter().enumerate() {
            assert!(matches!(error, Some(DeedError::Unknown)), "deed {n}: {error:?}");
        }
    }
    assert_eq!(the_alert(&home, Rule::Account).await, alert);
    assert_eq!(home.key(&bot.key).await.unwrap().unwrap().key, before);
    assert_eq!(db.int("SELECT COUNT(*) FROM audit").await, audited);
}

async fn a_desk_shows_its_open_alerts_ready_to_be_told(db: &Db) {
    let home = home(&db.store).await;
    let (one, two) = (watch(&home, "one").await, watch(&home, "two").await);
    look(&db.store, &one, good(ending(days(5))), 0).await;
    look(&db.store, &two, bad(Fault::AccountFrozen, "400700"), 1).await;
    let tellings = home.open_tellings().await.unwrap();
    let numbers: Vec<i64> = tellings.iter().map(|telling| telling.alert.no).collect();
    assert_eq!(numbers, [1, 2]);
    let (key, standing) = tellings[0].key.clone().unwrap();
    assert_eq!((key.id, standing.last_good.unwrap().facts), (one.key.clone(), ending(days(5))));
    let same = home.telling(&tellings[1].alert.id).await.unwrap().unwrap();
    assert_eq!(same.alert, tellings[1].alert);
    let view = home.key_by_label("two").await.unwrap().unwrap();
    assert_eq!(view.alerts.len(), 1, "a key shows its own alerts only");
    assert_eq!(view.standing.latest.unwrap().outcome, bad(Fault::AccountFrozen, "400700"));
}
