//! The grandmodel program: command line, configuration, wiring.
//!
//! It computes nothing: it reads what the user wants (`cli`, `config`), puts the crates together (`run`), and
//! tells people how it goes (`progress`, `table`, `doctor`) and what a journal holds (`journal`).
//! Not here: anything that decides a result.

pub mod cli;
pub mod config;
pub mod doctor;
pub mod failure;
pub mod journal;
pub mod progress;
pub mod run;
pub mod table;
