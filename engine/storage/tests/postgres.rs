//! The PostgreSQL store against a real server: what is written is what people and readers see.

mod support {
    #![allow(dead_code, reason = "each test program uses a part")]
    pub mod postgres;
    pub mod proxy;
    pub mod samples;
}

use model::{Event, Nanos, SymbolId};
use storage::postgres::{Flavour, PostgresSettings, PostgresStore, postgres_sources};
use storage::query::{Source, Span, TickKind};
use storage::{Batch, Rows, Store, Stream, Watermarks};
use support::postgres::{Schema, server};
use support::samples::{YEAR, dictionary, results, tick, ticks};

#[test]
fn every_kind_of_result_is_read_as_it_was_written() {
    let Some(server) = server() else { return };
    let schema = server.schema("results");
    let mut store = PostgresStore::new(&server.warm(&schema)).expect("settings");
    assert_eq!(store.open(&dictionary("r1")).expect("open"), Watermarks::default());
    assert_eq!(store.flavour(), Some(Flavour::Partitions));
    store.write(&results(7)).expect("stored");
    let check = |query: &str, expected: &[&str]| assert_eq!(schema.lines(query), expected, "{query}");
    check(
        "SELECT run, seq, symbol, timeframe, source, is_primary, ts_open, ts_close, open, high, low, close, volume, \
         vwap, trades FROM %.bars ORDER BY volume",
        &[
            "r1|7|BTCUSDT.SPOT|30m|mid|f|2023-12-31 23:30:00+00|2024-01-01 00:00:00+00|0.000000001|\
             999999999.999999999|-999999999.999999999|-2.000000000|0.000000000||4294967295",
            "r1|7|BTCUSDT.SPOT|30m|mid|t|2023-12-31 23:30:00+00|2024-01-01 00:00:00+00|0.000000001|\
             999999999.999999999|-999999999.999999999|-2.000000000|1180591620717.411303424|12.345678901|4294967295",
        ],
    );
    check(
        "SELECT seq, symbol, timeframe, ts_close, name, value FROM %.indicators ORDER BY name",
        &[
            "7|BTCUSDT.SPOT|5m|2024-01-01 00:00:00+00|ema|0.3333333333333333",
            "7|BTCUSDT.SPOT|5m|2024-01-01 00:00:00+00|rsi|",
        ],
    );
    check(
        "SELECT seq, ts, ts_ns, symbol, strategy, pattern, direction, p_long, p_flat, p_short, action, confidence, \
         gate, urgency, verdict, target, blend, context FROM %.decisions",
        &[
            "7|2024-01-01 00:00:00.123456+00|1704067200123456789|O'HARE|marl|nwrqk>mlmi>fvg|short|0.25|0.375|0.5|short|\
           0.35|0.5|execute|below_gate|-0.000000009|0.5|{0.5,-0.5,-1.5,-2.5,-3.5,-4.5,-5.5,-6.5,-7.5}",
        ],
    );
    check(
        "SELECT agent, p_long, p_flat, p_short, missed, weight FROM %.votes ORDER BY p_long",
        &[
            "mlmi|0|0.25|-0|t|0.1",
            "nwrqk|0.125|0.25|-0|f|0.2",
            "regime|0.25|0.25|-0|t|0.7",
            "fvg|0.375|0.25|-0|f|0.4",
            "momentum|0.5|0.25|-0|f|0.6",
            "entry|0.625|0.25|-0|t|",
        ],
    );
    check_orders_and_after(&schema);
}

/// What the orders of the sample, and all that follows from them, are read as.
fn check_orders_and_after(schema: &Schema) {
    let check = |query: &str, expected: &[&str]| assert_eq!(schema.lines(query), expected, "{query}");
    check(
        "SELECT status, filled FROM %.order_states ORDER BY place",
        &["new|0.000000000", "partially_filled|0.000000009"],
    );
    check(
        "SELECT client_order_id, seq, sent_seq, cause_seq, ts_sent, sent_ns, delay_ns, symbol, strategy, account, \
         venue, side, type, tif, purpose, quantity, limit_price, status, filled, avg_price FROM %.orders",
        &[
            "0123abcd-7-1|7|7|6|2024-01-01 00:00:00+00|1704067200000000001|13|ES=F|marl|paper|SIM|sell|limit|gtc|\
           time_stop|1.500000001|-0.000000004|partially_filled|0.000000009|-999999999.999999999",
        ],
    );
    check(
        "SELECT client_order_id, venue_fill_id, seq, ts_ns, symbol, side, quantity, price, multiplier, fee, \
         fee_currency, liquidity, purpose FROM %.fills",
        &[
            "0123abcd-7-1|4294967295|7|1704067200123456789|ES=F|sell|0.000000009|-999999999.999999999|50.000000000|\
           -55340232221.128654845|USD|maker|time_stop",
        ],
    );
    check(
        "SELECT cash, position_value, equity, realised_pnl, unrealised_pnl, fees, peak FROM %.equity",
        &[
            "0.000000001|-0.000000001|79228162514264337593.543950335|-79228162514264337593.543950335|0.000010000|\
           0.000000000|1.000000000",
        ],
    );
    check("SELECT seq, place, symbol, quantity FROM %.positions", &["7|8|ES=F|-0.000000007"]);
    check("SELECT stream, seq FROM %.watermarks ORDER BY stream", &["results|7", "ticks|0"]);
}

fn spans(pairs: &[(Nanos, Nanos)]) -> Vec<Span> {
    pairs.iter().map(|(from, to)| Span { from: *from, to: *to }).collect()
}

/// All ticks of a kind in a span that a run has, by sequence number.
fn read_all(settings: &PostgresSettings, run: &str, kind: TickKind, from: Nanos, to: Nanos) -> Vec<Event> {
    let (mut sources, run) = (postgres_sources(settings).expect("sources"), format!("(run {run})"));
    let source = sources.iter_mut().find(|source| source.name().ends_with(&run));
    let (Some(source), Some(span)) = (source, Span::new(from, to)) else { return Vec::new() };
    let mut found = Vec::new();
    // Three at a time over the one connection, a page of each in turn.
    let names = ["BTCUSDT.SPOT", "ES=F", "O'HARE"];
    let mut streams: Vec<_> =
        (0..).zip(names).map(|(id, name)| (id, source.ticks(name, kind, span).expect("a stream"))).collect();
    while !streams.is_empty() {
        streams.retain_mut(|(id, stream)| {
            let before = found.len();
            stream.read(&mut found).expect("ticks");
            let page = &mut found[before..];
            assert!(page.is_sorted_by_key(|tick| tick.seq));
            page.iter_mut().for_each(|tick| tick.symbol = SymbolId(*id));
            !page.is_empty()
        });
    }
    found.sort_by_key(|tick| tick.seq);
    found
}

const EVER: (Nanos, Nanos) = (Nanos::TICK_FIRST, Nanos::TICK_END);

#[test]
fn ticks_come_back_bit_for_bit_by_span() {
    let Some(server) = server() else { return };
    let schema = server.schema("ticks");
    let settings = server.warm(&schema);
    assert!(postgres_sources(&settings).expect("no schema is no error").is_empty());
    let mut store = PostgresStore::new(&settings).expect("settings");
    store.open(&dictionary("r1")).expect("open");
    // A second run's ticks are in the same tables and must not be seen.
    let mut other = PostgresStore::new(&settings).expect("settings");
    other.open(&dictionary("r2")).expect("open");
    other.write(&ticks(1, 50)).expect("stored");
    for first in (1..20_000).step_by(2_500) {
        store.write(&ticks(first, first + 2_499)).expect("stored");
    }
    let all: Vec<Event> = (1..=20_000).map(|seq| tick(seq, YEAR, Nanos(1_000_000))).collect();
    for (kind, is_quote) in [(TickKind::Trades, false), (TickKind::Quotes, true)] {
        let of_kind = |tick: &&Event| (tick.kind == model::Kind::QUOTE) == is_quote;
        let expected: Vec<Event> = all.iter().filter(of_kind).copied().collect();
        assert_eq!(read_all(&settings, "r1", kind, EVER.0, EVER.1), expected);
        // To the nanosecond, the end exclusive.
        let (from, to) = (expected[10].ts, expected[2_000].ts);
        assert_eq!(read_all(&settings, "r1", kind, from, to), expected[10..2_000]);
        assert_eq!(read_all(&settings, "r1", kind, Nanos(from.0 + 1), Nanos(to.0 + 1)), expected[11..=2_000]);
        let mut sources = postgres_sources(&settings).expect("sources");
        assert!(sources[0].name().ends_with("(run r2)") && sources[1].name().ends_with("(run r1)"));
        assert_eq!(sources[1].spans("ES=F", kind).expect("spans"), spans(&[(all[0].ts, all[19_999].ts)]));
        assert_eq!(sources[1].spans("O'HARE", kind).expect("spans"), []);
    }
    assert_eq!(read_all(&settings, "r3", TickKind::Trades, EVER.0, EVER.1), []);
}

#[test]
fn what_a_source_says_it_holds_it_gives_whatever_the_store_forgets() {
    let Some(server) = server() else { return };
    let schema = server.schema("snapshot");
    let settings = server.warm(&schema);
    let mut store = PostgresStore::new(&settings).expect("settings");
    store.open(&dictionary("r1")).expect("open");
    store.write(&ticks(1, 20_000)).expect("stored");
    let mut sources = postgres_sources(&settings).expect("sources");
    let spans = sources[0].spans("ES=F", TickKind::Trades).expect("spans");
    store.tidy(Nanos(YEAR.0 + 48 * Nanos::HOUR.0)).expect("it is put off");
    store.write(&ticks(20_001, 20_010)).expect("stored");
    let mut stream = sources[0].ticks("ES=F", TickKind::Trades, spans[0]).expect("a stream");
    let mut found = Vec::new();
    while {
        let before = found.len();
        stream.read(&mut found).expect("ticks");
        found.len() > before
    } {}
    // Odd numbers up to 19,999 that are no multiple of three.
    assert_eq!(found.len(), 6_667);
    drop((stream, sources));
    store.tidy(Nanos(YEAR.0 + 48 * Nanos::HOUR.0)).expect("tidy");
    assert_eq!(schema.ticks(), [0_u64; 0]);
    let mut sources = postgres_sources(&settings).expect("sources");
    assert_eq!(sources[0].spans("ES=F", TickKind::Trades).expect("spans"), []);
}

#[test]
fn what_was_left_out_is_in_no_span() {
    let Some(server) = server() else { return };
    let schema = server.schema("holes");
    let settings = server.warm(&schema);
    let mut store = PostgresStore::new(&settings).expect("settings");
    store.open(&dictionary("r1")).expect("open");
    let at = |seq| tick(seq, YEAR, Nanos(1_000_000)).ts;
    let after = |seq| Nanos(at(seq).0 + 1);
    let check = |expected: &[(Nanos, Nanos)]| {
        let mut sources = postgres_sources(&settings).expect("sources");
        assert_eq!(sources[0].spans("ES=F", TickKind::Trades).expect("spans"), spans(expected));
    };
    // The run's first ticks were never offered.
    store.write(&ticks(11, 100)).expect("stored");
    check(&[(after(11), at(100))]);
    store.write(&ticks(201, 300)).expect("stored");
    check(&[(after(11), at(100)), (after(201), at(300))]);
    // A hole whose end is known only with the next rows, by another connection.
    store.write(&Batch { first_seq: 400, last_seq: 450, rows: Rows::Ticks(Vec::new()) }).expect("stored");
    check(&[(after(11), at(100)), (after(201), at(300))]);
    assert_eq!(store.open(&dictionary("r1")).expect("open").ticks, 450);
    store.write(&ticks(451, 500)).expect("stored");
    store.write(&ticks(501, 600)).expect("stored");
    check(&[(after(11), at(100)), (after(201), at(300)), (after(451), at(600))]);
    let gaps = "SELECT stream, first_seq, last_seq FROM %.gaps ORDER BY 2";
    assert_eq!(schema.lines(gaps), ["ticks|1|10", "ticks|101|200", "ticks|301|399"]);
}

#[test]
fn watermarks_are_of_the_run_and_the_stream_and_survive_a_new_start() {
    let Some(server) = server() else { return };
    let schema = server.schema("marks");
    let mut store = PostgresStore::new(&server.warm(&schema)).expect("settings");
    store.open(&dictionary("r1")).expect("open");
    store.write(&ticks(1, 10)).expect("stored");
    store.write(&results(9)).expect("stored");
    // A batch may be empty and only speak for its numbers.
    store.write(&Batch { first_seq: 11, last_seq: 90, rows: Rows::Ticks(Vec::new()) }).expect("stored");
    assert_eq!(store.open(&dictionary("r1")).expect("open"), Watermarks { ticks: 90, results: 9 });
    assert_eq!(store.open(&dictionary("r2")).expect("open"), Watermarks::default());
    let mut again = PostgresStore::new(&server.warm(&schema)).expect("settings");
    let marks = again.open(&dictionary("r1")).expect("open");
    assert_eq!((marks.of(Stream::Ticks), marks.of(Stream::Results)), (90, 9));
    assert_eq!(schema.ticks(), (1..=10).collect::<Vec<_>>());
    assert_eq!(schema.cell("SELECT count(*) FROM %.symbols"), "3");
}

#[test]
fn two_stores_of_one_run_never_store_a_row_twice() {
    let Some(server) = server() else { return };
    let schema = server.schema("rivals");
    let mut one = PostgresStore::new(&server.warm(&schema)).expect("settings");
    let mut two = PostgresStore::new(&server.warm(&schema)).expect("settings");
    one.open(&dictionary("r1")).expect("open");
    two.open(&dictionary("r1")).expect("open");
    one.write(&ticks(1, 10)).expect("stored");
    let error = two.write(&ticks(1, 10)).expect_err("it is stored already");
    assert!(error.to_string().contains("not at 0 any more"), "{error}");
    assert_eq!(two.open(&dictionary("r1")).expect("open").ticks, 10);
    two.write(&ticks(11, 20)).expect("stored");
    assert_eq!(schema.ticks(), (1..=20).collect::<Vec<_>>());
}

#[test]
fn the_zone_of_server_and_session_changes_nothing() {
    let Some(server) = server() else { return };
    let schema = server.schema("zone");
    // Half an hour of daylight saving time, at an instant when it ends: 2024-04-06T15:00Z.
    let role = support::postgres::unique("zoned");
    schema.sql.run(&format!(
        "CREATE ROLE {role} LOGIN SUPERUSER PASSWORD 'zoned'; \
         ALTER ROLE {role} SET timezone = 'Australia/Lord_Howe'; ALTER ROLE {role} SET datestyle = 'SQL, DMY'"
    ));
    let settings = storage::postgres::PostgresSettings {
        address: server.address.replace("grandmodel@", &format!("{role}@")),
        password: Some(storage::Secret::of("zoned").expect("a line")),
        ..server.warm(&schema)
    };
    let start = Nanos(1_712_412_000_000_000_000); // 2024-04-06T14:00Z
    let rows: Vec<Event> = (1..=300).map(|seq| tick(seq, start, Nanos::MINUTE)).collect();
    let mut store = PostgresStore::new(&settings).expect("settings");
    store.open(&dictionary("r1")).expect("open");
    store.write(&Batch { first_seq: 1, last_seq: 300, rows: Rows::Ticks(rows.clone()) }).expect("stored");
    let hours = |hour: u32| format!("trade_rows_20240406{hour}");
    let expected: Vec<String> = (14..19).map(hours).collect();
    let names = "SELECT tableoid::regclass::text FROM %.trade_rows GROUP BY 1 ORDER BY 1";
    let prefix = format!("{}.", schema.name);
    let found: Vec<String> = schema.lines(names).iter().map(|name| name.replace(&prefix, "")).collect();
    assert_eq!(found, expected);
    let mut read = read_all(&settings, "r1", TickKind::Trades, EVER.0, EVER.1);
    read.extend(read_all(&settings, "r1", TickKind::Quotes, EVER.0, EVER.1));
    read.sort_by_key(|tick| tick.seq);
    assert_eq!(read, rows);
    // Somebody in another zone sees the same instants through the views.
    let query = "SET timezone = 'Asia/Kathmandu'; SELECT ts_ns FROM %.trades ORDER BY seq LIMIT 1";
    assert_eq!(schema.lines(query), [rows[0].ts.0.to_string()]);
    drop(store);
    schema.sql.run(&format!("DROP SCHEMA {} CASCADE; DROP ROLE {role}", schema.name));
}
