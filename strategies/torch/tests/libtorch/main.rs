//! The libtorch backend against the native one, and what it refuses.

mod agreement;
mod modules;
mod refusals;
