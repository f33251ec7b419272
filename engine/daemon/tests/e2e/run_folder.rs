//! The run folder against the contract, from its files and the ticks alone, to the last digit.
//!
//! Each run is replayed by `support::replay`, which shares no code with the engine: what fills at which
//! price, when, with which fee; how every order ends; each equity row; the summary's figures.

use crate::support::bars::{Wanted, timeframe};
use crate::support::data::{Market, Random, Tick, Walk, walk};
use crate::support::exact::{half_even, instant, parse, rfc3339};
use crate::support::replay::{Replay, Rules};
use crate::support::tables::{self, EquityRow, FillRow, OrderRow, Table};
use crate::support::{Place, Run, bars, check_random, check_run, figures};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const MAKER: &str = "-0.000123457";
const TAKER: &str = "0.00043";
const CAPITAL: &str = "1000000.000000001";
const QUANTITY: &str = "1.234567891";

/// How ticks and bars lie in time: the mean time between a symbol's ticks, and two timeframes.
const SCALES: [(i64, [&str; 2]); 3] =
    [(100_000_000, ["1s", "5s"]), (60_000_000_000, ["10m", "30m"]), (1_200_000_000_000, ["4h", "12h"])];

/// A strategy, and the keys that make it trade often.
const STRATEGIES: [(&str, &str); 5] = [
    ("ema_cross", ""),
    ("mean_reversion", "entry = \"market\"\nstop_on = \"bar\"\n"),
    ("mean_reversion", "entry = \"market\"\nstop_on = \"tick\"\n"),
    ("mean_reversion", "entry = \"limit\"\nstop_on = \"bar\"\n"),
    ("mean_reversion", "entry = \"limit\"\nstop_on = \"tick\"\n"),
];

/// What a run is like.
#[derive(Debug, Clone, Copy)]
struct Case {
    seed: u64,
    strategy: usize,
    scale: usize,
    /// In hundredths of the mean time between ticks.
    latency: i64,
    prints_bind: bool,
    flat: bool,
    /// Goes on so many shortest bars after the last tick.
    end_bars: Option<i64>,
    /// Orders larger than this are refused.
    order_limit: Option<&'static str>,
    layout: &'static str,
}

impl Case {
    fn latency_ns(&self) -> i64 {
        self.latency * SCALES[self.scale].0 / 100
    }

    fn market(&self) -> Market {
        let mut random = Random::new(self.seed);
        let (gap, _) = SCALES[self.scale];
        let start_ts = instant(2024, 2, 27, 82_770) + random.below(1_000_000_000);
        let of = |symbol, quotes_in_ten, size_max| Walk {
            symbol,
            start_ts,
            ticks: 500,
            gap,
            price: 100_123_456_789,
            grid: 1,
            step: 150_000_000,
            size_max,
            quotes_in_ten,
        };
        let trades_only = walk(&mut random, &of("AAA", 0, 900_000_000));
        let both = walk(&mut random, &of("BBB", 6, 1_500_000_000));
        trades_only.with(both).with(walk(&mut random, &of("CCC", 10, 3_000_000_000)))
    }

    fn end(&self, ticks: &[Tick]) -> i64 {
        let (_, length) = timeframe(SCALES[self.scale].1[0]);
        ticks[ticks.len() - 1].ts() + self.end_bars.unwrap_or(0) * length
    }

    fn config(&self) -> String {
        let (_, [short, long]) = SCALES[self.scale];
        let (strategy, keys) = STRATEGIES[self.strategy];
        let fill_size = if self.prints_bind { "print" } else { "unlimited" };
        let fill = if self.flat { "flat" } else { "none" };
        let (latency, layout, limit) = (self.latency_ns(), self.layout, self.order_limit.unwrap_or("none"));
        format!(
            "[run]\nstrategies = [\"{strategy}\"]\ninitial_capital = \"{CAPITAL}\"\ncurrency = \"USDT\"\n\
             layout = {layout}\nwait = \"block\"\n\
             [bars]\ntimeframes = [\"{short}\", \"{long}\"]\nfill = \"{fill}\"\n[indicators]\nmin_history = 20\n\
             [ema_cross]\ntimeframe = \"{short}\"\nfast = 2\nslow = 4\nquantity = \"{QUANTITY}\"\n\
             [mean_reversion]\ntimeframe = \"{short}\"\nbollinger_period = 4\nbollinger_k = 0.7\n\
             rsi_period = 3\nrsi_low = 49.0\nrsi_high = 51.0\natr_period = 3\nstop_atr = 0.4\n\
             quantity = \"{QUANTITY}\"\n{keys}\
             [venue]\nlatency = \"{latency}ns\"\nfill_size = \"{fill_size}\"\n\
             fees = {{ maker = \"{MAKER}\", taker = \"{TAKER}\" }}\n\
             [risk]\nmax_order_quantity = \"{limit}\"\n\
             [[instruments.list]]\nsymbol = \"AAA\"\nmultiplier = \"0.333333333\"\n\
             [[instruments.list]]\nsymbol = \"BBB\"\nmultiplier = \"50\"\n"
        )
    }

    fn rules(&self, ticks: &[Tick]) -> Rules {
        let (_, [short, _]) = SCALES[self.scale];
        Rules {
            latency: self.latency_ns(),
            prints_bind: self.prints_bind,
            maker: parse(MAKER),
            taker: parse(TAKER),
            capital: parse(CAPITAL),
            currency: "USDT",
            multipliers: BTreeMap::from([("AAA", 333_333_333), ("BBB", parse("50"))]),
            shortest: short,
            decides: short,
            end: self.end(ticks),
        }
    }
}

/// What happened in a run, by name.
type Seen = BTreeSet<String>;

/// Runs a case and checks all of its run folder.
#[track_caller]
fn check(case: &Case) -> Seen {
    let place = Place::new();
    let market = case.market();
    let ticks = market.merged();
    let files = market.write(&place.path(""), "ticks");
    let to = rfc3339(case.end(&ticks));
    let flags: &[&str] = if case.end_bars.is_some() { &["--to", &to] } else { &[] };
    let run = place.run("run", &case.config(), &files, flags);
    let rules = case.rules(&ticks);
    check_bars(case, &run, &ticks);
    let (orders, fills) = (tables::orders(&run.dir), tables::fills(&run.dir));
    let made_bars = tables::bars(&run.dir);
    let replay = Replay::run(&ticks, &orders, &made_bars, &rules);
    check_orders(&run, &orders, &replay);
    assert_eq!(fills, replay.fills, "{case:?}");
    check_equity(&tables::equity(&run.dir), &replay.equity);
    check_portfolio(&run, &replay, &rules);
    check_counts(&run, &ticks);
    figures::check(&run);
    seen(&orders, &fills)
}

#[track_caller]
fn check_bars(case: &Case, run: &Run, ticks: &[Tick]) {
    let timeframes = SCALES[case.scale].1.map(timeframe);
    let mut wanted = Wanted::default_of(ticks, &timeframes);
    (wanted.flat, wanted.end) = (case.flat, case.end(ticks));
    let expected = bars::bars(ticks, &wanted);
    let found = tables::bars(&run.dir);
    assert!(!found.is_empty(), "there are bars");
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.len(), expected.len(), "{case:?}");
    for (name, _) in timeframes {
        let rows = found.iter().filter(|bar| bar.timeframe == name).count() as u64;
        assert_eq!(run.count(&["counts", "bars", name]), rows);
    }
}

#[track_caller]
fn check_orders(run: &Run, orders: &[OrderRow], replay: &Replay<'_>) {
    let session = &run.text(&["config_hash"])[..8];
    let mut of_input: BTreeMap<u64, u64> = BTreeMap::new();
    for (order, end) in orders.iter().zip(replay.ends()) {
        let nth = of_input.entry(order.sent_seq).and_modify(|nth| *nth += 1).or_insert(1);
        assert_eq!(order.client_order_id, format!("{session}-{}-{nth}", order.sent_seq));
        assert!(order.cause_seq <= order.sent_seq, "{order:?}");
        let found = (order.seq, order.status.as_str(), order.filled, order.avg_price);
        assert_eq!(found, (end.seq, end.status, end.filled, end.avg_price), "{order:?}");
    }
    let known: BTreeSet<&str> = orders.iter().map(|order| order.client_order_id.as_str()).collect();
    assert_eq!(known.len(), orders.len(), "ids are unique");
    let mut filled: BTreeMap<String, i128> = BTreeMap::new();
    for fill in tables::fills(&run.dir) {
        assert!(known.contains(fill.client_order_id.as_str()), "{fill:?} is of no order");
        *filled.entry(fill.client_order_id).or_default() += fill.quantity;
    }
    for order in orders {
        let sum = filled.get(&order.client_order_id).copied().unwrap_or(0);
        assert_eq!(order.filled, sum, "{order:?}");
        assert_eq!(order.status == "filled", order.filled == order.quantity, "{order:?}");
    }
}

#[track_caller]
fn check_equity(found: &[EquityRow], expected: &[EquityRow]) {
    for (found, expected) in found.iter().zip(expected) {
        assert!((found.drawdown - expected.drawdown).abs() < 1e-12, "{found:?} {expected:?}");
        assert_eq!(EquityRow { drawdown: 0.0, ..*found }, EquityRow { drawdown: 0.0, ..*expected });
        assert_eq!(found.equity, found.cash + found.position_value);
    }
    assert_eq!(found.len(), expected.len());
}

#[track_caller]
fn check_portfolio(run: &Run, replay: &Replay<'_>, rules: &Rules) {
    let last = replay.equity[replay.equity.len() - 1];
    let amount = |name| parse(&run.text(&["portfolio", name]));
    assert_eq!(amount("equity"), last.equity);
    assert_eq!(amount("cash"), last.cash);
    assert_eq!(amount("fees"), replay.fees);
    assert_eq!(amount("realised_pnl"), replay.realised_pnl);
    assert_eq!(amount("unrealised_pnl"), last.unrealised_pnl);
    assert_eq!(amount("initial_capital"), rules.capital);
    assert_eq!(run.text(&["portfolio", "currency"]), rules.currency);
    let positions = run.value(&["portfolio", "positions"]).as_array().expect("a list");
    let held: Vec<_> = replay.holdings.iter().filter(|(_, holding)| holding.quantity != 0).collect();
    assert_eq!(positions.len(), held.len());
    for (position, (symbol, holding)) in positions.iter().zip(held) {
        let text = |name: &str| position[name].as_str().expect("a text");
        let multiplier = rules.multipliers.get(symbol).copied().unwrap_or(parse("1"));
        assert_eq!(text("symbol"), *symbol);
        assert_eq!(parse(text("quantity")), holding.quantity);
        assert_eq!(parse(text("cost")), holding.cost);
        assert_eq!(Some(parse(text("mark_price"))), holding.mark);
        assert_eq!(parse(text("multiplier")), multiplier);
        // For display only: within a unit of cost / quantity / multiplier.
        let per_unit =
            half_even(holding.cost * parse("1") * holding.quantity.signum(), holding.quantity.abs());
        let shown = half_even(parse(text("avg_price")) * multiplier, parse("1"));
        assert!((shown - per_unit).abs() <= multiplier / parse("1") + 2, "{position}");
    }
}

#[track_caller]
fn check_counts(run: &Run, ticks: &[Tick]) {
    let rows = |name| Table::read(&run.dir, name).rows() as u64;
    assert_eq!(run.count(&["counts", "orders"]), rows("orders"));
    assert_eq!(run.count(&["counts", "fills"]), rows("fills"));
    assert_eq!(run.total(&["counts", "bars"]), rows("bars"));
    assert_eq!(rows("decisions"), 0);
    assert_eq!(run.total(&["counts", "refused"]), rows("rejects"), "only intents were refused");
    let indicators = Table::read(&run.dir, "indicators");
    let sets: BTreeSet<(String, String, Option<i64>)> = indicators
        .names("symbol")
        .into_iter()
        .zip(indicators.names("timeframe"))
        .zip(indicators.times("ts_close"))
        .map(|((symbol, timeframe), ts)| (symbol, timeframe, ts))
        .collect();
    assert_eq!(run.count(&["counts", "indicator_sets"]), sets.len() as u64);
    let data = |name| run.count(&["data", name]);
    assert_eq!(data("ticks") + run.total(&["data", "rejected"]), data("rows_read"));
    assert_eq!(data("ticks"), ticks.len() as u64);
    for name in ["config.toml", "report.html"] {
        assert!(run.dir.join(name).is_file(), "{name} is in the run folder");
    }
}

/// Names of what happened, so that a test can ask whether all of it did.
fn seen(orders: &[OrderRow], fills: &[FillRow]) -> Seen {
    let mut seen: Seen =
        orders.iter().map(|order| format!("{} {}", order.order_type, order.status)).collect();
    let mut held: BTreeMap<&str, i128> = BTreeMap::new();
    for fill in fills {
        seen.insert(format!("{} {}", fill.symbol, fill.liquidity));
        let before = held.entry(&fill.symbol).or_default();
        let after = *before + if fill.side == "buy" { fill.quantity } else { -fill.quantity };
        if *before != 0 && after != 0 && after.abs() < before.abs() && (after > 0) == (*before > 0) {
            seen.insert("partial close".to_owned());
        } else if *before != 0 && after != 0 && (after > 0) != (*before > 0) {
            seen.insert("reversal".to_owned());
        }
        *before = after;
    }
    let partly = orders.iter().filter(|order| order.filled > 0 && order.filled < order.quantity);
    seen.extend(partly.map(|order| format!("{} partly", order.status)));
    seen
}

const PLAIN: Case = Case {
    seed: 1,
    strategy: 0,
    scale: 0,
    latency: 0,
    prints_bind: false,
    flat: false,
    end_bars: None,
    order_limit: None,
    layout: "\"fused\"",
};

#[test]
fn the_runs_do_all_that_is_checked() {
    let mut all = Seen::new();
    for strategy in 0..STRATEGIES.len() {
        for (seed, latency, prints_bind) in [(1, 0, false), (2, 30, true), (3, 700, true)] {
            all.extend(check(&Case { seed, strategy, latency, prints_bind, ..PLAIN }));
        }
    }
    for wanted in [
        "market filled",
        "market expired",
        "limit filled",
        "limit cancelled",
        "AAA taker",
        "AAA maker",
        "BBB taker",
        "BBB maker",
        "CCC taker",
        "CCC maker",
        "partial close",
        "reversal",
        "cancelled partly",
    ] {
        assert!(all.contains(wanted), "{wanted} did not happen in {all:?}");
    }
}

#[test]
fn refused_intents_are_counted_and_kept() {
    let case = Case { order_limit: Some(QUANTITY), ..PLAIN };
    let place = Place::new();
    let files = case.market().write(&place.path(""), "ticks");
    let run = place.run("run", &case.config(), &files, &[]);
    let rejects = tables::rejects(&run.dir);
    assert!(!rejects.is_empty(), "a reversal is larger than the limit");
    for reject in &rejects {
        assert_eq!((reject.kind.as_str(), reject.reason.as_str()), ("intent", "max_order_quantity"));
        assert!(reject.symbol.is_some() && reject.ts_event.is_some() && reject.file.is_none(), "{reject:?}");
    }
    assert_eq!(run.count(&["counts", "refused", "max_order_quantity"]), rejects.len() as u64);
    check(&case);
}

#[test]
fn check_run_agrees_and_sees_what_differs() {
    let place = Place::new();
    for (strategy, flat, end_bars) in [(0, false, None), (2, true, Some(9)), (3, false, Some(3))] {
        let case = Case { strategy, scale: 1, prints_bind: true, latency: 30, flat, end_bars, ..PLAIN };
        let mut market = case.market();
        let files = market.write(&place.path(""), "ticks");
        let to = rfc3339(case.end(&market.merged()));
        let flags: &[&str] = if end_bars.is_some() { &["--to", &to] } else { &[] };
        let run = place.run(&format!("run{strategy}"), &case.config(), &files, flags);
        let Some(agreed) = check_run(&run, &files) else { return };
        assert_eq!(agreed.code, Some(0), "{agreed:?}");
        assert!(agreed.stdout.ends_with("checks, all equal\n"), "{agreed:?}");
        let middle = market.trades.len() / 2;
        market.trades[middle].size += 1;
        let differed = check_run(&run, &market.write(&place.path(""), "ticks")).expect("it ran before");
        assert_eq!(differed.code, Some(1), "{differed:?}");
        assert!(differed.stdout.contains("bar ("), "{differed:?}");
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let layouts = prop::sample::select(vec!["\"fused\"", "\"split\""]);
    let run = (
        any::<u64>(),
        0..STRATEGIES.len(),
        0..SCALES.len(),
        prop::sample::select(vec![0, 1, 40, 100, 650, 2_500]),
    );
    let rest = (any::<bool>(), prop::bool::weighted(0.3), prop::option::of(1_i64..30), layouts);
    let limit = prop::option::weighted(0.2, Just(QUANTITY));
    (run, rest, limit).prop_map(|((seed, strategy, scale, latency), rest, order_limit)| {
        let (prints_bind, flat, end_bars, layout) = rest;
        // A limit entry that arrives after its own withdrawal was sent is a case of its own.
        let latency = if strategy >= 3 { latency.min(650) } else { latency };
        Case { seed, strategy, scale, latency, prints_bind, flat, end_bars, order_limit, layout }
    })
}

#[test]
fn every_figure_follows_from_ticks_and_orders() {
    check_random(40, &cases(), |case| drop(check(&case)));
}
