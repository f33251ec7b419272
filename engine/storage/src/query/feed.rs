//! Stored ticks as a feed: several symbols and kinds merged, so that a run can replay them or warm its indicators.
//!
//! Order: engine time, quotes before trades, then symbol id; ticks of one symbol and kind keep their order.
//! Not here: validation. What is stored was accepted once.

use super::{Holes, QueryError, Reading, Span, TickKind, TickReader, Ticks};
use feed::{DataSummary, Feed, FeedError, More, Tally};
use model::{Event, InstrumentTable, Nanos, SymbolId};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// Ticks that a batch has at most.
const BATCH_TICKS: usize = 4096;

/// A span of stored ticks.
#[derive(Debug)]
pub struct StoredFeed {
    reader: TickReader,
    instruments: Arc<InstrumentTable>,
    span: Span,
    holes: Holes,
    lanes: Vec<Lane>,
    heads: BinaryHeap<Reverse<Head>>,
    is_connected: bool,
    tally: Tally,
    missing: Vec<(SymbolId, TickKind, Span)>,
}

/// Ticks of one symbol and kind.
#[derive(Debug)]
struct Lane {
    symbol: SymbolId,
    reading: Reading,
    ticks: Vec<Event>,
    at: usize,
}

/// The next tick of a lane.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Head {
    ts: Nanos,
    kind: TickKind,
    symbol: SymbolId,
    lane: usize,
}

impl StoredFeed {
    /// The ticks of `span`, engine time, of the symbols of this table that are subscribed to.
    pub fn new(reader: TickReader, instruments: Arc<InstrumentTable>, span: Span, holes: Holes) -> Self {
        Self {
            reader,
            instruments,
            span,
            holes,
            lanes: Vec::new(),
            heads: BinaryHeap::new(),
            is_connected: false,
            tally: Tally::default(),
            missing: Vec::new(),
        }
    }

    /// What no source has whole of the symbols subscribed to. A symbol of which one kind is stored nowhere lacks none
    /// of it: most symbols have one kind.
    pub fn missing(&self) -> &[(SymbolId, TickKind, Span)] {
        &self.missing
    }

    fn open(&mut self, symbol: SymbolId) -> Result<(), QueryError> {
        let name = self.instruments.symbols.name(symbol);
        let mut found = Vec::new();
        for kind in TickKind::ALL {
            let reading = self.reader.read(name, kind, self.span, Holes::Report)?;
            found.push((kind, reading));
        }
        let is_absent = |reading: &Reading| reading.holes() == [self.span];
        if !found.iter().all(|(_, reading)| is_absent(reading)) {
            found.retain(|(_, reading)| !is_absent(reading));
        }
        for (kind, reading) in found {
            if self.holes == Holes::Refuse && !reading.holes().is_empty() {
                self.reader.read(name, kind, self.span, Holes::Refuse)?;
            }
            self.missing.extend(reading.holes().iter().map(|hole| (symbol, kind, *hole)));
            self.lanes.push(Lane { symbol, reading, ticks: Vec::new(), at: 0 });
        }
        Ok(())
    }

    /// Puts the next tick of a lane among the heads.
    fn advance(&mut self, lane: usize) -> Result<(), FeedError> {
        let Lane { symbol, reading, ticks, at } = &mut self.lanes[lane];
        if *at == ticks.len() {
            ticks.clear();
            *at = 0;
            reading.read(ticks).map_err(|error| FeedError::Source(Box::new(error)))?;
        }
        if let Some(tick) = ticks.get(*at) {
            let kind = TickKind::of(tick).expect("a store holds ticks");
            self.heads.push(Reverse(Head { ts: tick.ts, kind, symbol: *symbol, lane }));
        }
        Ok(())
    }
}

impl Feed for StoredFeed {
    fn connect(&mut self) -> Result<(), FeedError> {
        self.is_connected = true;
        Ok(())
    }

    fn subscribe(&mut self, symbols: &[SymbolId]) -> Result<(), FeedError> {
        if !self.is_connected {
            return Err(FeedError::NotReady { missing: "connect" });
        }
        for symbol in symbols {
            self.open(*symbol).map_err(|error| match error {
                QueryError::Hole { .. } => FeedError::Configuration(error.to_string()),
                QueryError::Store(error) => FeedError::Source(Box::new(error)),
            })?;
        }
        (0..self.lanes.len()).try_for_each(|lane| self.advance(lane))
    }

    fn on_tick(&mut self, batch: &mut Vec<Event>) -> Result<More, FeedError> {
        batch.clear();
        while batch.len() < BATCH_TICKS
            && let Some(Reverse(head)) = self.heads.pop()
        {
            let lane = &mut self.lanes[head.lane];
            let tick = Event { seq: 0, symbol: lane.symbol, ..lane.ticks[lane.at] };
            lane.at += 1;
            self.tally.accept(tick.tick_ts_event());
            batch.push(tick);
            self.advance(head.lane)?;
        }
        Ok(if batch.is_empty() { More::Ended } else { More::Yes })
    }

    fn summary(&self) -> DataSummary {
        self.tally.summary(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StoreError;
    use crate::query::{Source, TicksInMemory};
    use crate::testing::{dictionary, quote, trade};

    /// Whole in the span, of whatever it has ticks of.
    struct Whole(Span, Vec<(&'static str, Event)>);

    impl Source for Whole {
        fn name(&self) -> String {
            "whole".to_owned()
        }

        fn symbols(&mut self) -> Result<Vec<String>, StoreError> {
            Ok(self.1.iter().map(|(name, _)| (*name).to_owned()).collect())
        }

        fn spans(&mut self, symbol: &str, kind: TickKind) -> Result<Vec<Span>, StoreError> {
            let has = self.1.iter().any(|(name, tick)| *name == symbol && TickKind::of(tick) == Some(kind));
            Ok(has.then_some(self.0).into_iter().collect())
        }

        fn ticks(&mut self, symbol: &str, kind: TickKind, span: Span) -> Result<Box<dyn Ticks>, StoreError> {
            let ticks = self.1.iter().filter(|(name, _)| *name == symbol).map(|(_, tick)| tick);
            Ok(Box::new(TicksInMemory::new(ticks, kind, span)))
        }
    }

    fn span(from: i64, to: i64) -> Span {
        Span::new(Nanos(from), Nanos(to)).expect("a span")
    }

    fn feed(ticks: Vec<(&'static str, Event)>, wanted: Span, holes: Holes) -> StoredFeed {
        let reader = TickReader::new(vec![Box::new(Whole(span(0, 50), ticks))]);
        let mut feed = StoredFeed::new(reader, dictionary("run").instruments, wanted, holes);
        feed.connect().expect("it connects");
        feed
    }

    #[test]
    fn symbols_and_kinds_are_merged_as_everywhere() {
        let ticks = vec![
            ("BBB", quote(1, 10, 7)),
            ("BBB", trade(2, 10, 7)),
            ("BBB", trade(3, 10, 7)),
            ("AAA", trade(5, 9, 7)),
            ("AAA", trade(4, 10, 7)),
            ("AAA", trade(6, 60, 7)),
        ];
        let mut feed = feed(ticks, span(5, 50), Holes::Refuse);
        feed.subscribe(&[SymbolId(0), SymbolId(1)]).expect("both are held");
        let mut batch = Vec::new();
        assert!(matches!(feed.on_tick(&mut batch), Ok(More::Yes)));
        let price = |tick: &Event| (tick.ts.0, tick.symbol.0, tick.words[1] - 100, tick.seq);
        let found: Vec<_> = batch.iter().map(price).collect();
        assert_eq!(found, [(9, 0, 5, 0), (10, 1, 1, 0), (10, 0, 4, 0), (10, 1, 2, 0), (10, 1, 3, 0)]);
        assert!(matches!(feed.on_tick(&mut batch), Ok(More::Ended)));
        assert_eq!((feed.summary().ticks, feed.missing()), (5, &[][..]));
    }

    #[test]
    fn holes_are_refused_or_named() {
        let ticks = || vec![("AAA", trade(1, 10, 7))];
        let mut strict = feed(ticks(), span(-5, 50), Holes::Refuse);
        assert!(matches!(strict.subscribe(&[SymbolId(0)]), Err(FeedError::Configuration(_))));
        let mut absent = feed(ticks(), span(5, 50), Holes::Refuse);
        assert!(matches!(absent.subscribe(&[SymbolId(1)]), Err(FeedError::Configuration(_))));
        let mut lenient = feed(ticks(), span(-5, 50), Holes::Report);
        lenient.subscribe(&[SymbolId(0)]).expect("holes are reported");
        assert_eq!(lenient.missing(), [(SymbolId(0), TickKind::Trades, span(-5, 0))]);
    }
}
