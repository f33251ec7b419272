//! Features: what a closed bar costs, and ticks per second with every default feature on.
//!
//! Method: the indicator stage alone, handed one frame with one closed bar at a time, timed by the processor's
//! counter; then the whole engine on ten symbols in memory.

use crate::figures::{Figure, Figures};
use crate::market::trades;
use crate::rings::median;
use crate::setup::{Features, Setup, timeframes};
use crate::throughput::replay;
use bars::{Bars, BarsConfig, Fill};
use indicators::Indicators;
use matrices::{IndicatorSource, Matrices, MatricesConfig};
use model::{Bar, BarSource, Event, Frame, Kind, SymbolId};
use pipeline::Layout;
use ring::{Cores, Latency, Stopwatch, Wait};

/// Ticks of each symbol: 100 hours at 200 a minute, so that every matrix fills.
const TICKS: usize = 1_200_000;
/// Closes that are not measured.
const WARM_UP: usize = 120;

/// Runs the bench.
pub fn run_all(cores: &Cores) -> Figures {
    let mut figures = Figures::new("features");
    let setup =
        Setup { timeframes: timeframes(&["1m", "5m", "30m"]), features: Features::All, ..Setup::peer() };
    let ticks = trades(1, 3 * TICKS, 0.3e9, 5);
    for (timeframe, target) in [(1, "<= 15 us p50"), (2, "<= 40 us p50")] {
        let name = setup.timeframes[timeframe];
        let [indicators, matrices] = closes(&setup, &ticks, timeframe as u8);
        figures.push(Figure::nanos(
            &format!("all indicators of a {name} close, one symbol, p50"),
            indicators.quantile_ns(0.5) as f64,
            target,
        ));
        figures.push(Figure::nanos("the same, p99", indicators.quantile_ns(0.99) as f64, ""));
        figures.push(Figure::nanos(
            "the default matrix of that close, p50",
            matrices.quantile_ns(0.5) as f64,
            "",
        ));
    }
    drop(ticks);
    let ten = Setup { symbols: 10, layout: Layout::fused(), wait: Wait::Block, ..setup };
    let ticks = trades(10, TICKS, 0.3e9, 7);
    let mut rates: Vec<f64> = (0..3).map(|_| replay(&ten, &ticks, cores).ticks_per_s).collect();
    figures.push(Figure::rate(
        "10 symbols, 200 ticks a minute each, default features on 1m, 5m, 30m",
        median(&mut rates),
        "ticks/s",
        ">= 6 M/s",
    ));
    figures.note("indicators, matrices and synergies on; the rule, risk, orders, venue, portfolio and hashes too; median of 3 runs");
    figures
}

/// How long the indicator stage and the matrix stage take for one bar of a timeframe.
fn closes(setup: &Setup, ticks: &[Event], timeframe: u8) -> [Latency; 2] {
    let stopwatch = Stopwatch::new();
    let config = setup.indicators();
    let names = config.schema();
    let source = IndicatorSource { timeframes: &setup.timeframes, names: &names, parameters: &[] };
    let mut matrices = Matrices::new(MatricesConfig::standard(), &source, 1).expect("its features are there");
    let mut indicators = Indicators::new(config, &[BarSource::Trade]);
    let mut bars = Bars::new(&BarsConfig {
        timeframes: setup.timeframes.clone(),
        sources: vec![vec![BarSource::Trade]],
        fill: Fill::None,
    })
    .expect("bars are well configured");
    let mut boundaries = bars::Boundaries::new(&BarsConfig {
        timeframes: setup.timeframes.clone(),
        sources: vec![vec![BarSource::Trade]],
        fill: Fill::None,
    });
    let mut taken = [Latency::new(), Latency::new()];
    let mut seen = 0;
    let mut frame = Frame::default();
    for tick in ticks {
        while boundaries.next() <= tick.ts {
            frame.begin(Event { seq: 1, ..boundaries.fire() });
            bars.on_frame(&mut frame);
            let closed: Vec<Bar> = frame.bars.clone();
            for bar in closed {
                frame.begin(Event { seq: 1, ..Event::input(Kind::TIMER, bar.ts_close, SymbolId::NONE) });
                frame.push_bar(bar);
                let start = stopwatch.raw();
                indicators.on_frame(&mut frame);
                let middle = stopwatch.raw();
                matrices.on_frame(&mut frame);
                let end = stopwatch.raw();
                if bar.timeframe == timeframe {
                    seen += 1;
                    if seen > WARM_UP {
                        taken[0].record(stopwatch.nanos_between(start, middle));
                        taken[1].record(stopwatch.nanos_between(middle, end));
                    }
                }
            }
        }
        boundaries.on_tick(tick);
        bars.on_tick(tick);
        indicators.on_tick(tick);
    }
    taken
}
