//! Where a file keeps the columns of a tick table, and as what arrow type they are to be decoded.

use crate::chunk::Place;
use crate::column::{Column, ReadOptions};
use crate::convert::{self, NUMBER_TYPES, SIDE_TYPES, TIME_TYPES};
use crate::partition::symbol_of_path;
use crate::symbols::{TEXT_TYPES, is_text};
use crate::{CatalogError, ColumnFault, TickKind};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::basic::{Compression, Type as PhysicalType};
use parquet::file::metadata::ParquetMetaData;
use std::path::Path;
use std::sync::Arc;

/// Where one column stands.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub column: Column,
    /// Index among the file's top-level columns.
    pub root: usize,
    /// The file's name for it.
    pub name: String,
}

impl Source {
    /// Index among the file's leaf columns; `None` for a group without leaves.
    pub(crate) fn leaf(&self, metadata: &ParquetMetaData) -> Option<usize> {
        let schema = metadata.file_metadata().schema_descr();
        (0..schema.num_columns()).find(|&leaf| schema.get_column_root_idx(leaf) == self.root)
    }

    /// The codec of the column, where this build cannot read it.
    fn unread_codec(&self, metadata: &ParquetMetaData) -> Option<&'static str> {
        let leaf = self.leaf(metadata)?;
        let chunks = metadata.row_groups().iter().filter_map(|group| group.columns().get(leaf));
        chunks.into_iter().find_map(|chunk| unread_codec(chunk.compression()))
    }
}

/// The name of a codec that this build cannot read: the others are features of `parquet` in Cargo.toml.
const fn unread_codec(codec: Compression) -> Option<&'static str> {
    match codec {
        Compression::BROTLI(_) => Some("brotli"),
        Compression::LZO => Some("lzo"),
        Compression::UNCOMPRESSED
        | Compression::SNAPPY
        | Compression::GZIP(_)
        | Compression::LZ4
        | Compression::LZ4_RAW
        | Compression::ZSTD(_) => None,
    }
}

/// Where a file keeps the columns of its table.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub kind: TickKind,
    pub sources: Vec<Source>,
    /// The symbol of all rows, where the file has no symbol column.
    pub fixed_symbol: Option<String>,
}

const TEXT_OR_INTEGER: &str = "a string or an integer";

impl Layout {
    /// Finds the columns of a file and checks that each can be decompressed.
    ///
    /// # Errors
    /// As [`Self::resolve`]; [`ColumnFault::Codec`].
    pub(crate) fn of(
        path: &Path,
        metadata: &ArrowReaderMetadata,
        options: &ReadOptions,
    ) -> Result<Self, CatalogError> {
        let layout = Self::resolve(path, metadata.schema(), options)?;
        for source in &layout.sources {
            if let Some(codec) = source.unread_codec(metadata.metadata()) {
                let column = source.name.clone();
                let fault = ColumnFault::Codec { column, codec };
                return Err(CatalogError::Columns { path: path.to_owned(), fault });
            }
        }
        Ok(layout)
    }

    /// Finds the columns, by name.
    ///
    /// # Errors
    /// [`CatalogError`] where the file holds no ticks, or lacks a column, or has one of another type.
    fn resolve(path: &Path, schema: &Schema, options: &ReadOptions) -> Result<Self, CatalogError> {
        let finder = Finder { path, schema, options };
        let kind = finder.kind()?;
        let mut sources = vec![finder.required(Column::TsEvent)?];
        if options.ts_recv {
            sources.extend(finder.optional(Column::TsRecv)?);
        }
        let symbol = finder.optional(Column::Symbol)?;
        let fixed_symbol = match &symbol {
            Some(_) => None,
            None => options.symbol.clone().or_else(|| symbol_of_path(path)),
        };
        if symbol.is_none() && fixed_symbol.is_none() {
            return Err(finder.missing(Column::Symbol));
        }
        sources.extend(symbol);
        for &column in Column::numbers(kind) {
            sources.push(finder.required(column)?);
        }
        if kind == TickKind::Trades {
            sources.push(finder.required(Column::Side)?);
            sources.extend(finder.optional(Column::TradeId)?);
        }
        Ok(Self { kind, sources, fixed_symbol })
    }

    /// The source of a column, if the file has it.
    pub(crate) fn source(&self, column: Column) -> Option<&Source> {
        self.sources.iter().find(|source| source.column == column)
    }

    /// The same layout with only some of its columns.
    pub(crate) fn only(&self, columns: &[Column]) -> Self {
        let sources =
            self.sources.iter().filter(|source| columns.contains(&source.column)).cloned().collect();
        Self { kind: self.kind, sources, fixed_symbol: self.fixed_symbol.clone() }
    }

    /// The projection onto these columns.
    pub(crate) fn mask(&self, metadata: &ArrowReaderMetadata) -> ProjectionMask {
        ProjectionMask::roots(metadata.parquet_schema(), self.sources.iter().map(|source| source.root))
    }

    /// The place of each source in a projected batch, in the order of the sources.
    pub(crate) fn places(&self) -> Vec<Place> {
        let mut roots: Vec<usize> = self.sources.iter().map(|source| source.root).collect();
        roots.sort_unstable();
        roots.dedup();
        let place = |root| roots.binary_search(&root).expect("the root is its own");
        let sources = self.sources.iter();
        sources.map(|source| Place { column: source.column, index: place(source.root) }).collect()
    }

    /// The same metadata with the types that decode fastest: decimals over 64 bits as they are, symbols
    /// with their dictionary. Where arrow does not take them, the metadata as it was.
    pub(crate) fn retype(&self, metadata: &ArrowReaderMetadata) -> ArrowReaderMetadata {
        let schema = self.wanted_schema(metadata);
        let options = ArrowReaderOptions::new().with_schema(schema);
        crate::open::shielded(|| ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options))
            .unwrap_or_else(|_| metadata.clone())
    }

    fn wanted_schema(&self, metadata: &ArrowReaderMetadata) -> SchemaRef {
        let schema = metadata.schema();
        let mut fields: Vec<Field> = schema.fields().iter().map(|field| field.as_ref().clone()).collect();
        for source in &self.sources {
            let field = &mut fields[source.root];
            let wanted = wanted_type(source.column, field.data_type(), physical_type(metadata, source.root));
            field.set_data_type(wanted);
        }
        Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
    }
}

fn physical_type(metadata: &ArrowReaderMetadata, root: usize) -> Option<PhysicalType> {
    let field = &metadata.parquet_schema().root_schema().get_fields()[root];
    field.is_primitive().then(|| field.get_physical_type())
}

fn wanted_type(column: Column, found: &DataType, physical: Option<PhysicalType>) -> DataType {
    let inner = match found {
        DataType::Dictionary(_, values) => values.as_ref(),
        other => other,
    };
    match (column, inner) {
        (Column::Symbol, DataType::Null) => DataType::Null,
        (Column::Symbol, _) => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
        (_, DataType::Decimal128(precision @ ..=18, scale)) if physical == Some(PhysicalType::INT64) => {
            DataType::Decimal64(*precision, *scale)
        }
        (Column::TradeId, DataType::Binary) => DataType::Utf8,
        _ => inner.clone(),
    }
}

/// Finds columns in one file's schema.
struct Finder<'a> {
    path: &'a Path,
    schema: &'a Schema,
    options: &'a ReadOptions,
}

impl Finder<'_> {
    fn kind(&self) -> Result<TickKind, CatalogError> {
        let has = |column| self.position(column).is_some();
        let given = |column| self.options.columns.given(column).is_some();
        if [Column::Price, Column::Size, Column::Bid, Column::Ask].into_iter().all(has) {
            // Either table could be read; only a name that was given says which is meant.
            return match (given(Column::Price), given(Column::Bid) || given(Column::Ask)) {
                (true, false) => Ok(TickKind::Trades),
                (false, true) => Ok(TickKind::Quotes),
                _ => Err(self.two_tables()),
            };
        }
        // A price without a size beside bid and ask is an extra column of quotes.
        let quotes = has(Column::Bid) && has(Column::Ask) && !has(Column::Size);
        if has(Column::Price) && !quotes {
            Ok(TickKind::Trades)
        } else if has(Column::Bid) || has(Column::Ask) {
            Ok(TickKind::Quotes)
        } else {
            Err(self.error(ColumnFault::NotTicks { present: self.present() }))
        }
    }

    /// The position of a column by its given name, else by ours.
    fn position(&self, column: Column) -> Option<usize> {
        let find = |name: &str| self.schema.fields().iter().position(|field| field.name() == name);
        match self.options.columns.given(column) {
            Some(name) => find(name),
            None if column == Column::TsEvent => find("ts_event").or_else(|| find("ts")),
            None => find(column.name()),
        }
    }

    fn required(&self, column: Column) -> Result<Source, CatalogError> {
        self.optional(column)?.ok_or_else(|| self.missing(column))
    }

    fn optional(&self, column: Column) -> Result<Option<Source>, CatalogError> {
        let Some(root) = self.position(column) else {
            // A name that was given must be there, in files of the kind it belongs to.
            let is_given = self.options.columns.given(column).is_some();
            return if is_given { Err(self.missing(column)) } else { Ok(None) };
        };
        let field = self.schema.field(root);
        if self.schema.fields().iter().filter(|other| other.name() == field.name()).count() > 1 {
            let column = field.name().clone();
            return Err(self.error(ColumnFault::Repeated { column }));
        }
        let expected = expected_types(column);
        if !is_readable(column, field.data_type()) {
            return Err(self.error(ColumnFault::Type {
                column: field.name().clone(),
                found: field.data_type().to_string(),
                expected,
            }));
        }
        Ok(Some(Source { column, root, name: field.name().clone() }))
    }

    fn missing(&self, column: Column) -> CatalogError {
        let name = self.options.columns.given(column).unwrap_or(column.name()).to_owned();
        self.error(ColumnFault::Missing { column, name, present: self.present() })
    }

    fn two_tables(&self) -> CatalogError {
        let name = |column| {
            self.position(column).map_or_else(String::new, |root| self.schema.field(root).name().clone())
        };
        let (price, bid, ask) = (name(Column::Price), name(Column::Bid), name(Column::Ask));
        self.error(ColumnFault::TwoTables { price, bid, ask })
    }

    fn error(&self, fault: ColumnFault) -> CatalogError {
        CatalogError::Columns { path: self.path.to_owned(), fault }
    }

    fn present(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| field.name().clone()).collect()
    }
}

fn is_readable(column: Column, data_type: &DataType) -> bool {
    let inner = match data_type {
        DataType::Dictionary(_, values) => values.as_ref(),
        other => other,
    };
    match column {
        Column::TsEvent | Column::TsRecv => convert::is_time(inner),
        Column::Symbol => is_text(inner),
        Column::Side => convert::is_side(inner),
        Column::TradeId => is_text(inner) || inner.is_integer(),
        _ => convert::is_number(inner),
    }
}

/// What a column's type must be, in words.
pub(crate) fn expected_types(column: Column) -> &'static str {
    match column {
        Column::TsEvent | Column::TsRecv => TIME_TYPES,
        Column::Symbol => TEXT_TYPES,
        Column::Side => SIDE_TYPES,
        Column::TradeId => TEXT_OR_INTEGER,
        _ => NUMBER_TYPES,
    }
}
