//! The layers with AVX-512F: 16 outputs a register.
//!
//! A tile is R rows by B blocks of 16 outputs. Each pass keeps four lanes of the reduction for every row and
//! block of the tile in registers (at most 24 of the 32), so that each weight that is loaded is used for R rows.
//! One row alone is bound by loading weights; there a tile is four blocks wide, to have enough
//! multiply-adds in flight.

use super::tile::{Row, Weights};
use super::{Activation, Affine, LANES, Lanes, Pool};
use crate::packed::PASSES;
use std::arch::x86_64::{
    __m512, _mm512_add_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_max_ps, _mm512_mul_ps,
};
use std::arch::x86_64::{_mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps};

/// Rows of the highest tile.
const ROWS_MAX: usize = 6;

/// Computes an affine layer.
#[target_feature(enable = "avx512f")]
pub(super) fn affine(mut job: Affine<'_>) {
    if job.weights.inputs < LANES {
        return super::portable::affine_with(job, f32::mul_add);
    }
    let mut row = 0;
    // Tiles of nearly equal height: 20 rows are 4 tiles of 5, not 3 of 6 and one of 2.
    for tiles_left in (1..=job.rows.div_ceil(ROWS_MAX)).rev() {
        let height = (job.rows - row).div_ceil(tiles_left);
        match height {
            1 => blocks::<1, 2>(&mut job, row),
            2 => blocks::<2, 2>(&mut job, row),
            3 => blocks::<3, 2>(&mut job, row),
            4 => blocks::<4, 1>(&mut job, row),
            5 => blocks::<5, 1>(&mut job, row),
            _ => blocks::<6, 1>(&mut job, row),
        }
        row += height;
    }
}

/// All outputs of `R` rows, `B` blocks at a time while there are as many.
#[target_feature(enable = "avx512f")]
fn blocks<const R: usize, const B: usize>(job: &mut Affine<'_>, row: usize) {
    let blocks = job.weights.blocks();
    let mut block = 0;
    while block + B <= blocks {
        tile::<R, B>(job, row, block);
        block += B;
    }
    while block < blocks {
        tile::<R, 1>(job, row, block);
        block += 1;
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn tile<const R: usize, const B: usize>(job: &mut Affine<'_>, row: usize, block: usize) {
    let packed = job.weights;
    let mut rows = [Row::default(); R];
    for (r, place) in rows.iter_mut().enumerate() {
        *place = Row::new(job.row(row + r));
    }
    let mut weights: [&[Lanes]; B] = [&[]; B];
    for (b, place) in weights.iter_mut().enumerate() {
        *place = packed.block(block + b);
    }
    let chunks = packed.inputs / LANES;
    let mut sums = [[_mm512_setzero_ps(); R]; B];
    for pass in 0..PASSES {
        let mut parts = [Weights::default(); B];
        for (part, weights) in parts.iter_mut().zip(&mut weights) {
            (*part, *weights) = Weights::split(weights, chunks, packed.rest(pass));
        }
        let [first, second, third, fourth] = pass_lanes(&parts, &rows, pass);
        let pair = add(first, third);
        sums = if pass == 0 { pair } else { add(sums, pair) };
        sums = add(sums, add(second, fourth));
    }
    for (b, rows) in sums.iter().enumerate() {
        for (r, &sum) in rows.iter().enumerate() {
            finish(job, row + r, block + b, sum);
        }
    }
}

/// Lanes `pass`, + 4, + 8, + 12 of the reductions of a tile.
#[inline]
#[target_feature(enable = "avx512f")]
fn pass_lanes<const R: usize, const B: usize>(
    weights: &[Weights<'_>; B],
    rows: &[Row<'_>; R],
    pass: usize,
) -> [[[__m512; R]; B]; PASSES] {
    let mut lanes = [[[_mm512_setzero_ps(); R]; B]; PASSES];
    let chunks = weights[0].whole.len();
    for (j, lane) in lanes.iter_mut().enumerate() {
        for (r, row) in rows.iter().enumerate() {
            let input = _mm512_set1_ps(row.whole[0][PASSES * j + pass]);
            for (sums, weights) in lane.iter_mut().zip(weights) {
                sums[r] = _mm512_mul_ps(load(&weights.whole[0][j]), input);
            }
        }
    }
    for chunk in 1..chunks {
        for (j, lane) in lanes.iter_mut().enumerate() {
            for (r, row) in rows.iter().enumerate() {
                let input = _mm512_set1_ps(row.whole[chunk][PASSES * j + pass]);
                for (sums, weights) in lane.iter_mut().zip(weights) {
                    sums[r] = _mm512_fmadd_ps(load(&weights.whole[chunk][j]), input, sums[r]);
                }
            }
        }
    }
    for (j, lane) in lanes.iter_mut().enumerate() {
        if j < weights[0].rest.len() {
            for (r, row) in rows.iter().enumerate() {
                let input = _mm512_set1_ps(row.rest[PASSES * j + pass]);
                for (sums, weights) in lane.iter_mut().zip(weights) {
                    sums[r] = _mm512_fmadd_ps(load(&weights.rest[j]), input, sums[r]);
                }
            }
        }
    }
    lanes
}

#[inline]
#[target_feature(enable = "avx512f")]
fn add<const R: usize, const B: usize>(mut a: [[__m512; R]; B], b: [[__m512; R]; B]) -> [[__m512; R]; B] {
    for (a, b) in a.as_flattened_mut().iter_mut().zip(b.as_flattened()) {
        *a = _mm512_add_ps(*a, *b);
    }
    a
}

/// Writes one block of one row, with bias and activation.
#[inline]
#[target_feature(enable = "avx512f")]
fn finish(job: &mut Affine<'_>, row: usize, block: usize, sum: __m512) {
    let mut result = _mm512_add_ps(sum, load(job.weights.bias(block)));
    if job.activation == Activation::Relu {
        // Of two zeros, and where one is NaN, this takes the second operand.
        result = _mm512_max_ps(_mm512_setzero_ps(), result);
    }
    let place = job.results(row, block);
    if let Ok(whole) = place.try_into() {
        store(result, whole);
    } else {
        let mut results = [0.0; LANES];
        store(result, &mut results);
        place.copy_from_slice(&results[..place.len()]);
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(lanes: &Lanes) -> __m512 {
    // SAFETY: `lanes` is 16 f32 that may be read.
    unsafe { _mm512_loadu_ps(lanes.0.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(values: __m512, place: &mut [f32; LANES]) {
    // SAFETY: `place` is 16 f32 that may be written.
    unsafe { _mm512_storeu_ps(place.as_mut_ptr(), values) };
}

/// Computes means over time: the portable code, compiled for these registers.
#[target_feature(enable = "avx512f")]
pub(super) fn pool(job: Pool<'_>) {
    super::pool::pool(job);
}
