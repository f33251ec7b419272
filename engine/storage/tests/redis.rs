//! The Redis store on a real server: its layout, what it refuses, what it gives back.

mod support;

use model::{Account, Bar, BarSource, Nanos, Price, Quantity, SymbolId};
use redis::Commands;
use std::collections::BTreeMap;
use std::time::Duration;
use storage::query::{Source, Span, TickKind};
use storage::{
    Batch, Record, RedisConfig, RedisSource, RedisStore, Rows, Secret, Store, StoreError, Watermarks,
};
use support::redis::{Durable, Redis};
use support::rows::{dictionary, tick};

fn ticks(first_seq: u64, last_seq: u64) -> Batch {
    Batch { first_seq, last_seq, rows: Rows::Ticks((first_seq..=last_seq).map(tick).collect()) }
}

fn opened(config: RedisConfig) -> RedisStore {
    let mut store = RedisStore::new(config);
    assert_eq!(store.open(&dictionary("run")), Ok(Watermarks::default()));
    store
}

fn span(from: i64, to: i64) -> Span {
    Span::new(Nanos(from), Nanos(to)).expect("a span")
}

#[test]
fn the_last_thousand_ticks_of_a_symbol_are_there_and_expire() {
    let Some(server) = Redis::start(Durable::No, None) else { return };
    let mut store = opened(server.config());
    // 64 symbols: the first batch has 2,000 ticks of each.
    store.write(&ticks(1, 128_000)).expect("stored");
    store.write(&ticks(128_001, 128_064)).expect("stored");
    let mut client = server.client();
    let list: Vec<Vec<u8>> = client.lrange("grandmodel:ticks:S01", 0, -1).expect("a list");
    assert_eq!(list.len(), 1000);
    let seqs: Vec<u64> = list.iter().map(|tick| u64::from_le_bytes(tick[..8].try_into().unwrap())).collect();
    assert_eq!(seqs[..2], [128_001, 127_937], "the newest first, none missing");
    assert!(seqs.windows(2).all(|pair| pair[0] == pair[1] + 64));
    let ttl: i64 = client.ttl("grandmodel:ticks:S01").expect("a time to live");
    assert!((3_500..=3_600).contains(&ttl), "{ttl} seconds");
    let state: BTreeMap<String, String> = client.hgetall("grandmodel:state").expect("a hash");
    assert_eq!(
        (state["ticks"].as_str(), state["run"].as_str(), state["schema"].as_str()),
        ("128064", "run", "1")
    );
    assert_eq!(RedisStore::new(server.config()).open(&dictionary("run")).expect("it opens").ticks, 128_064);

    let mut source = RedisSource::open(&server.config()).expect("it can be read");
    let claimed = source.spans("S01", TickKind::Trades).expect("it can be read");
    let millis = 1_000_000;
    assert_eq!(claimed, [span((128_001 - 999 * 64) * millis + 1, 128_064 * millis)]);
    let mut found = Vec::new();
    source.ticks("S01", TickKind::Quotes, claimed[0]).expect("held").read(&mut found).expect("read");
    let quotes = seqs.iter().rev().skip(1).copied().filter(|seq| seq.is_multiple_of(3));
    let expected: Vec<_> = quotes.map(|seq| model::Event { symbol: SymbolId::NONE, ..tick(seq) }).collect();
    assert_eq!(found, expected);
    assert_eq!(source.spans("NONE", TickKind::Trades).expect("it can be read"), []);
}

#[test]
fn the_latest_results_are_hashes() {
    let Some(server) = Redis::start(Durable::No, None) else { return };
    let mut store = opened(server.config());
    let bar = |close: i64, vwap| Bar {
        symbol: SymbolId(3),
        timeframe: 1,
        source: BarSource::Trade,
        primary: true,
        ts_open: Nanos(0),
        ts_close: Nanos(60),
        open: Price::new(1),
        high: Price::new(1),
        low: Price::new(1),
        close: Price::new(close),
        volume: 5_000_000_000,
        vwap,
        trades: 7,
    };
    let values = |first: f64, second: f64| Record::Indicators {
        seq: 4,
        symbol: SymbolId(3),
        timeframe: 1,
        ts_close: Nanos(60),
        values: [first, second].into(),
    };
    let records = [
        Record::Bar { seq: 3, bar: bar(2_500_000_000, Some(Price::new(5))) },
        values(0.1, 7.0),
        Record::Bar { seq: 4, bar: bar(1_500_000_000, None) },
        Record::Bar { seq: 4, bar: Bar { primary: false, source: BarSource::Mid, ..bar(9, None) } },
        values(-0.25, f64::NAN),
        Record::Position {
            seq: 4,
            ts: Nanos(60),
            symbol: SymbolId(3),
            quantity: Quantity::new(-1_000_000_000),
        },
        Record::Account { seq: 4, ts: Nanos(60), account: Account::default() },
    ];
    store
        .write(&Batch { first_seq: 1, last_seq: 3, rows: Rows::Results(records[..2].to_vec()) })
        .expect("stored");
    store
        .write(&Batch { first_seq: 4, last_seq: 4, rows: Rows::Results(records[2..].to_vec()) })
        .expect("stored");
    let mut client = server.client();
    let mut hash = |key: &str| -> String {
        let fields: BTreeMap<String, String> = client.hgetall(format!("grandmodel:{key}")).expect("a hash");
        let ttl: i64 = client.ttl(format!("grandmodel:{key}")).expect("a time to live");
        assert!((3_500..=3_600).contains(&ttl), "{key}: {ttl} seconds");
        fields.into_iter().map(|(name, value)| format!("{name}={value} ")).collect()
    };
    let bar = "close=1.5 high=0.000000001 low=0.000000001 open=0.000000001 seq=4 source=trade trades=7 ts_close=60 \
               ts_open=0 volume=5 ";
    assert_eq!(hash("bar:S03:1m"), bar, "the old vwap is gone");
    assert_eq!(hash("indicators:S03:1m"), "ema_5=-0.25 seq=4 ts_close=60 ", "what is not complete is gone");
    assert_eq!(hash("position:S03"), "quantity=-1 seq=4 ts=60 ");
    assert!(hash("account").contains("cash=0 drawdown=").eq(&false) && hash("account").contains("cash=0 "));
}

#[test]
fn a_hole_empties_the_lists_so_that_they_stay_unbroken() {
    let Some(server) = Redis::start(Durable::No, None) else { return };
    let mut store = opened(server.config());
    store.write(&ticks(1, 640)).expect("stored");
    store.write(&ticks(1_000, 1_063)).expect("stored");
    let mut client = server.client();
    assert_eq!(client.llen("grandmodel:ticks:S05").ok(), Some(1_usize));
}

#[test]
fn a_run_takes_a_prefix_over_and_two_at_a_time_are_found_out() {
    let Some(server) = Redis::start(Durable::No, None) else { return };
    let mut first = opened(server.config());
    first.write(&ticks(1, 640)).expect("stored");
    let mut second = RedisStore::new(server.config());
    assert_eq!(second.open(&dictionary("next")), Ok(Watermarks::default()));
    let mut client = server.client();
    assert_eq!(client.llen("grandmodel:ticks:S05").ok(), Some(0_usize), "nothing of the first run stays");
    second.write(&ticks(1, 64)).expect("stored");
    assert!(
        matches!(first.write(&ticks(641, 700)), Err(StoreError::Unavailable { .. })),
        "it is not applied"
    );
    let refused = first.open(&dictionary("run")).expect_err("it is refused").to_string();
    assert!(refused.contains("run next writes under the prefix grandmodel, too"), "{refused}");
    assert_eq!(client.llen("grandmodel:ticks:S05").ok(), Some(1_usize));
    let elsewhere = RedisConfig { prefix: "other".to_owned(), ..server.config() };
    opened(elsewhere).write(&ticks(1, 64)).expect("another prefix is another place");
}

fn refused(config: RedisConfig, part: &str) {
    let mut store = RedisStore::new(config);
    let error = store.open(&dictionary("run")).expect_err("it is refused");
    let said = format!("{error} {error:?} {:?} {}", store.name(), store.name());
    assert!(matches!(&error, StoreError::Refused { why, .. } if why.contains(part)), "{said} says {part}");
    assert!(!said.contains("canary"), "a secret is in {said}");
}

#[test]
fn what_cannot_work_is_refused_without_a_word_of_secrets() {
    let Some(server) = Redis::start(Durable::No, Some("canary-right")) else { return };
    opened(server.config());
    let of = |text: &str| Secret::of(text).expect("a line");
    refused(RedisConfig { password: Some(of("canary-wrong")), ..server.config() }, "check user, password");
    refused(RedisConfig { password: None, ..server.config() }, "check user, password");
    let url = |login: &str| RedisConfig {
        url: of(&format!("redis://{login}{}", server.address())),
        password: None,
        ..server.config()
    };
    refused(url("canary-user:canary-wrong@"), "check user, password");
    opened(RedisConfig { prefix: "in-url".to_owned(), ..url(":canary-right@") });
    refused(RedisConfig { url: of("http://canary@host"), ..server.config() }, "its URL is not of the form");
    let beyond = of(&format!("redis://{}/99", server.address()));
    refused(RedisConfig { url: beyond, ..server.config() }, "no such database");

    let mut client = server.client();
    let _: () = client.hset("grandmodel:state", "schema", 2).expect("set");
    refused(server.config(), "has layout 2, and this program knows 1");
    assert!(
        RedisSource::open(&server.config()).expect("it connects").spans("S01", TickKind::Trades).is_err()
    );
    let _: () = client.set("strange:state", "text").expect("set");
    refused(
        RedisConfig { prefix: "strange".to_owned(), ..server.config() },
        "cannot hold this program's keys",
    );
}

#[test]
fn a_server_that_is_not_there_is_unavailable() {
    let Some(mut server) = Redis::start(Durable::No, None) else { return };
    server.kill();
    let config = RedisConfig { timeout: Duration::from_millis(100), ..server.config() };
    assert!(matches!(RedisStore::new(config).open(&dictionary("run")), Err(StoreError::Unavailable { .. })));
}
