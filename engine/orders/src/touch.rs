//! The touch: the best bid and ask a symbol's orders can join.
//!
//! Not here: the price a position is marked to (`model::Mark`).

use model::{Event, Price, Side};

/// One symbol's latest best bid and ask.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Touch {
    quote: Option<(Price, Price)>,
}

model::value!(Touch { quote });

impl Touch {
    /// Folds a quote of the symbol.
    #[inline]
    pub(crate) fn on_quote(&mut self, tick: &Event) {
        let quote = tick.as_quote();
        self.quote = Some((quote.bid, quote.ask));
    }

    /// The price a resting order of this side joins; `None` before the first quote.
    pub(crate) fn of(self, side: Side) -> Option<Price> {
        self.quote.map(|(bid, ask)| if side == Side::Buy { bid } else { ask })
    }

    /// The touch as words for a hash.
    pub(crate) fn words(self) -> [u64; 2] {
        let word = |price: Price| price.raw() as u64;
        self.quote.map_or([i64::MIN as u64; 2], |(bid, ask)| [word(bid), word(ask)])
    }
}
