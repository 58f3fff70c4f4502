//! Stories: what people live through, told against the whole bot.

mod blind;
mod courier;
mod crash;
pub mod discord;
mod guide;
mod ladder;
mod leaked;
mod outage;
mod refused;
mod rights;
pub mod telegram;
