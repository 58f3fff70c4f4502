//! One key as it stands at the moment of speaking: its verdict, its line in a list, its end with
//! the certainty that belongs to it.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::domain::alert::{Alert, Kind, Subject};
use crate::domain::card::{Grain, Line, Tone};
use crate::domain::evidence::{About, Evidence, Outcome};
use crate::domain::expiry::{End, Ends, Known, Precision, Source, Stage};
use crate::domain::facts::Site;
use crate::domain::key::{KeyState, Watch};
use crate::domain::notice::{View, headline, remaining, span};
use crate::domain::policy::Policy;
use crate::domain::rules::Rule;
use crate::domain::verdict::{Verdict, verdict};
use crate::store::desk::KeyView;

/// One key at one moment.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub key: &'a KeyView,
    pub zone: Tz,
    pub policy: &'a Policy,
    pub interval: TimeDelta,
    pub now: DateTime<Utc>,
}

impl<'a> Reading<'a> {
    pub(super) fn verdict(&self) -> Verdict {
        let standing = &self.key.standing;
        let evidence = Evidence {
            key: &self.key.key,
            zone: self.zone,
            last_good: standing.last_good.as_ref(),
            latest: standing.latest.as_ref(),
            streak: standing.streak.as_ref(),
            clock_in_doubt: false,
        };
        let found = verdict(&evidence, &self.key.alerts, self.interval, self.now);
        match self.key.key.state {
            // Its secret was dropped and a person must decide.
            KeyState::Refused => found.min(Verdict::Attention),
            KeyState::Active | KeyState::Unverified | KeyState::Removed => found,
        }
    }

    pub(super) fn tone(&self) -> Tone {
        match self.verdict() {
            Verdict::Broken => Tone::Broken,
            Verdict::Attention => Tone::Soon,
            Verdict::Unknown => Tone::Unknown,
            Verdict::Healthy => Tone::Fine,
        }
    }

    /// Whether anybody can be asked about it.
    pub(super) fn is_asked(&self) -> bool {
        self.key.key.is_asked()
    }

    /// The exchange with its site: "KuCoin", "KuCoin EU".
    pub(super) fn house(&self) -> String {
        let name = self.key.key.exchange.name();
        match self.key.key.site {
            Site::Global | Site::Other => name.to_owned(),
            Site::Eu => format!("{name} EU"),
            Site::Au => format!("{name} AU"),
            Site::Tr => format!("{name} TR"),
        }
    }

    /// Its own open alerts, gravest first.
    pub(super) fn alerts(&self) -> Vec<&'a Alert> {
        let key: &'a KeyView = self.key;
        let mut alerts: Vec<&Alert> =
            key.alerts.iter().filter(|alert| matches!(alert.subject, Subject::Key(_))).collect();
        let breaks = |a: &Alert| a.rule.is_grave() || a.state.stage == Some(Stage::Past);
        alerts.sort_by_key(|a| {
            (!breaks(a), a.rule == Rule::Blind, std::cmp::Reverse(a.state.severity), a.rule)
        });
        alerts
    }

    /// The open alert of its exchange, if the exchange as a whole does not answer.
    pub(super) fn exchange_alert(&self) -> Option<&'a Alert> {
        let key: &'a KeyView = self.key;
        key.alerts.iter().find(|alert| matches!(alert.subject, Subject::Exchange(..)))
    }

    /// What a wording may look at, for one of its alerts.
    pub(super) fn view<'b>(&self, alert: &'b Alert) -> View<'b>
    where
        'a: 'b,
    {
        let key: &'b KeyView = self.key;
        View {
            alert,
            // A list says how it is, not what is new.
            kind: Kind::Opened,
            key: Some(&key.key),
            last_good: key.standing.last_good.as_ref(),
            latest: key.standing.latest.as_ref(),
            streak: key.standing.streak.as_ref(),
            replaced: None,
            receiver: None,
            fleet: None,
            policy: self.policy,
            zone: self.zone,
            now: self.now,
        }
    }

    /// Its line in a list: "mm-bot-1: refused since 14:02, probably expired".
    pub(super) fn line(&self) -> (Tone, Line) {
        let tone = self.tone();
        let label = || Line::default().label(&self.key.key.label);
        match self.alerts().first() {
            Some(alert) => (tone, headline(&self.view(alert)).1),
            None => (tone, label().text(": ").then(self.calm())),
        }
    }

    /// What is said of a key without an alert of its own.
    fn calm(&self) -> Line {
        match self.key.key.state {
            KeyState::Refused => {
                return "refused at its first check and its secret dropped; /why has the reason"
                    .into();
            }
            KeyState::Unverified if self.key.standing.latest.is_none() => {
                return "waits for its first check".into();
            }
            KeyState::Unverified | KeyState::Active | KeyState::Removed => {}
        }
        if self.verdict() != Verdict::Unknown {
            return self.end_line();
        }
        if !self.is_asked() {
            return "end date unknown; not checked".into();
        }
        let fault = self.key.standing.latest.as_ref().and_then(|look| look.outcome.fault());
        if fault.is_some_and(|fault| fault.about() != About::Probe) {
            return "not accepted at the last check; I ask again within minutes to be sure".into();
        }
        match &self.key.standing.last_good {
            Some(good) if fault.is_some() => {
                Line::from("no answer at the last check; worked at ").moment(good.at, Grain::Time)
            }
            Some(good) => Line::from("no good answer since ").moment(good.at, Grain::Time),
            None => "no good answer yet".into(),
        }
    }

    pub(super) fn ends(&self) -> Ends {
        let facts = self.key.standing.last_good.as_ref().map(|good| &good.facts);
        Ends::weigh(facts, self.key.key.declared.as_ref(), self.zone)
    }

    /// "ends Mon 30 Nov 14:00, in 7 days (KuCoin's own date)".
    pub(super) fn end_line(&self) -> Line {
        match self.ends().best {
            Known::At(end) => {
                let verb = if self.now >= end.at { "ended " } else { "ends " };
                Line::from(verb)
                    .then(self.end_date(end))
                    .text(format!(" ({})", self.whose(end.source)))
            }
            Known::Never(source) => format!("no end ({})", self.whose(source)).into(),
            Known::Unknown => "end date unknown".into(),
        }
    }

    /// "Mon 30 Nov 14:00, in 7 days".
    pub(super) fn end_date(&self, end: End) -> Line {
        let grain = match end.precision {
            Precision::Instant => Grain::Minute,
            Precision::Day => Grain::Day,
        };
        let line = Line::default().moment(end.shown(), grain);
        line.text(format!(", {}", remaining(self.now, end.at)))
    }

    /// Who says so; part of every sentence about an end.
    pub(super) fn whose(&self, source: Source) -> String {
        match (source, &self.key.key.watch) {
            (Source::Reported, _) => format!("{}'s own date", self.house()),
            (Source::Declared, Watch::Declared) => "your date; not checked".to_owned(),
            (Source::Declared, Watch::Own | Watch::Guardian { .. }) => "your date".to_owned(),
        }
    }

    /// When the exchange was last asked.
    pub(super) fn looked_at(&self) -> Option<DateTime<Utc>> {
        self.key.standing.latest.as_ref().map(|look| look.at)
    }

    /// The exchange's code that the newest look brought, if it was a refusal with one.
    pub(super) fn code(&self) -> Option<(&'a str, DateTime<Utc>)> {
        let key: &'a KeyView = self.key;
        let look = key.standing.latest.as_ref()?;
        match &look.outcome {
            Outcome::Bad { code: Some(code), .. } => Some((code, look.at)),
            Outcome::Bad { code: None, .. } | Outcome::Good(_) => None,
        }
    }
}

/// "4 min ago".
pub(super) fn ago(now: DateTime<Utc>, at: DateTime<Utc>) -> String {
    format!("{} ago", span((now - at).max(TimeDelta::zero())))
}

/// How old the knowledge is: a list is as fresh as its oldest look. The tone warns when the
/// checks themselves have stopped.
pub(super) fn freshness(readings: &[Reading<'_>]) -> Option<(Tone, Line)> {
    let asked: Vec<&Reading<'_>> = readings.iter().filter(|r| r.is_asked()).collect();
    let first = asked.first()?;
    let looks: Vec<DateTime<Utc>> = asked.iter().filter_map(|r| r.looked_at()).collect();
    let (Some(oldest), Some(newest)) = (looks.iter().min(), looks.iter().max()) else {
        return Some((Tone::Plain, "Not checked yet.".into()));
    };
    if first.now - *newest > first.interval * 3 {
        let line = Line::from("No check since ")
            .moment(*newest, Grain::Time)
            .text(": what follows is what was last known. Is keylapse running?");
        return Some((Tone::Unknown, line));
    }
    let never = asked.len() - looks.len();
    let rest = if never > 0 { format!(" {never} not checked yet.") } else { String::new() };
    Some((Tone::Plain, format!("Checked {}.{rest}", ago(first.now, *oldest)).into()))
}
