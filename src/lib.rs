//! keylapse: know before an API key lapses.
//!
//! This page is the map of the crate; each module's header is its chapter.
//!
//! ```text
//!              ask                    judge                  step                  plan                 pay
//!  schedule ---------> exchange ---> Outcome ---> Signals ---------> Effects ----------> notices ----------> chat
//!  (tasks::check)                 (domain::rules over Evidence)  (domain::alert)  (domain::route)   (tasks::deliver)
//!
//!  person --line or press--> chat --Invocation--> commands --Reply--> chat --> person
//! ```
//!
//! Facts come from an [`exchange`]. Pure functions of the [`domain`] turn evidence into signals,
//! signals into steps of alerts, steps into messages owed; they touch no network, database or
//! clock. The [`store`] makes each decision true in one transaction. The [`tasks`] ask, deliver
//! and tidy. People talk back through [`commands`], whatever the [`chat`].
//!
//! Who may use whom, and nothing else (held by `tests/it/layering.rs`):
//!
//! | module | uses |
//! |---|---|
//! | [`domain`] | itself |
//! | [`exchange`], [`store`], [`knowledge`] | domain |
//! | [`commands`] | domain, store, knowledge |
//! | [`chat`] | commands, domain |
//! | [`tasks`] | domain, store, exchange, the trait [`chat::Messenger`] |
//! | [`http`] | domain, store |
//! | [`app`], [`cli`] | all |
//!
//! The root pieces serve every edge and never the domain: [`clock`] is the only clock, [`ids`]
//! makes identities, [`secret`] cannot be printed, [`vault`] seals, [`http_client`] builds every
//! outbound client, [`private_file`] judges files, [`config`] reads settings, [`hardening`] is the
//! first thing that happens.

pub mod app;
pub mod chat;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod domain;
pub mod exchange;
pub mod hardening;
pub mod http;
pub mod http_client;
pub mod ids;
pub mod knowledge;
pub mod private_file;
pub mod secret;
pub mod store;
pub mod tasks;
pub mod vault;
