//! Reading an archive back: the ticks of a symbol and kind in a span of engine time, of one run.
//!
//! Files are in order of `ts_event`; engine time is their `ts_recv`. The two differ by the feed's latency, and where a
//! tick came late, so rows wait in a heap until no row to come can be before them.
//! Not here: other stores, the merge of symbols (the query layer).

use super::manifest::Manifest;
use super::place::Place;
use crate::StoreError;
use crate::query::{Source, Span, TickKind, Ticks};
use catalog::{CombinedReader, Location, PartName, Partition, Table, TickRows, TimeRange, superseded};
use model::{Event, Nanos, SymbolId};
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

/// How far engine time may be from `ts_event` for a tick to be found: a clock or a latency that is further off is
/// wrong.
const APART: Nanos = Nanos::DAY;

/// How far the venue's clock may be ahead of the engine's without ticks changing places.
const AHEAD: Nanos = Nanos(5 * Nanos::SECOND.0);

/// One run of an archive.
#[derive(Debug, Clone)]
pub struct ArchiveSource {
    place: Place,
    run: String,
    /// Where every tick of it is stored.
    spans: Vec<Span>,
}

/// The runs of an archive that have ticks, the one that ends latest first.
///
/// # Errors
/// [`StoreError`].
pub fn archive_sources(place: &Place) -> Result<Vec<ArchiveSource>, StoreError> {
    let mut sources = Vec::new();
    for run in place.runs()? {
        let file = Manifest::file(&run);
        let Some(bytes) = place.read(&file)? else { continue };
        let manifest = Manifest::parse(&bytes, &run)
            .map_err(|rest| StoreError::Refused { store: place.name(), why: format!("{file} {rest}") })?;
        if let Some(times) = manifest.times {
            sources.push((times.1, ArchiveSource { place: place.clone(), run, spans: manifest.spans() }));
        }
    }
    sources.sort_by(|(a, of_a), (b, of_b)| (b, &of_b.run).cmp(&(a, &of_a.run)));
    Ok(sources.into_iter().map(|(_, source)| source).collect())
}

impl ArchiveSource {
    fn partitions(&self, symbol: &str, kind: TickKind) -> Result<Vec<Partition>, StoreError> {
        self.place.partitions_of(Table::Ticks(kind), symbol)
    }
}

impl Source for ArchiveSource {
    fn name(&self) -> String {
        format!("{} (run {})", self.place.name(), self.run)
    }

    fn symbols(&mut self) -> Result<Vec<String>, StoreError> {
        let mut names = BTreeSet::new();
        for partition in self.place.partitions()? {
            if matches!(partition.table, Table::Ticks(_)) && !names.contains(&partition.symbol) {
                let parts = self.place.parts(&partition)?;
                names.extend(parts.iter().any(|part| part.run == self.run).then_some(partition.symbol));
            }
        }
        Ok(names.into_iter().collect())
    }

    fn spans(&mut self, symbol: &str, kind: TickKind) -> Result<Vec<Span>, StoreError> {
        for partition in self.partitions(symbol, kind)? {
            if self.place.parts(&partition)?.iter().any(|part| part.run == self.run) {
                return Ok(self.spans.clone());
            }
        }
        Ok(Vec::new())
    }

    fn ticks(&mut self, symbol: &str, kind: TickKind, span: Span) -> Result<Box<dyn Ticks>, StoreError> {
        let Span { from, to } = span;
        let table = Table::Ticks(kind);
        let day = |ts: Nanos| Partition::of(table, symbol, ts).day;
        let days = day(Nanos(from.0.saturating_sub(APART.0)))..=day(to.saturating_add(APART));
        let mut partitions = self.partitions(symbol, kind)?;
        partitions.retain(|partition| days.contains(&partition.day));
        partitions.reverse();
        Ok(Box::new(ArchiveTicks {
            place: self.place.clone(),
            run: self.run.clone(),
            span,
            partitions,
            reader: None,
            rows: TickRows::new(kind),
            waiting: BinaryHeap::new(),
            read: 0,
        }))
    }
}

/// Ticks, as they are read.
#[derive(Debug)]
struct ArchiveTicks {
    place: Place,
    run: String,
    span: Span,
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

impl Ticks for ArchiveTicks {
    fn read(&mut self, ticks: &mut Vec<Event>) -> Result<(), StoreError> {
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
}

impl ArchiveTicks {
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
            let files = current_files(&self.place, &partition, &self.run)?;
            let opened = CombinedReader::open(self.rows.kind(), &files, TimeRange::ALL);
            self.reader = Some(opened.map_err(|error| self.place.catalog_error(&error))?);
        }
    }

    fn gather(&mut self) -> Nanos {
        for index in 0..self.rows.len() {
            let event = self.rows.event(index, SymbolId(0));
            if self.span.from <= event.ts && event.ts < self.span.to {
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

/// The files of a run in a partition that hold, in the order of their sequence numbers.
fn current_files(place: &Place, partition: &Partition, run: &str) -> Result<Vec<Location>, StoreError> {
    let mut parts = place.parts(partition)?;
    parts.retain(|part| part.run == run);
    let is_superseded = superseded(&parts);
    let current: Vec<PartName> =
        parts.into_iter().zip(is_superseded).filter(|(_, is)| !is).map(|(part, _)| part).collect();
    place.locations(partition, &current).map_err(|error| place.catalog_error(&error))
}
