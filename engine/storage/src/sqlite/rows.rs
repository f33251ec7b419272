//! Rows into the database: ticks many at a time, results one by one.
//!
//! A row that is there already is an error, not a no-op: the watermark says what is stored, and if it were wrong that
//! should be seen. Orders and positions are replaced, because their last state is what is kept.
//! Not here: transactions.

use crate::query::TickKind;
use crate::{Batch, Dictionary, OrderState, Record, Stream};
use model::{
    Account, Agent, Bar, Decision, Event, Fill, Money, Nanos, Order, OrderType, Price, Quantity, SymbolId,
};
use rusqlite::{CachedStatement, Connection, Statement, params};

/// Rows of a statement that inserts many.
const MANY: usize = 64;

const INSERT_TRADES: &str = "INSERT INTO trades (run, symbol, seq, ts, ts_event, price, size, side) VALUES ";
const TRADE_COLUMNS: usize = 8;
const INSERT_QUOTES: &str =
    "INSERT INTO quotes (run, symbol, seq, ts, ts_event, bid, ask, bid_size, ask_size) VALUES ";
const QUOTE_COLUMNS: usize = 9;

/// What turns ids into names and numbers.
pub(crate) struct Names<'a> {
    pub dictionary: &'a Dictionary,
    pub run: i64,
    pub symbols: &'a [i64],
}

impl Names<'_> {
    fn symbol(&self, id: SymbolId) -> i64 {
        self.symbols[id.index()]
    }

    fn timeframe(&self, index: u8) -> String {
        self.dictionary.timeframes[usize::from(index)].to_string()
    }

    fn client_order_id(&self, order: &Order) -> String {
        format!("{}-{}-{}", self.dictionary.session, order.seq, order.nth)
    }
}

/// A volume in units of 1e-9, as a decimal text.
fn volume(raw: i128) -> String {
    Money::from_raw(raw).map_or_else(|_| format!("{raw}e-9"), |volume| volume.to_string())
}

/// The watermark of a stream.
pub(crate) fn mark(connection: &Connection, names: &Names<'_>, stream: Stream) -> rusqlite::Result<u64> {
    let column = stream.name();
    let mut mark = connection.prepare_cached(&format!("SELECT {column}_seq FROM runs WHERE run = ?1"))?;
    mark.query_row([names.run], |row| row.get::<_, i64>(0)).map(|mark| mark as u64)
}

/// Moves the watermark from `mark` to the batch's end, and what is claimed with it.
pub(crate) fn note(
    connection: &Connection,
    names: &Names<'_>,
    batch: &Batch,
    mark: u64,
) -> rusqlite::Result<()> {
    let (run, stream, hole) = (names.run, batch.stream(), batch.hole(mark));
    let column = stream.name();
    connection
        .prepare_cached(&format!("UPDATE runs SET {column}_seq = ?2 WHERE run = ?1"))?
        .execute(params![run, batch.last_seq as i64])?;
    let (Stream::Ticks, Some((first, last))) = (stream, batch.times()) else {
        return hole.map_or(Ok(()), |hole| insert_gap(connection, run, stream, &hole, None, None));
    };
    if let Some(hole) = &hole {
        let mut before = connection.prepare_cached("SELECT ticks_to FROM runs WHERE run = ?1")?;
        let to: Option<i64> = before.query_row([run], |row| row.get(0))?;
        insert_gap(connection, run, stream, hole, to, Some(first.0))?;
    }
    // After a hole at the beginning, others of the first instant may be missing.
    let from = if hole.is_some() { first.saturating_add(Nanos(1)) } else { first };
    connection
        .prepare_cached(
            "UPDATE runs SET ticks_from = coalesce(ticks_from, ?2), ticks_to = ?3 WHERE run = ?1",
        )?
        .execute(params![run, from.0, last.0])?;
    Ok(())
}

fn insert_gap(
    connection: &Connection,
    run: i64,
    stream: Stream,
    hole: &std::ops::RangeInclusive<u64>,
    ts_from: Option<i64>,
    ts_to: Option<i64>,
) -> rusqlite::Result<()> {
    let (first, last) = (*hole.start() as i64, *hole.end() as i64);
    connection.prepare_cached("INSERT INTO gaps VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?.execute(params![
        run,
        stream.name(),
        first,
        last,
        ts_from,
        ts_to
    ])?;
    Ok(())
}

/// A statement that inserts `rows` rows.
fn insert_many<'a>(
    connection: &'a Connection,
    insert: &str,
    columns: usize,
    rows: usize,
) -> rusqlite::Result<CachedStatement<'a>> {
    let row = format!("({})", vec!["?"; columns].join(","));
    connection.prepare_cached(&format!("{insert}{}", vec![row; rows].join(",")))
}

/// Inserts ticks in the order of the tables' keys.
pub(crate) fn insert_ticks(
    connection: &Connection,
    names: &Names<'_>,
    ticks: &[Event],
) -> rusqlite::Result<()> {
    for kind in TickKind::ALL {
        let mut of_kind: Vec<&Event> = ticks.iter().filter(|tick| TickKind::of(tick) == Some(kind)).collect();
        of_kind.sort_by_key(|tick| (names.symbol(tick.symbol), tick.seq));
        let (insert, columns) = match kind {
            TickKind::Trades => (INSERT_TRADES, TRADE_COLUMNS),
            TickKind::Quotes => (INSERT_QUOTES, QUOTE_COLUMNS),
        };
        for chunk in of_kind.chunks(MANY) {
            let size = if chunk.len() == MANY { MANY } else { 1 };
            let mut statement = insert_many(connection, insert, columns, size)?;
            for rows in chunk.chunks(size) {
                let mut at = Binding { statement: &mut statement, at: 0 };
                rows.iter().try_for_each(|tick| bind_tick(&mut at, names, tick, kind))?;
                statement.raw_execute()?;
            }
        }
    }
    Ok(())
}

/// The next parameter of a statement.
struct Binding<'a, 'c> {
    statement: &'a mut Statement<'c>,
    at: usize,
}

impl Binding<'_, '_> {
    fn integers(&mut self, values: &[i64]) -> rusqlite::Result<()> {
        for value in values {
            self.at += 1;
            self.statement.raw_bind_parameter(self.at, value)?;
        }
        Ok(())
    }

    fn optional(&mut self, value: Option<Quantity>) -> rusqlite::Result<()> {
        self.at += 1;
        self.statement.raw_bind_parameter(self.at, value.map(Quantity::raw))
    }
}

fn bind_tick(
    binding: &mut Binding<'_, '_>,
    names: &Names<'_>,
    tick: &Event,
    kind: TickKind,
) -> rusqlite::Result<()> {
    let head = [names.run, names.symbol(tick.symbol), tick.seq as i64, tick.ts.0, tick.tick_ts_event().0];
    binding.integers(&head)?;
    match kind {
        TickKind::Trades => {
            let trade = tick.as_trade();
            binding.integers(&[trade.price.raw(), trade.size.raw(), trade.aggressor.into()])
        }
        TickKind::Quotes => {
            let quote = tick.as_quote();
            binding.integers(&[quote.bid.raw(), quote.ask.raw()])?;
            binding.optional(quote.bid_size)?;
            binding.optional(quote.ask_size)
        }
    }
}

/// Inserts results.
pub(crate) fn insert_records(
    connection: &Connection,
    names: &Names<'_>,
    records: &[Record],
) -> rusqlite::Result<()> {
    records.iter().try_for_each(|record| match record {
        Record::Bar { seq, bar } => insert_bar(connection, names, *seq, bar),
        Record::Indicators { seq, symbol, timeframe, ts_close, values } => {
            insert_values(connection, names, (*seq, *symbol, *timeframe, *ts_close), values)
        }
        Record::Decision { seq, ts, decision } => insert_decision(connection, names, *seq, *ts, decision),
        Record::Order { seq, ts, state } => upsert_order(connection, names, *seq, *ts, state),
        Record::Fill { seq, ts, fill, order } => insert_fill(connection, names, *seq, *ts, fill, order),
        Record::Account { seq, ts, account } => insert_account(connection, names, *seq, *ts, account),
        Record::Position { seq, ts, symbol, quantity } => {
            connection
                .prepare_cached("INSERT OR REPLACE INTO positions VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute(params![names.run, names.symbol(*symbol), *seq as i64, ts.0, quantity.raw()])?;
            Ok(())
        }
    })
}

fn insert_bar(connection: &Connection, names: &Names<'_>, seq: u64, bar: &Bar) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO bars VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?
        .execute(params![
            names.run,
            names.symbol(bar.symbol),
            names.timeframe(bar.timeframe),
            bar.source.name(),
            bar.ts_open.0,
            bar.ts_close.0,
            seq as i64,
            bar.open.raw(),
            bar.high.raw(),
            bar.low.raw(),
            bar.close.raw(),
            volume(bar.volume),
            bar.vwap.map(Price::raw),
            bar.trades,
        ])?;
    Ok(())
}

/// Values that are complete; others have no row.
fn insert_values(
    connection: &Connection,
    names: &Names<'_>,
    (seq, symbol, timeframe, ts_close): (u64, SymbolId, u8, Nanos),
    values: &[f64],
) -> rusqlite::Result<()> {
    let value_names = &names.dictionary.indicator_names[usize::from(timeframe)];
    let timeframe = names.timeframe(timeframe);
    let mut statement =
        connection.prepare_cached("INSERT INTO indicators VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    for (name, value) in value_names.iter().zip(values).filter(|(_, value)| !value.is_nan()) {
        let symbol = names.symbol(symbol);
        statement.execute(params![names.run, symbol, timeframe, name, ts_close.0, seq as i64, value])?;
    }
    Ok(())
}

fn insert_decision(
    connection: &Connection,
    names: &Names<'_>,
    seq: u64,
    ts: Nanos,
    decision: &Decision,
) -> rusqlite::Result<()> {
    let symbol = names.symbol(decision.symbol);
    let [long, flat, short] = decision.ensemble;
    connection
        .prepare_cached(
            "INSERT INTO decisions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            names.run,
            seq as i64,
            symbol,
            ts.0,
            decision.synergy.map(|(pattern, _)| pattern.to_string()),
            decision.synergy.map(|(_, direction)| direction.name()),
            long,
            flat,
            short,
            decision.action.name(),
            decision.confidence,
            decision.gate,
            decision.urgency.name(),
            decision.verdict.name(),
            decision.target.raw(),
        ])?;
    let mut vote =
        connection.prepare_cached("INSERT INTO votes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?;
    for (at, agent) in Agent::ALL.into_iter().enumerate() {
        let ([first, second, third], missed) = (decision.says[at], decision.missed[at]);
        let weight = decision.weights.get(at).copied();
        vote.execute(params![
            names.run,
            seq as i64,
            symbol,
            agent.name(),
            first,
            second,
            third,
            weight,
            missed
        ])?;
    }
    Ok(())
}

fn upsert_order(
    connection: &Connection,
    names: &Names<'_>,
    seq: u64,
    ts: Nanos,
    state: &OrderState,
) -> rusqlite::Result<()> {
    let order = &state.order;
    let limit = match order.order_type {
        OrderType::Limit(price) => Some(price.raw()),
        OrderType::Market => None,
    };
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO orders
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            names.run,
            names.client_order_id(order),
            seq as i64,
            order.cause_seq as i64,
            ts.0,
            order.ts.0,
            names.symbol(order.symbol),
            order.side.name(),
            order.order_type.name(),
            order.tif.name(),
            order.quantity.raw(),
            limit,
            order.purpose.name(),
            state.status.name(),
            state.filled.raw(),
        ])?;
    Ok(())
}

fn insert_fill(
    connection: &Connection,
    names: &Names<'_>,
    seq: u64,
    ts: Nanos,
    fill: &Fill,
    order: &Order,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO fills VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")?
        .execute(params![
            names.run,
            names.client_order_id(order),
            fill.number,
            seq as i64,
            ts.0,
            names.symbol(fill.symbol),
            fill.side.name(),
            fill.quantity.raw(),
            fill.price.raw(),
            fill.fee.to_string(),
            fill.liquidity.name(),
        ])?;
    Ok(())
}

fn insert_account(
    connection: &Connection,
    names: &Names<'_>,
    seq: u64,
    ts: Nanos,
    account: &Account,
) -> rusqlite::Result<()> {
    let [cash, value, equity, realised, unrealised, fees, peak] =
        account.amounts().map(|amount| amount.to_string());
    connection
        .prepare_cached("INSERT INTO equity VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?
        .execute(params![
            names.run, seq as i64, ts.0, cash, value, equity, realised, unrealised, fees, peak
        ])?;
    Ok(())
}
