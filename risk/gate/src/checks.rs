//! One pure function per limit: whether a proposal is within it.
//!
//! All arithmetic is on integers. What cannot be known or computed is not within.
//! Not here: the order of the checks and their reasons (`stage`).

use crate::{Exposure, Proposal};
use model::{Money, Price, Quantity, Rate, Side, UNIT, notional};

/// `risk.max_order_quantity`: the quantity is at most the limit.
pub(crate) fn order_quantity(proposal: &Proposal, limit: Quantity) -> bool {
    proposal.quantity <= limit
}

/// `risk.max_order_notional`: the largest notional the order may come to is at most the limit. A market
/// order is valued at the last price, a limit buy at its limit, a limit sell at the better of both. Without
/// a last price it is refused.
pub(crate) fn order_notional(
    proposal: &Proposal,
    last: Option<Price>,
    multiplier: Quantity,
    limit: Money,
) -> bool {
    let Some(last) = last else { return false };
    let price = match (proposal.limit, proposal.side) {
        (None, _) => last,
        (Some(price), Side::Buy) => price,
        (Some(price), Side::Sell) => price.max(last),
    };
    notional(price, proposal.quantity, multiplier).is_ok_and(|value| value.raw().abs() <= limit.raw())
}

/// `risk.max_position`: if all that works on the order's side fills and the order too, the position in
/// that direction is at most the limit. An order that only reduces the position always is.
pub(crate) fn position(proposal: &Proposal, exposure: &Exposure, limit: Quantity) -> bool {
    exposure.worst_case(proposal.side, i128::from(proposal.quantity.raw())) <= i128::from(limit.raw())
}

/// `risk.price_collar`: a limit price is at most `limit` × last price from the last price. Market orders
/// have no price to check.
pub(crate) fn price_collar(proposal: &Proposal, last: Option<Price>, limit: Rate) -> bool {
    let Some(price) = proposal.limit else { return true };
    let Some(last) = last else { return false };
    let distance = i128::from(price.raw()) - i128::from(last.raw());
    distance.abs() * i128::from(UNIT) <= i128::from(limit.raw()) * i128::from(last.raw()).abs()
}

/// `risk.max_daily_loss`: less than the limit was lost since UTC midnight, or the order, with all that
/// works on its side, only reduces the position.
pub(crate) fn daily_loss(proposal: &Proposal, exposure: &Exposure, loss_raw: i128, limit: Money) -> bool {
    loss_raw < limit.raw() || exposure.worst_case(proposal.side, i128::from(proposal.quantity.raw())) <= 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::SymbolId;

    fn proposal(side: Side, quantity: &str, limit: Option<&str>) -> Proposal {
        Proposal {
            symbol: SymbolId(0),
            side,
            quantity: Quantity::parse(quantity).unwrap(),
            limit: limit.map(|price| Price::parse(price).unwrap()),
        }
    }

    fn exposure(position: i64, working_buy: i64, working_sell: i64) -> Exposure {
        let units = |whole: i64| i128::from(whole) * i128::from(UNIT);
        Exposure {
            position: units(position),
            working_buy: units(working_buy),
            working_sell: units(working_sell),
        }
    }

    #[test]
    fn quantity_at_below_above() {
        let limit = Quantity::parse("5").unwrap();
        for (quantity, expected) in [("4.999999999", true), ("5", true), ("5.000000001", false)] {
            for side in [Side::Buy, Side::Sell] {
                assert_eq!(order_quantity(&proposal(side, quantity, None), limit), expected, "{quantity}");
            }
        }
    }

    #[test]
    fn notional_at_below_above() {
        let check = |side, quantity, limit_price, last: Option<&str>, expected| {
            let last = last.map(|price| Price::parse(price).unwrap());
            let multiplier = Quantity::parse("50").unwrap();
            let limit = Money::parse("10000").unwrap();
            let proposal = proposal(side, quantity, limit_price);
            assert_eq!(order_notional(&proposal, last, multiplier, limit), expected, "{proposal:?}");
        };
        use Side::{Buy, Sell};
        check(Buy, "1.99", None, Some("100"), true);
        check(Buy, "2", None, Some("100"), true);
        check(Sell, "2", None, Some("100"), true);
        check(Sell, "2.000000001", None, Some("100"), false);
        check(Buy, "2", None, Some("-101"), false);
        check(Buy, "2", None, None, false);
        check(Buy, "2", Some("100"), None, false);
        // A buy pays at most its limit; a sell is paid its limit or more.
        check(Buy, "2", Some("100"), Some("300"), true);
        check(Buy, "2", Some("101"), Some("3"), false);
        check(Sell, "2", Some("90"), Some("101"), false);
        check(Sell, "2", Some("101"), Some("90"), false);
        check(Sell, "2", Some("90"), Some("100"), true);
        let big = proposal(Buy, "999999999", None);
        let most = Money::parse("70000000000000000000").unwrap();
        assert!(!order_notional(&big, Some(Price::MAX), Quantity::MAX, most), "an overflow is not within");
    }

    #[test]
    fn position_at_below_above() {
        let check = |side, quantity, exposure: Exposure, expected| {
            let limit = Quantity::parse("10").unwrap();
            let proposal = proposal(side, quantity, None);
            assert_eq!(position(&proposal, &exposure, limit), expected, "{proposal:?} {exposure:?}");
        };
        use Side::{Buy, Sell};
        check(Buy, "9", exposure(0, 0, 0), true);
        check(Buy, "10", exposure(0, 0, 0), true);
        check(Buy, "10.000000001", exposure(0, 0, 0), false);
        check(Sell, "10", exposure(0, 0, 0), true);
        check(Sell, "10.000000001", exposure(0, 0, 0), false);
        // What works on the same side counts, the other side does not help.
        check(Buy, "4", exposure(3, 3, 0), true);
        check(Buy, "5", exposure(3, 3, 9), false);
        check(Sell, "14", exposure(3, 3, 0), false);
        check(Sell, "13", exposure(3, 3, 0), true);
        check(Sell, "12", exposure(3, 0, 2), false);
        // Reducing a position that is already too large is always right.
        check(Sell, "5", exposure(50, 0, 0), true);
        check(Buy, "50", exposure(-50, 0, 0), true);
        check(Buy, "1", exposure(50, 0, 0), false);
    }

    #[test]
    fn collar_at_below_above() {
        let check = |limit_price, last: Option<&str>, expected| {
            let last = last.map(|price| Price::parse(price).unwrap());
            for side in [Side::Buy, Side::Sell] {
                let proposal = proposal(side, "1", limit_price);
                let collar = Rate::parse("0.1").unwrap();
                assert_eq!(price_collar(&proposal, last, collar), expected, "{limit_price:?} at {last:?}");
            }
        };
        check(Some("100"), Some("100"), true);
        check(Some("110"), Some("100"), true);
        check(Some("110.000000001"), Some("100"), false);
        check(Some("90"), Some("100"), true);
        check(Some("89.999999999"), Some("100"), false);
        check(Some("-11"), Some("-10"), true);
        check(Some("-11.1"), Some("-10"), false);
        check(Some("0"), Some("0"), true);
        check(Some("0.000000001"), Some("0"), false);
        check(Some("100"), None, false);
        check(None, None, true);
    }

    #[test]
    fn loss_at_below_above() {
        let check = |side, quantity, exposure: Exposure, loss_raw, expected| {
            let limit = Money::from_raw(100).unwrap();
            let proposal = proposal(side, quantity, None);
            assert_eq!(
                daily_loss(&proposal, &exposure, loss_raw, limit),
                expected,
                "{proposal:?} lost {loss_raw}"
            );
        };
        use Side::{Buy, Sell};
        check(Buy, "1", exposure(0, 0, 0), 99, true);
        check(Buy, "1", exposure(0, 0, 0), -500, true);
        check(Buy, "1", exposure(0, 0, 0), 100, false);
        check(Sell, "1", exposure(0, 0, 0), 101, false);
        // Only what reduces may still be sent, and no more than there is to reduce.
        check(Sell, "3", exposure(3, 0, 0), 101, true);
        check(Sell, "4", exposure(3, 0, 0), 101, false);
        check(Sell, "3", exposure(3, 0, 1), 101, false);
        check(Sell, "2", exposure(3, 9, 1), 101, true);
        check(Buy, "3", exposure(-3, 0, 9), 101, true);
        check(Buy, "1", exposure(3, 0, 0), 101, false);
    }
}
