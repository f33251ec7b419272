//! What the journal knows of a run's past, as the pipeline compares it.

use super::Kept;
use crate::failure::Failure;
use journal::{Cursor, Folder, Identity};
use model::Event;
use pipeline::{Inputs, Past};
use std::collections::VecDeque;

/// The past behind input `after`; `None` if there is none.
///
/// # Errors
/// [`Failure::Failed`] where the journal is damaged.
pub fn past(kept: &Kept, after: u64) -> Result<Option<Past>, Failure> {
    if kept.left().is_none_or(|(_, last)| last <= after) {
        return Ok(None);
    }
    Ok(Some(past_of(kept.folder(), kept.identity(), after)?))
}

/// The past behind input `after` of a journal that nobody writes.
///
/// # Errors
/// [`Failure::Failed`] where the journal is damaged.
pub fn past_of(folder: &Folder, identity: Identity, after: u64) -> Result<Past, Failure> {
    let ahead = ahead(folder, identity, after + 1)?;
    let inputs = inputs(Cursor::open(folder, identity, after + 1)?);
    Past::new(ahead, inputs).map_err(|error| Failure::Failed(error.to_string()))
}

/// Everything from an input on but the ticks, with the session it was kept in: what a replay must know ahead.
///
/// # Errors
/// [`Failure::Failed`] where the journal is damaged.
pub fn ahead(folder: &Folder, identity: Identity, from: u64) -> Result<Vec<(u32, Event)>, Failure> {
    let mut cursor = Cursor::open(folder, identity, from)?;
    let mut found = Vec::new();
    while let Some(batch) = cursor.next_batch()? {
        let session = batch.session;
        let events = batch.events.iter().filter(|event| !event.kind.is_tick());
        found.extend(events.map(|event| (session, *event)));
    }
    Ok(found)
}

/// The inputs of a journal, one after the other.
fn inputs(mut cursor: Cursor) -> Inputs {
    let mut waiting = VecDeque::new();
    Box::new(move || {
        while waiting.is_empty() {
            match cursor.next_batch().map_err(|error| error.to_string())? {
                Some(batch) => waiting.extend(batch.events.iter().filter(|event| event.kind.is_input())),
                None => return Ok(None),
            }
        }
        Ok(waiting.pop_front())
    })
}
