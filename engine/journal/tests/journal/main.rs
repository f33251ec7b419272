//! The journal from outside, on a disk that forgets and on the real one.
//!
//! One test program, so that what the tests share is built and linked once.

mod basics;
mod crash;
mod damage;
mod keeping;
mod process;
mod refusals;
mod spool;
mod support;
mod threads;
