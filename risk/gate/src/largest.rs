//! How much of a proposal one order may be, so that what is too large to leave at once can leave in parts.
//!
//! The largest quantity is searched for with the checks themselves: what it says is what they allow, to the last unit,
//! whatever rounding and overflow do.
//! Not here: the checks (`checks`), who may send parts (`orders`).

use crate::Proposal;
use model::Quantity;

/// The largest quantity that is within: all of the proposal, or the most whole lots; `None` if not even one lot is. A
/// lot of 0 is the smallest quantity there is. `is_within` holds of every quantity below one that it holds of.
#[inline]
pub(crate) fn largest_quantity(
    proposal: &Proposal,
    lot: Quantity,
    is_within: impl Fn(&Proposal) -> bool,
) -> Option<Quantity> {
    debug_assert!(proposal.quantity > Quantity::ZERO, "a proposal's quantity is positive");
    if is_within(proposal) {
        return Some(proposal.quantity);
    }
    let lot = lot.raw().max(1);
    let of_lots = |lots: i64| Quantity::new(lots * lot);
    // All of these lots are within, and no more than those below `above`.
    let (mut within, mut above) = (0, proposal.quantity.raw() / lot + 1);
    while above - within > 1 {
        let middle = within + (above - within) / 2;
        if is_within(&Proposal { quantity: of_lots(middle), ..*proposal }) {
            within = middle;
        } else {
            above = middle;
        }
    }
    (within > 0).then(|| of_lots(within))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::{order_notional, order_quantity};
    use model::{Money, Price, Side, SymbolId};

    /// The largest part of a sale at the market, by both limits.
    fn largest(quantity: &str, lot: &str, [max_quantity, max_notional, last]: [&str; 3]) -> Option<String> {
        let parse = |text| Quantity::parse(text).unwrap();
        let proposal =
            Proposal { symbol: SymbolId(0), side: Side::Sell, quantity: parse(quantity), limit: None };
        let (multiplier, last) = (parse("1"), Price::parse(last).unwrap());
        let found = largest_quantity(&proposal, parse(lot), |part| {
            order_quantity(part, parse(max_quantity))
                && order_notional(part, Some(last), multiplier, Money::parse(max_notional).unwrap())
        });
        found.map(|quantity| quantity.to_string())
    }

    #[test]
    fn the_largest_at_below_above() {
        let check = |quantity, lot, limits, expected: Option<&str>| {
            assert_eq!(
                largest(quantity, lot, limits),
                expected.map(str::to_owned),
                "{quantity} {lot} {limits:?}"
            );
        };
        let far = "70000000000000000000";
        // By quantity: all that is within, then whole lots.
        check("4.999999999", "0", ["5", far, "100"], Some("4.999999999"));
        check("5", "0", ["5", far, "100"], Some("5"));
        check("5.000000001", "0", ["5", far, "100"], Some("5"));
        check("6", "0.75", ["5", far, "100"], Some("4.5"));
        check("6", "2.5", ["5", far, "100"], Some("5"));
        check("6", "3", ["2.999999999", far, "100"], None);
        check("6", "3", ["3", far, "100"], Some("3"));
        check("1", "0", ["0", far, "100"], None);
        check("999999999.999999999", "0", ["999999999.999999998", far, "0"], Some("999999999.999999998"));
        // By value, at the last price; its rounding counts.
        check("2", "1", ["9", "200", "100"], Some("2"));
        check("3", "1", ["9", "200", "100"], Some("2"));
        check("3", "1", ["9", "199.999999999", "100"], Some("1"));
        check("3", "1", ["9", "100", "100"], Some("1"));
        check("3", "1", ["9", "99.999999999", "100"], None);
        check("3", "0", ["9", "99.999999999", "100"], Some("0.999999999"));
        check("3", "0", ["9", "0.000000001", "0.5"], Some("0.000000002"));
        check("3", "1", ["9", "150", "-100"], Some("1"));
        check("3", "1", ["9", "0", "0"], Some("3"));
        // The smaller of both.
        check("9", "1", ["4", "300", "100"], Some("3"));
        check("9", "1", ["2", "300", "100"], Some("2"));
    }
}
