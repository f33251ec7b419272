//! What makes two configurations the same: a hash of everything in them that can change a result.
//!
//! It covers the normal forms of all keys that bear on results, so `60s` and `1m` are one. Left out are keys
//! that do not (paths, layout, threads, telemetry, durability) and the sections of strategies that do not run.
//! Not here: the data; its own hashes stand beside this one in the run folder.

use super::checked::{Config, InstrumentConfig};
use super::effective::Effective;
use super::node::{Node, Value};
use super::schema::Bearing;
use feed::MarketHours;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Sections of strategies: they bear on results only while their strategy runs.
const STRATEGY_SECTIONS: [&str; 2] = ["ema_cross", "mean_reversion"];

/// SHA-256 over the canonical text, as 64 hexadecimal digits.
pub(super) fn config_hash(effective: &Effective, config: &Config) -> String {
    let digest = Sha256::digest(canonical(effective, config).as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One line for each key that can change a result, by path.
pub(super) fn canonical(effective: &Effective, config: &Config) -> String {
    let mut out = String::new();
    for entry in effective.entries() {
        let key = entry.key;
        let idle = STRATEGY_SECTIONS.contains(&key.section()) && key.section() != config.run.strategy.name();
        let instrument = ["instruments.default", "instruments"].contains(&key.section());
        if key.bearing == Bearing::OnSpeedOnly || idle || instrument {
            continue;
        }
        let value = entry.normal.as_ref().map(text).unwrap_or_default();
        writeln!(out, "{}={value}", key.path).expect("a string can always grow");
    }
    out.push_str(&instrument_line("*", &config.instruments.default));
    for (symbol, instrument) in &config.instruments.list {
        if *instrument != config.instruments.default {
            out.push_str(&instrument_line(symbol, instrument));
        }
    }
    out
}

/// A value in its normal form. Tables of a list are without the path of their file: its hash stands beside it, and a
/// file that was moved is the same file.
fn text(value: &Value) -> String {
    let Value::List(items) = value else { return value.to_string() };
    let item = |node: &Node| match &node.value {
        Value::Table(entries) => {
            let kept = entries.iter().filter(|(name, _)| name != "file").cloned().collect();
            Value::Table(kept).to_string()
        }
        other => other.to_string(),
    };
    items.iter().map(item).collect::<Vec<_>>().join(", ")
}

fn instrument_line(symbol: &str, known: &InstrumentConfig) -> String {
    let InstrumentConfig {
        tick_size,
        lot,
        multiplier,
        currency,
        venue,
        venue_symbol,
        hours,
        allow_negative_price,
    } = known;
    let hours = hours.as_ref().map_or_else(|| "Always".to_owned(), MarketHours::to_string);
    format!(
        "instrument {symbol}={tick_size}|{lot}|{multiplier}|{currency}|{venue:?}|{venue_symbol:?}|{hours}|\
         {allow_negative_price}\n"
    )
}
