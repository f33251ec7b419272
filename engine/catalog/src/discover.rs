//! Finding data files: what is in a catalog, a folder, a file.
//!
//! Why: before the first tick flows, every file's footer has been read and every column it needs found,
//! so a wrong file stops a run at its start. Symbols come from statistics where these tell them, else
//! from the symbol column, never from the file's other columns.

use crate::column::{Column, ReadOptions};
use crate::layout::{Layout, Source};
use crate::location::{Location, ObjectFile, Root};
use crate::open::{open, source_of};
use crate::part::retain_current;
use crate::partition::symbol_of_path;
use crate::read::{TickReader, TimeRange};
use crate::{CatalogError, Chunk, ColumnFault, TickKind, convert};
use model::{Nanos, normalise_symbol};
use objects::{Bucket, ObjectError};
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;
use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What a row group's statistics say of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowGroupSpan {
    /// How many rows.
    pub rows: u64,
    /// Bounds of `ts_event`, ns, where known.
    pub ts_event: Option<TimeSpan>,
    /// Bounds of `ts_recv`, ns, where known and asked for.
    pub ts_recv: Option<TimeSpan>,
}

/// Bounds of a time column in a row group that has no null and no invalid time in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeSpan {
    /// The earliest, ns.
    pub min: i64,
    /// The latest, ns.
    pub max: i64,
}

impl RowGroupSpan {
    /// Whether a row may be of these times; a row without a time may be anywhere.
    pub fn may_hold(&self, range: TimeRange) -> bool {
        self.ts_event
            .is_none_or(|span| span.max >= range.from.0 && (span.min < range.to.0 || range.to == Nanos::MAX))
    }
}

/// One file of ticks.
#[derive(Debug, Clone)]
pub struct DataFile {
    /// Where it is, for people: a path, or a URL in the form of one.
    pub path: PathBuf,
    /// Where it is, for readers.
    pub location: Location,
    /// What it holds.
    pub kind: TickKind,
    /// How many rows.
    pub rows: u64,
    /// Its row groups.
    pub row_groups: Vec<RowGroupSpan>,
    /// Its distinct symbols, normalised, in byte order; texts that are no symbols are left out.
    pub symbols: Vec<String>,
    /// Where its ticks come from, if they are no ticks of a venue: `bars 1m` for ticks made of bars of a minute.
    pub source: Option<String>,
    /// Whether it has a column `ts_recv`. Known only if the options ask for it.
    pub has_ts_recv: bool,
}

/// Lists the files of ticks under some paths, each a catalog, a folder or a file, in byte order of their
/// paths; a file that is named twice is listed once. Hidden files, files not named `.parquet`, the files of an archive
/// that others supersede ([`crate::PartName`]), and the folders `bars` and `rejects` of a folder that is given are
/// passed over.
///
/// # Errors
/// [`CatalogError`] for the first file that cannot be read as ticks, or if a folder holds none.
pub fn discover(paths: &[PathBuf], options: &ReadOptions) -> Result<Vec<DataFile>, CatalogError> {
    let roots: Vec<Root> = paths.iter().cloned().map(Root::Local).collect();
    discover_in(&roots, options)
}

/// The same for paths of this machine and buckets.
///
/// # Errors
/// As [`discover`].
pub fn discover_in(roots: &[Root], options: &ReadOptions) -> Result<Vec<DataFile>, CatalogError> {
    if let Some(symbol) = &options.symbol {
        normalise_symbol(symbol).map_err(CatalogError::Symbol)?;
    }
    let mut found: Vec<Location> = Vec::new();
    for root in roots {
        match root {
            Root::Local(path) => {
                let mut paths = Vec::new();
                collect(path, &mut paths)?;
                found.extend(paths.into_iter().map(Location::Local));
            }
            Root::Bucket { bucket, key } => {
                let keys = collect_objects(bucket, key)?;
                found.extend(ObjectFile::find(bucket, &keys)?.into_iter().map(Location::Object));
            }
        }
    }
    let bytes = |location: &Location| location.path().as_os_str().as_bytes().to_owned();
    found.sort_by_cached_key(bytes);
    let mut seen = BTreeSet::new();
    found.retain(|location| {
        seen.insert(match location {
            Location::Local(path) => std::fs::canonicalize(path).unwrap_or_else(|_| path.clone()),
            Location::Object(file) => file.path.clone(),
        })
    });
    retain_current(&mut found, Location::path);
    let mut first_symbol = None;
    found.iter().map(|location| describe(location, options, &mut first_symbol)).collect()
}

/// The keys of the objects below a prefix that are files of ticks, or the one object of that key.
fn collect_objects(bucket: &Bucket, key: &str) -> Result<Vec<String>, CatalogError> {
    let folder = if key.is_empty() || key.ends_with('/') { key.to_owned() } else { format!("{key}/") };
    let is_wanted = |found: &str| {
        let parts: Vec<&str> = found[folder.len().min(found.len())..].split('/').collect();
        let is_hidden = parts.iter().any(|part| part.starts_with(['.', '_']));
        let is_other = parts.len() > 1 && ["bars", "rejects"].contains(&parts[0]);
        let is_parquet =
            parts.last().is_some_and(|name| Path::new(name).extension().is_some_and(|e| e == "parquet"));
        !is_hidden && !is_other && is_parquet
    };
    let objects = bucket.list(&folder, is_wanted)?;
    if objects.is_empty() && !key.is_empty() && !key.ends_with('/') {
        return match bucket.tail(key, 1) {
            Ok(_) => Ok(vec![key.to_owned()]),
            Err(ObjectError::NotFound { .. }) => Err(CatalogError::NoFiles { path: bucket.url(key).into() }),
            Err(error) => Err(error.into()),
        };
    }
    if objects.is_empty() {
        return Err(CatalogError::NoFiles { path: bucket.url(key).into() });
    }
    Ok(objects.into_iter().map(|object| object.key).collect())
}

fn collect(path: &Path, found: &mut Vec<PathBuf>) -> Result<(), CatalogError> {
    let metadata = std::fs::metadata(path).map_err(|error| CatalogError::Io {
        action: "open",
        path: path.to_owned(),
        error,
    })?;
    if !metadata.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    let before = found.len();
    walk(path, true, found)?;
    if found.len() == before { Err(CatalogError::NoFiles { path: path.to_owned() }) } else { Ok(()) }
}

fn walk(folder: &Path, is_root: bool, found: &mut Vec<PathBuf>) -> Result<(), CatalogError> {
    let io = |error| CatalogError::Io { action: "list", path: folder.to_owned(), error };
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let name = path.file_name().unwrap_or_default();
        if name.as_bytes().starts_with(b".") || name.as_bytes().starts_with(b"_") {
            continue;
        }
        if path.is_dir() {
            if !(is_root && (name == "bars" || name == "rejects")) {
                walk(&path, false, found)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "parquet") {
            found.push(path);
        }
    }
    Ok(())
}

fn describe(
    location: &Location,
    options: &ReadOptions,
    first_symbol: &mut Option<String>,
) -> Result<DataFile, CatalogError> {
    let path = location.path();
    let opened = open(location)?;
    let layout = Layout::of(path, &opened.metadata, options)?;
    let row_groups = spans(&opened.metadata, &layout, options);
    let texts = match &layout.fixed_symbol {
        Some(symbol) => BTreeSet::from([symbol.clone()]),
        None => symbols(location, &opened.metadata, &layout, options)?,
    };
    let mut symbols: BTreeSet<String> = texts.iter().filter_map(|text| normalise_symbol(text).ok()).collect();
    if options.symbol.is_none() {
        check_folder(path, &layout, &symbols)?;
    }
    if let (Some(given), None) = (&options.symbol, &layout.fixed_symbol) {
        for symbol in &symbols {
            let first = first_symbol.get_or_insert_with(|| symbol.clone());
            if first != symbol {
                let found = [first.clone(), symbol.clone()];
                let fault = ColumnFault::SeveralSymbols { given: given.clone(), found };
                return Err(CatalogError::Columns { path: path.to_owned(), fault });
            }
        }
        symbols = normalise_symbol(given).into_iter().collect();
    }
    Ok(DataFile {
        path: path.to_owned(),
        location: location.clone(),
        kind: layout.kind,
        rows: row_groups.iter().map(|group| group.rows).sum(),
        row_groups,
        symbols: symbols.into_iter().collect(),
        source: source_of(&opened.metadata).map(str::to_owned),
        has_ts_recv: layout.source(Column::TsRecv).is_some(),
    })
}

/// A folder `symbol=SYM` and a symbol column say the same, or it is not known which is right.
fn check_folder(path: &Path, layout: &Layout, symbols: &BTreeSet<String>) -> Result<(), CatalogError> {
    let (Some(folder), Some(source)) = (symbol_of_path(path), layout.source(Column::Symbol)) else {
        return Ok(());
    };
    let named = normalise_symbol(&folder).ok();
    match symbols.iter().find(|symbol| named.as_ref() != Some(*symbol)) {
        None => Ok(()),
        Some(found) => {
            let fault =
                ColumnFault::FolderSymbol { column: source.name.clone(), folder, found: found.clone() };
            Err(CatalogError::Columns { path: path.to_owned(), fault })
        }
    }
}

/// The distinct texts of the symbol column.
fn symbols(
    location: &Location,
    metadata: &ArrowReaderMetadata,
    layout: &Layout,
    options: &ReadOptions,
) -> Result<BTreeSet<String>, CatalogError> {
    let source = layout.source(Column::Symbol).expect("a file without a fixed symbol has a symbol column");
    let groups = metadata.metadata().row_groups().iter().filter(|group| group.num_rows() > 0);
    let single = |group| single_symbol(group, metadata, source);
    if let Some(texts) = groups.map(single).collect::<Option<BTreeSet<String>>>() {
        return Ok(texts);
    }
    let columns = [Column::TsEvent, Column::Symbol];
    let mut reader = TickReader::open_only(location, options, TimeRange::ALL, &columns)?;
    let mut chunk = Chunk::new(layout.kind);
    while reader.next_chunk(&mut chunk)? {}
    Ok(reader.symbols().iter().cloned().collect())
}

/// The one symbol of a row group, where its statistics tell that it has one: a writer that shortens them
/// makes the maximum larger, so equal bounds are exact.
fn single_symbol(
    group: &RowGroupMetaData,
    metadata: &ArrowReaderMetadata,
    source: &Source,
) -> Option<String> {
    let Statistics::ByteArray(statistics) = statistics(group, metadata, source)? else { return None };
    let (min, max) = (statistics.min_opt()?, statistics.max_opt()?);
    if min.data() != max.data() {
        return None;
    }
    std::str::from_utf8(min.data()).ok().map(str::to_owned)
}

fn statistics<'a>(
    group: &'a RowGroupMetaData,
    metadata: &ArrowReaderMetadata,
    source: &Source,
) -> Option<&'a Statistics> {
    group.columns().get(source.leaf(metadata.metadata())?)?.statistics()
}

/// What the statistics of each row group say.
pub(crate) fn spans(
    metadata: &ArrowReaderMetadata,
    layout: &Layout,
    options: &ReadOptions,
) -> Vec<RowGroupSpan> {
    let span = |group, column| {
        let source = layout.source(column)?;
        let data_type = metadata.schema().field(source.root).data_type();
        let unit = convert::unit_nanos(data_type).unwrap_or(options.ts_unit.nanos());
        time_span(statistics(group, metadata, source)?, unit)
    };
    let groups = metadata.metadata().row_groups().iter();
    groups
        .map(|group| RowGroupSpan {
            rows: u64::try_from(group.num_rows()).unwrap_or(0),
            ts_event: span(group, Column::TsEvent),
            ts_recv: span(group, Column::TsRecv),
        })
        .collect()
}

fn time_span(statistics: &Statistics, unit: i64) -> Option<TimeSpan> {
    let Statistics::Int64(values) = statistics else { return None };
    if values.null_count_opt() != Some(0) {
        return None;
    }
    let (min, max) = (values.min_opt()?.checked_mul(unit)?, values.max_opt()?.checked_mul(unit)?);
    // A row whose time is invalid is none of the span's: it is reported whatever span is asked for.
    let is_valid = min <= max && Nanos(min).is_tick_time() && Nanos(max).is_tick_time();
    is_valid.then_some(TimeSpan { min, max })
}
