//! From frames to records: what of an input's results the tiers keep.
//!
//! Kept are the rows of the run folder that somebody asks for while the run goes on: bars, indicator values, decisions,
//! orders with every change of their state, fills, equity rows, and the position after each fill. Matrices, synergies
//! and refusals are not: the run folder has them.
//! Not here: batches (`cutter`), stores.

use crate::Record;
use model::{
    EQUITY_ROW, Event, Fill, Frame, Kind, OpenOrders, Order, OrderState, Quantity, Report, SymbolId,
};

/// Turns frames into records, and follows orders from frame to frame.
#[derive(Debug, Default)]
pub struct Gatherer {
    orders: OpenOrders,
}

impl Gatherer {
    /// For a run that goes on with these orders; a run that begins has none.
    pub fn new(orders: OpenOrders) -> Self {
        Self { orders }
    }

    /// The orders that are open, for a snapshot.
    pub fn orders(&self) -> &OpenOrders {
        &self.orders
    }

    /// Appends the records of a frame, all with the frame's sequence number; none for most.
    ///
    /// # Panics
    /// If the frame fills or ends an order that no frame before it sent.
    pub fn gather(&mut self, frame: &Frame, records: &mut Vec<Record>) {
        let input = frame.input();
        match input.kind {
            Kind::FILL => self.fill(input, records),
            Kind::REPORT => {
                let life = self.orders.on_report(&Report::from_event(input), input.seq);
                records.extend(life.map(|life| order_record(input, life.state)));
            }
            _ => {}
        }
        frame.events.iter().skip(1).for_each(|event| self.derived(event, frame, records));
        while self.orders.settle(false).is_some() {}
    }

    fn fill(&mut self, input: &Event, records: &mut Vec<Record>) {
        let fill = Fill::from_event(input);
        let state = self.orders.on_fill(&fill, input.seq).state;
        records.push(Record::Fill { seq: input.seq, ts: input.ts, fill, order: state.order });
        records.push(order_record(input, state));
    }

    fn derived(&mut self, event: &Event, frame: &Frame, records: &mut Vec<Record>) {
        let (seq, ts, at) = (event.seq, event.ts, event.words[0] as usize);
        match event.kind {
            Kind::BAR => records.push(Record::Bar { seq, bar: frame.bars[at] }),
            Kind::INDICATORS => {
                let set = &frame.sets[at];
                records.push(Record::Indicators {
                    seq,
                    symbol: set.symbol,
                    timeframe: set.timeframe,
                    ts_close: set.ts_close,
                    values: frame.set_values(set).into(),
                });
            }
            Kind::DECISION => {
                records.push(Record::Decision { seq, ts, decision: Box::new(frame.decisions[at]) });
            }
            Kind::ORDER => {
                let state = self.orders.on_order(Order::from_event(event)).state;
                records.push(order_record(event, state));
            }
            Kind::PORTFOLIO => {
                if event.symbol != SymbolId::NONE && frame.input().kind == Kind::FILL {
                    let quantity = Quantity::new(event.words[1]);
                    records.push(Record::Position { seq, ts, symbol: event.symbol, quantity });
                }
                if event.flags & EQUITY_ROW != 0 {
                    records.push(Record::Account { seq, ts, account: frame.accounts[at] });
                }
            }
            _ => {}
        }
    }
}

fn order_record(at: &Event, state: OrderState) -> Record {
    Record::Order { seq: at.seq, ts: at.ts, state }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OrderStatus;
    use crate::testing::{bar, fill, order};
    use model::{Account, IndicatorSet, Nanos, ReportKind};

    fn check(frames: &[Frame], expected: &[Record]) {
        let (mut gatherer, mut records) = (Gatherer::default(), Vec::new());
        frames.iter().for_each(|frame| gatherer.gather(frame, &mut records));
        assert_eq!(records, expected);
    }

    fn frame(seq: u64, mut input: Event) -> Frame {
        let mut frame = Frame::default();
        input.seq = seq;
        frame.begin(input);
        frame
    }

    fn report(kind: ReportKind) -> Event {
        Report { id: model::OrderId(0), symbol: SymbolId(0), kind, reason: None }.to_event(Nanos(9))
    }

    fn sent() -> (Frame, Record) {
        let order = order(0, 5, 10);
        let mut sent = frame(5, Event::input(Kind::TIMER, order.ts, SymbolId::NONE));
        sent.push(order.to_event());
        let state = OrderState { order, status: OrderStatus::New, filled: Quantity::ZERO };
        (sent, Record::Order { seq: 5, ts: order.ts, state })
    }

    #[test]
    fn a_boundary_gives_bars_values_and_an_equity_row() {
        let mut boundary = frame(7, Event::input(Kind::TIMER, Nanos(60), SymbolId::NONE));
        let account = Account::default();
        boundary.push_account(account, SymbolId::NONE, 0);
        boundary.events.last_mut().unwrap().flags = EQUITY_ROW;
        boundary.push_bar(bar(0, 0, 60));
        boundary.values.extend([1.0, 2.0]);
        let set = IndicatorSet {
            symbol: SymbolId(0),
            timeframe: 0,
            ts_close: Nanos(60),
            values_start: 0,
            values_len: 2,
        };
        boundary.push_set(set);
        let values = [1.0, 2.0].into();
        check(
            &[boundary],
            &[
                Record::Account { seq: 7, ts: Nanos(60), account },
                Record::Bar { seq: 7, bar: bar(0, 0, 60) },
                Record::Indicators { seq: 7, symbol: SymbolId(0), timeframe: 0, ts_close: Nanos(60), values },
            ],
        );
    }

    #[test]
    fn an_order_is_told_at_each_change_and_a_fill_with_its_position() {
        let (sent, sent_record) = sent();
        let Record::Order { state: OrderState { order, .. }, .. } = sent_record else { unreachable!() };
        let mut filled = frame(8, fill(0, 4).to_event(Nanos(8)));
        filled.push_account(Account::default(), SymbolId(0), 4);
        let accepted = frame(6, report(ReportKind::Accepted));
        let late = frame(10, report(ReportKind::CancelRejected));
        let expired = frame(9, report(ReportKind::Expired));
        let four = Quantity::new(4);
        let part = OrderState { order, status: OrderStatus::PartiallyFilled, filled: four };
        let last = OrderState { status: OrderStatus::Expired, ..part };
        check(
            &[sent, accepted, filled, expired, late],
            &[
                sent_record,
                Record::Fill { seq: 8, ts: Nanos(8), fill: fill(0, 4), order },
                Record::Order { seq: 8, ts: Nanos(8), state: part },
                Record::Position { seq: 8, ts: Nanos(8), symbol: SymbolId(0), quantity: four },
                Record::Order { seq: 9, ts: Nanos(9), state: last },
            ],
        );
    }

    #[test]
    fn orders_of_before_a_snapshot_go_on() {
        let (sent, _) = sent();
        let (mut before, mut records) = (Gatherer::default(), Vec::new());
        before.gather(&sent, &mut records);
        let mut after = Gatherer::new(before.orders().clone());
        after.gather(&frame(8, fill(0, 10).to_event(Nanos(8))), &mut records);
        let Some(Record::Order { state, .. }) = records.last() else { panic!("{records:?}") };
        assert_eq!((state.status, after.orders().lives().count()), (OrderStatus::Filled, 0));
    }
}
