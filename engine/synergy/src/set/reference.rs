//! The rules of sets once more, slowly: each question is answered from all signals so far, and no set is kept.

use super::Rules;
use model::{Pattern, Signal};

/// What the history says of one signal.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Fate {
    /// It came in a cool-down.
    is_ignored: bool,
    /// It joined the signals that wait, if only to complete them.
    has_entered: bool,
    /// It completed these, by their places in the history.
    completed: Option<[usize; 3]>,
    /// And their pattern is listed.
    is_emitted: bool,
}

impl Fate {
    /// The three signals it completed, and whether a synergy was emitted.
    pub(crate) fn completed(&self) -> Option<([usize; 3], bool)> {
        self.completed.map(|places| (places, self.is_emitted))
    }
}

/// Whether signal `j` waits when signal `i` comes: it entered, nothing cleared it between, and it is not expired.
fn waits(history: &[Signal], fates: &[Fate], j: usize, i: usize, rules: &Rules) -> bool {
    let clears = |m: usize| fates[m].completed.is_some() || history[m].direction != history[j].direction;
    let is_cleared = (j + 1..i).any(|m| !fates[m].is_ignored && clears(m)) || fates[j].completed.is_some();
    // A signal between that found it expired is no question of its own: times only grow.
    fates[j].has_entered && !is_cleared && history[i].ts.0 - history[j].ts.0 <= rules.window.0
}

/// The fates of all signals of one symbol, in order.
pub(crate) fn fates(history: &[Signal], rules: &Rules) -> Vec<Fate> {
    let mut fates: Vec<Fate> = Vec::new();
    for (i, signal) in history.iter().enumerate() {
        let is_cooling = |e: usize| fates[e].is_emitted && signal.ts.0 - history[e].ts.0 < rules.cool_down.0;
        let mut fate = Fate { is_ignored: (0..i).any(is_cooling), ..Fate::default() };
        if !fate.is_ignored {
            let waiting: Vec<usize> = (0..i)
                .filter(|j| history[*j].direction == signal.direction)
                .filter(|j| waits(history, &fates, *j, i, rules))
                .collect();
            fate.has_entered = waiting.iter().all(|j| history[*j].kind != signal.kind);
            if let (true, &[a, b]) = (fate.has_entered, &waiting[..]) {
                fate.completed = Some([a, b, i]);
                let pattern = Pattern::of([a, b, i].map(|k| history[k].kind)).expect("kinds differ");
                fate.is_emitted = rules.is_listed[pattern.index()];
            }
        }
        fates.push(fate);
    }
    fates
}
