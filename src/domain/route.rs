//! Who is told of a post, and when: owed now, or held with a reason that `/why` can repeat. And
//! once a receiver's turn comes: which of its waiting notices still deserve to be said.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::alert::Kind;
use super::expiry::{End, next_stage_at};
use super::id::{AlertId, ReceiverId};
use super::policy::Policy;
use super::receiver::Receiver;
use super::signal::Severity;
use super::wall;

/// A post that is owed, before anybody knows to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Post {
    /// How bad.
    pub severity: Severity,
    /// Whether it is a quiet closing line.
    pub quiet: bool,
    /// Whether it may wait for the morning.
    pub waits: bool,
    /// The end of the key, for a warning that must not come after it.
    pub deadline: Option<DateTime<Utc>>,
    /// The number of a greater open alert that says it all.
    pub covered_by: Option<i64>,
    /// A greater alert is just over and this one is being looked at again: nobody is told before
    /// that look can have closed it.
    pub looking_until: Option<DateTime<Utc>>,
}

/// A notice as planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// For whom.
    pub receiver: ReceiverId,
    /// Now or held.
    pub due: Due,
}

/// When a notice may leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Due {
    /// Now.
    Owed,
    /// Not now.
    Held(Hold),
}

/// Why a notice is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// Until the workspace's morning.
    Morning {
        /// When that is.
        until: DateTime<Utc>,
    },
    /// A greater alert says it; planned anew when that one is over.
    CoveredBy {
        /// Its number.
        no: i64,
    },
    /// Until the key has been looked at again.
    LookingAgain {
        /// When that is over at the latest.
        until: DateTime<Utc>,
    },
    /// The receiver asked not to hear what is below its minimum.
    BelowMinimum,
}

impl Hold {
    /// The word in tables.
    pub fn id(self) -> &'static str {
        match self {
            Self::Morning { .. } => "morning",
            Self::CoveredBy { .. } => "covered",
            Self::LookingAgain { .. } => "looking_again",
            Self::BelowMinimum => "below_minimum",
        }
    }
}

/// Plans one post for every receiver of the workspace.
pub fn plan(
    post: &Post,
    receivers: &[Receiver],
    policy: &Policy,
    zone: Tz,
    now: DateTime<Utc>,
) -> Vec<Planned> {
    receivers
        .iter()
        .map(|receiver| Planned {
            receiver: receiver.id.clone(),
            due: due(post, receiver.min_severity, policy, zone, now),
        })
        .collect()
}

fn due(post: &Post, minimum: Severity, policy: &Policy, zone: Tz, now: DateTime<Utc>) -> Due {
    if let Some(no) = post.covered_by {
        return Due::Held(Hold::CoveredBy { no });
    }
    if post.severity < minimum {
        return Due::Held(Hold::BelowMinimum);
    }
    if let Some(until) = post.looking_until {
        return Due::Held(Hold::LookingAgain { until });
    }
    if post.severity == Severity::Critical || post.quiet || !post.waits {
        return Due::Owed;
    }
    let until = wall::next_time_of_day(policy.morning, zone, now);
    let is_waking_hour = now.with_timezone(&zone).time() >= policy.morning;
    let comes_too_late = post.deadline.is_some_and(|deadline| until >= deadline);
    if is_waking_hour || comes_too_late { Due::Owed } else { Due::Held(Hold::Morning { until }) }
}

/// When people will hear of the next rung of an end: at the rung, or at the morning after it where
/// that is not too late. `None` = no rung is left.
pub fn warning_at(
    end: &End,
    policy: &Policy,
    zone: Tz,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let rung = next_stage_at(end, &policy.ladder_days, zone, now)?;
    Some(said_at(end, policy, zone, rung))
}

/// When a warning about this end that is due at `rung` is said.
pub fn said_at(end: &End, policy: &Policy, zone: Tz, rung: DateTime<Utc>) -> DateTime<Utc> {
    // What is past is critical, and that never waits.
    let severity = if rung >= end.at { Severity::Critical } else { Severity::Notice };
    let post = Post {
        severity,
        quiet: false,
        waits: true,
        deadline: Some(end.at),
        covered_by: None,
        looking_until: None,
    };
    match due(&post, Severity::Notice, policy, zone, rung) {
        Due::Held(Hold::Morning { until }) => until,
        Due::Owed
        | Due::Held(Hold::CoveredBy { .. } | Hold::LookingAgain { .. } | Hold::BelowMinimum) => {
            rung
        }
    }
}

/// A notice whose time has come, with what is known of its alert now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The alert.
    pub alert: AlertId,
    /// The transition that is told.
    pub seq: i64,
    /// What kind of change it was.
    pub kind: Kind,
    /// Whether it is a quiet closing line.
    pub quiet: bool,
    /// Whether the alert is still open.
    pub open: bool,
    /// Whether this receiver ever got a message about this alert.
    pub told_before: bool,
}

/// What leaves in one message, and what does not leave at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    /// Bound together; may be empty.
    pub bind: Vec<(AlertId, i64)>,
    /// Dropped, each with its reason.
    pub superseded: Vec<(AlertId, i64, &'static str)>,
}

/// A message with more alerts than this is split; the rest leaves right after it.
const MOST: usize = 40;

/// Chooses from the waiting notices of one receiver. Quiet closing lines do not travel with posts
/// that sound.
pub fn bundle(waiting: &[Waiting]) -> Bundle {
    let mut newest: BTreeMap<&AlertId, &Waiting> = BTreeMap::new();
    let mut bundle = Bundle::default();
    let mut drop = |notice: &Waiting, reason| {
        bundle.superseded.push((notice.alert.clone(), notice.seq, reason));
    };
    for notice in waiting {
        if let Some(other) = newest.insert(&notice.alert, notice) {
            let (later, earlier) =
                if other.seq > notice.seq { (other, notice) } else { (notice, other) };
            newest.insert(&later.alert, later);
            drop(earlier, "overtaken by a later one");
        }
    }
    let is_over_untold = |n: &Waiting| !n.open && (n.kind != Kind::Resolved || !n.told_before);
    for notice in newest.values().filter(|n| is_over_untold(n)) {
        drop(notice, "over before it was told");
    }
    let mut kept: Vec<&Waiting> = newest.into_values().filter(|n| !is_over_untold(n)).collect();
    if kept.iter().any(|n| !n.quiet) {
        kept.retain(|n| !n.quiet);
    }
    kept.truncate(MOST);
    bundle.bind = kept.into_iter().map(|n| (n.alert.clone(), n.seq)).collect();
    bundle
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::WorkspaceId;
    use crate::domain::receiver::{Address, Platform};
    use crate::domain::text::Clean;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn receiver(min_severity: Severity) -> Receiver {
        Receiver {
            id: ReceiverId("r".into()),
            workspace: WorkspaceId("w".into()),
            name: Clean::new("desk", 20),
            address: Address { platform: Platform::Console, chat: "desk".into(), topic: None },
            min_severity,
            mention: None,
        }
    }

    #[test]
    fn what_is_not_critical_waits_for_the_morning_unless_that_comes_too_late() {
        let night = "2026-11-23T02:00:00Z";
        let nine = Due::Held(Hold::Morning { until: utc("2026-11-23T08:00:00Z") });
        let post = |severity| Post {
            severity,
            quiet: false,
            waits: true,
            deadline: None,
            covered_by: None,
            looking_until: None,
        };
        let table = [
            (post(Severity::Critical), night, Due::Owed),
            (post(Severity::Warning), night, nine.clone()),
            (post(Severity::Notice), "2026-11-23T08:00:00Z", Due::Owed),
            (post(Severity::Notice), "2026-11-23T22:59:00Z", Due::Owed),
            (Post { quiet: true, ..post(Severity::Warning) }, night, Due::Owed),
            (Post { waits: false, ..post(Severity::Warning) }, night, Due::Owed),
            (
                Post { deadline: Some(utc("2026-11-23T05:00:00Z")), ..post(Severity::Warning) },
                night,
                Due::Owed,
            ),
            (
                Post { deadline: Some(utc("2026-11-23T08:00:01Z")), ..post(Severity::Warning) },
                night,
                nine,
            ),
            (
                Post { covered_by: Some(4), ..post(Severity::Critical) },
                night,
                Due::Held(Hold::CoveredBy { no: 4 }),
            ),
        ];
        let (policy, zone) = (Policy::default(), Tz::Europe__Berlin);
        for (post, now, due) in table {
            let planned = plan(&post, &[receiver(Severity::Notice)], &policy, zone, utc(now));
            assert_eq!(planned[0].due, due, "{post:?} at {now}");
        }
        let deaf = plan(
            &post(Severity::Warning),
            &[receiver(Severity::Critical)],
            &policy,
            zone,
            utc("2026-11-23T12:00:00Z"),
        );
        assert_eq!(deaf[0].due, Due::Held(Hold::BelowMinimum));
    }

    #[test]
    fn a_warning_is_said_at_its_rung_or_at_the_morning_after_it() {
        use crate::domain::expiry::{Precision, Source};
        let end =
            |at: &str| End { at: utc(at), source: Source::Declared, precision: Precision::Instant };
        let table = [
            // 30 days before midnight is midnight: said at nine in Berlin.
            ("2026-12-30T23:00:00Z", "2026-11-23T12:00:00Z", "2026-12-01T08:00:00Z"),
            ("2026-12-30T14:00:00Z", "2026-11-23T12:00:00Z", "2026-11-30T14:00:00Z"),
            // The last day begins at night, and its morning comes too late.
            ("2026-12-30T05:00:00Z", "2026-12-29T06:00:00Z", "2026-12-29T23:00:00Z"),
            ("2026-12-30T05:00:00Z", "2026-12-30T04:00:00Z", "2026-12-30T05:00:00Z"),
        ];
        for (at, now, said) in table {
            let (policy, zone) = (Policy::default(), Tz::Europe__Berlin);
            assert_eq!(warning_at(&end(at), &policy, zone, utc(now)), Some(utc(said)), "{at}");
        }
    }

    fn waiting(alert: &str, seq: i64, kind: Kind) -> Waiting {
        Waiting {
            alert: AlertId(alert.into()),
            seq,
            kind,
            quiet: kind == Kind::Resolved,
            open: kind != Kind::Resolved,
            told_before: false,
        }
    }

    #[test]
    fn ten_days_of_notices_become_one_line_an_alert() {
        let bundle = bundle(&[
            waiting("a", 3, Kind::Worse),
            waiting("a", 1, Kind::Opened),
            waiting("a", 2, Kind::Reminder),
            waiting("b", 1, Kind::Opened),
        ]);
        assert_eq!(bundle.bind, [(AlertId("a".into()), 3), (AlertId("b".into()), 1)]);
        assert_eq!(bundle.superseded.len(), 2);
    }

    #[test]
    fn what_is_over_before_it_was_told_is_not_told() {
        let over = Waiting { open: false, ..waiting("a", 1, Kind::Opened) };
        let told = Waiting { told_before: true, ..waiting("c", 2, Kind::Resolved) };
        let bundle = bundle(&[over, waiting("b", 2, Kind::Resolved), told]);
        assert_eq!(bundle.bind, [(AlertId("c".into()), 2)]);
        assert!(bundle.superseded.iter().all(|(_, _, why)| *why == "over before it was told"));
    }

    #[test]
    fn closing_lines_do_not_travel_with_posts_that_sound() {
        let told = Waiting { told_before: true, ..waiting("a", 2, Kind::Resolved) };
        let bundle = bundle(&[told, waiting("b", 1, Kind::Opened)]);
        assert_eq!(bundle.bind, [(AlertId("b".into()), 1)]);
        assert!(bundle.superseded.is_empty());
    }
}
