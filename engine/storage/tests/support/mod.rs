//! What several test programs of this crate share: the fault proxy, servers, rows.
#![allow(dead_code, reason = "each test program uses a part")]

pub mod proxy;
pub mod redis;
pub mod rows;
