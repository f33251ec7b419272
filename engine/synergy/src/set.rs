//! Which signals count together: the set of a symbol that waits for its third.
//!
//! For each signal, in this order: it is ignored while a synergy's cool-down lasts; expired signals drop out from the
//! front; one that opposes the set empties it and becomes its first; a kind that is in the set is ignored; the third
//! completes the set, which is then empty. The lib head says how the edges are read.
//! Not here: when a signal fires (`signal`).

use model::{Nanos, Pattern, Signal, StreamHash};

/// What holds for the sets of all symbols.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    /// Longest time from the first signal to the third.
    pub(crate) window: Nanos,
    /// How long signals are ignored after an emitted synergy.
    pub(crate) cool_down: Nanos,
    /// By pattern index: whether it is emitted.
    pub(crate) is_listed: [bool; Pattern::ALL.len()],
}

/// What a signal led to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Outcome {
    /// It waits in the set, or was ignored.
    Nothing,
    /// It completed a pattern that is not listed.
    Unlisted(Pattern),
    /// It completed a pattern that is listed.
    Complete(Pattern, [Signal; 3]),
}

/// The signals of one symbol that wait, all in one direction and of different kinds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SignalSet {
    first: Option<Signal>,
    /// Only beside a first one.
    second: Option<Signal>,
    /// Time of the last synergy emitted.
    emitted_at: Option<Nanos>,
}

model::value!(SignalSet { first, second, emitted_at });

/// Time from `earlier` to `later`, stopping at the end of the range.
fn elapsed(earlier: Nanos, later: Nanos) -> Nanos {
    Nanos(later.0.saturating_sub(earlier.0))
}

impl SignalSet {
    /// Nothing seen yet.
    pub(crate) const fn new() -> Self {
        Self { first: None, second: None, emitted_at: None }
    }

    /// Takes the next signal.
    pub(crate) fn fold(&mut self, signal: Signal, rules: &Rules) -> Outcome {
        if self.emitted_at.is_some_and(|emitted_at| elapsed(emitted_at, signal.ts) < rules.cool_down) {
            return Outcome::Nothing;
        }
        self.drop_expired(signal.ts, rules.window);
        match (self.first, self.second) {
            (None, _) => self.first = Some(signal),
            (Some(first), _) if first.direction != signal.direction => {
                (self.first, self.second) = (Some(signal), None);
            }
            (Some(first), _) if first.kind == signal.kind => {}
            (Some(_), None) => self.second = Some(signal),
            (Some(_), Some(second)) if second.kind == signal.kind => {}
            (Some(first), Some(second)) => return self.complete([first, second, signal], rules),
        }
        Outcome::Nothing
    }

    fn drop_expired(&mut self, now: Nanos, window: Nanos) {
        let is_expired = |signal: Signal| elapsed(signal.ts, now) > window;
        while self.first.is_some_and(is_expired) {
            self.first = self.second.take();
        }
    }

    fn complete(&mut self, signals: [Signal; 3], rules: &Rules) -> Outcome {
        debug_assert!(signals.iter().all(|signal| signal.direction == signals[0].direction));
        debug_assert!(elapsed(signals[0].ts, signals[2].ts) <= rules.window);
        let pattern = Pattern::of(signals.map(|signal| signal.kind)).expect("the kinds in a set differ");
        (self.first, self.second) = (None, None);
        if !rules.is_listed[pattern.index()] {
            return Outcome::Unlisted(pattern);
        }
        self.emitted_at = Some(signals[2].ts);
        Outcome::Complete(pattern, signals)
    }

    pub(crate) fn hash_into(&self, hash: &mut StreamHash) {
        for signal in [self.first, self.second] {
            match signal {
                None => hash.words(&[0]),
                Some(Signal { kind, direction, strength, ts }) => {
                    hash.words(&[1, kind as u64, direction.sign() as u64, ts.0 as u64]);
                    hash.float(strength);
                }
            }
        }
        hash.words(&[u64::from(self.emitted_at.is_some()), self.emitted_at.unwrap_or_default().0 as u64]);
    }
}

#[cfg(test)]
pub(crate) mod reference;
#[cfg(test)]
mod tests;
