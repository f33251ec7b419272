//! Tick in → order out, over rings: a feed's core, the engine's core, and the gateway's end.
//!
//! Method: one thread on the second core paces ticks at 200,000 a second and watches the gateway ring; the
//! engine, all stages fused, spins on the first core. An order's latency runs from the *intended* time of the
//! tick that caused it, so a stall counts for every tick it delays. The bare rings, with an echo in place of
//! the engine, are measured the same way in the same run: their p99 is what the machine itself does.

use crate::figures::{Figure, Figures};
use crate::kept::Kept;
use crate::market::trades;
use crate::setup::{Features, Ready, Setup, timeframes};
use crate::throughput::replay;
use feed::{DataSummary, Feed, FeedError, More};
use journal::Durability;
use matching::Venue;
use model::{Event, SymbolId};
use pipeline::{Edge, Layout, Outlets, Progress, run};
use ring::{Cores, Latency, Received, Receiver, Sender, Stopwatch, Wait, pin_to_core, ring};
use std::sync::Arc;
use std::time::Duration;
use storage::Dictionary;

/// Ticks paced through the engine: ten seconds.
const TICKS: usize = 2_000_000;
const TICKS_PER_S: u64 = 200_000;
const ROUNDS: usize = 3;
/// Orders before the measurement counts: caches, predictors and frames are warm.
const ORDERS_WARM_UP: usize = 50;

/// A feed from a ring, polled without pause.
struct RingFeed(Receiver<Event>);

impl Feed for RingFeed {
    fn connect(&mut self) -> Result<(), FeedError> {
        Ok(())
    }

    fn subscribe(&mut self, _symbols: &[SymbolId]) -> Result<(), FeedError> {
        Ok(())
    }

    fn on_tick(&mut self, batch: &mut Vec<Event>) -> Result<More, FeedError> {
        batch.clear();
        loop {
            match self.0.poll(|tick| batch.push(*tick)) {
                Received::Items(_) => return Ok(More::Yes),
                Received::Nothing => std::hint::spin_loop(),
                Received::Closed => return Ok(More::Ended),
            }
        }
    }

    fn summary(&self) -> DataSummary {
        DataSummary::default()
    }
}

/// What came out at the gateway's end, and when, by the stopwatch.
struct Out {
    event: Event,
    at: u64,
}

/// Paces ticks into `feed` and watches `gateway`; gives the intended times and what came out.
fn pace(ticks: &[Event], mut feed: Sender<Event>, mut gateway: Receiver<Event>) -> (Vec<u64>, Vec<Out>) {
    let stopwatch = Stopwatch::new();
    let mut intended = Vec::with_capacity(ticks.len());
    let mut out = Vec::with_capacity(ticks.len());
    let start = stopwatch.raw();
    let gap_ns = 1_000_000_000 / TICKS_PER_S;
    for (n, tick) in ticks.iter().enumerate() {
        let due_ns = n as u64 * gap_ns;
        let mut now = stopwatch.raw();
        while stopwatch.nanos_between(start, now) < due_ns {
            gateway.poll(|event| out.push(Out { event: *event, at: stopwatch.raw() }));
            now = stopwatch.raw();
        }
        intended.push(due_ns);
        feed.send(std::slice::from_ref(tick), || ()).expect("the engine lives");
    }
    drop(feed);
    while gateway.poll(|event| out.push(Out { event: *event, at: stopwatch.raw() })) != Received::Closed {}
    for found in &mut out {
        found.at = stopwatch.nanos_between(start, found.at);
    }
    (intended, out)
}

/// Latencies from the intended time of the first tick at or past each event's time.
fn latencies(ticks: &[Event], intended: &[u64], out: &[Out]) -> Latency {
    let mut latency = Latency::new();
    for found in out.iter().skip(ORDERS_WARM_UP) {
        let cause = ticks.partition_point(|tick| tick.ts < found.event.ts);
        latency.record(found.at.saturating_sub(intended[cause]));
    }
    latency
}

fn on_second_core(
    cores: &Cores,
    ticks: &[Event],
    feed: Sender<Event>,
    gateway: Receiver<Event>,
) -> std::thread::JoinHandle<(Vec<u64>, Vec<Out>)> {
    let (there, ticks) = (cores.nth(1), ticks.to_vec());
    std::thread::spawn(move || {
        if let Some(core) = there {
            pin_to_core(core);
        }
        pace(&ticks, feed, gateway)
    })
}

/// How long orders took.
struct Measured {
    /// From the intended time of the tick to the gateway's end.
    outside: Latency,
    /// How often the engine waited for room in the journal's ring.
    waits: u64,
    /// Within the engine, from the tick's arrival until the order is handed over.
    path_p50_ns: f64,
}

/// What runs beside the engine.
#[derive(Clone, Copy)]
enum Beside {
    Nothing,
    Journal,
    /// The journal, and memory and SQLite fed from it.
    Tiers,
}

const ASYNC: Durability = Durability::Async { window: Duration::from_millis(5) };

fn kept(venue: Venue, tiers: Option<&Dictionary>) -> (Option<Edge<Venue>>, Option<Kept>) {
    let (edge, kept) = Kept::around(venue, ASYNC, tiers);
    (Some(edge), Some(kept))
}

fn dictionary(setup: &Setup) -> Dictionary {
    Dictionary {
        run: "bench".to_owned(),
        session: "00000000".to_owned(),
        strategy: "ema_cross".to_owned(),
        account: "bench".to_owned(),
        instruments: Arc::new(setup.instruments()),
        timeframes: setup.timeframes.clone(),
        indicator_names: setup.indicators().schema(),
    }
}

/// Orders of a rule strategy that changes its mind at most bars.
fn engine(cores: &Cores, ticks: &[Event], beside: Beside) -> Measured {
    let setup = Setup { layout: Layout::fused(), fast: 1, slow: 2, ..Setup::peer() };
    let dictionary = dictionary(&setup);
    // What is started here shares the second core with the pacer, and leaves the engine's alone.
    if let Some(core) = cores.nth(1) {
        pin_to_core(core);
    }
    let (edge, kept) = match beside {
        Beside::Nothing => (None, None),
        Beside::Journal => kept(setup.build(cores).venue, None),
        Beside::Tiers => kept(setup.build(cores).venue, Some(&dictionary)),
    };
    let Ready { config, stages, venue } = setup.build(cores);
    let edge = edge.unwrap_or_else(|| Edge::new(venue));
    let (feed, ticks_in) = ring(1 << 14, Wait::Spin);
    let (orders, gateway) = ring(1 << 12, Wait::Spin);
    let pacer = on_second_core(cores, ticks, feed, gateway);
    let outlets = Outlets { tap: None, orders: Some(orders) };
    let outcome = run(&config, stages, edge, &mut RingFeed(ticks_in), outlets, &Progress::default())
        .expect("the run ends well");
    let (intended, out) = pacer.join().expect("the pacer ends well");
    let (waits, stored) = kept.map_or((0, Vec::new()), Kept::end);
    let all = ticks.len() as u64;
    assert!(
        stored.is_empty() || stored == [all, all, 0],
        "each tier that is there has every tick: {stored:?}"
    );
    let rows = outcome.probes.rows();
    let path = rows.iter().find(|row| row.name == "path.order").expect("orders left");
    let path_p50_ns = path.latency.quantile_ns(0.5) as f64;
    Measured { outside: latencies(ticks, &intended, &out), waits, path_p50_ns }
}

/// The same rings with an echo between them.
fn bare(cores: &Cores, ticks: &[Event]) -> Latency {
    let (feed, mut ticks_in) = ring::<Event>(1 << 14, Wait::Spin);
    let (mut echo, gateway) = ring::<Event>(1 << 12, Wait::Spin);
    let pacer = on_second_core(cores, ticks, feed, gateway);
    if let Some(core) = cores.nth(0) {
        pin_to_core(core);
    }
    let mut batch: Vec<Event> = Vec::with_capacity(1 << 14);
    loop {
        batch.clear();
        match ticks_in.poll(|tick| batch.push(*tick)) {
            Received::Items(_) => echo.send(&batch, || ()).expect("the pacer lives"),
            Received::Nothing => std::hint::spin_loop(),
            Received::Closed => break,
        }
    }
    drop(echo);
    let (intended, out) = pacer.join().expect("the pacer ends well");
    latencies(ticks, &intended, &out)
}

/// Runs the bench.
pub fn run_all(cores: &Cores) -> Figures {
    let mut figures = Figures::new("latency");
    if cores.count() < 2 {
        figures.note("needs two cores: the engine's, and the feed's and gateway's");
        return figures;
    }
    let ticks = trades(1, TICKS, 0.3e9, 42);
    let ring = bare(cores, &ticks);
    // In turns, so that a noisy moment hits all alike; of each the best round's.
    let mut best: [Option<Measured>; 3] = [None, None, None];
    for _ in 0..ROUNDS {
        for (best, beside) in best.iter_mut().zip([Beside::Nothing, Beside::Journal, Beside::Tiers]) {
            let measured = engine(cores, &ticks, beside);
            if best.as_ref().is_none_or(|best| measured.path_p50_ns < best.path_p50_ns) {
                *best = Some(measured);
            }
        }
    }
    let [Measured { outside: engine, path_p50_ns, .. }, journal, tiers] =
        best.map(|measured| measured.expect("there were rounds"));
    figures.latency("bare rings with an echo, paced 200,000/s", &ring);
    figures.push(Figure::nanos("tick in -> order out, p50", engine.quantile_ns(0.5) as f64, "<= 1,000 ns"));
    figures.push(Figure::nanos("tick in -> order out, p99", engine.quantile_ns(0.99) as f64, ""));
    let ratio = engine.quantile_ns(0.99) as f64 / ring.quantile_ns(0.99).max(1) as f64;
    figures.push(Figure::ratio("tick in -> order out, p99 / the bare rings' p99", ratio, "<= 4"));
    figures.push(Figure::nanos("within the engine, tick -> order, p50", path_p50_ns, ""));
    for (name, kept) in
        [("async journal", journal), ("journal, memory, SQLite and a Redis that is down", tiers)]
    {
        let ratio = kept.path_p50_ns / path_p50_ns;
        let name = format!("within the engine, with {name}, p50");
        figures.push(Figure::nanos(&name, kept.path_p50_ns, ""));
        figures.push(Figure::ratio(&format!("{name} / without"), ratio, "<= 1.15"));
        figures.push(Figure::count("appends that waited for room", kept.waits as f64, "", "0"));
    }
    figures.push(Figure::count("orders measured", engine.count() as f64, "orders", ""));
    drop(ticks);
    boundary(cores, &mut figures);
    figures.note("from the intended time of the tick; one thread paces and watches, so what it does in between counts too");
    figures
}

/// 100 symbols closing bars at one boundary, from the timer until the last stage has seen the last of them.
fn boundary(cores: &Cores, figures: &mut Figures) {
    let setup = Setup {
        symbols: 100,
        timeframes: timeframes(&["1m", "5m", "30m"]),
        features: Features::Classical,
        ..Setup::peer()
    };
    let ticks = trades(100, 30_000, 1.0e9, 3);
    let replay = replay(&setup, &ticks, cores);
    let rows = replay.outcome.probes.rows();
    let bars = rows.iter().find(|row| row.name == "path.bar").expect("bars closed");
    let of = |quantile: f64| bars.latency.quantile_ns(quantile) as f64;
    figures.push(Figure::nanos(
        "100 symbols closing at once, the last one done, p50",
        of(0.5),
        "<= 200,000 ns",
    ));
    figures.push(Figure::nanos("100 symbols closing at once, the last one done, p99", of(0.99), ""));
}
