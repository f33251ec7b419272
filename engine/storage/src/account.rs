//! What a tier says of itself: lag, notices as they come, a report at the end.

use crate::{Stream, Watermarks};
use model::Nanos;
use std::fmt;

/// Whether a tier's store takes batches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It was not reached yet.
    Starting,
    /// The last call went well.
    Up,
    /// It cannot be reached, and is tried again.
    Down,
    /// It refused for a reason that trying again does not mend; the tier tries no more.
    Refused(String),
}

/// A span of a stream's sequence numbers of which the store holds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hole {
    /// Of which stream.
    pub stream: Stream,
    /// Its first number.
    pub first_seq: u64,
    /// Its last number.
    pub last_seq: u64,
}

/// How far a tier is behind.
#[derive(Debug, Clone, PartialEq)]
pub struct Lag {
    /// The tier.
    pub tier: String,
    /// Its store.
    pub status: Status,
    /// Rows that wait in memory and in the spill.
    pub rows: u64,
    /// Engine time from the oldest row that waits to the newest that was offered; 0 if none waits.
    pub behind: Nanos,
    /// The oldest number that waits, with its stream.
    pub oldest: Option<(Stream, u64)>,
    /// Bytes of the spill's files.
    pub spill_bytes: u64,
    /// Rows that were dropped so far.
    pub dropped_rows: u64,
}

/// Something that changed, said once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The tier.
    pub tier: String,
    /// What.
    pub event: TierEvent,
}

/// What can change in a tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TierEvent {
    /// The store cannot be reached any more; why.
    Down(String),
    /// The store answers again, after so many attempts.
    Back(u32),
    /// The store will not work as it is configured; why.
    Refused(String),
    /// The store lost what it had stored already, up to the last number.
    Lost(Hole),
    /// From now on rows go to files.
    Spilling,
    /// From now on rows are dropped, because nothing more can be held.
    Dropping,
    /// Files of the spill did not hold what was written to them; so many rows are gone.
    SpillDamaged(u64),
    /// The spill's disk refuses; why.
    SpillFailed(String),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "storage tier {}: ", self.tier)?;
        match &self.event {
            TierEvent::Down(why) | TierEvent::Refused(why) => f.write_str(why),
            TierEvent::Back(attempts) => write!(f, "answers again after {attempts} attempts"),
            TierEvent::Lost(hole) => {
                let Hole { stream, first_seq, last_seq } = hole;
                write!(f, "the store lost {} {first_seq} to {last_seq}, which it had stored", stream.name())
            }
            TierEvent::Spilling => f.write_str("holds as many rows as it may; more go to its spill"),
            TierEvent::Dropping => f.write_str("holds as many rows as it may; more are dropped and counted"),
            TierEvent::SpillDamaged(rows) => write!(f, "{rows} rows of its spill were damaged and are gone"),
            TierEvent::SpillFailed(why) => write!(f, "its spill cannot be written ({why})"),
        }
    }
}

/// What a tier did, at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierReport {
    /// The tier.
    pub tier: String,
    /// Its store, last.
    pub status: Status,
    /// How far it is stored for good.
    pub stored: Watermarks,
    /// Rows that the store took.
    pub stored_rows: u64,
    /// Rows that wait and are not stored; those in the spill are stored by the next process.
    pub unsaved_rows: u64,
    /// Of these, in the spill.
    pub spilled_rows: u64,
    /// Rows that the store took and did not write: those it had gathered.
    pub unwritten_rows: u64,
    /// Rows that were dropped.
    pub dropped_rows: u64,
    /// Rows of the spill that were damaged.
    pub damaged_rows: u64,
    /// Most bytes the spill had.
    pub spill_bytes_max: u64,
    /// Where the store has holes, oldest first. At most [`HOLES_MAX`]; the last then covers the rest.
    pub holes: Vec<Hole>,
    /// How often the store could not be reached any more.
    pub outages: u64,
    /// How often it was tried again.
    pub retries: u64,
    /// How often a caller had to wait.
    pub waits: u64,
}

impl TierReport {
    /// What is not stored, as a sentence; `None` if everything is.
    pub fn arrears(&self) -> Option<String> {
        let Self { tier, unsaved_rows, spilled_rows, dropped_rows, damaged_rows, unwritten_rows, .. } = self;
        if *unwritten_rows > 0 {
            let status = match &self.status {
                Status::Refused(why) => why.as_str(),
                _ => "it could not be reached in time",
            };
            return Some(format!(
                "storage tier {tier}: {unwritten_rows} rows were gathered and not written ({status}); the next start of \
                 this run stores them from its journal"
            ));
        }
        let lost = dropped_rows + damaged_rows + (unsaved_rows - unsaved_rows.min(spilled_rows));
        match (lost, spilled_rows) {
            (0, 0) => None,
            (0, spilled) => Some(format!(
                "storage tier {tier}: {spilled} rows wait in its spill, and are stored by the next start of this run"
            )),
            (lost, spilled) => Some(format!(
                "storage tier {tier}: {lost} rows were not stored, {spilled} more wait in its spill"
            )),
        }
    }
}

/// Holes that a report names one by one.
pub const HOLES_MAX: usize = 64;

/// Adds a hole, joining what touches, naming at most [`HOLES_MAX`].
pub(crate) fn add_hole(holes: &mut Vec<Hole>, hole: Hole) {
    let full = holes.len() >= HOLES_MAX;
    let last = holes.iter_mut().rev().find(|last| last.stream == hole.stream);
    match last {
        Some(last) if full || last.last_seq + 1 >= hole.first_seq => {
            last.first_seq = last.first_seq.min(hole.first_seq);
            last.last_seq = last.last_seq.max(hole.last_seq);
        }
        _ => holes.push(hole),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_join_where_they_touch_and_are_bounded() {
        let hole = |first_seq, last_seq| Hole { stream: Stream::Ticks, first_seq, last_seq };
        let mut holes = Vec::new();
        add_hole(&mut holes, hole(1, 4));
        add_hole(&mut holes, Hole { stream: Stream::Results, ..hole(1, 2) });
        add_hole(&mut holes, hole(5, 6));
        add_hole(&mut holes, hole(8, 9));
        assert_eq!(holes, [hole(1, 6), Hole { stream: Stream::Results, ..hole(1, 2) }, hole(8, 9)]);
        (0..200).for_each(|n| add_hole(&mut holes, hole(20 + 10 * n, 21 + 10 * n)));
        assert_eq!(holes.len(), HOLES_MAX);
        assert_eq!(holes.last().map(|hole| hole.last_seq), Some(2011));
    }
}
