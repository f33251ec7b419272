//! The volume profile from the ticks of the last 20 bars, bin by bin over the whole range.

use crate::histories::Step;
use std::collections::BTreeMap;

/// 10^(⌊log10 |p|⌋ − 4) of the first price that is not 0, by counting digits.
fn width(steps: &[Step]) -> Option<i64> {
    let first = steps.iter().flat_map(|step| &step.ticks).map(|tick| tick.0).find(|price| *price != 0)?;
    let digits = first.abs().to_string().len();
    Some((5..digits).fold(1, |width, _| 10 * width))
}

/// A bar's volume by bin, and how many of its ticks would have made it span more than 4,096 bins: those count into
/// the bin that is as far from the others as may be.
fn bins_of(step: &Step, width: i64) -> (BTreeMap<i64, i128>, u64) {
    let (mut bins, mut outside) = (BTreeMap::new(), 0);
    for (price, size) in &step.ticks {
        let exact = price.div_euclid(width);
        let low = bins.keys().next().copied().unwrap_or(exact);
        let high = bins.keys().next_back().copied().unwrap_or(exact);
        let bin = exact.max(high - 4_095).min(low + 4_095);
        outside += u64::from(bin != exact);
        *bins.entry(bin).or_insert(0) += i128::from(*size);
    }
    (bins, outside)
}

/// How many ticks lie too far from the others of their bar.
pub fn clamped(steps: &[Step]) -> u64 {
    width(steps).map_or(0, |width| steps.iter().map(|step| bins_of(step, width).1).sum())
}

fn atr14(steps: &[Step]) -> f64 {
    let range = |i: usize| {
        let bar = &steps[i].bar;
        let last = if i == 0 { bar.low } else { steps[i - 1].bar.close };
        (bar.high.max(last).raw() - bar.low.min(last).raw()) as f64 / 1e9
    };
    let seed = (0..14).map(range).sum::<f64>() / 14.0;
    (14..steps.len()).fold(seed, |atr, i| (13.0 * atr + range(i)) / 14.0)
}

/// Node distance, node strength, distance of the largest bin, position in the value area, skew.
pub fn expected(steps: &[Step]) -> [f64; 5] {
    if steps.len() < 20 {
        return [f64::NAN; 5];
    }
    let (atr, Some(width)) = (atr14(steps), width(steps)) else { return [0.0; 5] };
    let mut sum = BTreeMap::<i64, i128>::new();
    for (bin, volume) in steps[steps.len() - 20..].iter().flat_map(|step| bins_of(step, width).0) {
        *sum.entry(bin).or_default() += volume;
    }
    let (Some(lowest), Some(highest)) = (sum.keys().next(), sum.keys().next_back()) else { return [0.0; 5] };
    if atr <= 0.0 {
        return [0.0; 5];
    }
    // Every bin of the range, the empty ones too.
    let dense: Vec<i128> = (*lowest..=*highest).map(|bin| sum.get(&bin).copied().unwrap_or(0)).collect();
    let close = steps[steps.len() - 1].bar.close.raw();
    let shape = Shape { volumes: &dense, total: dense.iter().sum(), lowest: *lowest, width, close };
    let (distance, strength) = shape.node().map_or((0.0, 0.0), |place| {
        let mean = shape.total as f64 / dense.len() as f64;
        (shape.offset(place) / atr, 1.0 - dense[place] as f64 / mean)
    });
    [distance, strength, shape.offset(shape.largest()) / atr, shape.position(), shape.skew()]
}

struct Shape<'a> {
    volumes: &'a [i128],
    total: i128,
    lowest: i64,
    width: i64,
    close: i64,
}

impl Shape<'_> {
    /// Twice the centre less the close, raw.
    fn twice_offset(&self, place: usize) -> i64 {
        (2 * (self.lowest + place as i64) + 1) * self.width - 2 * self.close
    }

    fn offset(&self, place: usize) -> f64 {
        self.twice_offset(place) as f64 / 2e9
    }

    fn largest(&self) -> usize {
        let max = self.volumes.iter().max().unwrap();
        self.volumes.iter().position(|volume| volume == max).unwrap()
    }

    fn node(&self) -> Option<usize> {
        let (volumes, total) = (self.volumes, self.total);
        let is_node = |place: &usize| {
            let (below, own, above) = (volumes[place - 1], volumes[*place], volumes[place + 1]);
            // volume < 20% of total/length
            own <= below
                && own <= above
                && (own < below || own < above)
                && 5 * own * (volumes.len() as i128) < total
        };
        let nodes = (1..volumes.len().saturating_sub(1)).filter(is_node);
        nodes.min_by_key(|place| (self.twice_offset(*place).abs(), *place))
    }

    /// The close's place in the value area, grown bin by bin.
    fn position(&self) -> f64 {
        let (volumes, total) = (self.volumes, self.total);
        let (mut low, mut high) = (self.largest(), self.largest());
        let mut inside = volumes[low];
        while inside * 10 < total * 7 {
            let up = volumes.get(high + 1);
            let down = if low == 0 { None } else { volumes.get(low - 1) };
            match (up, down) {
                (Some(up), Some(down)) if up >= down => high += 1,
                (Some(_), None) => high += 1,
                _ => low -= 1,
            }
            inside += up.max(down).expect("a neighbour, while not all is inside");
        }
        let bottom = (self.lowest + low as i64) * self.width;
        (self.close - bottom) as f64 / ((high - low + 1) as i64 * self.width) as f64
    }

    fn skew(&self) -> f64 {
        let (total, home) = (self.total as f64, self.largest() as f64);
        // From the largest bin: about the lowest, the moments of a few units among 1e18 would be rounding.
        let weights = || {
            (0..).zip(self.volumes).map(|(place, volume)| (f64::from(place) - home, *volume as f64 / total))
        };
        let mean: f64 = weights().map(|(x, w)| w * x).sum();
        let moment = |n: i32| weights().map(|(x, w)| w * (x - mean).powi(n)).sum::<f64>();
        if moment(2) > 0.0 { moment(3) / moment(2).powf(1.5) } else { 0.0 }
    }
}
