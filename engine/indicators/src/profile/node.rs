//! LVN, low volume node: the nearest price at which hardly anything traded between prices at which more did.
//!
//! A bin strictly inside the range is a node iff its volume is at most both neighbours', below at least one of
//! them, and below 20% of the mean over the range, empty bins included. Of a run of empty bins only the two
//! ends have a neighbour with volume, so a run is never walked; a bin with volume beside an empty one is no node.

use super::bins::Bin;

/// A node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node {
    /// ⌊price/width⌋.
    pub index: i64,
    /// Raw.
    pub volume: i128,
}

/// The node whose centre is nearest to the raw price `close`, the lower on a tie. `bins` ascend and `total` is
/// their sum.
pub(super) fn nearest_node(bins: &[Bin], total: i128, width: i64, close: i64) -> Option<Node> {
    let volume_max = volume_max(bins, total)?;
    let mut nearest: Option<(i64, Node)> = None;
    let mut consider = |index, volume| {
        let distance = twice_centre_less(index, width, close).abs();
        if nearest.is_none_or(|(least, _)| distance < least) {
            nearest = Some((distance, Node { index, volume }));
        }
    };
    let mut below: Option<&Bin> = None;
    for (bin, above) in bins.iter().zip(bins.iter().skip(1)) {
        let is_dip = |below: &Bin| {
            bin.volume <= below.volume.min(above.volume) && bin.volume < below.volume.max(above.volume)
        };
        if above.index > bin.index + 1 {
            consider(bin.index + 1, 0);
            consider(above.index - 1, 0);
        } else if bin.volume <= volume_max
            && below.is_some_and(|below| below.index == bin.index - 1 && is_dip(below))
        {
            consider(bin.index, bin.volume);
        }
        below = Some(bin);
    }
    nearest.map(|(_, node)| node)
}

/// The largest volume below 20% of the mean over the range: 5·volume·length < total. `None` without bins.
fn volume_max(bins: &[Bin], total: i128) -> Option<i128> {
    let (lowest, highest) = (bins.first()?, bins.last()?);
    let length = i128::from(highest.index) - i128::from(lowest.index) + 1;
    Some((total - 1) / (5 * length))
}

/// Twice the distance from a raw price up to a bin's centre, raw: 2·(index + ½)·width − 2·price. A bin of the
/// range lies between prices, so its edges are within ±1e18 and a width, and this fits.
#[inline]
pub(super) fn twice_centre_less(index: i64, width: i64, price: i64) -> i64 {
    2 * (index * width - price) + width
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(volumes: &[(i64, i128)], close: i64, expected: Option<(i64, i128)>) {
        let bins: Vec<Bin> = volumes.iter().map(|&(index, volume)| Bin { index, volume }).collect();
        let total = volumes.iter().map(|(_, volume)| volume).sum();
        let node = nearest_node(&bins, total, 10, close).map(|node| (node.index, node.volume));
        assert_eq!(node, expected, "{volumes:?} near {close}");
    }

    #[test]
    fn a_dip_must_be_deep_and_inside() {
        // Mean 34: below 6.8.
        check(&[(0, 80), (1, 6), (2, 16)], 0, Some((1, 6)));
        check(&[(0, 80), (1, 7), (2, 15)], 0, None);
        check(&[(0, 1), (1, 80), (2, 1)], 0, None);
        check(&[(0, 80)], 0, None);
        check(&[], 0, None);
        // Exactly a fifth of the mean is not below it.
        check(&[(0, 50), (1, 5), (2, 20)], 0, None);
    }

    #[test]
    fn equal_neighbours_need_one_that_is_larger() {
        check(&[(0, 90), (1, 1), (2, 1), (3, 90)], 0, Some((1, 1)));
        check(&[(0, 90), (1, 1), (2, 1), (3, 1), (4, 90)], 25, Some((1, 1)));
        check(&[(0, 90), (1, 1), (2, 1), (3, 1), (4, 90)], 26, Some((3, 1)));
        check(&[(0, 90), (1, 2), (2, 1), (3, 2), (4, 90)], 0, Some((2, 1)));
    }

    #[test]
    fn of_an_empty_run_only_the_ends_count() {
        check(&[(0, 1), (5, 9)], 0, Some((1, 0)));
        check(&[(0, 1), (5, 9)], 29, Some((1, 0)));
        check(&[(0, 1), (5, 9)], 30, Some((1, 0)));
        check(&[(0, 1), (5, 9)], 31, Some((4, 0)));
        check(&[(0, 1), (2, 9)], 99, Some((1, 0)));
        // The bin with volume beside an empty one is not at most its neighbour.
        check(&[(0, 90), (1, 1), (3, 90)], 15, Some((2, 0)));
        let far = 50_000_000_000_000_000;
        check(&[(-far, 1), (far, 1)], 5, Some((-far + 1, 0)));
        check(&[(-far, 1), (far, 1)], 6, Some((far - 1, 0)));
    }
}
