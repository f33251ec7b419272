//! The journal: what it costs the engine's thread, what the disk takes, and how long a strict order waits.
//!
//! Method: ticks of the peer workload, appended in batches as the sequencer does. Rates are medians of rounds. A strict
//! order's latency is taken in turns with bare `fdatasync`s of as many bytes on a file reserved in the same way, so
//! that a noisy moment of the disk hits both. The folder is under `target`, on the disk that holds the repository.

use crate::figures::{Figure, Figures};
use crate::market::trades;
use crate::rings::median;
use journal::disk::{Access, Disk, SystemDisk};
use journal::{Appender, Cursor, Durability, Folder, Identity, Options, Threading, open, start};
use model::{Event, Kind};
use ring::{Latency, Stopwatch, Wait};
use std::path::Path;
use std::time::Duration;

/// Events of a throughput round, and of a round of group commit.
const EVENTS: usize = 4_000_000;
const EVENTS_STRICT: usize = 1_000_000;
const ROUNDS: usize = 5;
/// Events in an append: what the sequencer hands on at once.
const BATCH: usize = 256;
/// Events of a burst: half of the ring, so that no append waits.
const BURST: usize = 1 << 15;
/// Orders and bare syncs in a turn, and turns.
const TURN: usize = 20;
const TURNS: usize = 60;
const SYMBOLS: u32 = 10;

const ASYNC: Durability = Durability::Async { window: Duration::from_millis(10) };
const IDENTITY: Identity = Identity::new(1);

/// A journal in a new folder, and its appender.
struct Running {
    dir: tempfile::TempDir,
    appender: Appender,
    thread: journal::JournalThread,
}

impl Running {
    /// `wait`: how both threads wait for each other.
    fn start(durability: Durability, wait: Wait) -> Self {
        let dir = folder();
        let (writer, _) =
            open(&Folder::new(dir.path()), IDENTITY, &Options::default()).expect("the disk takes it");
        let threading = Threading { wait, idle: wait, ..Threading::default() };
        let (appender, thread) = start(writer, durability, &threading).expect("there is a thread");
        Self { dir, appender, thread }
    }

    /// Waits until everything is durable.
    fn close(self) -> tempfile::TempDir {
        drop(self.appender);
        self.thread.close().expect("the disk takes it");
        self.dir
    }
}

fn folder() -> tempfile::TempDir {
    let target = Path::new("target");
    let made = if target.is_dir() { tempfile::tempdir_in(target) } else { tempfile::tempdir() };
    made.expect("the disk takes a folder")
}

/// Events per second from the first append until all are durable; and how often an append waited.
fn sustained(ticks: &[Event], durability: Durability) -> (f64, u64, tempfile::TempDir) {
    let mut running = Running::start(durability, Wait::Block);
    let stopwatch = Stopwatch::new();
    let start = stopwatch.raw();
    for batch in ticks.chunks(BATCH) {
        running.appender.append(batch).expect("the disk takes it");
    }
    let waits = running.appender.waits();
    let dir = running.close();
    (ticks.len() as f64 * 1e9 / stopwatch.nanos_between(start, stopwatch.raw()) as f64, waits, dir)
}

/// Nanoseconds that an event costs the appending thread, while the journal keeps up.
fn append_ns(ticks: &[Event]) -> f64 {
    let mut running = Running::start(ASYNC, Wait::Block);
    let stopwatch = Stopwatch::new();
    let mut costs = Vec::new();
    for burst in ticks.chunks(BURST) {
        let start = stopwatch.raw();
        for batch in burst.chunks(BATCH) {
            running.appender.append(batch).expect("the disk takes it");
        }
        costs.push(stopwatch.nanos_between(start, stopwatch.raw()) as f64 / burst.len() as f64);
        while running.appender.written() < running.appender.appended() {
            std::thread::yield_now();
        }
    }
    assert_eq!(running.appender.waits(), 0, "a burst fits in the ring");
    running.close();
    median(&mut costs)
}

/// Bytes on disk per event of a journal.
fn bytes_per_event(dir: &Path) -> f64 {
    let report = journal::verify(&Folder::new(dir)).expect("it is a journal");
    let (bytes, events) =
        report.segments.iter().fold((0, 0), |sum, segment| (sum.0 + segment.bytes, sum.1 + segment.events));
    bytes as f64 / events as f64
}

/// Events per second read back and decoded, checksums and all.
fn decode_rate(dir: &Path) -> f64 {
    let stopwatch = Stopwatch::new();
    let start = stopwatch.raw();
    let mut cursor = Cursor::open(&Folder::new(dir), IDENTITY, 1).expect("it is a journal");
    let mut events = 0;
    while let Some(batch) = cursor.next_batch().expect("it is whole") {
        events += batch.events.len();
    }
    events as f64 * 1e9 / stopwatch.nanos_between(start, stopwatch.raw()) as f64
}

/// A strict order, from append until it may leave, and a bare sync, turn by turn.
fn strict(ticks: &[Event], wait: Wait) -> (Latency, Latency) {
    let mut running = Running::start(Durability::Strict, wait);
    let bare_dir = folder();
    let file = SystemDisk.open(&bare_dir.path().join("bare"), Access::Create).expect("the disk takes it");
    file.allocate(Options::default().segment_bytes).expect("the disk has room");
    file.sync().expect("the disk syncs");
    let (mut order, mut bare, mut offset) = (Latency::new(), Latency::new(), 4096);
    let stopwatch = Stopwatch::new();
    // As many bytes as the frame of a tick and its order.
    let bytes = [7; 96];
    let mut ticks = ticks.iter();
    for _ in 0..TURNS {
        for tick in ticks.by_ref().take(TURN) {
            let pair = [*tick, Event { kind: Kind::ORDER, ..*tick }];
            let start = stopwatch.raw();
            running.appender.append(&pair).expect("the disk takes it");
            running.appender.wait_durable(running.appender.appended()).expect("the disk takes it");
            order.record(stopwatch.nanos_between(start, stopwatch.raw()));
        }
        for _ in 0..TURN {
            let start = stopwatch.raw();
            assert_eq!(file.write_at(&bytes, offset).expect("the disk takes it"), bytes.len());
            file.sync().expect("the disk syncs");
            bare.record(stopwatch.nanos_between(start, stopwatch.raw()));
            offset += bytes.len() as u64;
        }
    }
    running.close();
    (order, bare)
}

/// Runs the bench.
pub fn run_all() -> Figures {
    let mut figures = Figures::new("journal");
    let mut ticks = trades(SYMBOLS, EVENTS / SYMBOLS as usize, 0.3e9, 42);
    (1..).zip(&mut ticks).for_each(|(seq, tick)| tick.seq = seq);
    let (mut rates, mut costs, mut decoded, mut groups) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut bytes, mut waits) = (0.0, 0);
    for _ in 0..ROUNDS {
        let (rate, waited, dir) = sustained(&ticks, ASYNC);
        rates.push(rate);
        waits += waited;
        bytes = bytes_per_event(dir.path());
        decoded.push(decode_rate(dir.path()));
        costs.push(append_ns(&ticks[..EVENTS / 4]));
        groups.push(sustained(&ticks[..EVENTS_STRICT], Durability::Strict).0);
    }
    figures.push(Figure::rate(
        "async, sustained until durable",
        median(&mut rates),
        "events/s",
        ">= 3,000,000",
    ));
    figures.push(Figure::nanos(
        "async, added to the appending thread, an event",
        median(&mut costs),
        "<= 40 ns",
    ));
    figures.push(Figure::count("on disk, a tick", bytes, "bytes", "<= 40"));
    figures.push(Figure::rate("strict, group commit", median(&mut groups), "events/s", ">= 200,000"));
    figures.push(Figure::rate("read back and decoded", median(&mut decoded), "events/s", ">= 20,000,000"));
    for (wait, name) in [(Wait::Block, "sleeping"), (Wait::Yield, "yielding")] {
        let (order, bare) = strict(&ticks, wait);
        figures.latency(&format!("strict, {name}, append -> durable"), &order);
        figures.latency("bare write and fdatasync, taking turns with it", &bare);
        let added = |quantile| order.quantile_ns(quantile) as f64 - bare.quantile_ns(quantile) as f64;
        figures.push(Figure::nanos(
            &format!("strict, {name}, added to one fdatasync, p50"),
            added(0.5),
            "<= 20,000 ns",
        ));
        figures.push(Figure::nanos(&format!("strict, {name}, added to one fdatasync, p99"), added(0.99), ""));
    }
    figures.note(format!(
        "{SYMBOLS} symbols, appends of {BATCH}; {waits} appends of the sustained rounds waited for room"
    ));
    figures
}
