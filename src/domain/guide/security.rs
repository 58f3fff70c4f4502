//! The checklist of `/security`: the guidance's habits against one real key, each done, to do, or
//! only the person's to see. Nothing is called done that was not seen to be so.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::expiry::Known as KnownEnd;
use crate::domain::facts::{Binding, Facts};
use crate::domain::key::{Key, Watch};
use crate::domain::permission::{Permission, Power};

/// What the points are judged by.
#[derive(Clone, Debug)]
pub struct Held<'a> {
    /// The key and what people said about it.
    pub key: &'a Key,
    /// What the exchange said last.
    pub facts: Option<&'a Facts>,
    /// Its end, as far as it is known.
    pub end: KnownEnd,
    /// From this age a key is old, in days.
    pub old_days: i64,
    /// Who is told in its workspace.
    pub reach: Reach,
    /// Now.
    pub now: DateTime<Utc>,
}

/// Who is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Receivers that are told.
    pub receivers: usize,
    /// One of them is a group or channel, in which any number of people read.
    pub is_shared: bool,
    /// People who said of a test that they saw it.
    pub witnesses: usize,
}

/// One habit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// It cannot withdraw.
    NoWithdrawal,
    /// It may no more than it needs.
    FewRights,
    /// It is bound to addresses.
    Bound,
    /// Its end is known, or it is not old.
    Dated,
    /// One program uses it.
    OneProgram,
    /// It stands under one label.
    OnePlace,
    /// Its secrets are kept sealed, or not at all.
    Sealed,
    /// Warnings reach somebody.
    Reaches,
    /// A second person is told.
    Second,
    /// The account has a second factor.
    TwoFactor,
    /// Withdrawals go to listed addresses only.
    WithdrawalList,
    /// The exchange's messages bear a word of one's own.
    AntiPhishing,
    /// The passphrase is used nowhere else.
    OwnPassphrase,
}

/// How far a habit is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It is not.
    ToDo,
    /// This monitor cannot know.
    Unseen,
    /// It is.
    Done,
}

impl Habit {
    /// All, the gravest first.
    pub const ALL: [Self; 13] = [
        Self::NoWithdrawal,
        Self::FewRights,
        Self::Bound,
        Self::Dated,
        Self::OneProgram,
        Self::OnePlace,
        Self::Sealed,
        Self::Reaches,
        Self::Second,
        Self::TwoFactor,
        Self::WithdrawalList,
        Self::AntiPhishing,
        Self::OwnPassphrase,
    ];

    /// Whether money is in danger while it is not kept.
    pub fn guards_money(self) -> bool {
        matches!(self, Self::NoWithdrawal | Self::FewRights | Self::Bound)
    }

    fn examine(self, held: &Held<'_>) -> State {
        let facts = |kept: fn(&Held<'_>, &Facts) -> Option<bool>| {
            held.facts.and_then(|facts| kept(held, facts)).map_or(State::Unseen, State::of)
        };
        match self {
            Self::NoWithdrawal => facts(|_, facts| Some(!facts.permissions.can(Power::Withdraw))),
            Self::FewRights => facts(|held, facts| Some(needless(held.key, facts).is_empty())),
            Self::Bound => facts(|_, facts| match facts.binding {
                Binding::Unknown => None,
                Binding::Unbound => Some(false),
                Binding::Bound(_) => Some(true),
            }),
            Self::Dated => dated(held),
            Self::OneProgram => match held.key.used_by.len() {
                0 => State::Unseen,
                n => State::of(n == 1),
            },
            Self::OnePlace => match held.key.watch {
                // The store refuses the same key under a second label.
                Watch::Own => State::Done,
                Watch::Guardian { .. } | Watch::Declared => State::Unseen,
            },
            Self::Sealed => State::Done,
            Self::Reaches => State::of(held.reach.receivers > 0 && held.reach.witnesses > 0),
            Self::Second => second(held.reach),
            Self::TwoFactor | Self::WithdrawalList | Self::AntiPhishing | Self::OwnPassphrase => {
                State::Unseen
            }
        }
    }
}

impl State {
    fn of(is_kept: bool) -> Self {
        if is_kept { Self::Done } else { Self::ToDo }
    }
}

/// Every habit with its state, in the order of [`Habit::ALL`].
pub fn judge(held: &Held<'_>) -> [(Habit, State); 13] {
    Habit::ALL.map(|habit| (habit, habit.examine(held)))
}

/// The rights beside withdrawal that nobody allowed or that came after the accepted ones.
pub fn needless<'a>(key: &Key, facts: &'a Facts) -> Vec<&'a Permission> {
    let accepted = key.baseline.as_ref().map(|baseline| &baseline.facts.permissions);
    let is_new =
        |right: &&Permission| accepted.is_some_and(|accepted| !accepted.0.contains(*right));
    let is_needless = |right: &&Permission| {
        right.power != Power::Withdraw && (!key.allow.permits(right.power) || is_new(right))
    };
    facts.permissions.0.iter().filter(is_needless).collect()
}

/// A known end is a date to replace it by; without one its age decides. Since when it is watched is
/// the least that it can be old.
fn dated(held: &Held<'_>) -> State {
    if let KnownEnd::At(end) = held.end {
        return State::of(end.at > held.now);
    }
    let old = TimeDelta::days(held.old_days);
    match held.facts.and_then(|facts| facts.created_at) {
        Some(created_at) => State::of(held.now - created_at < old),
        None if held.now - held.key.added_at >= old => State::ToDo,
        None => State::Unseen,
    }
}

fn second(reach: Reach) -> State {
    if reach.receivers >= 2 || reach.witnesses >= 2 {
        State::Done
    } else if reach.is_shared {
        State::Unseen
    } else {
        State::ToDo
    }
}

#[cfg(test)]
mod tests;
