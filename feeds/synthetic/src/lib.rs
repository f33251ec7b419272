//! The deterministic synthetic market: `grandmodel generate`, and the data of the quickstart.
//!
//! Why: a first run needs no download, and tests need markets of any size whose every tick is known.
//! The same configuration gives the same ticks on every machine: the random numbers, ln and exp are
//! made here from integers and the operations that IEEE 754 fixes to the bit (+ − × ÷ √).
//! It has the traits that trip programs up on real ticks: clustered arrivals, a U-shaped day, volatility
//! that clusters, bid-ask bounce, trends and reversals, jumps, sweeps with equal timestamps, and now and
//! then a locked or crossed quote.
//! Not here: any claim that a strategy which earns on this market earns elsewhere.
//!
//! ```text
//! climate (per minute: activity, volatility, regime) ─> arrivals (self-exciting) ─> market (price, book) ─> ticks
//! ```

mod arrivals;
mod climate;
mod config;
mod market;
mod math;
mod random;
mod sink;
mod ticks;
mod write;

pub use config::{ConfigError, SymbolConfig, SyntheticConfig};
pub use sink::{Generated, TickSink, generate};
pub use ticks::{SyntheticTick, SyntheticTicks};
pub use write::{WriteError, WrittenMarket, write_catalog};
