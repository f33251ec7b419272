//! A run's data: found, described, and opened as a feed.
//!
//! Why before anything runs: dense ids follow the byte order of all names in config and data, and whether a
//! symbol has trades or quotes decides what its bars and fills come from.

use super::stored::{RunTicks, Stored};
use super::wiring::Kinds;
use crate::config::{self, Config};
use crate::failure::Failure;
use catalog::{
    CatalogError, ColumnMap, DataFile, Excess, Location, ReadOptions, Root, TickKind, TimeRange, TsUnit,
    discover_in,
};
use feed::{Feed, More, OnBadRow, RejectSink, Rules, SymbolRules};
use files::import::is_bars;
use files::{ParquetFeed, ReplayClock, ReplayOptions, ThreadHook};
use model::{InstrumentTable, Nanos, SymbolId, SymbolTable};
use ring::Stopwatch;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a run replays.
#[derive(Debug)]
pub struct RunData {
    /// The files, in byte order of their paths.
    pub files: Vec<Arc<DataFile>>,
    /// Every symbol of data and config.
    pub instruments: InstrumentTable,
    /// By symbol id.
    pub kinds: Vec<Kinds>,
    /// What tiers hold of the span, if it is wanted.
    stored: Option<Stored>,
    read: ReadOptions,
}

impl From<CatalogError> for Failure {
    fn from(error: CatalogError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl RunData {
    /// Reads every footer and resolves the symbols.
    ///
    /// # Errors
    /// [`Failure`] where there is no data, a file cannot be read, or a column name is none of ours.
    pub fn find(config: &Config) -> Result<Self, Failure> {
        if config.data.paths.is_empty() && config.data.stored.is_empty() {
            let sentence = "there is no data: name a catalog, a folder or a .parquet file with --data or data.paths, or \
                            tiers with data.stored";
            return Err(Failure::Usage(sentence.to_owned()));
        }
        let stored = Stored::find(config)?;
        let read = read_options(config)?;
        let roots = config.data.paths.iter().map(|path| Root::parse(path, &config.s3));
        let roots = roots.collect::<Result<Vec<Root>, CatalogError>>()?;
        let files: Vec<_> = match roots.is_empty() {
            true => Vec::new(),
            false => discover_in(&roots, &read)?.into_iter().map(Arc::new).collect(),
        };
        // Beside files, stored ticks only warm up what the files have.
        let of_stored = stored.as_ref().filter(|_| files.is_empty()).map(Stored::kinds);
        let of_stored = of_stored.into_iter().flatten();
        let names = files.iter().flat_map(|file| file.symbols.iter().cloned());
        let symbols = SymbolTable::new(
            names
                .chain(of_stored.clone().map(|(name, _)| name.clone()))
                .chain(config.instruments.list.keys().cloned()),
        );
        let mut kinds = vec![Kinds::default(); symbols.len()];
        for file in &files {
            for name in &file.symbols {
                let id = symbols.id(name).expect("the table holds every name of the data");
                match file.kind {
                    TickKind::Trades => kinds[id.index()].trades = true,
                    TickKind::Quotes => kinds[id.index()].quotes = true,
                }
            }
        }
        for (name, has) in of_stored {
            kinds[symbols.id(name).expect("the table holds every name of the data").index()] = *has;
        }
        let instruments = InstrumentTable::new(symbols, |name| config.instruments.instrument(name));
        let mut data = Self { files, instruments, kinds, stored, read };
        if !data.files.is_empty() {
            data.confirm_kinds(config)?;
        }
        Ok(data)
    }

    /// A symbol that seems to have trades and quotes has a kind only if a row of it is accepted within the span:
    /// one bad row of the other kind must not decide what bars and fills come from.
    fn confirm_kinds(&mut self, config: &Config) -> Result<(), Failure> {
        for index in 0..self.kinds.len() {
            if self.kinds[index] == (Kinds { trades: true, quotes: true }) {
                let symbol = SymbolId(index as u32);
                self.kinds[index].trades = self.has_ticks(config, symbol, TickKind::Trades)?;
                self.kinds[index].quotes = self.has_ticks(config, symbol, TickKind::Quotes)?;
            }
        }
        Ok(())
    }

    /// Whether a tick of a kind is accepted: reads as far as the first.
    fn has_ticks(&self, config: &Config, symbol: SymbolId, kind: TickKind) -> Result<bool, Failure> {
        let name = self.instruments.symbols.name(symbol);
        let is_wanted = |file: &&Arc<DataFile>| file.kind == kind && file.symbols.iter().any(|n| n == name);
        for file in self.files.iter().filter(is_wanted) {
            let mut options = self.options(config);
            options.files = vec![Arc::clone(file)];
            options.rules.on_bad_row = OnBadRow::Reject;
            let mut feed = ParquetFeed::new(options);
            feed.connect()?;
            feed.subscribe(&[symbol])?;
            let mut batch = Vec::new();
            if feed.on_tick(&mut batch)? == More::Yes && !batch.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Rows of all files, for progress.
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|file| file.rows).sum()
    }

    /// Names of the symbols that have ticks.
    pub fn traded_symbols(&self) -> Vec<String> {
        let has_ticks = |index: usize| self.kinds[index].trades || self.kinds[index].quotes;
        let symbols = self.instruments.symbols.iter();
        symbols.filter(|(id, _)| has_ticks(id.index())).map(|(_, name)| name.to_owned()).collect()
    }

    /// Names of the symbols that have ticks made from bars, in byte order.
    pub fn made_from_bars(&self) -> Vec<String> {
        let is_made = |file: &&Arc<DataFile>| file.source.as_deref().is_some_and(is_bars);
        let names: BTreeSet<&String> =
            self.files.iter().filter(is_made).flat_map(|file| &file.symbols).collect();
        names.into_iter().cloned().collect()
    }

    /// Where the files are.
    pub fn locations(&self) -> Vec<Location> {
        self.files.iter().map(|file| file.location.clone()).collect()
    }

    /// Lines that name what was read of stores, for the end of the run folder's `config.toml`.
    pub fn stored(&self) -> String {
        self.stored.as_ref().map_or_else(String::new, Stored::described)
    }

    /// The run's ticks. Threads that decode files call `on_thread_start` first.
    pub fn feed(&self, config: &Config, rejects: RejectSink, on_thread_start: ThreadHook) -> RunTicks {
        let stored = self.stored.as_ref().map(|stored| stored.feed(&self.instruments, &self.kinds));
        let files = (!self.files.is_empty()).then(|| self.files_feed(config, rejects, on_thread_start));
        RunTicks::new(stored, files)
    }

    fn files_feed(&self, config: &Config, rejects: RejectSink, on_thread_start: ThreadHook) -> ParquetFeed {
        let stopwatch = Stopwatch::new();
        let mut options = self.options(config);
        options.on_thread_start = Some(on_thread_start);
        options.time_source = Some(Arc::new(move || stopwatch.nanos_between(0, stopwatch.raw())));
        options.rejects = Some(rejects);
        ParquetFeed::new(options)
    }

    /// What the feed of all files is asked for.
    fn options(&self, config: &Config) -> ReplayOptions {
        let clock = match config.replay.clock {
            config::ReplayClock::Event => ReplayClock::Event { latency: config.replay.feed_latency },
            config::ReplayClock::Recv => ReplayClock::Recv,
        };
        let ingest = &config.ingest;
        let on_bad_row = match ingest.on_bad_row {
            config::OnBadRow::Reject => OnBadRow::Reject,
            config::OnBadRow::Fail => OnBadRow::Fail,
        };
        let names = self.instruments.symbols.iter();
        ReplayOptions {
            files: self.files.clone(),
            read: self.read.clone(),
            symbols: self.instruments.symbols.clone(),
            rules: Rules {
                on_bad_row,
                max_price_jump: ingest.max_price_jump,
                reorder_window: ingest.reorder_window,
            },
            symbol_rules: names.map(|(_, name)| symbol_rules(config, name)).collect(),
            clock,
            range: TimeRange {
                // What tiers have is not looked for in files.
                from: if self.stored.is_some() { config.data.from } else { config.data.read_from() }
                    .unwrap_or(Nanos::MIN),
                to: config.data.to.unwrap_or(Nanos::MAX),
            },
            workers: config.data.decode_threads,
            on_thread_start: None,
            time_source: None,
            rejects: None,
        }
    }
}

fn read_options(config: &Config) -> Result<ReadOptions, Failure> {
    let data = &config.data;
    let pairs = data.columns.iter().map(|column| (column.name.as_str(), column.column.as_str()));
    let columns = ColumnMap::new(pairs).map_err(|error| Failure::Usage(format!("data.columns: {error}")))?;
    let ts_unit = match data.ts_unit {
        config::TimeUnit::Seconds => TsUnit::Seconds,
        config::TimeUnit::Milliseconds => TsUnit::Millis,
        config::TimeUnit::Microseconds => TsUnit::Micros,
        config::TimeUnit::Nanoseconds => TsUnit::Nanos,
    };
    let excess = match config.ingest.excess_decimals {
        config::ExcessDecimals::Reject => Excess::Reject,
        config::ExcessDecimals::Round => Excess::Round,
    };
    let ts_recv = config.replay.clock == config::ReplayClock::Recv;
    Ok(ReadOptions { columns, symbol: data.symbol.clone(), ts_unit, excess, ts_recv })
}

pub(super) fn symbol_rules(config: &Config, name: &str) -> SymbolRules {
    let known = config.instruments.of(name);
    SymbolRules { allow_negative_price: known.allow_negative_price, hours: known.hours.clone() }
}
