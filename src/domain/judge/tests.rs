//! Random lives of one key: whatever the exchange answers, whenever people press, nothing that is
//! open goes untold and no acknowledgement lasts for ever.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::super::alert::{Ack, Effect, Kind, Phase, Subject, ack_until, acknowledge, undo};
use super::super::evidence::{Fault, Outcome};
use super::super::facts::{Binding, Facts, ReportedEnd};
use super::super::id::{AlertId, WorkspaceId};
use super::super::permission::Power;
use super::super::samples::{Watched, at, bad, facts, key, rights};
use super::super::text::Clean;
use super::*;

/// What may happen next.
#[derive(Clone, Debug)]
enum Event {
    /// The exchange answers well; the number picks what it says.
    Good(u8),
    /// It does not.
    Bad(Fault),
    /// Time passes; what falls due meanwhile is done on the way.
    Wait(i64),
    /// Somebody takes the n-th alert, for so many minutes or for as long as usual.
    Take(usize, Option<i64>),
    /// Somebody gives it back.
    GiveBack(usize),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (0_u8..6).prop_map(Event::Good),
        4 => proptest::sample::select(Fault::ALL).prop_map(Event::Bad),
        2 => Just(Event::Bad(Fault::NotKnown)),
        4 => prop_oneof![0_i64..2, 2_i64..30, 30_i64..3000].prop_map(Event::Wait),
        2 => (0_usize..4, proptest::option::of(1_i64..2000)).prop_map(|(n, m)| Event::Take(n, m)),
        1 => (0_usize..4).prop_map(Event::GiveBack),
    ]
}

fn answer(pick: u8) -> Facts {
    let facts = facts();
    match pick {
        0 | 1 => facts,
        2 => Facts { end: ReportedEnd::At(at(5 * 1440)), ..facts },
        3 => Facts { end: ReportedEnd::At(at(90 * 1440)), ..facts },
        4 => Facts { binding: Binding::Unbound, ..facts },
        _ => Facts { permissions: rights(&[(Power::Withdraw, "Withdrawal")]), ..facts },
    }
}

/// One key, its alerts as the store would keep them, and the posts that were owed.
struct Life {
    watched: Watched,
    alerts: Vec<Alert>,
    now: DateTime<Utc>,
    next_judge: Option<DateTime<Utc>>,
    next_probe: Option<DateTime<Utc>>,
    posts: Vec<(AlertId, DateTime<Utc>, Kind)>,
}

impl Life {
    fn new() -> Self {
        Self {
            watched: Watched::new(key()),
            alerts: Vec::new(),
            now: at(0),
            next_judge: None,
            next_probe: None,
            posts: Vec::new(),
        }
    }

    fn judge(&mut self) {
        let policy = Policy::default();
        let judgement = judge(Case {
            evidence: &self.watched.evidence(),
            alerts: &self.alerts,
            policy: &policy,
            cause: Cause::Look,
            now: self.now,
        });
        (self.next_judge, self.next_probe) = (judgement.next_judge, judgement.next_probe);
        for (rule, step) in judgement.steps {
            self.apply(rule, step);
        }
    }

    /// Keeps a step as the store would.
    fn apply(&mut self, rule: Rule, step: Step) {
        let met = newest(&self.alerts, rule).map(|alert| alert.id.clone());
        let place = met.and_then(|id| self.alerts.iter().position(|alert| alert.id == id));
        let (state, kind) = match step.change {
            Change::Keep => return,
            Change::Forget => {
                self.alerts.remove(place.unwrap());
                return;
            }
            Change::Quietly(state) => (state, None),
            Change::Record(state, kind) => (state, Some(kind)),
        };
        let is_closed = |n: usize| matches!(self.alerts[n].state.phase, Phase::Closed { .. });
        let place = place.filter(|n| !is_closed(*n) || kind == Some(Kind::BackAgain));
        let place = place.unwrap_or_else(|| {
            let no = i64::try_from(self.alerts.len()).unwrap() + 1;
            self.alerts.push(Alert {
                id: AlertId(format!("{no}-{}-{}", rule.id(), self.posts.len())),
                no,
                workspace: WorkspaceId("w1".into()),
                subject: Subject::Key(self.watched.key.id.clone()),
                rule,
                state: state.clone(),
                rev: 0,
            });
            self.alerts.len() - 1
        });
        self.alerts[place].state = state;
        if let (Effect::Post { .. }, Some(kind)) = (step.effect, kind) {
            self.posts.push((self.alerts[place].id.clone(), self.now, kind));
        }
    }

    /// Lets time pass; judgements that fall due are made when they are due.
    fn wait(&mut self, minutes: i64) {
        let end = self.now + TimeDelta::minutes(minutes);
        while let Some(due) = self.next_judge.filter(|due| *due <= end) {
            assert!(due > self.now, "a judgement asks for itself");
            self.now = due;
            self.judge();
        }
        self.now = end;
        self.judge();
    }

    fn live(&mut self, event: &Event) {
        match *event {
            Event::Wait(minutes) => return self.wait(minutes),
            Event::Good(pick) => {
                self.watched = self.watched.clone().see(Outcome::Good(answer(pick)), self.now);
            }
            Event::Bad(fault) => {
                self.watched = self.watched.clone().see(bad(fault, "1"), self.now);
            }
            Event::Take(n, minutes) => {
                if let Some(alert) = self.alerts.get_mut(n) {
                    let asked = minutes.map(|m| self.now + TimeDelta::minutes(m));
                    let until = asked.unwrap_or_else(|| ack_until(&alert.state, None, self.now));
                    let by = Clean::new("Kim", 20);
                    let ack = Ack { by, at: self.now, until, reason: None };
                    if let Ok(Step { change: Change::Record(state, _), .. }) =
                        acknowledge(&alert.state, ack)
                    {
                        alert.state = state;
                    }
                }
            }
            Event::GiveBack(n) => {
                if let Some(alert) = self.alerts.get_mut(n)
                    && let Ok(Step { change: Change::Record(state, _), .. }) = undo(&alert.state)
                {
                    alert.state = state;
                }
            }
        }
        self.judge();
    }

    fn hold(&self) {
        for rule in Rule::ALL.iter().copied() {
            let of_rule = || self.alerts.iter().filter(|alert| alert.rule == rule);
            let alive =
                of_rule().filter(|a| !matches!(a.state.phase, Phase::Closed { .. })).count();
            assert!(alive <= 1, "two alerts of {rule:?}");
        }
        for alert in self.alerts.iter().filter(|alert| alert.state.is_open()) {
            assert!(alert.state.told.is_some(), "open and untold: {alert:?}");
            assert!(
                self.posts.iter().any(|(id, ..)| *id == alert.id),
                "open, never posted: {alert:?}"
            );
            let is_clearing = matches!(alert.state.phase, Phase::Open { clearing: Some(_), .. });
            if is_clearing {
                continue;
            }
            if let Some(ack) = alert.state.ack() {
                assert!(ack.until > self.now, "an acknowledgement outlived its end: {alert:?}");
                let due = self.next_judge.unwrap();
                assert!(due <= ack.until, "nobody will see its end: {alert:?}");
            }
        }
    }

    /// From here on the exchange says the same for a long time.
    fn settle(&mut self) {
        for _ in 0..40 {
            let same = self.watched.latest.clone().map(|look| look.outcome);
            self.wait(24 * 60);
            if let Some(outcome) = same {
                self.watched = self.watched.clone().see(outcome, self.now);
                self.judge();
            }
            self.hold();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_nothing_open_goes_untold(events in proptest::collection::vec(event(), 1..60)) {
        let mut life = Life::new();
        for event in events {
            life.live(&event);
            life.hold();
        }
    }

    #[test]
    fn every_acknowledgement_ends_in_a_post_or_a_close(events in proptest::collection::vec(event(), 1..30)) {
        let mut life = Life::new();
        for event in events {
            life.live(&event);
        }
        let taken: Vec<(AlertId, DateTime<Utc>)> = life
            .alerts
            .iter()
            .filter(|alert| alert.state.ack().is_some())
            .map(|alert| (alert.id.clone(), life.now))
            .collect();
        life.settle();
        for (id, since) in taken {
            let alert = life.alerts.iter().find(|alert| alert.id == id).unwrap();
            let was_told = life.posts.iter().any(|(post, at, _)| *post == id && *at > since);
            prop_assert!(was_told || !alert.state.is_open(), "taken and forgotten: {alert:?}");
        }
    }
}
