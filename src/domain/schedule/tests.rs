use chrono::{Datelike, Timelike};

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn a_bad_schedule_is_refused_with_what_to_write_instead() {
    let table = [
        (
            "",
            "\"\" has 0 fields where a cron line has five: minute, hour, day of month, month, day of week.",
        ),
        (
            "every",
            "\"every\" is no rhythm: write \"every 5 min\", \"every 2 h\" or a cron line of five fields.",
        ),
        (
            "every 5 s",
            "\"every 5 s\" is no rhythm: write \"every 5 min\", \"every 2 h\" or a cron line of five fields.",
        ),
        (
            "every -5 min",
            "\"every -5 min\" is no rhythm: write \"every 5 min\", \"every 2 h\" or a cron line of five fields.",
        ),
        ("every 7 min", "\"every 7 min\" does not divide an hour evenly: write \"every 6 min\"."),
        ("every 0 min", "\"every 0 min\" does not divide an hour evenly: write \"every 1 min\"."),
        (
            "every 90 min",
            "\"every 90 min\" does not divide an hour evenly: write \"every 60 min\".",
        ),
        ("every 5 h", "\"every 5 h\" does not divide a day evenly: write \"every 4 h\"."),
        (
            "0 0 30 2 *",
            "\"0 0 30 2 *\" never fires, because no such day exists: change the day or the month.",
        ),
        (
            "0 */5 * * * *",
            "\"0 */5 * * * *\" has 6 fields where a cron line has five: minute, hour, day of month, month, day of week.",
        ),
        (
            "@daily",
            "\"@daily\" has 1 fields where a cron line has five: minute, hour, day of month, month, day of week.",
        ),
        ("60 * * * *", "\"60\" is no minute: use 0-59, *, lists, ranges or steps."),
        ("0 0 L * *", "\"L\" is no day of month: use 1-31, *, lists, ranges or steps."),
        ("0 0 * * 8", "\"8\" is no day of week: use 0-7 or sun-sat, *, lists, ranges or steps."),
        ("0 0 * foo *", "\"foo\" is no month: use 1-12 or jan-dec, *, lists, ranges or steps."),
        ("0 22-6 * * *", "The hour range \"22-6\" runs backwards: split it in two with a comma."),
        (
            "*/0 * * * *",
            "The minute step \"*/0\" cannot be used: write */N or FROM-TO/N with N of 1 to 59.",
        ),
        (
            "*/90 * * * *",
            "The minute step \"*/90\" cannot be used: write */N or FROM-TO/N with N of 1 to 59.",
        ),
        (
            "5/10 * * * *",
            "The minute step \"5/10\" cannot be used: write */N or FROM-TO/N with N of 1 to 59.",
        ),
        ("1,,2 * * * *", "\"\" is no minute: use 0-59, *, lists, ranges or steps."),
    ];
    for (text, sentence) in table {
        assert_eq!(Schedule::parse(text).unwrap_err().to_string(), sentence, "{text}");
    }
}

#[test]
fn every_dividing_number_is_a_rhythm() {
    for n in 1..=60 {
        assert_eq!(Schedule::parse(&format!("every {n} min")).is_ok(), 60 % n == 0, "{n}");
    }
    for n in 1..=24 {
        assert_eq!(Schedule::parse(&format!("every {n} h")).is_ok(), 24 % n == 0, "{n}");
    }
    let gap = |text: &str| Schedule::parse(text).unwrap().shortest_gap().num_minutes();
    assert_eq!(gap("Every  5 minutes"), 5);
    assert_eq!(gap("every 60min"), 60);
    assert_eq!(gap("every 24 h"), 24 * 60);
}

#[test]
fn the_shortest_gap_looks_across_midnight_and_months() {
    let table = [
        ("* * * * *", 1),
        ("0,50 * * * *", 10),
        ("5 23 * * *", 24 * 60),
        ("0 0,23 * * *", 60),
        ("0 0,23 * * mon", 23 * 60),
        ("0 9 1 * *", 28 * 24 * 60),
        ("0 9 29 2 *", (3 * 365 + 366) * 24 * 60),
        ("0 9 13 * fri", 24 * 60),
    ];
    for (text, minutes) in table {
        assert_eq!(Schedule::parse(text).unwrap().shortest_gap().num_minutes(), minutes, "{text}");
    }
}

/// Unix's own reading of a line, minute by minute.
type Fires = fn(&DateTime<Utc>) -> bool;

#[test]
fn a_year_of_minutes_agrees_with_brute_force() {
    let table: [(&str, Fires); 12] = [
        ("every 5 min", |t| t.minute() % 5 == 0),
        ("every 2 h", |t| t.minute() == 0 && t.hour() % 2 == 0),
        ("*/7 * * * *", |t| t.minute() % 7 == 0),
        ("3-50/9,59 6,18 * * *", |t| {
            matches!(t.minute(), 3 | 12 | 21 | 30 | 39 | 48 | 59) && matches!(t.hour(), 6 | 18)
        }),
        ("30 9 * * 0", |t| {
            (t.hour(), t.minute(), t.weekday().num_days_from_sunday()) == (9, 30, 0)
        }),
        ("30 9 * * 7", |t| {
            (t.hour(), t.minute(), t.weekday().num_days_from_sunday()) == (9, 30, 0)
        }),
        ("30 9 * * FRI-sun", |t| {
            (t.hour(), t.minute()) == (9, 30) && t.weekday().num_days_from_monday() >= 4
        }),
        ("30 9 * * 1-5", |t| {
            (t.hour(), t.minute()) == (9, 30) && t.weekday().num_days_from_monday() < 5
        }),
        ("0 0 13 * fri", |t| {
            (t.hour(), t.minute()) == (0, 0)
                && (t.day() == 13 || t.weekday().num_days_from_monday() == 4)
        }),
        ("0 0 */2 * fri", |t| {
            (t.hour(), t.minute()) == (0, 0)
                && t.day() % 2 == 1
                && t.weekday().num_days_from_monday() == 4
        }),
        ("15 * 31 jan,mar,Dec *", |t| {
            t.minute() == 15 && t.day() == 31 && matches!(t.month(), 1 | 3 | 12)
        }),
        ("0 12 29 2 *", |t| (t.hour(), t.minute(), t.day(), t.month()) == (12, 0, 29, 2)),
    ];
    let (start, end) = (at("2027-12-31T23:59:00Z"), at("2029-01-01T00:00:00Z"));
    for (text, fires) in table {
        let schedule = Schedule::parse(text).unwrap();
        let truth = std::iter::successors(Some(start + TimeDelta::minutes(1)), |t| {
            Some(*t + TimeDelta::minutes(1))
        });
        let truth = truth.take_while(|t| *t < end).filter(fires);
        let ours = std::iter::successors(schedule.next(start), |t| schedule.next(*t));
        assert!(ours.take_while(|t| *t < end).eq(truth), "{text}");
    }
}

#[test]
fn the_next_firing_is_strictly_later() {
    let schedule = Schedule::parse("every 5 min").unwrap();
    let table = [
        ("2027-01-01T00:00:00Z", "2027-01-01T00:05:00Z"),
        ("2027-01-01T00:04:59.999Z", "2027-01-01T00:05:00Z"),
        ("2027-01-01T00:05:00.001Z", "2027-01-01T00:10:00Z"),
        ("2027-12-31T23:55:00Z", "2028-01-01T00:00:00Z"),
    ];
    for (after, next) in table {
        assert_eq!(schedule.next(at(after)), Some(at(next)), "{after}");
    }
    assert_eq!(schedule.next(at("2101-01-01T00:00:00Z")), None);
}

#[test]
fn keys_are_spread_evenly_and_each_keeps_its_place() {
    for (text, width) in [("every 1 min", 60), ("every 5 min", 300), ("every 2 h", 300)] {
        let schedule = Schedule::parse(text).unwrap();
        let mut buckets = [0_u32; 10];
        for n in 0..10_000 {
            let offset = schedule.offset(&KeyId(format!("01k{n:05}key"))).num_milliseconds();
            assert!((0..width * 1_000).contains(&offset));
            buckets[usize::try_from(offset * 10 / (width * 1_000)).unwrap()] += 1;
        }
        assert!(buckets.iter().all(|n| (850..1_150).contains(n)), "{text}: {buckets:?}");
    }
}

#[test]
fn a_key_is_due_once_per_firing() {
    let schedule = Schedule::parse("every 1 min").unwrap();
    for n in 0..50 {
        let id = KeyId(format!("key-{n}"));
        let mut now = at("2027-03-01T00:00:00Z");
        for _ in 0..100 {
            let due = schedule.next_for(&id, now).unwrap();
            assert!(due > now && due - now <= TimeDelta::minutes(1));
            assert_eq!(schedule.next_for(&id, due).unwrap(), due + TimeDelta::minutes(1));
            now = due;
        }
    }
}

#[test]
fn a_hash_never_changes() {
    // The value other machines and later versions must get, too.
    assert_eq!(stable_hash("keylapse"), 0x351a_e740_7e8a_a2ba);
}
