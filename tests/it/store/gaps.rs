//! Questions without a good answer: counted by day and workspace, and forgotten.

use chrono::TimeDelta;
use keylapse::store::gap::{Gap, Lack};

use super::db::Db;
use super::given::*;

on_both!(
    gaps_are_counted_by_workspace_and_forgotten_after_thirty_days,
    more_outlines_than_a_day_may_hold_are_counted_without_words,
);

async fn gaps_are_counted_by_workspace_and_forgotten_after_thirty_days(db: &Db) {
    let (home, other) = two_tenants(&db.store).await;
    let day = TimeDelta::days(1);
    for n in 0..3 {
        home.note_gap(Lack::Declined, ("", "my key …"), at(0) + day * n).await.unwrap();
    }
    home.note_gap(Lack::Unhelpful, ("error-timestamp", ""), at(0)).await.unwrap();
    let gap = |lack, topic: &str, words: &str, times| Gap {
        lack,
        topic: topic.to_owned(),
        words: words.to_owned(),
        times,
    };
    let both =
        [gap(Lack::Declined, "", "my key …", 3), gap(Lack::Unhelpful, "error-timestamp", "", 1)];
    assert_eq!(home.gaps(at(0) + day * 3).await.unwrap(), both);
    assert!(other.gaps(at(0)).await.unwrap().is_empty());
    // The first day is more than thirty days ago, and a sweep takes it for good.
    let later = at(0) + day * 31;
    assert_eq!(home.gaps(later).await.unwrap(), [gap(Lack::Declined, "", "my key …", 2)]);
    db.store.tidy(at(0), later, 100).await.unwrap();
    assert_eq!(db.int("SELECT CAST(SUM(times) AS BIGINT) FROM gaps").await, 2);
    home.forget_gaps().await.unwrap();
    assert_eq!(db.int("SELECT COUNT(*) FROM gaps").await, 0);
}

async fn more_outlines_than_a_day_may_hold_are_counted_without_words(db: &Db) {
    let home = home(&db.store).await;
    for n in 0..510 {
        home.note_gap(Lack::Unsure, ("", &format!("key {n}")), at(0)).await.unwrap();
    }
    let gaps = home.gaps(at(0)).await.unwrap();
    assert_eq!(gaps.len(), 501);
    assert_eq!((gaps[0].words.as_str(), gaps[0].times), ("", 10));
}
