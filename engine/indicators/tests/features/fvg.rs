//! Fair value gaps from the whole history: each gap's life on its own, from its birth to its end.

use crate::histories::Step;

/// A gap, raw: when it formed, its edges, its side.
struct Gap {
    born: usize,
    bottom: i64,
    top: i64,
    is_bullish: bool,
}

/// How a gap stands at a bar.
#[derive(PartialEq)]
enum Fate {
    Active,
    MitigatedNow,
    Gone,
}

fn born_at(steps: &[Step], t: usize) -> Option<Gap> {
    if t < 19 {
        return None;
    }
    let body = |step: &Step| i128::from((step.bar.close.raw() - step.bar.open.raw()).abs());
    let bodies: i128 = steps[t - 19..=t].iter().map(body).sum();
    // body/(bodies/20) > 3/2
    if body(&steps[t - 1]) * 20 * 2 <= bodies * 3 {
        return None;
    }
    let (first, middle, last) = (&steps[t - 2].bar, &steps[t - 1].bar, &steps[t].bar);
    let gap = |bottom: i64, top: i64, is_bullish| Some(Gap { born: t, bottom, top, is_bullish });
    if last.low > first.high && middle.close > first.high {
        return gap(first.high.raw(), last.low.raw(), true);
    }
    if last.high < first.low && middle.close < first.low {
        return gap(last.high.raw(), first.low.raw(), false);
    }
    None
}

impl Gap {
    fn fate(&self, steps: &[Step], now: usize) -> Fate {
        let reached = |t: &usize| {
            let bar = &steps[*t].bar;
            if self.is_bullish { bar.low.raw() <= self.bottom } else { bar.high.raw() >= self.top }
        };
        let oldest = (self.born + 49).min(now);
        match (self.born + 1..=oldest).find(reached) {
            Some(end) if end == now => Fate::MitigatedNow,
            Some(_) => Fate::Gone,
            None if now >= self.born + 50 => Fate::Gone,
            None => Fate::Active,
        }
    }
}

/// Bullish active, bearish active, mitigation, nearest level, age.
pub fn expected(steps: &[Step]) -> [f64; 5] {
    let now = steps.len() - 1;
    if now < 19 {
        return [f64::NAN; 5];
    }
    let gaps: Vec<Gap> = (0..=now).filter_map(|t| born_at(steps, t)).collect();
    let active: Vec<&Gap> = gaps.iter().filter(|gap| gap.fate(steps, now) == Fate::Active).collect();
    let mitigated = gaps.iter().any(|gap| gap.fate(steps, now) == Fate::MitigatedNow);
    let close = steps[now].bar.close.raw();
    let edges = active.iter().flat_map(|gap| [(gap.bottom, gap), (gap.top, gap)]);
    // Nearest, then youngest, then lowest.
    let nearest = edges.min_by_key(|(edge, gap)| ((edge - close).abs(), now - gap.born, *edge));
    let (level, age) = nearest.map_or((0.0, 0.0), |(edge, gap)| {
        let level = if close == 0 { f64::NAN } else { edge as f64 / close as f64 - 1.0 };
        (level, (-((now - gap.born) as f64) / 10.0).exp())
    });
    let flag = |on: bool| f64::from(u8::from(on));
    let has = |bullish: bool| flag(active.iter().any(|gap| gap.is_bullish == bullish));
    [has(true), has(false), flag(mitigated), level, age]
}
