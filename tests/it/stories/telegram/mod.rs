//! Telegram: the whole bot through its real adapter, against the strict fake.

mod commands;
mod deliveries;
mod doors;
mod leaving;
mod polling;
mod presses;
pub mod world;
