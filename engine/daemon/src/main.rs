//! The `grandmodel` binary.
fn main() {}
