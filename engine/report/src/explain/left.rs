//! Exits as text: beside a decision that shares their input, or on a page of their own.
//!
//! No agent is asked about an exit, so that there is no decision to explain: the reason is all there is to say.

use super::columns::{decimal, instant};
use super::context::Refusal;
use super::text;
use crate::caused::{Cause, Causes, OrderRow};
use crate::exits::{ExitOrder, apart, purpose_of_refused, reason};
use model::Purpose;
use std::collections::BTreeMap;

/// What exits said of a decision's symbol at its instant.
pub(super) fn beside(orders: &[(Purpose, &OrderRow)], refusals: &[Refusal]) -> Vec<String> {
    let mut lines = Vec::new();
    for (purpose, order) in orders {
        lines.push(format!("  {}; no agent is asked, and it is no part of the decision", reason(*purpose)));
        lines.extend(text::order(order));
    }
    for refusal in refusals {
        let purpose = purpose_of_refused(&refusal.raw);
        if purpose.is_exit() {
            let said = format!("  {}; refused by risk.{}: {}", reason(purpose), refusal.reason, refusal.raw);
            lines.push(said);
        }
    }
    lines
}

/// The page of the exits of one input and symbol.
pub(super) fn page(
    (seq, symbol): &(u64, String),
    cause: &Cause,
    exits: &BTreeMap<String, ExitOrder>,
) -> Option<String> {
    let (_, orders) = apart(cause, exits);
    let (_, first) = orders.first()?;
    let mut lines = Vec::new();
    for (purpose, order) in &orders {
        lines.push(format!("  {}", reason(*purpose)));
        lines.push(format!(
            "  no decision: no agent is asked; {} of {} at market leaves the position",
            order.side,
            decimal(order.quantity)
        ));
        lines.extend(text::order(order));
    }
    Some(text::section(&format!("Exit {seq} on {symbol}, {}", instant(first.ts)), lines))
}

/// The pages of all exits that these causes hold.
pub(super) fn pages(causes: &Causes, exits: &BTreeMap<String, ExitOrder>) -> Vec<String> {
    causes.iter().filter_map(|(key, cause)| page(key, cause, exits)).collect()
}
