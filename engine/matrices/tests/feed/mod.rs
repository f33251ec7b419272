//! One matrix over one timeframe, fed one bar at a time through frames.

use matrices::{IndicatorSource, Matrices, MatricesConfig, MatrixSpec};
use model::{Event, Frame, IndicatorSet, Kind, Nanos, SymbolId};

/// The stage of one matrix whose columns are all of its timeframe's values.
pub fn stage_of(spec: MatrixSpec, symbols: usize) -> Matrices {
    let names = vec![spec.columns.iter().map(|column| column.feature.clone()).collect()];
    let timeframes = [spec.timeframe];
    let source = IndicatorSource { timeframes: &timeframes, names: &names, parameters: &[] };
    Matrices::new(MatricesConfig::new(vec![spec]).unwrap(), &source, symbols).unwrap()
}

/// The frame after one bar's values.
pub fn feed(stage: &mut Matrices, symbol: u32, bar: usize, values: &[f64]) -> Frame {
    let mut frame = Frame::default();
    let (ts_close, symbol) = (Nanos(bar as i64 * 60_000_000_000), SymbolId(symbol));
    frame.begin(Event { seq: bar as u64 + 1, ..Event::input(Kind::TIMER, ts_close, SymbolId::NONE) });
    frame.values.extend_from_slice(values);
    let values_len = values.len() as u32;
    frame.push_set(IndicatorSet { symbol, timeframe: 0, ts_close, values_start: 0, values_len });
    stage.on_frame(&mut frame);
    frame
}
