//! The tree of `/fix`: [`next`] takes the answers so far and what is known of the key, and gives
//! the next question or the cause. What is known is never asked. A button carries the whole of
//! [`Fix`], so that it works after a restart; the words are `commands::fixing`'s.

use serde::{Deserialize, Serialize};

use crate::domain::evidence::Fault;
use crate::domain::id::KeyId;

mod cause;
mod question;

pub use cause::{Because, Cause, End};
pub use question::{Choice, Question};

/// The answers so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fix {
    /// Which key the bot uses.
    pub key: Option<Which>,
    /// What the bot's last error line says.
    pub says: Option<Says>,
    /// Whether the exchange still lists the key.
    pub listed: Option<Answer>,
    /// Whether the bot runs on this monitor's machine.
    pub here: Option<Answer>,
    /// Whether the bot holds this very key.
    pub same: Option<Answer>,
    /// Which site the bot is set to.
    pub site: Option<SiteAnswer>,
    /// The person has seen what is known by itself, and the bot says something else.
    pub aside: bool,
}

/// Which key it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// One that is watched here.
    Watched(KeyId),
    /// Another one: nothing is known of it.
    Another,
}

/// What the bot's last error line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// The key does not exist.
    Unknown,
    /// The passphrase is wrong.
    Passphrase,
    /// The signature is wrong.
    Signature,
    /// The address is not allowed.
    Address,
    /// The permission is missing.
    Permission,
    /// None of these; asked further.
    Else,
    /// The timestamp is wrong.
    Clock,
    /// Too many requests.
    Limits,
    /// No answer, or a 5xx.
    Down,
    /// The account is frozen or restricted.
    Account,
    /// The account must prove its owner's identity.
    Identity,
    /// The region is not served.
    Region,
    /// Something that the tree does not know.
    Other,
    /// There is no error at all.
    Nothing,
    /// The person does not know.
    Unsure,
}

impl Says {
    /// What an error says whose FAQ entry this is, so that a pasted line is an answer too.
    pub fn of_topic(topic: &str) -> Option<Self> {
        Some(match topic {
            "error-key-not-exists" => Self::Unknown,
            "error-passphrase" => Self::Passphrase,
            "error-signature" => Self::Signature,
            "error-ip-not-allowed" => Self::Address,
            "error-permission" => Self::Permission,
            "error-timestamp" => Self::Clock,
            "error-rate-limited" => Self::Limits,
            "error-exchange-down" => Self::Down,
            "error-account-frozen" => Self::Account,
            "error-identity" => Self::Identity,
            "error-region" => Self::Region,
            _ => return None,
        })
    }
}

/// Yes, no, or neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Yes.
    Yes,
    /// No.
    No,
    /// The person does not know.
    Unsure,
}

/// What the bot's exchange setting is, beside where the key was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SiteAnswer {
    /// The same site.
    Same,
    /// Another site of the exchange, or its sandbox.
    OtherSite,
    /// Another exchange.
    OtherExchange,
    /// The person does not know.
    Unsure,
}

/// What the newest look at the key says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// Nothing: not watched, a date only, or this monitor's own trouble.
    #[default]
    Nothing,
    /// The exchange accepts it from this machine.
    Accepted,
    /// It does not, or did not answer.
    Refused(Fault),
}

/// What is known of a key without asking a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// What the exchange as a whole does to all keys, where an alert says so.
    pub exchange: Option<Fault>,
    /// The newest look.
    pub look: Look,
    /// Its known end has passed.
    pub past: bool,
    /// A person said that its bot runs on this machine.
    pub beside: bool,
    /// Whether it is bound to addresses.
    pub bound: Option<bool>,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A question.
    Ask(Question),
    /// The end of the tree.
    End(End),
}

impl Fix {
    /// The same key, nothing answered.
    #[must_use]
    pub fn again(&self) -> Self {
        Self { key: self.key.clone(), ..Self::default() }
    }

    /// Whether nothing was answered yet but which key it is; then the exchange is asked first.
    pub fn is_fresh(&self) -> bool {
        *self == self.again()
    }
}

impl Known {
    /// The cause, where no question is needed.
    fn end(&self) -> Option<End> {
        // A key that was accepted has seen the exchange work, whatever others saw before.
        if let Some(cause) = self.exchange.filter(|_| !self.works()).and_then(Cause::of) {
            return Some(End { cause, because: Because::Exchange });
        }
        let is_gone = matches!(self.look, Look::Nothing | Look::Refused(Fault::NotKnown));
        if self.past && is_gone {
            return Some(End { cause: Cause::Ended, because: Because::Past });
        }
        match self.look {
            Look::Refused(fault) => {
                Cause::of(fault).map(|cause| End { cause, because: Because::Look })
            }
            Look::Nothing | Look::Accepted => None,
        }
    }

    fn works(&self) -> bool {
        self.look == Look::Accepted
    }

    /// How sure the bot's own words are.
    fn weight(&self) -> Because {
        if self.works() { Because::Works } else { Because::Said }
    }
}

/// The next question, or the cause.
pub fn next(fix: &Fix, known: &Known) -> Step {
    if let Some(end) = known.end().filter(|_| !fix.aside) {
        return Step::End(end);
    }
    let Some(says) = fix.says else { return Step::Ask(Question::Says) };
    let (cause, because) = match says {
        Says::Else => return Step::Ask(Question::Else),
        Says::Unknown if known.works() => return unknown_elsewhere(fix),
        Says::Unknown => return unknown(fix, known),
        Says::Unsure if known.works() => return unsure(fix, known),
        Says::Unsure => return without_line(fix),
        Says::Address if known.works() && known.bound == Some(false) => {
            (Cause::OtherKey, Because::Unbound)
        }
        Says::Address => (Cause::Address, known.weight()),
        Says::Passphrase => (Cause::Passphrase, known.weight()),
        Says::Signature => (Cause::Signature, known.weight()),
        Says::Permission => (Cause::Permission, known.weight()),
        Says::Nothing => (Cause::Stopped, known.weight()),
        Says::Clock => (Cause::Clock, Because::Said),
        Says::Limits => (Cause::Limits, Because::Said),
        Says::Down => (Cause::Down, Because::Said),
        Says::Account => (Cause::Account, Because::Said),
        Says::Identity => (Cause::Identity, Because::Said),
        Says::Region => (Cause::Region, Because::Said),
        Says::Other => (Cause::Unlisted, Because::Said),
    };
    ends(cause, because)
}

fn ends(cause: Cause, because: Because) -> Step {
    Step::End(End { cause, because })
}

/// The exchange knows the key here and not there: another key, or another site.
fn unknown_elsewhere(fix: &Fix) -> Step {
    match fix.same {
        None => Step::Ask(Question::Same),
        Some(Answer::No) => ends(Cause::OtherKey, Because::Works),
        Some(Answer::Yes | Answer::Unsure) => site(fix, Because::Works),
    }
}

/// The exchange does not know the key, and nothing is known of it here.
fn unknown(fix: &Fix, known: &Known) -> Step {
    if known.past {
        return ends(Cause::Ended, Because::Past);
    }
    match fix.listed {
        None => Step::Ask(Question::Listed),
        Some(Answer::No) => ends(Cause::Gone, Because::Said),
        Some(Answer::Unsure) => ends(Cause::Gone, Because::Likely),
        Some(Answer::Yes) => site(fix, Because::Said),
    }
}

fn site(fix: &Fix, because: Because) -> Step {
    match fix.site {
        None => Step::Ask(Question::Site),
        Some(SiteAnswer::Same) => ends(Cause::Copied, because),
        Some(SiteAnswer::OtherSite) => ends(Cause::Site, because),
        Some(SiteAnswer::OtherExchange) => ends(Cause::OtherExchange, because),
        Some(SiteAnswer::Unsure) => ends(Cause::Site, Because::Likely),
    }
}

/// The key works here and nobody knows what the bot says.
fn unsure(fix: &Fix, known: &Known) -> Step {
    let is_here = known.beside || fix.here == Some(Answer::Yes);
    match fix.here {
        None if !known.beside => return Step::Ask(Question::Here),
        Some(Answer::No | Answer::Unsure) if !is_here && known.bound == Some(true) => {
            return ends(Cause::Address, Because::Likely);
        }
        None | Some(Answer::Yes | Answer::No | Answer::Unsure) => {}
    }
    match fix.same {
        None => Step::Ask(Question::Same),
        Some(Answer::No) => ends(Cause::OtherKey, Because::Works),
        Some(Answer::Yes | Answer::Unsure) => ends(Cause::Stopped, Because::Likely),
    }
}

/// Nothing is known at all but, perhaps, whether the key is still there.
fn without_line(fix: &Fix) -> Step {
    match fix.listed {
        None => Step::Ask(Question::Listed),
        Some(Answer::No) => ends(Cause::Gone, Because::Likely),
        Some(Answer::Yes | Answer::Unsure) => ends(Cause::NoLine, Because::Likely),
    }
}

#[cfg(test)]
mod tests;
