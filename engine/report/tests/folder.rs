//! The run folder as a reader finds it: every table read back, column by column, and whole or absent.
//!
//! A made-up run is recorded frame by frame: an order filled in parts, one cancelled, one rejected, one
//! expired, one never answered. Rows are compared as text, so that a wrong type, order or rounding shows.
//! Not here: what report.html looks like (`html`).

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Float64Type, Int64Type, TimestampNanosecondType, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use indicators::{SymbolBatch, TickBatch};
use model::{
    Account, Bar, BarSource, Event, Fill, Frame, Goal, IndicatorSet, Instrument, InstrumentTable, Intent,
    Kind, Liquidity, Money, Nanos, Order, OrderId, OrderType, Price, Purpose, Quantity, RefusalReason,
    RejectReason, Report, ReportKind, Side, Style, SymbolId, SymbolTable, TimeInForce, Timeframe, UNIT,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use report::{
    CountsSummary, DataSection, LatencySummary, OptionalTable, Overwrite, PerformanceSummary,
    PortfolioSummary, PositionSummary, RejectRow, ReportError, RunFolder, RunMeta, SCHEMA_VERSION,
    SpeedSummary, Summary,
};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

const AAA: SymbolId = SymbolId(0);
const ESH4: SymbolId = SymbolId(1);

fn meta() -> RunMeta {
    let symbols = SymbolTable::new(["AAA", "ESH4"].map(String::from));
    let describe = |symbol: &str| match symbol {
        "ESH4" => Instrument {
            multiplier: Quantity::new(50 * UNIT),
            venue: "CME".to_owned(),
            ..Instrument::plain(symbol, "USD")
        },
        _ => Instrument::plain(symbol, "USD"),
    };
    RunMeta {
        instruments: InstrumentTable::new(symbols, describe),
        timeframes: ["1m", "5m"].map(|text| Timeframe::parse(text).unwrap()).to_vec(),
        indicator_names: vec![vec!["sma_2".to_owned(), "ema_2".to_owned()], vec!["rsi_14".to_owned()]],
        matrices: Vec::new(),
        matrices_read: Vec::new(),
        matrix_table: OptionalTable::Omitted,
        batch_table: OptionalTable::Omitted,
        models: Vec::new(),
        session: "0badcafe".to_owned(),
        earlier_sessions: BTreeMap::new(),
        strategy: "ema_cross".to_owned(),
        account: "backtest".to_owned(),
    }
}

fn price(text: &str) -> Price {
    Price::parse(text).unwrap()
}

fn quantity(text: &str) -> Quantity {
    Quantity::parse(text).unwrap()
}

fn money(text: &str) -> Money {
    Money::parse(text).unwrap()
}

fn frame(seq: u64, input: Event) -> Frame {
    let mut frame = Frame::default();
    frame.begin(Event { seq, ..input });
    frame
}

fn timer(seq: u64, ts: i64) -> Frame {
    frame(seq, Event::input(Kind::TIMER, Nanos(ts), SymbolId::NONE))
}

fn answer(seq: u64, id: u32, kind: ReportKind) -> Frame {
    let reason = (kind == ReportKind::Rejected).then_some(RejectReason::Lot);
    let report = Report { id: OrderId(id), symbol: AAA, kind, reason };
    frame(seq, report.to_event(Nanos(seq as i64 * 100)))
}

/// A fill of a symbol's order; the number at the venue is the sequence number.
fn fill(seq: u64, id: u32, symbol: SymbolId, side: Side, quantity_text: &str, price_text: &str) -> Frame {
    let fill = Fill {
        order: OrderId(id),
        number: seq as u32,
        symbol,
        side,
        quantity: quantity(quantity_text),
        price: price(price_text),
        fee: money("-0.000000001"),
        liquidity: if side == Side::Buy { Liquidity::Taker } else { Liquidity::Maker },
    };
    frame(seq, fill.to_event(Nanos(seq as i64 * 100)))
}

fn order(frame: &mut Frame, id: u32, symbol: SymbolId, side: Side, quantity_text: &str, limit: Option<&str>) {
    let input = *frame.input();
    let order = Order {
        id: OrderId(id),
        nth: 1 + frame.events.iter().filter(|event| event.kind == Kind::ORDER).count() as u32,
        symbol,
        side,
        order_type: limit.map_or(OrderType::Market, |text| OrderType::Limit(price(text))),
        tif: TimeInForce::Gtc,
        quantity: quantity(quantity_text),
        seq: input.seq,
        cause_seq: input.seq,
        ts: input.ts,
        delay: Nanos(0),
        purpose: Purpose::Decision,
    };
    frame.push(order.to_event());
}

fn bar(timeframe: u8, source: BarSource, vwap: Option<&str>, volume: i128) -> Bar {
    Bar {
        symbol: AAA,
        timeframe,
        source,
        primary: true,
        ts_open: Nanos(0),
        ts_close: Nanos(60_000_000_000),
        open: price("10"),
        high: price("12.5"),
        low: price("-0.000000001"),
        close: price("11"),
        volume,
        vwap: vwap.map(price),
        trades: 3,
    }
}

fn refuse(frame: &mut Frame, symbol: SymbolId, goal: Goal, reason: RefusalReason) {
    let input = *frame.input();
    frame.push(Intent::new(symbol, goal).to_event(&input, Kind::REFUSAL, Some(reason)));
}

fn account(frame: &mut Frame, equity: &str, peak: &str, is_row: bool) {
    let figures = Account {
        cash: money("100"),
        position_value: money("-5.5"),
        equity: money(equity),
        realised_pnl: money("1"),
        unrealised_pnl: money("-2"),
        fees: money("3"),
        peak: money(peak),
    };
    frame.push_account(figures, AAA, 0);
    frame.events.last_mut().unwrap().flags = u8::from(is_row);
}

/// A boundary at which everything happens at once.
fn boundary() -> Frame {
    let mut frame = timer(5, 60_000_000_000);
    frame.push_bar(bar(0, BarSource::Trade, Some("10.75"), i128::from(UNIT) * 4_000_000_000));
    frame.push_bar(bar(1, BarSource::Mid, None, 0));
    for (timeframe, values) in [(0, vec![f64::NAN, 0.1]), (1, vec![50.0])] {
        let values_start = frame.values.len() as u32;
        frame.values.extend(&values);
        let ts_close = Nanos(60_000_000_000);
        let values_len = values.len() as u32;
        frame.push_set(IndicatorSet { symbol: AAA, timeframe, ts_close, values_start, values_len });
    }
    let target = |style| Goal::Target { position: quantity("-1.5"), style };
    refuse(&mut frame, AAA, target(Style::Market), RefusalReason::MaxPosition);
    refuse(&mut frame, ESH4, target(Style::Limit(price("99.5"))), RefusalReason::PriceCollar);
    order(&mut frame, 0, AAA, Side::Buy, "2", None);
    order(&mut frame, 1, ESH4, Side::Sell, "3", Some("4780.25"));
    order(&mut frame, 2, AAA, Side::Buy, "0.3", None);
    order(&mut frame, 3, AAA, Side::Buy, "1", Some("9"));
    account(&mut frame, "94.5", "100", true);
    frame
}

/// The whole made-up run.
fn frames() -> Vec<Frame> {
    let mut start = frame(1, Event::input(Kind::SESSION, Nanos(-1), SymbolId::NONE));
    account(&mut start, "0", "0", true);
    account(&mut start, "7", "7", false);
    let mut second = timer(12, 120_000_000_000);
    order(&mut second, 4, AAA, Side::Sell, "1", None);
    order(&mut second, 5, AAA, Side::Sell, "1", Some("12"));
    vec![
        start,
        boundary(),
        answer(6, 0, ReportKind::Accepted),
        // The mean of 10 and 10.000000001 lies halfway between two units of 1e-9: it goes to the even one.
        fill(7, 0, AAA, Side::Buy, "1", "10"),
        fill(8, 1, ESH4, Side::Sell, "1", "4780.25"),
        answer(9, 2, ReportKind::Rejected),
        fill(10, 0, AAA, Side::Buy, "1", "10.000000001"),
        fill(11, 1, ESH4, Side::Sell, "0.5", "4781"),
        second,
        // Order 0 is filled and its row may be written: an answer that comes too late changes nothing.
        answer(13, 0, ReportKind::CancelRejected),
        answer(14, 1, ReportKind::Cancelled),
        answer(15, 3, ReportKind::Cancelled),
        fill(16, 4, AAA, Side::Sell, "0.25", "11"),
        answer(17, 4, ReportKind::Expired),
    ]
}

fn summary() -> Summary {
    let none = PerformanceSummary {
        total_return: None,
        sharpe: None,
        sortino: None,
        max_drawdown: None,
        volatility: None,
        turnover: None,
        trades: 0,
        win_rate: None,
        profit_factor: None,
        exposure: None,
    };
    let position = PositionSummary {
        symbol: "AAA".to_owned(),
        quantity: "2".to_owned(),
        cost: "20.000000001".to_owned(),
        avg_price: None,
        mark_price: None,
        multiplier: "1".to_owned(),
        currency: "USD".to_owned(),
    };
    let latency = LatencySummary { p50: 1, p90: 2, p99: 3, p999: 4, max: 5, count: 6, sampled_1_in: 7 };
    let amount = || "100".to_owned();
    Summary {
        schema_version: SCHEMA_VERSION,
        run_id: "run".to_owned(),
        config_hash: "0badcafe".repeat(4),
        strategies: vec!["ema_cross".to_owned()],
        layout: "fused".to_owned(),
        data: DataSection {
            files: 1,
            rows_read: 3,
            ticks: 2,
            rejected: BTreeMap::from([("parse".to_owned(), 1)]),
            suspicious: BTreeMap::new(),
            first_ts: None,
            last_ts: None,
            made_from_bars: vec!["AAA".to_owned()],
        },
        counts: CountsSummary {
            bars: BTreeMap::from([("1m".to_owned(), 1), ("5m".to_owned(), 1)]),
            indicator_sets: 2,
            matrices: 0,
            synergies: 0,
            decisions: 0,
            orders: 6,
            fills: 5,
            refused: BTreeMap::from([("max_position".to_owned(), 1)]),
            synergies_by_pattern: BTreeMap::new(),
            synergies_unlisted: BTreeMap::new(),
        },
        portfolio: PortfolioSummary {
            currency: "USD".to_owned(),
            initial_capital: amount(),
            cash: amount(),
            equity: amount(),
            realised_pnl: amount(),
            unrealised_pnl: amount(),
            fees: amount(),
            positions: vec![position],
        },
        performance: none,
        speed: SpeedSummary { wall_s: 0.5, ticks_per_s: 4.0, decode_s: 0.25, pipeline_s: 0.125 },
        latency_ns: BTreeMap::from([("bars".to_owned(), latency)]),
        agents: None,
        event_hash: "1".repeat(32),
        state_hash: "2".repeat(32),
    }
}

/// Records the made-up run below a folder of its own.
fn recorded() -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let mut folder = RunFolder::create(&home.path().join("runs/one"), Overwrite::Refuse, meta()).unwrap();
    for frame in frames() {
        folder.record(&frame).unwrap();
    }
    let row = RejectRow {
        file: "ticks.csv",
        row: 7,
        column: "price",
        reason: "price_not_finite",
        raw: "price=NaN size=1 side=1",
        symbol: None,
        ts_event: Some(Nanos(42)),
    };
    folder.reject_tick(&row).unwrap();
    folder.reject_tick(&RejectRow { symbol: Some("AAA"), ts_event: None, ..row }).unwrap();
    let dir = folder.finish(&summary(), "[run]\n").unwrap();
    (home, dir)
}

fn type_name(kind: &DataType) -> String {
    match kind {
        DataType::Utf8 => "text".to_owned(),
        DataType::Decimal128(digits, scale) => format!("decimal({digits},{scale})"),
        DataType::Timestamp(unit, zone) => format!("ts({unit:?},{})", zone.as_deref().unwrap_or("no zone")),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn cell(column: &ArrayRef, row: usize) -> String {
    if column.is_null(row) {
        return "null".to_owned();
    }
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
        DataType::UInt64 => column.as_primitive::<UInt64Type>().value(row).to_string(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::UInt32 => column.as_primitive::<UInt32Type>().value(row).to_string(),
        DataType::Float64 => format!("{:?}", column.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(..) => column.as_primitive::<Decimal128Type>().value_as_string(row),
        DataType::Timestamp(..) => column.as_primitive::<TimestampNanosecondType>().value(row).to_string(),
        other => panic!("{other:?} is no type of the run folder"),
    }
}

/// A table as lines: `name:type …`, then one line a row.
fn lines(dir: &Path, table: &str) -> Vec<String> {
    let file = File::open(dir.join(table)).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let fields = reader.schema().fields().clone();
    let head: Vec<String> =
        fields.iter().map(|field| format!("{}:{}", field.name(), type_name(field.data_type()))).collect();
    let mut lines = vec![head.join(" ")];
    for batch in reader.build().unwrap() {
        let batch = batch.unwrap();
        lines.extend((0..batch.num_rows()).map(|row| {
            let cells: Vec<String> = batch.columns().iter().map(|column| cell(column, row)).collect();
            cells.join(" | ")
        }));
    }
    lines
}

#[track_caller]
fn check(table: &str, expected: &[&str]) {
    let (_home, dir) = recorded();
    assert_eq!(lines(&dir, table).join("\n"), expected.join("\n"), "{table}");
}

#[test]
fn bars_keep_every_decimal() {
    check(
        "bars.parquet",
        &[
            "symbol:text timeframe:text source:text ts_open:ts(Nanosecond,UTC) ts_close:ts(Nanosecond,UTC) \
             open:decimal(18,9) high:decimal(18,9) low:decimal(18,9) close:decimal(18,9) volume:decimal(38,9) \
             vwap:decimal(18,9) trades:uint32",
            "AAA | 1m | trade | 0 | 60000000000 | 10.000000000 | 12.500000000 | -0.000000001 | 11.000000000 | \
             4000000000.000000000 | 10.750000000 | 3",
            "AAA | 5m | mid | 0 | 60000000000 | 10.000000000 | 12.500000000 | -0.000000001 | 11.000000000 | \
             0.000000000 | null | 3",
        ],
    );
}

#[test]
fn a_value_that_is_not_complete_has_no_row() {
    check(
        "indicators.parquet",
        &[
            "symbol:text timeframe:text ts_close:ts(Nanosecond,UTC) name:text value:float64",
            "AAA | 1m | 60000000000 | ema_2 | 0.1",
            "AAA | 5m | 60000000000 | rsi_14 | 50.0",
        ],
    );
}

#[test]
fn without_agents_the_table_of_decisions_is_empty() {
    check(
        "decisions.parquet",
        &["seq:uint64 ts_event:ts(Nanosecond,UTC) symbol:text strategy:text agent:text p_long:float64 \
           p_flat:float64 p_short:float64 action:text confidence:float64 outcome:text verdict:text missed:boolean \
           weight:float64 blend:float64 gate:float64 urgency:text pattern:text direction:text target:decimal(18,9) \
           context_position:float64 context_unrealised_pnl:float64 context_bars_held:float64 context_drawdown:float64 \
           context_pattern_mlmi_nwrqk_fvg:float64 context_pattern_mlmi_fvg_nwrqk:float64 \
           context_pattern_nwrqk_fvg_mlmi:float64 context_pattern_nwrqk_mlmi_fvg:float64 context_direction:float64"],
    );
}

#[test]
fn an_order_has_one_row_with_its_last_state() {
    let common = "ema_cross | backtest";
    check(
        "orders.parquet",
        &[
            "client_order_id:text parent_id:text seq:uint64 cause_seq:uint64 ts_event:ts(Nanosecond,UTC) symbol:text \
             strategy:text account:text venue:text side:text type:text tif:text quantity:decimal(18,9) \
             limit_price:decimal(18,9) status:text filled:decimal(18,9) avg_price:decimal(18,9) purpose:text",
            &format!(
                "0badcafe-5-1 | null | 10 | 5 | 60000000000 | AAA | {common} | SIM | buy | market | gtc | \
                 2.000000000 | null | filled | 2.000000000 | 10.000000000 | decision"
            ),
            &format!(
                "0badcafe-5-2 | null | 14 | 5 | 60000000000 | ESH4 | {common} | CME | sell | limit | gtc | \
                 3.000000000 | 4780.250000000 | cancelled | 1.500000000 | 4780.500000000 | decision"
            ),
            &format!(
                "0badcafe-5-3 | null | 9 | 5 | 60000000000 | AAA | {common} | SIM | buy | market | gtc | \
                 0.300000000 | null | rejected | 0.000000000 | null | decision"
            ),
            &format!(
                "0badcafe-5-4 | null | 15 | 5 | 60000000000 | AAA | {common} | SIM | buy | limit | gtc | \
                 1.000000000 | 9.000000000 | cancelled | 0.000000000 | null | decision"
            ),
            &format!(
                "0badcafe-12-1 | null | 17 | 12 | 120000000000 | AAA | {common} | SIM | sell | market | gtc | \
                 1.000000000 | null | expired | 0.250000000 | 11.000000000 | decision"
            ),
            &format!(
                "0badcafe-12-2 | null | 12 | 12 | 120000000000 | AAA | {common} | SIM | sell | limit | gtc | \
                 1.000000000 | 12.000000000 | new | 0.000000000 | null | decision"
            ),
        ],
    );
}

#[test]
fn a_fill_knows_its_order_and_its_instrument() {
    let expected = [
        "0badcafe-5-1 | 7 | 7 | 700 | AAA | ema_cross | buy | 1.000000000 | 10.000000000 | 1.000000000 | taker",
        "0badcafe-5-2 | 8 | 8 | 800 | ESH4 | ema_cross | sell | 1.000000000 | 4780.250000000 | 50.000000000 | maker",
        "0badcafe-5-1 | 10 | 10 | 1000 | AAA | ema_cross | buy | 1.000000000 | 10.000000001 | 1.000000000 | taker",
        "0badcafe-5-2 | 11 | 11 | 1100 | ESH4 | ema_cross | sell | 0.500000000 | 4781.000000000 | 50.000000000 | maker",
        "0badcafe-12-1 | 16 | 16 | 1600 | AAA | ema_cross | sell | 0.250000000 | 11.000000000 | 1.000000000 | maker",
    ]
    .map(|line| {
        let (start, liquidity) = line.rsplit_once(" | ").unwrap();
        format!("{start} | -0.000000001 | USD | {liquidity}")
    });
    let head = "client_order_id:text venue_fill_id:text seq:uint64 ts_event:ts(Nanosecond,UTC) symbol:text \
                strategy:text side:text quantity:decimal(18,9) price:decimal(18,9) multiplier:decimal(18,9) \
                fee:decimal(38,9) fee_currency:text liquidity:text";
    let expected: Vec<&str> = std::iter::once(head).chain(expected.iter().map(String::as_str)).collect();
    check("fills.parquet", &expected);
}

#[test]
fn equity_has_the_rows_that_are_marked_as_such() {
    check(
        "equity.parquet",
        &[
            "ts_event:ts(Nanosecond,UTC) cash:decimal(38,9) position_value:decimal(38,9) equity:decimal(38,9) \
             realised_pnl:decimal(38,9) unrealised_pnl:decimal(38,9) fees:decimal(38,9) drawdown:float64",
            "-1 | 100.000000000 | -5.500000000 | 0.000000000 | 1.000000000 | -2.000000000 | 3.000000000 | 0.0",
            "60000000000 | 100.000000000 | -5.500000000 | 94.500000000 | 1.000000000 | -2.000000000 | 3.000000000 \
             | 0.055",
        ],
    );
}

#[test]
fn rejects_say_what_was_refused_where_and_why() {
    let (_home, dir) = recorded();
    let found = lines(&dir, "rejects.parquet");
    let head = "kind:text file:text row:uint64 column:text reason:text raw:text symbol:text \
                ts_event:ts(Nanosecond,UTC) cause_seq:uint64";
    assert_eq!(found[0], head);
    // The text of an intent or order is for people; it must be there and hold the numbers.
    for (line, start, holds, end) in [
        (1, "intent | null | null | null | max_position | ", "-1.5", " | AAA | 60000000000 | 5"),
        (2, "intent | null | null | null | price_collar | ", "99.5", " | ESH4 | 60000000000 | 5"),
        (3, "order | null | null | null | lot | ", "2", " | AAA | 900 | null"),
        (
            4,
            "tick | ticks.csv | 7 | price | price_not_finite | ",
            "price=NaN size=1 side=1",
            " | null | 42 | null",
        ),
        (
            5,
            "tick | ticks.csv | 7 | price | price_not_finite | ",
            "price=NaN size=1 side=1",
            " | AAA | null | null",
        ),
    ] {
        let text = &found[line];
        let raw = text.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
        assert!(raw.is_some_and(|raw| raw.contains(holds)), "{text:?} is not {start}…{holds}…{end}");
    }
    assert_eq!(found.len(), 6);
}

#[test]
fn batches_of_ticks_are_kept_where_asked_for() {
    let home = tempfile::tempdir().unwrap();
    let record = |name: &str, batch_table: OptionalTable| {
        let meta = RunMeta { batch_table, ..meta() };
        let mut folder = RunFolder::create(&home.path().join(name), Overwrite::Replace, meta).unwrap();
        let batch = TickBatch {
            ts_first: Nanos(-1),
            time_span: Nanos(999_999),
            ticks: 100,
            vwap: Some(0.1),
            price_change: -2.5,
            volume: 4_000_000_000 * i128::from(UNIT) + 1,
            volatility: 0.25,
        };
        let none = TickBatch { vwap: None, volume: 0, ..batch };
        let batches = [(AAA, BarSource::Trade, batch), (ESH4, BarSource::Mid, none)];
        let row = |(symbol, source, batch)| SymbolBatch { symbol, source, batch };
        folder.record_batches(&batches.map(row)).unwrap();
        folder.finish(&summary(), "").unwrap()
    };
    let dir = record("run", OptionalTable::Written);
    let expected = [
        "symbol:text source:text ts_event:ts(Nanosecond,UTC) time_span_ns:int64 ticks:uint32 vwap:float64 \
         price_change:float64 volume:decimal(38,9) volatility:float64",
        "AAA | trade | -1 | 999999 | 100 | 0.1 | -2.5 | 4000000000.000000001 | 0.25",
        "ESH4 | mid | -1 | 999999 | 100 | null | -2.5 | 0.000000000 | 0.25",
    ];
    assert_eq!(lines(&dir, "batches.parquet"), expected);
    // Those of the run before do not stay.
    let dir = record("run", OptionalTable::Omitted);
    assert!(!dir.join("batches.parquet").exists());
}

#[test]
fn counts_are_what_was_recorded() {
    let home = tempfile::tempdir().unwrap();
    let mut folder = RunFolder::create(&home.path().join("run"), Overwrite::Refuse, meta()).unwrap();
    for frame in frames() {
        folder.record(&frame).unwrap();
    }
    let counts = folder.counts();
    assert_eq!(counts.bars, [1, 1]);
    assert_eq!((counts.indicator_sets, counts.orders, counts.fills), (2, 6, 5));
    assert_eq!(counts.refused, BTreeMap::from([("max_position", 1), ("price_collar", 1)]));
}

/// More rows than a batch or a row group holds, and an order that rests in front of many that are done.
#[test]
fn long_tables_come_back_whole_and_in_order() {
    const BARS: u32 = 140_000;
    const ORDERS: u32 = 20_000;
    let home = tempfile::tempdir().unwrap();
    let mut folder = RunFolder::create(&home.path().join("run"), Overwrite::Refuse, meta()).unwrap();
    let mut frame = Frame::default();
    for n in 0..BARS {
        frame.begin(Event { seq: u64::from(n) + 1, ..Event::input(Kind::TIMER, Nanos(0), SymbolId::NONE) });
        frame.push_bar(Bar { trades: n, ..bar(0, BarSource::Trade, None, 0) });
        folder.record(&frame).unwrap();
    }
    for n in 0..ORDERS {
        let seq = u64::from(BARS + 1 + 2 * n);
        let mut cause = timer(seq, 0);
        order(&mut cause, n, AAA, Side::Buy, "1", Some("1"));
        folder.record(&cause).unwrap();
        if n > 0 {
            folder.record(&answer(seq + 1, n, ReportKind::Cancelled)).unwrap();
        }
    }
    let dir = folder.finish(&summary(), "").unwrap();
    let column = |table: &str, at: usize| -> Vec<String> {
        lines(&dir, table)
            .into_iter()
            .skip(1)
            .map(|line| line.split(" | ").nth(at).unwrap().to_owned())
            .collect()
    };
    assert!(column("bars.parquet", 11).into_iter().eq((0..BARS).map(|n| n.to_string())), "bars in order");
    let causes = (0..ORDERS).map(|n| (BARS + 1 + 2 * n).to_string());
    assert!(column("orders.parquet", 3).into_iter().eq(causes), "orders in order");
    assert_eq!(column("orders.parquet", 14)[..2], ["new", "cancelled"]);
}

#[test]
fn an_empty_run_has_every_table() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("run");
    RunFolder::create(&dir, Overwrite::Refuse, meta()).unwrap().finish(&summary(), "").unwrap();
    for table in ["bars", "indicators", "decisions", "synergies", "orders", "fills", "equity", "rejects"] {
        assert_eq!(lines(&dir, &format!("{table}.parquet")).len(), 1, "{table} has a head and no row");
    }
}

#[test]
fn the_folder_holds_what_the_contract_names() {
    let (home, dir) = recorded();
    let names = |dir: &Path| {
        let mut names: Vec<String> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert_eq!(
        names(&dir),
        [
            "bars.parquet",
            "config.toml",
            "decisions.parquet",
            "equity.parquet",
            "fills.parquet",
            "indicators.parquet",
            "orders.parquet",
            "rejects.parquet",
            "report.html",
            "summary.json",
            "synergies.parquet",
        ]
    );
    assert_eq!(names(&home.path().join("runs")), ["one"], "nothing is left beside");
    assert_eq!(fs::read_to_string(dir.join("config.toml")).unwrap(), "[run]\n");
    assert_eq!(fs::read_to_string(dir.join("summary.json")).unwrap(), summary().to_json());
}

#[test]
fn a_run_that_does_not_finish_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("run");
    let mut folder = RunFolder::create(&out, Overwrite::Refuse, meta()).unwrap();
    folder.record(&boundary()).unwrap();
    assert!(!out.exists(), "nothing stands there before the end");
    drop(folder);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn a_folder_with_something_in_it_is_refused_unless_forced() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("run");
    fs::create_dir(&out).unwrap();
    RunFolder::create(&out, Overwrite::Refuse, meta()).expect("an empty folder is as good as none");
    fs::write(out.join("summary.json"), "old").unwrap();
    let refused = RunFolder::create(&out, Overwrite::Refuse, meta()).err().expect("it is not empty");
    assert!(matches!(&refused, ReportError::NotEmpty(path) if *path == out), "{refused}");
    assert!(refused.to_string().contains("--force") && refused.to_string().contains("run"), "{refused}");
    let folder = RunFolder::create(&out, Overwrite::Replace, meta()).unwrap();
    assert_eq!(fs::read_to_string(out.join("summary.json")).unwrap(), "old", "it stands until the end");
    folder.finish(&summary(), "").unwrap();
    assert_eq!(fs::read_to_string(out.join("summary.json")).unwrap(), summary().to_json());
}

#[test]
fn a_path_that_is_a_file_is_refused_by_name() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("run");
    fs::write(&out, "mine").unwrap();
    for overwrite in [Overwrite::Refuse, Overwrite::Replace] {
        let refused = RunFolder::create(&out, overwrite, meta()).err().expect("a file is no folder");
        assert!(refused.to_string().contains(out.to_str().unwrap()), "{refused}");
    }
    assert_eq!(fs::read_to_string(&out).unwrap(), "mine");
}

/// The keys of an object, in order.
fn keys(value: &serde_json::Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_summary_has_the_contracts_keys_in_order() {
    let value: serde_json::Value = serde_json::from_str(&summary().to_json()).unwrap();
    for (pointer, expected) in [
        (
            "",
            "schema_version run_id config_hash strategies layout data counts portfolio performance speed latency_ns \
             event_hash state_hash",
        ),
        ("/data", "files rows_read ticks rejected suspicious first_ts last_ts made_from_bars"),
        (
            "/counts",
            "bars indicator_sets matrices synergies decisions orders fills refused synergies_by_pattern synergies_unlisted",
        ),
        ("/portfolio", "currency initial_capital cash equity realised_pnl unrealised_pnl fees positions"),
        ("/portfolio/positions/0", "symbol quantity cost avg_price mark_price multiplier currency"),
        (
            "/performance",
            "return sharpe sortino max_drawdown volatility turnover trades win_rate profit_factor exposure",
        ),
        ("/speed", "wall_s ticks_per_s decode_s pipeline_s"),
        ("/latency_ns/bars", "p50 p90 p99 p999 max count sampled_1_in"),
    ] {
        assert_eq!(keys(value.pointer(pointer).unwrap()).join(" "), expected, "{pointer}");
    }
    assert!(value.pointer("/performance/sharpe").unwrap().is_null(), "what is not defined is null");
    assert_eq!(value.pointer("/portfolio/positions/0/cost").unwrap(), "20.000000001", "money is text");
}

#[test]
fn force_replaces_a_run_and_keeps_what_is_not_of_one() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("run");
    fs::create_dir_all(out.join("photos")).unwrap();
    fs::write(out.join("photos/cat.txt"), "mine").unwrap();
    fs::write(out.join("bars.parquet"), "old").unwrap();
    let refused = RunFolder::create(&out, Overwrite::Replace, meta()).err().unwrap();
    assert!(refused.is_usage() && refused.to_string().contains("no run folder"), "{refused}");
    fs::write(out.join("summary.json"), "{}").unwrap();
    // A path without a name at its end means the folder all the same.
    let path = out.join("photos/..");
    RunFolder::create(&path, Overwrite::Replace, meta()).unwrap().finish(&summary(), "").unwrap();
    assert_eq!(fs::read_to_string(out.join("photos/cat.txt")).unwrap(), "mine");
    assert_eq!(lines(&out, "bars.parquet").len(), 1);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "nothing is left beside");
}

#[test]
fn a_place_is_claimed_by_one_run_at_a_time() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("run");
    let first = RunFolder::create(&out, Overwrite::Refuse, meta()).unwrap();
    let refused = RunFolder::create(&out, Overwrite::Replace, meta()).err().unwrap();
    assert!(refused.is_usage() && refused.to_string().contains("another run"), "{refused}");
    first.finish(&summary(), "").unwrap();
    assert!(RunFolder::check(&out, Overwrite::Refuse).is_err());
    // What a killed run left, whose process is gone, is in nobody's way.
    let stale = home.path().join(".later.partial");
    fs::create_dir(&stale).unwrap();
    fs::write(stale.join(".owner"), u32::MAX.to_string()).unwrap();
    RunFolder::create(&home.path().join("later"), Overwrite::Refuse, meta()).unwrap();
}
