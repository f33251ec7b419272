//! The last 200 labelled points, and the vote of those nearest to another.
//!
//! 200 points are walked at each bar: that is under a microsecond, and a tree would have to forget its oldest.

/// How many neighbours vote.
pub(super) const NEIGHBOURS: usize = 5;
/// How many labelled points are kept.
const LABELLED_MAX: usize = 200;

const _: () = assert!(NEIGHBOURS % 2 == 1 && NEIGHBOURS <= LABELLED_MAX, "a vote is never a draw");

/// A bar's place: its two averaged indices, each 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub p1: f64,
    pub p2: f64,
}

model::value!(Point { p1, p2 });

/// The points with their labels.
#[derive(Debug, Clone)]
pub(super) struct Labelled {
    /// A ring of points and whether the close was higher afterwards.
    all: Box<[(Point, bool); LABELLED_MAX]>,
    /// Where the next one goes, so the oldest once the ring is full.
    next: usize,
    len: usize,
}

model::state!(Labelled {
    all, next, len;
    check |labelled| labelled.next < LABELLED_MAX && labelled.len <= LABELLED_MAX
});

impl Labelled {
    pub(super) fn new() -> Self {
        Self { all: Box::new([(Point { p1: 0.0, p2: 0.0 }, false); LABELLED_MAX]), next: 0, len: 0 }
    }

    /// Adds a point; the oldest leaves a full ring.
    pub(super) fn push(&mut self, point: Point, higher: bool) {
        self.all[self.next] = (point, higher);
        self.next = (self.next + 1) % LABELLED_MAX;
        self.len = (self.len + 1).min(LABELLED_MAX);
    }

    /// How many of the points nearest to `at` were followed by a higher close, the older one counting as nearer
    /// at equal squared distance. `None` while there are too few.
    pub(super) fn votes(&self, at: Point) -> Option<u32> {
        if self.len < NEIGHBOURS {
            return None;
        }
        let (wrapped, older) = self.all[..self.len].split_at(self.next % self.len);
        let mut nearest = [(f64::INFINITY, false); NEIGHBOURS];
        for (point, higher) in older.iter().chain(wrapped) {
            let distance = (point.p1 - at.p1) * (point.p1 - at.p1) + (point.p2 - at.p2) * (point.p2 - at.p2);
            if distance < nearest[NEIGHBOURS - 1].0 {
                insert(&mut nearest, (distance, *higher));
            }
        }
        Some(nearest.iter().map(|(_, higher)| u32::from(*higher)).sum())
    }
}

/// Puts a candidate behind all that are as near, and drops the last.
fn insert(nearest: &mut [(f64, bool); NEIGHBOURS], candidate: (f64, bool)) {
    let mut place = NEIGHBOURS - 1;
    while place > 0 && candidate.0 < nearest[place - 1].0 {
        nearest[place] = nearest[place - 1];
        place -= 1;
    }
    nearest[place] = candidate;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(p1: f64) -> Point {
        Point { p1, p2: 50.0 }
    }

    #[test]
    fn older_ones_come_first_on_a_tie() {
        let mut labelled = Labelled::new();
        // Equally far on both sides: the five oldest vote.
        for i in 0..10 {
            labelled.push(point(if i % 2 == 0 { 40.0 } else { 60.0 }), i == 0 || i == 4);
        }
        assert_eq!(labelled.votes(point(50.0)), Some(2));
        // The two hundredth still finds room, the next takes the oldest's.
        for (more, expected) in [(190, 2), (1, 1), (3, 1), (1, 0)] {
            (0..more).for_each(|_| labelled.push(point(40.0), false));
            assert_eq!(labelled.votes(point(50.0)), Some(expected));
        }
    }

    #[test]
    fn five_are_needed_and_the_nearest_vote() {
        let mut labelled = Labelled::new();
        for i in 0..5 {
            assert_eq!(labelled.votes(point(0.0)), None);
            labelled.push(point(f64::from(i)), i == 1);
        }
        assert_eq!(labelled.votes(point(0.0)), Some(1));
        labelled.push(point(0.5), true);
        assert_eq!(labelled.votes(point(0.0)), Some(2));
        assert_eq!(labelled.votes(point(100.0)), Some(2));
        labelled.push(point(90.0), false);
        assert_eq!(labelled.votes(point(100.0)), Some(1));
    }
}
