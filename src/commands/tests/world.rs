//! Two workspaces, a few keys, and a plain reader of replies.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use tokio::sync::broadcast;

use super::super::*;
use crate::clock::{Alarm, Clock, Stepped};
use crate::domain::alert::Cause;
use crate::domain::card::{Block, Card, Grain, Line, Span};
use crate::domain::evidence::{Fault, Outcome};
use crate::domain::facts::{Binding, Exchange, Facts, ReportedEnd, Site};
use crate::domain::id::{CredentialId, KeyId, MessageId, WorkspaceId};
use crate::domain::key::{Accepted, Declared, DeclaredEnd, Key, KeyState, Watch};
use crate::domain::permission::{Allow, Permission, Permissions, Power};
use crate::domain::policy::Policy;
use crate::domain::receiver::{Address, Platform};
use crate::domain::signal::Severity;
use crate::domain::text::{Clean, Label};
use crate::ids::Ids;
use crate::knowledge::Knowledge;
use crate::store::Store;
use crate::store::audit::Entry;
use crate::store::check::Checked;
use crate::store::credential::{NewCredential, Sealed};
use crate::store::deed::{NewKey, Now};
use crate::store::desk::Desk;
use crate::store::look::Seen;
use crate::store::workspace::{Described, DescribedReceiver};

static KNOWLEDGE: LazyLock<Arc<Knowledge>> = LazyLock::new(|| Arc::new(Knowledge::embedded()));

pub(super) struct World {
    pub store: Store,
    pub ids: Arc<Ids>,
    pub counter: Counter,
    pub home: Desk,
    pub other: Desk,
    pub clock: Stepped,
    pub checks: Option<Alarm>,
    pub looked: broadcast::Sender<KeyId>,
    pub policy: Policy,
}

/// The id of the key that is watched as mm-bot-1, in whichever workspace.
pub(super) const WATCHED: &str = "65a1b2c3d4e5f60718293a4b";

/// Under what a key is stored in this world.
fn hash(label: &str, workspace: &WorkspaceId) -> String {
    format!("{label} in {}", workspace.as_str())
}

/// Minutes after 14:00 in Berlin on Monday 23 November 2026.
pub(super) fn at(minutes: i64) -> DateTime<Utc> {
    "2026-11-23T13:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minutes)
}

pub(super) fn facts() -> Facts {
    let right = |(power, name): (Power, &str)| Permission { power, name: name.to_owned() };
    let rights = [(Power::Read, "General"), (Power::Trade, "Spot")];
    Facts {
        permissions: Permissions(rights.into_iter().map(right).collect()),
        binding: Binding::Bound(BTreeSet::from(["203.**.154".to_owned()])),
        created_at: Some(at(-90 * 1440)),
        end: ReportedEnd::At(at(200 * 1440)),
        account: Some("42".into()),
        master: Some(false),
        sub_account: Some("grid".into()),
        version: Some(3),
        site: None,
    }
}

pub(super) fn good() -> Outcome {
    Outcome::Good(facts())
}

pub(super) fn ending(days: i64) -> Outcome {
    Outcome::Good(Facts { end: ReportedEnd::At(at(days * 1440)), ..facts() })
}

pub(super) fn gained(power: Power, name: &str) -> Outcome {
    let mut facts = facts();
    facts.permissions.0.insert(Permission { power, name: name.to_owned() });
    Outcome::Good(facts)
}

pub(super) fn refused() -> Outcome {
    Outcome::Bad { fault: Fault::NotKnown, code: Some("400003".into()) }
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with(HostNote::default()).await
    }

    pub(super) async fn with(host: HostNote) -> Self {
        let ids = Arc::new(Ids::seeded());
        let store = Store::in_memory(ids.clone()).await.unwrap();
        let receiver = DescribedReceiver {
            name: Clean::new("night desk", 40),
            address: Address { platform: Platform::Console, chat: "desk".into(), topic: None },
            min_severity: Severity::Notice,
            mention: None,
        };
        let described = |name| Described {
            faq_only: false,
            chats: Vec::new(),
            grants: Vec::new(),
            name: Clean::new(name, 40),
            zone: Tz::Europe__Berlin,
            receivers: vec![receiver.clone()],
        };
        let both = [described("Desk"), described("Other")];
        let mut spaces = store.sync_workspaces(&both, at(-100_000)).await.unwrap();
        let other = store.desk(spaces.remove(1));
        let home = store.desk(spaces.remove(0));
        let clock = Stepped::new(at(0));
        let checks = clock.alarm();
        let (looked, _) = broadcast::channel(64);
        let counter = Counter::new(Tools {
            store: store.clone(),
            knowledge: KNOWLEDGE.clone(),
            ids: ids.clone(),
            policy: Policy::default(),
            interval: TimeDelta::minutes(5),
            wake_checks: checks.bell(),
            wake_courier: checks.bell(),
            looked: looked.clone(),
            open_address: Arc::new(|key| key.caller.as_ref().map(|_| "198.51.100.7".to_owned())),
            fingerprint: Arc::new(|workspace, key| {
                if key == WATCHED { hash("mm-bot-1", workspace) } else { key.to_owned() }
            }),
            host,
            posted: Posted::default(),
            warned: Posted::default(),
            guards: Guards::default(),
            limits: Limits { commands: 10_000, checks: 10_000 },
            patience: Duration::from_millis(40),
        });
        let (checks, policy) = (Some(checks), Policy::default());
        Self { store, ids, counter, home, other, clock, checks, looked, policy }
    }

    fn key(&self, desk: &Desk, label: &str) -> Key {
        Key {
            id: self.ids.next(at(-1440)),
            workspace: desk.workspace().id.clone(),
            label: Label::parse(label).unwrap(),
            exchange: Exchange::Kucoin,
            site: Site::Global,
            watch: Watch::Own,
            co_located: false,
            allow: Allow::default(),
            declared: None,
            baseline: None,
            accepted: Accepted::default(),
            used_by: vec![Clean::new("grid bot on fra-2", 40)],
            added_at: at(-1440),
            leaked: None,
            state: KeyState::Active,
            rev: 0,
        }
    }

    async fn save(&self, desk: &Desk, new: NewKey) {
        let entry = Entry {
            actor: Clean::new("host", 20),
            place: "host".into(),
            action: "key.added",
            target: None,
            before: None,
            after: None,
        };
        let now = Now { at: at(-1440), policy: &self.policy };
        desk.add_key(&new, &entry, now).await.unwrap();
    }

    /// A key that is asked, first looked at a day ago.
    pub(super) async fn own(&self, desk: &Desk, label: &str) -> KeyId {
        let key = self.key(desk, label);
        let id = key.id.clone();
        let sealed = Sealed { key: "s".into(), secret: "s".into(), passphrase: "s".into() };
        let credential = NewCredential {
            id: credential(&id),
            generation: 1,
            key_hash: hash(label, &desk.workspace().id),
            hint: "6705…d3eb".into(),
            sealed,
        };
        self.save(desk, NewKey { key, credential: Some(credential), seen: None }).await;
        self.look(&id, good(), at(-1430)).await;
        id
    }

    /// A key of which only a date was told.
    pub(super) async fn declared(&self, desk: &Desk, label: &str, day: Option<&str>) -> KeyId {
        let mut key = self.key(desk, label);
        let id = key.id.clone();
        key.watch = Watch::Declared;
        key.declared = day.map(|day| Declared {
            end: Some(DeclaredEnd::Day(day.parse().unwrap())),
            by: Clean::new("kim", 20),
            at: at(-1440),
        });
        self.save(desk, NewKey { key, credential: None, seen: None }).await;
        id
    }

    pub(super) async fn look(&self, key: &KeyId, outcome: Outcome, when: DateTime<Utc>) {
        look(&self.store, key, outcome, when).await;
    }

    /// Refused since `minutes`, three times over ten minutes.
    pub(super) async fn refuse(&self, key: &KeyId, minutes: i64) {
        for after in [0, 4, 10] {
            self.look(key, refused(), at(minutes + after)).await;
        }
    }

    pub(super) async fn say(&self, role: Role, line: &str) -> Reply {
        match parse(line) {
            Ok(command) => self.run(role, command).await,
            Err(error) => error.reply(),
        }
    }

    pub(super) async fn run(&self, role: Role, command: Command) -> Reply {
        self.counter.run(&self.home, &invocation(role, command)).await
    }

    pub(super) async fn press(&self, role: Role, action: Action) -> Reply {
        self.run(role, Command::Press { action, rev: None, shown_at: None, is_late: false }).await
    }

    pub(super) async fn text(&self, role: Role, line: &str) -> String {
        plain(&self.say(role, line).await)
    }

    /// Binds and sends what is owed to the night desk of every workspace.
    pub(super) async fn deliver(&self, when: DateTime<Utc>) -> Vec<MessageId> {
        let mut sent = Vec::new();
        for lane in self.store.claim_lanes(when, TimeDelta::minutes(1)).await.unwrap() {
            while let Some(message) = self.store.bind_next(&lane, when).await.unwrap() {
                self.store.mark_attempt(&lane, &message, when).await.unwrap();
                self.store.record_receipt(&lane, &message, "1", when).await.unwrap();
                sent.push(message.id);
            }
        }
        sent
    }
}

pub(super) async fn look(store: &Store, key: &KeyId, outcome: Outcome, when: DateTime<Utc>) {
    let seen = Seen { credential: credential(key), outcome, at: when, caller: None };
    let checked = Checked {
        key: key.clone(),
        claim: None,
        seen: Some(seen),
        next_scheduled: Some(when + TimeDelta::minutes(5)),
        clock_in_doubt: false,
        cause: Cause::Look,
    };
    store.commit_checks(&[checked], &Policy::default(), when).await.unwrap();
}

fn credential(key: &KeyId) -> CredentialId {
    CredentialId(format!("c{}", &key.0[1..]))
}

pub(super) fn actor(role: Role) -> Actor {
    Actor {
        platform: Platform::Console,
        id: "7".into(),
        name: Clean::new("Kim", 40),
        role,
        moderates: false,
    }
}

pub(super) fn place(private: bool) -> Place {
    Place {
        platform: Platform::Console,
        chat: "desk".into(),
        topic: None,
        title: None,
        private,
        wide: false,
    }
}

pub(super) fn invocation(role: Role, command: Command) -> Invocation {
    Invocation { command, actor: actor(role), place: place(true), at: at(30) }
}

/// A reply as lines, times in Berlin, buttons in brackets.
pub(super) fn plain(reply: &Reply) -> String {
    reply.cards.iter().map(card).collect::<Vec<_>>().join("\n--\n")
}

fn card(card: &Card) -> String {
    let mut lines = vec![toned(card.tone.shape(), &card.title)];
    for block in &card.body {
        match block {
            Block::Text(text) => lines.push(line(text)),
            Block::Item(tone, text) => lines.push(format!("- {}", toned(tone.shape(), text))),
            Block::Steps(steps) => {
                let numbered = steps.iter().enumerate();
                lines.extend(numbered.map(|(n, step)| format!("{}. {}", n + 1, line(step))));
            }
        }
    }
    if !card.buttons.is_empty() {
        let labels: Vec<String> = card.buttons.iter().map(|b| format!("[{}]", b.label)).collect();
        lines.push(labels.join(" "));
    }
    lines.join("\n")
}

fn toned(shape: &str, text: &Line) -> String {
    format!("{} {}", shape.trim_end_matches('\u{FE0E}'), line(text)).trim().to_owned()
}

fn line(line: &Line) -> String {
    let span = |span: &Span| match span {
        Span::Text(text) | Span::Code(text) => text.clone(),
        Span::Name(name) => name.to_string(),
        Span::Moment(at, grain) => {
            let format = match grain {
                Grain::Time => "%H:%M",
                Grain::Minute => "%a %-d %b %H:%M",
                Grain::Day => "%a %-d %b",
            };
            at.with_timezone(&Tz::Europe__Berlin).format(format).to_string()
        }
    };
    line.0.iter().map(span).collect()
}
