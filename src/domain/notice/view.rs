//! What a wording may look at, and the questions that several wordings ask of it.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::super::alert::{Alert, Kind, Subject};
use super::super::card::{Action, Button, Grain, Line};
use super::super::evidence::{About, Fault, Good, Look, Outcome, Streak};
use super::super::expiry::{End, Ends};
use super::super::facts::{Binding, Facts, Site};
use super::super::key::{Accepted, Key, Leak, Watch};
use super::super::permission::Power;
use super::super::policy::Policy;
use super::super::rules::Rule;
use super::super::text::Clean;
use super::topic;

/// One alert and what is known around it at the moment of speaking.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The alert as it stands now.
    pub alert: &'a Alert,
    /// The transition that is told.
    pub kind: Kind,
    /// The key it is about; none for an exchange.
    pub key: Option<&'a Key>,
    /// The last good answer about the key.
    pub last_good: Option<&'a Good>,
    /// The newest look at the key.
    pub latest: Option<&'a Look>,
    /// The run of equal outcomes that the newest look belongs to.
    pub streak: Option<&'a Streak>,
    /// The newest replacement of the key's secrets.
    pub replaced: Option<Replaced>,
    /// The name of the receiver it is about.
    pub receiver: Option<&'a Clean>,
    /// The keys behind an exchange's alert.
    pub fleet: Option<FleetCount>,
    /// The figures in force.
    pub policy: &'a Policy,
    /// The workspace's zone.
    pub zone: Tz,
    /// The moment of speaking.
    pub now: DateTime<Utc>,
}

/// A new credential that was put under the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// When.
    pub at: DateTime<Utc>,
    /// Whether the old one is still watched, which ends as soon as the exchange refuses it.
    pub old_works: bool,
}

/// The keys of a workspace on one exchange's site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FleetCount {
    /// How many cannot be checked now.
    pub keys: u32,
    /// Of how many.
    pub of: u32,
    /// How many of them have an open alert that means broken.
    pub known_bad: u32,
    /// When any of them last answered well.
    pub last_good_at: Option<DateTime<Utc>>,
}

impl View<'_> {
    /// The key's label, else the exchange.
    pub(super) fn subject(&self) -> Line {
        match self.key {
            Some(key) => Line::default().label(&key.label),
            None => self.house().into(),
        }
    }

    /// The subject as the grammatical subject of a verb: "mm-bot-1 still ".
    pub(super) fn verb(&self) -> Line {
        self.subject().text(match self.kind {
            Kind::Reminder | Kind::Lapsed => " still ",
            Kind::BackAgain => " again ",
            Kind::Opened
            | Kind::Worse
            | Kind::Better
            | Kind::Acknowledged
            | Kind::Undone
            | Kind::Clearing
            | Kind::NotOver
            | Kind::Resolved => " ",
        })
    }

    /// The subject before a sentence of its own: "mm-bot-1, still: ".
    pub(super) fn colon(&self) -> Line {
        self.subject().text(match self.kind {
            Kind::Reminder | Kind::Lapsed => ", still: ",
            Kind::BackAgain => ", again: ",
            Kind::Opened
            | Kind::Worse
            | Kind::Better
            | Kind::Acknowledged
            | Kind::Undone
            | Kind::Clearing
            | Kind::NotOver
            | Kind::Resolved => ": ",
        })
    }

    /// The exchange with its site: "KuCoin", "KuCoin EU".
    pub(super) fn house(&self) -> String {
        let (name, site) = match (&self.alert.subject, self.key) {
            (Subject::Exchange(exchange, site), _) => (exchange.name(), *site),
            (Subject::Key(_), Some(key)) => (key.exchange.name(), key.site),
            (Subject::Key(_) | Subject::Receiver(_) | Subject::Platform(_), _) => {
                ("The exchange", Site::Global)
            }
        };
        let site = match site {
            Site::Global | Site::Other => "",
            Site::Eu => " EU",
            Site::Au => " AU",
            Site::Tr => " TR",
        };
        format!("{name}{site}")
    }

    /// What is known of the key's end.
    pub(super) fn ends(&self) -> Ends {
        let facts = self.last_good.map(|good| &good.facts);
        Ends::weigh(facts, self.key.and_then(|key| key.declared.as_ref()), self.zone)
    }

    /// The end that counts.
    pub(super) fn end(&self) -> Option<End> {
        self.ends().end()
    }

    /// Whether the end that counts has passed and may explain a refusal.
    pub(super) fn is_past(&self) -> bool {
        let ends = self.ends();
        ends.is_past(self.now) && !ends.is_outlived(self.last_good.map(|good| good.at))
    }

    /// The word of a person that somebody else has the key.
    pub(super) fn leak(&self) -> Option<&Leak> {
        self.key?.leak()
    }

    /// Whether its refusal is what everybody waits for.
    pub(super) fn is_wanted(&self) -> bool {
        self.leak().is_some() && self.last_good.is_some()
    }

    /// Whether nothing is asked about this key.
    pub(super) fn is_date_only(&self) -> bool {
        self.key.is_some_and(|key| match key.watch {
            Watch::Declared => true,
            Watch::Own | Watch::Guardian { .. } => false,
        })
    }

    /// The best facts there are: the last good ones, else the accepted ones.
    pub(super) fn facts(&self) -> Option<&Facts> {
        let accepted = || Some(&self.key?.baseline.as_ref()?.facts);
        self.last_good.map(|good| &good.facts).or_else(accepted)
    }

    /// Whether the key trades, or did when it was accepted; `None` = nobody knows.
    pub(super) fn trades(&self) -> Option<bool> {
        let accepted = self.key.and_then(|key| key.baseline.as_ref()).map(|b| &b.facts);
        let now = self.last_good.map(|good| &good.facts);
        let known = [accepted, now];
        let mut known = known.into_iter().flatten().peekable();
        known.peek()?;
        Some(known.any(|facts| facts.permissions.can(Power::Trade)))
    }

    /// Whether the key is bound to no address, as far as known.
    pub(super) fn is_unbound(&self) -> bool {
        self.facts().is_some_and(|facts| facts.binding == Binding::Unbound)
    }

    /// The fault of the newest look, if it is what this alert is about.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.latest?.outcome.fault().filter(|fault| is_about(self.alert.rule, *fault))
    }

    /// The exchange's own code for it.
    pub(super) fn code(&self) -> Option<&str> {
        let latest = match (self.fault(), self.latest.map(|look| &look.outcome)) {
            (Some(_), Some(Outcome::Bad { code, .. })) => code.as_deref(),
            (_, Some(_) | None) => None,
        };
        let is_code = |item: &&String| item.bytes().all(|b| b.is_ascii_digit());
        latest.or_else(|| self.alert.state.items.iter().find(is_code).map(String::as_str))
    }

    /// " (400003)", or nothing.
    pub(super) fn in_brackets(&self) -> String {
        self.code().map(|code| format!(" ({code})")).unwrap_or_default()
    }

    /// Since when: the first of the equal looks, else when the alert opened.
    pub(super) fn since(&self) -> DateTime<Utc> {
        let opened = self.alert.state.opened_at;
        let bad = self.streak.filter(|run| run.kind != Outcome::GOOD);
        bad.map_or(opened, |run| run.since.min(opened))
    }

    /// What stops when the key stops, and whether that is more than one thing.
    pub(super) fn users(&self) -> (Line, bool) {
        let used_by = self.key.map_or(&[][..], |key| &key.used_by);
        let name = |line: Line, user: &Clean| line.name(&short(user));
        let line = Line::default();
        match used_by {
            [] => (line.text("whatever uses this key"), false),
            [one] => (name(line, one), false),
            [one, two] => (name(name(line, one).text(" and "), two), true),
            [one, two, three] => {
                let line = name(name(line, one).text(", "), two).text(" and ");
                (name(line, three), true)
            }
            [one, two, rest @ ..] => {
                let line = name(name(line, one).text(", "), two);
                (line.text(format!(" and {} more", rest.len())), true)
            }
        }
    }

    /// What a person has accepted as it is.
    pub(super) fn accepted(&self) -> Accepted {
        self.key.map(|key| key.accepted.clone()).unwrap_or_default()
    }

    /// "last good answer 13:58", when there was one.
    pub(super) fn last_good_words(&self) -> Option<Line> {
        let good = self.last_good?;
        Some(Line::from("last good answer ").moment(good.at, Grain::Time))
    }

    /// The first step wherever orders may be left alone; none for a key that cannot trade.
    pub(super) fn money_step(&self) -> Option<Line> {
        match self.trades() {
            Some(true) => Some("Check open positions and orders by hand.".into()),
            None => Some("If it trades: check open positions and orders by hand.".into()),
            Some(false) => None,
        }
    }

    /// *Steps*: the FAQ entry.
    pub(super) fn steps_button(&self) -> Button {
        self.steps_as("Steps")
    }

    /// The FAQ entry under another label.
    pub(super) fn steps_as(&self, label: &str) -> Button {
        Button { label: label.into(), action: Action::Steps { topic: topic(self).into() } }
    }

    /// *I'm on it*.
    pub(super) fn mine_button(&self) -> Button {
        let alert = self.alert.id.clone();
        Button { label: "I'm on it".into(), action: Action::Acknowledge { alert } }
    }

    /// Accepts what was found, under a label that says so.
    pub(super) fn accept_button(&self, label: &str) -> Option<Button> {
        let key = self.key?.id.clone();
        Some(Button { label: label.into(), action: Action::Accept { key } })
    }

    /// *Already replaced*.
    pub(super) fn replaced_button(&self) -> Option<Button> {
        let key = self.key?.id.clone();
        Some(Button { label: "Already replaced".into(), action: Action::Replaced { key } })
    }
}

/// Whether a fault is what a rule speaks of.
fn is_about(rule: Rule, fault: Fault) -> bool {
    match rule {
        Rule::Rejected => fault == Fault::NotKnown,
        Rule::Account => fault.about() == About::Account,
        Rule::Credentials => matches!(fault, Fault::WrongPassphrase | Fault::WrongSignature),
        Rule::PermissionLost => fault == Fault::NotAllowed,
        Rule::Version => fault == Fault::OldVersion,
        Rule::Blind => fault.about() == About::Probe,
        Rule::Exposed
        | Rule::PermissionGained
        | Rule::Expiry
        | Rule::IpChanged
        | Rule::CanMove
        | Rule::NoIp
        | Rule::DatesDisagree
        | Rule::Age
        | Rule::ReceiverLost
        | Rule::PlatformTrouble => false,
    }
}

/// Somebody's words, short enough for a sentence.
pub(super) fn short(name: &Clean) -> Clean {
    Clean::new(name.as_str(), 32)
}
