//! The one integration binary: every module is a chapter, none has a fixed port or a fixed place.

#[macro_use]
mod store;

mod cli;
mod corpora;
mod docs;
mod fakes;
mod layering;
mod migrations;
mod program;
mod security;
mod stories;
mod supply;
mod world;
