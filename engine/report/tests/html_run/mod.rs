//! Run folders made for the report's tests: a full one from random walks, an empty one, and odd ones.
//!
//! They are written column by column from the contract, not with the crate's own writer, so that the report is
//! tested against what the contract says.

pub mod decisions;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, Decimal128Array, DictionaryArray, Float64Array, RecordBatch, StringArray,
    TimestampNanosecondArray, UInt32Array, UInt64Array,
};
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::sync::Arc;

pub const MINUTE: i64 = 60_000_000_000;
pub const START: i64 = 1_735_689_600_000_000_000; // 2025-01-01
const UNIT: f64 = 1e9;
/// The input that caused the first order, and how far the next ones lie apart.
pub const FIRST_SEQ: u64 = 5_000;
pub const SEQ_STEP: u64 = 37;

/// How large a run is.
pub struct Size {
    pub symbols: Vec<String>,
    pub minutes: i64,
    /// Of each symbol.
    pub fills: usize,
    /// Distinct reasons of rejected rows.
    pub reasons: usize,
}

/// A deterministic stream of numbers.
pub struct Random(u64);

impl Random {
    /// Uniform in 0..1.
    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// About normal, of deviation 1.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}

pub fn times(values: Vec<Option<i64>>) -> ArrayRef {
    Arc::new(TimestampNanosecondArray::from(values).with_timezone("UTC"))
}

pub fn decimals(values: Vec<Option<f64>>, digits: u8) -> ArrayRef {
    let raw = values.into_iter().map(|value| value.map(|value| (value * UNIT).round() as i128));
    let array: Decimal128Array = raw.collect();
    Arc::new(array.with_precision_and_scale(digits, 9).expect("the digits hold the scale"))
}

pub fn texts<S: AsRef<str>>(values: &[S]) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values.iter().map(AsRef::as_ref)))
}

fn dictionary(values: &[String]) -> ArrayRef {
    Arc::new(values.iter().map(String::as_str).collect::<DictionaryArray<Int32Type>>())
}

/// Writes a table.
pub fn write_table(dir: &Path, file: &str, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )
    .expect("columns are equally long");
    let file = fs::File::create(dir.join(file)).expect("the test's folder can be written");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).expect("the schema is plain");
    writer.write(&batch).expect("the test's folder can be written");
    writer.close().expect("the test's folder can be written");
}

/// A walk of minutes around a daily rhythm, with one spike.
fn walk(random: &mut Random, start: f64, minutes: i64) -> Vec<f64> {
    let mut price = start;
    (0..minutes)
        .map(|minute| {
            let pace = 1.0 + 0.6 * (minute as f64 / 720.0 * std::f64::consts::PI).sin();
            price *= 1.0 + random.normal() * 0.0006 * pace;
            let spike = if minute == minutes * 2 / 3 { 1.06 } else { 1.0 };
            (price * spike * 100.0).round() / 100.0
        })
        .collect()
}

#[derive(Default)]
struct Bars {
    symbol: Vec<String>,
    timeframe: Vec<String>,
    ts_open: Vec<Option<i64>>,
    ts_close: Vec<Option<i64>>,
    prices: [Vec<Option<f64>>; 5],
    volume: Vec<Option<f64>>,
    trades: Vec<u32>,
}

impl Bars {
    fn add(&mut self, symbol: &str, minutes: usize, walk: &[f64]) {
        for (nth, prices) in walk.chunks(minutes).enumerate() {
            let open_minute = (nth * minutes) as i64;
            self.symbol.push(symbol.to_owned());
            self.timeframe.push(format!("{minutes}m"));
            self.ts_open.push(Some(START + open_minute * MINUTE));
            self.ts_close.push(Some(START + (open_minute + minutes as i64) * MINUTE));
            let (first, last) = (prices[0], prices[prices.len() - 1]);
            let high = prices.iter().copied().fold(f64::MIN, f64::max);
            let low = prices.iter().copied().fold(f64::MAX, f64::min);
            let values = [first, high, low, last, (high + low) / 2.0];
            self.prices.iter_mut().zip(values).for_each(|(column, value)| column.push(Some(value)));
            self.volume.push(Some(minutes as f64 * 12.0));
            self.trades.push(minutes as u32 * 12);
        }
    }

    fn write(self, dir: &Path) {
        let sources = vec!["trade"; self.symbol.len()];
        let [open, high, low, close, vwap] = self.prices.map(|values| decimals(values, 18));
        let columns = vec![
            ("symbol", dictionary(&self.symbol)),
            ("timeframe", texts(&self.timeframe)),
            ("source", texts(&sources)),
            ("ts_open", times(self.ts_open)),
            ("ts_close", times(self.ts_close)),
            ("open", open),
            ("high", high),
            ("low", low),
            ("close", close),
            ("volume", decimals(self.volume, 38)),
            ("vwap", vwap),
            ("trades", Arc::new(UInt32Array::from(self.trades))),
        ];
        write_table(dir, "bars.parquet", columns);
    }
}

/// A fill with the change of the account it made.
pub struct Fill {
    pub ts: i64,
    pub symbol: String,
    pub is_buy: bool,
    quantity: f64,
    price: f64,
}

fn fills(random: &mut Random, symbol: &str, walk: &[f64], count: usize) -> Vec<Fill> {
    let mut position = 0.0;
    (0..count)
        .map(|nth| {
            let minute = ((nth as f64 + 0.5 + 0.4 * random.normal().clamp(-1.0, 1.0)) / count as f64
                * walk.len() as f64) as usize;
            let minute = minute.min(walk.len() - 1);
            let is_buy = if position == 0.0 { random.next() < 0.5 } else { position < 0.0 };
            let quantity = if nth % 17 == 5 { 50.0 } else { 100.0 };
            let quantity = if position == 0.0 { quantity } else { f64::abs(position) };
            position += if is_buy { quantity } else { -quantity };
            let ts = START + minute as i64 * MINUTE + 1_000_000;
            Fill { ts, symbol: symbol.to_owned(), is_buy, quantity, price: walk[minute] }
        })
        .collect()
}

fn side(fill: &Fill) -> &'static str {
    if fill.is_buy { "buy" } else { "sell" }
}

fn write_fills(dir: &Path, fills: &[Fill]) {
    let ids: Vec<String> =
        (0..fills.len()).map(|nth| format!("9f2c1a70-{}-0", FIRST_SEQ + nth as u64 * SEQ_STEP)).collect();
    let venue_ids: Vec<String> = (0..fills.len()).map(|nth| nth.to_string()).collect();
    let of = |value: fn(&Fill) -> f64| fills.iter().map(|fill| Some(value(fill))).collect::<Vec<_>>();
    let symbols: Vec<String> = fills.iter().map(|fill| fill.symbol.clone()).collect();
    let all = |text: &'static str| texts(&vec![text; fills.len()]);
    let columns = vec![
        ("client_order_id", texts(&ids)),
        ("venue_fill_id", texts(&venue_ids)),
        (
            "seq",
            Arc::new(UInt64Array::from_iter_values((0..fills.len() as u64).map(|nth| nth * 37))) as ArrayRef,
        ),
        ("ts_event", times(fills.iter().map(|fill| Some(fill.ts)).collect())),
        ("symbol", texts(&symbols)),
        ("strategy", all("mean_reversion")),
        ("side", texts(&fills.iter().map(side).collect::<Vec<_>>())),
        ("quantity", decimals(of(|fill| fill.quantity), 18)),
        ("price", decimals(of(|fill| fill.price), 18)),
        ("multiplier", decimals(of(|_| 1.0), 18)),
        ("fee", decimals(of(|fill| fill.price * fill.quantity * 0.0001), 38)),
        ("fee_currency", all("USD")),
        ("liquidity", all("taker")),
    ];
    write_table(dir, "fills.parquet", columns);
}

fn write_orders(dir: &Path, fills: &[Fill]) {
    let count = fills.len();
    let ids: Vec<String> =
        (0..count).map(|nth| format!("9f2c1a70-{}-0", FIRST_SEQ + nth as u64 * SEQ_STEP)).collect();
    let all = |text: &'static str| texts(&vec![text; count]);
    let none: ArrayRef = Arc::new(StringArray::new_null(count));
    let seq = || {
        let seqs = (0..count as u64).map(|nth| FIRST_SEQ + nth * SEQ_STEP);
        Arc::new(UInt64Array::from_iter_values(seqs)) as ArrayRef
    };
    let quantities = || decimals(fills.iter().map(|fill| Some(fill.quantity)).collect(), 18);
    let limits = fills.iter().enumerate().map(|(nth, fill)| (nth % 5 == 0).then_some(fill.price)).collect();
    let kinds: Vec<&str> = (0..count).map(|nth| if nth % 5 == 0 { "limit" } else { "market" }).collect();
    let purpose = |nth: usize| if nth % 9 == 4 { "stop" } else { "decision" };
    let purposes: Vec<&str> = (0..count).map(purpose).collect();
    let columns = vec![
        ("client_order_id", texts(&ids)),
        ("parent_id", none),
        ("seq", seq()),
        ("cause_seq", seq()),
        ("ts_event", times(fills.iter().map(|fill| Some(fill.ts - 1_000_000)).collect())),
        ("symbol", texts(&fills.iter().map(|fill| fill.symbol.clone()).collect::<Vec<_>>())),
        ("strategy", all("mean_reversion")),
        ("account", all("main")),
        ("venue", all("SIM")),
        ("side", texts(&fills.iter().map(side).collect::<Vec<_>>())),
        ("type", texts(&kinds)),
        ("tif", all("gtc")),
        ("quantity", quantities()),
        ("limit_price", decimals(limits, 18)),
        ("status", all("filled")),
        ("filled", quantities()),
        ("avg_price", decimals(fills.iter().map(|fill| Some(fill.price)).collect(), 18)),
        ("purpose", texts(&purposes)),
    ];
    write_table(dir, "orders.parquet", columns);
}

/// Equity of the fills, marked each minute; gives the last value and the largest drawdown.
fn write_equity(
    dir: &Path,
    fills: &[Fill],
    walks: &[Vec<f64>],
    symbols: &[String],
    minutes: i64,
) -> [f64; 2] {
    let mut positions = vec![0.0; symbols.len()];
    let (mut cash, mut peak, mut deepest) = (100_000.0, 100_000.0_f64, 0.0_f64);
    let mut next = fills.iter().peekable();
    let (mut ts, mut equity, mut drawdown) = (Vec::new(), Vec::new(), Vec::new());
    for minute in 0..minutes {
        let now = START + (minute + 1) * MINUTE;
        while let Some(fill) = next.next_if(|fill| fill.ts < now) {
            let at = symbols.iter().position(|symbol| *symbol == fill.symbol).expect("it is of the run");
            let signed = if fill.is_buy { fill.quantity } else { -fill.quantity };
            positions[at] += signed;
            cash -= signed * fill.price + fill.price * fill.quantity * 0.0001;
        }
        let value: f64 =
            positions.iter().zip(walks).map(|(position, walk)| position * walk[minute as usize]).sum();
        peak = peak.max(cash + value);
        deepest = deepest.max(1.0 - (cash + value) / peak);
        ts.push(Some(now));
        equity.push(Some(cash + value));
        drawdown.push(1.0 - (cash + value) / peak);
    }
    let last = equity.last().copied().flatten().unwrap_or(100_000.0);
    write_equity_table(dir, ts, equity, drawdown);
    [last, deepest]
}

fn write_equity_table(dir: &Path, ts: Vec<Option<i64>>, equity: Vec<Option<f64>>, drawdown: Vec<f64>) {
    let mut columns = vec![("ts_event", times(ts))];
    for name in ["cash", "position_value", "equity", "realised_pnl", "unrealised_pnl", "fees"] {
        columns.push((name, decimals(equity.clone(), 38)));
    }
    columns.push(("drawdown", Arc::new(Float64Array::from(drawdown))));
    write_table(dir, "equity.parquet", columns);
}

/// Writes rows of `(kind, reason)`.
pub fn write_rejects(dir: &Path, rows: &[(String, String)]) {
    let count = rows.len();
    let none = || Arc::new(StringArray::new_null(count)) as ArrayRef;
    let columns = vec![
        ("kind", texts(&rows.iter().map(|row| &row.0).collect::<Vec<_>>())),
        ("file", none()),
        ("row", Arc::new(UInt64Array::new_null(count)) as ArrayRef),
        ("column", none()),
        ("reason", texts(&rows.iter().map(|row| &row.1).collect::<Vec<_>>())),
        ("raw", texts(&vec!["1,2,3"; count])),
        ("symbol", none()),
        ("ts_event", times(vec![None; count])),
    ];
    write_table(dir, "rejects.parquet", columns);
}

fn rejects(reasons: usize) -> Vec<(String, String)> {
    let known = [
        ("intent", "max_position", 61),
        ("intent", "price_collar", 9),
        ("order", "post_only_would_cross", 4),
        ("tick", "price_jump", 212),
        ("tick", "duplicate", 48),
        ("tick", "size_not_positive", 3),
    ];
    let known =
        known.into_iter().flat_map(|(kind, reason, count)| vec![(kind.to_owned(), reason.to_owned()); count]);
    known.chain((6..reasons).map(|nth| ("tick".to_owned(), format!("reason_{nth}")))).collect()
}

fn latency() -> Value {
    let stages = [
        ("bars", 38),
        ("gate", 24),
        ("indicators", 310),
        ("path.bar", 2_900),
        ("path.fill", 640),
        ("path.order", 1_750),
        ("portfolio", 52),
        ("sequencer", 44),
        ("strategy", 66),
    ];
    let entries = stages.map(|(name, p50)| {
        let line = json!({"p50": p50, "p90": p50 * 2, "p99": p50 * 5, "p999": p50 * 31, "max": p50 * 900,
            "count": 4_883, "sampled_1_in": if name.starts_with("path") { 1 } else { 1_024 }});
        (name.to_owned(), line)
    });
    Value::Object(entries.into_iter().collect())
}

/// The summary of a run, with every key of the contract.
fn summary(size: &Size, fills: usize, result: [f64; 2], prices: &[f64]) -> Value {
    let [equity, drawdown] = result;
    let positions: Vec<Value> = size
        .symbols
        .iter()
        .zip(prices)
        .take(2)
        .map(|(symbol, price)| {
            json!({"symbol": symbol, "quantity": "-100", "cost": format!("{:.2}", -99.0 * price),
            "avg_price": format!("{:.4}", 0.99 * price), "mark_price": format!("{price:.2}"),
            "multiplier": "1", "currency": "USD"})
        })
        .collect();
    let bars: Value = [1, 5, 30]
        .iter()
        .map(|minutes| (format!("{minutes}m"), json!(size.minutes / minutes * size.symbols.len() as i64)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    json!({
        "schema_version": 1, "run_id": "9f2c1a70-20250101", "config_hash": "9f2c1a70c4b85d1e66a0932b7f1d4e58",
        "strategies": ["mean_reversion"], "layout": "fused",
        "data": {"files": 93, "rows_read": 5_012_608, "ticks": 5_012_345,
            "rejected": {"price_jump": 212, "duplicate": 48, "size_not_positive": 3},
            "suspicious": {"crossed_quote": 1_204, "locked_quote": 6_911, "equal_timestamp": 18_220, "late": 2},
            "first_ts": "2025-01-01T00:00:00.412Z",
            "last_ts": jiff_text(START + size.minutes * MINUTE)},
        "counts": {"bars": bars, "indicator_sets": 129_600, "matrices": 0, "synergies": 0,
            "decisions": 0, "orders": fills, "fills": fills, "refused": {"max_position": 61,
            "price_collar": 9}},
        "portfolio": {"currency": "USD", "initial_capital": "100000", "cash": "100420.5",
            "equity": format!("{equity:.9}"),
            "realised_pnl": "512.337", "unrealised_pnl": "-33.1", "fees": "402.881205", "positions": positions},
        "performance": {"return": equity / 100_000.0 - 1.0, "sharpe": 1.8412, "sortino": 2.5519,
            "max_drawdown": drawdown,
            "volatility": 0.1124, "turnover": 41.2, "trades": 198, "win_rate": 0.5404,
            "profit_factor": 1.31, "exposure": 0.8312},
        "speed": {"wall_s": 0.9617, "ticks_per_s": 5_211_968.4, "decode_s": 0.8021, "pipeline_s": 0.9011},
        "latency_ns": latency(),
        "event_hash": "0f6b1a52e7c94d3388b1de0c52a7f9e4", "state_hash": "5d20c7be913fa8846107e2ba3cd95f10"
    })
}

fn jiff_text(ts: i64) -> String {
    jiff::Timestamp::from_nanosecond(ts.into()).expect("it is in range").to_string()
}

pub const CONFIG: &str = "# effective\n[run]\nstrategies = [\"mean_reversion\"]\ninitial_capital = \"100000\"\n\
    currency = \"USD\"\n\n[data]\npaths = [\"data/quickstart\"]\n\n[bars]\ntimeframes = [\"1m\", \"5m\", \"30m\"]\n";

/// What a run was made from.
pub struct Made {
    /// Prices by minute, by symbol.
    pub walks: Vec<Vec<f64>>,
    /// In order of time.
    pub fills: Vec<Fill>,
}

/// Writes a whole run folder, without decisions.
pub fn write_run(dir: &Path, size: &Size) -> Made {
    let mut random = Random(7);
    let (mut bars, mut all_fills, mut walks) = (Bars::default(), Vec::new(), Vec::new());
    for (nth, symbol) in size.symbols.iter().enumerate() {
        let walk = walk(&mut random, 100.0 * (nth as f64 * 1.7 + 1.0), size.minutes);
        for minutes in [1, 5, 30] {
            bars.add(symbol, minutes, &walk);
        }
        all_fills.extend(fills(&mut random, symbol, &walk, size.fills.saturating_sub(nth)));
        walks.push(walk);
    }
    all_fills.sort_by_key(|fill| fill.ts);
    bars.write(dir);
    write_fills(dir, &all_fills);
    write_orders(dir, &all_fills);
    let result = write_equity(dir, &all_fills, &walks, &size.symbols, size.minutes);
    write_rejects(dir, &rejects(size.reasons));
    let prices: Vec<f64> = walks.iter().map(|walk| walk[walk.len() - 1]).collect();
    decisions::write_none(dir);
    write_json(dir, &summary(size, all_fills.len(), result, &prices));
    fs::write(dir.join("config.toml"), CONFIG).expect("the test's folder can be written");
    Made { walks, fills: all_fills }
}

/// Writes `summary.json`.
pub fn write_json(dir: &Path, summary: &Value) {
    fs::write(dir.join("summary.json"), summary.to_string()).expect("the test's folder can be written");
}

/// Writes the folder of a run that had no data.
pub fn write_empty_run(dir: &Path) {
    Bars::default().write(dir);
    write_fills(dir, &[]);
    write_orders(dir, &[]);
    write_equity_table(dir, vec![], vec![], vec![]);
    decisions::write_none(dir);
    write_rejects(dir, &[]);
    let summary = json!({
        "schema_version": 1, "run_id": "r", "config_hash": "00", "strategies": ["none"], "layout": "fused",
        "data": {"files": 1, "rows_read": 0, "ticks": 0, "rejected": {}, "suspicious": {}, "first_ts": null,
            "last_ts": null},
        "counts": {"bars": {}, "indicator_sets": 0, "matrices": 0, "synergies": 0, "decisions": 0,
            "orders": 0, "fills": 0, "refused": {}},
        "portfolio": {"currency": "USD", "initial_capital": "100000", "cash": "100000", "equity": "100000",
            "realised_pnl": "0",
            "unrealised_pnl": "0", "fees": "0", "positions": []},
        "performance": {"return": null, "sharpe": null, "sortino": null, "max_drawdown": null,
            "volatility": null,
            "turnover": null, "trades": 0, "win_rate": null, "profit_factor": null, "exposure": null},
        "speed": {"wall_s": 0.0, "ticks_per_s": 0.0, "decode_s": 0.0, "pipeline_s": 0.0},
        "latency_ns": {}, "event_hash": "00", "state_hash": "00"
    });
    write_json(dir, &summary);
    fs::write(dir.join("config.toml"), CONFIG).expect("the test's folder can be written");
}
