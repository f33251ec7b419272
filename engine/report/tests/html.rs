//! `report.html` from run folders written as the contract says, not by this crate.
//!
//! The pages of some runs are left in the target folder (`tmp/report-html*/report.html`), for looking at it.

mod html_run;

use html_run::{Size, decisions, write_empty_run, write_json, write_rejects, write_run};
use report::{HtmlError, ReadError, render_report};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What any page may weigh.
const PAGE_BYTES_MAX: usize = 2_500_000;

fn symbols(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn small() -> Size {
    Size { symbols: symbols(&["ALPHA", "BRAVO"]), minutes: 600, fills: 12, reasons: 6 }
}

fn folder(size: &Size) -> TempDir {
    let dir = tempfile::tempdir().expect("there is a folder for temporary files");
    write_run(dir.path(), size);
    dir
}

/// A folder that stays after the test, with its page.
fn kept(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&dir).expect("the target folder can be written");
    dir
}

fn page(dir: &Path) -> String {
    let path = render_report(dir).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(path, dir.join("report.html"));
    let html = fs::read_to_string(path).expect("the page was written");
    check_page(&html);
    html
}

/// What holds for every page.
fn check_page(html: &str) {
    assert!(html.len() <= PAGE_BYTES_MAX, "the page has {} bytes", html.len());
    for outside in
        ["http:", "https:", "xmlns", "src=", "href=", "@import", "url(", "<link", "<iframe", "fetch("]
    {
        assert!(!html.contains(outside), "the page has {outside}");
    }
    assert!(html.starts_with("<!doctype html>") && html.trim_end().ends_with("</html>"));
    for tag in ["svg", "section", "table", "figure", "div", "dl", "details", "span", "p"] {
        let opened = html.matches(&format!("<{tag}>")).count() + html.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, html.matches(&format!("</{tag}>")).count(), "every {tag} is closed");
    }
    assert!(!html.contains("NaN") && !html.contains("inf,"), "no figure is without a value");
}

fn edit_summary(dir: &Path, edit: impl FnOnce(&mut Value)) {
    let text = fs::read_to_string(dir.join("summary.json")).expect("it was written");
    let mut summary = serde_json::from_str(&text).expect("it is JSON");
    edit(&mut summary);
    write_json(dir, &summary);
}

#[test]
fn a_full_run_has_every_chart_and_figure() {
    let dir = kept("report-html");
    let size =
        Size { symbols: symbols(&["ALPHA", "BRAVO", "CHARLIE"]), minutes: 43_200, fills: 134, reasons: 6 };
    write_run(&dir, &size);
    let html = page(&dir);
    // Equity, drawdown; price and position of three symbols; latency; three kinds of rejects. Each for two screens.
    assert_eq!(html.matches("<svg").count(), 2 * (2 + 3 * 2 + 1 + 3));
    for text in [
        "mean reversion",
        "100,000.00 USD",
        "5,012,345",
        "5.21 M",
        "54.04%",
        "30m trade bars",
        "134 fills",
        "The first 200 of 399 orders",
        "−100",
        "p99.9",
        "Crossed quote",
        "4,320 of 30m",
        "0f6b1a52e7c94d3388b1de0c52a7f9e4",
        "2025-01-01 00:00 to 2025-01-31 00:00 UTC",
        "30 days",
        "prefers-color-scheme",
    ] {
        assert!(html.contains(text), "{text} is not on the page");
    }
    assert_eq!(html.matches("<tr><td>2025-").count(), 400, "200 orders and 200 fills");
}

/// Writes a run of agents: its folder, and the page.
fn run_of_agents(dir: &Path, size: &Size, others: usize) -> String {
    let made = write_run(dir, size);
    let agents = decisions::write(dir, &size.symbols, &made, others);
    edit_summary(dir, |summary| {
        summary["strategies"] = json!(["marl"]);
        summary["agents"] = agents;
    });
    page(dir)
}

#[test]
fn a_run_of_agents_shows_why_each_decision_was_made() {
    let dir = kept("report-html-agents");
    let size = Size { symbols: symbols(&["ALPHA", "BRAVO"]), minutes: 43_200, fills: 40, reasons: 6 };
    let html = run_of_agents(&dir, &size, 70);
    let section = html.split("<section id=\"decisions\">").nth(1).expect("there is a section on decisions");
    let section = section.split("</section>").next().expect("it ends");
    assert_eq!(section.matches("<svg").count(), 2 * 2, "a chart of each symbol for two screens");
    // 40 and 39 fills came of decisions, and 70 decisions of each symbol came to nothing.
    assert_eq!(section.matches("<details>").count(), 200);
    for text in [
        "The 200 most confident of 216 decisions",
        "3 that timed out are not among them",
        "cloned from the rule `synergy_only` on 30 days",
        "untrained: seeded weights",
        ">momentum</text>",
        ">all</text>",
        "Three signals agreed, long",
        "<dt>Position</dt><dd>−62.50% of its limit</dd>",
        "<dt>Unrealised</dt><dd>1.25% of equity</dd>",
        "<dt>Bars since entry</dt><dd>17</dd>",
        "<dt>Drawdown</dt><dd>3.12%</dd>",
        "0.50 strategic + 0.50 tactical",
        "<b class=\"sell\">refused</b> max position",
        "Hold: below the gate",
        "no answer",
        "<h4>An exit beside it</h4><p>No part of it, stop: ",
        "mlmi › nwrqk › fvg",
        "<code>9f2c1a70-5037-0</code>",
    ] {
        assert!(section.contains(text), "{text} is not in the section");
    }
    assert!(!section.contains("Hold: an answer was missing"), "what timed out is not in the list");
    assert!(html.contains("<th>Purpose") && html.contains("<td>stop"));
}

#[test]
fn an_empty_run_says_so_in_words() {
    let dir = kept("report-html-empty");
    write_empty_run(&dir);
    let html = page(&dir);
    assert_eq!(html.matches("<svg").count(), 0);
    assert!(!html.contains("Decisions</h2>"), "a run without decisions has no section on them");
    for sentence in [
        "There was no data in this run.",
        "No equity was recorded in this run.",
        "No bars and no fills in this run.",
        "No latency was measured in this run.",
        "No intents were refused in this run.",
        "No orders were rejected in this run.",
        "No rows of data were rejected in this run.",
        "No open positions at the end of this run.",
        "No orders in this run.",
        "No fills in this run.",
        "No strategy",
    ] {
        assert!(html.contains(sentence), "{sentence} is not on the page");
    }
}

#[test]
fn a_run_without_fills_has_prices_and_says_so() {
    let dir = kept("report-html-no-fills");
    write_run(&dir, &Size { symbols: symbols(&["ALPHA"]), minutes: 95, fills: 0, reasons: 6 });
    let html = page(&dir);
    // Equity, price, latency, three kinds of rejects; equity never fell.
    assert_eq!(html.matches("<svg").count(), 2 * 6);
    assert!(html.contains("No drawdown"));
    assert_eq!(html.matches("No fills in this run.").count(), 2);
    assert!(
        html.contains("No orders in this run.")
            && html.contains("1m trade bars")
            && html.contains("1.6 hours")
    );
}

#[test]
fn ticks_made_from_bars_are_named() {
    let dir = folder(&small());
    assert!(!page(dir.path()).contains("made from bars"), "nothing is said of other ticks");
    edit_summary(dir.path(), |summary| summary["data"]["made_from_bars"] = json!(["ALPHA", "BRAVO"]));
    let html = page(dir.path());
    assert!(
        html.contains("The ticks of ALPHA, BRAVO were made from bars")
            && html.contains("· ticks made from bars")
    );
}

#[test]
fn what_comes_from_data_cannot_become_markup() {
    let evil = "</script><script>alert('1')</script><img onerror=\"x\">&";
    let dir = tempfile::tempdir().expect("there is a folder for temporary files");
    let size = Size { symbols: symbols(&[evil]), ..small() };
    let made = write_run(dir.path(), &size);
    decisions::write(dir.path(), &size.symbols, &made, 20);
    write_rejects(dir.path(), &[("tick".into(), evil.into()), (evil.into(), evil.into())]);
    edit_summary(dir.path(), |summary| {
        for pointer in
            ["/run_id", "/layout", "/config_hash", "/event_hash", "/strategies/0", "/portfolio/currency"]
        {
            *summary.pointer_mut(pointer).expect("it is there") = json!(evil);
        }
        summary["agents"]["mlmi"]["model"] = json!({"training": evil, "file": evil, "sha256": evil});
        summary["data"]["rejected"][evil] = json!(1);
        summary["data"]["suspicious"][evil] = json!(1);
        summary["data"]["made_from_bars"] = json!([evil]);
        summary["counts"]["bars"][evil] = json!(1);
        summary["latency_ns"][evil] = json!({"p50": 1, "p99": 2, "p999": 3, "count": 1});
    });
    fs::write(dir.path().join("config.toml"), format!("x = \"{evil}\" # </pre>")).expect("it can be written");
    let html = page(dir.path());
    assert_eq!(html.matches("<script>").count(), 1);
    assert_eq!(html.matches("</script>").count(), 1);
    assert_eq!(html.matches("</pre>").count(), 1);
    assert!(!html.contains("<img") && !html.contains("alert('1')"));
    assert!(html.contains("&lt;img"));
}

fn check_error(spoil: impl FnOnce(&Path), expected: &[&str]) {
    let dir = folder(&small());
    spoil(dir.path());
    let error = render_report(dir.path()).expect_err("the folder is spoilt");
    let sentence = error.to_string();
    for part in expected {
        assert!(sentence.contains(part), "{part} is not in {sentence}");
    }
    assert!(!sentence.contains('\n'), "{sentence} is one sentence");
    let names = fs::read_dir(dir.path()).expect("it is there").flatten().map(|entry| entry.file_name());
    let left: Vec<_> = names.filter(|name| name.to_string_lossy().contains("report.html")).collect();
    assert!(left.is_empty(), "nothing half-written is left: {left:?}");
}

#[test]
fn a_missing_file_is_named_with_what_to_do() {
    for file in [
        "summary.json",
        "config.toml",
        "bars.parquet",
        "decisions.parquet",
        "fills.parquet",
        "orders.parquet",
        "equity.parquet",
        "rejects.parquet",
    ] {
        let remove = |dir: &Path| fs::remove_file(dir.join(file)).expect("it was there");
        check_error(remove, &[file, "is missing", "run the backtest again"]);
    }
    let gone = render_report(Path::new("no/such/run")).expect_err("it is not there");
    assert!(
        matches!(gone, HtmlError::Folder(ReadError::NoFolder(_))) && gone.to_string().contains("no/such/run")
    );
}

#[test]
fn an_unreadable_file_is_named_with_what_is_wrong() {
    let write = |file: &'static str, bytes: &'static [u8]| {
        move |dir: &Path| fs::write(dir.join(file), bytes).unwrap()
    };
    check_error(write("fills.parquet", b"PAR1 is not enough"), &["fills.parquet", "Parquet", "again"]);
    check_error(write("equity.parquet", b""), &["equity.parquet", "Parquet"]);
    check_error(write("summary.json", b"{\"run_id\": "), &["summary.json", "line 1", "again"]);
    check_error(write("summary.json", b"{\"schema_version\": 99}"), &["summary.json", "99", "newer"]);
    let copy =
        |dir: &Path| assert!(fs::copy(dir.join("rejects.parquet"), dir.join("orders.parquet")).unwrap() > 0);
    check_error(copy, &["orders.parquet", "no column client_order_id"]);
    let cut = |dir: &Path| {
        let bytes = fs::read(dir.join("bars.parquet")).unwrap();
        let spoilt: Vec<u8> = bytes
            .iter()
            .enumerate()
            .map(|(at, byte)| if at < bytes.len() / 2 { 0xA5 } else { *byte })
            .collect();
        fs::write(dir.join("bars.parquet"), spoilt).unwrap();
    };
    check_error(cut, &["bars.parquet", "again"]);
}

#[test]
fn a_column_of_another_type_is_named() {
    use arrow_array::{Float64Array, StringArray};
    let spoil = |dir: &Path| {
        let columns: Vec<(&str, arrow_array::ArrayRef)> = vec![
            ("ts_event", std::sync::Arc::new(StringArray::from(vec!["yesterday"]))),
            ("equity", std::sync::Arc::new(Float64Array::from(vec![1.0]))),
            ("drawdown", std::sync::Arc::new(Float64Array::from(vec![0.0]))),
        ];
        html_run::write_table(dir, "equity.parquet", columns);
    };
    check_error(spoil, &["equity.parquet", "column ts_event", "Utf8", "timestamp"]);
}

#[test]
fn the_page_of_a_large_run_is_bounded() {
    let names: Vec<String> = (0..9).map(|nth| format!("SYMBOL-{nth}")).collect();
    let dir = kept("report-html-large");
    let size = Size { symbols: names, minutes: 20_000, fills: 4_000, reasons: 12_000 };
    let made = write_run(&dir, &size);
    let agents = decisions::write(&dir, &size.symbols, &made, 3_000);
    edit_summary(&dir, |summary| {
        summary["agents"] = agents;
        for nth in 0..5_000 {
            summary["data"]["rejected"][format!("reason_{nth}")] = json!(nth);
            summary["latency_ns"][format!("stage_{nth}")] =
                json!({"p50": nth, "p99": nth, "p999": nth, "count": 1});
        }
        summary["portfolio"]["positions"] =
            (0..5_000).map(|nth| json!({"symbol": format!("S{nth}"), "quantity": "1"})).collect();
    });
    fs::write(dir.join("config.toml"), "key = \"<<<<\"\n".repeat(200_000)).expect("it can be written");
    let html = page(&dir);
    // The six most traded are drawn, the busiest first, and the decisions of three of them.
    assert_eq!(html.matches("<figcaption>").count(), 6 + 3);
    assert!(html.contains("At most 3 symbols are drawn; 6 more are in decisions.parquet."));
    assert!(html.contains("The 200 most confident of 62,421 decisions"));
    let at = |name: &str| html.find(&format!("<figcaption><strong>{name}<"));
    assert!(at("SYMBOL-0") < at("SYMBOL-5") && at("SYMBOL-0").is_some() && at("SYMBOL-6").is_none());
    assert!(html.contains("3 more are in bars.parquet"));
    assert!(html.contains("The rest is in config.toml."));
}

#[test]
fn a_page_is_replaced_and_the_same_folder_gives_the_same_page() {
    let dir = folder(&small());
    fs::write(dir.path().join("report.html"), "old").expect("it can be written");
    let first = page(dir.path());
    assert_eq!(first, page(dir.path()));
    let names = fs::read_dir(dir.path()).expect("it is there").flatten();
    assert!(names.map(|entry| entry.file_name()).all(|name| !name.to_string_lossy().contains("partial")));
}
