//! The order stage against a slow model of what orders and waiting targets may go through, on random legal and illegal
//! sequences.

use gate::{Gate, Limits};
use model::{
    Event, Fill, Frame, Goal, Instrument, InstrumentTable, Intent, Kind, Liquidity, Money, Nanos, Order,
    OrderId, Price, Quantity, Report, ReportKind, Side, Style, SymbolId, SymbolTable, TargetWait,
};
use orders::OrderStage;
use proptest::prelude::*;

const SYMBOLS: usize = 2;
/// Of symbol 1; symbol 0 has none. All quantities here are whole numbers of 1e-9.
const LOT: i64 = 2;
/// Of every intent of the model's.
const DELAY: Nanos = Nanos(3);

fn instruments() -> InstrumentTable {
    InstrumentTable::new(SymbolTable::new(["A", "B"].map(String::from)), |name| Instrument {
        lot: Quantity::new(if name == "B" { LOT } else { 0 }),
        ..Instrument::plain(name, "USD")
    })
}

/// `risk.max_position` and `risk.max_order_quantity`.
type Max = [Option<i64>; 2];

fn stage([max_position, max_order_quantity]: Max) -> OrderStage {
    let [max_position, max_order_quantity] =
        [max_position, max_order_quantity].map(|limit| limit.map(Quantity::new));
    let limits = Limits { max_position, max_order_quantity, ..Limits::default() };
    OrderStage::new(&instruments(), Gate::new(limits, &instruments(), Money::ZERO))
}

/// What the model knows of an order.
#[derive(Debug, Clone, Default)]
struct Slow {
    symbol: usize,
    buy: bool,
    quantity: i64,
    filled: i64,
    accepted: bool,
    /// A cancel was sent and not answered.
    cancel_out: bool,
    over: bool,
}

impl Slow {
    fn left(&self) -> i64 {
        if self.over { 0 } else { self.quantity - self.filled }
    }

    /// Applies an answer; false if it is not legal.
    fn answer(&mut self, kind: ReportKind) -> bool {
        let (legal, over, cancel_out) = match kind {
            ReportKind::Accepted => (!self.over && !self.accepted, self.over, self.cancel_out),
            ReportKind::Rejected => (!self.over && !self.accepted, true, self.cancel_out),
            ReportKind::Cancelled => (!self.over && self.accepted && self.cancel_out, true, false),
            ReportKind::Expired => (!self.over, true, false),
            ReportKind::CancelRejected => (self.cancel_out && (self.over || self.accepted), self.over, false),
        };
        if legal {
            self.accepted |= kind == ReportKind::Accepted;
            self.over = over;
            self.cancel_out = cancel_out;
        }
        legal
    }

    fn fill(&mut self, quantity: i64) -> bool {
        let legal = !self.over && self.accepted && quantity <= self.quantity - self.filled;
        if legal {
            self.filled += quantity;
            self.over = self.filled == self.quantity;
        }
        legal
    }
}

#[derive(Debug, Clone)]
enum Step {
    Target { symbol: usize, position: i64 },
    Withdraw { symbol: usize },
    Answer { order: usize, kind: ReportKind },
    Fill { order: usize, quantity: i64 },
}

fn any_kind() -> impl Strategy<Value = ReportKind> {
    prop_oneof![
        8 => Just(ReportKind::Accepted),
        2 => Just(ReportKind::Cancelled),
        1 => Just(ReportKind::Rejected),
        1 => Just(ReportKind::Expired),
        1 => Just(ReportKind::CancelRejected),
    ]
}

/// Answers go mostly to the newest orders: `order` counts back from the last one sent.
fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..SYMBOLS, -9_i64..=9).prop_map(|(symbol, position)| Step::Target { symbol, position }),
        2 => (0..SYMBOLS).prop_map(|symbol| Step::Withdraw { symbol }),
        5 => (0..4_usize, any_kind()).prop_map(|(order, kind)| Step::Answer { order, kind }),
        5 => (0..4_usize, 1..=6_i64).prop_map(|(order, quantity)| Step::Fill { order, quantity }),
    ]
}

/// A target that waits, in the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SlowWait {
    position: i64,
    buy: bool,
    cause_seq: u64,
}

/// The stage, the model of its orders and waits, and the positions from legal fills.
struct Pair {
    stage: OrderStage,
    slow: Vec<Slow>,
    waits: [Option<SlowWait>; SYMBOLS],
    positions: [i64; SYMBOLS],
    max: Max,
    seq: u64,
}

fn describe(event: &Event) -> String {
    match event.kind {
        Kind::ORDER => {
            let Order { id, nth, seq, cause_seq, side, quantity, delay, .. } = Order::from_event(event);
            assert_eq!((seq, delay), (event.seq, DELAY));
            format!("order {} nth {nth}: {} {} for {cause_seq}", id.0, side.name(), quantity.raw())
        }
        Kind::CANCEL => format!("cancel {}", event.words[0]),
        Kind::REFUSAL => {
            let (reason, cause_seq) = (Intent::refusal_reason(event), Intent::refusal_cause_seq(event));
            format!("refused {reason} for {cause_seq}")
        }
        Kind::WAIT => {
            let TargetWait { position, cause_seq, step, .. } = TargetWait::from_event(event);
            format!("{step:?} {} for {cause_seq}", position.raw())
        }
        kind => panic!("{kind:?} is not emitted here"),
    }
}

impl Pair {
    fn new(max: Max) -> Self {
        Self {
            stage: stage(max),
            slow: Vec::new(),
            waits: [None; SYMBOLS],
            positions: [0; SYMBOLS],
            max,
            seq: 0,
        }
    }

    fn input(&mut self, input: Event, intent: Option<Intent>) -> Result<Vec<String>, orders::OrderError> {
        let mut frame = Frame::default();
        frame.begin(Event { seq: self.seq, ..input });
        if let Some(intent) = intent {
            let event = intent.to_event(frame.input(), Kind::INTENT, None);
            frame.push(event);
        }
        let before = frame.events.len();
        self.stage.on_frame(&mut frame)?;
        Ok(frame.events[before..].iter().map(describe).collect())
    }

    fn timer_with(&mut self, symbol: usize, goal: Goal) -> Vec<String> {
        let timer = Event::input(Kind::TIMER, Nanos(5), SymbolId::NONE);
        let intent = Intent { delay: DELAY, ..Intent::new(SymbolId(symbol as u32), goal) };
        self.input(timer, Some(intent)).expect("intents are legal")
    }

    fn apply(&mut self, step: &Step) {
        self.seq += 1;
        match *step {
            Step::Target { symbol, position } => self.target(symbol, position),
            Step::Withdraw { symbol } => self.withdraw(symbol),
            Step::Answer { order, kind } => {
                if let Some(id) = self.slow.len().checked_sub(order + 1) {
                    self.answer(id, kind);
                }
            }
            Step::Fill { order, quantity } => {
                if let Some(id) = self.slow.len().checked_sub(order + 1) {
                    self.fill(id, quantity);
                }
            }
        }
    }

    fn answer(&mut self, id: usize, kind: ReportKind) {
        let symbol = self.slow[id].symbol;
        let legal = self.slow[id].answer(kind);
        let report = Report { id: OrderId(id as u32), symbol: SymbolId(symbol as u32), kind, reason: None };
        let mut expected = Vec::new();
        match self.waits[symbol].filter(|_| legal) {
            Some(wait) if kind == ReportKind::Expired => {
                self.waits[symbol] = None;
                expected.push(format!("Superseded {} for {}", wait.position, wait.cause_seq));
            }
            Some(_) => expected = self.slow_resume(symbol),
            None => {}
        }
        self.answered(report.to_event(Nanos(5)), legal, &expected);
    }

    fn fill(&mut self, id: usize, quantity: i64) {
        let slow = &mut self.slow[id];
        let (symbol, side) = (slow.symbol, if slow.buy { Side::Buy } else { Side::Sell });
        let legal = slow.fill(quantity);
        let fill = Fill {
            order: OrderId(id as u32),
            number: 1,
            symbol: SymbolId(symbol as u32),
            side,
            quantity: Quantity::new(quantity),
            price: Price::new(1),
            fee: Money::ZERO,
            liquidity: Liquidity::Maker,
        };
        let mut expected = Vec::new();
        if legal {
            self.positions[symbol] += quantity * side.sign();
            expected = self.slow_resume(symbol);
        }
        self.answered(fill.to_event(Nanos(5)), legal, &expected);
    }

    /// A legal answer is folded; an illegal one is an error and changes nothing.
    fn answered(&mut self, input: Event, legal: bool, expected: &[String]) {
        let before = self.stage.state_hash();
        let found = self.input(input, None);
        assert_eq!(found.is_ok(), legal, "{input:?} gave {found:?}");
        if let Ok(found) = found {
            assert_eq!(found, expected, "at {input:?}");
        } else {
            assert_eq!(self.stage.state_hash(), before, "an illegal answer changes nothing");
        }
    }

    fn working(&self, symbol: usize, buy: bool) -> i64 {
        self.slow.iter().filter(|o| o.symbol == symbol && o.buy == buy).map(Slow::left).sum()
    }

    fn is_cancelling(&self, symbol: usize, buy: bool) -> bool {
        self.slow.iter().any(|o| o.symbol == symbol && o.buy == buy && !o.over && o.cancel_out)
    }

    /// What must be emitted where something was said of a symbol.
    fn slow_resume(&mut self, symbol: usize) -> Vec<String> {
        match self.waits[symbol] {
            Some(wait) if !self.is_cancelling(symbol, wait.buy) => {
                self.waits[symbol] = None;
                let said = self.slow_pursue(symbol, wait.position, wait.cause_seq);
                let is_done = said.is_empty() && self.waits[symbol].is_none();
                let done = is_done.then(|| format!("AtTarget {} for {}", wait.position, wait.cause_seq));
                said.into_iter().chain(done).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What must be emitted to get to a target; it may wait from now on.
    fn slow_pursue(&mut self, symbol: usize, position: i64, cause_seq: u64) -> Vec<String> {
        let expected: i64 = self
            .slow
            .iter()
            .filter(|o| o.symbol == symbol && !o.cancel_out)
            .map(|o| if o.buy { o.left() } else { -o.left() })
            .sum();
        let delta = position - self.positions[symbol] - expected;
        let lot = if symbol == 1 { LOT } else { 1 };
        let quantity = delta.abs() / lot * lot;
        let buy = delta > 0;
        if quantity == 0 {
            return Vec::new();
        }
        if self.is_cancelling(symbol, buy) {
            self.waits[symbol] = Some(SlowWait { position, buy, cause_seq });
            return Vec::new();
        }
        let held = if buy { self.positions[symbol] } else { -self.positions[symbol] };
        let worst = held + self.working(symbol, buy) + quantity;
        let [max_position, max_order] = self.max.map(|max| max.unwrap_or(i64::MAX));
        let mut parts = vec![quantity];
        if quantity > max_order {
            let part = max_order / lot * lot;
            if worst > 0 || part == 0 {
                return vec![format!("refused max_order_quantity for {cause_seq}")];
            }
            let full = usize::try_from(quantity / part).expect("a few");
            parts = std::iter::repeat_n(part, full).chain(Some(quantity % part).filter(|q| *q > 0)).collect();
        }
        if worst > max_position {
            return vec![format!("refused max_position for {cause_seq}")];
        }
        let send = |(nth, quantity)| {
            let side = if buy { "buy" } else { "sell" };
            let said =
                format!("order {} nth {}: {side} {quantity} for {cause_seq}", self.slow.len(), nth + 1);
            self.slow.push(Slow { symbol, buy, quantity, ..Slow::default() });
            said
        };
        parts.into_iter().enumerate().map(send).collect()
    }

    /// What must be emitted where something newer than a waiting target comes.
    fn slow_supersede(&mut self, symbol: usize) -> Option<String> {
        let wait = self.waits[symbol].take()?;
        Some(format!("Superseded {} for {}", wait.position, wait.cause_seq))
    }

    fn target(&mut self, symbol: usize, position: i64) {
        let mut expected = Vec::from_iter(self.slow_supersede(symbol));
        expected.extend(self.slow_pursue(symbol, position, self.seq));
        if self.waits[symbol].is_some() {
            expected.push(format!("Begun {position} for {}", self.seq));
        }
        let style = Style::Market;
        let found = self.timer_with(symbol, Goal::Target { position: Quantity::new(position), style });
        assert_eq!(found, expected, "target {position} at {}", self.seq);
    }

    fn withdraw(&mut self, symbol: usize) {
        let mut expected = Vec::from_iter(self.slow_supersede(symbol));
        for (id, order) in self.slow.iter_mut().enumerate() {
            if order.symbol == symbol && !order.over && !order.cancel_out {
                order.cancel_out = true;
                expected.push(format!("cancel {id}"));
            }
        }
        assert_eq!(self.timer_with(symbol, Goal::Withdraw), expected);
    }

    fn check(&self) {
        for symbol in 0..SYMBOLS {
            let id = SymbolId(symbol as u32);
            let open: Vec<[i64; 2]> =
                self.stage.open_orders(id).iter().map(|o| [i64::from(o.id.0), o.left.raw()]).collect();
            let slow = self.slow.iter().enumerate().filter(|(_, o)| o.symbol == symbol && !o.over);
            assert_eq!(open, slow.map(|(id, o)| [id as i64, o.left()]).collect::<Vec<_>>());
            let exposure = self.stage.gate().exposure(id);
            assert_eq!(exposure.position, i128::from(self.positions[symbol]));
            assert_eq!(exposure.working_buy, i128::from(self.working(symbol, true)));
            assert_eq!(exposure.working_sell, i128::from(self.working(symbol, false)));
            if let Some(max) = self.max[0] {
                let worst = [Side::Buy, Side::Sell].map(|side| exposure.worst_case(side, 0));
                assert!(worst.into_iter().all(|worst| worst <= i128::from(max)), "{worst:?} above {max}");
            }
            let waiting = self.stage.waiting_target(id).map(Quantity::raw);
            assert_eq!(waiting, self.waits[symbol].map(|wait| wait.position));
        }
        assert!(self.slow.iter().all(|o| o.filled <= o.quantity));
    }

    /// Ends the life of one order of the symbol: `nth` chooses which. A withdrawn one may fill only on the side that
    /// is waited for; what the venue has on the other side is cancelled.
    fn end_one(&mut self, symbol: usize, nth: usize, fills: bool) -> bool {
        let open: Vec<usize> = (0..self.slow.len())
            .filter(|id| self.slow[*id].symbol == symbol && !self.slow[*id].over)
            .collect();
        let Some(&id) = open.get(nth % open.len().max(1)) else { return false };
        self.seq += 1;
        let Slow { buy, accepted, cancel_out, .. } = self.slow[id];
        let is_waited_for = self.waits[symbol].is_some_and(|wait| wait.buy == buy);
        if !accepted {
            self.answer(id, ReportKind::Accepted);
        } else if !cancel_out || (fills && is_waited_for) {
            self.fill(id, self.slow[id].left());
        } else {
            self.answer(id, ReportKind::Cancelled);
        }
        true
    }
}

fn any_max() -> impl Strategy<Value = Max> {
    let limit = |below| prop_oneof![Just(None), (0_i64..below).prop_map(Some)];
    [limit(12), limit(9)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_stage_goes_as_the_model_goes(
        steps in proptest::collection::vec(any_step(), 1..80),
        max in any_max(),
    ) {
        let mut pair = Pair::new(max);
        for step in &steps {
            pair.apply(step);
            pair.check();
        }
    }

    /// A target set after a withdrawal is what is held once all is answered, in whatever order the answers come.
    #[test]
    fn a_target_is_reached_once_all_is_answered(
        steps in proptest::collection::vec(any_step(), 1..60),
        symbol in 0..SYMBOLS,
        position in -9_i64..=9,
        ends in proptest::collection::vec((0..9_usize, any::<bool>()), 1..9),
    ) {
        let mut pair = Pair::new([None, None]);
        let last = [Step::Withdraw { symbol }, Step::Target { symbol, position }];
        for step in steps.iter().chain(&last) {
            pair.apply(step);
        }
        let mut ends = ends.iter().cycle();
        while ends.next().is_some_and(|(nth, fills)| pair.end_one(symbol, *nth, *fills)) {
            pair.check();
        }
        prop_assert_eq!(pair.waits[symbol], None);
        let lot = if symbol == 1 { LOT } else { 1 };
        prop_assert!((pair.positions[symbol] - position).abs() < lot, "{:?} for {position}", pair.positions);
    }
}
