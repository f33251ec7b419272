//! The last trade ids of a symbol: a ring, and a table to find an id in it.
//!
//! Why not a `HashSet`: ids must leave in the order they came, and nothing may allocate once the window
//! is full. The table is open-addressed with linear probing and shifts back on removal. Both grow by
//! doubling until the window is full, so that symbols with few trades stay small.

/// How many ids are remembered.
pub const DUPLICATE_WINDOW: usize = 65_536;

const EMPTY: u32 = u32::MAX;
const START: usize = 1_024;

/// The last [`DUPLICATE_WINDOW`] ids.
#[derive(Debug, Clone, Default)]
pub struct DuplicateWindow {
    /// Ids by arrival; wraps around once full.
    ring: Vec<u128>,
    /// Where the next id goes once the ring is full.
    oldest: usize,
    /// Twice the ring's capacity; places in the ring, or [`EMPTY`].
    table: Vec<u32>,
}

fn mix(id: u128) -> usize {
    let folded = (id as u64) ^ ((id >> 64) as u64).rotate_left(32);
    let product = u128::from(folded) * 0x9e37_79b9_7f4a_7c15;
    (product as u64 ^ (product >> 64) as u64) as usize
}

impl DuplicateWindow {
    /// Whether an id is among the last.
    #[inline]
    pub fn contains(&self, id: u128) -> bool {
        !self.table.is_empty() && self.table[self.find(id)] != EMPTY
    }

    /// Adds an id that is not among the last; the oldest leaves if the window is full.
    pub fn insert(&mut self, id: u128) {
        debug_assert!(!self.contains(id), "an id enters once");
        if self.ring.len() == DUPLICATE_WINDOW {
            self.remove(self.ring[self.oldest]);
            self.ring[self.oldest] = id;
            let slot = self.find(id);
            self.table[slot] = self.oldest as u32;
            self.oldest = (self.oldest + 1) % DUPLICATE_WINDOW;
            return;
        }
        if self.ring.len() * 2 >= self.table.len() {
            self.grow();
        }
        let slot = self.find(id);
        self.table[slot] = self.ring.len() as u32;
        self.ring.push(id);
    }

    fn grow(&mut self) {
        let places = (self.ring.len() * 2).clamp(START, DUPLICATE_WINDOW);
        self.ring.reserve_exact(places - self.ring.len());
        self.table.clear();
        self.table.resize(places * 2, EMPTY);
        for place in 0..self.ring.len() {
            let slot = self.find(self.ring[place]);
            self.table[slot] = place as u32;
        }
    }

    /// The slot of an id, or the empty one where it belongs.
    #[inline]
    fn find(&self, id: u128) -> usize {
        let mask = self.table.len() - 1;
        let mut slot = mix(id) & mask;
        while self.table[slot] != EMPTY && self.ring[self.table[slot] as usize] != id {
            slot = (slot + 1) & mask;
        }
        slot
    }

    /// Empties the slot of an id and moves back those that had to pass it.
    fn remove(&mut self, id: u128) {
        let mask = self.table.len() - 1;
        let mut hole = self.find(id);
        let mut slot = hole;
        loop {
            slot = (slot + 1) & mask;
            if self.table[slot] == EMPTY {
                break;
            }
            let home = mix(self.ring[self.table[slot] as usize]) & mask;
            if (slot.wrapping_sub(home) & mask) >= (slot.wrapping_sub(hole) & mask) {
                self.table[hole] = self.table[slot];
                hole = slot;
            }
        }
        self.table[hole] = EMPTY;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    #[test]
    fn remembers_exactly_the_window() {
        let mut window = DuplicateWindow::default();
        assert!(!window.contains(0));
        for id in 0..(3 * DUPLICATE_WINDOW as u128) {
            window.insert(id);
            let oldest = (id + 1).saturating_sub(DUPLICATE_WINDOW as u128);
            assert!(window.contains(id) && window.contains(oldest));
            assert!(oldest == 0 || !window.contains(oldest - 1));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]
        #[test]
        fn agrees_with_a_plain_queue(seed in any::<u64>(), spread in 1_u64..40) {
            let mut window = DuplicateWindow::default();
            let mut queue = VecDeque::new();
            let mut set = std::collections::BTreeSet::new();
            let mut state = seed | 1;
            for _ in 0..150_000 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let id = u128::from((state >> 33) % (spread * 10_000)) << 60;
                prop_assert_eq!(window.contains(id), set.contains(&id));
                if set.insert(id) {
                    window.insert(id);
                    queue.push_back(id);
                    if queue.len() > DUPLICATE_WINDOW {
                        set.remove(&queue.pop_front().unwrap());
                    }
                }
            }
        }
    }
}
