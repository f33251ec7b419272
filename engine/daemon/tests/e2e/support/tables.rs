//! The run folder's tables as rows, their column types checked on the way.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Float32Type, Float64Type, Int64Type, TimestampNanosecondType, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, TimeUnit};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// A table of a run folder.
#[derive(Debug, Clone, PartialEq)]
pub struct Table(Vec<RecordBatch>);

impl Table {
    #[track_caller]
    pub fn read(folder: &Path, name: &str) -> Self {
        let path = folder.join(format!("{name}.parquet"));
        let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("a Parquet file");
        Self(reader.build().expect("a reader").map(|batch| batch.expect("rows")).collect())
    }

    pub fn rows(&self) -> usize {
        self.0.iter().map(RecordBatch::num_rows).sum()
    }

    #[track_caller]
    fn column<T>(&self, name: &str, wanted: &DataType, cells: impl Fn(&ArrayRef) -> Vec<T>) -> Vec<T> {
        let mut all = Vec::new();
        for batch in &self.0 {
            let column = batch.column_by_name(name).unwrap_or_else(|| panic!("there is no column {name}"));
            assert_eq!(column.data_type(), wanted, "the type of {name}");
            all.extend(cells(column));
        }
        all
    }

    /// Cells of a text column.
    pub fn texts(&self, name: &str) -> Vec<Option<String>> {
        self.column(name, &DataType::Utf8, |column| {
            column.as_string::<i32>().iter().map(|cell| cell.map(str::to_owned)).collect()
        })
    }

    /// Cells of a text column without nulls.
    pub fn names(&self, name: &str) -> Vec<String> {
        self.texts(name).into_iter().map(|cell| cell.expect("no null")).collect()
    }

    pub fn times(&self, name: &str) -> Vec<Option<i64>> {
        let wanted = DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
        self.column(name, &wanted, |column| column.as_primitive::<TimestampNanosecondType>().iter().collect())
    }

    fn decimals(&self, name: &str, digits: u8) -> Vec<Option<i128>> {
        let wanted = DataType::Decimal128(digits, 9);
        self.column(name, &wanted, |column| column.as_primitive::<Decimal128Type>().iter().collect())
    }

    /// Prices and quantities.
    pub fn narrow(&self, name: &str) -> Vec<Option<i128>> {
        self.decimals(name, 18)
    }

    /// Volumes and money.
    pub fn wide(&self, name: &str) -> Vec<i128> {
        self.decimals(name, 38).into_iter().map(|cell| cell.expect("no null")).collect()
    }

    pub fn uints(&self, name: &str) -> Vec<Option<u64>> {
        self.column(name, &DataType::UInt64, |column| column.as_primitive::<UInt64Type>().iter().collect())
    }

    pub fn uints32(&self, name: &str) -> Vec<u32> {
        self.column(name, &DataType::UInt32, |column| column.as_primitive::<UInt32Type>().values().to_vec())
    }

    pub fn ints(&self, name: &str) -> Vec<i64> {
        self.column(name, &DataType::Int64, |column| column.as_primitive::<Int64Type>().values().to_vec())
    }

    /// Cells of a column of doubles that may have nulls.
    pub fn maybe_doubles(&self, name: &str) -> Vec<Option<f64>> {
        self.column(name, &DataType::Float64, |column| column.as_primitive::<Float64Type>().iter().collect())
    }

    pub fn doubles(&self, name: &str) -> Vec<f64> {
        self.column(name, &DataType::Float64, |column| column.as_primitive::<Float64Type>().values().to_vec())
    }

    /// Lists of 32-bit floats.
    pub fn cells(&self, name: &str) -> Vec<Vec<f32>> {
        let wanted = DataType::List(Arc::new(Field::new("element", DataType::Float32, false)));
        let list = |list: ArrayRef| list.as_primitive::<Float32Type>().values().to_vec();
        let element = |column: &ArrayRef| {
            column.as_list::<i32>().iter().map(|cell| list(cell.expect("no null"))).collect()
        };
        self.column(name, &wanted, element)
    }
}

/// A row of `bars.parquet`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BarRow {
    pub symbol: String,
    pub timeframe: String,
    pub source: String,
    pub ts_open: i64,
    pub ts_close: i64,
    /// open, high, low, close
    pub prices: [i128; 4],
    pub volume: i128,
    pub vwap: Option<i128>,
    pub trades: u32,
}

pub fn bars(folder: &Path) -> Vec<BarRow> {
    let table = Table::read(folder, "bars");
    let prices = ["open", "high", "low", "close"].map(|name| table.narrow(name));
    let [symbol, timeframe, source] = ["symbol", "timeframe", "source"].map(|name| table.names(name));
    let (ts_open, ts_close) = (table.times("ts_open"), table.times("ts_close"));
    let (volume, vwap, trades) = (table.wide("volume"), table.narrow("vwap"), table.uints32("trades"));
    let row = |i: usize| BarRow {
        symbol: symbol[i].clone(),
        timeframe: timeframe[i].clone(),
        source: source[i].clone(),
        ts_open: ts_open[i].expect("no null"),
        ts_close: ts_close[i].expect("no null"),
        prices: [0, 1, 2, 3].map(|column: usize| prices[column][i].expect("no null")),
        volume: volume[i],
        vwap: vwap[i],
        trades: trades[i],
    };
    (0..table.rows()).map(row).collect()
}

/// A row of `orders.parquet`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    pub client_order_id: String,
    /// The input it was sent at: the middle of its id.
    pub sent_seq: u64,
    pub seq: u64,
    pub cause_seq: u64,
    pub ts_event: i64,
    pub symbol: String,
    pub side: String,
    pub order_type: String,
    pub quantity: i128,
    pub limit_price: Option<i128>,
    pub status: String,
    pub filled: i128,
    pub avg_price: Option<i128>,
}

pub fn orders(folder: &Path) -> Vec<OrderRow> {
    let table = Table::read(folder, "orders");
    let [id, symbol, side, order_type, status] =
        ["client_order_id", "symbol", "side", "type", "status"].map(|name| table.names(name));
    let [seq, cause_seq] = ["seq", "cause_seq"].map(|name| table.uints(name));
    let [quantity, limit_price, filled, avg_price] =
        ["quantity", "limit_price", "filled", "avg_price"].map(|name| table.narrow(name));
    let ts_event = table.times("ts_event");
    let row = |i: usize| OrderRow {
        client_order_id: id[i].clone(),
        sent_seq: id[i].split('-').nth(1).and_then(|seq| seq.parse().ok()).expect("SESSION-SEQ-K"),
        seq: seq[i].expect("no null"),
        cause_seq: cause_seq[i].expect("no null"),
        ts_event: ts_event[i].expect("no null"),
        symbol: symbol[i].clone(),
        side: side[i].clone(),
        order_type: order_type[i].clone(),
        quantity: quantity[i].expect("no null"),
        limit_price: limit_price[i],
        status: status[i].clone(),
        filled: filled[i].expect("no null"),
        avg_price: avg_price[i],
    };
    (0..table.rows()).map(row).collect()
}

/// A row of `fills.parquet`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FillRow {
    pub client_order_id: String,
    pub venue_fill_id: String,
    pub seq: u64,
    pub ts_event: i64,
    pub symbol: String,
    pub side: String,
    pub quantity: i128,
    pub price: i128,
    pub multiplier: i128,
    pub fee: i128,
    pub fee_currency: String,
    pub liquidity: String,
}

pub fn fills(folder: &Path) -> Vec<FillRow> {
    let table = Table::read(folder, "fills");
    let [id, number, symbol, side, fee_currency, liquidity] =
        ["client_order_id", "venue_fill_id", "symbol", "side", "fee_currency", "liquidity"]
            .map(|name| table.names(name));
    let [quantity, price, multiplier] = ["quantity", "price", "multiplier"].map(|name| table.narrow(name));
    let (seq, ts_event, fee) = (table.uints("seq"), table.times("ts_event"), table.wide("fee"));
    let row = |i: usize| FillRow {
        client_order_id: id[i].clone(),
        venue_fill_id: number[i].clone(),
        seq: seq[i].expect("no null"),
        ts_event: ts_event[i].expect("no null"),
        symbol: symbol[i].clone(),
        side: side[i].clone(),
        quantity: quantity[i].expect("no null"),
        price: price[i].expect("no null"),
        multiplier: multiplier[i].expect("no null"),
        fee: fee[i],
        fee_currency: fee_currency[i].clone(),
        liquidity: liquidity[i].clone(),
    };
    (0..table.rows()).map(row).collect()
}

/// A row of `equity.parquet`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EquityRow {
    pub ts_event: i64,
    pub cash: i128,
    pub position_value: i128,
    pub equity: i128,
    pub realised_pnl: i128,
    pub unrealised_pnl: i128,
    pub fees: i128,
    pub drawdown: f64,
}

pub fn equity(folder: &Path) -> Vec<EquityRow> {
    let table = Table::read(folder, "equity");
    let [cash, position_value, equity, realised_pnl, unrealised_pnl, fees] =
        ["cash", "position_value", "equity", "realised_pnl", "unrealised_pnl", "fees"]
            .map(|name| table.wide(name));
    let (ts_event, drawdown) = (table.times("ts_event"), table.doubles("drawdown"));
    let row = |i: usize| EquityRow {
        ts_event: ts_event[i].expect("no null"),
        cash: cash[i],
        position_value: position_value[i],
        equity: equity[i],
        realised_pnl: realised_pnl[i],
        unrealised_pnl: unrealised_pnl[i],
        fees: fees[i],
        drawdown: drawdown[i],
    };
    (0..table.rows()).map(row).collect()
}

/// A row of `rejects.parquet`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectRow {
    pub kind: String,
    pub file: Option<String>,
    pub row: Option<u64>,
    pub column: Option<String>,
    pub reason: String,
    pub raw: String,
    pub symbol: Option<String>,
    pub ts_event: Option<i64>,
}

pub fn rejects(folder: &Path) -> Vec<RejectRow> {
    let table = Table::read(folder, "rejects");
    let [kind, reason, raw] = ["kind", "reason", "raw"].map(|name| table.names(name));
    let [file, column, symbol] = ["file", "column", "symbol"].map(|name| table.texts(name));
    let (row_number, ts_event) = (table.uints("row"), table.times("ts_event"));
    let row = |i: usize| RejectRow {
        kind: kind[i].clone(),
        file: file[i].clone(),
        row: row_number[i],
        column: column[i].clone(),
        reason: reason[i].clone(),
        raw: raw[i].clone(),
        symbol: symbol[i].clone(),
        ts_event: ts_event[i],
    };
    (0..table.rows()).map(row).collect()
}
