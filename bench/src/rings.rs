//! Rings between two pinned threads: round trips against raw atomics, throughput by batch size.
//!
//! Method: the two measured things take turns, round by round, so that a noisy moment hits both. A round
//! trip's limit is the cache line's own: one store on each side, seen by the other.

use crate::figures::{Figure, Figures};
use ring::{Cores, Latency, Received, Receiver, Sender, Stopwatch, Wait, pin_to_core, ring};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Round trips in a round, and rounds.
const TRIPS: u64 = 100_000;
const ROUNDS: usize = 9;
/// Slots of the rings of a round trip.
const SLOTS_SHORT: usize = 1024;
/// Items in a throughput round.
const ITEMS: usize = 10_000_000;

#[repr(align(128))]
#[derive(Default)]
struct Line(AtomicU64);

/// 64 bytes, as an event.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct Item([u64; 8]);

/// What the two sides of a raw round trip touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lines {
    /// A number alone: the machine's limit.
    One,
    /// 64 bytes and the number that publishes them, in the same two lines each time.
    Two,
    /// The same, the bytes walking through as many lines as the ring has slots: the limit for an event.
    Walking,
}

/// Runs the bench.
pub fn run(cores: &Cores) -> Figures {
    let mut figures = Figures::new("rings");
    let (Some(here), Some(there)) = (cores.nth(0), cores.nth(1)) else {
        figures.note("needs two cores: a spinning thread on each side");
        return figures;
    };
    pin_to_core(here);
    let [mut one, mut two, mut walking, mut ours] = std::array::from_fn(|_| Latency::new());
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        one.add(&atomics_round(Lines::One, there));
        two.add(&atomics_round(Lines::Two, there));
        let limit = atomics_round(Lines::Walking, there);
        let our_round = ring_round(there);
        ratios.push(our_round.quantile_ns(0.5) as f64 / limit.quantile_ns(0.5).max(1) as f64);
        walking.add(&limit);
        ours.add(&our_round);
    }
    figures.latency("round trip, raw atomics, a number alone", &one);
    figures.latency("round trip, raw atomics, 64 bytes and a number", &two);
    figures.latency("round trip, raw atomics, 64 bytes walking through 1,024 lines", &walking);
    figures.latency("round trip, ring, 64 bytes", &ours);
    let ratio = median(&mut ratios);
    figures.push(Figure::ratio(
        "ring / raw atomics, 64 bytes through 1,024 lines, p50 of each round, median",
        ratio,
        "<= 1.3",
    ));
    for batch in [1, 16, 128, 1024] {
        let (mut raw, mut rates) = (Vec::new(), Vec::new());
        for _ in 0..5 {
            raw.push(raw_throughput(batch, there));
            rates.push(throughput(batch, there));
        }
        let target = if batch >= 128 { ">= 100 M/s" } else { "" };
        let (raw, rate) = (median(&mut raw), median(&mut rates));
        let what = format!("64-byte items in batches of {batch}");
        figures.push(Figure::rate(&format!("{what}, raw atomics"), raw, "items/s", ""));
        figures.push(Figure::rate(&format!("{what}, ring"), rate, "items/s", target));
    }
    figures
}

/// The middle value.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// One direction of a raw round trip.
struct Post {
    number: Line,
    lines: Vec<RawLine>,
}

impl Post {
    fn new() -> Self {
        Self { number: Line::default(), lines: (0..SLOTS_SHORT).map(|_| RawLine::default()).collect() }
    }

    #[inline]
    fn line(&self, lines: Lines, trip: u64) -> &RawLine {
        let at = if lines == Lines::Walking { trip as usize % SLOTS_SHORT } else { 0 };
        &self.lines[at]
    }

    #[inline]
    fn send(&self, lines: Lines, trip: u64) {
        if lines != Lines::One {
            self.line(lines, trip).0.iter().for_each(|word| word.store(trip, Ordering::Relaxed));
        }
        self.number.0.store(trip, Ordering::Release);
    }

    #[inline]
    fn receive(&self, lines: Lines, trip: u64) {
        while self.number.0.load(Ordering::Acquire) != trip {
            std::hint::spin_loop();
        }
        if lines != Lines::One {
            let sum = self.line(lines, trip).0.iter().map(|word| word.load(Ordering::Relaxed)).sum::<u64>();
            assert_eq!(sum, 8 * trip, "the bytes are published with their number");
        }
    }
}

fn atomics_round(lines: Lines, there: usize) -> Latency {
    let posts = Arc::new((Post::new(), Post::new()));
    let shared = Arc::clone(&posts);
    let echo = std::thread::spawn(move || {
        pin_to_core(there);
        for trip in 1..=TRIPS {
            shared.0.receive(lines, trip);
            shared.1.send(lines, trip);
        }
    });
    let stopwatch = Stopwatch::new();
    let mut latency = Latency::new();
    for trip in 1..=TRIPS {
        let start = stopwatch.raw();
        posts.0.send(lines, trip);
        posts.1.receive(lines, trip);
        latency.record(stopwatch.nanos_between(start, stopwatch.raw()));
    }
    echo.join().expect("the echo ends");
    latency
}

fn ring_round(there: usize) -> Latency {
    let (mut ping, ping_end) = ring::<Item>(SLOTS_SHORT, Wait::Spin);
    let (pong, mut pong_end) = ring::<Item>(SLOTS_SHORT, Wait::Spin);
    let echo = std::thread::spawn(move || {
        pin_to_core(there);
        echo(ping_end, pong);
    });
    let stopwatch = Stopwatch::new();
    let mut latency = Latency::new();
    for trip in 1..=TRIPS {
        let start = stopwatch.raw();
        ping.send(&[Item([trip; 8])], || ()).expect("the echo lives");
        while pong_end.poll(|item| assert_eq!(item.0[0], trip)) == Received::Nothing {
            std::hint::spin_loop();
        }
        latency.record(stopwatch.nanos_between(start, stopwatch.raw()));
    }
    drop(ping);
    echo.join().expect("the echo ends");
    latency
}

fn echo(mut from: Receiver<Item>, mut to: Sender<Item>) {
    loop {
        let mut item = None;
        match from.poll(|got| item = Some(*got)) {
            Received::Items(_) => {
                to.send(&[item.expect("items were read")], || ()).expect("the other end lives")
            }
            Received::Nothing => std::hint::spin_loop(),
            Received::Closed => return,
        }
    }
}

/// Slots of the rings that items are passed through.
const SLOTS: usize = 1 << 14;

/// Lines and two numbers: what passing items costs without a ring around it.
struct RawRing {
    lines: Vec<RawLine>,
    written: Line,
    read: Line,
}

#[repr(align(64))]
#[derive(Default)]
struct RawLine([AtomicU64; 8]);

/// Items per second through an array of lines: the machine's limit, measured in the same minute.
fn raw_throughput(batch: usize, there: usize) -> f64 {
    let lines = (0..SLOTS).map(|_| RawLine::default()).collect();
    let ring = Arc::new(RawRing { lines, written: Line::default(), read: Line::default() });
    let (shared, total) = (Arc::clone(&ring), (ITEMS / batch * batch) as u64);
    let reader = std::thread::spawn(move || {
        pin_to_core(there);
        let (mut sum, mut next) = (0_u64, 0_u64);
        while next < total {
            let written = shared.written.0.load(Ordering::Acquire);
            if written == next {
                std::hint::spin_loop();
            }
            for at in next..written {
                sum = sum.wrapping_add(shared.lines[at as usize % SLOTS].0[0].load(Ordering::Relaxed));
            }
            next = written;
            shared.read.0.store(next, Ordering::Release);
        }
        sum
    });
    let stopwatch = Stopwatch::new();
    let start = stopwatch.raw();
    for first in (0..total).step_by(batch) {
        while first + batch as u64 - ring.read.0.load(Ordering::Acquire) > SLOTS as u64 {
            std::hint::spin_loop();
        }
        for at in first..first + batch as u64 {
            for word in &ring.lines[at as usize % SLOTS].0 {
                word.store(at, Ordering::Relaxed);
            }
        }
        ring.written.0.store(first + batch as u64, Ordering::Release);
    }
    let sum = reader.join().expect("the reader ends");
    assert_eq!(sum, total * (total - 1) / 2, "every item was read once");
    total as f64 * 1e9 / stopwatch.nanos_between(start, stopwatch.raw()) as f64
}

/// Items per second.
fn throughput(batch: usize, there: usize) -> f64 {
    let (mut sender, mut receiver) = ring::<Item>(SLOTS, Wait::Spin);
    let reader = std::thread::spawn(move || {
        pin_to_core(there);
        let mut sum = 0_u64;
        loop {
            match receiver.poll(|item| sum = sum.wrapping_add(item.0[0])) {
                Received::Items(_) => {}
                Received::Nothing => std::hint::spin_loop(),
                Received::Closed => return sum,
            }
        }
    });
    let items: Vec<Item> = (0..batch as u64).map(|n| Item([n; 8])).collect();
    let stopwatch = Stopwatch::new();
    let start = stopwatch.raw();
    for _ in 0..ITEMS / batch {
        sender.send(&items, || ()).expect("the reader lives");
    }
    drop(sender);
    let sum = reader.join().expect("the reader ends");
    let nanos = stopwatch.nanos_between(start, stopwatch.raw());
    let expected: u64 = items.iter().map(|item| item.0[0]).sum::<u64>() * (ITEMS / batch) as u64;
    assert_eq!(sum, expected, "every item was read once");
    (ITEMS / batch * batch) as f64 * 1e9 / nanos as f64
}
