//! Which orders left a position without asking anybody, and why: what `orders.parquet` says in `purpose`.
//!
//! Why: a decision and an exit of one symbol may share an input, and an exit's order is never a decision's.
//! Not here: what came of a decision (`caused`).

use crate::caused::{Cause, OrderRow};
use crate::read::{ReadError, TableFile};
use model::Purpose;
use std::collections::BTreeMap;
use std::path::Path;

const ORDERS: &str = "orders.parquet";

/// An order of an exit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExitOrder {
    pub id: String,
    pub purpose: Purpose,
    /// The input that caused it.
    pub cause_seq: u64,
    /// The input that last changed it.
    pub seq: u64,
    pub symbol: String,
}

/// The exits among the orders that are wanted, by id; none in a folder from before it was recorded.
pub(crate) fn read(
    run_dir: &Path,
    mut is_wanted: impl FnMut(&ExitOrder) -> bool,
) -> Result<BTreeMap<String, ExitOrder>, ReadError> {
    let mut exits = BTreeMap::new();
    let table = TableFile::open(run_dir, ORDERS)?;
    if !table.has("purpose") {
        return Ok(exits);
    }
    table.scan(&["client_order_id", "purpose", "cause_seq", "seq", "symbol"], None)?.each(|rows| {
        let (ids, purposes, symbols) =
            (rows.texts("client_order_id")?, rows.texts("purpose")?, rows.texts("symbol")?);
        let (causes, seqs) = (rows.numbers("cause_seq")?, rows.numbers("seq")?);
        for row in 0..rows.len() {
            let purpose = purposes.get(row).and_then(Purpose::parse).filter(|purpose| purpose.is_exit());
            let Some(purpose) = purpose else { continue };
            let exit = ExitOrder {
                id: ids.text(row),
                purpose,
                cause_seq: causes.value(row),
                seq: seqs.value(row),
                symbol: symbols.text(row),
            };
            if is_wanted(&exit) {
                exits.insert(exit.id.clone(), exit);
            }
        }
        Ok(())
    })?;
    Ok(exits)
}

/// The orders of a cause, apart: the decision's own, and those of exits with what they were for.
pub(crate) fn apart<'a>(
    cause: &'a Cause,
    exits: &BTreeMap<String, ExitOrder>,
) -> (Vec<&'a OrderRow>, Vec<(Purpose, &'a OrderRow)>) {
    let (mut own, mut beside) = (Vec::new(), Vec::new());
    for order in &cause.orders {
        match exits.get(&order.id) {
            None => own.push(order),
            Some(exit) => beside.push((exit.purpose, order)),
        }
    }
    (own, beside)
}

/// What a refused wish was for, by its text in `rejects.parquet`; a decision's where it does not say.
pub(crate) fn purpose_of_refused(raw: &str) -> Purpose {
    raw.split(' ')
        .find_map(|word| word.strip_prefix("purpose="))
        .and_then(Purpose::parse)
        .unwrap_or(Purpose::Decision)
}

/// Why a position was left, in words.
pub(crate) fn reason(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Stop => "stop: the price went against the position by exits.stop_atr or more",
        Purpose::Target => "target: the price went with the position by exits.target_atr or more",
        Purpose::TimeStop => "time_stop: the position stood for exits.time_stop_bars bars",
        Purpose::Decision => "decision: it was decided",
        Purpose::Withdrawal => "withdrawal: what still worked was cancelled",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_wish_says_what_it_was_for() {
        let check = |raw, expected| assert_eq!(purpose_of_refused(raw), expected, "{raw}");
        check("position=0 style=market purpose=time_stop", Purpose::TimeStop);
        check("position=0 style=market purpose=decision", Purpose::Decision);
        check("position=0 style=market", Purpose::Decision);
        check("withdraw", Purpose::Decision);
    }
}
