//! One input and everything the stages derived from it.
//!
//! Why: at one bar boundary all bars close, then all indicators are computed, then strategies decide.
//! A frame is that breadth-first order: each stage reads what stands before and appends what it emits.
//! Frames are reused; after warm-up nothing here allocates. Ticks that derive nothing have no frame.
//! Not here: who runs the stages (`pipeline`).

use crate::{Account, Bar, Decision, Event, IndicatorSet, Kind, Matrix, SymbolId, Synergy};

/// One input and what was derived from it, in order.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Frame {
    /// The input, then the derived events in the order they were emitted.
    pub events: Vec<Event>,
    /// The bars that [`Kind::BAR`] events announce.
    pub bars: Vec<Bar>,
    /// The indicator sets that [`Kind::INDICATORS`] events announce.
    pub sets: Vec<IndicatorSet>,
    /// The values of the sets.
    pub values: Vec<f64>,
    /// The figures that [`Kind::PORTFOLIO`] events announce.
    pub accounts: Vec<Account>,
    /// The matrices that [`Kind::MATRIX`] events announce.
    pub matrices: Vec<Matrix>,
    /// The cells of the matrices.
    pub cells: Vec<f32>,
    /// The synergies that [`Kind::SYNERGY`] events announce.
    pub synergies: Vec<Synergy>,
    /// The decisions that [`Kind::DECISION`] events announce.
    pub decisions: Vec<Decision>,
}

impl Frame {
    /// Starts over with a new input.
    #[inline]
    pub fn begin(&mut self, input: Event) {
        debug_assert!(input.kind.is_input(), "a frame starts with an input");
        self.clear();
        self.events.push(input);
    }

    /// Empties the frame and keeps its memory.
    #[inline]
    pub fn clear(&mut self) {
        self.events.clear();
        self.bars.clear();
        self.sets.clear();
        self.values.clear();
        self.accounts.clear();
        self.matrices.clear();
        self.cells.clear();
        self.synergies.clear();
        self.decisions.clear();
    }

    /// The input.
    ///
    /// # Panics
    /// On an empty frame.
    #[inline]
    pub fn input(&self) -> &Event {
        &self.events[0]
    }

    /// Appends a derived event.
    #[inline]
    pub fn push(&mut self, event: Event) {
        debug_assert!(!event.kind.is_input() && event.seq == self.input().seq);
        self.events.push(event);
    }

    /// Appends a bar and its event.
    #[inline]
    pub fn push_bar(&mut self, bar: Bar) {
        let mut event = Event::derived(self.input(), Kind::BAR, bar.symbol);
        event.detail = u16::from(bar.timeframe);
        event.flags = bar.source as u8;
        event.words[0] = self.bars.len() as i64;
        self.events.push(event);
        self.bars.push(bar);
    }

    /// Appends the figures of the account and their event; `symbol` is the one whose position changed,
    /// and `quantity` its position now.
    #[inline]
    pub fn push_account(&mut self, account: Account, symbol: SymbolId, quantity: i64) {
        let mut event = Event::derived(self.input(), Kind::PORTFOLIO, symbol);
        event.words[0] = self.accounts.len() as i64;
        event.words[1] = quantity;
        self.events.push(event);
        self.accounts.push(account);
    }

    /// Appends an indicator set whose values the caller has pushed to `values` from `values_start` on.
    pub fn push_set(&mut self, set: IndicatorSet) {
        debug_assert_eq!(set.values_start as usize + set.values_len as usize, self.values.len());
        let mut event = Event::derived(self.input(), Kind::INDICATORS, set.symbol);
        event.detail = u16::from(set.timeframe);
        event.words[0] = self.sets.len() as i64;
        self.events.push(event);
        self.sets.push(set);
    }

    /// Appends a matrix whose cells the caller has pushed to `cells` from `cells_start` on.
    pub fn push_matrix(&mut self, matrix: Matrix) {
        debug_assert_eq!(matrix.cells_start as usize + matrix.cells_len(), self.cells.len());
        let mut event = Event::derived(self.input(), Kind::MATRIX, matrix.symbol);
        event.detail = u16::from(matrix.matrix);
        event.words[0] = self.matrices.len() as i64;
        self.events.push(event);
        self.matrices.push(matrix);
    }

    /// Appends a synergy and its event.
    pub fn push_synergy(&mut self, synergy: Synergy) {
        let mut event = Event::derived(self.input(), Kind::SYNERGY, synergy.symbol);
        event.words[0] = self.synergies.len() as i64;
        self.events.push(event);
        self.synergies.push(synergy);
    }

    /// Appends a decision and its event.
    pub fn push_decision(&mut self, decision: Decision) {
        let mut event = Event::derived(self.input(), Kind::DECISION, decision.symbol);
        event.words[0] = self.decisions.len() as i64;
        self.events.push(event);
        self.decisions.push(decision);
    }

    /// The cells of a matrix, row by row, the oldest row first.
    #[inline]
    pub fn matrix_cells(&self, matrix: &Matrix) -> &[f32] {
        &self.cells[matrix.cells_start as usize..][..matrix.cells_len()]
    }

    /// The values of a set.
    #[inline]
    pub fn set_values(&self, set: &IndicatorSet) -> &[f64] {
        &self.values[set.values_start as usize..][..set.values_len as usize]
    }
}
