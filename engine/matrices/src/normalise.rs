//! Rows to cells: the z-score over a window, straight into the frame.
//!
//! Why so: sums run over rows, oldest first, for all columns side by side; that order is fixed whatever the ring's
//! position, and the compiler vectorises across columns, which changes no result.
//! Not here: which rows are in the window (`window`).

use crate::window::Window;
use crate::{Column, Scaling};

/// Farthest cell from 0 in a z-scored column, in deviations.
pub(crate) const CLIP: f64 = 3.0;

/// A deviation of at most this times max(1, |mean|) is rounding, not movement.
pub(crate) const FLAT_MAX: f64 = 1e-9;

/// A whole window normalised.
#[derive(Debug, Clone, PartialEq)]
pub struct Normalised {
    /// Row by row, the oldest first.
    pub cells: Vec<f32>,
    /// By column, in its own unit; 0 of a raw one.
    pub mean: Vec<f64>,
    /// By column: what a distance from the mean is divided by; 1 of a raw column, infinite of a flat one.
    pub deviation: Vec<f64>,
}

/// The cells that the stage writes for these rows, bit for bit. `rows` holds row after row, the oldest first.
///
/// # Panics
/// If there is no row, or the last one is not whole.
pub fn normalise(columns: &[Column], rows: &[f64]) -> Normalised {
    let rows_len = rows.len() / columns.len();
    assert_eq!(rows.len(), rows_len * columns.len(), "whole rows");
    let mut window = Window::new(rows_len, columns.len());
    rows.chunks_exact(columns.len()).for_each(|row| window.push(row.iter().copied()));
    let mut normaliser = Normaliser::new(columns);
    let mut cells = vec![0.0; rows.len()];
    normaliser.write(&window, &mut cells);
    Normalised { cells, mean: normaliser.mean, deviation: normaliser.deviation }
}

/// Writes matrices with these columns. Holds one number of each kind per column, written anew each time.
#[derive(Debug, Clone)]
pub(crate) struct Normaliser {
    scaling: Vec<Scaling>,
    mean: Vec<f64>,
    deviation: Vec<f64>,
    /// Largest magnitude of a cell: [`CLIP`], or infinite for a raw column.
    limit: Vec<f64>,
}

impl Normaliser {
    pub(crate) fn new(columns: &[Column]) -> Self {
        let scaling: Vec<Scaling> = columns.iter().map(|column| column.scaling).collect();
        let limit_of = |scaling: &Scaling| if *scaling == Scaling::Raw { f64::INFINITY } else { CLIP };
        let limit = scaling.iter().map(limit_of).collect();
        Self { mean: vec![0.0; scaling.len()], deviation: vec![0.0; scaling.len()], limit, scaling }
    }

    /// Writes the normalised rows of a full window to `cells`, row by row, the oldest first.
    pub(crate) fn write(&mut self, window: &Window, cells: &mut [f32]) {
        assert!(window.is_full(), "only a full window is normalised");
        let columns = self.mean.len();
        assert_eq!(cells.len(), window.rows_max() * columns, "a cell for each value");
        self.measure(window);
        for (row, cells) in window.rows().zip(cells.chunks_exact_mut(columns)) {
            let scales = self.mean.iter().zip(&self.deviation).zip(&self.limit);
            for ((cell, value), ((mean, deviation), limit)) in cells.iter_mut().zip(row).zip(scales) {
                let scaled = ((value - mean) / deviation).max(-limit).min(*limit);
                // Adding zero gives −0 its one form.
                *cell = scaled as f32 + 0.0;
            }
        }
    }

    /// Mean and deviation by column: first one pass for the mean, then one for the squares around it.
    fn measure(&mut self, window: &Window) {
        let rows = window.rows_max() as f64;
        self.mean.fill(0.0);
        window.rows().for_each(|row| {
            self.mean.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        });
        self.mean.iter_mut().for_each(|sum| *sum /= rows);
        self.deviation.fill(0.0);
        window.rows().for_each(|row| {
            let columns = self.deviation.iter_mut().zip(&self.mean).zip(row);
            columns.for_each(|((sum, mean), value)| *sum += (value - mean) * (value - mean));
        });
        for ((scaling, mean), deviation) in self.scaling.iter().zip(&mut self.mean).zip(&mut self.deviation) {
            *deviation = (*deviation / rows).sqrt();
            if *scaling == Scaling::Raw {
                (*mean, *deviation) = (0.0, 1.0);
            } else if *deviation <= FLAT_MAX * mean.abs().max(1.0) {
                // Everything finite over this is 0.
                *deviation = f64::INFINITY;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(scaling: Scaling, column: &[f64], expected: &[f32]) {
        let mut window = Window::new(column.len(), 1);
        column.iter().for_each(|value| window.push([*value].into_iter()));
        let mut cells = vec![f32::NAN; column.len()];
        Normaliser::new(&[Column { feature: String::new(), scaling }]).write(&window, &mut cells);
        let bits = |cells: &[f32]| cells.iter().map(|cell| cell.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&cells), bits(expected), "{column:?}: {cells:?}");
    }

    #[test]
    fn scores_are_distances_from_the_mean_in_deviations() {
        check(Scaling::ZScore, &[1.0, 3.0], &[-1.0, 1.0]);
        check(
            Scaling::ZScore,
            &[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0],
            &[-1.5, -0.5, -0.5, -0.5, 0.0, 0.0, 1.0, 2.0],
        );
    }

    #[test]
    fn each_column_has_its_own_scale() {
        let columns = [Scaling::ZScore, Scaling::Raw, Scaling::ZScore]
            .map(|scaling| Column { feature: String::new(), scaling });
        let found = normalise(&columns, &[1.0, 7.0, 2.5, 3.0, -7.0, 2.5]);
        assert_eq!(found.cells, [-1.0, 7.0, 0.0, 1.0, -7.0, 0.0]);
        assert_eq!(found.mean, [2.0, 0.0, 2.5]);
        assert_eq!(found.deviation, [1.0, 1.0, f64::INFINITY]);
    }

    #[test]
    fn flat_columns_are_zero_and_its_bound_is_relative_above_one() {
        check(Scaling::ZScore, &[0.1; 7], &[0.0; 7]);
        check(Scaling::ZScore, &[-0.0; 3], &[0.0; 3]);
        check(Scaling::ZScore, &[-0.9e-9, 0.9e-9], &[0.0, 0.0]);
        check(Scaling::ZScore, &[-1.1e-9, 1.1e-9], &[-1.0, 1.0]);
        // Around a million the bound is 1e-3, and reached exactly it is still flat.
        check(Scaling::ZScore, &[1e6 - 0.000_9, 1e6 + 0.000_9], &[0.0, 0.0]);
        check(Scaling::ZScore, &[-1e6 - 0.001_5, -1e6 + 0.001_5], &[-1.0, 1.0]);
        check(Scaling::ZScore, &[-1e-9, 1e-9], &[0.0, 0.0]);
    }

    #[test]
    fn scores_are_clipped_on_both_sides() {
        // One value apart from n − 1 equal ones is √(n − 1) deviations away.
        let mut column = [0.0; 26];
        column[7] = 1.0;
        let mut expected = [-0.2; 26];
        expected[7] = 3.0;
        check(Scaling::ZScore, &column, &expected);
        check(Scaling::ZScore, &column.map(|x| 5.0 - 10.0 * x), &expected.map(|x| -x));
        // Exactly three deviations are not beyond them.
        let mut column = [0.0; 10];
        column[0] = 1.0;
        let mut expected = [-1.0 / 3.0; 10];
        expected[0] = 3.0;
        check(Scaling::ZScore, &column, &expected);
    }

    #[test]
    fn raw_columns_pass_unchanged() {
        check(Scaling::Raw, &[5.0, 5.0, 5.0], &[5.0, 5.0, 5.0]);
        check(Scaling::Raw, &[-1.0, 0.0, 1e30], &[-1.0, 0.0, 1e30]);
        check(Scaling::Raw, &[-0.0, f64::from(f32::MAX)], &[0.0, f32::MAX]);
    }

    #[test]
    fn the_largest_values_overflow_nothing() {
        let max = f64::from(f32::MAX);
        check(Scaling::ZScore, &[max, -max], &[1.0, -1.0]);
        check(Scaling::ZScore, &[max; 3], &[0.0; 3]);
    }
}
