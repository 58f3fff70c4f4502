//! What many alerts say together: a greater one holds a lesser one's words, an exchange those of
//! its keys; when it is over, what is still true is planned anew.

use chrono_tz::Tz;
use keylapse::domain::alert::Subject;
use keylapse::domain::evidence::Fault;
use keylapse::domain::notice::FleetCount;
use keylapse::domain::policy::Policy;
use keylapse::domain::route::Hold;
use keylapse::domain::rules::Rule;
use keylapse::domain::signal::Severity;
use keylapse::store::desk::{Desk, NoticeView};
use keylapse::store::workspace::Described;

use super::db::Db;
use super::given::*;

on_both!(
    a_rejected_key_holds_the_words_about_its_end,
    what_waited_for_the_morning_is_held_when_something_greater_opens,
    three_blind_keys_are_one_problem_of_the_exchange,
    a_key_that_turns_blind_later_is_covered_too,
    blindness_of_one_key_left_over_is_told_when_the_exchange_is_back,
    keys_of_another_workspace_do_not_count,
    when_its_last_key_is_removed_the_exchanges_alert_is_over,
);

async fn notice(desk: &Desk, watched: &Watched, rule: Rule) -> NoticeView {
    let histories = desk.history(&watched.key, 10).await.unwrap();
    let history = histories.into_iter().find(|history| history.alert.rule == rule);
    history.expect("the alert has a history").notices.pop().expect("somebody was owed it")
}

async fn a_rejected_key_holds_the_words_about_its_end(db: &Db) {
    let home = home(&db.store).await;
    let bot = watch(&home, "mm-bot-1").await;
    look(&db.store, &bot, good(ending(days(7) + 20)), 0).await;
    prove(&db.store, &bot, &unknown(), 1).await;
    let rejected = the_alert(&home, Rule::Rejected).await;
    // The next rung comes while the key is rejected: nobody needs to hear it.
    judge(&db.store, &bot, 20).await;
    let held = notice(&home, &bot, Rule::Expiry).await;
    assert_eq!(held.hold, Some(Hold::CoveredBy { no: rejected.no }));
    assert_eq!(held.state, "held");

    look(&db.store, &bot, good(ending(days(7) + 20)), 25).await;
    look(&db.store, &bot, good(ending(days(7) + 20)), 30).await;
    assert!(open_alert(&home, Rule::Rejected).await.is_none());
    let told = notice(&home, &bot, Rule::Expiry).await;
    assert_eq!((told.state.as_str(), told.hold), ("owed", None));
}

async fn what_waited_for_the_morning_is_held_when_something_greater_opens(db: &Db) {
    let home = home(&db.store).await;
    let bot = watch(&home, "mm-bot-1").await;
    let night = 14 * 60;
    look(&db.store, &bot, good(ending(days(9))), night).await;
    assert_eq!(notice(&home, &bot, Rule::Expiry).await.hold.unwrap().id(), "morning");
    look(&db.store, &bot, bad(Fault::AccountFrozen, "400700"), night + 5).await;
    assert_eq!(notice(&home, &bot, Rule::Expiry).await.hold.unwrap().id(), "covered");
    look(&db.store, &bot, good(ending(days(9))), night + 10).await;
    look(&db.store, &bot, good(ending(days(9))), night + 15).await;
    assert_eq!(notice(&home, &bot, Rule::Expiry).await.hold.unwrap().id(), "morning");
}

/// Adds `n` keys and makes them all blind for ten minutes from `minutes` on, key by key.
async fn blind_fleet(db: &Db, desk: &Desk, n: usize, minutes: i64) -> Vec<Watched> {
    let mut fleet = Vec::new();
    for i in 0..n {
        let bot = watch(desk, &format!("bot-{i}")).await;
        look(&db.store, &bot, good(healthy()), minutes - 1).await;
        fleet.push(bot);
    }
    for offset in [0, 5, 10] {
        for bot in &fleet {
            look(&db.store, bot, outage(), minutes + offset).await;
        }
    }
    fleet
}

async fn three_blind_keys_are_one_problem_of_the_exchange(db: &Db) {
    let home = home(&db.store).await;
    let fleet = blind_fleet(db, &home, 4, 1).await;
    let alerts = home.open_alerts().await.unwrap();
    let of_exchange =
        alerts.iter().find(|a| matches!(a.subject, Subject::Exchange(..))).expect("one for all");
    let view = home.key(&fleet[0].key).await.unwrap().unwrap();
    assert_eq!(view.alerts.iter().filter(|alert| alert.id == of_exchange.id).count(), 1);
    for bot in &fleet {
        let hold = notice(&home, bot, Rule::Blind).await.hold;
        assert_eq!(hold, Some(Hold::CoveredBy { no: of_exchange.no }));
    }
    let lane = the_lane(&db.store, 12).await;
    let message = db.store.bind_next(&lane, at(12)).await.unwrap().unwrap();
    assert_eq!(message.alerts.len(), 1, "one message, not five");
    let tellings = db.store.tellings(&home.workspace().id, &message).await.unwrap();
    let fleet = FleetCount { keys: 4, of: 4, known_bad: 0, last_good_at: Some(at(0)) };
    assert_eq!((tellings[0].fleet, tellings[0].key.is_none()), (Some(fleet), true));
    assert_eq!((tellings[0].zone, &tellings[0].alert), (Tz::UTC, of_exchange));
}

async fn a_key_that_turns_blind_later_is_covered_too(db: &Db) {
    let home = home(&db.store).await;
    blind_fleet(db, &home, 3, 1).await;
    let late = watch(&home, "late").await;
    prove(&db.store, &late, &outage(), 20).await;
    assert_eq!(notice(&home, &late, Rule::Blind).await.hold.unwrap().id(), "covered");
}

async fn blindness_of_one_key_left_over_is_told_when_the_exchange_is_back(db: &Db) {
    let home = home(&db.store).await;
    let fleet = blind_fleet(db, &home, 4, 1).await;
    for minutes in [20, 25] {
        for bot in &fleet[1..] {
            look(&db.store, bot, good(healthy()), minutes).await;
        }
        look(&db.store, &fleet[0], outage(), minutes).await;
    }
    let left: Vec<_> =
        home.open_alerts().await.unwrap().into_iter().map(|alert| alert.subject).collect();
    assert_eq!(left, [Subject::Key(fleet[0].key.clone())]);
    // Asked again at once, and told only if that answer does not close it.
    let held = notice(&home, &fleet[0], Rule::Blind).await;
    assert_eq!((held.state.as_str(), held.hold.unwrap().id()), ("held", "looking_again"));
    let hurried = db.store.next_due().await.unwrap().unwrap();
    assert!(hurried <= at(25), "{hurried}");
}

async fn keys_of_another_workspace_do_not_count(db: &Db) {
    let file = [
        described("home", &[receiver("alerts", Severity::Notice)]),
        Described { zone: Tz::Europe__Berlin, ..described("other", &[]) },
    ];
    let home = desk_of(&db.store, &file, "home").await;
    let other = desk_of(&db.store, &file, "other").await;
    blind_fleet(db, &other, 3, 1).await;
    let bot = watch(&home, "mm-bot-1").await;
    prove(&db.store, &bot, &outage(), 20).await;
    let alerts = home.open_alerts().await.unwrap();
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0].subject, Subject::Key(bot.key.clone()));
}

async fn when_its_last_key_is_removed_the_exchanges_alert_is_over(db: &Db) {
    let home = home(&db.store).await;
    let policy = Policy::default();
    let fleet = blind_fleet(db, &home, 3, 1).await;
    for bot in &fleet {
        home.remove_key(&bot.key, &entry("key.remove"), now(&policy, 15)).await.unwrap();
    }
    assert!(home.open_alerts().await.unwrap().is_empty());
}
