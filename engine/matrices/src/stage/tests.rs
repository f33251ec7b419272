//! What enters which window, what is emitted when and in which order, and what the hashes tell apart.

use super::*;
use crate::{Column, Scaling, view};
use model::{Event, Kind, Nanos, SymbolId, Timeframe};

const NAN: f64 = f64::NAN;

/// Timeframes 1m (values `a`, `b`) and 5m (`c`), under names that have units.
const NAMES: [&[&str]; 2] = [&["sma_1", "sma_2"], &["obv"]];

fn spec(name: &str, timeframe: &str, window: u32, features: &[&str], scaling: Scaling) -> MatrixSpec {
    let column = |feature: &&str| Column { feature: (*feature).to_owned(), scaling };
    let columns = features.iter().map(column).collect();
    MatrixSpec { name: name.to_owned(), timeframe: Timeframe::parse(timeframe).unwrap(), window, columns }
}

fn stage_for(specs: Vec<MatrixSpec>, symbols: usize) -> Result<Matrices, ConfigError> {
    let timeframes = ["1m", "5m"].map(|text| Timeframe::parse(text).unwrap());
    let names = NAMES.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
    let source = IndicatorSource { timeframes: &timeframes, names: &names, parameters: &[] };
    Matrices::new(MatricesConfig::new(specs).unwrap(), &source, symbols)
}

fn stage(specs: Vec<MatrixSpec>) -> Matrices {
    stage_for(specs, 3).unwrap()
}

/// A frame with the sets (symbol, timeframe, values) of one boundary.
fn frame_of(seq: u64, sets: &[(u32, u8, &[f64])]) -> Frame {
    let mut frame = Frame::default();
    let ts_close = Nanos(seq as i64 * 60_000_000_000);
    frame.begin(Event { seq, ..Event::input(Kind::TIMER, ts_close, SymbolId::NONE) });
    for (symbol, timeframe, values) in sets {
        let values_start = frame.values.len() as u32;
        frame.values.extend_from_slice(values);
        let (symbol, values_len) = (SymbolId(*symbol), values.len() as u32);
        frame.push_set(IndicatorSet { symbol, timeframe: *timeframe, ts_close, values_start, values_len });
    }
    frame
}

/// Feeds rows of symbol 0 on 1m, one frame each, and gives the cells of each frame's matrices.
fn cells_of(stage: &mut Matrices, rows: &[[f64; 2]]) -> Vec<Vec<f32>> {
    let feed = |(seq, row): (usize, &[f64; 2])| {
        let mut frame = frame_of(seq as u64 + 1, &[(0, 0, row)]);
        stage.on_frame(&mut frame);
        frame.cells
    };
    rows.iter().enumerate().map(feed).collect()
}

#[test]
fn a_matrix_follows_each_row_once_the_window_is_full() {
    let mut stage = stage(vec![spec("m", "1m", 2, &["sma_2", "sma_1"], Scaling::Raw)]);
    let emitted = cells_of(&mut stage, &[[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]);
    assert_eq!(emitted, [vec![], vec![10.0, 1.0, 20.0, 2.0], vec![20.0, 2.0, 30.0, 3.0]]);
}

#[test]
fn a_bar_without_a_row_neither_enters_nor_empties_the_window() {
    let check = |missing: [f64; 2]| {
        let mut stage = stage(vec![spec("m", "1m", 2, &["sma_1", "sma_2"], Scaling::Raw)]);
        let emitted = cells_of(&mut stage, &[[1.0, 1.0], missing, [2.0, 2.0], missing, missing, [3.0, 3.0]]);
        let (first, second) = (vec![1.0, 1.0, 2.0, 2.0], vec![2.0, 2.0, 3.0, 3.0]);
        assert_eq!(emitted, [vec![], vec![], first, vec![], vec![], second], "{missing:?}");
    };
    check([NAN, 5.0]);
    check([5.0, NAN]);
    check([f64::INFINITY, 5.0]);
    check([5.0, f64::NEG_INFINITY]);
    check([3.5e38, 5.0]);
}

#[test]
fn a_feature_that_no_matrix_reads_may_be_missing() {
    let mut stage = stage(vec![spec("m", "1m", 2, &["sma_2"], Scaling::Raw)]);
    assert_eq!(cells_of(&mut stage, &[[NAN, 1.0], [NAN, 2.0]]), [vec![], vec![1.0, 2.0]]);
}

#[test]
fn matrices_follow_all_sets_in_set_order_then_config_order() {
    let mut stage = stage(vec![
        spec("late", "5m", 2, &["obv"], Scaling::Raw),
        spec("one", "1m", 2, &["sma_1"], Scaling::Raw),
        spec("two", "1m", 2, &["sma_2"], Scaling::Raw),
    ]);
    assert_eq!(["two", "late", "none"].map(|name| stage.index_of(name)), [Some(2), Some(0), None]);
    let sets: [(u32, u8, &[f64]); 4] =
        [(0, 0, &[1.0, 2.0]), (2, 0, &[3.0, 4.0]), (0, 1, &[5.0]), (2, 1, &[6.0])];
    stage.on_frame(&mut frame_of(1, &sets));
    let mut frame = frame_of(2, &sets);
    stage.on_frame(&mut frame);
    let found: Vec<(u32, u8)> = frame.matrices.iter().map(|m| (m.symbol.0, m.matrix)).collect();
    assert_eq!(found, [(0, 1), (0, 2), (2, 1), (2, 2), (0, 0), (2, 0)]);
    assert_eq!(frame.cells, [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0, 5.0, 5.0, 6.0, 6.0]);
    let announced: Vec<(Kind, u16, i64)> =
        frame.events[5..].iter().map(|e| (e.kind, e.detail, e.words[0])).collect();
    let expected = found.iter().zip(0..).map(|((_, matrix), i)| (Kind::MATRIX, u16::from(*matrix), i));
    assert_eq!(announced, expected.collect::<Vec<_>>());
    assert!(frame.matrices.iter().all(|m| m.ts_close == Nanos(120_000_000_000)));
}

#[test]
fn symbols_do_not_mix() {
    let specs = || vec![spec("m", "1m", 3, &["sma_1", "sma_2"], Scaling::ZScore)];
    let row = |symbol: u32, i: u64| [f64::from(symbol + 1) * (i as f64).sqrt(), (i * i % 7) as f64];
    let mut together = stage(specs());
    let mut alone: Vec<Matrices> = (0..3).map(|_| stage(specs())).collect();
    for seq in 1..20 {
        let rows = [0, 1, 2].map(|symbol| row(symbol, seq));
        let sets: Vec<(u32, u8, &[f64])> = (0..).zip(&rows).map(|(s, row)| (s, 0, &row[..])).collect();
        let mut frame = frame_of(seq, &sets);
        together.on_frame(&mut frame);
        let mut cells = Vec::new();
        for (stage, set) in alone.iter_mut().zip(&sets) {
            let mut frame = frame_of(seq, &[*set]);
            stage.on_frame(&mut frame);
            cells.extend(frame.cells);
        }
        assert_eq!(frame.cells, cells, "at bar {seq}");
        assert_eq!(frame.matrices.len(), if seq < 3 { 0 } else { 3 });
    }
}

#[test]
fn the_view_has_the_oldest_row_first() {
    let mut stage = stage(vec![
        spec("wide", "1m", 2, &["sma_1", "sma_2"], Scaling::Raw),
        spec("tall", "1m", 3, &["sma_2"], Scaling::Raw),
    ]);
    let mut frame = Frame::default();
    for seq in 1..=4_u8 {
        frame = frame_of(u64::from(seq), &[(1, 0, &[f64::from(seq), f64::from(seq) * 10.0])]);
        stage.on_frame(&mut frame);
    }
    let views: Vec<_> = frame.matrices.iter().map(|matrix| view(matrix, &frame)).collect();
    assert_eq!(views[0], ndarray::arr2(&[[3.0, 30.0], [4.0, 40.0]]));
    assert_eq!(views[1], ndarray::arr2(&[[20.0], [30.0], [40.0]]));
}

#[test]
fn hashes_tell_differences_apart() {
    let run = |rows: &[[f64; 2]], scaling: Scaling| {
        let mut stage = stage(vec![spec("m", "1m", 3, &["sma_1", "sma_2"], scaling)]);
        cells_of(&mut stage, rows);
        (stage.event_hash(), stage.state_hash())
    };
    let rows = [[1.0, 2.0], [2.0, 9.0], [5.0, 3.0], [4.0, 4.0]];
    let (event_hash, state_hash) = run(&rows, Scaling::ZScore);
    assert_eq!(run(&rows, Scaling::ZScore), (event_hash, state_hash));
    let mut other = rows;
    other[3][1] = 4.5;
    assert!(run(&other, Scaling::ZScore).0 != event_hash && run(&other, Scaling::ZScore).1 != state_hash);
    assert_ne!(run(&rows, Scaling::Raw).0, event_hash);
    // Without a full window nothing was emitted, but rows are held.
    let (first, second) = (run(&[[1.0, 2.0]], Scaling::ZScore), run(&[[1.0, 3.0]], Scaling::ZScore));
    assert_eq!(first.0, second.0);
    assert_ne!(first.1, second.1);
    // The same rows held after a longer past are another state.
    assert_ne!(run(&rows[1..], Scaling::ZScore).1, state_hash);
}

#[test]
fn what_would_hold_too_much_is_refused() {
    let wide = || vec![spec("m", "1m", 4_096, &["sma_1", "sma_2"], Scaling::Raw)];
    assert_eq!(CELLS_RUN_MAX / (2 * 4_096), 16_384);
    let error = stage_for(wide(), 16_385).unwrap_err();
    assert_eq!(error, ConfigError::RunCells { cells: 8_192, symbols: 16_385 });
    assert!(stage_for(wide(), usize::MAX).is_err());
    assert!(error.to_string().contains("16385 symbols"), "{error}");
}

#[test]
fn nothing_grows_after_the_first_full_frame() {
    let mut stage = stage(vec![spec("m", "1m", 4, &["sma_1", "sma_2"], Scaling::ZScore)]);
    let sets: [(u32, u8, &[f64]); 2] = [(0, 0, &[1.0, 2.0]), (1, 0, &[3.0, 4.0])];
    let mut frame = frame_of(1, &sets);
    let mut capacities = Vec::new();
    for seq in 1..40 {
        let next = frame_of(seq, &sets);
        frame.clear();
        frame.events.extend(&next.events);
        frame.sets.extend(&next.sets);
        frame.values.extend(&next.values);
        stage.on_frame(&mut frame);
        capacities.push([frame.cells.capacity(), frame.matrices.capacity(), frame.events.capacity()]);
    }
    assert_eq!(frame.matrices.len(), 2);
    assert!(capacities[3..].iter().all(|capacity| *capacity == capacities[3]), "{capacities:?}");
}
