//! The archive, from outside: what is in it after crashes, faults and compactions, and who can read it.

mod bucket;
mod faults;
mod kill;
mod python;
mod round_trip;
mod server;
mod support;
mod swap;

#[path = "../support/proxy.rs"]
#[allow(dead_code, reason = "each test program uses a part")]
mod proxy;
