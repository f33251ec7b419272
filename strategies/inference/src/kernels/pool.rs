//! Means over time, in the reduction shape of all layers.

use super::LANES;

/// Means over spans of rows.
pub(crate) struct Pool<'a> {
    /// `rows` rows of `channels` numbers.
    pub input: &'a [f32],
    /// Rows in.
    pub rows: usize,
    /// Numbers a row.
    pub channels: usize,
    /// Rows out.
    pub spans: usize,
    /// `spans` rows of `channels` numbers.
    pub output: &'a mut [f32],
}

/// The rows of span `span`: ⌊s·T/S⌋ to ⌈(s+1)·T/S⌉.
#[inline(always)]
pub(crate) fn span_rows(span: usize, spans: usize, rows: usize) -> std::ops::Range<usize> {
    span * rows / spans..((span + 1) * rows).div_ceil(spans)
}

/// Row r of a span is taken by lane r mod 16; the lanes are folded; the sum is divided by the number of rows.
#[inline(always)]
pub(super) fn pool(job: Pool<'_>) {
    let Pool { input, rows, channels, spans, output } = job;
    assert_eq!(input.len(), rows * channels);
    assert_eq!(output.len(), spans * channels);
    for span in 0..spans {
        let range = span_rows(span, spans, rows);
        let count = range.len();
        let input = &input[range.start * channels..range.end * channels];
        let output = &mut output[span * channels..(span + 1) * channels];
        let whole = channels / LANES * LANES;
        for start in (0..whole).step_by(LANES) {
            mean::<LANES>(input, channels, start, count, output);
        }
        for start in whole..channels {
            mean::<1>(input, channels, start, count, output);
        }
    }
}

/// Means of `N` neighbouring channels.
#[inline(always)]
fn mean<const N: usize>(input: &[f32], channels: usize, start: usize, count: usize, output: &mut [f32]) {
    let rows = Rows::<N> { input: &input[start..], channels, count };
    let sum = rows.folded();
    let divisor = count as f32;
    for (mean, sum) in output[start..start + N].iter_mut().zip(sum) {
        *mean = sum / divisor;
    }
}

/// `count` rows of `N` numbers each, `channels` apart.
struct Rows<'a, const N: usize> {
    input: &'a [f32],
    channels: usize,
    count: usize,
}

impl<const N: usize> Rows<'_, N> {
    /// The rows `lane`, + 16, … in this order.
    #[inline(always)]
    fn lane(&self, lane: usize) -> [f32; N] {
        let mut sum = self.row(lane);
        for row in (lane + LANES..self.count).step_by(LANES) {
            sum = add(sum, self.row(row));
        }
        sum
    }

    #[inline(always)]
    fn row(&self, row: usize) -> [f32; N] {
        self.input[row * self.channels..][..N].try_into().expect("N numbers")
    }

    #[inline(always)]
    fn pair(&self, i: usize) -> [f32; N] {
        if i + 8 < self.count { add(self.lane(i), self.lane(i + 8)) } else { self.lane(i) }
    }

    #[inline(always)]
    fn folded(&self) -> [f32; N] {
        let mut sum = self.pair(0);
        for i in [4, 1, 5, 2, 6, 3, 7] {
            if i < self.count {
                sum = add(sum, self.pair(i));
            }
        }
        sum
    }
}

#[inline(always)]
fn add<const N: usize>(a: [f32; N], b: [f32; N]) -> [f32; N] {
    std::array::from_fn(|i| a[i] + b[i])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_follow_the_adaptive_rule() {
        let check = |rows, spans, expected: &[(usize, usize)]| {
            let found: Vec<_> = (0..spans).map(|span| span_rows(span, spans, rows)).collect();
            let expected: Vec<_> = expected.iter().map(|&(start, end)| start..end).collect();
            assert_eq!(found, expected, "{rows} rows in {spans} spans");
        };
        check(60, 8, &[(0, 8), (7, 15), (15, 23), (22, 30), (30, 38), (37, 45), (45, 53), (52, 60)]);
        check(5, 1, &[(0, 5)]);
        check(4, 4, &[(0, 1), (1, 2), (2, 3), (3, 4)]);
        check(2, 3, &[(0, 1), (0, 2), (1, 2)]);
    }

    #[test]
    fn means_of_few_and_many_rows() {
        for (rows, channels, spans) in
            [(60, 32, 8), (7, 3, 2), (100, 17, 3), (1, 16, 1), (2, 5, 3), (33, 1, 1)]
        {
            let input: Vec<f32> = (0..rows * channels).map(|i| ((i * 37) % 101) as f32 - 50.0).collect();
            let mut output = vec![f32::NAN; spans * channels];
            pool(Pool { input: &input, rows, channels, spans, output: &mut output });
            for span in 0..spans {
                for channel in 0..channels {
                    let range = span_rows(span, spans, rows);
                    let count = range.len() as f64;
                    let sum: f64 = range.map(|row| f64::from(input[row * channels + channel])).sum();
                    let found = f64::from(output[span * channels + channel]);
                    assert!((found - sum / count).abs() < 1e-5, "{rows}x{channels} span {span}");
                }
            }
        }
    }
}
