//! Which of a symbol's orders may still be under way, as far as a strategy can know.
//!
//! A strategy sees neither its orders' numbers nor refusals, so this errs on one side: what it says may still work may
//! be long gone, and withdrawing it then costs nothing. What it says is gone is gone: the one wish there was since
//! everything before it was settled has become what is held.
//! Not here: orders (`orders`), what is held (`strategy::Position`).

use model::{Nanos, Quantity, StreamHash, Style};

/// One symbol's wishes since everything was settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Working {
    /// The position wanted last, in units of 1e-9.
    wanted: i64,
    /// When the order at the touch that may work was wished for; `None` where none may.
    limit: Option<Nanos>,
    /// An order at the market may work.
    market: bool,
    /// Something older may fill as well: that the wish is held does not tell that its order is done.
    overlaps: bool,
    /// Orders were withdrawn since the last bar, and may have filled before.
    withdrawn: bool,
}

model::value!(Working { wanted, limit, market, overlaps, withdrawn });

impl Working {
    /// A bar has closed: what was withdrawn at the one before has been answered since.
    #[inline]
    pub(crate) fn on_bar(&mut self) {
        self.withdrawn = false;
    }

    /// A position was wished for at engine time `now`.
    pub(crate) fn on_target(&mut self, target: Quantity, style: Style, now: Nanos) {
        self.overlaps = self.limit.is_some() || self.market || self.withdrawn;
        self.wanted = target.raw();
        match style {
            Style::Market => self.market = true,
            Style::Limit(_) | Style::Touch => self.limit = Some(now),
        }
    }

    /// Everything was withdrawn.
    pub(crate) fn on_withdraw(&mut self) {
        *self = Self { wanted: self.wanted, withdrawn: true, ..Self::default() };
    }

    /// This is held now, in units of 1e-9.
    #[inline]
    pub(crate) fn on_held(&mut self, held: i64) {
        if held == self.wanted && !self.overlaps {
            (self.limit, self.market) = (None, false);
        }
    }

    /// Whether there may be a limit order to withdraw.
    #[inline]
    pub(crate) fn has_limit(&self) -> bool {
        self.limit.is_some()
    }

    /// Whether the limit order that may work was wished for `age` ago or more.
    #[inline]
    pub(crate) fn has_limit_aged(&self, age: Nanos, now: Nanos) -> bool {
        self.limit.is_some_and(|since| now >= since.saturating_add(age))
    }

    /// Whether a target would stop short of what may still come to be held, or go the other way.
    pub(crate) fn takes_away(&self, target: Quantity) -> bool {
        let may_fill = self.limit.is_some() || self.market || self.withdrawn;
        may_fill && target.raw() * self.wanted.signum() < self.wanted.abs()
    }

    pub(crate) fn hash_into(&self, hash: &mut StreamHash) {
        let flags = [self.limit.is_some(), self.market, self.overlaps, self.withdrawn];
        let bits = (0..).zip(flags).map(|(bit, flag)| u64::from(flag) << bit).sum();
        hash.words(&[self.wanted as u64, bits, self.limit.unwrap_or_default().0 as u64]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Bar,
        Touch(i64),
        Market(i64),
        Withdraw,
        Held(i64),
    }
    use Step::{Bar, Held, Market, Touch, Withdraw};

    fn check(steps: &[Step], limit_may_work: bool) {
        let mut working = Working::default();
        for step in steps {
            match *step {
                Bar => working.on_bar(),
                Touch(target) => working.on_target(Quantity::new(target), Style::Touch, Nanos(7)),
                Market(target) => working.on_target(Quantity::new(target), Style::Market, Nanos(7)),
                Withdraw => working.on_withdraw(),
                Held(held) => working.on_held(held),
            }
        }
        assert_eq!(working.has_limit(), limit_may_work, "{steps:?}");
    }

    #[test]
    fn a_limit_may_work_until_it_is_filled_or_withdrawn() {
        check(&[], false);
        check(&[Touch(5)], true);
        check(&[Touch(5), Held(2)], true);
        check(&[Touch(5), Held(2), Held(5)], false);
        check(&[Touch(5), Bar], true);
        check(&[Touch(5), Bar, Withdraw], false);
        check(&[Market(5)], false);
    }

    #[test]
    fn what_may_still_fill_is_not_to_be_taken_away() {
        let check = |withdrawn: bool, answered: bool, target: i64, expected: bool| {
            let mut working = Working::default();
            assert!(!working.takes_away(Quantity::new(target)), "nothing is under way");
            working.on_target(Quantity::new(-5), Style::Touch, Nanos(7));
            if withdrawn {
                working.on_withdraw();
            }
            if answered {
                working.on_bar();
            }
            assert_eq!(
                working.takes_away(Quantity::new(target)),
                expected,
                "{withdrawn} {answered} {target}"
            );
        };
        for (target, expected) in [(-6, false), (-5, false), (-4, true), (0, true), (4, true)] {
            check(false, false, target, expected);
            check(false, true, target, expected);
            check(true, false, target, expected);
            check(true, true, target, false);
        }
    }

    #[test]
    fn a_limit_ages_from_its_wish_on() {
        let mut working = Working::default();
        working.on_target(Quantity::new(5), Style::Touch, Nanos(7));
        let aged = |working: &Working, now| working.has_limit_aged(Nanos(3), Nanos(now));
        assert_eq!([9, 10, 11].map(|now| aged(&working, now)), [false, true, true]);
        working.on_withdraw();
        assert!(!aged(&working, 10));
        working.on_target(Quantity::new(5), Style::Touch, Nanos(9));
        assert_eq!([11, 12].map(|now| aged(&working, now)), [false, true]);
    }

    #[test]
    fn a_fill_of_something_older_does_not_hide_it() {
        // The first order is cut off at 5 by a cancel that comes late; the second still works.
        check(&[Touch(5), Bar, Withdraw, Touch(5), Held(5)], true);
        check(&[Touch(5), Bar, Withdraw, Bar, Touch(5), Held(5)], false);
        // The rest of a market order fills beside the limit order.
        check(&[Market(5), Held(2), Touch(3), Held(3)], true);
        check(&[Market(5), Held(2), Held(5), Touch(3), Held(3)], false);
    }
}
