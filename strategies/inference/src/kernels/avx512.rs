//! The layers with AVX-512F: 16 outputs a register.
//!
//! A tile is R rows by B blocks of 16 outputs. Each pass keeps four lanes of the reduction for every row and
//! block of the tile in registers (at most 24 of the 32), so that each weight that is loaded is used for R rows.
//! One row alone is bound by loading weights; there a tile is two blocks wide, to have enough multiply-adds in
//! flight.
//!
//! How the loops are written decides whether compilers keep a tile in registers; `examples/speed.rs` shows it.

use super::results::Results;
use super::tile::{Row, Weights};
use super::{Activation, Affine, Pool};
use crate::packed::{LANES, Lanes, PASSES, Packed};
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
    let mut rows = [Row::default(); R];
    for (r, place) in rows.iter_mut().enumerate() {
        *place = Row::new(job.row(row + r));
    }
    let packed = job.weights;
    let mut results = job.results(row);
    let mut block = 0;
    while block + B <= packed.blocks() {
        let sums = tile::<R, B>(packed, &rows, block);
        finish(&mut results, packed, block, &sums);
        block += B;
    }
    while B > 1 && block < packed.blocks() {
        let sums = tile::<R, 1>(packed, &rows, block);
        finish(&mut results, packed, block, &sums);
        block += 1;
    }
}

/// The folded reductions of a tile.
#[inline]
#[target_feature(enable = "avx512f")]
fn tile<const R: usize, const B: usize>(
    packed: &Packed,
    rows: &[Row<'_>; R],
    block: usize,
) -> [[__m512; R]; B] {
    let mut weights: [&[Lanes]; B] = [&[]; B];
    for (b, place) in weights.iter_mut().enumerate() {
        *place = packed.block(block + b);
    }
    let chunks = packed.inputs / LANES;
    // -0 is the one number whose addition changes nothing; a branch would keep the sums in memory.
    let mut sums = [[_mm512_set1_ps(-0.0); R]; B];
    for pass in 0..PASSES {
        let mut parts = [Weights::default(); B];
        for (part, weights) in parts.iter_mut().zip(&mut weights) {
            (*part, *weights) = Weights::split(weights, chunks, packed.rest(pass));
        }
        let [first, second, third, fourth] = pass_lanes(&parts, rows, pass);
        sums = add(add(sums, add(first, third)), add(second, fourth));
    }
    sums
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

/// Writes the results of a tile: sums, bias, activation.
#[inline]
#[target_feature(enable = "avx512f")]
fn finish<const R: usize, const B: usize>(
    results: &mut Results<'_>,
    packed: &Packed,
    block: usize,
    sums: &[[__m512; R]; B],
) {
    for (b, rows) in sums.iter().enumerate() {
        let bias = load(packed.bias(block + b));
        for (r, &sum) in rows.iter().enumerate() {
            let mut result = _mm512_add_ps(sum, bias);
            if results.activation == Activation::Relu {
                // Of two zeros, and where one is NaN, this takes the second operand.
                result = _mm512_max_ps(_mm512_setzero_ps(), result);
            }
            if let Some(place) = results.whole(r, block + b) {
                store(result, place);
            } else {
                let mut values = [0.0; LANES];
                store(result, &mut values);
                results.write_part(r, block + b, &values);
            }
        }
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
