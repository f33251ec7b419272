//! The hot store in Redis: of each symbol the last 1,000 ticks, the latest bar and indicator values, and the position.
//!
//! | key | type | content |
//! | --- | --- | --- |
//! | `P:state` | hash | `schema` (1), `run`, `ticks` and `results` (watermarks), `ticks_ts` (of the last tick of any symbol) |
//! | `P:ticks:SYMBOL` | list | the last 1,000 ticks without a gap between them, newest first, packed as below |
//! | `P:bar:SYMBOL:TIMEFRAME` | hash | `seq`, `source`, `ts_open`, `ts_close`, `open`, `high`, `low`, `close`, `volume`, `trades`, `vwap` if there is one |
//! | `P:indicators:SYMBOL:TIMEFRAME` | hash | `seq`, `ts_close`, and a field for each value that is complete |
//! | `P:position:SYMBOL` | hash | `seq`, `ts`, `quantity` (signed) |
//! | `P:account` | hash | `seq`, `ts`, `cash`, `position_value`, `equity`, `realised_pnl`, `unrealised_pnl`, `fees`, `peak` |
//!
//! P is the configured prefix. Times are nanoseconds since the epoch; prices, quantities and amounts are decimal texts,
//! indicator values the shortest texts that give the same double. Every key expires an hour after its last change,
//! `state` after 30 days. A packed tick is little-endian: `seq` u64, `ts` i64 (engine time), `ts_event` i64, kind u8,
//! then
//!
//! | kind | follows | bytes in all | Python's `struct` |
//! | --- | --- | --- | --- |
//! | 1, a trade | side i8 (1, -1, 0), price i64, size i64 | 42 | `<QqqBbqq` |
//! | 2, a quote | 0 i8, bid i64, ask i64, bid size i64, ask size i64 | 58 | `<QqqBbqqqq` |
//!
//! with prices and sizes in units of 1e-9; an unknown size is -2^63.
//!
//! A batch is one MULTI/EXEC, watched: `state` is watched and read before it, and moved in it. So a batch that was
//! sent to a server that froze, and arrives when it was stored by another way already, is not applied. Under a prefix
//! one run is current: the first batch of another run takes its place and deletes what its symbols had. Two engines
//! that write under one prefix at a time are found out, and refused.
//! Not here: clusters, whose transactions do not reach beyond a slot (a prefix in braces keeps all keys in one); TLS.

mod error;
mod pack;
mod probe;
mod read;

pub use probe::{RedisProbe, redis_probe};
pub use read::RedisSource;

use crate::{Batch, Dictionary, Record, Rows, Secret, Store, StoreError, Stream, Watermarks};
use ::redis::{
    Client, Connection, ConnectionAddr, ConnectionInfo, ConnectionLike, IntoConnectionInfo, Value,
};
use error::Context;
use model::{Event, Nanos};
use pack::{Keys, Pack};
use std::collections::BTreeMap;
use std::time::Duration;

/// Ticks kept of a symbol.
const TICKS: usize = crate::HOT_TICKS;
/// Version of the layout.
const SCHEMA: u64 = 1;
/// Seconds after which a key that does not change is gone, and the state.
const EXPIRY_S: u64 = 3600;
const STATE_EXPIRY_S: u64 = 30 * 24 * 3600;

/// Where a Redis store is.
#[derive(Debug, Clone)]
pub struct RedisConfig {
    /// `redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE]` or `unix:PATH`.
    pub url: Secret,
    /// The password, if it is not in the URL.
    pub password: Option<Secret>,
    /// What all keys begin with, before a colon.
    pub prefix: String,
    /// How long a call may take: connecting, sending, and waiting for an answer each.
    pub timeout: Duration,
}

impl RedisConfig {
    /// Under the prefix `grandmodel`, two seconds for a call.
    pub fn new(url: Secret) -> Self {
        Self { url, password: None, prefix: "grandmodel".to_owned(), timeout: Duration::from_secs(2) }
    }

    /// The settings of a connection, and how errors name the server.
    fn settings(&self) -> Result<(ConnectionInfo, Context), StoreError> {
        // What the parser says may quote the URL.
        let refuse = |_| StoreError::Refused {
            store: "Redis".to_owned(),
            why: "its URL is not of the form redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE]".to_owned(),
        };
        let mut info = self.url.expose().into_connection_info().map_err(refuse)?;
        if let Some(password) = &self.password {
            let settings = info.redis_settings().clone().set_password(password.expose());
            info = info.set_redis_settings(settings);
        }
        let address = match info.addr() {
            ConnectionAddr::Tcp(host, port) => format!("{host}:{port}"),
            other => other.to_string(),
        };
        let name = format!("Redis at {address}, database {}", info.redis_settings().db());
        let secrets = [Some(&self.url), self.password.as_ref()].into_iter().flatten().cloned();
        let password = info.redis_settings().password().and_then(|password| Secret::of(password).ok());
        Ok((info, Context { name, secrets: secrets.chain(password).collect() }))
    }

    fn connect(&self) -> Result<(Connection, Context), StoreError> {
        let (info, context) = self.settings()?;
        let connect = || {
            let connection = Client::open(info)?.get_connection_with_timeout(self.timeout)?;
            connection.set_read_timeout(Some(self.timeout))?;
            connection.set_write_timeout(Some(self.timeout))?;
            Ok(connection)
        };
        let connection = connect().map_err(|error| context.of(&error))?;
        Ok((connection, context))
    }
}

/// What `state` says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    run: String,
    marks: Watermarks,
}

/// The store.
pub struct RedisStore {
    config: RedisConfig,
    /// Whether this process wrote under the prefix already.
    is_ours: bool,
    open: Option<Open>,
}

struct Open {
    connection: Connection,
    context: Context,
    dictionary: Dictionary,
    keys: Keys,
    marks: Watermarks,
}

impl RedisStore {
    /// A store that is not connected yet.
    pub fn new(config: RedisConfig) -> Self {
        Self { config, is_ours: false, open: None }
    }
}

impl Store for RedisStore {
    fn name(&self) -> String {
        self.config.settings().map_or_else(|_| "Redis".to_owned(), |(_, context)| context.name)
    }

    fn open(&mut self, dictionary: &Dictionary) -> Result<Watermarks, StoreError> {
        self.open = None;
        let (connection, context) = self.config.connect()?;
        let mut open = Open {
            connection,
            context,
            dictionary: dictionary.clone(),
            keys: Keys::new(&self.config.prefix, dictionary),
            marks: Watermarks::default(),
        };
        let state = open.watch()?;
        let marks = match state {
            Some(State { run, marks }) if run == dictionary.run => marks,
            Some(State { run, .. }) if self.is_ours => {
                let prefix = &self.config.prefix;
                let why =
                    format!("run {run} writes under the prefix {prefix}, too; give each engine its own");
                return Err(open.context.refused(why));
            }
            Some(_) | None => open.begin_run()?,
        };
        open.marks = marks;
        self.is_ours = true;
        self.open = Some(open);
        Ok(marks)
    }

    fn write(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let open = self.open.as_mut().expect("a store is opened before it is written to");
        let outcome = open.write(batch);
        if outcome.is_err() {
            self.open = None;
        }
        outcome
    }

    /// Nothing: keys expire by themselves.
    fn tidy(&mut self, _: Nanos) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Open {
    fn send(&mut self, pack: &Pack) -> Result<Vec<Value>, StoreError> {
        let answers = self.connection.req_packed_commands(pack.bytes(), 0, pack.commands());
        match answers.and_then(|answers| Value::Array(answers).extract_error()) {
            Ok(Value::Array(answers)) => Ok(answers),
            Ok(_) => unreachable!("a list without errors is a list"),
            Err(error) => Err(self.context.of(&error)),
        }
    }

    /// Watches the state and reads it; `None` if there is none.
    fn watch(&mut self) -> Result<Option<State>, StoreError> {
        let mut pack = Pack::default();
        self.pack_watch(&mut pack);
        let mut answers = self.send(&pack)?;
        self.state_of(answers.pop())
    }

    fn pack_watch(&self, pack: &mut Pack) {
        pack.command(&[b"WATCH", self.keys.state()]);
        pack.command(&[b"HMGET", self.keys.state(), b"schema", b"run", b"ticks", b"results"]);
    }

    fn state_of(&self, answer: Option<Value>) -> Result<Option<State>, StoreError> {
        let strange = || self.context.refused("its state is not what this program writes".to_owned());
        let fields: Vec<Option<String>> =
            answer.map_or(Ok(Vec::new()), ::redis::from_redis_value).map_err(|_| strange())?;
        let [Some(schema), Some(run), ticks, results] = fields.as_slice() else {
            return if fields.iter().all(Option::is_none) { Ok(None) } else { Err(strange()) };
        };
        let number = |text: &str| text.parse::<u64>().map_err(|_| strange());
        let schema = number(schema)?;
        if schema > SCHEMA {
            let why = format!("it has layout {schema}, and this program knows {SCHEMA}; update the program");
            return Err(self.context.refused(why));
        }
        let mark = |text: &Option<String>| text.as_deref().map_or(Ok(0), number);
        Ok(Some(State {
            run: run.clone(),
            marks: Watermarks { ticks: mark(ticks)?, results: mark(results)? },
        }))
    }

    /// Takes the prefix over: nothing of another run stays.
    fn begin_run(&mut self) -> Result<Watermarks, StoreError> {
        let mut pack = Pack::default();
        pack.command(&[b"MULTI"]);
        pack.command_of(b"DEL", self.keys.all());
        let (schema, run) = (SCHEMA.to_string(), self.dictionary.run.clone());
        pack.command(&[b"HSET", self.keys.state(), b"schema", schema.as_bytes(), b"run", run.as_bytes()]);
        pack.expire(self.keys.state(), STATE_EXPIRY_S);
        self.execute(pack, &Watermarks::default())?;
        Ok(Watermarks::default())
    }

    /// Ends the transaction, and watches for the next; both in one exchange.
    fn execute(&mut self, mut pack: Pack, expected: &Watermarks) -> Result<(), StoreError> {
        pack.command(&[b"EXEC"]);
        let executed = pack.commands() - 1;
        self.pack_watch(&mut pack);
        let mut answers = self.send(&pack)?;
        let state = self.state_of(answers.pop())?;
        let interrupted =
            |why: &str| StoreError::Unavailable { store: self.context.name.clone(), why: why.to_owned() };
        if !matches!(answers.get(executed), Some(Value::Array(_))) {
            return Err(interrupted("another writer came between"));
        }
        let is_ours = state.is_some_and(|state| state.run == self.dictionary.run && state.marks == *expected);
        if is_ours { Ok(()) } else { Err(interrupted("another writer changed the state")) }
    }

    fn write(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let mut pack = Pack::default();
        pack.command(&[b"MULTI"]);
        let stream = batch.stream();
        match &batch.rows {
            Rows::Ticks(ticks) => {
                if batch.hole(self.marks.ticks).is_some() {
                    pack.command_of(b"DEL", self.keys.ticks_of_all());
                }
                self.pack_ticks(ticks, &mut pack);
            }
            Rows::Results(records) => self.pack_records(records, &mut pack),
        }
        let mark = batch.last_seq.to_string();
        let mut state: Vec<&[u8]> =
            vec![b"HSET", self.keys.state(), stream.name().as_bytes(), mark.as_bytes()];
        let last = batch.times().map(|(_, last)| last.0.to_string());
        if let (Stream::Ticks, Some(last)) = (stream, &last) {
            state.extend([&b"ticks_ts"[..], last.as_bytes()]);
        }
        pack.command(&state);
        pack.expire(self.keys.state(), STATE_EXPIRY_S);
        let mut marks = self.marks;
        marks.set(stream, batch.last_seq);
        self.execute(pack, &marks)?;
        self.marks = marks;
        Ok(())
    }

    fn pack_ticks(&self, ticks: &[Event], pack: &mut Pack) {
        let mut by_symbol: BTreeMap<usize, Vec<&Event>> = BTreeMap::new();
        ticks.iter().for_each(|tick| by_symbol.entry(tick.symbol.index()).or_default().push(tick));
        for (symbol, ticks) in by_symbol {
            let newest = &ticks[ticks.len().saturating_sub(TICKS)..];
            let key = self.keys.ticks(symbol);
            pack.push_ticks(key, newest);
            pack.command(&[b"LTRIM", key, b"0", (TICKS - 1).to_string().as_bytes()]);
            pack.expire(key, EXPIRY_S);
        }
    }

    /// Of several records of one key, the last is sent.
    fn pack_records(&self, records: &[Record], pack: &mut Pack) {
        let mut last: BTreeMap<Vec<u8>, &Record> = BTreeMap::new();
        for record in records {
            last.extend(self.keys.of(record).map(|key| (key, record)));
        }
        for (key, record) in last {
            // What the new values lack must not stay from the old ones.
            pack.command(&[b"DEL", &key]);
            pack.hash(&key, record, &self.dictionary);
            pack.expire(&key, EXPIRY_S);
        }
    }
}
