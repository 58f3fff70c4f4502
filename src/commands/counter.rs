//! The counter: where every invocation is served in one order. Limits first, so that a flood costs
//! nothing; then the leak guard; then the role, denied by default; then the command; then the marks that keep a simulated
//! or redirected exchange from passing for a real one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::broadcast;

use super::call::Call;
use super::door::Greeted;
use super::guard::{self, Fingerprint, Guards};
use super::limit::{self, Admitted, Limits, Traffic};
use super::suggest::Memory;
use super::{Actor, Command, Group, Invocation, Posted, Reply, Role, Spec, Visitor, dispatch};
use crate::clock::Bell;
use crate::domain::card::{Card, Tone};
use crate::domain::id::KeyId;
use crate::domain::policy::Policy;
use crate::domain::receiver::Platform;
use crate::domain::text::Clean;
use crate::ids::Ids;
use crate::knowledge::Knowledge;
use crate::store::desk::{Desk, KeyView};
use crate::store::{Store, StoreError};

/// What the host is, for `/privacy` and for marks on every card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostNote {
    /// Who runs it and how to reach them.
    pub operator: Option<Clean>,
    /// An exchange or platform is reached at a loopback address.
    pub test_endpoint: bool,
    /// Endpoints that are not the built-in ones.
    pub endpoints: Vec<String>,
    /// The settings file that names the workspaces; `None` = no file does, and the one that there is
    /// has what this host gives it.
    pub named_in: Option<Clean>,
    /// Whoever manages a chat may bring the bot there; it answers questions and watches nothing.
    pub is_open: bool,
    /// The exchange is simulated.
    pub demo: bool,
}

/// Opens the sealed address that the exchange last saw; the vault stays with the caller.
pub type OpenAddress = Arc<dyn Fn(&KeyView) -> Option<String> + Send + Sync>;

/// What commands work with.
pub struct Tools {
    /// The ledger.
    pub store: Store,
    /// The answers.
    pub knowledge: Arc<Knowledge>,
    /// For references that people quote.
    pub ids: Arc<Ids>,
    /// The figures in force.
    pub policy: Policy,
    /// How often keys are checked; after three of these a key is unknown.
    pub interval: TimeDelta,
    /// Wakes the checking task.
    pub wake_checks: Bell,
    /// Wakes the courier, so that what a person did shows in the messages at once.
    pub wake_courier: Bell,
    /// The checking task announces here every key whose look was recorded.
    pub looked: broadcast::Sender<KeyId>,
    /// How the caller's address is opened.
    pub open_address: OpenAddress,
    /// How a pasted key is compared with the watched ones.
    pub fingerprint: Fingerprint,
    /// What the host is.
    pub host: HostNote,
    /// Where an answer was shown to everybody lately.
    pub posted: Posted,
    /// Where everybody was warned of a leak lately.
    pub warned: Posted,
    /// Where ordinary messages are looked through.
    pub guards: Guards,
    /// How much one person may ask.
    pub limits: Limits,
    /// How long `/check` waits for the look, in real time; [`Counter::PATIENCE`] in production.
    pub patience: Duration,
}

/// Where people come with their questions. One for the whole process.
pub struct Counter {
    pub(super) tools: Tools,
    traffic: Mutex<Traffic>,
    knocks: Mutex<Traffic>,
    pub(super) greeted: Mutex<Greeted>,
    pub(super) memory: Mutex<Memory>,
}

impl Counter {
    /// How long `/check` waits for the exchange.
    pub const PATIENCE: Duration = Duration::from_secs(10);

    /// A counter with its tools.
    pub fn new(tools: Tools) -> Self {
        Self {
            tools,
            traffic: Mutex::default(),
            knocks: Mutex::default(),
            greeted: Mutex::default(),
            memory: Mutex::default(),
        }
    }

    /// Answers an invocation at the desk of its workspace: limits, role, the command, its audit.
    pub async fn run(&self, desk: &Desk, invocation: &Invocation) -> Reply {
        let spec = Spec::of(&invocation.command);
        if let Some(reply) = self.turn_away(&invocation.actor, spec, invocation.at) {
            return reply;
        }
        let call = Call::new(&self.tools, desk, invocation, spec);
        // A secret is warned of whoever pastes it, and nothing else happens with it.
        match guard::caught(&call, &invocation.command).await {
            Ok(None) => {}
            Ok(Some(warning)) => return self.mark(warning, spec),
            Err(error) => return self.apologize(&error),
        }
        if invocation.actor.role < spec.role {
            return refuse(spec.role, invocation.actor.role);
        }
        let answer = dispatch(&call, &invocation.command).await;
        if spec.audit.is_some() {
            // A deed may owe a message, or be judged again before the loops had meant to wake.
            self.tools.wake_courier.ring();
            self.tools.wake_checks.ring();
        }
        match answer {
            Ok(reply) => self.mark(reply, spec),
            Err(error) => self.apologize(&error),
        }
    }

    /// Somebody speaks or presses, and who they are is not known yet: beyond their limit they are
    /// answered with this, before a platform is asked anything about them. Counted apart from the
    /// commands, which are counted where they run.
    pub fn knock(&self, visitor: &Visitor) -> Option<Reply> {
        let spec = Spec::of(&Command::Help { command: None });
        self.admit(&self.knocks, (visitor.platform, &visitor.id), spec, visitor.at)
    }

    /// Too much of one person: one polite line, then silence.
    pub(super) fn turn_away(&self, actor: &Actor, spec: &Spec, at: DateTime<Utc>) -> Option<Reply> {
        self.admit(&self.traffic, (actor.platform, &actor.id), spec, at)
    }

    fn admit(
        &self,
        traffic: &Mutex<Traffic>,
        (platform, id): (Platform, &str),
        spec: &Spec,
        at: DateTime<Utc>,
    ) -> Option<Reply> {
        // Whoever sits at the host's own terminal floods nobody but themselves.
        if platform == Platform::Console {
            return None;
        }
        // A panicking holder leaves at worst one count too many.
        let mut traffic = traffic.lock().unwrap_or_else(PoisonError::into_inner);
        match traffic.admit((platform, id), spec, self.tools.limits, at) {
            Admitted::Yes => None,
            Admitted::Last { wait } => Some(limit::polite(wait)),
            Admitted::No => Some(Reply::silence()),
        }
    }

    /// No card of a simulated or redirected exchange can pass for a real one.
    pub(super) fn mark(&self, mut reply: Reply, spec: &Spec) -> Reply {
        let host = &self.tools.host;
        // For anyone in role, and yet about the keys of those who may see them.
        let tells = ["fix", "fixing"].contains(&spec.name) || spec.group == Group::Keys;
        let is_of_keys = spec.role > Role::Anyone || tells;
        for card in &mut reply.cards {
            if host.demo {
                *card = card.clone().marked("DEMO");
            } else if host.test_endpoint && is_of_keys {
                *card = card.clone().marked("TEST ENDPOINT");
            }
        }
        reply
    }

    /// A reference for the person, the chain for the log.
    pub fn apologize(&self, error: &StoreError) -> Reply {
        let reference = self.tools.ids.reference();
        tracing::error!(reference, %error, "a command failed");
        let line = match error {
            StoreError::Full | StoreError::ReadOnly => error.to_string(),
            StoreError::Conflict => {
                "Somebody changed the same thing at the same moment. Nothing was changed by you; try again."
                    .to_owned()
            }
            StoreError::Newer
            | StoreError::Foreign(_)
            | StoreError::HalfMigrated(_)
            | StoreError::LabelTaken
            | StoreError::KeyTaken
            | StoreError::Garbled(_)
            | StoreError::Unreachable(_)
            | StoreError::Database(_) => format!(
                "Something broke on my side (reference {reference} in keylapse's log). Nothing was changed."
            ),
        };
        Reply::private(Card::new(Tone::Unknown, line))
    }

    /// An answer broke off, so that nobody knows how far it came; the same reference for both.
    pub fn broke_off(&self) -> Reply {
        let reference = self.tools.ids.reference();
        tracing::error!(reference, "an answer broke off");
        let line = format!(
            "Something broke on my side (reference {reference} in keylapse's log). Part of it may be done: look before you try again."
        );
        Reply::private(Card::new(Tone::Unknown, line))
    }
}

/// Denied, with the role that it needs and who can give it.
fn refuse(needed: Role, has: Role) -> Reply {
    let who = match has {
        Role::Anyone => {
            "This bot is private; an admin of the workspace or whoever runs it can let you in."
        }
        Role::Viewer | Role::Operator | Role::Admin => "An admin of this workspace can give it.",
    };
    let title = format!("That needs the role {}; you are {}.", needed.name(), has.name());
    Reply::private(Card::new(Tone::Plain, title).text(who))
}
