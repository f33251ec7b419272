//! The gate: what it knows of the world, and the checks in their order.
//!
//! It is told by the order stage, its partner in one group, what is sent, filled and released; it reads
//! equity from the portfolio's events in the frame and last prices from ticks.
//! Not here: whether an order is still open (`orders`).

use crate::day::DayEquity;
use crate::{Approved, Exposure, Limits, Proposal, checks, largest};
use model::{
    Event, Fill, Frame, InstrumentTable, Kind, Mark, Money, Order, Price, Quantity, RefusalReason, Side,
    StreamHash, SymbolId, is_halt,
};

/// The pre-trade gate.
#[derive(Debug, Clone)]
pub struct Gate {
    limits: Limits,
    multipliers: Vec<Quantity>,
    marks: Vec<Mark>,
    exposures: Vec<Exposure>,
    equity: DayEquity,
    halted: bool,
}

model::state!(Gate { marks, exposures, equity, halted; same multipliers; config limits });

impl Gate {
    /// A gate before the first input.
    ///
    /// # Panics
    /// If a limit is negative.
    pub fn new(limits: Limits, instruments: &InstrumentTable, initial_capital: Money) -> Self {
        limits.assert_valid();
        let symbols = instruments.instruments.len();
        Self {
            limits,
            multipliers: instruments.instruments.iter().map(|i| i.multiplier).collect(),
            marks: vec![Mark::default(); symbols],
            exposures: vec![Exposure::default(); symbols],
            equity: DayEquity::new(initial_capital),
            halted: false,
        }
    }

    /// Takes the last price from a tick.
    #[inline]
    pub fn on_tick(&mut self, tick: &Event) {
        self.marks[tick.symbol.index()].on_tick(tick);
    }

    /// Takes the time of the frame's input, whether it halts new risk, and the equity its portfolio events tell. Fills
    /// are told by [`Gate::on_fill`].
    #[inline]
    pub fn on_frame(&mut self, frame: &Frame) {
        self.equity.advance(frame.input().ts);
        self.halted |= is_halt(frame.input());
        if let Some(account) = frame.accounts.last() {
            debug_assert!(frame.events.iter().any(|event| event.kind == Kind::PORTFOLIO));
            self.equity.set(account.equity);
        }
    }

    /// An order leaves: all of it works from now on.
    #[inline]
    pub fn on_order(&mut self, order: &Order) {
        self.exposures[order.symbol.index()].add_working(order.side, order.quantity.raw());
    }

    /// A part of an order, or all, was filled: it works no more and is held.
    ///
    /// # Panics
    /// If more is filled than works.
    pub fn on_fill(&mut self, fill: &Fill) {
        self.exposures[fill.symbol.index()].fill(fill.side, fill.quantity.raw());
    }

    /// An order was cancelled, rejected or expired: what was left of it works no more.
    ///
    /// # Panics
    /// If more is released than works.
    pub fn on_release(&mut self, symbol: SymbolId, side: Side, left: Quantity) {
        self.exposures[symbol.index()].release(side, left.raw());
    }

    /// What is held and working of a symbol.
    #[inline]
    pub fn exposure(&self, symbol: SymbolId) -> &Exposure {
        &self.exposures[symbol.index()]
    }

    /// The last price of a symbol: last trade, else last mid.
    pub fn last_price(&self, symbol: SymbolId) -> Option<Price> {
        self.marks[symbol.index()].price()
    }

    /// Whether a proposal, with everything working on its side, at most takes the position to zero.
    #[inline]
    pub fn only_reduces(&self, proposal: &Proposal) -> bool {
        let exposure = &self.exposures[proposal.symbol.index()];
        exposure.worst_case(proposal.side, i128::from(proposal.quantity.raw())) <= 0
    }

    /// How much of a proposal one order may be: the largest quantity, in whole lots where it is not all, that
    /// `risk.max_order_quantity` and `risk.max_order_notional` allow. `None` if that is less than a lot. Approves
    /// nothing.
    pub fn largest_order(&self, proposal: &Proposal, lot: Quantity) -> Option<Quantity> {
        largest::largest_quantity(proposal, lot, |part| self.check_size(part).is_ok())
    }

    /// Checks a proposal against all limits, in the order of [`RefusalReason`]; the first that fails is
    /// the reason. Once new risk is halted, that comes before all limits.
    ///
    /// # Errors
    /// The reason of the refusal.
    #[inline]
    pub fn check(&self, proposal: &Proposal) -> Result<Approved<Proposal>, RefusalReason> {
        debug_assert!(proposal.quantity > Quantity::ZERO, "a proposal's quantity is positive");
        refuse_unless(!self.halted, RefusalReason::Halted)?;
        self.check_size(proposal)?;
        let symbol = proposal.symbol.index();
        let (exposure, last) = (&self.exposures[symbol], self.marks[symbol].price());
        let Limits { max_position, price_collar, max_daily_loss, .. } = self.limits;
        let ok = max_position.is_none_or(|limit| checks::position(proposal, exposure, limit));
        refuse_unless(ok, RefusalReason::MaxPosition)?;
        let ok = price_collar.is_none_or(|limit| checks::price_collar(proposal, last, limit));
        refuse_unless(ok, RefusalReason::PriceCollar)?;
        let loss = self.equity.loss_raw();
        let ok = max_daily_loss.is_none_or(|limit| checks::daily_loss(proposal, exposure, loss, limit));
        refuse_unless(ok, RefusalReason::MaxDailyLoss)?;
        Ok(Approved::new(*proposal))
    }

    /// The limits of one order by itself.
    #[inline]
    fn check_size(&self, proposal: &Proposal) -> Result<(), RefusalReason> {
        let symbol = proposal.symbol.index();
        let (last, multiplier) = (self.marks[symbol].price(), self.multipliers[symbol]);
        let Limits { max_order_quantity, max_order_notional, .. } = self.limits;
        let ok = max_order_quantity.is_none_or(|limit| checks::order_quantity(proposal, limit));
        refuse_unless(ok, RefusalReason::MaxOrderQuantity)?;
        let ok =
            max_order_notional.is_none_or(|limit| checks::order_notional(proposal, last, multiplier, limit));
        refuse_unless(ok, RefusalReason::MaxOrderNotional)
    }

    /// Hash of exposures, last prices, equity and whether new risk is halted.
    pub fn state_hash(&self) -> u128 {
        let mut hash = StreamHash::new();
        for (exposure, mark) in self.exposures.iter().zip(&self.marks) {
            exposure.hash(&mut hash);
            hash.words(&mark.words());
        }
        self.equity.hash(&mut hash);
        hash.words(&[u64::from(self.halted)]);
        hash.value()
    }
}

#[inline]
fn refuse_unless(ok: bool, reason: RefusalReason) -> Result<(), RefusalReason> {
    if ok { Ok(()) } else { Err(reason) }
}
