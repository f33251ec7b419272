//! The journal as the edge needs it: what is taken, and when an order may leave.
//!
//! Not here: files, the journal's thread (`journal`).

use crate::edge::Keeper;
use journal::{Appender, Durability};
use model::Event;

/// Keeps what is sequenced in a journal.
#[derive(Debug)]
pub struct JournalKeeper {
    appender: Appender,
    durability: Durability,
}

impl JournalKeeper {
    /// Appends to a journal that is written with this durability.
    pub fn new(appender: Appender, durability: Durability) -> Self {
        Self { appender, durability }
    }
}

impl Keeper for JournalKeeper {
    fn keep(&mut self, events: &[Event]) {
        // A failure is final and stays to be seen: who needs to know asks for it before anything leaves.
        let _ = self.appender.append(events);
    }

    fn secure(&mut self) -> bool {
        match self.durability {
            Durability::Strict => self.appender.wait_durable(self.appender.appended()).is_ok(),
            Durability::Async { .. } | Durability::Off => !self.has_failed(),
        }
    }

    fn has_failed(&self) -> bool {
        self.appender.failed().is_some()
    }
}
