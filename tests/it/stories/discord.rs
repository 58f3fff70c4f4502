//! Stories on Discord: what is told there, what people do there, what goes wrong there.

mod alerts;
mod gateway;
mod guide;
mod leaked;
mod leaks;
mod people;
mod questions;
mod rooms;
mod strangers;
mod threads;
mod tls;
pub mod town;
pub mod world;
