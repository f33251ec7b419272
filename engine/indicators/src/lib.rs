//! Bars to indicator values, streaming, one file each.
//!
//! Why: a value must be the same whether it is computed bar by bar or from the whole history, after a
//! million bars as after twenty. So windows of prices and volumes are summed in exact integers and become
//! floats once, at the end; windows of floats are summed anew at each bar; recursive averages forget their
//! rounding as they forget their past. Each update is O(1) or O(window) and allocates nothing.
//! `registry.rs` lists the indicators and says how to add one.
//! Not here: how bars are made (`bars`), what is decided from values (`rules`, later agents).
//!
//! | text | values | batch definition | complete from bar |
//! | --- | --- | --- | --- |
//! | `sma_20` | itself | [`Sma`]: mean of the last n closes | n |
//! | `ema_20` | itself | [`Ema`]: k = 2/(n+1), seeded with the mean of the first n closes | n |
//! | `wma_20` | itself | [`Wma`]: weights 1 to n, the newest heaviest | n |
//! | `rsi_14`, `rsi_cutler_14` | itself | [`Rsi`]: 100·gain/(gain + loss), averaged as Wilder or Cutler do; 50 where nothing has moved | n + 1 |
//! | `atr_14` | itself | [`Atr`]: Wilder average of true ranges, the first of which is high − low | n |
//! | `macd_12_26_9` | `.line`, `.signal`, `.histogram` | [`Macd`]: EMA − EMA, its EMA, the difference; each seeded with a mean | 26; 34 |
//! | `bollinger_20_2` | `.upper`, `.middle`, `.lower` | [`Bollinger`]: mean ± k population deviations of the last n closes | n |
//! | `stochastic_12_3_5` | `.k`, `.d` | [`Stochastic`]: place of the close in the range of 12, mean of 3, mean of 5 of that; 50 without a range | 14; 18 |
//! | `adx_14` | itself | [`Adx`]: Wilder average of DX, seeded with the mean of the first n | 2n |
//! | `donchian_50` | `.high`, `.low` | [`Donchian`]: highest high, lowest low of up to n bars | 1 |
//! | `vwap_session` | itself | [`VwapSession`]: Σ price·size/Σ size since the session opened, at UTC midnight where the instrument never closes; none without volume | 1 |
//! | `vwap_rolling_50` | itself | [`VwapRolling`]: Σ p·volume/Σ volume of n bars, p = (O+H+L+C)/4; none without volume | n |
//! | `obv` | itself | [`Obv`]: ± volume by the direction of the close, from the first bar's volume on | 1 |
//! | `volatility_20` | itself | [`Volatility`]: population deviation of n simple returns, not annualised | n + 1 |
//! | `momentum_10` | itself | [`Momentum`]: close − close n bars ago | n + 1 |
//!
//! The others, with names of their own for their values, say in their files what they are: [`Mlmi`], [`Nwrqk`],
//! [`Rqk`], [`Fvg`], [`VolumeProfile`], [`Regime`], [`PriceMomentum`], [`VolumeRatio`], [`TimeOfWeek`].
//! Beside them, and no indicators: [`SymbolBatches`], statistics of batches of ticks, which are only recorded.

mod adx;
mod atr;
mod batch;
mod bollinger;
mod buckets;
mod clock;
mod config;
mod definition;
mod donchian;
mod ema;
mod extremes;
mod fvg;
mod macd;
mod mlmi;
mod momentum;
mod nwrqk;
mod obv;
mod price_momentum;
mod price_of;
mod profile;
mod recent;
mod recursive;
mod regime;
mod registry;
mod returns;
mod room;
mod rqk;
mod rsi;
mod sma;
mod spec;
mod stage;
mod stochastic;
mod symbol_batches;
mod volatility;
mod volume_ratio;
mod vwap_rolling;
mod vwap_session;
mod weighted_sum;
mod wide;
mod window;
mod wma;

pub use adx::Adx;
pub use atr::Atr;
pub use batch::{TickBatch, TickBatches};
pub use bollinger::{Bands, Bollinger, Place};
pub use clock::{ClockValues, TimeOfWeek};
pub use config::{ConfigError, IndicatorConfig, MIN_HISTORY_DEFAULT};
pub use donchian::{Channel, Donchian};
pub use ema::{Ema, Seed};
pub use fvg::{Fvg, FvgValues, Gap};
pub use macd::{Macd, MacdLines};
pub use mlmi::{Mlmi, MlmiValues};
pub use momentum::Momentum;
pub use nwrqk::{Nwrqk, NwrqkValues};
pub use obv::Obv;
pub use price_momentum::PriceMomentum;
pub use profile::{BinWidth, ProfileValues, VolumeProfile};
pub use regime::{Regime, RegimeValues};
pub use rqk::{Rqk, RqkValues};
pub use rsi::{Rsi, Smoothing};
pub use sma::Sma;
pub use spec::{IndicatorSpec, PERIOD_MAX, SpecError, WIDTH_MAX};
pub use stage::Indicators;
pub use stochastic::{Stochastic, StochasticLines};
pub use symbol_batches::{SymbolBatch, SymbolBatches};
pub use volatility::Volatility;
pub use volume_ratio::VolumeRatio;
pub use vwap_rolling::VwapRolling;
pub use vwap_session::VwapSession;
pub use wma::Wma;

/// The mean of `count` raw prices that sum to `sum`, in units of the price: one rounding for the sum, one here.
#[inline]
fn mean(sum: i128, count: u32) -> f64 {
    sum as f64 / (f64::from(count) * model::UNIT as f64)
}
