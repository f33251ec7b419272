//! Why files cannot be imported. Each variant prints one sentence that names the file and says what to do.

use super::bars::length_text;
use super::options::{Format, TS};
use catalog::CatalogError;
use model::{Nanos, SymbolError};
use std::fmt;
use std::path::PathBuf;

/// Why the names of columns cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnNamesError {
    /// A part is not of the form NAME=COLUMN.
    NotAPair(String),
    /// A name is none of the format's columns.
    Unknown {
        /// The name.
        name: String,
        /// The format.
        format: Format,
    },
    /// A column is named twice.
    Twice(&'static str),
}

impl fmt::Display for ColumnNamesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAPair(text) => {
                write!(f, "{text:?} is not of the form NAME=COLUMN; write pairs with commas between them")
            }
            Self::Unknown { name, format } => {
                let known = format.columns().join(", ");
                write!(f, "{name:?} is no column of {}; use {TS}, {known}", format.name())
            }
            Self::Twice(name) => write!(f, "{name} is named twice; name it once"),
        }
    }
}

impl std::error::Error for ColumnNamesError {}

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// It is not.
    Plain,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

impl Codec {
    /// Its name in sentences.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// Why files cannot be imported.
#[derive(Debug)]
pub enum ImportError {
    /// The operating system refused.
    Io {
        /// What was being done.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        error: std::io::Error,
    },
    /// A path that is no regular file.
    NotAFile(PathBuf),
    /// A file without a header line.
    Empty(PathBuf),
    /// A name that ends as those of packed files do, on a file that is not packed so.
    NotPacked {
        /// The file.
        path: PathBuf,
        /// What the name says.
        codec: Codec,
    },
    /// A packed file that cannot be unpacked to its end.
    Damaged {
        /// The file.
        path: PathBuf,
        /// How it is packed.
        codec: Codec,
        /// What the decoder said.
        cause: String,
    },
    /// The first line is no text.
    NotText(PathBuf),
    /// A column is not there.
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// Our name of the column.
        column: &'static str,
        /// The name that was looked for.
        name: String,
        /// The names that are there.
        present: Vec<String>,
    },
    /// Several columns have the name of one that is needed.
    RepeatedColumn {
        /// The file.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// A fixed symbol is none.
    Symbol(SymbolError),
    /// Rows have no symbol, and none was given.
    NoSymbol(PathBuf),
    /// A fixed symbol was given for rows of several symbols.
    SeveralSymbols {
        /// The file that brought the second.
        path: PathBuf,
        /// The symbol that was to name all rows.
        given: String,
        /// Two symbols of the data.
        found: [String; 2],
    },
    /// The bars' length cannot be told from their times.
    LengthUnknown(PathBuf),
    /// Two files hold bars of different lengths.
    LengthsDiffer {
        /// The files and what their times say.
        files: [(PathBuf, Nanos); 2],
    },
    /// Bars too short to be cut in four.
    LengthTooShort(Nanos),
    /// A bad row where the first is to end the import.
    BadRow {
        /// The file.
        path: PathBuf,
        /// The row.
        row: u64,
        /// Why it is bad.
        reason: &'static str,
        /// The column at fault, where it is one.
        column: Option<&'static str>,
        /// The row as it stands in the file.
        raw: String,
    },
    /// The catalog has other ticks of a symbol's day.
    DayTaken {
        /// The day's folder.
        path: PathBuf,
    },
    /// The catalog's path is a file.
    NotAFolder(PathBuf),
    /// Another import writes to the catalog.
    Busy {
        /// The catalog.
        path: PathBuf,
        /// The other process.
        process: u32,
    },
    /// Somebody asked to stop.
    Stopped(PathBuf),
    /// The catalog could not be read or written.
    Catalog(CatalogError),
}

impl ImportError {
    /// Whether the user can mend it where the command was written, rather than in data or disk.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Symbol(_) | Self::NotAFolder(_) => true,
            Self::Io { action: OPEN, error, .. } => error.kind() == std::io::ErrorKind::NotFound,
            _ => false,
        }
    }
}

/// The action of opening a raw file.
pub(crate) const OPEN: &str = "open";

impl From<CatalogError> for ImportError {
    fn from(error: CatalogError) -> Self {
        Self::Catalog(error)
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { action, path, error } => {
                write!(
                    f,
                    "cannot {action} {} ({error}); check the path, the disk and the rights",
                    path.display()
                )
            }
            Self::NotAFile(_)
            | Self::Empty(_)
            | Self::NotPacked { .. }
            | Self::Damaged { .. }
            | Self::NotText(_) => self.file(f),
            Self::MissingColumn { .. } | Self::RepeatedColumn { .. } => self.column(f),
            Self::Symbol(error) => write!(f, "--symbol: {error}"),
            Self::NoSymbol(path) => {
                write!(
                    f,
                    "{} has no column \"symbol\"; name the symbol of its rows with --symbol",
                    path.display()
                )
            }
            Self::SeveralSymbols { path, given, found: [first, second] } => write!(
                f,
                "{}: --symbol {given:?} would rename rows of several symbols ({first:?} and {second:?}); leave it out",
                path.display()
            ),
            Self::LengthUnknown(_) | Self::LengthsDiffer { .. } | Self::LengthTooShort(_) => self.length(f),
            Self::BadRow { path, row, reason, column, raw } => {
                let column = column.map_or(String::new(), |column| format!(" in column {column}"));
                write!(
                    f,
                    "{}, row {row}: {reason}{column} ({raw}); mend it or set ingest.on_bad_row to \"reject\"",
                    path.display()
                )
            }
            Self::DayTaken { path } => write!(
                f,
                "{} is there already and holds other ticks; import all files of that day together into a new folder, or remove it first",
                path.display()
            ),
            Self::NotAFolder(path) => write!(f, "{} is a file; name a folder with --out", path.display()),
            Self::Busy { path, process } => write!(
                f,
                "another import (process {process}) writes to {}; wait for it or name another folder with --out",
                path.display()
            ),
            Self::Stopped(path) => {
                write!(f, "stopped by a signal before the end; {} is as it was, run it again", path.display())
            }
            Self::Catalog(error) => error.fmt(f),
        }
    }
}

impl ImportError {
    fn file(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAFile(path) => write!(f, "{} is not a regular file; give files", path.display()),
            Self::Empty(path) => {
                write!(f, "{} is empty: it has no header line; write or copy the file again", path.display())
            }
            Self::NotPacked { path, codec } => {
                let name = codec.name();
                write!(
                    f,
                    "{} is no {name} file, though its name says so; rename or copy it again",
                    path.display()
                )
            }
            Self::Damaged { path, codec, cause } => {
                let name = codec.name();
                write!(f, "{} is truncated or damaged ({name}: {cause}); copy the file again", path.display())
            }
            Self::NotText(path) => {
                write!(f, "{} is no CSV: its first line is not UTF-8 text; write it as UTF-8", path.display())
            }
            other => unreachable!("{other:?} is not about a file"),
        }
    }

    fn column(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingColumn { path, column, name, present } => {
                let column = if *column == super::options::TS_EVENT { TS } else { column };
                write!(
                    f,
                    "{} has no column {name:?} (it has {}); name it with --columns {column}=COLUMN",
                    path.display(),
                    present.join(", ")
                )
            }
            Self::RepeatedColumn { path, name } => write!(
                f,
                "{} has several columns {name:?}; rename all but one, or name another with --columns",
                path.display()
            ),
            other => unreachable!("{other:?} is not about columns"),
        }
    }

    fn length(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LengthUnknown(path) => write!(
                f,
                "{}: the length of its bars cannot be told from their times; give it with --bar-length",
                path.display()
            ),
            Self::LengthsDiffer { files: [(a, length_a), (b, length_b)] } => write!(
                f,
                "{} has bars of {} and {} of {}; import them apart, or say which with --bar-length",
                a.display(),
                length_text(*length_a),
                b.display(),
                length_text(*length_b)
            ),
            Self::LengthTooShort(length) => write!(
                f,
                "bars of {} cannot be cut in four; check --ts-unit, or give the length with --bar-length",
                length_text(*length)
            ),
            other => unreachable!("{other:?} is not about lengths"),
        }
    }
}

impl std::error::Error for ImportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            Self::Symbol(error) => Some(error),
            Self::Catalog(error) => Some(error),
            _ => None,
        }
    }
}
