//! One agent: its models, its answers, and what it missed.
//!
//! All models of a run are there from the start; which one answers is state, moved by a command. Each has a cache of
//! its own, so that a swap cannot serve another model's answers. An answer that is missing is replaced by the agent's
//! default: flat, and `entry`'s to wait. Flat counts against entering and adding; that it does not count for closing is
//! the decision's business (`marl`).
//! Not here: what is asked (`latest`, `context`), what comes of the answers (`coordination`).

use crate::misses::{Circuit, is_simulated};
use crate::{AgentsConfig, AgentsError};
use inference::{Backend, Batch, Cached, EvaluateError, OUTPUTS, Shape};
use model::state::{State, StateError, StateReader, StateWriter, Value};
use model::{Agent, Event, StreamHash, SymbolId, Urgency};
use std::fmt;

/// One agent.
pub(crate) struct Policy {
    agent: Agent,
    models: Vec<Cached>,
    active: usize,
    circuit: Circuit,
    /// By place in the batch.
    answers: Vec<[f32; OUTPUTS]>,
    missed: Vec<bool>,
    counts: PolicyCounts,
    /// What the caches of the run before the snapshot counted: hits and misses.
    cached_before: (u64, u64),
}

/// The place of the model that answers, and the counts. The caches are not state: they never change an answer.
impl State for Policy {
    fn save(&self, to: &mut StateWriter) {
        let Self { agent: _, models, active, circuit, answers: _, missed: _, counts, cached_before: _ } =
            self;
        to.len(models.len());
        (*active, *circuit, *counts, self.cache_counts()).put(to);
    }

    fn load(&mut self, from: &mut StateReader<'_>) -> Result<(), StateError> {
        from.len(self.models.len())?;
        (self.active, self.circuit, self.counts, self.cached_before) = Value::read(from)?;
        from.check(self.active < self.models.len(), "model in use")
    }
}

/// Counts since the start of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct PolicyCounts {
    pub(crate) asked: u64,
    pub(crate) misses: u64,
    pub(crate) failures: u64,
    pub(crate) openings: u64,
}

model::value!(PolicyCounts { asked, misses, failures, openings });

impl Policy {
    /// The agent with its models, the first of which answers, for batches of at most `symbols` observations.
    pub(crate) fn new(
        agent: Agent,
        models: Vec<Box<dyn Backend>>,
        shape: Shape,
        cache_entries: usize,
        symbols: usize,
    ) -> Result<Self, AgentsError> {
        if models.is_empty() {
            return Err(AgentsError::NoModel(agent));
        }
        if let Some((index, model)) = models.iter().enumerate().find(|(_, model)| model.shape() != shape) {
            return Err(AgentsError::Shape { agent, index, expected: shape, found: model.shape() });
        }
        let cached = models.into_iter().map(|model| Cached::new(model, cache_entries));
        Ok(Self {
            agent,
            models: cached.collect(),
            active: 0,
            circuit: Circuit::new(),
            answers: vec![default_answer(agent); symbols],
            missed: vec![false; symbols],
            counts: PolicyCounts::default(),
            cached_before: (0, 0),
        })
    }

    /// Asks about these symbols, once. The answers stand in the order of the batch, defaults in the place of those that
    /// are missing. Whether a symbol is answered does not depend on the others: the circuit moves after the batch.
    pub(crate) fn ask(
        &mut self,
        batch: Batch<'_>,
        symbols: impl Iterator<Item = SymbolId>,
        cause: &Event,
        config: &AgentsConfig,
    ) {
        let len = batch.len();
        assert!(len <= self.answers.len(), "a symbol is asked about once");
        let is_left_alone = self.circuit.is_open(cause.ts);
        if !is_left_alone {
            self.counts.asked += len as u64;
            self.evaluate(batch);
        }
        let default = default_answer(self.agent);
        for (i, symbol) in symbols.take(len).enumerate() {
            let is_finite = self.answers[i].iter().all(|probability| probability.is_finite());
            self.counts.failures += u64::from(!is_left_alone && !is_finite);
            let missed = is_left_alone
                || !is_finite
                || is_simulated(&config.simulated_miss, cause.seq, symbol, self.agent);
            self.missed[i] = missed;
            if missed {
                self.answers[i] = default;
                self.counts.misses += 1;
            }
            let opens = !is_left_alone && self.circuit.fold(missed, cause.ts, &config.circuit);
            self.counts.openings += u64::from(opens);
        }
    }

    /// Lets the active model answer; NaN where it cannot.
    fn evaluate(&mut self, batch: Batch<'_>) {
        let answers = &mut self.answers[..batch.len()];
        match self.models[self.active].evaluate(batch, answers) {
            // The rows that are not finite hold NaN.
            Ok(()) | Err(EvaluateError::NotFinite { .. }) => {}
            Err(EvaluateError::Failed { .. }) => answers.fill([f32::NAN; OUTPUTS]),
        }
        let is_probability = |number: &f32| number.is_nan() || (0.0..=1.0).contains(number);
        debug_assert!(answers.as_flattened().iter().all(is_probability), "a policy says probabilities");
    }

    /// What it said of the i-th symbol that was asked about.
    #[inline]
    pub(crate) fn answer(&self, i: usize) -> [f32; OUTPUTS] {
        self.answers[i]
    }

    /// Whether its answer on the i-th symbol was missing.
    #[inline]
    pub(crate) fn missed(&self, i: usize) -> bool {
        self.missed[i]
    }

    /// Lets another of its models answer from now on; whether it has that.
    pub(crate) fn swap(&mut self, index: usize) -> bool {
        let has = index < self.models.len();
        if has {
            self.active = index;
        }
        has
    }

    pub(crate) fn counts(&self) -> PolicyCounts {
        self.counts
    }

    /// Answers from the caches of all its models, and those that had to be computed.
    pub(crate) fn cache_counts(&self) -> (u64, u64) {
        let sum = |of: fn(&Cached) -> u64| self.models.iter().map(of).sum::<u64>();
        let (hits, misses) = self.cached_before;
        (hits + sum(Cached::hits), misses + sum(Cached::misses))
    }

    /// Adds what later answers depend on. The caches do not count: they never change an answer.
    pub(crate) fn hash_into(&self, hash: &mut StreamHash) {
        hash.words(&[self.active as u64]);
        self.circuit.hash_into(hash);
    }
}

/// What stands where an answer is missing: flat, and to wait.
fn default_answer(agent: Agent) -> [f32; OUTPUTS] {
    let place = if agent == Agent::Entry { Urgency::Wait as usize } else { model::Action::Flat as usize };
    std::array::from_fn(|i| if i == place { 1.0 } else { 0.0 })
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let models: Vec<&str> = self.models.iter().map(Backend::name).collect();
        let mut out = f.debug_struct("Policy");
        out.field("agent", &self.agent).field("models", &models).field("active", &self.active);
        out.field("circuit", &self.circuit).field("counts", &self.counts).finish_non_exhaustive()
    }
}
