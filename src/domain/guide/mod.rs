//! Guided help: a tree that ends at the cause of a bot's trouble, and the guidance's checklist
//! against a real key. Pure: what is known and what was answered come in, the next question, the
//! end or the points come out; no word of it is said here.

pub mod fix;
pub mod security;
