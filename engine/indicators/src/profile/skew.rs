//! The skewness of volume over price: third standardised moment of the bins' centres, weighted by volume.
//!
//! It does not depend on where zero is or how wide a bin is, so it is computed in bins away from the largest one:
//! small numbers where the volume is. Two passes: the mean, then the moments about it, lowest bin first.

use super::bins::Bin;

/// The skewness; 0 where all volume lies in one bin. `bins` ascend, `total` is their sum, `origin` a bin near
/// most of the volume.
pub(super) fn skew(bins: &[Bin], total: i128, origin: i64) -> f64 {
    if bins.len() < 2 {
        return 0.0;
    }
    let total = to_f64(total);
    let points = || bins.iter().map(|bin| ((bin.index - origin) as f64, to_f64(bin.volume)));
    let mean = points().map(|(offset, volume)| volume * offset).sum::<f64>() / total;
    let (mut second, mut third) = (0.0, 0.0);
    for (offset, volume) in points() {
        let distance = offset - mean;
        let weighted = volume * distance * distance;
        second += weighted;
        third += weighted * distance;
    }
    let variance = second / total;
    third / total / (variance * variance.sqrt())
}

/// A volume as a float, to two roundings. By its halves: whole 128-bit integers are converted by a slow call.
#[inline]
pub(super) fn to_f64(volume: i128) -> f64 {
    debug_assert!(volume >= 0, "a volume is not negative");
    const HIGH_UNIT: f64 = 18_446_744_073_709_551_616.0;
    (volume >> 64) as u64 as f64 * HIGH_UNIT + volume as u64 as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(volumes: &[(i64, i128)], origin: i64, expected: f64) {
        let bins: Vec<Bin> = volumes.iter().map(|&(index, volume)| Bin { index, volume }).collect();
        let total = volumes.iter().map(|(_, volume)| volume).sum();
        let skew = skew(&bins, total, origin);
        assert!(
            (skew - expected).abs() <= 1e-12 * expected.abs().max(1.0),
            "{volumes:?}: {skew}, {expected}"
        );
    }

    #[test]
    fn leans_to_the_long_tail() {
        check(&[(5, 7)], 5, 0.0);
        check(&[(0, 1), (1, 2), (2, 1)], 1, 0.0);
        // Of two points: (1 − 2p)/√(p·(1 − p)), p the upper one's share.
        check(&[(0, 3), (1, 1)], 0, 0.5 / (3.0_f64 / 16.0).sqrt());
        check(&[(0, 1), (1, 3)], 1, -0.5 / (3.0_f64 / 16.0).sqrt());
        check(&[(-900_000_000_000, 3), (900_000_000_000, 1)], 0, 0.5 / (3.0_f64 / 16.0).sqrt());
    }

    #[test]
    fn a_lone_tick_far_away_is_not_lost() {
        let p = 1e-18_f64;
        let volumes = [(0, 999_999_999_999_999_999), (999_999_999_999_999_999, 1)];
        check(&volumes, 0, (1.0 - 2.0 * p) / (p * (1.0 - p)).sqrt());
        assert_eq!(to_f64(1 << 100).to_bits(), 2.0_f64.powi(100).to_bits());
    }
}
