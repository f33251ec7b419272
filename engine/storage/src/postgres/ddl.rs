//! The tables, and the statements that make and tidy them in each of two flavours.
//!
//! Both flavours have the same columns; they differ in who cuts a table by time. Partitions are made and dropped by the
//! store ([`super::partitions`]); a hypertable's chunks by the extension, asked by the store, so that both go by engine
//! time and not by the server's clock.
//! Not here: the views over the tables (`views`), which statement runs when (`migrate`, `store`).

use super::clock::literal;
use super::settings::PostgresTier;
use model::Nanos;

/// Who cuts the tables by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// PostgreSQL's declarative partitions.
    Partitions,
    /// The TimescaleDB extension's hypertables.
    Timescale,
}

impl Flavour {
    /// The name used in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Partitions => "partitions",
            Self::Timescale => "timescale",
        }
    }

    /// The flavour of a name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Partitions, Self::Timescale].into_iter().find(|flavour| flavour.name() == name)
    }
}

/// An index of a table.
#[derive(Debug)]
pub(crate) struct Index {
    /// What follows the table's name in the index's.
    pub suffix: &'static str,
    /// Columns, and a condition if there is one.
    pub of: &'static str,
    /// Whether the cold tier alone has it.
    pub cold_only: bool,
}

/// A table that is cut by time.
#[derive(Debug)]
pub(crate) struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns as the DDL wants them, in the order in which COPY sends them; of ticks, wide ones first, so that
    /// alignment wastes nothing.
    pub columns: &'static str,
    /// Whether it holds ticks: many rows, cut finely, indexed when a partition is complete.
    pub is_ticks: bool,
    /// What compressed rows are grouped by.
    pub segment_by: &'static str,
    /// Its indexes.
    pub indexes: &'static [Index],
}

/// The seed's index on symbol and time, and its index on prices of large trades.
const TICK_INDEX: Index = Index { suffix: "symbol_ts", of: "(symbol, ts DESC)", cold_only: false };
const LARGE_INDEX: Index =
    Index { suffix: "ts_price", of: "(ts, price) WHERE size > 100000000000", cold_only: true };
const RESULT_INDEX: Index = Index { suffix: "symbol_ts", of: "(symbol, ts DESC)", cold_only: false };
const ORDER_INDEX: Index = Index { suffix: "order", of: "(run, order_id)", cold_only: false };
const TIME_INDEX: Index = Index { suffix: "ts", of: "(ts DESC)", cold_only: false };

/// All tables that are cut by time.
pub(crate) const TABLES: [Table; 9] = [
    Table {
        name: "trade_rows",
        columns: "run int NOT NULL, symbol int NOT NULL, seq bigint NOT NULL, ts timestamptz NOT NULL, \
                  ts_event_ns bigint NOT NULL, price bigint NOT NULL, size bigint NOT NULL, \
                  sub_us smallint NOT NULL, aggressor smallint NOT NULL",
        is_ticks: true,
        segment_by: "run, symbol",
        indexes: &[TICK_INDEX, LARGE_INDEX],
    },
    Table {
        name: "quote_rows",
        columns: "run int NOT NULL, symbol int NOT NULL, seq bigint NOT NULL, ts timestamptz NOT NULL, \
                  ts_event_ns bigint NOT NULL, bid bigint NOT NULL, ask bigint NOT NULL, bid_size bigint, \
                  ask_size bigint, sub_us smallint NOT NULL",
        is_ticks: true,
        segment_by: "run, symbol",
        indexes: &[TICK_INDEX],
    },
    Table {
        name: "bar_rows",
        columns: "run int NOT NULL, seq bigint NOT NULL, place int NOT NULL, ts timestamptz NOT NULL, \
                  sub_us smallint NOT NULL, symbol int NOT NULL, timeframe text NOT NULL, source text NOT NULL, \
                  is_primary boolean NOT NULL, ts_open_ns bigint NOT NULL, open numeric(18,9) NOT NULL, \
                  high numeric(18,9) NOT NULL, low numeric(18,9) NOT NULL, close numeric(18,9) NOT NULL, \
                  volume numeric(38,9) NOT NULL, vwap numeric(18,9), trades bigint NOT NULL",
        is_ticks: false,
        segment_by: "run, symbol",
        indexes: &[RESULT_INDEX],
    },
    Table {
        name: "indicator_rows",
        columns: "run int NOT NULL, seq bigint NOT NULL, place int NOT NULL, ts timestamptz NOT NULL, \
                  sub_us smallint NOT NULL, symbol int NOT NULL, timeframe text NOT NULL, \
                  \"values\" double precision[] NOT NULL",
        is_ticks: false,
        segment_by: "run, symbol",
        indexes: &[RESULT_INDEX],
    },
    Table {
        name: "decision_rows",
        columns: "run int NOT NULL, seq bigint NOT NULL, place int NOT NULL, ts timestamptz NOT NULL, \
                  sub_us smallint NOT NULL, symbol int NOT NULL, pattern text, direction text, \
                  says real[] NOT NULL, missed boolean[] NOT NULL, weights real[] NOT NULL, blend real NOT NULL, \
                  context real[] NOT NULL, p_long real NOT NULL, p_flat real NOT NULL, p_short real NOT NULL, \
                  action text NOT NULL, confidence real NOT NULL, gate real NOT NULL, urgency text NOT NULL, \
                  verdict text NOT NULL, target numeric(18,9) NOT NULL",
        is_ticks: false,
        segment_by: "run, symbol",
        indexes: &[RESULT_INDEX],
    },
    Table {
        name: "order_rows",
        columns: "run int NOT NULL, seq bigint NOT NULL, place int NOT NULL, ts timestamptz NOT NULL, \
                  sub_us smallint NOT NULL, symbol int NOT NULL, order_id bigint NOT NULL, \
                  client_order_id text NOT NULL, sent_seq bigint NOT NULL, cause_seq bigint NOT NULL, \
                  sent_ns bigint NOT NULL, delay_ns bigint NOT NULL, side text NOT NULL, type text NOT NULL, \
                  tif text NOT NULL, purpose text NOT NULL, quantity numeric(18,9) NOT NULL, \
                  limit_price numeric(18,9), status text NOT NULL, filled numeric(18,9) NOT NULL",
        is_ticks: false,
        segment_by: "run, symbol",
        indexes: &[RESULT_INDEX, ORDER_INDEX],
    },
    Table {
        name: "fill_rows",
        columns: "run int NOT NULL, seq bigint NOT NULL, place int NOT NULL, ts timestamptz NOT NULL, \
                  sub_us smallint NOT NULL, symbol int NOT NULL, order_id bigint NOT NULL, \
                  client_order_id text NOT NULL, venue_fill_id bigint NOT NULL, side text NOT NULL, \
                  quantity numeric(18,9) NOT NULL, price numeric(18,9) NOT NULL, multiplier numeric(18,9) NOT NULL, \
                  fee numeric(38,9) NOT NULL, fee_currency text NOT NULL, liquidity text NOT NULL, \
                  purpose text NOT NULL",
        is_ticks: false,
        segment_by: "run, symbol",
        indexes: &[RESULT_INDEX, ORDER_INDEX],
    },
    Table {
        name: "account_rows",
        columns: "run int NOT NULL, seq bigint NOT NULL, place int NOT NULL, ts timestamptz NOT NULL, \
                  sub_us smallint NOT NULL, cash numeric(38,9) NOT NULL, position_value numeric(38,9) NOT NULL, \
                  equity numeric(38,9) NOT NULL, realised_pnl numeric(38,9) NOT NULL, \
                  unrealised_pnl numeric(38,9) NOT NULL, fees numeric(38,9) NOT NULL, peak numeric(38,9) NOT NULL",
        is_ticks: false,
        segment_by: "run",
        indexes: &[TIME_INDEX],
    },
    Table {
        name: "position_rows",
        columns: "run int NOT NULL, seq bigint NOT NULL, place int NOT NULL, ts timestamptz NOT NULL, \
                  sub_us smallint NOT NULL, symbol int NOT NULL, quantity numeric(18,9) NOT NULL",
        is_ticks: false,
        segment_by: "run, symbol",
        indexes: &[RESULT_INDEX],
    },
];

impl Table {
    /// How many columns it has: a comma stands between two, and within the parentheses of `numeric(p,s)` without a
    /// space after it.
    pub fn column_count(&self) -> u16 {
        self.columns.split(", ").count() as u16
    }

    /// The span of a partition.
    pub const fn partition_width(&self, tier: PostgresTier) -> Nanos {
        match (tier, self.is_ticks) {
            (PostgresTier::Warm, true) => Nanos::HOUR,
            (PostgresTier::Warm, false) | (PostgresTier::Cold, true) => Nanos::DAY,
            (PostgresTier::Cold, false) => Nanos(7 * Nanos::DAY.0),
        }
    }

    /// Its indexes in a tier.
    pub fn indexes_of(&self, tier: PostgresTier) -> impl Iterator<Item = &'static Index> {
        self.indexes.iter().filter(move |index| tier == PostgresTier::Cold || !index.cold_only)
    }

    /// Makes an index on the whole table, or on a partition of it.
    pub fn index_statement(&self, schema: &str, on: &str, index: &Index) -> String {
        format!("CREATE INDEX IF NOT EXISTS {on}_{} ON {schema}.{on} {}", index.suffix, index.of)
    }

    fn create_statements(&self, schema: &str, tier: PostgresTier, flavour: Flavour) -> Vec<String> {
        let Self { name, columns, segment_by, .. } = self;
        let table = format!("CREATE TABLE {schema}.{name} ({columns})");
        let mut statements = match flavour {
            Flavour::Partitions => vec![format!("{table} PARTITION BY RANGE (ts)")],
            Flavour::Timescale => vec![
                table,
                format!(
                    "SELECT create_hypertable('{schema}.{name}', 'ts', \
                     chunk_time_interval => INTERVAL '{}', create_default_indexes => false)",
                    if self.is_ticks { "1 hour" } else { "1 day" }
                ),
                format!(
                    "ALTER TABLE {schema}.{name} SET (timescaledb.compress, \
                     timescaledb.compress_segmentby = '{segment_by}', \
                     timescaledb.compress_orderby = 'ts, sub_us, seq')"
                ),
            ],
        };
        // A partition of ticks gets its indexes when it is complete.
        if flavour == Flavour::Timescale || !self.is_ticks {
            statements.extend(self.indexes_of(tier).map(|index| self.index_statement(schema, name, index)));
        }
        statements
    }
}

/// The tables that are not cut by time: versions, what the schema is, runs, symbols, watermarks, what was left out
/// between them, indicators' names.
const DICTIONARIES: [&str; 7] = [
    "schema_version (version int PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now())",
    "schema_kind (tier text NOT NULL, flavour text NOT NULL)",
    "runs (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE, session text NOT NULL, \
     strategy text NOT NULL, account text NOT NULL)",
    "symbols (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE, venue text NOT NULL, \
     currency text NOT NULL)",
    "watermarks (run int NOT NULL REFERENCES %.runs, stream text NOT NULL, seq bigint NOT NULL, \
     whole_from_ns bigint, whole_to_ns bigint, PRIMARY KEY (run, stream))",
    "gaps (run int NOT NULL REFERENCES %.runs, stream text NOT NULL, first_seq bigint NOT NULL, \
     last_seq bigint NOT NULL, from_ns bigint, to_ns bigint, PRIMARY KEY (run, stream, first_seq))",
    "indicator_names (run int NOT NULL REFERENCES %.runs, timeframe text NOT NULL, names text[] NOT NULL, \
     PRIMARY KEY (run, timeframe))",
];

/// The statements of the first version of a schema, in order.
pub fn create_statements(schema: &str, tier: PostgresTier, flavour: Flavour) -> Vec<String> {
    let mut statements = vec![format!("CREATE SCHEMA IF NOT EXISTS {schema}")];
    statements.extend(
        DICTIONARIES.iter().map(|table| format!("CREATE TABLE {schema}.{}", table.replace('%', schema))),
    );
    let (tier_name, flavour_name) = (tier.name(), flavour.name());
    statements.push(format!("INSERT INTO {schema}.schema_kind VALUES ('{tier_name}', '{flavour_name}')"));
    statements.extend(TABLES.iter().flat_map(|table| table.create_statements(schema, tier, flavour)));
    statements
}

/// The statements that drop a hypertable's chunks which end at or before `now` − `retention`, and compress those which
/// end a day before `now`; TimescaleDB only. What a reader is in the way of is left for the next time.
pub fn tidy_statements(schema: &str, retention: Nanos, now: Nanos) -> Vec<String> {
    let cutoff = now.saturating_add(Nanos(-retention.0));
    let (dropped, compressed) = (literal(cutoff), literal(now.saturating_add(Nanos(-Nanos::DAY.0))));
    let drops = TABLES.iter().map(|table| {
        let note = if table.is_ticks { note_dropped(schema, cutoff) } else { String::new() };
        unless_locked(&format!(
            "{note}PERFORM drop_chunks('{schema}.{}', older_than => {dropped});",
            table.name
        ))
    });
    let compressions = TABLES.iter().map(|table| {
        unless_locked(&format!(
            "PERFORM compress_chunk(chunk, if_not_compressed => true) \
             FROM show_chunks('{schema}.{}', older_than => {compressed}) AS chunk;",
            table.name
        ))
    });
    drops.chain(compressions).collect()
}

/// Statements that are given up, all of them, where a lock is not free within a second: as long as others are made to
/// stand behind them.
pub(crate) fn unless_locked(statements: &str) -> String {
    format!(
        "DO $$ BEGIN PERFORM set_config('lock_timeout', '1000', true); {statements} \
         EXCEPTION WHEN lock_not_available THEN NULL; END $$"
    )
}

/// Notes that ticks before `end` are about to be dropped: no run is whole there any more.
pub(crate) fn note_dropped(schema: &str, end: Nanos) -> String {
    let Nanos(end) = end;
    format!(
        "UPDATE {schema}.watermarks SET whole_from_ns = {end} WHERE stream = 'ticks' AND whole_from_ns < {end}; \
         DELETE FROM {schema}.gaps WHERE to_ns <= {end}; "
    )
}
