//! The sequencer's own state: where the numbering, the clock and the timers stand, and which commands are still to
//! come.
//!
//! The list of commands is configuration; which are left is state, and they must be the end of that list. What is due
//! is looked at anew.
//! Not here: the stages of its group and the venue beside it, which have sections of their own (`snapshot`).

use super::Sequencer;
use model::Nanos;
use model::state::{List, State, StateCause, StateError, StateReader, StateWriter, Value};
use std::collections::VecDeque;

impl<S, V> State for Sequencer<S, V> {
    fn save(&self, to: &mut StateWriter) {
        let Self {
            group: _,
            tail: _,
            edge: _,
            latency,
            boundaries,
            hash,
            sequence,
            ticks,
            now,
            frame: _,
            answers,
            due: _,
            before_outside: _,
            commands,
        } = self;
        debug_assert!(answers.is_empty(), "between two batches every answer is sequenced");
        (*sequence, *ticks, *now, *latency).put(to);
        hash.save(to);
        boundaries.save(to);
        commands.save_list(to);
    }

    fn load(&mut self, from: &mut StateReader<'_>) -> Result<(), StateError> {
        (self.sequence, self.ticks, self.now) = Value::read(from)?;
        from.same("venue latency", &self.latency)?;
        self.hash.load(from)?;
        self.boundaries.load(from)?;
        let mut left = VecDeque::new();
        left.load_list(usize::MAX, from)?;
        let passed = self.commands.len().checked_sub(left.len());
        match passed.filter(|passed| self.commands.range(passed..).eq(&left)) {
            Some(passed) => drop(self.commands.drain(..passed)),
            None => return Err(from.error(StateCause::Setting("list of commands"))),
        }
        // What is due is looked at before the next input.
        self.due = Nanos::MIN;
        Ok(())
    }
}
