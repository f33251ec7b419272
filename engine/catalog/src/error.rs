//! What can be wrong with a file or a folder of files.
//!
//! Each variant prints one sentence that names the file, and the column or row group where it is known.

use crate::Column;
use std::fmt;
use std::path::PathBuf;

/// Why a catalog or a data file cannot be read or written.
#[derive(Debug)]
pub enum CatalogError {
    /// The operating system refused; its message says why.
    Io {
        /// What was being done: `open`, `read`, …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        error: std::io::Error,
    },
    /// A folder without a single Parquet file of ticks in it.
    NoFiles {
        /// The folder.
        path: PathBuf,
    },
    /// A file of no bytes.
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file does not start as Parquet does.
    NotParquet {
        /// The file.
        path: PathBuf,
    },
    /// The file starts as Parquet but its end is missing.
    Truncated {
        /// The file.
        path: PathBuf,
    },
    /// The footer, which says where everything is, cannot be understood.
    DamagedFooter {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        cause: String,
    },
    /// Pages of a row group cannot be decoded.
    Damaged {
        /// The file.
        path: PathBuf,
        /// The row group, from 0.
        row_group: usize,
        /// The file's name of the column, where one column alone fails too.
        column: Option<String>,
        /// What the decoder said.
        cause: String,
    },
    /// A path that is a pipe, a socket or a device.
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is, in words.
        found: &'static str,
    },
    /// A column that the table needs is compressed by a codec that this build does not have.
    Codec {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// The codec.
        codec: &'static str,
    },
    /// A column that the table needs stands in the file more than once.
    RepeatedColumn {
        /// The file.
        path: PathBuf,
        /// The name that several columns have.
        column: String,
    },
    /// The file can be read as trades and as quotes.
    TwoTables {
        /// The file.
        path: PathBuf,
        /// The file's name of the column of prices.
        price: String,
        /// That of bids.
        bid: String,
        /// That of asks.
        ask: String,
    },
    /// The folder names one symbol and the symbol column another.
    FolderSymbol {
        /// The file.
        path: PathBuf,
        /// The symbol column.
        column: String,
        /// What the folder says.
        folder: String,
        /// What a row says.
        found: String,
    },
    /// A column that the table needs is not in the file.
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: Column,
        /// The name that was looked for.
        name: String,
        /// The names that are there.
        present: Vec<String>,
    },
    /// A column has a type that cannot hold what it should.
    ColumnType {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// Its type.
        found: String,
        /// The types that are read.
        expected: &'static str,
    },
    /// Neither trades (a price column) nor quotes (bid and ask).
    NotTicks {
        /// The file.
        path: PathBuf,
        /// The names that are there.
        present: Vec<String>,
    },
    /// A fixed symbol was given for rows of several symbols.
    SeveralSymbols {
        /// The file in which the second symbol stands.
        path: PathBuf,
        /// The symbol that was to name all rows.
        given: String,
        /// Two symbols of the data.
        found: [String; 2],
    },
    /// A tick was written that is older than the one before it.
    Unsorted {
        /// The catalog's folder.
        path: PathBuf,
        /// The symbol.
        symbol: String,
        /// Time of the tick before, ns.
        previous: i64,
        /// Time of the tick refused, ns.
        ts_event: i64,
    },
    /// The symbol of a writer is not one.
    Symbol(model::SymbolError),
    /// The encoder failed.
    Encode {
        /// The file being written.
        path: PathBuf,
        /// What it said.
        cause: String,
    },
}

impl fmt::Display for CatalogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { action, path, error } => write!(f, "cannot {action} {}: {error}", path.display()),
            Self::NoFiles { path } => {
                write!(
                    f,
                    "{} holds no .parquet file of trades or quotes; give a catalog, a folder or a file",
                    path.display()
                )
            }
            Self::Empty { path } => {
                write!(f, "{} is empty (0 bytes); write or copy the file again", path.display())
            }
            Self::NotParquet { path } => {
                write!(
                    f,
                    "{} is not a Parquet file; write its ticks as Parquet, which is what this build reads",
                    path.display()
                )
            }
            Self::Truncated { path } => {
                write!(
                    f,
                    "{} is truncated: its Parquet footer is missing; write or copy the file again",
                    path.display()
                )
            }
            Self::DamagedFooter { path, cause } => {
                write!(
                    f,
                    "{} has a damaged Parquet footer ({cause}); write or copy the file again",
                    path.display()
                )
            }
            Self::Damaged { path, row_group, column, cause } => {
                write!(f, "{} is damaged in row group {row_group}", path.display())?;
                if let Some(column) = column {
                    write!(f, ", column {column:?}")?;
                }
                write!(f, " ({cause}); write or copy the file again")
            }
            Self::NotAFile { path, found } => {
                write!(f, "{} is {found}; give a regular file or a folder of such", path.display())
            }
            Self::Codec { path, column, codec } => write!(
                f,
                "{}: column {column:?} is compressed with {codec}, which this build cannot read; write it with zstd, snappy, gzip or lz4",
                path.display()
            ),
            Self::RepeatedColumn { path, column } => write!(
                f,
                "{} has more than one column {column:?}; rename the others, so that it is clear which is meant",
                path.display()
            ),
            Self::TwoTables { path, price, bid, ask } => write!(
                f,
                "{} holds trades (column {price:?}) and quotes (columns {bid:?} and {ask:?}) in one table; write them as two files, or name the ones that are meant with data.columns",
                path.display()
            ),
            Self::FolderSymbol { path, column, folder, found } => write!(
                f,
                "{}: the folder says symbol={folder} but column {column:?} says {found:?}; move the file or set data.symbol",
                path.display()
            ),
            Self::MissingColumn { path, column, name, present } => {
                let path = path.display();
                write!(f, "{path} has no column {name:?} (it has {}); ", present.join(", "))?;
                f.write_str(match column {
                    Column::Symbol => {
                        "name it with data.columns, or set data.symbol if all rows are of one symbol"
                    }
                    _ => "name its column with data.columns",
                })
            }
            Self::ColumnType { path, column, found, expected } => {
                write!(f, "{}: column {column:?} is of type {found}; it must be {expected}", path.display())
            }
            Self::NotTicks { path, present } => write!(
                f,
                "{} holds neither trades (a column price) nor quotes (columns bid and ask), but {}; name its columns with data.columns",
                path.display(),
                present.join(", ")
            ),
            Self::SeveralSymbols { path, given, found } => write!(
                f,
                "{}: data.symbol {given:?} would rename rows of several symbols ({:?} and {:?}); leave it out",
                path.display(),
                found[0],
                found[1]
            ),
            Self::Unsorted { path, symbol, previous, ts_event } => write!(
                f,
                "{}: a tick of {symbol} at {ts_event} ns comes after one at {previous} ns; sort the ticks by time before writing them",
                path.display()
            ),
            Self::Symbol(error) => error.fmt(f),
            Self::Encode { path, cause } => {
                write!(f, "cannot write {}: {cause}; check the disk and write it again", path.display())
            }
        }
    }
}

impl std::error::Error for CatalogError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            Self::Symbol(error) => Some(error),
            _ => None,
        }
    }
}
