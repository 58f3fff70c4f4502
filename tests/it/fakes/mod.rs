//! Servers that stand in for the platforms: with state, on loopback, as strict as the real ones.

pub mod discord;
pub mod telegram;
pub mod traffic;
