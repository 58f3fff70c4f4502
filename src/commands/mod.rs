//! What people can ask and do, without any platform: an [`Invocation`] comes in, a [`Reply`] of
//! cards goes out. A chat adapter turns native events into the one and cards into the other.
//!
//! [`SPECS`] is the one table: parsing, help, registration and the README are made from it. Each
//! command has a file. Everything goes through [`Counter::run`]: limits, role, the command, its
//! audit row. Nothing here asks an exchange, opens a secret or reads a clock.

use chrono::{DateTime, Utc};

use crate::domain::card::{Action, Card};
use crate::domain::id::AlertId;
use crate::domain::receiver::{Address, Platform};
use crate::domain::text::Clean;

mod accept;
mod ack;
mod alerts;
mod call;
mod cancel;
mod check;
mod choose;
mod counter;
mod detail;
mod door;
mod faq;
mod faqgaps;
mod fix;
mod fixing;
mod guard;
mod help;
mod here;
mod keystatus;
mod leaked;
mod limit;
mod notify;
mod parse;
mod posted;
mod press;
mod privacy;
mod reading;
mod row;
mod security;
mod settings;
mod show;
mod since;
mod spec;
mod start;
mod suggest;
mod table;
mod until;
mod upcoming;
mod why;

#[cfg(test)]
mod tests;

use call::Call;

pub use crate::domain::access::Role;
pub use crate::domain::access::Standing;
pub use crate::store::StoreError;
pub use crate::store::chat::Home;
pub use crate::store::desk::Desk;
pub use counter::{Counter, HostNote, OpenAddress, Tools};
pub use door::{Entrance, Visitor};
pub use guard::{Fingerprint, Guards, Hearing, Removal, Report, notice};
pub use limit::Limits;
pub use notify::{KEPT_SMALL, WIDE};
pub use parse::{LONGEST, ParseError, hear, parse, parse_guarded, whole};
pub use posted::Posted;
pub use press::Press;
pub use spec::{Argument, ArgumentKind, Given, Group, Reach, Spec, markdown_table};
pub use start::{first_contact, private_bot};
pub use suggest::Suggestion;
pub use table::SPECS;
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
    /// What is wrong with a bot, step by step.
    Fix {
        /// Its key's label.
        key: Option<String>,
    },
    /// How safe a key is kept.
    Security {
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
    /// The emergency order for a leaked key.
    Leaked {
        /// The key's label.
        key: Option<String>,
    },
    /// A question about exchange API keys.
    Faq {
        /// The question, an error line or a topic's id.
        question: Option<String>,
        /// The person whom a moderator answers, by the platform's own id.
        whom: Option<String>,
    },
    /// Which questions had no good answer.
    Faqgaps,
    /// First contact; with a code it lets a person and their chat in.
    Start {
        /// A claim code.
        code: Option<String>,
    },
    /// Leaves what is under way.
    Cancel,
    /// What the caller may ask and do.
    Help {
        /// One command.
        command: Option<String>,
    },
    /// Who runs this and what is stored.
    Privacy,
    /// Who is told, and changes of it.
    Notify {
        /// `add`, `test`, `edit` or `remove`; none lists.
        act: Option<String>,
        /// A receiver's name.
        receiver: Option<String>,
        /// From which severity on.
        from: Option<String>,
    },
    /// What is set for the workspace, and changes of it.
    Settings {
        /// `zone`, `role` or `faq`; none lists.
        what: Option<String>,
        /// The new value.
        value: Option<String>,
    },
    /// A button whose row was found.
    Press {
        /// What it means.
        action: Action,
        /// The revision of its alert that was shown, where the button knows it.
        rev: Option<i64>,
        /// When it was offered; what happened later the person may not have seen.
        shown_at: Option<DateTime<Utc>>,
        /// Whether its message shows other buttons by now: a deed is then not done.
        is_late: bool,
    },
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
    /// Whether the platform lets them moderate here, so that they may answer for somebody.
    pub moderates: bool,
}

/// Where it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The platform.
    pub platform: Platform,
    /// The chat, as the platform names it.
    pub chat: String,
    /// The topic inside it (Telegram).
    pub topic: Option<String>,
    /// Whether only the actor reads along.
    pub private: bool,
    /// What it is called there, where the adapter knows.
    pub title: Option<Clean>,
    /// Whether many people can read it, as far as the adapter knows.
    pub wide: bool,
}

impl Place {
    /// Where a message to this place goes.
    pub fn address(&self) -> Address {
        Address { platform: self.platform, chat: self.chat.clone(), topic: self.topic.clone() }
    }
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
    /// The person who is called because the answer is theirs, by the platform's own id.
    pub calls: Option<String>,
    /// The alerts that the cards show, each with the revision shown; buttons are bound to it.
    pub shown: Vec<(AlertId, i64)>,
    /// What was written is a secret for certain: where it stands in a message that message goes,
    /// and [`Self::after`] says whether it did.
    pub leak: bool,
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

/// One arm a command; nothing falls through.
async fn dispatch(call: &Call<'_>, command: &Command) -> Result<Reply, StoreError> {
    match command {
        Command::Keystatus { key: None } => keystatus::list(call, keystatus::Fold::Fine).await,
        Command::Keystatus { key } => detail::by_label(call, key.as_deref()).await,
        Command::Check { key } => check::by_label(call, key.as_deref()).await,
        Command::Fix { key } => fix::by_label(call, key.as_deref()).await,
        Command::Security { key } => security::by_label(call, key.as_deref()).await,
        Command::Alerts => alerts::list(call).await,
        Command::Ack { alert, until, reason } => {
            let words = ack::Words { until: until.as_deref(), reason: reason.as_deref() };
            ack::by_words(call, alert.as_deref(), words).await
        }
        Command::Why { key } => why::by_label(call, key.as_deref()).await,
        Command::Upcoming { days } => upcoming::list(call, *days).await,
        Command::Leaked { key } => leaked::by_label(call, key.as_deref()).await,
        // The guard has looked at all of it; what is read is its end (S19).
        Command::Faq { question, whom } => {
            let question = question.as_deref().map(parse::end_of);
            match whom {
                None => faq::answer(call, question).await,
                Some(whom) => faq::answer_for(call, question, whom).await,
            }
        }
        Command::Faqgaps => faqgaps::list(call).await,
        // Codes are spent at the door, before anybody stands at a desk.
        Command::Start { code: _ } => Ok(Reply::private(first_contact())),
        Command::Cancel => cancel::answer(call).await,
        Command::Help { command } => Ok(help::answer(call, command.as_deref())),
        Command::Privacy => Ok(privacy::answer(call)),
        Command::Notify { act, receiver, from } => {
            let words = notify::Words { receiver: receiver.as_deref(), from: from.as_deref() };
            notify::by_words(call, act.as_deref(), words).await
        }
        Command::Settings { what, value } => {
            settings::by_words(call, what.as_deref(), value.as_deref()).await
        }
        Command::Press { action, is_late: true, .. } if since::is_deed(action) => {
            since::answer(call, action).await
        }
        Command::Press { action, rev, shown_at, is_late: _ } => {
            dispatch_press(call, action, (*rev, *shown_at)).await
        }
    }
}

async fn dispatch_press(
    call: &Call<'_>,
    action: &Action,
    (rev, shown_at): (Option<i64>, Option<DateTime<Utc>>),
) -> Result<Reply, StoreError> {
    match action {
        Action::Acknowledge { alert } => ack::press(call, alert, rev).await,
        Action::Undo { alert } => ack::undo(call, alert).await,
        Action::AcknowledgeAll { message } => ack::all(call, message).await,
        Action::Show { message } => show::message(call, message).await,
        Action::Steps { topic } => faq::topic(call, topic).await,
        Action::Accept { key } => accept::accept(call, key, shown_at).await,
        Action::Replaced { key } => accept::replaced(call, key).await,
        Action::ShowAddress { key } => show::address(call, key).await,
        Action::Key { key } => detail::by_id(call, key).await,
        Action::AllKeys => keystatus::list(call, keystatus::Fold::Nothing).await,
        Action::Why { key } => why::by_id(call, key).await,
        Action::Fix { fix } => fix::press(call, fix).await,
        Action::Security { key } => security::by_id(call, key).await,
        Action::Check { key } => check::by_id(call, key).await,
        Action::Leaked { key } => leaked::by_id(call, key).await,
        Action::WatchLeaked { key } => leaked::watch(call, key).await,
        Action::NotLeaked { key } => leaked::call_off(call, key).await,
        Action::AddReceiver { from, to } => notify::add(call, *from, to.as_ref()).await,
        Action::Receiver { receiver } => notify::detail(call, receiver).await,
        Action::TestReceiver { receiver } => notify::test(call, receiver).await,
        Action::SetReceiver { receiver, from } => notify::edit(call, receiver, *from).await,
        Action::RemoveReceiver { receiver } => notify::remove(call, receiver).await,
        Action::Seen { message } => notify::seen(call, message).await,
        Action::PostHere { topic } => faq::post_here(call, topic).await,
        Action::NotHelpful { topic, words } => faqgaps::unhelpful(call, topic, words).await,
        Action::ChooseWorkspace { workspace } => choose::workspace(call, workspace).await,
    }
}
