//! A snapshot: how large it is, and how long it takes to save and to load, with every default feature on.
//!
//! Method: the agents' stages without models (the rule stands in), on ticks in memory until every matrix is full; then
//! the whole engine is saved into one buffer again and again, and loaded into stages built anew each time.

use crate::figures::{Figure, Figures};
use crate::market::trades;
use crate::rings::median;
use crate::setup::{Features, Ready, Setup, timeframes};
use model::Event;
use pipeline::{Edge, Fold, Outlets};
use ring::{Cores, Stopwatch};
use rules::EmaCross;

/// Ticks of each symbol: 40 hours at 200 a minute, so that every matrix is full.
const TICKS: usize = 480_000;
/// Ticks of each of a hundred symbols: fewer, at a twentieth of the pace over the same hours.
const TICKS_OF_MANY: usize = 24_000;
const RUNS: usize = 15;

/// Runs the bench.
pub fn run_all(cores: &Cores) -> Figures {
    let mut figures = Figures::new("snapshot");
    measure(&mut figures, cores, 10, trades(10, TICKS, 0.3e9, 7));
    measure(&mut figures, cores, 100, trades(100, TICKS_OF_MANY, 6e9, 7));
    figures.note("default features on 1m, 5m, 30m; one buffer, reused; median of 15 runs");
    figures
}

fn measure(figures: &mut Figures, cores: &Cores, symbols: u32, mut ticks: Vec<Event>) {
    let setup = Setup {
        symbols,
        timeframes: timeframes(&["1m", "5m", "30m"]),
        features: Features::All,
        ..Setup::peer()
    };
    let fresh = || {
        let Ready { config, stages, venue } = setup.build(cores);
        Fold::<EmaCross>::new(&config, stages, Edge::new(venue), Outlets::default())
    };
    let (mut fold, mut bytes) = (fresh(), Vec::new());
    fold.ticks(&mut ticks).expect("ticks in memory replay");
    let save = millis(|| (), |()| fold.save(&mut bytes));
    let load = millis(fresh, |mut fresh| fresh.load(&bytes).expect("it is of this run"));
    let size = bytes.len() as f64 / 1e6;
    figures.push(Figure::count(&format!("{symbols} symbols, size"), size, "MB", ""));
    figures.push(Figure::count("save", save, "ms", ""));
    figures.push(Figure::count("load", load, "ms", ""));
}

/// The median of several runs. What is made for each is not timed.
fn millis<T>(make: impl Fn() -> T, mut body: impl FnMut(T)) -> f64 {
    let stopwatch = Stopwatch::new();
    let mut taken: Vec<f64> = (0..RUNS)
        .map(|_| {
            let made = make();
            let start = stopwatch.raw();
            body(made);
            stopwatch.nanos_between(start, stopwatch.raw()) as f64 / 1e6
        })
        .collect();
    median(&mut taken)
}
