//! The vocabulary every other crate speaks.
//!
//! Why: one definition of a price, an event and a hash, so that two stages cannot disagree on them.
//! Numbers are integers at 1e-9; names are dense ids; an [`Event`] is one cache line; larger results
//! of one input travel beside it in a [`Frame`].
//! Not here: I/O, a wall clock, threads, serde. Files and wire formats live at the edges.

mod account;
mod bar;
mod decision;
mod event;
mod frame;
mod halt;
mod hash;
mod instrument;
mod intent;
mod life;
mod mark;
mod matrix;
mod money;
mod number;
mod order;
mod purpose;
mod session;
pub mod state;
mod symbol;
mod synergy;
mod time;
mod wait;

pub use account::{Account, EQUITY_ROW};
pub use bar::{Bar, BarSource, IndicatorSet};
pub use decision::{Action, Agent, AgentGroup, CONTEXT_LEN, Decision, Urgency, Verdict};
pub use event::{Event, Kind, Quote, Trade};
pub use frame::Frame;
pub use halt::{halt_event, is_halt};
pub use hash::{StreamHash, combine_hashes};
pub use instrument::{Instrument, InstrumentTable};
pub use intent::{Goal, Intent, RefusalReason, Style};
pub use life::{OpenOrders, OrderLife, OrderState, OrderStatus};
pub use mark::Mark;
pub use matrix::Matrix;
pub use money::{Money, MoneyError, Rate, fee, mul_div_half_even, notional};
pub use number::{
    DivRem, NumberError, Price, Quantity, UNIT, div_rem_floor, mid, parse_fixed, round_half_even,
};
pub use order::{
    Fill, Liquidity, Order, OrderId, OrderType, RejectReason, Report, ReportKind, Side, TimeInForce,
};
pub use purpose::Purpose;
pub use session::{Session, SessionCalendar, UtcDays};
pub use symbol::{SymbolError, SymbolId, SymbolTable, normalise_symbol};
pub use synergy::{Direction, MarketContext, Pattern, Signal, SignalKind, Synergy};
pub use time::{Clock, ManualClock, Nanos, Span, SystemClock, Timeframe, TimeframeError};
pub use wait::{TargetWait, WaitStep};
