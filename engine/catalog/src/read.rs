//! Reading one file, chunk by chunk, in row order.
//!
//! Each row group is decoded by a reader of its own, so that an error knows its row group and the row
//! numbers stay right when row groups are skipped by their statistics.

use crate::chunk::Place;
use crate::column::{Column, ReadOptions};
use crate::discover::spans;
use crate::handle::Handle;
use crate::layout::{Layout, expected_types};
use crate::location::Location;
use crate::open::{Opened, open, shielded};
use crate::symbols::Symbols;
use crate::{CatalogError, Chunk, ColumnFault, TradeId, convert};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType};
use model::Nanos;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Most rows of a chunk.
pub const CHUNK_ROWS_MAX: usize = 4_096;

/// A chunk is handed out when it has this many rows: tiny row groups are put together.
const CHUNK_ROWS_ENOUGH: usize = CHUNK_ROWS_MAX / 2;

/// The times to read: `from` inclusive, `to` exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    /// First instant.
    pub from: Nanos,
    /// First instant that is not read any more; [`Nanos::MAX`]: no end.
    pub to: Nanos,
}

impl TimeRange {
    /// All times.
    pub const ALL: Self = Self { from: Nanos::MIN, to: Nanos::MAX };

    /// Whether a time is in it.
    #[inline]
    pub const fn contains(self, ts: Nanos) -> bool {
        ts.0 >= self.from.0 && (ts.0 < self.to.0 || self.to.0 == Nanos::MAX.0)
    }
}

#[derive(Debug, Clone, Copy)]
struct Group {
    index: usize,
    first_row: u64,
}

/// Reads one file of ticks.
pub struct TickReader {
    path: PathBuf,
    handle: Handle,
    metadata: ArrowReaderMetadata,
    layout: Layout,
    places: Vec<Place>,
    integer_unit: i64,
    options: ReadOptions,
    groups: Vec<Group>,
    /// Next in `groups`.
    next_group: usize,
    current: Option<ParquetRecordBatchReader>,
    /// The row group of `current`.
    group: usize,
    next_row: u64,
    symbols: Symbols,
}

impl std::fmt::Debug for TickReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TickReader({}, row {})", self.path.display(), self.next_row)
    }
}

impl TickReader {
    /// Opens a file. Row groups that lie outside `range` by their statistics are skipped; single rows
    /// outside it are not.
    ///
    /// # Errors
    /// [`CatalogError`] where the file is no whole Parquet file of ticks.
    pub fn open(
        location: impl Into<Location>,
        options: &ReadOptions,
        range: TimeRange,
    ) -> Result<Self, CatalogError> {
        let location = location.into();
        let opened = open(&location)?;
        let layout = Layout::of(location.path(), &opened.metadata, options)?;
        Ok(Self::new(location.path(), opened, layout, options, range))
    }

    /// Opens a file to read only when its ticks were: `ts_event`, and `ts_recv` where the options ask for it.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_times(
        location: impl Into<Location>,
        options: &ReadOptions,
        range: TimeRange,
    ) -> Result<Self, CatalogError> {
        Self::open_only(&location.into(), options, range, &[Column::TsEvent, Column::TsRecv])
    }

    pub(crate) fn open_only(
        location: &Location,
        options: &ReadOptions,
        range: TimeRange,
        columns: &[Column],
    ) -> Result<Self, CatalogError> {
        let opened = open(location)?;
        let layout = Layout::of(location.path(), &opened.metadata, options)?.only(columns);
        Ok(Self::new(location.path(), opened, layout, options, range))
    }

    fn new(path: &Path, opened: Opened, layout: Layout, options: &ReadOptions, range: TimeRange) -> Self {
        let mut groups = Vec::new();
        let mut first_row = 1;
        for (index, span) in spans(&opened.metadata, &layout, options).iter().enumerate() {
            if span.rows > 0 && span.may_hold(range) {
                groups.push(Group { index, first_row });
            }
            first_row += span.rows;
        }
        let mut symbols = Symbols::default();
        if let Some(fixed) = &layout.fixed_symbol {
            symbols.key(fixed);
        }
        Self {
            path: path.to_owned(),
            metadata: layout.retype(&opened.metadata),
            handle: opened.handle,
            places: layout.places(),
            integer_unit: options.ts_unit.nanos(),
            layout,
            options: options.clone(),
            groups,
            next_group: 0,
            current: None,
            group: 0,
            next_row: 1,
            symbols,
        }
    }

    /// Which ticks the file holds.
    pub fn kind(&self) -> crate::TickKind {
        self.layout.kind
    }

    /// Where the file's ticks come from, if its footer says so.
    pub fn source(&self) -> Option<&str> {
        crate::open::source_of(&self.metadata)
    }

    /// The distinct symbols of the rows read so far, as the file writes them.
    pub fn symbols(&self) -> &[String] {
        self.symbols.names()
    }

    /// Whether the file has a column.
    pub fn has(&self, column: Column) -> bool {
        self.layout.source(column).is_some()
    }

    /// Reads the next rows into `chunk`; `false` at the end of the file.
    ///
    /// # Errors
    /// [`CatalogError::Damaged`] with the row group, and the column where one alone fails.
    pub fn next_chunk(&mut self, chunk: &mut Chunk) -> Result<bool, CatalogError> {
        chunk.restart(self.layout.kind, self.next_row, &self.places);
        while chunk.rows() < CHUNK_ROWS_ENOUGH {
            if self.current.is_none() {
                let Some(&group) = self.groups.get(self.next_group) else { break };
                if chunk.rows() > 0 && group.first_row != self.next_row {
                    break; // Rows were skipped: a chunk has consecutive rows.
                }
                self.start(group, chunk)?;
            }
            match self.next_batch()? {
                Some(batch) => self.append(batch, chunk)?,
                None => self.current = None,
            }
        }
        Ok(chunk.rows() > 0)
    }

    fn start(&mut self, group: Group, chunk: &mut Chunk) -> Result<(), CatalogError> {
        self.next_group += 1;
        self.group = group.index;
        if chunk.rows() == 0 {
            chunk.first_row = group.first_row;
        }
        self.next_row = group.first_row;
        self.handle.enter(|| {
            let next = self.groups.get(self.next_group);
            [self.ranges(group.index), next.map_or_else(Vec::new, |next| self.ranges(next.index))]
        });
        let built = self.build(&self.layout, group.index);
        self.current = Some(built.map_err(|cause| self.damaged(cause))?);
        Ok(())
    }

    /// Where a row group has the columns that are read.
    fn ranges(&self, group: usize) -> Vec<Range<u64>> {
        let metadata = self.metadata.metadata();
        let columns = metadata.row_group(group).columns();
        let leaves = self.layout.sources.iter().filter_map(|source| columns.get(source.leaf(metadata)?));
        let range = |(start, size): (u64, u64)| start..start + size;
        leaves.map(|column| range(column.byte_range())).collect()
    }

    fn build(&self, layout: &Layout, group: usize) -> Result<ParquetRecordBatchReader, String> {
        let file = self.handle.duplicate().map_err(|error| error.to_string())?;
        shielded(|| {
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
                .with_projection(layout.mask(&self.metadata))
                .with_row_groups(vec![group])
                .with_batch_size(CHUNK_ROWS_MAX)
                .build()
        })
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>, CatalogError> {
        let Some(reader) = self.current.as_mut() else { return Ok(None) };
        next_of(reader).map_err(|cause| self.damaged(cause))
    }

    /// The error of a row group: reads its columns one by one to find which of them fails.
    fn damaged(&self, cause: String) -> CatalogError {
        if let Some(failure) = self.handle.take_failure() {
            return CatalogError::Object(failure);
        }
        let fails = |column: Column| {
            let mut reader = match self.build(&self.layout.only(&[column]), self.group) {
                Ok(reader) => reader,
                Err(_) => return true,
            };
            loop {
                match next_of(&mut reader) {
                    Ok(Some(_)) => {}
                    Ok(None) => return false,
                    Err(_) => return true,
                }
            }
        };
        let column = self.layout.sources.iter().find(|source| fails(source.column));
        CatalogError::Damaged {
            path: self.path.clone(),
            row_group: self.group,
            column: column.map(|source| source.name.clone()),
            cause,
        }
    }

    fn append(&mut self, batch: RecordBatch, chunk: &mut Chunk) -> Result<(), CatalogError> {
        let before = chunk.rows();
        self.next_row += batch.num_rows() as u64;
        for index in 0..self.places.len() {
            let Place { column, index: place } = self.places[index];
            let array = batch.column(place);
            if !self.append_column(column, array, chunk) {
                let fault = ColumnFault::Type {
                    column: self.layout.sources[index].name.clone(),
                    found: array.data_type().to_string(),
                    expected: expected_types(column),
                };
                return Err(CatalogError::Columns { path: self.path.clone(), fault });
            }
        }
        if self.layout.fixed_symbol.is_some() {
            chunk.symbol.resize(chunk.rows(), 0);
        }
        chunk.keep(before, batch);
        Ok(())
    }

    fn append_column(&mut self, column: Column, array: &ArrayRef, chunk: &mut Chunk) -> bool {
        // Types were checked with the layout; arrow may still have declined a faster one asked for.
        let is_readable = match column {
            Column::TsEvent | Column::TsRecv => convert::is_time(array.data_type()),
            Column::Side => convert::is_side(array.data_type()),
            Column::Symbol | Column::TradeId => true,
            _ => convert::is_number(array.data_type()),
        };
        if !is_readable {
            return false;
        }
        let place = Column::numbers(chunk.kind).iter().position(|&number| number == column);
        match (column, place) {
            (Column::TsEvent, _) => convert::append_times(array, self.integer_unit, &mut chunk.ts_event),
            (Column::TsRecv, _) => convert::append_times(array, self.integer_unit, &mut chunk.ts_recv),
            (Column::Symbol, _) => return self.symbols.append(array, &mut chunk.symbol),
            (Column::Side, _) => convert::append_sides(array, &mut chunk.side),
            (Column::TradeId, _) => return append_ids(array, &mut chunk.trade_id),
            (_, Some(place)) => {
                convert::append_numbers(array, self.options.excess, &mut chunk.numbers[place]);
            }
            _ => unreachable!("a column of the other kind is not in the layout"),
        }
        true
    }
}

fn next_of(reader: &mut ParquetRecordBatchReader) -> Result<Option<RecordBatch>, String> {
    shielded(|| reader.next().transpose().map_err(|error: ArrowError| error.into()))
}

fn append_ids(array: &ArrayRef, out: &mut Vec<TradeId>) -> bool {
    macro_rules! integers {
        ($type:ty) => {
            out.extend(
                array.as_primitive::<$type>().iter().map(|value| {
                    value.map_or(TradeId::NONE, |value| TradeId::from_integer(i128::from(value)))
                }),
            )
        };
    }
    macro_rules! texts {
        ($strings:expr) => {
            out.extend($strings.iter().map(|text| text.map_or(TradeId::NONE, TradeId::from_text)))
        };
    }
    match array.data_type() {
        DataType::Null => out.resize(out.len() + array.len(), TradeId::NONE),
        DataType::Int8 => integers!(Int8Type),
        DataType::Int16 => integers!(Int16Type),
        DataType::Int32 => integers!(Int32Type),
        DataType::Int64 => integers!(Int64Type),
        DataType::UInt8 => integers!(UInt8Type),
        DataType::UInt16 => integers!(UInt16Type),
        DataType::UInt32 => integers!(UInt32Type),
        DataType::UInt64 => integers!(UInt64Type),
        DataType::Utf8 => texts!(array.as_string::<i32>()),
        DataType::LargeUtf8 => texts!(array.as_string::<i64>()),
        DataType::Utf8View => texts!(array.as_string_view()),
        _ => return false,
    }
    true
}
