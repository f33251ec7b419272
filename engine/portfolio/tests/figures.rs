//! The streaming performance figures against plain formulas over all rows and fills at once.

use model::state::{State, StateReader, StateWriter};
use model::{
    Fill, Instrument, InstrumentTable, Liquidity, Money, Nanos, OrderId, Price, Quantity, Side, SymbolId,
    SymbolTable, UNIT,
};
use portfolio::Performance;
use proptest::prelude::*;

const SYMBOLS: u32 = 2;
const HOUR: i64 = Nanos::HOUR.0;
const DAY: i64 = Nanos::DAY.0;

/// At one time: an equity, and perhaps a fill before it.
#[derive(Debug, Clone)]
struct Moment {
    ts: i64,
    equity: i64,
    fill: Option<Traded>,
}

/// In whole units; `signed` is positive for a buy.
#[derive(Debug, Clone, Copy)]
struct Traded {
    symbol: u32,
    signed: i64,
    price: i64,
    fee: i64,
}

fn money(units: i64) -> Money {
    Money::from_raw(i128::from(units) * i128::from(UNIT)).unwrap()
}

fn nothing_yet() -> Performance {
    let symbols = SymbolTable::new(["A", "B"].map(String::from));
    let instruments = InstrumentTable::new(symbols, |name| Instrument::plain(name, "USD"));
    Performance::new(&instruments, money(1000))
}

fn fold(performance: &mut Performance, moments: &[Moment]) {
    for moment in moments {
        if let Some(Traded { symbol, signed, price, fee }) = moment.fill {
            let fill = Fill {
                order: OrderId(0),
                number: 1,
                symbol: SymbolId(symbol),
                side: if signed > 0 { Side::Buy } else { Side::Sell },
                quantity: Quantity::new(signed.abs() * UNIT),
                price: Price::new(price * UNIT),
                fee: money(fee),
                liquidity: Liquidity::Maker,
            };
            performance.on_fill(Nanos(moment.ts), &fill).unwrap();
        }
        performance.on_equity(Nanos(moment.ts), money(moment.equity)).unwrap();
    }
}

fn streaming(moments: &[Moment]) -> portfolio::Figures {
    let mut performance = nothing_yet();
    fold(&mut performance, moments);
    performance.figures()
}

fn saved(performance: &Performance) -> Vec<u8> {
    let mut to = StateWriter::new();
    performance.save(&mut to);
    to.into_bytes()
}

/// Equity at every multiple of the period within the run, and at the end.
fn samples(moments: &[Moment], period: i64) -> Vec<f64> {
    let (first, last) = (moments[0].ts, moments[moments.len() - 1].ts);
    let at = |ts: i64| moments.iter().rfind(|m| m.ts <= ts).map(|m| m.equity as f64).unwrap();
    let mut times: Vec<i64> =
        (first / period..=last / period).map(|k| k * period).filter(|ts| *ts >= first).collect();
    if times.last() != Some(&last) {
        times.push(last);
    }
    times.into_iter().map(at).collect()
}

/// Results of the finished trades. A fill is a run of single units, each with its share of the fee, so
/// that a trade ends exactly when a unit makes its symbol flat; the fees here divide evenly.
fn results(moments: &[Moment], symbol: u32) -> Vec<i64> {
    let (mut held, mut net) = (0_i64, 0_i64);
    let mut results = Vec::new();
    for fill in moments.iter().filter_map(|m| m.fill).filter(|fill| fill.symbol == symbol) {
        for _ in 0..fill.signed.abs() {
            held += fill.signed.signum();
            net -= fill.signed.signum() * fill.price + fill.fee / fill.signed.abs();
            if held == 0 {
                results.push(net);
                net = 0;
            }
        }
    }
    results
}

/// Time with any position, by asking in every gap between moments.
fn held_time(moments: &[Moment]) -> i64 {
    let held_after = |i: usize, symbol: u32| -> i64 {
        moments[..=i].iter().filter_map(|m| m.fill).filter(|f| f.symbol == symbol).map(|f| f.signed).sum()
    };
    (0..moments.len() - 1)
        .filter(|&i| (0..SYMBOLS).any(|symbol| held_after(i, symbol) != 0))
        .map(|i| moments[i + 1].ts - moments[i].ts)
        .sum()
}

fn close(found: Option<f64>, expected: f64) -> Result<(), TestCaseError> {
    match found {
        Some(found) => prop_assert!(
            (found - expected).abs() <= 1e-9 * expected.abs().max(1.0),
            "{} is not {}",
            found,
            expected
        ),
        None => prop_assert!(!expected.is_finite(), "nothing is not {}", expected),
    }
    Ok(())
}

fn any_moments() -> impl Strategy<Value = Vec<Moment>> {
    let step = prop_oneof![
        Just(0_i64),
        Just(HOUR),
        Just(DAY),
        1..3 * HOUR,
        (1_i64..40).prop_map(|quarters| quarters * HOUR / 4),
        1..2 * DAY
    ];
    let fill =
        (0..SYMBOLS, -4_i64..=4, 1_i64..50, -2_i64..=3).prop_map(|(symbol, signed, price, unit_fee)| {
            (signed != 0).then_some(Traded { symbol, signed, price, fee: unit_fee * signed.abs() })
        });
    let moment = (step, 1_i64..3000, fill);
    (0..2 * DAY, proptest::collection::vec(moment, 1..40)).prop_map(|(start, steps)| {
        let mut ts = start;
        let to_moment = |(step, equity, fill): (i64, i64, Option<Traded>)| {
            ts += step;
            Moment { ts, equity, fill }
        };
        steps.into_iter().map(to_moment).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn figures_are_the_plain_formulas(moments in any_moments()) {
        let figures = streaming(&moments);
        let (first, last) = (&moments[0], &moments[moments.len() - 1]);
        let span = last.ts - first.ts;
        let (period, per_year) = if span < 5 * DAY { (HOUR, 8760.0_f64) } else { (DAY, 365.0) };
        let equity = samples(&moments, period);
        let returns: Vec<f64> = equity.windows(2).map(|pair| pair[1] / pair[0] - 1.0).collect();
        let n = returns.len() as f64;
        let mean = returns.iter().sum::<f64>() / n;
        let squares = returns.iter().map(|r| (r - mean).powi(2)).sum::<f64>();
        let variance = if returns.len() < 2 { f64::NAN } else { squares / (n - 1.0) };
        let downside = (returns.iter().map(|r| r.min(0.0).powi(2)).sum::<f64>() / n).sqrt();
        close(figures.total_return, last.equity as f64 / 1000.0 - 1.0)?;
        close(figures.volatility, (variance * per_year).sqrt())?;
        // Equal returns leave a deviation of rounding noise; the ratio then says nothing.
        if variance.is_nan() || variance > 1e-20 {
            close(figures.sharpe, mean / variance.sqrt() * per_year.sqrt())?;
        }
        close(figures.sortino, mean / downside * per_year.sqrt())?;

        let falls = (0..moments.len()).flat_map(|j| (0..=j).map(move |i| [i, j]));
        let fall = |[i, j]: [usize; 2]| 1.0 - moments[j].equity as f64 / moments[i].equity as f64;
        close(figures.max_drawdown, falls.map(fall).fold(0.0, f64::max))?;

        let traded: i64 = moments.iter().filter_map(|m| m.fill).map(|f| f.signed.abs() * f.price).sum();
        let equity_mean = moments.iter().map(|m| m.equity as f64).sum::<f64>() / moments.len() as f64;
        close(figures.turnover, traded as f64 / equity_mean)?;
        close(figures.exposure, held_time(&moments) as f64 / span as f64)?;

        let results: Vec<i64> = (0..SYMBOLS).flat_map(|symbol| results(&moments, symbol)).collect();
        prop_assert_eq!(figures.trades, results.len() as u64);
        let wins = results.iter().filter(|r| **r > 0).count() as f64;
        close(figures.win_rate, wins / results.len() as f64)?;
        let gains: i64 = results.iter().filter(|r| **r > 0).sum();
        let losses: i64 = -results.iter().filter(|r| **r < 0).sum::<i64>();
        close(figures.profit_factor, gains as f64 / losses as f64)?;
    }

    #[test]
    fn a_fold_goes_on_where_it_was_saved(moments in any_moments(), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(moments.len() + 1);
        let (mut first, mut second, mut whole) = (nothing_yet(), nothing_yet(), nothing_yet());
        fold(&mut first, &moments[..cut]);
        let bytes = saved(&first);
        second.load(&mut StateReader::new(&bytes)).unwrap();
        prop_assert_eq!(saved(&second), bytes);
        fold(&mut second, &moments[cut..]);
        fold(&mut whole, &moments);
        prop_assert_eq!(second.figures(), whole.figures());
        prop_assert_eq!(saved(&second), saved(&whole));
    }
}
