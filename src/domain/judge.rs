//! All rules over one key at one moment: what each alert becomes, and when the key needs to be
//! asked or judged again.

use chrono::{DateTime, Utc};

use super::alert::{self, Alert, Asked, Cause, Change, Kind, Step};
use super::evidence::Evidence;
use super::policy::Policy;
use super::rules::{LeakEnd, Rule};
use super::signal::{NextLook, What};

/// What is judged.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// All that is known of the key.
    pub evidence: &'a Evidence<'a>,
    /// Its alerts: every one that is not closed, and the newest closed one of each rule.
    pub alerts: &'a [Alert],
    /// The figures in force.
    pub policy: &'a Policy,
    /// Who asks.
    pub cause: Cause,
    /// The instant.
    pub now: DateTime<Utc>,
}

/// The outcome for one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The steps that change something.
    pub steps: Vec<(Rule, Step)>,
    /// When the exchange must be asked at the latest, beside the schedule.
    pub next_probe: Option<DateTime<Utc>>,
    /// When the key must be judged again at the latest.
    pub next_judge: Option<DateTime<Utc>>,
}

/// Judges a key by every rule.
pub fn judge(case: Case<'_>) -> Judgement {
    let mut steps = Vec::new();
    let mut looks: Vec<NextLook> = Vec::new();
    for rule in Rule::ALL.iter().copied() {
        let examined = rule.examine(case.evidence, case.policy, case.now);
        let state = newest(case.alerts, rule).map(|alert| &alert.state);
        let asked = Asked { rule, cause: case.cause, now: case.now };
        let mut step = alert::step(state, &examined.signal, asked);
        if let (Rule::Exposed, Change::Record(closed, Kind::Resolved)) = (rule, &mut step.change) {
            closed.items = LeakEnd::of(case.evidence).items();
        }
        looks.extend(examined.next);
        looks.extend(step.next);
        if step.change != Change::Keep {
            steps.push((rule, step));
        }
    }
    let next =
        |what| looks.iter().filter(|n| n.what == what && n.at > case.now).map(|n| n.at).min();
    Judgement { next_probe: next(What::Probe), next_judge: next(What::Judge), steps }
}

/// The alert that a new signal of `rule` meets: the one that is not closed, else the newest.
pub fn newest(alerts: &[Alert], rule: Rule) -> Option<&Alert> {
    let of_rule = || alerts.iter().filter(|alert| alert.rule == rule);
    let is_closed = |alert: &&Alert| matches!(alert.state.phase, alert::Phase::Closed { .. });
    of_rule().find(|alert| !is_closed(alert)).or_else(|| of_rule().max_by_key(|alert| alert.no))
}

#[cfg(test)]
#[path = "judge/tests.rs"]
mod tests;
