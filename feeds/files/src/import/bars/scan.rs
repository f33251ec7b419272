//! The first pass: what must be known before a bar can become trades.

use super::BarLength;
use super::file::{BarFile, Shape};
use super::length::Differences;
use crate::import::ImportProgress;
use crate::import::error::ImportError;
use crate::import::options::ImportOptions;
use model::{Nanos, SymbolId, SymbolTable, normalise_symbol};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::Ordering;

/// What all files hold.
#[derive(Debug)]
pub(crate) struct Scan {
    /// Of the files, in their order: the earliest time of a row; `None` if no row has a time.
    pub(super) first: Vec<Option<Nanos>>,
    /// Rows of all files.
    pub rows: u64,
    /// Every symbol, as it will be in the catalog.
    pub(super) symbols: SymbolTable,
    /// `None` if no row has a time.
    pub length: Option<BarLength>,
    /// Hashes of the files' lines.
    pub contents: Vec<u128>,
    /// The symbol that was given for rows, in its normal form.
    given: Option<String>,
}

impl Scan {
    /// The id of a row's symbol; `None` if it is none.
    pub(super) fn symbol(&self, text: &str) -> Option<SymbolId> {
        match &self.given {
            Some(given) if text.is_empty() || normalise_symbol(text).is_ok() => self.symbols.id(given),
            _ => self.symbols.id(&normalise_symbol(text).ok()?),
        }
    }
}

/// What one file holds.
struct FileScan {
    first: Option<Nanos>,
    rows: u64,
    differences: Differences,
    /// Distinct texts of the symbol column that are symbols, with a small number of the symbol.
    texts: BTreeMap<String, usize>,
    /// These symbols, numbered from 1.
    names: BTreeMap<String, usize>,
    has_nameless: bool,
    content: u128,
}

/// Reads every file once.
///
/// # Errors
/// [`ImportError`] for the first file that cannot be read as bars, for symbols that cannot be renamed, and where the
/// bars' length is not known.
pub(crate) fn scan(options: &ImportOptions, progress: &ImportProgress) -> Result<Scan, ImportError> {
    let given = options.symbol.as_deref().map(normalise_symbol).transpose().map_err(ImportError::Symbol)?;
    let mut names = Names { given: given.as_deref(), renamed: None, found: BTreeSet::new() };
    let mut files = Vec::new();
    for path in &options.files {
        let file = scan_file(path, options, progress)?;
        names.add(path, &file)?;
        files.push(file);
    }
    Ok(Scan {
        first: files.iter().map(|file| file.first).collect(),
        rows: files.iter().map(|file| file.rows).sum(),
        symbols: SymbolTable::new(std::mem::take(&mut names.found)),
        length: length(options, &files)?,
        contents: files.iter().map(|file| file.content).collect(),
        given,
    })
}

fn scan_file(
    path: &Path,
    options: &ImportOptions,
    progress: &ImportProgress,
) -> Result<FileScan, ImportError> {
    let mut file = BarFile::open(path, &options.columns)?;
    if !file.has_symbols() && options.symbol.is_none() {
        return Err(ImportError::NoSymbol(path.to_owned()));
    }
    let mut found = FileScan {
        first: None,
        rows: 0,
        differences: Differences::default(),
        texts: BTreeMap::new(),
        names: BTreeMap::new(),
        has_nameless: false,
        content: 0,
    };
    while let Some(shape) = file.advance()? {
        found.rows += 1;
        progress.rows.fetch_add(1, Ordering::Relaxed);
        if progress.stop.load(Ordering::Relaxed) {
            return Err(ImportError::Stopped(options.out.clone()));
        }
        if shape == Shape::Cells {
            found.add_row(&file, options);
        }
    }
    found.content = file.content_hash();
    Ok(found)
}

impl FileScan {
    fn add_row(&mut self, file: &BarFile, options: &ImportOptions) {
        let text = file.symbol();
        let key = match self.texts.get(text) {
            Some(key) => *key,
            None => self.add_text(text, options.symbol.is_some()),
        };
        if let Some(ts) = file.ts_event(options.ts_unit) {
            if key > 0 {
                self.differences.push(key, ts);
            }
            self.first = Some(self.first.map_or(ts, |first| first.min(ts)));
        }
    }

    /// The small number of a text that is new: of its symbol, of all symbols if one is given for them, 0 if it is none.
    fn add_text(&mut self, text: &str, is_given: bool) -> usize {
        self.has_nameless |= text.is_empty();
        let Ok(name) = normalise_symbol(text) else { return usize::from(is_given && text.is_empty()) };
        let next = self.names.len() + 1;
        let key = *self.names.entry(name).or_insert(next);
        let key = if is_given { 1 } else { key };
        self.texts.insert(text.to_owned(), key);
        key
    }
}

/// Collects the symbols of the catalog.
struct Names<'a> {
    given: Option<&'a str>,
    /// The first symbol that the given one renames.
    renamed: Option<String>,
    found: BTreeSet<String>,
}

impl Names<'_> {
    fn add(&mut self, path: &Path, file: &FileScan) -> Result<(), ImportError> {
        let Some(given) = self.given else {
            self.found.extend(file.names.keys().cloned());
            return Ok(());
        };
        for name in file.names.keys().cloned() {
            let renamed = self.renamed.get_or_insert_with(|| name.clone());
            if *renamed != name {
                let found = [renamed.clone(), name];
                return Err(ImportError::SeveralSymbols {
                    path: path.to_owned(),
                    given: given.to_owned(),
                    found,
                });
            }
        }
        if file.has_nameless || !file.names.is_empty() {
            self.found.insert(given.to_owned());
        }
        Ok(())
    }
}

/// The length that was given, or the one that all files agree on.
fn length(options: &ImportOptions, files: &[FileScan]) -> Result<Option<BarLength>, ImportError> {
    let mut timed = files.iter().zip(&options.files).filter(|(file, _)| file.first.is_some()).peekable();
    let Some((_, first_path)) = timed.peek().copied() else { return Ok(None) };
    let known = match options.bar_length {
        Some(length) => BarLength { length, is_inferred: false },
        None => {
            let mut lengths = timed.filter_map(|(file, path)| Some((path, file.differences.most_common()?)));
            let Some((path, length)) = lengths.next() else {
                return Err(ImportError::LengthUnknown(first_path.clone()));
            };
            if let Some((other, differs)) = lengths.find(|(_, other)| *other != length) {
                let files = [(path.clone(), length), (other.clone(), differs)];
                return Err(ImportError::LengthsDiffer { files });
            }
            BarLength { length, is_inferred: true }
        }
    };
    if known.length.0 < super::bar::TRADES as i64 {
        return Err(ImportError::LengthTooShort(known.length));
    }
    Ok(Some(known))
}
