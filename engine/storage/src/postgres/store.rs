//! The store itself: a batch and its watermark in one transaction.

use super::copy::Sheet;
use super::ddl::{Flavour, TABLES, tidy_statements};
use super::dictionary::register;
use super::failure::unavailable;
use super::link::Link;
use super::migrate::migrate;
use super::partitions::{Partitions, start_of};
use super::rows::{Encoder, record_table, tick_table};
use super::settings::{PostgresSettings, Target};
use crate::{Batch, Dictionary, Record, Rows, Store, StoreError, Stream, Watermarks};
use model::{Event, Nanos};
use std::collections::BTreeSet;

/// Bytes of COPY that are sent at a time.
const PIECE_BYTES: usize = 128 * 1024;

/// The warm or the cold tier in PostgreSQL.
#[derive(Debug)]
pub struct PostgresStore {
    target: Target,
    open: Option<Open>,
}

/// What stands while a connection does.
#[derive(Debug)]
struct Open {
    link: Link,
    flavour: Flavour,
    partitions: Partitions,
    run: i32,
    encoder: Encoder,
    watermarks: Watermarks,
    /// Whether ticks are missing right before the next.
    gap_is_open: bool,
}

impl PostgresStore {
    /// A store that connects when it is opened.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where the settings cannot be right.
    pub fn new(settings: &PostgresSettings) -> Result<Self, StoreError> {
        Ok(Self { target: settings.check()?, open: None })
    }

    /// Which flavour the schema is of; `None` while the store is not open.
    pub fn flavour(&self) -> Option<Flavour> {
        self.open.as_ref().map(|open| open.flavour)
    }

    /// Runs a step; after an error nothing is known of the connection, so it is closed.
    fn step(&mut self, step: impl FnOnce(&mut Open) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let Some(open) = &mut self.open else {
            return Err(unavailable(&self.target.name, "it is not open".to_owned()));
        };
        let result = step(open);
        if result.is_err() {
            self.open = None;
        }
        result
    }
}

impl Store for PostgresStore {
    fn name(&self) -> String {
        self.target.name.clone()
    }

    fn open(&mut self, dictionary: &Dictionary) -> Result<Watermarks, StoreError> {
        // The old connection goes first: what it left undone is rolled back and its locks are freed.
        self.open = None;
        let link = Link::connect(&self.target)?;
        let flavour = migrate(&link)?;
        let partitions = Partitions::load(&link)?;
        let known = register(&link, dictionary)?;
        let encoder = Encoder::new(dictionary, known.run, known.symbols);
        let (run, watermarks, gap_is_open) = (known.run, known.watermarks, known.gap_is_open);
        self.open = Some(Open { link, flavour, partitions, run, encoder, watermarks, gap_is_open });
        Ok(watermarks)
    }

    fn write(&mut self, batch: &Batch) -> Result<(), StoreError> {
        self.step(|open| open.write(batch))
    }

    fn tidy(&mut self, now: Nanos) -> Result<(), StoreError> {
        self.step(|open| open.tidy(now))
    }
}

impl Open {
    fn write(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let stream = batch.stream();
        let stored = self.watermarks.of(stream);
        assert!(batch.first_seq > stored, "a batch begins above the watermark {stored}: {}", batch.first_seq);
        let keep_from = self.keep_from(batch);
        self.make_partitions(batch, keep_from)?;
        self.link.run("BEGIN")?;
        self.advance(batch, stored, keep_from)?;
        match &batch.rows {
            Rows::Ticks(ticks) => self.copy_ticks(ticks, keep_from)?,
            Rows::Results(records) => self.copy_records(records, keep_from)?,
        }
        self.link.run("COMMIT")?;
        match stream {
            Stream::Ticks => self.watermarks.ticks = batch.last_seq,
            Stream::Results => self.watermarks.results = batch.last_seq,
        }
        Ok(())
    }

    /// Rows before this are past their retention at the end of the batch and are not written, or a batch of daily ticks
    /// would make a partition for each of its rows.
    fn keep_from(&self, batch: &Batch) -> Nanos {
        let last = match &batch.rows {
            Rows::Ticks(ticks) => ticks.iter().map(|tick| tick.ts).max(),
            Rows::Results(records) => records.iter().map(|record| record_table(record).1).max(),
        };
        let retention = self.link.target().settings.retention;
        last.map_or(Nanos::MIN, |last| start_of(last.saturating_add(Nanos(-retention.0)), Nanos::DAY))
    }

    fn make_partitions(&mut self, batch: &Batch, keep_from: Nanos) -> Result<(), StoreError> {
        if self.flavour == Flavour::Timescale {
            return Ok(());
        }
        let tier = self.link.target().settings.tier;
        let widths: [Nanos; TABLES.len()] = std::array::from_fn(|place| TABLES[place].partition_width(tier));
        let mut wanted: BTreeSet<(usize, Nanos)> = BTreeSet::new();
        let mut last = [None; TABLES.len()];
        let mut want = |place: usize, ts: Nanos| {
            let inside =
                last[place].is_some_and(|start: Nanos| (start.0..start.0 + widths[place].0).contains(&ts.0));
            if !inside && ts >= keep_from {
                let start = start_of(ts, widths[place]);
                last[place] = Some(start);
                wanted.insert((place, start));
            }
        };
        match &batch.rows {
            Rows::Ticks(ticks) => ticks.iter().for_each(|tick| want(tick_table(tick), tick.ts)),
            Rows::Results(records) => records.iter().for_each(|record| {
                let (place, ts) = record_table(record);
                want(place, ts);
            }),
        }
        for (place, start) in wanted {
            self.partitions.ensure(&self.link, place, start)?;
        }
        Ok(())
    }

    /// Moves the watermark within the transaction, from where it is believed to be. Its row stays locked until the end,
    /// so no other connection stores anything of this run and stream meanwhile.
    ///
    /// With it moves what is said of the ticks: from when on, and until when, every one of them is here.
    fn advance(&mut self, batch: &Batch, stored: u64, keep_from: Nanos) -> Result<(), StoreError> {
        let times = tick_times(batch, keep_from);
        let is_after_hole = self.note_gap(batch, stored, times)?;
        // After a hole at the beginning, others of the first instant may be missing.
        let begins = times.map(|(first, _)| first.0.saturating_add(i64::from(is_after_hole)));
        let leaves_out =
            matches!(&batch.rows, Rows::Ticks(ticks) if ticks.iter().any(|tick| tick.ts < keep_from));
        let floor = leaves_out.then_some(keep_from.0);
        let last = times.map(|(_, last)| last.0);
        let schema = &self.link.target().settings.schema;
        let update = format!(
            "UPDATE {schema}.watermarks SET seq = $4, whole_from_ns = greatest(coalesce(whole_from_ns, $5), $6), \
             whole_to_ns = coalesce($7, whole_to_ns) WHERE run = $1 AND stream = $2 AND seq = $3"
        );
        let (from, to) = (stored as i64, batch.last_seq as i64);
        let stream = batch.stream().name();
        let moved = self.link.execute(&update, &[&self.run, &stream, &from, &to, &begins, &floor, &last])?;
        if moved == 1 {
            return Ok(());
        }
        let why = format!("the watermark is not at {stored} any more: another connection stored meanwhile");
        Err(unavailable(&self.link.target().name, why))
    }

    /// Remembers a hole before the batch, and where one ends that an earlier batch without rows left open. Whether
    /// there is one.
    fn note_gap(
        &mut self,
        batch: &Batch,
        stored: u64,
        times: Option<(Nanos, Nanos)>,
    ) -> Result<bool, StoreError> {
        let (schema, stream) = (&self.link.target().settings.schema, batch.stream());
        let was_open = self.gap_is_open && stream == Stream::Ticks;
        let first = times.map(|(first, _)| first.0);
        if batch.first_seq > stored + 1 {
            let insert = format!(
                "INSERT INTO {schema}.gaps SELECT run, stream, seq + 1, $3, whole_to_ns, $4 FROM {schema}.watermarks \
                 WHERE run = $1 AND stream = $2 AND seq = $5 FOR UPDATE"
            );
            let (before, last) = (stored as i64, batch.first_seq as i64 - 1);
            self.link.execute(&insert, &[&self.run, &stream.name(), &last, &first, &before])?;
            self.gap_is_open |= stream == Stream::Ticks;
        }
        let is_after_hole = was_open || batch.first_seq > stored + 1;
        if self.gap_is_open && first.is_some() {
            let close = format!(
                "UPDATE {schema}.gaps SET to_ns = $2 WHERE run = $1 AND stream = 'ticks' AND to_ns IS NULL"
            );
            self.link.execute(&close, &[&self.run, &first])?;
            self.gap_is_open = false;
        }
        Ok(is_after_hole)
    }

    fn copy_ticks(&self, ticks: &[Event], keep_from: Nanos) -> Result<(), StoreError> {
        for (place, table) in TABLES.iter().enumerate().filter(|(_, table)| table.is_ticks) {
            let mut rows =
                ticks.iter().filter(|tick| tick_table(tick) == place && tick.ts >= keep_from).peekable();
            if rows.peek().is_none() {
                continue;
            }
            let (mut sheet, mut ended) = (Sheet::default(), false);
            let pieces = || {
                while sheet.len() < PIECE_BYTES && !ended {
                    match rows.next() {
                        Some(tick) => self.encoder.tick(&mut sheet, tick),
                        None => {
                            sheet.end();
                            ended = true;
                        }
                    }
                }
                (sheet.len() > 0).then(|| sheet.take())
            };
            self.link.copy_in(&copy_statement(&self.link, table.name), pieces)?;
        }
        Ok(())
    }

    fn copy_records(&mut self, records: &[Record], keep_from: Nanos) -> Result<(), StoreError> {
        let mut sheets: [Sheet; TABLES.len()] = Default::default();
        let (mut seq, mut place) = (0, 0);
        for record in records {
            place = if record.seq() == seq { place + 1 } else { 0 };
            seq = record.seq();
            let (table, ts) = record_table(record);
            if ts >= keep_from {
                self.encoder.record(&mut sheets[table], record, place);
            }
        }
        for (sheet, table) in sheets.iter_mut().zip(&TABLES).filter(|(sheet, _)| sheet.len() > 0) {
            sheet.end();
            let mut all = sheet.take();
            let pieces = || {
                let piece = all.split_to(all.len().min(PIECE_BYTES));
                (!piece.is_empty()).then_some(piece)
            };
            self.link.copy_in(&copy_statement(&self.link, table.name), pieces)?;
        }
        Ok(())
    }

    fn tidy(&mut self, now: Nanos) -> Result<(), StoreError> {
        let settings = &self.link.target().settings;
        match self.flavour {
            Flavour::Partitions => {
                let cutoff = now.saturating_add(Nanos(-settings.retention.0));
                self.partitions.drop_old(&self.link, cutoff)?;
                self.partitions.index_complete(&self.link, now)
            }
            Flavour::Timescale => tidy_statements(&settings.schema, settings.retention, now)
                .iter()
                .try_for_each(|statement| self.link.run_long(statement)),
        }
    }
}

/// Engine time of the first and last tick that is stored of a batch; `None` if there is none.
fn tick_times(batch: &Batch, keep_from: Nanos) -> Option<(Nanos, Nanos)> {
    let Rows::Ticks(ticks) = &batch.rows else { return None };
    let mut kept = ticks.iter().map(|tick| tick.ts).filter(|ts| *ts >= keep_from);
    let first = kept.next()?;
    Some((first, kept.next_back().unwrap_or(first)))
}

fn copy_statement(link: &Link, table: &str) -> String {
    format!("COPY {}.{table} FROM STDIN (FORMAT binary)", link.target().settings.schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_is_not_open_says_so() {
        let mut store =
            PostgresStore::new(&PostgresSettings::warm("postgres://ann@h/m", None)).expect("settings");
        let error = store.tidy(Nanos(0)).expect_err("it is not open");
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    }
}
