//! The keys of a run's configuration: the one place that knows their paths, shapes, defaults, units and prose.
//!
//! To add a key: one entry here, one field in `checked`, one line in `build`; then run the tests with
//! `UPDATE_GOLDEN=1`, which writes it into `configs/reference.toml`.
//! Not here: what shapes accept (`shape`).

mod intelligence;
mod journal;
mod s3;
mod storage;

use super::schema::{Key, Schema, Section};
use super::shape::{Choices, Fixed, Least, Off, Range, Shape, Tables};

/// The configuration of a run.
pub static RUN: Schema =
    Schema { parts: &[KEYS, s3::KEYS, intelligence::KEYS, journal::KEYS, storage::KEYS], sections: SECTIONS };

const fn one_of(now: &'static [&'static str]) -> Shape {
    Shape::Choice(Choices { now })
}

const PERIOD: Shape = Shape::Integer { min: 1, max: 10_000 };
const QUANTITY: Shape = Shape::Decimal(Fixed::Quantity, Range::AboveZero, Off::Never);
const QUANTITY_LIMIT: Shape = Shape::Decimal(Fixed::Quantity, Range::AboveZero, Off::ByNone);
const MONEY_LIMIT: Shape = Shape::Decimal(Fixed::Money, Range::AboveZero, Off::ByNone);
const RATE_LIMIT: Shape = Shape::Decimal(Fixed::Rate, Range::AboveZero, Off::ByNone);
const FEE: Shape = Shape::Decimal(Fixed::Rate, Range::Fraction, Off::Never);

const SECTIONS: &[Section] = &[
    Section { path: "run", doc: "What runs, with how much money, and how it is put on threads." },
    Section { path: "data", doc: "Which ticks are replayed." },
    Section { path: "s3", doc: "The server of paths and archives that begin with s3://." },
    Section { path: "bars", doc: "How ticks become bars." },
    Section { path: "batches", doc: "Statistics of batches of ticks: at most 100 and less than 1 ms each." },
    Section { path: "indicators", doc: "What is computed from bars." },
    Section { path: "ema_cross", doc: "The strategy ema_cross: follow the faster of two averages." },
    Section {
        path: "mean_reversion",
        doc: "The strategy mean_reversion: enter outside the Bollinger bands, leave at the middle or a stop.",
    },
    Section { path: "venue", doc: "The simulated venue." },
    Section { path: "venue.fees", doc: "What the venue charges." },
    Section { path: "risk", doc: "What the gate refuses; a refusal's reason is the key's last part." },
    Section { path: "ingest", doc: "What is done with rows that are odd or wrong." },
    Section { path: "replay", doc: "Whose time the engine lives in." },
    Section { path: "latency", doc: "How the pipeline's latency is measured." },
    Section { path: "matrices", doc: "Windows of features, as agents and training read them." },
    Section { path: "synergy", doc: "When three signals in one direction make a synergy." },
    Section { path: "agents", doc: "The six agents of the strategy marl and how their voices are combined." },
    Section { path: "agents.logits", doc: "How much an agent weighs in its group: a softmax of these." },
    Section { path: "agents.simulated_miss", doc: "Answers that come too late, in a backtest." },
    Section { path: "agents.circuit", doc: "When an agent that keeps missing is left alone." },
    Section { path: "sizing", doc: "How large a position of marl and synergy_only is." },
    Section { path: "synergy_only", doc: "The strategy synergy_only: take every synergy's direction." },
    Section { path: "exits", doc: "When a position of marl and synergy_only is closed without being asked." },
    Section {
        path: "journal",
        doc: "How inputs are kept, so that a killed run can be continued with --resume.",
    },
    Section { path: "storage", doc: "Stores of ticks and results beside the run." },
    Section { path: "storage.archive", doc: "The Parquet catalog of the tier archive." },
    Section { path: "storage.redis", doc: "The Redis server of the tier redis." },
    Section { path: "storage.postgres", doc: "The database of the tiers postgres and cold." },
    Section { path: "instruments", doc: "What is traded." },
    Section {
        path: "instruments.default",
        doc: "What holds for every instrument that does not say otherwise.",
    },
];

const KEYS: &[Key] = &[
    Key::new(
        "run.strategies",
        Shape::OneInList(Choices { now: &["marl", "synergy_only", "ema_cross", "mean_reversion", "none"] }),
        r#"["none"]"#,
        "",
        "What decides; \"none\" only makes bars and indicators.",
    ),
    Key::new(
        "run.layout",
        Shape::Layout,
        r#""fused""#,
        "",
        "All stages on one thread, two threads cut after bars, or one thread for each group.",
    )
    .speed_only(),
    Key::new(
        "run.initial_capital",
        Shape::Decimal(Fixed::Money, Range::AboveZero, Off::Never),
        r#""100000""#,
        "run.currency",
        "What the account holds at the start.",
    ),
    Key::new(
        "run.currency",
        Shape::Currency,
        r#""USD""#,
        "",
        "The currency of the account and of every instrument.",
    ),
    Key::new(
        "run.out",
        Shape::Path,
        r#""runs""#,
        "",
        "The folder that run folders are made in, unless --out names one.",
    )
    .speed_only(),
    Key::new(
        "run.wait",
        one_of(&["auto", "spin", "yield", "block"]),
        r#""auto""#,
        "",
        "How a thread waits for work; auto spins only where every thread has a core of its own.",
    )
    .speed_only(),
    Key::new("run.cores", Shape::Cores, r#""none""#, "", "Which cores the threads are pinned to, in turn.")
        .speed_only(),
    Key::new(
        "data.paths",
        Shape::Paths,
        "[]",
        "",
        "Catalogs, folders and .parquet files, from the working folder or s3://BUCKET/PREFIX; --data replaces them.",
    )
    .speed_only(),
    Key::new(
        "data.columns",
        Shape::Columns,
        r#""""#,
        "",
        "Our column names and the files' where they differ, as NAME=COLUMN pairs joined by commas.",
    ),
    Key::new(
        "data.symbol",
        Shape::Symbol,
        "",
        "",
        "Names rows that have no symbol, and renames where all have one.",
    )
    .unset(r#""BTCUSDT""#, "every row names its own"),
    Key::new(
        "data.ts_unit",
        one_of(&["s", "ms", "us", "ns"]),
        r#""ns""#,
        "",
        "The unit of timestamps that are plain integers.",
    ),
    Key::new("data.from", Shape::Instant, "", "UTC", "The first instant replayed; --from replaces it.")
        .unset(r#""2025-01-01""#, "from the first tick"),
    Key::new(
        "data.to",
        Shape::Instant,
        "",
        "UTC",
        "The first instant not replayed any more; --to replaces it.",
    )
    .unset(r#""2025-02-01T00:00:00Z""#, "to the last tick"),
    Key::new(
        "data.warm_up",
        Shape::Duration,
        r#""0s""#,
        "duration",
        "So much before data.from is replayed, too, unseen by the strategy: indicators are warm when it first decides.",
    ),
    Key::new(
        "data.stored",
        Shape::SomeInList(Choices { now: &["redis", "sqlite", "postgres", "cold", "archive"] }),
        "[]",
        "",
        "Tiers of storage.* whose ticks are replayed, the newest first, where there are no data.paths; beside data.paths \
         they are read for data.warm_up alone.",
    )
    .speed_only(),
    Key::new(
        "data.stored_holes",
        one_of(&["refuse", "report"]),
        r#""refuse""#,
        "",
        "What happens where the tiers lack ticks of the span: the run does not begin, or the holes are named and left out.",
    )
    .speed_only(),
    Key::new(
        "data.decode_threads",
        Shape::Integer { min: 1, max: 64 },
        "1",
        "threads",
        "How many threads decode files ahead of the pipeline.",
    )
    .speed_only(),
    Key::new(
        "data.generate",
        Shape::Path,
        "",
        "",
        "A generator's configuration that makes the one folder in data.paths if it does not exist.",
    )
    .unset(r#""configs/quickstart-market.toml""#, "data that does not exist is an error")
    .speed_only(),
    Key::new(
        "bars.timeframes",
        Shape::Timeframes,
        r#"["1m", "5m"]"#,
        "",
        "Lengths of bars; what the strategy needs is added by itself.",
    ),
    Key::new(
        "bars.source",
        Shape::Sources,
        r#""auto""#,
        "",
        "Which prices make bars, the first being what strategies see; auto is trade if there are trades, else mid.",
    ),
    Key::new(
        "bars.fill",
        one_of(&["none", "flat"]),
        r#""none""#,
        "",
        "What a span without ticks makes: no bar, or one at the last close.",
    ),
    Key::new(
        "batches.record",
        Shape::Boolean,
        "false",
        "",
        "Whether the run folder holds batches.parquet: VWAP, price change, volume, volatility, count and span of the \
         ticks that the symbol's bars are made of, batch by batch; where ticks are sparse, a row for each.",
    )
    .speed_only(),
    Key::new(
        "indicators.min_history",
        Shape::Integer { min: 1, max: 1_000_000 },
        "50",
        "bars",
        "How many bars a symbol and timeframe must have before values are emitted.",
    ),
    Key::new(
        "indicators.default",
        Shape::Indicators,
        r#""standard""#,
        "",
        "Indicators of every timeframe that indicators.by_timeframe does not name; standard is the classical ones \
         everywhere, mlmi, nwrqk and fvg on 5m, all on 30m. What a strategy or a matrix needs is added by itself.",
    ),
    Key::new(
        "indicators.by_timeframe",
        Shape::IndicatorsByTimeframe,
        "{}",
        "",
        "Indicators by timeframe, such as { 5m = [\"sma_50\"] }.",
    ),
    Key::new(
        "indicators.profile_bin",
        Shape::Decimal(Fixed::Price, Range::AboveZero, Off::ByAuto),
        r#""auto""#,
        "price",
        "Width of a bin of the volume profile; auto is a ten-thousandth of the power of ten below the first price.",
    ),
    Key::new("ema_cross.timeframe", Shape::Timeframe, r#""1m""#, "", "The bars it reads."),
    Key::new("ema_cross.fast", PERIOD, "10", "bars", "Period of the fast average; less than slow."),
    Key::new(
        "ema_cross.slow",
        PERIOD,
        "30",
        "bars",
        "Period of the slow average, and the first bar it decides at.",
    ),
    Key::new("ema_cross.quantity", QUANTITY, r#""1""#, "units", "The position it holds, long or short."),
    Key::new(
        "ema_cross.seed",
        one_of(&["first", "sma"]),
        r#""first""#,
        "",
        "What an average starts from: the first close, or the mean of its first period.",
    ),
    Key::new("mean_reversion.timeframe", Shape::Timeframe, r#""5m""#, "", "The bars it reads."),
    Key::new("mean_reversion.bollinger_period", PERIOD, "20", "bars", "Period of the Bollinger bands."),
    Key::new(
        "mean_reversion.bollinger_k",
        Shape::Number(Least::Above(0.0), 100.0),
        "2.0",
        "deviations",
        "Half the width of the bands.",
    ),
    Key::new("mean_reversion.rsi_period", PERIOD, "14", "bars", "Period of the RSI."),
    Key::new(
        "mean_reversion.rsi_low",
        Shape::Number(Least::Above(0.0), 100.0),
        "30.0",
        "",
        "It buys below this RSI; less than rsi_high.",
    ),
    Key::new(
        "mean_reversion.rsi_high",
        Shape::Number(Least::Above(0.0), 100.0),
        "70.0",
        "",
        "It sells above this RSI.",
    ),
    Key::new("mean_reversion.atr_period", PERIOD, "14", "bars", "Period of the average true range."),
    Key::new(
        "mean_reversion.stop_atr",
        Shape::Number(Least::Above(0.0), 1000.0),
        "2.0",
        "average true ranges",
        "Distance of the stop from the entry.",
    ),
    Key::new("mean_reversion.quantity", QUANTITY, r#""1""#, "units", "The position it takes, long or short."),
    Key::new(
        "mean_reversion.entry",
        one_of(&["market", "limit"]),
        r#""market""#,
        "",
        "How it enters: at the market, or by a limit at the close that stands until the symbol's next bar.",
    ),
    Key::new(
        "mean_reversion.stop_on",
        one_of(&["bar", "tick"]),
        r#""bar""#,
        "",
        "When the stop is looked at: at closes, or at every tick.",
    ),
    Key::new(
        "venue.record",
        Shape::Path,
        "",
        "",
        "With --paper: the file in which the venue's process writes down every order before it does anything with it.",
    )
    .unset(r#""venue/orders.log""#, "orders.log in the journal's folder")
    .speed_only(),
    Key::new(
        "venue.latency",
        Shape::Duration,
        r#""0ns""#,
        "duration",
        "From a decision to the order's arrival at the venue.",
    ),
    Key::new(
        "venue.fill_size",
        one_of(&["unlimited", "print"]),
        r#""unlimited""#,
        "",
        "How much of an order one trade fills: all of it, or up to the trade's own size.",
    ),
    Key::new(
        "venue.fees.maker",
        FEE,
        r#""0""#,
        "fraction of notional",
        "The fee of a resting order; negative is a rebate.",
    ),
    Key::new("venue.fees.taker", FEE, r#""0""#, "fraction of notional", "The fee of an order that takes."),
    Key::new(
        "risk.max_order_quantity",
        QUANTITY_LIMIT,
        r#""none""#,
        "units",
        "The largest order; a larger one that only reduces a position is sent in parts.",
    ),
    Key::new(
        "risk.max_order_notional",
        MONEY_LIMIT,
        r#""none""#,
        "run.currency",
        "The most valuable order; one worth more that only reduces a position is sent in parts.",
    ),
    Key::new(
        "risk.max_position",
        QUANTITY_LIMIT,
        r#""none""#,
        "units",
        "The largest position in one symbol, long or short.",
    ),
    Key::new(
        "risk.price_collar",
        RATE_LIMIT,
        r#""none""#,
        "fraction of the last price",
        "How far a limit price may be from the last price.",
    ),
    Key::new(
        "risk.max_daily_loss",
        MONEY_LIMIT,
        r#""none""#,
        "run.currency",
        "The loss since midnight UTC after which only orders that reduce a position pass.",
    ),
    Key::new(
        "ingest.on_bad_row",
        one_of(&["reject", "fail"]),
        r#""reject""#,
        "",
        "Whether a bad row is set aside and counted, or ends the run.",
    ),
    Key::new(
        "ingest.reorder_window",
        Shape::Duration,
        r#""0s""#,
        "duration",
        "Rows behind the newest of their symbol and file by at most this are sorted rather than rejected.",
    ),
    Key::new(
        "ingest.max_price_jump",
        Shape::Decimal(Fixed::Rate, Range::ZeroOrMore, Off::Never),
        r#""0.5""#,
        "fraction of the last price",
        "A tick further from the last one is rejected; 0 switches it off; nothing is far from a last price of 0.",
    ),
    Key::new(
        "ingest.excess_decimals",
        one_of(&["reject", "round"]),
        r#""reject""#,
        "",
        "What is done with numbers of more than 9 decimals.",
    ),
    Key::new(
        "replay.clock",
        one_of(&["event", "recv"]),
        r#""event""#,
        "",
        "Engine time is the venue's time of a tick, or the time it was received.",
    ),
    Key::new(
        "replay.feed_latency",
        Shape::Duration,
        r#""0ns""#,
        "duration",
        "Added to the venue's time under clock = event.",
    ),
    Key::new(
        "latency.sample",
        Shape::Integer { min: 1, max: 1_000_000_000 },
        "1024",
        "ticks",
        "One tick in so many is measured; bars, decisions, orders and fills always are.",
    )
    .speed_only(),
    Key::new(
        "instruments.default.tick_size",
        Shape::Decimal(Fixed::Price, Range::ZeroOrMore, Off::Never),
        r#""0""#,
        "price",
        "The smallest price step; 0 is any price of nine decimals.",
    ),
    Key::new(
        "instruments.default.lot",
        Shape::Decimal(Fixed::Quantity, Range::ZeroOrMore, Off::Never),
        r#""0""#,
        "units",
        "The smallest quantity step; 0 is any quantity of nine decimals.",
    ),
    Key::new(
        "instruments.default.multiplier",
        QUANTITY,
        r#""1""#,
        "value of one unit per unit of price",
        "1 for spot, 50 for the E-mini S&P 500.",
    ),
    Key::new(
        "instruments.default.currency",
        Shape::Currency,
        "",
        "",
        "The currency of its notional and fees.",
    )
    .unset(r#""USD""#, "run.currency"),
    Key::new("instruments.default.venue", Shape::Text, r#""SIM""#, "", "Where it trades."),
    Key::new("instruments.default.venue_symbol", Shape::Text, "", "", "The venue's own name for it.")
        .unset(r#""XBT/USD""#, "the symbol"),
    Key::new(
        "instruments.default.hours",
        Shape::Hours,
        r#""always""#,
        "local time of its zone",
        "When it trades; ticks at other times are rejected. Each interval is a session, and vwap_session begins \
         anew where one opens (always: at midnight UTC). An end at or before its start is on the next day.",
    ),
    Key::new(
        "instruments.default.allow_negative_price",
        Shape::Boolean,
        "false",
        "",
        "Whether prices of zero and below are legal.",
    ),
    Key::new(
        "instruments.list",
        Shape::Tables(Tables { fields: "instruments.list[]", defaults: "instruments.default", id: "symbol" }),
        "[]",
        "",
        "One table for each instrument that differs from instruments.default, with its symbol and any keys of that.",
    ),
    Key::new("instruments.list[].symbol", Shape::Symbol, "", "", "Which instrument the table is about.")
        .required(r#""BTCUSDT""#),
];
