//! The atomics and parking of this crate, from the standard library or, under test, from shuttle.

#[cfg(not(feature = "shuttle"))]
pub(crate) use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering, fence},
    },
    thread::{Thread, current, park, yield_now},
};

#[cfg(feature = "shuttle")]
pub(crate) use shuttle::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering, fence},
    },
    thread::{Thread, current, park, yield_now},
};
