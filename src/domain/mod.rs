//! Facts come in, decisions go out: everything that decides is here, and nothing here touches
//! the network, a database or a clock. Time is an argument, randomness does not exist.

pub mod evidence;
pub mod facts;
pub mod id;
pub mod key;
pub mod permission;
pub mod schedule;
pub mod text;
