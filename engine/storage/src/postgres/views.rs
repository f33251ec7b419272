//! The views that people read: plain names, symbols instead of numbers, decimals instead of units of 1e-9.
//!
//! A condition on `ts` reaches the partitions through them. `ts` is exact to the microsecond; the `…_ns` columns count
//! nanoseconds since 1970 exactly.

/// Nanoseconds since 1970 of a row.
const TS_NS: &str = "(extract(epoch FROM t.ts) * 1000000)::bigint * 1000 + t.sub_us";
/// From nanoseconds since 1970, to the microsecond below.
const FROM_NS: &str = "'1970-01-01 00:00:00+00'::timestamptz + floor(@ / 1000.0) * INTERVAL '1 microsecond'";
/// Rows with the names of run and symbol.
const NAMED: &str = "JOIN %.runs r ON r.id = t.run JOIN %.symbols s ON s.id = t.symbol";

/// Views by name and query; `%` is the schema.
const VIEWS: [(&str, &str); 11] = [
    (
        "trades",
        "SELECT r.name AS run, t.seq, s.name AS symbol, t.ts, <event> AS ts_event, <ns> AS ts_ns, t.ts_event_ns, \
         (t.price * 0.000000001)::numeric(18,9) AS price, (t.size * 0.000000001)::numeric(18,9) AS size, \
         t.aggressor AS side FROM %.trade_rows t <named>",
    ),
    (
        "quotes",
        "SELECT r.name AS run, t.seq, s.name AS symbol, t.ts, <event> AS ts_event, <ns> AS ts_ns, t.ts_event_ns, \
         (t.bid * 0.000000001)::numeric(18,9) AS bid, (t.ask * 0.000000001)::numeric(18,9) AS ask, \
         (t.bid_size * 0.000000001)::numeric(18,9) AS bid_size, \
         (t.ask_size * 0.000000001)::numeric(18,9) AS ask_size FROM %.quote_rows t <named>",
    ),
    (
        "bars",
        "SELECT r.name AS run, t.seq, s.name AS symbol, t.timeframe, t.source, t.is_primary, <open> AS ts_open, \
         t.ts AS ts_close, t.open, t.high, t.low, t.close, t.volume, t.vwap, t.trades, t.ts FROM %.bar_rows t <named>",
    ),
    (
        "indicators",
        "SELECT r.name AS run, t.seq, s.name AS symbol, t.timeframe, t.ts AS ts_close, n.name, \
         nullif(n.value, 'NaN') AS value, t.ts FROM %.indicator_rows t <named> \
         JOIN %.indicator_names i ON i.run = t.run AND i.timeframe = t.timeframe \
         CROSS JOIN LATERAL unnest(i.names, t.\"values\") AS n(name, value)",
    ),
    (
        "decisions",
        "SELECT r.name AS run, t.seq, t.ts, <ns> AS ts_ns, s.name AS symbol, r.strategy, t.pattern, t.direction, \
         t.p_long, t.p_flat, t.p_short, t.action, t.confidence, t.gate, t.urgency, t.verdict, t.target, t.blend, \
         t.context FROM %.decision_rows t <named>",
    ),
    (
        "votes",
        "SELECT r.name AS run, t.seq, t.ts, s.name AS symbol, a.agent, t.says[3 * a.n - 2] AS p_long, \
         t.says[3 * a.n - 1] AS p_flat, t.says[3 * a.n] AS p_short, t.missed[a.n] AS missed, \
         t.weights[a.n] AS weight FROM %.decision_rows t <named> CROSS JOIN LATERAL \
         unnest(ARRAY['mlmi','nwrqk','regime','fvg','momentum','entry']) WITH ORDINALITY AS a(agent, n)",
    ),
    (
        "order_states",
        "SELECT r.name AS run, t.seq, t.place, t.ts, <ns> AS ts_ns, t.client_order_id, t.sent_seq, t.cause_seq, \
         <sent> AS ts_sent, t.sent_ns, t.delay_ns, s.name AS symbol, r.strategy, r.account, s.venue, t.side, t.type, \
         t.tif, t.purpose, t.quantity, t.limit_price, t.status, t.filled FROM %.order_rows t <named>",
    ),
    (
        "orders",
        "SELECT DISTINCT ON (o.run, o.client_order_id) o.*, (SELECT round(sum(f.quantity * f.price) / \
         sum(f.quantity), 9) FROM %.fill_rows f JOIN %.runs r ON r.id = f.run WHERE r.name = o.run \
         AND f.client_order_id = o.client_order_id) AS avg_price FROM %.order_states o \
         ORDER BY o.run, o.client_order_id, o.seq DESC, o.place DESC",
    ),
    (
        "fills",
        "SELECT r.name AS run, t.seq, t.ts, <ns> AS ts_ns, t.client_order_id, t.venue_fill_id, s.name AS symbol, \
         r.strategy, r.account, t.side, t.quantity, t.price, t.multiplier, t.fee, t.fee_currency, t.liquidity, \
         t.purpose FROM %.fill_rows t <named>",
    ),
    (
        "equity",
        "SELECT r.name AS run, t.seq, t.place, t.ts, <ns> AS ts_ns, t.cash, t.position_value, t.equity, \
         t.realised_pnl, t.unrealised_pnl, t.fees, t.peak, \
         CASE WHEN t.peak > 0 THEN ((t.peak - t.equity) / t.peak)::double precision ELSE 0 END AS drawdown \
         FROM %.account_rows t JOIN %.runs r ON r.id = t.run",
    ),
    (
        "positions",
        "SELECT r.name AS run, t.seq, t.place, t.ts, <ns> AS ts_ns, s.name AS symbol, t.quantity \
         FROM %.position_rows t <named>",
    ),
];

/// The statements that make the views of a schema.
pub fn view_statements(schema: &str) -> Vec<String> {
    let statement = |(name, query): &(&str, &str)| {
        let query = query
            .replace("<named>", NAMED)
            .replace("<ns>", TS_NS)
            .replace("<event>", &FROM_NS.replace('@', "t.ts_event_ns"))
            .replace("<open>", &FROM_NS.replace('@', "t.ts_open_ns"))
            .replace("<sent>", &FROM_NS.replace('@', "t.sent_ns"));
        format!("CREATE VIEW %.{name} AS {query}").replace('%', schema)
    };
    VIEWS.iter().map(statement).collect()
}
