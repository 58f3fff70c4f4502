//! What stories begin with: a workspace, keys, answers of an exchange, a deed's audit row. Times
//! are minutes after a Monday at ten in UTC, a waking hour.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use keylapse::domain::alert::{Alert, Cause};
use keylapse::domain::evidence::{Fault, Outcome};
use keylapse::domain::facts::{Binding, Exchange, Facts, ReportedEnd, Site};
use keylapse::domain::id::{CredentialId, KeyId};
use keylapse::domain::key::{Accepted, Key, KeyState, Watch};
use keylapse::domain::permission::{Allow, Permission, Permissions, Power};
use keylapse::domain::policy::Policy;
use keylapse::domain::receiver::{Address, Platform};
use keylapse::domain::rules::Rule;
use keylapse::domain::signal::Severity;
use keylapse::domain::text::{Clean, Label};
use keylapse::ids::Ids;
use keylapse::store::Store;
use keylapse::store::audit::Entry;
use keylapse::store::check::{Checked, Committed};
use keylapse::store::credential::{NewCredential, Sealed};
use keylapse::store::deed::{NewKey, Now};
use keylapse::store::desk::Desk;
use keylapse::store::lane::Lane;
use keylapse::store::look::Seen;
use keylapse::store::receiver::NewReceiver;
use keylapse::store::workspace::{Described, DescribedReceiver, Workspace};

/// The lease of claims.
pub const LEASE: TimeDelta = TimeDelta::minutes(2);

/// `minutes` after Monday 2026-03-02 10:00 UTC.
pub fn at(minutes: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 2, 10, 0, 0).unwrap() + TimeDelta::minutes(minutes)
}

pub fn days(n: i64) -> i64 {
    n * 24 * 60
}

pub fn clean(text: &str) -> Clean {
    Clean::new(text, 64)
}

/// A receiver as the file describes it.
pub fn receiver(chat: &str, min_severity: Severity) -> DescribedReceiver {
    let address = Address { platform: Platform::Discord, chat: chat.to_owned(), topic: None };
    DescribedReceiver { name: clean(chat), address, min_severity, mention: None }
}

/// A workspace as the file describes it.
pub fn described(name: &str, receivers: &[DescribedReceiver]) -> Described {
    Described {
        name: clean(name),
        zone: Tz::UTC,
        faq_only: false,
        chats: Vec::new(),
        grants: Vec::new(),
        receivers: receivers.to_vec(),
    }
}

/// A workspace with one receiver that hears everything.
pub async fn home(store: &Store) -> Desk {
    let file = [described("home", &[receiver("alerts", Severity::Notice)])];
    desk_of(store, &file, "home").await
}

/// Two workspaces with one receiver each.
pub async fn two_tenants(store: &Store) -> (Desk, Desk) {
    let file = [
        described("home", &[receiver("alerts", Severity::Notice)]),
        described("other", &[receiver("elsewhere", Severity::Notice)]),
    ];
    (desk_of(store, &file, "home").await, desk_of(store, &file, "other").await)
}

/// The desk of the workspace `name` after the file was read.
pub async fn desk_of(store: &Store, file: &[Described], name: &str) -> Desk {
    let workspaces = store.sync_workspaces(file, at(0)).await.expect("the file is obeyed");
    let found: Option<Workspace> = workspaces.into_iter().find(|w| w.name.as_str() == name);
    store.desk(found.expect("the workspace is active"))
}

fn next_id<T: From<String>>() -> T {
    Ids::Random.next(at(0))
}

/// An active key that is asked with its own secrets.
pub fn key(desk: &Desk, label: &str) -> Key {
    Key {
        id: next_id(),
        workspace: desk.workspace().id.clone(),
        label: Label::parse(label).expect("a label"),
        exchange: Exchange::Kucoin,
        site: Site::Global,
        watch: Watch::Own,
        co_located: false,
        allow: Allow::default(),
        declared: None,
        baseline: None,
        accepted: Accepted::default(),
        used_by: vec![clean("a market maker")],
        added_at: at(0),
        leaked: None,
        state: KeyState::Active,
        rev: 0,
    }
}

/// Sealed secrets; equal `words` are the same key.
pub fn credential(words: &str, generation: i64) -> NewCredential {
    let cell = |part: &str| format!("sealed {part} of {words}");
    NewCredential {
        id: next_id(),
        generation,
        key_hash: format!("hash of {words}"),
        hint: "abcd…wxyz".to_owned(),
        sealed: Sealed { key: cell("key"), secret: cell("secret"), passphrase: cell("phrase") },
    }
}

/// A watched key: its id, and the credential that asks.
#[derive(Clone, Debug)]
pub struct Watched {
    pub key: KeyId,
    pub credential: CredentialId,
}

/// Adds an active key.
pub async fn watch(desk: &Desk, label: &str) -> Watched {
    watch_key(desk, key(desk, label)).await
}

/// Adds `key` with a credential of its own.
pub async fn watch_key(desk: &Desk, key: Key) -> Watched {
    let credential = credential(key.id.as_str(), 1);
    let watched = Watched { key: key.id.clone(), credential: credential.id.clone() };
    let new = NewKey { key, credential: Some(credential), seen: None };
    let policy = Policy::default();
    desk.add_key(&new, &entry("key.add"), now(&policy, 0)).await.expect("the key is added");
    watched
}

/// An audit row.
pub fn entry(action: &'static str) -> Entry {
    Entry {
        actor: clean("Ada"),
        place: "discord/alerts".to_owned(),
        action,
        target: Some("it".to_owned()),
        before: None,
        after: None,
    }
}

/// The moment and figures of a deed.
pub fn now(policy: &Policy, minutes: i64) -> Now<'_> {
    Now { at: at(minutes), policy }
}

/// Facts in which no rule finds anything.
pub fn healthy() -> Facts {
    Facts {
        permissions: permissions(&[(Power::Read, "General"), (Power::Trade, "Spot")]),
        binding: Binding::Bound(BTreeSet::from(["192.0.2.7".to_owned()])),
        created_at: Some(at(0) - TimeDelta::days(10)),
        end: ReportedEnd::At(at(days(80))),
        account: Some("1".to_owned()),
        master: Some(false),
        sub_account: None,
        version: Some(3),
        site: Some(Site::Global),
    }
}

/// [`healthy`], with an end after `minutes`.
pub fn ending(minutes: i64) -> Facts {
    Facts { end: ReportedEnd::At(at(minutes)), ..healthy() }
}

/// [`healthy`], with one more right.
pub fn with_right(power: Power, name: &str) -> Facts {
    let rights = [(Power::Read, "General"), (Power::Trade, "Spot"), (power, name)];
    Facts { permissions: permissions(&rights), ..healthy() }
}

fn permissions(rights: &[(Power, &str)]) -> Permissions {
    let of = |(power, name): &(Power, &str)| Permission { power: *power, name: (*name).to_owned() };
    Permissions(rights.iter().map(of).collect())
}

pub fn good(facts: Facts) -> Outcome {
    Outcome::Good(facts)
}

pub fn bad(fault: Fault, code: &str) -> Outcome {
    Outcome::Bad { fault, code: Some(code.to_owned()) }
}

/// The exchange does not know the key.
pub fn unknown() -> Outcome {
    bad(Fault::NotKnown, "400003")
}

/// No answer.
pub fn outage() -> Outcome {
    Outcome::Bad { fault: Fault::Network, code: None }
}

/// A check outside the schedule that saw `outcome`.
pub fn seen(watched: &Watched, outcome: Outcome, minutes: i64) -> Checked {
    let at = at(minutes);
    let seen = Seen { credential: watched.credential.clone(), outcome, at, caller: None };
    Checked {
        key: watched.key.clone(),
        claim: None,
        seen: Some(seen),
        next_scheduled: Some(at + TimeDelta::minutes(5)),
        clock_in_doubt: false,
        cause: Cause::Look,
    }
}

/// Commits `batch` at `minutes`.
pub async fn commit(store: &Store, batch: &[Checked], minutes: i64) -> Committed {
    let policy = Policy::default();
    store.commit_checks(batch, &policy, at(minutes)).await.expect("the checks are committed")
}

/// One look at one key.
pub async fn look(store: &Store, watched: &Watched, outcome: Outcome, minutes: i64) -> Committed {
    commit(store, &[seen(watched, outcome, minutes)], minutes).await
}

/// Three looks over ten minutes from `minutes` on: enough to prove weak evidence.
pub async fn prove(store: &Store, watched: &Watched, outcome: &Outcome, minutes: i64) {
    for offset in [0, 4, 10] {
        look(store, watched, outcome.clone(), minutes + offset).await;
    }
}

/// A judgement by what is known.
pub async fn judge(store: &Store, watched: &Watched, minutes: i64) -> Committed {
    let checked = Checked { seen: None, ..seen(watched, outage(), minutes) };
    commit(store, &[checked], minutes).await
}

/// The open alert of a key under `rule`.
pub async fn open_alert(desk: &Desk, rule: Rule) -> Option<Alert> {
    let alerts = desk.open_alerts().await.expect("the alerts can be read");
    alerts.into_iter().find(|alert| alert.rule == rule)
}

/// The open alert under `rule`, which must be there.
pub async fn the_alert(desk: &Desk, rule: Rule) -> Alert {
    open_alert(desk, rule).await.unwrap_or_else(|| panic!("{rule:?} is open"))
}

/// Claims the lanes that have something to do.
pub async fn lanes(store: &Store, minutes: i64) -> Vec<Lane> {
    store.claim_lanes(at(minutes), LEASE).await.expect("lanes are claimed")
}

/// Claims the only lane that has something to do.
pub async fn the_lane(store: &Store, minutes: i64) -> Lane {
    let mut lanes = lanes(store, minutes).await;
    assert_eq!(lanes.len(), 1, "one lane has something to do: {lanes:?}");
    lanes.remove(0)
}

/// A group of Telegram that is told everything.
pub fn telegram(chat: &str) -> NewReceiver {
    NewReceiver {
        name: clean(chat),
        address: Address { platform: Platform::Telegram, chat: chat.to_owned(), topic: None },
        min_severity: Severity::Notice,
        mention: None,
    }
}
