//! Every refusal, overrides, origins, the hash, and the shipped files.

use super::*;
use feed::MarketHours;
use gate::Limits;
use pipeline::Layout;
use std::fmt::Write as _;

fn load(text: &str) -> Result<Loaded, ConfigError> {
    Loaded::parse("c.toml", text, &[])
}

fn load_set(text: &str, sets: &[&str]) -> Result<Loaded, ConfigError> {
    let overrides: Result<Vec<Override>, ConfigError> = sets.iter().map(|text| Override::set(text)).collect();
    Loaded::parse("c.toml", text, &overrides?)
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn shipped(name: &str) -> PathBuf {
    root().join("configs").join(name)
}

/// The text is refused in one sentence that has all parts.
#[track_caller]
fn check_refused(text: &str, parts: &[&str]) {
    let error = match load(text) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("{text:?} is accepted"),
    };
    for part in parts {
        assert!(error.contains(part), "{text:?} gives {error:?} without {part:?}");
    }
    assert!(!error.contains('\n') && error.chars().count() > 20, "{error:?} is one sentence");
}

#[test]
fn nothing_written_is_all_defaults() {
    let loaded = load("").unwrap();
    let config = &loaded.config;
    assert_eq!(config.run.strategy, StrategyChoice::None);
    assert_eq!(config.run.layout, Layout::fused());
    assert_eq!(config.run.initial_capital.to_string(), "100000");
    assert_eq!((config.ema_cross.fast, config.ema_cross.slow), (10, 30));
    assert_eq!(config.risk, Limits::default());
    assert_eq!(config.ingest.max_price_jump.to_string(), "0.5");
    assert_eq!((config.latency_sample, config.data.decode_threads), (1024, 1));
    assert_eq!(config.bars.timeframes.iter().map(ToString::to_string).collect::<Vec<_>>(), ["1m", "5m"]);
    assert_eq!(config.indicators, indicators::IndicatorConfig::standard(&config.bars.timeframes));
    assert!(config.matrices.specs().is_empty(), "nobody reads matrices");
    let instrument = config.instruments.instrument("X");
    assert_eq!(instrument, model::Instrument::plain("X", "USD"));
    assert!(
        loaded
            .effective
            .entries()
            .iter()
            .all(|entry| { entry.written.as_ref().is_none_or(|node| node.origin == Origin::Default) })
    );
}

#[test]
fn every_key_refuses_a_wrong_type_by_file_line_and_path() {
    for entry in load("").unwrap().effective.entries() {
        let path = entry.key.path;
        let wrong = match entry.key.shape {
            shape::Shape::Boolean => "1",
            _ => "true",
        };
        let line = "# one\n\n".to_owned() + &format!("{path} = {wrong}\n");
        check_refused(&line, &["c.toml:3: ", path, "write "]);
        check_refused(&format!("{path} = {{ x = 1 }}\n"), &["c.toml:1: ", path]);
    }
}

#[test]
fn no_value_of_any_key_is_a_surprise() {
    let values = [
        "0",
        "-0",
        "1",
        "-1",
        "1e400",
        "-1e-400",
        "1e-30",
        "99999999999999999999",
        "0xffff_ffff",
        "nan",
        "+inf",
        "0.5",
        "true",
        "1979-05-27",
        "1979-05-27T07:32:00Z",
        "07:32:00",
        "\"\"",
        "\"none\"",
        "\"0\"",
        "\"-\"",
        "\"1e9\"",
        "\"9223372036854775807ns\"",
        "\"99999999999999999999d\"",
        "\"µs\"",
        "\"1µ\"",
        "\"0000-00-00\"",
        "\"a=b=c,,\"",
        "\"=\"",
        "\"\u{1f600}\"",
        "\"bollinger_1_\"",
        "[]",
        "[[]]",
        "[0]",
        "[\"\"]",
        "[[\"\"]]",
        "[{}]",
        "{}",
        "{ zone = 1 }",
        "{ zone = \"UTC\", intervals = [\"Mon\u{e9} 1\"] }",
        "{ \"5m\" = [] }",
        "{ \"\" = 1 }",
    ];
    let (mut taken, mut refused) = (0, 0);
    for entry in load("").unwrap().effective.entries() {
        let path = entry.key.path;
        for value in values {
            let text = format!("{path} = {value}\n");
            match load(&text) {
                Ok(loaded) => {
                    taken += 1;
                    let again = load(&loaded.show()).unwrap_or_else(|error| panic!("{text}: {error}"));
                    assert_eq!(again.config_hash(), loaded.config_hash(), "{text}");
                }
                Err(error) => {
                    refused += 1;
                    let error = error.to_string();
                    assert!(error.starts_with("c.toml:1: ") && error.contains(path), "{text}: {error}");
                }
            }
        }
    }
    assert!(taken > 100 && refused > 1000, "{taken} taken, {refused} refused");
}

#[test]
fn unknown_keys_name_the_nearest() {
    for (text, parts) in [
        (
            "[run]\ninitial_captial = \"5\"\n",
            ["c.toml:2: run.initial_captial", "nearest is run.initial_capital"],
        ),
        ("[venue]\nfees.takr = \"0\"\n", ["c.toml:2: venue.fees.takr", "nearest is venue.fees.taker"]),
        ("taker = \"0\"\n", ["c.toml:1: taker ", "nearest is venue.fees.taker"]),
        ("[rsk]\nmax_position = \"1\"\n", ["c.toml:1: rsk ", "nearest is risk"]),
        (
            "[[instruments.list]]\nsymbol = \"A\"\ntick = 1\n",
            ["c.toml:3: instruments.list[0].tick", "tick_size"],
        ),
        (
            "[[instruments.list]]\nsymbol = \"A\"\n[[instrument.list]]\n",
            ["c.toml:3: instrument ", "instruments"],
        ),
    ] {
        check_refused(text, &parts);
    }
}

#[test]
fn an_async_journal_has_a_window() {
    let text = "[journal]\ndurability = \"async\"\nwindow = \"0s\"\n";
    check_refused(text, &["c.toml:3: journal.window", "is 0", "strict"]);
}

#[test]
fn senseless_values_are_refused() {
    for (text, parts) in [
        ("run.initial_capital = \"-5\"", ["run.initial_capital is \"-5\"", "not above zero"]),
        ("run.initial_capital = 0", ["run.initial_capital is 0", "not above zero"]),
        ("run.initial_capital = \"lots\"", ["run.initial_capital", "is not a decimal number"]),
        ("run.initial_capital = 1e-10", ["run.initial_capital", "more than 9 decimals"]),
        ("run.initial_capital = nan", ["run.initial_capital is nan", "not a decimal number"]),
        ("run.currency = \"usd\"", ["run.currency", "no currency code"]),
        ("run.currency = \"US\"", ["run.currency", "3 to 10"]),
        ("run.strategies = []", ["run.strategies", "empty"]),
        ("run.strategies = [\"none\", \"ema_cross\"]", ["run.strategies", "one at a time"]),
        ("run.strategies = [\"emacross\"]", ["run.strategies", "none of its values"]),
        ("run.layout = \"spread\"", ["run.layout", "no layout"]),
        ("run.layout = [[\"sequencer\"]]", ["run.layout", "leaves out portfolio"]),
        ("run.out = \" \"", ["run.out", "empty"]),
        ("run.wait = \"sleep\"", ["run.wait", "\"auto\", \"spin\", \"yield\" or \"block\""]),
        ("run.cores = [0, 0]", ["run.cores", "core 0 twice"]),
        ("run.cores = [-1]", ["run.cores", "no core number"]),
        ("run.cores = []", ["run.cores", "empty"]),
        ("run.cores = \"all\"", ["run.cores", "none of its values"]),
        ("data.paths = [\"a\", \"\"]", ["data.paths", "a path is empty"]),
        ("data.columns = \"prize=px\"", ["data.columns", "nearest is \"price\""]),
        ("data.symbol = \"a b\"", ["data.symbol", "not of the form"]),
        ("data.from = \"2025-01-01T00:00:00\"", ["data.from", "needs an offset"]),
        ("data.from = 2025-01-01T00:00:00", ["data.from", "needs an offset"]),
        ("data.to = \"soon\"", ["data.to", "neither a time nor a date"]),
        ("data.decode_threads = 0", ["data.decode_threads is 0", "from 1 to 64"]),
        (
            "data.from = \"2025-01-02\"\ndata.to = \"2025-01-02\"",
            ["c.toml:1: data.from", "not before data.to"],
        ),
        ("bars.timeframes = []", ["bars.timeframes", "empty"]),
        ("bars.timeframes = [\"1m\", \"1w\"]", ["bars.timeframes", "\"1w\", which is no timeframe"]),
        ("bars.timeframes = [\"1m\", \"60s\"]", ["bars.timeframes", "\"60s\" twice"]),
        ("bars.source = \"last\"", ["bars.source", "no source"]),
        ("bars.source = []", ["bars.source", "empty"]),
        ("bars.fill = \"zero\"", ["bars.fill", "\"none\" or \"flat\""]),
        ("indicators.min_history = 0", ["indicators.min_history", "out of range"]),
        ("indicators.default = [\"smma_20\"]", ["indicators.default", "is no indicator"]),
        ("indicators.default = [\"sma_20\", \"sma_20\"]", ["indicators.default", "twice"]),
        ("indicators.by_timeframe.1w = []", ["indicators.by_timeframe.1w", "not a timeframe"]),
        ("indicators.by_timeframe.30m = []", ["indicators.by_timeframe.30m", "bars.timeframes"]),
        ("ema_cross.fast = 30", ["c.toml:1: ema_cross.fast", "fast 30 and slow 30"]),
        ("ema_cross.slow = 5", ["c.toml:1: ema_cross.slow", "fast 10 and slow 5"]),
        ("ema_cross.quantity = \"0\"", ["ema_cross.quantity is \"0\"", "not above zero"]),
        ("ema_cross.quantity = \"1000000000\"", ["ema_cross.quantity", "out of range"]),
        ("ema_cross.fast = 2.5", ["ema_cross.fast is 2.5, a float", "whole number"]),
        ("mean_reversion.bollinger_k = 0", ["mean_reversion.bollinger_k", "out of range"]),
        ("mean_reversion.bollinger_k = inf", ["mean_reversion.bollinger_k", "out of range"]),
        ("mean_reversion.rsi_low = 70.0", ["mean_reversion.rsi_low", "rsi_low 70 and rsi_high 70"]),
        ("venue.latency = \"1 ms\"", ["venue.latency", "no duration"]),
        ("venue.latency = 5", ["venue.latency is 5, an integer", "250us"]),
        ("venue.fees.taker = \"1\"", ["venue.fees.taker", "no fraction"]),
        ("venue.fees.taker = 0.12345678901", ["venue.fees.taker", "more than 9 decimals"]),
        ("risk.max_position = \"0\"", ["risk.max_position", "\"none\" to switch it off"]),
        ("ingest.max_price_jump = -0.5", ["ingest.max_price_jump is -0.5", "negative"]),
        ("latency.sample = 0", ["latency.sample", "out of range"]),
        ("instruments.default.hours = \"daily\"", ["instruments.default.hours", "no market hours"]),
        ("instruments.default.currency = \"EUR\"", ["instruments.default.currency", "run.currency is USD"]),
        ("instruments.list = [{ tick_size = \"1\" }]", ["instruments.list[0].symbol", "missing"]),
        ("instruments.list = [{ symbol = \"A\", lot = \"-1\" }]", ["instruments.list[0].lot", "negative"]),
        (
            "instruments.list = [{ symbol = \"A\" }, { symbol = \"a\" }]",
            ["instruments.list[1].symbol", "another"],
        ),
    ] {
        check_refused(text, &parts);
        check_refused(text, &["c.toml:1: "]);
    }
}

#[test]
fn an_instrument_of_another_currency_is_named() {
    let text = "[run]\ncurrency = \"USDT\"\n[[instruments.list]]\nsymbol = \"ES\"\n\ncurrency = \"USD\"\n";
    check_refused(
        text,
        &["c.toml:6: instruments.list[0].currency", "ES trade in USD", "run.currency is USDT"],
    );
    let text = "instruments.default.currency = \"EUR\"\nrun.currency = \"EUR\"\n";
    assert_eq!(load(text).unwrap().config.instruments.of("X").currency, "EUR");
}

#[test]
fn what_is_no_configuration_at_all() {
    check_refused("run = 5\n", &["c.toml:1: run is an integer, but it is a section"]);
    check_refused("[run]\nlayout = fused\n", &["c.toml:2: ", "not TOML"]);
    check_refused("[run]\nlayout = \"fused\"\nlayout = \"split\"\n", &["c.toml:3: ", "not TOML"]);
    let error = Loaded::load(Path::new("no/such.toml"), &[]).unwrap_err().to_string();
    assert!(error.contains("no/such.toml cannot be read"), "{error}");
    for text in ["run.layout", "=5", "run..layout=5", ".=1"] {
        assert!(Override::set(text).is_err(), "{text}");
    }
}

#[test]
fn decimals_may_be_toml_numbers() {
    for (text, expected) in [
        ("\"1.50\"", "1.5"),
        ("1", "1"),
        ("0.1", "0.1"),
        ("1e3", "1000"),
        ("2.5e-3", "0.0025"),
        ("1_000.5", "1000.5"),
    ] {
        let loaded = load(&format!("ema_cross.quantity = {text}")).unwrap();
        assert_eq!(loaded.config.ema_cross.quantity.to_string(), expected, "{text}");
    }
}

#[test]
fn set_overrides_and_is_the_origin() {
    let sets = [
        "run.layout=split",
        "run.strategies=ema_cross",
        "ema_cross.timeframe=15m",
        "ema_cross.quantity=0.25",
        "indicators.by_timeframe.15m=[\"sma_50\"]",
        "data.from=2025-01-01",
        "run.layout=fused",
    ];
    let text = "run.layout = [[\"wrong\"]]\nindicators.by_timeframe.1m = []\n";
    let loaded = load_set(text, &sets).unwrap();
    let config = &loaded.config;
    assert_eq!(
        config.run.layout,
        Layout::fused(),
        "the last one wins, and what it replaces is not looked at"
    );
    assert_eq!(config.run.strategy, StrategyChoice::EmaCross);
    assert_eq!(config.data.from, parse_instant("2025-01-01").ok());
    assert_eq!(config.bars.timeframes.last().unwrap().to_string(), "15m", "what the strategy needs is added");
    let five_minutes = indicators::IndicatorConfig::standard_specs(config.bars.timeframes[1]).len();
    let lengths: Vec<usize> = config.indicators.per_timeframe().iter().map(Vec::len).collect();
    assert_eq!(lengths, [0, five_minutes, 1]);
    let shown = loaded.show();
    for line in [
        "layout = \"fused\" # --set",
        "quantity = 0.25 # --set",
        "by_timeframe.1m = [] # c.toml:2",
        "by_timeframe.15m = [\"sma_50\"] # --set",
        "from = 2025-01-01 # --set",
        "wait = \"auto\" # default",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line} is not in\n{shown}");
    }
    let error = load_set("", &["run.initial_capital=-5"]).unwrap_err().to_string();
    assert!(error.starts_with("--set: run.initial_capital is -5,"), "{error}");
    let error = load_set("", &["run.initial_captial=5"]).unwrap_err().to_string();
    assert_eq!(error, "--set: run.initial_captial is no known key; the nearest is run.initial_capital");
}

#[test]
fn flags_override_and_are_the_origin() {
    let overrides = [
        Override::list("data.paths", &["a".to_owned(), "b".to_owned()], "--data"),
        Override::text("data.from", "never", "--from"),
    ];
    let error = Loaded::parse("c.toml", "", &overrides).unwrap_err().to_string();
    assert!(error.starts_with("--from: data.from is \"never\","), "{error}");
    let loaded = Loaded::parse("c.toml", "data.paths = \"c\"", &overrides[..1]).unwrap();
    assert_eq!(loaded.config.data.paths, [PathBuf::from("a"), PathBuf::from("b")]);
    let again = load("data.paths = [\"b\", \"a\", \"b\", \"b\"]").unwrap();
    assert_eq!(
        again.config.data.paths,
        [PathBuf::from("b"), PathBuf::from("a")],
        "one named again adds nothing"
    );
    assert!(loaded.show().contains("paths = [\"a\", \"b\"] # --data\n"));
}

#[test]
fn instruments_take_what_they_do_not_say_from_the_default() {
    let text = "
        run.currency = \"USDT\"
        [instruments.default]
        tick_size = \"0.5\"
        hours = { zone = \"America/New_York\", intervals = [\"Mon-Fri 09:30-16:00\"] }
        [[instruments.list]]
        symbol = \"btcusdt\"
        multiplier = 50
        venue_symbol = \"XBT\"
        hours = \"always\"
        allow_negative_price = true
    ";
    let config = load(text).unwrap().config;
    let listed = config.instruments.instrument("BTCUSDT");
    assert_eq!(
        (listed.tick_size.to_string(), listed.multiplier.to_string()),
        ("0.5".to_owned(), "50".to_owned())
    );
    assert_eq!((listed.venue_symbol.as_str(), listed.currency.as_str()), ("XBT", "USDT"));
    assert!(listed.allow_negative_price);
    assert_eq!(config.instruments.of("BTCUSDT").hours, None);
    let hours = MarketHours::parse("America/New_York", &["Mon-Fri 09:30-16:00"]).unwrap();
    assert_eq!(config.instruments.of("OTHER").hours, Some(hours));
    assert_eq!(config.instruments.instrument("OTHER").venue_symbol, "OTHER");
}

#[test]
fn the_hash_covers_what_can_change_a_result_and_nothing_else() {
    let hash = |text: &str| load(text).unwrap().config_hash();
    let base = hash("");
    assert_eq!(base.len(), 64);
    assert_eq!(load("").unwrap().session(), base[..8]);
    for same in [
        "run.layout = \"split\"",
        "run.wait = \"block\"",
        "run.cores = [0]",
        "run.out = \"elsewhere\"",
        "data.paths = [\"a\"]",
        "data.decode_threads = 4",
        "data.generate = \"g.toml\"",
        "latency.sample = 1",
        "matrices.record = true",
        "batches.record = true",
        "journal.durability = \"strict\"",
        "journal.window = \"1s\"",
        "journal.dir = \"j\"",
        "journal.snapshot_every = \"0s\"",
        "bars.timeframes = [\"300s\", \"60s\"]",
        "venue.latency = \"0ms\"",
        "run.initial_capital = 100000.0",
        "ema_cross.fast = 5",
        "instruments.list = [{ symbol = \"A\", lot = \"0\" }]",
        "instruments.default.currency = \"USD\"",
    ] {
        assert_eq!(hash(same), base, "{same}");
    }
    for other in [
        "run.strategies = [\"ema_cross\"]",
        "run.initial_capital = \"1\"",
        "run.currency = \"EUR\"",
        "data.columns = \"price=px\"",
        "data.symbol = \"A\"",
        "data.from = \"2025-01-01\"",
        "bars.fill = \"flat\"",
        "indicators.by_timeframe.1m = []",
        "venue.fees.taker = \"0.1\"",
        "risk.max_position = 5",
        "ingest.on_bad_row = \"fail\"",
        "replay.clock = \"recv\"",
        "instruments.default.lot = \"1\"",
        "instruments.list = [{ symbol = \"A\", lot = \"1\" }]",
        "matrices.list = [{ name = \"m\", timeframe = \"5m\", window = 9, features = [\"rsi_14\"] }]",
        "agents.blends = [{ pattern = \"mlmi>nwrqk>fvg\", blend = 0.6 }]",
        "instruments.default.hours = { zone = \"UTC\", intervals = [\"Mon 00:00-Mon 00:00\"] }",
    ] {
        assert_ne!(hash(other), base, "{other}");
    }
    let model = |file: &str, digit: char| {
        let sha256 = digit.to_string().repeat(64);
        hash(&format!("agents.models = [{{ agent = \"mlmi\", file = \"{file}\", sha256 = \"{sha256}\" }}]"))
    };
    assert_eq!(
        model("a.safetensors", '1'),
        model("elsewhere/b.safetensors", '1'),
        "a moved file is the same"
    );
    assert_ne!(model("a.safetensors", '1'), model("a.safetensors", '2'));
    assert_ne!(model("a.safetensors", '1'), base);
    let ema = "run.strategies = [\"ema_cross\"]\n";
    assert_ne!(hash(&format!("{ema}ema_cross.fast = 5")), hash(ema), "the strategy that runs does count");
}

#[test]
fn hours_of_one_meaning_have_one_hash() {
    let hash = |zone: &str, intervals: &str| {
        let text = format!("instruments.default.hours = {{ zone = \"{zone}\", intervals = [{intervals}] }}");
        load(&text).unwrap().config_hash()
    };
    let base = hash("Asia/Tokyo", "\"Mon-Tue 09:00-15:00\"");
    assert_eq!(hash("asia/tokyo", "\"Tue 09:00-Tue 15:00\", \"mon 09:00-14:00\", \"Mon 13:00-15:00\""), base);
    assert_ne!(hash("Asia/Seoul", "\"Mon-Tue 09:00-15:00\""), base);
    // A session more, though it is open at the same times.
    assert_ne!(hash("Asia/Tokyo", "\"Mon-Tue 09:00-12:00\", \"Mon-Tue 12:00-15:00\""), base);
}

#[test]
fn currency_of_the_default_instrument_does_not_split_the_hash_of_one_meaning() {
    let written = "run.currency = \"EUR\"\ninstruments.default.currency = \"EUR\"\n";
    assert_eq!(load(written).unwrap().config_hash(), load("run.currency = \"EUR\"").unwrap().config_hash());
}

#[test]
fn run_folders_are_named_by_time_strategy_and_hash() {
    let loaded = load("run.out = \"r\"\nrun.strategies = \"ema_cross\"").unwrap();
    let out = loaded.default_out(parse_instant("2026-01-02T03:04:05.6Z").unwrap());
    assert_eq!(out, PathBuf::from(format!("r/20260102T030405Z-ema_cross-{}", loaded.session())));
}

#[test]
fn missing_files_are_named_with_their_key() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("g.toml"), "").unwrap();
    let check =
        |text: &str| load(text).unwrap().check_files(folder.path()).map_err(|error| error.to_string());
    assert_eq!(check(""), Ok(()));
    assert_eq!(check("data.paths = \"g.toml\""), Ok(()));
    assert_eq!(check("data.paths = \"none\"\ndata.generate = \"g.toml\""), Ok(()));
    for (text, parts) in [
        ("\ndata.paths = \"none\"", ["c.toml:2: data.paths", "none, which does not exist"]),
        ("data.paths = \"s3://x/y\"", ["c.toml:1: data.paths", "names no bucket"]),
        ("data.paths = \"gs://xyz/y\"", ["c.toml:1: data.paths", "s3://BUCKET/PREFIX"]),
        ("data.paths = \"none\"\ndata.generate = \"no.toml\"", ["c.toml:2: data.generate", "no.toml"]),
        ("data.generate = \"g.toml\"", ["c.toml:1: data.generate", "data.paths has 0"]),
    ] {
        let error = check(text).unwrap_err();
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    }
}

/// Compares with a file, or writes it where UPDATE_GOLDEN is set.
#[track_caller]
fn check_golden(path: &Path, text: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(text, golden, "{} is not up to date; run with UPDATE_GOLDEN=1", path.display());
}

#[test]
fn show_prints_every_value_with_its_origin() {
    let text = std::fs::read_to_string(shipped("quickstart.toml")).unwrap();
    let shown = Loaded::parse("configs/quickstart.toml", &text, &[]).unwrap().show();
    check_golden(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/quickstart.show.toml"), &shown);
}

#[test]
fn what_show_prints_says_the_same() {
    let text = "
        indicators.by_timeframe = { 5m = [\"ema_9\"], 1m = [] }
        data.symbol = \"a\"
        data.columns = 'price=\"p x\"'
        [[instruments.list]]
        symbol = \"A\"
        hours = { zone = \"UTC\", intervals = [\"Sun 18:00-Fri 17:00\"] }
        [[instruments.list]]
        symbol = \"B\"
    ";
    let loaded = load(text).unwrap();
    let again = load(&loaded.show()).unwrap();
    assert_eq!(again.config, loaded.config);
    assert_eq!(again.config_hash(), loaded.config_hash());
}

#[test]
fn the_reference_is_written_from_the_keys() {
    check_golden(&shipped("reference.toml"), &reference());
}

#[test]
fn the_reference_documents_every_key_once_with_unit_and_default() {
    let text = reference();
    let mut section = String::new();
    let mut documented: Vec<String> = Vec::new();
    let mut facts = String::new();
    for line in text.lines() {
        let bare = line.trim_start_matches("# ");
        if let Some(name) = bare.strip_prefix('[').filter(|rest| rest.ends_with(']') && !rest.contains(' ')) {
            section = name.trim_matches(['[', ']']).to_owned();
            if bare.starts_with("[[") {
                documented.push(section.clone());
                section.push_str("[]");
            }
        } else if let Some((name, _)) = bare.split_once(" = ").filter(|(name, _)| !name.contains(' ')) {
            documented.push(format!("{section}.{name}"));
            assert!(facts.contains("# Unit: ") && facts.contains(" Default: "), "{section}.{name}");
            facts.clear();
        } else {
            let _ = writeln!(facts, "{line}");
        }
    }
    let keys: Vec<&str> = keys::RUN.keys().map(|key| key.path).collect();
    assert_eq!(documented, keys);
    assert_eq!(
        load(&text).unwrap().config,
        load("").unwrap().config,
        "what it shows as defaults are the defaults"
    );
}

#[test]
fn the_table_of_keys_is_in_order() {
    let top = keys::RUN.keys().filter(|key| !key.path.contains("[]"));
    let mut sections: Vec<&str> = top.map(schema::Key::section).collect();
    sections.dedup();
    let mut distinct = sections.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), sections.len(), "a section's keys stand together: {sections:?}");
    for key in keys::RUN.keys() {
        assert!(key.doc.ends_with('.') && key.doc.len() > 10, "{}", key.path);
        let section = key.section();
        let documented =
            keys::RUN.sections.iter().any(|known| known.path == section) || section.contains("[]");
        assert!(documented, "{section} has no prose");
        let again = keys::RUN.keys().filter(|other| other.path == key.path).count();
        assert_eq!(again, 1, "{} stands twice", key.path);
        if let schema::Preset::Unset { example, .. } = key.preset
            && !key.path.contains("[]")
        {
            let loaded = load(&format!("{} = {example}", key.path));
            assert!(loaded.is_ok(), "the example of {} is refused: {:?}", key.path, loaded.err());
        }
    }
}

#[test]
fn all_shipped_files_are_valid() {
    let mut seen = 0;
    for entry in std::fs::read_dir(root().join("configs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        seen += 1;
        let text = std::fs::read_to_string(&path).unwrap();
        if is_market(&text) {
            let market = load_market(&path).unwrap();
            assert!(!market.symbols.is_empty());
        } else {
            let loaded = Loaded::load(&path, &[]).unwrap_or_else(|error| panic!("{error}"));
            loaded.check_files(&root()).unwrap_or_else(|error| panic!("{error}"));
        }
    }
    assert!(seen >= 4, "quickstart, its market, peer and reference are shipped");
}

#[test]
fn the_quickstart_trades_what_its_market_has() {
    let loaded = Loaded::load(&shipped("quickstart.toml"), &[]).unwrap();
    let market = load_market(&root().join(loaded.config.data.generate.clone().unwrap())).unwrap();
    assert_ne!(loaded.config.run.strategy, StrategyChoice::None);
    let risk = &loaded.config.risk;
    for symbol in &market.symbols {
        let instrument = loaded.config.instruments.instrument(&symbol.name);
        assert_eq!((instrument.tick_size, instrument.lot), (symbol.tick_size, symbol.lot), "{}", symbol.name);
        for quantity in [loaded.config.mean_reversion.quantity, loaded.config.ema_cross.quantity] {
            assert!(Some(quantity) <= risk.max_position && Some(quantity) <= risk.max_order_quantity);
            let twice = quantity.to_f64() * 2.0 * symbol.start_price.to_f64();
            assert!(twice <= risk.max_order_notional.unwrap().to_f64(), "{}", symbol.name);
        }
    }
    for listed in loaded.config.instruments.list.keys() {
        assert!(market.symbols.iter().any(|symbol| symbol.name == *listed), "{listed} is not in the market");
    }
}
