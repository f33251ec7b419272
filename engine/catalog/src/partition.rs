//! The folders of a catalog: `trades/symbol=SYM/date=YYYY-MM-DD`, SYM percent-encoded.

use crate::TickKind;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::Nanos;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Percent-encodes a symbol so that it is one folder name on every file system.
pub fn encode_symbol(symbol: &str) -> String {
    let mut encoded = String::with_capacity(symbol.len());
    for byte in symbol.bytes() {
        if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
            encoded.push(byte as char);
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Undoes [`encode_symbol`]; `None` where it is not percent-encoded UTF-8.
pub fn decode_symbol(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

/// The symbol that a file's folders name (`symbol=SYM`), if one does.
pub(crate) fn symbol_of_path(path: &Path) -> Option<String> {
    path.parent()?
        .components()
        .rev()
        .find_map(|part| decode_symbol(part.as_os_str().to_str()?.strip_prefix("symbol=")?))
}

/// The folder of a symbol's day.
pub fn partition_dir(root: &Path, kind: TickKind, symbol: &str, day: i64) -> PathBuf {
    root.join(table_dir(kind.name(), symbol, day))
}

/// The folder of a symbol's day in a table, from the catalog's root.
pub(crate) fn table_dir(table: &str, symbol: &str, day: i64) -> PathBuf {
    let symbol = format!("symbol={}", encode_symbol(symbol));
    Path::new(table).join(symbol).join(format!("date={}", date_text(day)))
}

/// The day of a date `YYYY-MM-DD`.
pub(crate) fn day_of_text(date: &str) -> Option<i64> {
    let date: Date = date.parse().ok()?;
    let start = date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
    Some(start.div_euclid(Nanos::DAY.0 / Nanos::SECOND.0))
}

/// The UTC day that holds a time, counted from 1970-01-01.
#[inline]
pub(crate) const fn day_of(ts: Nanos) -> i64 {
    ts.0.div_euclid(Nanos::DAY.0)
}

fn date_text(day: i64) -> String {
    let seconds = day * (Nanos::DAY.0 / Nanos::SECOND.0);
    let instant = Timestamp::from_second(seconds).expect("a day of 64-bit nanoseconds is a date");
    instant.to_zoned(TimeZone::UTC).date().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_survive_encoding() {
        for (symbol, encoded) in
            [("BTCUSDT.SPOT", "BTCUSDT.SPOT"), ("EUR/USD", "EUR%2FUSD"), ("A:B=C^D@E", "A%3AB%3DC%5ED%40E")]
        {
            assert_eq!(encode_symbol(symbol), encoded);
            assert_eq!(decode_symbol(encoded).as_deref(), Some(symbol));
        }
        for bad in ["%", "%2", "%zz", "%FF"] {
            assert_eq!(decode_symbol(bad), None, "{bad}");
        }
    }

    #[test]
    fn days_are_utc() {
        let dir = |ts: i64| partition_dir(Path::new("c"), TickKind::Trades, "A/B", day_of(Nanos(ts)));
        assert_eq!(dir(0), Path::new("c/trades/symbol=A%2FB/date=1970-01-01"));
        assert_eq!(dir(-1), Path::new("c/trades/symbol=A%2FB/date=1969-12-31"));
        assert_eq!(dir(1_723_161_255_342_000_000), Path::new("c/trades/symbol=A%2FB/date=2024-08-08"));
        assert_eq!(symbol_of_path(&dir(0).join("part-0.parquet")).as_deref(), Some("A/B"));
        assert_eq!(symbol_of_path(Path::new("x/ticks.parquet")), None);
    }
}
