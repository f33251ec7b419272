//! `vwap_session` of instruments with market hours, against a definition that knows no calendar: which minutes are
//! open, looked at one by one.

use indicators::{IndicatorConfig, IndicatorSpec, Indicators};
use model::{
    Bar, BarSource, Event, Frame, Kind, Nanos, Price, Session, SessionCalendar, SymbolId, Timeframe, UNIT,
    UtcDays,
};
use proptest::prelude::*;
use std::sync::Arc;

const MINUTE: i64 = Nanos::MINUTE.0;
const DAY: i64 = 1_440;
const WEEK: i64 = 7 * DAY;
/// Minutes of the week that begins with the epoch, a Thursday: from 22:30 to 21:15 but for the weekend, with a pause
/// at 03:00 on Mondays.
const OPEN: [[i64; 2]; 6] = [
    [1_350, DAY + 1_275],
    // From Sunday evening.
    [3 * DAY + 1_350, 4 * DAY + 180],
    [4 * DAY + 185, 4 * DAY + 1_275],
    [4 * DAY + 1_350, 5 * DAY + 1_275],
    [5 * DAY + 1_350, 6 * DAY + 1_275],
    [6 * DAY + 1_350, 7 * DAY + 1_275],
];

#[derive(Debug)]
struct Market;

impl SessionCalendar for Market {
    fn session_at(&self, ts: Nanos) -> Session {
        let week = ts.0.div_euclid(WEEK * MINUTE);
        let all: Vec<[i64; 2]> = (week - 2..week + 2)
            .flat_map(|week| OPEN.map(|ends| ends.map(|minute| (week * WEEK + minute) * MINUTE)))
            .collect();
        let at = all.iter().rposition(|[open, _]| *open <= ts.0).unwrap();
        Session { open: Nanos(all[at][0]), close: Nanos(all[at][1]), next_open: Nanos(all[at + 1][0]) }
    }
}

fn is_open(minute: i64) -> bool {
    // The last one ends in the week that follows.
    let of_week = minute.rem_euclid(WEEK);
    OPEN.iter().any(|[open, close]| (*open..*close).contains(&of_week) || of_week + WEEK < *close)
}

/// The opening of the session that a bar belongs to: from the first open minute within it, else from the last before
/// it, back to the first of its kind.
fn opening(first: i64, minutes: i64) -> i64 {
    let within = (first..first + minutes).find(|minute| is_open(*minute));
    let mut minute = within.unwrap_or_else(|| (0..).map(|back| first - back).find(|m| is_open(*m)).unwrap());
    while is_open(minute - 1) {
        minute -= 1;
    }
    minute
}

/// A bar: the number of its span, vwap in units of 1e-9, volume.
type Row = (i64, i64, i64);

fn bar(symbol: u32, length: i64, (number, vwap, volume): Row) -> Bar {
    let price = Price::new(vwap);
    Bar {
        symbol: SymbolId(symbol),
        timeframe: 0,
        source: BarSource::Trade,
        primary: true,
        ts_open: Nanos(number * length * MINUTE),
        ts_close: Nanos((number + 1) * length * MINUTE),
        open: price,
        high: price,
        low: price,
        close: price,
        volume: volume.into(),
        vwap: (volume > 0).then_some(price),
        trades: 1,
    }
}

/// The value at each bar, of an instrument with market hours and of one without.
fn streamed(timeframe: &str, length: i64, rows: &[Row]) -> Vec<[f64; 2]> {
    let specs = vec![vec![IndicatorSpec::parse("vwap_session").unwrap()]];
    let config = IndicatorConfig::new(1, &[Timeframe::parse(timeframe).unwrap()], specs).unwrap();
    let calendars: [Arc<dyn SessionCalendar>; 2] = [Arc::new(Market), Arc::new(UtcDays)];
    let mut stage = Indicators::with_sessions(config, &[BarSource::Trade; 2], &calendars);
    let values = rows.iter().map(|row| {
        let mut frame = Frame::default();
        let bars = [0, 1].map(|symbol| bar(symbol, length, *row));
        frame.begin(Event { seq: 1, ..Event::input(Kind::TIMER, bars[0].ts_close, SymbolId::NONE) });
        bars.iter().for_each(|bar| frame.push_bar(*bar));
        stage.on_frame(&mut frame);
        [frame.values[0], frame.values[1]]
    });
    values.collect()
}

/// Of the bars up to the last that belong to its session.
fn expected(rows: &[Row], session: impl Fn(&Row) -> i64) -> Option<f64> {
    let current = session(rows.last()?);
    let (mut traded, mut volume) = (0_i128, 0_i128);
    for row in rows.iter().filter(|row| session(row) == current) {
        traded += i128::from(row.1) * i128::from(row.2);
        volume += i128::from(row.2);
    }
    (volume > 0).then(|| traded as f64 / (volume as f64 * UNIT as f64))
}

fn check(timeframe: &str, length: i64, rows: &[Row]) {
    let values = streamed(timeframe, length, rows);
    for at in 0..rows.len() {
        let by_hours = expected(&rows[..=at], |row| opening(row.0 * length, length));
        let by_days = expected(&rows[..=at], |row| (row.0 * length).div_euclid(DAY));
        for (value, expected) in values[at].into_iter().zip([by_hours, by_days]) {
            let same = match expected {
                Some(expected) => (value - expected).abs() <= 1e-9 * expected.abs().max(1.0),
                None => value.is_nan(),
            };
            assert!(same, "{timeframe} bar {at} of {rows:?}: {value}, not {expected:?}");
        }
    }
}

proptest! {
    #[test]
    fn equals_the_bars_since_the_opening(
        steps in prop::collection::vec(
            (prop_oneof![6 => 1_i64..4, 1 => 4_i64..400], 1_i64..1_000, prop_oneof![1 => Just(0_i64), 4 => 1_i64..50]),
            1..80),
        start in 0..WEEK,
        (timeframe, length) in prop::sample::select(vec![("1m", 1), ("5m", 5), ("15m", 15), ("1h", 60), ("12h", 720)]),
    ) {
        let mut number = start / length;
        let rows: Vec<Row> = steps.iter().map(|(step, vwap, volume)| {
            number += step;
            (number, vwap * UNIT, volume * UNIT)
        }).collect();
        check(timeframe, length, &rows);
    }
}

#[test]
fn bars_around_openings() {
    // A minute before each opening to a minute behind it, and around each close, for two weeks.
    let minutes = (0..2).flat_map(|week| OPEN.map(|ends| ends.map(|minute| week * WEEK + minute)));
    let mut minutes: Vec<i64> = minutes.flatten().flat_map(|minute| minute - 1..=minute + 1).collect();
    minutes.sort_unstable();
    minutes.dedup();
    let rows: Vec<Row> = (1..).zip(minutes).map(|(n, minute)| (minute, n * UNIT, UNIT)).collect();
    check("1m", 1, &rows);
}
