//! Instruments: what the engine must know of a symbol to trade it.
//!
//! Not here: market hours, which decide which ticks a feed accepts (`feed`) and when sessions begin (`session`).

use crate::{Price, Quantity, SymbolId, SymbolTable, UNIT};

/// What is known of one symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instrument {
    /// Smallest price step. Zero: any price of nine decimals.
    pub tick_size: Price,
    /// Smallest quantity step. Zero: any quantity of nine decimals.
    pub lot: Quantity,
    /// Value of one unit per unit of price; 50 for the E-mini S&P 500, 1 for spot.
    pub multiplier: Quantity,
    /// The currency of its notional and fees.
    pub currency: String,
    /// Where it trades.
    pub venue: String,
    /// The venue's own name for it.
    pub venue_symbol: String,
    /// Whether prices of zero and below are legal (spreads, power, oil in April 2020).
    pub allow_negative_price: bool,
}

impl Instrument {
    /// An instrument of multiplier 1 without steps.
    pub fn plain(symbol: &str, currency: &str) -> Self {
        Self {
            tick_size: Price::ZERO,
            lot: Quantity::ZERO,
            multiplier: Quantity::new(UNIT),
            currency: currency.to_owned(),
            venue: "SIM".to_owned(),
            venue_symbol: symbol.to_owned(),
            allow_negative_price: false,
        }
    }
}

/// All symbols of a run with their instruments, by dense id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InstrumentTable {
    /// The names.
    pub symbols: SymbolTable,
    /// The instruments, by [`SymbolId::index`].
    pub instruments: Vec<Instrument>,
}

impl InstrumentTable {
    /// Builds the table, asking `describe` for each symbol in id order.
    pub fn new(symbols: SymbolTable, describe: impl Fn(&str) -> Instrument) -> Self {
        let instruments = symbols.iter().map(|(_, name)| describe(name)).collect();
        Self { symbols, instruments }
    }

    /// The instrument of a symbol.
    ///
    /// # Panics
    /// If the id is not of this table.
    pub fn get(&self, id: SymbolId) -> &Instrument {
        &self.instruments[id.index()]
    }
}
