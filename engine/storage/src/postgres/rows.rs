//! Ticks and results as rows of binary COPY, field by field in the order of [`TABLES`]' columns.

use super::clock::split;
use super::copy::Sheet;
use super::ddl::TABLES;
use crate::{Dictionary, OrderState, Record};
use model::{Bar, Decision, Event, Fill, Kind, Nanos, Order, OrderType, Quantity, SymbolId};
use std::fmt::Write as _;

/// Index in [`TABLES`].
pub(crate) const TRADES: usize = 0;
/// Index in [`TABLES`].
pub(crate) const QUOTES: usize = 1;

/// The table of a tick.
#[inline]
pub(crate) const fn tick_table(tick: &Event) -> usize {
    if tick.kind.0 == Kind::TRADE.0 { TRADES } else { QUOTES }
}

/// The table of a result, and the time that says which partition.
pub(crate) fn record_table(record: &Record) -> (usize, Nanos) {
    match record {
        Record::Bar { bar, .. } => (2, bar.ts_close),
        Record::Indicators { ts_close, .. } => (3, *ts_close),
        Record::Decision { ts, .. } => (4, *ts),
        Record::Order { ts, .. } => (5, *ts),
        Record::Fill { ts, .. } => (6, *ts),
        Record::Account { ts, .. } => (7, *ts),
        Record::Position { ts, .. } => (8, *ts),
    }
}

/// What is needed to write a run's rows.
#[derive(Debug)]
pub(crate) struct Encoder {
    run: i32,
    symbols: Vec<i32>,
    names: Dictionary,
    timeframes: Vec<String>,
    widths: [u16; TABLES.len()],
    /// Reused for client order ids.
    id: String,
}

/// What every row of results begins with.
#[derive(Debug, Clone, Copy)]
struct Head {
    seq: u64,
    /// Among the results of one input.
    place: i32,
    ts: Nanos,
}

impl Encoder {
    /// For a run that the database knows by these numbers.
    pub fn new(names: &Dictionary, run: i32, symbols: Vec<i32>) -> Self {
        let timeframes = names.timeframes.iter().map(ToString::to_string).collect();
        let widths = std::array::from_fn(|table| TABLES[table].column_count());
        Self { run, symbols, names: names.clone(), timeframes, widths, id: String::new() }
    }

    fn symbol(&self, symbol: SymbolId) -> i32 {
        self.symbols[symbol.index()]
    }

    /// A trade or a quote, to its table's sheet.
    #[inline]
    pub fn tick(&self, sheet: &mut Sheet, tick: &Event) {
        let is_trade = tick.kind == Kind::TRADE;
        let (micros, sub_us) = split(tick.ts);
        sheet.row(self.widths[if is_trade { TRADES } else { QUOTES }]);
        sheet.int4(self.run);
        sheet.int4(self.symbol(tick.symbol));
        sheet.int8(tick.seq as i64);
        sheet.int8(micros);
        if is_trade {
            let trade = tick.as_trade();
            sheet.int8(trade.ts_event.0);
            sheet.int8(trade.price.raw());
            sheet.int8(trade.size.raw());
            sheet.int2(sub_us);
            sheet.int2(trade.aggressor.into());
            return;
        }
        let quote = tick.as_quote();
        sheet.int8(quote.ts_event.0);
        sheet.int8(quote.bid.raw());
        sheet.int8(quote.ask.raw());
        for size in [quote.bid_size, quote.ask_size] {
            match size {
                Some(size) => sheet.int8(size.raw()),
                None => sheet.null(),
            }
        }
        sheet.int2(sub_us);
    }

    /// A result, to its table's sheet; `place` counts the results of one input from 0.
    pub fn record(&mut self, sheet: &mut Sheet, record: &Record, place: i32) {
        let (table, ts) = record_table(record);
        let head = Head { seq: record.seq(), place, ts };
        self.head(sheet, table, head);
        match record {
            Record::Bar { bar, .. } => self.bar(sheet, bar),
            Record::Indicators { symbol, timeframe, values, .. } => {
                sheet.int4(self.symbol(*symbol));
                sheet.text(&self.timeframes[usize::from(*timeframe)]);
                sheet.float8s(values);
            }
            Record::Decision { decision, .. } => self.decision(sheet, decision),
            Record::Order { state, .. } => self.order(sheet, state),
            Record::Fill { fill, order, .. } => self.fill(sheet, fill, order),
            Record::Account { account, .. } => {
                account.amounts().iter().for_each(|amount| sheet.numeric(amount.raw()));
            }
            Record::Position { symbol, quantity, .. } => {
                sheet.int4(self.symbol(*symbol));
                number(sheet, *quantity);
            }
        }
    }

    fn head(&self, sheet: &mut Sheet, table: usize, head: Head) {
        let (micros, sub_us) = split(head.ts);
        sheet.row(self.widths[table]);
        sheet.int4(self.run);
        sheet.int8(head.seq as i64);
        sheet.int4(head.place);
        sheet.int8(micros);
        sheet.int2(sub_us);
    }

    fn bar(&self, sheet: &mut Sheet, bar: &Bar) {
        sheet.int4(self.symbol(bar.symbol));
        sheet.text(&self.timeframes[usize::from(bar.timeframe)]);
        sheet.text(bar.source.name());
        sheet.boolean(bar.primary);
        sheet.int8(bar.ts_open.0);
        [bar.open, bar.high, bar.low, bar.close].iter().for_each(|price| sheet.numeric(price.raw().into()));
        sheet.numeric(bar.volume);
        sheet.numeric_or_null(bar.vwap.map(|price| price.raw().into()));
        sheet.int8(bar.trades.into());
    }

    fn decision(&self, sheet: &mut Sheet, decision: &Decision) {
        sheet.int4(self.symbol(decision.symbol));
        match decision.synergy {
            Some((pattern, direction)) => {
                sheet.text(&pattern.to_string());
                sheet.text(direction.name());
            }
            None => {
                sheet.null();
                sheet.null();
            }
        }
        sheet.float4s(decision.says.as_flattened());
        sheet.booleans(&decision.missed);
        sheet.float4s(&decision.weights);
        sheet.float4(decision.blend);
        sheet.float4s(&decision.context);
        decision.ensemble.iter().for_each(|&probability| sheet.float4(probability));
        sheet.text(decision.action.name());
        sheet.float4(decision.confidence);
        sheet.float4(decision.gate);
        sheet.text(decision.urgency.name());
        sheet.text(decision.verdict.name());
        number(sheet, decision.target);
    }

    fn client_order_id(&mut self, sheet: &mut Sheet, order: &Order) {
        self.id.clear();
        write!(self.id, "{}-{}-{}", self.names.session, order.seq, order.nth).expect("a string takes all");
        sheet.text(&self.id);
    }

    fn order(&mut self, sheet: &mut Sheet, state: &OrderState) {
        let order = &state.order;
        sheet.int4(self.symbol(order.symbol));
        sheet.int8(order.id.0.into());
        self.client_order_id(sheet, order);
        sheet.int8(order.seq as i64);
        sheet.int8(order.cause_seq as i64);
        sheet.int8(order.ts.0);
        sheet.int8(order.delay.0);
        sheet.text(order.side.name());
        sheet.text(order.order_type.name());
        sheet.text(order.tif.name());
        sheet.text(order.purpose.name());
        number(sheet, order.quantity);
        sheet.numeric_or_null(match order.order_type {
            OrderType::Market => None,
            OrderType::Limit(price) => Some(price.raw().into()),
        });
        sheet.text(state.status.name());
        number(sheet, state.filled);
    }

    fn fill(&mut self, sheet: &mut Sheet, fill: &Fill, order: &Order) {
        sheet.int4(self.symbol(fill.symbol));
        sheet.int8(fill.order.0.into());
        self.client_order_id(sheet, order);
        sheet.int8(fill.number.into());
        sheet.text(fill.side.name());
        number(sheet, fill.quantity);
        sheet.numeric(fill.price.raw().into());
        let instrument = self.names.instruments.get(fill.symbol);
        number(sheet, instrument.multiplier);
        sheet.numeric(fill.fee.raw());
        sheet.text(&instrument.currency);
        sheet.text(fill.liquidity.name());
        sheet.text(order.purpose.name());
    }
}

fn number(sheet: &mut Sheet, quantity: Quantity) {
    sheet.numeric(quantity.raw().into());
}
