//! `bench`: the engine's figures, each with the machine, the method and, where they are installed, the peers.

use bench::figures::Figures;
use bench::peers::Peers;
use bench::{
    decode, features, inference, journal, latency, machine, process, rings, snapshot, storage,
    storage_archive, throughput,
};
use clap::{Parser, ValueEnum};
use ring::Cores;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Measures the engine on this machine.
#[derive(Debug, Parser)]
struct Args {
    /// What to measure.
    bench: Bench,
    /// The peers' ticks.parquet, to measure a foreign file too (decode), and for the peers themselves.
    #[arg(long)]
    ticks: Option<PathBuf>,
    /// The folder of the peers' programs, to run them beside (throughput); needs --ticks and --python.
    #[arg(long, requires = "ticks", requires = "python")]
    peers: Option<PathBuf>,
    /// A Python that has the peers installed.
    #[arg(long)]
    python: Option<PathBuf>,
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
    /// What a closed bar costs, and ticks per second with every default feature.
    Features,
    /// The agents' networks alone, and a bar's close until the order is out; needs the repository's root.
    Inference,
    /// What the journal costs, what it writes, and how long a strict order waits for the disk.
    Journal,
    /// Tick in to order out, and 100 symbols closing bars at once.
    Latency,
    /// Peak memory and start of the program as a whole.
    Process,
    /// Ticks per second into the archive, and from a bucket.
    Archive,
    /// Round trips and throughput of the ring between two cores.
    Rings,
    /// Size of a snapshot of the engine, and how long it takes to save and load it.
    Snapshot,
    /// Ticks per second into each store, and what gathering results costs.
    Storage,
}

fn main() -> std::io::Result<()> {
    let args = Args::parse();
    // Before any thread is pinned.
    let cores = Cores::available();
    let peers = args.peers.zip(args.python.clone()).map(|(folder, python)| Peers {
        folder,
        python,
        data: args.ticks.as_deref().and_then(Path::parent).unwrap_or(Path::new(".")).to_owned(),
    });
    let figures = match args.bench {
        Bench::Throughput => throughput::run_all(&cores, peers.as_ref()),
        Bench::Process => process::run_all(),
        Bench::Decode => decode::run_all(args.ticks.as_ref()),
        Bench::Inference => inference::run_all(&cores, args.python.as_deref()),
        Bench::Features => features::run_all(&cores),
        Bench::Archive => {
            let mut figures = Figures::new("archive");
            storage_archive::measure(&mut figures);
            figures
        }
        Bench::Journal => journal::run_all(),
        Bench::Latency => latency::run_all(&cores),
        Bench::Rings => rings::run(&cores),
        Bench::Snapshot => snapshot::run_all(&cores),
        Bench::Storage => storage::run_all(),
    };
    let machine = machine::describe(cores.count());
    let text = if args.json { format!("{}\n", figures.to_json(&machine)) } else { figures.to_text(&machine) };
    std::io::stdout().write_all(text.as_bytes())
}
