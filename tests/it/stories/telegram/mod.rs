//! Telegram: the whole bot through its real adapter, against the strict fake.

mod commands;
mod crowd;
mod deliveries;
mod doors;
mod identity;
mod leaked;
mod leaks;
mod leaving;
mod polling;
mod presses;
mod wide;
pub mod world;
