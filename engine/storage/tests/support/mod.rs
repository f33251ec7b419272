//! What several test programs of this crate share: the fault proxy.
#![allow(dead_code, reason = "each test program uses a part")]

pub mod proxy;
