//! Names of files that an archive writes: `RUN.FIRST-LAST-ROWS.parquet`.
//!
//! A name says what the file speaks for: every row of its run, table, symbol and day whose sequence number is in
//! FIRST..=LAST (16 hexadecimal digits each), and how many these are. So a batch that is written again has the same
//! name as before, and of two files of a run in one folder, one whose span lies within the other's is superseded by
//! it: a reader passes it over, in whichever order a compaction makes the one and removes the others.
//! Not here: which files are put together (`storage`).

use crate::partition::{decode_symbol, encode_symbol};
use crate::{TickKind, partition_dir};
use model::Nanos;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a file of an archive speaks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartName {
    /// The run.
    pub run: String,
    /// The first sequence number.
    pub first: u64,
    /// The last sequence number.
    pub last: u64,
    /// How many rows it has.
    pub rows: u64,
}

impl PartName {
    /// The file's name.
    pub fn file_name(&self) -> String {
        let Self { run, first, last, rows } = self;
        format!("{}.{first:016x}-{last:016x}-{rows}.parquet", encode_symbol(run))
    }

    /// Reads a file's name; `None` if no archive has written it.
    pub fn parse(file_name: &str) -> Option<Self> {
        let (run, span) = file_name.strip_suffix(".parquet")?.rsplit_once('.')?;
        let mut parts = span.split('-');
        let mut seq = || {
            let digits = parts.next().filter(|digits| digits.len() == 16)?;
            u64::from_str_radix(digits, 16).ok()
        };
        let (first, last) = (seq()?, seq()?);
        let rows = parts.next()?.parse().ok()?;
        let part = Self { run: decode_symbol(run)?, first, last, rows };
        // One name each: what would be printed otherwise is a stranger's.
        (first <= last && part.file_name() == file_name).then_some(part)
    }
}

/// Which of these parts of one folder are superseded, in their order.
pub fn superseded(parts: &[PartName]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|&index| {
        let PartName { run, first, last, .. } = &parts[index];
        (run, *first, std::cmp::Reverse(*last))
    });
    let mut is_superseded = vec![false; parts.len()];
    let mut widest: Option<&PartName> = None;
    for index in order {
        let part = &parts[index];
        match widest {
            Some(before) if before.run == part.run && part.last <= before.last => is_superseded[index] = true,
            _ => widest = Some(part),
        }
    }
    is_superseded
}

/// Drops the paths of files that others in their folder supersede.
pub(crate) fn retain_current<T>(found: &mut Vec<T>, path: impl Fn(&T) -> &Path) {
    let mut folders: BTreeMap<PathBuf, Vec<(usize, PartName)>> = BTreeMap::new();
    for (index, file) in found.iter().enumerate() {
        let path = path(file);
        let name = path.file_name().and_then(|name| name.to_str());
        if let (Some(part), Some(folder)) = (name.and_then(PartName::parse), path.parent()) {
            folders.entry(folder.to_owned()).or_default().push((index, part));
        }
    }
    let mut is_dropped = vec![false; found.len()];
    for parts in folders.into_values() {
        let (indices, parts): (Vec<usize>, Vec<PartName>) = parts.into_iter().unzip();
        for (index, is_superseded) in indices.into_iter().zip(superseded(&parts)) {
            is_dropped[index] = is_superseded;
        }
    }
    let mut dropped = is_dropped.into_iter();
    found.retain(|_| !dropped.next().expect("one for each"));
}

/// A table of a catalog: quotes, trades, or bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Ticks of a kind.
    Ticks(TickKind),
    /// Bars.
    Bars,
}

impl Table {
    /// Its name, which is also its folder.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ticks(kind) => kind.name(),
            Self::Bars => "bars",
        }
    }
}

/// A day of a symbol in a table: a folder of a catalog.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Partition {
    /// Which table.
    pub table: Table,
    /// Whose.
    pub symbol: String,
    /// The UTC day, counted from 1970-01-01.
    pub day: i64,
}

impl Partition {
    /// The partition of a time.
    pub fn of(table: Table, symbol: &str, ts: Nanos) -> Self {
        Self { table, symbol: symbol.to_owned(), day: crate::partition::day_of(ts) }
    }

    /// Its folder from the catalog's root, with slashes.
    pub fn folder(&self) -> String {
        let path = match self.table {
            Table::Ticks(kind) => partition_dir(Path::new(""), kind, &self.symbol, self.day),
            Table::Bars => crate::partition::table_dir("bars", &self.symbol, self.day),
        };
        path.to_str().expect("its parts are text").to_owned()
    }

    /// The partition of a folder from the catalog's root.
    pub fn parse(folder: &str) -> Option<Self> {
        let mut parts = folder.trim_end_matches('/').split('/');
        let table = match parts.next()? {
            "trades" => Table::Ticks(TickKind::Trades),
            "quotes" => Table::Ticks(TickKind::Quotes),
            "bars" => Table::Bars,
            _ => return None,
        };
        let symbol = decode_symbol(parts.next()?.strip_prefix("symbol=")?)?;
        let day = crate::partition::day_of_text(parts.next()?.strip_prefix("date=")?)?;
        let partition = Self { table, symbol, day };
        (parts.next().is_none() && partition.folder() == folder.trim_end_matches('/')).then_some(partition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(run: &str, first: u64, last: u64) -> PartName {
        PartName { run: run.to_owned(), first, last, rows: last - first + 1 }
    }

    #[test]
    fn names_say_what_files_speak_for() {
        for run in ["live", "a.b-c d/é", "0000000000000001-0000000000000002-3"] {
            let part = part(run, 1, u64::MAX - 1);
            assert_eq!(PartName::parse(&part.file_name()), Some(part));
        }
        assert_eq!(part("live", 10, 255).file_name(), "live.000000000000000a-00000000000000ff-246.parquet");
        for other in [
            "part-0.parquet",
            "live.000000000000000A-00000000000000ff-1.parquet",
            "live.00000000000000ff-000000000000000a-1.parquet",
            "live.000000000000000a-00000000000000ff-01.parquet",
            "live.000000000000000a-00000000000000ff-1-2.parquet",
            "live.000000000000000a-00000000000000ff.parquet",
            "live.000000000000000a-00000000000000ff-1.csv",
        ] {
            assert_eq!(PartName::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_file_within_another_of_its_run_is_passed_over() {
        let parts = [
            part("a", 1, 5),
            part("a", 1, 2),
            part("a", 3, 5),
            part("a", 6, 9),
            part("b", 2, 3),
            part("a", 6, 6),
        ];
        assert_eq!(superseded(&parts), [false, true, true, false, false, true]);
        let mut paths: Vec<PathBuf> =
            parts.iter().map(|part| Path::new("day").join(part.file_name())).collect();
        paths.push(Path::new("other").join(part("a", 1, 2).file_name()));
        paths.push("day/part-0.parquet".into());
        let mut kept = paths.clone();
        retain_current(&mut kept, |path| path);
        let expected: Vec<PathBuf> = [0, 3, 4, 6, 7].iter().map(|&index| paths[index].clone()).collect();
        assert_eq!(kept, expected);
    }

    #[test]
    fn folders_are_partitions() {
        for table in [Table::Bars, Table::Ticks(TickKind::Trades), Table::Ticks(TickKind::Quotes)] {
            for ts in [0, -1, 1_723_161_255_342_000_000] {
                let partition = Partition::of(table, "A/B", Nanos(ts));
                assert_eq!(Partition::parse(&partition.folder()), Some(partition));
            }
        }
        assert_eq!(Partition::of(Table::Bars, "A/B", Nanos(0)).folder(), "bars/symbol=A%2FB/date=1970-01-01");
        for other in
            ["trades", "trades/symbol=A", "x/symbol=A/date=1970-01-01", "trades/symbol=A/date=1970-1-1"]
        {
            assert_eq!(Partition::parse(other), None, "{other}");
        }
    }
}
