//! The leak guard (S22): what people write is looked through for keys and secrets before anything
//! else is done with it. It is certain of a watched key's id, of a key and a secret together, and
//! of what is called a secret; only then may the message be deleted. Nothing of a text is kept,
//! logged or repeated. Deleting is the adapters' part: [`Reply::leak`] asks for it, [`Reply::after`]
//! says how it went.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};

use super::call::Call;
use super::parse::whole;
use super::{Command, Counter, Invocation, Place, Reply, Role, Spec, Tools};
use crate::domain::card::{Action, Block, Card, Line, Tone};
use crate::domain::id::WorkspaceId;
use crate::domain::leak::{Pasted, possible_keys};
use crate::domain::receiver::Platform;
use crate::domain::text::Label;
use crate::store::StoreError;
use crate::store::audit::Entry;
use crate::store::desk::Desk;

/// Under what a key of this workspace is stored, from its id; the vault stays with the caller.
pub type Fingerprint = Arc<dyn Fn(&WorkspaceId, &str) -> String + Send + Sync>;

/// What became of the message that a secret stood in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// It is gone.
    Done,
    /// The platform did not let us, or did not answer in time.
    Refused,
}

/// Whether the ordinary messages of a platform are looked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hearing {
    /// They are, as far as the platform shows them.
    On,
    /// The settings want it and the platform refuses.
    Refused,
}

/// What the adapters say of that; nothing where the settings do not want it.
#[derive(Default)]
pub struct Guards(Mutex<BTreeMap<Platform, Hearing>>);

impl Guards {
    fn set(&self, platform: Platform, hearing: Hearing) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(platform, hearing);
    }

    fn all(&self) -> BTreeMap<Platform, Hearing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether what people write to each other is looked through there.
    pub(super) fn hears(&self, platform: Platform) -> bool {
        self.all().get(&platform) == Some(&Hearing::On)
    }

    /// One line a platform, for an admin.
    pub(super) fn lines(&self) -> Vec<String> {
        let line = |(platform, hearing): (Platform, Hearing)| {
            let name = platform.name();
            match hearing {
                Hearing::On => {
                    format!("Leak guard: messages on {name} are looked through for secrets")
                }
                Hearing::Refused => format!(
                    "Leak guard: off for messages on {name}: {name} does not let me read them. keylapse doctor says what mends it"
                ),
            }
        };
        self.all().into_iter().map(line).collect()
    }
}

/// What a text holds, and whose key it is.
struct Found {
    pasted: Pasted,
    /// The label of the watched key whose id stands in it.
    key: Option<Label>,
}

/// What a moderator may do about a message that they point at.
pub enum Report {
    /// Delete it; this is told to them, and says so with [`Reply::after`].
    Taken(Reply),
    /// Leave it alone; this is told instead.
    Refused(Reply),
}

/// Looks through a command before it is carried out; what it answers is the warning.
pub(super) async fn caught(
    call: &Call<'_>,
    command: &Command,
) -> Result<Option<Reply>, StoreError> {
    let text = words(command).join(" ");
    let found = look(call.tools, call.desk, &text).await?;
    Ok(match found.pasted {
        Pasted::Nothing => None,
        Pasted::Perhaps => Some(perhaps()),
        Pasted::Certain => {
            let key = found.key.filter(|_| call.actor.role >= Role::Viewer);
            Some(certain(key.as_ref(), call.place))
        }
    })
}

/// The watched keys of this workspace are known by their keyed hashes alone; another workspace's
/// are never looked at.
async fn look(tools: &Tools, desk: &Desk, text: &str) -> Result<Found, StoreError> {
    for candidate in possible_keys(text) {
        let hash = (tools.fingerprint)(&desk.workspace().id, &candidate);
        if let Some(label) = desk.watched_as(&hash).await? {
            return Ok(Found { pasted: Pasted::Certain, key: Some(label) });
        }
    }
    Ok(Found { pasted: Pasted::of(text), key: None })
}

/// All that a person typed into a command. A code is spent at the door and is nobody's key; whom
/// an answer is for is a number of the platform's.
fn words(command: &Command) -> Vec<&str> {
    let all: Vec<&Option<String>> = match command {
        Command::Keystatus { key }
        | Command::Check { key }
        | Command::Why { key }
        | Command::Fix { key }
        | Command::Security { key }
        | Command::Leaked { key } => vec![key],
        Command::Ack { alert, until, reason } => vec![alert, until, reason],
        Command::Faq { question, whom: _ } => vec![question],
        Command::Help { command } => vec![command],
        Command::Notify { act, receiver, from } => vec![act, receiver, from],
        Command::Settings { what, value } => vec![what, value],
        Command::Alerts
        | Command::Faqgaps
        | Command::Upcoming { .. }
        | Command::Start { .. }
        | Command::Cancel
        | Command::Privacy
        | Command::Press { .. } => Vec::new(),
    };
    all.into_iter().filter_map(|word| word.as_deref()).collect()
}

fn perhaps() -> Reply {
    let title = "That looks like a key or secret, so I have not read on";
    let card = Card::new(Tone::Soon, title)
        .text("I have kept nothing of it. Never paste one into a chat: whoever reads along can use it.")
        .text("Next: if it is one, delete that key at KuCoin (Steps). If it is an order's number, ask again without it.");
    Reply::private(with_steps(card))
}

/// Whose key it is only those learn who may see keys, in the answer that is theirs alone.
fn certain(key: Option<&Label>, place: &Place) -> Reply {
    let title = match key {
        Some(label) => {
            Line::from("That is the key of ").label(label).text(": delete it at the exchange now")
        }
        None => a_secret(),
    };
    leaked(with_steps(warned(title, place.platform, "Steps")))
}

fn a_secret() -> Line {
    Line::from("That is a secret: delete its key at the exchange now")
}

fn leaked(card: Card) -> Reply {
    Reply { leak: true, ..Reply::private(card) }
}

/// `steps` leads to the rest.
fn warned(title: Line, platform: Platform, steps: &str) -> Card {
    Card::new(Tone::Broken, title)
        .text("Whoever reads along can use it. I have kept nothing of it.")
        .steps(order(platform, steps))
}

/// Leaked or stolen: delete first.
fn order(platform: Platform, steps: &str) -> [Line; 3] {
    let last = match platform {
        Platform::Console => {
            format!("Clear this line from the screen, and make a new key: {steps}.")
        }
        Platform::Discord | Platform::Telegram => {
            format!("Make a new key: {steps}. Then /leaked.")
        }
    };
    [
        Line::from("Delete the key at its exchange, before anything else."),
        Line::from("Check open positions and orders by hand: its bots stop."),
        Line::from(last),
    ]
}

fn with_steps(card: Card) -> Card {
    card.button("Steps", Action::Steps { topic: "compromised".to_owned() })
}

/// What everybody in a chat reads where a secret stood. It calls nobody and repeats nothing.
pub fn notice(removal: Removal) -> Card {
    let (title, done) = match removal {
        Removal::Done => ("A secret was posted here and removed.", ""),
        Removal::Refused => (
            "A secret was posted here, and I could not remove it.",
            " Whoever may delete messages here: delete that one.",
        ),
    };
    Card::new(Tone::Broken, title).text(format!(
        "Whoever it belongs to: delete that key at the exchange now, then /leaked.{done}"
    ))
}

impl Reply {
    /// The same warning, with what became of the message.
    #[must_use]
    pub fn after(mut self, removal: Removal) -> Self {
        let line = match removal {
            Removal::Done => {
                "I have deleted the message here; whoever read it before can still use what it said."
            }
            Removal::Refused => {
                "I could not delete the message here: delete it yourself, or ask whoever may."
            }
        };
        if let Some(card) = self.cards.first_mut() {
            card.body.insert(0, Block::Text(line.into()));
        }
        self
    }
}

impl Counter {
    /// An adapter says whether it looks through ordinary messages.
    pub fn hears(&self, platform: Platform, hearing: Hearing) {
        self.tools.guards.set(platform, hearing);
    }

    /// The platforms that refuse to let messages be looked through.
    pub fn deaf(&self) -> Vec<Platform> {
        let all = self.tools.guards.all().into_iter();
        all.filter(|(_, hearing)| *hearing == Hearing::Refused)
            .map(|(platform, _)| platform)
            .collect()
    }

    /// Whether a message that nobody addressed to the bot, in a room of a workspace, holds a secret
    /// for certain. Perhaps is no: in company nothing is said of what may be an order's number.
    pub async fn overhear(&self, (platform, room): (Platform, &str), text: &str) -> bool {
        let text = whole(text);
        // Most messages cost no look into the ledger.
        if Pasted::of(text) == Pasted::Nothing && possible_keys(text).is_empty() {
            return false;
        }
        let home = match self.tools.store.home_of(platform, room).await {
            Ok(Some(home)) => home,
            Ok(None) => return false,
            Err(error) => {
                tracing::error!(%error, "a message's workspace could not be read");
                return false;
            }
        };
        let desk = self.tools.store.desk(home.workspace);
        match look(&self.tools, &desk, text).await {
            Ok(found) => found.pasted == Pasted::Certain,
            Err(error) => {
                tracing::error!(%error, "the watched keys could not be compared with a message");
                Pasted::of(text) == Pasted::Certain
            }
        }
    }

    /// What somebody is told who is not served now (too much at once, no desk yet) and has posted
    /// a secret for certain. Judged by the text alone, so that a flood costs nothing; without
    /// buttons, since they belong to a desk.
    pub fn warning(&self, place: &Place, text: &str) -> Option<Reply> {
        let is_certain = Pasted::of(whole(text)) == Pasted::Certain;
        let card = || warned(a_secret(), place.platform, "/faq compromised");
        let spec = Spec::of(&Command::Faq { question: None, whom: None });
        is_certain.then(|| self.mark(leaked(card()), spec))
    }

    /// Whether everybody in a place may be told of a leak now: once a minute is enough.
    pub fn may_warn(&self, place: &Place, at: DateTime<Utc>) -> bool {
        self.tools.warned.may_post(place, at)
    }

    /// A moderator says that a message holds a secret: their word is certain enough.
    pub fn report(&self, invocation: &Invocation) -> Report {
        let Invocation { command, actor, place, at } = invocation;
        if let Some(reply) = self.turn_away(actor, Spec::of(command), *at) {
            return Report::Refused(reply);
        }
        // Their own right to delete it, not one of ours: the bot's is not lent out.
        if !actor.moderates {
            let line =
                "Reporting a leaked key needs Manage Messages or Manage Server in this server.";
            return Report::Refused(Reply::private(Card::new(Tone::Plain, line)));
        }
        Report::Taken(certain(None, place))
    }

    /// The message that they reported is gone: written down is which one, never its text.
    pub async fn reported(&self, desk: &Desk, asked: &Invocation, message: &str) {
        let call = Call::new(&self.tools, desk, asked, Spec::of(&asked.command));
        let entry = Entry { action: "message.deleted", ..call.entry(message) };
        if let Err(error) = desk.record(&entry, asked.at).await {
            tracing::error!(%error, "a deleted message could not be written down");
        }
    }
}
