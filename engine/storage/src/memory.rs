//! The hot store in memory: of each symbol the last ticks, the latest bar and indicator values, and the position.
//!
//! A [`MemoryView`] reads it from any thread: a lock for as long as a batch is folded in or a symbol is copied out,
//! some tens of microseconds, and never on the hot path. What did not change for an hour of engine time is gone.
//! Not here: what survives the process.

use crate::query::{Source, Span, TickKind, Ticks, TicksInMemory};
use crate::{Batch, Dictionary, Record, Rows, Store, StoreError, Watermarks};
use model::{Account, Bar, Event, InstrumentTable, Nanos, Quantity, SymbolId};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

/// Ticks kept of a symbol, of both kinds together.
pub const HOT_TICKS: usize = 1000;
/// How long what does not change is kept, in engine time.
pub const HOT_EXPIRY: Nanos = Nanos::HOUR;

/// The latest bar and values of one timeframe.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Latest {
    /// The latest bar of the symbol's first source.
    pub bar: Option<Bar>,
    /// The end of the bar that the values belong to, and the values in the order of the run's schema.
    pub indicators: Option<(Nanos, Box<[f64]>)>,
}

/// One symbol as it stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recent {
    /// The last ticks, oldest first.
    pub ticks: VecDeque<Event>,
    /// By timeframe.
    pub latest: Vec<Latest>,
    /// When the position changed last, and what is held since, signed.
    pub position: Option<(Nanos, Quantity)>,
    /// Whether ticks before the first are gone, though they belong to what is whole.
    is_cut: bool,
    /// By [`TickKind`]: whether there ever was one.
    has_kind: [bool; 2],
}

#[derive(Debug, Default)]
struct Contents {
    run: String,
    marks: Watermarks,
    instruments: Arc<InstrumentTable>,
    symbols: Vec<Recent>,
    account: Option<(Nanos, Account)>,
    /// The newest engine time of anything stored.
    now: Nanos,
    /// From when on ticks are whole, and up to when, exclusive; `None` before the first.
    whole: Option<(Nanos, Nanos)>,
}

/// The store's end.
#[derive(Debug)]
pub struct MemoryStore(Arc<RwLock<Contents>>);

/// A reader's end. Copies share what they show.
#[derive(Debug, Clone)]
pub struct MemoryView(Arc<RwLock<Contents>>);

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryStore {
    /// Empty.
    pub fn new() -> Self {
        Self(Arc::default())
    }

    /// What readers hold.
    pub fn view(&self) -> MemoryView {
        MemoryView(Arc::clone(&self.0))
    }
}

fn expired(ts: Nanos, now: Nanos) -> bool {
    ts.saturating_add(HOT_EXPIRY) < now
}

impl Recent {
    /// Without what did not change for too long.
    fn expire(&mut self, now: Nanos) {
        if self.ticks.back().is_some_and(|tick| expired(tick.ts, now)) {
            self.ticks.clear();
            self.is_cut = true;
        }
        for latest in &mut self.latest {
            latest.bar = latest.bar.filter(|bar| !expired(bar.ts_close, now));
            if latest.indicators.as_ref().is_some_and(|(ts, _)| expired(*ts, now)) {
                latest.indicators = None;
            }
        }
        self.position = self.position.filter(|(ts, _)| !expired(*ts, now));
    }

    fn push(&mut self, tick: &Event) {
        if self.ticks.len() == HOT_TICKS {
            self.ticks.pop_front();
            self.is_cut = true;
        }
        self.ticks.push_back(*tick);
        if let Some(kind) = TickKind::of(tick) {
            self.has_kind[kind as usize] = true;
        }
    }
}

impl Contents {
    fn fold_ticks(&mut self, batch: &Batch, ticks: &[Event]) {
        if batch.hole(self.marks.ticks).is_some() {
            for symbol in &mut self.symbols {
                symbol.ticks.clear();
                symbol.is_cut = false;
            }
            self.whole = None;
        }
        let (Some(first), Some(last)) = (ticks.first(), ticks.last()) else { return };
        // After a hole, others of the first instant may be missing.
        let from = if self.marks.ticks == 0 && batch.first_seq == 1 {
            first.ts
        } else {
            first.ts.saturating_add(Nanos(1))
        };
        self.whole = Some((self.whole.map_or(from, |(from, _)| from), last.ts));
        ticks.iter().for_each(|tick| self.symbols[tick.symbol.index()].push(tick));
    }

    fn fold_record(&mut self, record: &Record) {
        match record {
            Record::Bar { bar, .. } if bar.primary => {
                self.latest(bar.symbol, bar.timeframe).bar = Some(*bar);
            }
            Record::Indicators { symbol, timeframe, ts_close, values, .. } => {
                self.latest(*symbol, *timeframe).indicators = Some((*ts_close, values.clone()));
            }
            Record::Position { ts, symbol, quantity, .. } => {
                self.symbols[symbol.index()].position = Some((*ts, *quantity));
            }
            Record::Account { ts, account, .. } => self.account = Some((*ts, *account)),
            Record::Bar { .. } | Record::Decision { .. } | Record::Order { .. } | Record::Fill { .. } => {}
        }
    }

    fn latest(&mut self, symbol: SymbolId, timeframe: u8) -> &mut Latest {
        &mut self.symbols[symbol.index()].latest[usize::from(timeframe)]
    }
}

impl Store for MemoryStore {
    fn name(&self) -> String {
        "memory".to_owned()
    }

    fn open(&mut self, dictionary: &Dictionary) -> Result<Watermarks, StoreError> {
        let mut contents = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if contents.run != dictionary.run {
            let latest = vec![Latest::default(); dictionary.timeframes.len()];
            let symbol = Recent { latest, ..Recent::default() };
            *contents = Contents {
                run: dictionary.run.clone(),
                symbols: vec![symbol; dictionary.instruments.symbols.len()],
                instruments: Arc::clone(&dictionary.instruments),
                now: Nanos::MIN,
                ..Contents::default()
            };
        }
        Ok(contents.marks)
    }

    fn write(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let mut contents = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match &batch.rows {
            Rows::Ticks(ticks) => contents.fold_ticks(batch, ticks),
            Rows::Results(records) => records.iter().for_each(|record| contents.fold_record(record)),
        }
        contents.marks.set(batch.stream(), batch.last_seq);
        contents.now = batch.times().map_or(contents.now, |(_, last)| contents.now.max(last));
        Ok(())
    }

    fn tidy(&mut self, now: Nanos) -> Result<(), StoreError> {
        let mut contents = self.0.write().unwrap_or_else(PoisonError::into_inner);
        contents.symbols.iter_mut().for_each(|symbol| symbol.expire(now));
        contents.account = contents.account.filter(|(ts, _)| !expired(*ts, now));
        Ok(())
    }
}

impl MemoryView {
    fn read(&self) -> RwLockReadGuard<'_, Contents> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// A symbol as it stands; `None` if the run does not have it.
    pub fn symbol(&self, name: &str) -> Option<Recent> {
        let contents = self.read();
        let id = contents.instruments.symbols.id(name)?;
        let mut symbol = contents.symbols[id.index()].clone();
        symbol.expire(contents.now);
        Some(symbol)
    }

    /// The account after the last equity row, and when that was.
    pub fn account(&self) -> Option<(Nanos, Account)> {
        let contents = self.read();
        contents.account.filter(|(ts, _)| !expired(*ts, contents.now))
    }

    /// What there is now, to be read back.
    pub fn source(&self) -> MemorySource {
        MemorySource { view: self.clone(), symbols: BTreeMap::new() }
    }
}

/// The store as it can be read: of each symbol what there was when it was first asked for.
#[derive(Debug)]
pub struct MemorySource {
    view: MemoryView,
    symbols: BTreeMap<String, Option<Snapshot>>,
}

#[derive(Debug)]
struct Snapshot {
    recent: Recent,
    whole: Option<(Nanos, Nanos)>,
}

impl MemorySource {
    fn snapshot(&mut self, symbol: &str) -> Option<&Snapshot> {
        let view = &self.view;
        let take = || {
            // One lock for both, so that they are of the same moment.
            let contents = view.read();
            let id = contents.instruments.symbols.id(symbol)?;
            let mut recent = contents.symbols[id.index()].clone();
            recent.expire(contents.now);
            Some(Snapshot { recent, whole: contents.whole })
        };
        self.symbols.entry(symbol.to_owned()).or_insert_with(take).as_ref()
    }
}

impl Source for MemorySource {
    fn name(&self) -> String {
        "memory".to_owned()
    }

    fn symbols(&mut self) -> Result<Vec<String>, StoreError> {
        let contents = self.view.read();
        let names = contents.instruments.symbols.iter();
        let has_ticks = |id: SymbolId| !contents.symbols[id.index()].ticks.is_empty();
        Ok(names.filter(|(id, _)| has_ticks(*id)).map(|(_, name)| name.to_owned()).collect())
    }

    fn spans(&mut self, symbol: &str, kind: TickKind) -> Result<Vec<Span>, StoreError> {
        let span = self.snapshot(symbol).and_then(|Snapshot { recent, whole }| {
            let (from, to) = (*whole).filter(|_| recent.has_kind[kind as usize])?;
            if !recent.is_cut {
                return Span::new(from, to);
            }
            // Others of the oldest tick's instant may be gone.
            let oldest = recent.ticks.front()?;
            Span::new(from.max(oldest.ts.saturating_add(Nanos(1))), to)
        });
        Ok(span.into_iter().collect())
    }

    fn ticks(&mut self, symbol: &str, kind: TickKind, span: Span) -> Result<Box<dyn Ticks>, StoreError> {
        let ticks = self.snapshot(symbol).map(|snapshot| snapshot.recent.ticks.iter());
        Ok(Box::new(TicksInMemory::new(ticks.into_iter().flatten(), kind, span)))
    }
}

#[cfg(test)]
mod tests;
