//! Checks that remember: regressions, duplicates, jumps, market hours; and the suspicions.
//!
//! What is remembered of a symbol and kind lives across files, so that cutting a file in two changes
//! nothing; only the regression check starts anew with each file, because files are merged by time.

use crate::{DuplicateWindow, JumpGuard, RejectReason, Rules, Suspicion, SymbolRules, Tally};
use crate::{MarketHours, row::Fault};
use model::{Event, Kind, Nanos, Price, Quantity};
use std::fmt::Write;

/// What is remembered of a symbol and kind within one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceHistory {
    last_accepted: Nanos,
}

impl Default for SourceHistory {
    fn default() -> Self {
        Self { last_accepted: Nanos::MIN }
    }
}

/// What is remembered of a symbol and kind across all files.
#[derive(Debug, Clone, Default)]
pub struct TickHistory {
    jump: JumpGuard,
    duplicates: DuplicateWindow,
    hours: Option<MarketHours>,
    last: Option<Last>,
}

/// The last accepted tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Last {
    words: [i64; 5],
    flags: u8,
}

/// The price whose jumps are judged: a trade's, or bid + ask of a quote.
#[inline]
fn judged_price(event: &Event) -> i64 {
    if event.kind == Kind::TRADE { event.words[1] } else { event.words[1] + event.words[2] }
}

impl TickHistory {
    /// Nothing remembered yet, of a symbol with these rules.
    pub fn new(rules: &SymbolRules) -> Self {
        Self { hours: rules.hours.clone(), ..Self::default() }
    }

    /// Judges the next tick in merged order; counts it if it is accepted, remembers it either way.
    /// `trade_id` is 0 where there is none.
    ///
    /// # Errors
    /// The first check that fails.
    #[inline]
    pub fn admit(
        &mut self,
        event: &Event,
        trade_id: u128,
        source: &mut SourceHistory,
        rules: &Rules,
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        debug_assert!(event.kind.is_tick());
        let ts_event = event.tick_ts_event();
        if ts_event < source.last_accepted {
            return Err(Fault { reason: RejectReason::TimestampRegression, column: "ts_event" });
        }
        if trade_id != 0 && self.duplicates.contains(trade_id) {
            return Err(Fault { reason: RejectReason::Duplicate, column: "trade_id" });
        }
        let price = judged_price(event);
        if !self.jump.allows(price, rules.max_price_jump) {
            let column = if event.kind == Kind::TRADE { "price" } else { "bid" };
            return Err(Fault { reason: RejectReason::PriceJump, column });
        }
        if let Some(hours) = &mut self.hours
            && !hours.is_open(ts_event)
        {
            return Err(Fault { reason: RejectReason::OutsideMarketHours, column: "ts_event" });
        }
        source.last_accepted = ts_event;
        if trade_id != 0 {
            self.duplicates.insert(trade_id);
        }
        self.jump.accept(price);
        self.suspect(event, trade_id, tally);
        tally.accept(ts_event);
        Ok(())
    }

    #[inline]
    fn suspect(&mut self, event: &Event, trade_id: u128, tally: &mut Tally) {
        let this = Last { words: event.words, flags: event.flags };
        if let Some(last) = self.last
            && last.words[0] == this.words[0]
        {
            tally.suspect(Suspicion::EqualTimestamp);
            if trade_id == 0 && last == this {
                tally.suspect(Suspicion::Identical);
            }
        }
        self.last = Some(this);
        if event.kind == Kind::QUOTE && event.words[1] >= event.words[2] {
            let crossed = event.words[1] > event.words[2];
            tally.suspect(if crossed { Suspicion::Crossed } else { Suspicion::Locked });
        }
    }
}

/// The values of a tick as text, as they stand in `rejects`.
pub fn event_text(event: &Event) -> String {
    let mut text = String::new();
    if event.kind == Kind::TRADE {
        let trade = event.as_trade();
        let _ = write!(text, "price={} size={} side={}", trade.price, trade.size, trade.aggressor);
    } else {
        let quote = event.as_quote();
        let size = |size: Option<Quantity>| size.map_or("null".to_owned(), |size| size.to_string());
        let (bid, ask): (Price, Price) = (quote.bid, quote.ask);
        let (bid_size, ask_size) = (size(quote.bid_size), size(quote.ask_size));
        let _ = write!(text, "bid={bid} ask={ask} bid_size={bid_size} ask_size={ask_size}");
    }
    text
}
