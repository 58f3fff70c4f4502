//! `keylapse demo`: the whole bot with nothing but embedded parts.

pub mod stage;
