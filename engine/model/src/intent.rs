//! What a strategy wants, and why risk may refuse it.
//!
//! A strategy says which position it wants, never which order: the difference to what is held and
//! working is an order's business.

use crate::{Event, Kind, Nanos, Price, Purpose, Quantity, SymbolId};
use std::fmt;

/// A strategy's wish for one symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intent {
    /// For which symbol.
    pub symbol: SymbolId,
    /// What is wanted.
    pub goal: Goal,
    /// How long an order that comes of it takes to leave: simulated thinking. Not negative.
    pub delay: Nanos,
    /// What it is for.
    pub purpose: Purpose,
}

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Hold this position (signed), got in this style.
    Target {
        /// The position wanted.
        position: Quantity,
        /// How to get there.
        style: Style,
    },
    /// Cancel whatever is still working for the symbol.
    Withdraw,
}

/// How to trade towards a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Now, at what the market gives.
    Market,
    /// At this price or better, resting until filled or withdrawn.
    Limit(Price),
    /// As a limit at the touch: the best bid of a buy, the best ask of a sell; without quotes the last price.
    Touch,
}

/// Why an intent was refused. The name is the last part of the limit's key in the config.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RefusalReason {
    /// The order's quantity is above `risk.max_order_quantity`.
    MaxOrderQuantity = 0,
    /// The order's notional is above `risk.max_order_notional`, or cannot be known for want of a price.
    MaxOrderNotional = 1,
    /// Position and working orders together could exceed `risk.max_position`.
    MaxPosition = 2,
    /// The limit price is further from the last price than `risk.price_collar`, or there is no last price.
    PriceCollar = 3,
    /// Equity has fallen since UTC midnight by `risk.max_daily_loss` or more.
    MaxDailyLoss = 4,
    /// New risk is halted: the journal can keep no more.
    Halted = 5,
}

impl RefusalReason {
    /// All, in the order of their codes.
    pub const ALL: [Self; 6] = [
        Self::MaxOrderQuantity,
        Self::MaxOrderNotional,
        Self::MaxPosition,
        Self::PriceCollar,
        Self::MaxDailyLoss,
        Self::Halted,
    ];

    /// The name used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MaxOrderQuantity => "max_order_quantity",
            Self::MaxOrderNotional => "max_order_notional",
            Self::MaxPosition => "max_position",
            Self::PriceCollar => "price_collar",
            Self::MaxDailyLoss => "max_daily_loss",
            Self::Halted => "halted",
        }
    }
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

const STYLE_WITHDRAW: u8 = 0;
const STYLE_MARKET: u8 = 1;
const STYLE_LIMIT: u8 = 2;
const STYLE_TOUCH: u8 = 3;

impl Intent {
    /// A wish that acts at once: a target of a decision, or a withdrawal.
    #[inline]
    pub fn new(symbol: SymbolId, goal: Goal) -> Self {
        let purpose = match goal {
            Goal::Target { .. } => Purpose::Decision,
            Goal::Withdraw => Purpose::Withdrawal,
        };
        Self { symbol, goal, delay: Nanos(0), purpose }
    }

    /// A wish for a position.
    #[inline]
    pub fn target(symbol: SymbolId, position: Quantity, style: Style) -> Self {
        Self::new(symbol, Goal::Target { position, style })
    }

    /// A wish to be flat at market, at once, for what `purpose` says.
    #[inline]
    pub fn exit(symbol: SymbolId, purpose: Purpose) -> Self {
        debug_assert!(purpose.is_exit(), "an exit has a reason");
        Self { purpose, ..Self::target(symbol, Quantity::ZERO, Style::Market) }
    }

    /// As an event derived from `cause`. `kind` is [`Kind::INTENT`], or [`Kind::REFUSAL`] of an intent of `cause`.
    #[inline]
    pub fn to_event(&self, cause: &Event, kind: Kind, reason: Option<RefusalReason>) -> Event {
        let mut event = Event::derived(cause, kind, self.symbol);
        event.detail = reason.map_or(0, |reason| reason as u16);
        event.words[2] = self.delay.0;
        event.words[3] = self.purpose as i64;
        if kind == Kind::REFUSAL {
            event.words[4] = cause.seq as i64;
        }
        match self.goal {
            Goal::Withdraw => event.flags = STYLE_WITHDRAW,
            Goal::Target { position, style } => {
                event.words[0] = position.raw();
                match style {
                    Style::Market => event.flags = STYLE_MARKET,
                    Style::Touch => event.flags = STYLE_TOUCH,
                    Style::Limit(price) => {
                        event.flags = STYLE_LIMIT;
                        event.words[1] = price.raw();
                    }
                }
            }
        }
        event
    }

    /// As a refusal at the input `at` of what was wanted at the input `cause_seq`.
    pub fn refusal(&self, at: &Event, reason: RefusalReason, cause_seq: u64) -> Event {
        let mut event = self.to_event(at, Kind::REFUSAL, Some(reason));
        event.words[4] = cause_seq as i64;
        event
    }

    /// The input whose intent was refused: the refusal's own, or one before if the target had to wait.
    pub fn refusal_cause_seq(event: &Event) -> u64 {
        debug_assert_eq!(event.kind, Kind::REFUSAL);
        event.words[4] as u64
    }

    /// Reads an intent, or the refused one of a refusal.
    #[inline]
    pub fn from_event(event: &Event) -> Self {
        debug_assert!(event.kind == Kind::INTENT || event.kind == Kind::REFUSAL);
        let position = Quantity::new(event.words[0]);
        let goal = match event.flags {
            STYLE_MARKET => Goal::Target { position, style: Style::Market },
            STYLE_LIMIT => Goal::Target { position, style: Style::Limit(Price::new(event.words[1])) },
            STYLE_TOUCH => Goal::Target { position, style: Style::Touch },
            _ => Goal::Withdraw,
        };
        let purpose = Purpose::of_code(event.words[3] as u64);
        Self { symbol: event.symbol, goal, delay: Nanos(event.words[2]), purpose }
    }

    /// The reason of a refusal.
    ///
    /// # Panics
    /// If the event's detail is no reason's code.
    pub fn refusal_reason(event: &Event) -> RefusalReason {
        debug_assert_eq!(event.kind, Kind::REFUSAL);
        RefusalReason::ALL[usize::from(event.detail)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn intents_survive_the_encoding() {
        let cause = Event { seq: 9, ..Event::input(Kind::TIMER, Nanos(5), SymbolId::NONE) };
        let position = Quantity::new(-7);
        for goal in [
            Goal::Withdraw,
            Goal::Target { position, style: Style::Market },
            Goal::Target { position, style: Style::Limit(Price::new(3)) },
            Goal::Target { position, style: Style::Touch },
        ] {
            for (reason, purpose) in RefusalReason::ALL.into_iter().zip(Purpose::ALL) {
                let intent = Intent { delay: Nanos(4), purpose, ..Intent::new(SymbolId(1), goal) };
                let event = intent.to_event(&cause, Kind::REFUSAL, Some(reason));
                assert_eq!((Intent::from_event(&event), Intent::refusal_reason(&event)), (intent, reason));
                assert_eq!(Intent::refusal_cause_seq(&event), 9);
                let late = intent.refusal(&cause, reason, 4);
                assert_eq!((Intent::from_event(&late), Intent::refusal_reason(&late)), (intent, reason));
                assert_eq!((late.seq, Intent::refusal_cause_seq(&late)), (9, 4));
            }
        }
    }
}
