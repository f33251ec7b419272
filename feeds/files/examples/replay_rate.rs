//! How fast files replay: `cargo run --release -p files --example replay_rate -- PATH [WORKERS] [NAME=COLUMN]...`
//!
//! Prints rows per second, from the second of two runs so that the files are in memory. With
//! `write=FOLDER` it first writes the trades it reads into a catalog there and measures that too.

use catalog::{ColumnMap, ReadOptions, TickKind, TickWriter, discover};
use feed::{Feed, More};
use files::{ParquetFeed, ReplayOptions};
use model::{Clock, Event, Kind, SymbolTable, SystemClock};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(path) = arguments.first() else { return Err("give a path to replay".into()) };
    let workers = arguments.iter().find_map(|text| text.parse().ok()).unwrap_or(1);
    let pairs: Vec<(&str, &str)> = arguments.iter().filter_map(|text| text.split_once('=')).collect();
    let target = pairs.iter().find(|(name, _)| *name == "write").map(|(_, folder)| PathBuf::from(folder));
    let columns = ColumnMap::new(pairs.iter().copied().filter(|(name, _)| *name != "write"))?;
    let read = ReadOptions { columns, symbol: Some("TEST".to_owned()), ..ReadOptions::default() };
    for _ in 0..2 {
        measure(Path::new(path), &read, workers)?;
    }
    if let Some(target) = target {
        write(Path::new(path), &read, &target)?;
        for _ in 0..2 {
            measure(&target, &ReadOptions::default(), workers)?;
        }
    }
    Ok(())
}

fn feed(path: &Path, read: &ReadOptions, workers: usize) -> Result<ParquetFeed, Box<dyn Error>> {
    let files = discover(&[path.to_owned()], read)?;
    let symbols = SymbolTable::new(files.iter().flat_map(|file| file.symbols.iter().cloned()));
    let ids: Vec<_> = symbols.iter().map(|(id, _)| id).collect();
    let mut options = ReplayOptions::new(files, read.clone(), symbols);
    options.workers = workers;
    options.time_source = Some(Arc::new(|| SystemClock.now().0 as u64));
    let mut feed = ParquetFeed::new(options);
    feed.connect()?;
    feed.subscribe(&ids)?;
    Ok(feed)
}

#[expect(clippy::print_stdout, reason = "the figures are the result")]
fn measure(path: &Path, read: &ReadOptions, workers: usize) -> Result<(), Box<dyn Error>> {
    let start = SystemClock.now().0;
    let mut feed = feed(path, read, workers)?;
    let (mut batch, mut sum) = (Vec::new(), 0_i64);
    while feed.on_tick(&mut batch)? == More::Yes {
        sum = batch.iter().fold(sum, |sum, event: &Event| sum.wrapping_add(event.words[1]));
    }
    let seconds = (SystemClock.now().0 - start) as f64 / 1e9;
    let summary = feed.summary();
    let rate = summary.rows_read as f64 / seconds / 1e6;
    let decode = summary.decode_ns as f64 / summary.rows_read as f64;
    println!(
        "{}: {} rows in {seconds:.3} s = {rate:.1} M rows/s, decode {decode:.1} ns/row, {} rejected, checksum {sum}",
        path.display(),
        summary.rows_read,
        summary.rows_read - summary.ticks,
    );
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the figures are the result")]
fn write(path: &Path, read: &ReadOptions, target: &Path) -> Result<(), Box<dyn Error>> {
    let mut feed = feed(path, read, 1)?;
    let (mut batch, mut ticks) = (Vec::new(), Vec::new());
    while feed.on_tick(&mut batch)? == More::Yes {
        ticks.extend(batch.iter().filter(|event| event.kind == Kind::TRADE).map(Event::as_trade));
    }
    let start = SystemClock.now().0;
    let mut writer = TickWriter::create(target, TickKind::Trades, "TEST")?;
    for trade in &ticks {
        writer.trade(trade)?;
    }
    let written = writer.finish()?;
    let seconds = (SystemClock.now().0 - start) as f64 / 1e9;
    println!("wrote {written:?} in {seconds:.3} s = {:.1} M rows/s", written.rows as f64 / seconds / 1e6);
    Ok(())
}
