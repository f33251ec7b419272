//! What the agents read, as text: the windows of features, and the portfolio context.
//!
//! A cell is (value - mean)/deviation over its window, at most 3 either side; all four stand in a line, so that a
//! reader can check it.

use super::columns::{Align, aligned, instant, number, row};
use super::features::{FeatureSet, Source};
use crate::decided::Whole;
use model::CONTEXT_LEN;

/// The lines of the windows.
pub(super) fn features(sets: &[FeatureSet]) -> Vec<String> {
    if sets.is_empty() {
        return vec!["  the folder does not say which they are".to_owned()];
    }
    let rule = "  cell = (value - mean)/deviation, at most 3 either side; lowest and highest are of the window's cells";
    std::iter::once(rule.to_owned()).chain(sets.iter().flat_map(feature_set)).collect()
}

fn feature_set(set: &FeatureSet) -> Vec<String> {
    let matrix = &set.matrix;
    let Some(ts_close) = set.ts_close else {
        return vec![format!("  {}, {}: none so far", matrix.name, matrix.timeframe)];
    };
    let name = format!("  {}, {}", matrix.name, matrix.timeframe);
    let close = format!("the close of {}", instant(ts_close));
    let bars = |all: &[f32]| all.len() / matrix.columns.len();
    let head = match &set.cells {
        Some(cells) => {
            let source = match cells.source {
                Source::Recorded => "as recorded in matrices.parquet",
                Source::Normalised => "normalised again from indicators.parquet",
            };
            format!("{name}, {} bars to {close}, {source}", bars(&cells.all))
        }
        None => format!("{name}, at {close}; matrices.record = true would have kept the cells"),
    };
    let mut rows = vec![row(["  feature", "value", "mean", "deviation", "cell", "lowest", "highest"])];
    rows.extend((0..matrix.columns.len()).map(|column| feature(set, column)));
    let mut align = [Align::Right; 7];
    align[0] = Align::Left;
    std::iter::once(head).chain(aligned(&rows, &align)).collect()
}

fn feature(set: &FeatureSet, column: usize) -> Vec<String> {
    let unknown = || "-".to_owned();
    let value = set.values.get(column).copied().filter(|value| !value.is_nan());
    let [mean, deviation] = match &set.scale {
        None => [unknown(), unknown()],
        Some(_) if set.matrix.scaling[column] == "raw" => ["raw".to_owned(), "raw".to_owned()],
        Some(scale) if scale.deviation[column].is_infinite() => {
            [number(scale.mean[column]), "flat".to_owned()]
        }
        Some(scale) => [number(scale.mean[column]), number(scale.deviation[column])],
    };
    let columns = set.matrix.columns.len();
    let cells = set.cells.iter().flat_map(|cells| cells.all.iter().skip(column).step_by(columns).copied());
    let shown = |cell: Option<f32>| cell.map_or_else(unknown, |cell| number(cell.into()));
    vec![
        format!("  {}", set.matrix.columns[column]),
        value.map_or_else(|| "not complete".to_owned(), number),
        mean,
        deviation,
        shown(cells.clone().last()),
        shown(cells.clone().reduce(f32::min)),
        shown(cells.reduce(f32::max)),
    ]
}

/// The lines of the portfolio context.
pub(super) fn context(whole: &Whole) -> Vec<String> {
    let Some(numbers) = whole.context else {
        return vec!["  not recorded".to_owned()];
    };
    let of_pattern = |pattern: &String| {
        let is_placed = numbers[4..CONTEXT_LEN - 1].iter().any(|place| *place > 0.0);
        if is_placed { pattern.clone() } else { format!("{pattern}, which has no place") }
    };
    let pattern = whole.pattern.as_ref().map_or_else(|| "no synergy".to_owned(), of_pattern);
    let places = numbers[4..CONTEXT_LEN - 1].iter().map(|place| number(*place)).collect::<Vec<_>>().join(" ");
    let direction = whole.direction.as_deref().unwrap_or("no synergy");
    let held = format!("hundreds of tactical bars since entry: {}", number((numbers[2] * 100.0).round()));
    let rows = [
        row(["position", &number(numbers[0]), "of the limit"]),
        row(["unrealised_pnl", &number(numbers[1]), "of the equity, at the latest close"]),
        row(["bars_held", &number(numbers[2]), &held]),
        row(["drawdown", &number(numbers[3]), "of the highest equity"]),
        row(["pattern", &places, &pattern]),
        row(["direction", &number(numbers[CONTEXT_LEN - 1]), direction]),
    ];
    aligned(&rows, &[Align::Left, Align::Right, Align::Left])
}
