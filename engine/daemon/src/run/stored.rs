//! Ticks out of storage tiers: a run's whole data, or what lies before its files so that indicators are warm.
//!
//! Found once, before anything runs: the stores' snapshots are opened, and stay until the feed is over.
//! Not here: how sources are stitched together (`storage::query`), where they are (`stores`).

use super::generate::note;
use super::stores;
use super::wiring::Kinds;
use crate::config::{Config, print_instant};
use crate::failure::Failure;
use feed::{DataSummary, Feed, FeedError, More};
use files::ParquetFeed;
use model::{Event, InstrumentTable, Nanos, SymbolId};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use storage::StoreError;
use storage::query::{Holes, Source, Span, StoredFeed, TickKind, TickReader};

/// What the tiers of `data.stored` hold of a run's span.
#[derive(Debug)]
pub struct Stored {
    span: Span,
    holes: Holes,
    kinds: BTreeMap<String, Kinds>,
    /// What the sources are called, for the run folder.
    names: Vec<String>,
    /// Taken by the feed.
    reader: Mutex<Option<TickReader>>,
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl Stored {
    /// Looks what the tiers hold; `None` where none is named, or nothing is wanted of them.
    ///
    /// # Errors
    /// [`Failure`] where a tier cannot be read, or none has a tick of the span.
    pub fn find(config: &Config) -> Result<Option<Self>, Failure> {
        let (data, from) = (&config.data, config.data.read_from());
        let only_before = !data.paths.is_empty();
        if data.stored.is_empty() || (only_before && data.warm_up <= Nanos(0)) {
            return Ok(None);
        }
        let mut sources = stores::sources(&data.stored, config)?;
        let to = if only_before { data.from } else { data.to };
        let asked = Span { from: from.unwrap_or(Nanos::MIN), to: to.unwrap_or(Nanos::MAX) };
        let (mut kinds, mut ends) = (BTreeMap::<String, Kinds>::new(), Vec::new());
        for source in &mut sources {
            for symbol in source.symbols()? {
                for kind in TickKind::ALL {
                    let spans = source.spans(&symbol, kind)?;
                    let held: Vec<Span> = spans.iter().filter_map(|span| span.intersection(asked)).collect();
                    if let (Some(first), Some(last)) = (held.first(), held.last()) {
                        ends.push((first.from, last.to));
                        let has = kinds.entry(symbol.clone()).or_default();
                        match kind {
                            TickKind::Trades => has.trades = true,
                            TickKind::Quotes => has.quotes = true,
                        }
                    }
                }
            }
        }
        let first = ends.iter().map(|(first, _)| *first).min();
        let last = ends.iter().map(|(_, last)| *last).max();
        let Some((first, last)) = first.zip(last) else { return Err(nothing(config, &sources)) };
        // Whether there was any tick before the first and after the last is not known here: it is said, and no reason
        // to refuse. What lacks in between is.
        if from.is_some_and(|from| from < first) {
            note(&format!("stored ticks begin at {}", print_instant(first)));
        }
        if to.is_some_and(|to| to > last.saturating_add(Nanos(1))) {
            note(&format!("stored ticks end at {}", print_instant(last)));
        }
        // Of the very last instant more may come.
        let end = last.saturating_add(Nanos(1));
        let span =
            Span { from: from.map_or(first, |from| from.max(first)), to: to.map_or(end, |to| to.min(end)) };
        let names = sources.iter().map(|source| source.name()).collect();
        let reader = Mutex::new(Some(TickReader::new(sources)));
        Ok(Some(Self { span, holes: data.stored_holes, kinds, names, reader }))
    }

    /// The symbols, with their kinds of ticks.
    pub fn kinds(&self) -> &BTreeMap<String, Kinds> {
        &self.kinds
    }

    /// Lines for the end of the run folder's `config.toml`.
    pub fn described(&self) -> String {
        self.names.iter().map(|name| format!("# stored ticks of {name}\n")).collect()
    }

    /// The ticks, of those of `instruments` that have any here.
    ///
    /// # Panics
    /// If they were taken already.
    pub fn feed(&self, instruments: &InstrumentTable, kinds: &[Kinds]) -> StoredTicks {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        let reader = reader.expect("a run reads its ticks once");
        let symbols = instruments.symbols.iter();
        let has_ticks = |id: SymbolId| kinds[id.index()] != Kinds::default();
        let wanted = symbols.filter(|(id, name)| has_ticks(*id) && self.kinds.contains_key(*name));
        let wanted = wanted.map(|(id, _)| id).collect();
        StoredTicks {
            feed: StoredFeed::new(reader, Arc::new(instruments.clone()), self.span, self.holes),
            wanted,
            instruments: instruments.clone(),
        }
    }
}

fn nothing(config: &Config, sources: &[Box<dyn Source>]) -> Failure {
    let tiers: Vec<_> = config.data.stored.iter().map(|tier| tier.name()).collect();
    let of = match sources {
        [] => "they hold no run".to_owned(),
        sources => format!("runs looked at: {}", sources.len()),
    };
    Failure::Failed(format!(
        "the tiers {} have no tick of the time asked for ({of}); run with storage.tiers first, or name other tiers in \
         data.stored",
        tiers.join(", ")
    ))
}

/// Stored ticks as a feed that says what is missing.
pub struct StoredTicks {
    feed: StoredFeed,
    wanted: Vec<SymbolId>,
    instruments: InstrumentTable,
}

impl Feed for StoredTicks {
    fn connect(&mut self) -> Result<(), FeedError> {
        self.feed.connect()
    }

    fn subscribe(&mut self, symbols: &[SymbolId]) -> Result<(), FeedError> {
        self.wanted.retain(|symbol| symbols.contains(symbol));
        self.feed.subscribe(&self.wanted)?;
        for (symbol, kind, span) in self.feed.missing() {
            let (name, kind) = (self.instruments.symbols.name(*symbol), kind.name());
            let (from, to) = (print_instant(span.from), print_instant(span.to));
            note(&format!("{kind} of {name} from {from} to {to} are stored nowhere, and left out"));
        }
        Ok(())
    }

    fn on_tick(&mut self, batch: &mut Vec<Event>) -> Result<More, FeedError> {
        self.feed.on_tick(batch)
    }

    fn summary(&self) -> DataSummary {
        self.feed.summary()
    }
}

/// The ticks of a run: stored ones, files', or the former and then the latter.
pub struct RunTicks {
    stored: Option<StoredTicks>,
    files: Option<ParquetFeed>,
    in_files: bool,
}

impl RunTicks {
    /// From one or both.
    pub fn new(stored: Option<StoredTicks>, files: Option<ParquetFeed>) -> Self {
        let in_files = stored.is_none();
        Self { stored, files, in_files }
    }

    fn each(&mut self) -> impl Iterator<Item = &mut dyn Feed> {
        let stored = self.stored.as_mut().map(|feed| feed as &mut dyn Feed);
        stored.into_iter().chain(self.files.as_mut().map(|feed| feed as &mut dyn Feed))
    }
}

impl Feed for RunTicks {
    fn connect(&mut self) -> Result<(), FeedError> {
        self.each().try_for_each(Feed::connect)
    }

    fn subscribe(&mut self, symbols: &[SymbolId]) -> Result<(), FeedError> {
        self.each().try_for_each(|feed| feed.subscribe(symbols))
    }

    fn on_tick(&mut self, batch: &mut Vec<Event>) -> Result<More, FeedError> {
        if !self.in_files
            && let Some(stored) = &mut self.stored
        {
            let more = stored.on_tick(batch)?;
            if more == More::Yes || self.files.is_none() {
                return Ok(more);
            }
            self.in_files = true;
            if !batch.is_empty() {
                return Ok(More::Yes);
            }
        }
        self.files.as_mut().expect("ticks come from somewhere").on_tick(batch)
    }

    fn summary(&self) -> DataSummary {
        let stored = self.stored.as_ref().map(Feed::summary);
        match (stored, self.files.as_ref().map(Feed::summary)) {
            (Some(stored), Some(files)) => stored.then(files),
            (stored, files) => stored.or(files).unwrap_or_default(),
        }
    }
}
