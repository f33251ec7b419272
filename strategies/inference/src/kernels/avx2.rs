//! The layers with AVX2 and FMA: 8 outputs a register, two registers a block.
//!
//! A tile is R rows by one block. There are 16 registers, so a pass is cut into sets of L lanes of the
//! reduction: four for one row, two for more, which leaves room for a weight and an input.

use super::results::Results;
use super::tile::{Row, Weights};
use super::{Activation, Affine, Pool};
use crate::packed::{LANES, Lanes, PASSES, Packed};
use std::arch::x86_64::{
    __m256, _mm256_add_ps, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_max_ps, _mm256_mul_ps,
};
use std::arch::x86_64::{_mm256_set1_ps, _mm256_setzero_ps, _mm256_storeu_ps};

/// Rows of the highest tile.
const ROWS_MAX: usize = 3;
/// Numbers in a register.
const WIDTH: usize = LANES / 2;

/// A block of results of each row.
type Sums<const R: usize> = [[__m256; 2]; R];

/// Computes an affine layer.
#[target_feature(enable = "avx2,fma")]
pub(super) fn affine(mut job: Affine<'_>) {
    if job.weights.inputs < LANES {
        return super::portable::affine_with(job, f32::mul_add);
    }
    let mut row = 0;
    // Tiles of nearly equal height: 4 rows are 2 tiles of 2, not one of 3 and one of 1.
    for tiles_left in (1..=job.rows.div_ceil(ROWS_MAX)).rev() {
        let height = (job.rows - row).div_ceil(tiles_left);
        match height {
            1 => blocks::<1, 4>(&mut job, row),
            2 => blocks::<2, 2>(&mut job, row),
            _ => blocks::<3, 2>(&mut job, row),
        }
        row += height;
    }
}

/// All outputs of `R` rows.
#[target_feature(enable = "avx2,fma")]
fn blocks<const R: usize, const L: usize>(job: &mut Affine<'_>, row: usize) {
    let mut rows = [Row::default(); R];
    for (r, place) in rows.iter_mut().enumerate() {
        *place = Row::new(job.row(row + r));
    }
    let packed = job.weights;
    let mut results = job.results(row);
    for block in 0..packed.blocks() {
        let sums = tile::<R, L>(packed, &rows, block);
        finish(&mut results, packed, block, &sums);
    }
}

/// The folded reductions of a tile.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn tile<const R: usize, const L: usize>(packed: &Packed, rows: &[Row<'_>; R], block: usize) -> Sums<R> {
    let chunks = packed.inputs / LANES;
    let mut weights = packed.block(block);
    let mut pass_weights = Weights::default();
    // -0 is the one number whose addition changes nothing; a branch would keep the sums in memory.
    let mut sums = [[_mm256_set1_ps(-0.0); 2]; R];
    // One loop over passes and sets: two loops would be unrolled, and the registers would not suffice.
    let sets = PASSES / L;
    for step in 0..PASSES * sets {
        let (pass, set) = (step / sets, step % sets);
        if set == 0 {
            (pass_weights, weights) = Weights::split(weights, chunks, packed.rest(pass));
        }
        let lanes = set_lanes::<R, L>(&pass_weights, rows, pass, set);
        sums = add(sums, add(lanes[0], lanes[L / 2]));
        if L == PASSES {
            sums = add(sums, add(lanes[1], lanes[L - 1]));
        }
    }
    sums
}

/// `L` of the lanes `pass`, + 4, + 8, + 12 of the reductions of a tile: all four, or of two sets of two the
/// first or the second.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn set_lanes<const R: usize, const L: usize>(
    weights: &Weights<'_>,
    rows: &[Row<'_>; R],
    pass: usize,
    set: usize,
) -> [Sums<R>; L] {
    let mut lanes = [[[_mm256_setzero_ps(); 2]; R]; L];
    for (i, lane) in lanes.iter_mut().enumerate() {
        let j = set + i * PASSES / L;
        let (low, high) = load(&weights.whole[0][j]);
        for (sums, row) in lane.iter_mut().zip(rows) {
            let input = _mm256_set1_ps(row.whole[0][PASSES * j + pass]);
            *sums = [_mm256_mul_ps(low, input), _mm256_mul_ps(high, input)];
        }
    }
    for chunk in 1..weights.whole.len() {
        for (i, lane) in lanes.iter_mut().enumerate() {
            let j = set + i * PASSES / L;
            let (low, high) = load(&weights.whole[chunk][j]);
            for (sums, row) in lane.iter_mut().zip(rows) {
                let input = _mm256_set1_ps(row.whole[chunk][PASSES * j + pass]);
                *sums = [_mm256_fmadd_ps(low, input, sums[0]), _mm256_fmadd_ps(high, input, sums[1])];
            }
        }
    }
    for (i, lane) in lanes.iter_mut().enumerate() {
        let j = set + i * PASSES / L;
        if j < weights.rest.len() {
            let (low, high) = load(&weights.rest[j]);
            for (sums, row) in lane.iter_mut().zip(rows) {
                let input = _mm256_set1_ps(row.rest[PASSES * j + pass]);
                *sums = [_mm256_fmadd_ps(low, input, sums[0]), _mm256_fmadd_ps(high, input, sums[1])];
            }
        }
    }
    lanes
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn add<const R: usize>(mut a: Sums<R>, b: Sums<R>) -> Sums<R> {
    for (a, b) in a.as_flattened_mut().iter_mut().zip(b.as_flattened()) {
        *a = _mm256_add_ps(*a, *b);
    }
    a
}

/// Writes the results of a tile: sums, bias, activation.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn finish<const R: usize>(results: &mut Results<'_>, packed: &Packed, block: usize, sums: &Sums<R>) {
    let bias = load(packed.bias(block));
    for (r, &[low, high]) in sums.iter().enumerate() {
        let (mut low, mut high) = (_mm256_add_ps(low, bias.0), _mm256_add_ps(high, bias.1));
        if results.activation == Activation::Relu {
            // Of two zeros, and where one is NaN, this takes the second operand.
            low = _mm256_max_ps(_mm256_setzero_ps(), low);
            high = _mm256_max_ps(_mm256_setzero_ps(), high);
        }
        if let Some(place) = results.whole(r, block) {
            store(low, high, place);
        } else {
            let mut values = [0.0; LANES];
            store(low, high, &mut values);
            results.write_part(r, block, &values);
        }
    }
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn load(lanes: &Lanes) -> (__m256, __m256) {
    let (low, high) = lanes.0.split_at(WIDTH);
    // SAFETY: each half is 8 f32 that may be read.
    unsafe { (_mm256_loadu_ps(low.as_ptr()), _mm256_loadu_ps(high.as_ptr())) }
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn store(low: __m256, high: __m256, place: &mut [f32; LANES]) {
    let (low_place, high_place) = place.split_at_mut(WIDTH);
    // SAFETY: each half is 8 f32 that may be written.
    unsafe {
        _mm256_storeu_ps(low_place.as_mut_ptr(), low);
        _mm256_storeu_ps(high_place.as_mut_ptr(), high);
    }
}

/// Computes means over time: the portable code, compiled for these registers.
#[target_feature(enable = "avx2,fma")]
pub(super) fn pool(job: Pool<'_>) {
    super::pool::pool(job);
}
