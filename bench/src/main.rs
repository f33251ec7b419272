//! `bench`: the engine's figures, each with the machine, the method and, where they are installed, the peers.

use bench::{decode, latency, machine, rings, throughput};
use clap::{Parser, ValueEnum};
use ring::Cores;
use std::io::Write;

/// Measures the engine on this machine.
#[derive(Debug, Parser)]
struct Args {
    /// What to measure.
    bench: Bench,
    /// The peers' ticks.parquet, to measure a foreign file too (decode).
    #[arg(long)]
    ticks: Option<std::path::PathBuf>,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Bench {
    /// Ticks per second through the whole engine.
    Throughput,
    /// Ticks per second from Parquet, decoded, and through the whole engine.
    Decode,
    /// Tick in to order out, and 100 symbols closing bars at once.
    Latency,
    /// Round trips and throughput of the ring between two cores.
    Rings,
}

fn main() -> std::io::Result<()> {
    let args = Args::parse();
    // Before any thread is pinned.
    let cores = Cores::available();
    let figures = match args.bench {
        Bench::Throughput => throughput::run_all(&cores),
        Bench::Decode => decode::run_all(args.ticks.as_ref()),
        Bench::Latency => latency::run_all(&cores),
        Bench::Rings => rings::run(&cores),
    };
    let machine = machine::describe(cores.count());
    let text = if args.json { format!("{}\n", figures.to_json(&machine)) } else { figures.to_text(&machine) };
    std::io::stdout().write_all(text.as_bytes())
}
