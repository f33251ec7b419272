//! The value area: the bins around the largest one that hold 70% of the volume.
//!
//! From the largest bin, the larger neighbour is added, the upper one on a tie, until at least 70% are in. Where
//! both neighbours are empty the upper one is added, and so on up to the next bin with volume: a run of empty
//! bins is crossed in one step.

use super::bins::Bin;

/// The lowest and highest bin of the area, both with volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ValueArea {
    pub lowest: i64,
    pub highest: i64,
}

/// The place of the largest bin in the list, the lowest on a tie.
///
/// # Panics
/// Without bins.
pub(super) fn largest(bins: &[Bin]) -> usize {
    let mut largest = 0;
    for (place, bin) in bins.iter().enumerate() {
        if bin.volume > bins[largest].volume {
            largest = place;
        }
    }
    largest
}

/// The area around the bin at `place`. `bins` ascend and `total` is their sum.
pub(super) fn value_area(bins: &[Bin], total: i128, place: usize) -> ValueArea {
    let (mut low, mut high) = (place, place);
    let mut volume = bins[place].volume;
    while 10 * volume < 7 * total {
        let is_next = |below: &Bin, above: &Bin| below.index + 1 == above.index;
        let beside = |near: bool, bin: &Bin| if near { bin.volume } else { 0 };
        let above = bins.get(high + 1).map(|bin| beside(is_next(&bins[high], bin), bin));
        let below = low.checked_sub(1).map(|low| beside(is_next(&bins[low], &bins[low + 1]), &bins[low]));
        // `None`, no bin on that side, is below every volume.
        if below > above {
            low -= 1;
            volume += bins[low].volume;
        } else {
            high += 1;
            volume += bins[high].volume;
        }
    }
    ValueArea { lowest: bins[low].index, highest: bins[high].index }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(volumes: &[(i64, i128)], expected: (i64, i64)) {
        let bins: Vec<Bin> = volumes.iter().map(|&(index, volume)| Bin { index, volume }).collect();
        let total = volumes.iter().map(|(_, volume)| volume).sum();
        let area = value_area(&bins, total, largest(&bins));
        assert_eq!((area.lowest, area.highest), expected, "{volumes:?}");
    }

    #[test]
    fn grows_towards_the_larger_neighbour() {
        check(&[(0, 10), (1, 40), (2, 30), (3, 20)], (1, 2));
        check(&[(0, 20), (1, 20), (2, 40), (3, 20)], (1, 3));
        check(&[(0, 30), (1, 40), (2, 30)], (1, 2));
        check(&[(0, 69), (1, 31)], (0, 1));
        check(&[(0, 70), (1, 30)], (0, 0));
        check(&[(7, 5)], (7, 7));
    }

    #[test]
    fn the_largest_is_the_lowest_on_a_tie() {
        check(&[(0, 35), (1, 35), (2, 30)], (0, 1));
    }

    #[test]
    fn crosses_empty_runs_upwards_first() {
        // Both neighbours empty: up, although the lower bin is nearer and larger.
        check(&[(-2, 30), (0, 40), (1_000_000_000, 30)], (0, 1_000_000_000));
        // Below is one with volume, above is empty.
        check(&[(-1, 30), (0, 40), (2, 30)], (-1, 0));
        // Nothing above.
        check(&[(-9, 29), (-5, 30), (0, 40)], (-5, 0));
    }
}
