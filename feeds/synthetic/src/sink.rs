//! From ticks to wherever they go, symbol by symbol.

use crate::config::SyntheticConfig;
use crate::ticks::{SyntheticTick, SyntheticTicks};
use model::{Nanos, Quote, Trade};

/// Takes ticks. Symbols come one after the other, each in time order.
pub trait TickSink {
    /// Why a tick could not be taken.
    type Error;

    /// Takes a trade.
    ///
    /// # Errors
    /// Whatever the sink may fail at.
    fn trade(&mut self, symbol: &str, trade: &Trade) -> Result<(), Self::Error>;

    /// Takes a quote.
    ///
    /// # Errors
    /// Whatever the sink may fail at.
    fn quote(&mut self, symbol: &str, quote: &Quote) -> Result<(), Self::Error>;
}

/// What was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Generated {
    /// How many trades.
    pub trades: u64,
    /// How many quotes.
    pub quotes: u64,
    /// The first tick of all symbols; `None` where there is none.
    pub first_ts: Option<Nanos>,
    /// The last tick of all symbols; `None` where there is none.
    pub last_ts: Option<Nanos>,
}

/// Makes the whole market into `sink`.
///
/// # Errors
/// The sink's first one.
///
/// # Panics
/// If the configuration was not checked and is wrong.
pub fn generate<S: TickSink>(config: &SyntheticConfig, sink: &mut S) -> Result<Generated, S::Error> {
    let mut generated = Generated::default();
    for symbol in &config.symbols {
        let ticks = SyntheticTicks::new(config, symbol).expect("the configuration was checked");
        for tick in ticks {
            match &tick {
                SyntheticTick::Trade(trade) => {
                    sink.trade(&symbol.name, trade)?;
                    generated.trades += 1;
                }
                SyntheticTick::Quote(quote) => {
                    sink.quote(&symbol.name, quote)?;
                    generated.quotes += 1;
                }
            }
            let ts = tick.ts_event();
            generated.first_ts = Some(generated.first_ts.map_or(ts, |first| first.min(ts)));
            generated.last_ts = generated.last_ts.max(Some(ts));
        }
    }
    Ok(generated)
}
