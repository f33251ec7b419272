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
/// Items in a throughput round.
const ITEMS: usize = 10_000_000;

#[repr(align(128))]
#[derive(Default)]
struct Line(AtomicU64);

/// 64 bytes, as an event.
type Item = [u64; 8];

/// What the two sides of a raw round trip touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lines {
    /// A number alone: the machine's limit.
    One,
    /// 64 bytes and the number that publishes them: the limit for an event.
    Two,
}

/// Runs the bench.
pub fn run(cores: &Cores) -> Figures {
    let mut figures = Figures::new("rings");
    let (Some(here), Some(there)) = (cores.nth(0), cores.nth(1)) else {
        figures.note("needs two cores: a spinning thread on each side");
        return figures;
    };
    pin_to_core(here);
    let (mut one, mut two, mut ours) = (Latency::new(), Latency::new(), Latency::new());
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let one_round = atomics_round(Lines::One, there);
        let two_round = atomics_round(Lines::Two, there);
        let our_round = ring_round(there);
        ratios.push(our_round.quantile_ns(0.5) as f64 / two_round.quantile_ns(0.5).max(1) as f64);
        one.add(&one_round);
        two.add(&two_round);
        ours.add(&our_round);
    }
    figures.latency("round trip, raw atomics, a number alone", &one);
    figures.latency("round trip, raw atomics, 64 bytes and a number", &two);
    figures.latency("round trip, ring, 64 bytes", &ours);
    let ratio = median(&mut ratios);
    figures.push(Figure::ratio(
        "ring / raw atomics with 64 bytes, p50 of each round, median",
        ratio,
        "<= 1.3",
    ));
    for batch in [1, 16, 128, 1024] {
        let mut rates: Vec<f64> = (0..5).map(|_| throughput(batch, there)).collect();
        let target = if batch >= 128 { ">= 100 M/s" } else { "" };
        figures.push(Figure::rate(
            &format!("64-byte items in batches of {batch}"),
            median(&mut rates),
            "items/s",
            target,
        ));
    }
    figures
}

/// The middle value.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// One direction of a raw round trip.
#[derive(Default)]
struct Post {
    number: Line,
    payload: Line,
}

impl Post {
    #[inline]
    fn send(&self, lines: Lines, trip: u64) {
        if lines == Lines::Two {
            self.payload.0.store(trip, Ordering::Relaxed);
        }
        self.number.0.store(trip, Ordering::Release);
    }

    #[inline]
    fn receive(&self, lines: Lines, trip: u64) {
        while self.number.0.load(Ordering::Acquire) != trip {
            std::hint::spin_loop();
        }
        if lines == Lines::Two {
            assert_eq!(
                self.payload.0.load(Ordering::Relaxed),
                trip,
                "the payload is published with its number"
            );
        }
    }
}

fn atomics_round(lines: Lines, there: usize) -> Latency {
    let posts = Arc::new((Post::default(), Post::default()));
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
    let (mut ping, ping_end) = ring::<Item>(1024, Wait::Spin);
    let (pong, mut pong_end) = ring::<Item>(1024, Wait::Spin);
    let echo = std::thread::spawn(move || {
        pin_to_core(there);
        echo(ping_end, pong);
    });
    let stopwatch = Stopwatch::new();
    let mut latency = Latency::new();
    for trip in 1..=TRIPS {
        let start = stopwatch.raw();
        ping.send(&[[trip; 8]], || ()).expect("the echo lives");
        while pong_end.poll(|item| assert_eq!(item[0], trip)) == Received::Nothing {
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

/// Items per second.
fn throughput(batch: usize, there: usize) -> f64 {
    let (mut sender, mut receiver) = ring::<Item>(1 << 14, Wait::Spin);
    let reader = std::thread::spawn(move || {
        pin_to_core(there);
        let mut sum = 0_u64;
        loop {
            match receiver.poll(|item| sum = sum.wrapping_add(item[0])) {
                Received::Items(_) => {}
                Received::Nothing => std::hint::spin_loop(),
                Received::Closed => return sum,
            }
        }
    });
    let items: Vec<Item> = (0..batch as u64).map(|n| [n; 8]).collect();
    let stopwatch = Stopwatch::new();
    let start = stopwatch.raw();
    for _ in 0..ITEMS / batch {
        sender.send(&items, || ()).expect("the reader lives");
    }
    drop(sender);
    let sum = reader.join().expect("the reader ends");
    let nanos = stopwatch.nanos_between(start, stopwatch.raw());
    let expected: u64 = items.iter().map(|item| item[0]).sum::<u64>() * (ITEMS / batch) as u64;
    assert_eq!(sum, expected, "every item was read once");
    (ITEMS / batch * batch) as f64 * 1e9 / nanos as f64
}
