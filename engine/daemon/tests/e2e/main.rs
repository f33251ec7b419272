//! The program from outside: real processes, files and tables, against slow references written from the contract.
//!
//! One test program, so that what the tests share is built and linked once.

mod agents;
mod bad_input;
mod batches;
mod buckets;
mod cli;
mod context;
mod determinism;
mod import;
mod import_bad;
mod journal;
mod real_data;
mod resume;
mod run_folder;
mod sessions;
mod stored;
mod support;
mod torch;
