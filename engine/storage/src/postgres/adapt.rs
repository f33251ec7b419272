//! The query layer's view of a run in PostgreSQL.

use super::source::{PostgresSource, PostgresTicks, TickTable};
use crate::StoreError;
use crate::query::{Source, Span, TickKind, Ticks};
use model::Event;

const fn table(kind: TickKind) -> TickTable {
    match kind {
        TickKind::Trade => TickTable::Trades,
        TickKind::Quote => TickTable::Quotes,
    }
}

impl Source for PostgresSource {
    fn name(&self) -> String {
        Self::name(self)
    }

    fn spans(&mut self, symbol: &str, kind: TickKind) -> Result<Vec<Span>, StoreError> {
        let spans = Self::spans(self, symbol, table(kind))?;
        Ok(spans.into_iter().filter_map(|(from, to)| Span::new(from, to)).collect())
    }

    fn ticks(&mut self, symbol: &str, kind: TickKind, span: Span) -> Result<Box<dyn Ticks>, StoreError> {
        Ok(Box::new(Self::ticks(self, symbol, table(kind), span.from, span.to)?))
    }
}

impl Ticks for PostgresTicks {
    fn read(&mut self, ticks: &mut Vec<Event>) -> Result<(), StoreError> {
        Self::read(self, ticks)
    }
}
