//! Commands against a real ledger in memory, with rows made by the store's own functions.

mod access;
mod acking;
mod answers;
mod gaps;
mod guiding;
mod keys;
mod leaking;
mod suggesting;
mod workspace;
mod world;
