//! Which cores there are, and pinning the current thread to one.
//!
//! Read the cores before any thread pins itself: a pinned thread, and every thread it starts, sees one only.

use core_affinity::CoreId;

/// The cores this process may run on, in ascending order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cores(Vec<usize>);

impl Cores {
    /// Asks the system, once, from an unpinned thread.
    pub fn available() -> Self {
        let mut ids: Vec<usize> =
            core_affinity::get_core_ids().unwrap_or_default().into_iter().map(|core| core.id).collect();
        ids.sort_unstable();
        Self(ids)
    }

    /// These cores, whatever the machine has: for tests and for operators who know better.
    pub fn of(cores: &[usize]) -> Self {
        let mut ids = cores.to_vec();
        ids.sort_unstable();
        Self(ids)
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The n-th of them, or `None`.
    pub fn nth(&self, n: usize) -> Option<usize> {
        self.0.get(n).copied()
    }

    /// Whether a core is among them.
    pub fn contains(&self, core: usize) -> bool {
        self.0.contains(&core)
    }
}

/// Pins the current thread; says whether the system did it.
pub fn pin_to_core(core: usize) -> bool {
    core_affinity::set_for_current(CoreId { id: core })
}
