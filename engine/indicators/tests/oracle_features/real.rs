//! Real ticks and bars out of `../shared/data`; where it is absent, a line says so.

use crate::histories::History;
use model::{BarSource, Nanos, Price, Quantity, Timeframe, UNIT};
use std::path::Path;

/// Ticks of one symbol: time, raw price, raw size.
pub struct Ticks {
    pub source: BarSource,
    pub rows: Vec<(i64, i64, i64)>,
}

/// The lines of a file after its header, or `None` where the data is absent.
fn lines(path: &str) -> Option<Vec<String>> {
    let file = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")).join(path);
    let Ok(text) = std::fs::read_to_string(file) else {
        eprintln!("shared/data absent: {path} was not compared");
        return None;
    };
    Some(text.lines().skip(1).map(str::to_owned).collect())
}

/// Nanoseconds of `2024-08-08T23:54:14.087896568Z` or `2021-12-31 23:01:00.000000`, both UTC.
fn nanos(text: &str) -> i64 {
    let digits = |range: std::ops::Range<usize>| text[range].parse::<i64>().unwrap();
    let (year, month, day) = (digits(0..4), digits(5..7), digits(8..10));
    // Years that begin in March: a leap day is the last of its year.
    let (shifted, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + (153 * months + 2) / 5 + day;
    let seconds = (days - 719_469) * 86_400 + digits(11..13) * 3_600 + digits(14..16) * 60 + digits(17..19);
    let fraction = text[20..].trim_end_matches('Z');
    seconds * UNIT + fraction.parse::<i64>().unwrap() * 10_i64.pow(9 - fraction.len() as u32)
}

/// A month of minute bars; of each its prices as four ticks, the low first, with a quarter of the volume each.
pub fn month_of_minutes(file: &str) -> Option<History> {
    let mut history = History::new("1m", BarSource::Trade);
    for line in lines(&format!("bars/{file}"))? {
        let cells: Vec<&str> = line.split(',').collect();
        let price = |place: usize| Price::parse(cells[place]).unwrap().raw();
        // Some volumes have more decimals than a quantity: those are cut off.
        let nine_decimals = cells[5].find('.').map_or(cells[5].len(), |point| cells[5].len().min(point + 10));
        let size = Quantity::parse(&cells[5][..nine_decimals]).unwrap().raw() / 4;
        let (open, high, low, close) = (price(1), price(2), price(3), price(4));
        let ticks = [open, low, high, close].map(|price| (price, size));
        let traded = ticks.into_iter().filter(|tick| tick.1 > 0).collect();
        history.push(Nanos(nanos(cells[0])), traded);
    }
    Some(history)
}

/// The ticks of a file in the normalised form: trades, or the bids of quotes, of size 1 each.
pub fn ticks(file: &str) -> Option<Ticks> {
    let source = if file.ends_with("_quotes.csv") { BarSource::Bid } else { BarSource::Trade };
    let row = |line: &String| {
        let cells: Vec<&str> = line.split(',').collect();
        let size = match source {
            BarSource::Trade => Quantity::parse(cells[3]).unwrap().raw(),
            _ => UNIT,
        };
        (nanos(cells[0]), Price::parse(cells[2]).unwrap().raw(), size)
    };
    let rows = lines(&format!("ticks/csv/{file}"))?.iter().map(row).collect();
    Some(Ticks { source, rows })
}

/// The bars of ticks; a span without ticks has none.
pub fn bars(ticks: &Ticks, timeframe: &str) -> History {
    let mut history = History::new(timeframe, ticks.source);
    let length = Timeframe::parse(timeframe).unwrap();
    let open_of = |row: &(i64, i64, i64)| length.bar_open(Nanos(row.0));
    for of_bar in ticks.rows.chunk_by(|a, b| open_of(a) == open_of(b)) {
        history.push(open_of(&of_bar[0]), of_bar.iter().map(|row| (row.1, row.2)).collect());
    }
    history
}
