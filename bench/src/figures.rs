//! Figures as they are printed: a table for people, one JSON object for scripts.

use ring::Latency;
use serde_json::{Value, json};

/// One measured figure.
#[derive(Debug)]
pub struct Figure {
    name: String,
    value: f64,
    unit: String,
    target: String,
}

impl Figure {
    /// Something per second.
    pub fn rate(name: &str, per_second: f64, unit: &str, target: &str) -> Self {
        Self { name: name.to_owned(), value: per_second, unit: unit.to_owned(), target: target.to_owned() }
    }

    /// A ratio of two figures of one run.
    pub fn ratio(name: &str, value: f64, target: &str) -> Self {
        Self { name: name.to_owned(), value, unit: "x".to_owned(), target: target.to_owned() }
    }

    /// A span in nanoseconds.
    pub fn nanos(name: &str, nanos: f64, target: &str) -> Self {
        Self { name: name.to_owned(), value: nanos, unit: "ns".to_owned(), target: target.to_owned() }
    }

    /// A plain number.
    pub fn count(name: &str, value: f64, unit: &str, target: &str) -> Self {
        Self { name: name.to_owned(), value, unit: unit.to_owned(), target: target.to_owned() }
    }
}

/// All figures of one bench.
#[derive(Debug)]
pub struct Figures {
    bench: &'static str,
    rows: Vec<Figure>,
    notes: Vec<String>,
}

impl Figures {
    /// None yet.
    pub fn new(bench: &'static str) -> Self {
        Self { bench, rows: Vec::new(), notes: Vec::new() }
    }

    /// Adds one.
    pub fn push(&mut self, figure: Figure) {
        self.rows.push(figure);
    }

    /// Adds p50 and p99 of a latency.
    pub fn latency(&mut self, name: &str, latency: &Latency) {
        self.push(Figure::nanos(&format!("{name}, p50"), latency.quantile_ns(0.5) as f64, ""));
        self.push(Figure::nanos(&format!("{name}, p99"), latency.quantile_ns(0.99) as f64, ""));
    }

    /// Adds a sentence on the method or on what is missing.
    pub fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// As one JSON object.
    pub fn to_json(&self, machine: &Value) -> Value {
        let rows = self
            .rows
            .iter()
            .map(|row| json!({"name": row.name, "value": row.value, "unit": row.unit, "target": row.target}));
        json!({"bench": self.bench, "machine": machine, "figures": rows.collect::<Vec<_>>(), "notes": self.notes})
    }

    /// As a table.
    pub fn to_text(&self, machine: &Value) -> String {
        let width = self.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
        let mut text =
            format!("{} on {}\n", self.bench, machine["cpu"].as_str().unwrap_or("an unknown processor"));
        for row in &self.rows {
            let target =
                if row.target.is_empty() { String::new() } else { format!("   (to reach: {})", row.target) };
            text += &format!("  {:width$}  {:>14} {}{target}\n", row.name, number(row.value), row.unit);
        }
        for note in &self.notes {
            text += &format!("  {note}\n");
        }
        text
    }
}

/// Three significant digits, or whole with separators.
fn number(value: f64) -> String {
    if value.abs() < 1000.0 {
        let digits = if value.abs() < 10.0 {
            2
        } else if value.abs() < 100.0 {
            1
        } else {
            0
        };
        return format!("{value:.digits$}");
    }
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 { format!("-{text}") } else { text }
}
