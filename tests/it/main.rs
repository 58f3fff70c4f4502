//! The one integration binary: the bot from outside.

mod stories;
mod world;
