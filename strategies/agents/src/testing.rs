//! Tests only: agents that say what they are told to, hand-made frames, and what the strategy says of them as text.
//!
//! What is said reads `VERDICT,…: WISH …`: a market target is written `2`, one at the touch `2@touch`, a withdrawal
//! `withdraw`; without decisions there is no colon. Equity is 1000, volatility 0.5 and ATR 5, so that a size at a price
//! of 100 is 2, the stop is 10 and the target 15 away.

use crate::{AgentsConfig, Inputs, Marl, Models, observation_shape};
use inference::{Backend, Batch, EvaluateError, OUTPUTS, Shape, refuse_not_finite};
use matrices::{Column, MatrixSpec};
use model::state::{State, StateReader, StateWriter};
use model::{
    Account, Agent, Bar, BarSource, Decision, Direction, Event, Fill, Frame, Goal, IndicatorSet, Instrument,
    InstrumentTable, Intent, Kind, Liquidity, MarketContext, Matrix, Money, Nanos, OrderId, Pattern, Price,
    Quantity, Side, Signal, SignalKind, StreamHash, Style, SymbolId, SymbolTable, Synergy, Timeframe,
};
use std::sync::{Arc, Mutex};
use strategy::{ATR_FEATURE, Intents, Schema, Strategy, VOLATILITY_FEATURE};

pub(crate) const SYMBOLS: usize = 3;
const FIVE_MINUTES: Nanos = Nanos(5 * Nanos::MINUTE.0);

/// What an agent is told to say, and what it was asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct Voice(Arc<Mutex<Told>>);

#[derive(Debug, Default)]
struct Told {
    row: [f32; OUTPUTS],
    fails: bool,
    /// One batch each: matrices and contexts.
    asked: Vec<(Vec<f32>, Vec<f32>)>,
}

impl Voice {
    pub(crate) fn say(&self, row: [f32; OUTPUTS]) {
        self.0.lock().unwrap().row = row;
    }

    pub(crate) fn fail(&self, fails: bool) {
        self.0.lock().unwrap().fails = fails;
    }

    /// The batches it was asked since the last call.
    pub(crate) fn asked(&self) -> Vec<(Vec<f32>, Vec<f32>)> {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }
}

/// A backend that says what its voice is told.
struct Telling {
    voice: Voice,
    shape: Shape,
}

impl Backend for Telling {
    fn name(&self) -> &str {
        "told"
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn evaluate(&mut self, batch: Batch<'_>, out: &mut [[f32; OUTPUTS]]) -> Result<(), EvaluateError> {
        let mut told = self.voice.0.lock().unwrap();
        told.asked.push((batch.matrices().to_vec(), batch.contexts().to_vec()));
        if told.fails {
            return Err(EvaluateError::Failed {
                backend: "told".to_owned(),
                cause: "it was told to".to_owned(),
            });
        }
        out.fill(told.row);
        refuse_not_finite("told", out)
    }
}

pub(crate) fn timeframes() -> [Timeframe; 2] {
    ["5m", "30m"].map(|text| Timeframe::parse(text).unwrap())
}

/// A strategic matrix of 3×2 and a tactical one of 2×2.
pub(crate) fn matrices() -> [MatrixSpec; 2] {
    let [five, thirty] = timeframes();
    let spec = |name: &str, timeframe, window| MatrixSpec {
        name: name.to_owned(),
        timeframe,
        window,
        columns: ["a", "b"].map(Column::standard).to_vec(),
    };
    [spec("strategic", thirty, 3), spec("tactical", five, 2)]
}

pub(crate) fn names() -> [Vec<String>; 2] {
    [vec![ATR_FEATURE.to_owned()], vec![VOLATILITY_FEATURE.to_owned()]]
}

pub(crate) fn instruments(symbols: usize) -> InstrumentTable {
    let names = (0..symbols).map(|symbol| format!("S{symbol}"));
    InstrumentTable::new(SymbolTable::new(names), |symbol| Instrument::plain(symbol, "USD"))
}

pub(crate) fn shape_of(agent: Agent) -> Shape {
    observation_shape(&matrices()[usize::from(agent.group() == model::AgentGroup::Tactical)])
}

/// The strategy with these models, on the schema above.
pub(crate) fn marl(config: AgentsConfig, models: Models) -> Result<Marl, crate::AgentsError> {
    marl_on(&instruments(SYMBOLS), config, models)
}

fn marl_on(
    instruments: &InstrumentTable,
    config: AgentsConfig,
    models: Models,
) -> Result<Marl, crate::AgentsError> {
    let schema = Schema { timeframes: &timeframes(), names: &names() };
    let inputs = Inputs {
        schema,
        matrices: &matrices(),
        synergy_timeframe: timeframes()[0],
        instruments,
        initial_capital: Money::parse("1000").unwrap(),
    };
    Marl::new(config, models, &inputs)
}

/// Two models for each agent, each with a voice of its own.
pub(crate) fn voices() -> (Vec<[Voice; 2]>, Models) {
    let voices: Vec<[Voice; 2]> = Agent::ALL.map(|_| Default::default()).to_vec();
    let models = models_of(&voices);
    (voices, models)
}

fn models_of(voices: &[[Voice; 2]]) -> Models {
    Agent::ALL.map(|agent| {
        let backend = |voice: &Voice| Telling { voice: voice.clone(), shape: shape_of(agent) };
        voices[agent as usize].iter().map(|voice| Box::new(backend(voice)) as Box<dyn Backend>).collect()
    })
}

/// One symbol's part of a boundary.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) symbol: u32,
    pub(crate) close: Price,
    pub(crate) synergy: Option<(Pattern, Direction)>,
    /// Cells of both matrices; `None`: the boundary has none.
    pub(crate) cells: Option<([f32; 6], [f32; 4])>,
}

pub(crate) fn price(text: &str) -> Price {
    Price::parse(text).unwrap()
}

/// Fills a frame as the stages before a strategy do: account, bars, sets, matrices, synergies.
pub(crate) fn boundary(frame: &mut Frame, seq: u64, ts: Nanos, account: Account, steps: &[Step]) {
    frame.begin(Event { seq, ..Event::input(Kind::TIMER, ts, SymbolId::NONE) });
    frame.push_account(account, SymbolId::NONE, 0);
    let bar = |step: &Step, timeframe: u8| Bar {
        symbol: SymbolId(step.symbol),
        timeframe,
        source: BarSource::Trade,
        primary: true,
        ts_open: ts - timeframes()[usize::from(timeframe)].nanos(),
        ts_close: ts,
        open: step.close,
        high: step.close,
        low: step.close,
        close: step.close,
        volume: 0,
        vwap: None,
        trades: 1,
    };
    for step in steps {
        frame.push_bar(bar(step, 0));
        frame.push_bar(bar(step, 1));
    }
    for step in steps {
        for (timeframe, value) in [(0, 5.0), (1, 0.5)] {
            let values_start = frame.values.len() as u32;
            frame.values.push(value);
            let symbol = SymbolId(step.symbol);
            frame.push_set(IndicatorSet { symbol, timeframe, ts_close: ts, values_start, values_len: 1 });
        }
    }
    for step in steps {
        if let Some((strategic, tactical)) = &step.cells {
            push_matrix(frame, step.symbol, 0, 3, strategic);
            push_matrix(frame, step.symbol, 1, 2, tactical);
        }
    }
    for step in steps {
        if let Some((pattern, direction)) = step.synergy {
            frame.push_synergy(synergy(step, pattern, direction, ts));
        }
    }
}

fn push_matrix(frame: &mut Frame, symbol: u32, matrix: u8, rows: u16, cells: &[f32]) {
    let cells_start = frame.cells.len() as u32;
    frame.cells.extend_from_slice(cells);
    let ts_close = frame.input().ts;
    frame.push_matrix(Matrix { symbol: SymbolId(symbol), matrix, ts_close, cells_start, rows, columns: 2 });
}

fn synergy(step: &Step, pattern: Pattern, direction: Direction, ts: Nanos) -> Synergy {
    let signal = Signal { kind: SignalKind::Mlmi, direction, strength: 0.5, ts };
    let context =
        MarketContext { price: step.close, volatility: f64::NAN, volume: 0, lvn_distance: f64::NAN };
    let symbol = SymbolId(step.symbol);
    Synergy { symbol, pattern, direction, strength: 0.5, signals: [signal; 3], context }
}

/// A fill, and the portfolio's answer to it.
pub(crate) fn filled(frame: &mut Frame, seq: u64, ts: Nanos, fill: &Fill, account: Account, held: i64) {
    frame.begin(Event { seq, ..fill.to_event(ts) });
    frame.push_account(account, fill.symbol, held);
}

pub(crate) fn fill_of(symbol: u32, side: Side, quantity: Quantity, price: Price) -> Fill {
    Fill {
        order: OrderId(0),
        number: 1,
        symbol: SymbolId(symbol),
        side,
        quantity,
        price,
        fee: Money::ZERO,
        liquidity: Liquidity::Taker,
    }
}

/// The strategy under test, what its agents are told, and the positions its fills make.
pub(crate) struct Script {
    marl: Marl,
    voices: Vec<[Voice; 2]>,
    frame: Frame,
    seq: u64,
    ts: Nanos,
    account: Account,
    positions: [i64; SYMBOLS],
    out: Intents,
}

impl Script {
    /// Agents that say long with 0.8 and aggressive, without caches, so that they hear each question.
    pub(crate) fn new(config: AgentsConfig) -> Self {
        Self::in_lots(config, "0")
    }

    /// The same, all symbols traded in lots of this size.
    pub(crate) fn in_lots(config: AgentsConfig, lot: &str) -> Self {
        let (voices, models) = voices();
        let mut table = instruments(SYMBOLS);
        table.instruments.iter_mut().for_each(|instrument| instrument.lot = Quantity::parse(lot).unwrap());
        let marl = marl_on(&table, AgentsConfig { cache_entries: 0, ..config }, models).unwrap();
        let equity = Money::parse("1000").unwrap();
        let account = Account { equity, peak: equity, ..Account::default() };
        let mut script = Self {
            marl,
            voices,
            frame: Frame::default(),
            seq: 0,
            ts: Nanos(0),
            account,
            positions: [0; SYMBOLS],
            out: Intents::new(),
        };
        script.told([0.8, 0.1, 0.1], [1.0, 0.0, 0.0]);
        script
    }

    /// Saves the strategy, builds another one of this configuration with the same voices, and restores it there.
    pub(crate) fn restart(&mut self, config: AgentsConfig) {
        let mut to = StateWriter::new();
        self.marl.save(&mut to);
        let bytes = to.into_bytes();
        let config = AgentsConfig { cache_entries: 0, ..config };
        self.marl = marl(config, models_of(&self.voices)).unwrap();
        let mut from = StateReader::new(&bytes);
        self.marl.load(&mut from).unwrap();
        from.finish().unwrap();
    }

    /// All voters say one thing, `entry` another; both models of each.
    pub(crate) fn told(&mut self, votes: [f32; 3], entry: [f32; 3]) {
        for agent in Agent::ALL {
            let row = if agent == Agent::Entry { entry } else { votes };
            self.voices[agent as usize].iter().for_each(|voice| voice.say(row));
        }
    }

    /// The agent's model of this index.
    pub(crate) fn voice(&self, agent: Agent, index: usize) -> Voice {
        self.voices[agent as usize][index].clone()
    }

    pub(crate) fn set_equity(&mut self, equity: &str, peak: &str) {
        let money = |text| Money::parse(text).unwrap();
        self.account = Account { equity: money(equity), peak: money(peak), ..Account::default() };
    }

    /// The next boundary, five minutes later.
    pub(crate) fn steps(&mut self, steps: &[Step]) -> String {
        self.ts = self.ts + FIVE_MINUTES;
        self.steps_now(steps)
    }

    /// A boundary without any time passing.
    pub(crate) fn steps_now(&mut self, steps: &[Step]) -> String {
        self.seq += 1;
        boundary(&mut self.frame, self.seq, self.ts, self.account, steps);
        self.end()
    }

    /// A boundary at which only this symbol closes a bar, with matrices.
    pub(crate) fn bar(&mut self, close: &str) -> String {
        self.steps(&[step(0, close, None)])
    }

    /// The same with a synergy of the first pattern.
    pub(crate) fn synergy(&mut self, close: &str, direction: Direction) -> String {
        self.steps(&[step(0, close, Some(direction))])
    }

    /// A frame of a synergy alone, without any bar: one of a timeframe that is not the tactical one.
    pub(crate) fn synergy_between(&mut self, close: &str, direction: Direction) -> String {
        self.seq += 1;
        let one = step(0, close, Some(direction));
        self.frame.begin(Event { seq: self.seq, ..Event::input(Kind::TIMER, self.ts, SymbolId::NONE) });
        self.frame.push_account(self.account, SymbolId::NONE, 0);
        self.frame.push_synergy(synergy(&one, Pattern::ALL[0], direction, self.ts));
        self.end()
    }

    /// A timer so many minutes later, at which no bar closes.
    pub(crate) fn timer(&mut self, minutes: i64) -> String {
        self.ts = self.ts + Nanos(minutes * Nanos::MINUTE.0);
        self.seq += 1;
        self.frame.begin(Event { seq: self.seq, ..Event::input(Kind::TIMER, self.ts, SymbolId::NONE) });
        self.end()
    }

    /// A fill of symbol 0.
    pub(crate) fn fill(&mut self, side: Side, quantity: &str, at: &str) {
        let fill = fill_of(0, side, Quantity::parse(quantity).unwrap(), price(at));
        self.positions[0] += side.sign() * fill.quantity.raw();
        self.seq += 1;
        filled(&mut self.frame, self.seq, self.ts, &fill, self.account, self.positions[0]);
        assert_eq!(self.end(), "", "a fill says nothing by itself");
    }

    pub(crate) fn command(&mut self, command: Event) {
        self.seq += 1;
        self.frame.begin(Event { seq: self.seq, ..command });
        assert_eq!(self.end(), "", "a command says nothing by itself");
    }

    fn end(&mut self) -> String {
        self.out.clear();
        self.marl.on_frame(&self.frame, &mut self.out);
        said(&self.out)
    }

    /// The decisions of the last frame.
    pub(crate) fn decisions(&self) -> &[Decision] {
        self.out.decisions()
    }

    /// The wishes of the last frame.
    pub(crate) fn wishes(&self) -> Vec<Intent> {
        self.out.iter().copied().collect()
    }

    pub(crate) fn ts(&self) -> Nanos {
        self.ts
    }

    pub(crate) fn marl(&self) -> &Marl {
        &self.marl
    }

    pub(crate) fn state_hash(&self) -> u128 {
        state_hash(&self.marl)
    }
}

pub(crate) fn state_hash(marl: &Marl) -> u128 {
    let mut hash = StreamHash::new();
    marl.state_hash(&mut hash);
    hash.value()
}

/// A symbol's step with matrices that tell the symbol.
pub(crate) fn step(symbol: u32, close: &str, direction: Option<Direction>) -> Step {
    let mark = 1.0 + symbol as f32;
    Step {
        symbol,
        close: price(close),
        synergy: direction.map(|direction| (Pattern::ALL[0], direction)),
        cells: Some(([mark; 6], [-mark; 4])),
    }
}

fn said(out: &Intents) -> String {
    let verdicts: Vec<&str> = out.decisions().iter().map(|decision| decision.verdict.name()).collect();
    let wishes: Vec<String> = out.iter().map(|intent| describe(*intent)).collect();
    let decided = if verdicts.is_empty() { String::new() } else { verdicts.join(",") + ":" };
    [decided, wishes.join(" ")].join(" ").trim().to_owned()
}

fn describe(intent: Intent) -> String {
    match intent.goal {
        Goal::Withdraw => "withdraw".to_owned(),
        Goal::Target { position, style: Style::Market } => position.to_string(),
        Goal::Target { position, style: Style::Touch } => format!("{position}@touch"),
        Goal::Target { position, style: Style::Limit(price) } => format!("{position}@{price}"),
    }
}
