//! Telegram: the whole bot through its real adapter, against the strict fake.

mod commands;
mod deliveries;
mod doors;
mod polling;
mod presses;
pub mod world;
