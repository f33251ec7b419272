//! `marl`: six agents decide on each synergy, or at each tactical bar.
//!
//! One frame, in this order:
//! 1. Everything in it is folded: account, fills, volatilities, ATRs, closes, matrices, a swap of models.
//! 2. At a timer, for each symbol in id order: a limit order that was wished for one tactical timeframe ago, or more,
//!    is withdrawn, if it may still work. The strategy has the sequencer come back to that very instant, so that
//!    neither a symbol without bars nor a decision between tactical bars makes an order's life longer or shorter. Then,
//!    for each symbol whose tactical bar closed, stop, target and time stop say to be flat at market, and withdraw what
//!    still works. No agent is asked about those.
//! 3. The symbols that are due are gathered, and each agent is asked about all of them once (`decision`).
//! 4. For each of them, in id order, the answers are combined, the decision is told, and what follows is wished for.
//!
//! What is held is known from fills, not from wishes. A fill that comes after its order was withdrawn stays until a
//! decision or an exit moves the position.
//! Not here: the weighing (`coordination`), sizes and exits (`strategy`), orders.

use crate::context::CONTEXT_LEN;
use crate::coordination::Coordination;
use crate::latest::LatestMatrices;
use crate::policy::Policy;
use crate::working::Working;
use crate::{AgentsConfig, AgentsError, Counts, DecideOn, ModelSwap};
use decision::Due;
use inference::{Backend, Shape};
use matrices::MatrixSpec;
use model::{
    Agent, AgentGroup, Event, Frame, Goal, InstrumentTable, Intent, Kind, Money, Nanos, Price, Quantity,
    StreamHash, Style, SymbolId, Timeframe,
};
use strategy::{AgentFigures, Exits, Intents, Revisit, Schema, Sizing, Strategy, StrategyFigures, Wakes};

mod decision;

/// By agent: its models, the one that answers first in front.
pub type Models = [Vec<Box<dyn Backend>>; Agent::ALL.len()];

/// What the run gives the agents to read.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The indicator sets.
    pub schema: Schema<'a>,
    /// The matrices, by index.
    pub matrices: &'a [MatrixSpec],
    /// On which timeframe synergies come about.
    pub synergy_timeframe: Timeframe,
    /// The symbols.
    pub instruments: &'a InstrumentTable,
    /// What the account holds before its first figures.
    pub initial_capital: Money,
}

/// What an agent sees of a matrix: its window, and the nine numbers of context.
pub fn observation_shape(matrix: &MatrixSpec) -> Shape {
    Shape { rows: matrix.window as usize, columns: matrix.columns.len(), context: CONTEXT_LEN }
}

/// The agents, their coordination, and their positions.
#[derive(Debug)]
pub struct Marl {
    config: AgentsConfig,
    /// The strategic and the tactical one.
    timeframes: [Timeframe; 2],
    /// At whose closes there are decisions.
    decides_on: Timeframe,
    sizing: Sizing,
    exits: Exits,
    coordination: Coordination,
    /// By agent.
    policies: Vec<Policy>,
    strategic: LatestMatrices,
    tactical: LatestMatrices,
    symbols: Vec<State>,
    /// Those that are decided on at this frame, in id order.
    due: Vec<Due>,
    /// Of those that are due, side by side.
    contexts: Vec<f32>,
    counts: Counts,
}

model::state!(Marl {
    sizing, exits, policies, strategic, tactical, symbols, counts;
    config config, timeframes, decides_on, coordination;
    scratch due, contexts
});

/// What is followed of one symbol.
#[derive(Debug, Clone, Copy)]
struct State {
    /// The latest close of a primary bar of any timeframe.
    close: Price,
    multiplier: Quantity,
    working: Working,
}

model::state!(State { close, working; same multiplier });

impl Marl {
    /// The strategy with these models. All memory is taken here.
    ///
    /// # Errors
    /// [`AgentsError`] if the configuration is out of range, the run lacks what it reads, or a model does not fit.
    pub fn new(config: AgentsConfig, models: Models, inputs: &Inputs) -> Result<Self, AgentsError> {
        config.check()?;
        let symbols = inputs.instruments.instruments.len();
        let strategic = matrix_of(&config, AgentGroup::Strategic, inputs)?;
        let tactical = matrix_of(&config, AgentGroup::Tactical, inputs)?;
        let (schema, table) = (&inputs.schema, inputs.instruments);
        let sizing = Sizing::new(config.sizing, strategic.timeframe, schema, table, inputs.initial_capital)
            .map_err(AgentsError::Sizing)?;
        let exits =
            Exits::new(config.exits, tactical.timeframe, schema, table).map_err(AgentsError::Exits)?;
        let shape_of = |group| match group {
            AgentGroup::Strategic => observation_shape(strategic),
            AgentGroup::Tactical => observation_shape(tactical),
        };
        let policy = |(agent, models): (Agent, _)| {
            Policy::new(agent, models, shape_of(agent.group()), config.cache_entries, symbols)
        };
        let policies = Agent::ALL.into_iter().zip(models).map(policy).collect::<Result<_, _>>()?;
        let state = |instrument: &model::Instrument| State {
            close: Price::ZERO,
            multiplier: instrument.multiplier,
            working: Working::default(),
        };
        Ok(Self {
            timeframes: [strategic.timeframe, tactical.timeframe],
            decides_on: match config.decide_on {
                DecideOn::Synergy => inputs.synergy_timeframe,
                DecideOn::Bar => tactical.timeframe,
            },
            sizing,
            exits,
            coordination: Coordination::new(&config.logits, config.blend, config.blend_bar),
            policies,
            strategic: LatestMatrices::new(config.strategic, observation_shape(strategic), symbols),
            tactical: LatestMatrices::new(config.tactical, observation_shape(tactical), symbols),
            symbols: table.instruments.iter().map(state).collect(),
            due: Vec::with_capacity(symbols),
            contexts: Vec::with_capacity(symbols * CONTEXT_LEN),
            counts: Counts::default(),
            config,
        })
    }

    /// What happened so far.
    pub fn counts(&self) -> Counts {
        let mut counts = self.counts;
        for (agent, policy) in self.policies.iter().enumerate() {
            let own = policy.counts();
            (counts.asked[agent], counts.misses[agent]) = (own.asked, own.misses);
            (counts.failures[agent], counts.openings[agent]) = (own.failures, own.openings);
            (counts.cache_hits[agent], counts.cache_misses[agent]) = policy.cache_counts();
        }
        counts
    }

    /// Takes in everything that stands in the frame.
    fn fold(&mut self, frame: &Frame) {
        for event in &frame.events {
            self.sizing.on_event(event, frame);
            self.exits.on_event(event, frame);
            match event.kind {
                Kind::PORTFOLIO if event.symbol != SymbolId::NONE => {
                    let held = self.exits.position(event.symbol).quantity();
                    self.symbols[event.symbol.index()].working.on_held(held);
                }
                Kind::BAR => {
                    let bar = &frame.bars[event.words[0] as usize];
                    let state = &mut self.symbols[bar.symbol.index()];
                    if bar.primary {
                        state.close = bar.close;
                    }
                    if self.exits.watches(bar) {
                        state.working.on_bar();
                    }
                }
                Kind::MATRIX => {
                    let matrix = &frame.matrices[event.words[0] as usize];
                    self.strategic.note(matrix, frame);
                    self.tactical.note(matrix, frame);
                }
                Kind::COMMAND => self.obey(event),
                _ => {}
            }
        }
    }

    fn obey(&mut self, command: &Event) {
        if let Some(ModelSwap { agent, index }) = ModelSwap::from_event(command) {
            let done = self.policies[agent as usize].swap(index);
            self.counts.swaps += u64::from(done);
            self.counts.swaps_refused += u64::from(!done);
        }
    }

    /// How long a limit order works: one tactical timeframe.
    fn limit_life(&self) -> Nanos {
        let [_, tactical] = self.timeframes;
        tactical.nanos()
    }

    /// Withdraws limit orders that have had their time.
    fn expire(&mut self, frame: &Frame, out: &mut Intents) {
        let (input, age) = (frame.input(), self.limit_life());
        if input.kind != Kind::TIMER {
            return;
        }
        for (symbol, state) in (0..).map(SymbolId).zip(&mut self.symbols) {
            if state.working.has_limit_aged(age, input.ts) {
                withdraw_limit(symbol, &mut state.working, out);
            }
        }
    }

    /// Leaves positions whose stop, target or time has come.
    fn leave(&mut self, frame: &Frame, out: &mut Intents) {
        for event in frame.events.iter().filter(|event| event.kind == Kind::BAR) {
            let bar = &frame.bars[event.words[0] as usize];
            if !self.exits.watches(bar) {
                continue;
            }
            let working = &mut self.symbols[bar.symbol.index()].working;
            let was_leaving = self.exits.is_leaving(bar.symbol);
            if let Some(reason) = self.exits.on_bar(bar) {
                self.counts.exits[reason as usize] += u64::from(!was_leaving);
                withdraw_limit(bar.symbol, working, out);
                working.on_target(Quantity::ZERO, Style::Market, frame.input().ts);
                out.push(Intent::exit(bar.symbol, reason.purpose()));
            }
        }
    }
}

/// The matrix that a group reads.
fn matrix_of<'a>(
    config: &AgentsConfig,
    group: AgentGroup,
    inputs: &Inputs<'a>,
) -> Result<&'a MatrixSpec, AgentsError> {
    let key = match group {
        AgentGroup::Strategic => "agents.strategic",
        AgentGroup::Tactical => "agents.tactical",
    };
    let (index, count) = (config.matrix(group), inputs.matrices.len());
    inputs.matrices.get(index).ok_or(AgentsError::Matrix { key, index, count })
}

/// Withdraws a symbol's limit order, if one may still work.
fn withdraw_limit(symbol: SymbolId, working: &mut Working, out: &mut Intents) {
    if working.has_limit() {
        working.on_withdraw();
        out.push(Intent::new(symbol, Goal::Withdraw));
    }
}

impl Strategy for Marl {
    fn name(&self) -> &'static str {
        "marl"
    }

    fn wakes(&self) -> Wakes {
        Wakes::Bars
    }

    fn timeframes(&self) -> Vec<Timeframe> {
        self.timeframes.to_vec()
    }

    fn revisits(&self) -> Option<Revisit> {
        Some(Revisit { timeframe: self.decides_on, after: self.limit_life() })
    }

    #[inline]
    fn on_tick(&mut self, _tick: &Event, _out: &mut Intents) {}

    fn on_frame(&mut self, frame: &Frame, out: &mut Intents) {
        self.fold(frame);
        self.expire(frame, out);
        self.leave(frame, out);
        self.collect(frame);
        if !self.due.is_empty() {
            self.ask(frame.input());
            (0..self.due.len()).for_each(|i| self.decide(i, frame.input().ts, out));
        }
    }

    fn state_hash(&self, hash: &mut StreamHash) {
        self.sizing.hash_into(hash);
        self.exits.hash_into(hash);
        self.strategic.hash_into(hash);
        self.tactical.hash_into(hash);
        for state in &self.symbols {
            hash.words(&[state.close.raw() as u64]);
            state.working.hash_into(hash);
        }
        self.policies.iter().for_each(|policy| policy.hash_into(hash));
    }

    fn figures(&self) -> StrategyFigures {
        let counts = self.counts();
        let of = |agent: Agent| AgentFigures {
            agent,
            asked: counts.asked[agent as usize],
            missed: counts.misses[agent as usize],
            circuit_openings: counts.openings[agent as usize],
            cache_hits: counts.cache_hits[agent as usize],
            cache_misses: counts.cache_misses[agent as usize],
        };
        StrategyFigures {
            agents: Agent::ALL.map(of).to_vec(),
            not_ready: counts.unready,
            sizes_capped: self.sizing.capped(),
            exits: counts.exits,
        }
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod synthetic;
#[cfg(test)]
mod tests;
