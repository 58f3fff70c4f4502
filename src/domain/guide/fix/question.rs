//! What `/fix` asks: each question with the answers that it offers, and what each answer makes of
//! the state.

use super::{Answer, Fix, Says, SiteAnswer};

/// One question; each has at most eight choices, one of them "I do not know".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// What does the last error line say?
    Says,
    /// The rarer ones.
    Else,
    /// Does the exchange still list the key?
    Listed,
    /// Does the bot run on this machine?
    Here,
    /// Does it hold this very key?
    Same,
    /// Which site is it set to?
    Site,
}

impl Question {
    /// The answers in the order in which they are offered: what each makes of the state.
    pub fn answers(self, fix: &Fix) -> Vec<(Choice, Fix)> {
        let says = |says| (Choice::Says(says), Fix { says: Some(says), ..fix.clone() });
        let each = |set: fn(&mut Fix, Answer)| {
            [Answer::Yes, Answer::No, Answer::Unsure].map(|answer| {
                let mut fix = fix.clone();
                set(&mut fix, answer);
                (Choice::Answer(answer), fix)
            })
        };
        match self {
            Self::Says => [
                Says::Unknown,
                Says::Passphrase,
                Says::Signature,
                Says::Address,
                Says::Permission,
                Says::Else,
                Says::Nothing,
                Says::Unsure,
            ]
            .map(says)
            .to_vec(),
            Self::Else => [
                Says::Clock,
                Says::Limits,
                Says::Down,
                Says::Account,
                Says::Identity,
                Says::Region,
                Says::Other,
                Says::Unsure,
            ]
            .map(says)
            .to_vec(),
            Self::Listed => each(|fix, answer| fix.listed = Some(answer)).to_vec(),
            Self::Here => each(|fix, answer| fix.here = Some(answer)).to_vec(),
            Self::Same => each(|fix, answer| fix.same = Some(answer)).to_vec(),
            Self::Site => [
                SiteAnswer::Same,
                SiteAnswer::OtherSite,
                SiteAnswer::OtherExchange,
                SiteAnswer::Unsure,
            ]
            .map(|site| (Choice::Site(site), Fix { site: Some(site), ..fix.clone() }))
            .to_vec(),
        }
    }
}

/// One answer that is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Of what the bot says.
    Says(Says),
    /// Yes, no, or neither.
    Answer(Answer),
    /// Of the site.
    Site(SiteAnswer),
}
