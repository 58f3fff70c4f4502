//! The one integration binary: every module is a chapter, none has a fixed port or a fixed place.

mod cli;
