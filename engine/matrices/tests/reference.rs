//! The stage against the definition, recomputed at every bar from the whole history, and prefix invariance.
//!
//! The reference knows no floats until the end: values are integers of 2⁻¹⁰, so sums and squares are exact, and
//! z = (n·x − Σx)/√(n·Σx² − (Σx)²).

mod feed;

use feed::{feed, stage_of};
use matrices::{Column, Matrices, MatrixSpec, Scaling};
use model::Timeframe;
use proptest::prelude::*;

const UNIT: f64 = 1024.0;

/// One symbol's bars; a bar is a value for each column, in units of 2⁻¹⁰, or none yet.
type Bars = Vec<Vec<Option<i64>>>;

/// The stage of one matrix with columns scaled so.
fn stage(window: usize, scalings: &[Scaling], symbols: usize) -> Matrices {
    let column = |(i, scaling): (usize, &Scaling)| Column { feature: format!("sma_{i}"), scaling: *scaling };
    let spec = MatrixSpec {
        name: "m".to_owned(),
        timeframe: Timeframe::parse("1m").unwrap(),
        window: window as u32,
        columns: scalings.iter().enumerate().map(column).collect(),
    };
    stage_of(spec, symbols)
}

/// What the reference says of a cell: near the bound of flatness rounding may decide either way.
#[derive(Debug)]
enum Expected {
    Is(f64),
    ZeroOr(f64),
}

fn expected_cell(column: &[i64], row: usize, scaling: Scaling) -> Expected {
    if scaling == Scaling::Raw {
        return Expected::Is(column[row] as f64 / UNIT);
    }
    let n = column.len() as i128;
    let sum: i128 = column.iter().map(|x| i128::from(*x)).sum();
    let squares: i128 = column.iter().map(|x| i128::from(*x) * i128::from(*x)).sum();
    let spread = ((n * squares - sum * sum) as f64).sqrt();
    let deviation = spread / n as f64 / UNIT;
    let bound = 1e-9 * (sum as f64 / n as f64 / UNIT).abs().max(1.0);
    let score = ((n * i128::from(column[row]) - sum) as f64 / spread).clamp(-3.0, 3.0);
    if (deviation / bound - 1.0).abs() < 1e-6 {
        Expected::ZeroOr(score)
    } else {
        Expected::Is(if deviation <= bound { 0.0 } else { score })
    }
}

/// The matrix after the last of `bars`, from all of them; `None` if there is none.
fn expected_matrix(bars: &[Vec<Option<i64>>], window: usize, scalings: &[Scaling]) -> Option<Vec<Expected>> {
    let rows: Vec<Vec<i64>> = bars.iter().filter_map(|bar| bar.iter().copied().collect()).collect();
    let newest_has_a_row = bars.last()?.iter().all(Option::is_some);
    if rows.len() < window || !newest_has_a_row {
        return None;
    }
    let held = &rows[rows.len() - window..];
    let column = |c: usize| held.iter().map(|row| row[c]).collect::<Vec<_>>();
    let cells = (0..window).flat_map(|r| {
        scalings.iter().enumerate().map(move |(c, scaling)| expected_cell(&column(c), r, *scaling))
    });
    Some(cells.collect())
}

fn assert_close(got: f32, expected: &Expected) {
    let near = |want: f64| (f64::from(got) - want).abs() <= 1e-6 * want.abs().max(1.0);
    let good = match expected {
        Expected::Is(want) => near(*want),
        Expected::ZeroOr(want) => got == 0.0 || near(*want),
    };
    assert!(good, "{got}, expected {expected:?}");
}

fn as_floats(bar: &[Option<i64>]) -> Vec<f64> {
    bar.iter().map(|value| value.map_or(f64::NAN, |raw| raw as f64 / UNIT)).collect()
}

#[derive(Debug)]
struct Case {
    window: usize,
    scalings: Vec<Scaling>,
    symbols: [Bars; 2],
}

/// Columns that are flat, quiet around a large level, or wild; bars without a row now and then.
fn case() -> impl Strategy<Value = Case> {
    let column = (
        prop_oneof![Just(Scaling::ZScore), Just(Scaling::ZScore), Just(Scaling::Raw)],
        prop_oneof![Just(0_i64), Just(50_000), -(1_i64 << 40)..1 << 40],
        prop_oneof![Just(1_i64), Just(3), Just(2_000), Just(1 << 34)],
    );
    (2_usize..12, prop::collection::vec(column, 1..6)).prop_flat_map(|(window, columns)| {
        let scalings: Vec<Scaling> = columns.iter().map(|(scaling, ..)| *scaling).collect();
        let cell = |(_, level, noise): (Scaling, i64, i64)| {
            prop_oneof![19 => (0..noise).prop_map(move |x| Some(level + x)), 1 => Just(None)]
        };
        let bar: Vec<_> = columns.into_iter().map(cell).collect();
        let bars = || prop::collection::vec(bar.clone(), 0..50);
        (bars(), bars()).prop_map(move |(one, two)| Case {
            window,
            scalings: scalings.clone(),
            symbols: [one, two],
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_matrix_is_what_the_whole_history_says(case in case()) {
        let mut stage = stage(case.window, &case.scalings, 2);
        for i in 0..case.symbols[0].len().max(case.symbols[1].len()) {
            for (symbol, bars) in (0..).zip(&case.symbols) {
                let Some(bar) = bars.get(i) else { continue };
                let frame = feed(&mut stage, symbol, i, &as_floats(bar));
                let expected = expected_matrix(&bars[..=i], case.window, &case.scalings);
                prop_assert_eq!(frame.matrices.len(), usize::from(expected.is_some()));
                let expected = expected.unwrap_or_default();
                prop_assert_eq!(frame.cells.len(), expected.len());
                frame.cells.iter().zip(&expected).for_each(|(got, want)| assert_close(*got, want));
            }
        }
    }

    #[test]
    fn later_data_changes_no_earlier_matrix(case in case(), cut in 0_usize..50) {
        let [bars, other] = &case.symbols;
        let cut = cut.min(bars.len());
        let run = |bars: &[Vec<Option<i64>>]| {
            let mut stage = stage(case.window, &case.scalings, 1);
            let bits = |(i, bar): (usize, &Vec<Option<i64>>)| {
                let frame = feed(&mut stage, 0, i, &as_floats(bar));
                frame.cells.iter().map(|cell| cell.to_bits()).collect::<Vec<_>>()
            };
            bars.iter().enumerate().map(bits).collect::<Vec<_>>()
        };
        let whole = run(&[&bars[..cut], other].concat());
        prop_assert_eq!(&whole[..cut], &run(bars)[..cut]);
    }

    /// Where the ring happens to stand changes nothing: only the rows of the window do.
    #[test]
    fn an_older_past_changes_no_bit(case in case()) {
        let rows: Bars = case.symbols[0].iter().filter(|bar| bar.iter().all(Option::is_some)).cloned().collect();
        if rows.len() < case.window {
            return Ok(());
        }
        let newest = |rows: &[Vec<Option<i64>>]| {
            let mut stage = stage(case.window, &case.scalings, 1);
            let frames = rows.iter().enumerate().map(|(i, bar)| feed(&mut stage, 0, i, &as_floats(bar)));
            let newest = frames.last().expect("there are rows");
            newest.cells.iter().map(|cell| cell.to_bits()).collect::<Vec<_>>()
        };
        prop_assert_eq!(newest(&rows), newest(&rows[rows.len() - case.window..]));
    }
}
