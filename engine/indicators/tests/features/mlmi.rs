//! MLMI from the whole history: all crossings first, then the labels among them.

use crate::Expected;
use crate::histories::Step;

/// Wilder's index from the n-th change on, by bar; `None` before.
fn rsi(closes: &[i64], n: usize) -> Vec<Option<f64>> {
    let (mut gain, mut loss) = (0.0, 0.0);
    let mut value = 50.0;
    (0..closes.len())
        .map(|i| {
            let change = if i == 0 { 0 } else { closes[i] - closes[i - 1] };
            let (up, down) = (change.max(0) as f64, change.min(0).abs() as f64);
            if i <= n {
                (gain, loss) = (gain + up / n as f64, loss + down / n as f64);
            } else {
                (gain, loss) =
                    ((gain * (n as f64 - 1.0) + up) / n as f64, (loss * (n as f64 - 1.0) + down) / n as f64);
            }
            // Both averages shrink alike where nothing moves: the index stays.
            if (change != 0 || i <= n) && gain + loss > 0.0 {
                value = 100.0 - 100.0 * loss / (gain + loss);
            }
            (i >= n).then_some(value)
        })
        .collect()
}

fn wma20(values: &[Option<f64>], at: usize) -> Option<f64> {
    let window = values.get((at + 1).checked_sub(20)?..=at)?;
    let weighted: Option<Vec<f64>> =
        window.iter().zip(1..).map(|(value, w)| value.map(|v| v * f64::from(w))).collect();
    Some(weighted?.iter().sum::<f64>() / 210.0)
}

/// WMA5 > WMA20 in whole numbers, the averages brought to one denominator.
fn above(closes: &[i64], at: usize) -> Option<bool> {
    let average = |n: usize| {
        let window = closes.get((at + 1).checked_sub(n)?..=at)?;
        let sum: i128 = window.iter().zip(1..).map(|(close, weight)| i128::from(*close) * weight).sum();
        Some(sum * (210 / (n * (n + 1) / 2)) as i128)
    };
    Some(average(5)? > average(20)?)
}

fn closes(steps: &[Step]) -> Vec<i64> {
    steps.iter().map(|step| step.bar.close.raw()).collect()
}

/// The bars, from 0, at which the truth of [`above`] differs from the bar before.
pub fn crossings(steps: &[Step]) -> Vec<usize> {
    let closes = closes(steps);
    let differs = |at: &usize| {
        let before = above(&closes, at - 1);
        before.is_some() && before != above(&closes, *at)
    };
    (1..closes.len()).filter(differs).collect()
}

/// Value, signal, confidence.
pub fn expected(steps: &[Step]) -> [Expected; 3] {
    let closes = closes(steps);
    let (slow, fast) = (rsi(&closes, 20), rsi(&closes, 5));
    let point = |at: usize| Some((wma20(&slow, at)?, wma20(&fast, at)?));
    let now = closes.len() - 1;
    let Some((p1, p2)) = point(now) else { return [f64::NAN; 3].map(|none| Expected(vec![none])) };
    let labelled: Vec<(f64, bool)> = crossings(steps)
        .windows(2)
        .filter_map(|pair| {
            let (x, y) = point(pair[0])?;
            Some(((x - p1).powi(2) + (y - p2).powi(2), closes[pair[1]] > closes[pair[0]]))
        })
        .collect();
    let kept = &labelled[labelled.len().saturating_sub(200)..];
    if kept.len() < 5 {
        return [0.5, 0.0, 0.0].map(|value| Expected(vec![value]));
    }
    let mut nearest = kept.to_vec();
    // Stable: the older first.
    nearest.sort_by(|a, b| a.0.total_cmp(&b.0));
    let values: Vec<f64> = possible_votes(&nearest).iter().map(|votes| *votes as f64 / 5.0).collect();
    let signals = values.iter().map(|value| (value - 0.5).signum()).collect();
    let confidences = values.iter().map(|value| (value - 0.5).abs() * 2.0).collect();
    [values, signals, confidences].map(Expected)
}

/// The votes of the five nearest; where distances about the fifth differ, but by less than rounding, all that
/// those may add up to. `nearest` is sorted by distance.
fn possible_votes(nearest: &[(f64, bool)]) -> Vec<usize> {
    let ups = |points: &[(f64, bool)]| points.iter().filter(|(_, higher)| *higher).count();
    let (votes, fifth) = (ups(&nearest[..5]), nearest[4].0);
    let sure = nearest.partition_point(|(distance, _)| *distance < fifth - 1e-9);
    let end = nearest.partition_point(|(distance, _)| *distance < fifth + 1e-9);
    let near = &nearest[sure..end];
    if near.iter().all(|(distance, _)| distance.to_bits() == fifth.to_bits()) {
        return vec![votes];
    }
    let (places, up) = (5 - sure, ups(near));
    let least = places.saturating_sub(near.len() - up);
    (least..=places.min(up)).map(|more| ups(&nearest[..sure]) + more).collect()
}
