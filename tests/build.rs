//! Writes the random specs and what is generated from them.
fn main() {}
