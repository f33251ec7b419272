//! Tables of HTML: every cell escaped, clipped, and numbers to the right.

use super::gather::{HEAD_ROWS_MAX, Head, Run};
use crate::format::{self, UNDEFINED, clip, escape};
use model::{Price, Quantity, notional};
use serde_json::Value;

/// Characters of a cell.
const CELL_CHARS_MAX: usize = 48;
/// Open positions that are shown.
const POSITIONS_MAX: usize = 200;

/// How a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Align {
    Text,
    Number,
}

/// A column's heading.
struct Column {
    title: String,
    align: Align,
}

impl Column {
    fn named(name: &str) -> Self {
        const NUMBERS: [&str; 10] = [
            "quantity",
            "limit_price",
            "filled",
            "avg_price",
            "price",
            "fee",
            "mark_price",
            "cost",
            "value",
            "unrealised_pnl",
        ];
        let align = if NUMBERS.contains(&name) { Align::Number } else { Align::Text };
        let title = match name {
            "ts_event" => "Time, UTC",
            "client_order_id" => "Order",
            "avg_price" => "Average price",
            "mark_price" => "Mark",
            "fee_currency" => "Fee in",
            "unrealised_pnl" => "Unrealised P&L",
            "tif" => "In force",
            _ => return Self { title: sentence(name), align },
        };
        Self { title: title.to_owned(), align }
    }
}

/// A name from the data as words: `limit_price` → `Limit price`.
pub(super) fn sentence(name: &str) -> String {
    let words = name.replace(['_', '.'], " ");
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn table(columns: &[Column], rows: impl Iterator<Item = Vec<Option<String>>>) -> String {
    let class = |align: Align| if align == Align::Number { " class=\"n\"" } else { "" };
    let mut html = String::from("<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>");
    for Column { title, align } in columns {
        html += &format!("<th{}>{}</th>", class(*align), escape(title));
    }
    html += "</tr></thead><tbody>";
    for row in rows {
        html += "<tr>";
        for (cell, column) in row.iter().zip(columns) {
            html += &format!("<td{}>{}</td>", class(column.align), self::cell(cell.as_deref()));
        }
        html += "</tr>\n";
    }
    html += "</tbody></table></div>";
    html
}

fn cell(text: Option<&str>) -> String {
    match text {
        None | Some("") => format!("<span class=\"none\">{UNDEFINED}</span>"),
        Some("buy") => "<span class=\"buy\">buy</span>".to_owned(),
        Some("sell") => "<span class=\"sell\">sell</span>".to_owned(),
        Some(text) => escape(&clip(text, CELL_CHARS_MAX)),
    }
}

/// The first rows of a table, and how many there are; `noun` is what a row is.
pub(super) fn head(head: &Head, noun: &str) -> String {
    if head.total == 0 {
        return empty(&format!("No {noun} in this run."));
    }
    let columns: Vec<Column> = head.columns.iter().map(|name| Column::named(name)).collect();
    let note = if head.total > HEAD_ROWS_MAX as u64 {
        format!(
            "The first {HEAD_ROWS_MAX} of {} {noun}; all of them are in {noun}.parquet.",
            format::count(head.total)
        )
    } else {
        format!("All {} {noun}.", format::count(head.total))
    };
    format!("<p class=\"note\">{}</p>{}", escape(&note), table(&columns, head.rows.iter().cloned()))
}

/// What is said where there is nothing to show.
pub(super) fn empty(sentence: &str) -> String {
    format!("<p class=\"empty\">{}</p>", escape(sentence))
}

/// Two columns: names and how often.
pub(super) fn tallies(title: &str, rows: &[super::facts::Tally], none: &str) -> String {
    const ROWS_MAX: usize = 40;
    let mut html = format!("<div class=\"list\"><h3>{}</h3>", escape(title));
    if rows.is_empty() {
        return html + &empty(none) + "</div>";
    }
    html += "<dl>";
    for tally in rows.iter().take(ROWS_MAX) {
        html += &pair(&sentence(&clip(&tally.name, CELL_CHARS_MAX)), &format::count(tally.count));
    }
    let rest = &rows[rows.len().min(ROWS_MAX)..];
    if !rest.is_empty() {
        let name = format!("{} other reasons", rest.len());
        html += &pair(&name, &format::count(rest.iter().map(|tally| tally.count).sum()));
    }
    html + "</dl></div>"
}

/// A name and its value in a list of definitions.
pub(super) fn pair(name: &str, value: &str) -> String {
    format!("<div><dt>{}</dt><dd>{}</dd></div>", escape(name), escape(value))
}

/// The open positions at the end.
pub(super) fn positions(run: &Run) -> String {
    let none = Vec::new();
    let positions = run.facts.at("/portfolio/positions").and_then(Value::as_array).unwrap_or(&none);
    if positions.is_empty() {
        return empty("No open positions at the end of this run.");
    }
    const NAMES: [&str; 8] =
        ["symbol", "quantity", "avg_price", "mark_price", "cost", "value", "unrealised_pnl", "currency"];
    let columns: Vec<Column> = NAMES.iter().map(|name| Column::named(name)).collect();
    let rows = positions.iter().take(POSITIONS_MAX).map(position);
    let note = if positions.len() > POSITIONS_MAX {
        let total = format::count(positions.len() as u64);
        format!(
            "<p class=\"note\">The first {POSITIONS_MAX} of {total} positions; all are in summary.json.</p>"
        )
    } else {
        String::new()
    };
    note + &table(&columns, rows)
}

fn position(position: &Value) -> Vec<Option<String>> {
    let text = |name: &str| position[name].as_str().map(str::to_owned);
    let raw = |name: &str| model::parse_fixed(position[name].as_str()?).ok();
    let exact = |name: &str| raw(name).map(format::decimal);
    let value = mark_value(position);
    let unrealised = value.zip(raw("cost")).map(|(value, cost)| value - cost);
    let money = |raw: i128| format::decimal_places(raw, 2);
    vec![
        text("symbol"),
        exact("quantity"),
        exact("avg_price"),
        exact("mark_price"),
        raw("cost").map(money),
        value.map(money),
        unrealised.map(|raw| format::signed(money(raw), raw > 0)),
        text("currency"),
    ]
}

/// What a position is worth at its mark, in units of 1e-9.
fn mark_value(position: &Value) -> Option<i128> {
    let mark = Price::parse(position["mark_price"].as_str()?).ok()?;
    let quantity = Quantity::parse(position["quantity"].as_str()?).ok()?;
    let multiplier = Quantity::parse(position["multiplier"].as_str()?).ok()?;
    Some(notional(mark, quantity, multiplier).ok()?.raw())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_valued_at_its_mark() {
        let json = serde_json::json!({"symbol": "ES", "quantity": "-3", "cost": "-717037.5", "avg_price": "4780.25",
            "mark_price": "4790", "multiplier": "50", "currency": "USD"});
        let cells: Vec<String> = position(&json).into_iter().map(Option::unwrap_or_default).collect();
        let expected = ["ES", "−3", "4,780.25", "4,790", "−717,037.50", "−718,500.00", "−1,462.50", "USD"];
        assert_eq!(cells, expected);
        assert_eq!(position(&serde_json::json!({"symbol": "ES"}))[1..7], [const { None }; 6]);
    }

    #[test]
    fn cells_are_escaped_and_cut() {
        assert_eq!(cell(Some("<i>")), "&lt;i&gt;");
        assert!(cell(Some(&"é".repeat(99))).chars().count() <= CELL_CHARS_MAX);
        assert!(cell(None).contains(UNDEFINED));
        assert_eq!(sentence("max_daily_loss"), "Max daily loss");
    }
}
