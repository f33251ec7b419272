//! What can be wrong with the columns of a file that is a whole one.
//!
//! Each variant prints the rest of a sentence that starts with the file.

use crate::Column;
use std::fmt;

/// Why a file's columns cannot be read as ticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnFault {
    /// A column that the table needs is not there.
    Missing {
        /// The column.
        column: Column,
        /// The name that was looked for.
        name: String,
        /// The names that are there.
        present: Vec<String>,
    },
    /// A column that the table needs stands there more than once.
    Repeated {
        /// The name that several columns have.
        column: String,
    },
    /// A column has a type that cannot hold what it should.
    Type {
        /// The column.
        column: String,
        /// Its type.
        found: String,
        /// The types that are read.
        expected: &'static str,
    },
    /// A column that the table needs is compressed by a codec that this build does not have.
    Codec {
        /// The column.
        column: String,
        /// The codec.
        codec: &'static str,
    },
    /// Neither trades (a price column) nor quotes (bid and ask).
    NotTicks {
        /// The names that are there.
        present: Vec<String>,
    },
    /// The file can be read as trades and as quotes.
    TwoTables {
        /// The file's name of the column of prices.
        price: String,
        /// That of bids.
        bid: String,
        /// That of asks.
        ask: String,
    },
    /// The folder names one symbol and the symbol column another.
    FolderSymbol {
        /// The symbol column.
        column: String,
        /// What the folder says.
        folder: String,
        /// What a row says.
        found: String,
    },
    /// A fixed symbol was given for rows of several symbols.
    SeveralSymbols {
        /// The symbol that was to name all rows.
        given: String,
        /// Two symbols of the data.
        found: [String; 2],
    },
}

impl fmt::Display for ColumnFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { column, name, present } => {
                write!(f, " has no column {name:?} (it has {}); ", present.join(", "))?;
                f.write_str(match column {
                    Column::Symbol => {
                        "name it with data.columns, or set data.symbol if all rows are of one symbol"
                    }
                    _ => "name its column with data.columns",
                })
            }
            Self::Repeated { column } => write!(
                f,
                " has more than one column {column:?}; rename the others, so that it is clear which is meant"
            ),
            Self::Type { column, found, expected } => {
                write!(f, ": column {column:?} is of type {found}; it must be {expected}")
            }
            Self::Codec { column, codec } => write!(
                f,
                ": column {column:?} is compressed with {codec}, which this build cannot read; write it with zstd, snappy, gzip or lz4"
            ),
            Self::NotTicks { present } => write!(
                f,
                " holds neither trades (a column price) nor quotes (columns bid and ask), but {}; name its columns with data.columns",
                present.join(", ")
            ),
            Self::TwoTables { price, bid, ask } => write!(
                f,
                " holds trades (column {price:?}) and quotes (columns {bid:?} and {ask:?}) in one table; write them as two files, or name the ones that are meant with data.columns"
            ),
            Self::FolderSymbol { column, folder, found } => write!(
                f,
                ": the folder says symbol={folder} but column {column:?} says {found:?}; move the file or set data.symbol"
            ),
            Self::SeveralSymbols { given, found: [first, second] } => write!(
                f,
                ": data.symbol {given:?} would rename rows of several symbols ({first:?} and {second:?}); leave it out"
            ),
        }
    }
}

impl std::error::Error for ColumnFault {}
