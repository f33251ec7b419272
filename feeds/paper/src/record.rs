//! The witness: an append-only file of the orders that the venue saw.
//!
//! An order is written before anything is done with it, in one line that a person can read:
//! `ID side quantity symbol-number type | EVENT`. A last line that was cut, because the venue was killed while it
//! wrote, is no order: its engine never had an answer.
//! Not here: answers. They follow from the orders and the ticks.

use crate::line::{Words, write_event};
use model::{Event, Kind, Order, OrderType};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Why the record cannot be used.
#[derive(Debug)]
pub enum RecordError {
    /// It cannot be read or written.
    Io {
        /// The file.
        path: PathBuf,
        /// What was said.
        error: io::Error,
    },
    /// A line is no order.
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Why not.
        why: String,
    },
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, error } => {
                write!(
                    f,
                    "the venue's record {} cannot be kept ({error}); mend it and resume",
                    path.display()
                )
            }
            Self::Damaged { path, line, why } => write!(
                f,
                "line {line} of the venue's record {} is no order ({why}); give back the file as the venue wrote it",
                path.display()
            ),
        }
    }
}

impl std::error::Error for RecordError {}

/// An order that the venue saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its client order id.
    pub id: String,
    /// The order.
    pub order: Event,
}

/// The record, open for appending.
#[derive(Debug)]
pub struct Record {
    path: PathBuf,
    file: File,
    /// By client order id.
    orders: BTreeMap<String, Event>,
}

impl Record {
    /// Opens the record, or makes it.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn open(path: &Path) -> Result<Self, RecordError> {
        let failed = |error| RecordError::Io { path: path.to_owned(), error };
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(path).map_err(failed)?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(failed)?;
        if !text.is_empty() && !text.ends_with('\n') {
            // The cut line stays, as one of its own that is no order.
            file.write_all(b" cut\n").map_err(failed)?;
            text.push_str(" cut\n");
        }
        let orders = parse(path, &text)?.into_iter().map(|seen| (seen.id, seen.order)).collect();
        Ok(Self { path: path.to_owned(), file, orders })
    }

    /// The orders in a record, in the order the venue saw them.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn read(path: &Path) -> Result<Vec<Recorded>, RecordError> {
        let failed = |error| RecordError::Io { path: path.to_owned(), error };
        let mut text = std::fs::read_to_string(path).map_err(failed)?;
        text.truncate(text.rfind('\n').map_or(0, |end| end + 1));
        parse(path, &text)
    }

    /// How many orders it has.
    pub(crate) fn len(&self) -> usize {
        self.orders.len()
    }

    /// An order by its id.
    pub(crate) fn order(&self, id: &str) -> Option<&Event> {
        self.orders.get(id)
    }

    /// Writes an order down. An order that is sent again is written down again: that is what a witness is for.
    pub(crate) fn append(&mut self, id: &str, event: &Event) -> Result<(), RecordError> {
        let Order { side, quantity, symbol, order_type, .. } = Order::from_event(event);
        let mut line = format!("{id} {} {quantity} {} {}", side.name(), symbol.0, order_type.name());
        if let OrderType::Limit(price) = order_type {
            write!(line, " {price}").expect("a string can always grow");
        }
        line.push_str(" | ");
        write_event(&mut line, event);
        line.push('\n');
        let written = self.file.write_all(line.as_bytes());
        written.map_err(|error| RecordError::Io { path: self.path.clone(), error })?;
        self.orders.insert(id.to_owned(), *event);
        Ok(())
    }
}

fn parse(path: &Path, text: &str) -> Result<Vec<Recorded>, RecordError> {
    let mut orders = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.ends_with(" cut") {
            continue;
        }
        let damaged =
            |why: &str| RecordError::Damaged { path: path.to_owned(), line: number + 1, why: why.to_owned() };
        let (head, tail) = line.split_once(" | ").ok_or_else(|| damaged("it has no ` | `"))?;
        let id = head.split_ascii_whitespace().next().ok_or_else(|| damaged("it has no id"))?;
        let order = Words::new(tail).event().map_err(|bad| damaged(&bad.0))?;
        if order.kind != Kind::ORDER {
            return Err(damaged("its event is no order"));
        }
        orders.push(Recorded { id: id.to_owned(), order });
    }
    Ok(orders)
}
