//! Reading an archive back: the ticks of a symbol and kind in a span of engine time.
//!
//! Files are in order of `ts_event`; engine time is their `ts_recv`. The two differ by the feed's latency, and where a tick
//! came late, so rows wait in a heap until no row to come can be before them.
//! Not here: other stores, the merge of symbols (the query layer).

use super::manifest::Manifest;
use super::place::Place;
use crate::StoreError;
use catalog::{
    CombinedReader, Location, PartName, Partition, Table, TickKind, TickRows, TimeRange, superseded,
};
use model::{Event, Nanos, SymbolId};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// How far engine time may be from `ts_event` for a tick to be found: a clock or a latency that is further off is wrong.
const APART: Nanos = Nanos::DAY;

/// How far the venue's clock may be ahead of the engine's without ticks changing places.
const AHEAD: Nanos = Nanos(5 * Nanos::SECOND.0);

/// An archive as it is read.
#[derive(Debug, Clone)]
pub struct ArchiveSource {
    place: Place,
}

impl ArchiveSource {
    /// Reads the archive at a place.
    pub fn new(place: Place) -> Self {
        Self { place }
    }

    /// What it is, for people.
    pub fn name(&self) -> String {
        self.place.name()
    }

    /// The half-open spans of engine time in which every tick of a symbol and kind is stored, ascending and not touching:
    /// those of all runs, if there ever was such a tick. Of the last instant of a run more may come, so it is outside.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn spans(&self, symbol: &str, kind: TickKind) -> Result<Vec<(Nanos, Nanos)>, StoreError> {
        if self.partitions(symbol, kind)?.is_empty() {
            return Ok(Vec::new());
        }
        let mut spans = Vec::new();
        for run in self.place.runs()? {
            let file = Manifest::file(&run);
            let Some(bytes) = self.place.read(&file)? else { continue };
            let manifest = Manifest::parse(&bytes, &run).map_err(|rest| StoreError::Refused {
                store: self.place.name(),
                why: format!("{file} {rest}"),
            })?;
            spans.extend(manifest.times.filter(|(from, to)| from < to));
        }
        spans.sort();
        let mut joined: Vec<(Nanos, Nanos)> = Vec::new();
        for (from, to) in spans {
            match joined.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => joined.push((from, to)),
            }
        }
        Ok(joined)
    }

    fn partitions(&self, symbol: &str, kind: TickKind) -> Result<Vec<Partition>, StoreError> {
        self.place.partitions_of(Table::Ticks(kind), symbol)
    }

    /// The ticks of a symbol and kind with an engine time in `from..to`, in order of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ticks(
        &self,
        symbol: &str,
        kind: TickKind,
        from: Nanos,
        to: Nanos,
    ) -> Result<ArchiveTicks, StoreError> {
        let table = Table::Ticks(kind);
        let day = |ts: Nanos| Partition::of(table, symbol, ts).day;
        let days = day(Nanos(from.0.saturating_sub(APART.0)))..=day(to.saturating_add(APART));
        let mut partitions = self.partitions(symbol, kind)?;
        partitions.retain(|partition| days.contains(&partition.day));
        partitions.reverse();
        Ok(ArchiveTicks {
            place: self.place.clone(),
            span: (from, to),
            partitions,
            reader: None,
            rows: TickRows::new(kind),
            waiting: BinaryHeap::new(),
            read: 0,
        })
    }
}

/// Ticks, as they are read.
#[derive(Debug)]
pub struct ArchiveTicks {
    place: Place,
    span: (Nanos, Nanos),
    /// Days that are still to be read, the first one last.
    partitions: Vec<Partition>,
    reader: Option<CombinedReader>,
    rows: TickRows,
    /// Rows that wait for their turn: by engine time, then as they were read.
    waiting: BinaryHeap<Reverse<Waiting>>,
    read: u64,
}

#[derive(Debug)]
struct Waiting {
    ts: Nanos,
    index: u64,
    event: Event,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        (self.ts, self.index) == (other.ts, other.index)
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.ts, self.index).cmp(&(other.ts, other.index))
    }
}

impl ArchiveTicks {
    /// Appends the next ticks; none: there are no more. Their `seq` is 0 and their symbol the first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn read(&mut self, ticks: &mut Vec<Event>) -> Result<(), StoreError> {
        let before = ticks.len();
        while ticks.len() == before {
            match self.next_rows()? {
                Some(frontier) => self.release(Some(frontier), ticks),
                None => {
                    self.release(None, ticks);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Reads on; gives the `ts_event` below which no row comes any more, or `None` at the end.
    fn next_rows(&mut self) -> Result<Option<Nanos>, StoreError> {
        loop {
            if let Some(reader) = &mut self.reader {
                self.rows.clear();
                let is_more =
                    reader.next_rows(&mut self.rows).map_err(|error| self.place.catalog_error(&error))?;
                if is_more {
                    return Ok(Some(self.gather()));
                }
                self.reader = None;
            }
            let Some(partition) = self.partitions.pop() else { return Ok(None) };
            let files = current_files(&self.place, &partition)?;
            let opened = CombinedReader::open(self.rows.kind(), &files, TimeRange::ALL);
            self.reader = Some(opened.map_err(|error| self.place.catalog_error(&error))?);
        }
    }

    fn gather(&mut self) -> Nanos {
        for index in 0..self.rows.len() {
            let event = self.rows.event(index, SymbolId(0));
            if self.span.0 <= event.ts && event.ts < self.span.1 {
                self.waiting.push(Reverse(Waiting { ts: event.ts, index: self.read, event }));
                self.read += 1;
            }
        }
        self.rows.ts_event(self.rows.len() - 1)
    }

    fn release(&mut self, frontier: Option<Nanos>, ticks: &mut Vec<Event>) {
        let bound = frontier.map_or(Nanos::MAX, |frontier| Nanos(frontier.0.saturating_sub(AHEAD.0)));
        while let Some(Reverse(next)) = self.waiting.peek() {
            if frontier.is_some() && next.ts >= bound {
                return;
            }
            ticks.extend(self.waiting.pop().map(|Reverse(next)| next.event));
        }
    }
}

/// The files of a partition that hold, in the order of their runs and sequence numbers.
fn current_files(place: &Place, partition: &Partition) -> Result<Vec<Location>, StoreError> {
    let parts = place.parts(partition)?;
    let is_superseded = superseded(&parts);
    let current: Vec<PartName> =
        parts.into_iter().zip(is_superseded).filter(|(_, is)| !is).map(|(part, _)| part).collect();
    place.locations(partition, &current).map_err(|error| place.catalog_error(&error))
}
