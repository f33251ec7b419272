//! Ticks of one symbol and kind from several files, in order of time.
//!
//! At equal times a file's rows come before those of later files, as a replay has it. Each file is read chunk by chunk,
//! so memory does not grow with their length.
//! Not here: several symbols, validation (`files` has both).

use crate::{CatalogError, Chunk, Location, ReadOptions, TickKind, TickReader, TickRows, TimeRange};
use std::ops::Range;

/// Reads files together.
#[derive(Debug)]
pub struct CombinedReader {
    kind: TickKind,
    range: TimeRange,
    inputs: Vec<Input>,
}

/// One file.
#[derive(Debug)]
struct Input {
    reader: TickReader,
    chunk: Chunk,
    /// The rows of the chunk that are still to come.
    rows: Range<usize>,
}

impl Input {
    fn open(location: &Location, range: TimeRange) -> Result<Self, CatalogError> {
        let options = ReadOptions { ts_recv: true, ..ReadOptions::default() };
        let reader = TickReader::open(location, &options, range)?;
        let chunk = Chunk::new(reader.kind());
        let mut input = Self { reader, chunk, rows: 0..0 };
        input.refill(range)?;
        Ok(input)
    }

    /// Reads on until there is a row within the range, or the file ends.
    fn refill(&mut self, range: TimeRange) -> Result<(), CatalogError> {
        while self.rows.is_empty() && self.reader.next_chunk(&mut self.chunk)? {
            let times = &self.chunk.ts_event;
            let first = times.partition_point(|&ts| ts < range.from.0);
            let last = times.partition_point(|&ts| range.contains(model::Nanos(ts)) || ts < range.from.0);
            self.rows = first..last;
        }
        Ok(())
    }

    fn head(&self) -> Option<i64> {
        (!self.rows.is_empty()).then(|| self.chunk.ts_event[self.rows.start])
    }
}

impl CombinedReader {
    /// Opens files of one symbol and kind that were written in order of time, as the catalog's are.
    ///
    /// # Errors
    /// [`CatalogError`].
    ///
    /// # Panics
    /// If a file is of another kind.
    pub fn open(kind: TickKind, files: &[Location], range: TimeRange) -> Result<Self, CatalogError> {
        let inputs = files.iter().map(|file| Input::open(file, range)).collect::<Result<Vec<Input>, _>>()?;
        assert!(inputs.iter().all(|input| input.reader.kind() == kind), "files of a table are of its kind");
        Ok(Self { kind, range, inputs })
    }

    /// Which ticks these are.
    pub fn kind(&self) -> TickKind {
        self.kind
    }

    /// Appends the next rows, at least one; `false` at the end of all files.
    ///
    /// # Errors
    /// [`CatalogError`].
    pub fn next_rows(&mut self, rows: &mut TickRows) -> Result<bool, CatalogError> {
        let heads = self.inputs.iter().enumerate().filter_map(|(index, input)| Some((input.head()?, index)));
        let Some((_, earliest)) = heads.clone().min() else { return Ok(false) };
        // All that come before the head of any other file: up to it, with it if that is a later file.
        let other = heads.filter(|(_, index)| *index != earliest).min();
        let input = &mut self.inputs[earliest];
        let times = &input.chunk.ts_event[input.rows.clone()];
        let count = match other {
            None => times.len(),
            Some((ts, index)) if index > earliest => times.partition_point(|&time| time <= ts),
            Some((ts, _)) => times.partition_point(|&time| time < ts),
        };
        let end = input.rows.start + count;
        rows.append(&input.chunk, input.rows.start..end);
        input.rows.start = end;
        input.refill(self.range)?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TickEncoder;
    use model::{Event, Nanos, Price, Quantity, SymbolId, Trade};
    use proptest::prelude::*;

    fn rows(ticks: &[(i64, i64)]) -> TickRows {
        let mut rows = TickRows::new(TickKind::Trades);
        for &(ts, price) in ticks {
            let (price, size) = (Price::new(price), Quantity::new(1));
            let trade = Trade { ts_event: Nanos(ts), price, size, aggressor: 1 };
            rows.push(&Event::trade(Nanos(ts), SymbolId(0), trade));
        }
        rows
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn files_are_read_as_one(
            mut files in prop::collection::vec(prop::collection::vec(0_i64..40, 0..60), 1..5),
            from in -1_i64..45,
            to in -1_i64..45,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let (mut expected, mut locations) = (Vec::new(), Vec::new());
            for (index, times) in files.iter_mut().enumerate() {
                times.sort_unstable();
                let ticks: Vec<(i64, i64)> = times.iter().map(|&ts| (ts, index as i64 + 1)).collect();
                let path = folder.path().join(format!("{index}.parquet"));
                let out = std::fs::File::create(&path).unwrap();
                let mut encoder = TickEncoder::new(out, path.clone(), TickKind::Trades, "X").unwrap();
                encoder.write(&rows(&ticks)).unwrap();
                encoder.finish().unwrap();
                locations.push(Location::from(&path));
                expected.extend(ticks);
            }
            expected.retain(|(ts, _)| (from..to).contains(ts));
            expected.sort_by_key(|(ts, _)| *ts);
            let range = TimeRange { from: Nanos(from), to: Nanos(to) };
            let mut reader = CombinedReader::open(TickKind::Trades, &locations, range).unwrap();
            let mut found = TickRows::new(TickKind::Trades);
            while reader.next_rows(&mut found).unwrap() {}
            prop_assert_eq!(found, rows(&expected));
        }
    }
}
