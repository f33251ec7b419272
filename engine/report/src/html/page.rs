//! The page: its sections in the order of a reader's questions. How did it go, what did it do, how fast was it,
//! what was turned away, and on what does all this rest.

use super::agents::agents;
use super::cards;
use super::facts::Facts;
use super::gather::Run;
use super::market::{Prices, SYMBOLS_MAX, Symbol};
use super::quality;
use super::tables::{empty, head, pair, positions};
use super::thin::Thin;
use super::timechart::{Layer, Pointing, Span, Style, TimeChart};
use crate::format::{self, clip, escape};

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// The whole page.
pub(super) fn page(run: &Run) -> String {
    let facts = &run.facts;
    let title = title(facts);
    let body = [
        masthead(run, &title),
        cards::cards(facts),
        section("equity", "Equity", &equity(run)),
        section("prices", "Prices and positions", &symbols(run)),
        decisions(run),
        section("latency", "Latency", &quality::latency(facts)),
        section("rejects", "Refusals and rejects", &quality::turned_away(run)),
        section("positions", "Open positions", &positions(run)),
        section("orders", "Orders", &head(&run.orders, "orders")),
        section("fills", "Fills", &head(&run.fills, "fills")),
        section("data", "Data quality", &quality::data(facts)),
        section("run", "The run", &run_facts(run)),
    ];
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{} – grandmodel</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{}\n</main>\n<script>\n{SCRIPT}</script>\n\
         </body>\n</html>\n",
        escape(&title),
        body.join("\n")
    )
}

fn section(id: &str, title: &str, body: &str) -> String {
    format!("<section id=\"{id}\"><h2>{title}</h2>\n{body}</section>")
}

/// What the agents decided; nothing where there are none.
fn decisions(run: &Run) -> String {
    let decided = run.decisions.as_ref();
    decided.map_or_else(String::new, |decided| section("decisions", "Decisions", &agents(run, decided)))
}

fn title(facts: &Facts) -> String {
    let strategies = facts.list("/strategies").join(", ");
    let title =
        if strategies.is_empty() || strategies == "none" { "No strategy".to_owned() } else { strategies };
    clip(&title.replace('_', " "), 80)
}

fn masthead(run: &Run, title: &str) -> String {
    let facts = &run.facts;
    let symbols = run.market.symbols_total;
    let symbols =
        format!("{} {}", format::count(symbols as u64), if symbols == 1 { "symbol" } else { "symbols" });
    let data = facts.instant("/data/first_ts").zip(facts.instant("/data/last_ts"));
    let made = if facts.list("/data/made_from_bars").is_empty() { "" } else { " · ticks made from bars" };
    let about = match data {
        Some((first, last)) => format!(
            "{} to {} UTC · {} · {symbols}{made}",
            minute(first),
            minute(last),
            format::length(last.saturating_sub(first))
        ),
        None => "There was no data in this run.".to_owned(),
    };
    let run_id = facts.text("/run_id").map_or_else(String::new, |id| format!("Run {}", clip(&id, 64)));
    format!(
        "<header><div><p class=\"kicker\">Backtest <span>{}</span></p><h1>{}</h1><p class=\"about\">{}</p></div>\
         <button id=\"theme\" type=\"button\" aria-label=\"Switch between light and dark\" hidden>\
         <span aria-hidden=\"true\"></span></button></header>",
        escape(&run_id),
        escape(title),
        escape(&about)
    )
}

/// An instant in UTC to the minute.
fn minute(ts: i64) -> String {
    format::time(ts).chars().take("2025-01-01 00:00".len()).collect()
}

fn equity(run: &Run) -> String {
    let facts = &run.facts;
    let (Some(span), false) = (run.span, run.equity.equity.buckets.is_empty()) else {
        return empty("No equity was recorded in this run.") + &cards::account(facts);
    };
    let currency = clip(&facts.currency(), 16);
    let layers = vec![Layer { series: &run.equity.equity, style: Style::Filled }];
    let rule = facts.amount("/portfolio/initial_capital").map(super::market::to_f64);
    let values = format!("Equity, {currency}; the line is the initial capital");
    let label = "The account's equity over time";
    let chart =
        TimeChart { label, values: &values, span, height: [300.0, 240.0], marks: 5, rule, layers }.draw();
    let drawdown = drawdown(&run.equity.drawdown, span);
    format!("<div class=\"figure\">{chart}</div>{drawdown}{}", cards::account(facts))
}

fn drawdown(fractions: &Thin, span: Span) -> String {
    if fractions.buckets.iter().all(|bucket| bucket.low.value >= 0.0) {
        return empty("No drawdown: equity never stood below its highest value.");
    }
    let percents = percent_series(fractions);
    let chart = TimeChart {
        label: "How far equity stood below its highest value so far",
        values: "Drawdown, % of the highest equity so far",
        span,
        height: [150.0, 140.0],
        marks: 3,
        rule: None,
        layers: vec![Layer { series: &percents, style: Style::Lost }],
    };
    format!("<div class=\"figure\">{}</div>", chart.draw())
}

/// A series of fractions as per cent.
fn percent_series(fractions: &Thin) -> Thin {
    let mut series = fractions.clone();
    for bucket in &mut series.buckets {
        for point in [&mut bucket.first, &mut bucket.low, &mut bucket.high, &mut bucket.last] {
            point.value *= 100.0;
        }
    }
    series
}

fn symbols(run: &Run) -> String {
    let Some(span) = run.span.filter(|_| !run.market.symbols.is_empty()) else {
        return empty("No bars and no fills in this run.");
    };
    let legend = "<p class=\"note\">Closes, with the range from low to high. \
                  <span class=\"key buy\">▲ buy</span> <span class=\"key sell\">▼ sell</span> \
                  The steps below are the position after each fill.</p>";
    let mut html = if run.fills.total > 0 { legend.to_owned() } else { empty("No fills in this run.") };
    let currency = clip(&run.facts.currency(), 16);
    for symbol in &run.market.symbols {
        html += &symbol_figure(symbol, span, &currency);
    }
    let more = run.market.symbols_total.saturating_sub(run.market.symbols.len());
    if more > 0 {
        html += &format!(
            "<p class=\"note\">The {SYMBOLS_MAX} most traded symbols are drawn; {} more are in bars.parquet.</p>",
            format::count(more as u64)
        );
    }
    html
}

fn symbol_figure(symbol: &Symbol, span: Span, currency: &str) -> String {
    let name = clip(&symbol.name, 40);
    let mut about = Vec::new();
    let mut drawn = String::new();
    match &symbol.prices {
        Some(prices) => {
            about.push(format!("{} {} bars", clip(&prices.timeframe, 12), clip(&prices.source, 12)));
            about.extend(change(prices));
            drawn += &price_chart(symbol, prices, span, currency, &name);
        }
        None => drawn += &empty("No bars of this symbol in this run."),
    }
    about.push(format!("{} fills", format::count(symbol.fills)));
    if symbol.fills > 0 {
        drawn += &position_chart(symbol, span, &name);
    }
    format!(
        "<figure><figcaption><strong>{}</strong><span>{}</span></figcaption>{drawn}</figure>",
        escape(&name),
        escape(&about.join(" · "))
    )
}

/// By how much the price changed from the first close to the last.
fn change(prices: &Prices) -> Option<String> {
    let (first, last) = (prices.bars.buckets.first()?.first.value, prices.bars.buckets.last()?.last.value);
    let change = last / first - 1.0;
    change.is_finite().then(|| format::signed(format::percent(change), change > 0.0))
}

fn price_chart(symbol: &Symbol, prices: &Prices, span: Span, currency: &str, name: &str) -> String {
    let layers = vec![
        Layer { series: &prices.bars, style: Style::Range },
        Layer { series: &prices.bars, style: Style::Last },
        Layer { series: &symbol.buys, style: Style::Marks(Pointing::Up) },
        Layer { series: &symbol.sells, style: Style::Marks(Pointing::Down) },
    ];
    let label = format!("Price of {name} over time, with its fills");
    let values = format!("Price, {currency}");
    TimeChart { label: &label, values: &values, span, height: [270.0, 230.0], marks: 5, rule: None, layers }
        .draw()
}

fn position_chart(symbol: &Symbol, span: Span, name: &str) -> String {
    let mut position = symbol.position.clone();
    // It holds until the end.
    if let Some(last) = position.buckets.last().map(|bucket| bucket.last.value) {
        position.push(span.to, last);
    }
    let layers = vec![Layer { series: &position, style: Style::Steps }];
    let label = format!("Position in {name} over time");
    TimeChart {
        label: &label,
        values: "Position, units",
        span,
        height: [120.0, 120.0],
        marks: 3,
        rule: Some(0.0),
        layers,
    }
    .draw()
}

fn run_facts(run: &Run) -> String {
    let facts = &run.facts;
    let text = |pointer: &str| {
        facts.text(pointer).map_or_else(|| format::UNDEFINED.to_owned(), |text| clip(&text, 80))
    };
    let count =
        |pointer: &str| facts.count(pointer).map_or_else(|| format::UNDEFINED.to_owned(), format::count);
    let seconds = |pointer: &str| {
        facts
            .float(pointer)
            .map_or_else(|| format::UNDEFINED.to_owned(), |span| format!("{} s", format::float(span, 3)))
    };
    let mut bars: Vec<String> = facts
        .tallies("/counts/bars")
        .iter()
        .take(20)
        .map(|tally| format!("{} of {}", format::count(tally.count), clip(&tally.name, 12)))
        .collect();
    if bars.is_empty() {
        bars.push("none".to_owned());
    }
    let rows = [
        pair("Strategies", &clip(&facts.list("/strategies").join(", "), 80)),
        pair("Layout", &text("/layout")),
        pair("Run", &text("/run_id")),
        pair("Configuration hash", &text("/config_hash")),
        pair("Event hash", &text("/event_hash")),
        pair("State hash", &text("/state_hash")),
        pair("Bars", &bars.join(", ")),
        pair("Indicator sets", &count("/counts/indicator_sets")),
        pair("Matrices", &count("/counts/matrices")),
        pair("Synergies", &count("/counts/synergies")),
        pair("Decisions", &count("/counts/decisions")),
        pair("Time on the clock", &seconds("/speed/wall_s")),
        pair("Decoding", &seconds("/speed/decode_s")),
        pair("Pipeline", &seconds("/speed/pipeline_s")),
        pair("Version of the run's files", &text("/schema_version")),
        pair("Report by", concat!("grandmodel ", env!("CARGO_PKG_VERSION"))),
    ];
    let cut = if run.config.is_cut { "<p class=\"note\">The rest is in config.toml.</p>" } else { "" };
    format!(
        "<dl class=\"facts wide-values\">{}</dl><details><summary>Configuration in force</summary>\
         <pre tabindex=\"0\">{}</pre>{cut}</details>",
        rows.concat(),
        escape(&run.config.text)
    )
}
