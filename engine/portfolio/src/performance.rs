//! What a run earned and at which risk: returns, ratios, drawdown, trades, exposure.
//!
//! A fold of equity rows and fills beside the hot path. Returns are sampled at UTC midnights, or at UTC
//! hours if the run is shorter than five days; both are kept until that is known. Definitions are the
//! contract's; a figure that is not defined is `None`, never NaN.
//! Not here: equity itself (`stage`), writing (`report`).

use crate::error::{Beyond, PortfolioError};
use crate::sampler::{Row, Sampler, simple_return};
use crate::trips::{Tally, Trip};
use model::{EQUITY_ROW, Fill, Frame, InstrumentTable, Kind, Money, MoneyError, Nanos, Quantity};

/// Runs shorter than this are sampled by the hour.
const HOURLY_BELOW: Nanos = Nanos(5 * Nanos::DAY.0);
const DAYS_PER_YEAR: f64 = 365.0;
const HOURS_PER_YEAR: f64 = 8760.0;

/// The figures of a run; `None` is undefined.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Figures {
    /// Last equity over initial capital, less 1.
    pub total_return: Option<f64>,
    /// Mean of the sampled returns over their deviation (ddof 1), annualised.
    pub sharpe: Option<f64>,
    /// Mean over √mean(min(r, 0)²), annualised.
    pub sortino: Option<f64>,
    /// Largest fall of equity from its highest row so far, as a positive fraction of it.
    pub max_drawdown: Option<f64>,
    /// Deviation of the sampled returns (ddof 1), annualised.
    pub volatility: Option<f64>,
    /// Sum of the fills' notionals over the mean equity of all rows.
    pub turnover: Option<f64>,
    /// How many trades: positions from flat or reversal to flat or reversal.
    pub trades: u64,
    /// Share of trades that earned more than nothing, net of fees.
    pub win_rate: Option<f64>,
    /// What winning trades earned over what losing trades lost.
    pub profit_factor: Option<f64>,
    /// Share of the run's time with any position.
    pub exposure: Option<f64>,
}

/// The fold that gives [`Figures`].
#[derive(Debug, Clone)]
pub struct Performance {
    instruments: InstrumentTable,
    initial_capital: Money,
    days: Sampler,
    /// Dropped when the run reaches five days.
    hours: Option<Sampler>,
    first_ts: Option<Nanos>,
    last_row: Option<Row>,
    rows: u64,
    equity_sum: i128,
    peak: Option<Money>,
    max_drawdown: f64,
    traded: i128,
    trips: Vec<Trip>,
    tally: Tally,
    held_symbols: u32,
    held_since: Nanos,
    held_nanos: i64,
}

model::state!(Performance {
    days, first_ts, last_row, rows, equity_sum, peak, max_drawdown, traded, trips, tally, held_symbols, held_since,
    held_nanos;
    list hours: 1;
    same initial_capital;
    config instruments
});

impl Performance {
    /// Before the first row.
    pub fn new(instruments: &InstrumentTable, initial_capital: Money) -> Self {
        Self {
            trips: vec![Trip::default(); instruments.instruments.len()],
            instruments: instruments.clone(),
            initial_capital,
            days: Sampler::new(Nanos::DAY, 4096),
            hours: Some(Sampler::new(Nanos::HOUR, 128)),
            first_ts: None,
            last_row: None,
            rows: 0,
            equity_sum: 0,
            peak: None,
            max_drawdown: 0.0,
            traded: 0,
            tally: Tally::default(),
            held_symbols: 0,
            held_since: Nanos::MIN,
            held_nanos: 0,
        }
    }

    /// Folds the frame's fill, if it is one, and its equity rows.
    ///
    /// # Errors
    /// [`PortfolioError`] where a figure leaves its range.
    pub fn on_frame(&mut self, frame: &Frame) -> Result<(), PortfolioError> {
        let input = frame.input();
        if input.kind == Kind::FILL {
            self.on_fill(input.ts, &Fill::from_event(input))?;
        }
        for event in frame.events.iter().filter(|e| e.kind == Kind::PORTFOLIO && e.flags & EQUITY_ROW != 0) {
            self.on_equity(event.ts, frame.accounts[event.words[0] as usize].equity)?;
        }
        Ok(())
    }

    /// Folds an equity row. Rows come in time order.
    ///
    /// # Errors
    /// [`PortfolioError`] where the sum of all rows leaves its range.
    pub fn on_equity(&mut self, ts: Nanos, equity: Money) -> Result<(), PortfolioError> {
        let overflow = || PortfolioError::MoneyOverflow { symbol: "all symbols".to_owned() };
        self.equity_sum = self.equity_sum.checked_add(equity.raw()).ok_or_else(overflow)?;
        self.rows += 1;
        let first_ts = *self.first_ts.get_or_insert(ts);
        if ts.0.saturating_sub(first_ts.0) >= HOURLY_BELOW.0 {
            self.hours = None;
        }
        let row = Row { ts, equity };
        self.days.row(row);
        if let Some(hours) = &mut self.hours {
            hours.row(row);
        }
        let peak = self.peak.map_or(equity, |peak| peak.max(equity));
        self.peak = Some(peak);
        if let Some(fall) = simple_return(peak, equity) {
            self.max_drawdown = self.max_drawdown.max(-fall);
        }
        self.last_row = Some(row);
        Ok(())
    }

    /// Folds a fill at engine time `ts`.
    ///
    /// # Errors
    /// [`PortfolioError`] where a figure leaves its range.
    pub fn on_fill(&mut self, ts: Nanos, fill: &Fill) -> Result<(), PortfolioError> {
        let multiplier = self.instruments.get(fill.symbol).multiplier;
        let trip = &mut self.trips[fill.symbol.index()];
        let held_before = trip.quantity != Quantity::ZERO;
        let traded = trip.fold(fill, multiplier, &mut self.tally).and_then(|notional| {
            self.traded.checked_add(notional.raw().abs()).ok_or(Beyond::from(MoneyError::Overflow))
        });
        let held_after = trip.quantity != Quantity::ZERO;
        self.traded = traded
            .map_err(|beyond| PortfolioError::new(beyond, self.instruments.symbols.name(fill.symbol)))?;
        match (held_before, held_after) {
            (false, true) => {
                if self.held_symbols == 0 {
                    self.held_since = ts;
                }
                self.held_symbols += 1;
            }
            (true, false) => {
                self.held_symbols -= 1;
                if self.held_symbols == 0 {
                    self.held_nanos += ts.0 - self.held_since.0;
                }
            }
            (false, false) | (true, true) => {}
        }
        Ok(())
    }

    /// The figures so far; after the last row, the run's.
    pub fn figures(&self) -> Figures {
        let Some(last) = self.last_row else { return Figures::default() };
        let (returns, per_year) = match &self.hours {
            Some(hours) => (hours.returns(), HOURS_PER_YEAR),
            None => (self.days.returns(), DAYS_PER_YEAR),
        };
        let Tally { trades, wins, gains, losses } = self.tally;
        let equity_mean = self.equity_sum as f64 / self.rows as f64;
        Figures {
            total_return: simple_return(self.initial_capital, last.equity),
            sharpe: sharpe(&returns, per_year),
            sortino: sortino(&returns, per_year),
            max_drawdown: Some(self.max_drawdown),
            volatility: deviation(&returns).map(|deviation| deviation * per_year.sqrt()),
            turnover: (equity_mean > 0.0).then(|| self.traded as f64 / equity_mean),
            trades,
            win_rate: (trades > 0).then(|| wins as f64 / trades as f64),
            profit_factor: (losses > Money::ZERO).then(|| gains.raw() as f64 / losses.raw() as f64),
            exposure: self.exposure(last.ts),
        }
    }

    fn exposure(&self, last_ts: Nanos) -> Option<f64> {
        let first_ts = self.first_ts?;
        let open = if self.held_symbols > 0 { last_ts.0 - self.held_since.0 } else { 0 };
        let span = last_ts.0 - first_ts.0;
        (span > 0).then(|| (self.held_nanos + open) as f64 / span as f64)
    }
}

/// The value, if it is one.
fn defined(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn mean(values: &[f64]) -> Option<f64> {
    defined(values.iter().sum::<f64>() / values.len() as f64)
}

/// Standard deviation with ddof 1; `None` below two values.
fn deviation(values: &[f64]) -> Option<f64> {
    let mean = mean(values)?;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    if values.len() < 2 { None } else { defined((squares / (values.len() - 1) as f64).sqrt()) }
}

fn sharpe(returns: &[f64], per_year: f64) -> Option<f64> {
    defined(mean(returns)? / deviation(returns)? * per_year.sqrt())
}

fn sortino(returns: &[f64], per_year: f64) -> Option<f64> {
    let downside: f64 = returns.iter().map(|r| r.min(0.0) * r.min(0.0)).sum();
    defined(mean(returns)? / (downside / returns.len() as f64).sqrt() * per_year.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Instrument, Liquidity, OrderId, Price, Side, SymbolId, SymbolTable, UNIT};

    const DAY: i64 = Nanos::DAY.0;
    const HOUR: i64 = Nanos::HOUR.0;

    fn performance() -> Performance {
        let symbols = SymbolTable::new(["A", "B"].map(String::from));
        let instruments = InstrumentTable::new(symbols, |name| Instrument::plain(name, "USD"));
        Performance::new(&instruments, Money::parse("100").unwrap())
    }

    fn of_rows(rows: &[(i64, &str)]) -> Figures {
        let mut performance = performance();
        for &(ts, equity) in rows {
            performance.on_equity(Nanos(ts), Money::parse(equity).unwrap()).unwrap();
        }
        performance.figures()
    }

    fn close(found: Option<f64>, expected: f64) {
        let found = found.expect("the figure is defined");
        assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{found} is not {expected}");
    }

    #[test]
    fn nothing_is_undefined() {
        assert_eq!(of_rows(&[]), Figures::default());
        let one = of_rows(&[(0, "100")]);
        assert_eq!(
            (one.total_return, one.sharpe, one.sortino, one.volatility),
            (Some(0.0), None, None, None)
        );
        assert_eq!((one.exposure, one.win_rate, one.profit_factor, one.trades), (None, None, None, 0));
        // Constant equity: no deviation, so no ratio.
        let still = of_rows(&[(0, "100"), (HOUR, "100"), (2 * HOUR, "100")]);
        assert_eq!((still.sharpe, still.sortino, still.volatility), (None, None, Some(0.0)));
        assert_eq!((still.max_drawdown, still.turnover, still.exposure), (Some(0.0), Some(0.0), Some(0.0)));
    }

    #[test]
    fn short_runs_by_the_hour_longer_ones_by_the_day() {
        let hourly = of_rows(&[(0, "100"), (HOUR, "110"), (2 * HOUR, "99")]);
        // Returns 0.1 and -0.1: mean 0, deviation 0.1·√2.
        close(hourly.volatility, 0.1 * 2.0_f64.sqrt() * 8760.0_f64.sqrt());
        close(hourly.sharpe, 0.0);
        close(hourly.total_return, -0.01);
        close(hourly.max_drawdown, 0.1);
        let days = of_rows(&[(0, "100"), (HOUR, "500"), (DAY, "110"), (5 * DAY, "99")]);
        // Midnights 0..=5: 100, 110, 110, 110, 110, 99.
        let returns = [0.1, 0.0, 0.0, 0.0, -0.1];
        let deviation = (returns.iter().map(|r| r * r).sum::<f64>() / 4.0).sqrt();
        close(days.volatility, deviation * 365.0_f64.sqrt());
        close(days.max_drawdown, 401.0 / 500.0);
        let almost = of_rows(&[(0, "100"), (DAY, "110"), (5 * DAY - 1, "99")]);
        // One nanosecond short of five days: 120 hourly samples and the end.
        let mut returns = vec![0.0; 120];
        (returns[23], returns[119]) = (0.1, -0.1);
        let deviation = (0.02_f64 / 119.0).sqrt();
        close(almost.volatility, deviation * 8760.0_f64.sqrt());
    }

    #[test]
    fn the_downside_ratio_counts_all_returns() {
        let figures = of_rows(&[(0, "100"), (HOUR, "120"), (2 * HOUR, "108"), (3 * HOUR, "108")]);
        let mean = (0.2 - 0.1) / 3.0;
        close(figures.sortino, mean / (0.01_f64 / 3.0).sqrt() * 8760.0_f64.sqrt());
    }

    #[test]
    fn ruin_has_no_ratio() {
        let figures = of_rows(&[(0, "100"), (HOUR, "-5"), (2 * HOUR, "10")]);
        assert_eq!((figures.sharpe, figures.sortino, figures.volatility), (None, None, None));
        close(figures.max_drawdown, 1.05);
    }

    fn fill(symbol: u32, side: Side, units: i64, price: i64) -> Fill {
        Fill {
            order: OrderId(0),
            number: 1,
            symbol: SymbolId(symbol),
            side,
            quantity: Quantity::new(units * UNIT),
            price: Price::new(price * UNIT),
            fee: Money::from_raw(i128::from(UNIT)).unwrap(),
            liquidity: Liquidity::Taker,
        }
    }

    #[test]
    fn exposure_turnover_and_trades() {
        let mut p = performance();
        let capital = Money::parse("100").unwrap();
        p.on_equity(Nanos(0), capital).unwrap();
        // Held from 10 to 30 (two symbols, overlapping), and from 50 to the end at 100.
        for (ts, fill) in [
            (10, fill(0, Side::Buy, 1, 10)),
            (15, fill(1, Side::Sell, 2, 5)),
            (20, fill(0, Side::Sell, 1, 20)),
            (30, fill(1, Side::Buy, 2, 6)),
            (50, fill(0, Side::Buy, 1, 10)),
            (60, fill(0, Side::Sell, 3, 10)),
        ] {
            p.on_fill(Nanos(ts), &fill).unwrap();
        }
        p.on_equity(Nanos(100), Money::parse("60").unwrap()).unwrap();
        let figures = p.figures();
        close(figures.exposure, 0.7);
        close(figures.turnover, (10.0 + 10.0 + 20.0 + 12.0 + 10.0 + 30.0) / 80.0);
        // +10 − 2 fees; −2 − 2 fees; reversed: 0 − 1 − 1/3.
        assert_eq!(figures.trades, 3);
        close(figures.win_rate, 1.0 / 3.0);
        close(figures.profit_factor, 8.0 / (4.0 + 1.333333333));
    }
}
