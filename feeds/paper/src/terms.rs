//! What the venue is like: told by the engine in the first line, so that the process needs no configuration of its own.

use matching::{FillSize, Venue, VenueConfig};
use model::{Instrument, InstrumentTable, Nanos, Price, Quantity, Rate, SymbolTable};
use serde::{Deserialize, Serialize};

/// The version of the protocol.
const VERSION: u32 = 1;

/// One symbol's terms; amounts are decimals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SymbolTerms {
    name: String,
    tick_size: String,
    lot: String,
    multiplier: String,
    currency: String,
    quoted: bool,
}

/// What the venue is like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    version: u32,
    latency_ns: i64,
    maker: String,
    taker: String,
    fill_size: String,
    symbols: Vec<SymbolTerms>,
}

impl Terms {
    /// The terms of a venue. `quoted[i]`: whether symbol i has quotes.
    pub fn new(config: &VenueConfig, instruments: &InstrumentTable, quoted: &[bool]) -> Self {
        let fill_size = match config.fill_size {
            FillSize::Unlimited => "unlimited",
            FillSize::Print => "print",
        };
        let named = instruments.symbols.iter().zip(&instruments.instruments).zip(quoted);
        let symbols = named.map(|(((_, name), instrument), &quoted)| SymbolTerms {
            name: name.to_owned(),
            tick_size: instrument.tick_size.to_string(),
            lot: instrument.lot.to_string(),
            multiplier: instrument.multiplier.to_string(),
            currency: instrument.currency.clone(),
            quoted,
        });
        Self {
            version: VERSION,
            latency_ns: config.latency.0,
            maker: config.maker.to_string(),
            taker: config.taker.to_string(),
            fill_size: fill_size.to_owned(),
            symbols: symbols.collect(),
        }
    }

    /// How many symbols there are.
    pub(crate) fn symbols(&self) -> usize {
        self.symbols.len()
    }

    /// The venue of these terms.
    ///
    /// # Errors
    /// A sentence naming what is wrong.
    pub(crate) fn venue(&self) -> Result<Venue, String> {
        if self.version != VERSION {
            let version = self.version;
            return Err(format!(
                "the engine speaks version {version} of the protocol and this venue version {VERSION}; use one build"
            ));
        }
        let rate =
            |what, text| Rate::parse(text).map_err(|error| format!("the {what} fee {text:?}: {error}"));
        let fill_size = match self.fill_size.as_str() {
            "unlimited" => FillSize::Unlimited,
            "print" => FillSize::Print,
            other => return Err(format!("fill_size is {other:?} and not unlimited or print")),
        };
        if self.latency_ns < 0 {
            return Err(format!("the latency is {} ns; it is not negative", self.latency_ns));
        }
        let config = VenueConfig {
            latency: Nanos(self.latency_ns),
            maker: rate("maker", &self.maker)?,
            taker: rate("taker", &self.taker)?,
            fill_size,
        };
        let names: Vec<String> = self.symbols.iter().map(|symbol| symbol.name.clone()).collect();
        if !names.is_sorted() {
            return Err("the symbols are not in the order of their names".to_owned());
        }
        let described = self.symbols.iter().map(SymbolTerms::instrument).collect::<Result<Vec<_>, _>>()?;
        let table = InstrumentTable { symbols: SymbolTable::new(names), instruments: described };
        if table.symbols.len() != self.symbols.len() {
            return Err("a symbol is named twice".to_owned());
        }
        Ok(Venue::new(config, &table, &self.symbols.iter().map(|symbol| symbol.quoted).collect::<Vec<_>>()))
    }
}

impl SymbolTerms {
    fn instrument(&self) -> Result<Instrument, String> {
        let quantity = |what: &str, text: &str| {
            Quantity::parse(text).map_err(|error| format!("the {what} {text:?} of {}: {error}", self.name))
        };
        let tick_size = &self.tick_size;
        Ok(Instrument {
            tick_size: Price::parse(tick_size)
                .map_err(|error| format!("the tick size {tick_size:?} of {}: {error}", self.name))?,
            lot: quantity("lot", &self.lot)?,
            multiplier: quantity("multiplier", &self.multiplier)?,
            ..Instrument::plain(&self.name, &self.currency)
        })
    }
}
