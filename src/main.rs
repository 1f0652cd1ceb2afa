//! The binary: under construction.
fn main() {}
