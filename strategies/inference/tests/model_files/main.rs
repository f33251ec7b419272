//! Model files from outside: what is refused and why, and that no bytes make the loader panic.

#[path = "../files/mod.rs"]
mod files;
mod mutations;
mod refusals;
