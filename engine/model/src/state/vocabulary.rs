//! The vocabulary's own values.

use super::{StateCause, StateError, StateReader, StateWriter, Value};
use crate::{
    Account, BarSource, Direction, Event, Money, Nanos, Order, OrderId, OrderType, Pattern, Price, Purpose,
    Quantity, Session, Side, Signal, SignalKind, Style, SymbolId, TimeInForce, Timeframe,
};

/// What wraps an integer, and which integers it holds.
macro_rules! wrapped {
    ($($type:ident: $raw:ty, $get:expr, $of:expr;)*) => { $(
        impl Value for $type {
            #[inline]
            fn put(&self, to: &mut StateWriter) {
                let raw: $raw = $get(*self);
                raw.put(to);
            }

            #[inline]
            fn read(from: &mut StateReader<'_>) -> Result<Self, StateError> {
                let raw = <$raw>::read(from)?;
                $of(raw).ok_or_else(|| from.error(StateCause::NoValue(stringify!($type))))
            }
        }
    )* };
}

wrapped! {
    Price: i64, Price::raw, Price::from_raw;
    Quantity: i64, Quantity::raw, Quantity::from_raw;
    Money: i128, Money::raw, |raw| Money::from_raw(raw).ok();
    Nanos: i64, |nanos: Nanos| nanos.0, |raw| Some(Nanos(raw));
    Timeframe: Nanos, Timeframe::nanos, Timeframe::from_nanos;
    SymbolId: u32, |symbol: SymbolId| symbol.0, |raw| Some(SymbolId(raw));
    OrderId: u32, |order: OrderId| order.0, |raw| Some(OrderId(raw));
    Pattern: u8, |pattern: Pattern| pattern.index() as u8, |code| Pattern::ALL.get(usize::from(code)).copied();
}

crate::value!(BarSource { Trade = 0, Bid = 1, Ask = 2, Mid = 3 });
crate::value!(Side { Buy = 0, Sell = 1 });
crate::value!(TimeInForce { Gtc = 0 });
crate::value!(Direction { Long = 0, Short = 1 });
crate::value!(SignalKind { Mlmi = 0, Nwrqk = 1, Fvg = 2 });
crate::value!(Purpose { Decision = 0, Stop = 1, Target = 2, TimeStop = 3, Withdrawal = 4 });
crate::value!(Session { open, close, next_open });
crate::value!(Signal { kind, direction, strength, ts });
crate::value!(Account { cash, position_value, equity, realised_pnl, unrealised_pnl, fees, peak });
crate::value!(Order { id, nth, symbol, side, order_type, tif, quantity, seq, cause_seq, ts, delay, purpose });

/// As it lies in memory.
impl Value for Event {
    fn put(&self, to: &mut StateWriter) {
        to.bytes(bytemuck::bytes_of(self));
    }

    fn read(from: &mut StateReader<'_>) -> Result<Self, StateError> {
        from.array::<{ size_of::<Self>() }>().map(bytemuck::cast)
    }
}

/// The price, if it is a limit.
impl Value for OrderType {
    fn put(&self, to: &mut StateWriter) {
        let limit = match self {
            Self::Market => None,
            Self::Limit(price) => Some(*price),
        };
        limit.put(to);
    }

    fn read(from: &mut StateReader<'_>) -> Result<Self, StateError> {
        Ok(Option::read(from)?.map_or(Self::Market, Self::Limit))
    }
}

impl Value for Style {
    fn put(&self, to: &mut StateWriter) {
        match self {
            Self::Market => 0_u8.put(to),
            Self::Touch => 1_u8.put(to),
            Self::Limit(price) => {
                2_u8.put(to);
                price.put(to);
            }
        }
    }

    fn read(from: &mut StateReader<'_>) -> Result<Self, StateError> {
        match u8::read(from)? {
            0 => Ok(Self::Market),
            1 => Ok(Self::Touch),
            2 => Price::read(from).map(Self::Limit),
            _ => Err(from.error(StateCause::NoValue("Style"))),
        }
    }
}
