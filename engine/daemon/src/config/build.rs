//! From the effective configuration to the checked one: rules between keys, and the types the wiring reads.
//!
//! Each value has passed its shape, so reading it cannot fail; where it does, a shape lies, and that is a bug.
//! Not here: rules of one key (`shape`), what matrices, synergies and agents need (`intelligence`).

mod intelligence;

use super::checked::{
    BarFill, BarSources, BarsConfig, ColumnName, Config, Cores, DataConfig, ExcessDecimals, IngestConfig,
    InstrumentConfig, InstrumentsConfig, JournalConfig, JournalKeep, OnBadRow, ReplayClock, ReplayConfig,
    RunConfig, StorageConfig, StrategyChoice, TierChoice, TimeUnit, Wait, WhenFull,
};
use super::effective::Effective;
use super::error::{ConfigError, Place};
use super::node::{Node, Value};
use super::{hours, layout, times};
use gate::Limits;
use indicators::{IndicatorConfig, IndicatorSpec, Seed};
use journal::Durability;
use matching::{FillSize, VenueConfig};
use model::{BarSource, Money, Nanos, Price, Quantity, Rate, Timeframe};
use objects::{Patience, S3Config};
use rules::{EmaCrossConfig, Entry, MeanReversionConfig, StopOn};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use storage::query::Holes;

const CHECKED: &str = "a value that passed its shape";

/// Builds the checked configuration.
pub(super) fn build(effective: &Effective) -> Result<Config, ConfigError> {
    let read = Read(effective);
    let run = run(&read);
    let ema_cross = ema_cross(&read)?;
    let mean_reversion = mean_reversion(&read)?;
    let venue = venue(&read);
    if run.strategy == StrategyChoice::MeanReversion {
        check_entry(&read, &mean_reversion, &venue)?;
    }
    let risk = risk(&read);
    let intelligence = intelligence::build(&read, run.strategy, &venue, &risk)?;
    let mut needed = intelligence.timeframes();
    needed.extend(match run.strategy {
        StrategyChoice::EmaCross => Some(ema_cross.timeframe),
        StrategyChoice::MeanReversion => Some(mean_reversion.timeframe),
        StrategyChoice::Marl | StrategyChoice::SynergyOnly | StrategyChoice::None => None,
    });
    let bars = bars(&read, needed);
    let indicators = indicators(&read, &bars.timeframes, &intelligence.needs)?;
    let instruments = instruments(&read, &run.currency)?;
    Ok(Config {
        data: data(&read)?,
        s3: s3(&read),
        venue,
        risk,
        ingest: ingest(&read),
        replay: replay(&read),
        latency_sample: read.integer("latency.sample"),
        journal: journal(&read)?,
        storage: storage(&read)?,
        run,
        bars,
        indicators,
        matrices: intelligence.matrices,
        record_matrices: read.flag("matrices.record"),
        record_batches: read.flag("batches.record"),
        synergy: intelligence.synergy,
        agents: intelligence.agents,
        synergy_only: intelligence.synergy_only,
        ema_cross,
        mean_reversion,
        instruments,
    })
}

/// Reads values that passed their shapes.
struct Read<'a>(&'a Effective);

impl<'a> Read<'a> {
    fn value(&self, path: &str) -> Option<&'a Value> {
        self.0.entry(path).normal.as_ref()
    }

    fn optional_text(&self, path: &str) -> Option<&'a str> {
        self.value(path).map(|value| value.as_text().expect(CHECKED))
    }

    fn text(&self, path: &str) -> &'a str {
        self.optional_text(path).expect(CHECKED)
    }

    fn texts(&self, path: &str) -> Vec<&'a str> {
        self.value(path).map(list_texts).expect(CHECKED)
    }

    fn integer(&self, path: &str) -> u32 {
        match self.value(path) {
            Some(Value::Integer(text)) => text.parse().expect(CHECKED),
            _ => unreachable!("{path} is {CHECKED}"),
        }
    }

    fn flag(&self, path: &str) -> bool {
        self.value(path) == Some(&Value::Boolean(true))
    }

    /// The tables of a list.
    fn tables(&self, path: &str) -> &'a [Node] {
        self.value(path).and_then(Value::as_list).expect(CHECKED)
    }

    fn number(&self, path: &str) -> f64 {
        match self.value(path) {
            Some(Value::Float(text)) => text.parse().expect(CHECKED),
            _ => unreachable!("{path} is {CHECKED}"),
        }
    }

    fn quantity(&self, path: &str) -> Quantity {
        Quantity::parse(self.text(path)).expect(CHECKED)
    }

    fn rate(&self, path: &str) -> Rate {
        Rate::parse(self.text(path)).expect(CHECKED)
    }

    fn duration(&self, path: &str) -> Nanos {
        times::parse_duration(self.text(path)).expect(CHECKED)
    }

    fn timeframe(&self, path: &str) -> Timeframe {
        Timeframe::parse(self.text(path)).expect(CHECKED)
    }

    fn instant(&self, path: &str) -> Option<Nanos> {
        self.optional_text(path).map(|text| times::parse_instant(text).expect(CHECKED))
    }

    /// A limit, unless it is switched off.
    fn limit<T>(&self, path: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        Some(self.text(path)).filter(|text| *text != "none").map(|text| parse(text).expect(CHECKED))
    }

    /// The value that stands beside a word.
    fn choice<T: Copy>(&self, path: &str, choices: &[(&str, T)]) -> T {
        let text = self.text(path);
        choices.iter().find(|(word, _)| *word == text).expect(CHECKED).1
    }

    /// A refusal at the first of some keys that somebody wrote.
    fn refuse(&self, paths: &[&str], problem: String) -> ConfigError {
        let written = |path: &&&str| self.0.place(path).origin != super::node::Origin::Default;
        let path = paths.iter().find(written).unwrap_or(&paths[0]);
        ConfigError::Value { place: self.0.place(path), path: (*path).to_owned(), problem }
    }
}

fn list_texts(value: &Value) -> Vec<&str> {
    value.as_list().expect(CHECKED).iter().map(|node| node.value.as_text().expect(CHECKED)).collect()
}

fn run(read: &Read<'_>) -> RunConfig {
    let strategy = match read.texts("run.strategies").as_slice() {
        ["marl"] => StrategyChoice::Marl,
        ["synergy_only"] => StrategyChoice::SynergyOnly,
        ["ema_cross"] => StrategyChoice::EmaCross,
        ["mean_reversion"] => StrategyChoice::MeanReversion,
        ["none"] => StrategyChoice::None,
        _ => unreachable!("run.strategies is {CHECKED}"),
    };
    let cores = match read.value("run.cores").expect(CHECKED) {
        Value::Text(text) if text == "auto" => Cores::Auto,
        Value::Text(_) => Cores::Unpinned,
        list => {
            let core = |node: &Node| node.value.to_string().parse().expect(CHECKED);
            Cores::List(list.as_list().expect(CHECKED).iter().map(core).collect())
        }
    };
    RunConfig {
        strategy,
        layout: layout::parse(read.value("run.layout").expect(CHECKED)).expect(CHECKED),
        initial_capital: Money::parse(read.text("run.initial_capital")).expect(CHECKED),
        currency: read.text("run.currency").to_owned(),
        out: PathBuf::from(read.text("run.out")),
        wait: read.choice(
            "run.wait",
            &[("auto", Wait::Auto), ("spin", Wait::Spin), ("yield", Wait::Yield), ("block", Wait::Block)],
        ),
        cores,
    }
}

fn data(read: &Read<'_>) -> Result<DataConfig, ConfigError> {
    let column = |pair: &str| {
        let (name, column) = pair.split_once('=').expect(CHECKED);
        ColumnName { name: name.to_owned(), column: column.to_owned() }
    };
    let columns = read.text("data.columns").split(',').filter(|pair| !pair.is_empty()).map(column).collect();
    let (from, to) = (read.instant("data.from"), read.instant("data.to"));
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        let (from, to) = (times::print_instant(from), times::print_instant(to));
        let problem = format!("is {from}, which is not before data.to ({to}); write an earlier time");
        return Err(read.refuse(&["data.from"], problem));
    }
    let units = [
        ("s", TimeUnit::Seconds),
        ("ms", TimeUnit::Milliseconds),
        ("us", TimeUnit::Microseconds),
        ("ns", TimeUnit::Nanoseconds),
    ];
    // The newest first, in whatever order they are listed.
    let listed = tiers(read, "data.stored");
    let stored = TierChoice::ALL.into_iter().filter(|tier| listed.contains(tier)).collect();
    let warm_up = read.duration("data.warm_up");
    if warm_up > Nanos(0) && from.is_none() {
        let problem = "is the time before data.from, which is not set; write data.from, too".to_owned();
        return Err(read.refuse(&["data.warm_up"], problem));
    }
    Ok(DataConfig {
        stored,
        stored_holes: read
            .choice("data.stored_holes", &[("refuse", Holes::Refuse), ("report", Holes::Report)]),
        warm_up,
        paths: read.texts("data.paths").into_iter().map(PathBuf::from).collect(),
        columns,
        symbol: read.optional_text("data.symbol").map(str::to_owned),
        ts_unit: read.choice("data.ts_unit", &units),
        from,
        to,
        decode_threads: read.integer("data.decode_threads") as usize,
        generate: read.optional_text("data.generate").map(PathBuf::from),
    })
}

/// After `s3.timeout` times this nothing is asked again.
const GIVE_UP_TIMEOUTS: u32 = 3;

fn s3(read: &Read<'_>) -> S3Config {
    let answer = Duration::from_nanos(read.duration("s3.timeout").0.unsigned_abs());
    let connect = Patience::default().connect.min(answer);
    let patience = Patience {
        connect,
        answer,
        retries: read.integer("s3.retries") as usize,
        give_up: answer * GIVE_UP_TIMEOUTS,
    };
    let text = |path| read.optional_text(path).map(str::to_owned);
    S3Config {
        endpoint: text("s3.endpoint"),
        region: text("s3.region"),
        credentials: text("s3.credentials").map(PathBuf::from),
        patience,
    }
}

fn bars(read: &Read<'_>, needed: Vec<Timeframe>) -> BarsConfig {
    let listed = read.texts("bars.timeframes").into_iter().map(|text| Timeframe::parse(text).expect(CHECKED));
    let mut timeframes: Vec<Timeframe> = listed.chain(needed).collect();
    timeframes.sort_unstable();
    timeframes.dedup();
    let sources = match read.value("bars.source").expect(CHECKED) {
        Value::Text(_) => BarSources::Auto,
        list => BarSources::List(
            list_texts(list).into_iter().map(|text| BarSource::parse(text).expect(CHECKED)).collect(),
        ),
    };
    let fill = read.choice("bars.fill", &[("none", BarFill::None), ("flat", BarFill::Flat)]);
    BarsConfig { timeframes, sources, fill }
}

/// A value that some stage reads on a timeframe.
struct Need {
    timeframe: Timeframe,
    feature: String,
}

/// The indicators as configured, and those that give the needed values.
fn indicators(
    read: &Read<'_>,
    timeframes: &[Timeframe],
    needs: &[Need],
) -> Result<IndicatorConfig, ConfigError> {
    let specs = |value: &Value, timeframe: Timeframe| match value {
        Value::Text(_) => IndicatorConfig::standard_specs(timeframe),
        list => list_texts(list).into_iter().map(|text| IndicatorSpec::parse(text).expect(CHECKED)).collect(),
    };
    let default = read.value("indicators.default").expect(CHECKED);
    let mut lists: Vec<Vec<IndicatorSpec>> = timeframes.iter().map(|tf| specs(default, *tf)).collect();
    let named = read.value("indicators.by_timeframe").and_then(Value::as_table).expect(CHECKED);
    for (name, list) in named {
        let timeframe = Timeframe::parse(name).expect(CHECKED);
        let Some(index) = timeframes.iter().position(|known| *known == timeframe) else {
            let path = format!("indicators.by_timeframe.{name}");
            let place = Place { file: read.0.file().to_owned(), origin: list.origin };
            let problem = format!("is for bars that are not made; add {timeframe} to bars.timeframes");
            return Err(ConfigError::Value { place, path, problem });
        };
        lists[index] = specs(&list.value, timeframe);
    }
    for Need { timeframe, feature } in needs {
        let list = &mut lists[timeframes.binary_search(timeframe).expect("what is needed is made")];
        let owner = IndicatorSpec::of_value(feature).expect("what is needed was looked up");
        if !list.contains(&owner) {
            list.push(owner);
        }
    }
    let refuse = |error: &dyn std::fmt::Display| {
        read.refuse(&["indicators.by_timeframe", "indicators.default"], format!("does not stand: {error}"))
    };
    let config = IndicatorConfig::new(read.integer("indicators.min_history"), timeframes, lists)
        .map_err(|error| refuse(&error))?;
    match read.text("indicators.profile_bin") {
        "auto" => Ok(config),
        width => {
            let width = Price::parse(width).expect(CHECKED);
            config.with_profile_bin(width).map_err(|error| refuse(&error))
        }
    }
}

/// A limit entry stands for one bar: its withdrawal must be answered before the next entry.
fn check_entry(read: &Read<'_>, rule: &MeanReversionConfig, venue: &VenueConfig) -> Result<(), ConfigError> {
    if rule.entry == Entry::Market || venue.latency < rule.timeframe.nanos() {
        return Ok(());
    }
    let problem = format!(
        "is {}, in which a limit entry of mean_reversion is withdrawn before it arrives; write less than {} or \
         mean_reversion.entry = \"market\"",
        read.text("venue.latency"),
        rule.timeframe
    );
    Err(read.refuse(&["venue.latency", "mean_reversion.entry"], problem))
}

fn ema_cross(read: &Read<'_>) -> Result<EmaCrossConfig, ConfigError> {
    let (fast, slow) = (read.integer("ema_cross.fast"), read.integer("ema_cross.slow"));
    if fast >= slow {
        let problem =
            format!("makes fast {fast} and slow {slow}; write a fast period that is less than the slow one");
        return Err(read.refuse(&["ema_cross.fast", "ema_cross.slow"], problem));
    }
    Ok(EmaCrossConfig {
        timeframe: read.timeframe("ema_cross.timeframe"),
        fast,
        slow,
        quantity: read.quantity("ema_cross.quantity"),
        seed: read.choice("ema_cross.seed", &[("first", Seed::First), ("sma", Seed::Sma)]),
    })
}

fn mean_reversion(read: &Read<'_>) -> Result<MeanReversionConfig, ConfigError> {
    let (rsi_low, rsi_high) = (read.number("mean_reversion.rsi_low"), read.number("mean_reversion.rsi_high"));
    if rsi_low >= rsi_high {
        let problem = format!(
            "makes rsi_low {rsi_low} and rsi_high {rsi_high}; write a low that is less than the high"
        );
        return Err(read.refuse(&["mean_reversion.rsi_low", "mean_reversion.rsi_high"], problem));
    }
    let bollinger_k = read.number("mean_reversion.bollinger_k");
    let bollinger_k = Rate::parse(&bollinger_k.to_string()).map_err(|_| {
        let problem = format!("is {bollinger_k}, which has more than 9 decimals; round it");
        read.refuse(&["mean_reversion.bollinger_k"], problem)
    })?;
    Ok(MeanReversionConfig {
        timeframe: read.timeframe("mean_reversion.timeframe"),
        bollinger_period: read.integer("mean_reversion.bollinger_period"),
        bollinger_k,
        rsi_period: read.integer("mean_reversion.rsi_period"),
        rsi_low,
        rsi_high,
        atr_period: read.integer("mean_reversion.atr_period"),
        stop_atr: read.number("mean_reversion.stop_atr"),
        quantity: read.quantity("mean_reversion.quantity"),
        entry: read.choice("mean_reversion.entry", &[("market", Entry::Market), ("limit", Entry::Limit)]),
        stop_on: read.choice("mean_reversion.stop_on", &[("bar", StopOn::Bar), ("tick", StopOn::Tick)]),
    })
}

fn venue(read: &Read<'_>) -> VenueConfig {
    VenueConfig {
        latency: read.duration("venue.latency"),
        maker: read.rate("venue.fees.maker"),
        taker: read.rate("venue.fees.taker"),
        fill_size: read
            .choice("venue.fill_size", &[("unlimited", FillSize::Unlimited), ("print", FillSize::Print)]),
    }
}

fn risk(read: &Read<'_>) -> Limits {
    let quantity = |text: &str| Quantity::parse(text).ok();
    let money = |text: &str| Money::parse(text).ok();
    Limits {
        max_order_quantity: read.limit("risk.max_order_quantity", quantity),
        max_order_notional: read.limit("risk.max_order_notional", money),
        max_position: read.limit("risk.max_position", quantity),
        price_collar: read.limit("risk.price_collar", |text| Rate::parse(text).ok()),
        max_daily_loss: read.limit("risk.max_daily_loss", money),
    }
}

fn ingest(read: &Read<'_>) -> IngestConfig {
    IngestConfig {
        on_bad_row: read
            .choice("ingest.on_bad_row", &[("reject", OnBadRow::Reject), ("fail", OnBadRow::Fail)]),
        reorder_window: read.duration("ingest.reorder_window"),
        max_price_jump: read.rate("ingest.max_price_jump"),
        excess_decimals: read.choice(
            "ingest.excess_decimals",
            &[("reject", ExcessDecimals::Reject), ("round", ExcessDecimals::Round)],
        ),
    }
}

/// The tiers that a key lists.
fn tiers(read: &Read<'_>, path: &str) -> Vec<TierChoice> {
    let tier = |name: &str| TierChoice::ALL.into_iter().find(|tier| tier.name() == name).expect(CHECKED);
    read.texts(path).into_iter().map(tier).collect()
}

fn storage(read: &Read<'_>) -> Result<StorageConfig, ConfigError> {
    let tiers = tiers(read, "storage.tiers");
    if !tiers.is_empty() && read.text("journal.durability") == "off" {
        let problem = "names tiers, which read the journal, and journal.durability is \"off\"; write \"strict\" or \"async\"";
        return Err(read.refuse(&["storage.tiers"], problem.to_owned()));
    }
    let when_full = [("spill", WhenFull::Spill), ("block", WhenFull::Block), ("drop", WhenFull::Drop)];
    Ok(StorageConfig {
        tiers,
        dir: PathBuf::from(read.text("storage.dir")),
        when_full: read.choice("storage.when_full", &when_full),
        spill_bytes_max: u64::from(read.integer("storage.spill")) << 20,
        close_within: Duration::from_nanos(read.duration("storage.close_within").0.unsigned_abs()),
        redis_url_file: read.optional_text("storage.redis.url_file").map(PathBuf::from),
        archive_path: read.optional_text("storage.archive.path").map(PathBuf::from),
        redis_prefix: read.text("storage.redis.prefix").to_owned(),
        postgres_address: read.optional_text("storage.postgres.address").map(str::to_owned),
        postgres_password_file: read.optional_text("storage.postgres.password_file").map(PathBuf::from),
    })
}

fn journal(read: &Read) -> Result<JournalConfig, ConfigError> {
    let span = |path| Duration::from_nanos(read.duration(path).0.unsigned_abs());
    let window = span("journal.window");
    let durability = match read.text("journal.durability") {
        "strict" => Durability::Strict,
        "async" if window.is_zero() => {
            let problem = "journal.window is 0; write a span such as \"5ms\", or strict".to_owned();
            return Err(read.refuse(&["journal.window", "journal.durability"], problem));
        }
        "async" => Durability::Async { window },
        _ => Durability::Off,
    };
    Ok(JournalConfig {
        durability,
        dir: read.optional_text("journal.dir").map(PathBuf::from),
        segment_bytes: u64::from(read.integer("journal.segment")) << 20,
        snapshot_every: Some(span("journal.snapshot_every")).filter(|every| !every.is_zero()),
        keep: read
            .choice("journal.keep", &[("all", JournalKeep::All), ("snapshots", JournalKeep::Snapshots)]),
        snapshots: read.integer("journal.snapshots") as usize,
        venue_record: read.optional_text("venue.record").map(PathBuf::from),
    })
}

fn replay(read: &Read<'_>) -> ReplayConfig {
    ReplayConfig {
        clock: read.choice("replay.clock", &[("event", ReplayClock::Event), ("recv", ReplayClock::Recv)]),
        feed_latency: read.duration("replay.feed_latency"),
    }
}

fn instruments(read: &Read<'_>, run_currency: &str) -> Result<InstrumentsConfig, ConfigError> {
    const DEFAULT: &str = "instruments.default";
    let field = |name: &str| read.value(&format!("{DEFAULT}.{name}"));
    let default = instrument(&field, run_currency);
    if default.currency != run_currency {
        let path = "instruments.default.currency";
        let problem = other_currency(&default.currency, "every instrument", run_currency);
        return Err(read.refuse(&[path], problem));
    }
    let mut list = BTreeMap::new();
    let tables = read.value("instruments.list").and_then(Value::as_list).expect(CHECKED);
    for (index, table) in tables.iter().enumerate() {
        let own = |name: &str| table.value.get(name).map(|node| &node.value);
        let symbol = own("symbol").and_then(Value::as_text).expect(CHECKED);
        let instrument = instrument(&|name| own(name).or_else(|| field(name)), run_currency);
        if instrument.currency != run_currency {
            let origin = table.value.get("currency").map_or(table.origin, |node| node.origin);
            let place = Place { file: read.0.file().to_owned(), origin };
            let problem = other_currency(&instrument.currency, symbol, run_currency);
            return Err(ConfigError::Value {
                place,
                path: format!("instruments.list[{index}].currency"),
                problem,
            });
        }
        list.insert(symbol.to_owned(), instrument);
    }
    Ok(InstrumentsConfig { default, list })
}

fn other_currency(currency: &str, whose: &str, run_currency: &str) -> String {
    format!(
        "makes {whose} trade in {currency} while run.currency is {run_currency}; \
         conversion is not in this build, so write {run_currency} or another run.currency"
    )
}

/// One instrument, its fields given by name.
fn instrument<'a>(field: &dyn Fn(&str) -> Option<&'a Value>, run_currency: &str) -> InstrumentConfig {
    let text = |name: &str| field(name).map(|value| value.as_text().expect(CHECKED));
    InstrumentConfig {
        tick_size: Price::parse(text("tick_size").expect(CHECKED)).expect(CHECKED),
        lot: Quantity::parse(text("lot").expect(CHECKED)).expect(CHECKED),
        multiplier: Quantity::parse(text("multiplier").expect(CHECKED)).expect(CHECKED),
        currency: text("currency").unwrap_or(run_currency).to_owned(),
        venue: text("venue").expect(CHECKED).to_owned(),
        venue_symbol: text("venue_symbol").map(str::to_owned),
        hours: hours::parse(field("hours").expect(CHECKED)).expect(CHECKED),
        allow_negative_price: field("allow_negative_price") == Some(&Value::Boolean(true)),
    }
}
