//! Rows on their way into files: gathered by table, symbol and day.
//!
//! Why gathered: a batch of a few thousand ticks over many symbols would be as many files of a few rows each.

use catalog::{BarRows, Partition, Table, TickRows};
use model::{Bar, Event, InstrumentTable, Nanos, Timeframe};
use std::collections::BTreeMap;
use std::ops::Range;

/// Rows of one partition.
#[derive(Debug)]
pub(super) enum Rows {
    Ticks(TickRows),
    Bars(BarRows),
}

impl Rows {
    fn new(table: Table) -> Self {
        match table {
            Table::Ticks(kind) => Self::Ticks(TickRows::new(kind)),
            Table::Bars => Self::Bars(BarRows::default()),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Ticks(rows) => rows.len(),
            Self::Bars(rows) => rows.len(),
        }
    }

    fn clear(&mut self) {
        match self {
            Self::Ticks(rows) => rows.clear(),
            Self::Bars(rows) => rows.clear(),
        }
    }
}

/// A partition that is being filled.
#[derive(Debug)]
pub(super) struct Filling {
    pub partition: Partition,
    pub rows: Rows,
    /// Rows up to this sequence number are in its files already.
    pub covered: u64,
}

/// Where the ticks of a symbol and kind go, as long as their times are within a day.
#[derive(Debug, Clone)]
struct Way {
    times: Range<i64>,
    filling: usize,
}

/// Rows of all partitions.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    fillings: Vec<Filling>,
    places: BTreeMap<Partition, usize>,
    /// By symbol and kind.
    ways: Vec<Option<Way>>,
    rows: usize,
}

impl Buffer {
    /// How many rows it holds.
    pub(super) fn len(&self) -> usize {
        self.rows
    }

    /// The partitions that have rows.
    pub(super) fn filled(&mut self) -> impl Iterator<Item = &mut Filling> {
        self.fillings.iter_mut().filter(|filling| filling.rows.len() > 0)
    }

    /// Appends a tick; `covered` tells how far the files of a partition that is new here go.
    #[inline]
    pub(super) fn tick(
        &mut self,
        event: &Event,
        instruments: &InstrumentTable,
        covered: &BTreeMap<Partition, u64>,
    ) {
        let Some(kind) = TickRows::kind_of(event) else { return };
        let index = event.symbol.index() * 2 + kind as usize;
        let ts = event.tick_ts_event();
        let way = self.ways.get(index).and_then(Option::as_ref).filter(|way| way.times.contains(&ts.0));
        let filling = match way {
            Some(way) => way.filling,
            None => {
                let symbol = instruments.symbols.name(event.symbol);
                let filling = self.place(Partition::of(Table::Ticks(kind), symbol, ts), covered);
                self.remember(index, ts, filling);
                filling
            }
        };
        let Filling { rows, covered, .. } = &mut self.fillings[filling];
        if let (Rows::Ticks(rows), true) = (rows, event.seq > *covered) {
            rows.push(event);
            self.rows += 1;
        }
    }

    /// Appends a bar.
    pub(super) fn bar(
        &mut self,
        seq: u64,
        timeframe: Timeframe,
        bar: &Bar,
        symbol: &str,
        covered: &BTreeMap<Partition, u64>,
    ) {
        let filling = self.place(Partition::of(Table::Bars, symbol, bar.ts_open), covered);
        let Filling { rows, covered, .. } = &mut self.fillings[filling];
        if let (Rows::Bars(rows), true) = (rows, seq > *covered) {
            rows.push(timeframe, *bar);
            self.rows += 1;
        }
    }

    #[cold]
    fn place(&mut self, partition: Partition, covered: &BTreeMap<Partition, u64>) -> usize {
        if let Some(&filling) = self.places.get(&partition) {
            return filling;
        }
        let covered = covered.get(&partition).copied().unwrap_or(0);
        let rows = Rows::new(partition.table);
        self.places.insert(partition.clone(), self.fillings.len());
        self.fillings.push(Filling { partition, rows, covered });
        self.fillings.len() - 1
    }

    #[cold]
    fn remember(&mut self, index: usize, ts: Nanos, filling: usize) {
        if self.ways.len() <= index {
            self.ways.resize(index + 1, None);
        }
        let start = ts.0 - ts.0.rem_euclid(Nanos::DAY.0);
        self.ways[index] = Some(Way { times: start..start.saturating_add(Nanos::DAY.0), filling });
    }

    /// Gives up all rows, which are stored; partitions that had none are forgotten.
    pub(super) fn clear(&mut self) {
        self.fillings.retain(|filling| filling.rows.len() > 0);
        self.fillings.iter_mut().for_each(|filling| filling.rows.clear());
        let places = self.fillings.iter().enumerate();
        self.places = places.map(|(index, filling)| (filling.partition.clone(), index)).collect();
        self.ways.fill(None);
        self.rows = 0;
    }
}
