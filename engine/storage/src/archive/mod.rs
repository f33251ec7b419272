//! The archive: accepted ticks and bars as a Parquet catalog, in a folder or in a bucket.
//!
//! Rows are gathered in memory until there are enough for files of a good size, or the oldest has waited long enough.
//! A flush then says in the run's manifest which folders it will touch, gives all files their names, and moves the
//! watermark; each step may run again, because a file's name says what is in it ([`catalog::PartName`]). So what
//! `write` took is stored for good only when [`Store::stored`] says so; after a crash the rest, a bounded window, is
//! offered again.
//! Not here: who offers it (the journal's replay); rows of several runs over the same time, which a catalog keeps both.

mod buffer;
mod compact;
mod folder;
mod lock;
mod manifest;
mod place;
mod plan;
mod source;

pub use compact::Compacted;
pub use place::Place;
pub use source::{ArchiveSource, archive_sources};

use crate::{Batch, Dictionary, Record, Rows, Store, StoreError, Watermarks};
use buffer::{Buffer, Rows as Gathered};
use catalog::{PartName, Partition, TickEncoder};
use manifest::Manifest;
use model::{Clock, Nanos, SystemClock};
use place::NewFile;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// When files are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveConfig {
    /// So many gathered rows are written to files, at 33 to 49 bytes of memory each.
    pub flush_rows: usize,
    /// Rows are written at the latest this long after they came, by the time of day.
    pub flush_after: Nanos,
    /// Files of a partition of today that are put together at the earliest.
    pub compact_files: usize,
}

impl Default for ArchiveConfig {
    fn default() -> Self {
        Self { flush_rows: 1 << 20, flush_after: Nanos(60 * Nanos::SECOND.0), compact_files: 32 }
    }
}

/// A catalog that a run writes.
pub struct Archive {
    place: Place,
    config: ArchiveConfig,
    run: Option<Run>,
}

/// What is known of the run.
struct Run {
    dictionary: Dictionary,
    /// What is in complete files.
    stored: Watermarks,
    /// What is there or in memory.
    taken: Watermarks,
    buffer: Buffer,
    /// How far files of the run go beyond what is stored, by partition.
    covered: BTreeMap<Partition, u64>,
    /// Engine times of the first and the last tick stored.
    stored_times: Option<(Nanos, Nanos)>,
    /// Engine times of the first and the last tick taken.
    times: Option<(Nanos, Nanos)>,
    /// Engine times between which ticks were left out.
    gaps: Vec<(Nanos, Nanos)>,
    /// When the oldest row in memory came.
    since: Option<Nanos>,
    /// Whether the last flush did not come to its end.
    is_cut_short: bool,
    /// Partitions and how many files each has been given since it was put together.
    files: BTreeMap<Partition, usize>,
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Archive({})", self.place.name())
    }
}

impl Archive {
    /// An archive at a place; nothing is opened yet.
    pub fn new(place: Place, config: ArchiveConfig) -> Self {
        assert!(
            config.flush_rows > 0 && config.compact_files > 1,
            "files have rows, and two or more are put together"
        );
        Self { place, config, run: None }
    }

    /// Puts the files of every partition together, one after the other; what cannot be done, or is busy, ends it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn compact_all(&self) -> Result<Compacted, StoreError> {
        let mut files = 0;
        for partition in self.place.partitions()? {
            match compact::compact(&self.place, &partition, &owner(), true)? {
                Compacted::Done { files: gone } => files += gone,
                other => return Ok(other),
            }
        }
        Ok(Compacted::Done { files })
    }

    fn read_manifest(&self, run: &str) -> Result<Manifest, StoreError> {
        let file = Manifest::file(run);
        let Some(bytes) = self.place.read(&file)? else { return Ok(Manifest::default()) };
        Manifest::parse(&bytes, run)
            .map_err(|rest| StoreError::Refused { store: self.place.name(), why: format!("{file} {rest}") })
    }

    /// A run that this process has not seen yet.
    fn open_new(&self, dictionary: &Dictionary) -> Result<Run, StoreError> {
        self.place.prepare(&dictionary.run)?;
        let manifest = self.read_manifest(&dictionary.run)?;
        let mut covered = BTreeMap::new();
        for folder in &manifest.open {
            let Some(partition) = Partition::parse(folder) else { continue };
            let parts = self.place.parts(&partition)?;
            let last = parts.iter().filter(|part| part.run == dictionary.run).map(|part| part.last).max();
            covered.extend(last.map(|last| (partition, last)));
        }
        Ok(Run {
            dictionary: dictionary.clone(),
            stored: manifest.stored,
            taken: manifest.stored,
            buffer: Buffer::default(),
            covered,
            stored_times: manifest.times,
            times: manifest.times,
            gaps: manifest.gaps,
            since: None,
            is_cut_short: false,
            files: BTreeMap::new(),
        })
    }

    fn opened(&mut self) -> &mut Run {
        self.run.as_mut().expect("a store is opened before it is used")
    }

    /// Writes what is gathered to files, and then says so.
    fn flush_run(&mut self) -> Result<(), StoreError> {
        let run = self.run.as_mut().expect("a store is opened before it is used");
        if run.taken == run.stored {
            return Ok(());
        }
        let is_repeated = std::mem::replace(&mut run.is_cut_short, true);
        let mut files = run.new_files().map_err(|error| self.place.catalog_error(&error))?;
        let touched: Vec<Partition> = files.iter().map(|file| file.partition.clone()).collect();
        if is_repeated {
            retain_new(&self.place, &mut files)?;
        }
        let file = Manifest::file(&run.dictionary.run);
        let intent = run.manifest(run.stored, &touched);
        if !touched.is_empty() {
            self.place.swap_in(&file, intent.to_bytes(&run.dictionary.run))?;
            self.place.publish(files)?;
        }
        let done = run.manifest(run.taken, &[]);
        self.place.swap_in(&file, done.to_bytes(&run.dictionary.run))?;
        run.committed(touched);
        Ok(())
    }

    fn compact_one(&mut self, now: Nanos) -> Result<(), StoreError> {
        let limit = self.config.compact_files;
        let run = self.opened();
        let is_over = |partition: &Partition| Partition::of(partition.table, "", now).day > partition.day;
        let is_due =
            |partition: &Partition, files: usize| files >= limit || (files > 1 && is_over(partition));
        // A day that is over and has one file needs nothing any more.
        run.files.retain(|partition, files| *files > 1 || !is_over(partition));
        let due = run.files.iter().find(|(partition, files)| is_due(partition, **files));
        let Some(partition) = due.map(|(partition, _)| partition.clone()) else { return Ok(()) };
        // Counted anew: if somebody else is at it, or it is not worth it yet, it is asked again when more have come.
        run.files.insert(partition.clone(), 1);
        let finished = is_over(&partition);
        compact::compact(&self.place, &partition, &owner(), finished).map(|_| ())
    }
}

/// Who compacts, for the lock.
fn owner() -> String {
    format!("process {}", std::process::id())
}

/// Drops files that are there already, alone or within others.
fn retain_new(place: &Place, files: &mut Vec<NewFile>) -> Result<(), StoreError> {
    let mut kept = Vec::new();
    for file in files.drain(..) {
        let covers = |part: &PartName| {
            part.run == file.part.run && part.first <= file.part.first && file.part.last <= part.last
        };
        if !place.parts(&file.partition)?.iter().any(covers) {
            kept.push(file);
        }
    }
    *files = kept;
    Ok(())
}

impl Run {
    /// What is gathered, as files.
    fn new_files(&mut self) -> Result<Vec<NewFile>, catalog::CatalogError> {
        let (stored, taken, run) = (self.stored, self.taken, &self.dictionary.run);
        let mut files = Vec::new();
        for filling in self.buffer.filled() {
            let partition = filling.partition.clone();
            let path = PathBuf::from(partition.folder());
            let (stored, last) = match &filling.rows {
                Gathered::Ticks(_) => (stored.ticks, taken.ticks),
                Gathered::Bars(_) => (stored.results, taken.results),
            };
            let first = stored.max(filling.covered) + 1;
            let part = PartName { run: run.clone(), first, last, rows: filling.rows.len() as u64 };
            let bytes = match &mut filling.rows {
                Gathered::Bars(bars) => bars.encode(&path, &partition.symbol)?,
                Gathered::Ticks(ticks) => {
                    ticks.sort();
                    let mut encoder = TickEncoder::new(Vec::new(), path, ticks.kind(), &partition.symbol)?;
                    encoder.write(ticks)?;
                    encoder.finish()?.1
                }
            };
            files.push(NewFile { partition, part, bytes });
        }
        Ok(files)
    }

    /// The manifest with a watermark, and folders that are being written to.
    fn manifest(&self, stored: Watermarks, touched: &[Partition]) -> Manifest {
        let of = |partition: &Partition| match partition.table {
            catalog::Table::Ticks(_) => stored.ticks,
            catalog::Table::Bars => stored.results,
        };
        // Until files are complete, nothing more is promised of times either.
        let times = if stored == self.taken { self.times } else { self.stored_times };
        let beyond = self.covered.iter().filter(|(partition, last)| **last > of(partition));
        let open = beyond.map(|(partition, _)| partition).chain(touched).map(Partition::folder);
        Manifest {
            stored,
            times,
            gaps: self.gaps.clone(),
            open: open.collect::<BTreeSet<String>>().into_iter().collect(),
        }
    }

    /// All that was taken is stored.
    fn committed(&mut self, touched: Vec<Partition>) {
        self.stored = self.taken;
        self.stored_times = self.times;
        self.is_cut_short = false;
        self.since = None;
        self.buffer.clear();
        let Watermarks { ticks, results } = self.stored;
        self.covered.retain(|partition, last| {
            *last > if partition.table == catalog::Table::Bars { results } else { ticks }
        });
        for partition in touched {
            *self.files.entry(partition).or_default() += 1;
        }
    }

    /// Gathers the rows of a batch that are not taken yet.
    fn take(&mut self, batch: &Batch) {
        let (taken, covered) = (self.taken.of(batch.stream()), &self.covered);
        let instruments = &self.dictionary.instruments;
        match &batch.rows {
            Rows::Ticks(ticks) => {
                for tick in ticks.iter().filter(|tick| tick.seq > taken) {
                    self.buffer.tick(tick, instruments, covered);
                }
                if let (Some(first), Some(last)) = (ticks.first(), ticks.last()) {
                    if batch.first_seq > taken + 1 {
                        self.gaps.push((self.times.map_or(first.ts, |(_, last)| last), first.ts));
                    }
                    let first = self.times.map_or(first.ts, |(first, _)| first);
                    self.times = Some((first, last.ts.max(first)));
                }
                self.taken.ticks = batch.last_seq;
            }
            Rows::Results(records) => {
                for record in records.iter().filter(|record| record.seq() > taken) {
                    if let Record::Bar { seq, bar } = record {
                        let symbol = instruments.symbols.name(bar.symbol);
                        let timeframe = self.dictionary.timeframes[usize::from(bar.timeframe)];
                        self.buffer.bar(*seq, timeframe, bar, symbol, covered);
                    }
                }
                self.taken.results = batch.last_seq;
            }
        }
    }
}

impl Store for Archive {
    fn name(&self) -> String {
        self.place.name()
    }

    /// What this process took already it has still, so it is not offered again.
    fn open(&mut self, dictionary: &Dictionary) -> Result<Watermarks, StoreError> {
        let manifest = match &self.run {
            Some(run) if run.dictionary.run == dictionary.run => self.read_manifest(&dictionary.run)?,
            _ => {
                let run = self.open_new(dictionary)?;
                return Ok(self.run.insert(run).taken);
            }
        };
        let run = self.opened();
        if manifest.stored == run.taken && run.taken != run.stored {
            // The last step was taken, and only its answer was lost.
            run.committed(Vec::new());
        } else if manifest.stored != run.stored {
            let why = format!("run {} is archived by another process too; stop one of them", dictionary.run);
            return Err(StoreError::Refused { store: self.place.name(), why });
        }
        Ok(self.opened().taken)
    }

    fn write(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let flush_rows = self.config.flush_rows;
        if self.opened().buffer.len() >= flush_rows {
            self.flush_run()?; // What is in memory stays within bounds while the place is away.
        }
        let run = self.opened();
        if batch.last_seq <= run.taken.of(batch.stream()) {
            return Ok(());
        }
        run.take(batch);
        run.since.get_or_insert_with(|| SystemClock.now());
        if run.buffer.len() >= flush_rows { self.flush_run() } else { Ok(()) }
    }

    fn stored(&self) -> Option<Watermarks> {
        self.run.as_ref().map(|run| run.stored)
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        self.flush_run()
    }

    fn tidy(&mut self, now: Nanos) -> Result<(), StoreError> {
        let flush_after = self.config.flush_after;
        let since = self.opened().since;
        if since.is_some_and(|since| SystemClock.now() >= since.saturating_add(flush_after)) {
            self.flush_run()?;
        }
        self.compact_one(now)
    }
}
