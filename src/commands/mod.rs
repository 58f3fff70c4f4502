//! What people can ask and do, without any platform: an [`Invocation`] comes in, a [`Reply`] of
//! cards goes out. A chat adapter turns native events into the one and cards into the other.
//!
//! [`SPECS`] is the one table: parsing, help, registration and the README are made from it. Each
//! command has a file. Everything goes through [`Counter::run`]: limits, role, the command, its
//! audit row. Nothing here asks an exchange, opens a secret or reads a clock.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::broadcast;

use crate::clock::Bell;
use crate::domain::card::{Action, Card, Tone};
use crate::domain::id::{AlertId, KeyId};
use crate::domain::policy::Policy;
use crate::domain::receiver::Platform;
use crate::domain::text::Clean;
use crate::ids::Ids;
use crate::knowledge::Knowledge;
use crate::store::desk::{Desk, KeyView};
use crate::store::{Store, StoreError};

mod accept;
mod ack;
mod alerts;
mod call;
mod check;
mod choose;
mod detail;
mod faq;
mod help;
mod keystatus;
mod limit;
mod parse;
mod press;
mod privacy;
mod reading;
mod show;
mod spec;
mod until;
mod upcoming;
mod why;

#[cfg(test)]
mod tests;

use call::Call;
use limit::{Admitted, Traffic};

pub use limit::Limits;
pub use parse::{LONGEST, ParseError, parse};
pub use press::Press;
pub use spec::{Argument, ArgumentKind, Given, Group, Reach, SPECS, Spec, markdown_table};
pub use until::{UntilError, until};

/// What a person wants. A button is a command with its arguments filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// How the keys are, or one of them in detail.
    Keystatus {
        /// Its label.
        key: Option<String>,
    },
    /// Ask the exchange now.
    Check {
        /// The key's label.
        key: Option<String>,
    },
    /// What is open.
    Alerts,
    /// "I'm on it."
    Ack {
        /// An alert's number or a key's label.
        alert: Option<String>,
        /// Until when, in the words of [`until`].
        until: Option<String>,
        /// Why.
        reason: Option<String>,
    },
    /// Why a key is as it is, and what was or was not said about it.
    Why {
        /// The key's label.
        key: Option<String>,
    },
    /// What ends soon.
    Upcoming {
        /// Within how many days.
        days: Option<u16>,
    },
    /// A question about exchange API keys.
    Faq {
        /// The question, an error line or a topic's id.
        question: Option<String>,
    },
    /// What the caller may ask and do.
    Help {
        /// One command.
        command: Option<String>,
    },
    /// Who runs this and what is stored.
    Privacy,
    /// A button whose row was found.
    Press {
        /// What it means.
        action: Action,
        /// The revision of its alert that was shown, where the button knows it.
        rev: Option<i64>,
    },
}

/// A right in a workspace; a later one includes the earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Whoever can write to the bot.
    Anyone,
    /// Sees the workspace's keys.
    Viewer,
    /// Takes alerts.
    Operator,
    /// Accepts changed keys.
    Admin,
}

impl Role {
    /// The word for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

/// Who asks; the adapter has verified identity and role at this very event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Where the id is valid.
    pub platform: Platform,
    /// The platform's own id of the person.
    pub id: String,
    /// Their name as the platform gives it.
    pub name: Clean,
    /// What they may do in the workspace.
    pub role: Role,
}

/// Where it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The platform.
    pub platform: Platform,
    /// The chat, as the platform names it.
    pub chat: String,
    /// Whether only the actor reads along.
    pub private: bool,
}

/// A command as issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// What.
    pub command: Command,
    /// By whom.
    pub actor: Actor,
    /// Where.
    pub place: Place,
    /// When.
    pub at: DateTime<Utc>,
}

/// What is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The cards, in order.
    pub cards: Vec<Card>,
    /// For the actor's eyes only: ephemeral, or a pointer to the private chat; never public.
    pub private: bool,
    /// Nothing is said at all: somebody is flooding.
    pub silent: bool,
    /// The alerts that the cards show, each with the revision shown; buttons are bound to it.
    pub shown: Vec<(AlertId, i64)>,
}

impl Reply {
    /// An answer for the actor's eyes only.
    pub fn private(card: Card) -> Self {
        Self { cards: vec![card], private: true, ..Self::default() }
    }

    /// An answer without any workspace fact.
    pub fn open(card: Card) -> Self {
        Self { cards: vec![card], ..Self::default() }
    }

    fn silence() -> Self {
        Self { private: true, silent: true, ..Self::default() }
    }
}

/// What the host is, for `/privacy` and for marks on every card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostNote {
    /// Who runs it and how to reach them.
    pub operator: Option<Clean>,
    /// An exchange or platform is reached at a loopback address.
    pub test_endpoint: bool,
    /// Endpoints that are not the built-in ones.
    pub endpoints: Vec<String>,
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
    /// The checking task announces here every key whose look was recorded.
    pub looked: broadcast::Sender<KeyId>,
    /// How the caller's address is opened.
    pub open_address: OpenAddress,
    /// What the host is.
    pub host: HostNote,
    /// How much one person may ask.
    pub limits: Limits,
    /// How long `/check` waits for the look, in real time; [`Counter::PATIENCE`] in production.
    pub patience: Duration,
}

/// Where people come with their questions. One for the whole process.
pub struct Counter {
    tools: Tools,
    traffic: Mutex<Traffic>,
}

impl Counter {
    /// How long `/check` waits for the exchange.
    pub const PATIENCE: Duration = Duration::from_secs(10);

    /// A counter with its tools.
    pub fn new(tools: Tools) -> Self {
        Self { tools, traffic: Mutex::new(Traffic::default()) }
    }

    /// Answers an invocation at the desk of its workspace: limits, role, the command, its audit.
    pub async fn run(&self, desk: &Desk, invocation: &Invocation) -> Reply {
        let spec = Spec::of(&invocation.command);
        if let Some(reply) = self.turn_away(&invocation.actor, spec, invocation.at) {
            return reply;
        }
        if invocation.actor.role < spec.role {
            return refuse(spec.role, invocation.actor.role);
        }
        let call = Call::new(&self.tools, desk, invocation, spec);
        match dispatch(&call, &invocation.command).await {
            Ok(reply) => self.mark(reply, spec),
            Err(error) => self.apologize(&error),
        }
    }

    /// Too much of one person: one polite line, then silence.
    fn turn_away(&self, actor: &Actor, spec: &Spec, at: DateTime<Utc>) -> Option<Reply> {
        // A panicking holder leaves at worst one count too many.
        let mut traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        match traffic.admit((actor.platform, &actor.id), spec, self.tools.limits, at) {
            Admitted::Yes => None,
            Admitted::Last { wait } => Some(limit::polite(wait)),
            Admitted::No => Some(Reply::silence()),
        }
    }

    /// No card of a simulated or redirected exchange can pass for a real one.
    fn mark(&self, mut reply: Reply, spec: &Spec) -> Reply {
        let host = &self.tools.host;
        for card in &mut reply.cards {
            if host.demo {
                *card = card.clone().text("DEMO: the exchange and its keys are simulated.");
            } else if host.test_endpoint && spec.role > Role::Anyone {
                *card = card
                    .clone()
                    .text("TEST ENDPOINT: these answers do not come from the exchange.");
            }
        }
        reply
    }

    /// A reference for the person, the chain for the log.
    fn apologize(&self, error: &StoreError) -> Reply {
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
}

/// Denied, with the role that it needs and who can give it.
fn refuse(needed: Role, has: Role) -> Reply {
    let who = match (needed, has) {
        (Role::Admin, _) => "Whoever runs this bot can give that role.",
        (Role::Anyone | Role::Viewer | Role::Operator, Role::Anyone) => {
            "This bot is private; an admin of the workspace or whoever runs it can let you in."
        }
        (Role::Anyone | Role::Viewer | Role::Operator, _) => {
            "An admin of this workspace can give it."
        }
    };
    let title = format!("That needs the role {}; you are {}.", needed.name(), has.name());
    Reply::private(Card::new(Tone::Plain, title).text(who))
}

/// One arm a command; nothing falls through.
async fn dispatch(call: &Call<'_>, command: &Command) -> Result<Reply, StoreError> {
    match command {
        Command::Keystatus { key: None } => keystatus::list(call, keystatus::Fold::Fine).await,
        Command::Keystatus { key } => detail::by_label(call, key.as_deref()).await,
        Command::Check { key } => check::by_label(call, key.as_deref()).await,
        Command::Alerts => alerts::list(call).await,
        Command::Ack { alert, until, reason } => {
            let words = ack::Words { until: until.as_deref(), reason: reason.as_deref() };
            ack::by_words(call, alert.as_deref(), words).await
        }
        Command::Why { key } => why::by_label(call, key.as_deref()).await,
        Command::Upcoming { days } => upcoming::list(call, *days).await,
        Command::Faq { question } => faq::answer(call, question.as_deref()).await,
        Command::Help { command } => Ok(help::answer(call, command.as_deref())),
        Command::Privacy => Ok(privacy::answer(call)),
        Command::Press { action, rev } => dispatch_press(call, action, *rev).await,
    }
}

async fn dispatch_press(
    call: &Call<'_>,
    action: &Action,
    rev: Option<i64>,
) -> Result<Reply, StoreError> {
    match action {
        Action::Acknowledge { alert } => ack::press(call, alert, rev).await,
        Action::Undo { alert } => ack::undo(call, alert).await,
        Action::AcknowledgeAll { message } => ack::all(call, message).await,
        Action::Show { message } => show::message(call, message).await,
        Action::Steps { topic } => faq::topic(call, topic).await,
        Action::Accept { key } => accept::accept(call, key).await,
        Action::Replaced { key } => accept::replaced(call, key).await,
        Action::ShowAddress { key } => show::address(call, key).await,
        Action::Key { key } => detail::by_id(call, key).await,
        Action::AllKeys => keystatus::list(call, keystatus::Fold::Nothing).await,
        Action::Why { key } => why::by_id(call, key).await,
        Action::Check { key } => check::by_id(call, key).await,
    }
}
