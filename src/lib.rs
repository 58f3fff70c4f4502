//! keylapse: know before an API key lapses.
//!
//! This page is the map of the crate; each module's header is its chapter.

pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod exchange;
pub mod hardening;
pub mod http_client;
pub mod ids;
pub mod knowledge;
pub mod private_file;
pub mod secret;
pub mod store;
pub mod vault;
