//! Facts come in, decisions go out: everything that decides is here, and nothing here touches
//! the network, a database or a clock. Time is an argument, randomness does not exist.

pub mod access;
pub mod alert;
pub mod card;
pub mod confusable;
pub mod evidence;
pub mod expiry;
pub mod facts;
pub mod fleet;
pub mod guide;
pub mod id;
pub mod intake;
pub mod judge;
pub mod key;
pub mod leak;
pub mod notice;
pub mod permission;
pub mod policy;
pub mod receiver;
pub mod route;
pub mod rules;
pub mod schedule;
pub mod signal;
pub mod storm;
pub mod text;
pub mod verdict;
pub mod wall;

#[cfg(test)]
mod samples;
