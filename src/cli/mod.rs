//! The command line: one file a subcommand.

pub mod counter;
pub mod demo;
