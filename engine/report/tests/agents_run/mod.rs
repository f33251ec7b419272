//! A made-up run of agents, frame by frame: three symbols at one boundary, decisions of every verdict, refusals, orders
//! that are filled in parts, and wishes beside the decisions.

use matrices::{Column, MatrixSpec};
use model::{
    Action, Agent, Bar, BarSource, CONTEXT_LEN, Decision, Direction, Event, Fill, Frame, Goal, IndicatorSet,
    Instrument, InstrumentTable, Intent, Kind, Liquidity, MarketContext, Matrix, Money, Nanos, Order,
    OrderId, OrderType, Pattern, Price, Purpose, Quantity, RefusalReason, Side, Signal, Style, SymbolId,
    SymbolTable, Synergy, TimeInForce, Timeframe, Urgency, Verdict,
};
use report::{
    AnsweringModel, CountsSummary, DataSection, OptionalTable, Overwrite, PerformanceSummary,
    PortfolioSummary, RunFolder, RunMeta, SCHEMA_VERSION, SpeedSummary, Summary,
};
use std::collections::BTreeMap;
use std::path::PathBuf;

pub const AAA: SymbolId = SymbolId(0);
pub const BBB: SymbolId = SymbolId(1);
pub const CCC: SymbolId = SymbolId(2);

const START: i64 = 1_735_689_600_000_000_000; // 2025-01-01
const MINUTE: i64 = 60_000_000_000;

/// The instant so many minutes into the run.
pub fn minute(minutes: i64) -> Nanos {
    Nanos(START + minutes * MINUTE)
}

pub fn meta(matrix_table: OptionalTable) -> RunMeta {
    let symbols = SymbolTable::new(["AAA", "BBB", "CCC"].map(String::from));
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let timeframes = ["5m", "30m"].map(|text| Timeframe::parse(text).unwrap());
    let matrix = |name: &str, timeframe: usize, window: u32, columns: &[&str]| MatrixSpec {
        name: name.to_owned(),
        timeframe: timeframes[timeframe],
        window,
        columns: columns.iter().map(|name| Column::standard(name)).collect(),
    };
    RunMeta {
        instruments: InstrumentTable::new(symbols, |symbol| Instrument::plain(symbol, "USD")),
        timeframes: timeframes.to_vec(),
        indicator_names: vec![
            names(&["fvg_age", "price_momentum_5", "sma_20"]),
            names(&["mlmi_value", "nwrqk_value"]),
        ],
        matrices: vec![
            matrix("strategic", 1, 2, &["mlmi_value", "nwrqk_value"]),
            matrix("mine", 0, 2, &["sma_20"]),
            matrix("tactical", 0, 3, &["price_momentum_5", "fvg_age"]),
        ],
        matrices_read: vec![0, 2],
        models: models(),
        matrix_table,
        batch_table: OptionalTable::Omitted,
        session: "0badcafe".to_owned(),
        earlier_sessions: BTreeMap::new(),
        strategy: "marl".to_owned(),
        account: "backtest".to_owned(),
    }
}

/// Each agent's, and a reload of the first between the decisions.
fn models() -> Vec<AnsweringModel> {
    let model = |agent: &str, from_ns, file: String, digits: &str| AnsweringModel {
        agent: agent.to_owned(),
        from_ns,
        file,
        sha256: digits.repeat(32),
    };
    let at_start = Agent::ALL.map(Agent::name).map(|agent| model(agent, None, format!("{agent}.st"), "0a"));
    let reload = model("mlmi", Some(minute(35).0), "later/mlmi.st".to_owned(), "1b");
    at_start.into_iter().chain([reload]).collect()
}

pub fn summary() -> Summary {
    let amount = || "100000".to_owned();
    Summary {
        schema_version: SCHEMA_VERSION,
        run_id: "run".to_owned(),
        config_hash: "0badcafe".repeat(4),
        strategies: vec!["marl".to_owned()],
        layout: "fused".to_owned(),
        data: DataSection {
            files: 0,
            rows_read: 0,
            ticks: 0,
            rejected: BTreeMap::new(),
            suspicious: BTreeMap::new(),
            first_ts: None,
            last_ts: None,
            made_from_bars: Vec::new(),
        },
        counts: CountsSummary {
            bars: BTreeMap::new(),
            indicator_sets: 0,
            matrices: 0,
            synergies: 0,
            decisions: 0,
            orders: 0,
            fills: 0,
            refused: BTreeMap::new(),
            synergies_by_pattern: BTreeMap::new(),
            synergies_unlisted: BTreeMap::new(),
        },
        portfolio: PortfolioSummary {
            currency: "USD".to_owned(),
            initial_capital: amount(),
            cash: amount(),
            equity: amount(),
            realised_pnl: "0".to_owned(),
            unrealised_pnl: "0".to_owned(),
            fees: "0".to_owned(),
            positions: Vec::new(),
        },
        performance: PerformanceSummary {
            total_return: None,
            sharpe: None,
            sortino: None,
            max_drawdown: None,
            volatility: None,
            turnover: None,
            trades: 0,
            win_rate: None,
            profit_factor: None,
            exposure: None,
        },
        speed: SpeedSummary { wall_s: 0.5, ticks_per_s: 4.0, decode_s: 0.25, pipeline_s: 0.125 },
        latency_ns: BTreeMap::new(),
        agents: None,
        event_hash: "1".repeat(32),
        state_hash: "2".repeat(32),
    }
}

pub fn timer(seq: u64, minutes: i64) -> Frame {
    let mut frame = Frame::default();
    frame.begin(Event { seq, ..Event::input(Kind::TIMER, minute(minutes), SymbolId::NONE) });
    frame
}

/// A bar and its values: `NaN` for what is not complete.
pub fn bar(frame: &mut Frame, symbol: SymbolId, timeframe: u8, values: &[f64]) {
    let ts_close = frame.input().ts;
    let price = |units: i64| Price::new(units * 10_000_000 + i64::from(symbol.0) * 50_000_000_000);
    let minutes = [5, 30][usize::from(timeframe)];
    frame.push_bar(Bar {
        symbol,
        timeframe,
        source: BarSource::Trade,
        primary: true,
        ts_open: Nanos(ts_close.0 - minutes * MINUTE),
        ts_close,
        open: price(10_012),
        high: price(10_150),
        low: price(9_987),
        close: price(10_125),
        volume: 1_234_500_000_000 * i128::from(minutes),
        vwap: (symbol != CCC).then(|| price(10_080)),
        trades: 42,
    });
    let values_start = frame.values.len() as u32;
    frame.values.extend(values);
    let values_len = values.len() as u32;
    frame.push_set(IndicatorSet { symbol, timeframe, ts_close, values_start, values_len });
}

fn matrix(frame: &mut Frame, symbol: SymbolId, matrix: u8, cells: &[f32]) {
    let cells_start = frame.cells.len() as u32;
    frame.cells.extend(cells);
    let (rows, columns) = (cells.len() as u16 / 2, 2);
    frame.push_matrix(Matrix { symbol, matrix, ts_close: frame.input().ts, cells_start, rows, columns });
}

fn synergy(frame: &mut Frame, symbol: SymbolId, pattern: usize, direction: Direction) {
    let (pattern, ts) = (Pattern::ALL[pattern], frame.input().ts);
    let signal = |nth: usize| Signal {
        kind: pattern.kinds()[nth],
        direction,
        strength: [0.625, 0.75, 1.0][nth],
        ts: Nanos(ts.0 - [25, 10, 0][nth] * MINUTE),
    };
    frame.push_synergy(Synergy {
        symbol,
        pattern,
        direction,
        strength: 2.375 / 3.0,
        signals: [signal(0), signal(1), signal(2)],
        context: MarketContext {
            price: Price::new(101_250_000_000),
            volatility: if symbol == AAA { 0.001_234_567_8 } else { f64::NAN },
            volume: 6_172_500_000_000,
            lvn_distance: if symbol == AAA { -1.25 } else { f64::NAN },
        },
    });
}

/// A decision of these voices, combined as the definitions say.
pub fn decision(symbol: SymbolId, says: [[f32; 3]; 6], verdict: Verdict, target: &str) -> Decision {
    let weights = [0.5, 0.3, 0.2, 0.6, 0.4];
    let mean = |agents: std::ops::Range<usize>, action: usize| -> f32 {
        agents.map(|agent| weights[agent] * says[agent][action]).sum()
    };
    let blend = 0.625;
    let ensemble =
        std::array::from_fn(|action| blend * mean(0..3, action) + (1.0 - blend) * mean(3..5, action));
    let largest = |p: [f32; 3]| (0..3).max_by(|a, b| p[*a].total_cmp(&p[*b])).unwrap();
    Decision {
        symbol,
        synergy: None,
        context: [0.0; CONTEXT_LEN],
        says,
        missed: [false; Agent::ALL.len()],
        weights,
        blend,
        ensemble,
        action: Action::ALL[largest(ensemble)],
        confidence: ensemble[largest(ensemble)],
        gate: 0.5,
        urgency: Urgency::ALL[largest(says[5])],
        verdict,
        target: Quantity::parse(target).unwrap(),
    }
}

/// Voices for an action, and what `entry` says.
pub fn voices(action: Action, entry: Urgency) -> [[f32; 3]; 6] {
    let lean = |towards: usize, by: f32| {
        let rest = (1.0 - by) / 2.0;
        std::array::from_fn(|at| if at == towards { by } else { rest })
    };
    let at = action as usize;
    [
        lean(at, 0.7),
        lean(at, 0.5),
        [0.25, 0.5, 0.25],
        lean(at, 0.75),
        lean(at, 0.625),
        lean(entry as usize, 0.5),
    ]
}

pub fn want(frame: &mut Frame, symbol: SymbolId, position: &str, refused: Option<RefusalReason>) {
    let goal = Goal::Target { position: Quantity::parse(position).unwrap(), style: Style::Market };
    wish(frame, Intent::new(symbol, goal), refused);
}

/// A wish to leave, without asking anybody.
pub fn leave(frame: &mut Frame, symbol: SymbolId, purpose: Purpose, refused: Option<RefusalReason>) {
    wish(frame, Intent::exit(symbol, purpose), refused);
}

fn wish(frame: &mut Frame, intent: Intent, refused: Option<RefusalReason>) {
    let input = *frame.input();
    frame.push(intent.to_event(&input, Kind::INTENT, None));
    if refused.is_some() {
        frame.push(intent.to_event(&input, Kind::REFUSAL, refused));
    }
}

pub fn order(frame: &mut Frame, id: u32, symbol: SymbolId, side: Side, quantity: &str, limit: Option<&str>) {
    let cause_seq = frame.input().seq;
    late_order(frame, cause_seq, id, symbol, side, quantity, limit);
}

/// An order that carries out the intent of an input before the frame's, or the frame's own.
pub fn late_order(
    frame: &mut Frame,
    cause_seq: u64,
    id: u32,
    symbol: SymbolId,
    side: Side,
    quantity: &str,
    limit: Option<&str>,
) {
    let limit = limit.map_or(OrderType::Market, |text| OrderType::Limit(Price::parse(text).unwrap()));
    let order = order_of(frame, id, symbol, side, quantity, limit);
    frame.push(Order { cause_seq, ..order }.to_event());
}

/// An order that leaves a position.
pub fn exit_order(
    frame: &mut Frame,
    id: u32,
    symbol: SymbolId,
    side: Side,
    quantity: &str,
    purpose: Purpose,
) {
    let order = order_of(frame, id, symbol, side, quantity, OrderType::Market);
    frame.push(Order { purpose, ..order }.to_event());
}

fn order_of(
    frame: &Frame,
    id: u32,
    symbol: SymbolId,
    side: Side,
    quantity: &str,
    order_type: OrderType,
) -> Order {
    let input = *frame.input();
    Order {
        id: OrderId(id),
        nth: 1 + frame.events.iter().filter(|event| event.kind == Kind::ORDER).count() as u32,
        symbol,
        side,
        order_type,
        tif: TimeInForce::Gtc,
        quantity: Quantity::parse(quantity).unwrap(),
        seq: input.seq,
        cause_seq: input.seq,
        ts: input.ts,
        delay: Nanos(0),
        purpose: Purpose::Decision,
    }
}

fn fill(seq: u64, id: u32, symbol: SymbolId, side: Side, quantity: &str, price: &str) -> Frame {
    let fill = Fill {
        order: OrderId(id),
        number: seq as u32,
        symbol,
        side,
        quantity: Quantity::parse(quantity).unwrap(),
        price: Price::parse(price).unwrap(),
        fee: Money::parse("0.0151875").unwrap(),
        liquidity: Liquidity::Maker,
    };
    let mut frame = Frame::default();
    frame.begin(Event { seq, ..fill.to_event(Nanos(minute(30).0 + seq as i64 * 250_000_000)) });
    frame
}

/// Bars of one symbol, so that its windows are full when it is decided on; one of them has no row in its matrix.
fn before() -> [Frame; 4] {
    let mut frames = [timer(2, 0), timer(3, 15), timer(4, 20), timer(5, 25)];
    bar(&mut frames[0], AAA, 1, &[0.4, -0.0125]);
    bar(&mut frames[1], AAA, 0, &[1.0, 0.5, 99.0]);
    bar(&mut frames[2], AAA, 0, &[f64::NAN, 7.5, 100.0]);
    bar(&mut frames[3], AAA, 0, &[0.951_229_425, 0.25, 100.5]);
    frames
}

/// One symbol is approved, one refused, one below the gate, all at one boundary.
fn every_symbol() -> Frame {
    let mut frame = timer(10, 30);
    for symbol in [AAA, BBB, CCC] {
        bar(&mut frame, symbol, 0, &[0.904_837_418, -0.25, 101.0]);
        bar(&mut frame, symbol, 1, &[if symbol == CCC { f64::NAN } else { 0.8 }, 0.012_345_678_9]);
    }
    matrix(&mut frame, AAA, 0, &[0.5, -1.0, 3.0, 0.0]);
    matrix(&mut frame, AAA, 2, &[1.5, 0.0, -3.0, 1.0, 0.25, 0.0]);
    synergy(&mut frame, AAA, 0, Direction::Long);
    synergy(&mut frame, BBB, 2, Direction::Short);
    let long = decision(AAA, voices(Action::Long, Urgency::Execute), Verdict::Act, "1.5");
    let short = decision(BBB, voices(Action::Short, Urgency::Aggressive), Verdict::Act, "-2");
    let flat = [[0.3, 0.4, 0.3]; 6];
    frame.push_decision(Decision {
        synergy: Some((Pattern::ALL[0], Direction::Long)),
        context: [0.25, -0.0025, 0.12, 0.03125, 1.0, 0.0, 0.0, 0.0, 1.0],
        ..long
    });
    frame.push_decision(Decision {
        synergy: Some((Pattern::ALL[2], Direction::Short)),
        context: [-0.5, 0.125, 0.03, 0.0, 0.0, 0.0, 1.0, 0.0, -1.0],
        ..short
    });
    frame.push_decision(decision(CCC, flat, Verdict::BelowGate, "0"));
    want(&mut frame, AAA, "1.5", None);
    want(&mut frame, BBB, "-2", Some(RefusalReason::MaxPosition));
    order(&mut frame, 0, AAA, Side::Buy, "1.5", Some("101.25"));
    frame
}

/// Nobody acts: entry says wait, answers are missing, the target is held.
fn nobody_acts() -> Frame {
    let mut frame = timer(20, 35);
    for symbol in [AAA, BBB] {
        bar(&mut frame, symbol, 0, &[0.818_730_753, 0.5, 101.5]);
    }
    frame.push_decision(decision(AAA, voices(Action::Long, Urgency::Wait), Verdict::Wait, "1.5"));
    let mut timed_out = decision(BBB, voices(Action::Flat, Urgency::Wait), Verdict::TimedOut, "0");
    timed_out.missed[Agent::Fvg as usize] = true;
    timed_out.missed[Agent::Entry as usize] = true;
    frame.push_decision(timed_out);
    frame.push_decision(decision(CCC, voices(Action::Flat, Urgency::Execute), Verdict::AtTarget, "0"));
    frame
}

/// Wishes beside the decisions: what is on its way suffices; against the synergy; a refusal of an exit.
fn beside_others() -> Frame {
    let mut frame = timer(30, 60);
    bar(&mut frame, AAA, 1, &[0.2, -0.05]);
    frame.push_decision(decision(AAA, voices(Action::Long, Urgency::Aggressive), Verdict::Act, "1.5"));
    want(&mut frame, AAA, "1.5", None);
    synergy(&mut frame, BBB, 1, Direction::Long);
    let against = decision(BBB, voices(Action::Short, Urgency::Execute), Verdict::BelowGate, "0");
    let confidence = against.confidence * 0.7;
    let synergy = Some((Pattern::ALL[1], Direction::Long));
    frame.push_decision(Decision { synergy, confidence, ..against });
    frame.push_decision(decision(CCC, voices(Action::Short, Urgency::Aggressive), Verdict::Act, "-1"));
    leave(&mut frame, CCC, Purpose::TimeStop, Some(RefusalReason::MaxOrderQuantity));
    want(&mut frame, CCC, "-1", None);
    order(&mut frame, 1, CCC, Side::Sell, "1", None);
    frame
}

/// A refusal whose target is not the decision's, and no order.
fn refused_otherwise() -> Frame {
    let mut frame = timer(40, 90);
    frame.push_decision(decision(AAA, voices(Action::Short, Urgency::Aggressive), Verdict::Act, "-3"));
    want(&mut frame, AAA, "-2.5", Some(RefusalReason::MaxDailyLoss));
    frame
}

/// A decision while an exit is under way, and an exit of a symbol that nobody decides on.
fn left_beside() -> Frame {
    let mut frame = timer(50, 95);
    frame.push_decision(decision(AAA, voices(Action::Flat, Urgency::Aggressive), Verdict::Leaving, "1.5"));
    for (id, symbol, purpose) in [(2, AAA, Purpose::Stop), (3, BBB, Purpose::Target)] {
        leave(&mut frame, symbol, purpose, None);
        exit_order(&mut frame, id, symbol, Side::Sell, "1.5", purpose);
    }
    frame
}

/// An exit, and no decision.
fn left_alone() -> Frame {
    let mut frame = timer(60, 100);
    leave(&mut frame, CCC, Purpose::TimeStop, None);
    exit_order(&mut frame, 4, CCC, Side::Buy, "1", Purpose::TimeStop);
    frame
}

pub fn frames() -> Vec<Frame> {
    let mut start = Frame::default();
    start.begin(Event { seq: 1, ..Event::input(Kind::SESSION, minute(0), SymbolId::NONE) });
    let [first, second, third, fourth] = before();
    vec![
        start,
        first,
        second,
        third,
        fourth,
        every_symbol(),
        fill(11, 0, AAA, Side::Buy, "1", "101.25"),
        fill(12, 0, AAA, Side::Buy, "0.5", "101.249999999"),
        nobody_acts(),
        beside_others(),
        refused_otherwise(),
        left_beside(),
        left_alone(),
        fill(61, 4, CCC, Side::Buy, "1", "99"),
    ]
}

/// Records the made-up run below a folder of its own.
pub fn recorded(matrix_table: OptionalTable) -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("run");
    let mut folder = RunFolder::create(&out, Overwrite::Refuse, meta(matrix_table)).unwrap();
    for frame in frames() {
        folder.record(&frame).unwrap();
    }
    let dir = folder.finish(&summary(), "[run]\n").unwrap();
    (home, dir)
}

/// Compares with a file, or writes it where UPDATE_GOLDEN is set.
#[track_caller]
pub fn check_golden(name: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, golden, "{} is not up to date; run with UPDATE_GOLDEN=1", path.display());
}
