//! Where the time of an order's path goes: the probes of a run whose rule changes its mind at most bars.

use bench::market::trades;
use bench::setup::Setup;
use bench::throughput::replay;
use ring::Cores;
use std::io::Write;

fn main() -> std::io::Result<()> {
    let ticks = trades(1, 2_000_000, 0.3e9, 42);
    let setup = Setup { fast: 1, slow: 2, ..Setup::peer() };
    let replay = replay(&setup, &ticks, &Cores::available());
    let mut out = std::io::stdout();
    for row in replay.outcome.probes.rows() {
        let (p50, p99) = (row.latency.quantile_ns(0.5), row.latency.quantile_ns(0.99));
        writeln!(out, "{:18} p50 {p50:6} p99 {p99:6} of {}", row.name, row.latency.count())?;
    }
    Ok(())
}
