//! Duties: claimed once, finished by their holder only.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use keylapse::domain::id::KeyId;
use keylapse::domain::key::{Declared, DeclaredEnd, Key, Watch};
use keylapse::domain::policy::Policy;
use keylapse::store::check::Checked;
use keylapse::store::deed::NewKey;
use keylapse::store::duty::{Claim, DutyKind};
use keylapse::store::rotate::Rotation;

use super::db::Db;
use super::given::*;

on_both!(
    what_a_clock_that_ran_ahead_left_behind_comes_back,
    a_claimed_duty_rests_until_its_lease_ends,
    a_late_holder_finishes_nothing,
    a_late_holder_of_a_duty_that_was_made_anew_finishes_nothing,
    a_finished_duty_is_due_when_the_schedule_says,
    a_hurried_duty_is_due_now,
    claims_come_with_their_keys_and_secrets,
    a_declared_key_is_judged_at_its_boundaries_and_never_asked,
    a_replaced_credential_is_asked_at_once_whatever_a_slow_probe_says,
    eight_writers_claim_two_thousand_duties_once_each,
);

async fn claim_one(db: &Db, minutes: i64) -> Claim {
    let mut claims = db.store.claim_due(at(minutes), LEASE, 10).await.unwrap();
    assert_eq!(claims.len(), 1, "{claims:?}");
    claims.remove(0)
}

/// Finishes `claim` with a healthy look; whether it was still ours.
async fn finish(db: &Db, bot: &Watched, claim: &Claim, minutes: i64) -> bool {
    let checked = Checked { claim: Some(claim.clone()), ..seen(bot, good(healthy()), minutes) };
    !commit(&db.store, &[checked], minutes).await.looked.is_empty()
}

async fn a_claimed_duty_rests_until_its_lease_ends(db: &Db) {
    let bot = watch(&home(&db.store).await, "mm-bot-1").await;
    assert_eq!(db.store.next_due().await.unwrap(), Some(at(0)));
    let first = claim_one(db, 0).await;
    assert_eq!((&first.key, first.kind, first.tries), (&bot.key, DutyKind::Probe, 1));
    assert_eq!(db.store.next_due().await.unwrap(), Some(at(0) + LEASE));
    assert_eq!(db.store.claim_due(at(1), LEASE, 10).await.unwrap(), []);
    let second = claim_one(db, 2).await;
    assert_eq!((second.no, second.tries), (first.no + 1, 2));
}

async fn a_late_holder_finishes_nothing(db: &Db) {
    let home = home(&db.store).await;
    let bot = watch(&home, "mm-bot-1").await;
    let late = claim_one(db, 0).await;
    let holder = claim_one(db, 2).await;
    assert!(!finish(db, &bot, &late, 3).await);
    assert_eq!(db.int("SELECT COUNT(*) FROM observations").await, 0);
    assert!(finish(db, &bot, &holder, 3).await);
    assert!(!finish(db, &bot, &holder, 4).await, "a claim is finished once");
    assert_eq!(db.int("SELECT times FROM observations").await, 1);
}

async fn a_late_holder_of_a_duty_that_was_made_anew_finishes_nothing(db: &Db) {
    let home = home(&db.store).await;
    let policy = Policy::default();
    let end = DeclaredEnd::Instant(at(days(40)));
    let declared = Declared { end: Some(end), by: clean("Ada"), at: at(0) };
    let key = Key { watch: Watch::Declared, declared: Some(declared), ..key(&home, "a-date") };
    let id = key.id.clone();
    let new = NewKey { key, credential: None, seen: None };
    home.add_key(&new, &entry("key.add"), now(&policy, 0)).await.unwrap();
    let judged = |claim: &Claim| Checked {
        key: id.clone(),
        claim: Some(claim.clone()),
        seen: None,
        next_scheduled: None,
        clock_in_doubt: false,
        cause: keylapse::domain::alert::Cause::Look,
    };
    let rung = days(10);
    let late = claim_one(db, rung).await;
    let holder = claim_one(db, rung + 2).await;
    commit(&db.store, &[judged(&holder)], rung + 2).await;
    let next = days(26);
    let newer = claim_one(db, next).await;
    assert_ne!(late.no, newer.no);
    commit(&db.store, &[judged(&late)], next).await;
    assert_eq!(db.store.next_due().await.unwrap(), Some(at(next) + LEASE), "still claimed");
}

async fn a_finished_duty_is_due_when_the_schedule_says(db: &Db) {
    let bot = watch(&home(&db.store).await, "mm-bot-1").await;
    claim_one(db, 0).await;
    let claim = claim_one(db, 2).await;
    assert_eq!(claim.tries, 2);
    assert!(finish(db, &bot, &claim, 2).await);
    let probes: i64 = db.int("SELECT due_at FROM duties WHERE kind = 'probe'").await;
    assert_eq!(probes, (at(2) + TimeDelta::minutes(5)).timestamp_millis());
    assert_eq!(claim_one(db, 7).await.tries, 1, "finishing forgets earlier tries");
}

async fn a_hurried_duty_is_due_now(db: &Db) {
    let bot = watch(&home(&db.store).await, "mm-bot-1").await;
    let claim = claim_one(db, 0).await;
    finish(db, &bot, &claim, 0).await;
    assert!(db.store.hurry(&bot.key, at(1)).await.unwrap());
    let hurried = claim_one(db, 1).await;
    assert!(db.store.hurry(&bot.key, at(1)).await.unwrap());
    assert!(finish(db, &bot, &hurried, 1).await, "a claim under way may finish");
    let nobody = KeyId::from("nobody".to_owned());
    assert!(!db.store.hurry(&nobody, at(1)).await.unwrap());
}

async fn claims_come_with_their_keys_and_secrets(db: &Db) {
    let home = home(&db.store).await;
    let (one, two) = (watch(&home, "one").await, watch(&home, "two").await);
    let claims = db.store.claim_due(at(0), LEASE, 10).await.unwrap();
    let assigned = db.store.assignments(&claims).await.unwrap();
    assert_eq!(assigned.iter().map(|a| a.claim.clone()).collect::<Vec<_>>(), claims);
    for watched in [one, two] {
        let it = assigned.iter().find(|a| a.key.id == watched.key).unwrap();
        let credential = it.credential.as_ref().unwrap();
        assert_eq!((&credential.id, credential.generation), (&watched.credential, 1));
        assert!(credential.sealed.secret.starts_with("sealed secret of"));
        assert_eq!((credential.hint.as_str(), credential.retire_at), ("abcd…wxyz", None));
    }
    let gone = Claim { key: KeyId::from("gone".to_owned()), ..claims[0].clone() };
    assert!(db.store.assignments(&[gone]).await.unwrap().is_empty());
}

async fn a_declared_key_is_judged_at_its_boundaries_and_never_asked(db: &Db) {
    let home = home(&db.store).await;
    let policy = Policy::default();
    let end = DeclaredEnd::Instant(at(days(40)));
    let declared = Declared { end: Some(end), by: clean("Ada"), at: at(0) };
    let key = Key { watch: Watch::Declared, declared: Some(declared), ..key(&home, "a-date") };
    let new = NewKey { key, credential: None, seen: None };
    home.add_key(&new, &entry("key.add"), now(&policy, 0)).await.unwrap();
    assert_eq!(db.store.next_due().await.unwrap(), Some(at(days(10))));
    let claim = claim_one(db, days(10)).await;
    assert_eq!(claim.kind, DutyKind::Judge);
    assert!(db.store.assignments(&[claim]).await.unwrap()[0].credential.is_none());
}

async fn a_replaced_credential_is_asked_at_once_whatever_a_slow_probe_says(db: &Db) {
    let home = home(&db.store).await;
    let policy = Policy::default();
    let bot = watch(&home, "mm-bot-1").await;
    let slow = claim_one(db, 0).await;
    let fresh = credential("fresh", 2);
    let replacement = Rotation {
        credential: fresh.clone(),
        seen: None,
        declared: None,
        allow: keylapse::domain::permission::Allow::default(),
        watch_old_until: None,
    };
    home.rotate(&bot.key, &replacement, &entry("key.replace"), now(&policy, 1)).await.unwrap();
    assert!(!finish(db, &bot, &slow, 1).await, "the old secrets' answer is history");
    assert_eq!(db.int("SELECT COUNT(*) FROM observations").await, 0);
    let claim = claim_one(db, 1).await;
    let asked = db.store.assignments(&[claim]).await.unwrap();
    assert_eq!(asked[0].credential.as_ref().unwrap().id, fresh.id);
}

async fn eight_writers_claim_two_thousand_duties_once_each(db: &Db) {
    const DUTIES: usize = 2_000;
    let home = home(&db.store).await;
    let mut raw = db.raw.begin().await.unwrap();
    for n in 0..DUTIES {
        sqlx::query(
            "INSERT INTO duties (subject_id, kind, workspace_id, due_at, claim_no, claimed_by, tries) \
             VALUES ($1, 'probe', $2, 0, 0, NULL, 0)",
        )
        .bind(format!("key {n}"))
        .bind(home.workspace().id.as_str())
        .execute(&mut *raw)
        .await
        .unwrap();
    }
    raw.commit().await.unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = db.store.clone();
        writers.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let claims = store.claim_due(at(0), LEASE, 16).await.unwrap();
                assert!(claims.len() <= 16);
                if claims.is_empty() {
                    return mine;
                }
                mine.extend(claims.into_iter().map(|claim| claim.key));
            }
        });
    }
    let claimed: Vec<KeyId> = writers.join_all().await.into_iter().flatten().collect();
    assert_eq!(claimed.len(), DUTIES);
    assert_eq!(claimed.iter().collect::<BTreeSet<_>>().len(), DUTIES);
}

async fn what_a_clock_that_ran_ahead_left_behind_comes_back(db: &Db) {
    let home = home(&db.store).await;
    let bot = watch(&home, "mm-bot-1").await;
    // For a minute the clock was thirty days ahead, and everything was done under it.
    let ahead = 30 * 24 * 60;
    look(&db.store, &bot, good(healthy()), ahead).await;
    db.run("UPDATE receivers SET claim_until = 1900000000000, not_before = 1900000000000").await;
    let due = db.store.next_due().await.unwrap().unwrap();
    assert!(due > at(ahead), "{due}");
    db.store.forget_the_future(at(20), at(1)).await.unwrap();
    assert_eq!(db.store.next_due().await.unwrap(), Some(at(1)));
    let view = home.key(&bot.key).await.unwrap().unwrap();
    assert_eq!(view.standing.last_good.map(|good| good.at), Some(at(1)), "no answer of the future");
    assert_eq!(view.standing.latest.map(|look| look.at), Some(at(1)));
    let stuck = "SELECT COUNT(*) FROM receivers WHERE claim_until > 1800000000000 OR not_before > 1800000000000";
    assert_eq!(db.int(stuck).await, 0);
    // What is rightly planned stays where it is.
    look(&db.store, &bot, good(healthy()), 2).await;
    let due = db.store.next_due().await.unwrap();
    db.store.forget_the_future(at(60), at(3)).await.unwrap();
    assert_eq!(db.store.next_due().await.unwrap(), due);
}
