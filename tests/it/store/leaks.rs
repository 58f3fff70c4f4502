//! A person's word that a key is leaked: kept, judged at once, and ended by what people do.

use chrono::TimeDelta;
use keylapse::domain::alert::Phase;
use keylapse::domain::key::{Key, Leak, Watch};
use keylapse::domain::permission::Allow;
use keylapse::domain::policy::Policy;
use keylapse::domain::rules::Rule;
use keylapse::store::deed::{DeedError, Now};
use keylapse::store::leak::Word;
use keylapse::store::rotate::Rotation;

use super::db::Db;
use super::given::*;

on_both!(
    the_word_is_kept_and_opens_one_alert_at_once,
    the_word_ends_with_the_key_that_it_was_about,
    the_moment_of_a_word_is_that_of_its_alert,
    what_nobody_can_ask_about_takes_no_word,
);

async fn the_word_is_kept_and_opens_one_alert_at_once(db: &Db) {
    let (home, other) = two_tenants(&db.store).await;
    let policy = Policy::default();
    let bot = watch(&home, "mm-bot-1").await;
    look(&db.store, &bot, good(healthy()), 0).await;
    let foreign = other
        .call_leaked(&bot.key, &clean("Eve"), &entry("key.leak_watched"), now(&policy, 1))
        .await;
    assert!(matches!(foreign, Err(DeedError::Unknown)), "{foreign:?}");
    for (by, expected) in [("Ann", Word::Taken), ("Kim", Word::SaidBefore)] {
        let word = home
            .call_leaked(&bot.key, &clean(by), &entry("key.leak_watched"), now(&policy, 2))
            .await;
        assert_eq!(word.unwrap(), expected);
    }
    let view = home.key(&bot.key).await.unwrap().unwrap();
    assert_eq!(view.key.leaked, Some(Leak { by: clean("Ann"), at: at(2), called_off: None }));
    assert_eq!(view.next_probe, Some(at(2)));
    the_alert(&home, Rule::Exposed).await;
    assert_eq!(lanes(&db.store, 2).await.len(), 1, "the receiver is told");
    let rows = home.audit(50).await.unwrap();
    assert_eq!(rows.iter().filter(|row| row.action == "key.leak_watched").count(), 1);
}

async fn the_word_ends_with_the_key_that_it_was_about(db: &Db) {
    let home = home(&db.store).await;
    let policy = Policy::default();
    for (label, ends) in [("replaced", 0), ("called-off", 1), ("removed", 2)] {
        let bot = watch(&home, label).await;
        look(&db.store, &bot, good(healthy()), 0).await;
        let by = clean("Ann");
        home.call_leaked(&bot.key, &by, &entry("key.leak_watched"), now(&policy, 1)).await.unwrap();
        the_alert(&home, Rule::Exposed).await;
        let later = now(&policy, 2);
        match ends {
            0 => {
                let replacement = Rotation {
                    credential: credential("fresh", 2),
                    seen: None,
                    declared: None,
                    allow: Allow::default(),
                    watch_old_until: None,
                };
                home.rotate(&bot.key, &replacement, &entry("key.replace"), later).await.map(drop)
            }
            1 => home.call_off(&bot.key, &by, &entry("key.leak_called_off"), later).await.map(drop),
            _ => home.remove_key(&bot.key, &entry("key.remove"), later).await,
        }
        .unwrap();
        assert!(open_alert(&home, Rule::Exposed).await.is_none(), "{label}");
        let leak = home.key(&bot.key).await.unwrap().and_then(|view| view.key.leak().cloned());
        assert_eq!(leak, None, "{label}");
    }
}

async fn the_moment_of_a_word_is_that_of_its_alert(db: &Db) {
    let home = home(&db.store).await;
    let policy = Policy::default();
    let bot = watch(&home, "mm-bot-1").await;
    look(&db.store, &bot, good(healthy()), 0).await;
    // A real clock knows more than milliseconds.
    let exactly = |minute| Now { at: at(minute) + TimeDelta::microseconds(1_987), policy: &policy };
    let by = clean("Ann");
    home.call_leaked(&bot.key, &by, &entry("key.leak_watched"), exactly(1)).await.unwrap();
    assert!(home.call_off(&bot.key, &by, &entry("key.leak_called_off"), exactly(2)).await.unwrap());
    let leak = home.key(&bot.key).await.unwrap().unwrap().key.leaked.unwrap();
    let state = home.history(&bot.key, 5).await.unwrap()[0].alert.state.clone();
    let Phase::Closed { at: closed } = state.phase else { panic!("{state:?}") };
    assert_eq!((leak.at, leak.called_off.unwrap().1), (state.opened_at, closed));
}

async fn what_nobody_can_ask_about_takes_no_word(db: &Db) {
    let home = home(&db.store).await;
    let policy = Policy::default();
    let told = Key { watch: Watch::Declared, ..key(&home, "only-a-date") };
    let date = watch_key(&home, told).await;
    let by = clean("Ann");
    let word = home.call_leaked(&date.key, &by, &entry("key.leak_watched"), now(&policy, 1)).await;
    assert_eq!(word.unwrap(), Word::NothingToAsk);
    let off = home.call_off(&date.key, &by, &entry("key.leak_called_off"), now(&policy, 1)).await;
    assert!(!off.unwrap());
    assert!(home.open_alerts().await.unwrap().is_empty());
}
