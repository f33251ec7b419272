//! What decisions rest on and what came of them: their synergies, and the orders and fills they caused.
//!
//! A decision is known by its sequence number and symbol, which are those of its synergy and the `cause_seq` and
//! symbol of its orders. Only what belongs to the decisions asked for is kept.

use crate::read::{Nullable as _, ReadError, Rows, Scan, TableFile};
use std::collections::BTreeMap;
use std::path::Path;

/// The columns of a synergy's signals, first to last: what it comes from, how strong, when.
const SIGNALS: [[&str; 3]; 3] = [
    ["first_kind", "first_strength", "first_ts"],
    ["second_kind", "second_strength", "second_ts"],
    ["third_kind", "third_strength", "third_ts"],
];

/// Which decisions, and what is known of each.
pub(crate) type Causes = BTreeMap<(u64, String), Cause>;

/// What a decision rests on, and what came of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Cause {
    pub synergy: Option<SynergyRow>,
    /// In the order they were sent.
    pub orders: Vec<OrderRow>,
}

/// A row of `synergies.parquet`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SynergyRow {
    pub pattern: String,
    pub direction: String,
    pub strength: f64,
    pub signals: Vec<SignalRow>,
    /// In units of 1e-9, as all fixed-point numbers here.
    pub price: i128,
    pub volume: i128,
    pub volatility: Option<f64>,
    pub lvn_distance: Option<f64>,
}

/// A signal of a synergy.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SignalRow {
    pub kind: String,
    pub strength: f64,
    pub ts: i64,
}

/// A row of `orders.parquet`, with its fills.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OrderRow {
    pub id: String,
    pub ts: i64,
    pub account: String,
    pub venue: String,
    pub side: String,
    pub order_type: String,
    pub tif: String,
    pub status: String,
    pub quantity: i128,
    pub filled: i128,
    pub limit_price: Option<i128>,
    pub avg_price: Option<i128>,
    /// The first of them.
    pub fills: Vec<FillRow>,
    /// How many there are.
    pub fills_total: usize,
}

/// A row of `fills.parquet`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FillRow {
    pub seq: u64,
    pub ts: i64,
    pub quantity: i128,
    pub price: i128,
    pub fee: i128,
    pub fee_currency: String,
    pub liquidity: String,
}

/// Reads what belongs to these decisions; of each order the first `fills_max` fills.
pub(crate) fn read(
    run_dir: &Path,
    decisions: impl Iterator<Item = (u64, String)>,
    fills_max: usize,
) -> Result<Causes, ReadError> {
    let mut causes: Causes = decisions.map(|key| (key, Cause::default())).collect();
    read_synergies(run_dir, &mut causes)?;
    read_orders(run_dir, &mut causes)?;
    read_fills(run_dir, &mut causes, fills_max)?;
    Ok(causes)
}

fn read_synergies(run_dir: &Path, causes: &mut Causes) -> Result<(), ReadError> {
    const COLUMNS: [&str; 9] = [
        "seq",
        "symbol",
        "pattern",
        "direction",
        "strength",
        "price",
        "volume",
        "volatility",
        "lvn_distance",
    ];
    let columns: Vec<&'static str> = COLUMNS.into_iter().chain(SIGNALS.into_iter().flatten()).collect();
    let table = match TableFile::open(run_dir, "synergies.parquet") {
        // A folder from before there was such a table.
        Err(ReadError::Missing(_)) => return Ok(()),
        table => table?,
    };
    table.scan(&columns, None)?.each(|rows| {
        let (seqs, symbols) = (rows.numbers("seq")?, rows.texts("symbol")?);
        for row in 0..rows.len() {
            if let Some(cause) = causes.get_mut(&(seqs.value(row), symbols.text(row))) {
                cause.synergy = Some(synergy(rows, row)?);
            }
        }
        Ok(())
    })
}

fn synergy(rows: &Rows<'_>, row: usize) -> Result<SynergyRow, ReadError> {
    let signal = |[kind, strength, ts]: [&'static str; 3]| {
        Ok(SignalRow {
            kind: rows.texts(kind)?.text(row),
            strength: rows.doubles(strength)?.value(row),
            ts: rows.times(ts)?.value(row),
        })
    };
    Ok(SynergyRow {
        pattern: rows.texts("pattern")?.text(row),
        direction: rows.texts("direction")?.text(row),
        strength: rows.doubles("strength")?.value(row),
        signals: SIGNALS.into_iter().map(signal).collect::<Result<_, _>>()?,
        price: rows.decimals("price")?.value(row),
        volume: rows.decimals("volume")?.value(row),
        volatility: rows.doubles("volatility")?.maybe(row),
        lvn_distance: rows.doubles("lvn_distance")?.maybe(row),
    })
}

fn read_orders(run_dir: &Path, causes: &mut Causes) -> Result<(), ReadError> {
    const COLUMNS: [&str; 14] = [
        "client_order_id",
        "cause_seq",
        "ts_event",
        "symbol",
        "account",
        "venue",
        "side",
        "type",
        "tif",
        "quantity",
        "limit_price",
        "status",
        "filled",
        "avg_price",
    ];
    Scan::open(run_dir, "orders.parquet", &COLUMNS, None)?.each(|rows| {
        let (seqs, symbols) = (rows.numbers("cause_seq")?, rows.texts("symbol")?);
        for row in 0..rows.len() {
            if let Some(cause) = causes.get_mut(&(seqs.value(row), symbols.text(row))) {
                cause.orders.push(order(rows, row)?);
            }
        }
        Ok(())
    })
}

fn order(rows: &Rows<'_>, row: usize) -> Result<OrderRow, ReadError> {
    let text = |column: &'static str| Ok(rows.texts(column)?.text(row));
    Ok(OrderRow {
        id: text("client_order_id")?,
        ts: rows.times("ts_event")?.value(row),
        account: text("account")?,
        venue: text("venue")?,
        side: text("side")?,
        order_type: text("type")?,
        tif: text("tif")?,
        status: text("status")?,
        quantity: rows.decimals("quantity")?.value(row),
        filled: rows.decimals("filled")?.value(row),
        limit_price: rows.decimals("limit_price")?.maybe(row),
        avg_price: rows.decimals("avg_price")?.maybe(row),
        fills: Vec::new(),
        fills_total: 0,
    })
}

fn read_fills(run_dir: &Path, causes: &mut Causes, fills_max: usize) -> Result<(), ReadError> {
    const COLUMNS: [&str; 8] =
        ["client_order_id", "seq", "ts_event", "quantity", "price", "fee", "fee_currency", "liquidity"];
    let orders = causes.values_mut().flat_map(|cause| &mut cause.orders);
    let mut orders: BTreeMap<String, &mut OrderRow> = orders.map(|order| (order.id.clone(), order)).collect();
    if orders.is_empty() {
        return Ok(());
    }
    Scan::open(run_dir, "fills.parquet", &COLUMNS, None)?.each(|rows| {
        let ids = rows.texts("client_order_id")?;
        for row in 0..rows.len() {
            let Some(order) = ids.get(row).and_then(|id| orders.get_mut(id)) else { continue };
            order.fills_total += 1;
            if order.fills.len() < fills_max {
                order.fills.push(fill(rows, row)?);
            }
        }
        Ok(())
    })
}

fn fill(rows: &Rows<'_>, row: usize) -> Result<FillRow, ReadError> {
    Ok(FillRow {
        seq: rows.numbers("seq")?.value(row),
        ts: rows.times("ts_event")?.value(row),
        quantity: rows.decimals("quantity")?.value(row),
        price: rows.decimals("price")?.value(row),
        fee: rows.decimals("fee")?.value(row),
        fee_currency: rows.texts("fee_currency")?.text(row),
        liquidity: rows.texts("liquidity")?.text(row),
    })
}
