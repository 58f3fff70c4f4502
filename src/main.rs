//! The `keylapse` program: nothing but a door to the library.

fn main() {}
