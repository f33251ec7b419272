//! `grandmodel journal`: what is in a journal's folder.
//!
//! Read-only: it takes no lock and changes nothing, so it may run beside a writer.
//! Not here: reading the files (`::journal`); folding what is in them.

mod dump;
mod fields;
mod verify;

pub use dump::dump;
pub use verify::verify;

use crate::failure::Failure;

fn failed(error: &::journal::JournalError) -> Failure {
    Failure::Failed(error.to_string())
}
